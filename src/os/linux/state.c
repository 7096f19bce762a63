/* SPDX-License-Identifier: BSD-2-Clause */
/* What the record of a jail holds, and whether that still runs. */
#include "os/linux/linux.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define	FIELD(member, type)	IOC_RECORD_FIELD(struct lx_record, member, type)

static const struct ioc_record_field fields[] = {
	FIELD(boot, IOC_RECORD_TEXT),
	FIELD(pid, IOC_RECORD_I64),
	FIELD(start, IOC_RECORD_U64),
	FIELD(pidns, IOC_RECORD_U64),
	FIELD(time, IOC_RECORD_U64),
	FIELD(created, IOC_RECORD_BOOL),
	FIELD(ephemeral, IOC_RECORD_BOOL),
	FIELD(userns, IOC_RECORD_BOOL),
	FIELD(base, IOC_RECORD_U32),
	FIELD(count, IOC_RECORD_U32),
	FIELD(caps, IOC_RECORD_U64),
	FIELD(cgroups, IOC_RECORD_U32),
};
/* Whatever may have been made is looked for. */
static const struct lx_record damaged = { .cgroups = ~0U };

const struct ioc_record_kind ioc_lx_records = {
	.fields = fields,
	.nfields = sizeof(fields) / sizeof(*fields),
	.size = sizeof(struct lx_record),
	.damaged = &damaged,
};

/* Of the flags in /proc/PID/stat: it is on its way out. */
#define	PF_EXITING	0x4

/*
 * Fields 22 and 9 of /proc/PID/stat; false when it is gone or a zombie.  One that
 * exits waits for all others of its pid namespace, and nobody enters that.
 */
static bool
proc_start(pid_t pid, uint64_t *start, bool *exiting)
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
	for (field = 2; field < 22 && p != NULL; field++) {
		if (field == 9)
			*exiting = (strtoull(p + 1, NULL, 10) & PF_EXITING) !=
			    0;
		p = strchr(p + 1, ' ');
	}
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
	bool exiting;

	if (!proc_start(pid, &r->start, &exiting) || !proc_pidns(pid, &r->pidns))
		return (ioc_fail(err, IOC_FAILED,
		    "the jail's first process ended before it was ready"));
	r->pid = pid;
	return (0);
}

static bool
is_alive(const struct ioc_os *os, const struct lx_record *r, bool *exiting)
{
	uint64_t start, pidns;

	return (r->pid > 1 && r->pid <= INT32_MAX &&
	    strcmp(r->boot, os->facts.boot_id) == 0 &&
	    proc_start((pid_t)r->pid, &start, exiting) && start == r->start &&
	    proc_pidns((pid_t)r->pid, &pidns) && pidns == r->pidns);
}

bool
ioc_lx_record_alive(const struct ioc_os *os, const struct lx_record *r)
{
	bool exiting;

	return (is_alive(os, r, &exiting));
}

bool
ioc_lx_record_runs(const struct ioc_os *os, const struct lx_record *r)
{
	bool exiting = false;

	return (r->created && is_alive(os, r, &exiting) && !exiting);
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
