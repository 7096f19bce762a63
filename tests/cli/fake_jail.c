/* SPDX-License-Identifier: BSD-2-Clause */
/* The fake library: jails, and programs that run for real on this system. */
#include "fake.h"

#include <sys/ioctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

struct fake_jail *
fake_add(struct ioc_host *h, const char *name)
{
	struct fake_jail *f = calloc(1, sizeof(*f));

	f->name = strdup(name);
	f->source = strdup(h->nsources > 0 ? h->sources[0].name : "ioc");
	*ioc_vec_push(&h->jails) = f;
	return (f);
}

int
ioc_jail_open(struct ioc_host *h, const char *name, struct ioc_jail **ret,
    struct ioc_error *err)
{
	const char *slash = strchr(name, '/'), *plain = slash != NULL ?
	    slash + 1 : name;
	int r = fake_fail("jail_open", plain, err);

	if (r != 0)
		return (r);
	for (size_t i = 0; i < h->jails.n; i++) {
		if (strcmp(h->jails.v[i]->name, plain) == 0) {
			*ret = calloc(1, sizeof(**ret));
			**ret = (struct ioc_jail){ h, h->jails.v[i] };
			return (0);
		}
	}
	return (ioc_fail(err, IOC_NOT_FOUND, "no jail %s", IOC_SHOW(name)));
}

void
ioc_jail_close(struct ioc_jail *j)
{
	free(j);
}

const char *
ioc_jail_name(const struct ioc_jail *j)
{
	return (j->f->name);
}

const char *
ioc_jail_source(const struct ioc_jail *j)
{
	return (j->f->source);
}

int
ioc_jail_state(struct ioc_jail *j, enum ioc_jail_state *ret, int64_t *id,
    struct ioc_error *err)
{
	*ret = j->f->state;
	if (id != NULL)
		*id = j->f->id;
	return (fake_fail("state", j->f->name, err));
}

int
ioc_jail_create(struct ioc_host *h, const struct ioc_create_options *o,
    struct ioc_jail **ret, struct ioc_error *err)
{
	static unsigned made;
	char name[64];
	int r;

	(void)snprintf(name, sizeof(name), "%s", o->name);
	if (strcmp(name, "-") == 0)
		(void)snprintf(name, sizeof(name), "made-up-%u", ++made);
	fake_log("create %s release=%s empty=%d thick=%d source=%s", name,
	    o->release != NULL ? o->release : "-", o->empty, o->thick,
	    o->source != NULL ? o->source : "-");
	if (o->base != NULL || o->basejail)
		fake_log("template=%s basejail=%d", o->base != NULL ?
		    o->base : "-", o->basejail);
	for (size_t i = 0; i < o->nprops; i++)
		fake_log("with %s=%s", o->props[i].name, o->props[i].value);
	r = fake_step(h, "jail.create/root", name, err);
	if (r != 0)
		return (ioc_wrap(err, r, "create %s", IOC_SHOW(name)));
	*ret = NULL;
	if (!h->o.dry_run) {
		*ret = calloc(1, sizeof(**ret));
		**ret = (struct ioc_jail){ h, fake_add(h, name) };
	}
	return (0);
}

int
ioc_jail_destroy(struct ioc_jail *j, bool stop, struct ioc_error *err)
{
	int r = 0;

	fake_log("destroy %s stop=%d", j->f->name, stop);
	if (j->f->state == IOC_JAIL_RUNNING && !stop)
		r = ioc_fail(err, IOC_STATE, "it runs");
	if (r == 0)
		r = fake_step(j->h, "jail.destroy/data", j->f->name, err);
	return (ioc_wrap(err, r, "destroy %s", IOC_SHOW(j->f->name)));
}

int
ioc_jail_rename(struct ioc_jail *j, const char *name, struct ioc_error *err)
{
	fake_log("rename %s %s", j->f->name, name);
	return (ioc_wrap(err, fake_step(j->h, "jail.rename", j->f->name, err),
	    "rename %s", IOC_SHOW(j->f->name)));
}

int
ioc_jail_start(struct ioc_jail *j, const struct ioc_change *props,
    size_t nprops, struct ioc_error *err)
{
	int r = 0;

	fake_log("start %s", j->f->name);
	for (size_t i = 0; i < nprops; i++)
		fake_log("with %s=%s", props[i].name, props[i].value);
	if (j->f->state == IOC_JAIL_RUNNING)
		r = ioc_fail(err, IOC_STATE, "it runs already");
	if (r == 0)
		r = fake_step(j->h, "jail.start/mount", j->f->name, err);
	if (r == 0 && !j->h->o.dry_run) {
		j->f->state = IOC_JAIL_RUNNING;
		j->f->id = 77;
		fake_log("started %s", j->f->name);
	}
	return (ioc_wrap(err, r, "start %s", IOC_SHOW(j->f->name)));
}

int
ioc_jail_stop(struct ioc_jail *j, bool force, struct ioc_error *err)
{
	int r = 0;

	fake_log("stop %s force=%d", j->f->name, force);
	if (j->f->state != IOC_JAIL_RUNNING)
		r = ioc_fail(err, IOC_STATE, "it does not run");
	if (r == 0)
		r = fake_step(j->h, "jail.stop/mount", j->f->name, err);
	if (r == 0 && !j->h->o.dry_run)
		j->f->state = IOC_JAIL_STOPPED;
	return (ioc_wrap(err, r, "stop %s", IOC_SHOW(j->f->name)));
}

/* --- updates --------------------------------------------------------------------------- */

int
ioc_jail_update(struct ioc_jail *j, unsigned *n, struct ioc_error *err)
{
	int r = 0;

	fake_log("update jail %s", j->f->name);
	if (j->f->state == IOC_JAIL_RUNNING)
		r = ioc_fail(err, IOC_STATE, "it runs");
	if (r == 0)
		r = fake_step(j->h, "jail.update/apply", j->f->name, err);
	*n = 4;
	return (ioc_wrap(err, r, "update %s", IOC_SHOW(j->f->name)));
}

int
ioc_jail_update_fetch(struct ioc_jail *j, bool at_start, unsigned *n,
    struct ioc_error *err)
{
	int r;

	fake_log("fetch updates of jail %s start=%d", j->f->name, at_start);
	r = fake_step(j->h, "jail.update/keep", j->f->name, err);
	*n = 3;
	return (ioc_wrap(err, r, "update %s", IOC_SHOW(j->f->name)));
}

int
ioc_jail_upgrade(struct ioc_jail *j, const char *release, ioc_upgrade_fn *fn,
    void *arg, struct ioc_upgrade *ret, struct ioc_error *err)
{
	bool conflict = strcmp(j->f->name, "b") == 0;
	int r = 0;

	fake_log("upgrade jail %s release=%s", j->f->name, release);
	*ret = (struct ioc_upgrade){ .from = "bookworm", .merged = 2 };
	(void)snprintf(ret->to, sizeof(ret->to), "%s", release);
	if (j->f->state == IOC_JAIL_RUNNING)
		r = ioc_fail(err, IOC_STATE, "it runs");
	if (r == 0)
		r = fake_step(j->h, "jail.upgrade/merge", j->f->name, err);
	if (r == 0 && conflict && !j->h->o.dry_run) {
		(void)fn("etc/x\033y", "both have changed it", "/kept/etc/x",
		    arg);
		ret->conflicts = 1;
		r = ioc_fail(err, IOC_STATE, "1 file of it must be merged by "
		    "hand: edit what is in /kept, then do the same again");
	}
	return (ioc_wrap(err, r, "upgrade %s", IOC_SHOW(j->f->name)));
}

int
ioc_jail_update_list(struct ioc_jail *j, ioc_update_fn *fn, void *arg,
    struct ioc_error *err)
{
	fake_log("list updates of jail %s", j->f->name);
	(void)fn("libc6", "2.36-9", "2.36-10", arg);
	(void)fn("/bin/\033x", "-", "0123456789ab", arg);
	return (0);
}

int
ioc_jail_update_rollback(struct ioc_jail *j, struct ioc_error *err)
{
	fake_log("roll back jail %s", j->f->name);
	return (0);
}

/* --- programs ------------------------------------------------------------------------ */

/*
 * A process in between waits for the program and writes its status to a pipe,
 * so that the end can be polled for on every system.
 */
struct ioc_process {
	pid_t		 waiter, pid;
	int		 status_fd;
	int		 pty;
	bool		 dry;
	const char	*kept;
};

static void
run_program(const struct ioc_exec_options *o, int slave, int exec_fd)
{
	static const char *const shell[] = { "/bin/sh", "-i", NULL };
	const char *const *argv = o->argv != NULL ? o->argv : shell;
	int fds[3] = { o->fds[0], o->fds[1], o->fds[2] };

	(void)setsid();
	for (int sig = 1; sig < 32; sig++)
		(void)signal(sig, SIG_DFL);
	if (slave >= 0) {
		(void)ioctl(slave, TIOCSCTTY, 0);
		fds[0] = fds[1] = fds[2] = slave;
	}
	for (int i = 0; i < 3; i++)
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 10);
	for (int i = 0; i < 3; i++)
		(void)dup2(fds[i], i);
	for (size_t i = 0; o->env != NULL && o->env[i] != NULL; i++)
		(void)putenv(strdup(o->env[i]));
	if (o->dir == NULL || chdir(o->dir) == 0)
		(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
	(void)!write(exec_fd, &errno, sizeof(errno));
	_exit(125);
}

static void
wait_for(const struct ioc_exec_options *o, int slave, int status_fd, int exec_fd)
{
	int32_t report[2];
	pid_t pid = fork();
	int status;

	if (pid == 0)
		run_program(o, slave, exec_fd);
	(void)close(exec_fd);
	if (slave >= 0)
		(void)close(slave);
	for (int sig = 1; sig < 32; sig++)
		(void)signal(sig, SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)setsid();
	/* Its copies of descriptors must not keep pipes open. */
	for (int fd = 0; fd < 64; fd++) {
		if (fd != status_fd)
			(void)close(fd);
	}
	report[0] = pid;
	(void)!write(status_fd, report, sizeof(report[0]));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	report[1] = WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status);
	(void)!write(status_fd, &report[1], sizeof(report[1]));
	_exit(0);
}

static int
open_pty(const struct ioc_exec_options *o, int *slave)
{
	struct winsize ws = { .ws_row = o->rows, .ws_col = o->cols };
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
		abort();
	*slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	(void)ioctl(*slave, TIOCSWINSZ, &ws);
	return (master);
}

int
ioc_jail_exec(struct ioc_jail *j, const struct ioc_exec_options *o,
    struct ioc_process **ret, struct ioc_error *err)
{
	int slave = -1, status[2], failed[2], sys = 0;
	struct ioc_process p = { .pty = -1 };
	int32_t pid;
	int r = fake_fail("exec", j->f->name, err);

	fake_log("exec %s argv0=%s user=%s dir=%s tty=%d %ux%u", j->f->name,
	    o->argv != NULL ? o->argv[0] : "-",
	    o->user != NULL ? o->user : "-", o->dir != NULL ? o->dir : "-",
	    o->tty, o->rows, o->cols);
	if (r == 0 && j->f->state != IOC_JAIL_RUNNING)
		r = ioc_fail(err, IOC_STATE, "it does not run");
	if (r != 0)
		return (ioc_wrap(err, r, "exec %s", IOC_SHOW(j->f->name)));
	if (o->tty)
		p.pty = open_pty(o, &slave);
	if (pipe2(status, O_CLOEXEC) != 0 || pipe2(failed, O_CLOEXEC) != 0)
		abort();
	p.waiter = fork();
	if (p.waiter == 0)
		wait_for(o, slave, status[1], failed[1]);
	(void)close(status[1]);
	(void)close(failed[1]);
	if (slave >= 0)
		(void)close(slave);
	p.status_fd = status[0];
	if (read(status[0], &pid, sizeof(pid)) != sizeof(pid))
		abort();
	p.pid = pid;
	if (read(failed[0], &sys, sizeof(sys)) == sizeof(sys)) {
		(void)close(failed[0]);
		(void)close(status[0]);
		if (p.pty >= 0)
			(void)close(p.pty);
		(void)waitpid(p.waiter, NULL, 0);
		(void)ioc_fail_sys(err, sys, "exec %s: %s", j->f->name,
		    o->argv != NULL ? IOC_SHOW(o->argv[0]) : "shell");
		err->code = IOC_CHILD;
		err->sys = sys;
		return (IOC_CHILD);
	}
	(void)close(failed[0]);
	*ret = malloc(sizeof(p));
	**ret = p;
	return (0);
}

int
ioc_run(struct ioc_host *h, const struct ioc_run_options *r,
    const struct ioc_exec_options *o, struct ioc_process **ret,
    struct ioc_error *err)
{
	const char *name = !r->keep ? "run-1" : r->name != NULL ? r->name :
	    "made-up";
	struct fake_jail *f = fake_add(h, name);
	struct ioc_jail j = { h, f };
	int rc;

	fake_log("run release=%s keep=%s", r->release != NULL ? r->release :
	    "-", r->keep ? name : "-");
	for (size_t i = 0; i < r->nprops; i++)
		fake_log("with %s=%s", r->props[i].name, r->props[i].value);
	f->state = IOC_JAIL_RUNNING;
	rc = fake_step(h, "jail.create/root", f->name, err);
	if (rc == 0 && h->o.dry_run) {
		*ret = calloc(1, sizeof(**ret));
		**ret = (struct ioc_process){ .status_fd = -1, .pty = -1,
			.dry = true };
		return (0);
	}
	if (rc == 0)
		rc = ioc_jail_exec(&j, o, ret, err);
	if (rc == 0 && r->keep)
		(*ret)->kept = f->name;
	return (rc);
}

const char *
ioc_process_kept(const struct ioc_process *p)
{
	return (p->kept);
}

int
ioc_process_fd(const struct ioc_process *p)
{
	return (p->status_fd);
}

int
ioc_process_pty(const struct ioc_process *p)
{
	return (p->pty);
}

int
ioc_process_signal(struct ioc_process *p, int sig, struct ioc_error *err)
{
	fake_log("signal %d", sig);
	return (kill(p->pid, sig) == 0 ? 0 : ioc_fail_errno(err, "signal"));
}

int
ioc_process_wait(struct ioc_process *p, int timeout_ms, int *status,
    struct ioc_error *err)
{
	int r = fake_fail("wait", NULL, err);
	int32_t st;

	*status = 0;
	if (r != 0 || p->dry)
		return (r);
	while (read(p->status_fd, &st, sizeof(st)) < 0 && errno == EINTR)
		continue;
	*status = st;
	fake_log("waited %d", st);
	return (0);
}

void
ioc_process_close(struct ioc_process *p)
{
	if (p == NULL)
		return;
	if (!p->dry) {
		(void)waitpid(p->waiter, NULL, 0);
		(void)close(p->status_fd);
	}
	if (p->pty >= 0)
		(void)close(p->pty);
	free(p);
}
