/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel object of a jail: made, kept, removed. */
#include "os/freebsd/freebsd.h"

#include <sys/jail.h>
#include <sys/procdesc.h>
#include <sys/sysctl.h>
#include <sys/user.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#define	KILL_TIMEOUT_MS	(30 * 1000)

/* What a jail is unless its parameters say otherwise. */
static const struct ioc_os_param defaults[] = {
	{ "enforce_statfs", "2" },
	{ "securelevel", "2" },
	{ "children.max", "0" },
};

static bool
is_given(const struct ioc_os_jail *j, const char *name)
{
	for (size_t i = 0; i < j->nparams; i++)
		if (strcmp(j->params[i].name, name) == 0)
			return (true);
	return (false);
}

static int
add_defaults(struct ioc_os_jail *j, struct fb_params *p,
    struct ioc_error *err)
{
	char number[16];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(defaults) /
	    sizeof(*defaults); i++)
		if (!is_given(j, defaults[i].name))
			rc = ioc_fb_param_add(p, defaults[i].name,
			    defaults[i].value, err);
	if (rc == 0 && j->vnet)
		rc = ioc_fb_param_add(p, "vnet", "new", err);
	if (rc == IOC_UNSUPPORTED && j->vnet)
		return (ioc_fail(err, IOC_UNSUPPORTED, "the kernel was built "
		    "without options VIMAGE"));
	if (rc == 0 && j->r.ruleset != 0 && !is_given(j, "devfs_ruleset")) {
		(void)snprintf(number, sizeof(number), "%u",
		    (unsigned)j->r.ruleset);
		rc = ioc_fb_param_add(p, "devfs_ruleset", number, err);
	}
	return (rc);
}

static int
add_host(struct ioc_os_jail *j, struct fb_params *p, struct ioc_error *err)
{
	const struct ioc_os_param host[] = {
		{ "host.hostname", j->hostname },
		{ "host.domainname", j->domainname },
		{ "host.hostuuid", j->hostuuid },
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(host) / sizeof(*host); i++)
		if (host[i].value != NULL && !is_given(j, host[i].name))
			rc = ioc_fb_param_add(p, host[i].name, host[i].value,
			    err);
	return (rc);
}

static int
set_new(struct ioc_os_jail *j, struct fb_params *p, struct ioc_error *err)
{
	auto_found struct fb_found f = { .desc = -1 };
	int rc, jid;

	ioc_fb_param_text(p, "name", j->r.name);
	ioc_fb_param_text(p, "path", j->r.path);
	ioc_fb_param_raw(p, "persist", NULL, 0);
	rc = add_host(j, p, err);
	if (rc == 0)
		rc = add_defaults(j, p, err);
	for (size_t i = 0; rc == 0 && i < j->nparams; i++)
		rc = ioc_fb_param_add(p, j->params[i].name,
		    j->params[i].value, err);
	if (rc != 0)
		return (rc);
	jid = ioc_fb_params_set(p, JAIL_CREATE, err);
	if (jid < 0)
		return (jid);
	rc = ioc_fb_find(j->os, j->r.name, &f, err);
	if (rc == 0 && (f.jid != jid || strcmp(f.path, j->r.path) != 0))
		rc = ioc_fail(err, IOC_FAILED, "jail %s: the kernel made it "
		    "somewhere else", j->r.name);
	if (rc != 0) {
		(void)jail_remove(jid);
		return (rc);
	}
	j->r.jid = jid;
	return (0);
}

/* The keeper: has nothing but the end of a pipe. */
static void
keeper(const struct ioc_os_jail *j, int in)
{
	struct fb_found f;
	char c;

	(void)setsid();
	(void)chdir("/");
	if (dup2(in, 3) < 0)
		_exit(1);
	for (int i = 0; i < 3; i++)
		(void)close(i);
	ioc_close_from(4);
	while (read(3, &c, 1) < 0 && errno == EINTR)
		;
	if (ioc_fb_present(j->os, &j->r, &f) == j->r.jid)
		(void)ioc_fb_found_remove(&f);
	_exit(0);
}

int
ioc_fb_keep(struct ioc_os_jail *j, struct ioc_error *err)
{
	auto_fd int in = -1, out = -1, pidfd = -1;
	sigset_t old;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return (ioc_fail_errno(err, "pipe"));
	in = fds[0];
	out = fds[1];
	ioc_fb_block_signals(&old);
	pid = ioc_fb_fork(&pidfd);
	if (pid == 0)
		keeper(j, in);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (pid < 0)
		return (ioc_fail_errno(err, "fork"));
	j->life = take_fd(&out);
	return (0);
}

int
ioc_os_jail_create(struct ioc_os_jail *j, struct ioc_error *err)
{
	auto_found struct fb_found f = { .desc = -1 };
	struct fb_params p;
	int rc;

	if (!j->prepared || j->r.path[0] == '\0')
		return (ioc_fail(err, IOC_STATE, "jail %s is not mounted",
		    j->r.name));
	ioc_fb_params_init(&p);
	rc = set_new(j, &p, err);
	ioc_fb_params_fini(&p);
	if (rc != 0)
		return (rc);
	rc = j->r.ephemeral ? ioc_fb_keep(j, err) : 0;
	if (rc == 0 && j->vnet)
		rc = ioc_fb_running(j, &f, err);
	if (rc == 0 && j->vnet)
		rc = ioc_fb_in_jail(&j->r, &f, ioc_fb_loopback_up, err);
	if (rc == 0)
		rc = ioc_record_write(j->os->run_fd, &ioc_fb_records, &j->r, err);
	if (rc != 0) {
		(void)jail_remove(j->r.jid);
		return (rc);
	}
	j->prepared = false;
	return (0);
}

int
ioc_os_jail_create_with(struct ioc_os_jail *j, const struct ioc_os_exec *e,
    struct ioc_os_process *ret, struct ioc_error *err)
{
	int rc = ioc_os_jail_create(j, err);

	if (rc != 0)
		return (rc);
	rc = ioc_os_jail_exec(j, e, ret, err);
	if (rc != 0) {
		(void)ioc_os_jail_remove(j, 0, NULL);
		j->prepared = true;
	}
	return (rc);
}

/* --- removal -------------------------------------------------------------- */

static int
terminate(struct ioc_error *err)
{
	/* All that it may signal: what is in the jail, but itself. */
	if (kill(-1, SIGTERM) != 0 && errno != ESRCH)
		return (ioc_fail_errno(err, "signal"));
	return (0);
}

/* Gone, or a jail that only its processes keep. */
static void
unpersist(int jid)
{
	struct fb_params p;

	ioc_fb_params_init(&p);
	ioc_fb_param_raw(&p, "jid", &jid, sizeof(jid));
	ioc_fb_param_raw(&p, "nopersist", NULL, 0);
	(void)jail_set(p.v, p.n, JAIL_UPDATE);
}

/* True while that jail is there, beside its processes. */
static bool
is_there(struct ioc_os_jail *j, int jid)
{
	auto_found struct fb_found f = { .desc = -1 };

	return (ioc_fb_present(j->os, &j->r, &f) == jid);
}

/* Waits until it is gone; false when it took too long. */
static bool
gone(struct ioc_os_jail *j, int jid, int timeout_ms)
{
	uint64_t end = ioc_now_ns() + (uint64_t)timeout_ms * 1000000;
	struct timespec nap = { .tv_nsec = 2 * 1000 * 1000 };

	while (is_there(j, jid)) {
		if (ioc_now_ns() >= end)
			return (false);
		(void)nanosleep(&nap, NULL);
		if (nap.tv_nsec < 64 * 1000 * 1000)
			nap.tv_nsec *= 2;
	}
	return (true);
}

/* True while a process of the jail is alive. */
static bool
has_processes(int jid)
{
	int mib[3] = { CTL_KERN, KERN_PROC, KERN_PROC_PROC };
	auto_free struct kinfo_proc *v = NULL;
	size_t len = 0, room;

	do {
		if (sysctl(mib, 3, NULL, &len, NULL, 0) != 0)
			return (false);
		room = len + len / 4 + 16 * sizeof(*v);
		free(v);
		v = malloc(room);
		if (v == NULL)
			return (false);
		len = room;
	} while (sysctl(mib, 3, v, &len, NULL, 0) != 0 && errno == ENOMEM);
	for (size_t i = 0; i < len / sizeof(*v); i++)
		if (v[i].ki_jid == jid && v[i].ki_stat != SZOMB)
			return (true);
	return (false);
}

static int
wait_processes(const struct fb_record *r, int jid, struct ioc_error *err)
{
	uint64_t end = ioc_now_ns() + (uint64_t)KILL_TIMEOUT_MS * 1000000;
	struct timespec nap = { .tv_nsec = 1000 * 1000 };

	while (has_processes(jid)) {
		if (ioc_now_ns() >= end)
			return (ioc_fail(err, IOC_TIMEOUT, "jail %s has "
			    "processes that cannot be killed", r->name));
		(void)nanosleep(&nap, NULL);
		if (nap.tv_nsec < 64 * 1000 * 1000)
			nap.tv_nsec *= 2;
	}
	return (0);
}

int
ioc_os_jail_remove(struct ioc_os_jail *j, int timeout_ms,
    struct ioc_error *err)
{
	auto_found struct fb_found f = { .desc = -1 };
	int jid = ioc_fb_present(j->os, &j->r, &f), rc;

	if (jid == 0)
		return (0);
	if (timeout_ms > 0) {
		/* One that cannot be asked is killed. */
		if (ioc_fb_in_jail(&j->r, &f, terminate, NULL) == 0)
			unpersist(jid);
		(void)gone(j, jid, timeout_ms);
	}
	if (is_there(j, jid) && ioc_fb_found_remove(&f) != 0 &&
	    errno != EINVAL)
		return (ioc_fail_errno(err, "remove jail %s", j->r.name));
	rc = wait_processes(&j->r, jid, err);
	/* Its keeper may be at it as well: until it is gone it keeps its mounts. */
	if (rc == 0 && !gone(j, jid, KILL_TIMEOUT_MS))
		rc = ioc_fail(err, IOC_TIMEOUT, "jail %s does not go away",
		    j->r.name);
	if (rc == 0)
		ioc_fd_close(&j->life);
	return (rc);
}
