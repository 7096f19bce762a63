/* SPDX-License-Identifier: BSD-2-Clause */
/* In a program that has the library in it. */
#include "safe/where.h"

#include <limits.h>
#include <stdlib.h>

#include "base/compat.h"

int
ioc_where(char **ret, const char *const **beside, struct ioc_error *err)
{
	/* Beside the tools in the tree that is built, and where it is installed. */
	static const char *const places[] = { "../helpers", IOC_HELPERS, NULL };
	char path[PATH_MAX];

	if (!ioc_program_path(path, sizeof(path)) ||
	    (*ret = realpath(path, NULL)) == NULL)
		return (ioc_fail_errno(err,
		    "where the program is cannot be found"));
	*beside = places;
	return (0);
}
