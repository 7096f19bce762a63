/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing a backup: its archive, and the walk through the tree that is in it. */
#ifndef WORKER_PACK_H
#define WORKER_PACK_H

#include "safe/inodes.h"
#include "worker/judge.h"
#include "worker/layers.h"
#include "worker/member.h"
#include "worker/mtree.h"

struct ioc_pack {
	struct archive	*archive;	/* NULL: only the record is made */
	struct archive_entry *entry;
	int		 out_fd;
	struct ioc_judge *judge;	/* it refuses what a reader would refuse */
	struct ioc_sha256 *hash;
	char		*chunk;
	uint64_t	 done;		/* bytes of content */
	uint64_t	 skipped;
	uint64_t	 holes;		/* bytes in them, of all files */

	/* The tree. */
	struct ioc_layers layers;
	dev_t		 dev[IOC_VERIFY_LAYERS];
	uint32_t	 id_base;
	struct ioc_inodes inodes;	/* of what is in the archive */
	enum ioc_backup_other other;
	struct ioc_mtree *record;
	const struct ioc_mtree_entry *o;	/* the next one of it */
	char		 path[IOC_MTREE_PATH + 256];
};

#define	IOC_PACK_CHUNK	((size_t)128 * 1024)

/* Before the sandbox: all but the archive. */
int	ioc_pack_init(struct ioc_pack *p, struct ioc_error *err);
void	ioc_pack_fini(struct ioc_pack *p);

/* Opens the archive on out_fd. */
int	ioc_pack_open(struct ioc_pack *p, bool compress, struct ioc_error *err);
int	ioc_pack_close(struct ioc_pack *p, struct ioc_error *err);

/* A header, from p->entry; then all of its content. */
int	ioc_pack_header(struct ioc_pack *p, struct ioc_error *err);
int	ioc_pack_data(struct ioc_pack *p, const void *data, size_t len,
	    struct ioc_error *err);

/* Members that are not of the tree; their hashes are added to `sums`. */
int	ioc_pack_text(struct ioc_pack *p, const char *name, const char *text,
	    struct ioc_buf *sums, struct ioc_error *err);
int	ioc_pack_file(struct ioc_pack *p, const char *name, int fd,
	    struct ioc_buf *sums, struct ioc_error *err);

/* root/, and the table of the judge. */
int	ioc_pack_tree(struct ioc_pack *p, struct ioc_error *err);

#endif /* WORKER_PACK_H */
