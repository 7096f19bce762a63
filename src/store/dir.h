/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the directory store share. */
#ifndef STORE_DIR_H
#define STORE_DIR_H

#include "base/strv.h"
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
 * is there.  Who will not mount it does without what only that needs.
 */
int	ioc_dir_thin_make(struct ioc_store *s, int from, int vol,
	    uint32_t id_base, struct ioc_error *err);
int	ioc_dir_thin_root(struct ioc_store *s, int vol, bool to_mount,
	    struct ioc_os_root *root, struct ioc_error *err);
/* It is nothing but a few entries. */
extern const bool ioc_dir_thin_is_light;

/* The directory of a new volume; EXISTS. */
int	ioc_dir_make_volume(struct ioc_store *s, const char *vol,
	    struct ioc_error *err);
/* A directory of a new volume, with exactly that owner and mode. */
int	ioc_dir_make_part(int vol, const char *name, uint32_t id, mode_t mode,
	    struct ioc_error *err);

/* Everything in a directory but "." and "..". */
int	ioc_dir_names(int root, const char *path, struct ioc_strv *ret,
	    struct ioc_error *err);

/*
 * Copies what a volume, or a snapshot of one, holds beside its files of ours
 * (both are directories of ours): root or layer, and origin.  A layer stays its
 * jail's (`keep`), or is given to the range at id_base.
 */
struct ioc_dir_copy {
	bool		 keep;
	bool		 work;		/* beside a layer: what an overlay needs */
	uint32_t	 id_base;
	ioc_store_progress *progress;	/* or NULL */
	void		*arg;
};
int	ioc_dir_copy(const struct ioc_dir_copy *c, int from, int to,
	    struct ioc_error *err);
/* A new volume with such a copy, of the files of ours as well if told so. */
int	ioc_dir_clone_of(struct ioc_store *s, int from, const char *to,
	    bool files, uint32_t id_base, ioc_store_progress *progress,
	    void *arg, struct ioc_error *err);

extern const struct ioc_store_snapshot_ops ioc_dir_snapshots;
/* The directory of a snapshot; NOT_FOUND. */
int	ioc_dir_snapshot_open(struct ioc_store *s, const char *vol,
	    const char *name, struct ioc_error *err);
/* See struct ioc_store_snapshot_ops. */
int	ioc_dir_view(struct ioc_store *s, const char *vol, const char *name,
	    const char *to, struct ioc_error *err);
/* That of the snapshot which a volume in staging shows; NOT_FOUND: it is none. */
int	ioc_dir_viewed(struct ioc_store *s, int vol, struct ioc_error *err);
/* The origins of the snapshots of a volume. */
int	ioc_dir_snapshot_origins(int vol, struct ioc_strv *ret,
	    struct ioc_error *err);

/* See struct ioc_store_ops. */
int	ioc_dir_activate(const char *where, const char *mountpoint,
	    struct ioc_error *err);
int	ioc_dir_open(const char *where, struct ioc_os *os,
	    struct ioc_store **ret, struct ioc_error *err);
void	ioc_dir_close(struct ioc_store *s);
int	ioc_dir_list(struct ioc_store *s, const char *parent,
	    struct ioc_strv *ret, struct ioc_error *err);
int	ioc_dir_clone(struct ioc_store *s, const char *from, const char *to,
	    enum ioc_store_clone how, uint32_t id_base,
	    ioc_store_progress *progress, void *arg, struct ioc_error *err);
/* BUSY naming the jails, and what is staged, that share data with a release. */
int	ioc_dir_unneeded(struct ioc_store *s, const char *vol,
	    struct ioc_error *err);
int	ioc_dir_destroy(struct ioc_store *s, const char *vol,
	    struct ioc_error *err);
int	ioc_dir_replace(struct ioc_store *s, const char *vol,
	    const char *from, struct ioc_error *err);
int	ioc_dir_rebase(struct ioc_store *s, const char *vol,
	    const char *origin, struct ioc_error *err);

#endif /* STORE_DIR_H */
