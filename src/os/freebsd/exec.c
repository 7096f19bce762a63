/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process in a running jail: a child by descriptor, which enters the jail and
 * becomes the command.  The caller waits for it by that descriptor, and has no
 * child that it does not know.
 */
#include "os/freebsd/freebsd.h"

#include <sys/procdesc.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

static int
check_fds(const struct ioc_os_exec *e, struct ioc_error *err)
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

struct enter {
	const struct fb_record *r;
	struct fb_plan	*plan;
	struct fb_found	 found;
	int		 fds[3];
	int		 ctl[2];
};

static void
enter(struct enter *n)
{
	struct ioc_error err = { .code = 0 };

	if (ioc_fb_set_fds(n->fds, n->ctl[1], &n->found) != 0)
		_exit(127);
	(void)setsid();
	if (ioc_fb_attach(n->r, &n->found, &err) == 0)
		(void)ioc_fb_become(n->plan, FB_CTL, n->fds, &err);
	(void)ioc_fb_msg_send(FB_CTL, FB_ERROR, &err, -1);
	_exit(127);
}

/* Until the command runs or failed: its end of ctl is closed by exec. */
static int
listen_to(struct enter *n, struct ioc_os_process *p, struct ioc_error *err)
{
	struct fb_msg m;
	int fd, got;

	while ((got = ioc_fb_msg_recv(n->ctl[0], &m, &fd)) > 0) {
		if (m.kind == FB_PTY && p->pty < 0 && fd >= 0) {
			p->pty = fd;
			continue;
		}
		ioc_fd_close(&fd);
		(void)ioc_fail(err, m.code, "%s", m.text);
		if (err != NULL)
			err->sys = m.sys;
		return (m.code);
	}
	if (got < 0)
		return (ioc_fail_errno(err, "the process that entered it"));
	return (0);
}

static int
start(struct enter *n, struct ioc_os_process *ret, struct ioc_error *err)
{
	struct ioc_os_process p = { .pidfd = -1, .pty = -1, .wait_fd = -1 };
	sigset_t old;
	pid_t pid;
	int rc;

	ioc_fb_block_signals(&old);
	pid = ioc_fb_fork(&p.pidfd);
	if (pid == 0)
		enter(n);
	rc = pid < 0 ? ioc_fail_errno(err, "fork") : 0;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	ioc_fd_close(&n->ctl[1]);
	if (rc == 0)
		rc = listen_to(n, &p, err);
	p.pid = pid;
	if (rc != 0) {
		ioc_os_process_close(&p);
		return (rc);
	}
	*ret = p;
	return (0);
}

/* Of a jail that has been removed meanwhile, that is said and nothing else. */
static int
why(struct ioc_os_jail *j, int rc, struct ioc_error *err)
{
	struct fb_found f = { .desc = -1 };
	int now;

	if (rc == 0 || rc == IOC_CHILD)
		return (rc);
	now = ioc_fb_running(j, &f, NULL);
	ioc_fb_found_fini(&f);
	return (now != IOC_STATE ? rc : ioc_fail(err, IOC_STATE,
	    "jail %s is not running", j->r.name));
}

int
ioc_os_jail_exec(struct ioc_os_jail *j, const struct ioc_os_exec *e,
    struct ioc_os_process *ret, struct ioc_error *err)
{
	struct enter n = { .r = &j->r, .ctl = { -1, -1 }, .found.desc = -1 };
	int rc;

	if ((rc = ioc_fb_running(j, &n.found, err)) != 0 ||
	    (rc = check_fds(e, err)) != 0 ||
	    (rc = ioc_fb_plan_make(e, &n.plan, err)) != 0) {
		ioc_fb_found_fini(&n.found);
		return (rc);
	}
	for (int i = 0; i < 3; i++)
		n.fds[i] = e->tty ? -1 : e->fds[i];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, n.ctl) != 0)
		rc = ioc_fail_errno(err, "socket pair");
	else
		rc = start(&n, ret, err);
	ioc_fd_close(&n.ctl[0]);
	ioc_fd_close(&n.ctl[1]);
	ioc_fb_plan_free(n.plan);
	ioc_fb_found_fini(&n.found);
	return (why(j, rc, err));
}

int
ioc_os_process_wait(struct ioc_os_process *p, int timeout_ms, int *status,
    struct ioc_error *err)
{
	int st = 0, n;

	if (p->pidfd < 0)
		return (ioc_fail(err, IOC_STATE,
		    "process %" PRId64 " was waited for", p->pid));
	n = ioc_fb_wait(p->pidfd, timeout_ms, &st);
	if (n < 0)
		return (ioc_fail_errno(err, "wait for process %" PRId64,
		    p->pid));
	if (n == 0)
		return (ioc_fail(err, IOC_TIMEOUT,
		    "process %" PRId64 " has not ended", p->pid));
	*status = WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st);
	return (0);
}

int
ioc_os_process_signal(struct ioc_os_process *p, int sig,
    struct ioc_error *err)
{
	if (pdkill(p->pidfd, sig) != 0)
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
