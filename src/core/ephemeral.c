/* SPDX-License-Identifier: BSD-2-Clause */
/* A jail for one command: made, run, gone. */
#include <string.h>

#include "base/str.h"
#include "core/exec.h"
#include "core/fstab.h"
#include "core/ids.h"
#include "core/jail.h"
#include "core/plan.h"
#include "core/release.h"
#include "core/step.h"
#include "conf/prop.h"
#include "conf/value.h"
#include "safe/name.h"

/* The kernel's part; its own steps are told as "jail.start/...". */
static int
launch(void *ctx, struct ioc_error *err)
{
	struct ioc_ephemeral *e = ctx;
	struct ioc_store *s = e->build.source->store;
	int r;

	e->launch.spec.id_base = e->build.id_base;
	e->launch.spec.id_count = e->build.userns ? IOC_ID_COUNT : 0;
	e->launch.spec.userns = e->build.userns;
	r = s->ops->root(s, e->build.staging, &e->launch.root, err);
	return (r == 0 ? ioc_launch_start(&e->launch, err) : r);
}

static int
unlaunch(void *ctx, struct ioc_error *err)
{
	struct ioc_ephemeral *e = ctx;
	int r = 0;

	if (e->launch.jail != NULL)
		r = ioc_launch_stop(&e->launch, true, err);
	ioc_launch_fini(&e->launch);
	return (r);
}

static const struct ioc_step steps[] = {
	{ "journal", ioc_build_journal, ioc_build_unjournal },
	{ "ids", ioc_build_ids, ioc_build_unids },
	{ "volume", ioc_build_volume, ioc_build_unvolume },
	{ "launch", launch, unlaunch },
};

static const struct ioc_steps run_steps = IOC_STEPS("jail.run", steps);

/* What makes a jail like others of it, once nothing of it runs. */
static const struct ioc_step keep_table[] = {
	{ "config", ioc_build_config, NULL },
	{ "commit", ioc_build_commit, NULL },
};

static const struct ioc_steps keep_steps = IOC_STEPS("jail.keep", keep_table);

int
ioc_ephemeral_keep(struct ioc_ephemeral *e, struct ioc_error *err)
{
	int r = unlaunch(e, err);

	if (r == 0)
		r = ioc_steps_run(&keep_steps, e->build.host, e->build.name, e,
		    err);
	return (ioc_wrap(err, r, "keep %s", e->build.name));
}

int
ioc_ephemeral_end(struct ioc_ephemeral *e, struct ioc_error *err)
{
	int r = 0;

	if (e == NULL)
		return (0);
	if (e->build.journal != NULL)
		r = ioc_steps_undo(&run_steps, "jail.end", e->build.host,
		    "run", e, true, err);
	ioc_launch_fini(&e->launch);
	ioc_build_fini(&e->build);
	if (e->lock != NULL)
		ioc_lock_release(e->lock, true);
	if (e->name_lock != NULL)
		ioc_lock_release(e->name_lock, true);
	if (e->release_lock != NULL)
		ioc_lock_release(e->release_lock, true);
	free(e->kernel);
	free(e->name);
	free(e);
	return (r);
}

static void
ephemeral_freep(struct ioc_ephemeral **e)
{
	(void)ioc_ephemeral_end(*e, NULL);
}

static int
conf_value(void *arg, const char *name, const char **ret,
    struct ioc_error *err)
{
	(void)err;
	*ret = ioc_conf_get(arg, name);
	if (*ret == NULL)
		*ret = ioc_prop_find(name)->fallback;
	return (0);
}

static int
conf_names(void *arg, const char *prefix, struct ioc_strv *ret,
    struct ioc_error *err)
{
	return (ioc_conf_names(arg, prefix, ret, err));
}

/* Limits, parameters and mounts for this run, from "-o" and the defaults. */
static int
plan(struct ioc_ephemeral *e, const struct ioc_run_options *o,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *conf = NULL;
	struct ioc_plan_values values = { conf_value, conf_names, NULL };
	struct ioc_conf *defaults;
	int r;

	r = ioc_source_defaults(e->build.source, &defaults, err);
	if (r == 0)
		r = ioc_conf_copy(defaults, &conf, err);
	if (r == 0)
		r = ioc_changes_apply(conf, o->props, o->nprops, false, NULL,
		    err);
	if (r != 0)
		return (r);
	r = ioc_ids_wanted(e->build.source, ioc_conf_get(conf, "userns"),
	    &e->build.userns, err);
	if (r != 0)
		return (r);
	values.arg = conf;
	return (ioc_plan_system(&e->launch, &values, err));
}

/* The kernel name comes from the token, which is made with the journal. */
static int
name_it(struct ioc_ephemeral *e, struct ioc_error *err)
{
	char *token;
	int r;

	r = ioc_host_token("run", &token, err);
	if (r == 0) {
		r = ioc_jail_kernel_name(e->build.source, token, &e->kernel,
		    err);
		free(token);
	}
	if (r == 0)
		r = ioc_host_lock(e->build.host, "jail", e->kernel,
		    IOC_LOCK_EXCLUSIVE, "run", 0, &e->lock, err);
	return (r);
}

/* It becomes a jail like others in the end: under a name that is free now. */
static int
plan_keep(struct ioc_ephemeral *e, const struct ioc_run_options *o,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_jail_closep) struct ioc_jail *j = NULL;
	int r;

	if (o->name == NULL)
		r = ioc_build_made_up(&e->name, err);
	else if ((e->name = strdup(o->name)) == NULL)
		r = ioc_fail_nomem(err);
	else
		r = ioc_name_check(IOC_NAME_JAIL, o->name, err);
	if (r == 0)
		r = ioc_jail_new(e->build.source, e->name, &j, err);
	if (r == 0)
		r = ioc_jail_lock(j, "run", &e->name_lock, err);
	if (r != 0)
		return (r);
	e->keep = true;
	/* Recovery treats it like any that is being created. */
	e->build.op = "create";
	e->build.name = e->launch.spec.hostname = e->name;
	return (ioc_build_conf(&e->build, o->props, o->nprops, err));
}

static int
find_release(struct ioc_host *h, const struct ioc_run_options *o,
    struct ioc_build *b, struct ioc_error *err)
{
	IOC_AUTO(ioc_release_list_freep) struct ioc_release_list *l = NULL;
	const struct ioc_release_info *only;
	int r;

	if (o->release != NULL)
		return (ioc_build_origin(h, o->source, o->release, b, err));
	r = ioc_release_list(h, &l, err);
	if (r != 0)
		return (r);
	if (ioc_release_count(l) != 1)
		return (ioc_fail(err, IOC_INVALID,
		    "which release? There are %zu", ioc_release_count(l)));
	only = ioc_release_at(l, 0);
	return (ioc_build_origin(h, only->source, only->name, b, err));
}

int
ioc_run(struct ioc_host *h, const struct ioc_run_options *o,
    const struct ioc_exec_options *x, struct ioc_process **ret,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_process_closep) struct ioc_process *p = NULL;
	IOC_AUTO(ephemeral_freep) struct ioc_ephemeral *e = NULL;
	auto_strv struct ioc_strv env = IOC_STRV;
	struct ioc_os_exec command;
	int r;

	r = ioc_host_need_root(h, "run", err);
	if (r != 0)
		return (r);
	e = calloc(1, sizeof(*e));
	if (e == NULL)
		return (ioc_fail_nomem(err));
	e->build = (struct ioc_build){
		.host = h, .op = "run", .name = "", .volatile_ = true,
	};
	e->launch = (struct ioc_launch)IOC_LAUNCH(h, "run");
	e->launch.spec.ephemeral = true;
	e->launch.spec.hostname = "run";
	e->launch.stop_timeout_ms = 0;
	r = find_release(h, o, &e->build, err);
	if (r == 0)
		r = ioc_release_volume_runs_here(e->build.source,
		    e->build.origin, err);
	if (r == 0)
		r = ioc_release_lock(e->build.source, e->build.origin,
		    IOC_LOCK_SHARED, "run", &e->release_lock, err);
	if (r == 0)
		r = plan(e, o, err);
	if (r == 0 && o->keep)
		r = plan_keep(e, o, err);
	if (r == 0)
		r = name_it(e, err);
	if (r == 0)
		r = ioc_process_for(h, x, &env, &command, &p, err);
	if (r == 0) {
		e->launch.spec.name = e->kernel;
		e->launch.command = &command;
		r = ioc_steps_run(&run_steps, h, "run", e, err);
		e->launch.command = NULL;
	}
	if (r != 0)
		return (ioc_wrap(err, r, "run"));
	p->p = e->launch.process;
	e->launch.process = (struct ioc_os_process){
		.pidfd = -1, .pty = -1, .wait_fd = -1,
	};
	p->kept = take_ptr(e->name);
	/* On a dry run there is nothing to wait for. */
	p->ended = h->dry_run;
	if (!p->ended)
		p->ephemeral = take_ptr(e);
	*ret = take_ptr(p);
	return (0);
}
