/* SPDX-License-Identifier: BSD-2-Clause */
/* What FreeBSD and HardenedBSD have in common. */
#ifndef DIST_BSD_H
#define DIST_BSD_H

#include "dist/dist.h"

/* The configuration of a new release, for jails that have no console, mail or
   network interfaces of their own to care for. */
extern const struct ioc_dist_line ioc_bsd_config[];

/* Defaults of properties. */
extern const char *const ioc_bsd_defaults[];

/* What the base system is made of. */
extern const char *const ioc_bsd_base_dirs[];

/* --- updates by a program of the host, which is a script --------------------------- */

/* A file of the updates, and one with the text of a program of the host. */
int	ioc_bsd_put(const struct ioc_dist_job *job, const char *name,
	    const void *data, size_t len, struct ioc_error *err);
int	ioc_bsd_put_tool(const struct ioc_dist_job *job, const char *tool,
	    const char *name, struct ioc_error *err);

#endif /* DIST_BSD_H */
