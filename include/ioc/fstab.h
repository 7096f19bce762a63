/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A jail's fstab: what the host's administrator mounts into it beside its root.
 * It stands beside the jail's configuration in the form of fstab(5), and is the
 * administrator's alone: nothing that is imported or lies in a jail adds to it.
 */
#ifndef IOC_FSTAB_H
#define IOC_FSTAB_H

#include "ioc/jail.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ioc_fstab;

/*
 * One line.  Types are nullfs (also "bind"), tmpfs and, on FreeBSD, devfs,
 * fdescfs, procfs, linprocfs, linsysfs.  Options, comma separated: ro or rw,
 * nosuid or suid, noexec or exec, nosymfollow or symfollow, idmap (Linux: owners
 * through the jail's uid range), shared (another jail may have it, too), size=N
 * (tmpfs).  Without the word for it a mount is nosuid, and nullfs on FreeBSD
 * nosymfollow, too.
 */
struct ioc_fstab_entry {
	const char	*source;	/* path of the host, or a word */
	const char	*target;	/* path in the jail, made if missing */
	const char	*type;		/* to add: NULL is "nullfs" */
	const char	*options;	/* to add: NULL is "ro" */
	unsigned	 freq;		/* for other programs, kept */
	unsigned	 passno;
	const char	*comment;	/* behind "#", or NULL */
	unsigned	 line;		/* where it stands; 0: nowhere yet */
};

/*
 * Reads a jail's fstab, empty when there is none.  Lines that are none are left
 * out here, and kept in the file: a start refuses them.  Ended by
 * ioc_fstab_free.
 */
IOC_API int ioc_jail_fstab(struct ioc_jail *j, struct ioc_fstab **ret,
    struct ioc_error *err);
IOC_API size_t ioc_fstab_count(const struct ioc_fstab *f);
/* It belongs to f. */
IOC_API const struct ioc_fstab_entry *ioc_fstab_at(const struct ioc_fstab *f,
    size_t i);
IOC_API void ioc_fstab_free(struct ioc_fstab *f);

/*
 * Adds a line, and mounts it when the jail runs: both or nothing, steps
 * "fstab.add/...".  target NULL is the same path as the source.  EXISTS: the
 * target is taken.  UNSAFE: ".." in a path; a link in the source, which could be
 * another jail's, or in the target; a source that holds the jail itself.  A
 * source that another jail has as well, and one may write to, is a warning; on a
 * kernel that lets both out through it (see the feature "share") it is UNSAFE,
 * here and at the start, unless one of the two lines has the option "shared".
 */
IOC_API int ioc_jail_fstab_add(struct ioc_jail *j,
    const struct ioc_fstab_entry *e, struct ioc_error *err);

/*
 * Removes the line with that target, or else with that source, and unmounts it
 * when the jail runs: both or nothing, steps "fstab.remove/...".  NOT_FOUND;
 * INVALID: there are several with that source; BUSY: it is in use (FreeBSD; on
 * Linux what programs have open stays open for them).
 */
IOC_API int ioc_jail_fstab_remove(struct ioc_jail *j, const char *what,
    struct ioc_error *err);

#ifdef __cplusplus
}
#endif

#endif /* IOC_FSTAB_H */
