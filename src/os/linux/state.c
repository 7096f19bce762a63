/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of the run directory: what was started, and whether it still runs. */
#include "os/linux/linux.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define	SUFFIX		".jail"
#define	RECORD_MAX	2048

static void
file_name(char out[LX_NAME_MAX + 16], const char *name, bool temporary)
{
	(void)snprintf(out, LX_NAME_MAX + 16, "%s%s%s", temporary ? "." : "",
	    name, SUFFIX);
}

static int
record_text(char out[RECORD_MAX], const struct lx_record *r)
{
	return (snprintf(out, RECORD_MAX, "ioc 1\nname %s\nboot %s\n"
	    "pid %" PRId64 "\nstart %" PRIu64 "\npidns %" PRIu64 "\n"
	    "time %" PRIu64 "\nephemeral %d\nuserns %d\nbase %" PRIu32 "\ncount %" PRIu32
	    "\ncaps %" PRIu64 "\ncgroups %u\nend 1\n",
	    r->name, r->boot, r->pid, r->start, r->pidns, r->time,
	    r->ephemeral, r->userns, r->base, r->count, r->caps, r->cgroups));
}

static int
write_new(struct ioc_os *os, const struct lx_record *r, const char *file,
    int flags, struct ioc_error *err)
{
	char text[RECORD_MAX];
	int len = record_text(text, r);
	auto_fd int fd = openat(os->run_fd, file,
	    O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | flags, 0600);

	if (fd < 0 && errno == EEXIST)
		return (ioc_fail(err, IOC_EXISTS,
		    "jail %s has a record in the run directory", r->name));
	if (fd < 0)
		return (ioc_fail_errno(err, "run directory: create %s", file));
	if (write(fd, text, (size_t)len) != len)
		return (ioc_fail_errno(err, "run directory: write %s", file));
	return (0);
}

int
ioc_lx_record_claim(struct ioc_os *os, const struct lx_record *r,
    struct ioc_error *err)
{
	char file[LX_NAME_MAX + 16];

	file_name(file, r->name, false);
	return (write_new(os, r, file, O_EXCL, err));
}

int
ioc_lx_record_write(struct ioc_os *os, const struct lx_record *r,
    struct ioc_error *err)
{
	char file[LX_NAME_MAX + 16], temporary[LX_NAME_MAX + 16];
	int rc;

	file_name(file, r->name, false);
	file_name(temporary, r->name, true);
	rc = write_new(os, r, temporary, O_TRUNC, err);
	if (rc == 0 && renameat(os->run_fd, temporary, os->run_fd, file) != 0)
		rc = ioc_fail_errno(err, "run directory: rename %s", file);
	if (rc != 0)
		(void)unlinkat(os->run_fd, temporary, 0);
	return (rc);
}

/* One line "key value" into the record; false for what it does not know. */
static bool
record_line(struct lx_record *r, const char *key, const char *value)
{
	uint64_t v;

	if (strcmp(key, "name") == 0)
		return (strcmp(r->name, value) == 0);
	if (strcmp(key, "boot") == 0) {
		(void)snprintf(r->boot, sizeof(r->boot), "%s", value);
		return (true);
	}
	if (ioc_str_to_u64(value, 0, UINT64_MAX, &v, NULL) != 0)
		return (false);
	if (strcmp(key, "pid") == 0)
		r->pid = (int64_t)v;
	else if (strcmp(key, "start") == 0)
		r->start = v;
	else if (strcmp(key, "pidns") == 0)
		r->pidns = v;
	else if (strcmp(key, "time") == 0)
		r->time = v;
	else if (strcmp(key, "ephemeral") == 0)
		r->ephemeral = v != 0;
	else if (strcmp(key, "userns") == 0)
		r->userns = v != 0;
	else if (strcmp(key, "base") == 0)
		r->base = (uint32_t)v;
	else if (strcmp(key, "count") == 0)
		r->count = (uint32_t)v;
	else if (strcmp(key, "caps") == 0)
		r->caps = v;
	else if (strcmp(key, "cgroups") == 0)
		r->cgroups = (unsigned)v;
	else
		return (strcmp(key, "ioc") == 0 && v == 1);
	return (true);
}

/* False when the text is damaged or cut. */
static bool
record_parse(struct lx_record *r, char *text)
{
	for (char *line = text, *end; *line != '\0'; line = end + 1) {
		char *space;

		end = strchr(line, '\n');
		if (end == NULL)
			return (false);
		*end = '\0';
		if (strcmp(line, "end 1") == 0)
			return (end[1] == '\0');
		space = strchr(line, ' ');
		if (space == NULL)
			return (false);
		*space = '\0';
		if (!record_line(r, line, space + 1))
			return (false);
	}
	return (false);
}

static int
fail_unreadable(struct ioc_error *err)
{
	return (ioc_fail(err, IOC_PERMISSION, "what runs is known to root only"));
}

int
ioc_lx_record_read(struct ioc_os *os, const char *name, struct lx_record *r,
    struct ioc_error *err)
{
	char file[LX_NAME_MAX + 16], text[RECORD_MAX];
	auto_fd int fd = -1;
	ssize_t n;

	if (os->run_fd < 0)
		return (fail_unreadable(err));
	file_name(file, name, false);
	fd = openat(os->run_fd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return (ioc_fail(err, IOC_NOT_FOUND, "jail %s is not running",
		    name));
	if (fd < 0)
		return (ioc_fail_errno(err, "run directory: open %s", file));
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return (ioc_fail_errno(err, "run directory: read %s", file));
	text[n] = '\0';
	*r = (struct lx_record){ .pid = 0 };
	(void)snprintf(r->name, sizeof(r->name), "%s", name);
	if (!record_parse(r, text)) {
		/* A crash cut it: whatever may have been made is looked for. */
		*r = (struct lx_record){ .cgroups = ~0U };
		(void)snprintf(r->name, sizeof(r->name), "%s", name);
	}
	return (0);
}

int
ioc_lx_record_remove(struct ioc_os *os, const char *name, struct ioc_error *err)
{
	char file[LX_NAME_MAX + 16];

	file_name(file, name, true);
	(void)unlinkat(os->run_fd, file, 0);
	file_name(file, name, false);
	if (unlinkat(os->run_fd, file, 0) != 0 && errno != ENOENT)
		return (ioc_fail_errno(err, "run directory: remove %s", file));
	return (0);
}

/* Field 22 of /proc/PID/stat; false when it is gone or a zombie. */
static bool
proc_start(pid_t pid, uint64_t *start)
{
	char path[64], text[1024], *p;
	auto_fd int fd = -1;
	ssize_t n;
	int field;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (n = read(fd, text, sizeof(text) - 1)) <= 0)
		return (false);
	text[n] = '\0';
	/* The second field is a name that may hold spaces and parentheses. */
	p = strrchr(text, ')');
	if (p == NULL || p[1] != ' ' || strchr("ZXx", p[2]) != NULL)
		return (false);
	for (field = 2; field < 22 && p != NULL; field++)
		p = strchr(p + 1, ' ');
	if (p == NULL)
		return (false);
	*start = strtoull(p + 1, NULL, 10);
	return (true);
}

static bool
proc_pidns(pid_t pid, uint64_t *inode)
{
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	if (stat(path, &st) != 0)
		return (false);
	*inode = st.st_ino;
	return (true);
}

int
ioc_lx_record_stamp(struct lx_record *r, pid_t pid, struct ioc_error *err)
{
	if (!proc_start(pid, &r->start) || !proc_pidns(pid, &r->pidns))
		return (ioc_fail(err, IOC_FAILED,
		    "the jail's first process ended before it was ready"));
	r->pid = pid;
	return (0);
}

bool
ioc_lx_record_alive(const struct ioc_os *os, const struct lx_record *r)
{
	uint64_t start, pidns;

	return (r->pid > 1 && r->pid <= INT32_MAX &&
	    strcmp(r->boot, os->facts.boot_id) == 0 &&
	    proc_start((pid_t)r->pid, &start) && start == r->start &&
	    proc_pidns((pid_t)r->pid, &pidns) && pidns == r->pidns);
}

int
ioc_lx_record_pidfd(const struct ioc_os *os, const struct lx_record *r)
{
	struct pollfd p = { .events = POLLIN };
	auto_fd int fd = -1;

	if (r->pid <= 1 || r->pid > INT32_MAX)
		return (-1);
	/* Opened first: what is checked next is then what the descriptor is. */
	fd = sys_pidfd_open((pid_t)r->pid);
	if (fd < 0 || !ioc_lx_record_alive(os, r))
		return (-1);
	p.fd = fd;
	if (poll(&p, 1, 0) != 0)
		return (-1);
	return (take_fd(&fd));
}

int
ioc_lx_record_each(struct ioc_os *os,
    int (*fn)(const struct lx_record *r, void *arg), void *arg,
    struct ioc_error *err)
{
	auto_dir DIR *dir = NULL;
	struct dirent *de;
	int rc, fd;

	if (os->run_fd < 0)
		return (fail_unreadable(err));
	fd = openat(os->run_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (dir = fdopendir(fd)) == NULL) {
		rc = ioc_fail_errno(err, "run directory: open");
		ioc_fd_close(&fd);
		return (rc);
	}
	while ((de = readdir(dir)) != NULL) {
		size_t len = strlen(de->d_name), tail = strlen(SUFFIX);
		char name[LX_NAME_MAX + 1];
		struct lx_record r;

		if (de->d_name[0] == '.' || len <= tail ||
		    len - tail > LX_NAME_MAX ||
		    strcmp(de->d_name + len - tail, SUFFIX) != 0)
			continue;
		(void)snprintf(name, sizeof(name), "%.*s", (int)(len - tail),
		    de->d_name);
		rc = ioc_lx_record_read(os, name, &r, err);
		if (rc == IOC_NOT_FOUND)
			continue;
		if (rc != 0 || (rc = fn(&r, arg)) != 0)
			return (rc);
	}
	return (0);
}
