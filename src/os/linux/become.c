/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last steps of a process that enters a jail: user, terminal, rights,
 * directory, environment, exec.  It runs with the jail's root rights in all of
 * the jail's namespaces, cannot be traced until exec, and takes nothing from
 * the jail but text that it judges.
 */
#include "os/linux/linux.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <errno.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>

#define	FILE_MAX	(1u << 20)

int
ioc_lx_open_null(struct ioc_error *err)
{
	auto_fd int fd = open("/dev/null", O_RDWR | O_NOCTTY | O_NOFOLLOW |
	    O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "/dev/null of the jail"));
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return (ioc_fail(err, IOC_UNSAFE,
		    "/dev/null of the jail is not that device"));
	(void)fcntl(fd, F_SETFL, O_RDWR);
	return (take_fd(&fd));
}

/*
 * Reads a file of the jail, at most FILE_MAX bytes; nothing if it is none.  It
 * may be a link, but not one to what this process has: its descriptors, its
 * program, its environment.
 */
static size_t
read_file(const char *path, char **text)
{
	struct open_how how = {
		.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_NO_MAGICLINKS | RESOLVE_IN_ROOT,
	};
	auto_fd int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how,
	    sizeof(how));
	struct statfs fs;
	struct stat st;
	size_t len = 0;
	ssize_t n;
	void *p;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    fstatfs(fd, &fs) != 0 || fs.f_type == PROC_SUPER_MAGIC)
		return (0);
	p = mmap(NULL, FILE_MAX, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return (0);
	*text = p;
	while (len < FILE_MAX &&
	    (n = read(fd, *text + len, FILE_MAX - len)) > 0)
		len += (size_t)n;
	return (len);
}

static int
open_tty(const struct lx_plan *p, const struct ioc_user *u, int ctl,
    struct ioc_error *err)
{
	struct winsize ws = { .ws_row = p->rows, .ws_col = p->cols };
	auto_fd int ptmx = -1, slave = -1;
	struct statfs fs;
	struct stat st;
	int unlock = 0;

	ptmx = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW |
	    O_CLOEXEC);
	if (ptmx < 0 || fstatfs(ptmx, &fs) != 0 || fstat(ptmx, &st) != 0)
		return (ioc_fail_errno(err, "terminal: /dev/pts/ptmx"));
	if (fs.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) ||
	    st.st_rdev != makedev(5, 2))
		return (ioc_fail(err, IOC_UNSAFE,
		    "terminal: /dev/pts/ptmx of the jail is not that device"));
	if (ioctl(ptmx, TIOCSPTLCK, &unlock) != 0 ||
	    (slave = ioctl(ptmx, TIOCGPTPEER, O_RDWR | O_NOCTTY |
	    O_CLOEXEC)) < 0)
		return (ioc_fail_errno(err, "terminal: open the slave"));
	if (ws.ws_row != 0 && ws.ws_col != 0)
		(void)ioctl(ptmx, TIOCSWINSZ, &ws);
	if (u->uid != 0 && fchown(slave, u->uid, (gid_t)-1) != 0)
		return (ioc_fail_errno(err, "terminal: chown"));
	if (ioc_lx_msg_send(ctl, LX_PTY, 0, 0, &ptmx, 1) != 0)
		return (ioc_fail_errno(err, "terminal: pass it on"));
	if (ioctl(slave, TIOCSCTTY, 0) != 0)
		return (ioc_fail_errno(err, "terminal: take control"));
	return (take_fd(&slave));
}

/* Nothing but these: before any name of the jail is looked up. */
static int
drop_fds(int in[3], int *init, int *ctl, struct ioc_error *err)
{
	int *const keep[] = { &in[0], &in[1], &in[2], ctl, init };

	if (ioc_lx_only_fds(keep, 5) != 0)
		return (ioc_fail_errno(err, "descriptors"));
	return (0);
}

/* Descriptors 0-2, ctl as 3, ioc-init as 4; everything else is closed. */
static int
set_stdio(const struct lx_plan *p, const struct ioc_user *u, int in[3],
    int *init, int *ctl, struct ioc_error *err)
{
	int tty = -1, rc;

	if (p->tty) {
		tty = open_tty(p, u, *ctl, err);
		if (tty < 0)
			return (tty);
	}
	for (int i = 0; i < 3; i++) {
		if (p->tty)
			in[i] = tty;
		if (in[i] < 0)
			in[i] = ioc_lx_open_null(err);
		if (in[i] < 0)
			return (in[i]);
	}
	if ((rc = drop_fds(in, init, ctl, err)) != 0)
		return (rc);
	for (int i = 0; i < 3; i++)
		if (dup2(in[i], i) < 0)
			return (ioc_fail_errno(err, "descriptors"));
	if (dup3(*ctl, 3, O_CLOEXEC) < 0 ||
	    (*init >= 0 && dup3(*init, 4, O_CLOEXEC) < 0))
		return (ioc_fail_errno(err, "descriptors"));
	*ctl = 3;
	if (*init >= 0)
		*init = 4;
	(void)sys_close_range(*init >= 0 ? 5 : 4, ~0U);
	return (0);
}

/* The filter needs a right that is dropped, so it comes in between. */
static int
take_rights(const struct ioc_user *u, const struct lx_rights *r,
    struct ioc_error *err)
{
	int rc;

	if (r->limits.has_nofile &&
	    setrlimit(RLIMIT_NOFILE, &r->limits.nofile) != 0)
		return (ioc_fail_errno(err, "limit openfiles"));
	(void)umask(022);
	if (!r->confined && (rc = ioc_lx_caps_bound(r->caps, err)) != 0)
		return (rc);
	if (syscall(SYS_setgroups, u->ngroups, u->groups) != 0 ||
	    syscall(SYS_setresgid, u->gid, u->gid, u->gid) != 0)
		return (ioc_fail_errno(err, "groups of user %s",
		    IOC_SHOW(u->name)));
	if (!r->confined && (rc = ioc_lx_seccomp(err)) != 0)
		return (rc);
	if (syscall(SYS_setresuid, u->uid, u->uid, u->uid) != 0)
		return (ioc_fail_errno(err, "user %s", IOC_SHOW(u->name)));
	rc = ioc_lx_caps_set(u->uid == 0 ? r->caps : 0, err);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return (rc);
}

static int
enter_dir(const struct lx_plan *p, const struct ioc_user *u,
    struct ioc_error *err)
{
	const char *dir = p->dir != 0 ? (const char *)p + p->dir : NULL;

	if (dir == NULL && p->login && chdir(u->home) == 0)
		return (0);
	if (chdir(dir != NULL ? dir : "/") != 0)
		return (ioc_fail_errno(err, "directory %s in the jail",
		    IOC_SHOW(dir != NULL ? dir : "/")));
	return (0);
}

/* As ioc_command_exec, by ioc-init, which reports through ctl: returns if that fails. */
static int
exec_by(int init, int ctl, const char *name, char *const *argv,
    char *const *env, size_t argc, struct ioc_error *err)
{
	const char *path = ioc_command_getenv(env, "PATH");
	size_t size = (argc + 5) * sizeof(char *);
	char self[] = "ioc-exec", fd[16], **all;

	all = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (all == MAP_FAILED || fcntl(ctl, F_SETFD, 0) != 0)
		return (ioc_fail_errno(err, "run ioc-init"));
	(void)snprintf(fd, sizeof(fd), "%d", ctl);
	all[0] = self;
	all[1] = fd;
	memcpy(&all[2], &path, sizeof(path));
	memcpy(&all[3], &name, sizeof(name));
	memcpy(&all[4], argv, argc * sizeof(*argv));
	all[4 + argc] = NULL;
	(void)syscall(SYS_execveat, init, "", all, env, AT_EMPTY_PATH);
	/* Its arguments are the command's, and some more. */
	(void)ioc_fail_errno(err, "run %s", IOC_SHOW(name));
	err->code = IOC_CHILD;
	return (IOC_CHILD);
}

static int
run(struct lx_plan *p, const struct ioc_user *u, int init, int ctl,
    struct ioc_error *err)
{
	char **argv = (char **)(void *)((char *)p + p->argv);
	char **env = (char **)(void *)((char *)p + p->env);
	char *space = (char *)p + p->scratch, shell0[sizeof(u->shell) + 1];
	char *login_argv[2] = { shell0, NULL };
	size_t argc = p->login ? 1 : p->argc;
	const char *name;
	int sys;

	for (size_t i = 0; i < p->argc; i++)
		argv[i] = (char *)p + (uintptr_t)argv[i];
	for (size_t i = 0; i < p->envc; i++)
		env[i] = (char *)p + (uintptr_t)env[i];
	space = ioc_command_add_env(env, p->envc, u, p->tty, space);
	if (p->login) {
		const char *base = strrchr(u->shell, '/');

		(void)snprintf(shell0, sizeof(shell0), "-%s", base + 1);
		argv = login_argv;
		name = u->shell;
	} else
		name = argv[0];
	ioc_command_reset_signals();
	if (init >= 0)
		return (exec_by(init, ctl, name, argv, env, argc, err));
	sys = ioc_command_exec(name, space, argv, env);
	(void)ioc_fail_sys(err, sys, "run %s", IOC_SHOW(name));
	err->code = IOC_CHILD;
	return (IOC_CHILD);
}

int
ioc_lx_become(struct lx_plan *p, const struct lx_rights *r, int *ctl,
    const int fds[3], struct ioc_error *err)
{
	const char *who = p->user != 0 ? (const char *)p + p->user : NULL;
	int in[3] = { fds[0], fds[1], fds[2] }, init = r->init, rc;
	struct ioc_user u;

	/* The terminal, and the keys, of whoever asked stay outside. */
	(void)setsid();
	if (!r->confined)
		(void)syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */,
		    NULL);
	if ((rc = drop_fds(in, &init, ctl, err)) != 0 ||
	    (rc = ioc_command_user(who, read_file, &u, err)) != 0 ||
	    (rc = set_stdio(p, &u, in, &init, ctl, err)) != 0 ||
	    (rc = take_rights(&u, r, err)) != 0 ||
	    (rc = enter_dir(p, &u, err)) != 0)
		return (rc);
	return (run(p, &u, init, *ctl, err));
}
