/* SPDX-License-Identifier: BSD-2-Clause */
/* The judge of archive members: of one archive, or of several for one tree. */
#ifndef WORKER_JUDGE_H
#define WORKER_JUDGE_H

#include <sys/types.h>

#include <archive.h>
#include <archive_entry.h>

#include "worker/table.h"

#define	IOC_MEMBER_HOLES	(UINT64_C(4) << 30)	/* bytes in holes */

struct ioc_judge_limits {
	uint64_t	 max_entries;	/* members, and implied directories */
	uint64_t	 max_bytes;	/* of content, holes included */
	bool		 devices;	/* nodes and FIFOs are made, else left out */
	bool		 setid;		/* their bits are kept, else cleared */
};

/* What is to be done for one member. */
struct ioc_member {
	enum ioc_member_kind kind;
	uint32_t	 node;
	uint32_t	 target;	/* HARDLINK: of that node */
	const char	*link;		/* SYMLINK: belongs to the table */
	mode_t		 mode;		/* NODE: with its type */
	uid_t		 uid;
	gid_t		 gid;
	int64_t		 mtime;
	uint64_t	 size;
	dev_t		 dev;
	uint32_t	 fflags;	/* base/fflags.h */
	uint32_t	 digest;	/* FILE: where it is to be written */
};

struct ioc_judge;

int	ioc_judge_new(const struct ioc_judge_limits *limits,
	    struct ioc_judge **ret, struct ioc_error *err);
void	ioc_judge_free(struct ioc_judge *j);
IOC_DEFINE_AUTO(struct ioc_judge, ioc_judge_free);

/*
 * Judges the next member against all before it and enters it into the table.
 * UNSAFE or LIMIT with its name; nothing may be written then.
 */
int	ioc_judge_member(struct ioc_judge *j, struct archive_entry *e,
	    struct ioc_member *m, struct ioc_error *err);

/*
 * One block of a member's content, from archive_read_data_block(): it begins
 * at `end` (of the last one) or behind a hole there, and lies in the file.
 * Holes of more than IOC_MEMBER_HOLES in all are LIMIT: a few bytes of an
 * archive could keep the writer busy for hours.
 */
int	ioc_judge_block(struct ioc_judge *j, const struct ioc_member *m,
	    size_t len, int64_t offset, uint64_t *end, struct ioc_error *err);
/* The end of its content: what is left is a hole, too. */
int	ioc_judge_end(struct ioc_judge *j, const struct ioc_member *m,
	    uint64_t end, struct ioc_error *err);

/* The name of the last member, as the archive has it. */
const char *ioc_judge_member_name(const struct ioc_judge *j);

/* What has been accepted; belongs to the judge. */
struct ioc_table *ioc_judge_table(const struct ioc_judge *j);

#endif /* WORKER_JUDGE_H */
