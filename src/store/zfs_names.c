/* SPDX-License-Identifier: BSD-2-Clause */
/* Listing: what is there, how much it takes, who depends on whom. */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/vec.h"
#include "safe/path.h"
#include "store/zfs.h"
#include "store/zfs_list.h"

#define	OURS		IOC_PATH_NOLINKS
#define	RENAME_US	(100 * 1000)

/* --- names ------------------------------------------------------------------ */

struct names {
	struct ioc_zfs	*z;
	const char	*parent;
	const char	*dataset;	/* of the parent */
	struct ioc_strv	*ret;
	bool		 gave_up;	/* on what is not mounted */
};

/* Adds the name unless no volume of ours could have it. */
static bool
add_name(const struct names *n, const char *name)
{
	char vol[IOC_ZFS_NAME];
	int len = snprintf(vol, sizeof(vol), "%s/%s", n->parent, name);

	if (len < 0 || (size_t)len >= sizeof(vol) ||
	    ioc_volume_check(vol, false, NULL, NULL) != 0)
		return (false);
	(void)ioc_strv_add(n->ret, name);
	return (true);
}

static int
on_dataset(const char *const *field, void *arg, struct ioc_error *err)
{
	struct names *n = arg;
	const char *name = ioc_zfs_beneath(field[0], n->dataset);
	char vol[IOC_ZFS_NAME];
	bool mounted;
	int r = ioc_zfs_bool(field[1], &mounted, err);

	if (r != 0 || name == NULL || !add_name(n, name) || mounted ||
	    n->gave_up)
		return (r);
	/* Is it being renamed, or was it by somebody who died? */
	(void)snprintf(vol, sizeof(vol), "%s/%s", n->parent, name);
	(void)usleep(RENAME_US);
	n->gave_up = ioc_zfs_mount(n->z, vol, NULL, NULL) != 0;
	return (0);
}

static int
on_level(const char *const *field, void *arg, struct ioc_error *err)
{
	const struct names *n = arg;
	const char *at = strchr(field[0], '@');

	if (at != NULL && at[1] == 'p')
		(void)add_name(n, at + 1);
	return (0);
}

/* Patch levels that are snapshots of one dataset. */
static int
list_legacy(const struct names *n, struct ioc_error *err)
{
	auto_buf struct ioc_buf out = IOC_BUF(IOC_ZFS_OUTPUT);
	char root[IOC_ZFS_NAME];
	int r = ioc_zfs_name(n->z, n->parent, "root", root, err);

	if (r == 0)
		r = ioc_zfs_run(IOC_ZFS_ARGS("list", "-H", "-r", "-d", "1",
		    "-t", "snapshot", "-o", "name", root), &out, err);
	return (r != 0 ? r : ioc_zfs_rows(out.data, out.len, 1, on_level,
	    (void *)(uintptr_t)n, err));
}

/* By the directories: no process for it. */
static int
list_directory(const struct names *n, struct ioc_error *err)
{
	struct ioc_store *s = &n->z->s;
	auto_fd int fd = ioc_path_dir(s->root, n->parent, OURS, err);
	const struct dirent *e;
	auto_dir DIR *d = NULL;
	size_t before = n->ret->n;
	bool legacy = false;

	if (fd < 0)
		return (fd);
	d = fdopendir(fd);
	if (d == NULL)
		return (ioc_fail_errno(err, "list %s", n->parent));
	(void)take_fd(&fd);
	while ((errno = 0, e = readdir(d)) != NULL) {
		if (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN)
			continue;
		legacy = legacy || strcmp(e->d_name, "root") == 0;
		(void)add_name(n, e->d_name);
	}
	if (errno != 0)
		return (ioc_fail_errno(err, "list %s", n->parent));
	if (legacy && n->ret->n == before &&
	    ioc_str_starts(n->parent, "releases/"))
		return (list_legacy(n, err));
	return (0);
}

/* Is a directory of our layout the root of a file system of its own? */
static bool
is_mounted(int dir, const char *name)
{
	struct stat above, st;

	return (fstat(dir, &above) == 0 &&
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    above.st_dev != st.st_dev);
}

/*
 * Who died in the rename that ended a fetch or an update has left a release, or
 * a level of it, unmounted: whoever asks for its levels mounts it.  What cannot be
 * mounted is told by who opens it.
 */
static void
mount_release(const struct names *n)
{
	const char *name = strchr(n->parent, '/') + 1;
	auto_fd int dir = ioc_path_dir(n->z->s.root, "releases", OURS, NULL);

	if (dir >= 0 && !is_mounted(dir, name))
		(void)ioc_zfs_mount(n->z, n->parent, NULL, NULL);
}

static void
mount_levels(const struct names *n)
{
	auto_fd int dir = ioc_path_dir(n->z->s.root, n->parent, OURS, NULL);

	for (size_t i = 0; dir >= 0 && i < n->ret->n; i++) {
		auto_fd int level = -1;
		char vol[IOC_ZFS_NAME];

		(void)snprintf(vol, sizeof(vol), "%s/%s", n->parent,
		    n->ret->v[i]);
		if (is_mounted(dir, n->ret->v[i]))
			level = ioc_path_dir(dir, n->ret->v[i], OURS, NULL);
		if (!ioc_zfs_is_legacy(n->z, vol) &&
		    (level < 0 || !is_mounted(level, "root")))
			(void)ioc_zfs_mount(n->z, vol, "root", NULL);
	}
}

/* The names in "releases", or the levels of one. */
static int
list_releases(const struct names *n, struct ioc_error *err)
{
	bool one = ioc_str_starts(n->parent, "releases/") && geteuid() == 0;
	int r;

	if (one)
		mount_release(n);
	r = list_directory(n, err);
	if (r == 0 && one)
		mount_levels(n);
	return (r);
}

int
ioc_zfs_list(struct ioc_store *s, const char *parent, struct ioc_strv *ret,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf out = IOC_BUF(IOC_ZFS_OUTPUT);
	char dataset[IOC_ZFS_NAME];
	struct names n = { ioc_zfs(s), parent, dataset, ret };
	enum ioc_volume_area area;
	int r;

	ioc_zfs_forget(n.z);
	r = ioc_volume_check(parent, true, &area, err);
	if (r == 0)
		r = ioc_zfs_name(n.z, parent, NULL, dataset, err);
	/* Jails are what may be there without being mounted. */
	if (r == 0 && area == IOC_VOLUME_RELEASES)
		r = list_releases(&n, err);
	else if (r == 0 && (area != IOC_VOLUME_JAILS || geteuid() != 0))
		r = list_directory(&n, err);
	else if (r == 0) {
		r = ioc_zfs_run(IOC_ZFS_ARGS("list", "-H", "-r", "-d", "1",
		    "-t", "filesystem", "-o", "name,mounted", dataset), &out,
		    err);
		if (r == 0)
			r = ioc_zfs_rows(out.data, out.len, 2, on_dataset, &n,
			    err);
		n.z->listed = true;
	}
	if (r != 0)
		return (ioc_wrap(err, r, "list %s", IOC_SHOW(parent)));
	return (ioc_strv_check(ret, err));
}

/* --- space -------------------------------------------------------------------- */

void
ioc_zfs_forget(struct ioc_zfs *z)
{
	free(z->used);
	z->used = NULL;
	z->nused = 0;
	free(z->groups);
	free(z->properties);
	z->groups = NULL;
	z->properties = NULL;
	z->ngroups = 0;
	z->odd = false;
	z->listed = false;
}

struct sizes {
	const char	*dataset;	/* what lies beneath it, or it alone */
	bool		 alone;
	uint64_t	 bytes;
	IOC_VEC(struct ioc_zfs_used) v;
};

static int
on_size(const char *const *field, void *arg, struct ioc_error *err)
{
	struct sizes *l = arg;
	const char *name = ioc_zfs_beneath(field[0], l->dataset);
	struct ioc_zfs_used *u;

	if (l->alone && strcmp(field[0], l->dataset) == 0)
		return (ioc_zfs_number(field[1], &l->bytes, err));
	if (l->alone || name == NULL || strlen(name) >= sizeof(u->name))
		return (0);
	u = ioc_vec_push(&l->v);
	if (u == NULL)
		return (ioc_fail_nomem(err));
	memcpy(u->name, name, strlen(name) + 1);
	return (ioc_zfs_number(field[1], &u->bytes, err));
}

static int
by_name(const void *a, const void *b)
{
	return (strcmp(((const struct ioc_zfs_used *)a)->name,
	    ((const struct ioc_zfs_used *)b)->name));
}

static int
get_sizes(struct sizes *l, const char *depth, struct ioc_error *err)
{
	auto_buf struct ioc_buf out = IOC_BUF(IOC_ZFS_OUTPUT);
	int r = ioc_zfs_run(IOC_ZFS_ARGS("get", "-H", "-p", "-r", "-d", depth,
	    "-o", "name,value", "used", l->dataset), &out, err);

	return (r != 0 ? r : ioc_zfs_rows(out.data, out.len, 2, on_size, l,
	    err));
}

/* Of all jails at once: who asks after a listing asks for each. */
static int
get_all(struct ioc_zfs *z, struct ioc_error *err)
{
	char dataset[IOC_ZFS_NAME];
	struct sizes l = { .dataset = dataset };
	int r = ioc_zfs_name(z, "jails", NULL, dataset, err);

	if (r == 0)
		r = get_sizes(&l, "1", err);
	if (r != 0) {
		ioc_vec_fini(&l.v);
		return (r);
	}
	if (l.v.n > 1)
		qsort(l.v.v, l.v.n, sizeof(*l.v.v), by_name);
	z->used = l.v.v;
	z->nused = l.v.n;
	return (0);
}

int
ioc_zfs_used(struct ioc_store *s, const char *vol, uint64_t *ret,
    struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	char dataset[IOC_ZFS_NAME];
	struct sizes one = { .dataset = dataset, .alone = true };
	const struct ioc_zfs_used *u = NULL;
	struct ioc_zfs_used key;
	enum ioc_volume_area area;
	int r = ioc_volume_check(vol, false, &area, err);

	if (r == 0 && z->listed && area == IOC_VOLUME_JAILS) {
		(void)snprintf(key.name, sizeof(key.name), "%s",
		    vol + strlen("jails/"));
		if (z->used == NULL)
			r = get_all(z, err);
		if (r == 0 && z->nused > 0)
			u = bsearch(&key, z->used, z->nused, sizeof(key),
			    by_name);
	}
	if (r == 0 && u == NULL) {
		r = ioc_zfs_name(z, vol, NULL, dataset, err);
		if (r == 0)
			r = get_sizes(&one, "0", err);
	}
	if (r != 0)
		return (ioc_wrap(err, r, "volume %s", IOC_SHOW(vol)));
	*ret = u != NULL ? u->bytes : one.bytes;
	return (0);
}

/* --- dependants ----------------------------------------------------------------- */

struct users {
	const struct ioc_zfs *z;
	const char	*dataset;
	const char	*snapshot;	/* NULL: any */
	struct ioc_buf	*names;
};

/* Does the origin lie in what is asked about? */
static bool
is_of(const struct users *u, const char *origin)
{
	size_t len = strlen(u->dataset);
	const char *at = strchr(origin, '@');

	if (at == NULL || strncmp(origin, u->dataset, len) != 0 ||
	    (origin[len] != '/' && origin[len] != '@'))
		return (false);
	return (u->snapshot == NULL || strcmp(at + 1, u->snapshot) == 0);
}

/* "jails/web/root" as people know it: "web". */
static int
on_clone(const char *const *field, void *arg, struct ioc_error *err)
{
	const struct users *u = arg;
	const char *name = ioc_zfs_beneath(field[0], u->z->s.where);
	size_t len;

	if (name == NULL || !is_of(u, field[1]) ||
	    ioc_zfs_beneath(field[0], u->dataset) != NULL)
		return (0);
	if (ioc_str_starts(name, "jails/"))
		name += strlen("jails/");
	len = strlen(name);
	if (ioc_str_ends(name, "/root"))
		len -= strlen("/root");
	return (ioc_buf_addf(u->names, "%s%.*s", u->names->len > 0 ? ", " : "",
	    (int)len, name));
}

static int
on_any(const char *const *field, void *arg, struct ioc_error *err)
{
	*(bool *)arg = true;
	return (0);
}

/* Without snapshots there are no clones, and that is quickly seen. */
static int
has_snapshots(const char *dataset, bool *ret, struct ioc_error *err)
{
	auto_buf struct ioc_buf out = IOC_BUF(IOC_ZFS_OUTPUT);
	int r = ioc_zfs_run(IOC_ZFS_ARGS("list", "-H", "-r", "-t", "snapshot",
	    "-o", "name", dataset), &out, err);

	*ret = false;
	return (r != 0 ? r : ioc_zfs_rows(out.data, out.len, 1, on_any, ret,
	    err));
}

int
ioc_zfs_unneeded(struct ioc_zfs *z, const char *vol, const char *snapshot,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf out = IOC_BUF(IOC_ZFS_OUTPUT);
	auto_buf struct ioc_buf names = IOC_BUF(IOC_ZFS_OUTPUT);
	char dataset[IOC_ZFS_NAME];
	struct users u = { z, dataset, snapshot, &names };
	bool any = false;
	int r = ioc_zfs_name(z, vol, NULL, dataset, err);

	if (r == 0)
		r = has_snapshots(dataset, &any, err);
	if (r != 0 || !any)
		return (r);
	r = ioc_zfs_run(IOC_ZFS_ARGS("list", "-H", "-r", "-t", "filesystem",
	    "-o", "name,origin", z->s.where), &out, err);
	if (r == 0)
		r = ioc_zfs_rows(out.data, out.len, 2, on_clone, &u, err);
	if (r == 0)
		r = ioc_buf_check(&names, err);
	if (r != 0 || names.len == 0)
		return (r);
	return (ioc_fail(err, IOC_BUSY, "it is needed by %.700s",
	    ioc_buf_str(&names)));
}
