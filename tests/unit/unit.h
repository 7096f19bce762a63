/* SPDX-License-Identifier: BSD-2-Clause */
/* What every unit test includes first. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define	UNIT_MAIN(...)							\
	int								\
	main(void)							\
	{								\
		const struct CMUnitTest tests[] = { __VA_ARGS__ };	\
									\
		return (cmocka_run_group_tests(tests, NULL, NULL));	\
	}

#endif /* TESTS_UNIT_H */
