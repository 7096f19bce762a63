/* SPDX-License-Identifier: BSD-2-Clause */
#include "safe/path.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "safe/walk.h"

#define	PATH_LEN	4095	/* what both resolvers accept */
#define	COMPONENT_LEN	255

/* A path in two parts: a directory to resolve, and a name to act on in it. */
struct place {
	char	*dir;			/* owned */
	char	 last[COMPONENT_LEN + 1]; /* empty: the directory itself */
	bool	 slash;			/* a "/" stood behind it */
};

static void
place_fini(struct place *p)
{
	free(p->dir);
	p->dir = NULL;
}

#define	auto_place	IOC_AUTO(place_fini)

/* A failed step on a path, with what the resolvers mean by their errno. */
static int
fail_path(struct ioc_error *err, const char *verb, const char *path)
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

static int
fail_why(struct ioc_error *err, int code, const char *verb, const char *path,
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
	if (strnlen(path, PATH_LEN + 1) > PATH_LEN)
		return (ioc_fail(err, IOC_INVALID,
		    "%s: the path is longer than %d bytes", verb, PATH_LEN));
	for (const char *p = path; *p != '\0';) {
		size_t len;

		p += strspn(p, "/");
		len = strcspn(p, "/");
		if (len > COMPONENT_LEN)
			return (fail_why(err, IOC_INVALID, verb, path,
			    "a component is longer than 255 bytes"));
		p += len;
	}
	return (0);
}

static int
split(const char *verb, const char *path, struct place *place,
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
	place->dir = start == 0 ? strdup(".") : strndup(path, start);
	return (place->dir != NULL ? 0 : ioc_fail_nomem(err));
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

/* Splits, resolves: the descriptor of the directory, or a code. */
static int
find(const char *verb, int root, const char *path, int pflags,
    struct place *place, struct ioc_error *err)
{
	int fd, r = split(verb, path, place, err);

	if (r != 0)
		return (r);
	fd = resolve(root, place->dir, pflags);
	return (fd >= 0 ? fd : fail_path(err, verb, path));
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

/* The same where there must be a last name, and (file) no "/" behind it. */
static int
find_name(const char *verb, int root, const char *path, int pflags, bool file,
    struct place *place, struct ioc_error *err)
{
	auto_fd int dir = find(verb, root, path, pflags, place, err);

	if (dir < 0)
		return (dir);
	if (place->last[0] == '\0')
		return (fail_why(err, IOC_INVALID, verb, path,
		    "does not end in a name"));
	if (file && place->slash)
		return (fail_why(err, IOC_INVALID, verb, path,
		    "ends in \"/\""));
	return (take_fd(&dir));
}

/* With IOC_PATH_XDEV: the thing reached lies on the mount of the root. */
static int
check_mount(int root, int fd, const char *name, int pflags)
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
		return (fail_why(err, IOC_UNSAFE, "open", path, "is a link"));
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
		return (fail_path(err, "open", path));
	why = refused(&st);
	if (why != NULL)
		return (fail_why(err, IOC_UNSAFE, "open", path, why));
	/* Should it be exchanged for a FIFO now, this does not wait for it. */
	fd = open_nofollow(dir, name, oflags | O_NONBLOCK);
	if (fd < 0 && errno == ENXIO)
		return (fail_why(err, IOC_UNSAFE, "open", path, "is a FIFO"));
	if (fd < 0 || fstat(fd, &st) != 0)
		return (fail_path(err, "open", path));
	why = refused(&st);
	if (why != NULL)
		return (fail_why(err, IOC_UNSAFE, "open", path, why));
	if ((oflags & O_NONBLOCK) == 0) {
		int flags = fcntl(fd, F_GETFL);

		if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0)
			return (fail_path(err, "open", path));
	}
	return (take_fd(&fd));
}

int
ioc_path_open(int root, const char *path, int oflags, int pflags,
    struct ioc_error *err)
{
	auto_place struct place place = { .dir = NULL };
	auto_fd int dir = -1, fd = -1;

	if ((oflags & (O_CREAT | O_EXCL | O_TRUNC)) != 0)
		return (ioc_fail(err, IOC_INVALID,
		    "open \"%s\": flags that create or truncate",
		    IOC_SHOW(path)));
	fd = open_dir_at_once(root, path, oflags, pflags);
	if (fd >= 0)
		return (take_fd(&fd));
	dir = find("open", root, path, pflags, &place, err);
	if (dir < 0)
		return (take_fd(&dir));
	if (place.slash)
		oflags |= O_DIRECTORY;
	if (place.last[0] == '\0') {
		fd = openat(dir, ".", oflags | O_CLOEXEC | O_NOCTTY);
		if (fd < 0)
			return (fail_path(err, "open", path));
	} else if (ioc_o_path != O_RDONLY && (oflags & ioc_o_path) != 0) {
		/* Held, not opened: whatever it is, a link too. */
		fd = open_nofollow(dir, place.last, oflags);
		if (fd < 0)
			return (fail_path(err, "open", path));
	} else
		fd = open_name(dir, place.last, oflags, path, err);
	if (fd >= 0 && check_mount(root, fd, "", pflags) != 0)
		return (fail_path(err, "open", path));
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
	auto_place struct place place = { .dir = NULL };
	int dir;

	dir = find_name("find", root, path, pflags, false, &place, err);
	if (dir >= 0)
		memcpy(last, place.last, sizeof(place.last));
	return (dir);
}

int
ioc_path_create(int root, const char *path, mode_t mode, int pflags,
    struct ioc_error *err)
{
	auto_place struct place place = { .dir = NULL };
	auto_fd int dir = -1, fd = -1;

	dir = find_name("create", root, path, pflags, true, &place, err);
	if (dir < 0)
		return (take_fd(&dir));
	fd = openat(dir, place.last, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC | O_NOCTTY, mode & 0600);
	if (fd < 0)
		return (fail_path(err, "create", path));
	/* The mode is what was asked for, whatever the umask says. */
	if (fchmod(fd, mode & 07777) != 0) {
		int r = fail_path(err, "create", path);

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
	auto_place struct place place = { .dir = NULL };
	auto_fd int dir = -1;
	int fd;

	dir = find_name("mkdir", root, path, pflags, false, &place, err);
	if (dir < 0)
		return (take_fd(&dir));
	fd = make_dir(dir, place.last, mode, (uid_t)-1, (gid_t)-1);
	return (fd >= 0 ? fd : fail_path(err, "mkdir", path));
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
	auto_place struct place place = { .dir = NULL };
	int fd, r;

	if (!final) {
		fd = resolve(root, prefix, pflags);
		if (fd >= 0 || errno != ENOENT)
			return (fd >= 0 ? fd :
			    fail_path(err, "mkdir", prefix));
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
	return (fd >= 0 ? fd : fail_path(err, "mkdir", prefix));
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
		    fail_path(err, "mkdir", path));
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

int
ioc_path_stat(int root, const char *path, int pflags, struct stat *st,
    struct ioc_error *err)
{
	auto_place struct place place = { .dir = NULL };
	auto_fd int dir = -1;
	struct stat got;
	int r;

	dir = find("stat", root, path, pflags, &place, err);
	if (dir < 0)
		return (take_fd(&dir));
	r = place.last[0] == '\0' ? fstat(dir, &got) :
	    fstatat(dir, place.last, &got, AT_SYMLINK_NOFOLLOW);
	if (r == 0)
		r = check_mount(root, dir, place.last, pflags);
	if (r == 0 && place.slash && !S_ISDIR(got.st_mode)) {
		errno = S_ISLNK(got.st_mode) ? ELOOP : ENOTDIR;
		r = -1;
	}
	if (r != 0)
		return (fail_path(err, "stat", path));
	*st = got;
	return (0);
}

int
ioc_path_readlink(int root, const char *path, int pflags, char *out,
    size_t outlen, struct ioc_error *err)
{
	auto_place struct place place = { .dir = NULL };
	auto_fd int dir = -1;
	ssize_t n;

	dir = find_name("readlink", root, path, pflags, true, &place, err);
	if (dir < 0)
		return (take_fd(&dir));
	n = readlinkat(dir, place.last, out, outlen);
	if (n < 0 && errno == EINVAL)
		return (fail_why(err, IOC_INVALID, "readlink", path,
		    "is not a link"));
	if (n < 0)
		return (fail_path(err, "readlink", path));
	if ((size_t)n >= outlen)
		return (fail_why(err, IOC_LIMIT, "readlink", path,
		    "its text is too long"));
	out[n] = '\0';
	return (0);
}

int
ioc_path_unlink(int root, const char *path, int pflags, struct ioc_error *err)
{
	auto_place struct place place = { .dir = NULL };
	auto_fd int dir = -1;

	dir = find_name("unlink", root, path, pflags, true, &place, err);
	if (dir < 0)
		return (take_fd(&dir));
	return (unlinkat(dir, place.last, 0) == 0 ? 0 :
	    fail_path(err, "unlink", path));
}

int
ioc_path_rmdir(int root, const char *path, int pflags, struct ioc_error *err)
{
	auto_place struct place place = { .dir = NULL };
	auto_fd int dir = -1;

	dir = find_name("rmdir", root, path, pflags, false, &place, err);
	if (dir < 0)
		return (take_fd(&dir));
	return (unlinkat(dir, place.last, AT_REMOVEDIR) == 0 ? 0 :
	    fail_path(err, "rmdir", path));
}

/* Two names are two mounts, or the target has too many links. */
static int
fail_pair(struct ioc_error *err, const char *verb, const char *from,
    const char *to)
{
	return (ioc_fail_errno(err, "%s \"%s\" to \"%s\"", verb,
	    IOC_SHOW(from), IOC_SHOW(to)));
}

int
ioc_path_rename(int root, const char *from, const char *to, int pflags,
    struct ioc_error *err)
{
	auto_place struct place a = { .dir = NULL }, b = { .dir = NULL };
	auto_fd int fromdir = -1, todir = -1;
	struct stat st;

	fromdir = find_name("rename", root, from, pflags, false, &a, err);
	if (fromdir < 0)
		return (take_fd(&fromdir));
	todir = find_name("rename", root, to, pflags, false, &b, err);
	if (todir < 0)
		return (take_fd(&todir));
	if (a.slash || b.slash) {
		if (fstatat(fromdir, a.last, &st, AT_SYMLINK_NOFOLLOW) != 0)
			return (fail_path(err, "rename", from));
		if (!S_ISDIR(st.st_mode)) {
			errno = ENOTDIR;
			return (fail_path(err, "rename", from));
		}
	}
	return (renameat(fromdir, a.last, todir, b.last) == 0 ? 0 :
	    fail_pair(err, "rename", from, to));
}

int
ioc_path_symlink(const char *target, int root, const char *path, int pflags,
    struct ioc_error *err)
{
	auto_place struct place place = { .dir = NULL };
	auto_fd int dir = -1;

	dir = find_name("symlink", root, path, pflags, true, &place, err);
	if (dir < 0)
		return (take_fd(&dir));
	return (symlinkat(target, dir, place.last) == 0 ? 0 :
	    fail_path(err, "symlink", path));
}

int
ioc_path_link(int root, const char *from, const char *to, int pflags,
    struct ioc_error *err)
{
	auto_place struct place a = { .dir = NULL }, b = { .dir = NULL };
	auto_fd int fromdir = -1, todir = -1;

	fromdir = find_name("link", root, from, pflags, true, &a, err);
	if (fromdir < 0)
		return (take_fd(&fromdir));
	todir = find_name("link", root, to, pflags, true, &b, err);
	if (todir < 0)
		return (take_fd(&todir));
	return (linkat(fromdir, a.last, todir, b.last, 0) == 0 ? 0 :
	    fail_pair(err, "link", from, to));
}
