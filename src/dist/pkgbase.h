/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Updates of FreeBSD whose base system is made of packages, by pkg(8): the parts
 * that tests reach.
 *
 * In the updates stage one leaves: repo, a repository with what is to be
 * installed; pkg-static, the host's; state/installed and state/catalogue, the
 * names and versions of the root and of FreeBSD's repository; state/packages,
 * those in repo, and state/files, what is in them; state/complete when it came
 * to its end.
 */
#ifndef DIST_PKGBASE_H
#define DIST_PKGBASE_H

#include "base/vec.h"
#include "dist/dist.h"

/* --- which root ---------------------------------------------------------------- */

/*
 * 1: its list of packages has the base system; 0: it has not, or there is none.
 * The list is a database: it is looked for a name, and not read as one.
 */
int	ioc_pkgbase_has(int root_fd, struct ioc_error *err);
/* Were these updates made by this updater? */
bool	ioc_pkgbase_made(int updates_fd);
/* They were not, whatever another one has put there. */
int	ioc_pkgbase_disown(int updates_fd, struct ioc_error *err);

/* --- its repository -------------------------------------------------------------- */

struct ioc_pkgbase_repo {
	char	url[512];
	char	keys[64];	/* directory of fingerprints, the host's */
	char	abi[64];	/* "FreeBSD:15:amd64" */
	bool	srv;		/* mirrors are looked up by name */
	unsigned version;	/* the newest that the release can have */
};

/* UNSUPPORTED: no such architecture; INVALID: the URL of the host's. */
int	ioc_pkgbase_repo(const struct ioc_dist_job *job,
	    struct ioc_pkgbase_repo *ret, struct ioc_error *err);

/* --- what it says ---------------------------------------------------------------- */

/* Line by line: NAME VERSION, or, of files, NAME SUM PATH. */
struct ioc_pkgbase_line {
	const char	*name;		/* judged */
	const char	*version;	/* judged */
	const char	*sum;		/* of files: SHA-256, "" when not known */
	const char	*path;		/* of files: "/bin/sh", judged */
};

/*
 * Takes the text to pieces; not 0 from `each` ends.  FORMAT; UNSAFE: a path that
 * could not be an absolute one.
 */
int	ioc_pkgbase_lines(char *text, bool files,
	    int (*each)(const struct ioc_pkgbase_line *l, void *arg,
	    struct ioc_error *err), void *arg, struct ioc_error *err);

/*
 * The patch level in the version of a package of that release, 15.0p3: VERIFY
 * when it is of another.  0 for what is no RELEASE, whose versions are dates.
 */
int	ioc_pkgbase_patch(const char *release, const char *version,
	    unsigned *patch, struct ioc_error *err);

/* --- for dist.h ------------------------------------------------------------------ */

int	ioc_pkgbase_prepare(const struct ioc_dist_job *job,
	    struct ioc_strv *argv, struct ioc_strv *env,
	    struct ioc_error *err);
int	ioc_pkgbase_judge(const struct ioc_dist_job *job, unsigned *n,
	    struct ioc_error *err);
int	ioc_pkgbase_arm(const struct ioc_dist_job *job, struct ioc_error *err);
int	ioc_pkgbase_list(const struct ioc_dist_job *job, struct ioc_strv *ret,
	    struct ioc_error *err);
/* VERIFY: what was to be installed is not there. */
int	ioc_pkgbase_check(const struct ioc_dist_job *job,
	    struct ioc_error *err);

extern const char *const ioc_pkgbase_argv[];
extern const char *const ioc_pkgbase_env[];

/* --- between its files ------------------------------------------------------------ */

#define	IOC_PKGBASE_RUNTIME	"FreeBSD-runtime"	/* no base is without */
#define	IOC_PKGBASE_FETCH	"pkgbase-fetch"	/* in the updates: both stages */
#define	IOC_PKGBASE_APPLY	"pkgbase-apply"
#define	IOC_PKGBASE_PKG		"pkg-static"
#define	IOC_PKGBASE_TEMP	".ioc-pkg"	/* in the root, while it runs */
#define	IOC_PKGBASE_STATE_MAX	((size_t)64 << 20)

extern const char ioc_pkgbase_fetch[], ioc_pkgbase_apply[];

/* A list of packages in memory, sorted by name. */
struct ioc_pkgbase_set {
	struct ioc_buf	 text;
	IOC_VEC(struct ioc_pkgbase_line) v;
};

#define	IOC_PKGBASE_SET	{ .text = IOC_BUF(IOC_PKGBASE_STATE_MAX) }

/* FORMAT: it is not what its name says; an empty one is none. */
int	ioc_pkgbase_read(struct ioc_pkgbase_set *s, int dir,
	    const char *path, struct ioc_error *err);
const struct ioc_pkgbase_line *ioc_pkgbase_find(
	    const struct ioc_pkgbase_set *s, const char *name);
void	ioc_pkgbase_fini(struct ioc_pkgbase_set *s);

#define	auto_pkgbase	IOC_AUTO(ioc_pkgbase_fini)

#endif /* DIST_PKGBASE_H */
