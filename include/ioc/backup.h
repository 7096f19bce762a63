/* SPDX-License-Identifier: BSD-2-Clause */
/* Jails as files: export and import. */
#ifndef IOC_BACKUP_H
#define IOC_BACKUP_H

#include "ioc/jail.h"

#ifdef __cplusplus
extern "C" {
#endif

enum ioc_backup_format {
	IOC_FORMAT_TAR,		/* one archive, for any kind of source and system */
	IOC_FORMAT_ZFS,		/* one archive that holds a stream of ZFS */
	IOC_FORMAT_DIRECTORY,	/* a directory with the members of the archive */
};

struct ioc_export_options {
	const char	*file;		/* that is made; NULL: fd */
	int		 fd;		/* gets the archive; not for DIRECTORY */
	enum ioc_backup_format format;
	const char	*snapshot;	/* as that one has it; NULL: as it is now */
	const char	*since;		/* only what differs from that snapshot */
	bool		 compress;	/* by zstd; not for DIRECTORY */
};

/*
 * Writes a jail, its whole root, configuration and mounts, to a file that did not
 * exist and appears when it is complete.  A jail that runs can be written as a
 * snapshot has it, and as it is now in a pool of ZFS; else STATE.  Snapshots are of the root: the
 * configuration is always the present one.  Steps "jail.export/...".  Needs root.
 * EXISTS: the file is there; NOT_FOUND: no such snapshot; INVALID: options that
 * exclude each other; UNSUPPORTED: the source has no streams;
 * UNSAFE, LIMIT: the tree has names that no backup can hold.  A WARN event says
 * how many sockets, FIFOs and devices were left out.
 */
IOC_API int ioc_jail_export(struct ioc_jail *j,
    const struct ioc_export_options *o, struct ioc_error *err);

struct ioc_import_options {
	const char	*name;		/* NULL: the one it had */
	const char	*source;	/* NULL: the main one */
	const char	*file;		/* or directory; NULL: fd */
	int		 fd;		/* read to its end */
	/* ZFS: a stream of ZFS, too, which the kernel reads: only from whom one
	   trusts like one's own host. */
	enum ioc_backup_format format;
};

/*
 * Makes a jail of a backup, of libioc's as well.  All of it is verified in
 * staging, then it gets its name by one rename; there may be no such jail yet.
 * Of its configuration only what a tenant may say is taken: no parameters of the
 * kernel, no limits, no mounts, nothing that runs on the host; a WARN event
 * "jail.import/config" names each property and mount that was left out.  The jail
 * has a root of its own, a new UUID, and users of this host.  An incremental one
 * is put upon a jail that was made from its base, and has not changed since: that
 * is read, and stays as it is.  Steps "jail.import/...".  Needs root.
 * EXISTS; FORMAT, VERIFY: damaged; UNSAFE, LIMIT: hostile, or a stream that was
 * not asked for; STATE: its base runs; NOT_FOUND: no such file, base or release;
 * UNSUPPORTED.  *ret may be NULL.
 */
IOC_API int ioc_jail_import(struct ioc_host *h,
    const struct ioc_import_options *o, struct ioc_jail **ret,
    struct ioc_error *err);

#ifdef __cplusplus
}
#endif

#endif /* IOC_BACKUP_H */
