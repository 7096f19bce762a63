/* SPDX-License-Identifier: BSD-2-Clause */
/* Going through a tree by descriptors, without recursion, on one mount. */
#ifndef SAFE_TREE_WALK_H
#define SAFE_TREE_WALK_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/compat.h"
#include "base/error.h"

/* A directory on the way from the top to where the walk is. */
struct ioc_tree_dir {
	int		 fd;		/* -1: closed for now */
	dev_t		 dev;
	ino_t		 ino;
	int		 mate;		/* its counterpart in a copy, -1 none */
	dev_t		 mate_dev;
	ino_t		 mate_ino;
	bool		 has_mate;
	const char	*name;		/* in the directory above */
	struct ioc_buf	 names;		/* of the directories in it, NUL behind */
	size_t		 next;
};

struct ioc_tree_walk;

/*
 * What is done on the way; each returns 0 or a code that ends the walk.
 * A NULL does nothing.
 */
struct ioc_tree_ops {
	/* Something in the present directory that is not a directory. */
	int	(*file)(struct ioc_tree_walk *w, const char *name,
		    struct ioc_error *err);
	/* The present directory was just entered; not called for the top.
	   1: what is in it is left out. */
	int	(*enter)(struct ioc_tree_walk *w, const char *name,
		    struct ioc_error *err);
	/* All in it is done; not called for the top. */
	int	(*leave)(struct ioc_tree_walk *w, struct ioc_error *err);
	/* Back in the directory above. */
	int	(*done)(struct ioc_tree_walk *w, const char *name,
		    struct ioc_error *err);
	bool	skip_mounts;	/* else a mount is BUSY */
	mode_t	force;		/* directories get these rights, or 0 */
};

struct ioc_tree_walk {
	const struct ioc_tree_ops *ops;
	void			*arg;
	struct ioc_mount_key	 key;
	struct ioc_tree_dir	*dirs;
	size_t			 depth;	/* directories in `dirs` */
	size_t			 cap;
	bool			 lost;	/* a directory on the way was moved */
};

/*
 * Walks everything beneath `top`, which stays the caller's; `mate` (or -1) is
 * its counterpart.  BUSY with `lost` set when the way back was moved by somebody
 * else; nothing outside is touched then.
 */
int	ioc_tree_walk(struct ioc_tree_walk *w, int top, int mate,
	    struct ioc_error *err);

/* The present directory. */
struct ioc_tree_dir *ioc_tree_here(struct ioc_tree_walk *w);

/* Sets the counterpart of the present directory; the walk owns it then. */
int	ioc_tree_set_mate(struct ioc_tree_walk *w, int fd,
	    struct ioc_error *err);

/* The path of `name` in the present directory, from the top. */
int	ioc_tree_path(struct ioc_tree_walk *w, const char *name,
	    struct ioc_buf *b);

/* A failed call on `name`, with its path. */
int	ioc_tree_fail(struct ioc_tree_walk *w, const char *verb,
	    const char *name, struct ioc_error *err);
int	ioc_tree_fail_mount(struct ioc_tree_walk *w, const char *name,
	    struct ioc_error *err);

/* BUSY when `name`, not a directory, is a mount point. */
int	ioc_tree_check_file(struct ioc_tree_walk *w, const char *name,
	    struct ioc_error *err);

#endif /* SAFE_TREE_WALK_H */
