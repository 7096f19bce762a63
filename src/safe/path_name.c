/* SPDX-License-Identifier: BSD-2-Clause */
/* Acting on one name of a directory beneath a root. */
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "safe/attr.h"
#include "safe/path.h"
#include "safe/place.h"

static void
close_pair(int (*dir)[2])
{
	ioc_fd_close(&(*dir)[0]);
	ioc_fd_close(&(*dir)[1]);
}

#define	auto_fd_pair	IOC_AUTO(close_pair)

int
ioc_path_stat(int root, const char *path, int pflags, struct stat *st,
    struct ioc_error *err)
{
	struct ioc_place place;
	auto_fd int dir = -1;
	struct stat got;
	int r;

	dir = ioc_place_find("stat", root, path, pflags, &place, err);
	if (dir < 0)
		return (take_fd(&dir));
	r = place.last[0] == '\0' ? fstat(dir, &got) :
	    fstatat(dir, place.last, &got, AT_SYMLINK_NOFOLLOW);
	if (r == 0)
		r = ioc_place_check_mount(root, dir, place.last, pflags);
	if (r == 0 && place.slash && !S_ISDIR(got.st_mode)) {
		errno = S_ISLNK(got.st_mode) ? ELOOP : ENOTDIR;
		r = -1;
	}
	if (r != 0)
		return (ioc_place_fail(err, "stat", path));
	*st = got;
	return (0);
}

int
ioc_path_readlink(int root, const char *path, int pflags, char *out,
    size_t outlen, struct ioc_error *err)
{
	struct ioc_place place;
	auto_fd int dir = -1;
	ssize_t n;

	dir = ioc_place_find_name("readlink", root, path, pflags, true, &place, err);
	if (dir < 0)
		return (take_fd(&dir));
	n = readlinkat(dir, place.last, out, outlen);
	if (n < 0 && errno == EINVAL)
		return (ioc_place_fail_why(err, IOC_INVALID, "readlink", path,
		    "is not a link"));
	if (n < 0)
		return (ioc_place_fail(err, "readlink", path));
	if ((size_t)n >= outlen)
		return (ioc_place_fail_why(err, IOC_LIMIT, "readlink", path,
		    "its text is too long"));
	out[n] = '\0';
	return (0);
}

int
ioc_path_unlink(int root, const char *path, int pflags, struct ioc_error *err)
{
	struct ioc_place place;
	auto_fd int dir = -1;

	dir = ioc_place_find_name("unlink", root, path, pflags, true, &place, err);
	if (dir < 0)
		return (take_fd(&dir));
	return (unlinkat(dir, place.last, 0) == 0 ? 0 :
	    ioc_place_fail(err, "unlink", path));
}

int
ioc_path_rmdir(int root, const char *path, int pflags, struct ioc_error *err)
{
	struct ioc_place place;
	auto_fd int dir = -1;

	dir = ioc_place_find_name("rmdir", root, path, pflags, false, &place, err);
	if (dir < 0)
		return (take_fd(&dir));
	return (unlinkat(dir, place.last, AT_REMOVEDIR) == 0 ? 0 :
	    ioc_place_fail(err, "rmdir", path));
}

/* Two names are two mounts, or the target has too many links. */
static int
fail_pair(struct ioc_error *err, const char *verb, const char *from,
    const char *to)
{
	return (ioc_fail_errno(err, "%s \"%s\" to \"%s\"", verb,
	    IOC_SHOW(from), IOC_SHOW(to)));
}

/* Both directories of a pair of names. */
static int
find_pair(const char *verb, int root, const char *from, const char *to,
    int pflags, bool file, struct ioc_place place[2], int dir[2],
    struct ioc_error *err)
{
	dir[0] = ioc_place_find_name(verb, root, from, pflags, file,
	    &place[0], err);
	if (dir[0] < 0)
		return (dir[0]);
	dir[1] = ioc_place_find_name(verb, root, to, pflags, file, &place[1],
	    err);
	return (dir[1] < 0 ? dir[1] : 0);
}

/* With a "/" behind it a name must be that of a directory. */
static int
check_slash(int dir, const struct ioc_place *place, const char *verb,
    const char *path, bool slash, struct ioc_error *err)
{
	struct stat st;

	if (!slash)
		return (0);
	if (fstatat(dir, place->last, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return (ioc_place_fail(err, verb, path));
	if (S_ISDIR(st.st_mode))
		return (0);
	errno = ENOTDIR;
	return (ioc_place_fail(err, verb, path));
}

int
ioc_path_rename(int root, const char *from, const char *to, int pflags,
    struct ioc_error *err)
{
	auto_fd_pair int dir[2] = { -1, -1 };
	struct ioc_place p[2];
	int r;

	r = find_pair("rename", root, from, to, pflags, false, p, dir, err);
	if (r == 0)
		r = check_slash(dir[0], &p[0], "rename", from,
		    p[0].slash || p[1].slash, err);
	if (r != 0)
		return (r);
	return (renameat(dir[0], p[0].last, dir[1], p[1].last) == 0 ? 0 :
	    fail_pair(err, "rename", from, to));
}

int
ioc_path_exchange(int root, const char *a, const char *b, int pflags,
    struct ioc_error *err)
{
	auto_fd_pair int dir[2] = { -1, -1 };
	struct ioc_place p[2];
	int r;

	r = find_pair("exchange", root, a, b, pflags, false, p, dir, err);
	if (r == 0)
		r = check_slash(dir[0], &p[0], "exchange", a, p[0].slash, err);
	if (r == 0)
		r = check_slash(dir[1], &p[1], "exchange", b, p[1].slash, err);
	if (r != 0)
		return (r);
	if (ioc_exchange(dir[0], p[0].last, dir[1], p[1].last) == 0)
		return (0);
	/* EINVAL: the file system has no such thing, or one is in the other. */
	if (errno == ENOSYS)
		return (ioc_fail(err, IOC_UNSUPPORTED, "exchange \"%s\" and "
		    "\"%s\": not on this system", IOC_SHOW(a), IOC_SHOW(b)));
	return (fail_pair(err, "exchange", a, b));
}

int
ioc_path_symlink(const char *target, int root, const char *path, int pflags,
    struct ioc_error *err)
{
	struct ioc_place place;
	auto_fd int dir = -1;

	dir = ioc_place_find_name("symlink", root, path, pflags, true, &place, err);
	if (dir < 0)
		return (take_fd(&dir));
	return (symlinkat(target, dir, place.last) == 0 ? 0 :
	    ioc_place_fail(err, "symlink", path));
}

int
ioc_path_link(int root, const char *from, const char *to, int pflags,
    struct ioc_error *err)
{
	auto_fd_pair int dir[2] = { -1, -1 };
	struct ioc_place p[2];
	int r;

	r = find_pair("link", root, from, to, pflags, true, p, dir, err);
	if (r != 0)
		return (r);
	return (linkat(dir[0], p[0].last, dir[1], p[1].last, 0) == 0 ? 0 :
	    fail_pair(err, "link", from, to));
}

int
ioc_path_remove(int root, const char *path, int pflags, struct ioc_error *err)
{
	struct ioc_place place;
	auto_fd int dir = -1;
	struct stat st;
	int flags;

	dir = ioc_place_find_name("remove", root, path, pflags, false, &place,
	    err);
	if (dir < 0)
		return (take_fd(&dir));
	if (fstatat(dir, place.last, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return (ioc_place_fail(err, "remove", path));
	flags = S_ISDIR(st.st_mode) || place.slash ? AT_REMOVEDIR : 0;
	return (unlinkat(dir, place.last, flags) == 0 ? 0 :
	    ioc_place_fail(err, "remove", path));
}
