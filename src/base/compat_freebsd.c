/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/compat.h"

#include <sys/param.h>
#include <sys/cpuset.h>
#include <sys/event.h>
#include <sys/extattr.h>
#include <sys/mount.h>
#include <sys/procctl.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <sys/wait.h>

#include <signal.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fflags.h"

#ifdef O_PATH
const int ioc_o_path = O_PATH;
#else
const int ioc_o_path = O_RDONLY;
#endif
const char *const ioc_default_config = "/usr/local/etc/ioc.conf";
const char *const ioc_default_run_dir = "/var/run/ioc";

int
ioc_open_beneath(int dirfd, const char *path, int flags, mode_t mode,
    int rules)
{
	int fd;

	/* The kernel knows neither rule: the walk does that. */
	if (rules != 0) {
		errno = ENOSYS;
		return (-1);
	}
	fd = openat(dirfd, path, flags | O_CLOEXEC | O_RESOLVE_BENEATH, mode);
	if (fd < 0 && errno == ENOTCAPABLE)
		errno = EXDEV;
	return (fd);
}

void
ioc_close_from(int from)
{
	closefrom(from);
}

void
ioc_begin_sync(int fd)
{
	(void)fd;
}

int
ioc_sync_filesystem(int fd)
{
	/* sync(2) does not wait for soft updates; fsync of the root does what
	   can be done, the journal does the rest. */
	sync();
	return (fsync(fd));
}

void
ioc_random(void *buf, size_t len)
{
	arc4random_buf(buf, len);
}

int
ioc_mount_key(int dirfd, const char *name, struct ioc_mount_key *ret)
{
	auto_fd int held = -1;
	struct statfs fs;
	struct stat st;
	int fd = dirfd;

	if (name[0] != '\0') {
		if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			return (-1);
		ret->dev = st.st_dev;
		ret->id = 0;
		/* Nothing is ever mounted on a link, a device or a socket. */
		if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
			return (0);
		held = openat(dirfd, name, ioc_o_path | O_NOFOLLOW |
		    O_NONBLOCK | O_CLOEXEC);
		if (held < 0)
			return (errno == EACCES ? 0 : -1);
		fd = held;
	}
	if (fstat(fd, &st) != 0 || fstatfs(fd, &fs) != 0)
		return (-1);
	ret->dev = st.st_dev;
	ret->id = (uint64_t)(uint32_t)fs.f_fsid.val[0] << 32 |
	    (uint32_t)fs.f_fsid.val[1];
	return (0);
}

bool
ioc_mount_same(const struct ioc_mount_key *a, const struct ioc_mount_key *b)
{
	return (a->dev == b->dev &&
	    (a->id == 0 || b->id == 0 || a->id == b->id));
}

int
ioc_mount_each(ioc_mount_entry_fn *fn, void *arg)
{
	auto_free struct statfs *v = NULL;
	int n = getfsstat(NULL, 0, MNT_NOWAIT), r = 0;

	/* There may be some more by the time they are asked for. */
	for (int room = 0; n >= room;) {
		room = n + 16;
		free(v);
		v = calloc((size_t)room, sizeof(*v));
		if (v == NULL)
			return (-1);
		n = getfsstat(v, room * (long)sizeof(*v), MNT_NOWAIT);
		if (n < 0)
			return (-1);
	}
	for (int i = 0; r == 0 && i < n; i++)
		r = fn(&(struct ioc_mount_entry){ v[i].f_mntfromname,
		    v[i].f_mntonname, v[i].f_fstypename, false }, arg);
	return (r);
}

bool
ioc_magic_links(int dirfd)
{
	(void)dirfd;
	return (false);
}

int
ioc_clone_file(int from, int to)
{
	(void)from;
	(void)to;
	errno = EOPNOTSUPP;
	return (-1);
}

static int
copy_extattr(int from, int to, int space, const char *name)
{
	auto_free void *value = NULL;
	ssize_t n = extattr_get_fd(from, space, name, NULL, 0);

	if (n < 0)
		return (errno == ENOATTR ? 0 : -1);
	value = malloc((size_t)n + 1);
	if (value == NULL)
		return (-1);
	n = extattr_get_fd(from, space, name, value, (size_t)n);
	if (n < 0)
		return (errno == ENOATTR ? 0 : -1);
	return (extattr_set_fd(to, space, name, value, (size_t)n) < 0 ? -1 : 0);
}

/* Names come as a length byte and that many bytes without a NUL. */
static int
copy_extattrs_of(int from, int to, int space)
{
	auto_free unsigned char *list = NULL;
	ssize_t n = extattr_list_fd(from, space, NULL, 0);

	if (n < 0 && space == EXTATTR_NAMESPACE_SYSTEM && errno == EPERM)
		return (0);
	if (n <= 0)
		return (n == 0 || errno == EOPNOTSUPP ? 0 : -1);
	list = malloc((size_t)n);
	if (list == NULL)
		return (-1);
	n = extattr_list_fd(from, space, list, (size_t)n);
	for (ssize_t i = 0; i < n && i + 1 + list[i] <= n; i += 1 + list[i]) {
		char name[256];

		memcpy(name, list + i + 1, list[i]);
		name[list[i]] = '\0';
		if (copy_extattr(from, to, space, name) != 0)
			return (-1);
	}
	return (n < 0 ? -1 : 0);
}

int
ioc_copy_xattrs(int from, int to)
{
	if (copy_extattrs_of(from, to, EXTATTR_NAMESPACE_USER) != 0)
		return (-1);
	return (copy_extattrs_of(from, to, EXTATTR_NAMESPACE_SYSTEM));
}

int
ioc_shift_xattrs(int fd, uint32_t from, uint32_t to, uint32_t count)
{
	(void)fd;
	(void)from;
	(void)to;
	(void)count;
	return (0);
}

int
ioc_copy_fflags(int from, int to)
{
	/* Those that a file system keeps for itself are not for us to set. */
	const unsigned long kept = UF_SETTABLE | SF_SETTABLE;
	struct stat st, now;

	if (fstat(from, &st) != 0 || fstat(to, &now) != 0)
		return (-1);
	if (((st.st_flags ^ now.st_flags) & kept & ~UF_ARCHIVE) == 0)
		return (0);
	return (fchflags(to, st.st_flags & kept));
}

int
ioc_clear_fflags(int dirfd, const char *name)
{
	const unsigned long stuck = UF_IMMUTABLE | UF_APPEND | UF_NOUNLINK |
	    SF_IMMUTABLE | SF_APPEND | SF_NOUNLINK;
	struct stat st;
	int r = -1;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (st.st_flags & stuck) != 0 && chflagsat(dirfd, name,
	    st.st_flags & ~stuck, AT_SYMLINK_NOFOLLOW) == 0)
		r = 0;
	if (fstat(dirfd, &st) == 0 && (st.st_flags & stuck) != 0 &&
	    fchflags(dirfd, st.st_flags & ~stuck) == 0)
		r = 0;
	return (r);
}

const bool ioc_has_fflags = true;

int
ioc_set_fflags(int dirfd, const char *name, uint32_t flags)
{
	char text[IOC_FFLAGS_TEXT], *p = text;
	unsigned long set = 0, clear = 0;

	(void)ioc_fflags_text(flags, text);
	if (strtofflags(&p, &set, &clear) != 0) {
		errno = EOPNOTSUPP;
		return (-1);
	}
	/* A file system may lack those that only say something of a file. */
	if (chflagsat(dirfd, name, set, AT_SYMLINK_NOFOLLOW) == 0)
		return (0);
	set &= SF_IMMUTABLE | SF_APPEND | SF_NOUNLINK | UF_IMMUTABLE |
	    UF_APPEND | UF_NOUNLINK | UF_NODUMP;
	return (errno != EOPNOTSUPP ? -1 :
	    chflagsat(dirfd, name, set, AT_SYMLINK_NOFOLLOW));
}

uint32_t
ioc_get_fflags(const struct stat *st)
{
	auto_free char *text = fflagstostr(st->st_flags &
	    (UF_SETTABLE | SF_SETTABLE));

	return (text == NULL ? 0 : ioc_fflags_parse(text));
}

bool
ioc_overlay_mark(int fd, const char *name)
{
	(void)fd;
	(void)name;
	return (false);
}

unsigned
ioc_processors(void)
{
	cpuset_t set;

	if (cpuset_getaffinity(CPU_LEVEL_WHICH, CPU_WHICH_PID, -1,
	    sizeof(set), &set) != 0 || CPU_COUNT(&set) < 1)
		return (1);
	return ((unsigned)CPU_COUNT(&set));
}

void
ioc_tight_memory(void)
{
}

int
ioc_exit_fd(pid_t pid)
{
	struct kevent ev;
	auto_fd int fd = kqueue();

	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return (-1);
	EV_SET(&ev, (uintptr_t)pid, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, NULL);
	if (kevent(fd, &ev, 1, NULL, 0, NULL) != 0)
		return (-1);
	return (take_fd(&fd));
}

/* On UFS it was seen to change on its own, some time after a rename. */
const bool ioc_ctime_tells = false;

bool
ioc_program_path(char *path, size_t len)
{
	int mib[4] = { CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1 };

	return (sysctl(mib, 4, path, &len, NULL, 0) == 0);
}

void
ioc_die_with_parent(void)
{
	int sig = SIGKILL;

	(void)procctl(P_PID, 0, PROC_PDEATHSIG_CTL, &sig);
}
