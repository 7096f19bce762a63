/* SPDX-License-Identifier: BSD-2-Clause */
/* Snapshots of jails: their files and their configuration at one moment. */
#ifndef IOC_SNAPSHOT_H
#define IOC_SNAPSHOT_H

#include "ioc/jail.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ioc_snapshot_info {
	const char	*name;
	int64_t		 created;	/* seconds since the epoch */
	uint64_t	 used;		/* bytes that only it has; in a directory
					   source: those of the copy that it is */
};

struct ioc_snapshot_list;

/*
 * All snapshots of a jail from old to new, also those of a dataset that others
 * have made.  Ended by ioc_snapshot_list_free.
 */
IOC_API int ioc_snapshot_list(struct ioc_jail *j,
    struct ioc_snapshot_list **ret, struct ioc_error *err);
IOC_API size_t ioc_snapshot_count(const struct ioc_snapshot_list *l);
IOC_API const struct ioc_snapshot_info *ioc_snapshot_at(
    const struct ioc_snapshot_list *l, size_t i);
IOC_API void ioc_snapshot_list_free(struct ioc_snapshot_list *l);

/*
 * Takes a snapshot of the root, config.json and fstab of a jail.  On ZFS it is
 * of one moment, whatever the jail does; in a directory source it is a copy
 * (sharing blocks where the file system can), and the jail must be stopped:
 * STATE.  Needs root.  Steps "snapshot.create/...".  INVALID: not a name;
 * EXISTS; CANCELED.
 */
IOC_API int ioc_snapshot_create(struct ioc_jail *j, const char *name,
    struct ioc_error *err);

/*
 * The jail becomes what it was at exactly that snapshot, which stays, as older
 * ones do.  Newer ones would be lost: STATE names them, unless `lose`.  The jail
 * must be stopped (STATE), or is killed with `stop`; it stays stopped.  Once
 * begun it is finished, by recovery if need be.  Needs root.  Steps
 * "snapshot.rollback/...".  NOT_FOUND; BUSY names clones of newer snapshots.
 */
IOC_API int ioc_snapshot_rollback(struct ioc_jail *j, const char *name,
    bool stop, bool lose, struct ioc_error *err);

/*
 * Removes one snapshot.  Needs root.  Steps "snapshot.remove/...".  NOT_FOUND;
 * BUSY names the clones that need it.
 */
IOC_API int ioc_snapshot_remove(struct ioc_jail *j, const char *name,
    struct ioc_error *err);

#ifdef __cplusplus
}
#endif

#endif /* IOC_SNAPSHOT_H */
