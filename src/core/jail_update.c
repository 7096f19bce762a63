/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Updating a jail that owns its root: stage one as for a release, stage two on
 * a clone of the jail beside it, which then takes the place of its root
 * (core/switch.h).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/str.h"
#include "core/arch.h"
#include "core/create.h"
#include "core/jail_move.h"
#include "core/level.h"
#include "core/obtain.h"
#include "core/release.h"
#include "core/snapshot.h"
#include "core/step.h"
#include "core/switch.h"
#include "safe/path.h"

struct jail_update {
	struct ioc_switch sw;
	const struct ioc_dist *dist;
	struct ioc_level from;		/* what stage one looks at */
	struct ioc_level to;		/* the clone */
	struct ioc_os_root root;	/* of the jail, or of the clone */
	char		*release;
	char		 version[64];
	int		 updates_fd;
	int		 scratch_fd;
	unsigned	 applied;
	ioc_update_fn	*fn;		/* of a list, with its argument */
	void		*arg;
};

/* --- stage one ---------------------------------------------------------------------- */

static int
journal(void *ctx, struct ioc_error *err)
{
	struct jail_update *u = ctx;

	return (ioc_switch_journal(&u->sw, err));
}

static int
unjournal(void *ctx, struct ioc_error *err)
{
	struct jail_update *u = ctx;

	return (ioc_build_unjournal(&u->sw.build, err));
}

static int
make_place(struct jail_update *u, const char *name, int *ret,
    struct ioc_error *err)
{
	*ret = ioc_switch_place(&u->sw, name, err);
	return (*ret < 0 ? *ret : 0);
}

/* Of an overlay the layer that has what stage one reads. */
static int
pick_layer(const struct jail_update *u)
{
	const char *state = u->dist->state;
	struct stat st;

	if (u->root.kind != IOC_ROOT_OVERLAY)
		return (u->root.root);
	return (state != NULL && ioc_path_stat(u->root.upper, state,
	    IOC_PATH_NOLINKS, &st, NULL) == 0 ? u->root.upper : u->root.lower);
}

/*
 * What stage one looks at: where the host's updater goes through a root by its
 * paths, the release as it was recorded, never the jail.
 */
static int
open_from(struct jail_update *u, struct ioc_error *err)
{
	struct ioc_store *s = u->sw.build.source->store;
	auto_free char *vol = NULL;
	int64_t level;
	int r;

	r = s->ops->root(s, u->sw.jail->vol, &u->root, err);
	if (r != 0)
		return (r);
	if (u->dist->update_prepare == NULL) {
		u->from.job.root_fd = pick_layer(u);
		u->from.job.provenance = json_object();
		return (u->from.job.provenance != NULL ? 0 :
		    ioc_fail_nomem(err));
	}
	if (u->root.kind != IOC_ROOT_DIR)
		return (ioc_fail(err, IOC_UNSUPPORTED, "it shares the "
		    "directories of its release: only a basejail moves to "
		    "another level, and only a thick jail has its own"));
	r = ioc_jail_value_int(u->sw.jail, "patch_level", &level, err);
	if (r == 0 && asprintf(&vol, "releases/%s/p%" PRId64, u->release,
	    level) < 0) {
		vol = NULL;
		r = ioc_fail_nomem(err);
	}
	if (r == 0)
		r = ioc_level_open(&u->from, u->sw.build.source, vol, err);
	if (r == 0 && u->dist->version != NULL && u->dist->version(
	    u->from.root_fd, u->version, NULL) == 0)
		u->from.job.current = u->version;
	return (ioc_wrap(err, r, "the release that it was made from"));
}

static int
obtain(void *ctx, struct ioc_error *err)
{
	struct jail_update *u = ctx;
	struct ioc_store *s = u->sw.build.source->store;
	int r;

	r = s->ops->place(s, u->sw.build.staging, err);
	if (r == 0)
		r = make_place(u, "updates", &u->updates_fd, err);
	if (r == 0)
		r = open_from(u, err);
	if (r != 0)
		return (r);
	u->from.job.updates_fd = u->updates_fd;
	if (asprintf(&u->to.root_path, "%s/%s/updates", s->path,
	    u->sw.build.staging) < 0) {
		u->to.root_path = NULL;
		return (ioc_fail_nomem(err));
	}
	u->from.job.updates_path = u->to.root_path;
	u->from.event = "jail.update/obtain";
	return (ioc_obtain(&u->sw.build, &u->from, &u->applied, err));
}

static void
close_all(struct jail_update *u)
{
	/* Of the jail's own root it is borrowed. */
	ioc_level_close(&u->from);
	ioc_level_close(&u->to);
	ioc_store_root_fini(&u->root);
	u->root = (struct ioc_os_root)IOC_OS_ROOT;
	ioc_fd_close(&u->updates_fd);
	ioc_fd_close(&u->scratch_fd);
}

static int
unobtain(void *ctx, struct ioc_error *err)
{
	struct jail_update *u = ctx;

	close_all(u);
	return (ioc_build_unvolume(&u->sw.build, err));
}

/* --- stage two ------------------------------------------------------------------------ */

static int
copy(void *ctx, struct ioc_error *err)
{
	struct jail_update *u = ctx;
	struct ioc_store *s = u->sw.build.source->store;
	int r;

	if (u->applied == 0)
		return (0);
	r = ioc_switch_clone(&u->sw, err);
	ioc_store_root_fini(&u->root);
	u->root = (struct ioc_os_root)IOC_OS_ROOT;
	if (u->from.root_fd < 0)
		u->from.job.root_fd = -1;
	return (r == 0 ? s->ops->root(s, u->sw.staged, &u->root, err) : r);
}

/* Before its snapshot goes; what was obtained lies there, too. */
static int
uncopy(void *ctx, struct ioc_error *err)
{
	return (unobtain(ctx, err));
}

static int
apply(void *ctx, struct ioc_error *err)
{
	struct jail_update *u = ctx;
	struct ioc_level *l = &u->to;
	int r = 0;

	if (u->applied == 0)
		return (0);
	l->source = u->sw.build.source;
	l->vol = strdup(u->sw.staged);
	l->job.provenance = json_object();
	if (l->vol == NULL || l->job.provenance == NULL)
		return (ioc_fail_nomem(err));
	l->job.root_fd = u->root.kind == IOC_ROOT_OVERLAY ? u->root.upper :
	    u->root.root;
	l->job.updates_fd = u->updates_fd;
	l->job.foreign = true;
	if (u->dist->update_scratch != NULL) {
		r = make_place(u, "scratch", &u->scratch_fd, err);
		l->job.scratch_fd = u->scratch_fd;
		if (r == 0)
			r = u->dist->update_scratch(&l->job, err);
	}
	return (r == 0 ? ioc_level_jail(l, &u->sw.build, "jail.update/apply",
	    u->dist->update_argv, u->dist->update_env, true, err) : r);
}

/* Where the updates were mounted. */
static int
unplace(int root, struct ioc_error *err)
{
	static const char *const dirs[] = { IOC_DIST_UPDATES,
		IOC_DIST_SCRATCH, NULL };

	for (const char *const *d = dirs; *d != NULL; d++) {
		struct ioc_error e;
		int r = ioc_path_rmdir(root, *d, IOC_PATH_NOLINKS, &e);

		if (r != 0 && r != IOC_NOT_FOUND) {
			ioc_error_copy(err, &e);
			return (ioc_wrap(err, r, "remove %s", *d));
		}
	}
	return (0);
}

static int
check(void *ctx, struct ioc_error *err)
{
	struct jail_update *u = ctx;
	int r;

	if (u->applied == 0)
		return (0);
	r = unplace(u->to.job.root_fd, err);
	if (r == 0 && u->dist->update_check != NULL)
		r = u->dist->update_check(&u->to.job, err);
	if (r == 0 && ioc_sync_filesystem(u->to.job.root_fd) != 0)
		r = ioc_fail_errno(err, "sync");
	return (r);
}

/* --- the switch -------------------------------------------------------------------------- */

static int
snapshot(void *ctx, struct ioc_error *err)
{
	struct jail_update *u = ctx;

	return (u->applied == 0 ? 0 : ioc_switch_snapshot(&u->sw, err));
}

static int
unsnapshot(void *ctx, struct ioc_error *err)
{
	struct jail_update *u = ctx;

	return (u->applied == 0 ? 0 : ioc_switch_unsnapshot(&u->sw, err));
}

static int
exchange(void *ctx, struct ioc_error *err)
{
	struct jail_update *u = ctx;

	if (u->applied == 0)
		return (0);
	close_all(u);
	return (ioc_switch_exchange(&u->sw, err));
}

static const struct ioc_step table[] = {
	{ "journal", journal, unjournal },
	{ "obtain", obtain, unobtain },
	/* Before the copy: of ZFS the copy takes along what is older only. */
	{ "snapshot", snapshot, unsnapshot },
	{ "copy", copy, uncopy },
	{ "apply", apply, NULL },
	{ "check", check, NULL },
};

static const struct ioc_steps steps = IOC_STEPS("jail.update", table);

/* A table of its own: what fails here is finished, not undone. */
static const struct ioc_step switch_table[] = {
	{ "switch", exchange, NULL },
};

static const struct ioc_steps switch_steps =
    IOC_STEPS("jail.update", switch_table);

/* --- judging ------------------------------------------------------------------------------- */

static int
judge(struct jail_update *u, struct ioc_error *err)
{
	struct ioc_jail *j = u->sw.jail;
	const char *dist, *release;
	int r;

	r = ioc_jail_value(j, "distribution", &dist, err);
	if (r == 0)
		r = ioc_jail_value(j, "release", &release, err);
	if (r != 0)
		return (r);
	u->dist = ioc_str_is_none(dist) ? NULL : ioc_dist_find(dist);
	if (u->dist == NULL || !ioc_dist_has_updates(u->dist))
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "what is of distribution \"%s\" cannot be updated",
		    IOC_SHOW(dist)));
	if (strchr(release, '/') != NULL)
		release = strchr(release, '/') + 1;
	u->release = strdup(release);
	if (u->release == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_release_runs_here(j->host, u->dist, err);
	if (r == 0)
		r = ioc_arch_check_volume(u->sw.build.source, j->vol, err);
	return (r == 0 ? ioc_switch_ids(&u->sw, err) : r);
}

static void
jail_update_fini(struct jail_update *u)
{
	close_all(u);
	ioc_switch_fini(&u->sw);
	free(u->release);
}

/* --- the operation ----------------------------------------------------------------------- */

int
ioc_jail_update(struct ioc_jail *j, unsigned *n, struct ioc_error *err)
{
	IOC_AUTO(jail_update_fini) struct jail_update u = {
		.updates_fd = -1, .scratch_fd = -1,
		.from = IOC_LEVEL, .to = IOC_LEVEL, .root = IOC_OS_ROOT,
	};
	struct ioc_fetch_options o = { .release = NULL };
	auto_lock struct ioc_lock *lock = NULL;
	bool base = false, moved = false;
	int r;

	ioc_switch_init(&u.sw, j, "jail.update/copy");
	r = ioc_host_need_root(j->host, "update", err);
	if (r == 0)
		r = ioc_jail_hold(j, "update", &lock, err);
	if (r == 0)
		r = ioc_jail_value_bool(j, "basejail", &base, err);
	if (r == 0 && base)
		r = ioc_jail_move(j, &moved, err);
	/* What it writes meanwhile would be lost. */
	else if (r == 0)
		r = ioc_jail_quiet(j, false, err);
	if (r == 0 && !base)
		r = judge(&u, err);
	if (r == 0 && !base) {
		o.release = u.release;
		ioc_level_job(&u.from, j->host, u.dist, &o);
		ioc_level_job(&u.to, j->host, u.dist, &o);
		r = ioc_steps_run(&steps, j->host, j->name, &u, err);
	}
	if (r == 0 && !base && (u.applied != 0 || j->host->dry_run))
		r = ioc_steps_run(&switch_steps, j->host, j->name, &u, err);
	if (r != 0 && !base && !u.sw.switched && u.sw.build.journal != NULL &&
	    u.sw.snapshot != NULL)
		(void)ioc_steps_undo(&steps, "jail.update", j->host, j->name,
		    &u, true, NULL);
	close_all(&u);
	if (r == 0 && !base && !j->host->dry_run)
		r = ioc_switch_finish(&u.sw, u.applied != 0, err);
	if (r == 0 && n != NULL)
		*n = base ? moved : u.applied;
	return (ioc_wrap(err, r, "update %s", j->name));
}

/* --- what would change ----------------------------------------------------------------- */

static int
list(void *ctx, struct ioc_error *err)
{
	struct jail_update *u = ctx;

	return (u->applied == 0 ? 0 : ioc_obtain_tell(&u->from, u->fn, u->arg,
	    err));
}

static const struct ioc_step list_table[] = {
	{ "journal", journal, unjournal },
	{ "obtain", obtain, unobtain },
	{ "list", list, NULL },
};

static const struct ioc_steps list_steps =
    IOC_STEPS("jail.update", list_table);

static int
list_own(struct jail_update *u, struct ioc_error *err)
{
	struct ioc_jail *j = u->sw.jail;
	struct ioc_fetch_options o = { .release = NULL };
	int r = judge(u, err);

	if (r != 0)
		return (r);
	o.release = u->release;
	ioc_level_job(&u->from, j->host, u->dist, &o);
	r = ioc_steps_run(&list_steps, j->host, j->name, u, err);
	close_all(u);
	return (r == 0 ? ioc_switch_finish(&u->sw, false, err) : r);
}

int
ioc_jail_update_list(struct ioc_jail *j, ioc_update_fn *fn, void *arg,
    struct ioc_error *err)
{
	IOC_AUTO(jail_update_fini) struct jail_update u = {
		.updates_fd = -1, .scratch_fd = -1, .from = IOC_LEVEL,
		.to = IOC_LEVEL, .root = IOC_OS_ROOT, .fn = fn, .arg = arg,
	};
	auto_lock struct ioc_lock *lock = NULL;
	bool base = false, dry = j->host->dry_run;
	int r = ioc_host_need_root(j->host, "update", err);

	ioc_switch_init(&u.sw, j, "jail.update/copy");
	/* It leaves nothing, but it is no dry run. */
	j->host->dry_run = false;
	if (r == 0)
		r = ioc_jail_hold(j, "update", &lock, err);
	if (r == 0)
		r = ioc_jail_value_bool(j, "basejail", &base, err);
	if (r == 0)
		r = base ? ioc_jail_move_list(j, fn, arg, err) : list_own(&u, err);
	j->host->dry_run = dry;
	return (ioc_wrap(err, r, "update %s", j->name));
}

int
ioc_jail_update_rollback(struct ioc_jail *j, struct ioc_error *err)
{
	auto_free char *name = NULL;
	int r = ioc_switch_way_back(j, &name, err);

	if (r == 0)
		r = ioc_snapshot_rollback(j, name, false, false, err);
	if (r == 0)
		r = ioc_snapshot_remove(j, name, err);
	return (ioc_wrap(err, r, "roll back %s", j->name));
}
