/* SPDX-License-Identifier: BSD-2-Clause */
/* The resolver of safe/path that asks the kernel for one component at a time. */
#ifndef SAFE_WALK_H
#define SAFE_WALK_H

#include <errno.h>

/* errno for a mount that IOC_PATH_XDEV refuses to cross. */
#define	IOC_WALK_CROSSED	EMULTIHOP

/*
 * Opens the directory `path` beneath root (ioc_o_path), following links inside.
 * -1 with errno: EXDEV it leads out, ELOOP a magic link, too many links, or any
 * with IOC_PATH_NOLINKS; IOC_WALK_CROSSED; EAGAIN it changed all the time.
 *
 * No step ever goes up: ".." forgets the last name, and the way down from the
 * root is taken anew, by names that may not be links.  So whatever is renamed
 * meanwhile, a directory that is reached was beneath the root.
 */
int	ioc_walk_dir(int root, const char *path, int pflags);

#endif /* SAFE_WALK_H */
