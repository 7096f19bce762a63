/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations as tables of steps: applied in order, undone backwards. */
#ifndef CORE_STEP_H
#define CORE_STEP_H

#include "base/error.h"

struct ioc_host;

/*
 * One effect on the host.  `undo` takes back whatever `apply` has done, also
 * half of it or nothing, and may be NULL when there is nothing to take back.
 * `name` is the last part of the event ("jail.start/mount") and the prefix of
 * the error.
 */
struct ioc_step {
	const char	*name;
	int		(*apply)(void *ctx, struct ioc_error *err);
	int		(*undo)(void *ctx, struct ioc_error *err);
};

struct ioc_steps {
	const char	*op;		/* "jail.start" */
	const struct ioc_step *v;
	size_t		 n;
};

#define	IOC_STEPS(opname, table)					\
	{ .op = (opname), .v = (table), .n = sizeof(table) / sizeof(*(table)) }

/*
 * Applies all steps in order.  After a failure the failed step and those before
 * it are undone backwards; what cannot be undone is told as a WARN event, and
 * the first error is returned.  On a dry run every step is told as PLAN and
 * nothing is applied.
 */
int	ioc_steps_run(const struct ioc_steps *s, struct ioc_host *h,
	    const char *who, void *ctx, struct ioc_error *err);

/*
 * Undoes the whole table backwards under the name `op`.  With `force` all steps
 * are tried and the first failure is returned at the end; otherwise the first
 * failure ends it.
 */
int	ioc_steps_undo(const struct ioc_steps *s, const char *op,
	    struct ioc_host *h, const char *who, void *ctx, bool force,
	    struct ioc_error *err);

#endif /* CORE_STEP_H */
