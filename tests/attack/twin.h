/* SPDX-License-Identifier: BSD-2-Clause */
/* The naive twin: a tar reader as they were written for decades. */
#ifndef TESTS_TWIN_H
#define TESTS_TWIN_H

#include <stdbool.h>
#include <stddef.h>

struct twin {
	bool	 backslash;	/* takes "\" for "/", as some do */
	bool	 resolve;	/* believes realpath(3) of the parent */
	bool	 ustar_only;	/* does not know pax */
	bool	 looped;	/* out: a size led it backwards */
	bool	 overflowed;	/* out: numbers wrapped */
	size_t	 made;		/* out: members */
};

/* Unpacks into the working directory by path, following whatever is there. */
void	twin_extract(struct twin *t, const char *tar, size_t len);

/* The same by libarchive, with every right and no guard. */
int	twin_libarchive(const void *tar, size_t len);

#endif /* TESTS_TWIN_H */
