/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world is a directory with `target`, where unpacking is to happen, and
 * beside it `victim` and `outdir`, which belong to the host.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "tarball.h"
#include "twin.h"

extern char where[128];		/* the present world */
extern int world;
extern int failures;
extern struct ioc_error err;	/* of the last unpacking */

void	check(bool good, const char *name, const char *what,
	    const char *detail);
void	new_world(void);
size_t	entries(const char *path);
bool	is(const char *path, struct stat *st);
bool	contains(const char *path, const char *text);
/* What a caller does after a failure: nothing is left of the target then. */
bool	swept(void);
/* The host beside the target is not as it was. */
bool	outside(void);

/*
 * All of a program but its parts, which need root, and stdout without a buffer.
 * With a variable, only where that is set; `without` says why else.
 */
int	worlds_run(const char *variable, const char *without,
	    void (*const parts[])(void));
#define	WORLDS_WITH(variable, without, ...)				\
	int								\
	main(void)							\
	{								\
		static void (*const parts[])(void) = { __VA_ARGS__, NULL }; \
									\
		return (worlds_run(variable, without, parts));		\
	}
#define	WORLDS(...)	WORLDS_WITH(NULL, NULL, __VA_ARGS__)

/* A file of the world with these bytes. */
int	file_of(const void *data, size_t len);
int	unpack_fd(int in, bool devices, bool setid, uint64_t max_entries);
int	unpack(const struct ioc_buf *b, bool devices, bool setid);
void	run_twin(struct twin *t, const struct ioc_buf *b);

/* What workers have taken of the processors until now. */
double	children_seconds(void);

/* archive_more.c, archive_sets.c, archive_bombs.c */
void	more(void);
void	more_sets(void);
void	bombs(void);

#endif /* TESTS_WORLD_H */
