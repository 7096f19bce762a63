/* SPDX-License-Identifier: BSD-2-Clause */
/* Children of the library: by descriptor, and into a jail. */
#include "os/freebsd/freebsd.h"

#include <sys/event.h>
#include <sys/jail.h>
#include <sys/procctl.h>
#include <sys/procdesc.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define	IN_JAIL_MS	(30 * 1000)

void
ioc_fb_block_signals(sigset_t *old)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, old);
}

pid_t
ioc_fb_fork(int *pidfd)
{
	*pidfd = -1;
	return (pdfork(pidfd, PD_CLOEXEC | PD_DAEMON));
}

int
ioc_fb_wait(int pidfd, int timeout_ms, int *status)
{
	uint64_t end = ioc_now_ns() + (uint64_t)(timeout_ms > 0 ?
	    timeout_ms : 0) * 1000000;
	auto_fd int kq = kqueue();
	struct kevent ev;

	if (kq < 0)
		return (-1);
	EV_SET(&ev, (uintptr_t)pidfd, EVFILT_PROCDESC, EV_ADD, NOTE_EXIT, 0,
	    NULL);
	for (;;) {
		uint64_t now = ioc_now_ns();
		uint64_t left = now < end ? end - now : 0;
		struct timespec ts = { (time_t)(left / 1000000000),
			(long)(left % 1000000000) };
		struct kevent got;
		int n = kevent(kq, &ev, 1, &got, 1,
		    timeout_ms < 0 ? NULL : &ts);

		if (n > 0) {
			*status = (int)got.data;
			return ((got.flags & EV_ERROR) != 0 ? -1 : 1);
		}
		if (n == 0)
			return (0);
		if (errno != EINTR)
			return (-1);
	}
}

int
ioc_fb_msg_send(int ctl, enum fb_kind kind, const struct ioc_error *e, int fd)
{
	union {
		struct cmsghdr	h;
		char		space[CMSG_SPACE(sizeof(int))];
	} c;
	struct fb_msg m = { .kind = (int32_t)kind };
	struct iovec v = { &m, sizeof(m) };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1 };

	if (e != NULL) {
		m.code = e->code;
		m.sys = e->sys;
		memcpy(m.text, e->msg, sizeof(m.text));
		m.text[sizeof(m.text) - 1] = '\0';
	}
	if (fd >= 0) {
		memset(&c, 0, sizeof(c));
		c.h.cmsg_len = CMSG_LEN(sizeof(int));
		c.h.cmsg_level = SOL_SOCKET;
		c.h.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&c.h), &fd, sizeof(fd));
		h.msg_control = &c;
		h.msg_controllen = CMSG_SPACE(sizeof(int));
	}
	return (sendmsg(ctl, &h, MSG_NOSIGNAL) == (ssize_t)sizeof(m) ? 0 : -1);
}

int
ioc_fb_msg_recv(int ctl, struct fb_msg *m, int *fd)
{
	union {
		struct cmsghdr	h;
		char		space[CMSG_SPACE(sizeof(int))];
	} c;
	struct iovec v = { m, sizeof(*m) };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1,
		.msg_control = &c, .msg_controllen = sizeof(c) };
	struct cmsghdr *p;
	ssize_t n;

	*fd = -1;
	do {
		n = recvmsg(ctl, &h, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return ((int)n);
	for (p = CMSG_FIRSTHDR(&h); p != NULL; p = CMSG_NXTHDR(&h, p))
		if (p->cmsg_level == SOL_SOCKET && p->cmsg_type == SCM_RIGHTS)
			memcpy(fd, CMSG_DATA(p), sizeof(*fd));
	if (n != (ssize_t)sizeof(*m)) {
		ioc_fd_close(fd);
		errno = EBADMSG;
		return (-1);
	}
	m->text[sizeof(m->text) - 1] = '\0';
	return (1);
}

/* What the child said before it ended; 0 when it said nothing. */
static int
result_of(int ctl, struct ioc_error *err)
{
	struct fb_msg m;
	int fd, n = ioc_fb_msg_recv(ctl, &m, &fd);

	ioc_fd_close(&fd);
	if (n < 0)
		return (ioc_fail_errno(err, "helper process"));
	if (n == 0)
		return (0);
	(void)ioc_fail(err, m.code, "%s", m.text);
	if (err != NULL)
		err->sys = m.sys;
	return (m.code);
}

/* What a killed process had begun is not gone on with. */
static void
die_with(pid_t parent)
{
	int sig = SIGKILL;

	if (procctl(P_PID, 0, PROC_PDEATHSIG_CTL, &sig) != 0 ||
	    getppid() != parent)
		_exit(1);
}

int
ioc_fb_in_child(int (*fn)(void *arg, struct ioc_error *err), void *arg,
    struct ioc_error *err)
{
	struct ioc_error local = { .code = 0 };
	auto_fd int ours = -1, theirs = -1;
	pid_t pid, parent = getpid();
	int sp[2], status = 0, rc;
	sigset_t old;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sp) != 0)
		return (ioc_fail_errno(err, "socket pair"));
	ours = sp[0];
	theirs = sp[1];
	ioc_fb_block_signals(&old);
	/* Not pdfork(2): the C library's fork leaves malloc usable. */
	pid = fork();
	if (pid == 0) {
		die_with(parent);
		rc = fn(arg, &local);
		if (rc != 0)
			(void)ioc_fb_msg_send(theirs, FB_ERROR, &local, -1);
		_exit(rc != 0);
	}
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (pid < 0)
		return (ioc_fail_errno(err, "fork"));
	ioc_fd_close(&theirs);
	rc = result_of(ours, err);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (rc == 0 && status != 0)
		rc = ioc_fail(err, IOC_FAILED, "helper process died");
	return (rc);
}

int
ioc_fb_untraceable(struct ioc_error *err)
{
	int how = PROC_TRACE_CTL_DISABLE;

	if (procctl(P_PID, getpid(), PROC_TRACE_CTL, &how) != 0)
		return (ioc_fail_errno(err, "forbid tracing"));
	return (0);
}

int
ioc_fb_attach(const struct fb_record *r, struct fb_found *f,
    struct ioc_error *err)
{
	struct stat st;
	int rc;

	if ((rc = ioc_fb_untraceable(err)) != 0)
		return (rc);
	if (chdir("/") != 0)
		return (ioc_fail_errno(err, "working directory"));
	if (ioc_fb_found_attach(f) != 0)
		return (ioc_fail_errno(err, "enter jail %s", r->name));
	ioc_fb_found_fini(f);
	/* It was looked up by name; this is what it is. */
	if (stat("/", &st) != 0 || st.st_dev != r->dev || st.st_ino != r->ino)
		return (ioc_fail(err, IOC_STATE,
		    "jail %s is not the one that was started", r->name));
	return (0);
}

int
ioc_fb_set_fds(const int fds[3], int ctl, struct fb_found *f)
{
	const int last = FB_CTL + 1;
	const int from[] = { fds[0], fds[1], fds[2], ctl, f->desc };
	int high[5];

	for (int i = 0; i <= last; i++) {
		high[i] = from[i] < 0 ? -1 :
		    fcntl(from[i], F_DUPFD_CLOEXEC, last + 1);
		if (from[i] >= 0 && high[i] < 0)
			return (-1);
	}
	for (int i = 0; i <= last; i++) {
		if (high[i] < 0)
			(void)close(i);
		else if (dup2(high[i], i) < 0)
			return (-1);
	}
	ioc_close_from(last + 1);
	if (f->desc >= 0)
		f->desc = last;
	if (f->desc >= 0 && fcntl(f->desc, F_SETFD, FD_CLOEXEC) != 0)
		return (-1);
	return (fcntl(FB_CTL, F_SETFD, FD_CLOEXEC));
}

int
ioc_fb_in_jail(const struct fb_record *r, const struct fb_found *f,
    int (*fn)(struct ioc_error *err), struct ioc_error *err)
{
	const int none[3] = { -1, -1, -1 };
	struct fb_found in = *f;
	struct ioc_error local = { .code = 0 };
	auto_fd int ours = -1, theirs = -1, pidfd = -1;
	int sp[2], status = 0, rc;
	sigset_t old;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sp) != 0)
		return (ioc_fail_errno(err, "socket pair"));
	ours = sp[0];
	theirs = sp[1];
	ioc_fb_block_signals(&old);
	pid = ioc_fb_fork(&pidfd);
	if (pid == 0) {
		if (ioc_fb_set_fds(none, theirs, &in) != 0)
			_exit(1);
		rc = ioc_fb_attach(r, &in, &local);
		if (rc == 0)
			rc = fn(&local);
		if (rc != 0)
			(void)ioc_fb_msg_send(FB_CTL, FB_ERROR, &local, -1);
		_exit(rc != 0);
	}
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (pid < 0)
		return (ioc_fail_errno(err, "fork"));
	ioc_fd_close(&theirs);
	/* The jail's root may stop it. */
	if (ioc_fb_wait(pidfd, IN_JAIL_MS, &status) != 1) {
		(void)pdkill(pidfd, SIGKILL);
		return (ioc_fail(err, IOC_TIMEOUT,
		    "jail %s: a process that entered it hangs", r->name));
	}
	rc = result_of(ours, err);
	return (rc != 0 || status == 0 ? rc : ioc_fail(err, IOC_FAILED,
	    "jail %s: a process that entered it was killed", r->name));
}
