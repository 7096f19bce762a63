/* SPDX-License-Identifier: BSD-2-Clause */
/* One fetch of sets on its way. */
#ifndef DIST_SETSJOB_H
#define DIST_SETSJOB_H

#include "dist/cache.h"
#include "dist/sets.h"
#include "dist/trust.h"
#include "safe/archive.h"

struct ioc_setsjob {
	const struct ioc_sets *sets;
	const struct ioc_dist_job *job;
	const struct ioc_sets_arch *arch;
	char		*mirror;	/* without a slash at its end */
	char		*place;		/* folder of the release: URL or path */
	int		 folder_fd;	/* of `from`, or -1 */
	struct ioc_strv	 names;		/* "base", ... */
	struct ioc_trusted strong;	/* better than the mirror's, if there is one */
	struct ioc_trusted weak;	/* the mirror's or folder's, likewise */
	const struct ioc_trusted *trusted;	/* that of them that is followed */
	struct ioc_cache_file files[IOC_ARCHIVE_MAX];
};

#define	IOC_SETSJOB							\
	{ .folder_fd = -1, .names = IOC_STRV, .strong = IOC_TRUSTED,	\
	    .weak = IOC_TRUSTED }

/* The architecture and the mirror; INVALID, UNSUPPORTED. */
int	ioc_setsjob_init(struct ioc_setsjob *w, const struct ioc_sets *s,
	    const struct ioc_dist_job *job, struct ioc_error *err);
void	ioc_setsjob_fini(struct ioc_setsjob *w);

/* How files about the release are called: "amd64-amd64-14.2-RELEASE". */
int	ioc_setsjob_name(const struct ioc_setsjob *w, char *out, size_t len,
	    struct ioc_error *err);

/*
 * A file in a directory of the host; UNSAFE when others than root may write to
 * either of them.
 */
int	ioc_setsjob_read_trusted(const char *dir, const char *name,
	    struct ioc_buf *b, struct ioc_error *err);

/*
 * A small file of the release's folder, which `where` is the URL of; NOT_FOUND
 * when the mirror or folder has none.
 */
int	ioc_setsjob_read_place(const struct ioc_setsjob *w, const char *file,
	    const char *where, uint64_t max_bytes, struct ioc_buf *b,
	    struct ioc_error *err);

/* Obtains the manifests that there are, and chooses. */
int	ioc_setsjob_trust(struct ioc_setsjob *w, struct ioc_error *err);

#endif /* DIST_SETSJOB_H */
