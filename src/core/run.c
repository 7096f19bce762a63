/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting and stopping a jail as its configuration says. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "conf/prop.h"
#include "conf/value.h"
#include "core/event.h"
#include "core/exec.h"
#include "core/ids.h"
#include "core/jail.h"
#include "core/jail_obtain.h"
#include "core/plan.h"

/* Seconds of a property, whatever an editor made of it, as the table allows. */
static int
time_of(struct ioc_jail *j, const char *name, int *ms, struct ioc_error *err)
{
	const struct ioc_prop *p = ioc_prop_find(name);
	int64_t seconds;
	int r = ioc_jail_value_int(j, name, &seconds, err);

	if (r != 0)
		return (r);
	if (seconds < p->min)
		seconds = p->min;
	if (seconds > p->max)
		seconds = p->max;
	*ms = (int)seconds * 1000;
	return (0);
}

/* exec_start or exec_stop: words, no shell; "-" is nothing. */
static int
run_command(struct ioc_launch *l, const char *prop, struct ioc_error *err)
{
	struct ioc_jail *j = l->arg;
	const char *text;
	int status, timeout, r;

	r = ioc_jail_value(j, prop, &text, err);
	if (r == 0)
		r = time_of(j, "exec_timeout", &timeout, err);
	if (r != 0 || ioc_str_is_none(text))
		return (r);
	r = ioc_exec_words(l->jail, text, timeout, &status, err);
	if (r == 0 && status != 0)
		r = ioc_fail(err, IOC_CHILD, "exit status %d", status);
	return (ioc_wrap(err, r, "%s \"%s\"", prop, IOC_SHOW(text)));
}

static int
exec_start(struct ioc_launch *l, struct ioc_error *err)
{
	return (run_command(l, "exec_start", err));
}

/* On the way down a command that fails or hangs must not keep the jail up. */
static int
exec_stop(struct ioc_launch *l, struct ioc_error *err)
{
	struct ioc_jail *j = l->arg;
	struct ioc_os_jail_info info;
	struct ioc_error cause;
	int r;

	if (ioc_os_jail_info(l->jail, &info, NULL) != 0 ||
	    info.state != IOC_OS_JAIL_RUNNING)
		return (0);
	r = run_command(l, "exec_stop", &cause);
	/* It could not be tried, and nothing is done yet. */
	if (r != 0 && ioc_error_is_shortage(&cause)) {
		ioc_error_copy(err, &cause);
		return (r);
	}
	if (r != 0)
		ioc_emit_error(l->host, IOC_PHASE_WARN, "jail.stop/exec",
		    j->name, &cause);
	return (0);
}

static int
judge_once(const struct ioc_change *props, size_t n, struct ioc_error *err)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *scratch = NULL;
	int r = ioc_conf_new(&scratch, err);

	if (r == 0)
		r = ioc_changes_apply(scratch, props, n, false, NULL, err);
	return (r);
}

/* Before it, without what is for this one start: an update that is due. */
static int
prepare_locked(struct ioc_jail *j, struct ioc_error *err)
{
	enum ioc_jail_state state;
	bool template = false;
	int r;

	r = ioc_jail_state(j, &state, NULL, err);
	if (r == 0 && state == IOC_JAIL_RUNNING)
		r = ioc_fail(err, IOC_STATE, "it runs already");
	if (r == 0)
		r = ioc_jail_value_bool(j, "template", &template, err);
	if (r == 0 && template)
		r = ioc_fail(err, IOC_STATE, "it is a template, which others "
		    "are made from");
	return (r == 0 && !j->host->dry_run ? ioc_jail_update_due(j, err) : r);
}

static int
start_locked(struct ioc_jail *j, struct ioc_error *err)
{
	auto_launch struct ioc_launch l = IOC_LAUNCH(j->host, j->name);
	auto_free char *kernel = NULL;
	int r = ioc_jail_kernel_name(j->source, j->name, &kernel, err);

	if (r == 0)
		r = ioc_plan_jail(&l, j, kernel, err);
	if (r == 0)
		r = time_of(j, "stop_timeout", &l.stop_timeout_ms, err);
	if (r != 0)
		return (r);
	ioc_jail_warn_unmet(j, "jail.start/config");
	l.exec_start = exec_start;
	l.arg = j;
	return (ioc_launch_start(&l, err));
}

int
ioc_jail_start(struct ioc_jail *j, const struct ioc_change *props,
    size_t nprops, struct ioc_error *err)
{
	auto_lock struct ioc_lock *lock = NULL;
	int r;

	r = ioc_host_need_root(j->host, "start", err);
	if (r == 0)
		r = judge_once(props, nprops, err);
	if (r == 0)
		r = ioc_jail_hold(j, "start", &lock, err);
	if (r == 0)
		r = prepare_locked(j, err);
	if (r != 0)
		return (ioc_wrap(err, r, "start %s", j->name));
	j->once = props;
	j->nonce = nprops;
	r = start_locked(j, err);
	j->once = NULL;
	j->nonce = 0;
	return (ioc_wrap(err, r, "start %s", j->name));
}

int
ioc_jail_stop_held(struct ioc_jail *j, bool force, struct ioc_error *err)
{
	auto_launch struct ioc_launch l = IOC_LAUNCH(j->host, j->name);
	auto_free char *kernel = NULL;
	struct ioc_os_jail_info info;
	struct ioc_error cause;
	int r;

	r = ioc_jail_kernel_name(j->source, j->name, &kernel, err);
	if (r == 0)
		r = ioc_os_jail_find(j->host->os, kernel, &l.jail, err);
	if (r == 0)
		r = ioc_os_jail_info(l.jail, &info, err);
	if (r == 0 && info.state == IOC_OS_JAIL_NONE)
		r = ioc_fail(err, IOC_STATE, "it does not run");
	if (r != 0)
		return (r);
	/* A damaged configuration must not keep a jail from being stopped. */
	r = time_of(j, "stop_timeout", &l.stop_timeout_ms, &cause);
	if (r != 0 && !force && ioc_error_is_shortage(&cause)) {
		ioc_error_copy(err, &cause);
		return (r);
	}
	if (r != 0)
		force = true;
	if (force)
		l.stop_timeout_ms = 0;
	else
		l.exec_stop = exec_stop;
	l.arg = j;
	return (ioc_launch_stop(&l, force, err));
}

int
ioc_jail_stop(struct ioc_jail *j, bool force, struct ioc_error *err)
{
	auto_lock struct ioc_lock *lock = NULL;
	int r;

	r = ioc_host_need_root(j->host, "stop", err);
	if (r == 0)
		r = ioc_jail_hold(j, "stop", &lock, err);
	if (r == 0)
		r = ioc_jail_stop_held(j, force, err);
	return (ioc_wrap(err, r, "stop %s", j->name));
}

int
ioc_jail_quiet(struct ioc_jail *j, bool stop, struct ioc_error *err)
{
	IOC_AUTO(ioc_os_jail_freep) struct ioc_os_jail *oj = NULL;
	auto_free char *kernel = NULL;
	struct ioc_os_jail_info info;
	int r;

	r = ioc_jail_kernel_name(j->source, j->name, &kernel, err);
	if (r == 0)
		r = ioc_os_jail_find(j->host->os, kernel, &oj, err);
	if (r == 0)
		r = ioc_os_jail_info(oj, &info, err);
	if (r != 0 || info.state == IOC_OS_JAIL_NONE)
		return (r);
	if (info.state == IOC_OS_JAIL_RUNNING && !stop)
		return (ioc_fail(err, IOC_STATE, "it runs, stop it first"));
	return (ioc_jail_stop_held(j, true, err));
}
