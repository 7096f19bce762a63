# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# A small clean tree in the working directory, for tests of the lint tools.

# tree: a tree that every tool accepts.
tree()
{
	mkdir -p t/include/ioc t/src/base t/src/safe t/src/core t/src/cli \
	    t/src/os/linux t/src/worker t/tools
	cat >t/include/ioc/base.h <<'END'
/* One line. */
#include <stddef.h>

/* Gives one. */
IOC_API int ioc_one(void);

/* Both of them; "told; as one". */
IOC_API const char *const *ioc_two(
    size_t n);
IOC_API size_t ioc_three(const struct ioc_x *x);
END
	printf 'LIBIOC_0 {\nglobal:\n\tioc_one;\n\tioc_three;\n\tioc_two;\nlocal:\n\t*;\n};\n' \
	    >t/src/libioc.sym
	cat >t/src/core/start.c <<'END'
/* One line: system("rm") is only a comment, open("x") as well. */
#include <sys/types.h>

#include "base/error.h"
#include "os/os.h"
#include "store/store.h"

int
ioc_start(struct ioc_store *s)
{
	/* goto
	   popen( */
	s->ops->open(s);
	ops.rename("a system(\" b", "/* goto");
	return (subsystem(0));
}
END
	cat >t/src/os/linux/jail.c <<'END'
/* One line. */
#include <linux/sched.h>

#include "safe/path.h"

#ifdef __linux__
#endif
END
	printf '/* One line. */\n#include "ioc.h"\n#include "ioc/jail.h"\n' \
	    >t/src/cli/main.c
}

# refused TOOL PATTERN: the tool fails on the tree and says so.
refused()
{
	atf_check -s exit:1 -o match:"$2" -e empty \
	    "$(atf_get_srcdir)/../../tools/$1" t
}

# accepted TOOL: the tool has nothing to say.
accepted()
{
	atf_check -s exit:0 -o empty -e empty \
	    "$(atf_get_srcdir)/../../tools/$1" t
}

# clean_test TOOL: the case that every tool has.
clean_test()
{
	tool_under_test=$1
	atf_test_case clean
	clean_head()
	{
		atf_set descr "a clean tree passes"
	}
	clean_body()
	{
		tree
		accepted "$tool_under_test"
	}
	atf_add_test_case clean
}

# violation CASE TOOL PATTERN: a case whose body is the function CASE_do,
# which spoils the tree.
violation()
{
	atf_test_case "$1"
	eval "$1_head() { atf_set descr '$2 refuses $1'; }"
	eval "$1_body() { tree; accepted $2; $1_do; refused $2 '$3'; }"
	atf_add_test_case "$1"
}
