/* SPDX-License-Identifier: BSD-2-Clause */
/* The release that a jail was made from, and the one that it is to be of. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/str.h"
#include "core/arch.h"
#include "core/release.h"
#include "core/upgrade.h"
#include "safe/path.h"

static int
plain_name(const char *name, char **ret, struct ioc_error *err)
{
	*ret = strdup(strchr(name, '/') != NULL ? strchr(name, '/') + 1 :
	    name);
	return (*ret == NULL ? ioc_fail_nomem(err) : 0);
}

/* "releases/R/pN" of the level that the jail was made from. */
static int
find_old(struct ioc_upgrade_releases *u, struct ioc_error *err)
{
	struct ioc_jail *j = u->jail;
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
find_new(struct ioc_upgrade_releases *u, const char *release,
    struct ioc_error *err)
{
	struct ioc_jail *j = u->jail;
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
judge_dist(struct ioc_upgrade_releases *u, struct ioc_error *err)
{
	const struct ioc_dist *old;
	struct ioc_source *s = u->jail->source;
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
	return (r);
}

/* Never back: what the newer one has written the older one may not read. */
static int
judge_versions(struct ioc_upgrade_releases *u, struct ioc_error *err)
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
judge_arch(const struct ioc_upgrade_releases *u, struct ioc_error *err)
{
	const char *a = ioc_arch_name(u->old.root_fd);
	const char *b = ioc_arch_name(u->new.root_fd);

	if (a == NULL || b == NULL || strcmp(a, b) == 0)
		return (0);
	return (ioc_fail(err, IOC_UNSUPPORTED, "release %s is for %s, the jail "
	    "for %s", u->to, b, a));
}

static int
open_levels(struct ioc_upgrade_releases *u, struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	struct ioc_store *s = u->jail->source->store;
	auto_free char *place = NULL;
	int r;

	if (asprintf(&place, "releases/%s", u->from) < 0) {
		place = NULL;
		return (ioc_fail_nomem(err));
	}
	r = s->ops->list(s, place, &names, err);
	for (size_t i = 0; r == 0 && i < names.n &&
	    u->nlevels < IOC_UPGRADE_LEVELS; i++) {
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
open_releases(struct ioc_upgrade_releases *u, struct ioc_error *err)
{
	struct ioc_source *s = u->jail->source;
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
	return (r);
}

int
ioc_upgrade_releases_open(struct ioc_upgrade_releases *u, const char *release,
    struct ioc_error *err)
{
	int r = find_old(u, err);

	if (r == 0)
		r = find_new(u, release, err);
	if (r == 0)
		r = judge_dist(u, err);
	return (r == 0 ? open_releases(u, err) : r);
}

void
ioc_upgrade_releases_close(struct ioc_upgrade_releases *u)
{
	for (size_t i = 0; i < u->nlevels; i++)
		ioc_fd_close(&u->levels[i]);
	u->nlevels = 0;
	ioc_level_close(&u->old);
	ioc_level_close(&u->new);
}

void
ioc_upgrade_releases_fini(struct ioc_upgrade_releases *u)
{
	ioc_upgrade_releases_close(u);
	for (size_t i = 0; i < 2; i++)
		ioc_lock_autop(&u->locks[i]);
	free(u->from);
	free(u->to);
	free(u->old_vol);
	free(u->new_vol);
}
