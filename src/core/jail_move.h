/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A basejail has nothing to be updated but where its directories come from: it
 * moves to the newest patch level of its release.  Whoever calls holds its lock.
 */
#ifndef CORE_JAIL_MOVE_H
#define CORE_JAIL_MOVE_H

#include "core/jail.h"

/* *moved: it was of another level. */
int	ioc_jail_move(struct ioc_jail *j, bool *moved, struct ioc_error *err);
/* Tells fn of both levels, if they differ. */
int	ioc_jail_move_list(struct ioc_jail *j, ioc_update_fn *fn, void *arg,
	    struct ioc_error *err);

#endif /* CORE_JAIL_MOVE_H */
