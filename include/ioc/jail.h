/* SPDX-License-Identifier: BSD-2-Clause */
/* Jails: finding, making, starting, running programs in them, removing. */
#ifndef IOC_JAIL_H
#define IOC_JAIL_H

#include "ioc/config.h"
#include "ioc/filter.h"
#include "ioc/host.h"
#include "ioc/release.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ioc_jail;

/* --- finding -------------------------------------------------------------- */

/*
 * Opens one jail by "[source/]name".  NOT_FOUND; INVALID: not a name.  A jail
 * whose configuration is damaged can be opened: what needs the configuration
 * fails with FORMAT then.  Ended by ioc_jail_close.
 */
IOC_API int ioc_jail_open(struct ioc_host *h, const char *name,
    struct ioc_jail **ret, struct ioc_error *err);
IOC_API void ioc_jail_close(struct ioc_jail *j);

struct ioc_jail_list;

/*
 * The jails that match (filter NULL: all), sorted by name.  Templates only
 * match when the filter names the key "template" or is one plain name.
 * A jail whose configuration is damaged is listed with state "broken".
 * Ended by ioc_jail_list_free, which closes the jails in it.
 */
IOC_API int ioc_jail_list(struct ioc_host *h, const struct ioc_filter *f,
    struct ioc_jail_list **ret, struct ioc_error *err);
IOC_API size_t ioc_jail_count(const struct ioc_jail_list *l);
IOC_API struct ioc_jail *ioc_jail_at(const struct ioc_jail_list *l, size_t i);
IOC_API void ioc_jail_list_free(struct ioc_jail_list *l);
/*
 * Sorts by start order: dependencies first, then priority, then name.  A damaged
 * configuration has neither; where jails depend on each other in a circle, the
 * one that would come first without it does.
 */
IOC_API int ioc_jail_list_order(struct ioc_jail_list *l, struct ioc_error *err);
/*
 * Adds at the end what a jail of the list depends on, directly or not, as far as
 * it is not in the list.  A failure adds nothing.  NOT_FOUND: one is not there.
 * INVALID: one depends on itself.  FORMAT: a configuration is damaged.
 */
IOC_API int ioc_jail_list_require(struct ioc_jail_list *l, struct ioc_jail *j,
    struct ioc_error *err);

/* Its name and that of its source; they belong to the jail. */
IOC_API const char *ioc_jail_name(const struct ioc_jail *j);
IOC_API const char *ioc_jail_source(const struct ioc_jail *j);

enum ioc_jail_state {
	IOC_JAIL_STOPPED,
	IOC_JAIL_RUNNING,
	IOC_JAIL_BROKEN,	/* its configuration cannot be read */
};

/* As of now.  *id (may be NULL): jid, or pid of its init; 0 when stopped. */
IOC_API int ioc_jail_state(struct ioc_jail *j, enum ioc_jail_state *ret,
    int64_t *id, struct ioc_error *err);

/* --- making and changing --------------------------------------------------- */

struct ioc_create_options {
	const char	*name;		/* NULL or "-": one is made up */
	const char	*source;	/* NULL: the main one */
	const char	*release;	/* one of release, base, empty */
	bool		 empty;
	bool		 thick;		/* a full copy instead of a thin clone */
	const struct ioc_change *props;
	size_t		 nprops;
	const char	*base;		/* "[source/]name" of a template */
	bool		 basejail;	/* the system's directories are read-only, and
					   those of its release */
};

/*
 * Creates a jail.  Built under a staging name, then renamed at once: after a
 * crash it is there or it is not.  Steps "jail.create/...".  *ret may be NULL.
 * EXISTS, NOT_FOUND (release), INVALID (property), LIMIT (no uid range left),
 * STATE (not a template), UNSUPPORTED (basejail: which directories are the
 * system's is not known of this distribution).
 *
 * From a template: as ioc_jail_clone, in the source of the template.
 */
IOC_API int ioc_jail_create(struct ioc_host *h,
    const struct ioc_create_options *o, struct ioc_jail **ret,
    struct ioc_error *err);

/*
 * Updates a jail that owns its root, in two stages: obtained and verified by the
 * host's own updater, applied in a temporary jail without network to a clone
 * beside it, which then takes the place of its root at once.  On any failure it
 * is as before.  The jail must be stopped: STATE.  A basejail moves to the
 * newest patch level of its release instead, at its next start.  *n (may be
 * NULL) is the number of things that were applied, 0 when up to date.  Needs
 * root.  Steps "jail.update/...".  UNSUPPORTED, NETWORK, VERIFY, CHILD, LIMIT.
 */
IOC_API int ioc_jail_update(struct ioc_jail *j, unsigned *n,
    struct ioc_error *err);

/*
 * Obtains and verifies the updates of a jail, running or not, and keeps them
 * beside it instead of what was kept before; nothing in it changes.  The next
 * ioc_jail_update applies them without a network, with at_start also the jail's
 * next start does, before anything runs: where that fails the jail starts as it
 * was, the event "jail.start/update" says why, and nothing is kept any more.  *n
 * (may be NULL) is the number of things to be applied.  Of a basejail nothing is
 * to be obtained: with at_start it moves as ioc_jail_update does.  Needs root.
 * Steps "jail.update/...".  UNSUPPORTED, NETWORK, VERIFY, CHILD, LIMIT.
 */
IOC_API int ioc_jail_update_fetch(struct ioc_jail *j, bool at_start,
    unsigned *n, struct ioc_error *err);

/* The same as ioc_release_update_list, for a jail; steps "jail.update/...". */
IOC_API int ioc_jail_update_list(struct ioc_jail *j, ioc_update_fn *fn,
    void *arg, struct ioc_error *err);

/*
 * The jail becomes what it was before its last update or upgrade.  It must be stopped.
 * Needs root.  STATE: there was none, or newer snapshots would be lost.
 */
IOC_API int ioc_jail_update_rollback(struct ioc_jail *j,
    struct ioc_error *err);

/* What came of an upgrade. */
struct ioc_upgrade {
	char		 from[128];	/* releases */
	char		 to[128];
	unsigned	 merged;	/* files that both sides had changed */
	unsigned	 conflicts;	/* that wait for the administrator */
};

/*
 * Called for each conflict, in the thread that called the library: `path` in the
 * jail's root, why, and the file of the host that is to be edited, or removed.
 * Not 0 asks to stop: CANCELED.
 */
typedef int ioc_upgrade_fn(const char *path, const char *why,
    const char *kept, void *arg);

/*
 * Moves a jail to a newer release ("[source/]name") of its distribution that is
 * in its source.  On a clone beside it the system's directories become those of
 * the release; all else that the jail has not changed as well; what both have
 * changed is merged in /etc, and stays the jail's elsewhere.  Then the clone takes
 * the place of its root, and a snapshot is the way back
 * (ioc_jail_update_rollback).  On any failure the jail is as before.
 *
 * Conflicts of /etc are STATE, told to `fn` (may be NULL) and kept beside the
 * jail for its administrator; the same call again goes on from there.  The jail
 * must be stopped: STATE.  Needs root.  Steps "jail.upgrade/...".  *ret may be
 * NULL.  NOT_FOUND: no such release, or that which it was made from is gone;
 * STATE: it is not newer, or packages of the jail's own would be lost;
 * UNSUPPORTED: another distribution or architecture; CHILD, LIMIT.
 */
IOC_API int ioc_jail_upgrade(struct ioc_jail *j, const char *release,
    ioc_upgrade_fn *fn, void *arg, struct ioc_upgrade *ret,
    struct ioc_error *err);

/*
 * Removes a stopped jail and all its data, its snapshots as well.  With stop it
 * is stopped first.  BUSY names the jails that were cloned from it on ZFS.
 */
IOC_API int ioc_jail_destroy(struct ioc_jail *j, bool stop,
    struct ioc_error *err);

struct ioc_clone_options {
	const char	*name;		/* NULL or "-": one is made up */
	const char	*snapshot;	/* as it was then; NULL: as it is now */
	const struct ioc_change *props;	/* other than in the original */
	size_t		 nprops;
};

/*
 * Makes a new jail of one that is there: its files, configuration and fstab, but
 * with a UUID, a host name and a uid range of its own, and never a template.  On
 * ZFS both share their data, and the original cannot be destroyed before the
 * clone, or before the clone is promoted; in a directory source it is a copy,
 * and without a snapshot the original must be stopped: STATE.  Needs root.  Steps
 * "jail.clone/...".  *ret may be NULL.  EXISTS, NOT_FOUND (snapshot), INVALID
 * (property), LIMIT (no uid range left).
 */
IOC_API int ioc_jail_clone(struct ioc_jail *j,
    const struct ioc_clone_options *o, struct ioc_jail **ret,
    struct ioc_error *err);

/*
 * A clone on ZFS depends on its original; afterwards it is the other way round.
 * Snapshots up to the one that it was cloned from become its own.  Needs root.
 * Step "jail.promote/volume".  STATE: it depends on no other jail.
 */
IOC_API int ioc_jail_promote(struct ioc_jail *j, struct ioc_error *err);

/* Gives a stopped jail another name. */
IOC_API int ioc_jail_rename(struct ioc_jail *j, const char *name,
    struct ioc_error *err);

/* --- running ---------------------------------------------------------------- */

/*
 * Starts it: steps "jail.start/...", undone backwards after a failure.  `props`
 * hold for this run only.  STATE: it runs already.  UNSUPPORTED: the host
 * cannot do what the jail asks for.
 */
IOC_API int ioc_jail_start(struct ioc_jail *j, const struct ioc_change *props,
    size_t nprops, struct ioc_error *err);

/*
 * Stops it: exec_stop in the jail, TERM to what is left, KILL after
 * stop_timeout, then the start steps backwards.  With force: exec_stop is left
 * out, KILL at once, and failures of single steps do not end the rest.
 * STATE: it does not run.
 */
IOC_API int ioc_jail_stop(struct ioc_jail *j, bool force,
    struct ioc_error *err);

/* --- programs in jails ------------------------------------------------------ */

struct ioc_process;

struct ioc_exec_options {
	const char *const *argv;	/* NULL: the user's login shell */
	const char *const *env;		/* "K=V" on top of the clean environment */
	const char	*user;		/* in the jail; NULL: root */
	const char	*dir;		/* in the jail; NULL: "/" */
	bool		 tty;		/* a new pty of the jail */
	uint16_t	 rows, cols;
	int		 fds[3];	/* without tty: stdin, stdout, stderr */
};

/*
 * Runs a program in a running jail.  CHILD with err->sys not 0: the program
 * cannot be executed (ENOENT: not found).  STATE: the jail does not run.
 * Ended by ioc_process_close, which does not end the program.
 */
IOC_API int ioc_jail_exec(struct ioc_jail *j, const struct ioc_exec_options *o,
    struct ioc_process **ret, struct ioc_error *err);

struct ioc_run_options {
	const char	*source;	/* NULL: the main one */
	const char	*release;	/* NULL: the only one there is */
	const struct ioc_change *props;
	size_t		 nprops;
	bool		 keep;		/* it stays, stopped, when its program ends */
	const char	*name;		/* with keep: NULL makes one up */
};

/*
 * Runs a program in an ephemeral jail made for it.  The jail is gone when the
 * program has ended and ioc_process_wait() has returned, also when the calling
 * process is killed.  On a dry run the process has ended already.
 * Errors as ioc_jail_create, _start and _exec.
 */
IOC_API int ioc_run(struct ioc_host *h, const struct ioc_run_options *r,
    const struct ioc_exec_options *o, struct ioc_process **ret,
    struct ioc_error *err);

/*
 * The name of the jail that ioc_run() keeps, NULL when it keeps none.  It is
 * there once ioc_process_wait() has returned 0.
 */
IOC_API const char *ioc_process_kept(const struct ioc_process *p);
/*
 * A descriptor that becomes readable when the program has ended; it belongs to
 * the process.
 */
IOC_API int ioc_process_fd(const struct ioc_process *p);
/* The master side of its pty, -1 without tty; it belongs to the process. */
IOC_API int ioc_process_pty(const struct ioc_process *p);
IOC_API int ioc_process_signal(struct ioc_process *p, int sig,
    struct ioc_error *err);
/*
 * Waits for its end; *status is its exit status, 128 + N after signal N.
 * timeout_ms -1: for ever.
 */
IOC_API int ioc_process_wait(struct ioc_process *p, int timeout_ms,
    int *status, struct ioc_error *err);
IOC_API void ioc_process_close(struct ioc_process *p);

#ifdef __cplusplus
}
#endif

#endif /* IOC_JAIL_H */
