/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control groups, v2 where the controller is there, else v1.
 *
 * A v2 group is made for every jail where a v2 hierarchy is mounted, also one
 * without controllers: entering it at birth is free, and it shows what belongs
 * to the jail.  Groups of v1 are made for limits only, because moving a process
 * there costs milliseconds.  A host without any of it runs jails as well: the
 * pid namespace alone guarantees that nothing outlives its init.
 */
#include "os/linux/linux.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define	PARENT		"ioc"
#define	DIR_MAX		256

static const char *const controllers[LX_CGROUPS] = {
	NULL, "memory", "pids", "cpu",
};

enum { RLIMIT_ONLY = 0 };

static const struct {
	const char	*name;
	unsigned	 cg;		/* 0: a limit of each process */
	const char	*v2, *v1;
} limits[] = {
	{ "memoryuse", LX_CG_MEMORY, "memory.max", "memory.limit_in_bytes" },
	{ "swapuse", LX_CG_MEMORY, "memory.swap.max", NULL },
	{ "maxproc", LX_CG_PIDS, "pids.max", "pids.max" },
	{ "pcpu", LX_CG_CPU, "cpu.max", "cpu.cfs_quota_us" },
	{ "openfiles", RLIMIT_ONLY, NULL, NULL },
};

static int
read_all(const char *path, struct ioc_buf *b)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return (-1);
	do {
		if (ioc_buf_reserve(b, 4096) != 0)
			return (-1);
		n = read(fd, b->data + b->len, 4096);
		if (n > 0)
			ioc_buf_commit(b, (size_t)n);
	} while (n > 0);
	return (n < 0 ? -1 : 0);
}

/* A word of a list separated by commas or spaces. */
static bool
has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; (p = strstr(p, word)) != NULL; p += len)
		if ((p == list || strchr(", ", p[-1]) != NULL) &&
		    strchr(", \n", p[len]) != NULL)
			return (true);
	return (false);
}

/* Mount points have \040 for a space, and the like. */
static void
unescape(char *s)
{
	char *out = s;

	for (; *s != '\0'; s++, out++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' &&
		    s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
			*out = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 +
			    (s[3] - '0'));
			s += 3;
		} else
			*out = *s;
	}
	*out = '\0';
}

/* "36 35 98:0 /root /point options ... - type source super-options" */
static void
mount_line(struct ioc_os *os, char *line)
{
	char *dash = strstr(line, " - cgroup"), *point = line, *super, *end;
	bool v2;

	if (dash == NULL)
		return;
	v2 = ioc_str_starts(dash, " - cgroup2 ");
	super = strrchr(dash, ' ') + 1;
	for (int i = 0; i < 4 && point != NULL; i++)
		point = strchr(point + 1, ' ');
	if (point == NULL || (end = strchr(++point, ' ')) == NULL)
		return;
	*end = '\0';
	unescape(point);
	for (int i = 0; i < LX_CGROUPS; i++) {
		if (os->cgroup[i] >= 0 ||
		    (i == 0 ? !v2 : v2 || !has_word(super, controllers[i])))
			continue;
		os->cgroup[i] = open(point, O_RDONLY | O_DIRECTORY |
		    O_CLOEXEC);
	}
}

static void
find_mounts(struct ioc_os *os)
{
	auto_buf struct ioc_buf b = IOC_BUF(4u << 20);
	char *line, *end;

	if (os->cgroups_known)
		return;
	os->cgroups_known = true;
	if (read_all("/proc/self/mountinfo", &b) != 0 || b.data == NULL)
		return;
	for (line = b.data; (end = strchr(line, '\n')) != NULL;
	    line = end + 1) {
		*end = '\0';
		mount_line(os, line);
	}
}

/* The jail's directory in each hierarchy; another run directory has others. */
static void
group_dir(const struct ioc_os *os, const struct lx_record *r, char out[DIR_MAX],
    const char *file)
{
	(void)snprintf(out, DIR_MAX, PARENT "/%s@%s%s%s", r->name, os->run_id,
	    file != NULL ? "/" : "", file != NULL ? file : "");
}

static int
write_at(int dir, const char *file, const char *text)
{
	auto_fd int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);

	return (fd >= 0 && write(fd, text, len) == (ssize_t)len ? 0 : -1);
}

static int
make_dir(struct ioc_os *os, const struct lx_record *r, int i,
    struct ioc_error *err)
{
	char dir[DIR_MAX];

	group_dir(os, r, dir, NULL);
	/* Another jail's end may take the empty parent away in between. */
	for (int tries = 0; tries < 16; tries++) {
		if (mkdirat(os->cgroup[i], dir, 0755) == 0 || errno == EEXIST)
			return (0);
		if (errno != ENOENT || (mkdirat(os->cgroup[i], PARENT, 0755) !=
		    0 && errno != EEXIST))
			break;
	}
	return (ioc_fail_errno(err, "limits: make cgroup %s", dir));
}

static bool
v2_has(struct ioc_os *os, const char *controller)
{
	char text[512];
	auto_fd int fd = -1;
	ssize_t n;

	if (os->cgroup[0] < 0)
		return (false);
	fd = openat(os->cgroup[0], "cgroup.controllers", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (n = read(fd, text, sizeof(text) - 1)) <= 0)
		return (false);
	text[n] = '\0';
	return (has_word(text, controller));
}

static int
index_of(unsigned cg)
{
	int i = 0;

	while (cg >> (i + 1) != 0)
		i++;
	return (i);
}

/* Where a controller's limit is written: v2 or the hierarchy of v1. */
static int
place(struct ioc_os *os, size_t l, bool *v2, struct ioc_error *err)
{
	int i = index_of(limits[l].cg);
	const char *name = controllers[i];

	*v2 = v2_has(os, name);
	if (*v2)
		return (0);
	if (os->cgroup[i] >= 0 && limits[l].v1 != NULL)
		return (i);
	if (os->cgroup[i] >= 0)
		return (ioc_fail(err, IOC_UNSUPPORTED, "limit %s: control "
		    "groups of version 1 cannot do that", limits[l].name));
	return (ioc_fail(err, IOC_UNSUPPORTED, "limit %s: no cgroup hierarchy "
	    "with the %s controller is mounted", limits[l].name, name));
}

static int
find_limit(const struct ioc_os_limit *l, size_t *ret, struct ioc_error *err)
{
	if (strcmp(l->action, "deny") != 0)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "limit %s: Linux knows the action deny only, not %s",
		    IOC_SHOW(l->name), IOC_SHOW(l->action)));
	if (l->per != NULL && strcmp(l->per, "jail") != 0)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "limit %s: Linux counts per jail only, not per %s",
		    IOC_SHOW(l->name), IOC_SHOW(l->per)));
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		if (strcmp(limits[i].name, l->name) == 0) {
			*ret = i;
			return (0);
		}
	}
	return (ioc_fail(err, IOC_UNSUPPORTED, "limit %s: no such limit on "
	    "Linux, which has memoryuse, swapuse, maxproc, pcpu, openfiles",
	    IOC_SHOW(l->name)));
}

static int
set_limit(struct ioc_os_jail *j, size_t l, uint64_t amount,
    struct ioc_error *err)
{
	char file[DIR_MAX], value[64];
	int i, rc;
	bool v2;

	i = place(j->os, l, &v2, err);
	if (i < 0)
		return (i);
	if ((rc = make_dir(j->os, &j->r, i, err)) != 0)
		return (rc);
	group_dir(j->os, &j->r, file, v2 ? limits[l].v2 : limits[l].v1);
	/* A percentage of one processor, in time out of 100 ms. */
	if (limits[l].cg == LX_CG_CPU && amount > UINT64_C(1) << 20)
		return (ioc_fail(err, IOC_INVALID, "limit pcpu: too large"));
	if (limits[l].cg == LX_CG_CPU)
		(void)snprintf(value, sizeof(value), "%" PRIu64 "%s",
		    amount * 1000, v2 ? " 100000" : "");
	else
		(void)snprintf(value, sizeof(value), "%" PRIu64, amount);
	if (write_at(j->os->cgroup[i], file, value) != 0)
		return (ioc_fail_errno(err, "limit %s=%" PRIu64,
		    limits[l].name, amount));
	return (0);
}

/* Which groups the limits need, and v2's controllers switched on for them. */
static int
plan_limits(struct ioc_os_jail *j, const struct ioc_os_limit *l, size_t n,
    unsigned *need, struct ioc_error *err)
{
	int i, rc;

	for (size_t k = 0; k < n; k++) {
		char on[32];
		size_t which;
		bool v2;

		if ((rc = find_limit(&l[k], &which, err)) != 0)
			return (rc);
		if (limits[which].cg == RLIMIT_ONLY) {
			j->limits.has_nofile = true;
			j->limits.nofile.rlim_cur = l[k].amount;
			j->limits.nofile.rlim_max = l[k].amount;
			continue;
		}
		if ((i = place(j->os, which, &v2, err)) < 0)
			return (i);
		*need |= 1U << i;
		if (!v2)
			continue;
		(void)snprintf(on, sizeof(on), "+%s",
		    controllers[index_of(limits[which].cg)]);
		if ((mkdirat(j->os->cgroup[0], PARENT, 0755) != 0 &&
		    errno != EEXIST) || write_at(j->os->cgroup[0],
		    "cgroup.subtree_control", on) != 0 ||
		    write_at(j->os->cgroup[0],
		    PARENT "/cgroup.subtree_control", on) != 0)
			return (ioc_fail_errno(err,
			    "limits: switch %s on in the cgroup tree", on));
	}
	return (0);
}

int
ioc_lx_cgroup_make(struct ioc_os_jail *j, const struct ioc_os_limit *l,
    size_t n, struct ioc_error *err)
{
	unsigned need = 0;
	char dir[DIR_MAX];
	int rc;

	find_mounts(j->os);
	if ((rc = plan_limits(j, l, n, &need, err)) != 0)
		return (rc);
	if (j->os->cgroup[0] >= 0)
		need |= LX_CG_V2;
	/* What is about to be made is known before it is there. */
	if ((j->r.cgroups | need) != j->r.cgroups) {
		j->r.cgroups |= need;
		if ((rc = ioc_record_write(j->os->run_fd, &ioc_lx_records, &j->r, err)) != 0)
			return (rc);
	}
	if (j->os->cgroup[0] >= 0) {
		if ((rc = make_dir(j->os, &j->r, 0, err)) != 0)
			return (rc);
		group_dir(j->os, &j->r, dir, NULL);
		ioc_fd_close(&j->cgroup_fd);
		j->cgroup_fd = openat(j->os->cgroup[0], dir, O_RDONLY |
		    O_DIRECTORY | O_CLOEXEC);
		if (j->cgroup_fd < 0)
			return (ioc_fail_errno(err, "limits: open %s", dir));
	}
	for (size_t k = 0; k < n; k++) {
		size_t which;

		if ((rc = find_limit(&l[k], &which, err)) != 0)
			return (rc);
		if (limits[which].cg != RLIMIT_ONLY && (rc = set_limit(j,
		    which, l[k].amount, err)) != 0)
			return (rc);
	}
	return (0);
}

int
ioc_lx_cgroup_procs(struct ioc_os *os, const struct lx_record *r,
    int fds[LX_CGROUPS + 1], struct ioc_error *err)
{
	char file[DIR_MAX];
	int n = 0;

	find_mounts(os);
	group_dir(os, r, file, "cgroup.procs");
	for (int i = 0; i < LX_CGROUPS; i++) {
		if ((r->cgroups & (1U << i)) == 0 || os->cgroup[i] < 0)
			continue;
		fds[n] = openat(os->cgroup[i], file, O_WRONLY | O_CLOEXEC);
		if (fds[n] < 0) {
			(void)ioc_fail_errno(err, "join cgroup %s", file);
			while (n > 0)
				(void)close(fds[--n]);
			fds[0] = -1;
			return (err != NULL ? err->code : IOC_FAILED);
		}
		n++;
	}
	fds[n] = -1;
	return (0);
}

int
ioc_lx_cgroup_join(struct ioc_os *os, const struct lx_record *r, pid_t pid,
    bool v2, struct ioc_error *err)
{
	struct lx_record these = *r;
	int fds[LX_CGROUPS + 1], rc;
	char text[16];

	if (!v2)
		these.cgroups &= ~(unsigned)LX_CG_V2;
	(void)snprintf(text, sizeof(text), "%d", pid);
	if ((rc = ioc_lx_cgroup_procs(os, &these, fds, err)) != 0)
		return (rc);
	for (int i = 0; fds[i] >= 0; i++) {
		if (rc == 0 && write(fds[i], text, strlen(text)) < 0)
			rc = ioc_fail_errno(err, "join the jail's cgroups");
		(void)close(fds[i]);
	}
	return (rc);
}

void
ioc_lx_cgroup_kill(struct ioc_os *os, const struct lx_record *r)
{
	char file[DIR_MAX];

	find_mounts(os);
	if ((r->cgroups & LX_CG_V2) == 0 || os->cgroup[0] < 0)
		return;
	group_dir(os, r, file, "cgroup.kill");
	(void)write_at(os->cgroup[0], file, "1");
}

int
ioc_lx_cgroup_remove(struct ioc_os *os, const struct lx_record *r,
    struct ioc_error *err)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	char dir[DIR_MAX];
	int left = 3000;

	if (r->cgroups == 0)
		return (0);
	find_mounts(os);
	group_dir(os, r, dir, NULL);
	for (int i = 0; i < LX_CGROUPS; i++) {
		if ((r->cgroups & (1U << i)) == 0 || os->cgroup[i] < 0)
			continue;
		/* The last process may be dead and not yet out. */
		while (unlinkat(os->cgroup[i], dir, AT_REMOVEDIR) != 0 &&
		    errno != ENOENT) {
			if (errno != EBUSY || left-- == 0)
				return (ioc_fail_errno(err,
				    "remove cgroup %s", dir));
			(void)nanosleep(&pause, NULL);
		}
		(void)unlinkat(os->cgroup[i], PARENT, AT_REMOVEDIR);
	}
	return (0);
}

int
ioc_lx_cgroup_can(struct ioc_os *os, struct ioc_error *err)
{
	find_mounts(os);
	for (int i = 1; i < LX_CGROUPS; i++)
		if (os->cgroup[i] < 0 && !v2_has(os, controllers[i]))
			return (ioc_fail(err, IOC_UNSUPPORTED,
			    "no cgroup hierarchy with the %s controller is "
			    "mounted", controllers[i]));
	return (0);
}
