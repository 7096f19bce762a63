/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A temporary jail for what must not run on the host: the second stage of a
 * fetch or an update.  No network, no permissions, limits on memory, processes
 * and time; it dies with the process that made it.
 */
#ifndef CORE_TEMPJAIL_H
#define CORE_TEMPJAIL_H

#include "core/host.h"

struct ioc_tempjail {
	struct ioc_source *source;
	const char	*token;		/* also names the jail */
	const char	*who;		/* for events */
	const char	*what;		/* event of its output: "release.fetch/finish" */
	const char	*vol;		/* its root, writable */
	uint32_t	 id_base;	/* 0: without a user namespace */
	const char *const *argv;
	const char *const *env;		/* "K=V" on top of the clean one, or NULL */
	int		 updates_fd;	/* mounted read-only, or -1 */
	const char	*updates_at;
	int		 timeout_ms;
};

/*
 * Runs the command to its end; an exit status other than 0 is CHILD with the
 * last line of its output.
 */
int	ioc_tempjail_run(struct ioc_host *h, const struct ioc_tempjail *t,
	    struct ioc_error *err);

#endif /* CORE_TEMPJAIL_H */
