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
#include "os/os.h"

struct ioc_store;

enum ioc_store_clone {
	IOC_CLONE_THIN,		/* shares its origin's data, cannot live without it */
	IOC_CLONE_THICK,	/* a full copy, reflinked where possible */
};

/* Progress of long calls; may be NULL; not 0 means CANCELED. */
typedef int ioc_store_progress(uint64_t done, uint64_t total, void *arg);

struct ioc_store_ops {
	const char	*name;		/* "dir", "zfs" */
	/* Opens an existing layout; NOT_FOUND when there is none. */
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
	 * the jail's root (0 without a uid range).
	 */
	int	(*clone)(struct ioc_store *s, const char *from, const char *to,
		    enum ioc_store_clone how, uint32_t id_base,
		    ioc_store_progress *progress, void *arg,
		    struct ioc_error *err);
	/* A volume that leaves .staging is on disk before; so is its new name. */
	int	(*rename)(struct ioc_store *s, const char *from, const char *to,
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
};

struct ioc_store {
	const struct ioc_store_ops *ops;
	int		 root;		/* directory of the source, owned */
	char		*where;		/* path or dataset, for people */
	struct ioc_os	*os;		/* borrowed */
};

extern const struct ioc_store_ops ioc_store_dir;

void	ioc_store_close(struct ioc_store *s);
IOC_DEFINE_AUTO(struct ioc_store, ioc_store_close);
void	ioc_store_root_fini(struct ioc_os_root *r);

#endif /* STORE_STORE_H */
