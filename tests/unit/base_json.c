/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/json.h"

static int
parse(const char *text)
{
	auto_json json_t *j = NULL;

	return (ioc_json_parse(text, strlen(text), &j, NULL));
}

static void
test_parse__strict(void **state)
{
	assert_int_equal(parse("{\"a\": 1, \"b\": [true, null, \"x\"]}"), 0);
	assert_int_equal(parse("{\"a\": 1, \"a\": 2}"), IOC_FORMAT);
	assert_int_equal(parse("{\"a\": 1} x"), IOC_FORMAT);
	assert_int_equal(parse("{\"a\": 1"), IOC_FORMAT);
	assert_int_equal(parse(""), IOC_FORMAT);
	assert_int_equal(parse("{'a': 1}"), IOC_FORMAT);
	assert_int_equal(parse("{\"a\": \"\xff\"}"), IOC_FORMAT);
}

static void
test_parse__bombs(void **state)
{
	static char deep[200001], wide[IOC_JSON_MAX + 2];

	memset(deep, '[', sizeof(deep) - 1);
	assert_int_equal(parse(deep), IOC_LIMIT);
	memset(wide, ' ', sizeof(wide) - 1);
	assert_int_equal(parse(wide), IOC_LIMIT);
	assert_int_equal(parse("[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]"), 0);
	assert_int_equal(parse("[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]"), IOC_LIMIT);
	assert_int_equal(parse("[\"[[[[[[[[[[[[[[[[[[[\\\"[[[\"]"), 0);
}

static void
test_print__sorted(void **state)
{
	auto_buf struct ioc_buf b = IOC_BUF(1000);
	auto_json json_t *j = NULL;

	assert_int_equal(ioc_json_parse("{\"b\":1,\"a\":2}", 13, &j, NULL), 0);
	assert_int_equal(ioc_json_print(j, &b, NULL), 0);
	assert_string_equal(ioc_buf_str(&b),
	    "{\n    \"a\": 2,\n    \"b\": 1\n}\n");
}

UNIT_MAIN(
	cmocka_unit_test(test_parse__strict),
	cmocka_unit_test(test_parse__bombs),
	cmocka_unit_test(test_print__sorted))
