/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/fake/fake.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "os/sandbox.h"

struct fake_host fake;

struct ioc_os {
	struct ioc_os_facts facts;
};

struct ioc_os_jail {
	struct ioc_os	*os;
	char		 name[128];
	bool		 ephemeral;
	bool		 mine;		/* prepared by this handle */
};

bool
ioc_os_emulates(const struct ioc_os *os, unsigned machine)
{
	return (fake.emulates);
}

int
ioc_sandbox_reads(const char *path)
{
	return (0);
}

int
ioc_sandbox_writes(int dirfd, const char *path)
{
	return (0);
}

pid_t
ioc_sandbox_fork(void)
{
	return (fork());
}

void
fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
}

void
fake_describe(struct ioc_buf *out)
{
	for (size_t i = 0; i < 32; i++) {
		const struct fake_jail *j = &fake.jails[i];

		if (j->name[0] == '\0')
			continue;
		(void)ioc_buf_addf(out, "%s p%d l%d m%d c%d\n", j->name,
		    j->prepared, j->limited, j->mounted, j->created);
		for (size_t k = 0; k < FAKE_LIVE; k++)
			if (j->live[k][0] != '\0')
				(void)ioc_buf_addf(out, "live %s\n",
				    j->live[k]);
	}
}

static struct fake_jail *
find(const char *name)
{
	for (size_t i = 0; i < 32; i++)
		if (fake.jails[i].name[0] != '\0' &&
		    strcmp(fake.jails[i].name, name) == 0)
			return (&fake.jails[i]);
	return (NULL);
}

/* A call that changes the host: the n-th one fails when asked to. */
static int
change(const char *what, struct ioc_error *err)
{
	if (++fake.calls == fake.fail_at)
		return (ioc_fail(err, IOC_FAILED, "%s: injected fault", what));
	return (0);
}

static int
undo(const char *what, struct ioc_error *err)
{
	if (++fake.undos == fake.undo_fail_at)
		return (ioc_fail(err, IOC_FAILED, "undo %s: injected fault",
		    what));
	return (0);
}

int
ioc_os_open(const struct ioc_os_options *o, struct ioc_os **ret,
    struct ioc_error *err)
{
	static const struct ioc_os_facts facts = {
		"Fake", "1.0", "amd64", "boot", "testos",
	};

	*ret = calloc(1, sizeof(**ret));
	if (*ret == NULL)
		return (ioc_fail_nomem(err));
	(*ret)->facts = facts;
	return (0);
}

void
ioc_os_close(struct ioc_os *os)
{
	free(os);
}

const struct ioc_os_facts *
ioc_os_facts(const struct ioc_os *os)
{
	return (&os->facts);
}

int
ioc_os_can(struct ioc_os *os, enum ioc_os_feature f, struct ioc_error *err)
{
	if (f == IOC_CAN_ZFS || f == IOC_CAN_NULLFS ||
	    (f == IOC_CAN_IDMAP && fake.no_idmap) ||
	    (f == IOC_CAN_LIMITS && fake.no_limits) ||
	    (f == IOC_CAN_SHARE && fake.no_share))
		return (ioc_fail(err, IOC_UNSUPPORTED, "not on a fake host"));
	return (0);
}

static int
handle(struct ioc_os *os, const char *name, struct ioc_os_jail **ret,
    struct ioc_error *err)
{
	struct ioc_os_jail *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return (ioc_fail_nomem(err));
	j->os = os;
	(void)snprintf(j->name, sizeof(j->name), "%.127s", name);
	*ret = j;
	return (0);
}

int
ioc_os_jail_prepare(struct ioc_os *os, const struct ioc_os_jail_spec *spec,
    struct ioc_os_jail **ret, struct ioc_error *err)
{
	int r = change("prepare", err);

	if (r != 0)
		return (r);
	if (find(spec->name) != NULL)
		return (ioc_fail(err, IOC_BUSY, "%s is there", spec->name));
	r = handle(os, spec->name, ret, err);
	if (r != 0)
		return (r);
	for (size_t i = 0; i < 32; i++) {
		struct fake_jail *j = &fake.jails[i];

		if (j->name[0] != '\0')
			continue;
		(void)snprintf(j->name, sizeof(j->name), "%.127s", spec->name);
		j->prepared = true;
		j->ephemeral = spec->ephemeral;
		return (0);
	}
	abort();
}

int
ioc_os_jail_find(struct ioc_os *os, const char *name, struct ioc_os_jail **ret,
    struct ioc_error *err)
{
	return (handle(os, name, ret, err));
}

void
ioc_os_jail_free(struct ioc_os_jail *j)
{
	free(j);
}

static enum ioc_os_jail_state
state_of(const struct fake_jail *j)
{
	if (j == NULL)
		return (IOC_OS_JAIL_NONE);
	return (j->created ? IOC_OS_JAIL_RUNNING : IOC_OS_JAIL_PARTIAL);
}

static void
fill_info(const char *name, const struct fake_jail *j,
    struct ioc_os_jail_info *info)
{
	memset(info, 0, sizeof(*info));
	(void)snprintf(info->name, sizeof(info->name), "%.127s", name);
	info->state = state_of(j);
	info->id = j != NULL && j->created ? 1 + (j - fake.jails) : 0;
	info->ephemeral = j != NULL && j->ephemeral;
}

int
ioc_os_jail_info(struct ioc_os_jail *j, struct ioc_os_jail_info *info,
    struct ioc_error *err)
{
	fill_info(j->name, find(j->name), info);
	return (0);
}

int
ioc_os_jail_list(struct ioc_os *os, struct ioc_os_jail_info **ret, size_t *n,
    struct ioc_error *err)
{
	*n = 0;
	*ret = calloc(32, sizeof(**ret));
	if (*ret == NULL)
		return (ioc_fail_nomem(err));
	for (size_t i = 0; i < 32; i++)
		if (fake.jails[i].name[0] != '\0')
			fill_info(fake.jails[i].name, &fake.jails[i],
			    &(*ret)[(*n)++]);
	return (0);
}

int
ioc_os_jail_limit(struct ioc_os_jail *j, const struct ioc_os_limit *limits,
    size_t n, struct ioc_error *err)
{
	int r = change("limit", err);

	if (fake.no_limits && n > 0)
		return (ioc_fail(err, IOC_UNSUPPORTED, "limit %s: not on this "
		    "host", limits[0].name));
	find(j->name)->limited = true;	/* half done also when it fails */
	find(j->name)->nlimits = n;
	return (r);
}

int
ioc_os_jail_unlimit(struct ioc_os_jail *j, struct ioc_error *err)
{
	struct fake_jail *f = find(j->name);
	int r = undo("limit", err);

	if (r == 0 && f != NULL)
		f->limited = false;
	return (r);
}

int
ioc_os_jail_mount(struct ioc_os_jail *j, const struct ioc_os_root *root,
    const struct ioc_os_mount *mounts, size_t n, struct ioc_error *err)
{
	int r = change("mount", err);

	if (!find(j->name)->limited)
		return (ioc_fail(err, IOC_FAILED, "mounted without limits"));
	find(j->name)->mounted = true;
	find(j->name)->nmounts = n;
	return (r);
}

int
ioc_os_jail_unmount(struct ioc_os_jail *j, struct ioc_error *err)
{
	struct fake_jail *f = find(j->name);
	int r = undo("mount", err);

	if (f != NULL && f->created)
		return (ioc_fail(err, IOC_BUSY, "unmount of a running jail"));
	if (r == 0 && f != NULL)
		f->mounted = false;
	return (r);
}

int
ioc_os_jail_create(struct ioc_os_jail *j, struct ioc_error *err)
{
	int r = change("create", err);

	if (r == 0 && !find(j->name)->mounted)
		r = ioc_fail(err, IOC_FAILED, "created without a root");
	if (r == 0)
		find(j->name)->created = true;
	return (r);
}

int
ioc_os_jail_remove(struct ioc_os_jail *j, int timeout_ms,
    struct ioc_error *err)
{
	struct fake_jail *f = find(j->name);
	int r = undo("create", err);

	fake.removed_ms = timeout_ms;
	if (r == 0 && f != NULL)
		f->created = false;
	return (r);
}

int
ioc_os_jail_release(struct ioc_os_jail *j, struct ioc_error *err)
{
	struct fake_jail *f = find(j->name);
	int r = undo("prepare", err);

	if (r == 0 && f != NULL && (f->limited || f->mounted || f->created))
		return (ioc_fail(err, IOC_FAILED, "released with remains"));
	if (r == 0 && f != NULL)
		memset(f, 0, sizeof(*f));
	return (r);
}

int
ioc_os_jail_mount_live(struct ioc_os_jail *j, const struct ioc_os_mount *m,
    struct ioc_error *err)
{
	struct fake_jail *f = find(j->name);
	int r = change("mount live", err);

	if (r != 0)
		return (r);
	if (f == NULL || !f->created)
		return (ioc_fail(err, IOC_STATE, "not running"));
	if (m->kind == IOC_MOUNT_BIND && m->source < 0)
		return (ioc_fail(err, IOC_FAILED, "a mount without a source"));
	for (size_t i = 0; i < FAKE_LIVE; i++)
		if (f->live[i][0] == '\0') {
			(void)snprintf(f->live[i], sizeof(f->live[i]), "%.60s",
			    m->target);
			return (0);
		}
	abort();
}

int
ioc_os_jail_unmount_live(struct ioc_os_jail *j, const char *target,
    struct ioc_error *err)
{
	struct fake_jail *f = find(j->name);
	int r = change("unmount live", err);

	if (r != 0)
		return (r);
	for (size_t i = 0; f != NULL && i < FAKE_LIVE; i++)
		if (strcmp(f->live[i], target) == 0) {
			f->live[i][0] = '\0';
			return (0);
		}
	return (ioc_fail(err, IOC_NOT_FOUND, "nothing is mounted there"));
}

/* --- processes: real children that end at once ------------------------------- */

int
ioc_os_jail_exec(struct ioc_os_jail *j, const struct ioc_os_exec *e,
    struct ioc_os_process *ret, struct ioc_error *err)
{
	int r = change("exec", err);
	pid_t pid;

	if (r != 0)
		return (r);
	if (find(j->name) == NULL || !find(j->name)->created)
		return (ioc_fail(err, IOC_STATE, "not running"));
	fake.execs++;
	pid = vfork();		/* a big parent is not to be copied for that */
	if (pid < 0)
		return (ioc_fail_errno(err, "fork"));
	if (pid == 0)
		_exit(fake.exec_status);
	*ret = (struct ioc_os_process){
		.pid = pid, .pidfd = -1, .pty = -1, .wait_fd = -1,
	};
	return (0);
}

int
ioc_os_jail_create_with(struct ioc_os_jail *j, const struct ioc_os_exec *e,
    struct ioc_os_process *p, struct ioc_error *err)
{
	int r = ioc_os_jail_create(j, err);

	return (r == 0 ? ioc_os_jail_exec(j, e, p, err) : r);
}

int
ioc_os_process_wait(struct ioc_os_process *p, int timeout_ms, int *status,
    struct ioc_error *err)
{
	int st;

	fake.waited_ms = timeout_ms;
	if (waitpid((pid_t)p->pid, &st, 0) < 0)
		return (ioc_fail_errno(err, "wait"));
	*status = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	return (0);
}

int
ioc_os_process_signal(struct ioc_os_process *p, int sig, struct ioc_error *err)
{
	return (0);
}

void
ioc_os_process_close(struct ioc_os_process *p)
{
}
