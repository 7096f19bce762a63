/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <string.h>

#include "conf/hostconf.h"
#include "tests/common/tmp.h"

static struct ioc_hostconf *
parse(const char *text)
{
	struct ioc_error err = { 0 };
	struct ioc_hostconf *c = NULL;

	if (ioc_hostconf_parse("ioc.conf", text, strlen(text), &c, &err) != 0)
		fail_msg("%s: %s", text, err.msg);
	return (c);
}

static void
check_get(const char *text, const char *key, const char *want)
{
	IOC_AUTO(ioc_hostconf_freep) struct ioc_hostconf *c = parse(text);
	const char *got = ioc_hostconf_get(c, key);

	if (want == NULL)
		assert_null(got);
	else if (got == NULL || strcmp(got, want) != 0)
		fail_msg("%s: %s is %s", text, key, got != NULL ? got : "-");
}

static void
test_parse__values(void **state)
{
	check_get("", "ioc_run_dir", NULL);
	check_get("# ioc_run_dir=/x\n\n  \n", "ioc_run_dir", NULL);
	check_get("ioc_run_dir=\"/x\"\n", "ioc_run_dir", "/x");
	check_get("ioc_run_dir='/x'", "ioc_run_dir", "/x");
	check_get("  ioc_run_dir=/x\t# why", "ioc_run_dir", "/x");
	check_get("ioc_run_dir=/x#y", "ioc_run_dir", "/x#y");
	check_get("ioc_run_dir=\"/a b\"/c'd e'", "ioc_run_dir", "/a b/cd e");
	check_get("ioc_run_dir=\"/a\\\"\\$\\`\\\\\\n\"", "ioc_run_dir",
	    "/a\"$`\\\\n");
	check_get("ioc_run_dir='/a$b`c\\d'", "ioc_run_dir", "/a$b`c\\d");
	check_get("ioc_run_dir=/a\\ \\$b", "ioc_run_dir", "/a $b");
	check_get("ioc_mirror_DEBIAN=\"https://m.example.org:8443/d/?x=1\"",
	    "ioc_mirror_DEBIAN", "https://m.example.org:8443/d/?x=1");
	check_get("ioc_proxy=http://[::1]:3128/", "ioc_proxy",
	    "http://[::1]:3128/");
	check_get("ioc_enable=YES\nioc_lang=en_US.UTF-8\n", "ioc_lang",
	    "en_US.UTF-8");
}

/* The rest of rc.conf is not ours to judge, as long as it cannot hide keys. */
static void
test_parse__keys_of_others(void **state)
{
	check_get("hostname=\"$(kenv -q x)\"\nifconfig_em0='inet 1.2.3.4'\n"
	    "a=`b`\nxioc_dir_x=/y\nioc_run_dir=/x\n", "ioc_run_dir", "/x");
	check_get("a=$b # ioc_run_dir=/x\n", "ioc_run_dir", NULL);
	check_get("a=\"it's\"\nioc_run_dir=/x\n", "ioc_run_dir", "/x");
}

static const struct {
	const char *text, *says;
	int code;
} bad[] = {
	{ "x\n", "line 1", IOC_FORMAT },
	{ "\n\n. /etc/rc.subr\n", "line 3", IOC_FORMAT },
	{ "if true; then\n", "line 1", IOC_FORMAT },
	{ "export a=b\n", "line 1", IOC_FORMAT },
	{ "a = b\n", "line 1", IOC_FORMAT },
	{ "=b\n", "line 1", IOC_FORMAT },
	{ "1a=b\n", "line 1", IOC_FORMAT },
	{ "a-b=c\n", "line 1", IOC_FORMAT },
	{ "a=b; ioc_run_dir=/x\n", "shell", IOC_FORMAT },
	{ "a=b&ioc_run_dir=/x\n", "shell", IOC_FORMAT },
	{ "a=b ioc_run_dir=/x\n", "follows", IOC_FORMAT },
	{ "a=\"b\nioc_run_dir=/x\n\"\n", "not closed", IOC_FORMAT },
	{ "a='b\n'\n", "not closed", IOC_FORMAT },
	{ "a=b\\\nioc_run_dir=/x\n", "continued", IOC_FORMAT },
	{ "ioc_run_dir=\"$HOME\"\n", "\"$\"", IOC_FORMAT },
	{ "ioc_run_dir=/$x\n", "\"$\"", IOC_FORMAT },
	{ "ioc_run_dir=\"/`x`\"\n", "\"`\"", IOC_FORMAT },
	{ "ioc_run_dir=/a>b\n", "shell", IOC_FORMAT },
	{ "ioc_run_dir=/a\nioc_run_dir=/a\n", "already in line 1",
	    IOC_FORMAT },
	{ "ioc_run_dir=\n", "absolute", IOC_INVALID },
	{ "ioc_run_dir=~/x\n", "absolute", IOC_INVALID },
	{ "ioc_run_dir=/a/../b\n", "..", IOC_INVALID },
	{ "ioc_run_dir=/a/..\n", "..", IOC_INVALID },
	{ "ioc_run_dir=/a\r\n", "control", IOC_INVALID },
	{ "ioc_run_dirs=/a\n", "unknown key \"ioc_run_dirs\"",
	    IOC_INVALID },
	{ "\nioc_=1\n", "line 2: unknown key \"ioc_\"", IOC_INVALID },
	{ "ioc_dir_=/x\n", "ioc_dir_", IOC_INVALID },
	{ "ioc_dir__a=/x\n", "ioc_dir__a", IOC_INVALID },
	{ "ioc_dir_a=x\n", "absolute", IOC_INVALID },
	{ "ioc_dir_a=/x\nioc_dataset_a=z/x\n", "twice", IOC_INVALID },
	{ "ioc_dataset_a=/x\n", "", IOC_INVALID },
	{ "ioc_dataset_a=\"z/x y\"\n", "", IOC_INVALID },
	{ "ioc_mirror_DEBIAN=http://x/\n", "https", IOC_INVALID },
	{ "ioc_mirror_DEBIAN=https://\n", "URL", IOC_INVALID },
	{ "ioc_mirror_DEBIAN=https://u:p@x/\n", "user", IOC_INVALID },
	{ "ioc_mirror_DEBIAN='https://x/ y'\n", "URL", IOC_INVALID },
	{ "ioc_mirror_OTHER=https://x/\n", "unknown", IOC_INVALID },
	{ "ioc_signers_FREEBSD=/x\n", "unknown", IOC_INVALID },
	{ "ioc_signers_HARDENEDBSD=x\n", "absolute", IOC_INVALID },
	{ "ioc_packages_FREEBSD=http://x/\n", "https", IOC_INVALID },
	{ "ioc_packages_DEBIAN=https://x/\n", "unknown", IOC_INVALID },
	{ "ioc_proxy=ftp://x\n", "begin", IOC_INVALID },
	{ "ioc_enable=perhaps\n", "neither", IOC_INVALID },
	{ "ioc_lang='en US'\n", "locale", IOC_INVALID },
	{ "ioc_uid_range=x\n", "FIRST-LAST", IOC_INVALID },
	{ "ioc_uid_range=0-99999999\n", "65536", IOC_INVALID },
	{ "ioc_uid_range=65536-65536\n", "65536", IOC_INVALID },
	{ "ioc_uid_range=200000-100000\n", "65536", IOC_INVALID },
	{ "ioc_uid_range=65536:4294967295\n", "65536", IOC_INVALID },
	{ "ioc_uid_range=65536:-1\n", "number", IOC_INVALID },
};

static void
test_parse__refused(void **state)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct ioc_hostconf *c = NULL;
		struct ioc_error err = { 0 };

		if (ioc_hostconf_parse("/etc/ioc.conf", bad[i].text,
		    strlen(bad[i].text), &c, &err) != bad[i].code)
			fail_msg("%s: %s", bad[i].text, err.msg);
		assert_null(c);
		assert_non_null(strstr(err.msg, "/etc/ioc.conf: line "));
		if (strstr(err.msg, bad[i].says) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", err.msg,
			    bad[i].says);
	}
}

static void
test_parse__nul_and_size(void **state)
{
	static char big[IOC_HOSTCONF_MAX + 1];
	struct ioc_hostconf *c = NULL;

	assert_int_equal(ioc_hostconf_parse("f", "a=b\0\n", 5, &c, NULL),
	    IOC_FORMAT);
	memset(big, '\n', sizeof(big));
	assert_int_equal(ioc_hostconf_parse("f", big, sizeof(big), &c, NULL),
	    IOC_LIMIT);
}

static void
test_sources(void **state)
{
	IOC_AUTO(ioc_hostconf_freep) struct ioc_hostconf *c = parse(
	    "ioc_dir_zoo=/srv/ioc\n# none\nioc_dataset_a_1=tank/ioc\n");
	IOC_AUTO(ioc_hostconf_freep) struct ioc_hostconf *none = parse("a=b\n");
	const struct ioc_hostconf_source *s;

	assert_int_equal(ioc_hostconf_sources(c, &s), 2);
	assert_string_equal(s[0].name, "zoo");
	assert_string_equal(s[0].where, "/srv/ioc");
	assert_false(s[0].zfs);
	assert_string_equal(s[1].name, "a_1");
	assert_true(s[1].zfs);
	assert_int_equal(ioc_hostconf_sources(none, &s), 0);
}

static void
check_range(const char *text, uint32_t first, uint32_t count)
{
	IOC_AUTO(ioc_hostconf_freep) struct ioc_hostconf *c = parse(text);
	uint32_t f, n;

	ioc_hostconf_uid_range(c, &f, &n);
	assert_int_equal(f, first);
	assert_int_equal(n, count);
	assert_true((uint64_t)f + n <= UINT32_MAX - 65535);
}

static void
test_uid_range(void **state)
{
	check_range("", 524288, 1878523904);
	check_range("ioc_uid_range=100000-165535", 100000, 65536);
	check_range("ioc_uid_range=100000:65536", 100000, 65536);
	check_range("ioc_uid_range=65536-4294901759", 65536, 4294836224);
}

static char path[100];

static int
edit(const char *key, const char *value, struct ioc_error *err)
{
	return (ioc_hostconf_edit(path, key, value, err));
}

static void
test_edit(void **state)
{
	struct ioc_error err = { 0 };
	struct stat st;
	struct tmp t;

	tmp_open(&t);
	(void)snprintf(path, sizeof(path), "%s/ioc.conf", t.path);
	/* Nothing to remove: no file is made. */
	assert_int_equal(edit("ioc_run_dir", NULL, &err), 0);
	assert_false(tmp_exists(t.fd, "ioc.conf"));
	assert_int_equal(edit("ioc_dir_main", "/srv/a \"b\"$`\\", &err), 0);
	assert_string_equal(tmp_read(t.fd, "ioc.conf"),
	    "ioc_dir_main=\"/srv/a \\\"b\\\"\\$\\`\\\\\"\n");
	assert_int_equal(fstatat(t.fd, "ioc.conf", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	/* Other lines stay byte for byte, the line keeps its comment. */
	tmp_write(t.fd, "ioc.conf", "# top\r\nx=\"$y\"\n\n"
	    "\tioc_dir_main='/old'  # mine\n  # end");
	assert_int_equal(fchmodat(t.fd, "ioc.conf", 0640, 0), 0);
	assert_int_equal(edit("ioc_dir_main", "/new", &err), 0);
	assert_string_equal(tmp_read(t.fd, "ioc.conf"), "# top\r\nx=\"$y\"\n\n"
	    "\tioc_dir_main=\"/new\"  # mine\n  # end");
	assert_int_equal(edit("ioc_uid_range", "100000:65536", &err), 0);
	assert_string_equal(tmp_read(t.fd, "ioc.conf"), "# top\r\nx=\"$y\"\n\n"
	    "\tioc_dir_main=\"/new\"  # mine\n  # end\n"
	    "ioc_uid_range=\"100000:65536\"\n");
	assert_int_equal(edit("ioc_dir_main", NULL, &err), 0);
	assert_string_equal(tmp_read(t.fd, "ioc.conf"), "# top\r\nx=\"$y\"\n\n"
	    "  # end\nioc_uid_range=\"100000:65536\"\n");
	assert_int_equal(edit("ioc_uid_range", NULL, &err), 0);
	assert_string_equal(tmp_read(t.fd, "ioc.conf"), "# top\r\nx=\"$y\"\n\n"
	    "  # end\n");
	assert_int_equal(fstatat(t.fd, "ioc.conf", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	tmp_close(&t);
}

/* The file's directory is made, not a whole path to it. */
static void
test_edit__no_directory(void **state)
{
	struct ioc_error err = { 0 };
	struct tmp t;

	tmp_open(&t);
	(void)snprintf(path, sizeof(path), "%s/etc/ioc.conf", t.path);
	assert_int_equal(edit("ioc_dir_a", "/x", &err), 0);
	assert_string_equal(tmp_read(t.fd, "etc/ioc.conf"),
	    "ioc_dir_a=\"/x\"\n");
	(void)snprintf(path, sizeof(path), "%s/no/etc/ioc.conf", t.path);
	assert_int_equal(edit("ioc_dir_a", "/x", &err), IOC_NOT_FOUND);
	assert_false(tmp_exists(t.fd, "no"));
	tmp_close(&t);
}

static void
test_edit__refused(void **state)
{
	struct ioc_error err = { 0 };
	struct tmp t;

	tmp_open(&t);
	(void)snprintf(path, sizeof(path), "%s/ioc.conf", t.path);
	assert_int_equal(edit("hostname", "x", &err), IOC_INVALID);
	assert_int_equal(edit("ioc_nosuch", "x", &err), IOC_INVALID);
	assert_int_equal(edit("ioc_dir_a-b", "/x", &err), IOC_INVALID);
	assert_int_equal(edit("ioc_dir_a", "x", &err), IOC_INVALID);
	assert_int_equal(edit("ioc_dir_a", "/x\nioc_dir_b=/y", &err),
	    IOC_INVALID);
	assert_false(tmp_exists(t.fd, "ioc.conf"));
	/* The name of another source. */
	tmp_write(t.fd, "ioc.conf", "ioc_dataset_a=tank/a\n");
	assert_int_equal(edit("ioc_dir_a", "/x", &err), IOC_INVALID);
	assert_string_equal(tmp_read(t.fd, "ioc.conf"),
	    "ioc_dataset_a=tank/a\n");
	/* A damaged file is left alone. */
	tmp_write(t.fd, "ioc.conf", "if true\n");
	assert_int_equal(edit("ioc_dir_a", "/x", &err), IOC_FORMAT);
	assert_string_equal(tmp_read(t.fd, "ioc.conf"), "if true\n");
	(void)snprintf(path, sizeof(path), "%s/no/such/ioc.conf", t.path);
	assert_int_equal(edit("ioc_dir_a", "/x", &err), IOC_NOT_FOUND);
	tmp_close(&t);
}

static void
test_load(void **state)
{
	struct ioc_hostconf *c = NULL;
	struct ioc_error err = { 0 };
	struct tmp t;

	tmp_open(&t);
	(void)snprintf(path, sizeof(path), "%s/ioc.conf", t.path);
	assert_int_equal(ioc_hostconf_load(path, false, &c, &err),
	    IOC_NOT_FOUND);
	assert_int_equal(ioc_hostconf_load(path, true, &c, &err), 0);
	assert_null(ioc_hostconf_get(c, "ioc_run_dir"));
	ioc_hostconf_free(take_ptr(c));
	tmp_write(t.fd, "ioc.conf", "a=b\nioc_run_dir=x\n");
	assert_int_equal(ioc_hostconf_load(path, true, &c, &err), IOC_INVALID);
	assert_non_null(strstr(err.msg, "ioc.conf: line 2: ioc_run_dir"));
	tmp_write(t.fd, "ioc.conf", "ioc_run_dir=/x\n");
	assert_int_equal(ioc_hostconf_load(path, true, &c, &err), 0);
	assert_string_equal(ioc_hostconf_get(c, "ioc_run_dir"), "/x");
	ioc_hostconf_free(c);
	tmp_close(&t);
}

UNIT_MAIN(
	cmocka_unit_test(test_parse__values),
	cmocka_unit_test(test_parse__keys_of_others),
	cmocka_unit_test(test_parse__refused),
	cmocka_unit_test(test_parse__nul_and_size),
	cmocka_unit_test(test_sources),
	cmocka_unit_test(test_uid_range),
	cmocka_unit_test(test_edit),
	cmocka_unit_test(test_edit__no_directory),
	cmocka_unit_test(test_edit__refused),
	cmocka_unit_test(test_load))
