/* SPDX-License-Identifier: BSD-2-Clause */
#include "safe/proc.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "os/sandbox.h"

#define	KILL_AFTER_MS	5000
#define	GONE_POLL_MS	10	/* where no descriptor tells of the end */
#define	LINE_MAX_LEN	8192
#define	TAIL_LEN	400
#define	PASS_MAX	64
#define	SIGNALS		128	/* at least as many as any system has */
#define	MS		1000000ull

/* One captured stream. */
struct stream {
	int		 fd;		/* our end, -1 when closed */
	struct ioc_buf	*to;		/* NULL: not kept */
	struct ioc_buf	 line;		/* the line that is not whole yet */
	bool		 skip;		/* the rest of a line too long */
};

struct run {
	const struct ioc_proc *p;
	pid_t		 pid;
	int		 exec_fd;	/* errno of a failed exec, or its end */
	int		 exit_fd;	/* readable at the end, or -1 */
	int		 exec_errno;
	struct stream	 out;
	struct stream	 err;
	char		 tail[TAIL_LEN + 1];	/* the end of stderr */
	size_t		 tail_len;
	uint64_t	 deadline;
	int		 ending;	/* why it was told to end, or 0 */
	bool		 killed;
};

/* What the child needs, complete before the fork. */
struct child {
	const char	*path;
	char *const	*argv;
	char *const	*env;
	int		 fds[3 + PASS_MAX];
	int		 nfds;
	int		 exec_fd;
	int		 root_fd;
	int		 write_fd;
	const char	*write_path;
	const char	*read_path;
	pid_t		 parent;
};

const char *const *
ioc_proc_env(void)
{
	static const char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
		"/sbin:/bin",
		"LC_ALL=C", "HOME=/", "TERM=dumb", NULL,
	};

	return (env);
}

const char *
ioc_proc_passwd(void)
{
#define	TEXT(n)		#n
#define	NUMBER(n)	TEXT(n)
	return ("ioc:*:" NUMBER(IOC_SANDBOX_USER) ":"
	    NUMBER(IOC_SANDBOX_USER) ":ioc:/:/nonexistent\n");
}

const char *
ioc_proc_find(const char *const *paths)
{
	struct stat st;

	for (; *paths != NULL; paths++)
		if (stat(*paths, &st) == 0 && S_ISREG(st.st_mode) &&
		    access(*paths, X_OK) == 0)
			return (*paths);
	return (NULL);
}

/* A copy above all targets. */
static int
lift(int fd, int base)
{
	int r = fcntl(fd, F_DUPFD_CLOEXEC, base);

	/* EINVAL: the limit on descriptors is below `base`. */
	if (r < 0 && errno == EINVAL)
		errno = EMFILE;
	return (r);
}

static _Noreturn void
child_fail(int fd)
{
	int sys = errno;

	(void)!write(fd, &sys, sizeof(sys));
	_exit(127);
}

/*
 * Between fork and exec: nothing but async-signal-safe calls.  First every
 * descriptor is lifted above all targets, then put where it belongs, so that
 * no order of theirs, and no closed 0, 1 or 2, can do harm.
 */
static _Noreturn void
child_main(struct child *c)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	int base = c->nfds + 1;
	sigset_t none;
	int fd;

	fd = lift(c->exec_fd, base);
	if (fd < 0)
		child_fail(c->exec_fd);
	c->exec_fd = fd;
	ioc_die_with_parent();
	/* 0: the parent is in another pid namespace. */
	if (getppid() != c->parent && getppid() != 0)
		_exit(127);
	for (int sig = 1; sig < SIGNALS; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			(void)sigaction(sig, &sa, NULL);
	(void)setsid();
	(void)umask(022);
	if (fchdir(c->root_fd) != 0)
		child_fail(c->exec_fd);
	if (c->write_fd >= 0 &&
	    ioc_sandbox_writes(c->write_fd, c->write_path) != 0)
		child_fail(c->exec_fd);
	for (int i = 0; i < c->nfds; i++) {
		c->fds[i] = lift(c->fds[i], base);
		if (c->fds[i] < 0)
			child_fail(c->exec_fd);
	}
	for (int i = 0; i < c->nfds; i++)
		if (dup2(c->fds[i], i) < 0)
			child_fail(c->exec_fd);
	if (dup2(c->exec_fd, c->nfds) < 0 ||
	    fcntl(c->nfds, F_SETFD, FD_CLOEXEC) != 0)
		child_fail(c->exec_fd);
	ioc_close_from(c->nfds + 1);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* With no directory open any more. */
	if (c->read_path != NULL && ioc_sandbox_reads(c->read_path) != 0)
		child_fail(c->nfds);
	(void)execve(c->path, c->argv, c->env);
	child_fail(c->nfds);
}

static int
make_pipe(int fds[2], struct ioc_error *err)
{
	if (pipe2(fds, O_CLOEXEC) != 0)
		return (ioc_fail_errno(err, "pipe"));
	/* Only our end: the program's must block. */
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0)
		return (ioc_fail_errno(err, "pipe"));
	return (0);
}

/* The descriptor for 1 or 2: given, a pipe, or null when nobody wants it. */
static int
open_stream(struct stream *s, int given, bool wanted, int null, int *theirs,
    int *owned, struct ioc_error *err)
{
	int fds[2] = { -1, -1 }, r;

	if (given >= 0 || !wanted) {
		*theirs = given >= 0 ? given : null;
		return (0);
	}
	r = make_pipe(fds, err);
	s->fd = fds[0];
	*theirs = *owned = fds[1];
	return (r);
}

/* Handlers of the caller must not run in the child, where they are not reset. */
static pid_t
spawn(struct child *c)
{
	sigset_t all, old;
	pid_t pid;
	int saved;

	c->parent = getpid();
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &old);
	pid = c->write_fd >= 0 || c->read_path != NULL ? ioc_sandbox_fork() :
	    fork();
	if (pid == 0)
		child_main(c);
	saved = errno;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	return (pid);
}

static int
start(struct run *run, struct ioc_error *err)
{
	const struct ioc_proc *p = run->p;
	const char *const *env = p->env != NULL ? p->env : ioc_proc_env();
	auto_fd int null = -1, root = -1, out = -1, errfd = -1, exec_w = -1;
	struct child c = { .path = p->path };
	int fds[2] = { -1, -1 }, r;

	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	root = open("/", ioc_o_path | O_DIRECTORY | O_CLOEXEC);
	if (null < 0 || root < 0)
		return (ioc_fail_errno(err, "open %s",
		    null < 0 ? "/dev/null" : "/"));
	c.fds[0] = p->stdin_fd >= 0 ? p->stdin_fd : null;
	r = open_stream(&run->out, p->stdout_fd,
	    p->out != NULL || p->line != NULL, null, &c.fds[1], &out, err);
	if (r == 0)
		r = open_stream(&run->err, p->stderr_fd, true, null,
		    &c.fds[2], &errfd, err);
	if (r == 0)
		r = make_pipe(fds, err);
	run->exec_fd = fds[0];
	exec_w = fds[1];
	if (r != 0)
		return (r);
	for (size_t i = 0; i < p->npass; i++)
		c.fds[3 + i] = p->pass[i];
	c.nfds = 3 + (int)p->npass;
	c.exec_fd = exec_w;
	c.root_fd = root;
	c.write_fd = p->write_fd;
	c.write_path = p->write_path;
	c.read_path = p->read_path;
	memcpy(&c.argv, &p->argv, sizeof(c.argv));
	memcpy(&c.env, &env, sizeof(c.env));
	run->pid = spawn(&c);
	if (run->pid < 0)
		return (ioc_fail_errno(err, "fork"));
	run->exit_fd = ioc_exit_fd(run->pid);
	return (0);
}

/* Ends the whole group; the second time for good. */
static void
terminate(struct run *run, int why)
{
	if (run->ending == 0) {
		run->ending = why;
		run->deadline = ioc_now_ns() + KILL_AFTER_MS * MS;
		if (kill(-run->pid, SIGTERM) != 0)
			(void)kill(run->pid, SIGTERM);
		return;
	}
	run->killed = true;
	run->deadline = UINT64_MAX;
	(void)kill(-run->pid, SIGKILL);
	(void)kill(run->pid, SIGKILL);
}

static void
keep_tail(struct run *run, const char *data, size_t len)
{
	size_t drop;

	if (len > TAIL_LEN) {
		data += len - TAIL_LEN;
		len = TAIL_LEN;
	}
	drop = run->tail_len + len > TAIL_LEN ?
	    run->tail_len + len - TAIL_LEN : 0;
	memmove(run->tail, run->tail + drop, run->tail_len - drop);
	run->tail_len -= drop;
	memcpy(run->tail + run->tail_len, data, len);
	run->tail_len += len;
}

static void
give_line(struct run *run, struct stream *s)
{
	if (!s->skip && run->ending == 0 &&
	    run->p->line(ioc_buf_str(&s->line), run->p->line_arg) != 0)
		terminate(run, IOC_CANCELED);
	ioc_buf_clear(&s->line);
}

/* Cuts what came into lines; what is too long is given once, cut. */
static void
split_lines(struct run *run, struct stream *s, const char *data, size_t len)
{
	while (len > 0 && run->ending == 0) {
		const char *nl = memchr(data, '\n', len);
		size_t n = nl != NULL ? (size_t)(nl - data) : len;
		size_t room = LINE_MAX_LEN - s->line.len;

		(void)ioc_buf_add(&s->line, data, n < room ? n : room);
		if (s->line.failed == IOC_NOMEM)
			terminate(run, IOC_NOMEM);
		if (nl != NULL) {
			give_line(run, s);
			s->skip = false;
			n++;
		} else if (n >= room && !s->skip) {
			give_line(run, s);
			s->skip = true;
		} else if (s->skip)
			ioc_buf_clear(&s->line);
		data += n;
		len -= n;
	}
}

/* What is there now; false at the end of the stream. */
static bool
drain(struct run *run, struct stream *s)
{
	char data[16384];
	ssize_t n;

	for (int i = 0; i < 64; i++) {
		n = read(s->fd, data, sizeof(data));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (n < 0 && errno == EAGAIN);
		if (s == &run->err)
			keep_tail(run, data, (size_t)n);
		if (run->ending != 0)
			continue;
		if (s->to != NULL && ioc_buf_add(s->to, data, (size_t)n) != 0)
			terminate(run, s->to->failed);
		if (run->p->line != NULL)
			split_lines(run, s, data, (size_t)n);
	}
	return (true);
}

static void
read_stream(struct run *run, struct stream *s)
{
	if (s->fd >= 0 && !drain(run, s))
		ioc_fd_close(&s->fd);
}

static void
read_exec(struct run *run)
{
	int sys;
	ssize_t n = read(run->exec_fd, &sys, sizeof(sys));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n == (ssize_t)sizeof(sys))
		run->exec_errno = sys;
	ioc_fd_close(&run->exec_fd);
}

/* True when the program has ended; its number stays taken until it is reaped. */
static bool
has_ended(struct run *run)
{
	siginfo_t si = { .si_pid = 0 };

	return (waitid(P_PID, (id_t)run->pid, &si,
	    WEXITED | WNOHANG | WNOWAIT) != 0 ? errno == ECHILD :
	    si.si_pid == run->pid);
}

static int
poll_time(const struct run *run)
{
	uint64_t now = ioc_now_ns(), left;

	if (run->deadline == UINT64_MAX)
		return (run->exit_fd >= 0 ? -1 : GONE_POLL_MS);
	if (run->deadline <= now)
		return (0);
	left = (run->deadline - now) / MS + 1;
	if (run->exit_fd < 0 && left > GONE_POLL_MS)
		return (GONE_POLL_MS);
	return (left > 60 * 1000 ? 60 * 1000 : (int)left);
}

/* Until the program has ended, and what it wrote is read. */
static void
watch(struct run *run)
{
	bool ended = false;

	while (!ended) {
		struct pollfd fds[] = {
			{ .fd = run->exec_fd, .events = POLLIN },
			{ .fd = run->out.fd, .events = POLLIN },
			{ .fd = run->err.fd, .events = POLLIN },
			{ .fd = run->exit_fd, .events = POLLIN },
		};

		(void)poll(fds, 4, poll_time(run));
		/* Asked before the last read: what it wrote is in the pipe. */
		if (run->exit_fd < 0 || fds[3].revents != 0)
			ended = has_ended(run);
		if (run->exec_fd >= 0)
			read_exec(run);
		read_stream(run, &run->out);
		read_stream(run, &run->err);
		if (!ended && ioc_now_ns() >= run->deadline)
			terminate(run, IOC_TIMEOUT);
	}
	/* Others of its group that hold a pipe, or that were to end with it. */
	if (run->out.fd >= 0 || run->err.fd >= 0 || run->ending != 0)
		(void)kill(-run->pid, SIGKILL);
	/* The last line need not have an end. */
	if (run->p->line != NULL && run->out.line.len > 0)
		give_line(run, &run->out);
	if (run->p->line != NULL && run->err.line.len > 0)
		give_line(run, &run->err);
}

static int
reap(struct run *run, int *status, struct ioc_error *err)
{
	pid_t got;
	int ws;

	do {
		got = waitpid(run->pid, &ws, 0);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return (ioc_fail_errno(err, "wait for %s", run->p->path));
	*status = WIFSIGNALED(ws) ? 128 + WTERMSIG(ws) : WEXITSTATUS(ws);
	return (0);
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return (slash != NULL ? slash + 1 : path);
}

static int
fail_ending(const struct run *run, struct ioc_error *err)
{
	const char *name = base_name(run->p->path);

	switch (run->ending) {
	case IOC_TIMEOUT:
		return (ioc_fail(err, IOC_TIMEOUT,
		    "%s did not end in time%s", name,
		    run->killed ? " and was killed" : ""));
	case IOC_CANCELED:
		return (ioc_fail(err, IOC_CANCELED, "%s was canceled", name));
	case IOC_LIMIT:
		return (ioc_fail(err, IOC_LIMIT,
		    "%s wrote more than it may", name));
	default:
		return (ioc_fail_nomem(err));
	}
}

static int
check(const struct ioc_proc *p, struct ioc_error *err)
{
	struct sigaction sa;

	if (p->path == NULL || p->path[0] != '/')
		return (ioc_fail(err, IOC_INVALID,
		    "run: not an absolute path"));
	if (p->argv == NULL || p->argv[0] == NULL || p->npass > PASS_MAX)
		return (ioc_fail(err, IOC_INVALID, "run %s: bad arguments",
		    p->path));
	/* The kernel would throw the exit status away. */
	if (sigaction(SIGCHLD, NULL, &sa) == 0 &&
	    ((sa.sa_flags & SA_NOCLDWAIT) != 0 || sa.sa_handler == SIG_IGN))
		return (ioc_fail(err, IOC_STATE,
		    "run %s: SIGCHLD is ignored in this process", p->path));
	return (0);
}

static int
run_to_end(struct run *run, int *status, struct ioc_error *err)
{
	int r = start(run, err);

	if (r != 0)
		return (ioc_wrap(err, r, "run %s", run->p->path));
	watch(run);
	r = reap(run, status, err);
	if (r != 0)
		return (r);
	if (run->exec_errno != 0) {
		(void)ioc_fail_sys(err, run->exec_errno, "cannot execute %s",
		    run->p->path);
		if (err != NULL)
			err->code = IOC_CHILD;
		return (IOC_CHILD);
	}
	return (run->ending != 0 ? fail_ending(run, err) : 0);
}

static int
run_with(struct run *run, const struct ioc_proc *p, int *status,
    struct ioc_error *err)
{
	int ms = p->timeout_ms > 0 ? p->timeout_ms : IOC_PROC_TIMEOUT;
	int r = check(p, err);

	if (r != 0)
		return (r);
	*run = (struct run) {
		.p = p, .pid = -1, .exec_fd = -1, .exit_fd = -1,
		.out = { .fd = -1, .to = p->out,
		    .line = IOC_BUF(LINE_MAX_LEN) },
		.err = { .fd = -1, .to = p->err,
		    .line = IOC_BUF(LINE_MAX_LEN) },
		.deadline = ioc_now_ns() + (uint64_t)ms * MS,
	};
	r = run_to_end(run, status, err);
	ioc_fd_close(&run->exec_fd);
	ioc_fd_close(&run->exit_fd);
	ioc_fd_close(&run->out.fd);
	ioc_fd_close(&run->err.fd);
	ioc_buf_fini(&run->out.line);
	ioc_buf_fini(&run->err.line);
	return (r);
}

int
ioc_proc_run(const struct ioc_proc *p, int *status, struct ioc_error *err)
{
	struct run run;

	return (run_with(&run, p, status, err));
}

/* The last line of stderr that is not empty, cut out of the tail. */
static const char *
last_line(struct run *run)
{
	char *t = run->tail, *nl;
	size_t len = run->tail_len;

	while (len > 0 && strchr("\n\r\t ", t[len - 1]) != NULL)
		len--;
	t[len] = '\0';
	/* Bytes of others may hold a NUL: what is before it is not the last. */
	for (size_t i = 0; i < len; i++)
		if (t[i] == '\0')
			t[i] = '?';
	nl = strrchr(t, '\n');
	return (nl != NULL ? nl + 1 : t);
}

int
ioc_proc_check(const struct ioc_proc *p, struct ioc_error *err)
{
	const char *name, *line;
	struct run run;
	int status = 0;
	int r = run_with(&run, p, &status, err);

	if (r != 0 || status == 0)
		return (r);
	name = base_name(p->path);
	line = last_line(&run);
	if (status > 128)
		return (ioc_fail(err, IOC_CHILD,
		    "%s was killed by signal %d%s%s", name, status - 128,
		    line[0] != '\0' ? ": " : "", IOC_SHOW(line)));
	return (ioc_fail(err, IOC_CHILD, "%s failed with status %d%s%s", name,
	    status, line[0] != '\0' ? ": " : "", IOC_SHOW(line)));
}
