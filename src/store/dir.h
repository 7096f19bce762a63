/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the directory store share. */
#ifndef STORE_DIR_H
#define STORE_DIR_H

#include "store/store.h"

#define	IOC_DIR_LAYOUT	1	/* version of the layout on disk */
#define	IOC_DIR_ORIGIN	512	/* bytes of an origin's name with its NUL */

/* The name of the volume that `vol` shares data with; NOT_FOUND without one. */
int	ioc_dir_origin(int vol, char ret[IOC_DIR_ORIGIN],
	    struct ioc_error *err);

/*
 * What a thin volume is on this system, in a file of its own (dir_thin_*.c).
 * make: its parts, but for the file "origin", which comes last; `from` is the
 * root of its origin.  root: how it is mounted; `lower`, the root of its origin,
 * is there.
 */
int	ioc_dir_thin_make(struct ioc_store *s, int from, int vol,
	    uint32_t id_base, struct ioc_error *err);
int	ioc_dir_thin_root(int vol, struct ioc_os_root *root,
	    struct ioc_error *err);
/* It is nothing but a few entries. */
extern const bool ioc_dir_thin_is_light;

/* A directory of a new volume, with exactly that owner and mode. */
int	ioc_dir_make_part(int vol, const char *name, uint32_t id, mode_t mode,
	    struct ioc_error *err);

/* Everything in a directory but "." and "..". */
int	ioc_dir_names(int root, const char *path, struct ioc_strv *ret,
	    struct ioc_error *err);

/* See struct ioc_store_ops. */
int	ioc_dir_clone(struct ioc_store *s, const char *from, const char *to,
	    enum ioc_store_clone how, uint32_t id_base,
	    ioc_store_progress *progress, void *arg, struct ioc_error *err);
int	ioc_dir_destroy(struct ioc_store *s, const char *vol,
	    struct ioc_error *err);

#endif /* STORE_DIR_H */
