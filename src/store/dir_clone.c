/* SPDX-License-Identifier: BSD-2-Clause */
/* Clones of volumes in a directory source. */
#include "store/dir.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"
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

/* --- of jails and their snapshots --------------------------------------------- */

static const char *const parts[] = { "root", "layer" };
#define	NPARTS	(sizeof(parts) / sizeof(*parts))

/* A layer has its owners in the range of its jail, a root as the jail sees them. */
static int
copy_part(const struct ioc_dir_copy *c, const char *name, int from, int to,
    struct copying *p, struct ioc_error *err)
{
	bool layer = strcmp(name, "layer") == 0;
	ioc_tree_progress *progress = p->progress != NULL ? on_copy : NULL;
	struct ioc_tree_owners o = { .to = c->id_base, .count = IOC_ID_COUNT };
	auto_fd int fd = ioc_path_mkdir(to, name, 0755, OURS, err);
	struct stat st;
	int r;

	if (fd < 0)
		return (take_fd(&fd));
	if (fstat(from, &st) != 0)
		return (ioc_fail_errno(err, "%s", name));
	o.from = st.st_uid;
	if (layer && !c->keep && o.from != o.to)
		r = ioc_tree_copy_shifted(from, fd, &o, progress, p, err);
	else
		r = ioc_tree_copy(from, fd, progress, p, err);
	if (r == 0 && layer && c->work)
		r = ioc_dir_make_part(to, "work", c->keep ? st.st_uid :
		    c->id_base, 0700, err);
	return (r);
}

int
ioc_dir_copy(const struct ioc_dir_copy *c, int from, int to,
    struct ioc_error *err)
{
	struct copying p = { c->progress, c->arg, 0 };
	int fds[NPARTS] = { -1, -1 }, r = 0;
	char origin[IOC_DIR_ORIGIN], line[IOC_DIR_ORIGIN + 1];
	bool any = false;

	for (size_t i = 0; r == 0 && i < NPARTS; i++) {
		uint64_t used = 0;

		fds[i] = ioc_path_dir(from, parts[i], OURS, err);
		if (fds[i] == IOC_NOT_FOUND)
			continue;
		r = fds[i] < 0 ? fds[i] : 0;
		any = any || r == 0;
		if (r == 0 && c->progress != NULL)
			r = ioc_tree_used(fds[i], &used, err);
		p.total += used;
	}
	if (r == 0 && !any)
		r = ioc_fail(err, IOC_NOT_FOUND, "it has no root");
	for (size_t i = 0; i < NPARTS; i++) {
		if (r == 0 && fds[i] >= 0)
			r = copy_part(c, parts[i], fds[i], to, &p, err);
		if (fds[i] >= 0)
			ioc_fd_close(&fds[i]);
	}
	if (r != 0)
		return (r);
	r = ioc_dir_origin(from, origin, err);
	if (r == IOC_NOT_FOUND)
		return (0);
	if (r != 0)
		return (r);
	(void)snprintf(line, sizeof(line), "%s\n", origin);
	return (write_origin(to, line, strlen(line), err));
}

/* --- clone ---------------------------------------------------------------------- */

int
ioc_dir_clone_of(struct ioc_store *s, int from, const char *to, bool files,
    uint32_t id_base, ioc_store_progress *progress, void *arg,
    struct ioc_error *err)
{
	struct ioc_dir_copy c = { .id_base = id_base, .work = true,
		.progress = progress, .arg = arg };
	auto_fd int vol = ioc_dir_make_volume(s, to, err);
	int r = 0;

	if (vol < 0)
		return (take_fd(&vol));
	if (files)
		r = ioc_volume_copy_files(from, vol, err);
	if (r == 0)
		r = ioc_dir_copy(&c, from, vol, err);
	/* nothing half-made stays; the first error is what counts */
	if (r != 0)
		(void)ioc_dir_destroy(s, to, NULL);
	return (ioc_wrap(err, r, "clone to %s", to));
}

/* The root of the volume that is to be cloned. */
static int
open_root(int vol, const char *from, struct ioc_error *err)
{
	struct stat st;
	int fd;

	if (fstatat(vol, "origin", &st, AT_SYMLINK_NOFOLLOW) == 0)
		return (ioc_fail(err, IOC_UNSUPPORTED, "clone %s: it is a thin "
		    "volume, and a directory source can clone full ones only",
		    from));
	fd = ioc_path_dir(vol, "root", OURS, err);
	if (fd == IOC_NOT_FOUND)
		return (ioc_fail(err, IOC_NOT_FOUND, "clone %s: it has no root",
		    from));
	return (fd < 0 ? ioc_wrap(err, fd, "clone %s", from) : fd);
}

int
ioc_dir_clone(struct ioc_store *s, const char *from, const char *to,
    enum ioc_store_clone how, uint32_t id_base, ioc_store_progress *progress,
    void *arg, struct ioc_error *err)
{
	auto_fd int old = -1, origin = -1, vol = -1;
	enum ioc_volume_area area;
	int r = ioc_volume_check(from, false, &area, err);

	if (r == 0)
		r = ioc_volume_check(to, false, NULL, err);
	if (r == 0)
		r = old = s->ops->dir(s, from, err);
	if (r < 0)
		return (r);
	if (how == IOC_CLONE_THIN && area == IOC_VOLUME_JAILS)
		return (ioc_dir_clone_of(s, old, to, false, id_base, progress,
		    arg, err));
	if (how == IOC_CLONE_THIN && area != IOC_VOLUME_RELEASES)
		return (ioc_fail(err, IOC_STATE, "clone %s: only a release "
		    "stays as it is and can be shared by thin clones", from));
	origin = open_root(old, from, err);
	if (origin < 0)
		return (take_fd(&origin));
	vol = ioc_dir_make_volume(s, to, err);
	if (vol < 0)
		return (take_fd(&vol));
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
