/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Failing allocations and descriptors on demand.  A test that links fault.c with fault_args
 * (tests/meson.build) has these in the place of the C library's functions.
 */
#ifndef TESTS_COMMON_FAULT_H
#define TESTS_COMMON_FAULT_H

#include <stdbool.h>

enum fault {
	FAULT_MEMORY,	/* allocations: ENOMEM */
	FAULT_FD,	/* new descriptors: EMFILE */
};

/*
 * From now on the n-th of them fails (0: none), or with `onwards` that one and
 * all behind it.  Its children are spared.
 */
void	fault_begin(enum fault what, unsigned long n, bool onwards);

/* Nothing fails any more; true when something did. */
bool	fault_end(void);

/* For libraries that are shared: they are not linked to what fails. */
void	fault_json(void);

#endif /* TESTS_COMMON_FAULT_H */
