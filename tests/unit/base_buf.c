/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/buf.h"

static void
test_buf_grows_and_terminates(void **state)
{
	auto_buf struct ioc_buf b = IOC_BUF(10000);

	assert_string_equal(ioc_buf_str(&b), "");
	for (int i = 0; i < 1000; i++)
		assert_int_equal(ioc_buf_addf(&b, "%d,", i % 10), 0);
	assert_int_equal(b.len, 2000);
	assert_int_equal(b.data[2000], '\0');
	assert_memory_equal(b.data, "0,1,2,", 6);
}

static void
test_buf_max__exact_then_one_more(void **state)
{
	auto_buf struct ioc_buf b = IOC_BUF(4);
	struct ioc_error err;

	assert_int_equal(ioc_buf_adds(&b, "1234"), 0);
	assert_int_equal(ioc_buf_addc(&b, '5'), IOC_LIMIT);
	assert_int_equal(ioc_buf_adds(&b, ""), IOC_LIMIT);
	assert_int_equal(ioc_buf_check(&b, &err), IOC_LIMIT);
	assert_string_equal(err.msg, "text longer than 4 bytes");
	assert_null(ioc_buf_take(&b));
	assert_string_equal(ioc_buf_str(&b), "1234");
	ioc_buf_clear(&b);
	assert_int_equal(ioc_buf_adds(&b, "ab"), 0);
	assert_string_equal(ioc_buf_str(&b), "ab");
}

static void
test_buf_take__leaves_empty(void **state)
{
	auto_buf struct ioc_buf b = IOC_BUF(16);
	char *s;

	assert_int_equal(ioc_buf_adds(&b, "x"), 0);
	s = ioc_buf_take(&b);
	assert_string_equal(s, "x");
	free(s);
	assert_int_equal(b.len, 0);
	assert_string_equal(ioc_buf_str(&b), "");
}

UNIT_MAIN(
	cmocka_unit_test(test_buf_grows_and_terminates),
	cmocka_unit_test(test_buf_max__exact_then_one_more),
	cmocka_unit_test(test_buf_take__leaves_empty))
