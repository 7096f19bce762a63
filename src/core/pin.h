/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Manifests that were followed, so that a later fetch of the same release must
 * agree with them.  A release has its own in the file "pin"; when it goes, that
 * is kept in ".manifests" of the source.
 */
#ifndef CORE_PIN_H
#define CORE_PIN_H

#include "core/host.h"
#include "dist/dist.h"

struct ioc_pin {
	int		 dir_fd;	/* or -1: there are none yet */
	struct ioc_dist_pin now;	/* filled by the distribution */
};

#define	IOC_PIN	{ .dir_fd = -1, .now = { .text = IOC_BUF(1024 * 1024) } }

/* Lets a job see the pins, and say what is to be pinned. */
int	ioc_pin_open(struct ioc_pin *p, struct ioc_source *s,
	    struct ioc_dist_job *job, struct ioc_error *err);

/* Writes what the job has left, if anything, to the release's own directory. */
int	ioc_pin_write(const struct ioc_pin *p, int dirfd,
	    struct ioc_error *err);

/*
 * Keeps the pin of a release that is on its way out, "STAGING"; one without any
 * is success.  May be repeated.
 */
int	ioc_pin_keep(struct ioc_source *s, const char *staging,
	    struct ioc_error *err);

void	ioc_pin_fini(struct ioc_pin *p);

#endif /* CORE_PIN_H */
