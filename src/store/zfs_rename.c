/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `zfs rename`: one step in the pool, after which the old name is gone and the
 * new one is on disk with all that had been written.  What is mounted goes and
 * comes again around it; whoever dies in between leaves something unmounted,
 * which is mounted by whoever needs it next.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "safe/path.h"
#include "store/zfs.h"
#include "store/zfs_list.h"

#define	LATE_MS		30000	/* other mount namespaces may have it, too */

/* "releases/R/p0" may be the first in releases/R. */
static bool
needs_parent(const char *to)
{
	return (strchr(strchr(to, '/') + 1, '/') != NULL);
}

static int
rename_dataset(const char *from, const char *to, bool parent,
    struct ioc_error *err)
{
	if (parent)
		return (ioc_zfs_run(IOC_ZFS_ARGS("rename", "-p", from, to),
		    NULL, err));
	return (ioc_zfs_run(IOC_ZFS_ARGS("rename", from, to), NULL, err));
}

static bool
has_dataset(const char *dataset, bool otherwise)
{
	int r = ioc_zfs_run(IOC_ZFS_ARGS("list", "-H", "-o", "name", dataset),
	    NULL, NULL);

	return (r == 0 ? true : r == IOC_NOT_FOUND ? false : otherwise);
}

/* It was killed, or complained of the mounting alone: what has become of it? */
static bool
is_renamed(const char *from, const char *to, int r)
{
	return ((r == IOC_CHILD || r == IOC_TIMEOUT || r == IOC_BUSY) &&
	    !has_dataset(from, true) && has_dataset(to, false));
}

/* --- where file systems go late ----------------------------------------------- */

/*
 * zfs-fuse refuses to rename what it is still busy to unmount, and mounts it
 * again: so it is unmounted before, and the renaming tried until it is.
 */
static int
rename_late(const char *from, const char *to, bool parent, bool mount,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv v = IOC_STRV;
	size_t len = strlen(from), first;
	const char *now = from;
	int r = ioc_zfs_mounted_datasets(from, &v, err);

	/* Sorted from the top down: the last has nothing beneath it. */
	for (first = v.n; r == 0 && first > 0; first--) {
		r = ioc_zfs_run(IOC_ZFS_ARGS("unmount", v.v[first - 1]), NULL,
		    err);
		if (r != 0)
			break;
	}
	for (int waited = 0; r == 0; waited += 10) {
		r = rename_dataset(from, to, parent, err);
		/* After "busy" the next one may find that it was done. */
		if (r != 0 && is_renamed(from, to, waited > 0 &&
		    (r == IOC_NOT_FOUND || r == IOC_EXISTS) ? IOC_BUSY : r))
			r = 0;
		if (r == 0)
			now = to;
		if (r != IOC_BUSY || waited >= LATE_MS)
			break;
		r = 0;
		(void)usleep(10 * 1000);
	}
	for (size_t i = first; i < v.n && (mount || r != 0); i++) {
		char name[2 * IOC_ZFS_NAME];

		(void)snprintf(name, sizeof(name), "%s%s", now, v.v[i] + len);
		(void)ioc_zfs_run(IOC_ZFS_ARGS("mount", name), NULL, NULL);
	}
	return (r);
}

int
ioc_zfs_rename_dataset(struct ioc_zfs *z, const char *from, const char *to,
    struct ioc_error *err)
{
	return (z->late ? rename_late(from, to, false, true, err) :
	    rename_dataset(from, to, false, err));
}

/* --- all ------------------------------------------------------------------------ */

/* A release or jail on its way out: not when something is cloned from it. */
static int
check_leaving(struct ioc_zfs *z, const char *from, const char *to,
    bool *leaving, struct ioc_error *err)
{
	enum ioc_volume_area a, b;
	int r = ioc_volume_check(from, false, &a, err);

	if (r == 0)
		r = ioc_volume_check(to, false, &b, err);
	*leaving = r == 0 && a != IOC_VOLUME_STAGING &&
	    b == IOC_VOLUME_STAGING;
	return (!*leaving ? r : ioc_zfs_unneeded(z, from, NULL, err));
}

int
ioc_zfs_rename(struct ioc_store *s, const char *from, const char *to,
    struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	char a[IOC_ZFS_NAME], b[IOC_ZFS_NAME];
	bool leaving;
	int r = check_leaving(z, from, to, &leaving, err);

	if (r == 0)
		r = ioc_zfs_name(z, from, NULL, a, err);
	if (r == 0)
		r = ioc_zfs_name(z, to, NULL, b, err);
	if (r != 0)
		return (r);
	ioc_zfs_forget(z);
	/* What is to be destroyed needs no mount any more, unless it comes back. */
	r = z->late ? rename_late(a, b, needs_parent(to), !leaving, err) :
	    rename_dataset(a, b, needs_parent(to), err);
	if (r != 0 && is_renamed(a, b, r))
		r = 0;
	if (r == IOC_EXISTS)
		return (ioc_fail(err, r, "volume %s exists", to));
	/* Somebody may have mounted it in the middle of that. */
	if (r == 0 && !z->late && ioc_zfs_bring_back(z, to, NULL) == 1 &&
	    !leaving)
		(void)ioc_zfs_mount(z, to, "root", NULL);
	/* Where it was mounted, unless zfs has removed that. */
	if (r == 0)
		(void)ioc_path_rmdir(s->root, from, IOC_PATH_NOLINKS, NULL);
	return (ioc_wrap(err, r, "rename %s to %s", from, to));
}
