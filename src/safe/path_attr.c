/* SPDX-License-Identifier: BSD-2-Clause */
/* Owner, mode, times and extended attributes of what a name stands for. */
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "safe/attr.h"
#include "safe/path.h"
#include "safe/place.h"

/* The directory of a name that is there, and what the name is now. */
static int
find_there(const char *verb, int root, const char *path, int pflags,
    struct ioc_place *place, struct stat *st, struct ioc_error *err)
{
	auto_fd int dir = ioc_place_find_name(verb, root, path, pflags, false,
	    place, err);

	if (dir < 0)
		return (take_fd(&dir));
	if (fstatat(dir, place->last, st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    ioc_place_check_mount(root, dir, place->last, pflags) != 0)
		return (ioc_place_fail(err, verb, path));
	if (place->slash && !S_ISDIR(st->st_mode)) {
		errno = S_ISLNK(st->st_mode) ? ELOOP : ENOTDIR;
		return (ioc_place_fail(err, verb, path));
	}
	return (take_fd(&dir));
}

int
ioc_path_chown(int root, const char *path, uid_t uid, gid_t gid, int pflags,
    struct ioc_error *err)
{
	struct ioc_place place;
	auto_fd int dir = -1;
	struct stat st;

	dir = find_there("chown", root, path, pflags, &place, &st, err);
	if (dir < 0)
		return (take_fd(&dir));
	return (fchownat(dir, place.last, uid, gid, AT_SYMLINK_NOFOLLOW) ==
	    0 ? 0 : ioc_place_fail(err, "chown", path));
}

int
ioc_path_chmod(int root, const char *path, mode_t mode, int pflags,
    struct ioc_error *err)
{
	struct ioc_place place;
	auto_fd int dir = -1;
	struct stat st;

	dir = find_there("chmod", root, path, pflags, &place, &st, err);
	if (dir < 0)
		return (take_fd(&dir));
	if (S_ISLNK(st.st_mode))
		return (ioc_place_fail_why(err, IOC_UNSAFE, "chmod", path,
		    "is a link"));
	/* Should it become a link now, the link is what this is about. */
	return (fchmodat(dir, place.last, mode & 07777,
	    AT_SYMLINK_NOFOLLOW) == 0 ? 0 :
	    ioc_place_fail(err, "chmod", path));
}

int
ioc_path_utimes(int root, const char *path, const struct timespec times[2],
    int pflags, struct ioc_error *err)
{
	struct ioc_place place;
	auto_fd int dir = -1;
	struct stat st;

	dir = find_there("utimes", root, path, pflags, &place, &st, err);
	if (dir < 0)
		return (take_fd(&dir));
	return (utimensat(dir, place.last, times, AT_SYMLINK_NOFOLLOW) == 0 ?
	    0 : ioc_place_fail(err, "utimes", path));
}

/* --- extended attributes ---------------------------------------------------- */

static int
fail_attr(struct ioc_error *err, const char *verb, const char *path,
    const char *name)
{
	if (errno == ENOENT)
		return (ioc_fail(err, IOC_NOT_FOUND,
		    "%s \"%s\": has no attribute \"%s\"", verb,
		    IOC_SHOW(path), IOC_SHOW(name)));
	return (ioc_fail_errno(err, "%s \"%s\": attribute \"%s\"", verb,
	    IOC_SHOW(path), IOC_SHOW(name)));
}

/* Reading is enough to set one: what counts are the rights on the file. */
static int
open_attr(int root, const char *path, int pflags, struct ioc_error *err)
{
	return (ioc_path_open(root, path, O_RDONLY | O_NONBLOCK, pflags, err));
}

int
ioc_path_xattr_get(int root, const char *path, const char *name, int pflags,
    struct ioc_buf *value, struct ioc_error *err)
{
	auto_fd int fd = open_attr(root, path, pflags, err);
	size_t room = 256;

	if (fd < 0)
		return (take_fd(&fd));
	for (;;) {
		ssize_t n;

		if (ioc_buf_reserve(value, room) != 0)
			return (ioc_buf_check(value, err));
		n = ioc_attr_get(fd, name, value->data + value->len, room);
		if (n < 0)
			return (fail_attr(err, "get", path, name));
		if ((size_t)n <= room) {
			ioc_buf_commit(value, (size_t)n);
			return (0);
		}
		room = (size_t)n;
	}
}

int
ioc_path_xattr_set(int root, const char *path, const char *name,
    const void *value, size_t len, int pflags, struct ioc_error *err)
{
	auto_fd int fd = open_attr(root, path, pflags, err);

	if (fd < 0)
		return (take_fd(&fd));
	return (ioc_attr_set(fd, name, value, len) == 0 ? 0 :
	    fail_attr(err, "set", path, name));
}

int
ioc_path_xattr_remove(int root, const char *path, const char *name, int pflags,
    struct ioc_error *err)
{
	auto_fd int fd = open_attr(root, path, pflags, err);

	if (fd < 0)
		return (take_fd(&fd));
	return (ioc_attr_remove(fd, name) == 0 ? 0 :
	    fail_attr(err, "remove", path, name));
}

int
ioc_path_xattr_list(int root, const char *path, int pflags,
    struct ioc_strv *names, struct ioc_error *err)
{
	auto_fd int fd = open_attr(root, path, pflags, err);

	if (fd < 0)
		return (take_fd(&fd));
	return (ioc_attr_list(fd, names) == 0 ? 0 :
	    ioc_fail_errno(err, "list attributes of \"%s\"", IOC_SHOW(path)));
}
