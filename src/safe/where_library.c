/* SPDX-License-Identifier: BSD-2-Clause */
/* In the shared library. */
#include "safe/where.h"

#include <dlfcn.h>
#include <stdlib.h>

int
ioc_where(char **ret, const char *const **beside, struct ioc_error *err)
{
	static const char *const places[] = { "ioc", "helpers", NULL };
	static const char anchor = 0;
	Dl_info info;

	/* The linker has found it, by a path that may be relative then. */
	if (dladdr(&anchor, &info) == 0 || info.dli_fname == NULL ||
	    (*ret = realpath(info.dli_fname, NULL)) == NULL)
		return (ioc_fail(err, IOC_NOT_FOUND,
		    "where the library is cannot be found"));
	*beside = places;
	return (0);
}
