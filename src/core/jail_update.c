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
#include "core/event.h"
#include "core/jail_move.h"
#include "core/jail_obtain.h"
#include "core/snapshot.h"
#include "core/step.h"
#include "safe/path.h"

/* --- stage two ------------------------------------------------------------------------ */

static int
copy(void *ctx, struct ioc_error *err)
{
	struct ioc_jail_update *u = ctx;
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
	return (ioc_jail_unobtain(ctx, err));
}

static int
apply(void *ctx, struct ioc_error *err)
{
	struct ioc_jail_update *u = ctx;
	struct ioc_level *l = &u->to;
	const char *const *argv, *const *env;
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
		r = ioc_jail_update_place(u, "scratch", &u->scratch_fd, err);
		l->job.scratch_fd = u->scratch_fd;
		if (r == 0)
			r = u->dist->update_scratch(&l->job, err);
	}
	ioc_dist_update_command(u->dist, &l->job, &argv, &env);
	return (r == 0 ? ioc_level_jail(l, &u->sw.build, "jail.update/apply",
	    argv, env, true, err) : r);
}

static int
check(void *ctx, struct ioc_error *err)
{
	struct ioc_jail_update *u = ctx;
	int r;

	if (u->applied == 0)
		return (0);
	r = ioc_level_unplace(u->to.job.root_fd, err);
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
	struct ioc_jail_update *u = ctx;

	return (u->applied == 0 ? 0 : ioc_switch_snapshot(&u->sw, err));
}

static int
unsnapshot(void *ctx, struct ioc_error *err)
{
	struct ioc_jail_update *u = ctx;

	return (u->applied == 0 ? 0 : ioc_switch_unsnapshot(&u->sw, err));
}

static int
exchange(void *ctx, struct ioc_error *err)
{
	struct ioc_jail_update *u = ctx;

	if (u->applied == 0)
		return (0);
	ioc_jail_update_close(u);
	return (ioc_switch_exchange(&u->sw, err));
}

static const struct ioc_step table[] = {
	IOC_JAIL_OBTAIN_STEPS,
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

/* --- the operation ----------------------------------------------------------------------- */

/* Of a jail whose lock is held, and that does not run. */
static int
update_own(struct ioc_jail *j, unsigned *n, struct ioc_error *err)
{
	IOC_AUTO(ioc_jail_update_fini) struct ioc_jail_update u =
	    IOC_JAIL_UPDATE_INIT;
	int r;

	ioc_switch_init(&u.sw, j, "jail.update/copy");
	r = ioc_jail_update_judge(&u, err);
	if (r == 0)
		r = ioc_steps_run(&steps, j->host, j->name, &u, err);
	if (r == 0 && (u.applied != 0 || j->host->dry_run))
		r = ioc_steps_run(&switch_steps, j->host, j->name, &u, err);
	if (r != 0 && !u.sw.switched && u.sw.build.journal != NULL &&
	    u.sw.snapshot != NULL)
		(void)ioc_steps_undo(&steps, "jail.update", j->host, j->name,
		    &u, true, NULL);
	ioc_jail_update_close(&u);
	/* It would fail again, and stand in the way of what is newer. */
	if (r != 0 && u.was_kept && !u.sw.switched)
		(void)ioc_kept_drop(u.kept.place_fd, NULL);
	if (r == 0 && !j->host->dry_run)
		r = ioc_switch_finish(&u.sw, u.applied != 0, err);
	*n = u.applied;
	return (r);
}

int
ioc_jail_update(struct ioc_jail *j, unsigned *n, struct ioc_error *err)
{
	auto_lock struct ioc_lock *lock = NULL;
	bool base = false, moved = false;
	unsigned applied = 0;
	int r;

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
		r = update_own(j, &applied, err);
	if (r == 0 && n != NULL)
		*n = base ? moved : applied;
	return (ioc_wrap(err, r, "update %s", j->name));
}

int
ioc_jail_update_due(struct ioc_jail *j, struct ioc_error *err)
{
	struct ioc_store *s = j->source->store;
	auto_fd int place = s->ops->dir(s, j->vol, NULL);
	struct ioc_error cause;
	unsigned n;
	int r;

	if (place < 0 || !ioc_kept_at_start(place))
		return (0);
	r = update_own(j, &n, &cause);
	if (r == IOC_CANCELED)
		ioc_error_copy(err, &cause);
	else if (r != 0)
		ioc_emit_error(j->host, IOC_PHASE_WARN, "jail.start/update",
		    j->name, &cause);
	return (r == IOC_CANCELED ? r : 0);
}

/* With it goes what was to be applied to the other. */
int
ioc_jail_update_rollback(struct ioc_jail *j, struct ioc_error *err)
{
	struct ioc_store *s = j->source->store;
	auto_lock struct ioc_lock *lock = NULL;
	auto_free char *name = NULL;
	auto_fd int place = -1;
	int r = ioc_host_need_root(j->host, "roll back", err);

	if (r == 0)
		r = ioc_jail_hold(j, "roll back", &lock, err);
	if (r == 0)
		r = ioc_switch_way_back(j, &name, err);
	if (r == 0)
		r = ioc_jail_quiet(j, false, err);
	if (r == 0)
		r = ioc_snapshot_back(j, name, err);
	if (r == 0 && !j->host->dry_run)
		r = place = s->ops->dir(s, j->vol, err);
	if (r > 0)
		r = ioc_kept_drop(place, err);
	return (ioc_wrap(err, r, "roll back %s", j->name));
}
