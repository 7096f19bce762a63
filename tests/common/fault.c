/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/common/fault.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

static struct {
	unsigned long	at;		/* the one that fails; 0: none */
	unsigned long	n;		/* so many were asked for */
	bool		onwards;
	bool		failed;
} fault;

void
fault_begin(unsigned long n, bool onwards)
{
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
fails(void)
{
	if (fault.at == 0)
		return (false);
	fault.n++;
	if (fault.n != fault.at && (!fault.onwards || fault.n < fault.at))
		return (false);
	fault.failed = true;
	errno = ENOMEM;
	return (true);
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
