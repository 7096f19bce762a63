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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/json.h"
#include "base/str.h"
#include "base/strv.h"
#include "safe/file.h"
#include "safe/path.h"
#include "safe/tree.h"
#include "store/store.h"
#include "store/volume.h"

#define	MARKER		".ioc"
#define	MARKER_MAX	4096
#define	ORIGIN		"origin"
#define	ORIGIN_MAX	512
#define	VOLUME_MODE	0700
#define	SOURCE_MODE	0711

/* Links have no place in what is ours. */
#define	OURS		(IOC_PATH_NOLINKS | IOC_PATH_XDEV)

static const char *const layout[] = {
	"releases", "jails", ".staging", ".journal", ".ids", "cache", NULL
};

/* --- the source ----------------------------------------------------------- */

/* NOT_FOUND without a marker, FORMAT or UNSUPPORTED when it is another one. */
static int
read_marker(int fd, const char *where, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(MARKER_MAX);
	auto_json json_t *j = NULL;
	const json_t *v;
	int r;

	r = ioc_file_read(fd, MARKER, &b, err);
	if (r == IOC_NOT_FOUND)
		return (ioc_fail(err, IOC_NOT_FOUND, "%s is not a source: "
		    "activate it first", IOC_SHOW(where)));
	if (r == 0)
		r = ioc_json_parse(ioc_buf_str(&b), b.len, &j, err);
	if (r != 0)
		return (ioc_wrap(err, r, "source %s: %s", IOC_SHOW(where),
		    MARKER));
	v = json_object_get(j, "layout");
	if (!json_is_integer(v) ||
	    !json_is_string(json_object_get(j, "id")))
		return (ioc_fail(err, IOC_FORMAT, "source %s: %s: layout or id "
		    "is missing", IOC_SHOW(where), MARKER));
	if (json_integer_value(v) != IOC_DIR_LAYOUT)
		return (ioc_fail(err, IOC_UNSUPPORTED, "source %s: its layout "
		    "is version %" JSON_INTEGER_FORMAT ", known is %d",
		    IOC_SHOW(where), json_integer_value(v), IOC_DIR_LAYOUT));
	return (0);
}

static int
write_marker(int fd, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(MARKER_MAX);
	auto_json json_t *j = NULL;
	unsigned char id[16];
	char hex[2 * sizeof(id) + 1];
	int r;

	ioc_random(id, sizeof(id));
	for (size_t i = 0; i < sizeof(id); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", id[i]);
	j = json_pack("{s:i, s:s}", "layout", IOC_DIR_LAYOUT, "id", hex);
	if (j == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_json_print(j, &b, err);
	if (r != 0)
		return (r);
	return (ioc_file_replace(fd, MARKER, ioc_buf_str(&b), b.len, 0644,
	    (uid_t)-1, (gid_t)-1, 0, err));
}

/* STATE when somebody else's files are there. */
static int
check_foreign(int fd, const char *where, struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	int r;

	r = ioc_dir_names(fd, ".", &names, err);
	if (r != 0)
		return (r);
	for (size_t i = 0; i < names.n; i++) {
		if (strcmp(names.v[i], "lost+found") == 0 ||
		    ioc_str_starts(names.v[i], ".ioc-tmp-"))
			continue;
		return (ioc_fail(err, IOC_STATE, "%s is not empty: it holds "
		    "\"%s\"", IOC_SHOW(where), IOC_SHOW(names.v[i])));
	}
	return (0);
}

/* Opens the directory, making its last component if it is missing. */
static int
open_or_make(const char *where, struct ioc_error *err)
{
	auto_free char *parent = NULL;
	auto_fd int dir = -1;
	const char *slash;
	int fd;

	fd = ioc_path_root(where, err);
	if (fd != IOC_NOT_FOUND)
		return (fd);
	slash = strrchr(where, '/');
	parent = strndup(where, slash == where ? 1 : (size_t)(slash - where));
	if (parent == NULL)
		return (ioc_fail_nomem(err));
	dir = ioc_path_root(parent, err);
	if (dir < 0)
		return (dir);
	return (ioc_path_mkdir(dir, slash + 1, SOURCE_MODE, OURS, err));
}

static int
dir_activate(const char *where, const char *mountpoint,
    struct ioc_error *err)
{
	auto_fd int fd = -1;
	int r;

	if (where[0] != '/' || where[1] == '\0' || ioc_str_ends(where, "/"))
		return (ioc_fail(err, IOC_INVALID, "source \"%s\": an absolute "
		    "path of a directory is needed", IOC_SHOW(where)));
	if (mountpoint != NULL)
		return (ioc_fail(err, IOC_INVALID,
		    "a directory source has no mount point"));
	fd = open_or_make(where, err);
	if (fd < 0)
		return (ioc_wrap(err, fd, "source %s", IOC_SHOW(where)));
	r = ioc_store_check_owner(fd, where, err);
	if (r == 0)
		r = read_marker(fd, where, err);
	if (r == IOC_NOT_FOUND) {
		r = check_foreign(fd, where, err);
		if (r == 0 && fchmod(fd, SOURCE_MODE) != 0)
			r = ioc_fail_errno(err, "source %s", IOC_SHOW(where));
		/* the marker first: from here on the rest can be repeated */
		if (r == 0)
			r = write_marker(fd, err);
	}
	if (r != 0)
		return (r);
	for (const char *const *p = layout; *p != NULL; p++) {
		auto_fd int sub = ioc_path_mkdirs(fd, *p, VOLUME_MODE,
		    (uid_t)-1, (gid_t)-1, OURS, err);

		if (sub < 0)
			return (ioc_wrap(err, sub, "source %s: make %s",
			    IOC_SHOW(where), *p));
	}
	return (ioc_file_sync_dir(fd, err));
}

static int
dir_open(const char *where, struct ioc_os *os, struct ioc_store **ret,
    struct ioc_error *err)
{
	auto_fd int fd = -1;
	struct ioc_store *s;
	struct stat st;
	int r;

	fd = ioc_path_root(where, err);
	if (fd < 0)
		return (ioc_wrap(err, fd, "source %s", IOC_SHOW(where)));
	r = read_marker(fd, where, err);
	if (r == 0)
		r = ioc_store_check_owner(fd, where, err);
	if (r != 0)
		return (r);
	for (const char *const *p = layout; *p != NULL; p++)
		if (fstatat(fd, *p, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISDIR(st.st_mode))
			return (ioc_fail(err, IOC_STATE, "source %s: %s is "
			    "missing: activate it again", IOC_SHOW(where), *p));
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return (ioc_fail_nomem(err));
	s->where = strdup(where);
	s->path = strdup(where);
	if (s->where == NULL || s->path == NULL) {
		free(s->where);
		free(s->path);
		free(s);
		return (ioc_fail_nomem(err));
	}
	s->ops = &ioc_store_dir;
	s->os = os;
	s->root = take_fd(&fd);
	*ret = s;
	return (0);
}

static void
dir_close(struct ioc_store *s)
{
	ioc_fd_close(&s->root);
	free(s->where);
	free(s->path);
	free(s);
}

/* --- volumes ---------------------------------------------------------------- */

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
static int
make_volume(struct ioc_store *s, const char *vol, struct ioc_error *err)
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

	fd = make_volume(s, vol, err);
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
	auto_fd int fd = dir_dir(s, vol, err), origin = -1;
	char name[IOC_DIR_ORIGIN];
	int r;

	if (fd < 0)
		return (fd);
	r = ioc_dir_origin(fd, name, err);
	if (r == IOC_NOT_FOUND)
		r = root.root = ioc_path_dir(fd, "root", OURS, err);
	else if (r == 0) {
		r = origin = dir_dir(s, name, err);
		if (r >= 0)
			r = root.lower = ioc_path_dir(origin, "root", OURS,
			    err);
		if (r >= 0)
			r = ioc_dir_thin_root(s, fd, &root, err);
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

static int
open_dir(int root, const char *path, DIR **ret, struct ioc_error *err)
{
	auto_fd int fd = ioc_path_dir(root, path, OURS, err);

	if (fd < 0)
		return (fd);
	*ret = fdopendir(fd);
	if (*ret == NULL)
		return (ioc_fail_errno(err, "list %s", IOC_SHOW(path)));
	(void)take_fd(&fd);
	return (0);
}

int
ioc_dir_names(int root, const char *path, struct ioc_strv *ret,
    struct ioc_error *err)
{
	auto_dir DIR *d = NULL;
	const struct dirent *e;
	int r = open_dir(root, path, &d, err);

	if (r != 0)
		return (r);
	while ((errno = 0, e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0)
			(void)ioc_strv_add(ret, e->d_name);
	}
	if (errno != 0)
		return (ioc_fail_errno(err, "list %s", IOC_SHOW(path)));
	return (ioc_strv_check(ret, err));
}

/*
 * Is the entry a volume of ours?  Jails are many, and one that something is
 * mounted on should be seen: its directory is not looked at here.
 */
static int
is_volume(int dir, const struct dirent *e, const char *parent,
    enum ioc_volume_area area, struct ioc_error *err)
{
	struct ioc_error cause;
	struct stat st;
	int r;
	size_t n = strlen(parent), len = strlen(e->d_name);
	char vol[512];

	if (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN)
		return (0);
	if (n + 1 + len >= sizeof(vol))
		return (0);
	memcpy(vol, parent, n);
	vol[n] = '/';
	memcpy(vol + n + 1, e->d_name, len + 1);
	/* what could not have been made by us is not ours */
	if (ioc_volume_check(vol, false, NULL, NULL) != 0)
		return (0);
	if (area == IOC_VOLUME_JAILS && e->d_type == DT_DIR)
		return (1);
	r = ioc_path_stat(dir, e->d_name, OURS, &st, &cause);
	if (r == 0)
		return (S_ISDIR(st.st_mode));
	if (!ioc_error_is_shortage(&cause))
		return (0);
	ioc_error_copy(err, &cause);
	return (r);
}

static int
dir_list(struct ioc_store *s, const char *parent, struct ioc_strv *ret,
    struct ioc_error *err)
{
	enum ioc_volume_area area;
	const struct dirent *e;
	auto_dir DIR *d = NULL;
	int r;

	r = ioc_volume_check(parent, true, &area, err);
	if (r == 0)
		r = open_dir(s->root, parent, &d, err);
	if (r != 0)
		return (ioc_wrap(err, r, "list %s", IOC_SHOW(parent)));
	while ((errno = 0, e = readdir(d)) != NULL) {
		r = is_volume(dirfd(d), e, parent, area, err);
		if (r < 0)
			return (r);
		if (r > 0)
			(void)ioc_strv_add(ret, e->d_name);
	}
	if (errno != 0)
		return (ioc_fail_errno(err, "list %s", IOC_SHOW(parent)));
	return (ioc_strv_check(ret, err));
}

const struct ioc_store_ops ioc_store_dir = {
	.name = "dir",
	.open = dir_open,
	.activate = dir_activate,
	.close = dir_close,
	.create = dir_create,
	.clone = ioc_dir_clone,
	.rename = dir_rename,
	.idle = dir_idle,
	.destroy = ioc_dir_destroy,
	.dir = dir_dir,
	.root = dir_root,
	.used = dir_used,
	.list = dir_list,
	.has = dir_has,
	.place = dir_place,
	.promote = dir_promote,
	.replace = ioc_dir_replace,
	.send = dir_send,
	.receive = dir_receive,
	.snapshot = &ioc_dir_snapshots,
};
