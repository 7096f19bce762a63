/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fstab(5) of a jail: read, edited, written; and the judge of its lines.
 *
 * A line has four to six fields between blanks (source, target, type, options,
 * freq, passno) and may end with "# comment".  Fields are escaped as in
 * base/quote.h, where both forms of old files are read.  Comments, empty lines,
 * lines with another number of fields, and those that a predecessor marked with
 * the comment "iocage-auto" are kept as they are and mean nothing here.
 */
#ifndef CONF_FSTAB_H
#define CONF_FSTAB_H

#include "base/buf.h"
#include "base/error.h"
#include "ioc/fstab.h"

#define	IOC_FSTAB_SIZE	(256 * 1024)	/* bytes of a file */
#define	IOC_FSTAB_LINES	4096
#define	IOC_FSTAB_MAX	100		/* lines that are mounted */
#define	IOC_FSTAB_PATH	1023		/* bytes of a source or target */

/* FORMAT names the line, LIMIT; nothing in it is judged yet. */
int	ioc_fstab_parse(const char *text, size_t len, struct ioc_fstab **ret,
	    struct ioc_error *err);
/* The whole file; lines that were read are the same, byte for byte. */
void	ioc_fstab_print(const struct ioc_fstab *f, struct ioc_buf *b);
IOC_DEFINE_AUTO(struct ioc_fstab, ioc_fstab_free);

enum ioc_fstab_kind {
	IOC_FSTAB_BIND,
	IOC_FSTAB_TMPFS,
	IOC_FSTAB_DEV,
	IOC_FSTAB_FDESC,
	IOC_FSTAB_PROC,
	IOC_FSTAB_LINPROC,
	IOC_FSTAB_LINSYS,
};

enum ioc_fstab_flags {
	IOC_FSTAB_RDONLY = 1 << 0,
	IOC_FSTAB_NOSUID = 1 << 1,
	IOC_FSTAB_NOEXEC = 1 << 2,
	IOC_FSTAB_NOSYMFOLLOW = 1 << 3,
	IOC_FSTAB_IDMAP = 1 << 4,
	IOC_FSTAB_SHARED = 1 << 5,	/* another jail may have it as well */
};

/* What a line asks for. */
struct ioc_fstab_mount {
	enum ioc_fstab_kind kind;
	unsigned	 flags;		/* enum ioc_fstab_flags */
	uint64_t	 size;		/* TMPFS; 0: none given */
	char		 source[IOC_FSTAB_PATH + 1];
	char		 target[IOC_FSTAB_PATH + 1];
};

/*
 * Judges one line; paths in *ret are absolute, without "." and needless
 * slashes.  INVALID; UNSAFE for ".." and "/"; UNSUPPORTED for a type that this
 * system cannot mount.  A target beneath `old_root` (may be NULL), a path of the
 * host as predecessors wrote it, becomes one in the jail.
 */
int	ioc_fstab_judge(const struct ioc_fstab_entry *e, const char *old_root,
	    struct ioc_fstab_mount *ret, struct ioc_error *err);

/*
 * Judges the file before it is mounted: every line but comments and marked
 * ones, and that no target is there twice.  `ret` has room for IOC_FSTAB_MAX.
 */
int	ioc_fstab_judge_all(const struct ioc_fstab *f, const char *old_root,
	    struct ioc_fstab_mount *ret, size_t *n, struct ioc_error *err);

/*
 * Adds a judged line at the end; EXISTS when one has the same target.  remove
 * takes a line out by its index.
 */
int	ioc_fstab_add(struct ioc_fstab *f, const struct ioc_fstab_entry *e,
	    const char *old_root, struct ioc_error *err);
void	ioc_fstab_remove(struct ioc_fstab *f, size_t i);

#endif /* CONF_FSTAB_H */
