/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moving a jail to a newer release: a clone of it beside it gets the system of
 * that release, its /etc is merged with the release's, what is made of other
 * files is made anew in a temporary jail; then it takes the place of the jail's
 * root (core/switch.h).  The release was fetched and verified before.
 */
#include <stdio.h>
#include <string.h>

#include "base/compat.h"
#include "core/arch.h"
#include "core/level.h"
#include "core/release.h"
#include "core/step.h"
#include "core/switch.h"
#include "core/upgrade.h"
#include "safe/path.h"

struct upgrade {
	struct ioc_switch sw;
	struct ioc_upgrade_releases releases;
	struct ioc_level staged;
	struct ioc_os_root root;	/* of the clone */
	struct ioc_upgrade_kept kept;
	struct ioc_upgrade_own own;
	struct ioc_upgrade_tree tree;
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
	ioc_upgrade_releases_close(&u->releases);
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
		r = s->ops->rebase(s, u->sw.staged, u->releases.new_vol, err);
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

/* Behind the merge: with conflicts nothing has to be fetched. */
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

	return (ioc_path_stat(u->releases.new.root_fd, path + 1, 0, &st,
	    NULL) == 0);
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
	const struct ioc_dist *d = u->releases.dist;
	int theirs = u->releases.new.root_fd;
	bool whole = !u->tree.layer && u->tree.mounted == NULL;
	char is[64], should[64];
	int r = ioc_arch_check(u->sw.jail->host, whole ? u->tree.ours : theirs,
	    err);

	if (r == 0 && whole && d->version != NULL &&
	    d->version(theirs, should, NULL) == 0 &&
	    (d->version(u->tree.ours, is, NULL) != 0 ||
	    strcmp(is, should) != 0))
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

/* What the jail is said to be made from when it is done. */
static int
new_conf(struct upgrade *u, struct ioc_error *err)
{
	struct ioc_jail *j = u->sw.jail;
	struct ioc_conf *conf;
	int r = ioc_jail_conf(j, &conf, err);

	if (r == 0)
		r = ioc_conf_copy(conf, &u->sw.conf, err);
	return (r == 0 ? ioc_release_describe(j->source,
	    u->releases.new_vol, u->sw.conf, err) : r);
}

static int
judge(struct upgrade *u, const char *release, struct ioc_error *err)
{
	/* What it writes meanwhile would be lost. */
	int r = ioc_jail_quiet(u->sw.jail, false, err);

	if (r == 0)
		r = ioc_upgrade_releases_open(&u->releases, release, err);
	if (r == 0)
		r = ioc_switch_ids(&u->sw, err);
	if (r != 0)
		return (r);
	u->tree.rules = ioc_dist_upgrade_of(u->releases.dist,
	    u->releases.new.root_fd);
	u->tree.base = u->releases.old.root_fd;
	u->tree.theirs = u->releases.new.root_fd;
	u->tree.levels = u->releases.levels;
	u->tree.nlevels = u->releases.nlevels;
	return (new_conf(u, err));
}

/* --- the operation ---------------------------------------------------------------------- */

static void
upgrade_fini(struct upgrade *u)
{
	close_all(u);
	ioc_upgrade_kept_fini(&u->kept);
	ioc_upgrade_own_fini(&u->own);
	ioc_upgrade_releases_fini(&u->releases);
	ioc_switch_fini(&u->sw);
}

static int
run(struct upgrade *u, struct ioc_error *err)
{
	struct ioc_jail *j = u->sw.jail;
	int r;

	u->kept.from = u->releases.from;
	u->kept.to = u->releases.to;
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
		.releases = IOC_UPGRADE_RELEASES, .staged = IOC_LEVEL,
		.root = IOC_OS_ROOT, .kept = IOC_UPGRADE_KEPT,
		.own = IOC_UPGRADE_OWN,
		.tree = { .host = j->host, .who = j->name, .fn = fn,
		    .arg = arg, .base = -1, .theirs = -1, .ours = -1 },
	};
	struct ioc_fetch_options o = { .release = NULL };
	auto_lock struct ioc_lock *lock = NULL;
	int r;

	ioc_switch_init(&u.sw, j, "jail.upgrade/copy");
	u.releases.jail = j;
	u.tree.kept = &u.kept;
	r = ioc_host_need_root(j->host, "upgrade", err);
	if (r == 0)
		r = ioc_jail_hold(j, "upgrade", &lock, err);
	if (r == 0)
		r = judge(&u, release, err);
	if (r == 0) {
		o.release = u.releases.to;
		ioc_level_job(&u.staged, j->host, u.releases.dist, &o);
		r = run(&u, err);
	}
	if (ret != NULL) {
		*ret = (struct ioc_upgrade){ .merged = u.tree.merged,
			.conflicts = u.tree.conflicts };
		(void)snprintf(ret->from, sizeof(ret->from), "%s",
		    u.releases.from != NULL ? u.releases.from : "");
		(void)snprintf(ret->to, sizeof(ret->to), "%s",
		    u.releases.to != NULL ? u.releases.to : "");
	}
	return (ioc_wrap(err, r, "upgrade %s", j->name));
}
