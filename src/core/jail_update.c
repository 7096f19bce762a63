/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Updating a jail that owns its root: stage one as for a release, stage two on
 * a clone of the jail beside it, which then takes the place of its root.  A
 * snapshot that is taken before is the way back.
 *
 * Until the file "switch" stands in staging a failure, or recovery, leaves the
 * jail as it was; from then on recovery goes on to the end.
 */
#include "core/jail_update.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compat.h"
#include "base/str.h"
#include "core/arch.h"
#include "core/create.h"
#include "core/event.h"
#include "core/ids.h"
#include "core/level.h"
#include "core/obtain.h"
#include "core/release.h"
#include "core/snapshot.h"
#include "core/step.h"
#include "safe/file.h"
#include "safe/name.h"
#include "safe/path.h"

#define	BEFORE		"before-update-"
#define	MOMENT_MAX	(UINT64_C(1) << 48)
#define	SWITCH		"switch"
#define	STAGED		"jail"		/* the clone, in staging */

struct jail_update {
	struct ioc_jail	*jail;
	const struct ioc_dist *dist;
	struct ioc_build build;		/* journal, staging, the jail's ids */
	struct ioc_level from;		/* what stage one looks at */
	struct ioc_level to;		/* the clone */
	struct ioc_os_root root;	/* of the jail, or of the clone */
	char		*what;		/* of the journal */
	char		*release;
	const char	*snapshot;	/* in it */
	char		*staged;	/* volume of the clone */
	char		 version[64];
	int		 updates_fd;
	int		 scratch_fd;
	unsigned	 applied;
	bool		 switched;
};

static const struct ioc_store_snapshot_ops *
snapshots(const struct jail_update *u)
{
	return (u->build.source->store->ops->snapshot);
}

/* --- stage one ---------------------------------------------------------------------- */

/* What no snapshot is called yet; the clock may stand where it stood before. */
static int
next_moment(struct jail_update *u, uint64_t *ret, struct ioc_error *err)
{
	IOC_AUTO(ioc_snapshot_list_freep) struct ioc_snapshot_list *l = NULL;
	int r = ioc_snapshot_list(u->jail, &l, err);

	*ret = (uint64_t)time(NULL);
	for (size_t i = 0; r == 0 && i < ioc_snapshot_count(l); i++) {
		const char *name = ioc_snapshot_at(l, i)->name;
		uint64_t v;

		if (ioc_str_starts(name, BEFORE) && ioc_str_to_u64(name +
		    strlen(BEFORE), 0, MOMENT_MAX, &v, NULL) == 0 && v >= *ret)
			*ret = v + 1;
	}
	return (r);
}

static int
journal(void *ctx, struct ioc_error *err)
{
	struct jail_update *u = ctx;
	uint64_t moment;
	int r = next_moment(u, &moment, err);

	if (r != 0)
		return (r);
	if (asprintf(&u->what, "%s %s%" PRIu64, u->jail->name, BEFORE,
	    moment) < 0) {
		u->what = NULL;
		return (ioc_fail_nomem(err));
	}
	u->snapshot = strchr(u->what, ' ') + 1;
	u->build.name = u->what;
	r = ioc_build_journal(&u->build, err);
	u->build.name = u->jail->name;
	return (r);
}

static int
unjournal(void *ctx, struct ioc_error *err)
{
	struct jail_update *u = ctx;

	return (ioc_build_unjournal(&u->build, err));
}

static int
make_place(struct jail_update *u, const char *name, int *ret,
    struct ioc_error *err)
{
	struct ioc_store *s = u->build.source->store;
	auto_free char *dir = NULL;

	if (asprintf(&dir, "%s/%s", u->build.staging, name) < 0) {
		dir = NULL;
		return (ioc_fail_nomem(err));
	}
	*ret = ioc_path_mkdirs(s->root, dir, 0700, 0, 0, IOC_PATH_NOLINKS, err);
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
	struct ioc_store *s = u->build.source->store;
	auto_free char *vol = NULL;
	int64_t level;
	int r;

	r = s->ops->root(s, u->jail->vol, &u->root, err);
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
	r = ioc_jail_value_int(u->jail, "patch_level", &level, err);
	if (r == 0 && asprintf(&vol, "releases/%s/p%" PRId64, u->release,
	    level) < 0) {
		vol = NULL;
		r = ioc_fail_nomem(err);
	}
	if (r == 0)
		r = ioc_level_open(&u->from, u->build.source, vol, err);
	if (r == 0 && u->dist->version != NULL && u->dist->version(
	    u->from.root_fd, u->version, NULL) == 0)
		u->from.job.current = u->version;
	return (ioc_wrap(err, r, "the release that it was made from"));
}

static int
obtain(void *ctx, struct ioc_error *err)
{
	struct jail_update *u = ctx;
	struct ioc_store *s = u->build.source->store;
	int r;

	r = s->ops->place(s, u->build.staging, err);
	if (r == 0)
		r = make_place(u, "updates", &u->updates_fd, err);
	if (r == 0)
		r = open_from(u, err);
	if (r != 0)
		return (r);
	u->from.job.updates_fd = u->updates_fd;
	if (asprintf(&u->to.root_path, "%s/%s/updates", s->path,
	    u->build.staging) < 0) {
		u->to.root_path = NULL;
		return (ioc_fail_nomem(err));
	}
	u->from.job.updates_path = u->to.root_path;
	u->from.event = "jail.update/obtain";
	return (ioc_obtain(&u->build, &u->from, &u->applied, err));
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
	return (ioc_build_unvolume(&u->build, err));
}

/* --- stage two ------------------------------------------------------------------------ */

static int
progress(uint64_t done, uint64_t total, void *arg)
{
	struct jail_update *u = arg;

	return (ioc_emit_progress(u->jail->host, "jail.update/copy",
	    u->jail->name, done, total, true, NULL));
}

static int
copy(void *ctx, struct ioc_error *err)
{
	struct jail_update *u = ctx;
	struct ioc_store *s = u->build.source->store;
	int r;

	if (u->applied == 0)
		return (0);
	if (asprintf(&u->staged, "%s/" STAGED, u->build.staging) < 0) {
		u->staged = NULL;
		return (ioc_fail_nomem(err));
	}
	r = s->ops->clone(s, u->jail->vol, u->staged, IOC_CLONE_THIN,
	    u->build.id_base, progress, u, err);
	ioc_store_root_fini(&u->root);
	u->root = (struct ioc_os_root)IOC_OS_ROOT;
	if (u->from.root_fd < 0)
		u->from.job.root_fd = -1;
	return (r == 0 ? s->ops->root(s, u->staged, &u->root, err) : r);
}

static int
apply(void *ctx, struct ioc_error *err)
{
	struct jail_update *u = ctx;
	struct ioc_level *l = &u->to;
	int r = 0;

	if (u->applied == 0)
		return (0);
	l->source = u->build.source;
	l->vol = strdup(u->staged);
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
	return (r == 0 ? ioc_level_jail(l, &u->build, "jail.update/apply",
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
	struct ioc_store *s = u->build.source->store;

	return (u->applied == 0 ? 0 : snapshots(u)->create(s, u->jail->vol,
	    u->snapshot, progress, u, err));
}

static int
unsnapshot(void *ctx, struct ioc_error *err)
{
	struct jail_update *u = ctx;
	struct ioc_store *s = u->build.source->store;
	struct ioc_error e;
	int r;

	if (u->applied == 0)
		return (0);
	r = snapshots(u)->remove(s, u->jail->vol, u->snapshot, &e);
	if (r == 0 || r == IOC_NOT_FOUND)
		r = snapshots(u)->sweep(s, u->jail->vol, err);
	else
		ioc_error_copy(err, &e);
	u->build.remains = u->build.remains || r != 0;
	return (r);
}

/* From the mark on there is no way back, only to the end. */
static int
exchange(void *ctx, struct ioc_error *err)
{
	struct jail_update *u = ctx;
	struct ioc_store *s = u->build.source->store;
	auto_fd int dir = -1;
	int r;

	if (u->applied == 0)
		return (0);
	close_all(u);
	dir = ioc_path_dir(s->root, u->build.staging, IOC_PATH_NOLINKS, err);
	if (dir < 0)
		return (dir);
	r = ioc_file_replace(dir, SWITCH, "", 0, 0600, (uid_t)-1, (gid_t)-1, 0,
	    err);
	if (r != 0)
		return (r);
	ioc_fd_close(&dir);
	u->switched = true;
	return (s->ops->replace(s, u->jail->vol, u->staged, err));
}

static const struct ioc_step table[] = {
	{ "journal", journal, unjournal },
	{ "obtain", obtain, unobtain },
	{ "copy", copy, NULL },		/* the copy lies in staging, too */
	{ "apply", apply, NULL },
	{ "check", check, NULL },
	{ "snapshot", snapshot, unsnapshot },
};

static const struct ioc_steps steps = IOC_STEPS("jail.update", table);

/* A table of its own: what fails here is finished, not undone. */
static const struct ioc_step switch_table[] = {
	{ "switch", exchange, NULL },
};

static const struct ioc_steps switch_steps =
    IOC_STEPS("jail.update", switch_table);

static int
is_marked(struct ioc_store *s, const char *staged, struct ioc_error *err)
{
	auto_free char *path = NULL;
	struct ioc_error e;
	struct stat st;
	int r;

	if (asprintf(&path, "%s/" SWITCH, staged) < 0) {
		path = NULL;
		return (ioc_fail_nomem(err));
	}
	r = ioc_path_stat(s->root, path, IOC_PATH_NOLINKS, &st, &e);
	if (r == 0 || r == IOC_NOT_FOUND)
		return (r == 0);
	ioc_error_copy(err, &e);
	return (r);
}

int
ioc_jail_update_recover(struct ioc_source *s, const char *what,
    const char *staged, struct ioc_error *err)
{
	IOC_AUTO(ioc_jail_closep) struct ioc_jail *j = NULL;
	const char *space = strchr(what, ' ');
	auto_free char *name = NULL, *clone = NULL;
	auto_lock struct ioc_lock *lock = NULL;
	enum ioc_jail_state state;
	struct ioc_error e;
	int r;

	if (space == NULL)
		return (0);
	name = strndup(what, (size_t)(space - what));
	if (name == NULL || asprintf(&clone, "%s/" STAGED, staged) < 0) {
		clone = NULL;
		return (ioc_fail_nomem(err));
	}
	if (ioc_name_check(IOC_NAME_JAIL, name, NULL) != 0)
		return (0);
	r = ioc_jail_new(s, name, &j, err);
	if (r == 0)
		r = ioc_jail_lock(j, "recover", &lock, err);
	if (r == 0)
		r = s->store->ops->has(s->store, j->vol, &e);
	else
		return (r);
	if (r == IOC_NOT_FOUND)
		return (0);
	if (r != 0)
		ioc_error_copy(err, &e);
	if (r == 0)
		r = is_marked(s->store, staged, err);
	if (r > 0) {
		r = ioc_jail_state(j, &state, NULL, err);
		if (r == 0 && state == IOC_JAIL_RUNNING)
			r = ioc_fail(err, IOC_STATE, "%s runs", name);
		return (r == 0 ? s->store->ops->replace(s->store, j->vol,
		    clone, err) : r);
	}
	if (r < 0)
		return (r);
	r = s->store->ops->snapshot->remove(s->store, j->vol, space + 1, &e);
	if (r == 0 || r == IOC_NOT_FOUND)
		return (s->store->ops->snapshot->sweep(s->store, j->vol, err));
	ioc_error_copy(err, &e);
	return (r);
}

/* --- the operations ----------------------------------------------------------------------- */

/* The jail's own range: it is stopped, and its layer belongs to that. */
static int
take_ids(struct jail_update *u, struct ioc_error *err)
{
	const char *userns;
	int64_t base;
	int r = ioc_jail_value(u->jail, "userns", &userns, err);

	if (r == 0)
		r = ioc_ids_wanted(u->build.source, ioc_str_is_none(userns) ?
		    NULL : userns, &u->build.userns, err);
	if (r == 0)
		r = ioc_jail_value_int(u->jail, "id_base", &base, err);
	if (r == 0 && u->build.userns && (base < IOC_ID_COUNT ||
	    base > UINT32_MAX - IOC_ID_COUNT))
		r = ioc_fail(err, IOC_STATE, "it has no uid range");
	if (r == 0)
		u->build.id_base = u->build.userns ? (uint32_t)base : 0;
	return (r);
}

static int
judge(struct jail_update *u, struct ioc_error *err)
{
	struct ioc_jail *j = u->jail;
	const char *dist, *release;
	int r;

	/* What it writes meanwhile would be lost. */
	r = ioc_jail_quiet(j, false, err);
	if (r == 0)
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
		r = ioc_arch_check_volume(u->build.source, j->vol, err);
	return (r == 0 ? take_ids(u, err) : r);
}

/* Older ways back go: the new one is there. */
static int
drop_older(struct jail_update *u, struct ioc_error *err)
{
	IOC_AUTO(ioc_snapshot_list_freep) struct ioc_snapshot_list *l = NULL;
	struct ioc_store *s = u->build.source->store;
	int r = u->applied == 0 ? 0 : ioc_snapshot_list(u->jail, &l, err);

	for (size_t i = 0; r == 0 && l != NULL && i < ioc_snapshot_count(l);
	    i++) {
		const char *name = ioc_snapshot_at(l, i)->name;

		if (ioc_str_starts(name, BEFORE) &&
		    strcmp(name, u->snapshot) != 0)
			r = snapshots(u)->remove(s, u->jail->vol, name, err);
		/* Somebody has made a clone of it. */
		if (r == IOC_BUSY)
			r = 0;
	}
	return (r);
}

/*
 * What is left when all is done.  The journal ends first: with it, and half of
 * staging gone, recovery could not tell that the switch was made.
 */
static int
finish(struct jail_update *u, struct ioc_error *err)
{
	int r;

	close_all(u);
	r = drop_older(u, err);
	if (r != 0)
		return (r);
	ioc_journal_end(take_ptr(u->build.journal));
	return (ioc_build_unvolume(&u->build, err));
}

static void
jail_update_fini(struct jail_update *u)
{
	close_all(u);
	ioc_build_fini(&u->build);
	free(u->what);
	free(u->release);
	free(u->staged);
}

/* --- basejails ------------------------------------------------------------------------ */

struct move {
	struct ioc_conf	*conf;
	int		 dir;
};

static int
write_conf(void *ctx, struct ioc_error *err)
{
	struct move *m = ctx;

	return (ioc_conf_save(m->conf, m->dir, "config.json", 0, err));
}

static const struct ioc_step move_table[] = {
	{ "move", write_conf, NULL },	/* atomic: nothing to take back */
};

static const struct ioc_steps move_steps = IOC_STEPS("jail.update", move_table);

static int
set_level(struct ioc_jail *j, const char *level, struct ioc_error *err)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *copy = NULL;
	auto_fd int dir = j->source->store->ops->dir(j->source->store, j->vol,
	    err);
	struct ioc_conf *conf;
	struct move m;
	int r = dir < 0 ? dir : ioc_jail_conf(j, &conf, err);

	if (r == 0)
		r = ioc_conf_copy(conf, &copy, err);
	if (r == 0)
		r = ioc_conf_set(copy, "patch_level", level, err);
	if (r != 0)
		return (r);
	m = (struct move){ copy, dir };
	r = ioc_steps_run(&move_steps, j->host, j->name, &m, err);
	if (r == 0 && !j->host->dry_run) {
		ioc_conf_free(j->conf);
		j->conf = take_ptr(copy);
	}
	return (r);
}

/* The newest level of its release, which stays as long as `ret` is held. */
static int
newest(struct ioc_jail *j, unsigned *level, struct ioc_lock **ret,
    struct ioc_error *err)
{
	auto_free char *vol = NULL;
	const char *release;
	int r = ioc_jail_value(j, "release", &release, err);

	if (r != 0)
		return (r);
	if (strchr(release, '/') != NULL)
		release = strchr(release, '/') + 1;
	if (asprintf(&vol, "releases/%s", release) < 0) {
		vol = NULL;
		return (ioc_fail_nomem(err));
	}
	r = ioc_release_lock(j->source, vol, IOC_LOCK_SHARED, "update from",
	    ret, err);
	return (r == 0 ? ioc_release_level(j->source, strchr(vol, '/') + 1,
	    level, err) : r);
}

/* A basejail has nothing to be updated but where its directories come from. */
static int
move_base(struct ioc_jail *j, bool *moved, struct ioc_error *err)
{
	auto_lock struct ioc_lock *lock = NULL;
	const char *text;
	unsigned level;
	char number[16];
	int r = newest(j, &level, &lock, err);

	if (r == 0)
		r = ioc_jail_value(j, "patch_level", &text, err);
	if (r != 0)
		return (r);
	(void)snprintf(number, sizeof(number), "%u", level);
	*moved = strcmp(text, number) != 0;
	return (*moved ? set_level(j, number, err) : 0);
}

int
ioc_jail_update(struct ioc_jail *j, unsigned *n, struct ioc_error *err)
{
	IOC_AUTO(jail_update_fini) struct jail_update u = {
		.jail = j, .updates_fd = -1, .scratch_fd = -1,
		.from = IOC_LEVEL, .to = IOC_LEVEL, .root = IOC_OS_ROOT,
		.build = { .host = j->host, .source = j->source,
		    .op = IOC_JAIL_UPDATE, .name = j->name },
	};
	struct ioc_fetch_options o = { .release = NULL };
	auto_lock struct ioc_lock *lock = NULL;
	bool base = false, moved = false;
	int r;

	r = ioc_host_need_root(j->host, "update", err);
	if (r == 0)
		r = ioc_jail_hold(j, "update", &lock, err);
	if (r == 0)
		r = ioc_jail_value_bool(j, "basejail", &base, err);
	if (r == 0 && base)
		r = move_base(j, &moved, err);
	else if (r == 0)
		r = judge(&u, err);
	if (r == 0 && !base) {
		o.release = u.release;
		ioc_level_job(&u.from, j->host, u.dist, &o);
		ioc_level_job(&u.to, j->host, u.dist, &o);
		r = ioc_steps_run(&steps, j->host, j->name, &u, err);
	}
	if (r == 0 && !base && (u.applied != 0 || j->host->dry_run))
		r = ioc_steps_run(&switch_steps, j->host, j->name, &u, err);
	if (r != 0 && !base && !u.switched && u.build.journal != NULL &&
	    u.snapshot != NULL)
		(void)ioc_steps_undo(&steps, "jail.update", j->host, j->name,
		    &u, true, NULL);
	if (r == 0 && !base && !j->host->dry_run)
		r = finish(&u, err);
	if (r == 0 && n != NULL)
		*n = base ? moved : u.applied;
	return (ioc_wrap(err, r, "update %s", j->name));
}

int
ioc_jail_update_rollback(struct ioc_jail *j, struct ioc_error *err)
{
	IOC_AUTO(ioc_snapshot_list_freep) struct ioc_snapshot_list *l = NULL;
	auto_free char *name = NULL;
	int r = ioc_snapshot_list(j, &l, err);

	for (size_t i = 0; r == 0 && i < ioc_snapshot_count(l); i++) {
		const char *s = ioc_snapshot_at(l, i)->name;

		if (!ioc_str_starts(s, BEFORE))
			continue;
		free(name);
		name = strdup(s);
		if (name == NULL)
			r = ioc_fail_nomem(err);
	}
	if (r == 0 && name == NULL)
		r = ioc_fail(err, IOC_STATE, "there is no state before an "
		    "update to go back to");
	if (r == 0)
		r = ioc_snapshot_rollback(j, name, false, false, err);
	if (r == 0)
		r = ioc_snapshot_remove(j, name, err);
	return (ioc_wrap(err, r, "roll back %s", j->name));
}
