/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the system's directories hold packages that the jail has beside its
 * release's, the new release has to bring them anew.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/upgrade.h"

void
ioc_upgrade_own_fini(struct ioc_upgrade_own *o)
{
	ioc_strv_fini(&o->list.asked);
	ioc_strv_fini(&o->list.along);
	ioc_fd_close(&o->updates_fd);
	free(take_ptr(o->updates_path));
}

static bool
has_some(const struct ioc_upgrade_own *o)
{
	return (o->list.asked.n + o->list.along.n > 0);
}

int
ioc_upgrade_own_judge(struct ioc_upgrade_own *o, const struct ioc_level *l,
    const struct ioc_upgrade_tree *t, struct ioc_error *err)
{
	return (l->dist->own_list == NULL ? ioc_upgrade_packages(t, err) :
	    l->dist->own_list(&l->job, t->ours, t->base, &o->list, err));
}

int
ioc_upgrade_own_obtain(struct ioc_upgrade_own *o, struct ioc_level *l,
    struct ioc_switch *sw, const struct ioc_upgrade_tree *t,
    struct ioc_error *err)
{
	int r;

	if (!has_some(o))
		return (0);
	r = o->updates_fd = ioc_switch_place(sw, "updates", err);
	if (r < 0)
		return (r);
	if (asprintf(&o->updates_path, "%s/%s/updates",
	    sw->build.source->store->path, sw->build.staging) < 0) {
		o->updates_path = NULL;
		return (ioc_fail_nomem(err));
	}
	l->job.root_fd = t->theirs;
	l->job.updates_fd = o->updates_fd;
	l->job.updates_path = o->updates_path;
	l->event = "jail.upgrade/obtain";
	return (l->dist->own_fetch(&l->job, &o->list, err));
}

int
ioc_upgrade_own_install(struct ioc_upgrade_own *o, struct ioc_level *l,
    struct ioc_switch *sw, const struct ioc_upgrade_tree *t,
    struct ioc_error *err)
{
	int r = 0;

	if (!has_some(o))
		return (0);
	for (unsigned k = 0; r == 0; k++) {
		auto_strv struct ioc_strv argv = IOC_STRV;

		r = l->dist->own_command(&o->list, k, &argv, err);
		if (r == 0)
			break;
		if (r == 1)
			r = ioc_level_jail(l, &sw->build,
			    "jail.upgrade/install", ioc_strv_get(&argv),
			    l->dist->update_env, true, err);
	}
	return (r == 0 ? ioc_level_unplace(t->ours, err) : r);
}
