/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Volumes that are mounted where another one should be.
 *
 * For a rename what is mounted goes, and comes again where the new name says.  Who
 * reads in between, without the lock, finds it unmounted and mounts it; then it is
 * renamed where it is, and stays there, as it does when the one who renames dies.
 * It is unmounted, and mounted by whoever needs it next: never anything but a
 * volume of this source, and never anywhere but where its volumes are.
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "safe/path.h"
#include "store/zfs.h"
#include "store/zfs_list.h"

bool
ioc_zfs_is(const struct ioc_mount_entry *m)
{
	return (ioc_str_ends(m->type, "zfs") || strcmp(m->type, "fuse") == 0);
}

/* "jails/web", or the root of that. */
static bool
is_volume(const char *rel)
{
	char vol[IOC_ZFS_NAME];
	size_t len = strlen(rel);

	if (ioc_str_ends(rel, "/root"))
		len -= strlen("/root");
	if (len >= sizeof(vol))
		return (false);
	(void)snprintf(vol, sizeof(vol), "%.*s", (int)len, rel);
	return (ioc_volume_check(vol, false, NULL, NULL) == 0);
}

bool
ioc_zfs_is_astray(const struct ioc_zfs *z, const struct ioc_mount_entry *m)
{
	const char *is, *at;

	if (!ioc_zfs_is(m) || m->part || strchr(m->source, '@') != NULL)
		return (false);
	is = ioc_zfs_beneath(m->source, z->s.where);
	at = ioc_zfs_beneath(m->target, z->s.path);
	return (is != NULL && at != NULL && strcmp(is, at) != 0 &&
	    is_volume(is) && is_volume(at));
}

struct search {
	const struct ioc_zfs *z;
	const char	*vol;
	struct ioc_strv	*names, *places;
};

/* The volume itself or what lies in it. */
static bool
is_in(const char *rel, const char *vol)
{
	return (strcmp(rel, vol) == 0 || ioc_zfs_beneath(rel, vol) != NULL);
}

static int
look(const struct ioc_mount_entry *m, void *arg)
{
	const struct search *s = arg;
	const char *is, *at;

	if (!ioc_zfs_is_astray(s->z, m))
		return (0);
	is = ioc_zfs_beneath(m->source, s->z->s.where);
	at = ioc_zfs_beneath(m->target, s->z->s.path);
	if (is_in(is, s->vol) || is_in(at, s->vol)) {
		(void)ioc_strv_add(s->names, m->source);
		(void)ioc_strv_add(s->places, at);
	}
	return (0);
}

int
ioc_zfs_bring_back(const struct ioc_zfs *z, const char *vol,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv v = IOC_STRV, places = IOC_STRV;
	struct search s = { z, vol, &v, &places };
	int r;

	if (ioc_mount_each(look, &s) < 0)
		return (ioc_fail_errno(err, "see what is mounted"));
	r = ioc_strv_check(&v, err);
	if (r == 0)
		r = ioc_strv_check(&places, err);
	if (r != 0)
		return (r);
	/* From the top down: the last has nothing beneath it. */
	ioc_strv_sort(&v);
	for (size_t i = v.n; i > 0; i--) {
		r = ioc_zfs_run(IOC_ZFS_ARGS("unmount", v.v[i - 1]), NULL, err);
		if (r != 0)
			return (r);
	}
	/* Who belongs there makes it again, and nothing is lost if somebody does. */
	for (size_t i = 0; i < places.n; i++)
		if (!ioc_str_ends(places.v[i], "/root"))
			(void)ioc_path_rmdir(z->s.root, places.v[i],
			    IOC_PATH_NOLINKS, NULL);
	return (v.n > 0);
}
