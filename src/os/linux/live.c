/* SPDX-License-Identifier: BSD-2-Clause */
/* Mounts and unmounts in a jail that runs. */
#include "os/linux/linux.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/compat.h"

struct live {
	struct ioc_os_jail *j;
	const struct ioc_os_mount *m;
	const char	*target;
	int		 tree;
};

/* The helper keeps nothing of the host but the detached source. */
static int
enter(struct live *l, int *root, struct ioc_error *err)
{
	int flags = CLONE_NEWNS | (l->j->r.userns ? CLONE_NEWUSER : 0);
	int rc;

	if (setns(l->j->pidfd, flags) != 0)
		return (ioc_fail_errno(err, "enter the jail's namespaces"));
	if ((rc = ioc_lx_become_root(err)) != 0)
		return (rc);
	*root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*root < 0)
		return (ioc_fail_errno(err, "root of the jail"));
	return (0);
}

static int
mount_inside(void *arg, struct ioc_error *err)
{
	struct live *l = arg;
	struct lx_build b = { .root = -1, .empty = -1, .null = -1 };
	int rc = enter(l, &b.root, err);

	return (rc != 0 ? rc : ioc_lx_mount_one(&b, l->m, l->tree, err));
}

/*
 * Unmounts what the descriptor is the root of, by the name that the host's own
 * /proc, opened before the jail was entered, has for it.
 */
static int
umount_fd(int proc, int at, const char *target, struct ioc_error *err)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "self/fd/%d", at);
	if (fchdir(proc) != 0)
		return (ioc_fail_errno(err, "unmount %s", IOC_SHOW(target)));
	if (sys_umount(path, SYS_MNT_DETACH) == 0)
		return (0);
	if (errno == EINVAL)
		return (ioc_fail(err, IOC_NOT_FOUND,
		    "unmount %s: nothing is mounted there", IOC_SHOW(target)));
	return (ioc_fail_errno(err, "unmount %s", IOC_SHOW(target)));
}

static int
unmount_inside(void *arg, struct ioc_error *err)
{
	struct live *l = arg;
	auto_fd int root = -1, at = -1, proc = -1;
	const char *p = l->target;
	int rc;

	proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return (ioc_fail_errno(err, "open /proc"));
	if ((rc = enter(l, &root, err)) != 0)
		return (rc);
	while (*p == '/')
		p++;
	at = ioc_open_beneath(root, p, O_PATH | O_NOFOLLOW, 0, 1);
	if (at < 0 && (errno == ELOOP || errno == EXDEV))
		return (ioc_fail(err, IOC_UNSAFE,
		    "unmount %s: the path leads through a link",
		    IOC_SHOW(l->target)));
	if (at < 0)
		return (ioc_fail_errno(err, "unmount %s",
		    IOC_SHOW(l->target)));
	return (umount_fd(proc, at, l->target, err));
}

static int
userns_of(struct ioc_os_jail *j, struct ioc_error *err)
{
	char path[64];
	auto_fd int fd = -1;
	int rc;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user",
	    (int)j->r.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return (ioc_fail_errno(err, "open %s", path));
	/* Only if the jail still lives was that its pid. */
	if ((rc = ioc_lx_running(j, err)) != 0)
		return (rc);
	return (take_fd(&fd));
}

int
ioc_os_jail_mount_live(struct ioc_os_jail *j, const struct ioc_os_mount *m,
    struct ioc_error *err)
{
	struct live l = { .j = j, .m = m, .target = m->target, .tree = -1 };
	auto_fd int userns = -1, tree = -1;
	int rc;

	if ((rc = ioc_lx_running(j, err)) != 0)
		return (rc);
	if (m->kind == IOC_MOUNT_BIND) {
		if ((m->flags & IOC_MNT_IDMAP) != 0 && j->r.userns &&
		    (userns = userns_of(j, err)) < 0)
			return (userns);
		tree = ioc_lx_tree_clone(m->source, ioc_lx_bind_attr(m->flags),
		    userns, m->target, err);
		if (tree < 0)
			return (tree);
		l.tree = tree;
	} else if (m->kind != IOC_MOUNT_TMPFS)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "mount %s: only directories, files and tmpfs can be "
		    "mounted while a jail runs", IOC_SHOW(m->target)));
	return (ioc_lx_why(j, ioc_lx_in_child(mount_inside, &l, err), err));
}

int
ioc_os_jail_unmount_live(struct ioc_os_jail *j, const char *target,
    struct ioc_error *err)
{
	struct live l = { .j = j, .target = target, .tree = -1 };
	int rc = ioc_lx_running(j, err);

	if (rc != 0)
		return (rc);
	return (ioc_lx_why(j, ioc_lx_in_child(unmount_inside, &l, err), err));
}
