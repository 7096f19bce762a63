/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What dead processes left, and how it is finished or undone.
 *
 *	.journal/TOKEN	an operation that did not end; its op says what follows:
 *	  create fetch update run	not committed: the staged volume goes,
 *	  import export			and the uid range claimed for TOKEN; of
 *					an export its snapshot; of a create what
 *					it made under the jail's own name
 *	  destroy			the jail or release has lost its name
 *					already: the rest goes, too, first its
 *					uid range ("NAME BASE OWNER")
 *	  snapshot			of a jail: what was being copied or removed
 *					goes
 *	  rollback			"NAME SNAPSHOT": it is finished
 *	.staging/TOKEN	without a journal entry: remains of a power loss; goes
 *	run directory	jails that are half up or whose processes are gone: the
 *			start steps are undone
 */
#ifndef CORE_RECOVER_H
#define CORE_RECOVER_H

#include "core/host.h"
#include "ioc/host.h"

/* ioc_host_recover(); not `deep`: only what costs the same for any number of
   jails, as every command does it at its start. */
int	ioc_recover(struct ioc_host *h, bool deep, unsigned *n,
	    struct ioc_error *err);

/*
 * Has somebody died who was exchanging what the jail of this name is made of?  Who
 * has its lock asks, and lets that be finished before anything else is done.
 */
int	ioc_recover_wanted(struct ioc_source *s, const char *jail, bool *ret,
	    struct ioc_error *err);

#endif /* CORE_RECOVER_H */
