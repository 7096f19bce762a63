/* SPDX-License-Identifier: BSD-2-Clause */
/* The one judge of names: what may become part of a path, an argument, a rule. */
#ifndef SAFE_NAME_H
#define SAFE_NAME_H

#include "base/error.h"

enum ioc_name {
	IOC_NAME_JAIL,		/* [A-Za-z0-9][A-Za-z0-9_.-]*, up to 63 bytes, no ".." */
	IOC_NAME_RELEASE,	/* the same, up to 63 */
	IOC_NAME_SOURCE,	/* [A-Za-z0-9]+ with single - or _ between, up to 31 */
	IOC_NAME_SNAPSHOT,	/* [A-Za-z0-9_.:-]+, up to 63, not starting with - */
	IOC_NAME_PROPERTY,	/* [a-z][a-z0-9_.]*, up to 63 */
	IOC_NAME_USER,		/* [a-z_][a-z0-9_-]*[$]?, up to 32, or a number */
	IOC_NAME_HOSTNAME,	/* RFC 1123: labels of letters, digits, -; up to 253 */
	IOC_NAME_INTERFACE,	/* [a-zA-Z][a-zA-Z0-9_.]*, up to 15 */
	IOC_NAME_DATASET,	/* pool/path: [A-Za-z0-9_.:-]+ between slashes, up to 200 */
	IOC_NAME_ENV,		/* [A-Za-z_][A-Za-z0-9_]*, up to 127 */
	IOC_NAME_SET,		/* a set of a release: [A-Za-z0-9][A-Za-z0-9_.+-]*, up to 63 */
	IOC_NAME_COMPONENT,	/* one path component: not empty . .., no /, up to 255 */
};

/*
 * 0, or INVALID with a sentence that names the kind and the reason.  Runs in
 * time linear in the length.
 */
int	ioc_name_check(enum ioc_name kind, const char *name,
	    struct ioc_error *err);

#endif /* SAFE_NAME_H */
