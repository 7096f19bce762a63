/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The jail's first process, from its birth in new namespaces until it is
 * ioc-init.  Whenever the socket to the caller ends, so does it.
 */
#include "os/linux/linux.h"

#include <sys/prctl.h>

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

struct first {
	struct lx_start	*s;
	int		 ctl;
	struct lx_build	 b;		/* its root is the tree */
	int		 init;		/* the program */
	int		 life;
	int		 status;
	int		 plan;
	int		 std[3];
	int		 command;	/* pid of the first command, or 0 */
	struct ioc_error e;
};

/* The next packet of that kind; its end is ours too. */
static int64_t
expect(struct first *f, int kind, int fds[LX_MSG_FDS], int64_t *b)
{
	struct lx_msg m;

	if (ioc_lx_msg_recv(f->ctl, &m, fds, NULL) <= 0 || m.kind != kind)
		_exit(1);
	if (b != NULL)
		*b = m.b;
	return (m.a);
}

static int
isolate(struct first *f, struct ioc_error *err)
{
	struct mount_attr a = { .propagation = MS_PRIVATE };
	int rc;

	if ((rc = ioc_lx_become_root(err)) != 0)
		return (rc);
	/* Only now, for it takes the groups that this process is in. */
	if (unshare(CLONE_NEWCGROUP) != 0)
		return (ioc_fail_errno(err, "cgroup namespace"));
	if (sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &a) != 0)
		return (ioc_fail_errno(err, "make mounts private"));
	(void)setsid();
	(void)syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, NULL);
	return (0);
}

/*
 * The tree stands on top of "/" while it is built.  The host's tree is still
 * there: the kernel allows a new proc and sysfs only where it sees whole ones.
 */
static int
build(struct first *f, struct ioc_error *err)
{
	const struct lx_record *r = &f->s->j->r;
	int fds[LX_MSG_FDS], rc;

	(void)expect(f, LX_TREE, fds, NULL);
	f->b.root = fds[0];
	f->b.gid_tty = !r->userns || r->count > 5;
	if (syscall(SYS_move_mount, f->b.root, "", AT_FDCWD, "/",
	    MOVE_MOUNT_F_EMPTY_PATH) != 0)
		return (ioc_fail_errno(err, "mount the root"));
	for (size_t i = 0; i < f->s->n; i++) {
		const struct ioc_os_mount *m = &f->s->mounts[i];
		auto_fd int tree = -1;

		if (m->kind == IOC_MOUNT_BIND) {
			(void)expect(f, LX_TREE, fds, NULL);
			tree = fds[0];
		}
		rc = ioc_lx_mount_one(&f->b, m, tree, err);
		if (rc != 0)
			return (rc);
	}
	return (0);
}

static int
pivot(struct first *f, struct ioc_error *err)
{
	if (fchdir(f->b.root) != 0 || sys_pivot_root(".", ".") != 0)
		return (ioc_fail_errno(err, "pivot into the root"));
	/* The old root lies on the new one now, at the working directory. */
	if (sys_umount(".", SYS_MNT_DETACH) != 0 || chdir("/") != 0)
		return (ioc_fail_errno(err, "let go of the host's root"));
	ioc_fd_close(&f->b.root);
	ioc_fd_close(&f->b.empty);
	ioc_fd_close(&f->b.null);
	return (0);
}

static int
settle(struct first *f, struct ioc_error *err)
{
	const struct ioc_os_jail *j = f->s->j;
	auto_fd int null = -1;
	struct ioc_error ignored;
	int rc;

	if ((rc = pivot(f, err)) != 0 || (rc = ioc_lx_loopback_up(err)) != 0)
		return (rc);
	if (j->hostname != NULL &&
	    sethostname(j->hostname, strlen(j->hostname)) != 0)
		return (ioc_fail_errno(err, "set the host name"));
	if (j->domainname != NULL &&
	    setdomainname(j->domainname, strlen(j->domainname)) != 0)
		return (ioc_fail_errno(err, "set the domain name"));
	/* A jail may come without /dev: then its init has no 0-2 at all. */
	null = ioc_lx_open_null(&ignored);
	for (int i = 0; i < 3; i++)
		if (null < 0)
			(void)close(i);
		else if (dup2(null, i) < 0)
			return (ioc_fail_errno(err, "descriptors"));
	if (j->limits.has_nofile &&
	    setrlimit(RLIMIT_NOFILE, &j->limits.nofile) != 0)
		return (ioc_fail_errno(err, "limit openfiles"));
	return (0);
}

static int
start_command(struct first *f, struct ioc_error *err)
{
	struct lx_rights rights = { .caps = f->s->j->r.caps, .confined = true,
		.init = f->s->j->r.userns ? -1 : f->init };
	auto_fd int pidfd = -1;
	struct lx_plan *plan;
	int rc;

	if ((rc = ioc_lx_plan_map(f->plan, &plan, err)) != 0)
		return (rc);
	f->command = sys_clone_old(SIGCHLD, &pidfd);
	if (f->command < 0)
		return (ioc_fail_errno(err, "fork the command"));
	if (f->command == 0) {
		(void)ioc_lx_msg_send(f->ctl, LX_PID, 0, 0, NULL, 0);
		(void)ioc_lx_become(plan, &rights, &f->ctl, f->std, err);
		ioc_lx_msg_error(f->ctl, err);
		_exit(127);
	}
	for (int i = 0; i < 3; i++)
		ioc_fd_close(&f->std[i]);
	ioc_fd_close(&f->plan);
	if (ioc_lx_msg_send(f->ctl, LX_STARTED, 0, 0, &pidfd, 1) != 0)
		return (ioc_fail_errno(err, "report the command"));
	return (0);
}

static const char *
digits(char out[16], int v)
{
	(void)snprintf(out, 16, v > 0 ? "%d" : "-", v);
	return (out);
}

/* Drops what is left and becomes the program. */
static int
become_init(struct first *f, struct ioc_error *err)
{
	static char *const env[] = { NULL };
	char life[16], status[16], pid[16], name[] = "ioc-init";
	char *const argv[] = { name, life, status, pid, NULL };
	int rc;

	if (ioc_lx_msg_send(f->ctl, LX_READY, 0, 0, NULL, 0) != 0)
		return (ioc_fail_errno(err, "report"));
	if ((rc = ioc_lx_caps_set(f->s->j->r.caps, err)) != 0)
		return (rc);
	if ((f->life >= 0 && fcntl(f->life, F_SETFD, 0) != 0) ||
	    (f->status >= 0 && fcntl(f->status, F_SETFD, 0) != 0))
		return (ioc_fail_errno(err, "descriptors"));
	(void)digits(life, f->life);
	(void)digits(status, f->status);
	(void)digits(pid, f->command);
	(void)syscall(SYS_execveat, f->init, "", argv, env, AT_EMPTY_PATH);
	return (ioc_fail_errno(err, "run ioc-init"));
}

static int
live(struct first *f, struct ioc_error *err)
{
	int fds[LX_MSG_FDS], rc;
	int64_t command;

	(void)expect(f, LX_GO, fds, NULL);
	if ((rc = isolate(f, err)) != 0 || (rc = build(f, err)) != 0)
		return (rc);
	if (ioc_lx_msg_send(f->ctl, LX_MOUNTED, 0, 0, NULL, 0) != 0)
		return (ioc_fail_errno(err, "report"));
	(void)expect(f, LX_CREATE, fds, &command);
	f->init = fds[0];
	f->life = fds[1];
	if (command != 0) {
		(void)expect(f, LX_COMMAND, fds, NULL);
		f->plan = fds[0];
		f->status = fds[1];
		for (int i = 0; i < 3; i++)
			f->std[i] = fds[2 + i];
	}
	/* The command inherits the filter, which is dear to make. */
	if ((rc = settle(f, err)) != 0 ||
	    (rc = ioc_lx_caps_bound(f->s->j->r.caps, err)) != 0 ||
	    (rc = ioc_lx_seccomp(err)) != 0 ||
	    (command != 0 && (rc = start_command(f, err)) != 0))
		return (rc);
	return (become_init(f, err));
}

void
ioc_lx_first_process(struct lx_start *s)
{
	struct first f = { .s = s, .ctl = s->sp[1], .init = -1,
		.b = { .root = -1, .empty = -1, .null = -1 },
		.life = -1, .status = -1, .plan = -1, .std = { -1, -1, -1 } };
	int *const keep[] = { &f.ctl };
	int null;

	/* First, for the caller may have closed 0-2 and the socket be there. */
	if (ioc_lx_only_fds(keep, 1) != 0)
		_exit(1);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    dup2(null, 2) < 0) {
		(void)ioc_fail_errno(&f.e, "/dev/null of the host");
		ioc_lx_msg_error(f.ctl, &f.e);
		_exit(1);
	}
	if (null > 2)
		(void)close(null);
	if (live(&f, &f.e) != 0)
		ioc_lx_msg_error(f.ctl, &f.e);
	_exit(1);
}
