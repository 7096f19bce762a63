#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# tools/limits: length of files and functions.
. "$(atf_get_srcdir)/common.sh"

# lines N: as many lines of a body.
lines() { awk -v n="$1" 'BEGIN { while (n-- > 0) print "\tf(0);" }'; }
# function_of N: one of N lines, name to brace.
function_of()
{
	printf 'int\nioc_long(int a,\n    int b)\n{\n'
	lines $(($1 - 4))
	printf '}\n'
}
file_do() { lines 801 >t/src/core/long.c; }
script_do() { lines 801 >t/tools/long; }
function_do() { function_of 61 >t/src/core/long.c; }
second_do() { { function_of 60; echo; function_of 70; } >t/src/core/long.c; }
no_reason_do() { echo 'src/core/long.c -' >t/tools/limits.exceptions; }
stale_do() { echo 'src/core/start.c - of old' >t/tools/limits.exceptions; }

atf_test_case exactly
exactly_head() { atf_set descr "as long as allowed, prototypes before"; }
exactly_body()
{
	tree
	{
		printf 'extern int a;\nIOC_DEFINE_AUTO(struct x, ioc_x_free);\n'
		function_of 60
		lines 737
	} >t/src/core/long.c
	accepted limits
}

atf_test_case excused
excused_head() { atf_set descr "an exception with its reason"; }
excused_body()
{
	tree
	function_of 61 >t/src/core/long.c
	echo 'src/core/long.c ioc_long one switch over all commands' \
	    >t/tools/limits.exceptions
	accepted limits
}

atf_init_test_cases()
{
	clean_test limits
	violation file limits 'src/core/long.c: 801 lines'
	violation script limits 'tools/long: 801 lines'
	violation function limits 'long.c: ioc_long[(][)]: 61 lines'
	violation second limits 'long.c: ioc_long[(][)]: 70 lines'
	violation no_reason limits 'no reason'
	violation stale limits 'not needed'
	atf_add_test_case exactly
	atf_add_test_case excused
}
