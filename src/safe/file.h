/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole files: bounded reads, atomic replacement, copies. */
#ifndef SAFE_FILE_H
#define SAFE_FILE_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/*
 * Appends the whole regular file beneath `root` to b; LIMIT when it is larger
 * than b->max.  Links are not followed (UNSAFE), a FIFO or device is UNSAFE.
 */
int	ioc_file_read(int root, const char *path, struct ioc_buf *b,
	    struct ioc_error *err);

/*
 * The same without crossing a mount, and faster: the kernel opens in one step
 * what is there, so a device is refused only when it is open already.  For
 * directories in which nobody else can make names, as those of a store.
 */
int	ioc_file_read_own(int root, const char *path, struct ioc_buf *b,
	    struct ioc_error *err);

/* All that follows the position of an open descriptor. */
int	ioc_file_read_fd(int fd, struct ioc_buf *b, struct ioc_error *err);

/*
 * A file of the host itself that its administrator wrote (ioc.conf,
 * /proc/...): a path from the root of the host, links followed.
 */
int	ioc_file_read_host(const char *path, struct ioc_buf *b,
	    struct ioc_error *err);

/*
 * Opens what the administrator names by a path of the host, relative ones too, to
 * be read: links are followed, a FIFO is not waited for.
 */
int	ioc_file_open_host(const char *path, struct ioc_error *err);
/* Its absolute path without links, to be freed. */
int	ioc_file_real_host(const char *path, char **ret, struct ioc_error *err);

/*
 * Puts `len` bytes where `path` beneath `root` stands, or creates it: written
 * to a temporary file beside it, fsynced, renamed over it, directory fsynced.
 * After a crash either the old or the new content is there, and never a
 * temporary name for long (they begin with ".ioc-tmp-").  Something that is
 * there and not a regular file is UNSAFE.  Owner: uid, gid; (uid_t)-1 keeps
 * that of the caller.  IOC_FILE_NOSYNC leaves both fsyncs out (run state),
 * IOC_FILE_WALK forces the walk as IOC_PATH_WALK does.  IOC_FILE_NEW is EXISTS
 * when anything is there: of several who try one gets it, and nobody ever sees
 * it without its content.
 */
enum {
	IOC_FILE_NOSYNC = 1 << 0,
	IOC_FILE_WALK = 1 << 1,
	IOC_FILE_NEW = 1 << 2,
};
int	ioc_file_replace(int root, const char *path, const void *data,
	    size_t len, mode_t mode, uid_t uid, gid_t gid, int flags,
	    struct ioc_error *err);

/*
 * Removes the temporary names that writers left in a directory when they were
 * killed; those of the living are locked by them, and stay.
 */
int	ioc_file_sweep(int dirfd, struct ioc_error *err);

/* A new file in a directory that has no name in it, for as long as it is open. */
int	ioc_file_scratch(int dirfd, struct ioc_error *err);

/*
 * A new file in a directory of the administrator's, 0600, with a temporary name
 * ".ioc-tmp-HEX", which ends with publish or unlinkat(2).  publish: all of it on
 * disk under its name, which was nobody's (EXISTS).
 */
#define	IOC_FILE_TEMP	32
int	ioc_file_begin(int dirfd, const char *temp, struct ioc_error *err);
int	ioc_file_publish(int dirfd, int fd, const char *temp, const char *name,
	    struct ioc_error *err);

/* Writes all bytes, restarted after signals. */
int	ioc_file_write_all(int fd, const void *data, size_t len,
	    struct ioc_error *err);

/* Copies the content of one regular file: reflink, copy_file_range, read/write. */
int	ioc_file_copy_fd(int from, int to, struct ioc_error *err);

/* 1: both have the same content, read from their beginning; 0, or a code. */
int	ioc_file_same(int a, int b, struct ioc_error *err);

/* fsync of a directory, so that a rename in it survives a power loss. */
int	ioc_file_sync_dir(int dirfd, struct ioc_error *err);

#endif /* SAFE_FILE_H */
