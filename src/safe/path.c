/* SPDX-License-Identifier: BSD-2-Clause */
#include "safe/path.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "safe/place.h"
#include "safe/walk.h"

/* What the resolvers mean by their errno. */
int
ioc_place_fail(struct ioc_error *err, const char *verb, const char *path)
{
	static const struct {
		int		 sys;
		int		 code;
		const char	*text;
	} known[] = {
		{ EXDEV, IOC_UNSAFE, "leads out of its root" },
		{ ELOOP, IOC_UNSAFE, "meets a link that is not followed" },
		{ IOC_WALK_CROSSED, IOC_UNSAFE, "crosses a mount" },
		{ EAGAIN, IOC_BUSY, "changes while it is resolved" },
	};
	int sys = errno;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].sys == sys)
			return (ioc_fail(err, known[i].code, "%s \"%s\": %s",
			    verb, IOC_SHOW(path), known[i].text));
	return (ioc_fail_sys(err, sys, "%s \"%s\"", verb, IOC_SHOW(path)));
}

int
ioc_place_fail_why(struct ioc_error *err, int code, const char *verb, const char *path,
    const char *why)
{
	return (ioc_fail(err, code, "%s \"%s\": %s", verb, IOC_SHOW(path),
	    why));
}

static int
check_text(const char *verb, const char *path, struct ioc_error *err)
{
	if (path[0] == '\0')
		return (ioc_fail(err, IOC_INVALID, "%s: the path is empty",
		    verb));
	if (strnlen(path, IOC_PLACE_PATH + 1) > IOC_PLACE_PATH)
		return (ioc_fail(err, IOC_INVALID,
		    "%s: the path is longer than %d bytes", verb, IOC_PLACE_PATH));
	for (const char *p = path; *p != '\0';) {
		size_t len;

		p += strspn(p, "/");
		len = strcspn(p, "/");
		if (len > IOC_PLACE_NAME)
			return (ioc_place_fail_why(err, IOC_INVALID, verb, path,
			    "a component is longer than 255 bytes"));
		p += len;
	}
	return (0);
}

static int
split(const char *verb, const char *path, struct ioc_place *place,
    struct ioc_error *err)
{
	size_t len, start;
	int r = check_text(verb, path, err);

	if (r != 0)
		return (r);
	path += strspn(path, "/");
	len = strlen(path);
	place->slash = len == 0 || path[len - 1] == '/';
	while (len > 0 && path[len - 1] == '/')
		len--;
	for (start = len; start > 0 && path[start - 1] != '/'; start--)
		continue;
	memcpy(place->last, path + start, len - start);
	place->last[len - start] = '\0';
	if (strcmp(place->last, ".") == 0 || strcmp(place->last, "..") == 0) {
		place->last[0] = '\0';
		start = len;
	}
	if (start == 0) {
		memcpy(place->dir, ".", 2);
		return (0);
	}
	memcpy(place->dir, path, start);
	place->dir[start] = '\0';
	return (0);
}

static int
kernel_rules(int pflags)
{
	return (((pflags & IOC_PATH_NOLINKS) != 0 ? IOC_BENEATH_NOLINKS : 0) |
	    ((pflags & IOC_PATH_XDEV) != 0 ? IOC_BENEATH_NOXDEV : 0));
}

/* Opens the directory of a relative path (ioc_o_path), links in it followed. */
static int
resolve(int root, const char *dir, int pflags)
{
	int fd;

	if ((pflags & IOC_PATH_WALK) == 0) {
		fd = ioc_open_beneath(root, dir, ioc_o_path | O_DIRECTORY, 0,
		    kernel_rules(pflags));
		/*
		 * EAGAIN: renames all over the system, the walk copes.  ELOOP:
		 * Linux counts a link twice when it has to begin anew.  EXDEV:
		 * the kernel does not tell a mount from the way out.
		 */
		if (fd >= 0 || (errno != ENOSYS && errno != EAGAIN &&
		    (errno != ELOOP || (pflags & IOC_PATH_NOLINKS) != 0) &&
		    (errno != EXDEV || (pflags & IOC_PATH_XDEV) == 0)))
			return (fd);
	}
	return (ioc_walk_dir(root, dir, pflags));
}

/*
 * A directory by one look-up of the kernel, or -1: then the way by parts is
 * to say why, or copes.  O_DIRECTORY touches nothing that is another thing.
 */
static int
open_dir_at_once(int root, const char *path, int oflags, int pflags)
{
	size_t len = strlen(path);

	/* A "/" behind a link would follow it. */
	if ((pflags & IOC_PATH_WALK) != 0 || (oflags & O_DIRECTORY) == 0 ||
	    len == 0 || path[len - 1] == '/')
		return (-1);
	return (ioc_open_beneath(root, path, oflags | O_NOFOLLOW, 0,
	    kernel_rules(pflags)));
}

int
ioc_place_find(const char *verb, int root, const char *path, int pflags,
    struct ioc_place *place, struct ioc_error *err)
{
	int fd, r = split(verb, path, place, err);

	if (r != 0)
		return (r);
	fd = resolve(root, place->dir, pflags);
	return (fd >= 0 ? fd : ioc_place_fail(err, verb, path));
}

/* openat() of a name that may not be a link, ELOOP when it is one. */
static int
open_nofollow(int dir, const char *name, int oflags)
{
	struct stat st;
	int fd = openat(dir, name, oflags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);

	/* FreeBSD says EMLINK, and Linux ENOTDIR when asked for a directory. */
	if (fd < 0 && (errno == EMLINK || (errno == ENOTDIR &&
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode))))
		errno = ELOOP;
	return (fd);
}

int
ioc_place_find_name(const char *verb, int root, const char *path, int pflags, bool file,
    struct ioc_place *place, struct ioc_error *err)
{
	auto_fd int dir = ioc_place_find(verb, root, path, pflags, place, err);

	if (dir < 0)
		return (dir);
	if (place->last[0] == '\0')
		return (ioc_place_fail_why(err, IOC_INVALID, verb, path,
		    "does not end in a name"));
	if (file && place->slash)
		return (ioc_place_fail_why(err, IOC_INVALID, verb, path,
		    "ends in \"/\""));
	return (take_fd(&dir));
}

int
ioc_place_check_mount(int root, int fd, const char *name, int pflags)
{
	struct ioc_mount_key a, b;

	if ((pflags & IOC_PATH_XDEV) == 0)
		return (0);
	if (ioc_mount_key(root, "", &a) != 0 ||
	    ioc_mount_key(fd, name, &b) != 0)
		return (-1);
	if (ioc_mount_same(&a, &b))
		return (0);
	errno = IOC_WALK_CROSSED;
	return (-1);
}

int
ioc_path_root(const char *hostpath, struct ioc_error *err)
{
	auto_free char *path = NULL;
	size_t len = strlen(hostpath);
	struct stat st;
	int fd;

	if (len == 0)
		return (ioc_fail(err, IOC_INVALID, "open: the path is empty"));
	/* "link/" would follow the link. */
	while (len > 1 && hostpath[len - 1] == '/')
		len--;
	path = strndup(hostpath, len);
	if (path == NULL)
		return (ioc_fail_nomem(err));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		return (fd);
	if ((errno == ENOTDIR || errno == ELOOP || errno == EMLINK) &&
	    lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
		return (ioc_place_fail_why(err, IOC_UNSAFE, "open", path, "is a link"));
	return (ioc_fail_errno(err, "open \"%s\"", IOC_SHOW(path)));
}

/* What kind of file may not be opened, as a sentence, or NULL. */
static const char *
refused(const struct stat *st)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
		return (NULL);
	case S_IFLNK:
		return ("is a link");
	case S_IFIFO:
		return ("is a FIFO");
	case S_IFSOCK:
		return ("is a socket");
	default:
		return ("is a device");
	}
}

/* Opens one name of a directory; nothing but a file or directory is touched. */
static int
open_name(int dir, const char *name, int oflags, const char *path,
    struct ioc_error *err)
{
	auto_fd int fd = -1;
	struct stat st;
	const char *why;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return (ioc_place_fail(err, "open", path));
	why = refused(&st);
	if (why != NULL)
		return (ioc_place_fail_why(err, IOC_UNSAFE, "open", path, why));
	/* Should it be exchanged for a FIFO now, this does not wait for it. */
	fd = open_nofollow(dir, name, oflags | O_NONBLOCK);
	if (fd < 0 && errno == ENXIO)
		return (ioc_place_fail_why(err, IOC_UNSAFE, "open", path, "is a FIFO"));
	if (fd < 0 || fstat(fd, &st) != 0)
		return (ioc_place_fail(err, "open", path));
	why = refused(&st);
	if (why != NULL)
		return (ioc_place_fail_why(err, IOC_UNSAFE, "open", path, why));
	if ((oflags & O_NONBLOCK) == 0) {
		int flags = fcntl(fd, F_GETFL);

		if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0)
			return (ioc_place_fail(err, "open", path));
	}
	return (take_fd(&fd));
}

int
ioc_path_open(int root, const char *path, int oflags, int pflags,
    struct ioc_error *err)
{
	struct ioc_place place;
	auto_fd int dir = -1, fd = -1;

	if ((oflags & (O_CREAT | O_EXCL | O_TRUNC)) != 0)
		return (ioc_fail(err, IOC_INVALID,
		    "open \"%s\": flags that create or truncate",
		    IOC_SHOW(path)));
	fd = open_dir_at_once(root, path, oflags, pflags);
	if (fd >= 0)
		return (take_fd(&fd));
	dir = ioc_place_find("open", root, path, pflags, &place, err);
	if (dir < 0)
		return (take_fd(&dir));
	if (place.slash)
		oflags |= O_DIRECTORY;
	if (place.last[0] == '\0') {
		fd = openat(dir, ".", oflags | O_CLOEXEC | O_NOCTTY);
		if (fd < 0)
			return (ioc_place_fail(err, "open", path));
	} else if (ioc_o_path != O_RDONLY && (oflags & ioc_o_path) != 0) {
		/* Held, not opened: whatever it is, a link too. */
		fd = open_nofollow(dir, place.last, oflags);
		if (fd < 0)
			return (ioc_place_fail(err, "open", path));
	} else
		fd = open_name(dir, place.last, oflags, path, err);
	if (fd >= 0 && ioc_place_check_mount(root, fd, "", pflags) != 0)
		return (ioc_place_fail(err, "open", path));
	return (take_fd(&fd));
}

int
ioc_path_dir(int root, const char *path, int pflags, struct ioc_error *err)
{
	return (ioc_path_open(root, path, O_RDONLY | O_DIRECTORY, pflags,
	    err));
}

int
ioc_path_parent(int root, const char *path, int pflags, char *last,
    struct ioc_error *err)
{
	struct ioc_place place;
	int dir;

	dir = ioc_place_find_name("find", root, path, pflags, false, &place, err);
	if (dir >= 0)
		memcpy(last, place.last, sizeof(place.last));
	return (dir);
}

int
ioc_path_create(int root, const char *path, mode_t mode, int pflags,
    struct ioc_error *err)
{
	struct ioc_place place;
	auto_fd int dir = -1, fd = -1;

	dir = ioc_place_find_name("create", root, path, pflags, true, &place, err);
	if (dir < 0)
		return (take_fd(&dir));
	fd = openat(dir, place.last, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC | O_NOCTTY, mode & 0600);
	if (fd < 0)
		return (ioc_place_fail(err, "create", path));
	/* The mode is what was asked for, whatever the umask says. */
	if (fchmod(fd, mode & 07777) != 0) {
		int r = ioc_place_fail(err, "create", path);

		(void)unlinkat(dir, place.last, 0);
		return (r);
	}
	return (take_fd(&fd));
}

/* Makes one directory of exactly these rights and opens it. */
static int
make_dir(int dir, const char *name, mode_t mode, uid_t uid, gid_t gid)
{
	auto_fd int fd = -1;
	int saved;

	if (mkdirat(dir, name, 0700) != 0)
		return (-1);
	fd = open_nofollow(dir, name, O_RDONLY | O_DIRECTORY);
	if (fd >= 0 && ((uid == (uid_t)-1 && gid == (gid_t)-1) ||
	    fchown(fd, uid, gid) == 0) && fchmod(fd, mode & 07777) == 0)
		return (take_fd(&fd));
	/* Without its rights it would look like one that is ready. */
	saved = errno;
	(void)unlinkat(dir, name, AT_REMOVEDIR);
	errno = saved;
	return (-1);
}

int
ioc_path_mkdir(int root, const char *path, mode_t mode, int pflags,
    struct ioc_error *err)
{
	struct ioc_place place;
	auto_fd int dir = -1;
	int fd;

	dir = ioc_place_find_name("mkdir", root, path, pflags, false, &place, err);
	if (dir < 0)
		return (take_fd(&dir));
	fd = make_dir(dir, place.last, mode, (uid_t)-1, (gid_t)-1);
	return (fd >= 0 ? fd : ioc_place_fail(err, "mkdir", path));
}

struct owner {
	mode_t	mode;
	uid_t	uid;
	gid_t	gid;
};

/*
 * Opens what `prefix` leads to, as the last part of a path or in the middle,
 * where it may be a link to a directory; makes it when nothing is there.
 */
static int
enter_or_make(int root, int dir, const char *prefix, bool final,
    const struct owner *o, int pflags, struct ioc_error *err)
{
	struct ioc_place place;
	int fd, r;

	if (!final) {
		fd = resolve(root, prefix, pflags);
		if (fd >= 0 || errno != ENOENT)
			return (fd >= 0 ? fd :
			    ioc_place_fail(err, "mkdir", prefix));
	} else {
		struct ioc_error e;

		fd = ioc_path_dir(root, prefix, pflags, &e);
		if (fd >= 0 || fd != IOC_NOT_FOUND) {
			if (fd < 0)
				ioc_error_copy(err, &e);
			return (fd);
		}
	}
	r = split("mkdir", prefix, &place, err);
	if (r != 0)
		return (r);
	fd = make_dir(dir, place.last, o->mode, o->uid, o->gid);
	if (fd < 0 && errno == EEXIST)
		/* A link to nowhere, or another process was faster. */
		return (open_name(dir, place.last, O_RDONLY | O_DIRECTORY,
		    prefix, err));
	return (fd >= 0 ? fd : ioc_place_fail(err, "mkdir", prefix));
}

int
ioc_path_mkdirs(int root, const char *path, mode_t mode, uid_t uid, gid_t gid,
    int pflags, struct ioc_error *err)
{
	const struct owner owner = { mode, uid, gid };
	auto_free char *prefix = NULL;
	auto_fd int dir = -1;
	struct ioc_error e;
	size_t len, end;
	int fd;

	fd = ioc_path_dir(root, path, pflags, &e);
	if (fd >= 0 || fd != IOC_NOT_FOUND) {
		if (fd < 0)
			ioc_error_copy(err, &e);
		return (fd);
	}
	path += strspn(path, "/");
	len = strlen(path);
	while (len > 0 && path[len - 1] == '/')
		len--;
	prefix = strndup(path, len);
	dir = openat(root, ".", ioc_o_path | O_DIRECTORY | O_CLOEXEC);
	if (prefix == NULL || dir < 0)
		return (prefix == NULL ? ioc_fail_nomem(err) :
		    ioc_place_fail(err, "mkdir", path));
	for (end = 0; end < len;) {
		char kept;

		end += strspn(prefix + end, "/");
		end += strcspn(prefix + end, "/");
		kept = prefix[end];
		prefix[end] = '\0';
		fd = enter_or_make(root, dir, prefix, end == len, &owner,
		    pflags, err);
		prefix[end] = kept;
		if (fd < 0)
			return (fd);
		ioc_fd_close(&dir);
		dir = fd;
	}
	return (take_fd(&dir));
}

bool
ioc_path_same(int a, int b)
{
	struct stat sa, sb;

	return (fstat(a, &sa) == 0 && fstat(b, &sb) == 0 &&
	    sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino);
}
