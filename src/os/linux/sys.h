/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls by number: the C library of a host may be older than its kernel,
 * and its <sys/mount.h> cannot stand beside <linux/mount.h>.
 */
#ifndef OS_LINUX_SYS_H
#define OS_LINUX_SYS_H

#include <sys/syscall.h>
#include <sys/types.h>

#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

#ifndef FSOPEN_CLOEXEC
#error "kernel headers 5.2 or newer are needed"
#endif
#ifndef MFD_EXEC
#define	MFD_EXEC		0x0010U
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define	MOUNT_ATTR_NOSYMFOLLOW	0x00200000
#endif
#define	SYS_MNT_DETACH		2
#define	SYS_UMOUNT_NOFOLLOW	8

static inline int
sys_open_tree(int dfd, const char *path, unsigned flags)
{
	return ((int)syscall(SYS_open_tree, dfd, path,
	    flags | OPEN_TREE_CLOEXEC));
}

/* Attaches the tree `from` to the directory or file that `to` has open. */
static inline int
sys_move_mount(int from, int to)
{
	return ((int)syscall(SYS_move_mount, from, "", to, "",
	    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}

static inline int
sys_fsopen(const char *fs)
{
	return ((int)syscall(SYS_fsopen, fs, FSOPEN_CLOEXEC));
}

static inline int
sys_fsconfig(int fd, unsigned cmd, const char *key, const char *value, int aux)
{
	return ((int)syscall(SYS_fsconfig, fd, cmd, key, value, aux));
}

static inline int
sys_fsmount(int fd, unsigned attr)
{
	return ((int)syscall(SYS_fsmount, fd, FSMOUNT_CLOEXEC, attr));
}

static inline int
sys_mount_setattr(int dfd, const char *path, unsigned flags,
    struct mount_attr *attr)
{
	return ((int)syscall(SYS_mount_setattr, dfd, path, flags, attr,
	    sizeof(*attr)));
}

static inline int
sys_umount(const char *path, int flags)
{
	return ((int)syscall(SYS_umount2, path, flags));
}

static inline int
sys_pivot_root(const char *new_root, const char *put_old)
{
	return ((int)syscall(SYS_pivot_root, new_root, put_old));
}

static inline int
sys_close_range(unsigned from, unsigned to)
{
	return ((int)syscall(SYS_close_range, from, to, 0));
}

static inline int
sys_pidfd_open(pid_t pid)
{
	return ((int)syscall(SYS_pidfd_open, pid, 0));
}

static inline int
sys_pidfd_signal(int pidfd, int sig)
{
	return ((int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0));
}

/*
 * fork with namespaces.  Nothing of the C library runs in between, so the
 * child of a process with threads must not use malloc or stdio.
 */
static inline pid_t
sys_clone(uint64_t flags, int exit_signal, int *pidfd, int cgroup_fd)
{
	struct clone_args a = {
		.flags = flags | CLONE_CLEAR_SIGHAND,
		.exit_signal = (uint64_t)exit_signal,
	};

	if (pidfd != NULL) {
		*pidfd = -1;
		a.flags |= CLONE_PIDFD;
		a.pidfd = (uint64_t)(uintptr_t)pidfd;
	}
	if (cgroup_fd >= 0) {
		a.flags |= CLONE_INTO_CGROUP;
		a.cgroup = (uint64_t)cgroup_fd;
	}
	return ((pid_t)syscall(SYS_clone3, &a, sizeof(a)));
}

/* The same within a jail's filter, which has no clone3. */
static inline pid_t
sys_clone_old(int exit_signal, int *pidfd)
{
	*pidfd = -1;
	/* Zeros, so that the order of the arguments is the same everywhere. */
	return ((pid_t)syscall(SYS_clone,
	    (unsigned long)(CLONE_PIDFD | exit_signal), 0, pidfd, 0, 0));
}

#endif /* OS_LINUX_SYS_H */
