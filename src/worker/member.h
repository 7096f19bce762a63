/* SPDX-License-Identifier: BSD-2-Clause */
/* What the writer and the readers of backups share (safe/backup.h). */
#ifndef WORKER_MEMBER_H
#define WORKER_MEMBER_H

#include "base/buf.h"
#include "safe/backup.h"
#include "worker/reader.h"
#include "worker/sha256.h"

/* What a member is by its name and type. */
enum ioc_backup_part {
	IOC_PART_INDEX,
	IOC_PART_CONFIG,
	IOC_PART_FSTAB,
	IOC_PART_ROOT,		/* root, or a name beneath it */
	IOC_PART_STREAM,
	IOC_PART_RECORD,
	IOC_PART_SUMS,
	IOC_PART_NONE,
};

/*
 * Which one it is; *inner (may be NULL) gets the name in the tree, "." of its
 * root.  With `old` names begin with "./".  NONE for what no backup has: also
 * for a text that is not a plain file.
 */
enum ioc_backup_part ioc_part_of(struct archive_entry *e, bool old,
	    const char **inner);

/* The same for a path: NULL when it is not one beneath root/. */
const char *ioc_part_inner(const char *path, bool old);

/*
 * Reads a member that is text, and hashes it; FORMAT when it has a NUL, LIMIT
 * with its name above IOC_BACKUP_TEXT.
 */
int	ioc_part_text(struct ioc_reader *rd, const char *name,
	    struct ioc_sha256 *hash, struct ioc_buf *text,
	    char hex[IOC_SHA256_HEX], struct ioc_error *err);

/* Adds a line to what SHA256SUMS says. */
void	ioc_sums_add(struct ioc_buf *sums, const char *hex, const char *name);

#endif /* WORKER_MEMBER_H */
