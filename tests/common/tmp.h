/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory of its own for a test, and what tests do in it without ours. */
#ifndef TESTS_COMMON_TMP_H
#define TESTS_COMMON_TMP_H

#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>

#if __has_include(<sys/xattr.h>)
#include <sys/xattr.h>
#else
#include <sys/extattr.h>
#endif

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tmp {
	char	path[64];
	int	fd;
};

/* Runs a program of the system to its end, quietly; its exit status. */
static inline int
tmp_run(const char *const *argv)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		(void)dup2(null, 1);
		(void)dup2(null, 2);
		(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	(void)waitpid(pid, &status, 0);
	return (WIFEXITED(status) ? WEXITSTATUS(status) : 255);
}
#define	TMP_RUN(...)	tmp_run((const char *const[]){ __VA_ARGS__, NULL })

static inline void
tmp_open(struct tmp *t)
{
	const char *dir = getenv("TMPDIR");

	(void)snprintf(t->path, sizeof(t->path), "%.32s/ioc-test-XXXXXX",
	    dir != NULL && strlen(dir) <= 32 ? dir : "/tmp");
	if (mkdtemp(t->path) == NULL)
		abort();
	t->fd = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->fd < 0)
		abort();
}

static inline void
tmp_close(struct tmp *t)
{
	(void)close(t->fd);
	(void)TMP_RUN("rm", "-rf", t->path);
}

#define	auto_tmp	__attribute__((cleanup(tmp_close)))

static inline void
tmp_write(int dir, const char *path, const char *text)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	(void)close(fd);
}

/* The text of a small file; the same buffer each time. */
static inline const char *
tmp_read(int dir, const char *path)
{
	static char text[4096];
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	if (fd >= 0)
		(void)close(fd);
	if (n < 0)
		return (NULL);
	text[n] = '\0';
	return (text);
}

static inline void
tmp_mkdir(int dir, const char *path)
{
	if (mkdirat(dir, path, 0755) != 0)
		abort();
}

static inline void
tmp_symlink(const char *target, int dir, const char *path)
{
	if (symlinkat(target, dir, path) != 0)
		abort();
}

static inline bool
tmp_exists(int dir, const char *path)
{
	struct stat st;

	return (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0);
}

/* An extended attribute of users: 0, or -1 where there are none. */
static inline int
tmp_set_xattr(int fd, const char *name, const char *value)
{
#if __has_include(<sys/xattr.h>)
	char full[64];

	(void)snprintf(full, sizeof(full), "user.%s", name);
	return (fsetxattr(fd, full, value, strlen(value), 0));
#else
	return (extattr_set_fd(fd, EXTATTR_NAMESPACE_USER, name, value,
	    strlen(value)) < 0 ? -1 : 0);
#endif
}

/* Its length, -1 when it is not there. */
static inline ssize_t
tmp_get_xattr(int fd, const char *name, char *value, size_t len)
{
#if __has_include(<sys/xattr.h>)
	char full[64];

	(void)snprintf(full, sizeof(full), "user.%s", name);
	return (fgetxattr(fd, full, value, len));
#else
	return (extattr_get_fd(fd, EXTATTR_NAMESPACE_USER, name, value, len));
#endif
}

/* Open descriptors of this process, to find leaks. */
static inline int
tmp_count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return (n);
}

#endif /* TESTS_COMMON_TMP_H */
