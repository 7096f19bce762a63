/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/launch.h"

static int
prepare(void *ctx, struct ioc_error *err)
{
	struct ioc_launch *l = ctx;

	return (ioc_os_jail_prepare(l->host->os, &l->spec, &l->jail, err));
}

static int
release(void *ctx, struct ioc_error *err)
{
	struct ioc_launch *l = ctx;

	return (l->jail == NULL ? 0 : ioc_os_jail_release(l->jail, err));
}

static int
limit(void *ctx, struct ioc_error *err)
{
	struct ioc_launch *l = ctx;

	return (ioc_os_jail_limit(l->jail, l->limits, l->nlimits, err));
}

static int
unlimit(void *ctx, struct ioc_error *err)
{
	struct ioc_launch *l = ctx;

	return (ioc_os_jail_unlimit(l->jail, err));
}

static int
mount_all(void *ctx, struct ioc_error *err)
{
	struct ioc_launch *l = ctx;

	return (ioc_os_jail_mount(l->jail, &l->root, l->mounts, l->nmounts,
	    err));
}

static int
unmount_all(void *ctx, struct ioc_error *err)
{
	struct ioc_launch *l = ctx;

	return (ioc_os_jail_unmount(l->jail, err));
}

static int
create(void *ctx, struct ioc_error *err)
{
	struct ioc_launch *l = ctx;

	if (l->command != NULL)
		return (ioc_os_jail_create_with(l->jail, l->command,
		    &l->process, err));
	return (ioc_os_jail_create(l->jail, err));
}

static int
remove_jail(void *ctx, struct ioc_error *err)
{
	struct ioc_launch *l = ctx;

	return (ioc_os_jail_remove(l->jail, l->stop_timeout_ms, err));
}

static int
run_start(void *ctx, struct ioc_error *err)
{
	struct ioc_launch *l = ctx;

	return (l->exec_start != NULL ? l->exec_start(l, err) : 0);
}

static int
run_stop(void *ctx, struct ioc_error *err)
{
	struct ioc_launch *l = ctx;

	return (l->exec_stop != NULL ? l->exec_stop(l, err) : 0);
}

static const struct ioc_step steps[] = {
	{ "prepare", prepare, release },
	{ "limit", limit, unlimit },
	{ "mount", mount_all, unmount_all },
	{ "create", create, remove_jail },
	{ "exec", run_start, run_stop },
};

static const struct ioc_steps start_steps = IOC_STEPS("jail.start", steps);

static void
add_mount(struct ioc_launch *l, enum ioc_os_mount_kind kind,
    const char *target, unsigned flags, uint32_t ruleset)
{
	l->mounts[l->nmounts++] = (struct ioc_os_mount){
		.kind = kind, .source = -1, .target = target, .flags = flags,
		.devfs_ruleset = ruleset,
	};
}

void
ioc_launch_add_system(struct ioc_launch *l, const struct ioc_launch_system *s)
{
	if (s->proc)
		add_mount(l, IOC_MOUNT_PROC, "/proc", 0, 0);
	if (s->proc && ioc_os_can(l->host->os, IOC_CAN_OVERLAY, NULL) == 0)
		add_mount(l, IOC_MOUNT_SYS, "/sys", IOC_MNT_RDONLY, 0);
	if (s->linproc)
		add_mount(l, IOC_MOUNT_LINPROC, "/compat/linux/proc", 0, 0);
	if (s->linsys)
		add_mount(l, IOC_MOUNT_LINSYS, "/compat/linux/sys", 0, 0);
	if (s->dev)
		add_mount(l, IOC_MOUNT_DEV, "/dev", s->bare ? IOC_MNT_BARE : 0,
		    s->devfs_ruleset);
	if (s->dev && s->fdesc)
		add_mount(l, IOC_MOUNT_FDESC, "/dev/fd", 0, 0);
}

int
ioc_launch_add_param(struct ioc_launch *l, const char *name,
    const char *value, struct ioc_error *err)
{
	if (l->spec.nparams == IOC_LAUNCH_PARAMS)
		return (ioc_fail(err, IOC_LIMIT, "more than %d parameters",
		    IOC_LAUNCH_PARAMS));
	(void)ioc_strv_add(&l->texts, name);
	if (ioc_strv_add(&l->texts, value) != 0)
		return (ioc_strv_check(&l->texts, err));
	l->params[l->spec.nparams++] = (struct ioc_os_param){
		.name = l->texts.v[l->texts.n - 2],
		.value = l->texts.v[l->texts.n - 1],
	};
	l->spec.params = l->params;
	return (0);
}

int
ioc_launch_add_limit(struct ioc_launch *l, const char *name, const char *value,
    struct ioc_error *err)
{
	struct ioc_value_limit *v = &l->limit_values[l->nlimits];
	int r;

	if (l->nlimits == IOC_LAUNCH_LIMITS)
		return (ioc_fail(err, IOC_LIMIT, "too many limits"));
	r = ioc_value_limit(value, v, err);
	if (r != 0)
		return (ioc_wrap(err, r, "%s", name));
	l->limits[l->nlimits++] = (struct ioc_os_limit){
		.name = name, .action = v->action, .amount = v->amount,
		.per = v->per,
	};
	return (0);
}

int
ioc_launch_start(struct ioc_launch *l, struct ioc_error *err)
{
	return (ioc_steps_run(&start_steps, l->host, l->who, l, err));
}

int
ioc_launch_stop(struct ioc_launch *l, bool force, struct ioc_error *err)
{
	return (ioc_steps_undo(&start_steps, "jail.stop", l->host, l->who, l,
	    force, err));
}

void
ioc_launch_fini(struct ioc_launch *l)
{
	ioc_os_process_close(&l->process);
	ioc_os_jail_free(l->jail);
	l->jail = NULL;
	ioc_store_root_fini(&l->root);
	ioc_strv_fini(&l->texts);
	l->spec.nparams = 0;
	while (l->nsources > 0)
		ioc_fd_close(&l->sources[--l->nsources]);
	free(take_ptr(l->fstab));
	free(take_ptr(l->resolv_conf));
}
