/* SPDX-License-Identifier: BSD-2-Clause */
/* The root of a jail as a detached mount: bind or overlay, id-mapped. */
#include "os/linux/linux.h"

#include <sys/mman.h>

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#define	IDMAP_ADVICE	"; userns=off runs the jail without an own range " \
	"of uids, with the host's root as its root"

int
ioc_lx_tree_clone(int fd, unsigned attr, int userns_fd, const char *what,
    struct ioc_error *err)
{
	struct mount_attr a = { .attr_set = attr };
	auto_fd int tree = sys_open_tree(fd, "", OPEN_TREE_CLONE |
	    AT_EMPTY_PATH);
	bool unable;

	if (tree < 0)
		return (ioc_fail_errno(err, "mount %s", IOC_SHOW(what)));
	/* Nothing that is mounted on it later reaches the source, or back. */
	a.propagation = MS_PRIVATE;
	if (userns_fd >= 0) {
		a.attr_set |= MOUNT_ATTR_IDMAP;
		a.userns_fd = (uint64_t)userns_fd;
	}
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH, &a) == 0)
		return (take_fd(&tree));
	unable = errno == EINVAL || errno == EPERM || errno == ENOSYS ||
	    errno == EOPNOTSUPP;
	if (userns_fd >= 0 && unable)
		return (ioc_fail(err, IOC_UNSUPPORTED, "mount %s: its file "
		    "system cannot map owners (id-mapped mounts)%s",
		    IOC_SHOW(what), IDMAP_ADVICE));
	return (ioc_fail_errno(err, "mount %s: set attributes",
	    IOC_SHOW(what)));
}

/* The kernel's own sentence about a failed configuration, if it has one. */
static int
fail_fs(int fs, struct ioc_error *err, const char *what)
{
	int saved = errno;
	char log[256];
	ssize_t n = read(fs, log, sizeof(log) - 1);

	log[n > 0 ? n : 0] = '\0';
	errno = saved;
	if (n > 2)
		return (ioc_fail_sys(err, saved, "%s (%s)", what,
		    IOC_SHOW(log + 2)));
	return (ioc_fail_errno(err, "%s", what));
}

/*
 * What the upper directory holds was written by a jail: it may not redirect
 * the lookup of names, and no metadata-only copies are made or believed.
 */
static int
overlay_finish(int fs, unsigned attr, struct ioc_error *err)
{
	int tree;

	if (sys_fsconfig(fs, FSCONFIG_SET_STRING, "redirect_dir", "nofollow",
	    0) != 0 ||
	    sys_fsconfig(fs, FSCONFIG_SET_STRING, "metacopy", "off", 0) != 0 ||
	    sys_fsconfig(fs, FSCONFIG_SET_STRING, "index", "off", 0) != 0 ||
	    sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0)
		return (fail_fs(fs, err, "mount the root: overlay"));
	tree = sys_fsmount(fs, attr);
	if (tree < 0)
		return (fail_fs(fs, err, "mount the root: overlay"));
	return (tree);
}

/* The jail reads the text in its /proc/mounts: no path of the host. */
static int
layer_by_path(int fs, const char *key, int fd)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return (sys_fsconfig(fs, FSCONFIG_SET_STRING, key, path, 0));
}

/* Layers by descriptor, the lower one detached: Linux 6.15. */
static int
overlay_detached(int lower, int upper, int work, unsigned attr,
    struct ioc_error *err)
{
	auto_fd int fs = sys_fsopen("overlay");

	if (fs < 0)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "mount the root: the kernel has no overlay file system "
		    "(CONFIG_OVERLAY_FS, module overlay)"));
	if (sys_fsconfig(fs, FSCONFIG_SET_FD, "lowerdir+", NULL, lower) != 0 ||
	    layer_by_path(fs, "upperdir", upper) != 0 ||
	    layer_by_path(fs, "workdir", work) != 0)
		return (fail_fs(fs, err, "mount the root: overlay layers"));
	return (overlay_finish(fs, attr, err));
}

/*
 * The same directory again, through this process's mount namespace: a
 * descriptor from another one is no layer for older kernels.
 */
static int
reopen_here(int fd, struct ioc_error *err)
{
	char link[64], *path;
	auto_fd int again = -1;
	struct stat a, b;
	ssize_t n;

	/* Not from malloc: the launcher goes soon, and it all with it. */
	path = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (path == MAP_FAILED || path == NULL)
		return (ioc_fail_nomem(err));
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, 8191);
	if (n < 0)
		return (ioc_fail_errno(err, "mount the root: %s", link));
	path[n] = '\0';
	again = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (again < 0 || fstat(fd, &a) != 0 || fstat(again, &b) != 0)
		return (ioc_fail_errno(err, "mount the root: %s",
		    IOC_SHOW(path)));
	if (a.st_dev != b.st_dev || a.st_ino != b.st_ino)
		return (ioc_fail(err, IOC_UNSAFE,
		    "mount the root: %s was moved away", IOC_SHOW(path)));
	return (take_fd(&again));
}

/* Attaches the lower tree to a tmpfs that only this process sees. */
static int
attach_lower(int lower, struct ioc_error *err)
{
	static const char *const opts[] = { "mode", "700", NULL };
	auto_fd int dev = -1, tmpfs = -1, dir = -1;
	struct mount_attr a = { .propagation = MS_PRIVATE };

	if (unshare(CLONE_NEWNS) != 0 ||
	    sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &a) != 0)
		return (ioc_fail_errno(err, "mount the root: own namespace"));
	tmpfs = ioc_lx_fs("tmpfs", opts, 0, err);
	if (tmpfs < 0)
		return (tmpfs);
	dev = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dev < 0 || sys_move_mount(tmpfs, dev) != 0 ||
	    mkdirat(tmpfs, "lower", 0700) != 0 ||
	    (dir = openat(tmpfs, "lower", O_PATH | O_CLOEXEC)) < 0 ||
	    sys_move_mount(lower, dir) != 0)
		return (ioc_fail_errno(err, "mount the root: lower layer"));
	ioc_fd_close(&dir);
	dir = openat(tmpfs, "lower", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return (ioc_fail_errno(err, "mount the root: lower layer"));
	return (take_fd(&dir));
}

int
ioc_lx_root_overlay_attached(int lower_tree, int upper, int work, unsigned attr,
    struct ioc_error *err)
{
	auto_fd int fs = -1, lower = -1, up = -1, wk = -1;

	lower = attach_lower(lower_tree, err);
	if (lower < 0)
		return (lower);
	if ((up = reopen_here(upper, err)) < 0)
		return (up);
	if ((wk = reopen_here(work, err)) < 0)
		return (wk);
	fs = sys_fsopen("overlay");
	if (fs < 0)
		return (ioc_fail_errno(err, "mount the root: overlay"));
	if (layer_by_path(fs, "lowerdir", lower) != 0 ||
	    layer_by_path(fs, "upperdir", up) != 0 ||
	    layer_by_path(fs, "workdir", wk) != 0)
		return (fail_fs(fs, err, "mount the root: overlay layers"));
	return (overlay_finish(fs, attr, err));
}

/*
 * The upper directory is the root's own inode: it belongs to the jail's root.
 * A new one, still the host's, is given to it; another jail's is refused.
 */
static int
own_upper(int fd, uint32_t base, const char *what, struct ioc_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "mount the root: %s", what));
	if (st.st_uid == base)
		return (0);
	if (st.st_uid != 0)
		return (ioc_fail(err, IOC_STATE, "mount the root: %s directory "
		    "belongs to uid %u, and the jail's root is uid %u", what,
		    st.st_uid, base));
	if (fchownat(fd, "", base, base, AT_EMPTY_PATH) != 0)
		return (ioc_fail_errno(err, "mount the root: chown %s", what));
	return (0);
}

static int
overlay(const struct ioc_os_root *root, uint32_t base, int userns_fd,
    unsigned attr, struct ioc_error *err)
{
	auto_fd int lower = -1;
	int rc, tree;

	if ((rc = own_upper(root->upper, base, "upper", err)) != 0 ||
	    (rc = own_upper(root->work, base, "work", err)) != 0)
		return (rc);
	lower = ioc_lx_tree_clone(root->lower, MOUNT_ATTR_RDONLY |
	    MOUNT_ATTR_NODEV, userns_fd, "the release", err);
	if (lower < 0)
		return (lower);
	tree = overlay_detached(lower, root->upper, root->work, attr, err);
	if (tree >= 0 || tree == IOC_UNSUPPORTED)
		return (tree);
	return (ioc_lx_root_overlay_attached(lower, root->upper, root->work,
	    attr, err));
}

int
ioc_lx_root_tree(const struct ioc_os_root *root, uint32_t base, int userns_fd,
    struct ioc_error *err)
{
	/* A device node in a root is a file without a device. */
	unsigned attr = MOUNT_ATTR_NODEV |
	    (root->readonly ? MOUNT_ATTR_RDONLY : 0);

	switch (root->kind) {
	case IOC_ROOT_DIR:
		return (ioc_lx_tree_clone(root->root, attr, userns_fd,
		    "the root", err));
	case IOC_ROOT_OVERLAY:
		return (overlay(root, base, userns_fd, attr, err));
	default:
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "mount the root: Linux has no nullfs, use an overlay"));
	}
}
