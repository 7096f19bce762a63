/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include "base/strv.h"
#include "base/vec.h"

static void
test_strv(void **state)
{
	auto_strv struct ioc_strv s = IOC_STRV;

	assert_null(ioc_strv_get(&s)[0]);
	for (int i = 99; i >= 0; i--)
		assert_int_equal(ioc_strv_addf(&s, "%02d", i), 0);
	assert_int_equal(s.n, 100);
	assert_null(s.v[100]);
	assert_true(ioc_strv_has(&s, "42"));
	assert_false(ioc_strv_has(&s, "420"));
	ioc_strv_sort(&s);
	assert_string_equal(s.v[0], "00");
	assert_string_equal(s.v[99], "99");
}

static void
test_strv_failed__sticks(void **state)
{
	auto_strv struct ioc_strv s = IOC_STRV;

	assert_int_equal(ioc_strv_take(&s, NULL), IOC_NOMEM);
	assert_int_equal(ioc_strv_add(&s, "x"), IOC_NOMEM);
	assert_int_equal(ioc_strv_check(&s, NULL), IOC_NOMEM);
	assert_int_equal(s.n, 0);
}

static void
test_vec__new_elements_are_zero(void **state)
{
	IOC_VEC(struct { int a; char b[30]; }) v = { 0 };

	for (int i = 0; i < 100; i++) {
		__typeof__(v.v) e = ioc_vec_push(&v);

		assert_non_null(e);
		assert_int_equal(e->a, 0);
		assert_int_equal(e->b[29], 0);
		e->a = i;
		e->b[29] = 'x';
	}
	assert_int_equal(v.n, 100);
	assert_int_equal(v.v[57].a, 57);
	ioc_vec_fini(&v);
}

UNIT_MAIN(
	cmocka_unit_test(test_strv),
	cmocka_unit_test(test_strv_failed__sticks),
	cmocka_unit_test(test_vec__new_elements_are_zero))
