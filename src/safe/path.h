/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths beneath a root descriptor.
 *
 * Every path here is foreign: it may come from a jail, an archive or a
 * configuration, and the tree beneath `root` may change while a call runs.
 * A path is relative to the root; a leading "/" means the root itself.  Links
 * inside are followed where a comment says so, and "beneath" means *refuse*:
 * a link (or "..") that leads out of the root is an UNSAFE error, it is never
 * re-rooted.  Absolute link targets lead out.  Magic links are refused.
 *
 * Two semantics, and which one is meant where:
 *
 *	beneath		what this file does.  The host acts on a jail's tree; a
 *			link that leads out is UNSAFE, whoever made it.
 *	as the jail	"/etc" is the jail's /etc, and a link to "/x" leads to the
 *	sees it		jail's /x.  That is no way of resolving, but a place to
 *			do it from: a child that has entered the jail, where the
 *			kernel itself knows no other root, with the jail's
 *			rights.  A login's home, the user database and mounts in
 *			a jail that runs are done so (os/SYSTEM/become.c, live.c).
 *
 * Two resolvers give the same results: the kernel's (openat2, O_RESOLVE_BENEATH)
 * and a walk by components.  Which one is chosen at run time: the kernel's where
 * there is one, else (ENOSYS), when it gives up (EAGAIN), or with IOC_PATH_WALK
 * the walk.
 *
 * All functions: 0 or a descriptor >= 0 on success; UNSAFE when the path leads
 * out or meets a link that it must not meet; NOT_FOUND, EXISTS, INVALID
 * (empty, too long, NUL, a component over 255 bytes), and the codes of errno.
 * Descriptors are close-on-exec and belong to the caller.
 */
#ifndef SAFE_PATH_H
#define SAFE_PATH_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"

enum ioc_path_flags {
	IOC_PATH_NOLINKS = 1 << 0,	/* no link anywhere, also not inside */
	IOC_PATH_WALK = 1 << 1,		/* force the walk */
	IOC_PATH_XDEV = 1 << 2,		/* refuse to cross a mount */
};

/*
 * Opens a directory that is to serve as a root, by a path of the host that the
 * administrator gave.  The last component may not be a link.
 */
int	ioc_path_root(const char *hostpath, struct ioc_error *err);

/*
 * Opens an existing file, following inner links except where pflags says.
 * `oflags` as for open(2) without O_CREAT; O_NOFOLLOW, O_CLOEXEC and O_NOCTTY
 * are added: a last component that is a link is UNSAFE unless O_PATH was asked
 * for.  A FIFO or device is refused (UNSAFE) unless O_PATH.
 */
int	ioc_path_open(int root, const char *path, int oflags, int pflags,
	    struct ioc_error *err);

/* Opens a directory (O_DIRECTORY). */
int	ioc_path_dir(int root, const char *path, int pflags,
	    struct ioc_error *err);

/* Creates a new regular file, EXISTS if anything stands there (O_EXCL). */
int	ioc_path_create(int root, const char *path, mode_t mode, int pflags,
	    struct ioc_error *err);

/* Creates one directory and opens it; EXISTS as above. */
int	ioc_path_mkdir(int root, const char *path, mode_t mode, int pflags,
	    struct ioc_error *err);

/* Opens a directory, creating it and missing parents (owned by uid, gid). */
int	ioc_path_mkdirs(int root, const char *path, mode_t mode, uid_t uid,
	    gid_t gid, int pflags, struct ioc_error *err);

/*
 * Opens the directory that holds the last component and gives that component
 * in `last` (at least 256 bytes), which is then neither empty nor "." or "..".
 * For the *at() calls that act on one name.
 */
int	ioc_path_parent(int root, const char *path, int pflags, char *last,
	    struct ioc_error *err);

/* --- acting on the last name, whatever stands there: never through a link ---- */

/* What stands there; a link is told as a link. */
int	ioc_path_stat(int root, const char *path, int pflags, struct stat *st,
	    struct ioc_error *err);
/* The text of a link; INVALID: is none, LIMIT: longer than there is room for. */
int	ioc_path_readlink(int root, const char *path, int pflags,
	    char *out, size_t outlen, struct ioc_error *err);
/* Removes a name that is not a directory, or an empty directory, or either. */
int	ioc_path_unlink(int root, const char *path, int pflags,
	    struct ioc_error *err);
int	ioc_path_rmdir(int root, const char *path, int pflags,
	    struct ioc_error *err);
int	ioc_path_remove(int root, const char *path, int pflags,
	    struct ioc_error *err);
/* Renames, over what is there as rename(2) does. */
int	ioc_path_rename(int root, const char *from, const char *to, int pflags,
	    struct ioc_error *err);
/* The two names change their places at once; UNSUPPORTED: not on FreeBSD. */
int	ioc_path_exchange(int root, const char *a, const char *b, int pflags,
	    struct ioc_error *err);
/* Makes a link; its target is a text that nobody follows here. */
int	ioc_path_symlink(const char *target, int root, const char *path,
	    int pflags, struct ioc_error *err);
/* Makes a hard link to `from`, also where that is a link itself. */
int	ioc_path_link(int root, const char *from, const char *to, int pflags,
	    struct ioc_error *err);

/* Owner and times, of a link the link's own; (uid_t)-1, (gid_t)-1 leave it. */
int	ioc_path_chown(int root, const char *path, uid_t uid, gid_t gid,
	    int pflags, struct ioc_error *err);
int	ioc_path_utimes(int root, const char *path,
	    const struct timespec times[2], int pflags, struct ioc_error *err);
/* The mode; a link has none (UNSAFE). */
int	ioc_path_chmod(int root, const char *path, mode_t mode, int pflags,
	    struct ioc_error *err);

/*
 * Extended attributes of a file or directory; links, FIFOs and devices are
 * UNSAFE.  A name begins with its namespace: "user.x".  NOT_FOUND: there is no
 * such attribute.  get appends to the value; LIMIT: longer than its maximum.
 */
int	ioc_path_xattr_get(int root, const char *path, const char *name,
	    int pflags, struct ioc_buf *value, struct ioc_error *err);
int	ioc_path_xattr_set(int root, const char *path, const char *name,
	    const void *value, size_t len, int pflags, struct ioc_error *err);
int	ioc_path_xattr_remove(int root, const char *path, const char *name,
	    int pflags, struct ioc_error *err);
int	ioc_path_xattr_list(int root, const char *path, int pflags,
	    struct ioc_strv *names, struct ioc_error *err);

/* True when the two descriptors are the same file. */
bool	ioc_path_same(int a, int b);

#endif /* SAFE_PATH_H */
