/* SPDX-License-Identifier: BSD-2-Clause */
/* What an upgrade to another release does with the parts of a root. */
#ifndef DIST_UPGRADE_H
#define DIST_UPGRADE_H

#include "dist/dist.h"

/* Names are paths beneath the root; every list ends with NULL. */
struct ioc_dist_upgrade {
	/* The system's, files or directories: they become the new release's as a
	   whole, whatever was made of them. */
	const char *const *system;
	/* Directories in those that are the jail's all the same. */
	const char *const *own;
	/* Files that are always the new release's: made of others, or that say
	   which release it is. */
	const char *const *theirs;
	/* Lines with a key before the first ":". */
	const char *const *entries;
	/* Commands that make anew what is made of other files; in a temporary jail,
	   those whose program is there. */
	const char *const *const *rebuild;
	/* Lists of packages, outside of which a system directory knows nothing: a
	   name with that suffix that the release has not is a package of the jail's
	   own, for which the new release's list has no place. */
	const char	*packages;
	const char	*packages_suffix;
	/* The same, where it is one file: it must be as in the release. */
	const char *const *databases;
};

extern const struct ioc_dist_upgrade ioc_dist_upgrade_bsd,
	    ioc_dist_upgrade_linux;

/* For a root of that distribution; of an archive its content tells. */
const struct ioc_dist_upgrade *ioc_dist_upgrade_of(const struct ioc_dist *d,
	    int root_fd);

/* -1, 0 or 1 as a is older than b; false when that cannot be told. */
bool	ioc_dist_version_compare(const char *a, const char *b, int *ret);

#endif /* DIST_UPGRADE_H */
