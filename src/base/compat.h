/* SPDX-License-Identifier: BSD-2-Clause */
/* The only place outside src/os where the systems differ in a function. */
#ifndef BASE_COMPAT_H
#define BASE_COMPAT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * Opens a path beneath a directory with the kernel's help: nothing that leads
 * out of it, through links, "..", absolute paths or magic links, is followed.
 * `flags` as for open(2); O_NOFOLLOW refuses a link as last component only.
 * -1 with EXDEV when the path leads out or (IOC_BENEATH_NOXDEV) to another mount,
 * ENOSYS where the kernel has no such call, ELOOP for a magic link or
 * (IOC_BENEATH_NOLINKS) any link.
 * Linux: openat2(2), RESOLVE_BENEATH.  FreeBSD: O_RESOLVE_BENEATH.
 */
enum {
	IOC_BENEATH_NOLINKS = 1 << 0,
	IOC_BENEATH_NOXDEV = 1 << 1,
};
int	ioc_open_beneath(int dirfd, const char *path, int flags, mode_t mode,
	    int rules);

/* O_PATH where the system has it, else what comes closest to it. */
extern const int ioc_o_path;

/* Where the system keeps ioc.conf and the state of running jails. */
extern const char *const ioc_default_config;
extern const char *const ioc_default_run_dir;

/* Closes every descriptor from `from` on. */
void	ioc_close_from(int from);

/* Writes the file system of a descriptor to disk; 0, or -1 with errno. */
int	ioc_sync_filesystem(int fd);
/*
 * Begins to write a file to disk and does not wait; only a sync tells whether
 * that went well.  FreeBSD has no such call: nothing happens there.
 */
void	ioc_begin_sync(int fd);

/* Fills buf with random bytes from the kernel; never fails. */
void	ioc_random(void *buf, size_t len);

/* Seconds and nanoseconds of a clock that only goes forward, as nanoseconds. */
uint64_t ioc_now_ns(void);

/* Which mount a file lies on. */
struct ioc_mount_key {
	uint64_t	dev;
	uint64_t	id;	/* 0 where the kernel does not tell */
};

/*
 * Of `name` in a directory, or with "" of the descriptor itself; links are not
 * followed.  A mount point has the key of what is mounted on it.  -1 and errno.
 */
int	ioc_mount_key(int dirfd, const char *name, struct ioc_mount_key *ret);
bool	ioc_mount_same(const struct ioc_mount_key *a,
	    const struct ioc_mount_key *b);

/* A mount as the calling process sees it; the texts live for the call only. */
struct ioc_mount_entry {
	const char	*source;	/* what is mounted: a device, a dataset */
	const char	*target;	/* where, an absolute path */
	const char	*type;		/* "zfs", "fuse.zfs", "ext4", ... */
	bool		 part;		/* of it only a directory, by a bind mount */
};
typedef int ioc_mount_entry_fn(const struct ioc_mount_entry *m, void *arg);

/*
 * Calls fn for every mount, what lies above after what lies below it, until one
 * call returns something else than 0, which is then returned.  -1 and errno
 * when the system does not tell.
 */
int	ioc_mount_each(ioc_mount_entry_fn *fn, void *arg);

/*
 * True when links in this directory may be magic: their text is not where they
 * lead (Linux: /proc but for its top level).
 */
bool	ioc_magic_links(int dirfd);

/*
 * Makes the empty file `to` share all blocks of `from`: 0, or -1 and errno
 * where the file system cannot.
 */
int	ioc_clone_file(int from, int to);

/*
 * Copies all extended attributes that the caller can see between two open
 * files: 0, or -1 and errno.
 */
int	ioc_copy_xattrs(int from, int to);

/*
 * The ids in extended attributes of an open file, where the system has such:
 * those from `from` on, `count` of them, become those from `to` on.  0, or -1
 * and errno.
 */
int	ioc_shift_xattrs(int fd, uint32_t from, uint32_t to, uint32_t count);

/* Copies BSD file flags; does nothing where there are none. */
int	ioc_copy_fflags(int from, int to);

/*
 * Takes BSD file flags away that forbid to remove `name`, and those of the
 * directory itself: 0 when something was changed, else -1.
 */
int	ioc_clear_fflags(int dirfd, const char *name);

/*
 * BSD file flags (base/fflags.h).  ioc_has_fflags is false where the system has
 * none; there nothing is set, and no file has any.
 */
extern const bool ioc_has_fflags;
/* Of `name` in a directory, a link itself: 0, or -1 and errno. */
int	ioc_set_fflags(int dirfd, const char *name, uint32_t flags);
struct stat;
uint32_t ioc_get_fflags(const struct stat *st);

/*
 * The value of an extended attribute of an open file, among those that mark
 * directories of an overlay: true when "trusted.overlay.NAME" or
 * "user.overlay.NAME" is "y".
 */
bool	ioc_overlay_mark(int fd, const char *name);

/* Processors that this process may run on, at least 1. */
unsigned ioc_processors(void);

/* All threads share one heap, so that what one gives back another can have. */
void	ioc_tight_memory(void);

/*
 * A descriptor that becomes readable when the child has ended, -1 and errno
 * where there is no such thing.
 */
int	ioc_exit_fd(pid_t pid);

/* In a child: the kernel kills it when its parent ends.  Signal-safe. */
void	ioc_die_with_parent(void);

/* The path of this process's program, as the kernel knows it; false with errno. */
bool	ioc_program_path(char *path, size_t len);

/* True where st_ctim is set by changes of a file, and at no other time. */
extern const bool ioc_ctime_tells;

#endif /* BASE_COMPAT_H */
