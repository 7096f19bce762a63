/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "conf/ucl.h"

/* "KEY=VALUE KEY=VALUE", sorted; the text of the error with a code. */
static void
reads(const char *text, const char *want)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = NULL;
	auto_buf struct ioc_buf b = IOC_BUF(IOC_JSON_MAX);
	auto_strv struct ioc_strv keys = IOC_STRV;
	struct ioc_error err = { .msg = "" };

	if (ioc_ucl_parse(text, strlen(text), &c, &err) != 0)
		fail_msg("%s: %s", text, err.msg);
	assert_int_equal(ioc_conf_keys(c, &keys, NULL), 0);
	for (size_t i = 0; i < keys.n; i++)
		(void)ioc_buf_addf(&b, "%s%s=%s", i > 0 ? "|" : "", keys.v[i],
		    ioc_conf_get(c, keys.v[i]));
	assert_string_equal(ioc_buf_str(&b), want);
}

static void
refuses(const char *text, const char *why)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = NULL;
	struct ioc_error err = { .msg = "" };

	assert_int_equal(ioc_ucl_parse(text, strlen(text), &c, &err),
	    IOC_FORMAT);
	assert_string_equal(err.msg, why);
}

static void
test_flat(void **state)
{
	reads("", "");
	reads("# nothing\n\n", "");
	reads("a = \"1\";\nb=2;\n\tc : three words ;\n", "a=1|b=2|c=three words");
	reads("a 1\nb 2", "a=1|b=2");
	reads("a='it\\'s \"so\"';", "a=it's \"so\"");
	reads("a=\"q\\\"\\u0041\\\\\"", "a=q\"A\\");
	reads("a=1 # one\nb=2 /* two /* and */ more */;c=/bin/sh /etc/rc",
	    "a=1|b=2|c=/bin/sh /etc/rc");
	reads("ip4_addr = \"em0|10.0.0.1/24,em0|10.0.0.2/24\"\r\nx=y\r\n",
	    "ip4_addr=em0|10.0.0.1/24,em0|10.0.0.2/24|x=y");
	/* Text, never a variable of anybody's. */
	reads("a=$HOME;b=\"${ABI}\"", "a=$HOME|b=${ABI}");
	reads("a = \"\"", "a=-");
}

static void
test_nested(void **state)
{
	reads("user { a = 1; b { c = 2 } }\nd=3", "d=3|user.a=1|user.b.c=2");
	reads("a = [ 1, \"2,3\",\n 'x' ];", "a=1,2\\,3,x");
	reads("a = []", "a=-");
	/* What UCL is a superset of. */
	reads("{\"boot\": \"yes\", \"user\": {\"x\": \"1\"}, \"n\": 5}\n",
	    "boot=yes|n=5|user.x=1");
}

static void
test_refused(void **state)
{
	refuses(".include \"/etc/passwd\"\n", "line 1: macros are not obeyed");
	refuses("a=1\n.include(try=true) \"x\"",
	    "line 2: macros are not obeyed");
	refuses("a = <<EOF\nx\nEOF\n", "line 1: here documents are not read");
	refuses("a=1;\na=2;", "line 2: a key that is there twice");
	refuses("a { b = 1 }\na { b = 2 }", "line 2: a key that is there twice");
	refuses("a=", "line 1: a value is missing");
	refuses("a = ;", "line 1: a value is missing");
	refuses("= 1", "line 1: not a key");
	refuses("a = \"x", "line 1: a string without an end");
	refuses("a = \"x\ny\"", "line 1: a string without an end");
	refuses("a = 'x", "line 1: a string without an end");
	refuses("a = \"\\q\"", "line 1: not a string");
	refuses("a = [1", "line 1: a list without an end");
	refuses("a = [{}]", "line 1: a value is missing");
	refuses("a {\n b = 1", "line 2: a brace without an end");
	refuses("{ a = 1", "line 1: braces that do not match");
	refuses("a = 1 }", "line 1: braces that do not match");
	refuses("a = \"1\" b", "line 1: more behind a value");
	refuses("/* /* */", "line 1: a comment without an end");
	refuses("a{a{a{a{a{a{a{a{a{a=1", "line 1: too many braces in each other");
}

static void
test_limits(void **state)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = NULL;
	auto_buf struct ioc_buf b = IOC_BUF(IOC_JSON_MAX);

	for (int i = 0; i <= IOC_CONF_KEYS; i++)
		(void)ioc_buf_addf(&b, "k%d=1\n", i);
	assert_int_equal(ioc_ucl_parse(b.data, b.len, &c, NULL), IOC_LIMIT);
	ioc_buf_clear(&b);
	for (int i = 0; i <= IOC_CONF_KEY; i++)
		(void)ioc_buf_addc(&b, 'k');
	(void)ioc_buf_adds(&b, "=1");
	assert_int_equal(ioc_ucl_parse(b.data, b.len, &c, NULL), IOC_LIMIT);
	assert_int_equal(ioc_ucl_parse("a=\0b;", 5, &c, NULL), IOC_FORMAT);
	assert_int_equal(ioc_ucl_parse("a=\"\\u0000\"", 10, &c, NULL),
	    IOC_FORMAT);
	assert_int_equal(ioc_ucl_parse("a=\xff;", 4, &c, NULL), IOC_INVALID);
}

UNIT_MAIN(cmocka_unit_test(test_flat), cmocka_unit_test(test_nested),
    cmocka_unit_test(test_refused), cmocka_unit_test(test_limits))
