/* SPDX-License-Identifier: BSD-2-Clause */
/* Running a program of the host: argv, never a shell, nothing inherited. */
#ifndef SAFE_PROC_H
#define SAFE_PROC_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"

/*
 * What to run.  Unless it says otherwise the program gets: /dev/null as stdin,
 * its output captured, only the environment given here, "/" as directory,
 * default signal handlers and an empty signal mask, umask 022, a session of
 * its own, and no other descriptor.
 */
struct ioc_proc {
	const char	*path;		/* absolute, from safe/tools.h */
	const char *const *argv;	/* argv[0] included */
	const char *const *env;		/* NULL: ioc_proc_env() */
	int		 stdin_fd;	/* -1: /dev/null */
	int		 stdout_fd;	/* -1: captured, see below */
	int		 stderr_fd;	/* -1: captured, see below */
	const int	*pass;		/* further descriptors, become 3, 4, ... */
	size_t		 npass;
	int		 timeout_ms;	/* 0: IOC_PROC_TIMEOUT; TERM, then KILL after 5 s */
	/*
	 * For root: files change in this directory only, whatever it is told,
	 * and on Linux no process of it outlives it.
	 */
	int		 write_fd;	/* -1: anywhere */
	const char	*write_path;	/* the same directory */
	/*
	 * For root: it reads foreign bytes.  It changes nothing, has no network,
	 * and a user that owns nothing; it begins in this directory, where it
	 * reads what everybody may read; a file "passwd" must be there with
	 * what ioc_proc_passwd says.  See ioc_sandbox_reads.
	 */
	const char	*read_path;	/* NULL: not so */
	struct ioc_buf	*out;		/* captured stdout, NULL: thrown away */
	struct ioc_buf	*err;		/* captured stderr, NULL: its tail goes
					   into the error message */
	/* Called for every whole line of either; not 0: terminate, CANCELED. */
	int		(*line)(const char *line, void *arg);
	void		*line_arg;
};

#define	IOC_PROC_TIMEOUT	(120 * 1000)
#define	IOC_PROC			{ .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1, \
	    .write_fd = -1 }

/*
 * Runs it to its end.  *status is its exit status, 128 + N after signal N.
 * CHILD with err->sys set: it could not be executed (ENOENT, EACCES, ...).
 * TIMEOUT, CANCELED; LIMIT: its output did not fit (it was terminated).
 * The whole process group is killed when it does not end by itself, and what
 * is left of it when it keeps a captured stream open.  The kernel kills the
 * program when its caller dies.  STATE when the process ignores SIGCHLD, since
 * exit statuses are lost then.
 */
int	ioc_proc_run(const struct ioc_proc *p, int *status,
	    struct ioc_error *err);

/*
 * The same, and an exit status other than 0 is a CHILD error with the program's
 * name, its status and the last line of its stderr, escaped.
 */
int	ioc_proc_check(const struct ioc_proc *p, struct ioc_error *err);

/* PATH of system directories, LC_ALL=C, HOME=/, TERM=dumb. */
const char *const *ioc_proc_env(void);

/* passwd(5) of the user that a program with `read_path` has. */
const char *ioc_proc_passwd(void);

/* The first of the NULL-terminated absolute paths that is executable, or NULL. */
const char *ioc_proc_find(const char *const *paths);

#endif /* SAFE_PROC_H */
