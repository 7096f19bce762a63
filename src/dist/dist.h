/* SPDX-License-Identifier: BSD-2-Clause */
/* Distributions as data, with the few functions that differ. */
#ifndef DIST_DIST_H
#define DIST_DIST_H

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/strv.h"

/* A manifest that later fetches of the same release are held to. */
struct ioc_dist_pin {
	char		 name[128];	/* of its file; "" when there is none */
	struct ioc_buf	 text;
};

/* What a fetch works with.  Descriptors are borrowed. */
struct ioc_dist_job {
	const char	*release;	/* "bookworm" */
	const char	*arch;		/* of the distribution; NULL: the host's */
	const char	*host_arch;	/* facts.arch */
	const char	*mirror;	/* https; NULL: the default */
	const char	*ca_file;
	const char	*proxy;
	const char	*helper_dir;
	/* archive only */
	const char	*url;
	const char	*sha256;
	/* sets only */
	const char	*manifest;	/* the administrator's file, or NULL */
	const char	*manifest_dir;	/* the host's own manifests; NULL: none */
	const char	*packages;	/* https: mirror of FreeBSD's packages; or
					   NULL */
	const char	*signers;	/* the administrator's allowed signers,
					   ssh-keygen(1); NULL: none are asked for */
	const char	*from;		/* folder of the host with a manifest and
					   sets, instead of a mirror; or NULL */
	const char	*sets;		/* "base,lib32"; NULL: the usual ones */
	int		 pins_fd;	/* directory of pinned manifests, or -1 */
	struct ioc_dist_pin *pin;	/* result: what is to be pinned; or NULL */
	int		 cache_fd;	/* directory for downloads */
	int		 root_fd;	/* the empty root to fill, in staging */
	const char	*root_path;	/* the same for programs that need a path;
					   only root may enter its parents */
	int		 record_fd;	/* gets what is unpacked (safe/archive.h),
					   or -1 */
	int		 updates_fd;	/* update: directory for what was fetched */
	const char	*updates_path;
	int		 scratch_fd;	/* update, stage two: what it may write to */
	const char	*current;	/* update: the root's version, "14.2-RELEASE-p1" */
	bool		 succeeded;	/* update, judge: so said the exit status */
	bool		 foreign;	/* update: the root is a jail's, whose files
					   may differ from the release's */
	/* may be NULL; not 0 means CANCELED.  `what` names the stage:
	   "download", "verify", "unpack" */
	int		(*progress)(const char *what, uint64_t done,
			    uint64_t total, void *arg);
	void		*arg;
	json_t		*provenance;	/* object, gets what was verified how */
};

/* Packages that a jail has beside its release's, by name. */
struct ioc_dist_own {
	struct ioc_strv	 asked;		/* that somebody asked for */
	struct ioc_strv	 along;		/* that came along with others */
};

/* A line of a configuration file of a new release. */
struct ioc_dist_line {
	const char	*file;		/* beneath the root */
	const char	*key;
	const char	*value;
};

struct ioc_dist_upgrade;

struct ioc_dist {
	const char	*name;		/* "debian" */
	/* facts.system of hosts that can start it, NULL-terminated; NULL: it
	   depends on what is in it */
	const char *const *systems;
	const char	*default_mirror;	/* for people */
	const char *const *releases;	/* names known to it; NULL: any */
	/* Is that the name of a release?  NULL: if it stands in `releases`. */
	bool	(*is_release)(const char *release);
	/* The names that the mirror has; NULL: those in `releases`. */
	int	(*remote)(const struct ioc_dist_job *job, struct ioc_strv *ret,
		    struct ioc_error *err);
	/*
	 * The last day of support, "2026-12-31"; "" when it is over since long
	 * ago, NULL when it is not known.  The function may be NULL.
	 */
	const char *(*eol)(const char *release);
	/* Is it newer than a host with that facts.release?  May be NULL. */
	bool	(*is_newer)(const char *release, const char *host);
	bool		 records;	/* fetch fills record_fd; else the tree is
					   recorded when it is complete */
	bool		 has_sets;	/* manifest, from and sets mean something */
	/* Stage one, on the host: obtain, verify, unpack into root. */
	int	(*fetch)(const struct ioc_dist_job *job, struct ioc_error *err);
	/*
	 * Stage two, in a temporary jail without network: the command that
	 * finishes the root, NULL when there is nothing to run, and its whole
	 * environment.  It needs /dev of any jail, root and the first 65536 ids,
	 * a root that is not mounted noexec, and what `needs` says.
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
	 * Or, where the host's updater reads what it fetched and the root with
	 * all of root's rights: it runs in a jail that has the host's programs
	 * and its network, sees the root read-only at IOC_DIST_BASE and writes to
	 * the updates, at IOC_DIST_UPDATES, alone.  prepare writes its
	 * configuration there and gives command and environment; UNSUPPORTED
	 * says what the host must install.  judge tells from the files that it
	 * left, and where these cannot tell from its exit status, whether it came
	 * to its end (else NETWORK), and *n.
	 */
	int	(*update_prepare)(const struct ioc_dist_job *job,
		    struct ioc_strv *argv, struct ioc_strv *env,
		    struct ioc_error *err);
	int	(*update_judge)(const struct ioc_dist_job *job, unsigned *n,
		    struct ioc_error *err);
	/* When there is something: writes what stage two obeys, which what ran in
	   stage one could have written to.  NULL: the judge has done it. */
	int	(*update_arm)(const struct ioc_dist_job *job,
		    struct ioc_error *err);
	/* What they are, for people, after either: name, from, to, name...; "-"
	   where there is none. */
	int	(*update_list)(const struct ioc_dist_job *job,
		    struct ioc_strv *ret, struct ioc_error *err);
	/* What stage two finds in its scratch space at IOC_DIST_SCRATCH; NULL:
	   it needs none. */
	int	(*update_scratch)(const struct ioc_dist_job *job,
		    struct ioc_error *err);
	/*
	 * Stage two, in a temporary jail that sees the updates read-only (and
	 * through its uid range) at IOC_DIST_UPDATES, and has no network.
	 */
	const char *const *update_argv;
	const char *const *update_env;
	/* Or, where what was fetched tells: both of them. */
	void	(*update_command)(const struct ioc_dist_job *job,
		    const char *const **argv, const char *const **env);
	/* What update_fetch reads of a root: of an overlay, in which layer it is
	   to be looked for; or NULL. */
	const char *state;
	unsigned needs;		/* of stage two: IOC_DIST_NEEDS_* */
	/* After it, on the host by descriptor: is the result whole?  Or NULL. */
	int	(*update_check)(const struct ioc_dist_job *job,
		    struct ioc_error *err);
	/* Patch level beside pN as the root itself tells it ("12.9"); may be NULL. */
	int	(*version)(int root_fd, char ret[64], struct ioc_error *err);
	/* What a new release is configured with; NULL, or ended by a file NULL. */
	const struct ioc_dist_line *config;
	/*
	 * What belongs to the system, and only its updates change: directories
	 * beneath the root, up to NULL, no more than IOC_DIST_BASE_DIRS; one that a
	 * release has not, or as a link, is passed over.  NULL: not known.
	 */
	const char *const *base_dirs;
	/* What an upgrade does; NULL: what is in a root tells (dist/upgrade.h). */
	const struct ioc_dist_upgrade *upgrade;
	/*
	 * Upgrade: the packages of the root `ours`, or of a layer over a release,
	 * that the release at `base` has not.  NULL: a root that has some is not
	 * upgraded, see dist/upgrade.h.
	 */
	int	(*own_list)(const struct ioc_dist_job *job, int ours, int base,
		    struct ioc_dist_own *ret, struct ioc_error *err);
	/*
	 * Stage one: they, as the release at job->root_fd has them, into the
	 * updates.  STATE names one that it lacks; of those that came along, what
	 * it lacks is dropped.
	 */
	int	(*own_fetch)(const struct ioc_dist_job *job,
		    struct ioc_dist_own *own, struct ioc_error *err);
	/* Stage two, on the upgraded root, with update_env: the k-th command; 1
	   there is one, 0 there is none. */
	int	(*own_command)(const struct ioc_dist_own *own, unsigned k,
		    struct ioc_strv *argv, struct ioc_error *err);
	/* Defaults of properties for jails of this distribution: name, value... */
	const char *const *defaults;
};

#define	IOC_DIST_BASE_DIRS	20
#define	IOC_DIST_UPDATES	"/.ioc-updates"
#define	IOC_DIST_SCRATCH	"/.ioc-scratch"
#define	IOC_DIST_BASE		"/.ioc-base"

enum {
	IOC_DIST_NEEDS_PROC = 1 << 0,	/* /proc and /sys */
	IOC_DIST_NEEDS_FLAGS = 1 << 1,	/* may set and clear FreeBSD's file flags */
	IOC_DIST_NEEDS_FLAGS_ONE = 1 << 2, /* so may an updater in stage one, of
					   what it can write to */
};

#define	IOC_DIST_STAGE_ONE_MS	(60 * 60 * 1000)
#define	IOC_DIST_STAGE_TWO_MS	(15 * 60 * 1000)	/* enough for either */

extern const struct ioc_dist ioc_dist_debian, ioc_dist_archive,
	    ioc_dist_freebsd, ioc_dist_hardenedbsd;

/* By name, or the one that knows such a release; NULL when none does. */
const struct ioc_dist *ioc_dist_find(const char *name);
const struct ioc_dist *ioc_dist_of_release(const char *release);
/* Does a distribution know a release of that name? */
bool	ioc_dist_knows(const struct ioc_dist *d, const char *release);
/* Can a host whose facts.system is that start it? */
bool	ioc_dist_runs_on(const struct ioc_dist *d, const char *system);
/* Can its releases be updated? */
static inline bool
ioc_dist_has_updates(const struct ioc_dist *d)
{
	return (d->update_fetch != NULL || d->update_prepare != NULL);
}
/* The command of an update's stage two, and its environment. */
static inline void
ioc_dist_update_command(const struct ioc_dist *d,
    const struct ioc_dist_job *job, const char *const **argv,
    const char *const **env)
{
	*argv = d->update_argv;
	*env = d->update_env;
	if (d->update_command != NULL)
		d->update_command(job, argv, env);
}
/* All, NULL-terminated. */
const struct ioc_dist *const *ioc_dist_all(void);

#endif /* DIST_DIST_H */
