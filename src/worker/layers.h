/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several directory trees as the one that a jail sees: those of an overlay, and
 * those that are mounted at a path of it.  All of it by descriptor, nothing is
 * followed.
 */
#ifndef WORKER_LAYERS_H
#define WORKER_LAYERS_H

#include <sys/stat.h>

#include "base/buf.h"
#include "safe/verify.h"

struct ioc_layers {
	struct ioc_verify_layer layer[IOC_VERIFY_LAYERS];
	size_t		 n;
	uint64_t	 max_names;	/* of all directories */
	uint64_t	 names;		/* that were read */
};

/* One directory of the whole: those of the layers that have it, first to last. */
struct ioc_layers_dir {
	int		 fd[IOC_VERIFY_LAYERS];
	size_t		 layer[IOC_VERIFY_LAYERS];
	size_t		 n;
};

#define	IOC_LAYERS_DIR	{ .n = 0 }

void	ioc_layers_dir_close(struct ioc_layers_dir *d);

/* What a name is. */
struct ioc_layers_entry {
	struct stat	 st;
	size_t		 layer;		/* that decides */
	int		 dir_fd;	/* where it has that name; belongs to the
					   directory.  -1: a layer's own root */
};

/* The names of a directory, sorted by their bytes, each once. */
struct ioc_layers_names {
	struct ioc_buf	 text;
	const char	**name;
	size_t		 n;
};

void	ioc_layers_names_fini(struct ioc_layers_names *n);

/* The root of the whole. */
int	ioc_layers_root(const struct ioc_layers *l, struct ioc_layers_dir *ret,
	    struct ioc_error *err);

/*
 * All names that a directory may have; `path` is its own ("" of the root).
 * Names that are hidden by a whiteout are among them.  LIMIT.
 */
int	ioc_layers_list(struct ioc_layers *l, const struct ioc_layers_dir *d,
	    const char *path, struct ioc_layers_names *ret,
	    struct ioc_error *err);

/* Looks at one; NOT_FOUND when there is none (err is not filled then). */
int	ioc_layers_find(const struct ioc_layers *l,
	    const struct ioc_layers_dir *d, const char *path, const char *name,
	    struct ioc_layers_entry *ret, struct ioc_error *err);

/* Opens a directory beneath another; `path` is that of the new one. */
int	ioc_layers_enter(const struct ioc_layers *l,
	    const struct ioc_layers_dir *d, const char *path, const char *name,
	    struct ioc_layers_dir *ret, struct ioc_error *err);

#endif /* WORKER_LAYERS_H */
