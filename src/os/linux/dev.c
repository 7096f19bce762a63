/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The minimal /dev of a jail: six harmless nodes, its own pts, shm, mqueue; or
 * a bare one, with four of the nodes.
 */
#include "os/linux/linux.h"

#include <sys/sysmacros.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char	*name;
	unsigned	 major, minor;
	bool		 bare;		/* also in a bare one */
} nodes[] = {
	{ "null", 1, 3, true },
	{ "zero", 1, 5, true },
	{ "full", 1, 7, false },
	{ "random", 1, 8, true },
	{ "urandom", 1, 9, true },
	{ "tty", 5, 0, false },	/* the caller's own terminal, if it has one */
};

static const struct {
	const char	*name, *target;
	bool		 bare;
} links[] = {
	{ "ptmx", "pts/ptmx", false },
	{ "fd", "/proc/self/fd", true },
	{ "stdin", "/proc/self/fd/0", true },
	{ "stdout", "/proc/self/fd/1", true },
	{ "stderr", "/proc/self/fd/2", true },
};

#define	COUNT(a)	(sizeof(a) / sizeof(*(a)))

int
ioc_lx_dev_node(const char *name, struct ioc_error *err)
{
	/* Read-only: the node's mode and owner are the host's. */
	struct mount_attr a = { .attr_set = MOUNT_ATTR_RDONLY |
	    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, .propagation = MS_PRIVATE };
	char path[32];
	auto_fd int tree = -1;
	struct stat st;

	(void)snprintf(path, sizeof(path), "/dev/%s", name);
	tree = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE |
	    AT_SYMLINK_NOFOLLOW);
	if (tree < 0 || fstat(tree, &st) != 0)
		return (ioc_fail_errno(err, "%s of the host", path));
	for (size_t i = 0; i < COUNT(nodes); i++)
		if (strcmp(nodes[i].name, name) == 0 && (!S_ISCHR(st.st_mode) ||
		    st.st_rdev != makedev(nodes[i].major, nodes[i].minor)))
			return (ioc_fail(err, IOC_UNSAFE,
			    "%s of the host is not that device", path));
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH, &a) != 0)
		return (ioc_fail_errno(err, "mount %s", path));
	return (take_fd(&tree));
}

static int
make_nodes(int dev, bool bare, struct ioc_error *err)
{
	int rc;

	for (size_t i = 0; i < COUNT(nodes); i++) {
		auto_fd int tree = -1;

		if (bare && !nodes[i].bare)
			continue;
		tree = ioc_lx_dev_node(nodes[i].name, err);
		if (tree < 0)
			return (tree);
		rc = ioc_lx_attach(tree, dev, nodes[i].name, err);
		if (rc != 0)
			return (ioc_wrap(err, rc, "/dev"));
	}
	for (size_t i = 0; i < COUNT(links); i++)
		if ((links[i].bare || !bare) && symlinkat(links[i].target, dev, links[i].name) != 0)
			return (ioc_fail_errno(err, "/dev/%s", links[i].name));
	return (0);
}

static int
make_fs(int dev, const char *name, const char *type, const char *const *opts,
    unsigned attr, struct ioc_error *err)
{
	auto_fd int tree = ioc_lx_fs(type, opts, attr, err);

	if (tree < 0)
		return (ioc_wrap(err, tree, "/dev/%s", name));
	return (ioc_wrap(err, ioc_lx_attach(tree, dev, name, err), "/dev"));
}

int
ioc_lx_mount_dev(int root, const char *target, bool gid_tty, bool bare,
    struct ioc_error *err)
{
	static const char *const dev_opts[] = { "mode", "755", "size", "1m",
		"nr_inodes", "4096", NULL };
	static const char *const shm_opts[] = { "mode", "1777", "size", "64m",
		NULL };
	/* gid 5 is tty; a range that does not have it goes without. */
	static const char *const pts_gid[] = { "ptmxmode", "0666", "mode",
		"0620", "gid", "5", NULL };
	static const char *const pts_nogid[] = { "ptmxmode", "0666", "mode",
		"0620", NULL };
	unsigned plain = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
	auto_fd int dev = -1;
	struct ioc_error e;
	int rc;

	dev = ioc_lx_fs("tmpfs", dev_opts, plain | MOUNT_ATTR_NODEV, err);
	if (dev < 0)
		return (ioc_wrap(err, dev, "/dev"));
	if ((rc = ioc_lx_attach(dev, root, target, err)) != 0 ||
	    (rc = make_nodes(dev, bare, err)) != 0 || bare)
		return (rc);
	if ((rc = make_fs(dev, "pts", "devpts", gid_tty ? pts_gid : pts_nogid,
	    plain, err)) != 0 ||
	    (rc = make_fs(dev, "shm", "tmpfs", shm_opts,
	    plain | MOUNT_ATTR_NODEV, err)) != 0)
		return (rc);
	/* A kernel may come without POSIX message queues. */
	rc = make_fs(dev, "mqueue", "mqueue", NULL, plain | MOUNT_ATTR_NODEV,
	    &e);
	if (rc != 0 && e.sys != ENODEV) {
		ioc_error_copy(err, &e);
		return (rc);
	}
	return (0);
}
