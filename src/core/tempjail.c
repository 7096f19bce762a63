/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/tempjail.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/event.h"
#include "core/exec.h"
#include "core/ids.h"
#include "core/jail.h"
#include "core/launch.h"

/* Enough for a package manager, too little to hurt the host. */
static const struct ioc_os_limit limits[] = {
	{ "memoryuse", "deny", 2ull << 30, "jail" },
	{ "maxproc", "deny", 512, "jail" },
};

struct watch {
	struct ioc_host	*host;
	const struct ioc_tempjail *t;
	uint64_t	 lines;
};

static int
count_line(const char *line, void *arg)
{
	struct watch *w = arg;

	w->lines++;
	return (ioc_emit_progress(w->host, w->t->what, w->t->who, w->lines, 0,
	    false, NULL));
}

static void
plan(struct ioc_launch *l, const struct ioc_tempjail *t, const char *kernel)
{
	l->spec.name = kernel;
	l->spec.hostname = "localhost";
	l->spec.ephemeral = true;
	l->spec.vnet = true;
	l->spec.userns = t->id_base != 0;
	l->spec.id_base = t->id_base;
	l->spec.id_count = t->id_base != 0 ? IOC_ID_COUNT : 0;
	l->stop_timeout_ms = 0;
	ioc_launch_add_system(l, &(struct ioc_launch_system){
	    .proc = true, .dev = true, .devfs_ruleset = IOC_LAUNCH_RULESET,
	    .fdesc = ioc_os_can(l->host->os, IOC_CAN_NULLFS, NULL) == 0 });
	if (t->updates_fd >= 0)
		l->mounts[l->nmounts++] = (struct ioc_os_mount){
			.kind = IOC_MOUNT_BIND, .source = t->updates_fd,
			.target = t->updates_at,
			.flags = IOC_MNT_RDONLY | IOC_MNT_NOSUID |
			    IOC_MNT_NODEV | IOC_MNT_NOEXEC | IOC_MNT_IDMAP,
		};
	/* What a host cannot limit is an error: nothing foreign runs without. */
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
		l->limits[l->nlimits++] = limits[i];
}

static int
run_command(struct ioc_launch *l, const struct ioc_tempjail *t,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv env = IOC_STRV;
	struct watch w = { .host = l->host, .t = t };
	struct ioc_os_exec e;
	int pipefd[2], status, r;
	char last[200];

	r = ioc_exec_environment(t->env, &env, err);
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
	r = ioc_exec_watch(&l->process, pipefd[0], t->timeout_ms, count_line,
	    &w, last, &status, err);
	if (r == 0 && status != 0)
		r = ioc_fail(err, IOC_CHILD, "%s: exit status %d: %s",
		    t->argv[0], status, last);
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
	plan(&l, t, kernel);
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
