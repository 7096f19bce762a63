/* SPDX-License-Identifier: BSD-2-Clause */
/* Index pages as servers make them of directories. */
#ifndef WORKER_LISTING_H
#define WORKER_LISTING_H

#include "base/strv.h"
#include "safe/manifest.h"

/*
 * Adds the names of the directories that a page links to.  Whatever is not
 * HTML is passed over, so that only LIMIT and NOMEM are failures.  In time
 * linear in the length.
 */
int	ioc_listing_parse(const char *text, size_t len, struct ioc_strv *out,
	    struct ioc_error *err);

/*
 * The name that the value of a href stands for: one component and a slash,
 * characters of IOC_NAME_SET, written as they are or as %XX.
 */
bool	ioc_listing_name(const char *href, size_t len, char ret[64]);

#endif /* WORKER_LISTING_H */
