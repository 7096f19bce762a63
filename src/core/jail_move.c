/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/jail_move.h"

#include <string.h>

#include "base/str.h"
#include "core/release.h"
#include "core/step.h"

struct move {
	struct ioc_conf	*conf;
	int		 dir;
};

static int
write_conf(void *ctx, struct ioc_error *err)
{
	struct move *m = ctx;

	return (ioc_conf_save(m->conf, m->dir, "config.json", 0, err));
}

static const struct ioc_step move_table[] = {
	{ "move", write_conf, NULL },	/* atomic: nothing to take back */
};

static const struct ioc_steps move_steps = IOC_STEPS("jail.update", move_table);

static int
set_level(struct ioc_jail *j, const char *level, struct ioc_error *err)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *copy = NULL;
	auto_fd int dir = j->source->store->ops->dir(j->source->store, j->vol,
	    err);
	struct ioc_conf *conf;
	struct move m;
	int r = dir < 0 ? dir : ioc_jail_conf(j, &conf, err);

	if (r == 0)
		r = ioc_conf_copy(conf, &copy, err);
	if (r == 0)
		r = ioc_conf_set(copy, "patch_level", level, err);
	if (r != 0)
		return (r);
	m = (struct move){ copy, dir };
	r = ioc_steps_run(&move_steps, j->host, j->name, &m, err);
	if (r == 0 && !j->host->dry_run) {
		ioc_conf_free(j->conf);
		j->conf = take_ptr(copy);
	}
	return (r);
}

/*
 * The level of a basejail, and the newest one of its release, which stays as long
 * as `ret` is held.
 */
static int
levels_of_base(struct ioc_jail *j, const char **level, char newest[16],
    struct ioc_lock **ret, struct ioc_error *err)
{
	auto_free char *vol = NULL;
	const char *release;
	unsigned n;
	int r = ioc_jail_value(j, "release", &release, err);

	if (r != 0)
		return (r);
	if (strchr(release, '/') != NULL)
		release = strchr(release, '/') + 1;
	if (asprintf(&vol, "releases/%s", release) < 0) {
		vol = NULL;
		return (ioc_fail_nomem(err));
	}
	r = ioc_release_lock(j->source, vol, IOC_LOCK_SHARED, "update from",
	    ret, err);
	if (r == 0)
		r = ioc_release_level(j->source, strchr(vol, '/') + 1, &n,
		    err);
	if (r != 0)
		return (r);
	(void)snprintf(newest, 16, "%u", n);
	return (ioc_jail_value(j, "patch_level", level, err));
}

int
ioc_jail_move(struct ioc_jail *j, bool *moved, struct ioc_error *err)
{
	auto_lock struct ioc_lock *lock = NULL;
	const char *text;
	char number[16];
	int r = levels_of_base(j, &text, number, &lock, err);

	if (r != 0)
		return (r);
	*moved = strcmp(text, number) != 0;
	return (*moved ? set_level(j, number, err) : 0);
}

int
ioc_jail_move_list(struct ioc_jail *j, ioc_update_fn *fn, void *arg,
    struct ioc_error *err)
{
	auto_lock struct ioc_lock *lock = NULL;
	char number[16];
	const char *text;
	int r = levels_of_base(j, &text, number, &lock, err);

	if (r != 0)
		return (r);
	return (strcmp(text, number) == 0 || fn("patch level", text, number,
	    arg) == 0 ? 0 : ioc_fail(err, IOC_CANCELED, "canceled"));
}
