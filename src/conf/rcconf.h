/* SPDX-License-Identifier: BSD-2-Clause */
/* Setting values in rc.conf(5), periodic.conf(5) and sysctl.conf(5) files. */
#ifndef CONF_RCCONF_H
#define CONF_RCCONF_H

#include "base/buf.h"
#include "base/error.h"

#define	IOC_RCCONF_MAX	(1024 * 1024)	/* bytes of a file */

enum ioc_rcconf {
	IOC_RCCONF_SHELL,	/* key="value", read by a shell */
	IOC_RCCONF_SYSCTL,	/* key=value, never by one */
};

struct ioc_rcconf_change {
	const char	*key;
	const char	*value;
};

/*
 * Appends the text with another value of the key to `out`: in the place of the
 * last assignment, or as a line of its own behind all.  Everything else stays,
 * comments, order and what only a shell understands; such text is not judged
 * unless the key stands in it, and nothing is written into or behind what goes
 * over several lines, such as a conditional.  FORMAT with the line's number when
 * the key stands where it cannot be judged; INVALID for a key or value that
 * cannot be written; LIMIT.
 */
int	ioc_rcconf_set(enum ioc_rcconf kind, const char *text, size_t len,
	    const char *key, const char *value, struct ioc_buf *out,
	    struct ioc_error *err);

/*
 * Appends the value of the last assignment; NOT_FOUND when there is none that
 * can be seen, FORMAT as above.
 */
int	ioc_rcconf_get(enum ioc_rcconf kind, const char *text, size_t len,
	    const char *key, struct ioc_buf *out, struct ioc_error *err);

/*
 * Makes the changes in a file beneath a root, all or none; without the file it
 * is made, 0644 of root.  A link in the path is UNSAFE.
 */
int	ioc_rcconf_edit(enum ioc_rcconf kind, int root, const char *file,
	    const struct ioc_rcconf_change *v, size_t n, struct ioc_error *err);

#endif /* CONF_RCCONF_H */
