/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HardenedBSD: the sets of FreeBSD's release(7), one build after the other of
 * each branch.  Its handbook ("Verifying Build Artifacts") has the host and the
 * layout, pub/15-stable/amd64/amd64/installer/LATEST.  Beside the sets lies the
 * MANIFEST that release(7) writes; builds of the older kind had
 * CHECKSUMS.SHA256, in the form of sha256(1), in its place.  The handbook also
 * describes a detached SSH signature of each file (FILE.sig), in the namespace
 * "file": it is asked for as soon as the administrator names the signers.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "dist/bsd.h"
#include "dist/hardenedbsd_update.h"
#include "dist/lifetime.h"
#include "dist/relname.h"
#include "dist/sets.h"
#include "dist/upgrade.h"

/* 15-STABLE, CURRENT: branches, of which the mirror has the latest build. */
static bool
is_release(const char *release)
{
	struct ioc_relname r;

	return (strcmp(release, "CURRENT") == 0 ||
	    (ioc_relname_parse(release, false, &r) && !r.has_minor &&
	    r.kind == IOC_REL_STABLE && ioc_str_ends(release, "-STABLE")));
}

/* "15-stable" */
static bool
of_directory(const char *dir, char ret[64])
{
	size_t n = strlen(dir);

	if (n >= 64)
		return (false);
	for (size_t i = 0; i <= n; i++) {
		if (isupper((unsigned char)dir[i]))
			return (false);
		ret[i] = (char)toupper((unsigned char)dir[i]);
	}
	return (is_release(ret));
}

static const struct ioc_sets_manifest manifests[] = {
	{ "MANIFEST", IOC_MANIFEST_FREEBSD },
	{ "CHECKSUMS.SHA256", IOC_MANIFEST_SHA256 },
	{ NULL, IOC_MANIFEST_FREEBSD },
};

static const struct ioc_sets sets = {
	.name = "HardenedBSD",
	.mirror = "https://installers.hardenedbsd.org/pub",
	.path = "%b/%a/%m/installer/LATEST",
	.manifests = manifests,
	.sig_namespace = "file",
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

static bool
is_newer(const char *release, const char *host)
{
	return (strcmp(release, "CURRENT") == 0 ?
	    strstr(host, "CURRENT") == NULL :
	    ioc_relname_is_newer(release, host));
}

static const char *const releases[] = { "CURRENT", "15-STABLE", "14-STABLE",
	NULL };
static const char *const systems[] = { "HardenedBSD", NULL };

const struct ioc_dist ioc_dist_hardenedbsd = {
	.name = "hardenedbsd",
	.systems = systems,
	.default_mirror = "https://installers.hardenedbsd.org/pub",
	.releases = releases,
	.is_release = is_release,
	.remote = remote,
	.eol = ioc_lifetime_end,
	.is_newer = is_newer,
	.records = true,
	.has_sets = true,
	.fetch = fetch,
	.update_prepare = ioc_hbu_prepare,
	.update_judge = ioc_hbu_judge,
	.update_list = ioc_hbu_list,
	.update_scratch = ioc_hbu_scratch,
	.update_argv = ioc_hbu_argv,
	.update_env = ioc_hbu_env,
	/* hbsd-update refuses to work where securelevel is above 0. */
	.needs = IOC_DIST_NEEDS_FLAGS | IOC_DIST_NEEDS_FLAGS_ONE,
	.update_check = ioc_hbu_check,
	.version = ioc_sets_version,
	.config = ioc_bsd_config,
	.base_dirs = ioc_bsd_base_dirs,
	.defaults = ioc_bsd_defaults,
	.upgrade = &ioc_dist_upgrade_bsd,
};
