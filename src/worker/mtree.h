/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a record (worker/record.h says what it looks like), strictly. */
#ifndef WORKER_MTREE_H
#define WORKER_MTREE_H

#include "base/cleanup.h"
#include "base/error.h"

#define	IOC_MTREE_PATH	4096	/* bytes of a path or a link's target, with NUL */
#define	IOC_MTREE_DEPTH	64	/* components of a path */

struct ioc_mtree_entry {
	char		 path[IOC_MTREE_PATH];	/* "usr/bin"; "" is the root */
	char		 link[IOC_MTREE_PATH];	/* only of a link */
	unsigned	 depth;			/* components of the path */
	size_t		 name;			/* where its last one begins */
	mode_t		 type;			/* S_IFDIR, ... */
	mode_t		 mode;			/* permission bits */
	uid_t		 uid;
	gid_t		 gid;
	uint64_t	 size;			/* only of a file */
	uint32_t	 mtime;			/* its seconds; 0 of the root */
	uint8_t		 sha256[32];		/* only of a file */
	uint32_t	 fflags;		/* base/fflags.h */
};

struct ioc_mtree;

/* Reads a descriptor from offset 0. */
int	ioc_mtree_open(int fd, uint64_t max_entries, struct ioc_mtree **ret,
	    struct ioc_error *err);
void	ioc_mtree_close(struct ioc_mtree *m);
IOC_DEFINE_AUTO(struct ioc_mtree, ioc_mtree_close);

/*
 * The next entry, NULL at the end; valid until the next call.  The first one is
 * the root; each stands behind its directory, and names of one directory are
 * in the order of their bytes, none twice.  FORMAT with the line's number for
 * whatever ioc_record_write would not have written; LIMIT.
 */
int	ioc_mtree_next(struct ioc_mtree *m, const struct ioc_mtree_entry **e,
	    struct ioc_error *err);

/* Bytes of the file that were read. */
uint64_t ioc_mtree_consumed(const struct ioc_mtree *m);

#endif /* WORKER_MTREE_H */
