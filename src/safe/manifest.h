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
#define	IOC_LISTING_NAMES	4096
#define	IOC_LISTING_TEXT	(60 * 1024)	/* bytes of all names */

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
 * line at all, a last line without its end are FORMAT or UNSAFE with the line's
 * number; LIMIT when it is too long or has more than IOC_MANIFEST_SETS files.
 * In a list of the second kind those of other algorithms
 * ("SHA512 (file) = ...") and of names longer than 63 bytes are passed over.
 * INVALID when fd is not a regular file; it is read from offset 0.
 */
int	ioc_manifest_read(const char *helper_dir, int fd,
	    enum ioc_manifest_kind kind, struct ioc_manifest *ret,
	    struct ioc_error *err);
void	ioc_manifest_fini(struct ioc_manifest *m);

/* The set of a file; NULL when there is none. */
const struct ioc_manifest_set *ioc_manifest_find(const struct ioc_manifest *m,
	    const char *file);

/*
 * The names of the directories that an index page in HTML links to, in its
 * order: the href of <a> where that is one relative component and a slash,
 * which is taken off, of the characters of IOC_NAME_SET; %XX is decoded first.
 * All other links are passed over.  LIMIT when there are more than
 * IOC_LISTING_NAMES, or too long ones.  `ret` is replaced.
 */
int	ioc_listing_read(const char *helper_dir, int fd, struct ioc_strv *ret,
	    struct ioc_error *err);

#endif /* SAFE_MANIFEST_H */
