/* SPDX-License-Identifier: BSD-2-Clause */
/* The launcher: clones the first process, maps its ids, gives it mounts. */
#include "os/linux/linux.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

/* What waits in the socket must fit, for the launcher holds both its ends. */
#define	MOUNTS_MAX	128

void
ioc_lx_block_signals(sigset_t *old)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, old);
}

int
ioc_lx_only_fds(int *const *keep, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (*keep[i] < 0)
			continue;
		*keep[i] = fcntl(*keep[i], F_DUPFD_CLOEXEC, (int)(3 + n));
		if (*keep[i] < 0)
			return (-1);
	}
	for (size_t i = 0; i < n; i++) {
		if (*keep[i] < 0) {
			(void)close((int)(3 + i));
			continue;
		}
		if (dup3(*keep[i], (int)(3 + i), O_CLOEXEC) < 0)
			return (-1);
		*keep[i] = (int)(3 + i);
	}
	return (sys_close_range((unsigned)(3 + n), ~0U));
}

int
ioc_lx_become_root(struct ioc_error *err)
{
	/* Not the C library's: it would look for threads that are not here. */
	if (syscall(SYS_setgroups, 0, NULL) != 0 ||
	    syscall(SYS_setresgid, 0, 0, 0) != 0 ||
	    syscall(SYS_setresuid, 0, 0, 0) != 0)
		return (ioc_fail_errno(err, "become root of the jail"));
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return (ioc_fail_errno(err, "become untraceable"));
	return (0);
}

static int
write_map(pid_t pid, const char *file, const struct lx_record *r,
    struct ioc_error *err)
{
	char path[64], line[64];
	auto_fd int fd = -1;
	int len;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	len = snprintf(line, sizeof(line), "0 %" PRIu32 " %" PRIu32 "\n",
	    r->base, r->count);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, line, (size_t)len) != len)
		return (ioc_fail_errno(err, "map ids %" PRIu32 "-%" PRIu32,
		    r->base, r->base + r->count - 1));
	return (0);
}

/*
 * The v2 group is entered at birth.  Where the kernel cannot do that (a
 * threaded group, an old kernel) it is entered like those of v1.
 */
static pid_t
clone_first(struct lx_start *s, int *pidfd, bool *joined)
{
	uint64_t flags = LX_NAMESPACES | (s->j->r.userns ? CLONE_NEWUSER : 0);
	pid_t pid;

	*joined = s->j->cgroup_fd >= 0;
	pid = sys_clone(flags, SIGCHLD, pidfd, s->j->cgroup_fd);
	if (pid < 0 && *joined) {
		*joined = false;
		pid = sys_clone(flags, SIGCHLD, pidfd, -1);
	}
	return (pid);
}

static int
give_trees(struct lx_start *s, int userns_fd, struct ioc_error *err)
{
	auto_fd int root = ioc_lx_root_tree(s->root, s->j->r.userns ?
	    s->j->r.base : 0, userns_fd, err);

	if (root < 0)
		return (root);
	if (ioc_lx_msg_send(s->sp[0], LX_TREE, 0, 0, &root, 1) != 0)
		return (ioc_fail_errno(err, "pass the root"));
	for (size_t i = 0; i < s->n; i++) {
		const struct ioc_os_mount *m = &s->mounts[i];
		auto_fd int tree = -1;

		if (m->kind != IOC_MOUNT_BIND)
			continue;
		tree = ioc_lx_tree_clone(m->source, ioc_lx_bind_attr(m->flags),
		    (m->flags & IOC_MNT_IDMAP) != 0 ? userns_fd : -1,
		    m->target, err);
		if (tree < 0)
			return (tree);
		if (ioc_lx_msg_send(s->sp[0], LX_TREE, 0, 0, &tree, 1) != 0)
			return (ioc_fail_errno(err, "pass a mount"));
	}
	return (0);
}

static int
prepare_first(struct lx_start *s, pid_t pid, bool joined,
    struct ioc_error *err)
{
	auto_fd int userns_fd = -1;
	char path[64];
	int rc;

	if (s->j->r.userns) {
		if ((rc = write_map(pid, "uid_map", &s->j->r, err)) != 0 ||
		    (rc = write_map(pid, "gid_map", &s->j->r, err)) != 0)
			return (rc);
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
		userns_fd = open(path, O_RDONLY | O_CLOEXEC);
		if (userns_fd < 0)
			return (ioc_fail_errno(err, "open %s", path));
	}
	rc = ioc_lx_cgroup_join(s->j->os, &s->j->r, pid, !joined, err);
	if (rc != 0)
		return (rc);
	if (ioc_lx_msg_send(s->sp[0], LX_GO, 0, 0, NULL, 0) != 0)
		return (ioc_fail_errno(err, "wake the jail"));
	return (give_trees(s, userns_fd, err));
}

/* Clone fails with these for many reasons; name the likely one. */
static int
fail_clone(struct lx_start *s, struct ioc_error *err)
{
	if (errno == ENOSPC || errno == EUSERS)
		return (ioc_fail_errno(err, "namespaces: a limit in "
		    "/proc/sys/user/max_*_namespaces is reached"));
	if (errno == EINVAL)
		return (ioc_fail_errno(err, "namespaces: the kernel lacks one "
		    "of user, pid, net, uts, ipc (CONFIG_*_NS)"));
	return (ioc_fail_errno(err, "namespaces"));
}

static void
launcher(struct lx_start *s)
{
	auto_fd int pidfd = -1;
	bool joined;
	pid_t pid;
	int rc;

	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	pid = clone_first(s, &pidfd, &joined);
	if (pid == 0)
		ioc_lx_first_process(s);	/* does not return */
	if (pid < 0)
		rc = fail_clone(s, &s->e);
	else if (ioc_lx_msg_send(s->sp[1], LX_STARTED, pid, 0, &pidfd, 1) != 0)
		rc = ioc_fail_errno(&s->e, "report the jail's process");
	else
		rc = prepare_first(s, pid, joined, &s->e);
	if (rc != 0) {
		if (pid > 0)
			(void)sys_pidfd_signal(pidfd, SIGKILL);
		ioc_lx_msg_error(s->sp[1], &s->e);
	}
	_exit(rc != 0);
}

/* The caller's side, until the tree stands. */
static int
wait_mounted(struct ioc_os_jail *j, int ctl, struct ioc_error *err)
{
	int fds[LX_MSG_FDS], rc;
	struct lx_msg m;

	for (;;) {
		rc = ioc_lx_msg_recv(ctl, &m, fds, err);
		if (rc < 0)
			return (rc);
		if (rc == 0)
			return (ioc_fail(err, IOC_FAILED,
			    "the jail's first process was killed"));
		if (m.kind == LX_MOUNTED)
			return (0);
		if (m.kind == LX_STARTED) {
			ioc_fd_close(&j->pidfd);
			j->pidfd = fds[0];
			j->r.pid = m.a;
		}
	}
}

int
ioc_lx_start(struct ioc_os_jail *j, const struct ioc_os_root *root,
    const struct ioc_os_mount *mounts, size_t n, struct ioc_error *err)
{
	struct lx_start s = { .j = j, .root = root, .mounts = mounts, .n = n };
	struct pollfd end = { .events = POLLIN };
	auto_fd int ctl = -1;
	sigset_t old;
	pid_t pid;
	int rc;

	if (n > MOUNTS_MAX)
		return (ioc_fail(err, IOC_LIMIT, "more than %d mounts",
		    MOUNTS_MAX));
	if ((rc = ioc_lx_msg_pair(s.sp, err)) != 0)
		return (rc);
	ctl = s.sp[0];
	ioc_lx_block_signals(&old);
	pid = sys_clone(0, 0, NULL, -1);
	if (pid == 0)
		launcher(&s);
	rc = pid < 0 ? ioc_fail_errno(err, "fork") : 0;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)close(s.sp[1]);
	if (rc != 0)
		return (rc);
	rc = wait_mounted(j, ctl, err);
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	if (rc == 0)
		rc = ioc_lx_record_stamp(&j->r, (pid_t)j->r.pid, err);
	/* If it has ended meanwhile, the number may be somebody else's. */
	end.fd = j->pidfd;
	if (rc == 0 && poll(&end, 1, 0) != 0)
		rc = ioc_fail(err, IOC_FAILED,
		    "the jail's first process was killed");
	if (rc != 0) {
		ioc_lx_kill_wait(j);
		return (rc);
	}
	j->ctl = take_fd(&ctl);
	return (0);
}

void
ioc_lx_kill_wait(struct ioc_os_jail *j)
{
	struct pollfd p = { .fd = j->pidfd, .events = POLLIN };

	ioc_fd_close(&j->ctl);
	if (j->pidfd < 0)
		return;
	(void)sys_pidfd_signal(j->pidfd, SIGKILL);
	(void)poll(&p, 1, 10000);
	ioc_fd_close(&j->pidfd);
	j->r.pid = 0;
}

int
ioc_lx_in_child(int (*fn)(void *arg, struct ioc_error *err), void *arg,
    struct ioc_error *err)
{
	int sp[2], fds[LX_MSG_FDS], rc;
	struct ioc_error e;
	struct lx_msg m;
	sigset_t old;
	pid_t pid;

	if ((rc = ioc_lx_msg_pair(sp, err)) != 0)
		return (rc);
	ioc_lx_block_signals(&old);
	pid = sys_clone(0, 0, NULL, -1);
	if (pid == 0) {
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		rc = fn(arg, &e);
		if (rc != 0)
			ioc_lx_msg_error(sp[1], &e);
		else
			(void)ioc_lx_msg_send(sp[1], LX_READY, 0, 0, NULL, 0);
		_exit(0);
	}
	rc = pid < 0 ? ioc_fail_errno(err, "fork") : 0;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)close(sp[1]);
	if (rc == 0) {
		rc = ioc_lx_msg_recv(sp[0], &m, fds, err);
		if (rc == 0)
			rc = ioc_fail(err, IOC_FAILED, "a helper was killed");
		while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	}
	(void)close(sp[0]);
	return (rc > 0 ? 0 : rc);
}
