#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# tools/docs: files and attacks that documents name are there.
. "$(atf_get_srcdir)/common.sh"

missing_do() { printf 'See\n`src/core/gone.c`.\n' >t/README.md; }
attack_do()
{
	mkdir -p t/tests
	echo 'test_attack_11__twin(void)' >t/tests/a.c
	printf 'attack_11,\nattack_1 and attack_12\n' >t/README.md
}
table_do() { printf '| a | tests/unit/gone.c, src/core/start.c |\n' >t/B.md; }

name_do()
{
	mkdir -p t/tests/unit
	echo 'test_here(void)' >t/tests/unit/here.c
	printf 'a tests/unit/here.c (`test_here`, `test_gone`)\n' >t/C.md
}

atf_test_case present
present_head() { atf_set descr "what is there, and what stands for many"; }
present_body()
{
	tree
	printf '`src/core/start.c`, src/cli/cmd_*.c, src/dist/NAME.c, src/os.\n' \
	    >t/README.md
	printf 'build/src/cli/ioc and /usr/src/gone.c are no files of it\n' \
	    >>t/README.md
	accepted docs
}

atf_init_test_cases()
{
	clean_test docs
	violation missing docs 'README.md:2: no src/core/gone.c'
	violation attack docs 'README.md:2: no test has attack_1 in its name'
	violation table docs 'B.md:1: no tests/unit/gone.c'
	violation name docs 'C.md:1: no test_gone in tests/unit/here.c'
	atf_add_test_case present
}
