/* SPDX-License-Identifier: BSD-2-Clause */
/* Distributions as data, with the few functions that differ. */
#ifndef DIST_DIST_H
#define DIST_DIST_H

#include "base/error.h"
#include "base/json.h"
#include "base/strv.h"

/* What a fetch works with.  Descriptors are borrowed. */
struct ioc_dist_job {
	const char	*release;	/* "bookworm" */
	const char	*arch;		/* of the distribution; NULL: the host's */
	const char	*mirror;	/* https; NULL: the default */
	const char	*ca_file;
	const char	*proxy;
	const char	*helper_dir;
	/* archive only */
	const char	*url;
	const char	*sha256;
	int		 cache_fd;	/* directory for downloads */
	int		 root_fd;	/* the empty root to fill, in staging */
	const char	*root_path;	/* the same for programs that need a path;
					   only root may enter its parents */
	int		 updates_fd;	/* update: directory for what was fetched */
	const char	*updates_path;
	/* may be NULL; not 0 means CANCELED.  `what` names the stage:
	   "download", "verify", "unpack" */
	int		(*progress)(const char *what, uint64_t done,
			    uint64_t total, void *arg);
	void		*arg;
	json_t		*provenance;	/* object, gets what was verified how */
};

struct ioc_dist {
	const char	*name;		/* "debian" */
	const char	*system;	/* facts.system of hosts that can start it;
					   NULL: it depends on what is in it */
	const char	*default_mirror;
	const char *const *releases;	/* names known to it; NULL: any */
	/* Stage one, on the host: obtain, verify, unpack into root. */
	int	(*fetch)(const struct ioc_dist_job *job, struct ioc_error *err);
	/*
	 * Stage two, in a temporary jail without network: the command that
	 * finishes the root, NULL when there is nothing to run, and its whole
	 * environment.  It needs /dev, /proc and /sys of any jail, root and the
	 * first 65536 ids, and a root that is not mounted noexec.
	 */
	const char *const *finish_argv;
	const char *const *finish_env;
	/*
	 * After it, on the host by descriptor, with nothing running in it: what
	 * must not stay in a release.  May be repeated; not for roots of jails.
	 */
	int	(*clean)(const struct ioc_dist_job *job, struct ioc_error *err);
	/*
	 * Update, stage one, on the host: obtain and verify into updates; *n is
	 * the number of things to apply, 0 when up to date.
	 */
	int	(*update_fetch)(const struct ioc_dist_job *job, unsigned *n,
		    struct ioc_error *err);
	/*
	 * Stage two, in a temporary jail that sees the updates read-only (and
	 * through its uid range) at IOC_DIST_UPDATES, and has no network.
	 */
	const char *const *update_argv;
	const char *const *update_env;
	/* After it, on the host by descriptor: is the result whole?  Or NULL. */
	int	(*update_check)(const struct ioc_dist_job *job,
		    struct ioc_error *err);
	/* Patch level beside pN as the root itself tells it ("12.9"); may be NULL. */
	int	(*version)(int root_fd, char ret[64], struct ioc_error *err);
	/* Defaults of properties for jails of this distribution: name, value... */
	const char *const *defaults;
};

#define	IOC_DIST_UPDATES	"/.ioc-updates"
#define	IOC_DIST_STAGE_TWO_MS	(15 * 60 * 1000)	/* enough for either */

extern const struct ioc_dist ioc_dist_debian, ioc_dist_archive;

/* By name, or the one that knows such a release; NULL when none does. */
const struct ioc_dist *ioc_dist_find(const char *name);
const struct ioc_dist *ioc_dist_of_release(const char *release);
/* All, NULL-terminated. */
const struct ioc_dist *const *ioc_dist_all(void);

#endif /* DIST_DIST_H */
