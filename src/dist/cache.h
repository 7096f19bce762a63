/* SPDX-License-Identifier: BSD-2-Clause */
/* Archives in the cache of a source, each named by its SHA-256. */
#ifndef DIST_CACHE_H
#define DIST_CACHE_H

#include <sys/stat.h>

#include "dist/dist.h"
#include "safe/hash.h"

#define	IOC_CACHE_MAX	(UINT64_C(16) << 30)	/* bytes of an archive */

struct ioc_cache_file {
	char		 sha256[IOC_SHA256_HEX];	/* what it must have */
	char		*where;		/* a URL; or a name in the folder */
	int		 fd;		/* result: open, verified; or -1 */
	struct stat	 before;	/* of it, before it was verified */
};

/*
 * Opens the archives: what is not in the cache is fetched into it, all at once,
 * going on where an earlier try has ended, or copied from a folder (-1: none).
 * Every one is hashed through the very descriptor that is given back.
 * VERIFY when one has another hash; NETWORK and the others of safe/fetch.h;
 * NOT_FOUND when the folder lacks one.  At most IOC_ARCHIVE_MAX.  Descriptors are
 * closed by ioc_cache_close also after a failure.
 */
int	ioc_cache_obtain(const struct ioc_dist_job *job, int folder_fd,
	    struct ioc_cache_file *files, size_t n, struct ioc_error *err);

/*
 * After they were unpacked: VERIFY when one has been changed since.  The
 * descriptors are the same, so only somebody who has written to the file itself
 * can have done that, and the kernel notes when; also when its name has gone.
 */
int	ioc_cache_unchanged(const struct ioc_cache_file *files, size_t n,
	    struct ioc_error *err);

void	ioc_cache_close(struct ioc_cache_file *files, size_t n);

/* A file without a name, open for reading and writing. */
int	ioc_cache_scratch(const struct ioc_dist_job *job,
	    struct ioc_error *err);

/* Fetches a small file into a scratch file: its descriptor. */
int	ioc_cache_small(const struct ioc_dist_job *job, const char *url,
	    uint64_t max_bytes, struct ioc_error *err);

#endif /* DIST_CACHE_H */
