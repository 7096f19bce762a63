#!/usr/bin/env atf-sh
# SPDX-License-Identifier: BSD-2-Clause
# tools/banned: words that may not stand in the sources.
. "$(atf_get_srcdir)/common.sh"

add() { printf '%s\n' "$1" >>t/src/core/start.c; }
system_do() { add '	n = system("ls");'; }
after_comment_do() { add '	/* a */ popen ("ls", "r"); // b'; }
after_literal_do() { add '	f("\""); strcpy(a, b);'; }
shell_vector_do() { add '	{ "sh", "-c", text }'; }
shell_text_do() { add '	run("/bin/sh -c ls");'; }
open_path_do() { add '	fd = open(path, O_RDONLY);'; }
goto_do() { add '	goto out;'; }
print_do() { add '	(void)fprintf(stderr, "x");'; }
exit_do() { add '	exit(1);'; }
environment_do() { add '	p = getenv("HOME");'; }
header_do() { echo '#define	X(a) atoi(a)' >t/include/ioc/x.h; }

atf_test_case allowed
allowed_head() { atf_set descr "what one folder may, another may not"; }
allowed_body()
{
	tree
	echo 'fd = open(path, O_RDONLY);' >t/src/safe/path.c
	echo 'printf("x");' >>t/src/cli/main.c
	accepted banned
	echo 'fd = open(path, O_RDONLY);' >>t/src/cli/main.c
	refused banned 'src/cli/main.c:5: open: by path'
}

atf_init_test_cases()
{
	clean_test banned
	violation system banned 'src/core/start.c:17: system: runs a shell'
	violation after_comment banned 'start.c:17: popen'
	violation after_literal banned 'start.c:17: strcpy'
	violation shell_vector banned 'runs a shell'
	violation shell_text banned 'runs a shell'
	violation open_path banned 'start.c:17: open: by path'
	violation goto banned 'start.c:17: goto'
	violation print banned 'start.c:17: fprintf'
	violation exit banned 'start.c:17: exit'
	violation environment banned 'start.c:17: getenv'
	violation header banned 'include/ioc/x.h:1: atoi'
	atf_add_test_case allowed
}
