/* SPDX-License-Identifier: BSD-2-Clause */
/* Stage one of an update: obtained and verified, by the host's own programs. */
#ifndef CORE_OBTAIN_H
#define CORE_OBTAIN_H

#include "core/level.h"

/*
 * For the root of a level, or of a jail, whose job has root_fd, updates_fd and
 * their kin; *n is the number of things to apply.  What the updater needs is
 * made in the staging of `b`, and gone afterwards; `l->event` names it.
 */
int	ioc_obtain(struct ioc_build *b, struct ioc_level *l, unsigned *n,
	    struct ioc_error *err);

/* Tells what was obtained, thing by thing.  UNSUPPORTED: it is not known. */
int	ioc_obtain_tell(const struct ioc_level *l, ioc_update_fn *fn,
	    void *arg, struct ioc_error *err);

#endif /* CORE_OBTAIN_H */
