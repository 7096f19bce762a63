#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# tools/symbols: declared, listed, described, exported.
. "$(atf_get_srcdir)/common.sh"

bare_do() { printf '\nIOC_API int ioc_one(void);\n' >>t/include/ioc/base.h; }
twice_do() { printf '/* A. */\nIOC_API int ioc_one(void);\n' >t/include/ioc/b.h; }
unlisted_do() { printf '/* A. */\nIOC_API void ioc_new(void);\n' >t/include/ioc/b.h; }
undeclared_do() { printf '\tioc_old;\n' >>t/src/libioc.sym; }

atf_test_case update
update_head() { atf_set descr "--update lists what is declared"; }
update_body()
{
	tree
	cp t/src/libioc.sym before
	unlisted_do
	undeclared_do
	refused symbols ioc_new
	atf_check "$(atf_get_srcdir)/../../tools/symbols" --update t
	accepted symbols
	rm t/include/ioc/b.h
	atf_check "$(atf_get_srcdir)/../../tools/symbols" --update t
	atf_check cmp before t/src/libioc.sym
}

atf_test_case library
library_head()
{
	atf_set descr "the library exports what is declared, and no more"
	atf_set require.progs cc
}
library_body()
{
	tree
	for names in "one two three" "one two" "one two three four"; do
		for n in $names; do
			echo "int ioc_$n(void) { return (1); }"
		done >a.c
		atf_check cc -shared -fPIC -o liba.so a.c
		status=1
		case $names in
		"one two") said='^ioc_three: .*not in the library' ;;
		*four) said='^ioc_four: in the library' ;;
		*) status=0 ;;
		esac
		want=empty
		[ $status -eq 0 ] || want="match:$said"
		atf_check -s exit:$status -o "$want" \
		    "$(atf_get_srcdir)/../../tools/symbols" t liba.so
	done
}

atf_init_test_cases()
{
	clean_test symbols
	violation bare symbols 'no comment above ioc_one'
	violation twice symbols 'ioc_one: declared twice'
	violation unlisted symbols 'ioc_new: declared, but not in'
	violation undeclared symbols 'ioc_old: .*not declared'
	atf_add_test_case update
	atf_add_test_case library
}
