/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A source that is a plain directory.
 *
 *	.ioc		marker with the layout's version and an identity
 *	releases/NAME/	0700; volumes pN below it
 *	jails/NAME/	0700; a volume, with its snapshots in snapshots/
 *	.staging/NAME	volumes that are being built or removed
 *	.journal .ids cache	for the layers above
 *
 * A volume has root/, its whole tree.  A thin one has a file origin, which names
 * the volume that it shares data with, and what differs from that: layer/ and
 * work/ of an overlay, or root/ beneath whose base directories that of the
 * origin are mounted.
 *
 * The source itself is 0711: everybody may see that it is a source (.ioc is
 * readable), nobody but its owner may see what is in it.  That keeps set-id
 * programs and world-writable directories of jails out of reach of the users
 * of the host.
 */
#include "store/dir.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "base/strv.h"
#include "safe/file.h"
#include "safe/path.h"
#include "safe/tree.h"
#include "store/store.h"
#include "store/volume.h"

#define	ORIGIN		"origin"
#define	VOLUME_MODE	0700

/* Links have no place in what is ours. */
#define	OURS		(IOC_PATH_NOLINKS | IOC_PATH_XDEV)

static int
dir_dir(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	int r;

	r = ioc_volume_check(vol, false, NULL, err);
	if (r != 0)
		return (r);
	r = ioc_path_dir(s->root, vol, OURS, err);
	return (r < 0 ? ioc_wrap(err, r, "volume %s", vol) : r);
}

/* 0 when something with that name is there. */
static int
dir_has(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	struct stat st;
	int r = ioc_volume_check(vol, false, NULL, err);

	return (r != 0 ? r : ioc_path_stat(s->root, vol, IOC_PATH_NOLINKS, &st,
	    err));
}

static int
dir_place(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	auto_fd int fd = -1;
	int r = ioc_volume_check(vol, false, NULL, err);

	if (r != 0)
		return (r);
	fd = ioc_path_mkdirs(s->root, vol, VOLUME_MODE, (uid_t)-1, (gid_t)-1,
	    OURS, err);
	return (fd < 0 ? ioc_wrap(err, fd, "make %s", vol) : 0);
}

static int
dir_promote(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	auto_fd int fd = dir_dir(s, vol, err);

	if (fd < 0)
		return (take_fd(&fd));
	/* What a clone does not share with its release it has copied. */
	return (ioc_fail(err, IOC_STATE, "promote %s: in a directory a clone "
	    "depends on no other jail", IOC_SHOW(vol)));
}

/* EXISTS, or 0 when the name is free. */
static int
check_free(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	int r = dir_has(s, vol, err);

	if (r == IOC_NOT_FOUND)
		return (0);
	if (r == 0)
		return (ioc_fail(err, IOC_EXISTS, "volume %s exists", vol));
	return (ioc_wrap(err, r, "volume %s", vol));
}

static int
dir_send(struct ioc_store *s, const char *vol, const char *snapshot,
    const char *since, int fd, struct ioc_error *err)
{
	return (ioc_fail(err, IOC_UNSUPPORTED, "send %s: only ZFS has streams",
	    IOC_SHOW(vol)));
}

static int
dir_receive(struct ioc_store *s, const char *vol, int fd,
    struct ioc_error *err)
{
	return (ioc_fail(err, IOC_UNSUPPORTED, "receive %s: only ZFS has "
	    "streams", IOC_SHOW(vol)));
}

/* Makes the volume's own directory and what it needs above it. */
int
ioc_dir_make_volume(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	int fd, r;

	r = ioc_volume_check(vol, false, NULL, err);
	if (r == 0)
		r = check_free(s, vol, err);
	if (r != 0)
		return (r);
	fd = ioc_path_mkdirs(s->root, vol, VOLUME_MODE, (uid_t)-1, (gid_t)-1,
	    OURS, err);
	return (fd < 0 ? ioc_wrap(err, fd, "make volume %s", vol) : fd);
}

static int
dir_create(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	auto_fd int fd = -1, root = -1;

	fd = ioc_dir_make_volume(s, vol, err);
	if (fd < 0)
		return (fd);
	root = ioc_path_mkdir(fd, "root", 0755, OURS, err);
	if (root < 0)
		return (ioc_wrap(err, root, "volume %s: root", vol));
	/* whatever umask and a set-gid directory make of it */
	if (fchmod(root, 0755) != 0 ||
	    (geteuid() == 0 && fchown(root, 0, 0) != 0))
		return (ioc_fail_errno(err, "volume %s: root", vol));
	return (0);
}

int
ioc_dir_origin(int vol, char ret[IOC_DIR_ORIGIN], struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_DIR_ORIGIN - 1);
	int r;

	r = ioc_file_read(vol, ORIGIN, &b, err);
	if (r != 0)
		return (r);
	if (b.len > 0 && b.data[b.len - 1] == '\n')
		b.data[--b.len] = '\0';
	if (b.len == 0 || strlen(b.data) != b.len)
		return (ioc_fail(err, IOC_FORMAT, "origin: not a name"));
	r = ioc_volume_check(b.data, false, NULL, err);
	if (r != 0)
		return (ioc_wrap(err, r, "origin"));
	memcpy(ret, b.data, b.len + 1);
	return (0);
}

static int
dir_root(struct ioc_store *s, const char *vol, struct ioc_os_root *ret,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_store_root_fini) struct ioc_os_root root = IOC_OS_ROOT;
	auto_fd int own = dir_dir(s, vol, err), viewed = -1, origin = -1;
	char name[IOC_DIR_ORIGIN];
	int fd = own, r;

	if (own < 0)
		return (take_fd(&own));
	if (ioc_str_starts(vol, ".staging/")) {
		viewed = ioc_dir_viewed(s, own, err);
		if (viewed < 0 && viewed != IOC_NOT_FOUND)
			return (ioc_wrap(err, viewed, "volume %s", vol));
	}
	if (viewed >= 0)
		fd = viewed;
	r = ioc_dir_origin(fd, name, err);
	if (r == IOC_NOT_FOUND)
		r = root.root = ioc_path_dir(fd, "root", OURS, err);
	else if (r == 0) {
		r = origin = dir_dir(s, name, err);
		if (r >= 0)
			r = root.lower = ioc_path_dir(origin, "root", OURS,
			    err);
		if (r >= 0)
			r = ioc_dir_thin_root(s, fd, viewed < 0, &root,
			    err);
	}
	if (r < 0)
		return (ioc_wrap(err, r, "volume %s: root", vol));
	*ret = root;
	root = (struct ioc_os_root)IOC_OS_ROOT;
	return (0);
}

/* Nothing was copied into it. */
static bool
is_light(int vol)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	struct stat st;

	return (ioc_dir_thin_is_light &&
	    fstatat(vol, ORIGIN, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    ioc_dir_names(vol, "layer", &names, NULL) == 0 && names.n == 0);
}

/* What was built in .staging is on disk before it gets its name. */
static int
settle(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	enum ioc_volume_area area;
	auto_fd int fd = -1, origin = -1;
	int r = ioc_volume_check(vol, false, &area, err);

	if (r != 0 || area != IOC_VOLUME_STAGING)
		return (r);
	fd = ioc_path_dir(s->root, vol, OURS, err);
	if (fd < 0)
		return (fd);
	/* A thin volume may be three entries, a full one is anything. */
	if (is_light(fd))
		origin = openat(fd, ORIGIN, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (origin >= 0)
		r = fsync(origin) == 0 && fsync(fd) == 0 ? 0 : -1;
	else
		r = ioc_sync_filesystem(fd);
	return (r == 0 ? 0 : ioc_fail_errno(err, "sync %s", vol));
}

/* With what is open already, for the rename is done then. */
static int
sync_parents(int a, int b, struct ioc_error *err)
{
	/* EINVAL: a file system that has nothing to sync. */
	if ((fsync(b) != 0 && errno != EINVAL) ||
	    (!ioc_path_same(a, b) && fsync(a) != 0 && errno != EINVAL))
		return (ioc_fail_errno(err, "sync directory"));
	return (0);
}

/* A release on its way out: not when something is cloned from it. */
static int
check_leaving(struct ioc_store *s, const char *from, const char *to,
    struct ioc_error *err)
{
	enum ioc_volume_area a, b;
	int r = ioc_volume_check(from, false, &a, err);

	if (r == 0)
		r = ioc_volume_check(to, false, &b, err);
	if (r != 0 || a != IOC_VOLUME_RELEASES || b != IOC_VOLUME_STAGING)
		return (r);
	return (ioc_dir_unneeded(s, from, err));
}

static int
dir_rename(struct ioc_store *s, const char *from, const char *to,
    struct ioc_error *err)
{
	auto_fd int a = -1, b = -1;
	struct ioc_error cause;
	const char *slash;
	char parent[512];
	int r;

	r = check_leaving(s, from, to, err);
	if (r != 0)
		return (r);
	a = ioc_path_dir(s->root, from, OURS, err);
	if (a < 0)
		return (ioc_wrap(err, a, "volume %s", from));
	ioc_fd_close(&a);
	r = check_free(s, to, err);
	if (r != 0)
		return (r);
	slash = strrchr(to, '/');
	(void)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - to), to);
	b = ioc_path_mkdirs(s->root, parent, VOLUME_MODE, (uid_t)-1, (gid_t)-1,
	    OURS, err);
	if (b < 0)
		return (ioc_wrap(err, b, "volume %s", to));
	slash = strrchr(from, '/');
	(void)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - from),
	    from);
	a = ioc_path_dir(s->root, parent, OURS, err);
	if (a < 0)
		return (ioc_wrap(err, a, "volume %s", from));
	r = settle(s, from, err);
	if (r == 0)
		r = ioc_path_rename(s->root, from, to, OURS, err);
	if (r != 0)
		return (ioc_wrap(err, r, "rename %s to %s", from, to));
	r = sync_parents(a, b, &cause);
	/* A failure is one: it has its old name, or this was none. */
	if (r == 0 || renameat(b, strrchr(to, '/') + 1, a,
	    strrchr(from, '/') + 1) != 0)
		return (0);
	ioc_error_copy(err, &cause);
	return (ioc_wrap(err, r, "rename %s to %s", from, to));
}

static int
dir_idle(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	auto_fd int fd = dir_dir(s, vol, err);

	return (fd < 0 ? fd : ioc_wrap(err, ioc_tree_idle(fd, err),
	    "volume %s", vol));
}

static int
dir_used(struct ioc_store *s, const char *vol, uint64_t *ret,
    struct ioc_error *err)
{
	auto_fd int fd = dir_dir(s, vol, err);
	int r;

	if (fd < 0)
		return (fd);
	r = ioc_tree_used(fd, ret, err);
	return (ioc_wrap(err, r, "volume %s", vol));
}

const struct ioc_store_ops ioc_store_dir = {
	.name = "dir",
	.open = ioc_dir_open,
	.activate = ioc_dir_activate,
	.close = ioc_dir_close,
	.create = dir_create,
	.clone = ioc_dir_clone,
	.rename = dir_rename,
	.idle = dir_idle,
	.destroy = ioc_dir_destroy,
	.dir = dir_dir,
	.root = dir_root,
	.used = dir_used,
	.list = ioc_dir_list,
	.has = dir_has,
	.place = dir_place,
	.promote = dir_promote,
	.replace = ioc_dir_replace,
	.rebase = ioc_dir_rebase,
	.send = dir_send,
	.receive = dir_receive,
	.snapshot = &ioc_dir_snapshots,
};
