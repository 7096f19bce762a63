/* SPDX-License-Identifier: BSD-2-Clause */
/* From a jail's configuration to what the system is asked for. */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include "core/jail.h"
#include "core/launch.h"

/*
 * Fills spec, root, mounts and limits of a launch from the effective properties.
 * Texts in the spec belong to the jail; `kernel` must outlive the launch.
 * UNSUPPORTED: the host cannot do what is asked for.
 */
int	ioc_plan_jail(struct ioc_launch *l, struct ioc_jail *j,
	    const char *kernel, struct ioc_error *err);

/*
 * Where properties come from: the effective value of one, "-" for none, and the
 * names of those with a free part ("jail.*") that are set.
 */
struct ioc_plan_values {
	int	(*value)(void *arg, const char *name, const char **ret,
		    struct ioc_error *err);
	int	(*names)(void *arg, const char *prefix, struct ioc_strv *ret,
		    struct ioc_error *err);
	void	*arg;
};

/*
 * The part of it that a run has as well: parameters of the kernel, limits, what
 * the system itself provides.
 */
int	ioc_plan_system(struct ioc_launch *l, const struct ioc_plan_values *v,
	    struct ioc_error *err);

#endif /* CORE_PLAN_H */
