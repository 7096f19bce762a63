/* SPDX-License-Identifier: BSD-2-Clause */
/* One action on several jails: a failure does not end the rest. */
#ifndef CLI_EACH_H
#define CLI_EACH_H

#include "cli.h"

#define	EACH_SKIPPED	1	/* there was nothing to do */

/* What came of one jail; passed through a pipe by a worker process. */
struct each_result {
	bool		 tried;
	int		 code;		/* 0, EACH_SKIPPED or an enum ioc_code */
	int64_t		 id;		/* of the running jail, 0: none */
	char		 note[64];	/* instead of `done`, if not empty */
	struct ioc_error err;
};

struct each {
	const char	*verb;		/* "start" */
	const char	*done;		/* "started" */
	/* Gives 0, EACH_SKIPPED or a failure in res->err. */
	int		(*one)(struct cli *c, struct ioc_jail *j, void *arg,
			    struct each_result *res);
	/*
	 * NULL, or what may refuse a jail before anything is done for it; always
	 * in the first process.
	 */
	int		(*before)(struct cli *c, struct ioc_jail *j, void *arg,
			    struct each_result *res);
	void		*arg;
	unsigned	 parallel;	/* at most so many at once; 0 is 1 */
	bool		 backwards;	/* the jails are in stop order */
	bool		 depends;	/* what a failed jail is needed for fails */
};

/* Does it, tells the results, gives the exit status. */
int	each_run(struct cli *c, const struct each *e, struct ioc_jail *const *v,
	    size_t n);

#endif /* CLI_EACH_H */
