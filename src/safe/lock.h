/* SPDX-License-Identifier: BSD-2-Clause */
/* Locks between processes that vanish with their holder and name him. */
#ifndef SAFE_LOCK_H
#define SAFE_LOCK_H

#include "base/error.h"

struct ioc_lock;

enum ioc_lock_mode {
	IOC_LOCK_SHARED,
	IOC_LOCK_EXCLUSIVE,
};

/*
 * Takes the lock file `name` (one component) in the directory `dirfd`, waiting
 * at most `timeout_ms` (0: not at all).  `owner` says who takes it, for others
 * to read: "stop web (pid 123)".  BUSY names the present holder.  The lock
 * goes when it is released or when the process ends, however it ends; it is
 * not inherited by programs that are run.  A forked child that runs no program
 * shares it until it has closed its descriptors.
 */
int	ioc_lock_take(int dirfd, const char *name, enum ioc_lock_mode mode,
	    int timeout_ms, const char *owner, struct ioc_lock **ret,
	    struct ioc_error *err);

/*
 * Releases and frees; with `remove` the file goes as well (safe against others
 * who wait for it).
 */
void	ioc_lock_release(struct ioc_lock *l, bool remove);

/*
 * Removes the files of locks that nobody holds, which holders have left that
 * were killed: safe against others who take them now.
 */
int	ioc_lock_sweep(int dirfd, struct ioc_error *err);

#endif /* SAFE_LOCK_H */
