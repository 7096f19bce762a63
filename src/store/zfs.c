/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A source that is a dataset of ZFS; see zfs.h for what lies where.
 *
 * zfs(8) is asked as little as possible: what is mounted is in the kernel's
 * table, and so starting, stopping or entering a jail runs it not once, a listing
 * of all jails once.
 */
#include "store/zfs.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "safe/name.h"
#include "safe/path.h"
#include "store/zfs_list.h"

#define	OURS		IOC_PATH_NOLINKS

static void
zfs_close(struct ioc_store *s)
{
	ioc_zfs_forget(ioc_zfs(s));
	ioc_fd_close(&s->root);
	free(s->where);
	free(s->path);
	free(s);
}

static void
close_unless_null(struct ioc_store **s)
{
	if (*s != NULL)
		zfs_close(*s);
}

/* Not there, or not mounted? */
static int
why_not_mounted(const char *where, struct ioc_error *err)
{
	auto_buf struct ioc_buf out = IOC_BUF(4096);
	int r = ioc_zfs_run(IOC_ZFS_ARGS("list", "-H", "-o", "name", where),
	    NULL, err);

	if (r == IOC_NOT_FOUND)
		return (ioc_fail(err, IOC_NOT_FOUND, "no dataset %s", where));
	if (r != 0)
		return (r);
	/* Who does not know of keys complains. */
	if (ioc_zfs_run(IOC_ZFS_ARGS("get", "-H", "-o", "value", "keystatus",
	    where), &out, NULL) == 0 &&
	    strcmp(ioc_buf_str(&out), "unavailable\n") == 0)
		return (ioc_fail(err, IOC_STATE, "the key of the dataset %s is "
		    "not loaded: zfs load-key, then zfs mount", where));
	return (ioc_fail(err, IOC_STATE, "the dataset %s is not mounted",
	    where));
}

static int
zfs_open(const char *where, struct ioc_os *os, struct ioc_store **ret,
    struct ioc_error *err)
{
	IOC_AUTO(close_unless_null) struct ioc_store *s = NULL;
	struct ioc_zfs *z;
	struct stat st;
	int r = ioc_name_check(IOC_NAME_DATASET, where, err);

	if (r != 0)
		return (r);
	z = calloc(1, sizeof(*z));
	if (z == NULL)
		return (ioc_fail_nomem(err));
	s = &z->s;
	s->ops = &ioc_store_zfs;
	s->os = os;
	s->root = -1;
	s->where = strdup(where);
	if (s->where == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_zfs_where(where, &s->path, &z->late, err);
	if (r == IOC_NOT_FOUND)
		r = why_not_mounted(where, err);
	if (r == 0)
		r = s->root = ioc_path_root(s->path, err);
	if (r >= 0)
		r = ioc_store_check_owner(s->root, err);
	if (r < 0)
		return (r);
	if (ioc_path_stat(s->root, "jails", OURS, &st, NULL) != 0)
		return (ioc_fail(err, IOC_NOT_FOUND, "it is no source yet: "
		    "activate it first"));
	*ret = take_ptr(s);
	return (0);
}

/* --- volumes ---------------------------------------------------------------- */

int
ioc_zfs_dir(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	int r = ioc_volume_check(vol, false, NULL, err);

	if (r == 0)
		r = ioc_zfs_mount(ioc_zfs(s), vol, NULL, err);
	if (r == 0)
		r = ioc_path_dir(s->root, vol, OURS, err);
	if (r == IOC_NOT_FOUND)
		return (ioc_fail(err, r, "no volume %s", vol));
	return (r < 0 ? ioc_wrap(err, r, "volume %s", vol) : r);
}

int
ioc_zfs_has(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	enum ioc_volume_area area;
	char dataset[IOC_ZFS_NAME];
	struct stat st;
	int r = ioc_volume_check(vol, false, &area, err);

	if (r != 0)
		return (r);
	r = ioc_zfs_mounted(z, vol, NULL, err);
	if (r != 0)
		return (r < 0 ? r : 0);
	r = ioc_zfs_name(z, vol, NULL, dataset, err);
	if (r == 0)
		r = ioc_zfs_run(IOC_ZFS_ARGS("list", "-H", "-o", "name",
		    dataset), NULL, err);
	if (r == 0) {
		/* Whoever renamed it has not come to that. */
		(void)ioc_zfs_mount(z, vol, NULL, NULL);
		return (0);
	}
	if (r != IOC_NOT_FOUND)
		return (r);
	/* What is left of a mount point is for recovery to see. */
	if (area == IOC_VOLUME_STAGING &&
	    ioc_path_stat(s->root, vol, OURS, &st, NULL) == 0)
		return (0);
	return (ioc_fail(err, IOC_NOT_FOUND, "no volume %s", vol));
}

bool
ioc_zfs_is_legacy(const struct ioc_zfs *z, const char *vol)
{
	const char *level = strrchr(vol, '/');
	char root[IOC_ZFS_NAME];
	struct stat st;

	if (!ioc_str_starts(vol, "releases/") || level == strchr(vol, '/'))
		return (false);
	(void)snprintf(root, sizeof(root), "%.*s/root", (int)(level - vol),
	    vol);
	return (ioc_path_stat(z->s.root, vol, OURS, &st, NULL) ==
	    IOC_NOT_FOUND &&
	    ioc_path_stat(z->s.root, root, OURS, &st, NULL) == 0);
}

int
ioc_zfs_root_fd(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	const char *level = strrchr(vol, '/');
	auto_free char *path = NULL;
	int n, r = ioc_volume_check(vol, false, NULL, err);

	if (r != 0)
		return (r);
	if (ioc_zfs_is_legacy(z, vol))
		n = asprintf(&path, "%.*s/root/.zfs/snapshot/%s",
		    (int)(level - vol), vol, level + 1);
	else {
		n = asprintf(&path, "%s/root", vol);
		r = ioc_zfs_mount(z, vol, "root", err);
	}
	if (n < 0) {
		path = NULL;
		return (ioc_fail_nomem(err));
	}
	return (r != 0 ? r : ioc_path_dir(s->root, path, OURS, err));
}

static int
zfs_root(struct ioc_store *s, const char *vol, struct ioc_os_root *ret,
    struct ioc_error *err)
{
	int fd = ioc_zfs_root_fd(s, vol, err);

	if (fd < 0)
		return (ioc_wrap(err, fd, "volume %s: root", IOC_SHOW(vol)));
	*ret = (struct ioc_os_root)IOC_OS_ROOT;
	ret->kind = IOC_ROOT_DIR;
	ret->root = fd;
	return (0);
}

const struct ioc_store_ops ioc_store_zfs = {
	.name = "zfs",
	.mounts = true,
	.live = true,
	.open = zfs_open,
	.activate = ioc_zfs_activate,
	.close = zfs_close,
	.create = ioc_zfs_create,
	.clone = ioc_zfs_clone,
	.clone_here = ioc_zfs_clone_here,
	.take_back = ioc_zfs_take_back,
	.rename = ioc_zfs_rename,
	.has = ioc_zfs_has,
	.place = ioc_zfs_place,
	.idle = ioc_zfs_idle,
	.destroy = ioc_zfs_destroy,
	.dir = ioc_zfs_dir,
	.root = zfs_root,
	.used = ioc_zfs_used,
	.list = ioc_zfs_list,
	.properties = ioc_zfs_properties,
	.promote = ioc_zfs_promote,
	.replace = ioc_zfs_replace,
	.rebase = ioc_zfs_rebase,
	.send = ioc_zfs_send,
	.receive = ioc_zfs_receive,
	.snapshot = &ioc_zfs_snapshots,
};
