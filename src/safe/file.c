/* SPDX-License-Identifier: BSD-2-Clause */
#include "safe/file.h"

#include <sys/file.h>

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "safe/path.h"

#define	TEMP		".ioc-tmp-"
#define	READ_STEP	(64 * 1024)

static ssize_t
read_some(int fd, void *data, size_t len)
{
	ssize_t n;

	do {
		n = read(fd, data, len);
	} while (n < 0 && errno == EINTR);
	return (n);
}

static int
fail_large(struct ioc_error *err, size_t max)
{
	return (ioc_fail(err, IOC_LIMIT, "file is larger than %zu bytes",
	    max));
}

static int
read_on(int fd, struct ioc_buf *b, size_t first, struct ioc_error *err)
{
	for (size_t step = first;; step = READ_STEP) {
		ssize_t n;
		char one;

		if (step > b->max - b->len)
			step = b->max - b->len;
		if (step > 0 && ioc_buf_reserve(b, step) != 0)
			return (ioc_buf_check(b, err));
		/* Full: only the end may come. */
		n = step > 0 ? read_some(fd, b->data + b->len, step) :
		    read_some(fd, &one, 1);
		if (n < 0)
			return (ioc_fail_errno(err, "read"));
		if (n == 0)
			return (0);
		if (step == 0)
			return (fail_large(err, b->max));
		ioc_buf_commit(b, (size_t)n);
	}
}

int
ioc_file_read_fd(int fd, struct ioc_buf *b, struct ioc_error *err)
{
	size_t had = b->len, first = READ_STEP;
	struct stat st;
	int r;

	if (b->failed != 0)
		return (ioc_buf_check(b, err));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    st.st_size < READ_STEP)
		first = (size_t)st.st_size + 1;
	r = read_on(fd, b, first, err);
	if (r != 0) {
		b->len = had;
		if (b->data != NULL)
			b->data[had] = '\0';
	}
	return (r);
}

static int
read_regular(int fd, const char *path, struct ioc_buf *b,
    struct ioc_error *err)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "read \"%s\"", IOC_SHOW(path)));
	if (S_ISDIR(st.st_mode))
		return (ioc_fail_sys(err, EISDIR, "read \"%s\"",
		    IOC_SHOW(path)));
	if (!S_ISREG(st.st_mode))
		return (ioc_fail(err, IOC_UNSAFE,
		    "read \"%s\": is not a regular file", IOC_SHOW(path)));
	if (b->failed == 0 && (uint64_t)st.st_size > b->max - b->len)
		r = fail_large(err, b->max);
	else
		r = ioc_file_read_fd(fd, b, err);
	return (ioc_wrap(err, r, "\"%s\"", IOC_SHOW(path)));
}

int
ioc_file_read(int root, const char *path, struct ioc_buf *b,
    struct ioc_error *err)
{
	auto_fd int fd = ioc_path_open(root, path, O_RDONLY | O_NONBLOCK,
	    IOC_PATH_NOLINKS, err);

	return (fd < 0 ? fd : read_regular(fd, path, b, err));
}

/* One look-up; -1 leaves it to the way by parts to cope or to say why. */
static int
read_own(int root, const char *path, struct ioc_buf *b)
{
	auto_fd int fd = ioc_open_beneath(root, path, O_RDONLY | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY, 0, IOC_BENEATH_NOLINKS | IOC_BENEATH_NOXDEV);
	struct stat st;
	size_t size;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size <= 0 || st.st_size >= READ_STEP)
		return (-1);
	size = (size_t)st.st_size;
	if (size >= b->max - b->len || ioc_buf_reserve(b, size + 1) != 0)
		return (-1);
	/* As long as it should be, though there was room for more: all. */
	if (read_some(fd, b->data + b->len, size + 1) != st.st_size) {
		b->data[b->len] = '\0';
		return (-1);
	}
	ioc_buf_commit(b, size);
	return (0);
}

int
ioc_file_read_own(int root, const char *path, struct ioc_buf *b,
    struct ioc_error *err)
{
	auto_fd int fd = -1;

	if (b->failed == 0 && read_own(root, path, b) == 0)
		return (0);
	fd = ioc_path_open(root, path, O_RDONLY | O_NONBLOCK,
	    IOC_PATH_NOLINKS | IOC_PATH_XDEV, err);
	return (fd < 0 ? fd : read_regular(fd, path, b, err));
}

int
ioc_file_read_host(const char *path, struct ioc_buf *b, struct ioc_error *err)
{
	auto_fd int fd = -1;

	if (path[0] != '/')
		return (ioc_fail(err, IOC_INVALID,
		    "read \"%s\": not an absolute path", IOC_SHOW(path)));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return (ioc_fail_errno(err, "open \"%s\"", IOC_SHOW(path)));
	return (read_regular(fd, path, b, err));
}

int
ioc_file_write_all(int fd, const void *data, size_t len, struct ioc_error *err)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return (ioc_fail_errno(err, "write"));
		p += n;
		len -= (size_t)n;
	}
	return (0);
}

/* EINVAL: a file system that has nothing to sync. */
static int
sync_open_dir(int fd, struct ioc_error *err)
{
	return (fsync(fd) == 0 || errno == EINVAL ? 0 :
	    ioc_fail_errno(err, "sync directory"));
}

int
ioc_file_sync_dir(int dirfd, struct ioc_error *err)
{
	/* The one given may be held only (O_PATH). */
	auto_fd int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);

	if (fd < 0)
		return (ioc_fail_errno(err, "open directory"));
	return (sync_open_dir(fd, err));
}

/* Creates a file under a name that is nobody's, 0600. */
/* -1 with errno; EEXIST also when somebody took it for one that was left. */
static int
create_as(int dir, const char *name)
{
	auto_fd int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL |
	    O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;

	/* For ioc_file_sweep(): it is somebody's, if that was not quicker. */
	if (fd >= 0 && ((flock(fd, LOCK_EX | LOCK_NB) != 0 &&
	    errno == EWOULDBLOCK) || fstat(fd, &st) != 0 || st.st_nlink == 0)) {
		errno = EEXIST;
		return (-1);
	}
	return (take_fd(&fd));
}

static int
create_temp(int dir, char name[IOC_FILE_TEMP], struct ioc_error *err)
{
	for (int tries = 0; tries < 256; tries++) {
		unsigned long long r;
		int fd;

		ioc_random(&r, sizeof(r));
		(void)snprintf(name, IOC_FILE_TEMP, TEMP "%016llx", r);
		fd = create_as(dir, name);
		if (fd >= 0)
			return (fd);
		if (errno != EEXIST)
			break;
	}
	return (ioc_fail_errno(err, "create temporary file"));
}

int
ioc_file_open_host(const char *path, struct ioc_error *err)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return (fd >= 0 ? fd : ioc_fail_errno(err, "%s", IOC_SHOW(path)));
}

int
ioc_file_real_host(const char *path, char **ret, struct ioc_error *err)
{
	*ret = realpath(path, NULL);
	return (*ret != NULL ? 0 : ioc_fail_errno(err, "%s", IOC_SHOW(path)));
}

int
ioc_file_scratch(int dirfd, struct ioc_error *err)
{
	char name[IOC_FILE_TEMP];
	int fd = create_temp(dirfd, name, err);

	if (fd >= 0 && unlinkat(dirfd, name, 0) != 0 && errno != ENOENT) {
		ioc_fd_close(&fd);
		return (ioc_fail_errno(err, "remove temporary name"));
	}
	return (fd);
}

int
ioc_file_begin(int dirfd, const char *temp, struct ioc_error *err)
{
	int fd = create_as(dirfd, temp);

	return (fd >= 0 ? fd : ioc_fail_errno(err, "create %s",
	    IOC_SHOW(temp)));
}

/*
 * A link, as a rename would take the place of what stands there; where there are
 * no links that is looked for first.
 */
static int
give_name(int dirfd, const char *temp, const char *name)
{
	struct stat st;

	if (linkat(dirfd, temp, dirfd, name, 0) == 0)
		return (unlinkat(dirfd, temp, 0));
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
		return (-1);
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return (-1);
	}
	return (renameat(dirfd, temp, dirfd, name));
}

int
ioc_file_publish(int dirfd, int fd, const char *temp, const char *name,
    struct ioc_error *err)
{
	int r;

	if (fsync(fd) != 0)
		return (ioc_fail_errno(err, "sync"));
	if (give_name(dirfd, temp, name) != 0)
		return (errno == EEXIST ? ioc_fail(err, IOC_EXISTS,
		    "%s exists already", IOC_SHOW(name)) :
		    ioc_fail_errno(err, "name it %s", IOC_SHOW(name)));
	if (fsync(dirfd) == 0)
		return (0);
	r = ioc_fail_errno(err, "sync directory");
	(void)unlinkat(dirfd, name, 0);
	return (r);
}

struct content {
	const void	*data;
	size_t		 len;
	mode_t		 mode;
	uid_t		 uid;
	gid_t		 gid;
	int		 flags;
};

static int
fill(int fd, const struct content *c, struct ioc_error *err)
{
	int r;

	if ((c->uid != (uid_t)-1 || c->gid != (gid_t)-1) &&
	    fchown(fd, c->uid, c->gid) != 0)
		return (ioc_fail_errno(err, "set owner"));
	r = ioc_file_write_all(fd, c->data, c->len, err);
	if (r != 0)
		return (r);
	/* After the write, which takes set-id bits away. */
	if (fchmod(fd, c->mode & 07777) != 0)
		return (ioc_fail_errno(err, "set mode"));
	if ((c->flags & IOC_FILE_NOSYNC) == 0 && fsync(fd) != 0)
		return (ioc_fail_errno(err, "sync"));
	return (0);
}

static int
name_it(int dir, const char *temp, const char *last, const struct content *c,
    bool *swept, struct ioc_error *err)
{
	bool new = (c->flags & IOC_FILE_NEW) != 0;

	if ((new ? linkat(dir, temp, dir, last, 0) :
	    renameat(dir, temp, dir, last)) == 0)
		return (0);
	*swept = errno == ENOENT;
	if (new && errno == EEXIST)
		return (ioc_fail(err, IOC_EXISTS, "exists"));
	return (errno == EISDIR ? ioc_fail(err, IOC_UNSAFE,
	    "is there and not a regular file") :
	    ioc_fail_errno(err, new ? "link" : "rename"));
}

/* *swept: the temporary file was taken for a dead writer's before its lock. */
static int
replace_once(int dir, const char *last, const struct content *c, bool *swept,
    struct ioc_error *err)
{
	auto_fd int fd = -1, sync = -1;
	struct stat st;
	char temp[IOC_FILE_TEMP];
	int r;

	*swept = false;
	/* Opened now: after the rename it would be too late to fail. */
	if ((c->flags & IOC_FILE_NOSYNC) == 0 && (sync = openat(dir, ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return (ioc_fail_errno(err, "open directory"));
	if (fstatat(dir, last, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if ((c->flags & IOC_FILE_NEW) != 0)
			return (ioc_fail(err, IOC_EXISTS, "exists"));
		if (!S_ISREG(st.st_mode))
			return (ioc_fail(err, IOC_UNSAFE,
			    "is there and not a regular file"));
	} else if (errno != ENOENT)
		return (ioc_fail_errno(err, "stat"));
	fd = create_temp(dir, temp, err);
	if (fd < 0)
		return (take_fd(&fd));
	r = fill(fd, c, err);
	if (r == 0)
		r = name_it(dir, temp, last, c, swept, err);
	if (r != 0 || (c->flags & IOC_FILE_NEW) != 0)
		(void)unlinkat(dir, temp, 0);
	if (r != 0)
		return (r);
	return (sync < 0 ? 0 : sync_open_dir(sync, err));
}

static int
replace_in(int dir, const char *last, const struct content *c,
    struct ioc_error *err)
{
	struct ioc_error e = { 0 };
	bool swept;
	int r = 0;

	for (int tries = 0; tries < 4; tries++) {
		r = replace_once(dir, last, c, &swept, &e);
		if (!swept)
			break;
	}
	if (r != 0)
		ioc_error_copy(err, &e);
	return (r);
}

static int
sweep_one(int dir, const char *name, struct ioc_error *err)
{
	auto_fd int fd = -1;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(st.st_mode))
		return (0);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
		return (0);
	if (unlinkat(dir, name, 0) != 0 && errno != ENOENT)
		return (ioc_fail_errno(err, "remove \"%s\"",
		    IOC_SHOW(name)));
	return (0);
}

int
ioc_file_sweep(int dirfd, struct ioc_error *err)
{
	auto_fd int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	auto_dir DIR *dir = NULL;
	struct dirent *de;
	int r = 0;

	if (fd < 0 || (dir = fdopendir(fd)) == NULL)
		return (ioc_fail_errno(err, "read directory"));
	(void)take_fd(&fd);
	while (r == 0 && (de = readdir(dir)) != NULL)
		if (ioc_str_starts(de->d_name, TEMP))
			r = sweep_one(dirfd, de->d_name, err);
	return (r);
}

int
ioc_file_replace(int root, const char *path, const void *data, size_t len,
    mode_t mode, uid_t uid, gid_t gid, int flags, struct ioc_error *err)
{
	const struct content c = { data, len, mode, uid, gid, flags };
	auto_fd int dir = -1;
	char last[256];

	dir = ioc_path_parent(root, path,
	    (flags & IOC_FILE_WALK) != 0 ? IOC_PATH_WALK : 0, last, err);
	if (dir < 0)
		return (take_fd(&dir));
	if (path[strlen(path) - 1] == '/')
		return (ioc_fail(err, IOC_INVALID,
		    "write \"%s\": ends in \"/\"", IOC_SHOW(path)));
	return (ioc_wrap(err, replace_in(dir, last, &c, err), "write \"%s\"",
	    IOC_SHOW(path)));
}
