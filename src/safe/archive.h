/* SPDX-License-Identifier: BSD-2-Clause */
/* Unpacking a verified archive, in a sandboxed worker. */
#ifndef SAFE_ARCHIVE_H
#define SAFE_ARCHIVE_H

#include "base/error.h"

struct ioc_archive {
	const char	*helper_dir;
	int		 in_fd;		/* the verified file, read from offset 0 */
	int		 dir_fd;	/* an empty directory of nobody else */
	uint64_t	 max_entries;	/* 0: 2 million */
	uint64_t	 max_bytes;	/* unpacked, 0: 64 GiB */
	bool		 devices;	/* device nodes are left out when false */
	bool		 setid;		/* set-id bits are kept */
	int		(*progress)(uint64_t done, uint64_t total, void *arg);
	void		*arg;
};

/*
 * Judges all entries first, then extracts: tar (ustar, pax, GNU) inside xz,
 * zstd, gzip, bzip2 or nothing.  Relative names only, no "..", nothing through
 * a link, hard links only to members already written, numeric owners, modes,
 * times; limits on number, size, ratio, depth and name length.  A judged
 * member that is not acceptable is UNSAFE, with its name escaped, and nothing
 * has been written then.  LIMIT, FORMAT (damaged, truncated), CANCELED.
 * The directory itself becomes 0755 of root, whatever the archive says of it.
 * Extended attributes, ACLs and file flags are not kept.  EXISTS when the
 * directory is not empty, or when its file system takes two names of the
 * archive for one.  Content is not synced to disk.
 */
int	ioc_archive_extract(const struct ioc_archive *a, struct ioc_error *err);

#endif /* SAFE_ARCHIVE_H */
