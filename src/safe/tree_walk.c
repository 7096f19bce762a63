/* SPDX-License-Identifier: BSD-2-Clause */
#include "safe/tree_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"

/* So many directories stay open; those above are found again through "..". */
#define	HELD		8

struct ioc_tree_dir *
ioc_tree_here(struct ioc_tree_walk *w)
{
	return (&w->dirs[w->depth - 1]);
}

int
ioc_tree_path(struct ioc_tree_walk *w, const char *name, struct ioc_buf *b)
{
	for (size_t i = 1; i < w->depth; i++)
		(void)ioc_buf_addf(b, "%s/", w->dirs[i].name);
	return (ioc_buf_adds(b, name));
}

/* Of a path only as much as an error shows. */
static const char *
show(struct ioc_tree_walk *w, const char *name, char *out, size_t len)
{
	auto_buf struct ioc_buf b = IOC_BUF(2 * len);

	(void)ioc_tree_path(w, name, &b);
	return (ioc_str_show(out, len, ioc_buf_str(&b)));
}

int
ioc_tree_fail(struct ioc_tree_walk *w, const char *verb, const char *name,
    struct ioc_error *err)
{
	int saved = errno;
	char out[256];

	(void)show(w, name, out, sizeof(out));
	return (ioc_fail_sys(err, saved, "%s \"%s\"", verb, out));
}

int
ioc_tree_fail_mount(struct ioc_tree_walk *w, const char *name,
    struct ioc_error *err)
{
	char out[256];

	return (ioc_fail(err, IOC_BUSY, "\"%s\" is a mount point",
	    show(w, name, out, sizeof(out))));
}

static int
fail_changed(struct ioc_tree_walk *w, struct ioc_error *err)
{
	char out[256];

	w->lost = true;
	return (ioc_fail(err, IOC_BUSY,
	    "\"%s\": the tree is changed by somebody else",
	    show(w, "", out, sizeof(out))));
}

int
ioc_tree_check_file(struct ioc_tree_walk *w, const char *name,
    struct ioc_error *err)
{
	struct ioc_mount_key key;

	if (ioc_mount_key(ioc_tree_here(w)->fd, name, &key) != 0)
		return (errno == ENOENT ? 0 :
		    ioc_tree_fail(w, "stat", name, err));
	return (ioc_mount_same(&key, &w->key) ? 0 :
	    ioc_tree_fail_mount(w, name, err));
}

static void
dir_fini(struct ioc_tree_dir *d)
{
	ioc_fd_close(&d->fd);
	ioc_fd_close(&d->mate);
	ioc_buf_fini(&d->names);
}

/* Makes fd (owned, also on failure) the present directory. */
static int
push(struct ioc_tree_walk *w, int fd, const char *name, struct ioc_error *err)
{
	auto_fd int owned = fd;
	struct ioc_tree_dir *d;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return (ioc_tree_fail(w, "stat", name, err));
	if (w->depth == w->cap) {
		size_t cap = w->cap == 0 ? 16 : w->cap * 2;
		struct ioc_tree_dir *dirs = reallocarray(w->dirs, cap,
		    sizeof(*dirs));

		if (dirs == NULL)
			return (ioc_fail_nomem(err));
		w->dirs = dirs;
		w->cap = cap;
	}
	d = &w->dirs[w->depth++];
	*d = (struct ioc_tree_dir) {
		.fd = take_fd(&owned), .dev = st.st_dev, .ino = st.st_ino,
		.mate = -1, .name = name, .names = IOC_BUF(SIZE_MAX / 4),
	};
	if (w->depth > HELD) {
		struct ioc_tree_dir *far = &w->dirs[w->depth - 1 - HELD];

		ioc_fd_close(&far->fd);
		ioc_fd_close(&far->mate);
	}
	return (0);
}

int
ioc_tree_set_mate(struct ioc_tree_walk *w, int fd, struct ioc_error *err)
{
	struct ioc_tree_dir *d = ioc_tree_here(w);
	struct stat st;

	ioc_fd_close(&d->mate);
	d->mate = fd;
	if (fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "stat"));
	d->mate_dev = st.st_dev;
	d->mate_ino = st.st_ino;
	d->has_mate = true;
	return (0);
}

/* The directory above fd, if it is still the one that we came through. */
static int
open_above(int fd, dev_t dev, ino_t ino)
{
	auto_fd int up = openat(fd, "..", O_RDONLY | O_DIRECTORY |
	    O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (up < 0 || fstat(up, &st) != 0)
		return (-1);
	if (st.st_dev != dev || st.st_ino != ino) {
		errno = ESTALE;
		return (-1);
	}
	return (take_fd(&up));
}

static int
pop(struct ioc_tree_walk *w, struct ioc_error *err)
{
	struct ioc_tree_dir *d = ioc_tree_here(w), *above = d - 1;

	if (above->fd < 0)
		above->fd = open_above(d->fd, above->dev, above->ino);
	if (above->fd >= 0 && above->has_mate && above->mate < 0)
		above->mate = open_above(d->mate, above->mate_dev,
		    above->mate_ino);
	if (above->fd < 0 || (above->has_mate && above->mate < 0))
		return (errno == ESTALE || errno == ENOENT ?
		    fail_changed(w, err) : ioc_tree_fail(w, "open", "..",
		    err));
	dir_fini(d);
	w->depth--;
	return (0);
}

/* True for a directory, as far as the entry or a look at it tells. */
static bool
is_dir(int fd, const struct dirent *de)
{
	struct stat st;

	if (de->d_type != DT_UNKNOWN)
		return (de->d_type == DT_DIR);
	return (fstatat(fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode));
}

static int
read_entry(struct ioc_tree_walk *w, const struct dirent *de,
    struct ioc_error *err)
{
	struct ioc_tree_dir *d = ioc_tree_here(w);
	const char *name = de->d_name;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return (0);
	if (!is_dir(d->fd, de))
		return (w->ops->file != NULL ? w->ops->file(w, name, err) : 0);
	if (ioc_buf_add(&d->names, name, strlen(name) + 1) != 0)
		return (ioc_buf_check(&d->names, err));
	return (0);
}

/* Files are dealt with at once, directories are noted. */
static int
read_dir(struct ioc_tree_walk *w, struct ioc_error *err)
{
	auto_fd int fd = fcntl(ioc_tree_here(w)->fd, F_DUPFD_CLOEXEC, 0);
	auto_dir DIR *dir = NULL;
	int r = 0;

	if (fd < 0 || (dir = fdopendir(fd)) == NULL)
		return (ioc_tree_fail(w, "read", "", err));
	(void)take_fd(&fd);
	while (r == 0) {
		struct dirent *de;

		errno = 0;
		de = readdir(dir);
		if (de == NULL && errno != 0 && errno != ENOENT)
			return (ioc_tree_fail(w, "read", "", err));
		if (de == NULL)
			break;
		r = read_entry(w, de, err);
	}
	return (r);
}

static int
open_dir(struct ioc_tree_walk *w, int at, const char *name)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(at, name, flags);

	if (fd < 0 && errno == EACCES && w->ops->force != 0 &&
	    fchmodat(at, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
		fd = openat(at, name, flags);
	return (fd);
}

/* Without rights in it nothing can be removed; root has them anyway. */
static void
force_rights(int fd, mode_t mode)
{
	struct stat st;

	if (mode != 0 && geteuid() != 0 && fstat(fd, &st) == 0 &&
	    (st.st_mode & mode) != mode)
		(void)fchmod(fd, 0700);
}

/* Goes into `name`: *entered, unless it is to be left out. */
static int
descend(struct ioc_tree_walk *w, const char *name, bool *entered,
    struct ioc_error *err)
{
	struct ioc_mount_key key;
	auto_fd int fd = -1;
	int r;

	*entered = false;
	fd = open_dir(w, ioc_tree_here(w)->fd, name);
	if (fd < 0) {
		bool other = errno == ENOTDIR || errno == ELOOP ||
		    errno == EMLINK;

		if (!other && errno != ENOENT)
			return (ioc_tree_fail(w, "open", name, err));
		/* It was a directory when the names were read. */
		return (other && w->ops->file != NULL ?
		    w->ops->file(w, name, err) : 0);
	}
	if (ioc_mount_key(fd, "", &key) != 0)
		return (ioc_tree_fail(w, "stat", name, err));
	if (!ioc_mount_same(&key, &w->key))
		return (w->ops->skip_mounts ? 0 :
		    ioc_tree_fail_mount(w, name, err));
	force_rights(fd, w->ops->force);
	r = push(w, take_fd(&fd), name, err);
	if (r != 0)
		return (r);
	*entered = true;
	r = w->ops->enter != NULL ? w->ops->enter(w, name, err) : 0;
	return (r == 0 ? read_dir(w, err) : r < 0 ? r : 0);
}

static int
ascend(struct ioc_tree_walk *w, struct ioc_error *err)
{
	const char *name = ioc_tree_here(w)->name;
	int r = w->ops->leave != NULL ? w->ops->leave(w, err) : 0;

	if (r == 0)
		r = pop(w, err);
	if (r == 0 && w->ops->done != NULL)
		r = w->ops->done(w, name, err);
	return (r);
}

static int
walk_all(struct ioc_tree_walk *w, struct ioc_error *err)
{
	int r = read_dir(w, err);

	while (r == 0) {
		struct ioc_tree_dir *d = ioc_tree_here(w);
		bool entered;

		if (d->next < d->names.len) {
			const char *name = d->names.data + d->next;

			d->next += strlen(name) + 1;
			r = descend(w, name, &entered, err);
		} else if (w->depth == 1)
			break;
		else
			r = ascend(w, err);
	}
	return (r);
}

int
ioc_tree_walk(struct ioc_tree_walk *w, int top, int mate,
    struct ioc_error *err)
{
	auto_fd int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	w->lost = false;
	if (fd < 0)
		return (ioc_fail_errno(err, "open directory"));
	if (ioc_mount_key(fd, "", &w->key) != 0)
		return (ioc_fail_errno(err, "stat"));
	force_rights(fd, w->ops->force);
	r = push(w, take_fd(&fd), "", err);
	if (r == 0 && mate >= 0) {
		int m = openat(mate, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		r = m >= 0 ? ioc_tree_set_mate(w, m, err) :
		    ioc_fail_errno(err, "open directory");
	}
	if (r == 0)
		r = walk_all(w, err);
	while (w->depth > 0)
		dir_fini(&w->dirs[--w->depth]);
	free(w->dirs);
	w->dirs = NULL;
	w->cap = 0;
	return (r);
}
