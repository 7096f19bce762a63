/* SPDX-License-Identifier: BSD-2-Clause */
/* What a kernel has mended, by its kern.osrelease. */
#ifndef OS_FREEBSD_RELEASE_H
#define OS_FREEBSD_RELEASE_H

#include <stdbool.h>

/* Its jail descriptors may be used. */
bool	ioc_fb_release_has_desc(const char *release);
/* Its jails may pass directories to each other. */
bool	ioc_fb_release_has_share(const char *release);

#endif /* OS_FREEBSD_RELEASE_H */
