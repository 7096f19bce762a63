/* SPDX-License-Identifier: BSD-2-Clause */
/* The parsers of the library are linear in what they are fed; see linear.h. */
#include "tests/unit/linear.h"

#include "base/buf.h"
#include "base/json.h"
#include "conf/file.h"
#include "conf/filter.h"
#include "conf/fstab.h"
#include "conf/glob.h"
#include "conf/hostconf.h"
#include "conf/rcconf.h"
#include "conf/resolver.h"
#include "conf/value.h"
#include "safe/name.h"
#include "store/zfs_list.h"

static void
feed_conf(const char *text, size_t len)
{
	struct ioc_conf *c = NULL;

	if (ioc_conf_parse(text, len, &c, NULL) == 0)
		(void)ioc_conf_get(c, "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.b");
	ioc_conf_free(c);
}

static void
feed_hostconf(const char *text, size_t len)
{
	struct ioc_hostconf *c = NULL;

	(void)ioc_hostconf_parse("f", text, len, &c, NULL);
	ioc_hostconf_free(c);
}

/* Of such a file no more than a part may be there at all. */
static void
feed_fstab(const char *text, size_t len)
{
	struct ioc_fstab *f = NULL;

	(void)ioc_fstab_parse(text, len, &f, NULL);
	ioc_fstab_free(f);
	f = NULL;
	(void)ioc_fstab_parse(text, len / 4, &f, NULL);
	ioc_fstab_free(f);
}

static int
get(const char *key, char **ret, void *arg, struct ioc_error *err)
{
	*ret = strdup("a,a,a,a");
	return (*ret != NULL ? 0 : ioc_fail_nomem(err));
}

static void
feed_filter(const char *text, size_t len)
{
	struct ioc_filter *f = NULL;
	bool hit;

	if (ioc_filter_parse(&text, 1, &f, NULL) == 0)
		(void)ioc_filter_match(f, "main", "aaaaaaaaaaaaaaaaaaaab", get,
		    NULL, &hit, NULL);
	ioc_filter_free(f);
}

/* The first half is a pattern, the second what it is held against. */
static void
feed_glob(const char *text, size_t len)
{
	struct ioc_glob g;

	if (ioc_glob_init(&g, text, len / 2, NULL) == 0) {
		(void)ioc_glob_match(&g, text + len / 2);
		ioc_glob_fini(&g);
	}
}

static void
feed_list(const char *text, size_t len)
{
	auto_strv struct ioc_strv v = IOC_STRV;

	(void)ioc_value_list(text, &v, NULL);
}

static void
feed_values(const char *text, size_t len)
{
	struct ioc_prop row = { .name = "maxproc", .fallback = "-",
		.choices = (const char *const[]){ "a", NULL } };

	for (int t = IOC_PROP_STRING; t <= IOC_PROP_CHOICE; t++) {
		char *out = NULL;

		row.type = (enum ioc_prop_type)t;
		(void)ioc_value_normal(&row, "x", text, &out, NULL);
		free(out);
	}
}

static void
feed_rcconf(const char *text, size_t len)
{
	for (int kind = IOC_RCCONF_SHELL; kind <= IOC_RCCONF_SYSCTL; kind++) {
		auto_buf struct ioc_buf b = IOC_BUF(2 * LINEAR_LARGE);

		(void)ioc_rcconf_set((enum ioc_rcconf)kind, text, len, "sshd",
		    "YES", &b, NULL);
		ioc_buf_clear(&b);
		(void)ioc_rcconf_get((enum ioc_rcconf)kind, text, len, "sshd",
		    &b, NULL);
	}
}

static void
feed_resolver(const char *text, size_t len)
{
	auto_buf struct ioc_buf b = IOC_BUF(2 * LINEAR_LARGE);
	const char *path;

	(void)ioc_resolver_check(text, NULL);
	(void)ioc_resolver_text(text, &b, &path, NULL);
}

static void
feed_name(const char *text, size_t len)
{
	for (int k = IOC_NAME_JAIL; k <= IOC_NAME_COMPONENT; k++)
		(void)ioc_name_check((enum ioc_name)k, text, NULL);
}

static int
on_row(const char *const *field, void *arg, struct ioc_error *err)
{
	uint64_t n;
	bool b;

	(void)ioc_zfs_beneath(field[0], "tank/iocage");
	(void)ioc_zfs_bool(field[1], &b, NULL);
	(void)ioc_zfs_number(field[1], &n, NULL);
	return (0);
}

static void
feed_zfs(const char *text, size_t len)
{
	char *copy = malloc(len + 1);

	assert_non_null(copy);
	memcpy(copy, text, len + 1);
	(void)ioc_zfs_rows(copy, len, 2, on_row, NULL, NULL);
	free(copy);
}

static const struct linear cases[] = {
	{ "json: brackets", feed_conf, "{\"a\":", "[", "" },
	{ "json: a long string", feed_conf, "{\"a\":\"", "\\u0041", "\"}" },
	{ "json: quotes", feed_conf, "{", "\\\"", "}" },
	{ "json: an array", feed_conf, "{\"a\":[", "1,", "1]}" },
	{ "json: commas to be escaped", feed_conf, "{\"a\":[\"", ",", "\"]}" },
	{ "json: empty objects", feed_conf, "{\"a\":[", "{},", "1]}" },
	{ "json: blanks", feed_conf, "{", " \n", "}" },
	{ "json: never ends", feed_conf, "{\"a\":\"", "a", "" },
	{ "ioc.conf: empty lines", feed_hostconf, "", "\n", "" },
	{ "ioc.conf: comments", feed_hostconf, "", "#\"\n", "" },
	{ "ioc.conf: others", feed_hostconf, "", "a=b\n", "" },
	{ "ioc.conf: an open quote", feed_hostconf, "a=\"", "$\\\"", "" },
	{ "ioc.conf: a long value", feed_hostconf, "ioc_run_dir=", "/", "" },
	{ "ioc.conf: quotes", feed_hostconf, "ioc_run_dir=/", "''\"\"", "" },
	{ "ioc.conf: a long key", feed_hostconf, "ioc_", "a", "=1" },
	{ "fstab: empty lines", feed_fstab, "", "\n", "" },
	{ "fstab: a long field", feed_fstab, "", "\\ ", "" },
	{ "fstab: escapes", feed_fstab, "/", "\\040", " /a nullfs ro" },
	{ "fstab: fields", feed_fstab, "", "a ", "" },
	{ "fstab: a comment", feed_fstab, "#", " ", "" },
	{ "filter: wildcards", feed_filter, "", "*a", "c" },
	{ "filter: gaps", feed_filter, "", "+", "c" },
	{ "filter: names", feed_filter, "", "a,", "b" },
	{ "filter: terms", feed_filter, "", "a* ", "b" },
	{ "filter: values", feed_filter, "tags=", "*b,", "b" },
	{ "filter: escapes", feed_filter, "notes=", "\\\\\\,", "" },
	{ "filter: blanks", feed_filter, "", " ", "" },
	{ "filter: a long key", feed_filter, "", "a", "=1" },
	{ "filter: a long name", feed_filter, "", "a", "" },
	{ "glob: stars", feed_glob, "", "*", "" },
	{ "glob: one star", feed_glob, "*", "a", "b" },
	{ "glob: parts", feed_glob, "", "*ab", "" },
	{ "glob: parts that fail late", feed_glob, "", "*aab", "c" },
	{ "glob: escapes", feed_glob, "*", "\\a", "b" },
	{ "list: elements", feed_list, "", "a,", "" },
	{ "list: backslashes", feed_list, "", "\\,", "" },
	{ "list: blanks", feed_list, "a", " ", "a" },
	{ "values", feed_values, "", "a,", "" },
	{ "rc.conf: lines", feed_rcconf, "", "a@=\"NO\"\n", "" },
	{ "rc.conf: the same key", feed_rcconf, "", "sshd=\"NO\"\n", "" },
	{ "rc.conf: comments", feed_rcconf, "", "# sshd=YES\n", "" },
	{ "rc.conf: empty lines", feed_rcconf, "", "\n", "" },
	{ "rc.conf: continued lines", feed_rcconf, "a=", "\\\n", "" },
	{ "rc.conf: an open quote", feed_rcconf, "a=\"", "b\n", "" },
	{ "rc.conf: quotes", feed_rcconf, "a=", "''\"\"", "\n" },
	{ "rc.conf: blocks", feed_rcconf, "", "if a; then\n", "" },
	{ "rc.conf: substitutions", feed_rcconf, "a=\"", "$(", "" },
	{ "rc.conf: backquotes", feed_rcconf, "a=\"", "`\\", "" },
	{ "rc.conf: here documents", feed_rcconf, "", "cat <<E@\n", "" },
	{ "rc.conf: blanks", feed_rcconf, "a", " ", "=b" },
	{ "resolver: lines", feed_resolver, "", "nameserver 1.2.3.4;", "" },
	{ "resolver: addresses", feed_resolver, "", "1.2.3.4,", "" },
	{ "resolver: domains", feed_resolver, "search ", "a ", "" },
	{ "name: letters", feed_name, "", "a", "" },
	{ "name: dots", feed_name, "a", ".", "" },
	{ "name: labels", feed_name, "a", ".a", "" },
	{ "name: components", feed_name, "a", "/a", "" },
	{ "zfs: lines", feed_zfs, "", "tank/iocage/@\tyes\n", "" },
	{ "zfs: fields", feed_zfs, "", "a\t", "" },
	{ "zfs: a long field", feed_zfs, "", "a", "\tyes\n" },
	{ "zfs: numbers", feed_zfs, "", "a\t@@\n", "" },
};

static void
test_linear(void **state)
{
	linear_run(cases, sizeof(cases) / sizeof(*cases));
}

/* The test would find one: it compares each line with all before it. */
static void
feed_quadratic(const char *text, size_t len)
{
	volatile size_t same = 0;
	const size_t n = len / 256;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			same += text[i * 256] == text[k * 256];
	assert_true(same > 0);
}

static void
test_quadratic_is_seen(void **state)
{
	static const struct linear c = { "quadratic", feed_quadratic, "", "a",
		"" };
	int fd = linear_counter();
	double small = linear_cost(fd, &c, LINEAR_SMALL);
	double large = linear_cost(fd, &c, LINEAR_LARGE);

	assert_true(large > 10 * small);
	if (fd >= 0)
		(void)close(fd);
}

UNIT_MAIN(cmocka_unit_test(test_linear),
	cmocka_unit_test(test_quadratic_is_seen))
