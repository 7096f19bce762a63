/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is mounted where, from the kernel's own table: the mount point that a
 * dataset claims to have (received, delegated) is never believed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "store/zfs.h"
#include "store/zfs_list.h"

#define	PATIENCE_MS	3000

struct look {
	const struct ioc_zfs *z;
	const char	*dataset;
	const char	*target;
	int		 there;		/* 1: it, -1: something else, 0: nothing */
	bool		 astray;	/* that is another volume of ours */
	char		 other[128];
};

/* What was mounted last on the same place is what is seen. */
static int
look_at(const struct ioc_mount_entry *m, void *arg)
{
	struct look *l = arg;

	if (strcmp(m->target, l->target) != 0)
		return (0);
	l->there = ioc_zfs_is(m) && !m->part &&
	    strcmp(m->source, l->dataset) == 0 ? 1 : -1;
	l->astray = l->there < 0 && ioc_zfs_is_astray(l->z, m);
	(void)snprintf(l->other, sizeof(l->other), "%s", m->source);
	return (0);
}

static int
no_mounts(struct ioc_error *err)
{
	return (ioc_fail_errno(err, "see what is mounted"));
}

int
ioc_zfs_mounted(const struct ioc_zfs *z, const char *vol, const char *sub,
    struct ioc_error *err)
{
	auto_free char *target = NULL;
	char dataset[IOC_ZFS_NAME];
	struct look l = { .z = z };
	int r = ioc_zfs_name(z, vol, sub, dataset, err);

	if (r != 0)
		return (r);
	if (asprintf(&target, "%s/%s%s%s", z->s.path, vol,
	    sub != NULL ? "/" : "", sub != NULL ? sub : "") < 0) {
		target = NULL;
		return (ioc_fail_nomem(err));
	}
	l.dataset = dataset;
	l.target = target;
	for (int waited = 0;; waited += 20) {
		l.there = 0;
		if (ioc_mount_each(look_at, &l) < 0)
			return (no_mounts(err));
		if (l.there >= 0 || !l.astray || waited > PATIENCE_MS)
			break;
		/* Whoever is renaming it will take it away, if he lives. */
		if (waited < PATIENCE_MS)
			(void)usleep(20 * 1000);
		else
			(void)ioc_zfs_bring_back(z, vol, NULL);
	}
	if (l.there < 0)
		return (ioc_fail(err, IOC_UNSAFE, "%s is mounted where %s "
		    "should be", IOC_SHOW(l.other), dataset));
	return (l.there);
}

/* Is it mounted where no rename can have left it? */
static bool
is_elsewhere(const struct ioc_zfs *z, const char *dataset)
{
	auto_free char *path = NULL;
	bool late;

	return (ioc_zfs_where(dataset, &path, &late, NULL) == 0 &&
	    ioc_zfs_beneath(path, z->s.path) == NULL);
}

static int
mount_one(struct ioc_zfs *z, const char *vol, const char *sub,
    struct ioc_error *err)
{
	char dataset[IOC_ZFS_NAME];
	int there, r = ioc_zfs_mounted(z, vol, sub, err);

	if (r != 0)
		return (r < 0 ? r : 0);
	r = ioc_zfs_name(z, vol, sub, dataset, err);
	if (r != 0)
		return (r);
	/* Somebody else may have been quicker, or be about to mount it. */
	for (int waited = 0;; waited += 20) {
		r = ioc_zfs_run(IOC_ZFS_ARGS("mount", dataset), NULL, err);
		if (r == IOC_NOT_FOUND)
			return (r);
		there = ioc_zfs_mounted(z, vol, sub, NULL);
		if (there != 0 || r != IOC_BUSY || waited > PATIENCE_MS)
			break;
		if (is_elsewhere(z, dataset)) {
			r = 0;
			break;
		}
		if (waited < PATIENCE_MS)
			(void)usleep(20 * 1000);
		else
			(void)ioc_zfs_bring_back(z, vol, NULL);
	}
	switch (there) {
	case 1:
		return (0);
	case 0:
		return (r != 0 ? r : ioc_fail(err, IOC_STATE, "%s is mounted "
		    "elsewhere than beneath %s", dataset, z->s.path));
	default:
		return (ioc_zfs_mounted(z, vol, sub, err));
	}
}

int
ioc_zfs_mount(struct ioc_zfs *z, const char *vol, const char *sub,
    struct ioc_error *err)
{
	char part[IOC_ZFS_NAME];
	int r = ioc_zfs_mounted(z, vol, sub, err);

	if (r != 0)
		return (r < 0 ? r : 0);
	/* "releases", "releases/R", "releases/R/p0" */
	for (const char *p = strchr(vol, '/'); p != NULL;
	    p = strchr(p + 1, '/')) {
		(void)snprintf(part, sizeof(part), "%.*s", (int)(p - vol), vol);
		r = mount_one(z, part, NULL, err);
		if (r != 0)
			return (r);
	}
	r = mount_one(z, vol, NULL, err);
	return (r != 0 || sub == NULL ? r : mount_one(z, vol, sub, err));
}

struct idle {
	const char	*dataset;
	const char	*path;		/* of the volume */
	size_t		 len;
	char		 found[256];
};

/*
 * A dataset beneath it goes where it goes, but not one over another.  And "D@S",
 * which the system mounts on ".zfs/snapshot/S" of D where somebody looks at it, is
 * unmounted by it when either of them goes.
 */
static bool
goes_along(const struct ioc_mount_entry *m, const char *dataset,
    const char *rest)
{
	char name[IOC_ZFS_NAME], should[2 * IOC_ZFS_NAME];
	const char *at = strchr(m->source, '@'), *sub;

	(void)snprintf(name, sizeof(name), "%.*s",
	    (int)strcspn(m->source, "@"), m->source);
	sub = strcmp(name, dataset) == 0 ? "" : ioc_zfs_beneath(name, dataset);
	if (!ioc_zfs_is(m) || m->part || sub == NULL)
		return (false);
	(void)snprintf(should, sizeof(should), "%s%s%s%s", sub,
	    at != NULL && sub[0] != '\0' ? "/" : "",
	    at != NULL ? ".zfs/snapshot/" : "", at != NULL ? at + 1 : "");
	return (strcmp(should, rest) == 0);
}

static int
look_within(const struct ioc_mount_entry *m, void *arg)
{
	struct idle *i = arg;

	if (strncmp(m->target, i->path, i->len) != 0 ||
	    m->target[i->len] != '/')
		return (0);
	if (goes_along(m, i->dataset, m->target + i->len + 1))
		return (0);
	(void)snprintf(i->found, sizeof(i->found), "%s",
	    m->target + i->len + 1);
	return (1);
}

int
ioc_zfs_idle(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	auto_free char *path = NULL;
	char dataset[IOC_ZFS_NAME];
	struct idle i = { .dataset = dataset };
	int r = ioc_volume_check(vol, false, NULL, err);

	if (r == 0)
		r = ioc_zfs_name(z, vol, NULL, dataset, err);
	if (r != 0)
		return (r);
	if (asprintf(&path, "%s/%s", s->path, vol) < 0) {
		path = NULL;
		return (ioc_fail_nomem(err));
	}
	i.path = path;
	i.len = strlen(path);
	r = ioc_mount_each(look_within, &i);
	if (r < 0)
		return (no_mounts(err));
	return (r == 0 ? 0 : ioc_fail(err, IOC_BUSY, "volume %s: \"%s\" is a "
	    "mount point", vol, IOC_SHOW(i.found)));
}

struct mounted {
	const char	*dataset;
	struct ioc_strv	*names;
};

static int
look_beneath(const struct ioc_mount_entry *m, void *arg)
{
	const struct mounted *d = arg;

	if (ioc_zfs_is(m) && !m->part && strchr(m->source, '@') == NULL &&
	    (strcmp(m->source, d->dataset) == 0 ||
	    ioc_zfs_beneath(m->source, d->dataset) != NULL) &&
	    !ioc_strv_has(d->names, m->source))
		(void)ioc_strv_add(d->names, m->source);
	return (0);
}

int
ioc_zfs_mounted_datasets(const char *dataset, struct ioc_strv *ret,
    struct ioc_error *err)
{
	struct mounted d = { dataset, ret };

	if (ioc_mount_each(look_beneath, &d) < 0)
		return (no_mounts(err));
	ioc_strv_sort(ret);
	return (ioc_strv_check(ret, err));
}

struct where {
	const char	*dataset;
	char		*path;
	bool		 late;
};

static int
look_for(const struct ioc_mount_entry *m, void *arg)
{
	struct where *w = arg;

	if (!ioc_zfs_is(m) || m->part || strcmp(m->source, w->dataset) != 0)
		return (0);
	w->late = strcmp(m->type, "zfs") != 0;
	w->path = strdup(m->target);
	return (1);
}

int
ioc_zfs_where(const char *dataset, char **path, bool *late,
    struct ioc_error *err)
{
	struct where w = { .dataset = dataset };
	int r = ioc_mount_each(look_for, &w);

	if (r < 0)
		return (no_mounts(err));
	if (r == 0)
		return (ioc_fail(err, IOC_NOT_FOUND,
		    "the dataset %s is not mounted", dataset));
	if (w.path == NULL)
		return (ioc_fail_nomem(err));
	*path = w.path;
	*late = w.late;
	return (0);
}

static int
look_on(const struct ioc_mount_entry *m, void *arg)
{
	return (strcmp(m->target, arg) == 0);
}

bool
ioc_zfs_taken(const char *path)
{
	return (ioc_mount_each(look_on, (void *)(uintptr_t)path) == 1);
}
