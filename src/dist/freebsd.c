/* SPDX-License-Identifier: BSD-2-Clause */
/* FreeBSD: sets as release(7) makes them, from the project's mirrors. */
#include <stdio.h>
#include <string.h>

#include "dist/bsd.h"
#include "dist/freebsd_update.h"
#include "dist/lifetime.h"
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
	.clean = ioc_bsd_clean,
	.update_prepare = ioc_fbu_prepare,
	.update_judge = ioc_fbu_judge,
	.update_list = ioc_fbu_list,
	.update_scratch = ioc_fbu_scratch,
	.update_argv = ioc_fbu_argv,
	.update_env = ioc_fbu_env,
	.needs = IOC_DIST_NEEDS_FLAGS,
	.update_check = ioc_fbu_check,
	.version = ioc_sets_version,
	.config = ioc_bsd_config,
	.base_dirs = ioc_bsd_base_dirs,
	.defaults = ioc_bsd_defaults,
	.upgrade = &ioc_dist_upgrade_bsd,
};
