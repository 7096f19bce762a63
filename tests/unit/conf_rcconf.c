/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "conf/rcconf.h"
#include "tests/common/tmp.h"

/* --- texts ------------------------------------------------------------------------ */

static void
check(enum ioc_rcconf kind, const char *text, const char *key,
    const char *value, const char *want)
{
	auto_buf struct ioc_buf out = IOC_BUF(IOC_RCCONF_MAX);
	struct ioc_error err = { 0 };
	int r = ioc_rcconf_set(kind, text, strlen(text), key, value, &out,
	    &err);

	if (want == NULL) {
		if (r != IOC_FORMAT)
			fail_msg("%s: %d %s", text, r, err.msg);
	} else if (r != 0)
		fail_msg("%s: %s", text, err.msg);
	else if (strcmp(ioc_buf_str(&out), want) != 0)
		fail_msg("%s: became\n%s", text, ioc_buf_str(&out));
}

#define	SHELL(text, want)	check(IOC_RCCONF_SHELL, text, "k", "NO", want)
#define	SYSCTL(text, want)	check(IOC_RCCONF_SYSCTL, text, "a.b", "0", want)

static void
test_set__replaces(void **state)
{
	SHELL("k=\"YES\"\n", "k=\"NO\"\n");
	SHELL("k=YES", "k=\"NO\"");
	SHELL("k='YES'\n", "k=\"NO\"\n");
	SHELL("k=\n", "k=\"NO\"\n");
	SHELL("# k=1\n\tk=\"a b\"'c'\\ d\t# why\nx=y\n",
	    "# k=1\n\tk=\"NO\"\t# why\nx=y\n");
	/* the last one is what counts */
	SHELL("k=1\nx=2\nk=3\n", "k=1\nx=2\nk=\"NO\"\n");
	/* it is that already */
	SHELL("k=NO # x\n", "k=NO # x\n");
	SHELL("k='N'\"O\"\n", "k='N'\"O\"\n");
	SHELL("kk=1\nk=2\nk_=3\n", "kk=1\nk=\"NO\"\nk_=3\n");
}

static void
test_set__adds(void **state)
{
	SHELL("", "k=\"NO\"\n");
	SHELL("\n", "\nk=\"NO\"\n");
	SHELL("x=1", "x=1\nk=\"NO\"\n");
	SHELL("kk=1\nk_x=2\n# k=3\n", "kk=1\nk_x=2\n# k=3\nk=\"NO\"\n");
	/* shell text of others stays as it is */
	SHELL(". /etc/more\nexport a=b\n[ -f x ] && . x\na=b; c=d\n",
	    ". /etc/more\nexport a=b\n[ -f x ] && . x\na=b; c=d\n"
	    "k=\"NO\"\n");
	SHELL("h=\"$(kenv -q \"x y\")\"\n", "h=\"$(kenv -q \"x y\")\"\nk=\"NO\"\n");
	/* nothing is put into or behind what goes on */
	SHELL("x=1\nif a; then\ny=2\nfi\n",
	    "x=1\nk=\"NO\"\nif a; then\ny=2\nfi\n");
	SHELL("x=\"a\nb\"\n", "k=\"NO\"\nx=\"a\nb\"\n");
	SHELL("x=a\\\nb\n", "k=\"NO\"\nx=a\\\nb\n");
	SHELL("cat <<E\nE\n", "k=\"NO\"\ncat <<E\nE\n");
	SHELL("x=1\nreturn 0\n", "x=1\nk=\"NO\"\nreturn 0\n");
	SHELL("f()\n{\n}\n", "k=\"NO\"\nf()\n{\n}\n");
	SHELL("x=\"$(a \"b\n)\"\n", "k=\"NO\"\nx=\"$(a \"b\n)\"\n");
}

static void
test_set__cannot_be_judged(void **state)
{
	static const char *const rows[] = { "k=$x\n", "k=\"${x}\"\n",
		"k=`x`\n", "k=\"$(x)\"\n", "export k=1\n", "k=1; x=2\n",
		"x=1; k=2\n", "k+=1\n", "k=1 x\n", "k=1 && x\n", "k = 1\n",
		"unset k\n", "readonly k=1\n", ": ${k:=1}\n", "x=$k\n",
		"eval k=1\n", "if x; then\nk=1\nfi\n", "k=1\nif x; then\nk=2\nfi\n",
		"x=\"\nk=1\n\"\n", "cat <<E\nk=1\nE\n", "k=\"1\n2\"\n",
		"k=1\r\n", "k=(1)\n", "\\k=1\n", "'k'=1\n", "case x in\nk) ;;\n",
		"x=\"$(\nk=1\n)\"\n", "f() {\nk=1\n}\n", "exit\nk=1\n" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		SHELL(rows[i], NULL);
	check(IOC_RCCONF_SHELL, "net\\\nif=1\n", "netif", "NO", NULL);
	check(IOC_RCCONF_SHELL, "eval n\"et\"if=1\n", "netif", "NO", NULL);
}

static void
test_set__sysctl(void **state)
{
	SYSCTL("", "a.b=0\n");
	SYSCTL("# a.b=1\n", "# a.b=1\na.b=0\n");
	SYSCTL("a.b=1\n", "a.b=0\n");
	SYSCTL("a.b = 1 # x\nc=d", "a.b = 0 # x\nc=d");
	SYSCTL("a.bc=1\nxa.b=1\n", "a.bc=1\nxa.b=1\na.b=0\n");
	SYSCTL("a.b=0\n", "a.b=0\n");
	SYSCTL("if x; then\n$(y\n", "if x; then\n$(y\na.b=0\n");
	SYSCTL("a.b\n", NULL);
	SYSCTL("a.b: 1\n", NULL);
	SYSCTL("a.b=\"1\"\n", NULL);
	SYSCTL("a.b=1\r\n", NULL);
}

static void
test_set__values(void **state)
{
	check(IOC_RCCONF_SHELL, "", "cron_flags", "-m ''",
	    "cron_flags=\"-m ''\"\n");
	check(IOC_RCCONF_SHELL, "", "k", "a\"b\\c$d`e",
	    "k=\"a\\\"b\\\\c\\$d\\`e\"\n");
	check(IOC_RCCONF_SHELL, "k=1\n", "k", "", "k=\"\"\n");
}

static void
test_set__invalid(void **state)
{
	static const struct { enum ioc_rcconf kind; const char *key, *value; }
	rows[] = {
		{ IOC_RCCONF_SHELL, "", "x" },
		{ IOC_RCCONF_SHELL, "1a", "x" },
		{ IOC_RCCONF_SHELL, "a.b", "x" },
		{ IOC_RCCONF_SHELL, "a b", "x" },
		{ IOC_RCCONF_SHELL, "a\nb", "x" },
		{ IOC_RCCONF_SHELL, "a", "x\ny" },
		{ IOC_RCCONF_SHELL, "a", "x\033[2J" },
		{ IOC_RCCONF_SYSCTL, "a.b", "x\ny" },
		{ IOC_RCCONF_SYSCTL, "a.b", "x#y" },
		{ IOC_RCCONF_SYSCTL, "a.b", "" },
		{ IOC_RCCONF_SYSCTL, "a.b", " x" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		auto_buf struct ioc_buf out = IOC_BUF(IOC_RCCONF_MAX);

		if (ioc_rcconf_set(rows[i].kind, "", 0, rows[i].key,
		    rows[i].value, &out, NULL) != IOC_INVALID)
			fail_msg("%s=%s", rows[i].key, rows[i].value);
	}
}

static void
test_get(void **state)
{
	auto_buf struct ioc_buf out = IOC_BUF(IOC_RCCONF_MAX);
	static const char text[] = "k='a'\nx=$y\nk=\"b\\\"\"c\n";

	assert_int_equal(ioc_rcconf_get(IOC_RCCONF_SHELL, text, strlen(text),
	    "k", &out, NULL), 0);
	assert_string_equal(ioc_buf_str(&out), "b\"c");
	assert_int_equal(ioc_rcconf_get(IOC_RCCONF_SHELL, text, strlen(text),
	    "z", &out, NULL), IOC_NOT_FOUND);
	assert_int_equal(ioc_rcconf_get(IOC_RCCONF_SHELL, text, strlen(text),
	    "x", &out, NULL), IOC_FORMAT);
	assert_int_equal(ioc_rcconf_get(IOC_RCCONF_SHELL, "k=1\0x", 5, "k",
	    &out, NULL), IOC_FORMAT);
}

/* --- files ------------------------------------------------------------------------- */

static const struct ioc_rcconf_change two[] = {
	{ "a", "NO" }, { "b", "x y" },
};

static void
check_file(int root, const char *want)
{
	auto_fd int fd = openat(root, "etc/rc.conf", O_RDONLY | O_CLOEXEC);
	char text[256] = { 0 };

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	assert_string_equal(text, want);
}

static void
test_edit(void **state)
{
	struct tmp t;
	struct ioc_error err = { 0 };
	struct stat st;

	tmp_open(&t);
	tmp_mkdir(t.fd, "etc");
	assert_int_equal(ioc_rcconf_edit(IOC_RCCONF_SHELL, t.fd, "etc/rc.conf",
	    two, 2, &err), 0);
	check_file(t.fd, "a=\"NO\"\nb=\"x y\"\n");
	assert_int_equal(fstatat(t.fd, "etc/rc.conf", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	/* its mode stays, and the rest of it */
	tmp_write(t.fd, "etc/rc.conf", "# mine\nb=z\n");
	assert_int_equal(fchmodat(t.fd, "etc/rc.conf", 0600, 0), 0);
	assert_int_equal(ioc_rcconf_edit(IOC_RCCONF_SHELL, t.fd, "etc/rc.conf",
	    two, 2, &err), 0);
	check_file(t.fd, "# mine\nb=\"x y\"\na=\"NO\"\n");
	assert_int_equal(fstatat(t.fd, "etc/rc.conf", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* all or none */
	tmp_write(t.fd, "etc/rc.conf", "a=1\nexport b\n");
	assert_int_equal(ioc_rcconf_edit(IOC_RCCONF_SHELL, t.fd, "etc/rc.conf",
	    two, 2, &err), IOC_FORMAT);
	assert_non_null(strstr(err.msg, "etc/rc.conf: line 2"));
	check_file(t.fd, "a=1\nexport b\n");
	tmp_close(&t);
}

static void
test_edit__links(void **state)
{
	struct tmp t;

	tmp_open(&t);
	tmp_mkdir(t.fd, "etc");
	tmp_mkdir(t.fd, "root");
	tmp_write(t.fd, "etc/rc.conf", "host\n");
	tmp_symlink("../etc", t.fd, "root/etc");
	{
		auto_fd int root = openat(t.fd, "root", O_RDONLY |
		    O_DIRECTORY | O_CLOEXEC);

		assert_int_equal(ioc_rcconf_edit(IOC_RCCONF_SHELL, root,
		    "etc/rc.conf", two, 2, NULL), IOC_UNSAFE);
		assert_int_equal(unlinkat(root, "etc", 0), 0);
		tmp_mkdir(root, "etc");
		tmp_symlink("../../etc/rc.conf", root, "etc/rc.conf");
		assert_int_equal(ioc_rcconf_edit(IOC_RCCONF_SHELL, root,
		    "etc/rc.conf", two, 2, NULL), IOC_UNSAFE);
	}
	check_file(t.fd, "host\n");
	tmp_close(&t);
}

UNIT_MAIN(
	cmocka_unit_test(test_set__replaces),
	cmocka_unit_test(test_set__adds),
	cmocka_unit_test(test_set__cannot_be_judged),
	cmocka_unit_test(test_set__sysctl),
	cmocka_unit_test(test_set__values),
	cmocka_unit_test(test_set__invalid),
	cmocka_unit_test(test_get),
	cmocka_unit_test(test_edit),
	cmocka_unit_test(test_edit__links))
