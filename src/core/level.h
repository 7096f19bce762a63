/* SPDX-License-Identifier: BSD-2-Clause */
/* One patch level of a release while it is being built. */
#ifndef CORE_LEVEL_H
#define CORE_LEVEL_H

#include "core/create.h"
#include "core/release.h"

struct ioc_level {
	struct ioc_host	*host;
	struct ioc_source *source;
	const struct ioc_dist *dist;
	struct ioc_dist_job job;	/* with descriptors of this level */
	char		*vol;
	char		*root_path;
	int		 cache_fd;
	int		 root_fd;
	const char	*event;		/* "release.fetch/obtain" */
};

#define	IOC_LEVEL	{ .cache_fd = -1, .root_fd = -1,		\
	    .job = { .cache_fd = -1, .root_fd = -1, .updates_fd = -1,	\
	    .record_fd = -1, .pins_fd = -1, .scratch_fd = -1 } }

/* What was unpacked, beside the root of a level. */
#define	IOC_LEVEL_RECORD	"root.mtree"

/* What is known before anything is opened: options, mirror, CA. */
void	ioc_level_job(struct ioc_level *l, struct ioc_host *h,
	    const struct ioc_dist *d, const struct ioc_fetch_options *o);

/* Opens root and cache of a volume. */
int	ioc_level_open(struct ioc_level *l, struct ioc_source *s,
	    const char *vol, struct ioc_error *err);
void	ioc_level_close(struct ioc_level *l);

/*
 * Runs a command in a temporary jail on it, with a uid range of its own that is
 * claimed for `b`: ioc_build_unids undoes it.  With `updates` the job's updates
 * are mounted read-only.
 */
int	ioc_level_run(struct ioc_level *l, struct ioc_build *b,
	    const char *event, const char *const *argv,
	    const char *const *env, bool updates, struct ioc_error *err);

/* The same with the uid range that `b` has, if any. */
int	ioc_level_jail(struct ioc_level *l, const struct ioc_build *b,
	    const char *event, const char *const *argv,
	    const char *const *env, bool updates, struct ioc_error *err);

/*
 * The record of the tree as it now is, in place of an earlier one: for a root
 * on which programs have worked since it was unpacked, or that was unpacked
 * without one.  Nothing may run in it any more.
 */
int	ioc_level_take_record(struct ioc_level *l, struct ioc_error *err);

/* Removes the places in a root where updates and scratch space were mounted. */
int	ioc_level_unplace(int root, struct ioc_error *err);

/* level.json: version and number of updates applied. */
int	ioc_level_record(struct ioc_level *l, unsigned applied,
	    struct ioc_error *err);

/* Everything on disk before it gets its name. */
int	ioc_level_sync(struct ioc_level *l, struct ioc_error *err);

/* BUSY naming a basejail whose directories come from that level. */
int	ioc_level_unused(struct ioc_source *s, const char *name,
	    unsigned level, struct ioc_error *err);

/* BUSY naming a jail that was made from the release. */
int	ioc_release_unused(struct ioc_source *s, const char *name,
	    struct ioc_error *err);

#endif /* CORE_LEVEL_H */
