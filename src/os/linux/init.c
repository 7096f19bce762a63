/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ioc-init, process 1 of a jail: reaps, passes TERM on, and ends with what it
 * was told to end with.  Static, no memory of its own, no output.
 *
 *	ioc-init LIFE STATUS PID
 *
 * LIFE is a descriptor that ends when the jail's owner does, STATUS one that
 * takes the wait status of process PID; "-" where there is none.  With both,
 * the jail ends when the process does.
 */
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

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

static void
reap(struct state *st)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != st->pid || st->status < 0)
			continue;
		if (write(st->status, &status, sizeof(status)) < 0)
			status = 0;	/* nobody listens any more */
		(void)close(st->status);
		st->status = -1;
		if (st->life >= 0)
			_exit(0);
	}
}

/* True when nothing is left but this process. */
static bool
alone(void)
{
	return (kill(-1, 0) != 0 && errno == ESRCH);
}

static void
take_signals(struct state *st, int sigfd)
{
	struct signalfd_siginfo si;

	while (read(sigfd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo != SIGTERM)
			continue;
		st->ending = true;
		(void)kill(-1, SIGTERM);
		/* A stopped process takes its TERM when it goes on. */
		(void)kill(-1, SIGCONT);
	}
}

int
main(int argc, char **argv)
{
	struct state st = { -1, -1, -1, false };
	struct pollfd p[2] = { { .events = POLLIN }, { .events = 0 } };
	sigset_t all;

	if (argc != 4 || getpid() != 1)
		return (1);
	st.life = number(argv[1]);
	st.status = number(argv[2]);
	st.pid = number(argv[3]);
	(void)prctl(PR_SET_NAME, "ioc-init", 0, 0, 0);
	/* The jail's root may not trace it, nor open /proc/1/exe. */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	p[0].fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (p[0].fd < 0)
		return (1);
	p[1].fd = st.life;
	for (;;) {
		reap(&st);
		if (st.ending && alone())
			return (0);
		/* Processes that came from outside are not its children. */
		(void)poll(p, 2, st.ending ? 5 : -1);
		if ((p[1].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
			return (0);
		take_signals(&st, p[0].fd);
	}
}
