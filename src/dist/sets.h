/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Releases that a mirror has as a folder with a manifest and sets: archives
 * that together make one tree.  What differs between distributions is data.
 */
#ifndef DIST_SETS_H
#define DIST_SETS_H

#include "dist/dist.h"
#include "safe/manifest.h"

/* A name of a manifest on a mirror, and what is in it. */
struct ioc_sets_manifest {
	const char	*file;
	enum ioc_manifest_kind kind;
};

/*
 * In templates %a and %m stand for the two names of the architecture
 * ("arm64", "aarch64"), %r for the release, %b for it in lower case.
 */
struct ioc_sets {
	const char	*name;		/* "FreeBSD", for people */
	const char	*mirror;	/* template: the default mirror */
	const char	*snapshots;	/* the same for what is not stable yet and
					   for branches; NULL: mirror */
	const char	*path;		/* template: the folder beneath a mirror */
	const struct ioc_sets_manifest *manifests; /* tried in order; file NULL
					   ends them */
	const char	*sig_namespace;	/* of the SSH signature FILE.sig beside each
					   manifest; NULL: there is none */
	const char	*suffix;	/* ".txz" */
	const char	*usual;		/* "base": without --sets; also the set that
					   every release has, and the first one */
	/* The release that a directory of the mirror holds, into ret; or false. */
	bool		(*of_directory)(const char *dir, char ret[64]);
};

/*
 * The fetch of a distribution.  The manifest is the most trusted one of: the
 * administrator's file, the host's manifest directory, the mirror's with a good
 * signature, the one that was pinned by an earlier fetch, the mirror's.  VERIFY when the mirror has another one
 * than what is trusted more, or an archive is not what its manifest says.
 */
int	ioc_sets_fetch(const struct ioc_sets *s, const struct ioc_dist_job *job,
	    struct ioc_error *err);

/* The releases that the mirror has. */
int	ioc_sets_remote(const struct ioc_sets *s,
	    const struct ioc_dist_job *job, struct ioc_strv *ret,
	    struct ioc_error *err);

/* The version that bin/freebsd-version of a root tells: "14.2-RELEASE-p1". */
int	ioc_sets_version(int root_fd, char ret[64], struct ioc_error *err);

/* --- the parts, for tests ---------------------------------------------------- */

struct ioc_sets_arch {
	const char	*arch;		/* "arm64": of machines, and directories */
	const char	*machine;	/* "aarch64": of the processor */
};

/* By either name or "arm64/aarch64"; NULL when there is none. */
const struct ioc_sets_arch *ioc_sets_arch(const char *name);

/* A template filled in, to be freed; NULL without memory. */
char	*ioc_sets_expand(const char *template, const struct ioc_sets_arch *a,
	    const char *release);

/* "base,lib32" judged, in an order that begins with the usual one; INVALID. */
int	ioc_sets_parse(const struct ioc_sets *s, const char *text,
	    struct ioc_strv *ret, struct ioc_error *err);

#endif /* DIST_SETS_H */
