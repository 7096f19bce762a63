/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moving a jail to a newer release: a clone of it beside it gets the system of
 * that release, its /etc is merged with the release's, what is made of other
 * files is made anew in a temporary jail; then it takes the place of the jail's
 * root (core/switch.h).  The release was fetched and verified before.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/str.h"
#include "core/arch.h"
#include "core/level.h"
#include "core/release.h"
#include "core/step.h"
#include "core/switch.h"
#include "core/upgrade.h"
#include "safe/path.h"

#define	LEVELS	64	/* of the old release that are looked at */

struct upgrade {
	struct ioc_switch sw;
	const struct ioc_dist *dist;
	char		*from, *to;	/* releases */
	char		*old_vol, *new_vol;
	struct ioc_level old, new, staged;
	struct ioc_os_root root;	/* of the clone */
	int		 levels[LEVELS];
	size_t		 nlevels;
	struct ioc_upgrade_kept kept;
	struct ioc_upgrade_own own;
	struct ioc_upgrade_tree tree;
	struct ioc_lock	*locks[2];
};

/* --- steps ------------------------------------------------------------------------ */

static int
journal(void *ctx, struct ioc_error *err)
{
	struct upgrade *u = ctx;

	return (ioc_switch_journal(&u->sw, err));
}

static int
unjournal(void *ctx, struct ioc_error *err)
{
	struct upgrade *u = ctx;

	return (ioc_build_unjournal(&u->sw.build, err));
}

static void
close_all(struct upgrade *u)
{
	for (size_t i = 0; i < u->nlevels; i++)
		ioc_fd_close(&u->levels[i]);
	u->nlevels = 0;
	ioc_level_close(&u->old);
	ioc_level_close(&u->new);
	ioc_level_close(&u->staged);
	ioc_fd_close(&u->own.updates_fd);
	ioc_store_root_fini(&u->root);
	u->root = (struct ioc_os_root)IOC_OS_ROOT;
}

static int
copy(void *ctx, struct ioc_error *err)
{
	struct upgrade *u = ctx;
	struct ioc_store *s = u->sw.build.source->store;
	int r = s->ops->place(s, u->sw.build.staging, err);

	if (r == 0)
		r = ioc_switch_clone(&u->sw, err);
	if (r == 0)
		r = s->ops->rebase(s, u->sw.staged, u->new_vol, err);
	if (r == 0)
		r = s->ops->root(s, u->sw.staged, &u->root, err);
	if (r != 0)
		return (r);
	u->tree.layer = u->root.kind == IOC_ROOT_OVERLAY;
	u->tree.ours = u->tree.layer ? u->root.upper : u->root.root;
	u->tree.id_base = u->tree.layer ? u->sw.build.id_base : 0;
	u->tree.mounted = u->root.kind == IOC_ROOT_NULLFS ?
	    u->root.base_dirs : NULL;
	return (ioc_upgrade_own_judge(&u->own, &u->staged, &u->tree, err));
}

/* Everything lies in the staging container. */
static int
uncopy(void *ctx, struct ioc_error *err)
{
	struct upgrade *u = ctx;

	close_all(u);
	return (ioc_build_unvolume(&u->sw.build, err));
}

static int
change_system(void *ctx, struct ioc_error *err)
{
	struct upgrade *u = ctx;

	return (ioc_upgrade_system(&u->tree, err));
}

static int
merge(void *ctx, struct ioc_error *err)
{
	struct upgrade *u = ctx;
	int r = ioc_upgrade_kept_open(&u->kept, u->sw.jail, err);

	if (r == 0)
		r = ioc_upgrade_merge(&u->tree, err);
	if (r == 0 && u->tree.conflicts > 0)
		r = ioc_fail(err, IOC_STATE, "%u file%s of it must be merged "
		    "by hand: edit what is in %s, then do the same again",
		    u->tree.conflicts, u->tree.conflicts == 1 ? "" : "s",
		    u->kept.path);
	return (r);
}

/* Before that is known to be possible nothing is fetched for it. */
static int
obtain(void *ctx, struct ioc_error *err)
{
	struct upgrade *u = ctx;

	return (ioc_upgrade_own_obtain(&u->own, &u->staged, &u->sw, &u->tree,
	    err));
}

/* A program of the new release: its links lead to where it is. */
static bool
has_program(const struct upgrade *u, const char *path)
{
	struct stat st;

	return (ioc_path_stat(u->new.root_fd, path + 1, 0, &st, NULL) == 0);
}

/* What was made of other files is made anew: by the new release's programs. */
static int
rebuild(void *ctx, struct ioc_error *err)
{
	struct upgrade *u = ctx;
	struct ioc_level *l = &u->staged;
	int r = 0;

	l->source = u->sw.build.source;
	l->vol = strdup(u->sw.staged);
	if (l->vol == NULL)
		return (ioc_fail_nomem(err));
	for (const char *const *const *c = u->tree.rules->rebuild;
	    r == 0 && *c != NULL; c++)
		if (has_program(u, (*c)[0]))
			r = ioc_level_jail(l, &u->sw.build,
			    "jail.upgrade/rebuild", *c, NULL, false, err);
	return (r);
}

static int
install(void *ctx, struct ioc_error *err)
{
	struct upgrade *u = ctx;

	return (ioc_upgrade_own_install(&u->own, &u->staged, &u->sw, &u->tree,
	    err));
}

/* It is of that release now, and runs here. */
static int
check(void *ctx, struct ioc_error *err)
{
	struct upgrade *u = ctx;
	char is[64], should[64];
	int r = 0;

	if (u->tree.layer || u->tree.mounted != NULL)
		r = ioc_arch_check(u->sw.jail->host, u->new.root_fd, err);
	else
		r = ioc_arch_check(u->sw.jail->host, u->tree.ours, err);
	if (r == 0 && !u->tree.layer && u->tree.mounted == NULL &&
	    u->dist->version != NULL && u->dist->version(u->new.root_fd,
	    should, NULL) == 0 && (u->dist->version(u->tree.ours, is,
	    NULL) != 0 || strcmp(is, should) != 0))
		r = ioc_fail(err, IOC_VERIFY, "it is not of version %s "
		    "afterwards", should);
	if (r == 0 && ioc_sync_filesystem(u->tree.ours) != 0)
		r = ioc_fail_errno(err, "sync");
	return (r);
}

static int
snapshot(void *ctx, struct ioc_error *err)
{
	struct upgrade *u = ctx;

	return (ioc_switch_snapshot(&u->sw, err));
}

static int
unsnapshot(void *ctx, struct ioc_error *err)
{
	struct upgrade *u = ctx;

	return (ioc_switch_unsnapshot(&u->sw, err));
}

static int
exchange(void *ctx, struct ioc_error *err)
{
	struct upgrade *u = ctx;

	close_all(u);
	return (ioc_switch_exchange(&u->sw, err));
}

static const struct ioc_step table[] = {
	{ "journal", journal, unjournal },
	/* Before the copy: of ZFS the copy takes along what is older only. */
	{ "snapshot", snapshot, unsnapshot },
	{ "copy", copy, uncopy },
	{ "system", change_system, NULL },	/* all of it on the copy */
	{ "merge", merge, NULL },	/* but conflicts, which stay */
	{ "obtain", obtain, NULL },
	{ "rebuild", rebuild, NULL },
	{ "install", install, NULL },
	{ "check", check, NULL },
};

static const struct ioc_steps steps = IOC_STEPS("jail.upgrade", table);

/* A table of its own: what fails here is finished, not undone. */
static const struct ioc_step switch_table[] = {
	{ "switch", exchange, NULL },
};

static const struct ioc_steps switch_steps =
    IOC_STEPS("jail.upgrade", switch_table);

/* --- judging ------------------------------------------------------------------------ */

static int
plain_name(const char *name, char **ret, struct ioc_error *err)
{
	*ret = strdup(strchr(name, '/') != NULL ? strchr(name, '/') + 1 :
	    name);
	return (*ret == NULL ? ioc_fail_nomem(err) : 0);
}

/* "releases/R/pN" of the level that the jail was made from. */
static int
find_old(struct upgrade *u, struct ioc_error *err)
{
	struct ioc_jail *j = u->sw.jail;
	const char *name, *text;
	int64_t level = 0;
	unsigned newest;
	int r = ioc_jail_value(j, "release", &name, err);

	if (r == 0 && ioc_str_is_none(name))
		r = ioc_fail(err, IOC_STATE, "it was not made from a release");
	if (r == 0)
		r = plain_name(name, &u->from, err);
	if (r == 0)
		r = ioc_jail_value(j, "patch_level", &text, err);
	if (r == 0 && !ioc_str_is_none(text))
		r = ioc_jail_value_int(j, "patch_level", &level, err);
	else if (r == 0) {
		r = ioc_release_level(j->source, u->from, &newest, err);
		level = newest;
	}
	if (r != 0)
		return (r);
	if (asprintf(&u->old_vol, "releases/%s/p%" PRId64, u->from,
	    level) < 0) {
		u->old_vol = NULL;
		return (ioc_fail_nomem(err));
	}
	return (0);
}

static int
find_new(struct upgrade *u, const char *release, struct ioc_error *err)
{
	struct ioc_jail *j = u->sw.jail;
	struct ioc_source *s;
	unsigned level;
	int r = plain_name(release, &u->to, err);

	if (r == 0 && strcmp(u->from, u->to) == 0)
		return (ioc_fail(err, IOC_STATE, "it is of release %s already: "
		    "\"ioc update\" brings it up to date", u->to));
	if (r == 0)
		r = ioc_release_find(j->host, strchr(release, '/') == NULL ?
		    j->source->name : NULL, release, &s, &level, err);
	if (r != 0)
		return (r);
	if (s != j->source)
		return (ioc_fail(err, IOC_STATE, "release %s is in source %s, "
		    "the jail in %s", u->to, s->name, j->source->name));
	if (asprintf(&u->new_vol, "releases/%s/p%u", u->to, level) < 0) {
		u->new_vol = NULL;
		return (ioc_fail_nomem(err));
	}
	return (0);
}

static int
judge_dist(struct upgrade *u, struct ioc_error *err)
{
	const struct ioc_dist *old;
	struct ioc_source *s = u->sw.jail->source;
	int r = ioc_release_dist(s, u->from, &old, err);

	if (r == 0)
		r = ioc_release_dist(s, u->to, &u->dist, err);
	if (r == 0 && old != u->dist)
		r = ioc_fail(err, IOC_UNSUPPORTED, "release %s is of %s, the "
		    "jail of %s: a jail stays with its distribution", u->to,
		    u->dist->name, old->name);
	if (r == 0)
		r = ioc_release_runs_here(s->host, u->dist, err);
	if (r == 0)
		r = ioc_arch_check_volume(s, u->new_vol, err);
	return (r == 0 ? ioc_switch_ids(&u->sw, err) : r);
}

/* Never back: what the newer one has written the older one may not read. */
static int
judge_versions(struct upgrade *u, struct ioc_error *err)
{
	char a[64], b[64];
	int order;

	if (u->dist->version == NULL ||
	    u->dist->version(u->new.root_fd, a, NULL) != 0 ||
	    u->dist->version(u->old.root_fd, b, NULL) != 0 ||
	    !ioc_dist_version_compare(a, b, &order) || order >= 0)
		return (0);
	return (ioc_fail(err, IOC_STATE, "release %s (%s) is older than %s "
	    "(%s): an upgrade goes to a newer one", u->to, a, u->from, b));
}

/* Processors of the two, where both are known. */
static int
judge_arch(const struct upgrade *u, struct ioc_error *err)
{
	const char *a = ioc_arch_name(u->old.root_fd);
	const char *b = ioc_arch_name(u->new.root_fd);

	if (a == NULL || b == NULL || strcmp(a, b) == 0)
		return (0);
	return (ioc_fail(err, IOC_UNSUPPORTED, "release %s is for %s, the jail "
	    "for %s", u->to, b, a));
}

static int
open_levels(struct upgrade *u, struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	struct ioc_store *s = u->sw.jail->source->store;
	auto_free char *place = NULL;
	int r;

	if (asprintf(&place, "releases/%s", u->from) < 0) {
		place = NULL;
		return (ioc_fail_nomem(err));
	}
	r = s->ops->list(s, place, &names, err);
	for (size_t i = 0; r == 0 && i < names.n && u->nlevels < LEVELS; i++) {
		auto_free char *path = NULL;
		int fd;

		if (ioc_release_level_of(names.v[i]) < 0)
			continue;
		if (asprintf(&path, "%s/%s/root", place, names.v[i]) < 0) {
			path = NULL;
			return (ioc_fail_nomem(err));
		}
		fd = ioc_path_dir(s->root, path, IOC_PATH_NOLINKS, NULL);
		if (fd >= 0)
			u->levels[u->nlevels++] = fd;
	}
	return (r);
}

static int
open_releases(struct upgrade *u, struct ioc_error *err)
{
	struct ioc_source *s = u->sw.jail->source;
	int r = ioc_release_lock(s, u->old_vol, IOC_LOCK_SHARED,
	    "upgrade from", &u->locks[0], err);

	if (r == 0)
		r = ioc_release_lock(s, u->new_vol, IOC_LOCK_SHARED,
		    "upgrade to", &u->locks[1], err);
	if (r == 0)
		r = ioc_wrap(err, ioc_level_open(&u->old, s, u->old_vol, err),
		    "the release that it was made from");
	if (r == 0)
		r = ioc_level_open(&u->new, s, u->new_vol, err);
	if (r == 0)
		r = judge_arch(u, err);
	if (r == 0)
		r = judge_versions(u, err);
	if (r == 0)
		r = open_levels(u, err);
	if (r != 0)
		return (r);
	u->tree.rules = ioc_dist_upgrade_of(u->dist, u->new.root_fd);
	u->tree.base = u->old.root_fd;
	u->tree.theirs = u->new.root_fd;
	u->tree.levels = u->levels;
	u->tree.nlevels = u->nlevels;
	return (0);
}

/* What the jail is said to be made from when it is done. */
static int
new_conf(struct upgrade *u, struct ioc_error *err)
{
	struct ioc_conf *conf;
	int r = ioc_jail_conf(u->sw.jail, &conf, err);

	if (r == 0)
		r = ioc_conf_copy(conf, &u->sw.conf, err);
	return (r == 0 ? ioc_release_describe(u->sw.jail->source, u->new_vol,
	    u->sw.conf, err) : r);
}

static int
judge(struct upgrade *u, const char *release, struct ioc_error *err)
{
	/* What it writes meanwhile would be lost. */
	int r = ioc_jail_quiet(u->sw.jail, false, err);

	if (r == 0)
		r = find_old(u, err);
	if (r == 0)
		r = find_new(u, release, err);
	if (r == 0)
		r = judge_dist(u, err);
	if (r == 0)
		r = open_releases(u, err);
	return (r == 0 ? new_conf(u, err) : r);
}

/* --- the operation ---------------------------------------------------------------------- */

static void
upgrade_fini(struct upgrade *u)
{
	close_all(u);
	ioc_upgrade_kept_fini(&u->kept);
	ioc_upgrade_own_fini(&u->own);
	ioc_switch_fini(&u->sw);
	for (size_t i = 0; i < 2; i++)
		ioc_lock_autop(&u->locks[i]);
	free(u->from);
	free(u->to);
	free(u->old_vol);
	free(u->new_vol);
}

static int
run(struct upgrade *u, struct ioc_error *err)
{
	struct ioc_jail *j = u->sw.jail;
	int r;

	u->kept.from = u->from;
	u->kept.to = u->to;
	r = ioc_steps_run(&steps, j->host, j->name, u, err);
	if (r != 0)
		return (r);
	r = ioc_steps_run(&switch_steps, j->host, j->name, u, err);
	if (r != 0 && !u->sw.switched && u->sw.build.journal != NULL)
		(void)ioc_steps_undo(&steps, "jail.upgrade", j->host, j->name,
		    u, true, NULL);
	if (r != 0 || j->host->dry_run)
		return (r);
	ioc_conf_free(j->conf);
	j->conf = take_ptr(u->sw.conf);
	r = ioc_upgrade_kept_drop(&u->kept, err);
	return (r == 0 ? ioc_switch_finish(&u->sw, true, err) : r);
}

int
ioc_jail_upgrade(struct ioc_jail *j, const char *release, ioc_upgrade_fn *fn,
    void *arg, struct ioc_upgrade *ret, struct ioc_error *err)
{
	IOC_AUTO(upgrade_fini) struct upgrade u = {
		.old = IOC_LEVEL, .new = IOC_LEVEL, .staged = IOC_LEVEL,
		.root = IOC_OS_ROOT, .kept = IOC_UPGRADE_KEPT,
		.own = IOC_UPGRADE_OWN,
		.tree = { .host = j->host, .who = j->name, .fn = fn,
		    .arg = arg, .base = -1, .theirs = -1, .ours = -1 },
	};
	struct ioc_fetch_options o = { .release = NULL };
	auto_lock struct ioc_lock *lock = NULL;
	int r;

	ioc_switch_init(&u.sw, j, "jail.upgrade/copy");
	u.tree.kept = &u.kept;
	r = ioc_host_need_root(j->host, "upgrade", err);
	if (r == 0)
		r = ioc_jail_hold(j, "upgrade", &lock, err);
	if (r == 0)
		r = judge(&u, release, err);
	if (r == 0) {
		o.release = u.to;
		ioc_level_job(&u.staged, j->host, u.dist, &o);
		r = run(&u, err);
	}
	if (ret != NULL) {
		*ret = (struct ioc_upgrade){ .merged = u.tree.merged,
			.conflicts = u.tree.conflicts };
		(void)snprintf(ret->from, sizeof(ret->from), "%s",
		    u.from != NULL ? u.from : "");
		(void)snprintf(ret->to, sizeof(ret->to), "%s",
		    u.to != NULL ? u.to : "");
	}
	return (ioc_wrap(err, r, "upgrade %s", j->name));
}
