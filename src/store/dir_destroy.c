/* SPDX-License-Identifier: BSD-2-Clause */
/* Removal of volumes of a directory source, which minds what needs them. */
#include "store/dir.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/compat.h"
#include "base/strv.h"
#include "safe/path.h"
#include "safe/tree.h"
#include "store/volume.h"

#define	OURS	(IOC_PATH_NOLINKS | IOC_PATH_XDEV)

/* True when `origin` is the volume `vol` or one beneath it. */
static bool
is_within(const char *origin, const char *vol)
{
	size_t len = strlen(vol);

	return (strncmp(origin, vol, len) == 0 &&
	    (origin[len] == '\0' || origin[len] == '/'));
}

/* *ret: does the volume, or a snapshot of it, share data with `vol`? */
static int
needs(int fd, const char *vol, bool *ret, struct ioc_error *err)
{
	auto_strv struct ioc_strv origins = IOC_STRV;
	char origin[IOC_DIR_ORIGIN];
	int r = ioc_dir_origin(fd, origin, err);

	if (r == 0)
		(void)ioc_strv_add(&origins, origin);
	if (r == 0 || r == IOC_NOT_FOUND)
		r = ioc_dir_snapshot_origins(fd, &origins, err);
	for (size_t i = 0; r == 0 && i < origins.n; i++)
		*ret = *ret || is_within(origins.v[i], vol);
	return (r);
}

/* Appends the names in one place that need vol. */
static int
find_clones(struct ioc_store *s, const char *place, const char *vol,
    struct ioc_buf *users, struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	int r;

	r = s->ops->list(s, place, &names, err);
	if (r != 0)
		return (r);
	ioc_strv_sort(&names);
	for (size_t i = 0; i < names.n; i++) {
		auto_buf struct ioc_buf path = IOC_BUF(512);
		auto_fd int fd = -1;
		bool yes = false;

		if (ioc_buf_addf(&path, "%s/%s", place, names.v[i]) != 0)
			return (ioc_buf_check(&path, err));
		fd = ioc_path_dir(s->root, path.data, OURS, err);
		if (fd == IOC_NOT_FOUND)
			continue;
		if (fd < 0)
			return (fd);
		r = needs(fd, vol, &yes, err);
		if (r != 0)
			return (ioc_wrap(err, r, "volume %s", path.data));
		if (yes)
			(void)ioc_buf_addf(users, "%s%s",
			    users->len > 0 ? ", " : "", names.v[i]);
	}
	return (0);
}

int
ioc_dir_unneeded(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	auto_buf struct ioc_buf users = IOC_BUF(64 * 1024);
	int r;

	r = find_clones(s, "jails", vol, &users, err);
	if (r == 0)
		r = find_clones(s, ".staging", vol, &users, err);
	if (r == 0)
		r = ioc_buf_check(&users, err);
	if (r != 0)
		return (r);
	if (users.len > 0)
		return (ioc_fail(err, IOC_BUSY, "it is needed by %.700s",
		    ioc_buf_str(&users)));
	return (0);
}

/*
 * Out of sight by one rename, then removed at leisure: after a crash the volume
 * is there as it was, or its remains are in .staging.
 */
static int
destroy_visible(struct ioc_store *s, const char *vol, int staging,
    struct ioc_error *err)
{
	char trash[64];
	uint64_t id;
	int r;

	ioc_random(&id, sizeof(id));
	(void)snprintf(trash, sizeof(trash), ".staging/destroy-%016llx",
	    (unsigned long long)id);
	r = s->ops->rename(s, vol, trash, err);
	if (r != 0)
		return (r);
	r = ioc_tree_remove(staging, strchr(trash, '/') + 1, err);
	if (r == IOC_BUSY)
		/* something is mounted in it, and nothing was removed */
		(void)s->ops->rename(s, trash, vol, NULL);
	return (r);
}

int
ioc_dir_destroy(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	enum ioc_volume_area area;
	auto_fd int dir = -1;
	char last[256];
	struct stat st;
	int r;

	r = ioc_volume_check(vol, false, &area, err);
	if (r != 0)
		return (r);
	dir = ioc_path_parent(s->root, vol, OURS, last, err);
	if (dir == IOC_NOT_FOUND)
		return (0);
	if (dir < 0)
		return (ioc_wrap(err, dir, "destroy %s", vol));
	if (area == IOC_VOLUME_STAGING)
		return (ioc_wrap(err, ioc_tree_remove(dir, last, err),
		    "destroy %s", vol));
	if (fstatat(dir, last, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return (errno == ENOENT ? 0 :
		    ioc_fail_errno(err, "destroy %s", vol));
	ioc_fd_close(&dir);
	r = dir = ioc_path_dir(s->root, ".staging", OURS, err);
	if (r >= 0)
		r = destroy_visible(s, vol, dir, err);
	return (ioc_wrap(err, r, "destroy %s", vol));
}
