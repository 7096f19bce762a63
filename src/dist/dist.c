/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of distributions. */
#include "dist/dist.h"

#include <string.h>

static const struct ioc_dist *const table[] = {
	&ioc_dist_freebsd,
	&ioc_dist_hardenedbsd,
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

bool
ioc_dist_knows(const struct ioc_dist *d, const char *release)
{
	if (d->is_release != NULL)
		return (d->is_release(release));
	for (const char *const *r = d->releases; r != NULL && *r != NULL; r++)
		if (strcmp(*r, release) == 0)
			return (true);
	return (false);
}

const struct ioc_dist *
ioc_dist_of_release(const char *release)
{
	for (const struct ioc_dist *const *d = table; *d != NULL; d++)
		if (ioc_dist_knows(*d, release))
			return (*d);
	return (NULL);
}

bool
ioc_dist_runs_on(const struct ioc_dist *d, const char *system)
{
	if (d->systems == NULL)
		return (true);
	for (const char *const *s = d->systems; *s != NULL; s++)
		if (strcmp(*s, system) == 0)
			return (true);
	return (false);
}
