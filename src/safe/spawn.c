/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts ioc-worker, and finds it. */
#include "safe/spawn.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "safe/where.h"
#include "safe/worker.h"

#define	FIRST	3	/* of the socket; the job's descriptors follow */
#define	STACK	((rlim_t)2 << 20)	/* of a thread of the worker */

/* Says why it could not be executed, through the pipe; never returns. */
static void
child_fail(int report)
{
	int sys = errno;

	(void)!write(report, &sys, sizeof(sys));
	_exit(127);
}

/*
 * Between fork and exec: system calls only.  `fds` are in their order, and are
 * first moved out of the way of the numbers that they are to have.
 */
static void
child(const char *path, const int *fds, size_t n, int report)
{
	char *const env[] = {
		(char[]){ "PATH=/usr/bin:/bin" }, (char[]){ "HOME=/" },
		(char[]){ "LC_ALL=C" }, NULL,
	};
	char *const argv[] = { (char[]){ "ioc-worker" }, NULL };
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	int high = FIRST + (int)n + 1, moved[IOC_WORKER_FDS + 1], null;
	struct rlimit stack;
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &dfl, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid();
	/* Threads of the C library have as much as the first one may have. */
	if (getrlimit(RLIMIT_STACK, &stack) == 0 &&
	    (stack.rlim_cur == RLIM_INFINITY || stack.rlim_cur > STACK)) {
		stack.rlim_cur = STACK;
		(void)setrlimit(RLIMIT_STACK, &stack);
	}
	report = fcntl(report, F_DUPFD_CLOEXEC, high);
	if (report < 0)
		_exit(127);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || (null = fcntl(null, F_DUPFD_CLOEXEC, high)) < 0)
		child_fail(report);
	for (size_t i = 0; i < n; i++)
		if ((moved[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, high)) < 0)
			child_fail(report);
	for (int i = 0; i < FIRST; i++)
		if (dup2(null, i) < 0)
			child_fail(report);
	for (size_t i = 0; i < n; i++)
		if (dup2(moved[i], FIRST + (int)i) < 0)
			child_fail(report);
	if (dup2(report, high - 1) < 0 ||
	    fcntl(high - 1, F_SETFD, FD_CLOEXEC) != 0)
		child_fail(report);
	ioc_close_from(high);
	(void)execve(path, argv, env);
	child_fail(high - 1);
}

/* 0 when the program runs, else the errno that kept it from doing so. */
static int
exec_result(int report, pid_t pid)
{
	int sys = 0;
	ssize_t n;

	do {
		n = read(report, &sys, sizeof(sys));
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return (0);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return (n == sizeof(sys) && sys != 0 ? sys : EIO);
}

static pid_t
start(const char *path, const int *fds, size_t n, int report)
{
	sigset_t all, old;
	pid_t pid;

	/* No handler of the caller may run in the child. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0)
		child(path, fds, n, report);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return (pid);
}

int
ioc_spawn_worker(const char *helper_dir, const int *fds, size_t nfds,
    pid_t *pid, int *sock, struct ioc_error *err)
{
	auto_fd int ours = -1, theirs = -1, rd = -1, wr = -1;
	auto_free char *path = NULL;
	const int buffer = 4 * IOC_WORKER_TEXT_MAX;
	int all[IOC_WORKER_FDS + 1], pair[2], sys;

	if (helper_dir == NULL || helper_dir[0] != '/' || nfds > IOC_WORKER_FDS)
		return (ioc_fail(err, IOC_INVALID,
		    "no directory of helper programs"));
	if (asprintf(&path, "%s/ioc-worker", helper_dir) < 0) {
		path = NULL;
		return (ioc_fail_nomem(err));
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return (ioc_fail_errno(err, "socket pair"));
	ours = pair[0];
	theirs = pair[1];
	/* A packet of the longest text, where the usual buffers are smaller. */
	for (int i = 0; i < 2; i++)
		if (setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &buffer,
		    sizeof(buffer)) != 0 || setsockopt(pair[i], SOL_SOCKET,
		    SO_RCVBUF, &buffer, sizeof(buffer)) != 0)
			return (ioc_fail_errno(err, "socket buffer"));
	if (pipe2(pair, O_CLOEXEC) != 0)
		return (ioc_fail_errno(err, "pipe"));
	rd = pair[0];
	wr = pair[1];
	all[0] = theirs;
	if (nfds > 0)
		memcpy(all + 1, fds, nfds * sizeof(*fds));
	*pid = start(path, all, nfds + 1, wr);
	if (*pid < 0)
		return (ioc_fail_errno(err, "fork"));
	ioc_fd_close(&wr);
	sys = exec_result(rd, *pid);
	if (sys != 0) {
		(void)ioc_fail_sys(err, sys, "%s", IOC_SHOW(path));
		if (err != NULL)
			err->code = IOC_CHILD;
		return (IOC_CHILD);
	}
	*sock = take_fd(&ours);
	return (0);
}

/* That directory, seen from the file `self`, if ioc-worker is in it. */
static char *
beside(const char *self, const char *place)
{
	const char *slash = strrchr(self, '/');
	auto_free char *dir = NULL, *file = NULL;
	int n;

	if (slash == NULL)
		return (NULL);
	n = place[0] == '/' ? asprintf(&dir, "%s", place) :
	    asprintf(&dir, "%.*s/%s", (int)(slash - self), self, place);
	if (n < 0 || asprintf(&file, "%s/ioc-worker", dir) < 0) {
		if (n < 0)
			dir = NULL;
		file = NULL;
		return (NULL);
	}
	return (faccessat(AT_FDCWD, file, X_OK, AT_EACCESS) == 0 ?
	    take_ptr(dir) : NULL);
}

int
ioc_worker_helper_dir(char **ret, struct ioc_error *err)
{
	auto_free char *self = NULL;
	const char *const *places;
	int r = ioc_where(&self, &places, err);

	if (r != 0)
		return (ioc_wrap(err, r, "helper programs"));
	for (; *places != NULL; places++) {
		*ret = beside(self, *places);
		if (*ret != NULL)
			return (0);
	}
	return (ioc_fail(err, IOC_NOT_FOUND,
	    "helper programs: no ioc-worker where %s looks for it",
	    IOC_SHOW(self)));
}
