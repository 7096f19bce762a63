/* SPDX-License-Identifier: BSD-2-Clause */
/* The judge of archive members, and the table of what they make. */
#ifndef WORKER_JUDGE_H
#define WORKER_JUDGE_H

#include <sys/types.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/cleanup.h"
#include "base/error.h"

#define	IOC_MEMBER_DEPTH	64	/* components of a name */
#define	IOC_MEMBER_NAME		255	/* bytes of a component */
#define	IOC_MEMBER_PATH		4096	/* bytes of a name, or a link's target */

struct ioc_judge_limits {
	uint64_t	 max_entries;	/* members, and implied directories */
	uint64_t	 max_bytes;	/* of content, holes included */
	bool		 devices;	/* nodes and FIFOs are made, else left out */
	bool		 setid;		/* their bits are kept, else cleared */
};

enum ioc_member_kind {
	IOC_MEMBER_NONE,	/* left out: a device, FIFO or socket */
	IOC_MEMBER_DIR,
	IOC_MEMBER_FILE,
	IOC_MEMBER_SYMLINK,
	IOC_MEMBER_HARDLINK,	/* to a file that stands in the table */
	IOC_MEMBER_NODE,	/* device or FIFO */
};

/* One name in the tree that the archive makes; node 0 is its root. */
struct ioc_node {
	uint32_t	 parent;
	uint32_t	 next;		/* in its chain of the hash table */
	uint64_t	 name;		/* offset in the bytes of names */
	int64_t		 mtime;
	uid_t		 uid;
	gid_t		 gid;
	uint16_t	 mode;		/* permission bits */
	uint8_t		 kind;
	bool		 named;		/* a member said so, not just implied */
	bool		 made;		/* for the writer */
};

/* What is to be done for one member. */
struct ioc_member {
	enum ioc_member_kind kind;
	uint32_t	 node;
	uint32_t	 target;	/* HARDLINK: of that node */
	const char	*link;		/* SYMLINK: belongs to the entry */
	mode_t		 mode;		/* NODE: with its type */
	uid_t		 uid;
	gid_t		 gid;
	int64_t		 mtime;
	uint64_t	 size;
	dev_t		 dev;
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
 */
int	ioc_judge_block(const struct ioc_member *m, size_t len, int64_t offset,
	    uint64_t *end, struct ioc_error *err);

/* Nodes, the root included. */
uint32_t ioc_judge_count(const struct ioc_judge *j);
struct ioc_node *ioc_judge_node(struct ioc_judge *j, uint32_t n);
const char *ioc_judge_name(const struct ioc_judge *j, uint32_t n);

#endif /* WORKER_JUDGE_H */
