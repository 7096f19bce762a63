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

#include "os/user.h"

#define	FILE_MAX	(1u << 20)
#define	DEFAULT_PATH	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:" \
	"/sbin:/bin"
#define	EXTRA_ENV	7

/* A command with all memory that it will need, made before the fork. */
struct fb_plan {
	char		**argv;
	char		**env;		/* with room for EXTRA_ENV more */
	size_t		 envc;
	const char	*user;
	const char	*dir;
	bool		 login;
	bool		 tty;
	uint16_t	 rows, cols;
	struct ioc_user	 u;
	char		 extra[EXTRA_ENV][600];
	char		*file;		/* of the PATH, room for one */
	size_t		 file_len;
};

static size_t
count(const char *const *v)
{
	size_t n = 0;

	while (v != NULL && v[n] != NULL)
		n++;
	return (n);
}

int
ioc_fb_plan_make(const struct ioc_os_exec *e, struct fb_plan **ret,
    struct ioc_error *err)
{
	size_t argc = count(e->argv), envc = count(e->env);
	struct fb_plan *p;

	if (argc == 0 && !e->login)
		return (ioc_fail(err, IOC_INVALID, "no command was given"));
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return (ioc_fail_nomem(err));
	p->argv = calloc(argc + 1, sizeof(*p->argv));
	p->env = calloc(envc + EXTRA_ENV + 1, sizeof(*p->env));
	p->file_len = MAXPATHLEN + (argc > 0 ? strlen(e->argv[0]) : 0) + 2;
	p->file = malloc(p->file_len);
	if (p->argv == NULL || p->env == NULL || p->file == NULL) {
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
	free(p->file);
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

static int
find_user(struct fb_plan *p, struct ioc_error *err)
{
	const char *name = p->user != NULL ? p->user : "0";
	char *passwd = NULL, *group = NULL;
	size_t plen = read_file("/etc/passwd", &passwd);
	size_t glen;

	if (!ioc_user_find(passwd, plen, name, &p->u)) {
		/* A root without passwd still has its root. */
		if (plen > 0 || strcmp(name, "root") != 0)
			return (ioc_fail(err, IOC_NOT_FOUND,
			    "no user %s in the jail", IOC_SHOW(name)));
		(void)ioc_user_find(NULL, 0, "0", &p->u);
	}
	if (p->u.uid == 0 && !p->u.known)
		(void)strlcpy(p->u.name, "root", sizeof(p->u.name));
	glen = read_file("/etc/group", &group);
	if (p->u.known)
		ioc_user_groups(group, glen, &p->u);
	return (0);
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

static const char *
env_get(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return (*env + len + 1);
	return (NULL);
}

/* Adds what a program may expect and the caller did not give. */
static void
add_env(struct fb_plan *p)
{
	const char *const defaults[EXTRA_ENV - 1][2] = {
		{ "PATH", DEFAULT_PATH }, { "HOME", p->u.home },
		{ "USER", p->u.name }, { "LOGNAME", p->u.name },
		{ "SHELL", p->u.shell }, { "TERM", p->tty ? "xterm" : NULL },
	};
	size_t n = p->envc;

	for (size_t i = 0; i < EXTRA_ENV - 1; i++) {
		const char *name = defaults[i][0], *value = defaults[i][1];

		if (value == NULL || env_get(p->env, name) != NULL)
			continue;
		(void)snprintf(p->extra[i], sizeof(p->extra[i]), "%s=%s",
		    name, value);
		p->env[n++] = p->extra[i];
		p->env[n] = NULL;
	}
}

/* Tries each directory of PATH; the errno that tells most is kept. */
static int
search(struct fb_plan *p, const char *name, const char *path,
    char *const *argv)
{
	int found = ENOENT;

	if (name[0] == '\0')
		return (ENOENT);
	if (strchr(name, '/') != NULL) {
		(void)execve(name, argv, p->env);
		return (errno);
	}
	for (;;) {
		size_t len = strcspn(path, ":");

		/* An empty part would be the working directory: left out. */
		if (len > 0 && len < MAXPATHLEN) {
			(void)snprintf(p->file, p->file_len, "%.*s/%s",
			    (int)len, path, name);
			(void)execve(p->file, argv, p->env);
			if (errno != ENOENT && errno != ENOTDIR)
				found = errno;
			if (found != ENOENT && found != EACCES)
				return (found);
		}
		if (path[len] == '\0')
			return (found);
		path += len + 1;
	}
}

static void
reset_signals(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &sa, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int
run(struct fb_plan *p, struct ioc_error *err)
{
	char shell0[sizeof(p->u.shell) + 1], *login_argv[] = { shell0, NULL };
	char *const *argv = p->login ? login_argv : p->argv;
	const char *name = p->login ? p->u.shell : argv[0];
	int sys;

	add_env(p);
	if (p->login)
		(void)snprintf(shell0, sizeof(shell0), "-%s",
		    strrchr(p->u.shell, '/') + 1);
	reset_signals();
	sys = search(p, name, env_get(p->env, "PATH"), argv);
	(void)ioc_fail_sys(err, sys, "run %s", IOC_SHOW(name));
	err->code = IOC_CHILD;
	return (IOC_CHILD);
}

int
ioc_fb_become(struct fb_plan *p, int ctl, const int fds[3],
    struct ioc_error *err)
{
	int rc;

	if ((rc = find_user(p, err)) != 0 ||
	    (rc = set_stdio(p, ctl, fds, err)) != 0 ||
	    (rc = take_rights(&p->u, err)) != 0 ||
	    (rc = enter_dir(p, err)) != 0)
		return (rc);
	return (run(p, err));
}
