/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What zfs(8) and zpool(8) print with -H: lines of fields between TABs.  Columns
 * are chosen so that no field is free text: names, yes or no, numbers, origins.
 */
#ifndef STORE_ZFS_LIST_H
#define STORE_ZFS_LIST_H

#include "base/error.h"

#define	IOC_ZFS_COLUMNS	4		/* at most */
#define	IOC_ZFS_LINE	1024		/* bytes of a line at most */

/*
 * One line, its fields ended by NULs, for the call only.  Not 0 ends the
 * reading.
 */
typedef int ioc_zfs_row_fn(const char *const *field, void *arg,
	    struct ioc_error *err);

/*
 * Calls fn for every line of the text, which is changed.  FORMAT: not exactly
 * `columns` fields, an empty one, one with anything but printable ASCII, a line
 * that does not end, a NUL byte; LIMIT: a line longer than IOC_ZFS_LINE.
 */
int	ioc_zfs_rows(char *text, size_t len, size_t columns,
	    ioc_zfs_row_fn *fn, void *arg, struct ioc_error *err);

/* "yes" or "no", else FORMAT.  A number as -p prints it. */
int	ioc_zfs_bool(const char *field, bool *ret, struct ioc_error *err);
int	ioc_zfs_number(const char *field, uint64_t *ret, struct ioc_error *err);

/*
 * What follows "DATASET/" in the name of a dataset, up to any "@": NULL when it
 * is another one.
 */
const char *ioc_zfs_beneath(const char *name, const char *dataset);

#endif /* STORE_ZFS_LIST_H */
