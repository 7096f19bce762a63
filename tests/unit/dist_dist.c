/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include "dist/dist.h"

static void
test_find(void **state)
{
	assert_ptr_equal(ioc_dist_find("debian"), &ioc_dist_debian);
	assert_ptr_equal(ioc_dist_find("archive"), &ioc_dist_archive);
	assert_null(ioc_dist_find("Debian"));
	assert_null(ioc_dist_find(""));
	assert_ptr_equal(ioc_dist_of_release("bookworm"), &ioc_dist_debian);
	assert_null(ioc_dist_of_release("bookwor"));
	assert_null(ioc_dist_of_release("../bookworm"));
}

/* What one field promises, another must keep. */
static void
test_table(void **state)
{
	size_t n = 0;

	for (const struct ioc_dist *const *p = ioc_dist_all(); *p != NULL;
	    p++, n++) {
		const struct ioc_dist *d = *p;

		assert_ptr_equal(ioc_dist_find(d->name), d);
		assert_non_null(d->fetch);
		assert_true((d->finish_argv == NULL) == (d->finish_env == NULL));
		assert_true((d->update_argv != NULL ||
		    d->update_command != NULL) == ioc_dist_has_updates(d));
		assert_true(d->update_argv == NULL ||
		    d->update_command == NULL);
		assert_false(d->update_fetch != NULL &&
		    d->update_prepare != NULL);
		assert_true((d->update_prepare == NULL) ==
		    (d->update_judge == NULL));
		assert_true((d->update_argv == NULL) == (d->update_env == NULL));
		if (d->finish_argv != NULL)
			assert_int_equal(d->finish_argv[0][0], '/');
		if (d->update_argv != NULL)
			assert_int_equal(d->update_argv[0][0], '/');
		for (const char *const *r = d->releases;
		    r != NULL && *r != NULL; r++)
			assert_ptr_equal(ioc_dist_of_release(*r), d);
	}
	assert_true(n >= 2);
}

UNIT_MAIN(
	cmocka_unit_test(test_find),
	cmocka_unit_test(test_table))
