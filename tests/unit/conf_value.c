/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "conf/value.h"

static const char *const colours[] = { "red", "blue", NULL };

static int
no_x(const char *value, struct ioc_error *err)
{
	return (strchr(value, 'x') == NULL ? 0 :
	    ioc_fail(err, IOC_INVALID, "has an x"));
}

static const struct ioc_prop
    string_row = { .name = "text", .type = IOC_PROP_STRING, .fallback = "-",
	.check = no_x },
    free_row = { .name = "user.*", .type = IOC_PROP_STRING, .fallback = "-" },
    bool_row = { .name = "flag", .type = IOC_PROP_BOOL, .fallback = "no" },
    int_row = { .name = "number", .type = IOC_PROP_INT, .fallback = "0",
	.min = -5, .max = 100 },
    noint_row = { .name = "number", .type = IOC_PROP_INT, .fallback = "-",
	.min = 1, .max = 100, .check = no_x },
    size_row = { .name = "size", .type = IOC_PROP_SIZE, .fallback = "1M",
	.min = 1024, .max = 1 << 30 },
    list_row = { .name = "list", .type = IOC_PROP_LIST, .fallback = "-",
	.check = no_x },
    limit_row = { .name = "memoryuse", .type = IOC_PROP_LIMIT,
	.fallback = "-" },
    rate_row = { .name = "readbps", .type = IOC_PROP_LIMIT, .fallback = "-" },
    time_row = { .name = "cputime", .type = IOC_PROP_LIMIT, .fallback = "-" },
    choice_row = { .name = "colour", .type = IOC_PROP_CHOICE,
	.fallback = "red", .choices = colours };

struct good {
	const struct ioc_prop	*row;
	const char		*in;
	const char		*want;
};

static const struct good goods[] = {
	{ &string_row, "some words", "some words" },
	{ &string_row, "None", "-" },
	{ &string_row, "", "-" },
	{ &string_row, "gr\303\274n", "gr\303\274n" },
	{ &free_row, "none", "none" },
	{ &free_row, "on", "on" },
	{ &free_row, "1", "1" },
	{ &free_row, "", "" },
	{ &bool_row, "on", "yes" },
	{ &bool_row, "TRUE", "yes" },
	{ &bool_row, "1", "yes" },
	{ &bool_row, "Off", "no" },
	{ &int_row, "007", "7" },
	{ &int_row, "-5", "-5" },
	{ &noint_row, "none", "-" },
	{ &noint_row, "-", "-" },
	{ &size_row, "2m", "2M" },
	{ &size_row, "0001024", "1024" },
	{ &list_row, "a,b", "a,b" },
	{ &list_row, " a , b c,a", "a,b c" },
	{ &list_row, "a\\,b,c", "a\\,b,c" },
	{ &list_row, "a\\b", "a\\\\b" },
	{ &list_row, "a\\\\,b", "a\\\\,b" },
	{ &list_row, "-", "-" },
	{ &list_row, " none", "-" },
	{ &list_row, "-,- ", "-" },
	{ &limit_row, "1g", "1G" },
	{ &limit_row, "deny=1G/jail", "1G" },
	{ &limit_row, "1G:deny", "1G" },
	{ &limit_row, "log=010", "log=10" },
	{ &limit_row, "10:sigterm", "sigterm=10" },
	{ &limit_row, "devctl=10/user", "devctl=10/user" },
	{ &limit_row, "deny=10/process", "deny=10/process" },
	{ &limit_row, "off", "-" },
	{ &limit_row, "none", "-" },
	{ &rate_row, "throttle=1M", "throttle=1M" },
	{ &time_row, "sigkill=60", "sigkill=60" },
	{ &choice_row, "Blue", "blue" },
};

static void
test_normal__good(void **state)
{
	for (size_t i = 0; i < sizeof(goods) / sizeof(*goods); i++) {
		const struct good *g = &goods[i];
		auto_free char *once = NULL, *twice = NULL;
		struct ioc_error err = { 0 };

		if (ioc_value_normal(g->row, g->row->name, g->in, &once,
		    &err) != 0)
			fail_msg("%s=%s: %s", g->row->name, g->in, err.msg);
		assert_string_equal(once, g->want);
		/* The normal form is its own normal form. */
		assert_int_equal(ioc_value_normal(g->row, g->row->name, once,
		    &twice, NULL), 0);
		assert_string_equal(twice, once);
	}
}

struct bad {
	const struct ioc_prop	*row;
	const char		*in;
	const char		*says;
};

static const struct bad bads[] = {
	{ &string_row, "x", "text: has an x" },
	{ &string_row, "\377", "not UTF-8" },
	{ &free_row, "\300\257", "not UTF-8" },
	{ &bool_row, "maybe", "flag: \"maybe\" is neither yes nor no" },
	{ &bool_row, "", "neither yes nor no" },
	{ &bool_row, "none", "neither yes nor no" },
	{ &bool_row, "y\033[31m", "y\\x1b[31m" },
	{ &int_row, "101", "not between -5 and 100" },
	{ &int_row, "-6", "not between" },
	{ &int_row, "1.5", "not a number" },
	{ &int_row, "", "not a number" },
	{ &int_row, "99999999999999999999", "not between" },
	{ &size_row, "1023", "not between" },
	{ &size_row, "2G", "not between" },
	{ &size_row, "16777216T", "not a" },
	{ &size_row, "8388608T", "not between" },
	{ &size_row, "-1", "not a size" },
	{ &size_row, "none", "not a size" },
	{ &list_row, "a,,b", "empty element" },
	{ &list_row, "a,", "empty element" },
	{ &list_row, ",", "empty element" },
	{ &list_row, "a,x", "has an x" },
	{ &limit_row, "lots", "not a size" },
	{ &limit_row, "deny=", "neither AMOUNT nor" },
	{ &limit_row, "=1", "neither AMOUNT nor" },
	{ &limit_row, "1:", "neither AMOUNT nor" },
	{ &limit_row, "deny=1/", "neither AMOUNT nor" },
	{ &limit_row, "deny=1/planet", "neither AMOUNT nor" },
	{ &limit_row, "explode=1", "neither AMOUNT nor" },
	{ &limit_row, "1:sigfoo", "neither AMOUNT nor" },
	{ &limit_row, "1/process", "not a size" },
	{ &limit_row, "-1", "not a size" },
	{ &limit_row, "10;reboot", "not a size" },
	{ &limit_row, "throttle=1", "throttle is for" },
	{ &rate_row, "1M", "cannot be denied, only acted upon: throttle=1M" },
	{ &rate_row, "deny=1M", "cannot be denied" },
	{ &time_row, "60", "cannot be denied, only acted upon: sigterm=60" },
	{ &time_row, "throttle=60", "throttle is for" },
	{ &choice_row, "green", "colour: \"green\" is none of red, blue" },
	{ &choice_row, "", "is none of" },
};

static void
test_normal__bad(void **state)
{
	for (size_t i = 0; i < sizeof(bads) / sizeof(*bads); i++) {
		const struct bad *b = &bads[i];
		struct ioc_error err = { 0 };
		char *out = NULL;

		if (ioc_value_normal(b->row, b->row->name, b->in, &out,
		    &err) != IOC_INVALID)
			fail_msg("%s=%s is accepted", b->row->name, b->in);
		assert_null(out);
		assert_int_equal(err.code, IOC_INVALID);
		assert_true(ioc_str_starts(err.msg, b->row->name));
		if (strstr(err.msg, b->says) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", err.msg,
			    b->says);
	}
}

static void
test_normal__size(void **state)
{
	static char text[IOC_VALUE_MAX + 2];
	auto_buf struct ioc_buf many = IOC_BUF(100000);
	char *out = NULL;

	memset(text, 'a', IOC_VALUE_MAX);
	assert_int_equal(ioc_value_normal(&list_row, "l", text, &out, NULL), 0);
	assert_int_equal(strlen(out), IOC_VALUE_MAX);
	free(take_ptr(out));
	/* Its normal form would be too long to be read again. */
	text[7] = '\\';
	assert_int_equal(ioc_value_normal(&list_row, "l", text, &out, NULL),
	    IOC_INVALID);
	text[7] = 'a';
	text[IOC_VALUE_MAX] = 'a';
	assert_int_equal(ioc_value_normal(&string_row, "s", text, &out, NULL),
	    IOC_INVALID);
	for (int i = 0; i <= IOC_VALUE_ITEMS; i++)
		(void)ioc_buf_addf(&many, "%s%d", i > 0 ? "," : "", i);
	assert_int_equal(ioc_value_normal(&list_row, "l", ioc_buf_str(&many),
	    &out, NULL), IOC_INVALID);
}

static void
check_list(const char *text, const char *const *want)
{
	auto_strv struct ioc_strv v = IOC_STRV;
	auto_buf struct ioc_buf b = IOC_BUF(1000);
	size_t n = 0;

	assert_int_equal(ioc_value_list(text, &v, NULL), 0);
	for (; want[n] != NULL; n++) {
		assert_true(n < v.n);
		assert_string_equal(v.v[n], want[n]);
		ioc_value_list_add(&b, v.v[n]);
	}
	assert_int_equal(v.n, n);
	/* And back. */
	ioc_strv_fini(&v);
	assert_int_equal(ioc_value_list(ioc_buf_str(&b), &v, NULL), 0);
	assert_int_equal(v.n, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(v.v[i], want[i]);
}
#define	LIST(text, ...)	check_list(text, (const char *const[]){		\
	    __VA_ARGS__, NULL })

static void
test_list(void **state)
{
	LIST("", NULL);
	LIST("-", NULL);
	LIST(",, ,", NULL);
	LIST("a", "a");
	LIST("a,b,c", "a", "b", "c");
	LIST(" a b ,\tc", "a b", "c");
	LIST("a\\,b", "a,b");
	LIST("a\\\\,b", "a\\", "b");
	LIST("a\\\\\\,b", "a\\,b");
	LIST("a\\", "a\\");
	LIST("\\x", "\\x");
	LIST("\\,", ",");
}

static void
test_limit(void **state)
{
	struct ioc_value_limit l = { .amount = 77 };

	assert_int_equal(ioc_value_limit("2K", &l, NULL), 0);
	assert_string_equal(l.action, "deny");
	assert_string_equal(l.per, "jail");
	assert_int_equal(l.amount, 2048);
	assert_int_equal(ioc_value_limit("sigusr1=5/process", &l, NULL), 0);
	assert_string_equal(l.action, "sigusr1");
	assert_string_equal(l.per, "process");
	assert_int_equal(l.amount, 5);
	assert_int_equal(ioc_value_limit("6:log", &l, NULL), 0);
	assert_string_equal(l.action, "log");
	assert_int_equal(ioc_value_limit("7:lag", &l, NULL), IOC_INVALID);
	assert_int_equal(l.amount, 6);
}

UNIT_MAIN(
	cmocka_unit_test(test_normal__good),
	cmocka_unit_test(test_normal__bad),
	cmocka_unit_test(test_normal__size),
	cmocka_unit_test(test_list),
	cmocka_unit_test(test_limit))
