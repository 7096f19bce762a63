/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where roots live.  A store keeps *volumes* beneath the root of one source,
 * addressed by a relative name of judged components: "releases/bookworm/p0",
 * "jails/web", ".staging/x1".  A volume is a directory of ours (0700, on FreeBSD
 * and ZFS its own dataset) that may hold files of ours (config.json) and a root.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/error.h"
#include "base/strv.h"
#include "os/os.h"

struct ioc_store;

enum ioc_store_clone {
	IOC_CLONE_THIN,		/* shares its origin's data, cannot live without it */
	IOC_CLONE_THICK,	/* a full copy, reflinked where possible */
};

/* Progress of long calls; may be NULL; not 0 means CANCELED. */
typedef int ioc_store_progress(uint64_t done, uint64_t total, void *arg);

/* One of a volume's; not 0 ends the reading. */
typedef int ioc_store_property(const char *key, const char *value, void *arg,
	    struct ioc_error *err);

struct ioc_store_ops {
	const char	*name;		/* "dir", "zfs" */
	/* Volumes and their roots are file systems of their own. */
	bool		 mounts;
	/*
	 * A snapshot or clone of what a running jail writes to is of one moment.
	 * Without it the caller must know that nothing writes to the volume.
	 */
	bool		 live;
	/*
	 * Opens an existing layout; NOT_FOUND when there is none.  Which source
	 * it is, the caller says, here and below.
	 */
	int	(*open)(const char *where, struct ioc_os *os,
		    struct ioc_store **ret, struct ioc_error *err);
	/* Makes the layout (idempotent). */
	int	(*activate)(const char *where, const char *mountpoint,
		    struct ioc_error *err);
	void	(*close)(struct ioc_store *s);
	/* An empty volume with an empty root/, owner 0:0, root/ mode 0755. */
	int	(*create)(struct ioc_store *s, const char *vol,
		    struct ioc_error *err);
	/*
	 * A new volume whose root is that of `from`.  For a THIN clone the origin
	 * is recorded with the volume; id_base owns what must be owned on disk by
	 * the jail's root (0 without a uid range).  A THIN clone of a jail: what
	 * the jail shares with its release, the clone does, too; the rest is shared
	 * where the store can (ZFS), else copied, with its owners moved to the new
	 * range.
	 */
	int	(*clone)(struct ioc_store *s, const char *from, const char *to,
		    enum ioc_store_clone how, uint32_t id_base,
		    ioc_store_progress *progress, void *arg,
		    struct ioc_error *err);
	/*
	 * A THIN clone that is made under its own name, where a rename costs more
	 * than the clone does; NULL: it does not.  It is somebody's from when there
	 * is a config.json in it; up to then it can be taken back by the token it
	 * was made with.  On disk it is never without what had been written in the
	 * source before.  EXISTS.
	 */
	int	(*clone_here)(struct ioc_store *s, const char *from,
		    const char *to, const char *token, struct ioc_error *err);
	/* Destroys what was made with that token, else it leaves all as it is. */
	int	(*take_back)(struct ioc_store *s, const char *vol,
		    const char *token, struct ioc_error *err);
	/* A volume that leaves .staging is on disk before; so is its new name. */
	int	(*rename)(struct ioc_store *s, const char *from, const char *to,
		    struct ioc_error *err);
	/* 0 when there is such a volume, else NOT_FOUND; it may be half made. */
	int	(*has)(struct ioc_store *s, const char *vol,
		    struct ioc_error *err);
	/*
	 * A place of ours without a root, ".staging/TOKEN", that may hold files
	 * and that volumes can be made in.  Being there already is success.
	 */
	int	(*place)(struct ioc_store *s, const char *vol,
		    struct ioc_error *err);
	/* BUSY names what somebody else has mounted in it. */
	int	(*idle)(struct ioc_store *s, const char *vol,
		    struct ioc_error *err);
	/* BUSY names the clones that still need it.  Nothing there is success. */
	int	(*destroy)(struct ioc_store *s, const char *vol,
		    struct ioc_error *err);
	/* A descriptor of the volume's own directory. */
	int	(*dir)(struct ioc_store *s, const char *vol,
		    struct ioc_error *err);
	/* How its root is mounted; descriptors are ended by ioc_store_root_fini. */
	int	(*root)(struct ioc_store *s, const char *vol,
		    struct ioc_os_root *ret, struct ioc_error *err);
	/* Bytes of its own. */
	int	(*used)(struct ioc_store *s, const char *vol, uint64_t *ret,
		    struct ioc_error *err);
	/* The names in "releases", "jails", ...; unsorted. */
	int	(*list)(struct ioc_store *s, const char *parent,
		    struct ioc_strv *ret, struct ioc_error *err);
	/*
	 * Calls fn for the configuration that older programs keep with a volume
	 * and not in a file of it.  NOT_FOUND: nothing; NULL: there is no such.
	 */
	int	(*properties)(struct ioc_store *s, const char *vol,
		    ioc_store_property *fn, void *arg, struct ioc_error *err);
	/*
	 * A clone of a jail that its origin depends on from now on, instead of the
	 * other way round.  STATE when it depends on nobody, or on a release, which
	 * others share.
	 */
	int	(*promote)(struct ioc_store *s, const char *vol,
		    struct ioc_error *err);
	/*
	 * The root of `from`, a THIN clone of the jail `vol`, takes the place of
	 * its root, and the other way round; snapshots and files of ours stay
	 * where they are.  Both must be at rest.  What died half way is finished
	 * by doing it again, and after that `from` may go.
	 */
	int	(*replace)(struct ioc_store *s, const char *vol,
		    const char *from, struct ioc_error *err);
	/*
	 * A THIN clone of a jail, still in staging, shares the release `origin`
	 * ("releases/R/pN") from now on, if it shares one; what has all of its root
	 * is left as it is.
	 */
	int	(*rebase)(struct ioc_store *s, const char *vol,
		    const char *origin, struct ioc_error *err);
	/*
	 * send: writes the root of a volume as a snapshot has it to a descriptor,
	 * or only what is other than in an older one, `since` (may be NULL), in a
	 * form that only the same kind of store reads.  receive: makes a new
	 * volume of such a stream, which must be in a file and whole; with it
	 * comes its snapshot.  A stream is read by the kernel: take none from
	 * somebody who is not trusted like it.  UNSAFE: the stream brings
	 * properties or several datasets.  UNSUPPORTED where there is no such
	 * form.
	 */
	int	(*send)(struct ioc_store *s, const char *vol,
		    const char *snapshot, const char *since, int fd,
		    struct ioc_error *err);
	int	(*receive)(struct ioc_store *s, const char *vol, int fd,
		    struct ioc_error *err);
	/* Snapshots of a volume, its root and its files of ours, at one moment. */
	const struct ioc_store_snapshot_ops *snapshot;
};

struct ioc_store_snapshot {
	char		 name[64];
	int64_t		 created;	/* seconds since the epoch */
	uint64_t	 used;		/* bytes that only it has, or its copy */
};

/*
 * One caller at a time for each volume.  What a dead one left is not seen, and
 * goes with the next call that changes something.
 */
struct ioc_store_snapshot_ops {
	/* EXISTS when there is one of that name. */
	int	(*create)(struct ioc_store *s, const char *vol,
		    const char *name, ioc_store_progress *progress, void *arg,
		    struct ioc_error *err);
	/*
	 * All of them from old to new, to be freed; those that others have made
	 * as well, if we could have.
	 */
	int	(*list)(struct ioc_store *s, const char *vol,
		    struct ioc_store_snapshot **ret, size_t *n,
		    struct ioc_error *err);
	/*
	 * Makes all ready for a rollback to exactly that snapshot, which stays, as
	 * all do that are older; the volume is what it was.  Newer ones would be
	 * lost: STATE names them, unless `lose` says that they may.  BUSY names
	 * clones of those, or a mount.
	 */
	int	(*ready)(struct ioc_store *s, const char *vol,
		    const char *name, bool lose, ioc_store_progress *progress,
		    void *arg, struct ioc_error *err);
	/*
	 * The rollback, after that.  When it fails and *begun is set it is half
	 * done, as when its process dies: both calls again, with `lose`, finish it.
	 */
	int	(*rollback)(struct ioc_store *s, const char *vol,
		    const char *name, bool *begun, struct ioc_error *err);
	/* BUSY names the clones that still need it. */
	int	(*remove)(struct ioc_store *s, const char *vol,
		    const char *name, struct ioc_error *err);
	/*
	 * A new volume with the root and the files of ours that a snapshot has;
	 * otherwise as a THIN clone of the volume.
	 */
	int	(*clone)(struct ioc_store *s, const char *vol,
		    const char *name, const char *to, uint32_t id_base,
		    ioc_store_progress *progress, void *arg,
		    struct ioc_error *err);
	/* Removes what a create, ready, remove or clone that died has left. */
	int	(*sweep)(struct ioc_store *s, const char *vol,
		    struct ioc_error *err);
	/*
	 * A volume in staging whose root is as the snapshot has it, to be read
	 * only.  Until it is destroyed the snapshot is needed.  NOT_FOUND: there
	 * is no such snapshot.
	 */
	int	(*view)(struct ioc_store *s, const char *vol,
		    const char *name, const char *to, struct ioc_error *err);
};

/*
 * STATE naming those of n snapshots, sorted from old to new, that are newer than
 * `name`, unless they may be lost; NOT_FOUND.  *at is its place.
 */
int	ioc_snapshots_newer(const struct ioc_store_snapshot *v, size_t n,
	    const char *name, bool lose, size_t *at, struct ioc_error *err);

struct ioc_store {
	const struct ioc_store_ops *ops;
	int		 root;		/* directory of the source, owned */
	char		*where;		/* path or dataset, for people */
	char		*path;		/* the same directory as `root` */
	struct ioc_os	*os;		/* borrowed */
	/*
	 * What thin volumes have of their release where they are no overlays:
	 * directories beneath the root, up to NULL; borrowed, set by the opener.
	 */
	const char *const *base_dirs;
};

extern const struct ioc_store_ops ioc_store_dir;
extern const struct ioc_store_ops ioc_store_zfs;

/*
 * The dataset of the pool that is marked as active for jails, as libioc and
 * iocage mark it, "POOL/iocage", to be freed.  NOT_FOUND when there is none, or
 * no ZFS.
 */
int	ioc_store_zfs_find(char **ret, struct ioc_error *err);
/* The pools of the host and the health of each; UNSUPPORTED: no ZFS. */
int	ioc_store_zfs_pools(struct ioc_strv *names, struct ioc_strv *health,
	    struct ioc_error *err);
/* Sets or removes that mark of the pool that the dataset is in. */
int	ioc_store_zfs_mark(const char *dataset, bool active,
	    struct ioc_error *err);

/* UNSAFE when somebody else than root or this user owns or may write to it. */
int	ioc_store_check_owner(int fd, struct ioc_error *err);

void	ioc_store_close(struct ioc_store *s);
IOC_DEFINE_AUTO(struct ioc_store, ioc_store_close);
void	ioc_store_root_fini(struct ioc_os_root *r);

#endif /* STORE_STORE_H */
