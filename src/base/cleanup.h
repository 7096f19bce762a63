/* SPDX-License-Identifier: BSD-2-Clause */
/* The one cleanup idiom: owners that end themselves, and moves out of them. */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <sys/types.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* `IOC_AUTO(fn) type *p = NULL;` calls fn(&p) when p leaves its scope. */
#define	IOC_AUTO(fn)	__attribute__((cleanup(fn)))

/* Defines `NAMEp(type **)` for an ender `fn(type *)` that accepts NULL. */
#define	IOC_DEFINE_AUTO(type, fn)					\
	static inline void						\
	fn##p(type **p)							\
	{								\
		fn(*p);							\
	}								\
	struct ioc_auto_semicolon

static inline void
ioc_freep(void *p)
{
	free(*(void **)p);
}

static inline void
ioc_fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = saved;
}

static inline void
ioc_dirp(DIR **d)
{
	if (*d != NULL)
		(void)closedir(*d);
}

static inline void
ioc_filep(FILE **f)
{
	if (*f != NULL)
		(void)fclose(*f);
}

#define	auto_free	IOC_AUTO(ioc_freep)
#define	auto_fd		IOC_AUTO(ioc_fd_close)
#define	auto_dir	IOC_AUTO(ioc_dirp)
#define	auto_file	IOC_AUTO(ioc_filep)

/* Ownership leaves the variable: its value is returned, and it is emptied. */
static inline int
take_fd(int *fd)
{
	int v = *fd;

	*fd = -1;
	return (v);
}

#define	take_ptr(p)							\
	__extension__ ({						\
		__typeof__(p) take_v_ = (p);				\
		(p) = NULL;						\
		take_v_;						\
	})

#endif /* BASE_CLEANUP_H */
