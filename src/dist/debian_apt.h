/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's apt-get, with a configuration of its own: it learns from a root
 * nothing but which packages it has, and leaves in the directory for updates
 *
 *	lists/ archives/	what it verified and fetched
 *	sources.list jail.conf	for the apt-get of stage two
 *	apt.conf status		for itself
 */
#ifndef DIST_DEBIAN_APT_H
#define DIST_DEBIAN_APT_H

#include "dist/debian.h"

struct ioc_apt {
	const struct ioc_dist_job *job;
	/* Gets every line that is neither progress nor an error; or NULL.  Not 0
	   ends it: CANCELED. */
	int		(*line)(const char *line, void *arg);
	void		*arg;
	/* private */
	const char	*apt_get, *apt_cache;
	char		 error[400];	/* its first E: line */
	bool		 verify;	/* a signature or hash is wrong */
	char		 said[200];	/* its last line */
	uint64_t	 since;		/* when it first came, in ns */
	bool		 stalled;
};

/*
 * For the packages of job->root_fd: an empty place for everything in the
 * updates, whatever an earlier try left, and the lists of the suites, verified.
 * VERIFY: a signature, hash or date is wrong; NETWORK: any other failure of the
 * mirror; TIMEOUT: it stands still; UNSUPPORTED names what the host must install.
 */
int	ioc_apt_open(struct ioc_apt *a, const struct ioc_dist_job *job,
	    struct ioc_error *err);

/* "apt-get WORDS"; fails as ioc_apt_open. */
int	ioc_apt_get(struct ioc_apt *a, const char *const *words,
	    struct ioc_error *err);
/* "apt-cache WORDS". */
int	ioc_apt_cache(struct ioc_apt *a, const char *const *words,
	    struct ioc_error *err);

#endif /* DIST_DEBIAN_APT_H */
