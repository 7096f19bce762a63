/* SPDX-License-Identifier: BSD-2-Clause */
/* Comparing a tree with what was recorded when its release was unpacked. */
#ifndef IOC_VERIFY_H
#define IOC_VERIFY_H

#include "ioc/host.h"
#include "ioc/jail.h"

#ifdef __cplusplus
extern "C" {
#endif

enum ioc_tree_difference {
	IOC_TREE_CHANGED,	/* it is not what was recorded */
	IOC_TREE_MISSING,	/* it was recorded and is not there */
	IOC_TREE_EXTRA,		/* it is there and was not recorded */
};

/*
 * Called for each difference, in the thread that called the library.  `path` is
 * relative to the root and escaped; `detail` says what of it has changed
 * ("content mode"), or is empty.  Not 0 asks to stop: CANCELED.
 */
typedef int ioc_verify_fn(enum ioc_tree_difference what, const char *path,
    const char *detail, void *arg);

/* The lower-case name of a difference: "changed". */
IOC_API const char *ioc_tree_difference_name(enum ioc_tree_difference what);

/*
 * Compares the newest patch level of a release ("[source/]name") with its
 * record: types, modes, owners, sizes, contents, targets of links.  Files that
 * ioc itself configures are left out.  Differences are no failure; *n (may be
 * NULL) is their number.  Needs root.  NOT_FOUND: no such release; UNSUPPORTED:
 * nothing was recorded of it; FORMAT: the record is damaged.
 */
IOC_API int ioc_release_verify(struct ioc_host *h, const char *name,
    ioc_verify_fn *fn, void *arg, size_t *n, struct ioc_error *err);

/*
 * The same for all that a jail sees of its root, compared with the record of the
 * patch level that it was made from.  What always differs is left out: /dev,
 * /proc, /sys, /tmp, /run, /var/run, /var/tmp.  STATE: it was not made from a
 * release.
 */
IOC_API int ioc_jail_verify(struct ioc_jail *j, ioc_verify_fn *fn, void *arg,
    size_t *n, struct ioc_error *err);

#ifdef __cplusplus
}
#endif

#endif /* IOC_VERIFY_H */
