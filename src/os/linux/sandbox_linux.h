/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the Linux sandbox share. */
#ifndef OS_LINUX_SANDBOX_LINUX_H
#define OS_LINUX_SANDBOX_LINUX_H

#include "os/sandbox.h"

/*
 * Namespaces of its own and, except for FETCH, a root in which nothing but the
 * role's directory exists: the descriptor s->dir_fd is replaced by that root.
 * For root only; *lacks is set when the kernel has no such thing.
 */
int	ioc_sandbox_view(const struct ioc_sandbox *s, bool *lacks,
	    struct ioc_error *err);

/*
 * Restricts the process by Landlock as its role demands; no_new_privs must be
 * set.  *lacks is set when the kernel has none.
 */
int	ioc_sandbox_landlock(const struct ioc_sandbox *s, bool *lacks,
	    struct ioc_error *err);

#endif /* OS_LINUX_SANDBOX_LINUX_H */
