/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a jail: claim, limit, mount, create, and the way back. */
#include "os/linux/linux.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#define	KILL_TIMEOUT_MS	10000

/* What becomes a name in the run directory and of a control group. */
static int
check_name(const char *name, struct ioc_error *err)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.*-";
	size_t len = strlen(name);

	if (len == 0 || len > LX_NAME_MAX || strspn(name, set) != len ||
	    strchr("_.*-", name[0]) != NULL)
		return (ioc_fail(err, IOC_INVALID, "%s is no name of a jail",
		    IOC_SHOW(name)));
	return (0);
}

static int
new_jail(struct ioc_os *os, const char *name, struct ioc_os_jail **ret,
    struct ioc_error *err)
{
	struct ioc_os_jail *j;
	int rc;

	if ((rc = check_name(name, err)) != 0)
		return (rc);
	j = calloc(1, sizeof(*j));
	if (j == NULL)
		return (ioc_fail_nomem(err));
	j->os = os;
	j->ctl = j->pidfd = j->cgroup_fd = -1;
	memcpy(j->r.name, name, strlen(name) + 1);
	*ret = j;
	return (0);
}

static void
end_jail(struct ioc_os_jail *j)
{
	ioc_fd_close(&j->ctl);
	ioc_fd_close(&j->pidfd);
	ioc_fd_close(&j->cgroup_fd);
	free(j->hostname);
	free(j->domainname);
	free(j);
}

void
ioc_os_jail_free(struct ioc_os_jail *j)
{
	if (j == NULL)
		return;
	if (j->prepared) {
		(void)ioc_os_jail_unmount(j, NULL);
		(void)ioc_os_jail_unlimit(j, NULL);
		(void)ioc_os_jail_release(j, NULL);
	}
	end_jail(j);
}

struct overlap {
	const struct ioc_os		*os;
	const struct lx_record		*mine;
	struct ioc_error		*err;
};

static int
check_overlap(const void *record, void *arg)
{
	const struct lx_record *r = record;
	const struct overlap *o = arg;
	const struct lx_record *m = o->mine;

	if (!r->userns || strcmp(r->name, m->name) == 0 ||
	    (uint64_t)r->base + r->count <= m->base ||
	    (uint64_t)m->base + m->count <= r->base ||
	    !ioc_lx_record_alive(o->os, r))
		return (0);
	return (ioc_fail(o->err, IOC_UNSAFE, "uids %u-%u of the jail are in "
	    "use by jail %s", m->base, m->base + m->count - 1, r->name));
}

static int
check_ids(struct ioc_os *os, const struct lx_record *r, struct ioc_error *err)
{
	struct overlap o = { os, r, err };

	if (!r->userns)
		return (0);
	if (r->base == 0 || r->count == 0 ||
	    (uint64_t)r->base + r->count > UINT32_MAX)
		return (ioc_fail(err, IOC_INVALID,
		    "%u uids from %u are no range for a jail", r->count,
		    r->base));
	return (ioc_record_each(os->run_fd, &ioc_lx_records, check_overlap, &o, err));
}

static int
copy_spec(struct ioc_os_jail *j, const struct ioc_os_jail_spec *s,
    struct ioc_error *err)
{
	if (s->hostname != NULL && (strlen(s->hostname) > 64 ||
	    (j->hostname = strdup(s->hostname)) == NULL))
		return (ioc_fail(err, IOC_INVALID,
		    "host name %s is longer than 64 bytes",
		    IOC_SHOW(s->hostname)));
	if (s->domainname != NULL && (strlen(s->domainname) > 64 ||
	    (j->domainname = strdup(s->domainname)) == NULL))
		return (ioc_fail(err, IOC_INVALID,
		    "domain name %s is longer than 64 bytes",
		    IOC_SHOW(s->domainname)));
	j->r.ephemeral = s->ephemeral;
	j->r.userns = s->userns;
	j->r.base = s->userns ? s->id_base : 0;
	j->r.count = s->userns ? s->id_count : 0;
	j->r.time = (uint64_t)time(NULL);
	memcpy(j->r.boot, j->os->facts.boot_id, sizeof(j->r.boot));
	return (ioc_lx_caps_mask(s->params, s->nparams, &j->r.caps, err));
}

/* Takes the name; what a start that died left behind is cleared first. */
static int
claim(struct ioc_os_jail *j, struct ioc_error *err)
{
	struct ioc_os_jail old = { .os = j->os, .ctl = -1, .pidfd = -1,
		.cgroup_fd = -1 };
	int rc = ioc_record_claim(j->os->run_fd, &ioc_lx_records, &j->r, err);

	if (rc != IOC_EXISTS)
		return (rc);
	rc = ioc_record_read(j->os->run_fd, &ioc_lx_records, j->r.name, &old.r, err);
	if (rc != 0 && rc != IOC_NOT_FOUND)
		return (rc);
	if (rc == 0 && ioc_lx_record_runs(j->os, &old.r))
		return (ioc_fail(err, IOC_BUSY, "jail %s is running",
		    j->r.name));
	if (rc == 0 && ((rc = ioc_os_jail_remove(&old, 0, err)) != 0 ||
	    (rc = ioc_os_jail_unlimit(&old, err)) != 0 ||
	    (rc = ioc_os_jail_release(&old, err)) != 0))
		return (rc);
	return (ioc_record_claim(j->os->run_fd, &ioc_lx_records, &j->r, err));
}

int
ioc_os_jail_prepare(struct ioc_os *os, const struct ioc_os_jail_spec *spec,
    struct ioc_os_jail **ret, struct ioc_error *err)
{
	struct ioc_os_jail *j;
	int rc = new_jail(os, spec->name, &j, err);

	if (rc != 0)
		return (rc);
	if ((rc = copy_spec(j, spec, err)) != 0 ||
	    (rc = check_ids(os, &j->r, err)) != 0 ||
	    (rc = claim(j, err)) != 0) {
		end_jail(j);
		return (rc);
	}
	j->prepared = true;
	*ret = j;
	return (0);
}

int
ioc_os_jail_find(struct ioc_os *os, const char *name,
    struct ioc_os_jail **ret, struct ioc_error *err)
{
	struct ioc_os_jail *j;
	int rc = new_jail(os, name, &j, err);

	if (rc != 0)
		return (rc);
	rc = ioc_record_read(os->run_fd, &ioc_lx_records, name, &j->r, err);
	if (rc != 0 && rc != IOC_NOT_FOUND) {
		end_jail(j);
		return (rc);
	}
	j->pidfd = ioc_lx_record_pidfd(os, &j->r);
	*ret = j;
	return (0);
}

static void
fill_info(const struct ioc_os *os, const void *record,
    struct ioc_os_jail_info *info)
{
	const struct lx_record *r = record;

	info->ephemeral = r->ephemeral;
	if (!ioc_lx_record_runs(os, r))
		return;
	info->state = IOC_OS_JAIL_RUNNING;
	info->id = r->pid;
	info->started = r->time;
}

int
ioc_os_jail_info(struct ioc_os_jail *j, struct ioc_os_jail_info *info,
    struct ioc_error *err)
{
	return (ioc_record_info(j->os, j->os->run_fd, &ioc_lx_records,
	    fill_info, j->r.name, info, err));
}

int
ioc_os_jail_list(struct ioc_os *os, struct ioc_os_jail_info **ret, size_t *n,
    struct ioc_error *err)
{
	return (ioc_record_list(os, os->run_fd, &ioc_lx_records, fill_info,
	    ret, n, err));
}

int
ioc_os_jail_limit(struct ioc_os_jail *j, const struct ioc_os_limit *limits,
    size_t n, struct ioc_error *err)
{
	return (ioc_lx_cgroup_make(j, limits, n, err));
}

int
ioc_os_jail_unlimit(struct ioc_os_jail *j, struct ioc_error *err)
{
	ioc_fd_close(&j->cgroup_fd);
	ioc_lx_cgroup_kill(j->os, &j->r);
	return (ioc_lx_cgroup_remove(j->os, &j->r, err));
}

int
ioc_os_jail_mount(struct ioc_os_jail *j, const struct ioc_os_root *root,
    const struct ioc_os_mount *mounts, size_t n, struct ioc_error *err)
{
	if (!j->prepared || j->ctl >= 0)
		return (ioc_fail(err, IOC_STATE, "jail %s is %s", j->r.name,
		    j->prepared ? "mounted already" : "not prepared"));
	return (ioc_lx_start(j, root, mounts, n, err));
}

/*
 * All mounts live in the jail's own namespace and go with its last process.
 * One that waits to be created is ended here; one that runs is not touched.
 */
int
ioc_os_jail_unmount(struct ioc_os_jail *j, struct ioc_error *err)
{
	if (j->ctl >= 0)
		ioc_lx_kill_wait(j);
	return (0);
}

static int
give_command(struct ioc_os_jail *j, const struct lx_plan *plan,
    const struct ioc_os_exec *e, int status, struct ioc_error *err)
{
	auto_fd int fd = ioc_lx_plan_fd(plan, err);
	int fds[LX_MSG_FDS] = { fd, status, -1, -1, -1 };
	int own[3] = { -1, -1, -1 }, rc;

	if (fd < 0)
		return (fd);
	rc = ioc_lx_exec_fds(e, j->r.userns, &fds[2], own, err);
	if (rc == 0 && ioc_lx_msg_send(j->ctl, LX_COMMAND, 0, 0, fds,
	    LX_MSG_FDS) != 0)
		rc = ioc_fail_errno(err, "pass the command");
	for (int i = 0; i < 3; i++)
		ioc_fd_close(&own[i]);
	return (rc);
}

static int
create(struct ioc_os_jail *j, const struct lx_plan *plan,
    const struct ioc_os_exec *e, struct ioc_os_process *ret,
    struct ioc_error *err)
{
	auto_fd int status_in = -1, status_out = -1;
	int fds[2] = { -1, -1 }, pipe_fds[2], rc;

	if ((rc = ioc_lx_init_fd(j->os, err)) != 0)
		return (rc);
	if (j->r.ephemeral && j->os->life[0] < 0 &&
	    pipe2(j->os->life, O_CLOEXEC) != 0)
		return (ioc_fail_errno(err, "pipe"));
	if (plan != NULL) {
		if (pipe2(pipe_fds, O_CLOEXEC) != 0)
			return (ioc_fail_errno(err, "pipe"));
		status_in = pipe_fds[0];
		status_out = pipe_fds[1];
	}
	/* The record first: whatever runs from here on is found by it. */
	if ((rc = ioc_record_write(j->os->run_fd, &ioc_lx_records, &j->r, err)) != 0)
		return (rc);
	fds[0] = j->os->init_fd;
	fds[1] = j->r.ephemeral ? j->os->life[0] : -1;
	if (ioc_lx_msg_send(j->ctl, LX_CREATE, 0, plan != NULL, fds, 2) != 0)
		return (ioc_fail_errno(err, "the jail's first process"));
	if (plan != NULL &&
	    (rc = give_command(j, plan, e, status_out, err)) != 0)
		return (rc);
	ioc_fd_close(&status_out);
	rc = ioc_lx_exec_wait(j->ctl, true, plan != NULL, ret, err);
	/* Without this its first process may be on its way out, uncreated. */
	j->r.created = rc == 0;
	if (rc == 0 && (rc = ioc_record_write(j->os->run_fd, &ioc_lx_records, &j->r, err)) != 0 &&
	    plan != NULL)
		ioc_os_process_close(ret);
	if (rc == 0 && plan != NULL)
		ret->wait_fd = take_fd(&status_in);
	return (rc);
}

int
ioc_os_jail_create_with(struct ioc_os_jail *j, const struct ioc_os_exec *e,
    struct ioc_os_process *ret, struct ioc_error *err)
{
	auto_free struct lx_plan *plan = NULL;
	int rc;

	if (j->ctl < 0)
		return (ioc_fail(err, IOC_STATE, "jail %s is not mounted",
		    j->r.name));
	if (e != NULL && ((rc = ioc_lx_exec_check(e, err)) != 0 ||
	    (rc = ioc_lx_plan_make(e, &plan, err)) != 0))
		return (rc);
	rc = create(j, plan, e, ret, err);
	if (rc != 0) {
		ioc_lx_kill_wait(j);
		return (rc);
	}
	ioc_fd_close(&j->ctl);
	j->prepared = false;
	return (0);
}

int
ioc_os_jail_create(struct ioc_os_jail *j, struct ioc_error *err)
{
	return (ioc_os_jail_create_with(j, NULL, NULL, err));
}

/* Waits for the end of what j->pidfd is; false when it took too long. */
static bool
ended(struct ioc_os_jail *j, int timeout_ms)
{
	struct pollfd p = { .fd = j->pidfd, .events = POLLIN };
	uint64_t end = ioc_now_ns() + (uint64_t)timeout_ms * 1000000;
	int rc;

	for (;;) {
		rc = poll(&p, 1, timeout_ms);
		if (rc >= 0 || errno != EINTR)
			return (rc > 0);
		timeout_ms = ioc_now_ns() < end ?
		    (int)((end - ioc_now_ns()) / 1000000) : 0;
	}
}

/*
 * From the first signal on it does not run: should this process die, nobody takes
 * what is left for a jail, and recovery ends it.  A full disk keeps none up.
 */
static void
mark_ending(struct ioc_os_jail *j)
{
	if (!j->r.created)
		return;
	j->r.created = false;
	(void)ioc_record_write(j->os->run_fd, &ioc_lx_records, &j->r, NULL);
}

int
ioc_os_jail_remove(struct ioc_os_jail *j, int timeout_ms,
    struct ioc_error *err)
{
	/* Still waiting to be created: unmount ends that one. */
	if (j->ctl >= 0)
		return (0);
	if (j->pidfd < 0)
		j->pidfd = ioc_lx_record_pidfd(j->os, &j->r);
	if (j->pidfd >= 0) {
		mark_ending(j);
		/* ioc-init passes TERM on and ends when it is alone. */
		if (timeout_ms > 0)
			(void)sys_pidfd_signal(j->pidfd, SIGTERM);
		if (timeout_ms <= 0 || !ended(j, timeout_ms)) {
			(void)sys_pidfd_signal(j->pidfd, SIGKILL);
			if (!ended(j, KILL_TIMEOUT_MS))
				return (ioc_fail(err, IOC_TIMEOUT, "jail %s "
				    "has processes that cannot be killed",
				    j->r.name));
		}
		ioc_fd_close(&j->pidfd);
	}
	ioc_lx_cgroup_kill(j->os, &j->r);
	return (0);
}

int
ioc_os_jail_release(struct ioc_os_jail *j, struct ioc_error *err)
{
	j->prepared = false;
	return (ioc_record_remove(j->os->run_fd, j->r.name, err));
}
