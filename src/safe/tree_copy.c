/* SPDX-License-Identifier: BSD-2-Clause */
#include "safe/tree.h"

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "safe/file.h"
#include "safe/inodes.h"
#include "safe/tree_walk.h"

#define	LINK_TEXT_MAX	(64 * 1024)
#define	MAX_TRIES	8

struct copy {
	int			 to;
	const char *const	*except;	/* or NULL */
	const struct ioc_tree_owners *owners;	/* or NULL */
	ioc_tree_progress	*progress;
	void			*arg;
	struct ioc_inodes	 links;	/* files with more than one name */
	uint64_t		 entries;
	uint64_t		 bytes;
};

static int
count(struct copy *c, uint64_t bytes, struct ioc_error *err)
{
	c->entries++;
	c->bytes += bytes;
	if (c->progress != NULL &&
	    c->progress(c->entries, c->bytes, c->arg) != 0)
		return (ioc_fail(err, IOC_CANCELED, "copy was canceled"));
	return (0);
}

static uint32_t
owner(const struct copy *c, uint32_t id)
{
	const struct ioc_tree_owners *o = c->owners;

	return (o != NULL && id - o->from < o->count ?
	    id - o->from + o->to : id);
}

/* Owner first: it takes set-id bits and capabilities away. Times last. */
static int
set_open(const struct copy *c, int from, int to, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	const struct ioc_tree_owners *o = c->owners;

	if (fchown(to, owner(c, st->st_uid), owner(c, st->st_gid)) != 0 ||
	    ioc_copy_xattrs(from, to) != 0 ||
	    (o != NULL &&
	    ioc_shift_xattrs(to, o->from, o->to, o->count) != 0) ||
	    fchmod(to, st->st_mode & 07777) != 0 ||
	    futimens(to, times) != 0)
		return (-1);
	return (ioc_copy_fflags(from, to));
}

/* The same for what cannot be opened. */
static int
set_named(const struct copy *c, int dir, const char *name,
    const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchownat(dir, name, owner(c, st->st_uid), owner(c, st->st_gid),
	    AT_SYMLINK_NOFOLLOW) != 0)
		return (-1);
	if (!S_ISLNK(st->st_mode) && fchmodat(dir, name, st->st_mode & 07777,
	    AT_SYMLINK_NOFOLLOW) != 0)
		return (-1);
	return (utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW));
}

/*
 * Opens the directory of a path in the copy and gives its last component: name
 * by name, since a path may be longer than the kernel takes.
 */
static int
open_parent(int top, char *path, const char **last)
{
	auto_fd int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *slash;

	while (fd >= 0 && (slash = strchr(path, '/')) != NULL) {
		int next;

		*slash = '\0';
		next = openat(fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
		    O_CLOEXEC);
		*slash = '/';
		ioc_fd_close(&fd);
		fd = next;
		path = slash + 1;
	}
	*last = path;
	return (take_fd(&fd));
}

/* 1: it is a further name of a file that was copied, 0: it is not, or a code. */
static int
copy_link(struct ioc_tree_walk *w, const char *name, const struct stat *st,
    struct ioc_error *err)
{
	struct copy *c = w->arg;
	struct ioc_inode *e;
	const char *last;
	auto_fd int dir = -1;
	bool fresh;

	if (st->st_nlink < 2)
		return (0);
	e = ioc_inodes_get(&c->links, st->st_dev, st->st_ino, &fresh);
	if (e == NULL)
		return (ioc_fail_nomem(err));
	if (e->path == NULL) {
		auto_buf struct ioc_buf b = IOC_BUF(SIZE_MAX / 4);

		(void)ioc_tree_path(w, name, &b);
		e->path = ioc_buf_take(&b);
		return (e->path != NULL ? 0 : ioc_fail_nomem(err));
	}
	dir = open_parent(c->to, e->path, &last);
	if (dir < 0 || linkat(dir, last, ioc_tree_here(w)->mate, name, 0) != 0)
		return (ioc_tree_fail(w, "link", name, err));
	return (1);
}

/* What was noted of a file before its copy failed. */
static void
forget_link(struct copy *c, const struct stat *st)
{
	struct ioc_inode *e;
	bool fresh;

	if (st->st_nlink < 2)
		return;
	e = ioc_inodes_get(&c->links, st->st_dev, st->st_ino, &fresh);
	if (e != NULL) {
		free(e->path);
		e->path = NULL;
	}
}

/* 1: it is not what it was a moment ago. */
static int
copy_regular(struct ioc_tree_walk *w, const char *name, struct stat *st,
    struct ioc_error *err)
{
	struct ioc_tree_dir *d = ioc_tree_here(w);
	const dev_t dev = st->st_dev;
	const ino_t ino = st->st_ino;
	auto_fd int from = -1, to = -1;
	int r;

	from = openat(d->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_NOCTTY | O_CLOEXEC);
	if (from < 0 && (errno == ENOENT || errno == ELOOP ||
	    errno == EMLINK || errno == ENXIO))
		return (1);
	if (from < 0 || fstat(from, st) != 0)
		return (ioc_tree_fail(w, "open", name, err));
	if (!S_ISREG(st->st_mode) || st->st_dev != dev || st->st_ino != ino)
		return (1);
	to = openat(d->mate, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (to < 0)
		return (ioc_tree_fail(w, "create", name, err));
	r = ioc_file_copy_fd(from, to, err);
	if (r == 0 && set_open(w->arg, from, to, st) != 0)
		return (ioc_tree_fail(w, "set attributes of", name, err));
	return (ioc_wrap(err, r, "\"%s\"", IOC_SHOW(name)));
}

static int
copy_symlink(struct ioc_tree_walk *w, const char *name, const struct stat *st,
    struct ioc_error *err)
{
	struct ioc_tree_dir *d = ioc_tree_here(w);
	auto_buf struct ioc_buf text = IOC_BUF(LINK_TEXT_MAX);
	ssize_t n;

	for (size_t room = 256;; room *= 2) {
		if (ioc_buf_reserve(&text, room) != 0)
			return (ioc_buf_check(&text, err));
		n = readlinkat(d->fd, name, text.data, room);
		if (n < 0 && (errno == ENOENT || errno == EINVAL))
			return (1);
		if (n < 0)
			return (ioc_tree_fail(w, "readlink", name, err));
		if ((size_t)n < room)
			break;
	}
	ioc_buf_commit(&text, (size_t)n);
	if (symlinkat(text.data, d->mate, name) != 0)
		return (ioc_tree_fail(w, "symlink", name, err));
	if (set_named(w->arg, d->mate, name, st) != 0)
		return (ioc_tree_fail(w, "set attributes of", name, err));
	return (0);
}

static int
copy_node(struct ioc_tree_walk *w, const char *name, const struct stat *st,
    struct ioc_error *err)
{
	struct ioc_tree_dir *d = ioc_tree_here(w);

	if (mknodat(d->mate, name, (st->st_mode & S_IFMT) | 0600,
	    S_ISFIFO(st->st_mode) ? 0 : st->st_rdev) != 0)
		return (ioc_tree_fail(w, "mknod", name, err));
	if (set_named(w->arg, d->mate, name, st) != 0)
		return (ioc_tree_fail(w, "set attributes of", name, err));
	return (0);
}

/* 0 done, 1 it changed under our eyes, or a code. */
static int
copy_once(struct ioc_tree_walk *w, const char *name, struct ioc_error *err)
{
	uint64_t bytes = 0;
	struct stat st, was;
	int r;

	if (fstatat(ioc_tree_here(w)->fd, name, &st,
	    AT_SYMLINK_NOFOLLOW) != 0)
		return (errno == ENOENT ? 0 :
		    ioc_tree_fail(w, "stat", name, err));
	/* A socket is nothing without its program. */
	if (S_ISSOCK(st.st_mode))
		return (0);
	if (S_ISDIR(st.st_mode))
		return (1);
	r = copy_link(w, name, &st, err);
	if (r != 0)
		return (r < 0 ? r : count(w->arg, 0, err));
	was = st;
	if (S_ISREG(st.st_mode)) {
		r = copy_regular(w, name, &st, err);
		bytes = (uint64_t)st.st_size;
	} else if (S_ISLNK(st.st_mode))
		r = copy_symlink(w, name, &st, err);
	else
		r = copy_node(w, name, &st, err);
	if (r > 0)
		forget_link(w->arg, &was);
	return (r != 0 ? r : count(w->arg, bytes, err));
}

static int
copy_file(struct ioc_tree_walk *w, const char *name, struct ioc_error *err)
{
	int r = ioc_tree_check_file(w, name, err);

	if (r != 0)
		return (r);
	for (int tries = 0; tries < MAX_TRIES; tries++) {
		r = copy_once(w, name, err);
		if (r <= 0)
			return (r);
	}
	return (ioc_fail(err, IOC_BUSY, "\"%s\" is being changed",
	    IOC_SHOW(name)));
}

/* Is the present directory one of those that stay empty? */
static int
is_excepted(struct ioc_tree_walk *w, struct ioc_error *err)
{
	const struct copy *c = w->arg;
	auto_buf struct ioc_buf b = IOC_BUF(64 * 1024);
	int r;

	if (c->except == NULL)
		return (0);
	r = ioc_tree_path(w, "", &b);
	if (r != 0)
		return (ioc_buf_check(&b, err));
	for (const char *const *e = c->except; *e != NULL; e++)
		if (strncmp(b.data, *e, strlen(*e)) == 0 &&
		    strcmp(b.data + strlen(*e), "/") == 0)
			return (1);
	return (0);
}

static int
copy_enter(struct ioc_tree_walk *w, const char *name, struct ioc_error *err)
{
	struct ioc_tree_dir *above = ioc_tree_here(w) - 1;
	int fd, r;

	if (mkdirat(above->mate, name, 0700) != 0)
		return (ioc_tree_fail(w, "mkdir", "", err));
	fd = openat(above->mate, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	if (fd < 0)
		return (ioc_tree_fail(w, "open", "", err));
	r = ioc_tree_set_mate(w, fd, err);
	return (r == 0 ? is_excepted(w, err) : r);
}

/* When nothing in it changes any more, so that its times stay. */
static int
copy_leave(struct ioc_tree_walk *w, struct ioc_error *err)
{
	struct ioc_tree_dir *d = ioc_tree_here(w);
	struct stat st;

	if (fstat(d->fd, &st) != 0 ||
	    set_open(w->arg, d->fd, d->mate, &st) != 0)
		return (ioc_tree_fail(w, "set attributes of", "", err));
	return (count(w->arg, 0, err));
}

static int
set_top(const struct copy *c, int from, int to, struct ioc_error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	/* Those given may be held only (O_PATH). */
	auto_fd int a = openat(from, ".", flags), b = openat(to, ".", flags);
	struct stat st;

	if (a < 0 || b < 0 || fstat(a, &st) != 0 ||
	    set_open(c, a, b, &st) != 0)
		return (ioc_fail_errno(err, "set attributes of the top"));
	return (0);
}

static int
check_empty(int to, struct ioc_error *err)
{
	auto_fd int fd = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = NULL;
	struct dirent *de;

	if (fd < 0 || (dir = fdopendir(fd)) == NULL)
		return (ioc_fail_errno(err, "read directory"));
	(void)take_fd(&fd);
	while ((de = readdir(dir)) != NULL)
		if (strcmp(de->d_name, ".") != 0 &&
		    strcmp(de->d_name, "..") != 0)
			return (ioc_fail(err, IOC_EXISTS,
			    "the target is not empty"));
	return (0);
}

static int
copy(struct copy *c, int from, struct ioc_error *err)
{
	static const struct ioc_tree_ops ops = {
		.file = copy_file, .enter = copy_enter, .leave = copy_leave,
	};
	struct ioc_tree_walk w = { .ops = &ops, .arg = c };
	int r = check_empty(c->to, err);

	if (r == 0)
		r = ioc_tree_walk(&w, from, c->to, err);
	ioc_inodes_fini(&c->links);
	if (r == 0)
		r = set_top(c, from, c->to, err);
	return (ioc_wrap(err, r, "copy tree"));
}

int
ioc_tree_copy(int from, int to, ioc_tree_progress *progress, void *arg,
    struct ioc_error *err)
{
	struct copy c = { .to = to, .progress = progress, .arg = arg };

	return (copy(&c, from, err));
}

int
ioc_tree_copy_except(int from, int to, const char *const *except,
    ioc_tree_progress *progress, void *arg, struct ioc_error *err)
{
	struct copy c = { .to = to, .except = except, .progress = progress,
		.arg = arg };

	return (copy(&c, from, err));
}

int
ioc_tree_copy_shifted(int from, int to, const struct ioc_tree_owners *owners,
    ioc_tree_progress *progress, void *arg, struct ioc_error *err)
{
	struct copy c = { .to = to, .owners = owners, .progress = progress,
		.arg = arg };

	return (copy(&c, from, err));
}

/* A directory without what is in it. */
static int
copy_directory(const struct copy *c, int from, const char *name,
    struct ioc_error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	auto_fd int a = openat(from, name, flags), b = -1;

	if (a < 0 || mkdirat(c->to, name, 0700) != 0 ||
	    (b = openat(c->to, name, flags)) < 0)
		return (ioc_fail_errno(err, "make"));
	return (set_top(c, a, b, err));
}

int
ioc_tree_copy_entry(int from, const char *name, int to,
    const struct ioc_tree_owners *owners, struct ioc_error *err)
{
	struct copy c = { .to = to, .owners = owners };
	struct ioc_tree_dir here = { .fd = from, .mate = to, .name = "" };
	struct ioc_tree_walk w = { .arg = &c, .dirs = &here, .depth = 1,
		.cap = 1 };
	struct stat st;
	int r;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		r = ioc_fail_errno(err, "copy");
	else if (S_ISDIR(st.st_mode))
		r = copy_directory(&c, from, name, err);
	else
		r = copy_once(&w, name, err);
	ioc_inodes_fini(&c.links);
	if (r > 0)
		r = ioc_fail(err, IOC_BUSY, "it is being changed");
	return (ioc_wrap(err, r, "copy %s", IOC_SHOW(name)));
}
