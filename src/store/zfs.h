/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the ZFS store share.
 *
 * A volume has the name of its dataset: "jails/web" of the source
 * "tank/iocage" is tank/iocage/jails/web, its root is the dataset "root" beneath
 * it, and both inherit their mount points from that of the source.  (A
 * component of a dataset's name may begin with a dot, so ".staging" is one, too.)
 * This is where users of libioc and iocage have their jails.  Their releases,
 * one dataset with a snapshot for each patch level, are read as well:
 * "releases/R/pN" is R/root@pN where there is no dataset R/pN.
 */
#ifndef STORE_ZFS_H
#define STORE_ZFS_H

#include "base/buf.h"
#include "base/compat.h"
#include "base/strv.h"
#include "store/store.h"
#include "store/volume.h"

#define	IOC_ZFS_NAME	256	/* bytes of a dataset's or snapshot's name, NUL too */

struct ioc_zfs {
	struct ioc_store s;		/* must be first */
	/* A file system of ours is gone only a while after it was unmounted. */
	bool		 late;
	/* "NAME BYTES" of all jails since they were listed, in order of names. */
	struct ioc_zfs_used {
		char	 name[64];
		uint64_t bytes;
	}		*used;
	size_t		 nused;
	bool		 listed;	/* ask for all of them when asked for one */
	/* Properties of all jails, the same way. */
	char		*properties;
	struct ioc_zfs_group *groups;
	size_t		 ngroups;
	bool		 odd;		/* a value pretends to be lines */
};

static inline struct ioc_zfs *
ioc_zfs(struct ioc_store *s)
{
	return ((struct ioc_zfs *)s);
}

/* --- programs (zfs_run.c) --------------------------------------------------- */

/*
 * Runs zfs(8) with the arguments behind its name, up to NULL.  `out` (may be
 * NULL) gets its output.  NOT_FOUND, EXISTS, BUSY, PERMISSION, LIMIT by what it
 * complains of, else CHILD; UNSUPPORTED where it is not installed.
 */
int	ioc_zfs_run(const char *const *args, struct ioc_buf *out,
	    struct ioc_error *err);
/* The same with a stream as its stdin or stdout; -1: none. */
int	ioc_zfs_stream(const char *const *args, int in, int out,
	    struct ioc_error *err);
/* The same for zpool(8). */
int	ioc_zpool_run(const char *const *args, struct ioc_buf *out,
	    struct ioc_error *err);
#define	IOC_ZFS_ARGS(...)	((const char *const[]){ __VA_ARGS__, NULL })
/* Output of listings: ten thousands of lines. */
#define	IOC_ZFS_OUTPUT	(32 * 1024 * 1024)

/* "SOURCE/volume[/sub]"; sub may be NULL.  INVALID when it is too long. */
int	ioc_zfs_name(const struct ioc_zfs *z, const char *vol, const char *sub,
	    char ret[IOC_ZFS_NAME], struct ioc_error *err);

/* --- what is mounted (zfs_mount.c) ------------------------------------------- */

/*
 * 1 when a dataset is mounted where its name says, 0 when nothing is mounted
 * there, UNSAFE when something else is; what a rename has left there is brought
 * back before.
 */
int	ioc_zfs_mounted(const struct ioc_zfs *z, const char *vol,
	    const char *sub, struct ioc_error *err);
/* A file system of ZFS, whoever runs that. */
bool	ioc_zfs_is(const struct ioc_mount_entry *m);
/*
 * A volume, or its root, that a rename has left where another one is mounted
 * (zfs_astray.c).  Those of `vol`, and at its place, are unmounted: 1 when there
 * were any, 0, or a code.
 */
bool	ioc_zfs_is_astray(const struct ioc_zfs *z,
	    const struct ioc_mount_entry *m);
int	ioc_zfs_bring_back(const struct ioc_zfs *z, const char *vol,
	    struct ioc_error *err);
/* Mounts it, and what it lies in, unless that is so.  NOT_FOUND: no dataset. */
int	ioc_zfs_mount(struct ioc_zfs *z, const char *vol, const char *sub,
	    struct ioc_error *err);
/* BUSY naming a mount in the root of a volume, or a foreign one beside it. */
int	ioc_zfs_idle(struct ioc_store *s, const char *vol,
	    struct ioc_error *err);
/* The names of a dataset and those beneath it that are mounted, sorted. */
int	ioc_zfs_mounted_datasets(const char *dataset, struct ioc_strv *ret,
	    struct ioc_error *err);
/* Where a dataset is mounted, to be freed, and its type; NOT_FOUND. */
int	ioc_zfs_where(const char *dataset, char **path, bool *late,
	    struct ioc_error *err);
/* True when something is mounted exactly there. */
bool	ioc_zfs_taken(const char *path);

/* --- volumes ------------------------------------------------------------------ */

/* True when "releases/R/pN" is only a snapshot of releases/R/root. */
bool	ioc_zfs_is_legacy(const struct ioc_zfs *z, const char *vol);
/* See struct ioc_store_ops. */
int	ioc_zfs_dir(struct ioc_store *s, const char *vol, struct ioc_error *err);
int	ioc_zfs_has(struct ioc_store *s, const char *vol, struct ioc_error *err);
int	ioc_zfs_root_fd(struct ioc_store *s, const char *vol,
	    struct ioc_error *err);
int	ioc_zfs_create(struct ioc_store *s, const char *vol,
	    struct ioc_error *err);
int	ioc_zfs_place(struct ioc_store *s, const char *vol,
	    struct ioc_error *err);
int	ioc_zfs_clone(struct ioc_store *s, const char *from, const char *to,
	    enum ioc_store_clone how, uint32_t id_base,
	    ioc_store_progress *progress, void *arg, struct ioc_error *err);
int	ioc_zfs_clone_here(struct ioc_store *s, const char *from,
	    const char *to, const char *token, struct ioc_error *err);
int	ioc_zfs_take_back(struct ioc_store *s, const char *vol,
	    const char *token, struct ioc_error *err);
int	ioc_zfs_rename(struct ioc_store *s, const char *from, const char *to,
	    struct ioc_error *err);
int	ioc_zfs_destroy(struct ioc_store *s, const char *vol,
	    struct ioc_error *err);
int	ioc_zfs_promote(struct ioc_store *s, const char *vol,
	    struct ioc_error *err);
int	ioc_zfs_replace(struct ioc_store *s, const char *vol,
	    const char *from, struct ioc_error *err);
int	ioc_zfs_rebase(struct ioc_store *s, const char *vol,
	    const char *origin, struct ioc_error *err);
/* One dataset, with all beneath it. */
int	ioc_zfs_rename_dataset(struct ioc_zfs *z, const char *from,
	    const char *to, struct ioc_error *err);
int	ioc_zfs_send(struct ioc_store *s, const char *vol,
	    const char *snapshot, const char *since, int fd,
	    struct ioc_error *err);
int	ioc_zfs_receive(struct ioc_store *s, const char *vol, int fd,
	    struct ioc_error *err);
int	ioc_zfs_list(struct ioc_store *s, const char *parent,
	    struct ioc_strv *ret, struct ioc_error *err);
int	ioc_zfs_used(struct ioc_store *s, const char *vol, uint64_t *ret,
	    struct ioc_error *err);
int	ioc_zfs_properties(struct ioc_store *s, const char *vol,
	    ioc_store_property *fn, void *arg, struct ioc_error *err);
int	ioc_zfs_activate(const char *where, const char *mountpoint,
	    struct ioc_error *err);

/* What was known about jails is not true any more. */
void	ioc_zfs_forget(struct ioc_zfs *z);

/*
 * BUSY naming the volumes that were cloned from a snapshot of `vol` (of
 * everything beneath it), or from that snapshot alone.
 */
int	ioc_zfs_unneeded(struct ioc_zfs *z, const char *vol,
	    const char *snapshot, struct ioc_error *err);

extern const struct ioc_store_snapshot_ops ioc_zfs_snapshots;
int	ioc_zfs_view(struct ioc_store *s, const char *vol, const char *name,
	    const char *to, struct ioc_error *err);

/* A new volume whose root is a clone of that snapshot ("DATASET@NAME"). */
int	ioc_zfs_clone_snapshot(struct ioc_store *s, const char *snapshot,
	    const char *to, struct ioc_error *err);
/*
 * What a root is, whatever it would inherit: programs in it run, and may be
 * set-id as those of a system are; devices come from a file system of their own.
 */
#define	IOC_ZFS_ROOT_PROPERTIES	"-o", "setuid=on", "-o", "exec=on", \
	    "-o", "devices=off"
/* An empty volume; what failed half way is to be destroyed. */
int	ioc_zfs_make(struct ioc_store *s, const char *vol,
	    struct ioc_error *err);
/* Both datasets are there: they are mounted, and get the modes they need. */
int	ioc_zfs_finish(struct ioc_store *s, const char *vol,
	    struct ioc_error *err);
/* With all beneath it; patient with what is about to go. */
int	ioc_zfs_destroy_dataset(const char *dataset, struct ioc_error *err);

/* EXISTS, or 0 when the name of a volume is free. */
int	ioc_zfs_check_free(struct ioc_store *s, const char *vol,
	    struct ioc_error *err);
/* "SOURCE/vol[/sub]@name", judged. */
int	ioc_zfs_snapshot_name(struct ioc_zfs *z, const char *vol,
	    const char *sub, const char *name, char ret[IOC_ZFS_NAME],
	    struct ioc_error *err);

#endif /* STORE_ZFS_H */
