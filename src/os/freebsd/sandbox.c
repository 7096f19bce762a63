/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Confines a worker on FreeBSD: a throw-away jail, uid, limits, and capability
 * mode with rights that are no more than the role needs.
 *
 * The downloader opens connections and looks names up, which capability mode
 * forbids: it has the jail, which shows it no process but itself, and a uid of
 * its own, which owns nothing.
 */
#include "os/sandbox.h"

#include <sys/param.h>
#include <sys/capsicum.h>
#include <sys/jail.h>
#include <sys/procctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <sys/uio.h>
#include <sys/user.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define	N(a)	(sizeof(a) / sizeof(*(a)))
#define	LAST_FD	64		/* a worker has fewer */

/*
 * One user and group a role; the extractor must be able to set owners, the
 * verifier to read everything.  Nobody enters a jail with directories open, so
 * the verifier, which has several, is held by capability mode and its limited
 * descriptors alone.
 */
static const struct role {
	uid_t	uid;
	rlim_t	nofile;
	rlim_t	nproc;
	bool	network;
	bool	capability;
	bool	jail;
} roles[] = {
	[IOC_SANDBOX_FETCH] = { 62001, 64, 256, true, false, true },
	[IOC_SANDBOX_PARSE] = { 62002, 16, 0, false, true, true },
	[IOC_SANDBOX_EXTRACT] = { 0, 256, 256, false, true, true },
	[IOC_SANDBOX_VERIFY] = { 0, 2048, 0, false, true, false },
};

static int
limit(int resource, rlim_t value, const char *name, struct ioc_error *err)
{
	struct rlimit l;

	if (getrlimit(resource, &l) != 0)
		return (ioc_fail_errno(err, "sandbox: limit %s", name));
	if (l.rlim_max == RLIM_INFINITY || l.rlim_max > value)
		l.rlim_max = value;
	l.rlim_cur = l.rlim_max;
	if (setrlimit(resource, &l) != 0)
		return (ioc_fail_errno(err, "sandbox: limit %s", name));
	return (0);
}

/*
 * Addresses that are in use already, by the program and its libraries.  What is
 * allowed beside them is memory: malloc(3) gets all of it from mmap(2), of which
 * RLIMIT_DATA knows nothing.
 */
static int
mapped(rlim_t *ret, struct ioc_error *err)
{
	int mib[] = { CTL_KERN, KERN_PROC, KERN_PROC_PID, getpid() };
	struct kinfo_proc k;
	size_t len = sizeof(k);

	if (sysctl(mib, N(mib), &k, &len, NULL, 0) != 0 || len < sizeof(k))
		return (ioc_fail_errno(err, "sandbox: size of the process"));
	*ret = (rlim_t)k.ki_size;
	return (0);
}

static int
set_limits(const struct ioc_sandbox *s, const struct role *role,
    struct ioc_error *err)
{
	rlim_t memory = s->max_memory != 0 ? (rlim_t)s->max_memory :
	    (rlim_t)512 << 20, before = 0;
	int r = mapped(&before, err);
	const struct {
		int		 resource;
		rlim_t		 value;
		const char	*name;
	} limits[] = {
		{ RLIMIT_AS, before + memory, "addresses" },
		{ RLIMIT_NOFILE, role->nofile, "descriptors" },
		{ RLIMIT_NPROC, role->nproc, "processes" },
		{ RLIMIT_CORE, 0, "core" },
		{ RLIMIT_MEMLOCK, 0, "locked memory" },
		{ RLIMIT_KQUEUES, 4, "kqueues" },
		{ RLIMIT_NPTS, 0, "terminals" },
		{ RLIMIT_FSIZE, s->role == IOC_SANDBOX_PARSE ? 0 :
		    RLIM_INFINITY, "file size" },
	};

	for (size_t i = 0; r == 0 && i < N(limits); i++)
		if (limits[i].value != RLIM_INFINITY)
			r = limit(limits[i].resource, limits[i].value,
			    limits[i].name, err);
	return (r);
}

/*
 * A jail that ends with this process: no other process, no System V IPC, no
 * mount, no kernel module, and addresses only for a role that needs them.
 */
static int
enter_jail(const struct role *role, const char *root, struct ioc_error *err)
{
	int net = role->network ? JAIL_SYS_INHERIT : JAIL_SYS_DISABLE;
	bool fflags = role->uid == 0;
	int statfs = 2, level = 3, none = 0;
	char errmsg[128] = "";
#define	PARAM(name, value, len)						\
	{ (void *)(uintptr_t)(name), strlen(name) + 1 }, { (value), (len) }
	struct iovec v[] = {
		PARAM("path", (void *)(uintptr_t)root, strlen(root) + 1),
		PARAM("ip4", &net, sizeof(net)),
		PARAM("ip6", &net, sizeof(net)),
		PARAM("enforce_statfs", &statfs, sizeof(statfs)),
		PARAM("securelevel", &level, sizeof(level)),
		PARAM("children.max", &none, sizeof(none)),
		PARAM("errmsg", errmsg, sizeof(errmsg)),
		PARAM("allow.noset_hostname", NULL, 0),
		/* For the file flags of what is unpacked. */
		PARAM(fflags ? "allow.chflags" : "allow.nochflags", NULL, 0),
	};

	if (jail_set(v, N(v), JAIL_CREATE | JAIL_ATTACH) >= 0)
		return (0);
	return (ioc_fail_errno(err, "sandbox: jail%s%s",
	    errmsg[0] != '\0' ? ": " : "", errmsg));
}

/*
 * The extractor's jail has the directory as its root.  Nobody enters a jail
 * with a directory open, so it is closed before and opened again from inside.
 */
static int
enter_directory(const struct ioc_sandbox *s, const struct role *role,
    struct ioc_error *err)
{
	int r, fd;

	if (fchdir(s->dir_fd) != 0 || close(s->dir_fd) != 0)
		return (ioc_fail_errno(err, "sandbox: the directory"));
	r = enter_jail(role, ".", err);
	if (r != 0)
		return (r);
	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (fd != s->dir_fd &&
	    (dup2(fd, s->dir_fd) < 0 || close(fd) != 0)))
		return (ioc_fail_errno(err, "sandbox: the directory"));
	if (fcntl(s->dir_fd, F_SETFD, FD_CLOEXEC) != 0)
		return (ioc_fail_errno(err, "sandbox: the directory"));
	return (0);
}

static int
drop_root(const struct role *role, struct ioc_error *err)
{
	if (setgroups(1, (gid_t[]){ role->uid }) != 0 ||
	    setresgid(role->uid, role->uid, role->uid) != 0 ||
	    setresuid(role->uid, role->uid, role->uid) != 0)
		return (ioc_fail_errno(err, "sandbox: user %u",
		    (unsigned)role->uid));
	return (0);
}

static int
control(int command, int value, const char *name, struct ioc_error *err)
{
	if (procctl(P_PID, getpid(), command, &value) == 0)
		return (0);
	return (ioc_fail_errno(err, "sandbox: %s", name));
}

static int
set_controls(struct ioc_error *err)
{
	int r;

	r = control(PROC_TRACE_CTL, PROC_TRACE_CTL_DISABLE, "tracing", err);
	if (r == 0)
		r = control(PROC_PDEATHSIG_CTL, SIGKILL, "end with its parent",
		    err);
#ifdef PROC_NO_NEW_PRIVS_CTL
	/* A kernel before it knows no such command. */
	if (r == 0)
		r = control(PROC_NO_NEW_PRIVS_CTL, PROC_NO_NEW_PRIVS_ENABLE,
		    "no new privileges", err);
#endif
	return (r);
}

/* What may be done with the one directory, and with what is made in it. */
static void
directory_rights(cap_rights_t *r, bool devices)
{
	(void)cap_rights_init(r, CAP_CHFLAGSAT, CAP_CREATE, CAP_FCHFLAGS,
	    CAP_FCHMOD, CAP_FCHMODAT, CAP_FCHOWN, CAP_FCHOWNAT, CAP_FSTAT,
	    CAP_FSTATAT, CAP_FSTATFS, CAP_FSYNC, CAP_FTRUNCATE, CAP_FUTIMES,
	    CAP_FUTIMESAT, CAP_LINKAT_SOURCE, CAP_LINKAT_TARGET, CAP_LOOKUP,
	    CAP_MKDIRAT, CAP_PREAD, CAP_PWRITE, CAP_READ, CAP_SEEK,
	    CAP_SYMLINKAT, CAP_UNLINKAT, CAP_WRITE);
	if (devices)
		(void)cap_rights_set(r, CAP_MKNODAT, CAP_MKFIFOAT);
}

/* What a verifier may do with a directory, and with what is beneath it. */
static void
reading_rights(cap_rights_t *r)
{
	(void)cap_rights_init(r, CAP_FSTAT, CAP_FSTATAT, CAP_FSTATFS,
	    CAP_LOOKUP, CAP_PREAD, CAP_READ, CAP_SEEK);
}

static bool
is_read(const struct ioc_sandbox *s, int fd)
{
	for (size_t i = 0; i < s->nread; i++)
		if (s->read_fds[i] == fd)
			return (true);
	return (false);
}

static int
limit_descriptor(const struct ioc_sandbox *s, int fd, struct ioc_error *err)
{
	cap_rights_t r;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return (errno == EBADF ? 0 :
		    ioc_fail_errno(err, "sandbox: descriptor %d", fd));
	if (fd == s->dir_fd)
		directory_rights(&r, s->devices);
	else if (is_read(s, fd))
		reading_rights(&r);
	else if (S_ISDIR(st.st_mode))
		return (ioc_fail(err, IOC_UNSAFE,
		    "sandbox: descriptor %d is a directory", fd));
	else if (S_ISSOCK(st.st_mode))
		(void)cap_rights_init(&r, CAP_READ, CAP_WRITE, CAP_EVENT,
		    CAP_FSTAT, CAP_GETSOCKOPT);
	else
		(void)cap_rights_init(&r, CAP_READ, CAP_WRITE, CAP_SEEK,
		    CAP_PREAD, CAP_PWRITE, CAP_FSTAT, CAP_FTRUNCATE);
	if (cap_rights_limit(fd, &r) != 0)
		return (ioc_fail_errno(err, "sandbox: rights of descriptor %d",
		    fd));
	return (0);
}

static int
enter_capability_mode(const struct ioc_sandbox *s, bool *lacks,
    struct ioc_error *err)
{
	int r = 0;

	/* What there is none of would have all its rights. */
	closefrom(LAST_FD);
	for (int fd = 0; r == 0 && fd < LAST_FD; fd++)
		r = limit_descriptor(s, fd, err);
	if (r == 0 && cap_enter() != 0) {
		*lacks = errno == ENOSYS;
		r = *lacks ? 0 : ioc_fail_errno(err,
		    "sandbox: capability mode");
	}
	if (r == IOC_UNSUPPORTED && err != NULL && err->sys == ENOSYS) {
		*lacks = true;
		r = 0;
	}
	return (r);
}

int
ioc_sandbox_enter(const struct ioc_sandbox *s, char missing[128],
    struct ioc_error *err)
{
	const struct role *role = &roles[s->role];
	bool lacks = false;
	int r = 0;

	if (missing != NULL)
		missing[0] = '\0';
	if (chdir("/") != 0)
		return (ioc_fail_errno(err, "sandbox: /"));
	/* Device nodes cannot be made in a jail. */
	if (geteuid() == 0 && !s->devices && role->jail)
		r = s->role == IOC_SANDBOX_EXTRACT ?
		    enter_directory(s, role, err) : enter_jail(role, "/", err);
	if (r == 0 && geteuid() == 0 && role->uid != 0)
		r = drop_root(role, err);
	if (r == 0)
		r = set_controls(err);
	if (r == 0)
		r = set_limits(s, role, err);
	if (r == 0 && role->capability)
		r = enter_capability_mode(s, &lacks, err);
	if (r == 0 && lacks && missing != NULL)
		(void)strlcpy(missing, "capsicum", 128);
	return (r);
}
