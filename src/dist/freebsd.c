/* SPDX-License-Identifier: BSD-2-Clause */
/* FreeBSD: sets as release(7) makes them, from the project's mirrors. */
#include <stdio.h>
#include <string.h>

#include "dist/bsd.h"
#include "dist/freebsd_update.h"
#include "dist/lifetime.h"
#include "dist/pkgbase.h"
#include "dist/relname.h"
#include "dist/sets.h"
#include "dist/upgrade.h"

/* 14.2-RELEASE, 15.0-RC1, 16.0-CURRENT: always with a minor version. */
static bool
is_release(const char *release)
{
	struct ioc_relname r;

	return (ioc_relname_parse(release, false, &r) && r.has_minor &&
	    r.patch == 0 && strstr(release, "-p") == NULL);
}

static bool
of_directory(const char *dir, char ret[64])
{
	return (is_release(dir) && snprintf(ret, 64, "%s", dir) < 64);
}

static const struct ioc_sets_manifest manifests[] = {
	{ "MANIFEST", IOC_MANIFEST_FREEBSD },
	{ NULL, IOC_MANIFEST_FREEBSD },
};

static const struct ioc_sets sets = {
	.name = "FreeBSD",
	.mirror = "https://download.freebsd.org/releases/%a/%m",
	.snapshots = "https://download.freebsd.org/snapshots/%a/%m",
	.path = "%r",
	.manifests = manifests,
	.suffix = ".txz",
	.usual = "base",
	.of_directory = of_directory,
};

static int
fetch(const struct ioc_dist_job *job, struct ioc_error *err)
{
	return (ioc_sets_fetch(&sets, job, err));
}

static int
remote(const struct ioc_dist_job *job, struct ioc_strv *ret,
    struct ioc_error *err)
{
	return (ioc_sets_remote(&sets, job, ret, err));
}

/* --- updates ------------------------------------------------------------------- */

/* How a base system is updated: as it was installed. */
struct updater {
	int	(*prepare)(const struct ioc_dist_job *job,
		    struct ioc_strv *argv, struct ioc_strv *env,
		    struct ioc_error *err);
	int	(*judge)(const struct ioc_dist_job *job, unsigned *n,
		    struct ioc_error *err);
	int	(*arm)(const struct ioc_dist_job *job, struct ioc_error *err);
	int	(*list)(const struct ioc_dist_job *job, struct ioc_strv *ret,
		    struct ioc_error *err);
	int	(*scratch)(const struct ioc_dist_job *job,
		    struct ioc_error *err);
	int	(*check)(const struct ioc_dist_job *job,
		    struct ioc_error *err);
	const char *const *argv, *const *env;
};

static const struct updater by_sets = {
	ioc_fbu_prepare, ioc_fbu_judge, ioc_fbu_arm, ioc_fbu_list,
	ioc_fbu_scratch, ioc_fbu_check, ioc_fbu_argv, ioc_fbu_env
};
static const struct updater by_packages = {
	ioc_pkgbase_prepare, ioc_pkgbase_judge, ioc_pkgbase_arm,
	ioc_pkgbase_list, NULL, ioc_pkgbase_check, ioc_pkgbase_argv,
	ioc_pkgbase_env
};

/* Stage one asks the root, until it has ended. */
static int
updater_for(const struct ioc_dist_job *job, const struct updater **ret,
    struct ioc_error *err)
{
	int r = ioc_pkgbase_has(job->root_fd, err);

	*ret = r == 1 ? &by_packages : &by_sets;
	return (r < 0 ? r : 0);
}

/* What follows asks what was written then. */
static const struct updater *
updater_of(const struct ioc_dist_job *job)
{
	return (ioc_pkgbase_made(job->updates_fd) ? &by_packages : &by_sets);
}

static int
update_prepare(const struct ioc_dist_job *job, struct ioc_strv *argv,
    struct ioc_strv *env, struct ioc_error *err)
{
	const struct updater *u;
	int r = updater_for(job, &u, err);

	return (r == 0 ? u->prepare(job, argv, env, err) : r);
}

static int
update_judge(const struct ioc_dist_job *job, unsigned *n,
    struct ioc_error *err)
{
	const struct updater *u;
	int r = updater_for(job, &u, err);

	return (r == 0 ? u->judge(job, n, err) : r);
}

/* What was run does not say which stage two there will be. */
static int
update_arm(const struct ioc_dist_job *job, struct ioc_error *err)
{
	const struct updater *u;
	int r = updater_for(job, &u, err);

	if (r == 0)
		r = ioc_pkgbase_disown(job->updates_fd, err);
	return (r == 0 ? u->arm(job, err) : r);
}

static int
update_list(const struct ioc_dist_job *job, struct ioc_strv *ret,
    struct ioc_error *err)
{
	return (updater_of(job)->list(job, ret, err));
}

/* The owner of a jail may have made it one of the other kind. */
static int
update_scratch(const struct ioc_dist_job *job, struct ioc_error *err)
{
	const struct updater *u = updater_of(job);
	int r = job->foreign ? ioc_pkgbase_has(job->root_fd, err) : 0;

	if (r < 0)
		return (r);
	if (job->foreign && (r == 1) != (u == &by_packages))
		return (ioc_fail(err, IOC_UNSUPPORTED, "its base system is made "
		    "of %s, and its release's of %s", r == 1 ? "packages" :
		    "sets", r == 1 ? "sets" : "packages"));
	return (u->scratch != NULL ? u->scratch(job, err) : 0);
}

static void
update_command(const struct ioc_dist_job *job, const char *const **argv,
    const char *const **env)
{
	*argv = updater_of(job)->argv;
	*env = updater_of(job)->env;
}

static int
update_check(const struct ioc_dist_job *job, struct ioc_error *err)
{
	return (updater_of(job)->check(job, err));
}

/* HardenedBSD's kernel runs FreeBSD's programs. */
static const char *const systems[] = { "FreeBSD", "HardenedBSD", NULL };

const struct ioc_dist ioc_dist_freebsd = {
	.name = "freebsd",
	.systems = systems,
	.default_mirror = "https://download.freebsd.org/releases",
	.releases = ioc_lifetime_releases,
	.is_release = is_release,
	.remote = remote,
	.eol = ioc_lifetime_end,
	.is_newer = ioc_relname_is_newer,
	.records = true,
	.has_sets = true,
	.fetch = fetch,
	.update_prepare = update_prepare,
	.update_judge = update_judge,
	.update_arm = update_arm,
	.update_list = update_list,
	.update_scratch = update_scratch,
	.update_command = update_command,
	.needs = IOC_DIST_NEEDS_FLAGS,
	.update_check = update_check,
	.version = ioc_sets_version,
	.config = ioc_bsd_config,
	.base_dirs = ioc_bsd_base_dirs,
	.defaults = ioc_bsd_defaults,
	.upgrade = &ioc_dist_upgrade_bsd,
};
