/* SPDX-License-Identifier: BSD-2-Clause */
/* Volumes of a ZFS source: made, cloned, renamed, destroyed. */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "safe/path.h"
#include "safe/tree.h"
#include "store/zfs.h"
#include "store/zfs_list.h"

#define	OURS		IOC_PATH_NOLINKS
#define	PATIENCE_MS	3000

/*
 * What a root is, whatever it would inherit: programs in it run, and may be
 * set-id as those of a system are; devices come from a file system of their own.
 */
#define	ROOT_PROPERTIES	"-o", "setuid=on", "-o", "exec=on", "-o", "devices=off"

/*
 * "Busy" may mean that it is about to go: zfs-fuse is late, and who has just
 * been made on Linux with a view of its own sees all that is mounted for a moment.
 */
static int
run_patiently(const char *const *args, struct ioc_error *err)
{
	int r;

	for (int waited = 0;; waited += 20) {
		r = ioc_zfs_run(args, NULL, err);
		if (r != IOC_BUSY || waited >= PATIENCE_MS)
			return (r);
		(void)usleep(20 * 1000);
	}
}

/* --- make ------------------------------------------------------------------- */

int
ioc_zfs_check_free(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	enum ioc_volume_area area;
	struct stat st;
	int r = ioc_volume_check(vol, false, &area, err);

	if (r != 0)
		return (r);
	/* Nobody else makes up the same one in staging. */
	r = area == IOC_VOLUME_STAGING ?
	    ioc_path_stat(s->root, vol, OURS, &st, err) :
	    ioc_zfs_has(s, vol, err);
	if (r == 0)
		return (ioc_fail(err, IOC_EXISTS, "volume %s exists", vol));
	return (r == IOC_NOT_FOUND ? 0 : r);
}

/* Our own directories on the way to the root are nobody else's business. */
static int
set_modes(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	char part[IOC_ZFS_NAME];
	const char *p = strchr(vol, '/');

	while (p != NULL) {
		auto_fd int fd = -1;

		p = strchr(p + 1, '/');
		(void)snprintf(part, sizeof(part), "%.*s",
		    (int)(p != NULL ? (size_t)(p - vol) : strlen(vol)), vol);
		fd = ioc_path_dir(s->root, part, OURS, err);
		if (fd < 0)
			return (fd);
		if (fchmod(fd, 0700) != 0)
			return (ioc_fail_errno(err, "%s", part));
	}
	return (0);
}

/* Both datasets are there: they are mounted, and have the modes they need. */
static int
finish(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	int r = ioc_zfs_mount(ioc_zfs(s), vol, "root", err);

	return (r == 0 ? set_modes(s, vol, err) : r);
}

static int
make(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	char root[IOC_ZFS_NAME];
	auto_fd int fd = -1;
	int r = ioc_zfs_name(ioc_zfs(s), vol, "root", root, err);

	if (r == 0)
		r = ioc_zfs_run(IOC_ZFS_ARGS("create", "-p", ROOT_PROPERTIES,
		    root), NULL, err);
	if (r == 0)
		r = finish(s, vol, err);
	if (r == 0)
		r = fd = ioc_zfs_root_fd(s, vol, err);
	if (r < 0)
		return (r);
	if (fchmod(fd, 0755) != 0 || fchown(fd, 0, 0) != 0)
		return (ioc_fail_errno(err, "root"));
	return (0);
}

int
ioc_zfs_create(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	int r = ioc_zfs_check_free(s, vol, err);

	if (r != 0)
		return (r);
	ioc_zfs_forget(ioc_zfs(s));
	r = make(s, vol, err);
	if (r != 0)
		(void)ioc_zfs_destroy(s, vol, NULL);
	return (ioc_wrap(err, r, "make volume %s", vol));
}

int
ioc_zfs_place(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	char dataset[IOC_ZFS_NAME];
	int r = ioc_volume_check(vol, false, NULL, err);

	if (r == 0)
		r = ioc_zfs_name(z, vol, NULL, dataset, err);
	if (r == 0)
		r = ioc_zfs_run(IOC_ZFS_ARGS("create", "-p", dataset), NULL,
		    err);
	if (r == 0)
		r = ioc_zfs_mount(z, vol, NULL, err);
	if (r == 0)
		r = set_modes(s, vol, err);
	return (ioc_wrap(err, r, "make %s", IOC_SHOW(vol)));
}

/* --- clone ------------------------------------------------------------------ */

/*
 * The snapshot that clones of a volume are made from.  A release has one, taken
 * when it is first needed, since it never changes; of anything else there is a
 * new one each time.
 */
static int
origin_name(struct ioc_zfs *z, const char *from, char ret[IOC_ZFS_NAME],
    bool *fresh, struct ioc_error *err)
{
	const char *level = strrchr(from, '/');
	char root[IOC_ZFS_NAME], part[IOC_ZFS_NAME];
	uint64_t id;
	int n, r;

	*fresh = !ioc_str_starts(from, "releases/");
	(void)snprintf(part, sizeof(part), "%.*s",
	    (int)(ioc_zfs_is_legacy(z, from) ? (size_t)(level - from) :
	    strlen(from)), from);
	r = ioc_zfs_name(z, part, "root", root, err);
	if (r != 0)
		return (r);
	ioc_random(&id, sizeof(id));
	if (*fresh)
		n = snprintf(ret, IOC_ZFS_NAME, "%s@ioc-%016llx", root,
		    (unsigned long long)id);
	else
		n = snprintf(ret, IOC_ZFS_NAME, "%s@%s", root, level + 1);
	return (n < IOC_ZFS_NAME ? 0 :
	    ioc_fail(err, IOC_INVALID, "its name is too long"));
}

static int
run_clone(const char *snapshot, const char *root, struct ioc_error *err)
{
	return (ioc_zfs_run(IOC_ZFS_ARGS("clone", "-p", ROOT_PROPERTIES,
	    snapshot, root), NULL, err));
}

int
ioc_zfs_clone_snapshot(struct ioc_store *s, const char *snapshot,
    const char *to, struct ioc_error *err)
{
	char root[IOC_ZFS_NAME];
	int r = ioc_zfs_name(ioc_zfs(s), to, "root", root, err);

	if (r == 0)
		r = run_clone(snapshot, root, err);
	return (r == 0 ? finish(s, to, err) : r);
}

/* A snapshot that is taken for one clone is marked to go with it. */
static int
clone_fresh(const char *snapshot, const char *root, struct ioc_error *err)
{
	struct ioc_error later;
	int r = ioc_zfs_run(IOC_ZFS_ARGS("snapshot", snapshot), NULL, err);
	int gone;

	if (r != 0)
		return (r);
	r = run_clone(snapshot, root, err);
	gone = ioc_zfs_run(IOC_ZFS_ARGS("destroy", "-d", snapshot), NULL,
	    &later);
	if (r == 0 && gone != 0) {
		ioc_error_copy(err, &later);
		r = gone;
	}
	return (r);
}

static int
clone_thin(struct ioc_store *s, const char *from, const char *to,
    struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	char snapshot[IOC_ZFS_NAME], root[IOC_ZFS_NAME];
	bool fresh;
	int r = origin_name(z, from, snapshot, &fresh, err);

	if (r == 0)
		r = ioc_zfs_name(z, to, "root", root, err);
	if (r == 0 && fresh)
		r = clone_fresh(snapshot, root, err);
	else if (r == 0) {
		r = run_clone(snapshot, root, err);
		if (r == IOC_NOT_FOUND && !ioc_zfs_is_legacy(z, from)) {
			r = ioc_zfs_run(IOC_ZFS_ARGS("snapshot", snapshot),
			    NULL, err);
			if (r == 0 || r == IOC_EXISTS)
				r = run_clone(snapshot, root, err);
		}
	}
	return (r == 0 ? finish(s, to, err) : r);
}

struct copying {
	ioc_store_progress *progress;
	void		*arg;
	uint64_t	 total;
};

static int
on_copy(uint64_t entries, uint64_t bytes, void *arg)
{
	const struct copying *c = arg;

	return (c->progress(bytes < c->total ? bytes : c->total, c->total,
	    c->arg));
}

static int
clone_thick(struct ioc_store *s, const char *from, const char *to,
    ioc_store_progress *progress, void *arg, struct ioc_error *err)
{
	struct copying c = { progress, arg, 0 };
	auto_fd int a = ioc_zfs_root_fd(s, from, err), b = -1;
	int r = a < 0 ? a : 0;

	if (r == 0 && progress != NULL)
		r = ioc_tree_used(a, &c.total, err);
	if (r == 0)
		r = make(s, to, err);
	if (r == 0)
		r = b = ioc_zfs_root_fd(s, to, err);
	if (r < 0)
		return (r);
	r = ioc_tree_copy(a, b, progress != NULL ? on_copy : NULL, &c, err);
	if (r == 0 && progress != NULL && progress(c.total, c.total, arg) != 0)
		r = ioc_fail(err, IOC_CANCELED, "canceled");
	return (r);
}

int
ioc_zfs_clone(struct ioc_store *s, const char *from, const char *to,
    enum ioc_store_clone how, uint32_t id_base, ioc_store_progress *progress,
    void *arg, struct ioc_error *err)
{
	int r = ioc_volume_check(from, false, NULL, err);

	if (r == 0)
		r = ioc_zfs_check_free(s, to, err);
	if (r != 0)
		return (r);
	ioc_zfs_forget(ioc_zfs(s));
	r = how == IOC_CLONE_THIN ? clone_thin(s, from, to, err) :
	    clone_thick(s, from, to, progress, arg, err);
	if (r != 0)
		(void)ioc_zfs_destroy(s, to, NULL);
	return (ioc_wrap(err, r, "clone %s to %s", from, to));
}

/* A clone that nobody writes to, and that runs nothing. */
int
ioc_zfs_view(struct ioc_store *s, const char *vol, const char *name,
    const char *to, struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	char snapshot[IOC_ZFS_NAME], root[IOC_ZFS_NAME];
	int r = ioc_zfs_snapshot_name(z, vol, "root", name, snapshot, err);

	if (r == 0)
		r = ioc_zfs_check_free(s, to, err);
	if (r == 0)
		r = ioc_zfs_name(z, to, "root", root, err);
	if (r != 0)
		return (r);
	r = ioc_zfs_run(IOC_ZFS_ARGS("clone", "-p", "-o", "readonly=on", "-o",
	    "setuid=off", "-o", "exec=off", "-o", "devices=off", snapshot,
	    root), NULL, err);
	if (r == 0)
		r = finish(s, to, err);
	if (r != 0)
		(void)ioc_zfs_destroy(s, to, NULL);
	return (ioc_wrap(err, r, "view of snapshot %s of %s", IOC_SHOW(name),
	    IOC_SHOW(vol)));
}

static int
on_value(const char *const *field, void *arg, struct ioc_error *err)
{
	return (ioc_buf_adds(arg, field[0]) == 0 ? 0 : ioc_fail_nomem(err));
}

/*
 * With a release as its origin the snapshot that all its other jails share would
 * become the jail's.
 */
static int
check_promote(struct ioc_zfs *z, const char *root, struct ioc_error *err)
{
	auto_buf struct ioc_buf out = IOC_BUF(IOC_ZFS_LINE);
	auto_buf struct ioc_buf origin = IOC_BUF(IOC_ZFS_LINE);
	const char *from;
	int r = ioc_zfs_run(IOC_ZFS_ARGS("get", "-H", "-o", "value", "origin",
	    root), &out, err);

	if (r == 0)
		r = ioc_zfs_rows(out.data, out.len, 1, on_value, &origin, err);
	if (r != 0)
		return (r);
	if (strcmp(ioc_buf_str(&origin), "-") == 0)
		return (ioc_fail(err, IOC_STATE, "it is no clone"));
	from = ioc_zfs_beneath(ioc_buf_str(&origin), z->s.where);
	if (from != NULL && ioc_str_starts(from, "releases/"))
		return (ioc_fail(err, IOC_STATE, "it depends on no other jail, "
		    "but on a release, which others share"));
	return (0);
}

int
ioc_zfs_promote(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	char root[IOC_ZFS_NAME];
	int r = ioc_volume_check(vol, false, NULL, err);

	if (r == 0)
		r = ioc_zfs_name(ioc_zfs(s), vol, "root", root, err);
	if (r == 0)
		r = check_promote(ioc_zfs(s), root, err);
	if (r == 0)
		r = ioc_zfs_run(IOC_ZFS_ARGS("promote", root), NULL, err);
	ioc_zfs_forget(ioc_zfs(s));
	return (ioc_wrap(err, r, "promote %s", IOC_SHOW(vol)));
}

/* --- destroy ------------------------------------------------------------------ */

/* An empty mount point, or what lay beneath one. */
static int
remove_rest(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	auto_fd int dir = -1;
	char last[256];

	dir = ioc_path_parent(s->root, vol, OURS, last, err);
	if (dir < 0)
		return (dir == IOC_NOT_FOUND ? 0 : dir);
	return (ioc_tree_remove(dir, last, err));
}

int
ioc_zfs_destroy_dataset(const char *dataset, struct ioc_error *err)
{
	return (run_patiently(IOC_ZFS_ARGS("destroy", "-r", dataset), err));
}

/* What is in staging, and seen by nobody. */
static int
destroy_staged(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	char dataset[IOC_ZFS_NAME];
	int r = ioc_zfs_name(ioc_zfs(s), vol, NULL, dataset, err);

	if (r == 0)
		r = ioc_zfs_destroy_dataset(dataset, err);
	return (r == 0 || r == IOC_NOT_FOUND ? remove_rest(s, vol, err) : r);
}

int
ioc_zfs_destroy(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	enum ioc_volume_area area;
	char trash[64];
	uint64_t id;
	int r = ioc_volume_check(vol, false, &area, err);

	if (r != 0)
		return (r);
	ioc_zfs_forget(ioc_zfs(s));
	if (area == IOC_VOLUME_STAGING)
		return (ioc_wrap(err, destroy_staged(s, vol, err),
		    "destroy %s", vol));
	/* Out of sight by one rename, which nothing in use lets happen. */
	ioc_random(&id, sizeof(id));
	(void)snprintf(trash, sizeof(trash), ".staging/destroy-%016llx",
	    (unsigned long long)id);
	r = ioc_zfs_rename(s, vol, trash, err);
	if (r == 0) {
		r = destroy_staged(s, trash, err);
		if (r == IOC_BUSY)
			(void)ioc_zfs_rename(s, trash, vol, NULL);
	} else if (r == IOC_NOT_FOUND)
		r = remove_rest(s, vol, err);
	return (ioc_wrap(err, r, "destroy %s", vol));
}
