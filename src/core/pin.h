/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Manifests that were followed: kept in ".manifests" of the source, also when
 * the release itself is gone, so that a later one must be the same.
 */
#ifndef CORE_PIN_H
#define CORE_PIN_H

#include "core/host.h"
#include "dist/dist.h"

struct ioc_pin {
	int		 dir_fd;	/* or -1: there are none yet */
	struct ioc_dist_pin now;	/* filled by the distribution */
	struct ioc_buf	 before;	/* what was there */
	bool		 had;		/* something was */
	bool		 made;		/* the directory is new */
	bool		 written;
};

#define	IOC_PIN								\
	{ .dir_fd = -1, .now = { .text = IOC_BUF(1024 * 1024) },	\
	    .before = IOC_BUF(1024 * 1024) }

/* Lets a job see the pins, and say what is to be pinned. */
int	ioc_pin_open(struct ioc_pin *p, struct ioc_source *s,
	    struct ioc_dist_job *job, struct ioc_error *err);

/* Writes what the job has left, if anything; and takes it back. */
int	ioc_pin_write(struct ioc_pin *p, struct ioc_source *s,
	    struct ioc_error *err);
int	ioc_pin_restore(struct ioc_pin *p, struct ioc_source *s,
	    struct ioc_error *err);

void	ioc_pin_fini(struct ioc_pin *p);

#endif /* CORE_PIN_H */
