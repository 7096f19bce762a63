/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Releases as core sees them: "releases/NAME" with release.json, and a volume
 * "pN" for each patch level with level.json.
 */
#ifndef CORE_RELEASE_H
#define CORE_RELEASE_H

#include "base/json.h"
#include "conf/file.h"
#include "core/host.h"
#include "dist/dist.h"
#include "ioc/release.h"

IOC_DEFINE_AUTO(struct ioc_release_list, ioc_release_list_free);

/* "[source/]name": its source and newest patch level.  NOT_FOUND. */
int	ioc_release_find(struct ioc_host *h, const char *source,
	    const char *name, struct ioc_source **ret, unsigned *level,
	    struct ioc_error *err);

/* The newest patch level of a release in a source; NOT_FOUND when none. */
int	ioc_release_level(struct ioc_source *s, const char *name,
	    unsigned *level, struct ioc_error *err);

/* release.json of a release. */
int	ioc_release_load(struct ioc_source *s, const char *name,
	    json_t **ret, struct ioc_error *err);

/* The distribution that release.json names. */
int	ioc_release_dist(struct ioc_source *s, const char *name,
	    const struct ioc_dist **ret, struct ioc_error *err);

/* UNSUPPORTED when jails of that distribution cannot run on this host. */
int	ioc_release_runs_here(const struct ioc_host *h,
	    const struct ioc_dist *d, struct ioc_error *err);

/* The same for the release of a volume "releases/R/pN". */
int	ioc_release_volume_runs_here(struct ioc_source *s, const char *vol,
	    struct ioc_error *err);

/* Writes what a new jail must know of its origin "releases/R/pN" to its conf. */
int	ioc_release_describe(struct ioc_source *s, const char *origin,
	    struct ioc_conf *conf, struct ioc_error *err);

/* The lock of a release, named by "releases/R[/pN]". */
int	ioc_release_lock(struct ioc_source *s, const char *vol,
	    enum ioc_lock_mode mode, const char *verb, struct ioc_lock **ret,
	    struct ioc_error *err);

/* Writes a JSON object atomically, mode 0600. */
int	ioc_release_write_json(int dirfd, const char *file, const json_t *j,
	    struct ioc_error *err);

/* Mirror, CA file, proxy, manifests and helpers of the host, into a job. */
void	ioc_release_job(struct ioc_host *h, const struct ioc_dist *d,
	    struct ioc_dist_job *job);

/*
 * The number of the next patch level, behind `now`.  One that was used is never
 * used again, also when its level is gone.
 */
int	ioc_release_next(struct ioc_source *s, const char *name, unsigned now,
	    unsigned *ret, struct ioc_error *err);

/* "pN" -> N, -1 for anything else. */
int	ioc_release_level_of(const char *name);

/* On a dry run: tells the steps of an update of a release that is not there. */
int	ioc_release_plan_update(struct ioc_host *h, const char *name,
	    struct ioc_error *err);

#endif /* CORE_RELEASE_H */
