/* SPDX-License-Identifier: BSD-2-Clause */
/* Volumes of a ZFS source: made, promoted, destroyed. */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "safe/path.h"
#include "safe/tree.h"
#include "store/zfs.h"
#include "store/zfs_list.h"

#define	OURS		IOC_PATH_NOLINKS
#define	PATIENCE_MS	3000

/*
 * "Busy" may mean that it is about to go: zfs-fuse is late, and who has just
 * been made on Linux with a view of its own sees all that is mounted for a moment.
 */
static int
run_patiently(const char *const *args, struct ioc_error *err)
{
	int r;

	for (int waited = 0;; waited += 20) {
		r = ioc_zfs_run(args, NULL, err);
		if (r != IOC_BUSY || waited >= PATIENCE_MS)
			return (r);
		(void)usleep(20 * 1000);
	}
}

/* --- make ------------------------------------------------------------------- */

int
ioc_zfs_check_free(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	enum ioc_volume_area area;
	struct stat st;
	int r = ioc_volume_check(vol, false, &area, err);

	if (r != 0)
		return (r);
	/* Nobody else makes up the same one in staging. */
	r = area == IOC_VOLUME_STAGING ?
	    ioc_path_stat(s->root, vol, OURS, &st, err) :
	    ioc_zfs_has(s, vol, err);
	if (r == 0)
		return (ioc_fail(err, IOC_EXISTS, "volume %s exists", vol));
	return (r == IOC_NOT_FOUND ? 0 : r);
}

/* Our own directories on the way to the root are nobody else's business. */
static int
set_modes(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	char part[IOC_ZFS_NAME];
	const char *p = strchr(vol, '/');

	while (p != NULL) {
		auto_fd int fd = -1;

		p = strchr(p + 1, '/');
		(void)snprintf(part, sizeof(part), "%.*s",
		    (int)(p != NULL ? (size_t)(p - vol) : strlen(vol)), vol);
		fd = ioc_path_dir(s->root, part, OURS, err);
		if (fd < 0)
			return (fd);
		if (fchmod(fd, 0700) != 0)
			return (ioc_fail_errno(err, "%s", part));
	}
	return (0);
}

int
ioc_zfs_finish(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	int r = ioc_zfs_mount(ioc_zfs(s), vol, "root", err);

	return (r == 0 ? set_modes(s, vol, err) : r);
}

int
ioc_zfs_make(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	char root[IOC_ZFS_NAME];
	auto_fd int fd = -1;
	int r = ioc_zfs_name(ioc_zfs(s), vol, "root", root, err);

	if (r == 0)
		r = ioc_zfs_run(IOC_ZFS_ARGS("create", "-p", IOC_ZFS_ROOT_PROPERTIES,
		    root), NULL, err);
	if (r == 0)
		r = ioc_zfs_finish(s, vol, err);
	if (r == 0)
		r = fd = ioc_zfs_root_fd(s, vol, err);
	if (r < 0)
		return (r);
	if (fchmod(fd, 0755) != 0 || fchown(fd, 0, 0) != 0)
		return (ioc_fail_errno(err, "root"));
	return (0);
}

int
ioc_zfs_create(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	int r = ioc_zfs_check_free(s, vol, err);

	if (r != 0)
		return (r);
	ioc_zfs_forget(ioc_zfs(s));
	r = ioc_zfs_make(s, vol, err);
	if (r != 0)
		(void)ioc_zfs_destroy(s, vol, NULL);
	return (ioc_wrap(err, r, "make volume %s", vol));
}

int
ioc_zfs_place(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	char dataset[IOC_ZFS_NAME];
	int r = ioc_volume_check(vol, false, NULL, err);

	if (r == 0)
		r = ioc_zfs_name(z, vol, NULL, dataset, err);
	if (r == 0)
		r = ioc_zfs_run(IOC_ZFS_ARGS("create", "-p", dataset), NULL,
		    err);
	if (r == 0)
		r = ioc_zfs_mount(z, vol, NULL, err);
	if (r == 0)
		r = set_modes(s, vol, err);
	return (ioc_wrap(err, r, "make %s", IOC_SHOW(vol)));
}

/* --- promote ----------------------------------------------------------------- */

static int
on_value(const char *const *field, void *arg, struct ioc_error *err)
{
	return (ioc_buf_adds(arg, field[0]) == 0 ? 0 : ioc_fail_nomem(err));
}

/*
 * With a release as its origin the snapshot that all its other jails share would
 * become the jail's.
 */
static int
check_promote(struct ioc_zfs *z, const char *root, struct ioc_error *err)
{
	auto_buf struct ioc_buf out = IOC_BUF(IOC_ZFS_LINE);
	auto_buf struct ioc_buf origin = IOC_BUF(IOC_ZFS_LINE);
	const char *from;
	int r = ioc_zfs_run(IOC_ZFS_ARGS("get", "-H", "-o", "value", "origin",
	    root), &out, err);

	if (r == 0)
		r = ioc_zfs_rows(out.data, out.len, 1, on_value, &origin, err);
	if (r != 0)
		return (r);
	if (strcmp(ioc_buf_str(&origin), "-") == 0)
		return (ioc_fail(err, IOC_STATE, "it is no clone"));
	from = ioc_zfs_beneath(ioc_buf_str(&origin), z->s.where);
	if (from != NULL && ioc_str_starts(from, "releases/"))
		return (ioc_fail(err, IOC_STATE, "it depends on no other jail, "
		    "but on a release, which others share"));
	return (0);
}

int
ioc_zfs_promote(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	char root[IOC_ZFS_NAME];
	int r = ioc_volume_check(vol, false, NULL, err);

	if (r == 0)
		r = ioc_zfs_name(ioc_zfs(s), vol, "root", root, err);
	if (r == 0)
		r = check_promote(ioc_zfs(s), root, err);
	if (r == 0)
		r = ioc_zfs_run(IOC_ZFS_ARGS("promote", root), NULL, err);
	ioc_zfs_forget(ioc_zfs(s));
	return (ioc_wrap(err, r, "promote %s", IOC_SHOW(vol)));
}

/* --- destroy ------------------------------------------------------------------ */

/* An empty mount point, or what lay beneath one. */
static int
remove_rest(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	auto_fd int dir = -1;
	char last[256];

	dir = ioc_path_parent(s->root, vol, OURS, last, err);
	if (dir < 0)
		return (dir == IOC_NOT_FOUND ? 0 : dir);
	return (ioc_tree_remove(dir, last, err));
}

int
ioc_zfs_destroy_dataset(const char *dataset, struct ioc_error *err)
{
	return (run_patiently(IOC_ZFS_ARGS("destroy", "-r", dataset), err));
}

/* What is in staging, and seen by nobody. */
static int
destroy_staged(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	char dataset[IOC_ZFS_NAME];
	int r = ioc_zfs_name(ioc_zfs(s), vol, NULL, dataset, err);

	/* Where it was before, should it be mounted there, nothing stays. */
	(void)ioc_zfs_bring_back(ioc_zfs(s), vol, NULL);
	if (r == 0)
		r = ioc_zfs_destroy_dataset(dataset, err);
	return (r == 0 || r == IOC_NOT_FOUND ? remove_rest(s, vol, err) : r);
}

int
ioc_zfs_destroy(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	enum ioc_volume_area area;
	char trash[64];
	uint64_t id;
	int r = ioc_volume_check(vol, false, &area, err);

	if (r != 0)
		return (r);
	ioc_zfs_forget(ioc_zfs(s));
	if (area == IOC_VOLUME_STAGING)
		return (ioc_wrap(err, destroy_staged(s, vol, err),
		    "destroy %s", vol));
	/* Out of sight by one rename, which nothing in use lets happen. */
	ioc_random(&id, sizeof(id));
	(void)snprintf(trash, sizeof(trash), ".staging/destroy-%016llx",
	    (unsigned long long)id);
	r = ioc_zfs_rename(s, vol, trash, err);
	if (r == 0) {
		r = destroy_staged(s, trash, err);
		if (r == IOC_BUSY)
			(void)ioc_zfs_rename(s, trash, vol, NULL);
	} else if (r == IOC_NOT_FOUND)
		r = remove_rest(s, vol, err);
	return (ioc_wrap(err, r, "destroy %s", vol));
}
