/* SPDX-License-Identifier: BSD-2-Clause */
/* The host: opening it, its sources, recovery. */
#ifndef IOC_HOST_H
#define IOC_HOST_H

#include "ioc/base.h"
#include "ioc/event.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ioc_host;

struct ioc_host_options {
	const char	*config;	/* ioc.conf; NULL: the system's */
	/* "NAME=DATASET", "NAME=/DIR" or "NAME" of one in ioc.conf: these
	   sources instead of the configured ones; NULL-terminated, or NULL */
	const char *const *sources;
	const char	*helper_dir;	/* NULL: beside the library */
	ioc_event_fn	*event;		/* or NULL */
	void		*event_arg;
	bool		 dry_run;	/* tell the steps, change nothing */
	bool		 no_recover;	/* leave what dead processes left */
};

/*
 * Opens the host: reads ioc.conf, opens the sources, makes the run directory
 * (as root) and finishes or undoes what processes that died have left, unless
 * told otherwise.  Options may be NULL.  Ended by ioc_host_close; jails and
 * releases must be closed before it.
 * FORMAT: ioc.conf is damaged.
 */
IOC_API int ioc_host_open(const struct ioc_host_options *o,
    struct ioc_host **ret, struct ioc_error *err);
IOC_API void ioc_host_close(struct ioc_host *h);

/* Replaces the event callback. */
IOC_API void ioc_host_set_event(struct ioc_host *h, ioc_event_fn *fn,
    void *arg);

/* A source: a tree of releases and jails on one store. */
struct ioc_source_info {
	const char	*name;
	const char	*store;		/* "dir", "zfs" */
	const char	*where;		/* path or dataset */
};

/* The number of sources, and the i-th of them; the first is the main one. */
IOC_API size_t ioc_host_sources(const struct ioc_host *h);
IOC_API int ioc_host_source(const struct ioc_host *h, size_t i,
    struct ioc_source_info *ret, struct ioc_error *err);

/*
 * Makes a directory a source: creates the layout in it (the directory itself as
 * well) and writes `ioc_dir_NAME` to ioc.conf.  Needs root.  Doing it again is
 * success.  INVALID: bad name or a path that is not absolute; EXISTS: the name
 * is that of another source; STATE: the directory is not empty and not ours.
 */
IOC_API int ioc_activate_dir(const char *config, const char *path,
    const char *name, struct ioc_error *err);

/*
 * Makes a dataset of ZFS a source: "POOL" stands for POOL/iocage, where libioc
 * and iocage have it, "POOL/PATH" for that dataset.  What is missing of it is
 * created, mounted at `mountpoint` (NULL: /iocage, or where it is), the pool is
 * marked by the property org.freebsd.ioc:active, and `ioc_dataset_NAME` written
 * to ioc.conf.  What is there already is not changed.  Needs root.  NOT_FOUND:
 * no such pool; STATE: it cannot be used as it is; UNSUPPORTED: no ZFS; INVALID
 * and EXISTS as above.
 */
IOC_API int ioc_activate_pool(const char *config, const char *pool,
    const char *name, const char *mountpoint, struct ioc_error *err);

/*
 * Removes a source, by its name, its place or its pool, from ioc.conf, and the
 * mark of its pool; never deletes anything else.
 */
IOC_API int ioc_deactivate(const char *config, const char *where,
    struct ioc_error *err);

/*
 * Finishes or undoes what processes that died have left; *n (may be NULL) is
 * the number of things that were done.  Happens at every open, too.
 */
IOC_API int ioc_host_recover(struct ioc_host *h, unsigned *n,
    struct ioc_error *err);

/* The distribution that fetch uses by default ("debian"). */
IOC_API const char *ioc_host_distribution(const struct ioc_host *h);

/* A pool of ZFS. */
struct ioc_pool_info {
	const char	*name;
	const char	*health;	/* "ONLINE", as zpool(8) says it */
	const char	*source;	/* the first of this host in it, or NULL */
	const char	*where;		/* its dataset, or NULL */
};

struct ioc_pool_list;

/*
 * The pools of this host, as zpool(8) lists them.  UNSUPPORTED: no ZFS.  Ended by
 * ioc_pool_list_free.
 */
IOC_API int ioc_pool_list(struct ioc_host *h, struct ioc_pool_list **ret,
    struct ioc_error *err);
IOC_API size_t ioc_pool_count(const struct ioc_pool_list *l);
IOC_API const struct ioc_pool_info *ioc_pool_at(
    const struct ioc_pool_list *l, size_t i);
IOC_API void ioc_pool_list_free(struct ioc_pool_list *l);

/* One feature of the host as doctor shows it. */
struct ioc_feature {
	const char	*name;
	bool		 available;
	char		 why[256];	/* what is missing, when not */
};
IOC_API size_t ioc_host_features(struct ioc_host *h, struct ioc_feature *ret,
    size_t max);

#ifdef __cplusplus
}
#endif

#endif /* IOC_HOST_H */
