/* SPDX-License-Identifier: BSD-2-Clause */
/* Mounts beneath a root, by descriptor, with the rights of the jail. */
#include "os/linux/linux.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/compat.h"
#include "safe/file.h"

unsigned
ioc_lx_mount_attr(unsigned flags)
{
	return (((flags & IOC_MNT_RDONLY) != 0 ? MOUNT_ATTR_RDONLY : 0) |
	    ((flags & IOC_MNT_NOSUID) != 0 ? MOUNT_ATTR_NOSUID : 0) |
	    ((flags & IOC_MNT_NODEV) != 0 ? MOUNT_ATTR_NODEV : 0) |
	    ((flags & IOC_MNT_NOEXEC) != 0 ? MOUNT_ATTR_NOEXEC : 0) |
	    ((flags & IOC_MNT_NOSYMFOLLOW) != 0 ?
	    MOUNT_ATTR_NOSYMFOLLOW : 0));
}

/*
 * A device of the host is no business of a jail, wherever its node stands.
 * What is not mapped into the jail's range has owners that are not the jail's:
 * its programs gain nobody's rights.
 */
unsigned
ioc_lx_bind_attr(unsigned flags)
{
	return (ioc_lx_mount_attr(flags) | MOUNT_ATTR_NODEV |
	    ((flags & IOC_MNT_IDMAP) == 0 ? MOUNT_ATTR_NOSUID : 0));
}

int
ioc_lx_fs(const char *type, const char *const *opts, unsigned attr,
    struct ioc_error *err)
{
	auto_fd int fs = sys_fsopen(type);
	int tree;

	if (fs < 0)
		return (ioc_fail_errno(err, "mount %s", type));
	for (; opts != NULL && opts[0] != NULL; opts += 2)
		if (sys_fsconfig(fs, FSCONFIG_SET_STRING, opts[0], opts[1],
		    0) != 0)
			return (ioc_fail_errno(err, "mount %s: option %s=%s",
			    type, opts[0], opts[1]));
	if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0)
		return (ioc_fail_errno(err, "mount %s", type));
	tree = sys_fsmount(fs, attr);
	if (tree < 0)
		return (ioc_fail_errno(err, "mount %s", type));
	return (tree);
}

static int
fail_target(struct ioc_error *err, const char *path)
{
	if (errno == ELOOP || errno == EXDEV)
		return (ioc_fail(err, IOC_UNSAFE,
		    "mount %s: the path leads through a link", IOC_SHOW(path)));
	if (errno == ENOTDIR)
		return (ioc_fail(err, IOC_UNSAFE,
		    "mount %s: a link or file stands where a directory must",
		    IOC_SHOW(path)));
	return (ioc_fail_errno(err, "mount %s", IOC_SHOW(path)));
}

/* One component beneath dir, made when it is missing. */
static int
step(int dir, const char *name, bool want_dir)
{
	int flags = O_PATH | O_NOFOLLOW | (want_dir ? O_DIRECTORY : 0);
	int fd = ioc_open_beneath(dir, name, flags, 0, 1);

	if (fd >= 0 || errno != ENOENT)
		return (fd);
	if (want_dir) {
		if (mkdirat(dir, name, 0755) != 0 && errno != EEXIST)
			return (-1);
	} else {
		fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL |
		    O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd < 0 && errno != EEXIST)
			return (-1);
		ioc_fd_close(&fd);
	}
	return (ioc_open_beneath(dir, name, flags, 0, 1));
}

int
ioc_lx_target(int root, const char *path, bool dir, struct ioc_error *err)
{
	auto_fd int cur = -1;
	const char *p = path;

	while (*p == '/')
		p++;
	if (*p == '\0')
		return (ioc_fail(err, IOC_INVALID,
		    "mount %s: the root itself is no target", IOC_SHOW(path)));
	cur = ioc_open_beneath(root, p, O_PATH | O_NOFOLLOW |
	    (dir ? O_DIRECTORY : 0), 0, 1);
	if (cur >= 0)
		return (take_fd(&cur));
	if (errno != ENOENT)
		return (fail_target(err, path));
	while (*p != '\0') {
		size_t len = strcspn(p, "/");
		char name[256];
		int next;

		if (len >= sizeof(name) || (len == 2 && p[0] == '.' &&
		    p[1] == '.'))
			return (ioc_fail(err, IOC_INVALID,
			    "mount %s: not an absolute path without \"..\"",
			    IOC_SHOW(path)));
		memcpy(name, p, len);
		name[len] = '\0';
		for (p += len; *p == '/'; p++)
			;
		next = step(cur >= 0 ? cur : root, name, dir || *p != '\0');
		if (next < 0)
			return (fail_target(err, path));
		ioc_fd_close(&cur);
		cur = next;
	}
	return (take_fd(&cur));
}

int
ioc_lx_attach(int tree, int root, const char *target, struct ioc_error *err)
{
	struct stat st;
	auto_fd int at = -1;

	if (fstat(tree, &st) != 0)
		return (ioc_fail_errno(err, "mount %s", IOC_SHOW(target)));
	at = ioc_lx_target(root, target, S_ISDIR(st.st_mode), err);
	if (at < 0)
		return (at);
	if (sys_move_mount(tree, at) != 0)
		return (ioc_fail_errno(err, "mount %s", IOC_SHOW(target)));
	return (0);
}

/* A tmpfs takes the mode of the directory that it covers: /tmp stays 1777. */
static int
mount_tmpfs(int root, const struct ioc_os_mount *m, struct ioc_error *err)
{
	char size[32], mode[16];
	const char *const opts[] = { "size", size, "mode", mode, NULL };
	auto_fd int at = ioc_lx_target(root, m->target, true, err), tree = -1;
	struct stat st;

	if (at < 0)
		return (at);
	if (fstat(at, &st) != 0)
		return (ioc_fail_errno(err, "mount %s", IOC_SHOW(m->target)));
	(void)snprintf(size, sizeof(size), "%" PRIu64,
	    m->size != 0 ? m->size : UINT64_C(64) << 20);
	(void)snprintf(mode, sizeof(mode), "%o", st.st_mode & 07777);
	tree = ioc_lx_fs("tmpfs", opts, ioc_lx_mount_attr(m->flags) |
	    MOUNT_ATTR_NODEV, err);
	if (tree < 0)
		return (tree);
	if (sys_move_mount(tree, at) != 0)
		return (ioc_fail_errno(err, "mount %s", IOC_SHOW(m->target)));
	return (0);
}

/* By a process that is the jail's root, beneath the jail's tree. */
static int
write_text(int root, const struct ioc_os_mount *m, struct ioc_error *err)
{
	return (ioc_file_replace(root, m->target, m->text, strlen(m->text),
	    0644, (uid_t)-1, (gid_t)-1, IOC_FILE_NOSYNC, err));
}

int
ioc_lx_mount_one(struct lx_build *b, const struct ioc_os_mount *m, int tree,
    struct ioc_error *err)
{
	switch (m->kind) {
	case IOC_MOUNT_BIND:
		return (ioc_lx_attach(tree, b->root, m->target, err));
	case IOC_MOUNT_DEV:
		return (ioc_lx_mount_dev(b->root, m->target, b->gid_tty,
		    (m->flags & IOC_MNT_BARE) != 0, err));
	case IOC_MOUNT_PROC:
		return (ioc_lx_mount_proc(b, m->target, err));
	case IOC_MOUNT_SYS:
		return (ioc_lx_mount_sys(b, m->target, err));
	case IOC_MOUNT_TMPFS:
		return (mount_tmpfs(b->root, m, err));
	case IOC_MOUNT_TEXT:
		return (write_text(b->root, m, err));
	case IOC_MOUNT_FDESC:
		return (0);	/* /dev/fd is part of DEV */
	default:
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "mount %s: this kind exists on FreeBSD only",
		    IOC_SHOW(m->target)));
	}
}
