/* SPDX-License-Identifier: BSD-2-Clause */
/* A tar writer that writes whatever it is told to, however hostile. */
#ifndef TESTS_TARBALL_H
#define TESTS_TARBALL_H

#include <sys/types.h>

#include "base/buf.h"

struct member {
	const char	*name;		/* field by field, up to its size */
	char		 type;		/* 0: '0' */
	const char	*link;
	unsigned	 mode;		/* 0: 0644 */
	unsigned	 uid, gid;
	const char	*data;
	size_t		 len;		/* 0: strlen(data) */
	/* Raw fields of 12 bytes, for what no honest writer would say. */
	const char	*size;
	const char	*mtime;
	unsigned	 major, minor;
};

/* One member; name and link over 100 bytes go into a pax header before it. */
void	tar_add(struct ioc_buf *b, const struct member *m);
#define	TAR(b, ...)	tar_add(b, &(struct member){ __VA_ARGS__ })
/* A pax header for the next member: one record. */
void	tar_pax(struct ioc_buf *b, const char *key, const void *value,
	    size_t len);
#define	PAX(b, k, v)	tar_pax(b, k, v, strlen(v))
/* The next member is sparse: its true size, "offset,length,..." of its data. */
void	tar_sparse(struct ioc_buf *b, const char *size, const char *map);
/* The head of an empty file of GNU's older kind, whose map is to follow. */
void	tar_gnu_sparse(struct ioc_buf *b, const char *name);
void	tar_end(struct ioc_buf *b);

/* Appends `in` in the given compression; `none` copies. */
enum filter { NONE, GZIP, BZIP2, XZ, ZSTD, FILTERS };
extern const char *const filter_names[FILTERS];
void	tar_filter(struct ioc_buf *out, enum filter f, const void *in,
	    size_t len);

#endif /* TESTS_TARBALL_H */
