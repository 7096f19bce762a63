/* SPDX-License-Identifier: BSD-2-Clause */
/* Clones of volumes in a directory source, and removal that minds them. */
#include "store/dir.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "base/strv.h"
#include "safe/file.h"
#include "safe/path.h"
#include "safe/tree.h"
#include "store/volume.h"

#define	OURS	(IOC_PATH_NOLINKS | IOC_PATH_XDEV)

/* --- clone ------------------------------------------------------------------ */

int
ioc_dir_make_part(int vol, const char *name, uint32_t id, mode_t mode,
    struct ioc_error *err)
{
	auto_fd int fd = ioc_path_mkdir(vol, name, mode, OURS, err);

	if (fd < 0)
		return (ioc_wrap(err, fd, "make %s", name));
	if (id != 0 && fchown(fd, id, id) != 0)
		return (ioc_fail_errno(err, "make %s: give it to user %u",
		    name, (unsigned)id));
	if (fchmod(fd, mode) != 0)
		return (ioc_fail_errno(err, "make %s", name));
	return (0);
}

/* Not synced: what is staged becomes durable as a whole, when it is renamed. */
static int
write_origin(int vol, const char *line, size_t len, struct ioc_error *err)
{
	auto_fd int fd = ioc_path_create(vol, "origin", 0600, OURS, err);

	return (fd < 0 ? fd : ioc_file_write_all(fd, line, len, err));
}

static int
clone_thin(struct ioc_store *s, const char *from, int origin, int vol,
    uint32_t id_base, struct ioc_error *err)
{
	char line[IOC_DIR_ORIGIN + 1];
	int len, r;

	len = snprintf(line, sizeof(line), "%s\n", from);
	if (len < 0 || (size_t)len > IOC_DIR_ORIGIN - 1)
		return (ioc_fail(err, IOC_INVALID, "name too long"));
	r = ioc_dir_thin_make(s, origin, vol, id_base, err);
	/* the origin last: a volume without it is visibly unfinished */
	if (r == 0)
		r = write_origin(vol, line, (size_t)len, err);
	return (r);
}

struct copying {
	ioc_store_progress *progress;
	void		*arg;
	uint64_t	 total;
};

static int
on_copy(uint64_t entries, uint64_t bytes, void *arg)
{
	const struct copying *c = arg;

	/* bytes of content against blocks on disk: close, not equal */
	return (c->progress(bytes < c->total ? bytes : c->total, c->total,
	    c->arg));
}

static int
clone_thick(int from, int vol, ioc_store_progress *progress, void *arg,
    struct ioc_error *err)
{
	struct copying c = { progress, arg, 0 };
	auto_fd int to = -1;
	int r = 0;

	if (progress != NULL)
		r = ioc_tree_used(from, &c.total, err);
	if (r != 0)
		return (r);
	to = ioc_path_mkdir(vol, "root", 0755, OURS, err);
	if (to < 0)
		return (to);
	r = ioc_tree_copy(from, to, progress != NULL ? on_copy : NULL, &c,
	    err);
	if (r == 0 && progress != NULL && progress(c.total, c.total, arg) != 0)
		r = ioc_fail(err, IOC_CANCELED, "canceled");
	return (r);
}

/* The root of the volume that is to be cloned. */
static int
open_origin(struct ioc_store *s, const char *from, enum ioc_store_clone how,
    struct ioc_error *err)
{
	enum ioc_volume_area area;
	auto_fd int vol = -1;
	struct stat st;
	int fd, r;

	r = ioc_volume_check(from, false, &area, err);
	if (r != 0)
		return (r);
	vol = s->ops->dir(s, from, err);
	if (vol < 0)
		return (vol);
	if (how == IOC_CLONE_THIN && area != IOC_VOLUME_RELEASES)
		return (ioc_fail(err, IOC_STATE, "clone %s: only a release "
		    "stays as it is and can be shared by thin clones", from));
	if (fstatat(vol, "origin", &st, AT_SYMLINK_NOFOLLOW) == 0)
		return (ioc_fail(err, IOC_UNSUPPORTED, "clone %s: it is a thin "
		    "volume, and a directory source can clone full ones only",
		    from));
	fd = ioc_path_dir(vol, "root", OURS, err);
	if (fd == IOC_NOT_FOUND)
		return (ioc_fail(err, IOC_NOT_FOUND, "clone %s: it has no root",
		    from));
	if (fd < 0)
		return (ioc_wrap(err, fd, "clone %s", from));
	return (fd);
}

int
ioc_dir_clone(struct ioc_store *s, const char *from, const char *to,
    enum ioc_store_clone how, uint32_t id_base, ioc_store_progress *progress,
    void *arg, struct ioc_error *err)
{
	auto_fd int origin = open_origin(s, from, how, err), vol = -1;
	struct stat st;
	int r;

	if (origin < 0)
		return (origin);
	r = ioc_volume_check(to, false, NULL, err);
	if (r != 0)
		return (r);
	r = ioc_path_stat(s->root, to, OURS, &st, err);
	if (r == 0)
		return (ioc_fail(err, IOC_EXISTS, "volume %s exists", to));
	if (r != IOC_NOT_FOUND)
		return (ioc_wrap(err, r, "volume %s", to));
	vol = ioc_path_mkdirs(s->root, to, 0700, (uid_t)-1, (gid_t)-1, OURS,
	    err);
	if (vol < 0)
		return (ioc_wrap(err, vol, "make volume %s", to));
	if (how == IOC_CLONE_THIN)
		r = clone_thin(s, from, origin, vol, id_base, err);
	else
		r = clone_thick(origin, vol, progress, arg, err);
	if (r != 0) {
		/* nothing half-made stays; the first error is what counts */
		(void)ioc_dir_destroy(s, to, NULL);
		return (ioc_wrap(err, r, "clone %s to %s", from, to));
	}
	return (0);
}

/* --- destroy ---------------------------------------------------------------- */

/* True when `origin` is the volume `vol` or one beneath it. */
static bool
is_within(const char *origin, const char *vol)
{
	size_t len = strlen(vol);

	return (strncmp(origin, vol, len) == 0 &&
	    (origin[len] == '\0' || origin[len] == '/'));
}

/* Appends the names in one place whose origin is vol. */
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
		char origin[IOC_DIR_ORIGIN];

		if (ioc_buf_addf(&path, "%s/%s", place, names.v[i]) != 0)
			return (ioc_buf_check(&path, err));
		fd = ioc_path_dir(s->root, path.data, OURS, err);
		if (fd == IOC_NOT_FOUND)
			continue;
		if (fd < 0)
			return (fd);
		r = ioc_dir_origin(fd, origin, err);
		if (r == IOC_NOT_FOUND)
			continue;
		if (r != 0)
			return (ioc_wrap(err, r, "volume %s", path.data));
		if (is_within(origin, vol))
			(void)ioc_buf_addf(users, "%s%s",
			    users->len > 0 ? ", " : "", names.v[i]);
	}
	return (0);
}

/* BUSY when a clone lives on it; only releases can have any. */
static int
check_clones(struct ioc_store *s, const char *vol, struct ioc_error *err)
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
	r = area == IOC_VOLUME_RELEASES ? check_clones(s, vol, err) : 0;
	if (r == 0) {
		ioc_fd_close(&dir);
		r = dir = ioc_path_dir(s->root, ".staging", OURS, err);
	}
	if (r >= 0)
		r = destroy_visible(s, vol, dir, err);
	return (ioc_wrap(err, r, "destroy %s", vol));
}
