/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A temporary jail for what must not run on the host: the second stage of a
 * fetch or an update, and a first stage whose program reads foreign bytes.
 *
 * It is the same whatever the configuration says, and no user can change it: no
 * network, no address, no interface, nothing allowed, no jail in it, four
 * devices that do no harm, no file system but those given; limits on memory,
 * processes, time, output and on what it leaves of the disk.  It dies with the
 * process that made it.  What a host cannot limit is an error.
 */
#ifndef CORE_TEMPJAIL_H
#define CORE_TEMPJAIL_H

#include "core/host.h"

/* The only ways in which one differs from another. */
enum ioc_tempjail_flags {
	IOC_TEMPJAIL_PROC = 1 << 0,	/* has /proc and, on Linux, /sys */
	IOC_TEMPJAIL_FLAGS = 1 << 1,	/* FreeBSD: file flags may be changed,
					   also schg: securelevel 0, allow.chflags */
	IOC_TEMPJAIL_NETWORK = 1 << 2,	/* FreeBSD: the host's addresses, for
					   the host's own programs */
};

struct ioc_tempjail {
	struct ioc_source *source;
	const char	*token;		/* also names the jail */
	const char	*who;		/* for events */
	const char	*what;		/* event of its output: "release.fetch/finish" */
	const char	*vol;		/* its root, writable */
	uint32_t	 id_base;	/* 0: without a user namespace */
	unsigned	 flags;
	const char *const *argv;
	const char *const *env;		/* "K=V" on top of the clean one, or NULL */
	const struct ioc_os_mount *mounts;	/* beside /dev */
	size_t		 nmounts;
	int		 timeout_ms;
};

/*
 * Runs the command to its end; an exit status other than 0 is CHILD with the
 * last line of its output.  TIMEOUT; LIMIT: output or disk.
 */
int	ioc_tempjail_run(struct ioc_host *h, const struct ioc_tempjail *t,
	    struct ioc_error *err);

#endif /* CORE_TEMPJAIL_H */
