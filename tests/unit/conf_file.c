/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "conf/file.h"
#include "safe/file.h"
#include "tests/common/tmp.h"

static int
try(const char *text, struct ioc_error *err)
{
	struct ioc_conf *c = NULL;
	int r = ioc_conf_parse(text, strlen(text), &c, err);

	ioc_conf_free(c);
	return (r);
}

static struct ioc_conf *
parse(const char *text)
{
	struct ioc_error err = { 0 };
	struct ioc_conf *c = NULL;

	if (ioc_conf_parse(text, strlen(text), &c, &err) != 0)
		fail_msg("%s: %s", text, err.msg);
	return (c);
}

/* What would be written, on one line. */
static void
check_text(const struct ioc_conf *c, const char *want)
{
	auto_json json_t *j = NULL;
	auto_free char *one = NULL;
	struct tmp t;

	tmp_open(&t);
	assert_int_equal(ioc_conf_save(c, t.fd, "c", IOC_FILE_NOSYNC, NULL),
	    0);
	j = json_loads(tmp_read(t.fd, "c"), 0, NULL);
	one = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
	tmp_close(&t);
	assert_string_equal(one, want);
}

static void
check_keys(const struct ioc_conf *c, const char *want)
{
	auto_strv struct ioc_strv v = IOC_STRV;
	auto_buf struct ioc_buf b = IOC_BUF(1000);

	assert_int_equal(ioc_conf_keys(c, &v, NULL), 0);
	for (size_t i = 0; i < v.n; i++)
		(void)ioc_buf_addf(&b, "%s%s", i > 0 ? " " : "", v.v[i]);
	assert_string_equal(ioc_buf_str(&b), want);
}

static void
test_parse__refused(void **state)
{
	static const struct {
		const char *text, *says;
		int code;
	} bad[] = {
		{ "", "line 1", IOC_FORMAT },
		{ " ", "line 1", IOC_FORMAT },
		{ "{", "line 1", IOC_FORMAT },
		{ "{\n\"boot\": \"yes\",\n", "line 3", IOC_FORMAT },
		{ "{\n\"a\": 1,\n\"a\": 2}", "line 3", IOC_FORMAT },
		{ "[]", "not a JSON object", IOC_FORMAT },
		{ "[\"boot\"]", "not a JSON object", IOC_FORMAT },
		{ "null", "line 1", IOC_FORMAT },
		{ "\"x\"", "line 1", IOC_FORMAT },
		{ "{} x", "line 1", IOC_FORMAT },
		{ "{}{}", "line 1", IOC_FORMAT },
		{ "{'a': 1}", "line 1", IOC_FORMAT },
		{ "{\"a\": \"\\u0000\"}", "line 1", IOC_FORMAT },
		{ "{\"a\": \"\377\"}", "line 1", IOC_FORMAT },
		{ "{\"a\": 1e999}", "line 1", IOC_FORMAT },
		{ "{\"a\": 99999999999999999999}", "line 1", IOC_FORMAT },
		{ "{\"a\": NaN}", "line 1", IOC_FORMAT },
		{ "{\"user\": {\"a\": 1}, \"user.a\": 2}", "\"user.a\"",
		    IOC_FORMAT },
		{ "{\"a\": {\"b.c\": 1}, \"a.b\": {\"c\": 2}}", "\"a.b.c\"",
		    IOC_FORMAT },
		{ "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"
		    "\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"
		    "\"a\":1}}}}}}}}}}}}}}}}}", "16 levels", IOC_LIMIT },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct ioc_error err = { 0 };

		if (try(bad[i].text, &err) != bad[i].code)
			fail_msg("%s: %s", bad[i].text, err.msg);
		if (strstr(err.msg, bad[i].says) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", err.msg,
			    bad[i].says);
	}
}

static void
test_parse__bombs(void **state)
{
	auto_buf struct ioc_buf b = IOC_BUF(4 * IOC_JSON_MAX);
	struct ioc_error err;

	/* Long prefixes of many leaves. */
	(void)ioc_buf_adds(&b, "{\"");
	for (int i = 0; i < 400000; i++)
		(void)ioc_buf_addc(&b, 'k');
	(void)ioc_buf_adds(&b, "\": {\"0\": 0");
	for (int i = 1; i < 40000; i++)
		(void)ioc_buf_addf(&b, ",\"%d\":0", i);
	(void)ioc_buf_adds(&b, "}}");
	assert_int_equal(try(ioc_buf_str(&b), &err), IOC_LIMIT);
	assert_non_null(strstr(err.msg, "255"));
	ioc_buf_clear(&b);
	(void)ioc_buf_adds(&b, "{\"a\": 0");
	for (int i = 0; i < IOC_CONF_KEYS; i++)
		(void)ioc_buf_addf(&b, ",\"%d\":0", i);
	(void)ioc_buf_adds(&b, "}");
	assert_int_equal(try(ioc_buf_str(&b), &err), IOC_LIMIT);
	assert_non_null(strstr(err.msg, "4096"));
	ioc_buf_clear(&b);
	(void)ioc_buf_adds(&b, "{}");
	for (int i = 0; i < IOC_JSON_MAX; i++)
		(void)ioc_buf_addc(&b, ' ');
	assert_int_equal(try(ioc_buf_str(&b), &err), IOC_LIMIT);
}

static void
check_get(const struct ioc_conf *c, const char *key, const char *want)
{
	const char *got = ioc_conf_get(c, key);

	if (want == NULL && got == NULL)
		return;
	if (want == NULL || got == NULL || strcmp(got, want) != 0)
		fail_msg("%s is %s", key, got != NULL ? got : "not set");
}

static void
test_get__types(void **state)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = parse("{"
	    "\"s\": \"text\", \"e\": \"\", \"t\": true, \"f\": false,"
	    "\"n\": null, \"i\": 5, \"m\": -9223372036854775808,"
	    "\"r\": 5.0, \"d\": 0.1, \"h\": 1e300, \"z\": -0.0,"
	    "\"l\": [\"a,b\", \"c\\\\\", 3, true, null, \"\"], \"none\": [],"
	    "\"odd\": [[1], {\"x\": 2}], \"o\": {}}");

	check_get(c, "s", "text");
	check_get(c, "e", "");
	check_get(c, "t", "yes");
	check_get(c, "f", "no");
	check_get(c, "n", "-");
	check_get(c, "i", "5");
	check_get(c, "m", "-9223372036854775808");
	check_get(c, "r", "5");
	check_get(c, "d", "0.1");
	assert_true(strtod(ioc_conf_get(c, "h"), NULL) == 1e300);
	check_get(c, "z", "0");
	check_get(c, "l", "a\\,b,c\\\\,3,yes");
	check_get(c, "none", "-");
	check_get(c, "odd", "[[1],{\"x\":2}]");
	check_get(c, "o", NULL);
	check_get(c, "nosuch", NULL);
	check_get(c, "", NULL);
}

static void
test_get__nested(void **state)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = parse("{"
	    "\"user\": {\"a\": \"1\", \"b\": {\"c\": 2}, \"d.e\": [3]},"
	    "\"user.x\": \"4\", \"user.y\": {\"z\": \"5\"}, \"\": {\"q\": 6},"
	    "\"boot\": {\"x\": true}, \"a.\": {\"b\": \"7\"}}");

	check_get(c, "user.a", "1");
	check_get(c, "user.b.c", "2");
	check_get(c, "user.d.e", "3");
	check_get(c, "user.x", "4");
	check_get(c, "user.y.z", "5");
	check_get(c, ".q", "6");
	check_get(c, "q", NULL);
	check_get(c, "a..b", "7");
	check_get(c, "user", NULL);
	check_get(c, "user.", NULL);
	check_get(c, "user.b", NULL);
	check_get(c, "user.d", NULL);
	check_get(c, "use", NULL);
	check_get(c, "userxa", NULL);
	/* An object where a scalar is expected: the property is not set. */
	check_get(c, "boot", NULL);
	check_keys(c, ".q a..b boot.x user.a user.b.c user.d.e user.x "
	    "user.y.z");
}

static void
test_set__keeps_the_form(void **state)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = parse("{"
	    "\"zzz\": [1, {\"deep\": null}], \"user\": {\"a\": \"1\"},"
	    "\"user.x\": 2, \"boot\": true}");

	assert_int_equal(ioc_conf_set(c, "user.a", "one", NULL), 0);
	assert_int_equal(ioc_conf_set(c, "user.b", "two", NULL), 0);
	assert_int_equal(ioc_conf_set(c, "user.x", "three", NULL), 0);
	assert_int_equal(ioc_conf_set(c, "notes", "gr\303\274n", NULL), 0);
	assert_int_equal(ioc_conf_set(c, "a.b", "flat", NULL), 0);
	check_get(c, "user.x", "three");
	check_get(c, "user.b", "two");
	check_text(c, "{\"a.b\":\"flat\",\"boot\":true,"
	    "\"notes\":\"gr\303\274n\",\"user\":{\"a\":\"one\",\"b\":\"two\"},"
	    "\"user.x\":\"three\",\"zzz\":[1,{\"deep\":null}]}");
	/* The last key takes its empty object with it. */
	assert_int_equal(ioc_conf_set(c, "user.a", NULL, NULL), 0);
	assert_int_equal(ioc_conf_set(c, "user.b", NULL, NULL), 0);
	assert_int_equal(ioc_conf_set(c, "user.x", NULL, NULL), 0);
	assert_int_equal(ioc_conf_set(c, "zzz", NULL, NULL), 0);
	assert_int_equal(ioc_conf_set(c, "nosuch.key", NULL, NULL), 0);
	check_get(c, "zzz", NULL);
	check_text(c, "{\"a.b\":\"flat\",\"boot\":true,"
	    "\"notes\":\"gr\303\274n\"}");
}

/* "user" and "user.a" cannot both be there in the nested form. */
static void
test_set__where_an_object_is(void **state)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = parse("{"
	    "\"user\": {\"a\": 1, \"b\": {\"c\": [2]}}, \"x\": \"y\"}");

	assert_int_equal(ioc_conf_set(c, "user.b", "text", NULL), 0);
	check_get(c, "user.b", "text");
	check_get(c, "user.b.c", "2");
	check_get(c, "user.a", "1");
	check_keys(c, "user.a user.b user.b.c x");
	check_text(c, "{\"user.a\":1,\"user.b\":\"text\",\"user.b.c\":[2],"
	    "\"x\":\"y\"}");
}

static void
test_set__refused(void **state)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = NULL;
	char key[IOC_CONF_KEY + 2];

	assert_int_equal(ioc_conf_new(&c, NULL), 0);
	memset(key, 'k', sizeof(key));
	key[sizeof(key) - 1] = '\0';
	assert_int_equal(ioc_conf_set(c, key, "x", NULL), IOC_INVALID);
	key[IOC_CONF_KEY] = '\0';
	assert_int_equal(ioc_conf_set(c, key, "x", NULL), 0);
	assert_int_equal(ioc_conf_set(c, key, NULL, NULL), 0);
	assert_int_equal(ioc_conf_set(c, "\377", "x", NULL), IOC_INVALID);
	assert_int_equal(ioc_conf_set(c, "x", "\377", NULL), IOC_INVALID);
	check_text(c, "{}");
}

static void
test_copy__is_apart(void **state)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c =
	    parse("{\"a\": {\"b\": 1}, \"c\": [1, 2]}");
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *d = NULL;

	assert_int_equal(ioc_conf_copy(c, &d, NULL), 0);
	assert_int_equal(ioc_conf_set(c, "a.b", "2", NULL), 0);
	assert_int_equal(ioc_conf_set(c, "c", NULL, NULL), 0);
	check_get(d, "a.b", "1");
	check_get(d, "c", "1,2");
}

static void
test_load_and_save(void **state)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = NULL;
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *d = NULL;
	struct ioc_error err;
	struct stat st;
	struct tmp t;

	tmp_open(&t);
	assert_int_equal(ioc_conf_load(t.fd, "config.json", &c, &err),
	    IOC_NOT_FOUND);
	/* Damaged: named, and left as it is. */
	tmp_write(t.fd, "config.json", "{\n\"boot\": \"y");
	assert_int_equal(ioc_conf_load(t.fd, "config.json", &c, &err),
	    IOC_FORMAT);
	assert_non_null(strstr(err.msg, "config.json"));
	assert_non_null(strstr(err.msg, "line 2"));
	assert_string_equal(tmp_read(t.fd, "config.json"), "{\n\"boot\": \"y");
	tmp_write(t.fd, "config.json", "{\"b\":\"2\",\"a\":\"1\"}");
	assert_int_equal(ioc_conf_load(t.fd, "config.json", &c, &err), 0);
	assert_string_equal(tmp_read(t.fd, "config.json"),
	    "{\"b\":\"2\",\"a\":\"1\"}");
	assert_int_equal(ioc_conf_save(c, t.fd, "config.json", 0, &err), 0);
	assert_string_equal(tmp_read(t.fd, "config.json"),
	    "{\n    \"a\": \"1\",\n    \"b\": \"2\"\n}\n");
	assert_int_equal(fstatat(t.fd, "config.json", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(ioc_conf_load(t.fd, "config.json", &d, &err), 0);
	check_get(d, "a", "1");
	tmp_symlink("config.json", t.fd, "link");
	ioc_conf_free(take_ptr(d));
	assert_int_equal(ioc_conf_load(t.fd, "link", &d, &err), IOC_UNSAFE);
	assert_int_equal(ioc_conf_save(c, t.fd, "link", 0, &err), IOC_UNSAFE);
	tmp_close(&t);
}

/* The plain form and any other of the same document read the same. */
static void
test_parse__plain_form(void **state)
{
	static const char *const good[] = {
		"{\"a\":\"1\"}",
		" {\r\n\t\"a.b\" : \"x y\" , \"a\":\"\",\"c\":\"{},:\" } \n",
		"{\"a\":\"1\",\"A\":\"2\",\"aa\":\"3\"}",
	};
	static const char *const bad[] = {
		"{\"a\":\"1\",\"a\":\"1\"}", "{\"a\":\"1\",}", "{\"a\":\"1\"",
		"{\"a\":\"1\"}}", "{\"a\" \"1\"}", "{\"a\":\"1\"}x",
		"{\"a\":\"1\n\"}", "{,\"a\":\"1\"}", "{\"a\":\"1\" \"b\":\"2\"}",
		"{\"a\":\"\377\"}", "{\"a\":\"1}", "{\"a:1\"}",
	};
	struct ioc_error err;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = NULL;
		IOC_AUTO(ioc_conf_freep) struct ioc_conf *d = NULL;
		auto_strv struct ioc_strv keys = IOC_STRV, same = IOC_STRV;

		assert_int_equal(ioc_conf_parse(good[i], strlen(good[i]), &c,
		    &err), 0);
		/* Whatever is set makes it a document like any other. */
		assert_int_equal(ioc_conf_parse(good[i], strlen(good[i]), &d,
		    &err), 0);
		assert_int_equal(ioc_conf_set(d, "new", "1", &err), 0);
		assert_int_equal(ioc_conf_set(d, "new", NULL, &err), 0);
		assert_int_equal(ioc_conf_keys(c, &keys, &err), 0);
		assert_int_equal(ioc_conf_keys(d, &same, &err), 0);
		assert_true(keys.n > 0);
		assert_int_equal(keys.n, same.n);
		for (size_t k = 0; k < keys.n; k++) {
			assert_string_equal(keys.v[k], same.v[k]);
			assert_string_equal(ioc_conf_get(c, keys.v[k]),
			    ioc_conf_get(d, keys.v[k]));
		}
		assert_null(ioc_conf_get(c, "none"));
		/* A value may come out of what is changed by it. */
		assert_int_equal(ioc_conf_set(c, "copy", ioc_conf_get(c, "a"),
		    &err), 0);
		check_get(c, "copy", ioc_conf_get(d, "a"));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = NULL;

		if (ioc_conf_parse(bad[i], strlen(bad[i]), &c, &err) !=
		    IOC_FORMAT)
			fail_msg("%s: not refused", bad[i]);
	}
}

/* A NUL behind it is no blank, and too much is too much in this form too. */
static void
test_parse__plain_form_has_the_same_limits(void **state)
{
	auto_free char *big = malloc(IOC_JSON_MAX + 1);
	char many[4096] = "{";
	char key[300];
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = NULL;
	size_t len = 1;

	assert_int_equal(ioc_conf_parse("{\"a\":\"1\"}\0", 10, &c, NULL),
	    IOC_FORMAT);
	assert_non_null(big);
	memset(big, ' ', IOC_JSON_MAX + 1);
	memcpy(big, "{\"a\":\"1\"}", 9);
	assert_int_equal(ioc_conf_parse(big, IOC_JSON_MAX + 1, &c, NULL),
	    IOC_LIMIT);
	memset(key, 'k', sizeof(key));
	memcpy(key, "{\"", 2);
	memcpy(key + 2 + IOC_CONF_KEY + 1, "\":\"\"}", 6);
	assert_int_equal(ioc_conf_parse(key, 2 + IOC_CONF_KEY + 1 + 5, &c,
	    NULL), IOC_LIMIT);
	for (int i = 0; i < 200; i++)
		len += (size_t)snprintf(many + len, sizeof(many) - len,
		    "%s\"k%d\":\"%d\"", i > 0 ? "," : "", i, i);
	many[len++] = '}';
	assert_int_equal(ioc_conf_parse(many, len, &c, NULL), 0);
	check_get(c, "k0", "0");
	check_get(c, "k199", "199");
}

/* What could not be read again is not written. */
static void
test_save__too_large(void **state)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = NULL;
	auto_free char *big = malloc(IOC_JSON_MAX);
	struct tmp t;

	assert_non_null(big);
	memset(big, 'b', IOC_JSON_MAX - 1);
	big[IOC_JSON_MAX - 1] = '\0';
	assert_int_equal(ioc_conf_new(&c, NULL), 0);
	assert_int_equal(ioc_conf_set(c, "notes", big, NULL), 0);
	tmp_open(&t);
	tmp_write(t.fd, "config.json", "{}");
	assert_int_equal(ioc_conf_save(c, t.fd, "config.json", 0, NULL),
	    IOC_LIMIT);
	assert_string_equal(tmp_read(t.fd, "config.json"), "{}");
	tmp_close(&t);
}

UNIT_MAIN(
	cmocka_unit_test(test_parse__refused),
	cmocka_unit_test(test_parse__bombs),
	cmocka_unit_test(test_get__types),
	cmocka_unit_test(test_get__nested),
	cmocka_unit_test(test_set__keeps_the_form),
	cmocka_unit_test(test_set__where_an_object_is),
	cmocka_unit_test(test_set__refused),
	cmocka_unit_test(test_copy__is_apart),
	cmocka_unit_test(test_parse__plain_form),
	cmocka_unit_test(test_parse__plain_form_has_the_same_limits),
	cmocka_unit_test(test_load_and_save),
	cmocka_unit_test(test_save__too_large))
