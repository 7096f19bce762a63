/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parsers take time that is linear in what they are fed: four times the
 * input takes about four times as long, where a quadratic one takes sixteen.
 */
#include "tests/unit/unit.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/json.h"
#include "conf/file.h"
#include "conf/filter.h"
#include "conf/fstab.h"
#include "conf/glob.h"
#include "conf/hostconf.h"
#include "conf/value.h"

#define	SMALL	((size_t)256 * 1024)
#define	LARGE	(4 * SMALL)		/* a megabyte */

typedef void feed_fn(const char *text, size_t len);

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

/* `head`, then `unit` again and again, then `tail`. */
static const struct {
	const char	*what;
	feed_fn		*feed;
	const char	*head, *unit, *tail;
} cases[] = {
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
};

static double
once(feed_fn *feed, const struct ioc_buf *b)
{
	struct timespec a, z;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	feed(b->data, b->len);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &z);
	return ((double)(z.tv_sec - a.tv_sec) +
	    (double)(z.tv_nsec - a.tv_nsec) / 1e9);
}

/* The shortest of several times: what else runs can only make it longer. */
static double
measure(size_t i, size_t size)
{
	auto_buf struct ioc_buf b = IOC_BUF(2 * LARGE);
	size_t tail = strlen(cases[i].tail);
	double best = 1e9;

	(void)ioc_buf_adds(&b, cases[i].head);
	while (b.len + tail + strlen(cases[i].unit) < size)
		(void)ioc_buf_adds(&b, cases[i].unit);
	(void)ioc_buf_adds(&b, cases[i].tail);
	assert_int_equal(b.failed, 0);
	for (int k = 0; k < 3; k++) {
		double t = once(cases[i].feed, &b);

		best = t < best ? t : best;
	}
	return (best);
}

static void
test_linear(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		double small = 0, large = 0;
		int round = 0;

		/* Below some microseconds it is all noise. */
		do {
			small = measure(i, SMALL);
			large = measure(i, LARGE);
		} while (large > 8 * small + 0.0005 && ++round < 4);
		print_message("%-28s %8.2f ms, %8.2f ms\n", cases[i].what,
		    small * 1e3, large * 1e3);
		if (large > 8 * small + 0.0005)
			fail_msg("%s: four times as much takes %.1f times as "
			    "long", cases[i].what, large / small);
	}
}

UNIT_MAIN(cmocka_unit_test(test_linear))
