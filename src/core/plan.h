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
 * Adds the kernel's parameter of a property to a launch; those of all systems,
 * which have a place in the spec, and those of other systems are none.
 */
int	ioc_plan_param(struct ioc_launch *l, const struct ioc_prop *p,
	    const char *value, struct ioc_error *err);

#endif /* CORE_PLAN_H */
