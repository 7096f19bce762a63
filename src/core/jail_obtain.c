/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/jail_obtain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/arch.h"
#include "core/jail_move.h"
#include "core/obtain.h"
#include "core/release.h"
#include "core/step.h"
#include "safe/path.h"

/* --- stage one ---------------------------------------------------------------------- */

int
ioc_jail_update_journal(void *ctx, struct ioc_error *err)
{
	struct ioc_jail_update *u = ctx;

	return (ioc_switch_journal(&u->sw, err));
}

int
ioc_jail_update_unjournal(void *ctx, struct ioc_error *err)
{
	struct ioc_jail_update *u = ctx;

	return (ioc_build_unjournal(&u->sw.build, err));
}

int
ioc_jail_update_place(struct ioc_jail_update *u, const char *name, int *ret,
    struct ioc_error *err)
{
	*ret = ioc_switch_place(&u->sw, name, err);
	return (*ret < 0 ? *ret : 0);
}

/* Of an overlay the layer that has what stage one reads. */
static int
pick_layer(const struct ioc_jail_update *u)
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
open_from(struct ioc_jail_update *u, struct ioc_error *err)
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

/* What was fetched before, and not applied, needs no network. */
static int
obtain_kept(struct ioc_jail_update *u, struct ioc_error *err)
{
	struct ioc_error e = { .code = 0 };
	int r = ioc_kept_get(&u->kept, &u->applied, u->from.job.provenance,
	    &e);

	if (r != 0)
		ioc_error_copy(err, &e);
	u->was_kept = r != IOC_NOT_FOUND;
	return (r);
}

int
ioc_jail_obtain(void *ctx, struct ioc_error *err)
{
	struct ioc_jail_update *u = ctx;
	struct ioc_store *s = u->sw.build.source->store;
	int r;

	r = s->ops->place(s, u->sw.build.staging, err);
	if (r == 0)
		r = ioc_jail_update_place(u, "updates", &u->updates_fd, err);
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
	u->kept.updates_fd = u->updates_fd;
	r = u->anew ? IOC_NOT_FOUND : obtain_kept(u, err);
	return (r != IOC_NOT_FOUND ? r : ioc_obtain(&u->sw.build, &u->from,
	    &u->applied, err));
}

void
ioc_jail_update_close(struct ioc_jail_update *u)
{
	/* Of the jail's own root it is borrowed. */
	ioc_level_close(&u->from);
	ioc_level_close(&u->to);
	ioc_store_root_fini(&u->root);
	u->root = (struct ioc_os_root)IOC_OS_ROOT;
	ioc_fd_close(&u->updates_fd);
	ioc_fd_close(&u->scratch_fd);
}

int
ioc_jail_unobtain(void *ctx, struct ioc_error *err)
{
	struct ioc_jail_update *u = ctx;

	ioc_jail_update_close(u);
	return (ioc_build_unvolume(&u->sw.build, err));
}

/* --- judging ------------------------------------------------------------------------------- */

/* The level that it was made from, as far as it is known. */
static int
open_kept(struct ioc_jail_update *u, struct ioc_error *err)
{
	struct ioc_jail *j = u->sw.jail;
	struct ioc_store *s = j->source->store;
	int64_t level;

	if (ioc_jail_value_int(j, "patch_level", &level, NULL) == 0 &&
	    level > 0)
		u->kept.level = (unsigned)level;
	u->kept.helper_dir = j->host->helper_dir;
	u->kept.place_fd = s->ops->dir(s, j->vol, err);
	return (u->kept.place_fd < 0 ? u->kept.place_fd : 0);
}

int
ioc_jail_update_judge(struct ioc_jail_update *u, struct ioc_error *err)
{
	struct ioc_fetch_options o = { .release = NULL };
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
	o.release = u->release;
	ioc_level_job(&u->from, j->host, u->dist, &o);
	ioc_level_job(&u->to, j->host, u->dist, &o);
	r = ioc_release_runs_here(j->host, u->dist, err);
	if (r == 0)
		r = ioc_arch_check_volume(u->sw.build.source, j->vol, err);
	if (r == 0)
		r = ioc_switch_ids(&u->sw, err);
	return (r == 0 ? open_kept(u, err) : r);
}

void
ioc_jail_update_fini(struct ioc_jail_update *u)
{
	ioc_jail_update_close(u);
	ioc_fd_close(&u->kept.place_fd);
	ioc_switch_fini(&u->sw);
	free(u->release);
}

/* --- told, or kept --------------------------------------------------------------------- */

static int
list(void *ctx, struct ioc_error *err)
{
	struct ioc_jail_update *u = ctx;

	return (u->applied == 0 ? 0 : ioc_obtain_tell(&u->from, u->fn, u->arg,
	    err));
}

static int
keep(void *ctx, struct ioc_error *err)
{
	struct ioc_jail_update *u = ctx;

	return (u->applied == 0 ? ioc_kept_drop(u->kept.place_fd, err) :
	    ioc_kept_put(&u->kept, u->applied, u->from.job.provenance, err));
}

static const struct ioc_step list_table[] = {
	IOC_JAIL_OBTAIN_STEPS,
	{ "list", list, NULL },
};

static const struct ioc_steps list_steps =
    IOC_STEPS("jail.update", list_table);

static const struct ioc_step keep_table[] = {
	IOC_JAIL_OBTAIN_STEPS,
	{ "keep", keep, NULL },		/* half of it is nothing */
};

static const struct ioc_steps keep_steps =
    IOC_STEPS("jail.update", keep_table);

/* Stage one alone, and what follows there. */
static int
obtain_only(struct ioc_jail_update *u, const struct ioc_steps *steps,
    struct ioc_error *err)
{
	struct ioc_jail *j = u->sw.jail;
	int r = ioc_jail_update_judge(u, err);

	if (r == 0)
		r = ioc_steps_run(steps, j->host, j->name, u, err);
	ioc_jail_update_close(u);
	return (r == 0 && !j->host->dry_run ? ioc_switch_finish(&u->sw, false,
	    err) : r);
}

int
ioc_jail_update_list(struct ioc_jail *j, ioc_update_fn *fn, void *arg,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_jail_update_fini) struct ioc_jail_update u =
	    IOC_JAIL_UPDATE_INIT;
	auto_lock struct ioc_lock *lock = NULL;
	bool base = false, dry = j->host->dry_run;
	int r = ioc_host_need_root(j->host, "update", err);

	ioc_switch_init(&u.sw, j, "jail.update/copy");
	u.fn = fn;
	u.arg = arg;
	/* It leaves nothing, but it is no dry run. */
	j->host->dry_run = false;
	if (r == 0)
		r = ioc_jail_hold(j, "update", &lock, err);
	if (r == 0)
		r = ioc_jail_value_bool(j, "basejail", &base, err);
	if (r == 0)
		r = base ? ioc_jail_move_list(j, fn, arg, err) :
		    obtain_only(&u, &list_steps, err);
	j->host->dry_run = dry;
	return (ioc_wrap(err, r, "update %s", j->name));
}

int
ioc_jail_update_fetch(struct ioc_jail *j, bool at_start, unsigned *n,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_jail_update_fini) struct ioc_jail_update u =
	    IOC_JAIL_UPDATE_INIT;
	auto_lock struct ioc_lock *lock = NULL;
	bool base = false, moved = false;
	int r = ioc_host_need_root(j->host, "update", err);

	ioc_switch_init(&u.sw, j, "jail.update/copy");
	u.anew = true;
	u.kept.at_start = at_start;
	if (r == 0)
		r = ioc_jail_hold(j, "update", &lock, err);
	if (r == 0)
		r = ioc_jail_value_bool(j, "basejail", &base, err);
	/* What it has is its release's, and nothing is to be obtained. */
	if (r == 0 && base)
		r = at_start ? ioc_jail_move(j, &moved, err) : 0;
	else if (r == 0)
		r = obtain_only(&u, &keep_steps, err);
	if (r == 0 && n != NULL)
		*n = base ? moved : u.applied;
	return (ioc_wrap(err, r, "update %s", j->name));
}
