/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/tempjail.h"

#include <sys/statvfs.h>

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "core/event.h"
#include "core/exec.h"
#include "core/ids.h"
#include "core/jail.h"
#include "core/launch.h"

#define	OUTPUT_MAX	(UINT64_C(64) << 20)
#define	DISK_MAX	(UINT64_C(8) << 30)
#define	RESERVE_MAX	(UINT64_C(1) << 30)

/* Enough for a package manager, too little to hurt the host. */
static const struct ioc_os_limit limits[] = {
	{ "memoryuse", "deny", 2ull << 30, "jail" },
	{ "maxproc", "deny", 512, "jail" },
};

/* FreeBSD: all that is on, or not off, unless a jail says otherwise. */
static const struct ioc_os_param params[] = {
	{ "enforce_statfs", "2" },
	{ "children.max", "0" },
	{ "allow.set_hostname", "0" },
	{ "allow.raw_sockets", "0" },
	{ "allow.sysvipc", "0" },
	{ "allow.mount", "0" },
	{ "allow.quotas", "0" },
	{ "allow.socket_af", "0" },
	{ "allow.reserved_ports", "0" },
	{ "allow.unprivileged_proc_debug", "0" },
};

struct watch {
	struct ioc_host	*host;
	const struct ioc_tempjail *t;
	uint64_t	 lines;
	uint64_t	 least;		/* bytes that stay free on the disk */
};

static int
count_line(const char *line, void *arg)
{
	struct watch *w = arg;

	w->lines++;
	return (ioc_emit_progress(w->host, w->t->what, w->t->who, w->lines, 0,
	    false, NULL));
}

static int
free_bytes(const struct watch *w, uint64_t *ret, uint64_t *total,
    struct ioc_error *err)
{
	struct statvfs v;

	if (fstatvfs(w->t->source->store->root, &v) != 0)
		return (ioc_fail_errno(err, "space of source %s",
		    w->t->source->name));
	*ret = (uint64_t)v.f_bavail * v.f_frsize;
	*total = (uint64_t)v.f_blocks * v.f_frsize;
	return (0);
}

/* It gets a part of what is free, and leaves some for everybody else. */
static int
reserve(struct watch *w, struct ioc_error *err)
{
	uint64_t now, total, rest;
	int r = free_bytes(w, &now, &total, err);

	if (r != 0)
		return (r);
	rest = total / 20 < RESERVE_MAX ? total / 20 : RESERVE_MAX;
	if (now <= rest)
		return (ioc_fail(err, IOC_LIMIT, "no space: less than %" PRIu64
		    " MiB are free", (rest >> 20) + 1));
	w->least = now - rest > DISK_MAX ? now - DISK_MAX : rest;
	return (0);
}

static int
check_disk(void *arg, struct ioc_error *err)
{
	struct watch *w = arg;
	uint64_t now, total;
	int r = free_bytes(w, &now, &total, err);

	if (r == 0 && now < w->least)
		r = ioc_fail(err, IOC_LIMIT, "the disk is being filled");
	return (r);
}

static int
plan_params(struct ioc_launch *l, unsigned flags, struct ioc_error *err)
{
	bool network = (flags & IOC_TEMPJAIL_NETWORK) != 0;
	bool fflags = (flags & IOC_TEMPJAIL_FLAGS) != 0;
	const struct ioc_os_param some[] = {
		{ "ip4", network ? "inherit" : "disable" },
		{ "ip6", network ? "inherit" : "disable" },
		{ "allow.chflags", fflags ? "1" : "0" },
		{ "securelevel", fflags ? "0" : "3" },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(some) / sizeof(*some); i++)
		r = ioc_launch_add_param(l, some[i].name, some[i].value, err);
	for (size_t i = 0; r == 0 && i < sizeof(params) / sizeof(*params); i++)
		r = ioc_launch_add_param(l, params[i].name, params[i].value,
		    err);
	return (r);
}

static int
plan(struct ioc_launch *l, const struct ioc_tempjail *t, const char *kernel,
    struct ioc_error *err)
{
	bool freebsd = ioc_os_can(l->host->os, IOC_CAN_NULLFS, NULL) == 0;

	l->spec.name = kernel;
	l->spec.hostname = "localhost";
	l->spec.ephemeral = true;
	/* An own network stack is more than none at all. */
	l->spec.vnet = !freebsd;
	l->spec.userns = t->id_base != 0;
	l->spec.id_base = t->id_base;
	l->spec.id_count = t->id_base != 0 ? IOC_ID_COUNT : 0;
	l->stop_timeout_ms = 0;
	if (!freebsd && (t->flags & IOC_TEMPJAIL_NETWORK) != 0)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "updaters run in a jail on FreeBSD only"));
	ioc_launch_add_system(l, &(struct ioc_launch_system){
	    .proc = (t->flags & IOC_TEMPJAIL_PROC) != 0, .dev = true,
	    .bare = true, .devfs_ruleset = IOC_LAUNCH_RULESET });
	for (size_t i = 0; i < t->nmounts && l->nmounts < IOC_LAUNCH_MOUNTS;
	    i++)
		l->mounts[l->nmounts++] = t->mounts[i];
	/* What a host cannot limit is an error: nothing foreign runs without. */
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
		l->limits[l->nlimits++] = limits[i];
	return (freebsd ? plan_params(l, t->flags, err) : 0);
}

static int
run_command(struct ioc_launch *l, const struct ioc_tempjail *t,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv env = IOC_STRV;
	struct watch w = { .host = l->host, .t = t };
	struct ioc_exec_watch watch = {
		.timeout_ms = t->timeout_ms, .output_max = OUTPUT_MAX,
		.line = count_line, .tick = check_disk, .arg = &w,
	};
	struct ioc_os_exec e;
	int pipefd[2], status, r;

	r = ioc_exec_environment(t->env, &env, err);
	if (r == 0)
		r = reserve(&w, err);
	if (r != 0)
		return (r);
	if (pipe2(pipefd, O_CLOEXEC) != 0)
		return (ioc_fail_errno(err, "pipe"));
	e = (struct ioc_os_exec){
		.argv = t->argv, .env = ioc_strv_get(&env),
		.fds = { -1, pipefd[1], pipefd[1] },
	};
	l->command = &e;
	r = ioc_launch_start(l, err);
	l->command = NULL;
	ioc_fd_close(&pipefd[1]);
	if (r != 0) {
		ioc_fd_close(&pipefd[0]);
		return (r);
	}
	r = ioc_exec_watch(&l->process, pipefd[0], &watch, &status, err);
	if (r == 0 && status != 0)
		r = ioc_fail(err, IOC_CHILD, "%s: exit status %d: %s",
		    t->argv[0], status, watch.last);
	return (r);
}

int
ioc_tempjail_run(struct ioc_host *h, const struct ioc_tempjail *t,
    struct ioc_error *err)
{
	auto_launch struct ioc_launch l = IOC_LAUNCH(h, t->who);
	struct ioc_store *s = t->source->store;
	auto_lock struct ioc_lock *lock = NULL;
	auto_free char *kernel = NULL;
	struct ioc_error cause;
	int r, undo;

	r = ioc_jail_kernel_name(t->source, t->token, &kernel, err);
	if (r == 0)
		r = ioc_host_lock(h, "jail", kernel, IOC_LOCK_EXCLUSIVE, "use",
		    0, &lock, err);
	if (r == 0)
		r = s->ops->root(s, t->vol, &l.root, err);
	if (r != 0)
		return (r);
	r = plan(&l, t, kernel, err);
	if (r == 0)
		r = run_command(&l, t, err);
	if (l.jail == NULL)
		return (r);
	undo = ioc_launch_stop(&l, true, &cause);
	if (r == 0 && undo != 0) {
		ioc_error_copy(err, &cause);
		r = undo;
	}
	return (r);
}
