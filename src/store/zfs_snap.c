/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshots of a volume: of its dataset and all beneath it, at one moment, as
 * libioc and iocage make them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "safe/name.h"
#include "store/zfs.h"
#include "store/zfs_list.h"

int
ioc_zfs_snapshot_name(struct ioc_zfs *z, const char *vol, const char *sub,
    const char *name, char ret[IOC_ZFS_NAME], struct ioc_error *err)
{
	char dataset[IOC_ZFS_NAME];
	int n, r = ioc_volume_check(vol, false, NULL, err);

	if (r == 0)
		r = ioc_name_check(IOC_NAME_SNAPSHOT, name, err);
	if (r == 0)
		r = ioc_zfs_name(z, vol, sub, dataset, err);
	if (r != 0)
		return (r);
	n = snprintf(ret, IOC_ZFS_NAME, "%s@%s", dataset, name);
	return (n < IOC_ZFS_NAME ? 0 :
	    ioc_fail(err, IOC_INVALID, "snapshot %s: name too long", name));
}

static int
snap_create(struct ioc_store *s, const char *vol, const char *name,
    struct ioc_error *err)
{
	char full[IOC_ZFS_NAME];
	int r = ioc_zfs_snapshot_name(ioc_zfs(s), vol, NULL, name, full, err);

	if (r == 0)
		r = ioc_zfs_run(IOC_ZFS_ARGS("snapshot", "-r", full), NULL,
		    err);
	return (ioc_wrap(err, r, "snapshot %s of %s", IOC_SHOW(name),
	    IOC_SHOW(vol)));
}

static int
on_snapshot(const char *const *field, void *arg, struct ioc_error *err)
{
	const char *at = strchr(field[0], '@');

	if (at != NULL)
		(void)ioc_strv_add(arg, at + 1);
	return (0);
}

static int
snap_list(struct ioc_store *s, const char *vol, struct ioc_strv *ret,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf out = IOC_BUF(IOC_ZFS_OUTPUT);
	char dataset[IOC_ZFS_NAME];
	int r = ioc_volume_check(vol, false, NULL, err);

	if (r == 0)
		r = ioc_zfs_name(ioc_zfs(s), vol, NULL, dataset, err);
	if (r == 0)
		r = ioc_zfs_run(IOC_ZFS_ARGS("list", "-H", "-r", "-d", "1",
		    "-t", "snapshot", "-s", "creation", "-o", "name", dataset),
		    &out, err);
	if (r == 0)
		r = ioc_zfs_rows(out.data, out.len, 1, on_snapshot, ret, err);
	if (r == 0)
		r = ioc_strv_check(ret, err);
	return (ioc_wrap(err, r, "snapshots of %s", IOC_SHOW(vol)));
}

/* The names of those that are newer, which a rollback would take along. */
static int
check_newest(struct ioc_store *s, const char *vol, const char *name, bool lose,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv v = IOC_STRV;
	auto_buf struct ioc_buf newer = IOC_BUF(1024 * 1024);
	bool found = false;
	int r = snap_list(s, vol, &v, err);

	for (size_t i = 0; r == 0 && i < v.n; i++) {
		if (found)
			(void)ioc_buf_addf(&newer, "%s%s",
			    newer.len > 0 ? ", " : "", v.v[i]);
		found = found || strcmp(v.v[i], name) == 0;
	}
	if (r == 0)
		r = ioc_buf_check(&newer, err);
	if (r != 0)
		return (r);
	if (!found)
		return (ioc_fail(err, IOC_NOT_FOUND, "no such snapshot"));
	if (newer.len > 0 && !lose)
		return (ioc_fail(err, IOC_STATE, "newer ones would be lost: "
		    "%.500s", IOC_SHOW(ioc_buf_str(&newer))));
	for (size_t i = v.n; r == 0 && i-- > 0 && strcmp(v.v[i], name) != 0;)
		r = ioc_zfs_unneeded(ioc_zfs(s), vol, v.v[i], err);
	return (r);
}

/* Never -R: clones are not ours to destroy. */
static int
roll_back(const char *full, bool lose, struct ioc_error *err)
{
	if (lose)
		return (ioc_zfs_run(IOC_ZFS_ARGS("rollback", "-r", full), NULL,
		    err));
	return (ioc_zfs_run(IOC_ZFS_ARGS("rollback", full), NULL, err));
}

static int
snap_rollback(struct ioc_store *s, const char *vol, const char *name,
    bool lose, struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	char own[IOC_ZFS_NAME], root[IOC_ZFS_NAME];
	int r = ioc_zfs_snapshot_name(z, vol, NULL, name, own, err);

	if (r == 0)
		r = ioc_zfs_snapshot_name(z, vol, "root", name, root, err);
	if (r == 0)
		r = check_newest(s, vol, name, lose, err);
	/* The root first: while the other has newer ones it can be repeated. */
	if (r == 0)
		r = roll_back(root, lose, err);
	if (r == 0)
		r = roll_back(own, lose, err);
	ioc_zfs_forget(z);
	return (ioc_wrap(err, r, "roll back %s to %s", IOC_SHOW(vol),
	    IOC_SHOW(name)));
}

static int
snap_remove(struct ioc_store *s, const char *vol, const char *name,
    struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	char full[IOC_ZFS_NAME];
	int r = ioc_zfs_snapshot_name(z, vol, NULL, name, full, err);

	if (r == 0)
		r = ioc_zfs_unneeded(z, vol, name, err);
	if (r == 0)
		r = ioc_zfs_run(IOC_ZFS_ARGS("destroy", "-r", full), NULL,
		    err);
	return (ioc_wrap(err, r, "remove snapshot %s of %s", IOC_SHOW(name),
	    IOC_SHOW(vol)));
}

const struct ioc_store_snapshot_ops ioc_zfs_snapshots = {
	.create = snap_create,
	.list = snap_list,
	.rollback = snap_rollback,
	.remove = snap_remove,
	.view = ioc_zfs_view,
};
