/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names of all archives as one tree: found by parent and name.
 *
 * Nothing in it ever moves, so that another thread may read what it has been
 * told of while more is added.  All of it together stays within a bound.
 */
#ifndef WORKER_TABLE_H
#define WORKER_TABLE_H

#include "base/cleanup.h"
#include "base/error.h"

#define	IOC_MEMBER_DEPTH	64	/* components of a name */
#define	IOC_MEMBER_NAME		255	/* bytes of a component */
#define	IOC_MEMBER_PATH		4096	/* bytes of a name, or a link's target */

#define	IOC_TABLE_MEMORY	(UINT64_C(80) << 20)	/* bytes, of all */
#define	IOC_TABLE_CHUNKS	4096
#define	IOC_TABLE_NODES		1024			/* a chunk */
#define	IOC_TABLE_BYTES		(64 * 1024)		/* of text, a chunk */
#define	IOC_DIGEST		32

enum ioc_member_kind {
	IOC_MEMBER_NONE,	/* nothing to do: a device, FIFO or socket
				   that is left out, a directory again */
	IOC_MEMBER_DIR,
	IOC_MEMBER_FILE,
	IOC_MEMBER_SYMLINK,
	IOC_MEMBER_HARDLINK,	/* to a file that stands in the table */
	IOC_MEMBER_NODE,	/* device or FIFO */
};

/* One name in the tree that the archives make; node 0 is its root. */
struct ioc_node {
	uint64_t	 size;		/* FILE; NODE: the device */
	uint32_t	 parent;
	uint32_t	 next;		/* in its chain of the hash table */
	uint32_t	 name;		/* where the text is */
	uint32_t	 more;		/* SYMLINK: text of its target; HARDLINK: the
					   node of the file; FILE: its digest */
	uint32_t	 mtime;
	uint32_t	 uid;
	uint32_t	 gid;
	uint32_t	 fflags;	/* base/fflags.h */
	uint16_t	 mode;		/* permission bits; NODE: with its type */
	uint8_t		 kind;
	bool		 named;		/* a member said so, not just implied */
	bool		 made;		/* the writer's */
};

struct ioc_table {
	struct ioc_node	*node[IOC_TABLE_CHUNKS];
	char		*text[IOC_TABLE_CHUNKS];
	uint8_t		(*digest[IOC_TABLE_CHUNKS])[IOC_DIGEST];
	uint32_t	 n;		/* nodes */
	uint32_t	 ntext;		/* bytes, chunks filled up */
	uint32_t	 ndigests;
	uint32_t	*bucket;
	uint32_t	 nbuckets;	/* a power of two */
	uint64_t	 memory;
	uint64_t	 key[2];	/* no archive can know its collisions */
};

int	ioc_table_new(struct ioc_table **ret, struct ioc_error *err);
void	ioc_table_free(struct ioc_table *t);
IOC_DEFINE_AUTO(struct ioc_table, ioc_table_free);

struct ioc_node *ioc_table_node(const struct ioc_table *t, uint32_t n);
/* Its last component; "." of the root. */
const char *ioc_table_name(const struct ioc_table *t, uint32_t n);
const char *ioc_table_text(const struct ioc_table *t, uint32_t text);
uint8_t	*ioc_table_digest(const struct ioc_table *t, uint32_t digest);
/* The path from the root, cut at its end when it is too long for out. */
const char *ioc_table_path(const struct ioc_table *t, uint32_t n, char *out,
	    size_t outlen);

/* 0 when there is none: the root has no name. */
uint32_t ioc_table_find(const struct ioc_table *t, uint32_t parent,
	    const char *name, size_t len);
/*
 * Each adds one, zeroed but for parent and name, and gives its number; LIMIT
 * when there is no room.
 */
int	ioc_table_add(struct ioc_table *t, uint32_t parent, const char *name,
	    size_t len, uint32_t *ret, struct ioc_error *err);
int	ioc_table_add_text(struct ioc_table *t, const char *text, size_t len,
	    uint32_t *ret, struct ioc_error *err);
int	ioc_table_add_digest(struct ioc_table *t, uint32_t *ret,
	    struct ioc_error *err);

#endif /* WORKER_TABLE_H */
