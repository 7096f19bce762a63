/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc and /sys of a jail: what is hidden and what is read-only, and why. */
#include "os/linux/linux.h"

#include <sys/statfs.h>

#include <errno.h>
#include <linux/magic.h>
#include <string.h>

#include "base/compat.h"

enum what {
	HIDE,		/* a file becomes /dev/null, a directory empty */
	RDONLY,
};

struct mask {
	const char	*path;
	enum what	 what;
	const char	*reason;
};

static const struct mask proc_masks[] = {
	{ "acpi", HIDE, "firmware tables, wake-up settings" },
	{ "asound", HIDE, "the host's sound cards" },
	{ "bus", RDONLY, "configuration of PCI and USB devices" },
	{ "driver", HIDE, "settings of the host's drivers" },
	{ "fs", RDONLY, "settings of the host's file systems" },
	{ "interrupts", HIDE, "timing of the host's keyboard and disks" },
	{ "iomem", HIDE, "physical addresses" },
	{ "ioports", HIDE, "the host's hardware" },
	{ "irq", RDONLY, "which processor serves an interrupt" },
	{ "kallsyms", HIDE, "addresses of the kernel" },
	{ "kcore", HIDE, "all memory of the host" },
	{ "key-users", HIDE, "keyrings of other users" },
	{ "keys", HIDE, "keyrings of other users" },
	{ "kmsg", HIDE, "the kernel's log" },
	{ "kpagecgroup", HIDE, "physical pages" },
	{ "kpagecount", HIDE, "physical pages" },
	{ "kpageflags", HIDE, "physical pages" },
	{ "latency_stats", HIDE, "what other processes wait for" },
	{ "mtrr", HIDE, "memory types of the host" },
	{ "sched_debug", HIDE, "names of the host's processes" },
	{ "scsi", HIDE, "adds and removes disks" },
	{ "slabinfo", HIDE, "layout of kernel memory" },
	{ "sys", RDONLY, "settings of the kernel" },
	{ "sysrq-trigger", HIDE, "reboots the host" },
	{ "timer_list", HIDE, "timers of the host's processes" },
	{ "vmallocinfo", HIDE, "addresses of the kernel" },
	{ "vmcore", HIDE, "memory of a kernel that crashed" },
};

static const struct mask sys_masks[] = {
	{ "dev", HIDE, "numbers of the host's devices" },
	{ "devices/virtual/powercap", HIDE, "power readings leak keys" },
	{ "firmware", HIDE, "firmware tables and variables" },
	{ "fs", HIDE, "control groups, bpf, pstore of the host" },
	{ "hypervisor", HIDE, "what the host runs on" },
	{ "kernel", HIDE, "debug, tracing, security, kexec, notes" },
	{ "module", HIDE, "modules of the kernel and their parameters" },
	{ "power", HIDE, "puts the host to sleep" },
};

/* Opens what is to be masked: in that file system itself, through no link. */
static int
open_in(int fsroot, const char *path, long magic, struct ioc_error *err)
{
	auto_fd int fd = ioc_open_beneath(fsroot, path, O_PATH | O_NOFOLLOW, 0,
	    1);
	struct statfs fs;

	if (fd < 0 && errno == ENOENT)
		return (IOC_NOT_FOUND);
	if (fd < 0 || fstatfs(fd, &fs) != 0)
		return (ioc_fail_errno(err, "mask %s", path));
	if ((long)fs.f_type != magic)
		return (ioc_fail(err, IOC_UNSAFE,
		    "mask %s: something else is mounted there", path));
	return (take_fd(&fd));
}

/* An empty read-only directory. */
static int
empty_dir(struct ioc_error *err)
{
	static const char *const opts[] = { "mode", "555", "nr_inodes", "2",
		"size", "4k", NULL };

	return (ioc_lx_fs("tmpfs", opts, MOUNT_ATTR_NOSUID |
	    MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY, err));
}

/*
 * What hides a directory or a file: made once, mounted where it is needed first
 * and copied from there, for only an attached mount can be copied.
 */
static int
cover(struct lx_build *b, bool dir, struct ioc_error *err)
{
	int *first = dir ? &b->empty : &b->null, tree;

	if (*first >= 0) {
		tree = sys_open_tree(*first, "", OPEN_TREE_CLONE |
		    AT_EMPTY_PATH);
		return (tree >= 0 ? tree : ioc_fail_errno(err, "mask"));
	}
	*first = dir ? empty_dir(err) : ioc_lx_dev_node("null", err);
	if (*first < 0)
		return (*first);
	tree = fcntl(*first, F_DUPFD_CLOEXEC, 3);
	return (tree >= 0 ? tree : ioc_fail_errno(err, "mask"));
}

static int
rdonly_tree(int fd, struct ioc_error *err)
{
	struct mount_attr a = { .attr_set = MOUNT_ATTR_RDONLY |
	    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };
	auto_fd int tree = sys_open_tree(fd, "", OPEN_TREE_CLONE |
	    AT_EMPTY_PATH);

	if (tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH, &a) != 0)
		return (ioc_fail_errno(err, "make read-only"));
	return (take_fd(&tree));
}

static int
mask_one(const struct mask *m, int fsroot, long magic, struct lx_build *b,
    struct ioc_error *err)
{
	auto_fd int fd = open_in(fsroot, m->path, magic, err), tree = -1;
	struct stat st;

	if (fd == IOC_NOT_FOUND)
		return (0);
	if (fd < 0)
		return (fd);
	if (fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "mask %s", m->path));
	if (m->what == RDONLY)
		tree = rdonly_tree(fd, err);
	else
		tree = cover(b, S_ISDIR(st.st_mode), err);
	if (tree < 0)
		return (ioc_wrap(err, tree, "mask %s", m->path));
	if (sys_move_mount(tree, fd) != 0)
		return (ioc_fail_errno(err, "mask %s", m->path));
	return (0);
}

static int
mount_masked(struct lx_build *b, const char *target, const char *type,
    long magic, unsigned attr, const struct mask *masks, size_t n,
    struct ioc_error *err)
{
	auto_fd int fs = -1;
	int rc;

	fs = ioc_lx_fs(type, NULL, attr | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
	    MOUNT_ATTR_NOEXEC, err);
	if (fs < 0)
		return (fs);
	rc = ioc_lx_attach(fs, b->root, target, err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = ioc_wrap(err, mask_one(&masks[i], fs, magic, b, err),
		    "mount %s", target);
	return (rc);
}

int
ioc_lx_mount_proc(struct lx_build *b, const char *target,
    struct ioc_error *err)
{
	return (mount_masked(b, target, "proc", PROC_SUPER_MAGIC, 0,
	    proc_masks, sizeof(proc_masks) / sizeof(*proc_masks), err));
}

int
ioc_lx_mount_sys(struct lx_build *b, const char *target, struct ioc_error *err)
{
	return (mount_masked(b, target, "sysfs", SYSFS_MAGIC,
	    MOUNT_ATTR_RDONLY, sys_masks,
	    sizeof(sys_masks) / sizeof(*sys_masks), err));
}
