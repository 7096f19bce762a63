/* SPDX-License-Identifier: BSD-2-Clause */
/* The host as core sees it: configuration, sources, run directory, system. */
#ifndef CORE_HOST_H
#define CORE_HOST_H

#include "base/cleanup.h"
#include "base/vec.h"
#include "conf/file.h"
#include "conf/hostconf.h"
#include "ioc/host.h"
#include "os/os.h"
#include "safe/lock.h"
#include "store/store.h"

struct ioc_source {
	struct ioc_host	*host;
	char		 name[32];
	char		*where;
	const struct ioc_store_ops *ops;
	struct ioc_store *store;	/* NULL until opened */
	struct ioc_error error;		/* why it could not be opened */
	struct ioc_conf	*defaults;	/* defaults.json; NULL until loaded */
};

struct ioc_host {
	char		*config;	/* path of ioc.conf */
	struct ioc_hostconf *conf;
	char		*helper_dir;
	int		 run_fd;	/* run directory, -1 when there is none */
	int		 lock_fd;	/* "lock" in it, -1 likewise */
	struct ioc_os	*os;
	IOC_VEC(struct ioc_source) sources;
	ioc_event_fn	*event;
	void		*event_arg;
	bool		 dry_run;
	bool		 root;		/* effective uid 0 */
};

/*
 * Makes and opens the run directory and "lock" in it; without root both may be
 * missing (-1).
 */
int	ioc_run_dir_open(const struct ioc_hostconf *conf, bool root,
	    int *run_fd, int *lock_fd, struct ioc_error *err);

/*
 * A source by name, NULL for the main one, opened.  NOT_FOUND, or the reason why
 * it cannot be opened; STATE when there is none at all.
 */
int	ioc_host_find_source(struct ioc_host *h, const char *name,
	    struct ioc_source **ret, struct ioc_error *err);
int	ioc_source_open(struct ioc_source *s, struct ioc_error *err);

/* defaults.json of a source, empty when there is none. */
int	ioc_source_defaults(struct ioc_source *s, struct ioc_conf **ret,
	    struct ioc_error *err);
/* The same, read anew, in whatever form they are there; NOT_FOUND. */
int	ioc_source_load_defaults(struct ioc_source *s, struct ioc_conf **ret,
	    struct ioc_error *err);

/* "[source/]name" of a thing, split; the name is judged by `kind`. */
int	ioc_host_split_name(struct ioc_host *h, const char *text, int kind,
	    struct ioc_source **source, const char **name,
	    struct ioc_error *err);

/* PERMISSION "needs root" unless the caller is. */
int	ioc_host_need_root(const struct ioc_host *h, const char *what,
	    struct ioc_error *err);

/*
 * The lock of a thing: kind "jail" or "release", of a source, waiting a few
 * seconds for its holder.  On a dry run *ret is NULL.
 */
int	ioc_host_lock(struct ioc_host *h, const char *kind, const char *name,
	    enum ioc_lock_mode mode, const char *verb, int timeout_ms,
	    struct ioc_lock **ret, struct ioc_error *err);

static inline void
ioc_lock_autop(struct ioc_lock **l)
{
	if (*l != NULL)
		ioc_lock_release(*l, true);
}

#define	auto_lock	IOC_AUTO(ioc_lock_autop)
#define	IOC_LOCK_WAIT	(10 * 1000)

/* "name-" and 16 random hex digits: a staging name nobody else has. */
int	ioc_host_token(const char *prefix, char **ret, struct ioc_error *err);

#endif /* CORE_HOST_H */
