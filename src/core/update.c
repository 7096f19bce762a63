/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Updating a release in two stages: fetched and verified on the host, applied
 * in a temporary jail to a copy, which becomes the next patch level.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/create.h"
#include "core/event.h"
#include "core/kept.h"
#include "core/level.h"
#include "core/obtain.h"
#include "core/release.h"
#include "core/step.h"
#include "safe/path.h"
#include "safe/tree.h"

struct update {
	struct ioc_host	*host;
	const char	*name;
	const struct ioc_dist *dist;
	unsigned	 from;
	unsigned	 to;		/* number of the next level */
	unsigned	 applied;
	bool		 fetch_only;
	ioc_update_fn	*fn;		/* of a list, with its argument */
	void		*arg;
	char		*old_vol;	/* "releases/R/pN" */
	char		*updates_path;
	int		 place_fd;	/* of the release */
	int		 updates_fd;
	int		 scratch_fd;
	char		 version[64];	/* of the old level, "" when not known */
	struct ioc_build build;		/* journal and the staged copy */
	struct ioc_level old;
	struct ioc_level level;		/* the copy */
};

static int
journal(void *ctx, struct ioc_error *err)
{
	struct update *u = ctx;

	return (ioc_build_journal(&u->build, err));
}

static int
unjournal(void *ctx, struct ioc_error *err)
{
	struct update *u = ctx;

	return (ioc_build_unjournal(&u->build, err));
}

/* What the root itself says that it is; "" when it does not. */
static void
ask_version(struct update *u)
{
	if (u->dist->version == NULL || u->dist->version(u->old.root_fd,
	    u->version, NULL) != 0)
		u->version[0] = '\0';
	u->old.job.current = u->version[0] != '\0' ? u->version : NULL;
}

static struct ioc_kept
kept(const struct update *u)
{
	return ((struct ioc_kept){ .place_fd = u->place_fd,
	    .helper_dir = u->host->helper_dir, .level = u->from,
	    .updates_fd = u->updates_fd });
}

/* What was fetched before, and not applied, needs no network. */
static int
obtain_kept(struct update *u, struct ioc_error *err)
{
	struct ioc_kept k = kept(u);
	struct ioc_error e = { .code = 0 };
	int r;

	if (u->fetch_only)
		return (IOC_NOT_FOUND);
	r = ioc_kept_get(&k, &u->applied, u->old.job.provenance, &e);
	if (r != 0)
		ioc_error_copy(err, &e);
	return (r);
}

/* Stage one: the host's own updater, into a directory of its own. */
static int
obtain(void *ctx, struct ioc_error *err)
{
	struct update *u = ctx;
	struct ioc_source *s = u->build.source;
	auto_free char *dir = NULL;
	int r;

	if (asprintf(&dir, "%s/updates", u->build.staging) < 0)
		return (ioc_fail_nomem(err));
	if (asprintf(&u->updates_path, "%s/%s", s->store->path,
	    dir) < 0) {
		u->updates_path = NULL;
		return (ioc_fail_nomem(err));
	}
	r = s->store->ops->place(s->store, u->build.staging, err);
	if (r != 0)
		return (r);
	u->updates_fd = ioc_path_mkdirs(s->store->root, dir, 0700, 0, 0,
	    IOC_PATH_NOLINKS, err);
	if (u->updates_fd < 0)
		return (u->updates_fd);
	r = ioc_level_open(&u->old, s, u->old_vol, err);
	if (r != 0)
		return (r);
	u->old.job.updates_fd = u->updates_fd;
	u->old.job.updates_path = u->updates_path;
	u->old.event = "release.update/obtain";
	ask_version(u);
	r = obtain_kept(u, err);
	return (r != IOC_NOT_FOUND ? r : ioc_obtain(&u->build, &u->old,
	    &u->applied, err));
}

/* Everything lies in the staging container. */
static int
unobtain(void *ctx, struct ioc_error *err)
{
	struct update *u = ctx;

	ioc_level_close(&u->old);
	ioc_level_close(&u->level);
	ioc_fd_close(&u->updates_fd);
	ioc_fd_close(&u->scratch_fd);
	return (ioc_build_unvolume(&u->build, err));
}

/* Only fetched: kept until they are applied. */
static int
keep(void *ctx, struct ioc_error *err)
{
	struct update *u = ctx;
	struct ioc_kept k = kept(u);

	return (u->applied == 0 ? ioc_kept_drop(u->place_fd, err) :
	    ioc_kept_put(&k, u->applied, u->old.job.provenance, err));
}

static int
copy_progress(uint64_t done, uint64_t total, void *arg)
{
	struct update *u = arg;

	return (ioc_emit_progress(u->host, "release.update/copy", u->name,
	    done, total, true, NULL));
}

static int
copy(void *ctx, struct ioc_error *err)
{
	struct update *u = ctx;
	struct ioc_store *s = u->build.source->store;
	auto_free char *vol = NULL;
	int r;

	if (u->applied == 0)
		return (0);
	if (asprintf(&vol, "%s/p%u", u->build.staging, u->to) < 0)
		return (ioc_fail_nomem(err));
	r = s->ops->clone(s, u->old_vol, vol, IOC_CLONE_THICK, 0,
	    copy_progress, u, err);
	if (r == 0)
		r = ioc_level_open(&u->level, u->build.source, vol, err);
	if (r != 0)
		return (r);
	u->level.job.updates_fd = u->updates_fd;
	u->level.job.updates_path = u->updates_path;
	return (json_object_update(u->level.job.provenance,
	    u->old.job.provenance) == 0 ? 0 : ioc_fail_nomem(err));
}

/* What stage two may write to, beside the copy. */
static int
make_scratch(struct update *u, struct ioc_error *err)
{
	auto_free char *dir = NULL;

	if (u->dist->update_scratch == NULL)
		return (0);
	if (asprintf(&dir, "%s/scratch", u->build.staging) < 0) {
		dir = NULL;
		return (ioc_fail_nomem(err));
	}
	u->scratch_fd = ioc_path_mkdirs(u->build.source->store->root, dir,
	    0700, 0, 0, IOC_PATH_NOLINKS, err);
	if (u->scratch_fd < 0)
		return (u->scratch_fd);
	u->level.job.scratch_fd = u->scratch_fd;
	return (u->dist->update_scratch(&u->level.job, err));
}

/* Stage two: in a temporary jail without network. */
static int
apply(void *ctx, struct ioc_error *err)
{
	struct update *u = ctx;
	const char *const *argv, *const *env;
	int r;

	if (u->applied == 0)
		return (0);
	r = make_scratch(u, err);
	if (r != 0)
		return (r);
	ioc_dist_update_command(u->dist, &u->level.job, &argv, &env);
	return (ioc_level_run(&u->level, &u->build, "release.update/apply",
	    argv, env, true, err));
}

static int
unapply(void *ctx, struct ioc_error *err)
{
	struct update *u = ctx;

	return (ioc_build_unids(&u->build, err));
}

static int
check(void *ctx, struct ioc_error *err)
{
	struct update *u = ctx;
	int r;

	if (u->applied == 0)
		return (0);
	r = ioc_level_unplace(u->level.job.root_fd, err);
	if (r == 0 && u->dist->clean != NULL)
		r = u->dist->clean(&u->level.job, err);
	if (r == 0 && u->dist->update_check != NULL)
		r = u->dist->update_check(&u->level.job, err);
	if (r == 0)
		r = ioc_level_take_record(&u->level, err);
	if (r == 0)
		r = ioc_level_record(&u->level, u->applied, err);
	return (r == 0 ? ioc_level_sync(&u->level, err) : r);
}

static int
commit(void *ctx, struct ioc_error *err)
{
	struct update *u = ctx;
	struct ioc_store *s = u->build.source->store;
	auto_free char *from = NULL, *to = NULL;

	if (u->applied == 0)
		return (0);
	ioc_level_close(&u->level);
	if (asprintf(&from, "%s/p%u", u->build.staging, u->to) < 0 ||
	    asprintf(&to, "releases/%s/p%u", u->name, u->to) < 0)
		return (ioc_fail_nomem(err));
	return (s->ops->rename(s, from, to, err));
}

static const struct ioc_step table[] = {
	{ "journal", journal, unjournal },
	{ "obtain", obtain, unobtain },
	{ "copy", copy, NULL },		/* the copy lies in staging, too */
	{ "apply", apply, unapply },
	{ "check", check, NULL },
	{ "commit", commit, NULL },
};

static const struct ioc_steps update_steps =
    IOC_STEPS("release.update", table);

/* Only stage one, for --fetch-only. */
static const struct ioc_step obtain_table[] = {
	{ "journal", journal, unjournal },
	{ "obtain", obtain, unobtain },
	{ "keep", keep, NULL },		/* half of it is nothing */
};

static const struct ioc_steps obtain_steps =
    IOC_STEPS("release.update", obtain_table);

static int
list(void *ctx, struct ioc_error *err)
{
	struct update *u = ctx;

	return (u->applied == 0 ? 0 : ioc_obtain_tell(&u->old, u->fn, u->arg,
	    err));
}

/* The same, told instead of kept. */
static const struct ioc_step list_table[] = {
	{ "journal", journal, unjournal },
	{ "obtain", obtain, unobtain },
	{ "list", list, NULL },
};

static const struct ioc_steps list_steps =
    IOC_STEPS("release.update", list_table);

static void
update_fini(struct update *u)
{
	ioc_level_close(&u->old);
	ioc_level_close(&u->level);
	ioc_fd_close(&u->place_fd);
	ioc_fd_close(&u->updates_fd);
	ioc_fd_close(&u->scratch_fd);
	ioc_build_fini(&u->build);
	free(u->old_vol);
	free(u->updates_path);
}

static int
judge(struct update *u, const char *name, struct ioc_error *err)
{
	int r;

	r = ioc_host_need_root(u->host, "update", err);
	if (r == 0)
		r = ioc_release_find(u->host, NULL, name, &u->build.source,
		    &u->from, err);
	if (r != 0)
		return (r);
	u->name = strchr(name, '/') != NULL ? strchr(name, '/') + 1 : name;
	u->build.name = u->name;
	r = ioc_release_dist(u->build.source, u->name, &u->dist, err);
	if (r == 0 && !ioc_dist_has_updates(u->dist))
		r = ioc_fail(err, IOC_UNSUPPORTED,
		    "releases of %s cannot be updated", u->dist->name);
	return (r);
}

/* What is left when all is done: the downloads. */
static int
finish(struct update *u, struct ioc_error *err)
{
	int r = u->fetch_only || u->fn != NULL ? 0 :
	    ioc_kept_drop(u->place_fd, err);

	if (r == 0)
		r = unobtain(u, err);
	if (r == 0)
		ioc_journal_end(take_ptr(u->build.journal));
	return (r);
}

int
ioc_release_plan_update(struct ioc_host *h, const char *name,
    struct ioc_error *err)
{
	return (ioc_steps_run(&update_steps, h, name, NULL, err));
}

/* Nobody else changes it from here on: which level is to become which. */
static int
hold(struct update *u, struct ioc_lock **lock, struct ioc_error *err)
{
	struct ioc_source *s = u->build.source;
	auto_free char *vol = NULL;
	int r;

	if (asprintf(&vol, "releases/%s", u->name) < 0) {
		vol = NULL;
		return (ioc_fail_nomem(err));
	}
	r = ioc_release_lock(s, vol, IOC_LOCK_EXCLUSIVE, "update", lock, err);
	if (r == 0)
		r = u->place_fd = ioc_path_dir(s->store->root, vol,
		    IOC_PATH_NOLINKS, err);
	if (r > 0)
		r = 0;
	if (r == 0)
		r = ioc_release_level(s, u->name, &u->from, err);
	if (r == 0)
		r = ioc_release_next(s, u->name, u->from, &u->to, err);
	if (r == 0 && asprintf(&u->old_vol, "releases/%s/p%u", u->name,
	    u->from) < 0) {
		u->old_vol = NULL;
		r = ioc_fail_nomem(err);
	}
	return (r);
}

/* Judged, locked, and done by these steps. */
static int
run(struct update *u, const struct ioc_steps *steps, const char *name,
    struct ioc_error *err)
{
	struct ioc_fetch_options o = { .release = NULL };
	auto_lock struct ioc_lock *lock = NULL;
	struct ioc_host *h = u->host;
	int r = judge(u, name, err);

	if (r == 0)
		r = hold(u, &lock, err);
	if (r == 0) {
		o.release = u->name;
		ioc_level_job(&u->old, h, u->dist, &o);
		ioc_level_job(&u->level, h, u->dist, &o);
		r = ioc_steps_run(steps, h, u->name, u, err);
	}
	if (r == 0 && !h->dry_run)
		r = finish(u, err);
	return (ioc_wrap(err, r, "update %s", IOC_SHOW(name)));
}

#define	UPDATE(h)							\
	{								\
		.host = (h), .place_fd = -1, .updates_fd = -1,		\
		.scratch_fd = -1,					\
		.old = IOC_LEVEL, .level = IOC_LEVEL,			\
		.build = { .host = (h), .op = "update" },		\
	}

int
ioc_release_update(struct ioc_host *h, const char *name, bool fetch_only,
    unsigned *from, unsigned *to, struct ioc_error *err)
{
	IOC_AUTO(update_fini) struct update u = UPDATE(h);
	int r;

	u.fetch_only = fetch_only;
	r = run(&u, fetch_only ? &obtain_steps : &update_steps, name, err);
	if (r != 0)
		return (r);
	if (from != NULL)
		*from = u.from;
	if (to != NULL)
		*to = u.applied != 0 ? u.to : u.from;
	return (0);
}

int
ioc_release_update_list(struct ioc_host *h, const char *name,
    ioc_update_fn *fn, void *arg, struct ioc_error *err)
{
	IOC_AUTO(update_fini) struct update u = UPDATE(h);
	bool dry = h->dry_run;
	int r;

	u.fn = fn;
	u.arg = arg;
	/* It leaves nothing, but it is no dry run. */
	h->dry_run = false;
	r = run(&u, &list_steps, name, err);
	h->dry_run = dry;
	return (r);
}
