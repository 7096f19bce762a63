/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was unpacked, as mtree(5).
 *
 * The format is that of mtree(8) of NetBSD and FreeBSD, version 2.0, as its
 * option -C prints it: a first line "#mtree v2.0", then a line for each file of
 * the tree: its path from ".", with slashes, and keywords that describe it.
 * Words are separated by one space; a byte of a path or of a link's target that
 * is not a printing ASCII character, or that means something to mtree(8) or to
 * a pattern (space # = \ * ? [ ]), is a backslash and three octal digits, as
 * vis(3) makes them with VIS_OCTAL.  No /set lines, no continued lines.
 *
 *	. type=dir uid=0 gid=0 mode=0755
 *	./etc type=dir uid=0 gid=0 mode=0755 time=1700000000.000000000
 *	./etc/motd type=file uid=0 gid=0 mode=0644 size=5
 *	    time=1700000000.000000000 sha256digest=2cf2...9824 flags=schg
 *	./sys type=link uid=0 gid=0 mode=0777 time=... link=usr/src/sys
 *
 * (the third is one line).  `type` is dir, file, link, char, block or fifo.  A
 * directory stands before what it contains, whose names are sorted by their
 * bytes; so the order is one, and a reader that has the tree in the same order
 * needs to remember nothing.
 */
#ifndef WORKER_RECORD_H
#define WORKER_RECORD_H

#include "base/buf.h"
#include "worker/table.h"

#define	IOC_RECORD_FIRST	"#mtree v2.0\n"
#define	IOC_RECORD_MAX		(UINT64_C(256) << 20)	/* bytes of the file */

/* Appends foreign bytes as they stand in a record. */
int	ioc_record_escape(struct ioc_buf *b, const char *text);

/* What a line says of a file. */
struct ioc_record_line {
	mode_t		 mode;		/* with its type */
	uint32_t	 uid;
	uint32_t	 gid;
	bool		 timed;		/* all but the root of the tree */
	uint32_t	 mtime;
	uint32_t	 fflags;	/* base/fflags.h */
	uint64_t	 size;		/* of a regular file */
	const uint8_t	*digest;	/* SHA-256 of a regular file, else NULL */
	const char	*link;		/* target of a link, else NULL */
};

/* Appends one; the path is escaped already.  Not 0: one of both is too long. */
int	ioc_record_line(struct ioc_buf *b, const struct ioc_buf *path,
	    const struct ioc_record_line *l);

/*
 * Writes the record of all that is in the table to a descriptor, from where it
 * stands; hard links are files, each with what their file is.  LIMIT when it
 * becomes larger than IOC_RECORD_MAX.
 */
int	ioc_record_write(const struct ioc_table *t, int fd,
	    struct ioc_error *err);

#endif /* WORKER_RECORD_H */
