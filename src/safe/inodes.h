/* SPDX-License-Identifier: BSD-2-Clause */
/* A map from the identity of a file to where it was seen first. */
#ifndef SAFE_INODES_H
#define SAFE_INODES_H

#include <sys/types.h>

#include "base/error.h"

struct ioc_inode {
	dev_t		 dev;
	ino_t		 ino;
	bool		 used;
	char		*path;	/* owned, may be NULL */
};

struct ioc_inodes {
	struct ioc_inode	*v;
	size_t			 n;
	size_t			 cap;	/* a power of 2, or 0 */
};

/*
 * The entry of a file, made when it is new (*fresh).  Valid until the next
 * call.  NULL when out of memory.
 */
struct ioc_inode *ioc_inodes_get(struct ioc_inodes *m, dev_t dev, ino_t ino,
	    bool *fresh);
void	ioc_inodes_fini(struct ioc_inodes *m);

#endif /* SAFE_INODES_H */
