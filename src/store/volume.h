/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of volumes, the same for all kinds of stores. */
#ifndef STORE_VOLUME_H
#define STORE_VOLUME_H

#include "store/store.h"

enum ioc_volume_area {
	IOC_VOLUME_RELEASES,	/* releases/NAME, releases/NAME/pN */
	IOC_VOLUME_JAILS,	/* jails/NAME */
	IOC_VOLUME_STAGING,	/* .staging/NAME, one more component below it */
};

/*
 * 0 when `vol` is the name of a volume, or with `parent` also of a place where
 * volumes are ("jails"); else INVALID.  `ret` (may be NULL) gets its area.
 */
int	ioc_volume_check(const char *vol, bool parent,
	    enum ioc_volume_area *ret, struct ioc_error *err);

/* Copies the files of ours of a volume: all regular ones, but "origin". */
int	ioc_volume_copy_files(int from, int to, struct ioc_error *err);

#endif /* STORE_VOLUME_H */
