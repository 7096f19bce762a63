/* SPDX-License-Identifier: BSD-2-Clause */
/* The file that this code runs from, beside which the helper programs are. */
#ifndef SAFE_WHERE_H
#define SAFE_WHERE_H

#include "base/error.h"

/*
 * Its path, absolute and without links; the caller frees.  In the shared library
 * (where_library.c) that of the library; in a program that has the code in it
 * (where_program.c) that of the program as the kernel knows it, whatever its
 * caller has called it.  *beside is a NULL-terminated list of where helpers may
 * be: paths relative to its directory, or absolute.
 */
int	ioc_where(char **ret, const char *const **beside,
	    struct ioc_error *err);

#endif /* SAFE_WHERE_H */
