/* SPDX-License-Identifier: BSD-2-Clause */
/* A program of the host that can write in one directory only. */
#include "os/sandbox.h"

#include <sys/stat.h>

#include <errno.h>
#include <sched.h>

#include "base/cleanup.h"
#include "os/linux/sys.h"

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
