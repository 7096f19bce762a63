/* SPDX-License-Identifier: BSD-2-Clause */
/* What recovery knows of snapshots. */
#ifndef CORE_SNAPSHOT_H
#define CORE_SNAPSHOT_H

#include "core/jail.h"
#include "ioc/snapshot.h"

IOC_DEFINE_AUTO(struct ioc_snapshot_list, ioc_snapshot_list_free);

/*
 * Back to that snapshot, which then goes: of a jail whose lock is held, and that
 * does not run.
 */
int	ioc_snapshot_back(struct ioc_jail *j, const char *name,
	    struct ioc_error *err);

/*
 * An operation on the snapshots of a jail that did not end: "snapshot", of the
 * jail `what`, is swept; "rollback", of "NAME SNAPSHOT", is finished.  No such
 * jail any more is success.  IOC_JOURNAL_LATER:
 * somebody is at work on it.
 */
int	ioc_snapshot_recover(struct ioc_source *s, const char *op,
	    const char *what, struct ioc_error *err);

#endif /* CORE_SNAPSHOT_H */
