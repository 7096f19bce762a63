/* SPDX-License-Identifier: BSD-2-Clause */
/* A jail's fstab as core sees it: the public part is ioc/fstab.h. */
#ifndef CORE_FSTAB_H
#define CORE_FSTAB_H

#include "conf/fstab.h"
#include "core/jail.h"
#include "core/launch.h"

/*
 * Adds the mounts of a jail's fstab to a launch, with sources opened.  The file
 * is judged whole; the first line that is not acceptable is the error.
 */
int	ioc_fstab_plan(struct ioc_launch *l, struct ioc_jail *j,
	    struct ioc_error *err);

/*
 * Adds the file that the property "resolver" stands for, to be written before
 * anything is mounted: call it first.
 */
int	ioc_resolver_plan(struct ioc_launch *l, const char *value,
	    struct ioc_error *err);

/* --- between the files core/fstab*.c ------------------------------------------ */

/* Reads the file in a jail's directory, none as an empty one; its text to raw. */
int	ioc_fstab_load(int dir, struct ioc_buf *raw, struct ioc_fstab **ret,
	    struct ioc_error *err);
/* The jail's root as a path of the host, as old files have it in targets. */
int	ioc_fstab_old_root(const struct ioc_jail *j, char **ret,
	    struct ioc_error *err);
/*
 * Opens the source of a BIND: a directory or regular file, reached without any
 * link, that does not hold the jail whose directory is `dir`.
 */
int	ioc_fstab_source(const char *path, int dir, struct ioc_error *err);
/* *ret: the directory `dir` is `top` or lies beneath it. */
int	ioc_fstab_lies_in(int top, int dir, bool *ret, struct ioc_error *err);
/*
 * UNSAFE, naming the jail and the directory, when another jail has part of what
 * the n mounts of `j` have, and one of the two may write to it: by its own fstab
 * or as its tree.  A line with the option "shared" does not count.  No effect on
 * the host.
 */
int	ioc_fstab_shared(struct ioc_jail *j, const struct ioc_fstab_mount *v,
	    size_t n, struct ioc_error *err);
/* 0, or UNSAFE where the kernel lets jails out that share: `how` they do. */
int	ioc_fstab_share_judge(struct ioc_host *h, const struct ioc_error *how,
	    struct ioc_error *err);
/* What the system is to mount; `source` is borrowed. */
void	ioc_fstab_os_mount(const struct ioc_fstab_mount *m, int source,
	    struct ioc_os_mount *ret);

#endif /* CORE_FSTAB_H */
