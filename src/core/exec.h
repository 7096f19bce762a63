/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs in jails. */
#ifndef CORE_EXEC_H
#define CORE_EXEC_H

#include "core/create.h"
#include "core/launch.h"
#include "ioc/jail.h"

/* What an ephemeral jail leaves to be removed when its command has ended. */
struct ioc_ephemeral {
	struct ioc_build build;
	struct ioc_launch launch;
	char		*kernel;
	bool		 keep;
	char		*name;		/* to be kept under; then the process's */
	struct ioc_lock	*lock;
	struct ioc_lock	*name_lock;	/* of that name */
	struct ioc_lock	*release_lock;
};

struct ioc_process {
	struct ioc_host	*host;
	struct ioc_os_process p;
	bool		 ended;
	int		 status;
	char		*kept;		/* name of the jail that stays, or NULL */
	struct ioc_ephemeral *ephemeral;	/* or NULL */
};

IOC_DEFINE_AUTO(struct ioc_process, ioc_process_close);

/* The environment of programs in jails: a fixed PATH, then "K=V" of `extra`. */
int	ioc_exec_environment(const char *const *extra, struct ioc_strv *ret,
	    struct ioc_error *err);

/*
 * Runs a command line of words (separated by spaces, no quoting, no shell) to
 * its end; its output is thrown away.
 */
int	ioc_exec_words(struct ioc_os_jail *j, const char *words,
	    int timeout_ms, int *status, struct ioc_error *err);

/* How a program whose output comes through a pipe is watched. */
struct ioc_exec_watch {
	int		 timeout_ms;	/* 0: none */
	uint64_t	 output_max;	/* bytes that it may write, 0: any */
	/* Of every line; not 0: CANCELED. */
	int		(*line)(const char *line, void *arg);
	/* Several times a second; not 0 ends it with that error.  Or NULL. */
	int		(*tick)(void *arg, struct ioc_error *err);
	void		*arg;
	char		 last[200];	/* result: its last line, escaped */
};

/* Waits for it; closes `fd`.  TIMEOUT, LIMIT: too much output, CANCELED. */
int	ioc_exec_watch(struct ioc_os_process *p, int fd,
	    struct ioc_exec_watch *w, int *status, struct ioc_error *err);

/* A process object, its environment and what the system is asked to run. */
int	ioc_process_for(struct ioc_host *h, const struct ioc_exec_options *o,
	    struct ioc_strv *env, struct ioc_os_exec *e,
	    struct ioc_process **ret, struct ioc_error *err);

/* Makes it a jail of its own, stopped; what fails leaves it to its end. */
int	ioc_ephemeral_keep(struct ioc_ephemeral *e, struct ioc_error *err);
/* Ends the ephemeral jail and frees everything. */
int	ioc_ephemeral_end(struct ioc_ephemeral *e, struct ioc_error *err);

#endif /* CORE_EXEC_H */
