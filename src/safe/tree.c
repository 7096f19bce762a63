/* SPDX-License-Identifier: BSD-2-Clause */
#include "safe/tree.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "safe/inodes.h"
#include "safe/name.h"
#include "safe/tree_walk.h"

#define	MAX_PASSES	64
#define	AGAIN		1
#define	TRIES		8

static bool
is_dir(int dir, const char *name)
{
	struct stat st;

	return (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode));
}

/*
 * unlinkat(2), past FreeBSD's file flags.  EPERM is also what that system says of
 * a directory, which may be a link again by the time that it is looked at.
 */
static int
unlink_entry(int dir, const char *name, int flags)
{
	for (int tries = 0; unlinkat(dir, name, flags) != 0; tries++) {
		if (errno != EPERM)
			return (-1);
		if (ioc_clear_fflags(dir, name) == 0 && tries < TRIES)
			continue;
		if (flags == 0 && is_dir(dir, name)) {
			errno = EISDIR;
			return (-1);
		}
		if (tries >= TRIES) {
			errno = EPERM;
			return (-1);
		}
	}
	return (0);
}

/* One entry that is not a directory, or a directory that is empty. */
static int
remove_entry(struct ioc_tree_walk *w, const char *name, int flags,
    struct ioc_error *err)
{
	int dir = ioc_tree_here(w)->fd;

	if (unlink_entry(dir, name, flags) == 0)
		return (0);
	switch (errno) {
	case EBUSY:
		return (ioc_tree_fail_mount(w, name, err));
	case ENOENT:
	case ENOTEMPTY:
	case EEXIST:
	case ENOTDIR:
	case EISDIR:
		/* Somebody made, moved or exchanged it: for the next pass. */
		return (0);
	default:
		return (ioc_tree_fail(w, "remove", name, err));
	}
}

static int
remove_file(struct ioc_tree_walk *w, const char *name, struct ioc_error *err)
{
	return (remove_entry(w, name, 0, err));
}

static int
remove_dir(struct ioc_tree_walk *w, const char *name, struct ioc_error *err)
{
	return (remove_entry(w, name, AT_REMOVEDIR, err));
}

static const struct ioc_tree_ops scan_ops = {
	.file = ioc_tree_check_file,
	.force = 0500,
};

static const struct ioc_tree_ops remove_ops = {
	.file = remove_file,
	.done = remove_dir,
	.force = 0700,
};

/* Opens the top; *gone when there is nothing, or nothing any more. */
static int
open_top(int dirfd, const char *name, int *ret, bool *gone,
    struct ioc_error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct ioc_mount_key a, b;
	struct stat st;
	int fd;

	*gone = false;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		*gone = errno == ENOENT;
		return (*gone ? 0 : ioc_fail_errno(err, "stat"));
	}
	if (ioc_mount_key(dirfd, "", &a) != 0 ||
	    ioc_mount_key(dirfd, name, &b) != 0)
		return (ioc_fail_errno(err, "stat"));
	if (!ioc_mount_same(&a, &b))
		return (ioc_fail(err, IOC_BUSY, "is a mount point"));
	if (!S_ISDIR(st.st_mode)) {
		if (unlinkat(dirfd, name, 0) != 0 &&
		    (ioc_clear_fflags(dirfd, name) != 0 ||
		    unlinkat(dirfd, name, 0) != 0))
			return (ioc_fail_errno(err, "remove"));
		*gone = true;
		return (0);
	}
	fd = openat(dirfd, name, flags);
	if (fd < 0 && errno == EACCES &&
	    fchmodat(dirfd, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
		fd = openat(dirfd, name, flags);
	if (fd < 0)
		return (ioc_fail_errno(err, "open"));
	/* It may have been exchanged for a mount since. */
	*ret = fd;
	if (ioc_mount_key(fd, "", &b) != 0)
		return (ioc_fail_errno(err, "stat"));
	return (ioc_mount_same(&a, &b) ? 0 :
	    ioc_fail(err, IOC_BUSY, "is a mount point"));
}

static int
remove_top(int dirfd, const char *name, struct ioc_error *err)
{
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return (0);
	if (errno == EPERM && ioc_clear_fflags(dirfd, name) == 0 &&
	    unlinkat(dirfd, name, AT_REMOVEDIR) == 0)
		return (0);
	if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
		return (AGAIN);
	return (ioc_fail_errno(err, "remove"));
}

/* One pass over all of it: 0, AGAIN when somebody was in the way, or a code. */
static int
pass(int dirfd, const char *name, const struct ioc_tree_ops *ops,
    struct ioc_error *err)
{
	struct ioc_tree_walk w = { .ops = ops };
	auto_fd int top = -1;
	bool gone;
	int r;

	r = open_top(dirfd, name, &top, &gone, err);
	if (r != 0 || gone)
		return (r);
	r = ioc_tree_walk(&w, top, -1, err);
	if (r == IOC_BUSY && w.lost)
		return (AGAIN);
	return (r != 0 || ops != &remove_ops ? r :
	    remove_top(dirfd, name, err));
}

int
ioc_tree_remove(int dirfd, const char *name, struct ioc_error *err)
{
	static const struct ioc_tree_ops *const both[] = {
		&scan_ops, &remove_ops,
	};
	struct ioc_error e = { 0 };
	int r = ioc_name_check(IOC_NAME_COMPONENT, name, err);

	if (r != 0)
		return (r);
	for (size_t i = 0; i < 2 && r == 0; i++) {
		r = AGAIN;
		for (int n = 0; n < MAX_PASSES && r == AGAIN; n++)
			r = pass(dirfd, name, both[i], &e);
	}
	if (r == AGAIN)
		r = ioc_fail(&e, IOC_BUSY,
		    "it is changed by somebody else all the time");
	(void)ioc_wrap(&e, r, "remove \"%s\"", IOC_SHOW(name));
	if (r != 0)
		ioc_error_copy(err, &e);
	return (r);
}

int
ioc_tree_idle(int dirfd, struct ioc_error *err)
{
	static const struct ioc_tree_ops ops = { .file = ioc_tree_check_file };
	struct ioc_tree_walk w = { .ops = &ops };

	return (ioc_tree_walk(&w, dirfd, -1, err));
}

struct usage {
	struct ioc_inodes	seen;
	uint64_t		blocks;
};

static int
add_file(struct ioc_tree_walk *w, const char *name, struct ioc_error *err)
{
	struct usage *u = w->arg;
	struct stat st;
	bool fresh = true;

	if (fstatat(ioc_tree_here(w)->fd, name, &st,
	    AT_SYMLINK_NOFOLLOW) != 0)
		return (errno == ENOENT ? 0 :
		    ioc_tree_fail(w, "stat", name, err));
	if (!S_ISDIR(st.st_mode) && st.st_nlink > 1 &&
	    ioc_inodes_get(&u->seen, st.st_dev, st.st_ino, &fresh) == NULL)
		return (ioc_fail_nomem(err));
	if (fresh)
		u->blocks += (uint64_t)st.st_blocks;
	return (0);
}

static int
add_dir(struct ioc_tree_walk *w, const char *name, struct ioc_error *err)
{
	struct usage *u = w->arg;
	struct stat st;

	if (fstat(ioc_tree_here(w)->fd, &st) != 0)
		return (ioc_tree_fail(w, "stat", "", err));
	u->blocks += (uint64_t)st.st_blocks;
	return (0);
}

int
ioc_tree_used(int dirfd, uint64_t *ret, struct ioc_error *err)
{
	static const struct ioc_tree_ops ops = {
		.file = add_file, .enter = add_dir, .skip_mounts = true,
	};
	struct usage u = { .blocks = 0 };
	struct ioc_tree_walk w = { .ops = &ops, .arg = &u };
	int r = ioc_tree_walk(&w, dirfd, -1, err);

	ioc_inodes_fini(&u.seen);
	if (r == 0)
		*ret = u.blocks * 512;
	return (ioc_wrap(err, r, "measure tree"));
}

int
ioc_tree_names(int dirfd, size_t max, struct ioc_strv *ret,
    struct ioc_error *err)
{
	/* Another descriptor, with a position of its own. */
	auto_fd int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	size_t n = 0;

	if (d == NULL)
		return (ioc_fail_errno(err, "read directory"));
	(void)take_fd(&fd);
	while ((errno = 0, e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (n++ >= max)
			return (ioc_fail(err, IOC_LIMIT, "more than %zu names "
			    "in a directory", max));
		(void)ioc_strv_add(ret, e->d_name);
	}
	if (errno != 0)
		return (ioc_fail_errno(err, "read directory"));
	return (ioc_strv_check(ret, err));
}
