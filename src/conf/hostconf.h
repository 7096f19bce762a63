/* SPDX-License-Identifier: BSD-2-Clause */
/* ioc.conf: rc.conf(5) grammar, read without a shell, edited line by line. */
#ifndef CONF_HOSTCONF_H
#define CONF_HOSTCONF_H

#include "base/cleanup.h"
#include "base/error.h"

struct ioc_hostconf;

#define	IOC_HOSTCONF_MAX	(1024 * 1024)	/* bytes of a file */
#define	IOC_HOSTCONF_KEYS	256		/* ioc_ keys in it */

/*
 * Parses `key="value"`, `key='value'`, `key=value` lines with # comments.
 * Anything that only a shell could understand ($, backquotes, ;, continuation)
 * is FORMAT with file and line, and so is a key that is set twice.  Keys that
 * do not begin with "ioc_" are kept and ignored; $ and backquotes in the value
 * of such a key are none of our business.  Unknown keys that do begin with
 * "ioc_" are INVALID, and so are values that their key cannot have.
 */
int	ioc_hostconf_parse(const char *file, const char *text, size_t len,
	    struct ioc_hostconf **ret, struct ioc_error *err);
/* Reads a file of the host; without one it is empty if `optional`. */
int	ioc_hostconf_load(const char *file, bool optional,
	    struct ioc_hostconf **ret, struct ioc_error *err);
void	ioc_hostconf_free(struct ioc_hostconf *c);
IOC_DEFINE_AUTO(struct ioc_hostconf, ioc_hostconf_free);

/* NULL when not set. */
const char *ioc_hostconf_get(const struct ioc_hostconf *c, const char *key);

/* Sources in file order: ioc_dataset_NAME and ioc_dir_NAME. */
struct ioc_hostconf_source {
	char	name[32];
	bool	zfs;
	char	*where;
};
size_t	ioc_hostconf_sources(const struct ioc_hostconf *c,
	    const struct ioc_hostconf_source **ret);

/*
 * ioc_uid_range, "FIRST-LAST" or "FIRST:COUNT": uids and gids of the host that
 * jails get theirs from, at least 65536 of them, none below 65536.  When it is
 * not set: 524288:1878523904, which is what the system's other containers use.
 */
void	ioc_hostconf_uid_range(const struct ioc_hostconf *c, uint32_t *first,
	    uint32_t *count);

/*
 * Sets or removes (NULL) one key in the file itself: other lines, comments and
 * order stay, the file is replaced atomically, and created when missing, with its
 * directory if only that one is not there (/usr/local/etc of a bare FreeBSD).  A
 * damaged file is not touched.  Two edits at once need the caller's lock.
 */
int	ioc_hostconf_edit(const char *file, const char *key, const char *value,
	    struct ioc_error *err);

#endif /* CONF_HOSTCONF_H */
