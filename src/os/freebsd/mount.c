/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mounts.  A target is opened beneath the root, entered, and "." is mounted on:
 * whatever becomes of its name meanwhile, the mount lands there and nowhere
 * else.  Afterwards the name is looked up again, and leads to the mount.
 *
 * Only directories are ever mounted on: on anything else kernels before 14 free
 * what they have not allocated.
 */
#include "os/freebsd/freebsd.h"

#include <sys/user.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "safe/file.h"
#include "safe/path.h"

#define	OPTIONS		8
#define	BUSY_MS		2000

int
ioc_fb_path_of(int fd, char ret[MNAMELEN], struct ioc_error *err)
{
	auto_free struct kinfo_file *kf = calloc(1, sizeof(*kf));

	if (kf == NULL)
		return (ioc_fail_nomem(err));
	kf->kf_structsize = sizeof(*kf);
	if (fcntl(fd, F_KINFO, kf) != 0)
		return (ioc_fail_errno(err, "path of a directory"));
	if (kf->kf_path[0] != '/')
		return (ioc_fail(err, IOC_STATE, "path of a directory: the "
		    "kernel does not know it any more"));
	if (strchr(kf->kf_path, '\n') != NULL ||
	    strlcpy(ret, kf->kf_path, MNAMELEN) >= MNAMELEN)
		return (ioc_fail(err, IOC_UNSUPPORTED, "%s: more than one line, "
		    "or longer than %d bytes", IOC_SHOW(kf->kf_path),
		    MNAMELEN - 1));
	return (0);
}

/* What is to be mounted where. */
struct mnt {
	const char	*type;
	const char	*target;	/* for people */
	int		 flags;		/* MNT_* */
	const char	*options[2 * OPTIONS];
	size_t		 noptions;
};

static void
option(struct mnt *m, const char *name, const char *value)
{
	m->options[m->noptions++] = name;
	m->options[m->noptions++] = value;
}

static struct iovec
text(const char *s)
{
	return ((struct iovec){ (void *)(uintptr_t)s, strlen(s) + 1 });
}

/* Onto the working directory. */
static int
mount_here(const struct mnt *m, struct ioc_error *err)
{
	struct iovec v[2 * OPTIONS + 6];
	char errmsg[256] = "";
	unsigned n = 0;

	v[n++] = text("fstype");
	v[n++] = text(m->type);
	v[n++] = text("fspath");
	v[n++] = text(".");
	for (size_t i = 0; i < m->noptions; i++)
		v[n++] = text(m->options[i]);
	v[n++] = text("errmsg");
	v[n++] = (struct iovec){ errmsg, sizeof(errmsg) };
	if (nmount(v, n, m->flags) == 0)
		return (0);
	if (errmsg[0] == '\0')
		return (ioc_fail_errno(err, "mount %s", IOC_SHOW(m->target)));
	return (ioc_fail_errno(err, "mount %s: %s", IOC_SHOW(m->target),
	    IOC_SHOW(errmsg)));
}

int
ioc_fb_unmount_fsid(const fsid_t *id, const char *what, bool force,
    struct ioc_error *err)
{
	uint64_t end = ioc_now_ns() + (uint64_t)BUSY_MS * 1000000;
	struct timespec nap = { .tv_nsec = 5 * 1000 * 1000 };
	char name[64];

	(void)snprintf(name, sizeof(name), "FSID:%d:%d", id->val[0],
	    id->val[1]);
	while (unmount(name, MNT_BYFSID) != 0) {
		/* Of that id: there is nothing any more. */
		if (errno == ENOENT || errno == EINVAL)
			return (0);
		if (errno == EBUSY && ioc_now_ns() < end) {
			(void)nanosleep(&nap, NULL);
			continue;
		}
		if (errno == EBUSY && force &&
		    unmount(name, MNT_BYFSID | MNT_FORCE) == 0)
			return (0);
		return (ioc_fail_errno(err, "unmount %s", IOC_SHOW(what)));
	}
	return (0);
}

static bool
same_fsid(const fsid_t *a, const fsid_t *b)
{
	return (a->val[0] == b->val[0] && a->val[1] == b->val[1]);
}

/* The target's name leads to what was mounted on `at`, and to no other. */
static int
verify(int root, int at, const struct mnt *m, const struct statfs *before,
    struct ioc_error *err)
{
	auto_fd int under = openat(at, ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC), again = -1;
	struct ioc_error why = { .code = 0 };
	struct statfs mounted, found;

	if (under < 0 || fstatfs(under, &mounted) != 0)
		return (ioc_fail_errno(err, "mount %s", IOC_SHOW(m->target)));
	if (same_fsid(&mounted.f_fsid, &before->f_fsid) ||
	    strcmp(mounted.f_fstypename, m->type) != 0)
		return (ioc_fail(err, IOC_UNSAFE, "mount %s: something else "
		    "is there", IOC_SHOW(m->target)));
	again = ioc_path_dir(root, m->target, 0, &why);
	if (again >= 0 && fstatfs(again, &found) == 0 &&
	    same_fsid(&mounted.f_fsid, &found.f_fsid))
		return (0);
	(void)ioc_fb_unmount_fsid(&mounted.f_fsid, m->target, true, NULL);
	if (again < 0 && ioc_error_is_shortage(&why)) {
		ioc_error_copy(err, &why);
		return (ioc_wrap(err, again, "mount %s", IOC_SHOW(m->target)));
	}
	return (ioc_fail(err, IOC_UNSAFE,
	    "mount %s: its name was changed meanwhile", IOC_SHOW(m->target)));
}

/*
 * A directory beneath root to mount on; made when it is missing.  No link leads
 * there, so that the same name finds it again when it is unmounted.
 */
static int
open_target(int root, const char *target, struct ioc_error *err)
{
	int fd = ioc_path_mkdirs(root, target, 0755, 0, 0, IOC_PATH_NOLINKS,
	    err);

	return (fd < 0 ? ioc_wrap(err, fd, "mount %s", IOC_SHOW(target)) : fd);
}

static int
mount_at(int root, int at, const struct mnt *m, struct ioc_error *err)
{
	struct statfs before;
	int rc;

	if (fstatfs(at, &before) != 0 || fchdir(at) != 0)
		return (ioc_fail_errno(err, "mount %s", IOC_SHOW(m->target)));
	rc = mount_here(m, err);
	if (chdir("/") != 0)
		return (ioc_fail_errno(err, "working directory"));
	return (rc == 0 ? verify(root, at, m, &before, err) : rc);
}

static int
mnt_flags(unsigned flags)
{
	/* Device nodes work on a devfs only: no flag is needed for them. */
	return (((flags & IOC_MNT_RDONLY) != 0 ? MNT_RDONLY : 0) |
	    ((flags & IOC_MNT_NOSUID) != 0 ? MNT_NOSUID : 0) |
	    ((flags & IOC_MNT_NOEXEC) != 0 ? MNT_NOEXEC : 0) |
	    ((flags & IOC_MNT_NOSYMFOLLOW) != 0 ? MNT_NOSYMFOLLOW : 0));
}

/* What was mounted is the directory that the source's descriptor is. */
static int
check_source(int root, const char *target, const struct stat *want,
    struct ioc_error *err)
{
	auto_fd int fd = ioc_path_dir(root, target, 0, err);
	struct statfs fs;
	struct stat st;

	if (fd < 0)
		return (fd);
	if (fstat(fd, &st) != 0 || fstatfs(fd, &fs) != 0)
		return (ioc_fail_errno(err, "mount %s", IOC_SHOW(target)));
	if (st.st_ino == want->st_ino && st.st_gen == want->st_gen &&
	    st.st_birthtim.tv_sec == want->st_birthtim.tv_sec &&
	    st.st_birthtim.tv_nsec == want->st_birthtim.tv_nsec)
		return (0);
	(void)ioc_fb_unmount_fsid(&fs.f_fsid, target, true, NULL);
	return (ioc_fail(err, IOC_UNSAFE,
	    "mount %s: its source was changed meanwhile", IOC_SHOW(target)));
}

int
ioc_fb_mount_null(int root, const char *target, int source, unsigned flags,
    struct ioc_error *err)
{
	struct mnt m = { .type = "nullfs", .target = target,
		.flags = mnt_flags(flags) };
	char from[MNAMELEN];
	auto_fd int at = -1;
	struct stat st;
	int rc;

	if (fstat(source, &st) != 0)
		return (ioc_fail_errno(err, "mount %s", IOC_SHOW(target)));
	if (!S_ISDIR(st.st_mode))
		return (ioc_fail(err, IOC_UNSUPPORTED, "mount %s: only "
		    "directories can be mounted", IOC_SHOW(target)));
	rc = ioc_fb_module_need("nullfs", "nullfs", err);
	if (rc == 0)
		rc = ioc_fb_path_of(source, from, err);
	if (rc == 0)
		rc = at = open_target(root, target, err);
	if (rc < 0)
		return (rc);
	option(&m, "from", from);
	rc = mount_at(root, at, &m, err);
	return (rc == 0 ? check_source(root, target, &st, err) : rc);
}

static int
mount_dev(int root, const struct ioc_os_mount *m, uint32_t ruleset,
    struct ioc_error *err)
{
	struct mnt dev = { .type = "devfs", .target = m->target,
		.flags = mnt_flags(m->flags) };
	auto_fd int at = open_target(root, m->target, err);
	char number[16];
	int rc;

	if (at < 0)
		return (at);
	rc = ioc_fb_devfs_check(ruleset, err);
	if (rc != 0)
		return (ioc_wrap(err, rc, "mount %s", IOC_SHOW(m->target)));
	(void)snprintf(number, sizeof(number), "%" PRIu32, ruleset);
	option(&dev, "from", "devfs");
	option(&dev, "ruleset", number);
	return (mount_at(root, at, &dev, err));
}

/* A tmpfs takes the mode of the directory that it covers: /tmp stays 1777. */
static int
mount_tmpfs(int root, const struct ioc_os_mount *m, struct ioc_error *err)
{
	struct mnt t = { .type = "tmpfs", .target = m->target,
		.flags = mnt_flags(m->flags) };
	auto_fd int at = open_target(root, m->target, err);
	char size[32], mode[16];
	struct stat st;
	int rc;

	if (at < 0)
		return (at);
	if (fstat(at, &st) != 0)
		return (ioc_fail_errno(err, "mount %s", IOC_SHOW(m->target)));
	rc = ioc_fb_module_need("tmpfs", "tmpfs", err);
	if (rc != 0)
		return (rc);
	(void)snprintf(size, sizeof(size), "%" PRIu64,
	    m->size != 0 ? m->size : UINT64_C(64) << 20);
	(void)snprintf(mode, sizeof(mode), "%o",
	    (unsigned)(st.st_mode & 07777));
	option(&t, "from", "tmpfs");
	option(&t, "size", size);
	option(&t, "mode", mode);
	return (mount_at(root, at, &t, err));
}

/* A file system of the kernel without options. */
static int
mount_plain(int root, const struct ioc_os_mount *m, const char *type,
    struct ioc_error *err)
{
	struct mnt p = { .type = type, .target = m->target,
		.flags = mnt_flags(m->flags) };
	auto_fd int at = open_target(root, m->target, err);
	int rc;

	if (at < 0)
		return (at);
	rc = ioc_fb_module_need(type, type, err);
	if (rc != 0)
		return (rc);
	option(&p, "from", type);
	return (mount_at(root, at, &p, err));
}

int
ioc_fb_mount_one(int root, const struct ioc_os_mount *m, uint32_t ruleset,
    struct ioc_error *err)
{
	switch (m->kind) {
	case IOC_MOUNT_BIND:
		return (ioc_fb_mount_null(root, m->target, m->source,
		    m->flags, err));
	case IOC_MOUNT_DEV:
		return (mount_dev(root, m, ruleset, err));
	case IOC_MOUNT_TMPFS:
		return (mount_tmpfs(root, m, err));
	case IOC_MOUNT_FDESC:
		return (mount_plain(root, m, "fdescfs", err));
	case IOC_MOUNT_PROC:
		return (mount_plain(root, m, "procfs", err));
	case IOC_MOUNT_LINPROC:
		return (mount_plain(root, m, "linprocfs", err));
	case IOC_MOUNT_LINSYS:
		return (mount_plain(root, m, "linsysfs", err));
	case IOC_MOUNT_TEXT:
		return (ioc_file_replace(root, m->target, m->text,
		    strlen(m->text), 0644, 0, 0, IOC_FILE_NOSYNC, err));
	case IOC_MOUNT_SYS:
		break;
	}
	return (ioc_fail(err, IOC_UNSUPPORTED,
	    "mount %s: exists on Linux only", IOC_SHOW(m->target)));
}

/* --- unmounting ------------------------------------------------------------- */

static bool
is_beneath(const char *name, const char *path)
{
	size_t len = strlen(path);

	return (strncmp(name, path, len) == 0 &&
	    (name[len] == '\0' || name[len] == '/'));
}

/* All mounts, in the order in which they were made. */
static int
list_mounts(struct statfs **ret, int *n, struct ioc_error *err)
{
	for (int room = 64;; room *= 2) {
		struct statfs *v = calloc((size_t)room, sizeof(*v));

		if (v == NULL)
			return (ioc_fail_nomem(err));
		*n = getfsstat(v, (long)room * (long)sizeof(*v), MNT_NOWAIT);
		if (*n >= 0 && *n < room) {
			*ret = v;
			return (0);
		}
		free(v);
		if (*n < 0)
			return (ioc_fail_errno(err, "list mounts"));
	}
}

int
ioc_fb_unmount_all(const char *path, struct ioc_error *err)
{
	auto_free struct statfs *v = NULL;
	int n = 0, rc, first = 0;

	if (path[0] != '/' || path[1] == '\0')
		return (0);
	if ((rc = list_mounts(&v, &n, err)) != 0)
		return (rc);
	while (n-- > 0) {
		if (!is_beneath(v[n].f_mntonname, path))
			continue;
		rc = ioc_fb_unmount_fsid(&v[n].f_fsid, v[n].f_mntonname, true,
		    first == 0 ? err : NULL);
		if (first == 0)
			first = rc;
	}
	return (first);
}
