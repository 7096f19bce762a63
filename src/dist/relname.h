/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of releases as FreeBSD and its relatives form them: 14.2-RELEASE-p1. */
#ifndef DIST_RELNAME_H
#define DIST_RELNAME_H

#include <stdbool.h>

/* In the order in which they follow each other on the way to one version. */
enum ioc_relkind {
	IOC_REL_CURRENT,
	IOC_REL_ALPHA,
	IOC_REL_PRERELEASE,
	IOC_REL_BETA,
	IOC_REL_RC,
	IOC_REL_RELEASE,
	IOC_REL_STABLE,
};

struct ioc_relname {
	unsigned	 major;
	unsigned	 minor;
	bool		 has_minor;	/* false: "15-STABLE", a whole branch */
	enum ioc_relkind kind;
	unsigned	 n;		/* of ALPHA, BETA, RC: 1 and more; else 0 */
	unsigned	 patch;		/* behind -p; 0 without */
};

/*
 * Splits MAJOR[.MINOR]-KIND[N][-pPATCH]; with `tail` anything may follow behind
 * another "-", as kernels have it.  False when it is not such a name.
 */
bool	ioc_relname_parse(const char *text, bool tail, struct ioc_relname *ret);

/*
 * Less than, equal to or greater than 0, as a is older than b, the same, or
 * newer.  Where one is a whole branch only the major versions count.
 */
int	ioc_relname_compare(const struct ioc_relname *a,
	    const struct ioc_relname *b);

/* True when both are names and the first is newer than the second, a kernel's. */
bool	ioc_relname_is_newer(const char *release, const char *host);

#endif /* DIST_RELNAME_H */
