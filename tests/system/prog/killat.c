/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a program and kills it, or lets the disk be full, at its n-th system
 * call; those of all its processes count.
 * usage: killat [-a] [-f DIR [-1]] N PROGRAM [ARG...]
 * N is 0 for never.  It is the program alone that is killed, as kill(1) does,
 * or with -a all its processes.  With -f only calls count that need space
 * beneath DIR, and the n-th and all later ones fail with ENOSPC, with -1 that
 * one alone.  The last line on stdout says how many there were, and what became
 * of the program: "CALLS killed|ended STATUS NUMBER-OF-THE-CALL PROCESS".
 */
#include <sys/types.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <linux/ptrace.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define	TRACED_MAX	512
#define	OPTIONS		(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |	\
	    PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |			\
	    PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

static struct {
	bool		 all, one;
	const char	*dir;
	unsigned long	 at;
} opt;

static struct {
	pid_t	pid;
	bool	failing;	/* the call that it is in */
} traced[TRACED_MAX];
static size_t ntraced;
static unsigned long calls;
static pid_t program;
static bool hit;
static uint64_t hit_call;
static char hit_name[32];

/* --- who is traced -------------------------------------------------------------- */

static size_t
find(pid_t pid)
{
	size_t i = 0;

	while (i < ntraced && traced[i].pid != pid)
		i++;
	if (i == ntraced && ntraced < TRACED_MAX) {
		traced[ntraced].failing = false;
		traced[ntraced++].pid = pid;
	}
	if (i == TRACED_MAX) {
		(void)fprintf(stderr, "killat: too many processes\n");
		exit(99);
	}
	return (i);
}

static void
gone(pid_t pid)
{
	for (size_t i = 0; i < ntraced; i++)
		if (traced[i].pid == pid)
			traced[i--] = traced[--ntraced];
}

/* --- calls that need space --------------------------------------------------------- */

struct call {
	long		 number;
	int		 fd;		/* which argument is a descriptor */
	int		 flags;		/* which one has O_CREAT, or -1 */
};

static const struct call needy[] = {
	{ SYS_openat, 0, 2 },
	{ SYS_openat2, 0, 3 },		/* its structure begins with them */
	{ SYS_mkdirat, 0, -1 },
	{ SYS_linkat, 2, -1 },
	{ SYS_symlinkat, 1, -1 },
	{ SYS_mknodat, 0, -1 },
	{ SYS_renameat2, 2, -1 },
#ifdef SYS_renameat
	{ SYS_renameat, 2, -1 },
#endif
	{ SYS_write, 0, -1 },
	{ SYS_pwrite64, 0, -1 },
	{ SYS_writev, 0, -1 },
	{ SYS_copy_file_range, 2, -1 },
	{ SYS_sendfile, 0, -1 },
	{ SYS_fallocate, 0, -1 },
	{ SYS_fsync, 0, -1 },
	{ SYS_fdatasync, 0, -1 },
	{ SYS_syncfs, 0, -1 },
	{ SYS_fsetxattr, 0, -1 },
};

static bool
creates(pid_t pid, const struct call *c, const uint64_t *args)
{
	uint64_t flags;

	if (c->flags < 0)
		return (true);
	flags = args[c->flags];
	if (c->number == SYS_openat2) {
		errno = 0;
		flags = (uint64_t)ptrace(PTRACE_PEEKDATA, pid, args[2], NULL);
		if (errno != 0)
			return (false);
	}
	return ((flags & O_CREAT) != 0);
}

static bool
needs_space(pid_t pid, uint64_t number, const uint64_t *args)
{
	char link[64], path[1024];
	size_t len = strlen(opt.dir);
	ssize_t n;

	for (size_t i = 0; i < sizeof(needy) / sizeof(*needy); i++) {
		if ((uint64_t)needy[i].number != number ||
		    !creates(pid, &needy[i], args))
			continue;
		(void)snprintf(link, sizeof(link), "/proc/%d/fd/%d", pid,
		    (int)args[needy[i].fd]);
		n = readlink(link, path, sizeof(path) - 1);
		return (n >= (ssize_t)len && strncmp(path, opt.dir, len) == 0);
	}
	return (false);
}

/* Another number makes it fail; what it returns is put in when it ends. */
static void
set_register(pid_t pid, bool entry)
{
#ifdef __x86_64__
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &r) != 0)
		return;
	if (entry)
		r.orig_rax = (unsigned long long)-1;
	else
		r.rax = (unsigned long long)-ENOSPC;
	(void)ptrace(PTRACE_SETREGS, pid, NULL, &r);
#else
	(void)pid;
	(void)entry;
#endif
}

/* --- at a call ------------------------------------------------------------------------ */

static void
remember(pid_t pid, uint64_t number)
{
	char path[64];
	ssize_t n;
	int fd;

	hit = true;
	hit_call = number;
	(void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? 0 : read(fd, hit_name, sizeof(hit_name) - 1);
	hit_name[n > 1 ? n - 1 : 0] = '\0';
	(void)close(fd);
}

static void
kill_it(void)
{
	/* The program first: it must not learn of the others' end. */
	(void)kill(program, SIGKILL);
	for (size_t i = 0; opt.all && i < ntraced; i++)
		(void)kill(traced[i].pid, SIGKILL);
}

static void
on_call(pid_t pid)
{
	struct ptrace_syscall_info info;
	size_t i = find(pid);

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT && traced[i].failing) {
		traced[i].failing = false;
		set_register(pid, false);
	}
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	if (opt.dir != NULL && !needs_space(pid, info.entry.nr,
	    (const uint64_t *)info.entry.args))
		return;
	calls++;
	if (opt.at == 0 || calls < opt.at || (opt.one && calls > opt.at))
		return;
	if (!hit)
		remember(pid, info.entry.nr);
	if (opt.dir != NULL) {
		traced[i].failing = true;
		set_register(pid, true);
	} else if (calls == opt.at)
		kill_it();
}

/* --- all of it -------------------------------------------------------------------------- */

static void
start(char **argv)
{
	int status;

	program = fork();
	if (program == 0) {
		(void)raise(SIGSTOP);
		(void)execv(argv[0], argv);
		perror(argv[0]);
		_exit(99);
	}
	if (program < 0 || waitpid(program, &status, WUNTRACED) != program ||
	    ptrace(PTRACE_SEIZE, program, NULL, OPTIONS) != 0) {
		perror("killat: trace");
		exit(99);
	}
	(void)find(program);
	(void)kill(program, SIGCONT);
}

/*
 * What the program leaves, the jail's own processes, goes on without us.  In any
 * order: the first of a namespace ends only when all others were waited for.
 */
static void
leave(void)
{
	int status;
	pid_t pid;

	for (size_t i = 0; i < ntraced; i++)
		(void)ptrace(PTRACE_INTERRUPT, traced[i].pid, NULL, NULL);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status) && traced[find(pid)].failing)
			set_register(pid, false);
		if (WIFSTOPPED(status))
			(void)ptrace(PTRACE_DETACH, pid, NULL,
			    WSTOPSIG(status) == (SIGTRAP | 0x80) ||
			    status >> 16 != 0 ? 0 : (long)WSTOPSIG(status));
		gone(pid);
	}
}

static void
on_stop(pid_t pid, int status)
{
	int event = status >> 16, sig = WSTOPSIG(status);
	unsigned long child;

	(void)find(pid);
	if (sig == (SIGTRAP | 0x80)) {
		on_call(pid);
		sig = 0;
	} else if (event == PTRACE_EVENT_STOP && (sig == SIGSTOP ||
	    sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU)) {
		(void)ptrace(PTRACE_LISTEN, pid, NULL, NULL);
		return;
	} else if (event != 0) {
		if ((event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
		    event == PTRACE_EVENT_CLONE) && ptrace(PTRACE_GETEVENTMSG,
		    pid, NULL, &child) == 0 && child != 0)
			(void)find((pid_t)child);
		sig = 0;
	}
	(void)ptrace(PTRACE_SYSCALL, pid, NULL, (long)sig);
}

int
main(int argc, char **argv)
{
	int c, status, result = 0;
	pid_t pid;

	while ((c = getopt(argc, argv, "+a1f:")) != -1) {
		switch (c) {
		case 'a': opt.all = true; break;
		case '1': opt.one = true; break;
		case 'f': opt.dir = optarg; break;
		default: optind = argc;
		}
	}
	if (argc - optind < 2) {
		(void)fprintf(stderr, "usage: killat [-a] [-f DIR [-1]] N "
		    "PROGRAM [ARG...]\n");
		return (2);
	}
#ifndef __x86_64__
	if (opt.dir != NULL) {
		(void)fprintf(stderr, "killat: -f: not on this processor\n");
		return (77);
	}
#endif
	opt.at = strtoul(argv[optind], NULL, 10);
	start(argv + optind + 1);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			on_stop(pid, status);
			continue;
		}
		gone(pid);
		if (pid != program)
			continue;
		result = status;
		/* What is killed with it is waited for, what is left is not. */
		if (opt.all && hit && opt.dir == NULL)
			continue;
		break;
	}
	leave();
	(void)printf("%lu %s %d %llu %s\n", calls, WIFSIGNALED(result) ?
	    "killed" : "ended", WIFSIGNALED(result) ? WTERMSIG(result) :
	    WEXITSTATUS(result), (unsigned long long)hit_call,
	    hit_name[0] != '\0' ? hit_name : "-");
	return (0);
}
