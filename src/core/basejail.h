/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Basejails: thin jails over whose directories of the system those of a release
 * are mounted, read-only, at the patch level that their configuration names.
 */
#ifndef CORE_BASEJAIL_H
#define CORE_BASEJAIL_H

#include "core/create.h"
#include "core/launch.h"

/*
 * Before it is built: is a basejail wanted, by `basejail` or the property, and
 * can there be one?  INVALID, UNSUPPORTED; conf then says that it is one.
 */
int	ioc_basejail_judge(struct ioc_build *b, struct ioc_error *err);

/*
 * The root of the release that its directories come from, and their names; both
 * untouched when it is none.  NOT_FOUND: no such patch level; UNSUPPORTED.
 */
int	ioc_basejail_root(struct ioc_jail *j, struct ioc_os_root *ret,
	    const char *const **dirs, struct ioc_error *err);

/* One directory of them beneath the root of a release; NOT_FOUND, or a link. */
int	ioc_basejail_dir(int release, const char *dir, struct ioc_error *err);

/* Adds the mounts to what a jail starts with; its root is planned. */
int	ioc_basejail_plan(struct ioc_launch *l, struct ioc_jail *j,
	    struct ioc_error *err);

#endif /* CORE_BASEJAIL_H */
