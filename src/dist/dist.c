/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of distributions. */
#include "dist/dist.h"

#include <string.h>

static const struct ioc_dist *const table[] = {
	&ioc_dist_debian,
	&ioc_dist_archive,
	NULL
};

const struct ioc_dist *const *
ioc_dist_all(void)
{
	return (table);
}

const struct ioc_dist *
ioc_dist_find(const char *name)
{
	for (const struct ioc_dist *const *d = table; *d != NULL; d++)
		if (strcmp((*d)->name, name) == 0)
			return (*d);
	return (NULL);
}

const struct ioc_dist *
ioc_dist_of_release(const char *release)
{
	for (const struct ioc_dist *const *d = table; *d != NULL; d++)
		for (const char *const *r = (*d)->releases;
		    r != NULL && *r != NULL; r++)
			if (strcmp(*r, release) == 0)
				return (*d);
	return (NULL);
}
