/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/common/fault.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

static struct {
	pid_t		pid;		/* not in its children */
	enum fault	what;
	unsigned long	at;		/* the one that fails; 0: none */
	unsigned long	n;		/* so many were asked for */
	bool		onwards;
	bool		failed;
} fault;

void
fault_begin(enum fault what, unsigned long n, bool onwards)
{
	fault.pid = getpid();
	fault.what = what;
	fault.at = n;
	fault.n = 0;
	fault.onwards = onwards;
	fault.failed = false;
}

bool
fault_end(void)
{
	fault.at = 0;
	return (fault.failed);
}

static bool
due(enum fault what)
{
	if (fault.at == 0 || fault.what != what || fault.pid != getpid())
		return (false);
	fault.n++;
	if (fault.n != fault.at && (!fault.onwards || fault.n < fault.at))
		return (false);
	fault.failed = true;
	errno = what == FAULT_MEMORY ? ENOMEM : EMFILE;
	return (true);
}

static bool
fails(void)
{
	return (due(FAULT_MEMORY));
}

static bool
fd_fails(void)
{
	return (due(FAULT_FD));
}

/* The linker puts these in the place of the real ones. */
void	*__real_malloc(size_t size);
void	*__real_calloc(size_t n, size_t size);
void	*__real_realloc(void *p, size_t size);
void	*__real_reallocarray(void *p, size_t n, size_t size);
char	*__real_strdup(const char *s);
char	*__real_strndup(const char *s, size_t n);
int	 __real_vasprintf(char **ret, const char *fmt, va_list ap)
	    __attribute__((format(printf, 2, 0)));
DIR	*__real_fdopendir(int fd);
void	*__wrap_malloc(size_t size);
void	*__wrap_calloc(size_t n, size_t size);
void	*__wrap_realloc(void *p, size_t size);
void	*__wrap_reallocarray(void *p, size_t n, size_t size);
char	*__wrap_strdup(const char *s);
char	*__wrap_strndup(const char *s, size_t n);
int	 __wrap_asprintf(char **ret, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
int	 __wrap_vasprintf(char **ret, const char *fmt, va_list ap)
	    __attribute__((format(printf, 2, 0)));
/* What the two are called in a build with _FORTIFY_SOURCE. */
int	 __wrap___asprintf_chk(char **ret, int flag, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
int	 __wrap___vasprintf_chk(char **ret, int flag, const char *fmt,
	    va_list ap) __attribute__((format(printf, 3, 0)));
DIR	*__wrap_fdopendir(int fd);

void *
__wrap_malloc(size_t size)
{
	return (fails() ? NULL : __real_malloc(size));
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return (fails() ? NULL : __real_calloc(n, size));
}

void *
__wrap_realloc(void *p, size_t size)
{
	return (fails() ? NULL : __real_realloc(p, size));
}

void *
__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return (fails() ? NULL : __real_reallocarray(p, n, size));
}

char *
__wrap_strdup(const char *s)
{
	return (fails() ? NULL : __real_strdup(s));
}

char *
__wrap_strndup(const char *s, size_t n)
{
	return (fails() ? NULL : __real_strndup(s, n));
}

int
__wrap_vasprintf(char **ret, const char *fmt, va_list ap)
{
	return (fails() ? -1 : __real_vasprintf(ret, fmt, ap));
}

int
__wrap_asprintf(char **ret, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = __wrap_vasprintf(ret, fmt, ap);
	va_end(ap);
	return (n);
}

int
__wrap___vasprintf_chk(char **ret, int flag, const char *fmt, va_list ap)
{
	return (__wrap_vasprintf(ret, fmt, ap));
}

int
__wrap___asprintf_chk(char **ret, int flag, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = __wrap_vasprintf(ret, fmt, ap);
	va_end(ap);
	return (n);
}

DIR *
__wrap_fdopendir(int fd)
{
	return (fails() ? NULL : __real_fdopendir(fd));
}

void
fault_json(void)
{
	json_set_alloc_funcs(__wrap_malloc, free);
}

/* --- descriptors ---------------------------------------------------------------- */

/* What they are called in a build with large files, and with _FORTIFY_SOURCE. */
#define	OPEN(name)							\
	int	__real_##name(const char *path, int flags, ...);	\
	int	__wrap_##name(const char *path, int flags, mode_t mode); \
									\
	int								\
	__wrap_##name(const char *path, int flags, mode_t mode)		\
	{								\
		return (fd_fails() ? -1 :				\
		    __real_##name(path, flags, mode));			\
	}
#define	OPENAT(name)							\
	int	__real_##name(int dir, const char *path, int flags, ...); \
	int	__wrap_##name(int dir, const char *path, int flags,	\
		    mode_t mode);					\
									\
	int								\
	__wrap_##name(int dir, const char *path, int flags, mode_t mode) \
	{								\
		return (fd_fails() ? -1 :				\
		    __real_##name(dir, path, flags, mode));		\
	}
#define	FCNTL(name)							\
	int	__real_##name(int fd, int cmd, ...);			\
	int	__wrap_##name(int fd, int cmd, void *arg);		\
									\
	int								\
	__wrap_##name(int fd, int cmd, void *arg)			\
	{								\
		return (cmd == F_DUPFD_CLOEXEC && fd_fails() ? -1 :	\
		    __real_##name(fd, cmd, arg));			\
	}

OPEN(open)
OPENAT(openat)
FCNTL(fcntl)
#ifdef __GLIBC__
OPEN(open64)
OPEN(__open_2)
OPEN(__open64_2)
OPENAT(openat64)
OPENAT(__openat_2)
OPENAT(__openat64_2)
FCNTL(fcntl64)
#endif

int	__real_dup(int fd);
int	__real_pipe2(int fds[2], int flags);
int	__real_socketpair(int domain, int type, int protocol, int fds[2]);
int	__wrap_dup(int fd);
int	__wrap_pipe2(int fds[2], int flags);
int	__wrap_socketpair(int domain, int type, int protocol, int fds[2]);

int
__wrap_dup(int fd)
{
	return (fd_fails() ? -1 : __real_dup(fd));
}

int
__wrap_pipe2(int fds[2], int flags)
{
	return (fd_fails() ? -1 : __real_pipe2(fds, flags));
}

int
__wrap_socketpair(int domain, int type, int protocol, int fds[2])
{
	return (fd_fails() ? -1 :
	    __real_socketpair(domain, type, protocol, fds));
}

#ifdef SYS_openat2
long	__real_syscall(long n, ...);
long	__wrap_syscall(long n, long a, long b, long c, long d, long e, long f);

long
__wrap_syscall(long n, long a, long b, long c, long d, long e, long f)
{
	if ((n == SYS_openat2 || n == SYS_pidfd_open) && fd_fails())
		return (-1);
	return (__real_syscall(n, a, b, c, d, e, f));
}
#endif
