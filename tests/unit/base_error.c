/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"

static void
test_fail_errno__code_and_cause(void **state)
{
	struct ioc_error err;

	errno = EPERM;
	assert_int_equal(ioc_fail_errno(&err, "mount %s", "/dev"),
	    IOC_PERMISSION);
	assert_int_equal(err.code, IOC_PERMISSION);
	assert_int_equal(err.sys, EPERM);
	assert_string_equal(err.msg, "mount /dev: Operation not permitted");
	assert_int_equal(ioc_wrap(&err, err.code, "start %s", "web"),
	    IOC_PERMISSION);
	assert_string_equal(err.msg,
	    "start web: mount /dev: Operation not permitted");
}

static void
test_wrap__null_and_success(void **state)
{
	struct ioc_error err = { .msg = "old" };

	assert_int_equal(ioc_fail(NULL, IOC_BUSY, "x"), IOC_BUSY);
	assert_int_equal(ioc_wrap(NULL, IOC_BUSY, "y"), IOC_BUSY);
	assert_int_equal(ioc_wrap(&err, 0, "y"), 0);
	assert_string_equal(err.msg, "old");
}

static void
test_wrap__the_cause_wins_when_space_runs_out(void **state)
{
	char longname[900];
	struct ioc_error err;

	memset(longname, 'n', sizeof(longname) - 1);
	longname[sizeof(longname) - 1] = '\0';
	(void)ioc_fail(&err, IOC_FAILED, "%s cause", longname);
	(void)ioc_wrap(&err, IOC_FAILED, "front %s", longname);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_string_equal(err.msg + strlen(err.msg) - 6, " cause");
	assert_null(strstr(err.msg, "front"));
}

static void
test_codes__names_are_distinct(void **state)
{
	for (int a = 0; a >= IOC_FAILED; a--)
		for (int b = a - 1; b >= IOC_FAILED; b--)
			assert_string_not_equal(ioc_code_name(a),
			    ioc_code_name(b));
	assert_string_equal(ioc_code_name(-1000), "FAILED");
}

UNIT_MAIN(
	cmocka_unit_test(test_fail_errno__code_and_cause),
	cmocka_unit_test(test_wrap__null_and_success),
	cmocka_unit_test(test_wrap__the_cause_wins_when_space_runs_out),
	cmocka_unit_test(test_codes__names_are_distinct))
