/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program of the host that writes in one directory, or nowhere, and leaves no
 * process.
 */
#include "os/sandbox.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "os/linux/sys.h"

pid_t
ioc_sandbox_fork(void)
{
	struct clone_args a = { .flags = CLONE_NEWPID, .exit_signal = SIGCHLD };

	return ((pid_t)syscall(SYS_clone3, &a, sizeof(a)));
}

int
ioc_sandbox_reads(const char *path)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID,
		.propagation = MS_PRIVATE,
	};
	const gid_t group = IOC_SANDBOX_USER;
	auto_fd int tree = -1;

	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
	    CLONE_NEWUTS) != 0 || sys_mount_setattr(AT_FDCWD, "/",
	    AT_RECURSIVE, &attr) != 0 || chdir(path) != 0)
		return (-1);
	tree = sys_open_tree(AT_FDCWD, "passwd", OPEN_TREE_CLONE |
	    AT_SYMLINK_NOFOLLOW);
	if (tree < 0 || syscall(SYS_move_mount, tree, "", AT_FDCWD,
	    "/etc/passwd", MOVE_MOUNT_F_EMPTY_PATH) != 0)
		return (-1);
	if (setgroups(1, &group) != 0 ||
	    setresgid(group, group, group) != 0 || setresuid(IOC_SANDBOX_USER,
	    IOC_SANDBOX_USER, IOC_SANDBOX_USER) != 0)
		return (-1);
	/* The change of users has taken that one back. */
	return (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ? -1 : 0);
}

int
ioc_sandbox_writes(int dirfd, const char *path)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE,
	};
	auto_fd int tree = sys_open_tree(dirfd, "", AT_EMPTY_PATH |
	    OPEN_TREE_CLONE), at = -1;
	struct stat a, b;

	/* The directory as it is now, kept while all else becomes read-only. */
	if (tree < 0 || unshare(CLONE_NEWNS) != 0 ||
	    sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr) != 0)
		return (-1);
	at = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (at < 0 || fstat(at, &a) != 0 || fstat(dirfd, &b) != 0)
		return (-1);
	if (a.st_dev != b.st_dev || a.st_ino != b.st_ino) {
		errno = ESTALE;
		return (-1);
	}
	return (sys_move_mount(tree, at));
}
