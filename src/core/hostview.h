/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The programs of the host and nothing else of it: the root of the jail in
 * which the host's own updater fetches.  What it needs to be told of the host,
 * as where names are looked up, is copied; of users it knows root and nobody.
 */
#ifndef CORE_HOSTVIEW_H
#define CORE_HOSTVIEW_H

#include "base/error.h"
#include "os/os.h"

#define	IOC_HOSTVIEW_DIRS	13

struct ioc_hostview {
	int	fds[IOC_HOSTVIEW_DIRS];	/* sources of the mounts */
	struct ioc_os_mount mounts[IOC_HOSTVIEW_DIRS];
	size_t	n;
};

#define	IOC_HOSTVIEW	{ .n = 0 }

/*
 * Fills the empty directory `root`, which is at `path`, with copies of files and
 * opens what is to be mounted into it, read-only.
 */
int	ioc_hostview_open(struct ioc_hostview *v, int root, const char *path,
	    struct ioc_error *err);
void	ioc_hostview_fini(struct ioc_hostview *v);

#endif /* CORE_HOSTVIEW_H */
