#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# tools/words: the project speaks of itself alone.
. "$(atf_get_srcdir)/common.sh"

# Every word is put together here, so that the tool does not find this file.
promise_do() { printf '/* TO%s: more */\n' DO >>t/src/core/start.c; }
mark_do() { printf '/* X%s */\n' XX >>t/src/core/start.c; }
path_do() { printf 'see /wo%s/a\n' rk >t/README.md; }
number_do() { printf 'see iss%s 12\n' ue >t/README.md; }
hidden_do() { printf 'echo FIX%s\n' ME >t/.profile; }

atf_test_case ignored
ignored_head() { atf_set descr "what was built or is git's is not read"; }
ignored_body()
{
	tree
	mkdir t/build t/build-asan t/.git
	for d in build build-asan .git; do
		printf 'TO%s\n' DO >t/$d/a.c
	done
	printf 'mktemp -d /tmp/a.X%s\n/etc/wo%s/a\n' XXXXX rk >t/tools/a
	accepted words
}

atf_init_test_cases()
{
	clean_test words
	violation promise words 'src/core/start.c:17:.*promise'
	violation mark words 'src/core/start.c:17:.*promise'
	violation path words 'README.md:1:.*one machine'
	violation number words 'README.md:1:.*tracker'
	violation hidden words '[.]profile:1:.*promise'
	atf_add_test_case ignored
}
