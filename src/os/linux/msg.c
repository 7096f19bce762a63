/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets with descriptors between the caller, the launcher and the jail. */
#include "os/linux/linux.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

union control {
	struct cmsghdr	h;
	char		space[CMSG_SPACE(LX_MSG_FDS * sizeof(int)) +
			    CMSG_SPACE(sizeof(struct ucred))];
};

int
ioc_lx_msg_pair(int sp[2], struct ioc_error *err)
{
	int on = 1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sp) != 0)
		return (ioc_fail_errno(err, "socketpair"));
	/* The kernel tells who sent, by its pid as we know it. */
	if (setsockopt(sp[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) != 0) {
		(void)ioc_fail_errno(err, "socketpair: SO_PASSCRED");
		(void)close(sp[0]);
		(void)close(sp[1]);
		return (IOC_FAILED);
	}
	return (0);
}

static int
send_msg(int fd, struct lx_msg *m, const int *fds)
{
	/* Only an error has text; the rest stays short. */
	struct iovec iov = { m, m->kind == LX_ERROR ? sizeof(*m) :
	    offsetof(struct lx_msg, text) };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control c = { .space = { 0 } };
	ssize_t n;

	if (m->nfds > 0) {
		size_t len = (size_t)m->nfds * sizeof(int);

		h.msg_control = &c;
		h.msg_controllen = CMSG_SPACE(len);
		c.h.cmsg_level = SOL_SOCKET;
		c.h.cmsg_type = SCM_RIGHTS;
		c.h.cmsg_len = CMSG_LEN(len);
		memcpy(CMSG_DATA(&c.h), fds, len);
	}
	do {
		n = sendmsg(fd, &h, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return (n < 0 ? -1 : 0);
}

/* Descriptors of -1 in the middle are told by a bit of `sys`. */
int
ioc_lx_msg_send(int fd, int kind, int64_t a, int64_t b, const int *fds,
    int nfds)
{
	struct lx_msg m = { .kind = kind, .a = a, .b = b };
	int have[LX_MSG_FDS];

	for (int i = 0; i < nfds; i++) {
		if (fds[i] < 0)
			continue;
		m.sys |= 1 << i;
		have[m.nfds++] = fds[i];
	}
	return (send_msg(fd, &m, have));
}

void
ioc_lx_msg_error(int fd, const struct ioc_error *e)
{
	struct lx_msg m = { .kind = LX_ERROR, .code = e->code, .sys = e->sys };

	(void)snprintf(m.text, sizeof(m.text), "%s", e->msg);
	(void)send_msg(fd, &m, NULL);
}

static void
take_control(struct msghdr *h, struct lx_msg *m, int fds[LX_MSG_FDS])
{
	int got[LX_MSG_FDS], n = 0, used = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL;
	    c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level == SOL_SOCKET && m->kind == LX_PID &&
		    c->cmsg_type == SCM_CREDENTIALS) {
			struct ucred cred;

			memcpy(&cred, CMSG_DATA(c), sizeof(cred));
			m->a = cred.pid;
		}
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(got, CMSG_DATA(c), (size_t)n * sizeof(int));
	}
	for (int i = 0; i < LX_MSG_FDS; i++)
		if ((m->sys & (1 << i)) != 0 && m->kind != LX_ERROR &&
		    used < n)
			fds[i] = got[used++];
	for (; used < n; used++)
		(void)close(got[used]);
}

int
ioc_lx_msg_recv(int fd, struct lx_msg *m, int fds[LX_MSG_FDS],
    struct ioc_error *err)
{
	union control c;
	struct iovec iov = { m, sizeof(*m) };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &c, .msg_controllen = sizeof(c) };
	ssize_t n;

	for (int i = 0; i < LX_MSG_FDS; i++)
		fds[i] = -1;
	do {
		n = recvmsg(fd, &h, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return (0);
	if (n < 0)
		return (ioc_fail_errno(err,
		    "receive from the jail's launcher"));
	if ((size_t)n < offsetof(struct lx_msg, text))
		return (ioc_fail(err, IOC_FAILED,
		    "a short packet came from the jail's launcher"));
	take_control(&h, m, fds);
	if (m->kind == LX_ERROR) {
		m->text[sizeof(m->text) - 1] = '\0';
		/* Ours is escaped; it goes to a terminal whoever wrote it. */
		for (char *s = m->text; *s != '\0'; s++)
			if ((unsigned char)*s < 0x20 || *s == 0x7f)
				*s = '?';
		if (err != NULL) {
			err->code = m->code;
			err->sys = m->sys;
			memcpy(err->msg, m->text, sizeof(err->msg));
		}
		return (m->code < 0 ? m->code : IOC_FAILED);
	}
	return (1);
}
