/* SPDX-License-Identifier: BSD-2-Clause */
#include "safe/lock.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "safe/name.h"

#define	OWNER_MAX	160
#define	FIRST_NAP_MS	1
#define	LONGEST_NAP_MS	50

/*
 * flock(2), because it belongs to an open file and so works between hosts that
 * one process has opened, as well as between processes.  A child that was
 * forked shares it until it closes its descriptors or executes a program.
 */
struct ioc_lock {
	int			 dirfd;
	int			 fd;
	pid_t			 pid;	/* who took it */
	enum ioc_lock_mode	 mode;
	char			*name;
};

static void
lock_free(struct ioc_lock *l)
{
	if (l == NULL)
		return;
	ioc_fd_close(&l->fd);
	ioc_fd_close(&l->dirfd);
	free(l->name);
	free(l);
}

IOC_DEFINE_AUTO(struct ioc_lock, lock_free);

static struct ioc_lock *
lock_new(int dirfd, const char *name, enum ioc_lock_mode mode,
    struct ioc_error *err)
{
	IOC_AUTO(lock_freep) struct ioc_lock *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		(void)ioc_fail_nomem(err);
		return (NULL);
	}
	l->fd = l->dirfd = -1;
	l->pid = getpid();
	l->mode = mode;
	l->name = strdup(name);
	if (l->name == NULL) {
		(void)ioc_fail_nomem(err);
		return (NULL);
	}
	l->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	if (l->dirfd < 0) {
		(void)ioc_fail_errno(err, "lock directory");
		return (NULL);
	}
	return (take_ptr(l));
}

/* The file behind the descriptor still has its name. */
static bool
is_named(int dirfd, const char *name, int fd)
{
	struct stat a, b;

	return (fstat(fd, &a) == 0 &&
	    fstatat(dirfd, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

static int
open_file(struct ioc_lock *l, struct ioc_error *err)
{
	struct stat st;

	ioc_fd_close(&l->fd);
	l->fd = openat(l->dirfd, l->name, O_RDWR | O_CREAT | O_NOFOLLOW |
	    O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	if (l->fd < 0 && (errno == ELOOP || errno == EMLINK))
		return (ioc_fail(err, IOC_UNSAFE, "lock \"%s\": is a link",
		    IOC_SHOW(l->name)));
	if (l->fd < 0 || fstat(l->fd, &st) != 0)
		return (ioc_fail_errno(err, "lock \"%s\"", IOC_SHOW(l->name)));
	if (!S_ISREG(st.st_mode))
		return (ioc_fail(err, IOC_UNSAFE,
		    "lock \"%s\": is not a regular file", IOC_SHOW(l->name)));
	return (0);
}

/* 1 taken, 0 somebody has it, or a code. */
static int
try_once(struct ioc_lock *l, struct ioc_error *err)
{
	int op = l->mode == IOC_LOCK_SHARED ? LOCK_SH : LOCK_EX;

	for (;;) {
		int r = l->fd < 0 ? open_file(l, err) : 0;

		if (r != 0)
			return (r);
		if (flock(l->fd, op | LOCK_NB) != 0) {
			if (errno == EINTR)
				continue;
			if (errno != EWOULDBLOCK)
				return (ioc_fail_errno(err, "lock \"%s\"",
				    IOC_SHOW(l->name)));
			if (is_named(l->dirfd, l->name, l->fd))
				return (0);
		} else if (is_named(l->dirfd, l->name, l->fd))
			return (1);
		/* The last holder took the file away: there is another. */
		ioc_fd_close(&l->fd);
	}
}

static int
fail_busy(struct ioc_lock *l, struct ioc_error *err)
{
	char owner[OWNER_MAX + 1];
	ssize_t n = pread(l->fd, owner, OWNER_MAX, 0);

	owner[n > 0 ? n : 0] = '\0';
	if (owner[0] == '\0')
		return (ioc_fail(err, IOC_BUSY, "locked by another process"));
	return (ioc_fail(err, IOC_BUSY, "locked by \"%s\"", IOC_SHOW(owner)));
}

/* Only for people to read: the lock holds without it. */
static void
write_owner(struct ioc_lock *l, const char *owner)
{
	size_t len = strnlen(owner, OWNER_MAX);

	if (pwrite(l->fd, owner, len, 0) != (ssize_t)len ||
	    ftruncate(l->fd, (off_t)len) != 0)
		return;
}

int
ioc_lock_take(int dirfd, const char *name, enum ioc_lock_mode mode,
    int timeout_ms, const char *owner, struct ioc_lock **ret,
    struct ioc_error *err)
{
	IOC_AUTO(lock_freep) struct ioc_lock *l = NULL;
	uint64_t end = ioc_now_ns() + (uint64_t)(timeout_ms > 0 ?
	    timeout_ms : 0) * 1000000u;
	uint64_t nap = FIRST_NAP_MS * 1000000u;
	struct ioc_error e = { 0 };
	int r;

	r = ioc_name_check(IOC_NAME_COMPONENT, name, err);
	if (r != 0)
		return (r);
	l = lock_new(dirfd, name, mode, &e);
	if (l == NULL) {
		ioc_error_copy(err, &e);
		return (e.code);
	}
	while ((r = try_once(l, err)) == 0) {
		uint64_t now = ioc_now_ns();
		struct timespec ts = { 0 };

		if (now >= end)
			return (fail_busy(l, err));
		ts.tv_nsec = (long)(nap < end - now ? nap : end - now);
		(void)nanosleep(&ts, NULL);
		if (nap < LONGEST_NAP_MS * 1000000u)
			nap *= 2;
	}
	if (r < 0)
		return (r);
	write_owner(l, owner);
	*ret = take_ptr(l);
	return (0);
}

void
ioc_lock_release(struct ioc_lock *l, bool remove)
{
	if (l == NULL)
		return;
	/* A forked child only lets go of its copy: the lock is its parent's. */
	if (l->pid == getpid()) {
		/* Nobody but an exclusive holder may take the file away. */
		bool sole = l->mode == IOC_LOCK_EXCLUSIVE ||
		    (remove && flock(l->fd, LOCK_EX | LOCK_NB) == 0);

		if (sole && remove && is_named(l->dirfd, l->name, l->fd))
			(void)unlinkat(l->dirfd, l->name, 0);
		else if (sole)
			write_owner(l, "");
		(void)flock(l->fd, LOCK_UN);
	}
	lock_free(l);
}

static void
sweep_one(int dirfd, const char *name)
{
	auto_fd int fd = openat(dirfd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC |
	    O_NONBLOCK | O_NOCTTY);
	struct stat st;

	/* Whoever takes it from now on sees that the file is not named so. */
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0 && is_named(dirfd, name, fd))
		(void)unlinkat(dirfd, name, 0);
}

int
ioc_lock_sweep(int dirfd, struct ioc_error *err)
{
	auto_dir DIR *dir = NULL;
	struct dirent *de;
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || (dir = fdopendir(fd)) == NULL) {
		int r = ioc_fail_errno(err, "read the lock directory");

		ioc_fd_close(&fd);
		return (r);
	}
	while ((errno = 0, de = readdir(dir)) != NULL)
		if (ioc_name_check(IOC_NAME_COMPONENT, de->d_name, NULL) == 0)
			sweep_one(dirfd, de->d_name);
	return (errno == 0 ? 0 : ioc_fail_errno(err, "read the lock directory"));
}
