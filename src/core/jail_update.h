/* SPDX-License-Identifier: BSD-2-Clause */
/* What recovery knows of updates of jails. */
#ifndef CORE_JAIL_UPDATE_H
#define CORE_JAIL_UPDATE_H

#include "core/host.h"

/* The journal's name of one; `what` is "JAIL SNAPSHOT". */
#define	IOC_JAIL_UPDATE	"jail-update"

/*
 * One that did not end: finished when its new root was complete, else its
 * snapshot goes; then `staged` may be removed.  BUSY: somebody is at work on it.
 */
int	ioc_jail_update_recover(struct ioc_source *s, const char *what,
	    const char *staged, struct ioc_error *err);

#endif /* CORE_JAIL_UPDATE_H */
