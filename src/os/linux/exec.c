/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process in a running jail.  The caller forks E, which forks M and goes; M
 * forks P into the pid namespace and stays to tell how P ended.  So P is
 * reaped at once, whatever the caller does, and a jail that is killed does not
 * wait for anybody; and the caller has no child that it does not know.
 */
#include "os/linux/linux.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

struct enter {
	struct ioc_os_jail *j;
	struct lx_plan	*plan;
	struct lx_rights rights;
	int		 jail;		/* pidfd of init */
	int		 fds[3];
	int		 groups[LX_CGROUPS + 1];
	int		 ctl[2];
	int		 status[2];
	struct ioc_error e;
};

int
ioc_lx_exec_check(const struct ioc_os_exec *e, struct ioc_error *err)
{
	struct stat st;

	for (int i = 0; i < 3 && !e->tty; i++) {
		if (e->fds[i] < 0)
			continue;
		if (fstat(e->fds[i], &st) != 0)
			return (ioc_fail_errno(err, "descriptor %d", i));
		/* A directory of the host would be a way out. */
		if (S_ISDIR(st.st_mode))
			return (ioc_fail(err, IOC_UNSAFE,
			    "descriptor %d for the jail is a directory", i));
	}
	return (0);
}

/* The same file through a mount of its own, that cannot be written to. */
static int
read_only(int fd, int i, struct ioc_error *err)
{
	struct mount_attr a = { .attr_set = MOUNT_ATTR_RDONLY,
		.propagation = MS_PRIVATE };
	auto_fd int tree = sys_open_tree(fd, "", OPEN_TREE_CLONE |
	    AT_EMPTY_PATH), again = -1;
	off_t at = lseek(fd, 0, SEEK_CUR);
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", tree);
	if (tree < 0 || at < 0 ||
	    sys_mount_setattr(tree, "", AT_EMPTY_PATH, &a) != 0 ||
	    (again = open(path, O_RDONLY | O_CLOEXEC)) < 0 ||
	    lseek(again, at, SEEK_SET) != at)
		return (ioc_fail(err, IOC_UNSAFE, "descriptor %d for the jail "
		    "cannot be made read-only (%s): use a pipe", i,
		    strerror(errno)));
	return (take_fd(&again));
}

int
ioc_lx_exec_fds(const struct ioc_os_exec *e, bool userns, int fds[3],
    int own[3], struct ioc_error *err)
{
	struct stat st;

	for (int i = 0; i < 3; i++) {
		fds[i] = e->tty ? -1 : e->fds[i];
		/* One without a name is nothing of the host's. */
		if (userns || fds[i] < 0 || fstat(fds[i], &st) != 0 ||
		    !S_ISREG(st.st_mode) || st.st_nlink == 0 ||
		    (fcntl(fds[i], F_GETFL) & O_ACCMODE) != O_RDONLY)
			continue;
		own[i] = read_only(fds[i], i, err);
		if (own[i] < 0)
			return (own[i]);
		fds[i] = own[i];
	}
	return (0);
}

static int
exec_packets(int ctl, bool want_ready, bool command,
    struct ioc_os_process *ret, struct ioc_error *err)
{
	bool ready = !want_ready;
	int fds[LX_MSG_FDS], rc;
	struct lx_msg m;

	while ((rc = ioc_lx_msg_recv(ctl, &m, fds, err)) > 0) {
		if (m.kind == LX_READY)
			ready = true;
		else if (m.kind == LX_PTY && command && ret->pty < 0)
			ret->pty = fds[0];
		else if (m.kind == LX_STARTED && command && ret->pidfd < 0) {
			ret->pidfd = fds[0];
			if (m.a > 0)
				ret->pid = m.a;
		} else if (m.kind == LX_PID && command)
			ret->pid = m.a;
		else if (m.kind == LX_FAILED && command) {
			m.text[sizeof(m.text) - 1] = '\0';
			(void)ioc_fail_sys(err, m.sys, "run %s",
			    IOC_SHOW(m.text));
			if (err != NULL)
				err->code = IOC_CHILD;
			return (IOC_CHILD);
		} else
			return (ioc_fail(err, IOC_FAILED,
			    "an odd packet came from the jail's launcher"));
	}
	if (rc < 0)
		return (rc);
	if (!ready || (command && ret->pidfd < 0))
		return (ioc_fail(err, IOC_FAILED,
		    "the jail's process was killed before it ran"));
	return (0);
}

int
ioc_lx_exec_wait(int ctl, bool want_ready, bool command,
    struct ioc_os_process *ret, struct ioc_error *err)
{
	int rc;

	if (command)
		*ret = (struct ioc_os_process){ .pidfd = -1, .pty = -1,
			.wait_fd = -1 };
	rc = exec_packets(ctl, want_ready, command, ret, err);
	if (rc != 0 && command)
		ioc_os_process_close(ret);
	return (rc);
}

static int
join_groups(struct enter *n, struct ioc_error *err)
{
	for (int i = 0; n->groups[i] >= 0; i++)
		if (write(n->groups[i], "0", 1) < 0)
			return (ioc_fail_errno(err, "join the jail's cgroups"));
	return (0);
}

/* P: born in the pid namespace, with the host's rights, and untraceable. */
static int
enter_rest(struct enter *n, struct ioc_error *err)
{
	int flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC |
	    CLONE_NEWCGROUP | (n->j->r.userns ? CLONE_NEWUSER : 0);
	int rc;

	if ((rc = join_groups(n, err)) != 0)
		return (rc);
	if (setns(n->jail, flags) != 0)
		return (ioc_fail_errno(err, "enter the jail's namespaces"));
	if ((rc = ioc_lx_become_root(err)) != 0)
		return (rc);
	return (ioc_lx_become(n->plan, &n->rights, &n->ctl[1], n->fds, err));
}

/* M: tells who P is, then how it ended. */
static void
monitor(struct enter *n)
{
	int *keep[] = { &n->ctl[1], &n->status[1] };
	auto_fd int pidfd = -1;
	int status;
	pid_t pid;

	(void)setsid();
	(void)!chdir("/");
	(void)prctl(PR_SET_NAME, "ioc-wait", 0, 0, 0);
	if (setns(n->jail, CLONE_NEWPID) != 0) {
		(void)ioc_fail_errno(&n->e, "enter the jail's pid namespace");
		ioc_lx_msg_error(n->ctl[1], &n->e);
		_exit(1);
	}
	pid = sys_clone(0, SIGCHLD, &pidfd, -1);
	if (pid == 0) {
		(void)enter_rest(n, &n->e);
		ioc_lx_msg_error(n->ctl[1], &n->e);
		_exit(127);
	}
	if (pid < 0) {
		(void)ioc_fail_errno(&n->e, "fork into the jail");
		ioc_lx_msg_error(n->ctl[1], &n->e);
		_exit(1);
	}
	(void)ioc_lx_msg_send(n->ctl[1], LX_STARTED, pid, 0, &pidfd, 1);
	for (int i = 0; i < 3; i++)
		(void)close(i);
	if (ioc_lx_only_fds(keep, 2) != 0)
		_exit(1);
	ioc_fd_close(&n->ctl[1]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			_exit(1);
	(void)!write(n->status[1], &status, sizeof(status));
	_exit(0);
}

static void
launch(struct enter *n)
{
	pid_t pid;

	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	pid = sys_clone(0, SIGCHLD, NULL, -1);
	if (pid == 0)
		monitor(n);
	if (pid < 0) {
		(void)ioc_fail_errno(&n->e, "fork");
		ioc_lx_msg_error(n->ctl[1], &n->e);
	}
	_exit(0);
}

static int
fork_launch(struct enter *n, struct ioc_os_process *ret, struct ioc_error *err)
{
	sigset_t old;
	pid_t pid;
	int rc;

	ioc_lx_block_signals(&old);
	pid = sys_clone(0, 0, NULL, -1);
	if (pid == 0)
		launch(n);
	rc = pid < 0 ? ioc_fail_errno(err, "fork") : 0;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	ioc_fd_close(&n->ctl[1]);
	ioc_fd_close(&n->status[1]);
	if (rc != 0)
		return (rc);
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	rc = ioc_lx_exec_wait(n->ctl[0], false, true, ret, err);
	if (rc == 0)
		ret->wait_fd = take_fd(&n->status[0]);
	return (rc);
}

static void
enter_fini(struct enter *n)
{
	free(n->plan);
	for (int i = 0; i < 2; i++) {
		ioc_fd_close(&n->ctl[i]);
		ioc_fd_close(&n->status[i]);
	}
	for (int i = 0; n->groups[i] >= 0; i++)
		(void)close(n->groups[i]);
}

/* The jail as it runs now: never a pid, always what was proved to be it. */
int
ioc_lx_running(struct ioc_os_jail *j, struct ioc_error *err)
{
	struct pollfd p = { .fd = j->pidfd, .events = POLLIN };

	if (j->ctl >= 0 || (j->pidfd < 0 &&
	    (j->pidfd = ioc_lx_record_pidfd(j->os, &j->r)) < 0) ||
	    (p.fd = j->pidfd, poll(&p, 1, 0)) != 0)
		return (ioc_fail(err, IOC_STATE, "jail %s is not running",
		    j->r.name));
	return (0);
}

int
ioc_lx_why(struct ioc_os_jail *j, int rc, struct ioc_error *err)
{
	struct pollfd p = { .fd = j->pidfd, .events = POLLIN };

	/* What it was said of is the command. */
	if (rc == 0 || rc == IOC_CHILD || j->pidfd < 0 ||
	    (poll(&p, 1, 0) == 0 && ioc_lx_record_runs(j->os, &j->r)))
		return (rc);
	return (ioc_fail(err, IOC_STATE, "jail %s is not running", j->r.name));
}

int
ioc_os_jail_exec(struct ioc_os_jail *j, const struct ioc_os_exec *e,
    struct ioc_os_process *ret, struct ioc_error *err)
{
	struct enter n = { .j = j, .groups = { -1 }, .ctl = { -1, -1 },
		.status = { -1, -1 }, .rights = { .caps = j->r.caps } };
	int own[3] = { -1, -1, -1 }, rc;

	if ((rc = ioc_lx_running(j, err)) != 0 ||
	    (rc = ioc_lx_exec_check(e, err)) != 0)
		return (rc);
	if (!j->r.userns && (rc = ioc_lx_init_fd(j->os, err)) != 0)
		return (rc);
	n.rights.init = j->r.userns ? -1 : j->os->init_fd;
	n.jail = j->pidfd;
	n.rights.limits.has_nofile = syscall(SYS_prlimit64, (pid_t)j->r.pid,
	    RLIMIT_NOFILE, NULL, &n.rights.limits.nofile) == 0;
	if ((rc = ioc_lx_exec_fds(e, j->r.userns, n.fds, own, err)) == 0 &&
	    (rc = ioc_lx_plan_make(e, &n.plan, err)) == 0 &&
	    (rc = ioc_lx_cgroup_procs(j->os, &j->r, n.groups, err)) == 0 &&
	    (rc = ioc_lx_msg_pair(n.ctl, err)) == 0) {
		if (pipe2(n.status, O_CLOEXEC) != 0)
			rc = ioc_fail_errno(err, "pipe");
		else
			rc = fork_launch(&n, ret, err);
	}
	enter_fini(&n);
	for (int i = 0; i < 3; i++)
		ioc_fd_close(&own[i]);
	return (ioc_lx_why(j, rc, err));
}

/* What a process became that nobody could wait for: it died with its jail. */
static int
killed(struct ioc_os_process *p, int timeout_ms, int *status,
    struct ioc_error *err)
{
	struct pollfd pfd = { .fd = p->pidfd, .events = POLLIN };

	if (poll(&pfd, 1, timeout_ms) == 0)
		return (ioc_fail(err, IOC_TIMEOUT,
		    "process %" PRId64 " has not ended", p->pid));
	*status = 128 + SIGKILL;
	return (0);
}

int
ioc_os_process_wait(struct ioc_os_process *p, int timeout_ms, int *status,
    struct ioc_error *err)
{
	struct pollfd pfd = { .fd = p->wait_fd, .events = POLLIN };
	uint64_t end = ioc_now_ns() + (uint64_t)(timeout_ms > 0 ?
	    timeout_ms : 0) * 1000000;
	int rc, st;
	ssize_t n;

	if (p->wait_fd < 0)
		return (ioc_fail(err, IOC_STATE,
		    "process %" PRId64 " was waited for", p->pid));
	while ((rc = poll(&pfd, 1, timeout_ms)) < 0 && errno == EINTR)
		if (timeout_ms > 0)
			timeout_ms = ioc_now_ns() < end ?
			    (int)((end - ioc_now_ns()) / 1000000) : 0;
	if (rc == 0)
		return (ioc_fail(err, IOC_TIMEOUT,
		    "process %" PRId64 " has not ended", p->pid));
	n = read(p->wait_fd, &st, sizeof(st));
	if (n != (ssize_t)sizeof(st)) {
		rc = killed(p, timeout_ms, status, err);
		if (rc != 0)
			return (rc);
	} else
		*status = WIFSIGNALED(st) ? 128 + WTERMSIG(st) :
		    WEXITSTATUS(st);
	ioc_fd_close(&p->wait_fd);
	return (0);
}

int
ioc_os_process_signal(struct ioc_os_process *p, int sig,
    struct ioc_error *err)
{
	if (sys_pidfd_signal(p->pidfd, sig) != 0)
		return (ioc_fail_errno(err, "signal %d to process %" PRId64,
		    sig, p->pid));
	return (0);
}

void
ioc_os_process_close(struct ioc_os_process *p)
{
	if (p == NULL)
		return;
	ioc_fd_close(&p->pidfd);
	ioc_fd_close(&p->pty);
	ioc_fd_close(&p->wait_fd);
}
