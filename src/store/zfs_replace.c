/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A root that takes the place of the one that it was cloned from.  Promoting it
 * first brings it the older one's snapshots; that one becomes a clone of them,
 * and goes with the staged volume.
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "store/zfs.h"
#include "store/zfs_list.h"

static int
add_value(const char *const *field, void *arg, struct ioc_error *err)
{
	(void)err;
	(void)ioc_buf_adds(arg, field[0]);
	return (0);
}

/* The origin of a dataset, "-" for none; NOT_FOUND: no such dataset. */
static int
origin_of(const char *dataset, struct ioc_buf *ret, struct ioc_error *err)
{
	auto_buf struct ioc_buf out = IOC_BUF(4096);
	int r = ioc_zfs_run(IOC_ZFS_ARGS("get", "-H", "-o", "value", "origin",
	    dataset), &out, err);

	return (r == 0 ? ioc_zfs_rows(out.data, out.len, 1, add_value, ret,
	    err) : r);
}

static bool
is_clone_of(const struct ioc_buf *origin, const char *dataset)
{
	size_t n = strlen(dataset);
	const char *text = ioc_buf_str(origin);

	return (strncmp(text, dataset, n) == 0 && text[n] == '@');
}

int
ioc_zfs_replace(struct ioc_store *s, const char *vol, const char *from,
    struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	char now[IOC_ZFS_NAME], new[IOC_ZFS_NAME], old[IOC_ZFS_NAME];
	auto_buf struct ioc_buf origin = IOC_BUF(4096), other = IOC_BUF(4096);
	int r = ioc_zfs_name(z, vol, "root", now, err);

	if (r == 0)
		r = ioc_zfs_name(z, from, "root", new, err);
	if (r == 0)
		r = ioc_zfs_name(z, from, "old", old, err);
	if (r != 0)
		return (r);
	ioc_zfs_forget(z);
	r = origin_of(new, &origin, err);
	/* It was done, and the end came after it. */
	if (r == IOC_NOT_FOUND)
		return (ioc_zfs_mount(z, vol, "root", err));
	if (r == 0 && is_clone_of(&origin, now))
		r = ioc_zfs_run(IOC_ZFS_ARGS("promote", new), NULL, err);
	if (r == 0) {
		r = origin_of(now, &other, err);
		if (r == 0)
			r = ioc_zfs_rename_dataset(z, now, old, err);
		else if (r == IOC_NOT_FOUND)
			r = 0;
	}
	if (r == 0)
		r = ioc_zfs_rename_dataset(z, new, now, err);
	if (r == 0)
		r = ioc_zfs_mount(z, vol, "root", err);
	return (ioc_wrap(err, r, "replace the root of %s", vol));
}

/* A clone has all of its root, whatever of it is shared on disk. */
int
ioc_zfs_rebase(struct ioc_store *s, const char *vol, const char *origin,
    struct ioc_error *err)
{
	int r = s->ops->has(s, vol, err);

	return (r == 0 ? s->ops->has(s, origin, err) : r);
}
