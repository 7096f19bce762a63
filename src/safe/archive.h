/* SPDX-License-Identifier: BSD-2-Clause */
/* Unpacking verified archives, in a sandboxed worker. */
#ifndef SAFE_ARCHIVE_H
#define SAFE_ARCHIVE_H

#include "base/error.h"

#define	IOC_ARCHIVE_MAX	8		/* that make one tree */

struct ioc_archive {
	const char	*helper_dir;
	const int	*in_fds;	/* the verified files, read from offset 0; */
	size_t		 nin;		/* what the first one made the next finds */
	int		 dir_fd;	/* an empty directory of nobody else */
	int		 record_fd;	/* open for writing, empty: gets what was
					   unpacked, as mtree(5); or -1 */
	uint64_t	 max_entries;	/* of all; 0: 2 million */
	uint64_t	 max_bytes;	/* unpacked, 0: 64 GiB */
	bool		 devices;	/* device nodes are left out when false */
	bool		 setid;		/* set-id bits are kept */
	bool		 single;	/* decode with one thread only */
	int		(*progress)(uint64_t done, uint64_t total, void *arg);
	void		*arg;
};

/*
 * Extracts tar (ustar, pax, GNU) inside xz, zstd, gzip, bzip2 or nothing.  Each
 * member is judged against all before it, of every archive, and only then
 * written, into a directory that nobody sees and that the caller removes when
 * this fails: relative names only, no "..", nothing through a link, hard links
 * only to members already written, numeric owners, modes, times, FreeBSD's
 * file flags where the system has them; limits on number, size, ratio, depth
 * and name length.  A member that is not acceptable is UNSAFE, with its name
 * escaped.  LIMIT, FORMAT (damaged, truncated), CANCELED.
 * The directory itself becomes 0755 of root, whatever the archives say of it.
 * The record says of each path its type, mode, owner, size, time, SHA-256, link
 * target and file flags (also where the system has no such flags); its form is
 * described in worker/record.h.  What is to be remembered of all members must
 * fit into 80 MiB, about 700,000 of them, and all processes together take less
 * than 256 MiB; else LIMIT.
 * Extended attributes and ACLs are not kept.  EXISTS when the directory is not
 * empty, or when its file system takes two names of the archive for one.
 * Content is not synced to disk.
 */
int	ioc_archive_extract(const struct ioc_archive *a, struct ioc_error *err);

#endif /* SAFE_ARCHIVE_H */
