/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/compat.h"

#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fflags.h"

#ifndef STATX_MNT_ID
#define	STATX_MNT_ID	0x1000u
#endif

const int ioc_o_path = O_PATH;
const char *const ioc_default_config = "/etc/ioc.conf";
const char *const ioc_default_run_dir = "/run/ioc";

int
ioc_open_beneath(int dirfd, const char *path, int flags, mode_t mode,
    int rules)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int fd, tries = 0;

	if ((rules & IOC_BENEATH_NOLINKS) != 0)
		how.resolve |= RESOLVE_NO_SYMLINKS;
	if ((rules & IOC_BENEATH_NOXDEV) != 0)
		how.resolve |= RESOLVE_NO_XDEV;
	/* EAGAIN: something was renamed while ".." was being resolved. */
	do {
		fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	} while (fd < 0 && (errno == EAGAIN || errno == EINTR) &&
	    ++tries < 128);
	return (fd);
}

void
ioc_close_from(int from)
{
	if (syscall(SYS_close_range, (unsigned)from, ~0U, 0) == 0)
		return;
	for (int fd = from, max = (int)sysconf(_SC_OPEN_MAX); fd < max; fd++)
		(void)close(fd);
}

void
ioc_begin_sync(int fd)
{
	(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

int
ioc_sync_filesystem(int fd)
{
	return (syncfs(fd));
}

void
ioc_random(void *buf, size_t len)
{
	char *p = buf;

	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno != EINTR)
			abort();
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
}

int
ioc_mount_key(int dirfd, const char *name, struct ioc_mount_key *ret)
{
	struct statx sx;

	if (statx(dirfd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT |
	    (name[0] == '\0' ? AT_EMPTY_PATH : 0), STATX_MNT_ID, &sx) != 0)
		return (-1);
	ret->dev = makedev(sx.stx_dev_major, sx.stx_dev_minor);
	ret->id = (sx.stx_mask & STATX_MNT_ID) != 0 ? sx.stx_mnt_id : 0;
	return (0);
}

bool
ioc_mount_same(const struct ioc_mount_key *a, const struct ioc_mount_key *b)
{
	/* One mount can have several devices: overlay, subvolumes. */
	if (a->id != 0 && b->id != 0)
		return (a->id == b->id);
	return (a->dev == b->dev);
}

/* Turns \\040 and the like into what they stand for. */
static void
unescape(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' &&
		    s[2] >= '0' && s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 |
			    (s[3] - '0'));
			s += 3;
		} else
			*to++ = *s;
	}
	*to = '\0';
}

/* "ID PARENT DEV ROOT TARGET OPTIONS [FIELD...] - TYPE SOURCE OPTIONS" */
static bool
parse_mount(char *line, struct ioc_mount_entry *m)
{
	char *tail = strstr(line, " - "), *rest, *field[5], *type, *source;

	if (tail == NULL)
		return (false);
	*tail = '\0';
	for (int i = 0; i < 5; i++)
		if ((field[i] = strtok_r(i == 0 ? line : NULL, " ",
		    &rest)) == NULL)
			return (false);
	type = strtok_r(tail + 3, " ", &rest);
	source = type != NULL ? strtok_r(NULL, " ", &rest) : NULL;
	if (source == NULL)
		return (false);
	unescape(field[4]);
	unescape(source);
	*m = (struct ioc_mount_entry){ source, field[4], type,
		strcmp(field[3], "/") != 0 };
	return (true);
}

int
ioc_mount_each(ioc_mount_entry_fn *fn, void *arg)
{
	auto_fd int fd = openat(AT_FDCWD, "/proc/self/mountinfo",
	    O_RDONLY | O_CLOEXEC);
	auto_file FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	auto_free char *line = NULL;
	char few[16 * 1024];	/* reads, where there are thousands of mounts */
	struct ioc_mount_entry m;
	size_t cap = 0;
	ssize_t n;
	int r;

	if (f == NULL)
		return (-1);
	(void)take_fd(&fd);
	(void)setvbuf(f, few, _IOFBF, sizeof(few));
	while ((n = getline(&line, &cap, f)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (parse_mount(line, &m) && (r = fn(&m, arg)) != 0)
			return (r);
	}
	return (ferror(f) ? -1 : 0);
}

bool
ioc_magic_links(int dirfd)
{
	struct statfs fs;
	struct stat st;

	/* 1 is the inode of the top of every procfs. */
	return (fstatfs(dirfd, &fs) != 0 || (fs.f_type == PROC_SUPER_MAGIC &&
	    (fstat(dirfd, &st) != 0 || st.st_ino != 1)));
}

int
ioc_clone_file(int from, int to)
{
	return (ioctl(to, FICLONE, from));
}

/* The attribute's value, allocated; -1 and errno, ENODATA when it is gone. */
static ssize_t
get_xattr(int fd, const char *name, void **ret)
{
	for (;;) {
		ssize_t n = fgetxattr(fd, name, NULL, 0);
		auto_free void *value = NULL;

		if (n < 0)
			return (-1);
		value = malloc((size_t)n + 1);
		if (value == NULL)
			return (-1);
		n = fgetxattr(fd, name, value, (size_t)n + 1);
		if (n < 0 && errno == ERANGE)
			continue;
		if (n >= 0)
			*ret = take_ptr(value);
		return (n);
	}
}

static int
copy_xattr(int from, int to, const char *name)
{
	auto_free void *value = NULL;
	ssize_t n = get_xattr(from, name, &value);

	if (n < 0)
		return (errno == ENODATA ? 0 : -1);
	if (fsetxattr(to, name, value, (size_t)n, 0) == 0)
		return (0);
	/* A label that means nothing where no such module is loaded. */
	return (errno == EOPNOTSUPP &&
	    strcmp(name, "security.selinux") == 0 ? 0 : -1);
}

int
ioc_copy_xattrs(int from, int to)
{
	auto_free char *list = NULL;
	ssize_t n;

	n = flistxattr(from, NULL, 0);
	if (n <= 0)
		return (n == 0 || errno == EOPNOTSUPP ? 0 : -1);
	list = malloc((size_t)n);
	if (list == NULL)
		return (-1);
	n = flistxattr(from, list, (size_t)n);
	if (n < 0)
		return (-1);
	for (const char *p = list; p < list + n; p += strlen(p) + 1)
		if (copy_xattr(from, to, p) != 0)
			return (-1);
	return (0);
}

/* Capabilities of version 3 belong to the users of one root (linux/capability.h). */
#define	CAPS_V3		0x03000000u
#define	CAPS_SIZE	24u
#define	CAPS_ROOT	20u
/* ACLs: a version, then tag, rights and id each (linux/posix_acl_xattr.h). */
#define	ACL_HEAD	4u
#define	ACL_ENTRY	8u
#define	ACL_USER	0x02u
#define	ACL_GROUP	0x08u

static void
shift_id(unsigned char *p, uint32_t from, uint32_t to, uint32_t count)
{
	uint32_t id;

	memcpy(&id, p, sizeof(id));
	id = le32toh(id);
	if (id - from < count)
		id = id - from + to;
	id = htole32(id);
	memcpy(p, &id, sizeof(id));
}

static int
shift_xattr(int fd, const char *name, bool acl, uint32_t from, uint32_t to,
    uint32_t count)
{
	auto_free void *value = NULL;
	ssize_t n = get_xattr(fd, name, &value);
	unsigned char *p = value;
	uint32_t head;

	if (n < 0)
		return (errno == ENODATA || errno == EOPNOTSUPP ? 0 : -1);
	if ((size_t)n < sizeof(head))
		return (0);
	memcpy(&head, p, sizeof(head));
	if (!acl && (size_t)n == CAPS_SIZE &&
	    (le32toh(head) & 0xff000000u) == CAPS_V3)
		shift_id(p + CAPS_ROOT, from, to, count);
	for (size_t at = ACL_HEAD; acl && at + ACL_ENTRY <= (size_t)n;
	    at += ACL_ENTRY) {
		unsigned tag = p[at] | (unsigned)p[at + 1] << 8;

		if (tag == ACL_USER || tag == ACL_GROUP)
			shift_id(p + at + 4, from, to, count);
	}
	return (fsetxattr(fd, name, p, (size_t)n, 0));
}

int
ioc_shift_xattrs(int fd, uint32_t from, uint32_t to, uint32_t count)
{
	if (shift_xattr(fd, "security.capability", false, from, to,
	    count) != 0 ||
	    shift_xattr(fd, "system.posix_acl_access", true, from, to,
	    count) != 0)
		return (-1);
	return (shift_xattr(fd, "system.posix_acl_default", true, from, to,
	    count));
}

int
ioc_copy_fflags(int from, int to)
{
	(void)from;
	(void)to;
	return (0);
}

int
ioc_clear_fflags(int dirfd, const char *name)
{
	(void)dirfd;
	(void)name;
	return (-1);
}

const bool ioc_has_fflags = false;

int
ioc_set_fflags(int dirfd, const char *name, uint32_t flags)
{
	(void)dirfd;
	(void)name;
	(void)flags;
	return (0);
}

uint32_t
ioc_get_fflags(const struct stat *st)
{
	(void)st;
	return (0);
}

bool
ioc_overlay_mark(int fd, const char *name)
{
	static const char *const spaces[] = { "trusted", "user" };
	char key[64], value[2];

	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(key, sizeof(key), "%s.overlay.%s", spaces[i],
		    name);
		if (fgetxattr(fd, key, value, sizeof(value)) == 1 &&
		    value[0] == 'y')
			return (true);
	}
	return (false);
}

unsigned
ioc_processors(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) != 0 ||
	    CPU_COUNT(&set) < 1)
		return (1);
	return ((unsigned)CPU_COUNT(&set));
}

void
ioc_tight_memory(void)
{
#ifdef M_ARENA_MAX
	(void)mallopt(M_ARENA_MAX, 1);
#endif
}

int
ioc_exit_fd(pid_t pid)
{
	return ((int)syscall(SYS_pidfd_open, pid, 0));
}

const bool ioc_ctime_tells = true;

bool
ioc_program_path(char *path, size_t len)
{
	ssize_t n = readlinkat(AT_FDCWD, "/proc/self/exe", path, len);

	if (n < 0 || (size_t)n >= len)
		return (false);
	path[n] = '\0';
	return (true);
}

void
ioc_die_with_parent(void)
{
	(void)prctl(PR_SET_PDEATHSIG, 9);
}
