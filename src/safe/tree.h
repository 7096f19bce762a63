/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole trees, by descriptor, never across a mount. */
#ifndef SAFE_TREE_H
#define SAFE_TREE_H

#include <sys/types.h>

#include "base/error.h"
#include "base/strv.h"

/*
 * Removes `name` (one component) in the directory `dirfd` with everything
 * beneath it.  Links are removed, never followed; FreeBSD's file flags are
 * cleared where they stand in the way.  A mount point in the tree is BUSY, its
 * path beneath `name` stands in the message, and it is found before the first
 * file is removed where the system can tell.  Depth is not limited by the
 * stack or by descriptors.  Nothing there is success.
 */
int	ioc_tree_remove(int dirfd, const char *name, struct ioc_error *err);

/*
 * Copies everything beneath the directory `from` into the empty directory `to`
 * (both descriptors; EXISTS when it is not empty), and the attributes of `from`
 * itself: types, modes, owners, times, hard links, extended attributes, FreeBSD
 * flags; file content by reflink where the file system can.  Devices and FIFOs are
 * copied as such, sockets left out.  A mount point inside is BUSY.  `progress` may be NULL; not 0 from it means CANCELED.
 */
typedef int ioc_tree_progress(uint64_t entries, uint64_t bytes, void *arg);
int	ioc_tree_copy(int from, int to, ioc_tree_progress *progress, void *arg,
	    struct ioc_error *err);

/* The same, and directories of these paths (up to NULL) stay empty. */
int	ioc_tree_copy_except(int from, int to, const char *const *except,
	    ioc_tree_progress *progress, void *arg, struct ioc_error *err);

/*
 * The same, and ids from `from` on become those from `to` on, `count` of them:
 * owners, those that ACLs name, and those that capabilities of files belong to.
 */
struct ioc_tree_owners {
	uint32_t from, to, count;
};
int	ioc_tree_copy_shifted(int from, int to,
	    const struct ioc_tree_owners *owners, ioc_tree_progress *progress,
	    void *arg, struct ioc_error *err);

/*
 * The same for what stands at one name, an existing one being EXISTS; of a
 * directory only itself is made, empty.  `owners` may be NULL.
 */
int	ioc_tree_copy_entry(int from, const char *name, int to,
	    const struct ioc_tree_owners *owners, struct ioc_error *err);

/* All names in a directory but "." and ".."; LIMIT: more than `max`. */
int	ioc_tree_names(int dirfd, size_t max, struct ioc_strv *ret,
	    struct ioc_error *err);

/* BUSY, with its path, when something is mounted beneath a directory. */
int	ioc_tree_idle(int dirfd, struct ioc_error *err);

/* Bytes on disk of all beneath a directory, hard links once, mounts not. */
int	ioc_tree_used(int dirfd, uint64_t *ret, struct ioc_error *err);

#endif /* SAFE_TREE_H */
