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

#endif /* DIST_BSD_H */
