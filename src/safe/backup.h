/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Backups of jails as files, written and read by sandboxed workers.
 *
 * A backup is one tar archive (pax; numeric owners), compressed by zstd or not,
 * with these members in this order and no others:
 *
 *	ioc-backup.json	what it is (core/backup.h)
 *	config.json	the configuration of the jail
 *	fstab		its mounts, if it has any
 *	root/...	its tree, in the order of the record; owners begin at 0
 *	root.mtree	the record of that tree (worker/record.h)
 *	SHA256SUMS	the hash of each other member that is not beneath root/, as
 *			sha256sum(1) writes them: "HASH  NAME"
 *
 * The record has the hash of each file beneath root/, so SHA256SUMS stands for
 * the whole, and a backup without it is truncated.  What an extractor keeps of a
 * tree is what is in it: files, directories, links of both kinds (whose modes mean
 * nothing, and are 0777), owners, modes, times in seconds, FreeBSD's file flags;
 * no sockets, FIFOs and devices, and no extended attributes or ACLs.  Files with
 * holes, up to 4 GiB of them in all, are sparse members, as GNU tar has them in pax
 * archives; a hole beyond that is zeros.
 *
 * An incremental one has beneath root/ the directories and what differs from the
 * tree of its base, and the whole record.  One with a stream has root.zfs instead
 * of root/ and root.mtree.
 *
 * Backups of libioc, tar archives of ./config.json, ./fstab and ./root/, have
 * neither index nor hashes.
 */
#ifndef SAFE_BACKUP_H
#define SAFE_BACKUP_H

#include "base/cleanup.h"
#include "safe/hash.h"
#include "safe/verify.h"

#define	IOC_BACKUP_INDEX	"ioc-backup.json"
#define	IOC_BACKUP_CONFIG	"config.json"
#define	IOC_BACKUP_FSTAB	"fstab"
#define	IOC_BACKUP_ROOT		"root"
#define	IOC_BACKUP_RECORD	"root.mtree"
#define	IOC_BACKUP_STREAM	"root.zfs"
#define	IOC_BACKUP_SUMS		"SHA256SUMS"

#define	IOC_BACKUP_TEXT		(20 * 1024)	/* bytes of a member that is text */
#define	IOC_BACKUP_SUMS_TEXT	512		/* bytes of SHA256SUMS */

/* The members that are text. */
enum ioc_backup_text {
	IOC_TEXT_INDEX,
	IOC_TEXT_CONFIG,
	IOC_TEXT_FSTAB,
	IOC_BACKUP_TEXTS
};
extern const char *const ioc_backup_texts[IOC_BACKUP_TEXTS];

struct ioc_backup_head {
	char	*text[IOC_BACKUP_TEXTS];	/* NULL: not there */
	char	 hash[IOC_BACKUP_TEXTS][IOC_SHA256_HEX];
	bool	 old;				/* one of libioc */
};

void	ioc_backup_head_fini(struct ioc_backup_head *h);

/*
 * Reads the texts of a backup in a regular file; everything else in it is left
 * alone, but for one of libioc, which is read to its end.  FORMAT, LIMIT.
 */
int	ioc_backup_read_head(const char *helper_dir, int fd,
	    struct ioc_backup_head *ret, struct ioc_error *err);

enum ioc_backup_other {
	IOC_OTHER_NONE,
	IOC_OTHER_BASE,		/* what is as this record says is left out */
	IOC_OTHER_MASK,		/* what is not in this record is not there */
};

struct ioc_backup_pack {
	const char	*helper_dir;
	/* As struct ioc_verify has them. */
	const struct ioc_verify_layer *layers;
	size_t		 nlayers;
	uint32_t	 id_base;
	const char	*text[IOC_BACKUP_TEXTS];
	int		 out_fd;	/* -1: only the record is made */
	int		 record_fd;	/* an empty file, open for both */
	int		 other_fd;	/* a record, or -1 */
	enum ioc_backup_other other;
	int		 stream_fd;	/* a file that is root.zfs, or -1 */
	bool		 compress;
	int		(*progress)(uint64_t done, uint64_t total, void *arg);
	void		*arg;
	/* Results. */
	char		 sums[IOC_BACKUP_SUMS_TEXT];
	uint64_t	 skipped;	/* sockets, FIFOs and devices */
};

/*
 * Writes a backup of a tree that nobody changes meanwhile.  Nothing of the tree
 * is followed, waited for or changed.  BUSY: something is mounted in it; UNSAFE,
 * LIMIT: it has what no backup can hold (a name that is not UTF-8, more than 64
 * levels); UNSUPPORTED: no zstd; FAILED: a file changed while it was read.
 */
int	ioc_backup_write(struct ioc_backup_pack *p, struct ioc_error *err);

enum ioc_backup_how {
	IOC_UNPACK_WHOLE,	/* the record must be that of what was unpacked */
	IOC_UNPACK_PART,	/* record_fd gets the record that is in it */
	IOC_UNPACK_OLD,		/* one of libioc */
	IOC_UNPACK_STREAM,	/* stream_fd gets root.zfs */
};

struct ioc_backup_unpack {
	const char	*helper_dir;
	int		 in_fd;		/* a regular file */
	const struct ioc_backup_head *head;	/* as it was read before */
	enum ioc_backup_how how;
	int		 dir_fd;	/* an empty directory of nobody else */
	int		 record_fd;	/* an empty file, open for both */
	int		 stream_fd;	/* likewise, or -1 */
	int		(*progress)(uint64_t done, uint64_t total, void *arg);
	void		*arg;
};

/*
 * Unpacks a backup, under the rules of safe/archive.h (no devices, set-id bits
 * stay).  VERIFY: what is in it is not what its hashes or its record say, or not
 * what its head was.  A part is not held to its record, which is that of the
 * whole.
 */
int	ioc_backup_extract(const struct ioc_backup_unpack *u,
	    struct ioc_error *err);

#endif /* SAFE_BACKUP_H */
