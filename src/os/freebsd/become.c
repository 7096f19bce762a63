/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last steps of a process that entered a jail: user, terminal, directory,
 * environment, exec.  It has the rights of the jail's root and no more, cannot
 * be traced until exec, and takes nothing from the jail but text that it judges.
 */
#include "os/freebsd/freebsd.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ttycom.h>

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>

#include "os/command.h"

#define	FILE_MAX	(1u << 20)

/* A command with all memory that it will need, made before the fork. */
struct fb_plan {
	char		**argv;
	char		**env;		/* with room for more */
	size_t		 envc;
	const char	*user;
	const char	*dir;
	bool		 login;
	bool		 tty;
	uint16_t	 rows, cols;
	struct ioc_user	 u;
	char		*space;
};

static size_t
count(const char *const *v, size_t *bytes)
{
	size_t n = 0;

	for (; v != NULL && v[n] != NULL; n++)
		*bytes += strlen(v[n]) + 1;
	return (n);
}

int
ioc_fb_plan_make(const struct ioc_os_exec *e, struct fb_plan **ret,
    struct ioc_error *err)
{
	size_t text = 0, argc = count(e->argv, &text);
	size_t envc = count(e->env, &text);
	struct fb_plan *p;

	if (argc == 0 && !e->login)
		return (ioc_fail(err, IOC_INVALID, "no command was given"));
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return (ioc_fail_nomem(err));
	p->argv = calloc(argc + 1, sizeof(*p->argv));
	p->env = calloc(envc + IOC_COMMAND_ENV + 1, sizeof(*p->env));
	p->space = malloc(IOC_COMMAND_SPACE(text));
	if (p->argv == NULL || p->env == NULL || p->space == NULL) {
		ioc_fb_plan_free(p);
		return (ioc_fail_nomem(err));
	}
	/* execve(2) takes texts that are not const, and leaves them alone. */
	for (size_t i = 0; i < argc; i++)
		p->argv[i] = (char *)(uintptr_t)e->argv[i];
	for (size_t i = 0; i < envc; i++)
		p->env[i] = (char *)(uintptr_t)e->env[i];
	p->envc = envc;
	p->user = e->user;
	p->dir = e->dir;
	p->login = e->login;
	p->tty = e->tty;
	p->rows = e->rows;
	p->cols = e->cols;
	*ret = p;
	return (0);
}

void
ioc_fb_plan_free(struct fb_plan *p)
{
	if (p == NULL)
		return;
	free(p->argv);
	free(p->env);
	free(p->space);
	free(p);
}

/* True when it is this device of a devfs, whatever stands at its path. */
static bool
is_device(int fd, const char *name)
{
	struct fiodgname_arg arg;
	char got[SPECNAMELEN + 1] = "";
	struct statfs fs;
	struct stat st;

	arg.len = sizeof(got);
	arg.buf = got;
	return (fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
	    fstatfs(fd, &fs) == 0 && strcmp(fs.f_fstypename, "devfs") == 0 &&
	    ioctl(fd, FIODGNAME, &arg) == 0 && strcmp(got, name) == 0);
}

static int
open_null(struct ioc_error *err)
{
	auto_fd int fd = open("/dev/null", O_RDWR | O_NOCTTY | O_NOFOLLOW |
	    O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return (ioc_fail_errno(err, "/dev/null of the jail"));
	if (!is_device(fd, "null"))
		return (ioc_fail(err, IOC_UNSAFE,
		    "/dev/null of the jail is not that device"));
	(void)fcntl(fd, F_SETFL, O_RDWR);
	return (take_fd(&fd));
}

/* Reads a file of the jail, at most FILE_MAX bytes; nothing if it is none. */
static size_t
read_file(const char *path, char **text)
{
	auto_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY |
	    O_CLOEXEC);
	struct stat st;
	size_t len = 0;
	ssize_t n;
	void *p;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return (0);
	p = mmap(NULL, FILE_MAX, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANON, -1, 0);
	if (p == MAP_FAILED)
		return (0);
	*text = p;
	while (len < FILE_MAX &&
	    (n = read(fd, *text + len, FILE_MAX - len)) > 0)
		len += (size_t)n;
	return (len);
}

/* A pty that belongs to the jail; the caller's end goes through ctl. */
static int
open_tty(struct fb_plan *p, int ctl, struct ioc_error *err)
{
	struct winsize ws = { .ws_row = p->rows, .ws_col = p->cols };
	auto_fd int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	auto_fd int slave = -1;
	char name[SPECNAMELEN + 1], path[SPECNAMELEN + 8];
	struct fiodgname_arg arg = { .len = sizeof(name), .buf = name };

	if (master < 0 || ioctl(master, FIODGNAME, &arg) != 0)
		return (ioc_fail_errno(err, "terminal"));
	(void)snprintf(path, sizeof(path), "%s%s", _PATH_DEV, name);
	slave = open(path, O_RDWR | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
	if (slave < 0)
		return (ioc_fail_errno(err, "terminal: %s of the jail", path));
	if (!is_device(slave, name))
		return (ioc_fail(err, IOC_UNSAFE,
		    "terminal: %s of the jail is not that device", path));
	(void)fcntl(slave, F_SETFL, O_RDWR);
	if (ws.ws_row != 0 && ws.ws_col != 0)
		(void)ioctl(master, TIOCSWINSZ, &ws);
	if (p->u.uid != 0 && fchown(slave, p->u.uid, (gid_t)-1) != 0)
		return (ioc_fail_errno(err, "terminal: chown"));
	if (ioc_fb_msg_send(ctl, FB_PTY, NULL, master) != 0)
		return (ioc_fail_errno(err, "terminal: pass it on"));
	if (ioctl(slave, TIOCSCTTY, 0) != 0)
		return (ioc_fail_errno(err, "terminal: take control"));
	return (take_fd(&slave));
}

/* Fills those of 0-2 that were not given. */
static int
set_stdio(struct fb_plan *p, int ctl, const int fds[3], struct ioc_error *err)
{
	auto_fd int in = -1;

	for (int i = 0; i < 3; i++) {
		if (!p->tty && fds[i] >= 0)
			continue;
		if (in < 0)
			in = p->tty ? open_tty(p, ctl, err) : open_null(err);
		if (in < 0)
			return (in);
		if (in == i)
			in = fcntl(in, F_DUPFD_CLOEXEC, 3);
		if (in < 0 || dup2(in, i) < 0)
			return (ioc_fail_errno(err, "descriptors"));
	}
	return (0);
}

static int
take_rights(const struct ioc_user *u, struct ioc_error *err)
{
	gid_t groups[IOC_USER_GROUPS + 1] = { u->gid };

	(void)umask(022);
	for (size_t i = 0; i < u->ngroups; i++)
		groups[i + 1] = u->groups[i];
	/* The kernel's own, so that nobody looks anything up. */
	if (setlogin(u->name) != 0 ||
	    setloginclass(u->uid == 0 ? "root" : "default") != 0)
		return (ioc_fail_errno(err, "login of user %s",
		    IOC_SHOW(u->name)));
	if (setgroups((int)u->ngroups + 1, groups) != 0 ||
	    setresgid(u->gid, u->gid, u->gid) != 0)
		return (ioc_fail_errno(err, "groups of user %s",
		    IOC_SHOW(u->name)));
	if (setresuid(u->uid, u->uid, u->uid) != 0)
		return (ioc_fail_errno(err, "user %s", IOC_SHOW(u->name)));
	return (0);
}

static int
enter_dir(const struct fb_plan *p, struct ioc_error *err)
{
	if (p->dir == NULL && p->login && chdir(p->u.home) == 0)
		return (0);
	if (chdir(p->dir != NULL ? p->dir : "/") != 0)
		return (ioc_fail_errno(err, "directory %s in the jail",
		    IOC_SHOW(p->dir != NULL ? p->dir : "/")));
	return (0);
}

static int
run(struct fb_plan *p, struct ioc_error *err)
{
	char shell0[sizeof(p->u.shell) + 1], *login_argv[] = { shell0, NULL };
	char *const *argv = p->login ? login_argv : p->argv;
	const char *name = p->login ? p->u.shell : argv[0];
	char *space;
	int sys;

	space = ioc_command_add_env(p->env, p->envc, &p->u, p->tty, p->space);
	if (p->login)
		(void)snprintf(shell0, sizeof(shell0), "-%s",
		    strrchr(p->u.shell, '/') + 1);
	ioc_command_reset_signals();
	sys = ioc_command_exec(name, space, argv, p->env);
	(void)ioc_fail_sys(err, sys, "run %s", IOC_SHOW(name));
	err->code = IOC_CHILD;
	return (IOC_CHILD);
}

int
ioc_fb_become(struct fb_plan *p, int ctl, const int fds[3],
    struct ioc_error *err)
{
	int rc;

	if ((rc = ioc_command_user(p->user, read_file, &p->u, err)) != 0 ||
	    (rc = set_stdio(p, ctl, fds, err)) != 0 ||
	    (rc = take_rights(&p->u, err)) != 0 ||
	    (rc = enter_dir(p, err)) != 0)
		return (rc);
	return (run(p, err));
}
