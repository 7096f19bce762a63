/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BSD file flags by name, as chflags(1) knows them; the bits are our own, the
 * same on every system.
 */
#ifndef BASE_FFLAGS_H
#define BASE_FFLAGS_H

#include <stddef.h>
#include <stdint.h>

#define	IOC_FFLAGS_TEXT	256	/* room for all of them and a NUL */

/* Set by the file system itself whenever a file changes. */
#define	IOC_FFLAG_UARCH	(UINT32_C(1) << 0)

/*
 * "schg,nodump" in any spelling that chflags(1) accepts; names that it does not
 * know, and "none", count as nothing.
 */
uint32_t ioc_fflags_parse(const char *text);

/* The one spelling, in a fixed order; "" when there are none.  Returns out. */
const char *ioc_fflags_text(uint32_t flags, char out[IOC_FFLAGS_TEXT]);

#endif /* BASE_FFLAGS_H */
