/* SPDX-License-Identifier: BSD-2-Clause */
/* A tree against what was recorded when it was unpacked, in a sandboxed worker. */
#ifndef SAFE_VERIFY_H
#define SAFE_VERIFY_H

#include "base/error.h"

#define	IOC_VERIFY_LAYERS	24
#define	IOC_VERIFY_IGNORE	256		/* patterns */
#define	IOC_VERIFY_OUTPUT	(16 * 1024 * 1024)	/* bytes of all differences */

enum ioc_difference {
	IOC_DIFF_CHANGED,	/* detail: what of it: "content mode" */
	IOC_DIFF_MISSING,
	IOC_DIFF_EXTRA,
};

/* One directory tree; `at` is where it appears in the whole: "" or "usr/bin". */
struct ioc_verify_layer {
	int		 fd;
	const char	*at;
};

struct ioc_verify {
	const char	*helper_dir;
	int		 record_fd;	/* mtree(5), read from offset 0 */
	/*
	 * The first that has a name decides; whiteouts and opaque directories of
	 * an overlay hide what later ones have.  Owners in a layer are those on
	 * disk, less id_base for the first one when that is not 0.
	 */
	const struct ioc_verify_layer *layers;
	size_t		 nlayers;
	uint32_t	 id_base;
	/*
	 * Paths (as fnmatch(3) patterns, a star matches a slash) that are expected
	 * to differ, up to NULL; or NULL.  A directory is passed over with all
	 * beneath it.
	 */
	const char *const *ignore;
	uint64_t	 max_entries;	/* 0: 4 million */
	/* path is escaped; not 0 means CANCELED. */
	int		(*found)(enum ioc_difference what, const char *path,
			    const char *detail, void *arg);
	int		(*progress)(uint64_t done, uint64_t total, void *arg);
	void		*arg;
};

/*
 * Compares type, mode, owner, size, SHA-256, link target, flags (where the
 * system has them) of all that is in the record with what is in the layers, and
 * names what is there besides.  A directory that is missing, extra, of another
 * type or another mount ("mount") is named alone, not what is beneath it.
 * Nothing of the tree is changed, nothing is followed out of it, mounts beneath
 * a layer are not entered.  0 also when there are differences; they are told at
 * the end.  FORMAT when the record is damaged, LIMIT when there is more to read
 * or to tell than allowed.
 */
int	ioc_verify_tree(const struct ioc_verify *v, struct ioc_error *err);

#endif /* SAFE_VERIFY_H */
