/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of hashes, and of what a mirror has, read by a sandboxed worker. */
#ifndef SAFE_MANIFEST_H
#define SAFE_MANIFEST_H

#include "base/error.h"
#include "base/strv.h"
#include "safe/hash.h"

#define	IOC_MANIFEST_BYTES	(1024 * 1024)
#define	IOC_MANIFEST_SETS	256
#define	IOC_LISTING_BYTES	(8 * 1024 * 1024)

enum ioc_manifest_kind {
	IOC_MANIFEST_FREEBSD,	/* MANIFEST(release(7)): file, hash, count, name,
				   text, default; separated by TABs */
	IOC_MANIFEST_SHA256,	/* "SHA256 (file) = hash", as sha256(1) writes */
};

struct ioc_manifest_set {
	char	file[64];		/* "base.txz": no path */
	char	sha256[IOC_SHA256_HEX];
};

struct ioc_manifest {
	struct ioc_manifest_set *sets;	/* free() */
	size_t		 n;
};

/*
 * Reads a whole manifest, strictly: a line that is not of its form, a file
 * twice, a path in a name, a hash that is none, a control character, CRLF, no
 * line at all are FORMAT or UNSAFE with the line's number; LIMIT when it is too
 * long.  Lines of other kinds ("SHA512 (file) = ...") are passed over.
 */
int	ioc_manifest_read(const char *helper_dir, int fd,
	    enum ioc_manifest_kind kind, struct ioc_manifest *ret,
	    struct ioc_error *err);
void	ioc_manifest_fini(struct ioc_manifest *m);
/* The set of a file; NULL when there is none. */
const struct ioc_manifest_set *ioc_manifest_find(const struct ioc_manifest *m,
	    const char *file);

/*
 * The names of the directories that an index page in HTML links to, as they
 * stand there, relative, one component each, without the slash; others are
 * passed over.  At most 4096.
 */
int	ioc_listing_read(const char *helper_dir, int fd, struct ioc_strv *ret,
	    struct ioc_error *err);

#endif /* SAFE_MANIFEST_H */
