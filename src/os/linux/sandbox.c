/* SPDX-License-Identifier: BSD-2-Clause */
/* Confines a worker on Linux: uid, capabilities, limits, system calls. */
#include "os/sandbox.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sandbox_filter.h"
#include "sandbox_linux.h"

#define	N(a)	(sizeof(a) / sizeof(*(a)))
#define	MAPPED	((rlim_t)256 << 20)	/* the program, libraries, stacks */

/*
 * One user and group a role, so that no two roles, and nothing else on the
 * host, can touch each other: numbers above those of people and below those
 * that systemd and containers hand out.  They need no entry in passwd(5).
 */
static const struct role {
	uid_t		 uid;
	uint64_t	 caps;		/* that are kept */
	rlim_t		 nofile;
	rlim_t		 nproc;		/* threads of all workers of the role */
	const struct sock_filter *filter;
	unsigned short	 nfilter;
} roles[] = {
	[IOC_SANDBOX_FETCH] = { 62001, 0, 64, 256, fetch_filter,
	    N(fetch_filter) },
	[IOC_SANDBOX_PARSE] = { 62002, 0, 16, 0, parse_filter,
	    N(parse_filter) },
	[IOC_SANDBOX_EXTRACT] = { 62003,
	    1u << CAP_CHOWN | 1u << CAP_FOWNER | 1u << CAP_FSETID |
	    1u << CAP_DAC_OVERRIDE, 256, 256, extract_filter,
	    N(extract_filter) },
	[IOC_SANDBOX_VERIFY] = { 62004, 1u << CAP_DAC_READ_SEARCH, 2048, 0,
	    verify_filter, N(verify_filter) },
};

static int
limit(int resource, rlim_t value, const char *name, struct ioc_error *err)
{
	struct rlimit l;

	if (getrlimit((__rlimit_resource_t)resource, &l) != 0)
		return (ioc_fail_errno(err, "sandbox: limit %s", name));
	if (l.rlim_max == RLIM_INFINITY || l.rlim_max > value)
		l.rlim_max = value;
	l.rlim_cur = l.rlim_max;
	if (setrlimit((__rlimit_resource_t)resource, &l) != 0)
		return (ioc_fail_errno(err, "sandbox: limit %s", name));
	return (0);
}

static int
set_limits(const struct ioc_sandbox *s, const struct role *role,
    struct ioc_error *err)
{
	rlim_t memory = s->max_memory != 0 ? (rlim_t)s->max_memory :
	    (rlim_t)512 << 20;
	const struct {
		int		 resource;
		rlim_t		 value;
		const char	*name;
	} limits[] = {
		{ RLIMIT_DATA, memory, "memory" },
		{ RLIMIT_AS, memory + MAPPED, "addresses" },
		{ RLIMIT_NOFILE, role->nofile, "descriptors" },
		{ RLIMIT_NPROC, role->nproc, "processes" },
		{ RLIMIT_CORE, 0, "core" },
		{ RLIMIT_MEMLOCK, 0, "locked memory" },
		{ RLIMIT_MSGQUEUE, 0, "message queues" },
		{ RLIMIT_FSIZE, s->role == IOC_SANDBOX_PARSE ? 0 :
		    RLIM_INFINITY, "file size" },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < N(limits); i++)
		if (limits[i].value != RLIM_INFINITY)
			r = limit(limits[i].resource, limits[i].value,
			    limits[i].name, err);
	return (r);
}

/* All sets hold just `keep`; nothing can bring more back. */
static int
set_caps(uint64_t keep, struct ioc_error *err)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct d[2] = {
		{ .effective = (uint32_t)keep, .permitted = (uint32_t)keep },
		{ .effective = (uint32_t)(keep >> 32),
		    .permitted = (uint32_t)(keep >> 32) },
	};

	if (syscall(SYS_capset, &h, d) != 0)
		return (ioc_fail_errno(err, "sandbox: capabilities"));
	return (0);
}

static int
drop_bounding(uint64_t keep, struct ioc_error *err)
{
	for (int cap = 0; cap < 64; cap++) {
		if ((keep & (UINT64_C(1) << cap)) != 0)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			break;	/* behind the last that the kernel knows */
		return (ioc_fail_errno(err, "sandbox: bounding set"));
	}
	return (0);
}

/*
 * A server of FUSE decides by itself who may do what, by uid: it knows nothing of
 * capabilities; with default_permissions the kernel asks for them as well.  On
 * its file systems a worker stays root, with no more of them than elsewhere, in
 * its view, and behind its filter.
 */
static bool
is_fuse(const struct ioc_sandbox *s)
{
	int fd = s->role == IOC_SANDBOX_EXTRACT ? s->dir_fd :
	    s->nread > 0 ? s->read_fds[0] : -1;
	struct statfs st;

	return (fd >= 0 && fstatfs(fd, &st) == 0 &&
	    (unsigned long)st.f_type == FUSE_SUPER_MAGIC);
}

static int
drop_root(const struct ioc_sandbox *s, const struct role *role,
    struct ioc_error *err)
{
	uint64_t keep = role->caps;
	uid_t uid = is_fuse(s) ? 0 : role->uid;
	int r;

	if (s->role == IOC_SANDBOX_EXTRACT && s->devices)
		keep |= 1u << CAP_MKNOD;
	if (s->role == IOC_SANDBOX_VERIFY && s->nread > 1)
		keep |= 1u << CAP_SYS_ADMIN;
	r = drop_bounding(keep, err);
	if (r != 0)
		return (r);
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
		return (ioc_fail_errno(err, "sandbox: ambient set"));
	if (prctl(PR_SET_SECUREBITS, (SECURE_ALL_BITS | SECURE_ALL_LOCKS) &
	    ~SECBIT_KEEP_CAPS, 0, 0, 0) != 0)
		return (ioc_fail_errno(err, "sandbox: securebits"));
	if (setgroups(0, NULL) != 0 ||
	    setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
		return (ioc_fail_errno(err, "sandbox: user %u",
		    (unsigned)uid));
	return (set_caps(keep, err));
}

/* An unprivileged caller may have been given capabilities: none stays. */
static int
drop_caps(struct ioc_error *err)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
		return (ioc_fail_errno(err, "sandbox: ambient set"));
	return (set_caps(0, err));
}

static int
set_filter(const struct role *role, bool *lacks, struct ioc_error *err)
{
	struct sock_filter program[N(fetch_filter) + N(parse_filter) +
	    N(extract_filter) + N(verify_filter)];
	struct sock_fprog prog = { .len = role->nfilter, .filter = program };

	/* The system call's argument is not const. */
	memcpy(program, role->filter, role->nfilter * sizeof(*program));
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) != 0) {
		*lacks = errno == EINVAL;
		return (*lacks ? 0 : ioc_fail_errno(err,
		    "sandbox: system call filter"));
	}
	return (0);
}

static void
lacking(char missing[128], bool lacks, const char *name)
{
	size_t len;

	if (!lacks || missing == NULL)
		return;
	len = strlen(missing);
	(void)snprintf(missing + len, 128 - len, "%s%s", len > 0 ? " " : "",
	    name);
}

int
ioc_sandbox_enter(const struct ioc_sandbox *s, char missing[128],
    struct ioc_error *err)
{
	const struct role *role = &roles[s->role];
	bool no_view = false, no_landlock = false, no_filter = false;
	bool root = geteuid() == 0;
	int r = 0;

	if (missing != NULL)
		missing[0] = '\0';
	if (chdir("/") != 0)
		return (ioc_fail_errno(err, "sandbox: /"));
	if (root)
		r = ioc_sandbox_view(s, &no_view, err);
	if (r == 0)
		r = root ? drop_root(s, role, err) : drop_caps(err);
	if (r == 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0))
		r = ioc_fail_errno(err, "sandbox: no new privileges");
	if (r == 0)
		r = ioc_sandbox_landlock(s, &no_landlock, err);
	if (r == 0)
		r = set_limits(s, role, err);
	if (r == 0)
		r = set_filter(role, &no_filter, err);
	if (r != 0)
		return (r);
	lacking(missing, no_view, "namespaces");
	lacking(missing, no_landlock, "landlock");
	lacking(missing, no_filter, "seccomp");
	return (0);
}
