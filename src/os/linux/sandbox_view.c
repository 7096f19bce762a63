/* SPDX-License-Identifier: BSD-2-Clause */
/* What a sandboxed worker can see: its own namespaces and root; Landlock. */
#include "sandbox_linux.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/landlock.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "base/cleanup.h"

/* An empty tree that is mounted nowhere yet. */
static int
empty_tree(struct ioc_error *err)
{
	auto_fd int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
	int fd;

	if (fs < 0 ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "size", "4096", 0) != 0 ||
	    fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0555", 0) != 0 ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0)
		return (ioc_fail_errno(err, "sandbox: empty root"));
	fd = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
	if (fd < 0)
		return (ioc_fail_errno(err, "sandbox: mount of empty root"));
	return (fd);
}

/* The detached tree becomes "/", and what was "/" is gone. */
static int
enter_tree(int tree, struct ioc_error *err)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
		    MOUNT_ATTR_NOEXEC,
	};

	if (mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) != 0)
		return (ioc_fail_errno(err, "sandbox: attributes of root"));
	if (move_mount(tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) != 0)
		return (ioc_fail_errno(err, "sandbox: mount of root"));
	if (fchdir(tree) != 0 || syscall(SYS_pivot_root, ".", ".") != 0)
		return (ioc_fail_errno(err, "sandbox: change of root"));
	if (umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
		return (ioc_fail_errno(err, "sandbox: leaving the old root"));
	return (0);
}

/*
 * Each directory as a mount of its own that is nowhere: what is mounted beneath
 * it is not there, and nothing can be written, run or opened as a device.
 */
static int
clone_reads(const struct ioc_sandbox *s, struct ioc_error *err)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
		    MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
	};

	for (size_t i = 0; i < s->nread; i++) {
		auto_fd int tree = -1, fd = -1;

		tree = open_tree(s->read_fds[i], "", AT_EMPTY_PATH |
		    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
		if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attr,
		    sizeof(attr)) != 0)
			return (ioc_fail_errno(err,
			    "sandbox: view of a directory"));
		fd = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 || dup3(fd, s->read_fds[i], O_CLOEXEC) < 0)
			return (ioc_fail_errno(err,
			    "sandbox: opening a directory"));
	}
	return (0);
}

int
ioc_sandbox_view(const struct ioc_sandbox *s, bool *lacks,
    struct ioc_error *err)
{
	int flags = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
	auto_fd int tree = -1, root = -1;
	int r;

	if (s->role == IOC_SANDBOX_EXTRACT) {
		/* While its mount is still one of this namespace. */
		tree = open_tree(s->dir_fd, "", AT_EMPTY_PATH |
		    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
		if (tree < 0)
			return (ioc_fail_errno(err,
			    "sandbox: view of the directory"));
	}
	r = clone_reads(s, err);
	if (r != 0)
		return (r);
	if (s->role != IOC_SANDBOX_FETCH)
		flags |= CLONE_NEWNET;
	if (unshare(flags) != 0) {
		*lacks = errno == EINVAL || errno == ENOSYS;
		return (*lacks ? 0 : ioc_fail_errno(err,
		    "sandbox: new namespaces"));
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return (ioc_fail_errno(err, "sandbox: private mounts"));
	if (s->role == IOC_SANDBOX_FETCH)
		return (0);
	if (s->role != IOC_SANDBOX_EXTRACT && (tree = empty_tree(err)) < 0)
		return (tree);
	r = enter_tree(tree, err);
	if (r != 0 || s->role != IOC_SANDBOX_EXTRACT)
		return (r);
	root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || dup3(root, s->dir_fd, O_CLOEXEC) < 0)
		return (ioc_fail_errno(err, "sandbox: opening the directory"));
	return (0);
}

/* The rights of ABI 1 to 7; the kernel's headers may be older than it is. */
#define	FS_REFER	(UINT64_C(1) << 13)	/* 2 */
#define	FS_TRUNCATE	(UINT64_C(1) << 14)	/* 3 */
#define	FS_IOCTL_DEV	(UINT64_C(1) << 15)	/* 5 */
#define	NET_BIND_TCP	(UINT64_C(1) << 0)	/* 4 */
#define	NET_CONNECT_TCP	(UINT64_C(1) << 1)
#define	SCOPE_ABSTRACT	(UINT64_C(1) << 0)	/* 6 */
#define	SCOPE_SIGNAL	(UINT64_C(1) << 1)


struct ruleset {
	uint64_t	fs;
	uint64_t	net;
	uint64_t	scoped;
};

/* What a TLS client and the resolver read; what is not there is passed over. */
static const char *const fetch_reads[] = {
	"/etc/ssl", "/etc/pki", "/etc/ca-certificates",
	"/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
	"/usr/share/pki", "/var/lib/ca-certificates",
	"/etc/resolv.conf", "/etc/hosts", "/etc/host.conf",
	"/etc/nsswitch.conf", "/etc/gai.conf", "/etc/ld.so.cache",
	"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib",
};

static int
allow_fd(int ruleset, int fd, uint64_t access, struct ioc_error *err)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = access,
		.parent_fd = fd,
	};

	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
	    &rule, 0) != 0)
		return (ioc_fail_errno(err, "sandbox: Landlock rule"));
	return (0);
}

static int
allow_read(int ruleset, const char *path, struct ioc_error *err)
{
	auto_fd int fd = open(path, O_PATH | O_CLOEXEC);
	uint64_t access = LANDLOCK_ACCESS_FS_READ_FILE;
	struct stat st;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return (0);
	if (fd < 0 || fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "sandbox: %s", path));
	if (S_ISDIR(st.st_mode))
		access |= LANDLOCK_ACCESS_FS_READ_DIR;
	return (allow_fd(ruleset, fd, access, err));
}

static int
add_rules(const struct ioc_sandbox *s, int ruleset, uint64_t handled,
    struct ioc_error *err)
{
	uint64_t access = LANDLOCK_ACCESS_FS_READ_DIR |
	    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SYM |
	    FS_REFER | FS_TRUNCATE;
	int r = 0;

	if (s->role == IOC_SANDBOX_EXTRACT) {
		if (s->devices)
			access |= LANDLOCK_ACCESS_FS_MAKE_CHAR |
			    LANDLOCK_ACCESS_FS_MAKE_BLOCK |
			    LANDLOCK_ACCESS_FS_MAKE_FIFO;
		return (allow_fd(ruleset, s->dir_fd, access & handled, err));
	}
	for (size_t i = 0; r == 0 && i < s->nread; i++)
		r = allow_fd(ruleset, s->read_fds[i],
		    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
		    err);
	if (s->role != IOC_SANDBOX_FETCH)
		return (r);
	for (size_t i = 0; r == 0 &&
	    i < sizeof(fetch_reads) / sizeof(*fetch_reads); i++)
		r = allow_read(ruleset, fetch_reads[i], err);
	if (r == 0 && s->read_file != NULL)
		r = allow_read(ruleset, s->read_file, err);
	return (r);
}

int
ioc_sandbox_landlock(const struct ioc_sandbox *s, bool *lacks,
    struct ioc_error *err)
{
	struct ruleset set = { .fs = (UINT64_C(1) << 13) - 1 };
	auto_fd int ruleset = -1;
	size_t size = sizeof(set);
	long abi;
	int r;

	abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 0) {
		*lacks = errno == ENOSYS || errno == EOPNOTSUPP;
		return (*lacks ? 0 : ioc_fail_errno(err, "sandbox: Landlock"));
	}
	if (abi >= 2)
		set.fs |= FS_REFER;
	if (abi >= 3)
		set.fs |= FS_TRUNCATE;
	if (abi >= 4)
		set.net = NET_BIND_TCP | (s->role == IOC_SANDBOX_FETCH ? 0 :
		    NET_CONNECT_TCP);
	if (abi >= 5)
		set.fs |= FS_IOCTL_DEV;
	if (abi >= 6)
		set.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
	if (abi < 6)
		size = abi < 4 ? 8 : 16;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &set, size, 0);
	if (ruleset < 0)
		return (ioc_fail_errno(err, "sandbox: Landlock ruleset"));
	r = add_rules(s, ruleset, set.fs, err);
	if (r != 0)
		return (r);
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		return (ioc_fail_errno(err, "sandbox: Landlock"));
	return (0);
}
