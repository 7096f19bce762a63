/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ioc-init, process 1 of a jail: reaps, passes TERM on, and ends with what it
 * was told to end with.  A few pages, no memory of its own, no output.
 *
 *	ioc-exec CTL PATH NAME ARGUMENT...
 *
 * Under that name it executes the program NAME of PATH, or tells CTL why not:
 * a jail that names /proc/self/exe gets a sealed file in memory.
 *
 *	ioc-init LIFE STATUS PID
 *
 * LIFE is a descriptor that ends when the jail's owner does, STATUS one that
 * takes the wait status of process PID; "-" where there is none.  With both,
 * the jail ends when the process does.
 */
#include "os/linux/bare.h"

#include <asm/poll.h>
#include <asm/signal.h>

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/signalfd.h>
#include <linux/time_types.h>
#include <linux/wait.h>

#include <stdbool.h>

#include "os/linux/wire.h"

struct state {
	int	life;
	int	status;
	int	pid;
	bool	ending;
};

static int
number(const char *s)
{
	int v = 0;

	if (*s < '0' || *s > '9')
		return (-1);
	for (; *s >= '0' && *s <= '9'; s++)
		v = v * 10 + (*s - '0');
	return (v);
}

/* Puts the status out; true when the jail shall end with that. */
static bool
reap(struct state *st)
{
	int status = 0;
	long pid;

	while ((pid = bare_call(__NR_wait4, -1, (long)&status, WNOHANG, 0,
	    0)) > 0) {
		if (pid != st->pid || st->status < 0)
			continue;
		(void)bare_call(__NR_write, st->status, (long)&status,
		    sizeof(status), 0, 0);
		(void)bare_call(__NR_close, st->status, 0, 0, 0, 0);
		st->status = -1;
		if (st->life >= 0)
			return (true);
	}
	return (false);
}

/* True when nothing is left but this process. */
static bool
alone(void)
{
	return (bare_call(__NR_kill, -1, 0, 0, 0, 0) == -ESRCH);
}

static void
take_signals(struct state *st, int sigfd)
{
	struct signalfd_siginfo si;

	while (bare_call(__NR_read, sigfd, (long)&si, sizeof(si), 0, 0) ==
	    (long)sizeof(si)) {
		if (si.ssi_signo != SIGTERM)
			continue;
		st->ending = true;
		(void)bare_call(__NR_kill, -1, SIGTERM, 0, 0, 0);
		/* A stopped process takes its TERM when it goes on. */
		(void)bare_call(__NR_kill, -1, SIGCONT, 0, 0, 0);
	}
}

static size_t
length(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0')
		n++;
	return (n);
}

static bool
has_slash(const char *s)
{
	while (*s != '\0' && *s != '/')
		s++;
	return (*s == '/');
}

/* Each directory of PATH, as ioc_command_exec() does it: gives the errno. */
static int
search(const char *path, const char *name, char **argv, char **env)
{
	size_t len = length(name);
	int found = ENOENT, error;
	char full[4096];

	if (len == 0)
		return (ENOENT);
	if (has_slash(name))
		return ((int)-bare_call(__NR_execve, (long)name, (long)argv,
		    (long)env, 0, 0));
	for (;; path++) {
		size_t n = 0;

		while (path[n] != '\0' && path[n] != ':')
			n++;
		if (n > 0 && n + len + 2 <= sizeof(full)) {
			memcpy(full, path, n);
			full[n] = '/';
			memcpy(full + n + 1, name, len + 1);
			error = (int)-bare_call(__NR_execve, (long)full,
			    (long)argv, (long)env, 0, 0);
			if (error != ENOENT && error != ENOTDIR)
				found = error;
			if (found != ENOENT && found != EACCES)
				return (found);
		}
		path += n;
		if (*path == '\0')
			return (found);
	}
}

static int
exec_main(int argc, char **argv)
{
	struct lx_msg m = { .kind = LX_FAILED };
	int ctl = number(argv[1]);
	size_t len = length(argv[3]);

	(void)bare_call(__NR_fcntl, ctl, F_SETFD, FD_CLOEXEC, 0, 0);
	m.sys = search(argv[2], argv[3], argv + 4, argv + argc + 1);
	if (len >= sizeof(m.text))
		len = sizeof(m.text) - 1;
	memcpy(m.text, argv[3], len);
	(void)bare_call(__NR_write, ctl, (long)&m, sizeof(m), 0, 0);
	return (127);
}

static int
bare_main(int argc, char **argv)
{
	struct state st = { -1, -1, -1, false };
	struct pollfd p[2] = { { .events = POLLIN }, { .events = 0 } };
	uint64_t all = ~UINT64_C(0);

	if (argc > 4 && argv[0][4] == 'e') {
		(void)bare_call(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
		return (exec_main(argc, argv));
	}
	if (argc != 4 || bare_call(__NR_getpid, 0, 0, 0, 0, 0) != 1)
		return (1);
	/* The jail's root may not trace it, nor open /proc/1/exe. */
	(void)bare_call(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)bare_call(__NR_prctl, PR_SET_NAME, (long)"ioc-init", 0, 0, 0);
	st.life = number(argv[1]);
	st.status = number(argv[2]);
	st.pid = number(argv[3]);
	(void)bare_call(__NR_rt_sigprocmask, SIG_SETMASK, (long)&all, 0,
	    sizeof(all), 0);
	p[0].fd = (int)bare_call(__NR_signalfd4, -1, (long)&all, sizeof(all),
	    SFD_CLOEXEC | SFD_NONBLOCK, 0);
	if (p[0].fd < 0)
		return (1);
	p[1].fd = st.life;
	for (;;) {
		/* Processes that came from outside are not its children. */
		struct __kernel_timespec soon = { .tv_nsec = 5000000 };

		if (reap(&st) || (st.ending && alone()))
			return (0);
		(void)bare_call(__NR_ppoll, (long)p, 2,
		    st.ending ? (long)&soon : 0, 0, 0);
		if ((p[1].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
			return (0);
		take_signals(&st, p[0].fd);
	}
}
