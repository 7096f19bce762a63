/* SPDX-License-Identifier: BSD-2-Clause */
/* The only place outside src/os where the systems differ in a function. */
#ifndef BASE_COMPAT_H
#define BASE_COMPAT_H

#include <sys/types.h>

#include <stdint.h>

/*
 * Opens a path beneath a directory with the kernel's help: nothing that leads
 * out of it, through links, "..", absolute paths or magic links, is followed.
 * `flags` as for open(2); O_NOFOLLOW refuses a link as last component only.
 * -1 with EXDEV when the path leads out, ENOSYS where the kernel has no such
 * call, ELOOP for a magic link or (with nolinks) any link.
 * Linux: openat2(2), RESOLVE_BENEATH.  FreeBSD: O_RESOLVE_BENEATH.
 */
int	ioc_open_beneath(int dirfd, const char *path, int flags, mode_t mode,
	    int nolinks);

/* O_PATH where the system has it, else what comes closest to it. */
extern const int ioc_o_path;

/* Where the system keeps ioc.conf and the state of running jails. */
extern const char *const ioc_default_config;
extern const char *const ioc_default_run_dir;

/* Closes every descriptor from `from` on. */
void	ioc_close_from(int from);

/* Writes the file system of a descriptor to disk; 0, or -1 with errno. */
int	ioc_sync_filesystem(int fd);

/* Fills buf with random bytes from the kernel; never fails. */
void	ioc_random(void *buf, size_t len);

/* Seconds and nanoseconds of a clock that only goes forward, as nanoseconds. */
uint64_t ioc_now_ns(void);

#endif /* BASE_COMPAT_H */
