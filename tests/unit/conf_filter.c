/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/str.h"
#include "conf/filter.h"
#include "conf/glob.h"

static bool
glob(const char *pattern, const char *text)
{
	struct ioc_glob g;
	bool hit;

	assert_int_equal(ioc_glob_init(&g, pattern, strlen(pattern), NULL), 0);
	hit = ioc_glob_match(&g, text);
	ioc_glob_fini(&g);
	return (hit);
}

static void
test_glob__matches(void **state)
{
	static const char *const pairs[][2] = {
		{ "", "" }, { "web", "web" }, { "*", "" }, { "*", "web" },
		{ "+", "w" }, { "++", "we" }, { "*+*", "w" }, { "w*", "w" },
		{ "w+b", "web" }, { "*b", "web" }, { "*e*", "web" },
		{ "a*b*c", "aXbYc" }, { "a*a", "aa" }, { "*ab", "aab" },
		{ "*aab", "aaab" }, { "a+a", "aaa" }, { "*.*", "a.b" },
		{ "\\*", "*" }, { "\\+*", "+x" }, { "\\\\", "\\" },
		{ "\\a", "a" }, { "[a]", "[a]" }, { "a?c", "a?c" },
		{ "a|b", "a|b" }, { "^a$", "^a$" }, { "{a}", "{a}" },
		{ "+", "\303\274" }, { "g+n", "g\303\274n" },
		{ "*\303\274*", "gr\303\274n" }, { "a*b+c", "abbc" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (!glob(pairs[i][0], pairs[i][1]))
			fail_msg("%s does not match %s", pairs[i][0],
			    pairs[i][1]);
}

static void
test_glob__does_not(void **state)
{
	static const char *const pairs[][2] = {
		{ "", "a" }, { "web", "we" }, { "web", "webb" }, { "+", "" },
		{ "++", "w" }, { "w+", "w" }, { "a+a", "aa" },
		{ "a*a", "a" }, { "a.b", "aXb" }, { "a?c", "abc" },
		{ "[ab]", "a" }, { "a|b", "a" }, { "\\*", "x" },
		{ "\\*", "" }, { "*ab", "aba" }, { "a*b*c", "acb" },
		{ "ab*bc", "abc" }, { "++", "\303\274" }, { "WEB", "web" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (glob(pairs[i][0], pairs[i][1]))
			fail_msg("%s matches %s", pairs[i][0], pairs[i][1]);
}

/* The slow and obvious way, to compare with. */
static bool
naive(const char *p, const char *t)
{
	if (*p == '\0')
		return (*t == '\0');
	if (*p == '*')
		return (naive(p + 1, t) || (*t != '\0' && naive(p, t + 1)));
	if (*p == '+')
		return (*t != '\0' && (naive(p + 1, t + 1) ||
		    naive(p, t + 1)));
	return (*p == *t && naive(p + 1, t + 1));
}

static void
test_glob__like_the_naive_one(void **state)
{
	char pattern[7], text[7];

	for (int i = 0; i < 4 * 4 * 4 * 4 * 4 * 4; i++) {
		for (int k = 0, v = i; k < 6; k++, v /= 4)
			pattern[k] = "ab*+"[v % 4];
		pattern[6] = '\0';
		for (int len = 0; len <= 6; len++) {
			for (int bits = 0; bits < 1 << len; bits++) {
				for (int k = 0; k < len; k++)
					text[k] = "ab"[bits >> k & 1];
				text[len] = '\0';
				if (glob(pattern, text) != naive(pattern, text))
					fail_msg("%s against %s", pattern,
					    text);
			}
		}
	}
}

/* --- filters -------------------------------------------------------------- */

struct jail {
	const char	*source;
	const char	*name;
	const char	*props[24];	/* key, value, ... */
	unsigned	 asked;
};

static struct jail web = { "main", "web-1", { "boot", "yes", "template", "on",
	"tags", "a,b c,d\\,e", "notes", "-", "priority", "10", "state",
	"running", "running", "yes", "memoryuse", "1G", "jid", "17",
	"user.x", "yes", "release", "bookworm" }, 0 };
static struct jail db = { "other", "db", { "boot", "no", "template", "no",
	"tags", "-", "notes", "a*b", "priority", "0", "state", "stopped",
	"running", "no", "memoryuse", "-", "jid", "-", "user.x", "on",
	"release", "14.2-RELEASE" }, 0 };

static int
get(const char *key, char **ret, void *arg, struct ioc_error *err)
{
	struct jail *j = arg;

	j->asked++;
	for (size_t i = 0; i < 24 && j->props[i] != NULL; i += 2)
		if (strcmp(j->props[i], key) == 0)
			return ((*ret = strdup(j->props[i + 1])) != NULL ? 0 :
			    ioc_fail_nomem(err));
	return (ioc_fail(err, IOC_NOT_FOUND, "%s was asked for", key));
}

static bool
match(struct jail *j, const char *const *terms, size_t n)
{
	IOC_AUTO(ioc_filter_freep) struct ioc_filter *f = NULL;
	struct ioc_error err = { 0 };
	bool hit = false;

	if (ioc_filter_parse(terms, n, &f, &err) != 0 ||
	    ioc_filter_match(f, j->source, j->name, get, j, &hit, &err) != 0)
		fail_msg("%s: %s", terms[0], err.msg);
	if (!ioc_filter_match_name(f, j->source, j->name))
		assert_false(hit);
	return (hit);
}
#define	MATCH(j, ...)	match(j, (const char *const[]){ __VA_ARGS__ },	\
	    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void
test_match__names(void **state)
{
	assert_true(match(&web, NULL, 0));
	assert_true(MATCH(&web, "web-1"));
	assert_true(MATCH(&web, "*"));
	assert_true(MATCH(&web, "+"));
	assert_true(MATCH(&web, "db,web*"));
	assert_true(MATCH(&web, "main/web-1"));
	assert_true(MATCH(&web, "m*/web-+"));
	assert_true(MATCH(&web, "other/db,main/*"));
	assert_true(MATCH(&web, "name=web-1"));
	assert_true(MATCH(&web, "source=main,x"));
	assert_true(MATCH(&web, "id=web*"));
	assert_true(MATCH(&web, "w*", "*-1"));
	assert_true(MATCH(&web, "w* *-1\t*b*"));
	assert_false(MATCH(&web, "w*", "*-2"));
	assert_false(MATCH(&web, "web"));
	assert_false(MATCH(&web, "other/web-1"));
	assert_false(MATCH(&web, "other/*"));
	assert_false(MATCH(&web, "source=other"));
	assert_false(MATCH(&db, "main/db,other/web"));
	assert_int_equal(web.asked, 0);
}

static void
test_match__properties(void **state)
{
	assert_true(MATCH(&web, "boot=yes"));
	assert_true(MATCH(&web, "boot=on"));
	assert_true(MATCH(&web, "boot=0,1"));
	assert_true(MATCH(&web, "template=yes"));
	assert_true(MATCH(&web, "boot=y*"));
	assert_false(MATCH(&web, "boot=no"));
	assert_false(MATCH(&web, "template=no,-"));
	assert_true(MATCH(&db, "template=no,-"));
	assert_true(MATCH(&web, "tags=a"));
	assert_true(MATCH(&web, "tags=b\\ c"));
	assert_true(MATCH(&web, "tags=d\\,e"));
	assert_true(MATCH(&web, "tags=*e"));
	assert_true(MATCH(&web, "tags=x,a"));
	assert_false(MATCH(&web, "tags=a\\,b\\ c"));
	assert_false(MATCH(&web, "tags=c"));
	assert_false(MATCH(&web, "tags="));
	assert_true(MATCH(&db, "tags="));
	assert_true(MATCH(&db, "tags=none"));
	assert_true(MATCH(&db, "tags=*"));
	assert_false(MATCH(&db, "tags=+"));
	assert_true(MATCH(&web, "notes="));
	assert_true(MATCH(&web, "notes=-,x"));
	assert_false(MATCH(&web, "notes=+"));
	assert_true(MATCH(&db, "notes=a\\*b"));
	assert_false(MATCH(&db, "notes=a\\*"));
	assert_true(MATCH(&web, "priority=10"));
	assert_true(MATCH(&web, "priority=010"));
	assert_true(MATCH(&web, "memoryuse=1g"));
	assert_true(MATCH(&web, "memoryuse=deny=1G/jail"));
	assert_true(MATCH(&web, "state=Running"));
	assert_true(MATCH(&web, "running=true jid=17"));
	assert_true(MATCH(&db, "jid="));
	assert_true(MATCH(&db, "release=14.*"));
	assert_false(MATCH(&db, "release=14_*"));
	/* Free data has no type: only its own words match. */
	assert_true(MATCH(&web, "user.x=yes"));
	assert_false(MATCH(&web, "user.x=on"));
	assert_true(MATCH(&web, "web*", "boot=yes", "tags=a"));
	assert_false(MATCH(&web, "web*", "boot=yes", "tags=z"));
}

static void
test_match__asks_no_more_than_needed(void **state)
{
	web.asked = 0;
	assert_false(MATCH(&web, "boot=yes", "db"));
	assert_int_equal(web.asked, 0);
	assert_false(MATCH(&web, "boot=no", "tags=a"));
	assert_int_equal(web.asked, 1);
}

static void
test_match__error_of_get(void **state)
{
	const char *term = "userns=off";
	IOC_AUTO(ioc_filter_freep) struct ioc_filter *f = NULL;
	bool hit;

	assert_int_equal(ioc_filter_parse(&term, 1, &f, NULL), 0);
	assert_int_equal(ioc_filter_match(f, "main", "web-1", get, &web, &hit,
	    NULL), IOC_NOT_FOUND);
}

static void
test_parse__refused(void **state)
{
	static const struct {
		const char *term, *says;
		int code;
	} bad[] = {
		{ "", "nothing in it", IOC_INVALID },
		{ "  ", "nothing in it", IOC_INVALID },
		{ "../x", "", IOC_INVALID },
		{ "-x", "", IOC_INVALID },
		{ "a,,b", "", IOC_INVALID },
		{ "a,", "", IOC_INVALID },
		{ "/a", "", IOC_INVALID },
		{ "a/", "", IOC_INVALID },
		{ "a/b/c", "", IOC_INVALID },
		{ "web[1]", "", IOC_INVALID },
		{ "web[1]*", "no name has \"[\"", IOC_INVALID },
		{ "*|", "no name has \"|\"", IOC_INVALID },
		{ "*/*/*", "no name has \"/\"", IOC_INVALID },
		{ "a\\ b", "", IOC_INVALID },
		{ "a\\*", "", IOC_INVALID },
		{ "web\\", "last", IOC_INVALID },
		{ "notes=x\\", "last", IOC_INVALID },
		{ "\377*", "UTF-8", IOC_INVALID },
		{ "vnett=on", "\"vnett\"", IOC_NOT_FOUND },
		{ "=x", "no property \"\"", IOC_NOT_FOUND },
		{ "user=x", "\"user\"", IOC_NOT_FOUND },
		{ "web* nosuch=1", "\"nosuch\"", IOC_NOT_FOUND },
		{ "_private=1", "\"_private\"", IOC_NOT_FOUND },
		{ "a\033[31m=1", "\\x1b", IOC_NOT_FOUND },
		{ "boot=maybe", "boot: \"maybe\"", IOC_INVALID },
		{ "priority=soon", "priority", IOC_INVALID },
		{ "state=dead", "none of stopped", IOC_INVALID },
		{ "memoryuse=lots", "memoryuse", IOC_INVALID },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct ioc_filter *f = NULL;
		struct ioc_error err = { 0 };

		if (ioc_filter_parse(&bad[i].term, 1, &f, &err) != bad[i].code)
			fail_msg("%s: %s", bad[i].term, err.msg);
		assert_null(f);
		assert_true(ioc_str_starts(err.msg, "filter \""));
		if (strstr(err.msg, bad[i].says) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", err.msg,
			    bad[i].says);
	}
}

static void
check_kind(const char *term, bool is_name, bool has_template)
{
	IOC_AUTO(ioc_filter_freep) struct ioc_filter *f = NULL;

	assert_int_equal(ioc_filter_parse(&term, 1, &f, NULL), 0);
	assert_int_equal(ioc_filter_is_name(f), is_name);
	assert_int_equal(ioc_filter_has_key(f, "template"), has_template);
}

static void
test_kind(void **state)
{
	check_kind("web", true, false);
	check_kind("main/web", true, false);
	check_kind("web*", false, false);
	check_kind("*/web", false, false);
	check_kind("web,db", false, false);
	check_kind("web db", false, false);
	check_kind("name=web", false, false);
	check_kind("template=yes", false, true);
	check_kind("boot=yes template=-", false, true);
}

/* NULL: any jail may match. */
static void
check_names(const char *term, const char *want)
{
	IOC_AUTO(ioc_filter_freep) struct ioc_filter *f = NULL;
	auto_strv struct ioc_strv v = IOC_STRV;
	auto_buf struct ioc_buf b = IOC_BUF(1000);

	assert_int_equal(ioc_filter_parse(&term, 1, &f, NULL), 0);
	assert_int_equal(ioc_filter_names(f, &v), want != NULL);
	for (size_t i = 0; i < v.n; i++)
		(void)ioc_buf_addf(&b, "%s ", v.v[i]);
	assert_string_equal(ioc_buf_str(&b), want != NULL ? want : "");
}

static void
test_names(void **state)
{
	check_names("web", "web ");
	check_names("main/web,*/db,web", "web db ");
	check_names("boot=yes web", "web ");
	/* Both must match: the first says enough. */
	check_names("web db", "web ");
	check_names("w* db", "db ");
	check_names("web,d*", NULL);
	check_names("*", NULL);
	check_names("name=web", NULL);
	check_names("boot=yes", NULL);
}

UNIT_MAIN(
	cmocka_unit_test(test_glob__matches),
	cmocka_unit_test(test_glob__does_not),
	cmocka_unit_test(test_glob__like_the_naive_one),
	cmocka_unit_test(test_match__names),
	cmocka_unit_test(test_match__properties),
	cmocka_unit_test(test_match__asks_no_more_than_needed),
	cmocka_unit_test(test_match__error_of_get),
	cmocka_unit_test(test_parse__refused),
	cmocka_unit_test(test_kind),
	cmocka_unit_test(test_names))
