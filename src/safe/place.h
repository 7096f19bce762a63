/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of safe/path share: a path in two parts, a directory to resolve
 * and a name to act on in it.  Nothing here allocates, so that a process that was
 * forked from one with threads can use it.
 */
#ifndef SAFE_PLACE_H
#define SAFE_PLACE_H

#include "base/error.h"

#define	IOC_PLACE_PATH	4095	/* what both resolvers accept */
#define	IOC_PLACE_NAME	255

struct ioc_place {
	char	dir[IOC_PLACE_PATH + 1];
	char	last[IOC_PLACE_NAME + 1]; /* empty: the directory itself */
	bool	slash;			/* a "/" stood behind it */
};

/* Splits, resolves: the descriptor of the directory, or a code. */
int	ioc_place_find(const char *verb, int root, const char *path, int pflags,
	    struct ioc_place *place, struct ioc_error *err);

/* The same where there must be a last name, and (file) no "/" behind it. */
int	ioc_place_find_name(const char *verb, int root, const char *path,
	    int pflags, bool file, struct ioc_place *place,
	    struct ioc_error *err);

/*
 * 0, or -1 and errno: with IOC_PATH_XDEV, `name` in the directory (or with "" the
 * descriptor itself) must lie on the mount of the root.
 */
int	ioc_place_check_mount(int root, int fd, const char *name, int pflags);

/* A failed step on a path: the code and the words that its errno stands for. */
int	ioc_place_fail(struct ioc_error *err, const char *verb,
	    const char *path);
/* The same with words of the caller. */
int	ioc_place_fail_why(struct ioc_error *err, int code, const char *verb,
	    const char *path, const char *why);

#endif /* SAFE_PLACE_H */
