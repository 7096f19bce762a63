/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making a dataset a source, and finding the pool that is one.
 *
 * A dataset that is made here forbids set-id programs, devices and the execution
 * of anything in it; roots allow what they need.  One that is there already, a
 * user's of libioc or iocage, keeps its properties: jails inherit them.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/strv.h"
#include "safe/name.h"
#include "safe/path.h"
#include "store/zfs.h"
#include "store/zfs_list.h"

#define	OURS		IOC_PATH_NOLINKS
#define	ACTIVE		"org.freebsd.ioc:active"
#define	PLACE		"/iocage"	/* in the pool, and where it is mounted */

static const char *const datasets[] = { "releases", "jails", ".staging", NULL };
static const char *const directories[] = { ".journal", ".ids", "cache", NULL };

/* --- the pool --------------------------------------------------------------------- */

static int
on_health(const char *const *field, void *arg, struct ioc_error *err)
{
	bool *usable = arg;

	*usable = strcmp(field[0], "ONLINE") == 0 ||
	    strcmp(field[0], "DEGRADED") == 0;
	return (*usable ? 0 : ioc_fail(err, IOC_STATE, "it is %s",
	    IOC_SHOW(field[0])));
}

static int
pool_of(const char *dataset, char ret[IOC_ZFS_NAME], struct ioc_error *err)
{
	int r = ioc_name_check(IOC_NAME_DATASET, dataset, err);

	if (r == 0)
		(void)snprintf(ret, IOC_ZFS_NAME, "%.*s",
		    (int)strcspn(dataset, "/"), dataset);
	return (r);
}

static int
check_pool(const char *dataset, struct ioc_error *err)
{
	auto_buf struct ioc_buf out = IOC_BUF(4096);
	char pool[IOC_ZFS_NAME];
	bool usable = false;
	int r = pool_of(dataset, pool, err);

	if (r != 0)
		return (r);
	r = ioc_zpool_run(IOC_ZFS_ARGS("list", "-H", "-o", "health", pool),
	    &out, err);
	if (r == 0)
		r = ioc_zfs_rows(out.data, out.len, 1, on_health, &usable, err);
	if (r == 0 && !usable)
		r = IOC_NOT_FOUND;
	return (r == IOC_NOT_FOUND ? ioc_fail(err, r, "no pool %s", pool) :
	    ioc_wrap(err, r, "pool %s", pool));
}

int
ioc_store_zfs_mark(const char *dataset, bool active, struct ioc_error *err)
{
	char pool[IOC_ZFS_NAME];
	int r = pool_of(dataset, pool, err);

	return (r != 0 ? r : ioc_zfs_run(IOC_ZFS_ARGS("set",
	    active ? ACTIVE "=yes" : ACTIVE "=no", pool), NULL, err));
}

static int
on_pool(const char *const *field, void *arg, struct ioc_error *err)
{
	struct ioc_strv *v = arg;

	if ((strcmp(field[1], "ONLINE") == 0 ||
	    strcmp(field[1], "DEGRADED") == 0) &&
	    ioc_name_check(IOC_NAME_DATASET, field[0], NULL) == 0)
		(void)ioc_strv_add(v, field[0]);
	return (0);
}

/* Only what was set here counts, not what came with a stream. */
static int
on_mark(const char *const *field, void *arg, struct ioc_error *err)
{
	char **found = arg;
	bool yes;

	if (*found != NULL || strcmp(field[2], "local") != 0 ||
	    ioc_str_to_bool(field[1], &yes, NULL) != 0 || !yes)
		return (0);
	if (asprintf(found, "%s%s", field[0], PLACE) < 0) {
		*found = NULL;
		return (ioc_fail_nomem(err));
	}
	return (0);
}

int
ioc_store_zfs_find(char **ret, struct ioc_error *err)
{
	auto_buf struct ioc_buf pools = IOC_BUF(1024 * 1024);
	auto_buf struct ioc_buf marks = IOC_BUF(1024 * 1024);
	auto_strv struct ioc_strv v = IOC_STRV;
	auto_free char *found = NULL;
	size_t before;
	int r = ioc_zpool_run(IOC_ZFS_ARGS("list", "-H", "-o", "name,health"),
	    &pools, err);

	(void)ioc_strv_addv(&v, IOC_ZFS_ARGS("get", "-H", "-o",
	    "name,value,source", ACTIVE));
	before = v.n;
	if (r == 0)
		r = ioc_zfs_rows(pools.data, pools.len, 2, on_pool, &v, err);
	if (r == 0)
		r = ioc_strv_check(&v, err);
	if (r == 0 && v.n > before)
		r = ioc_zfs_run(ioc_strv_get(&v), &marks, err);
	if (r == 0)
		r = ioc_zfs_rows(marks.data, marks.len, 3, on_mark, &found,
		    err);
	if (r == 0 && found == NULL)
		r = ioc_fail(err, IOC_NOT_FOUND, "no pool is active");
	if (r == 0)
		*ret = take_ptr(found);
	return (r);
}

struct pools {
	struct ioc_strv	*names, *health;
};

static int
on_each_pool(const char *const *field, void *arg, struct ioc_error *err)
{
	struct pools *p = arg;

	(void)ioc_strv_add(p->names, field[0]);
	(void)ioc_strv_add(p->health, field[1]);
	return (0);
}

int
ioc_store_zfs_pools(struct ioc_strv *names, struct ioc_strv *health,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf out = IOC_BUF(1024 * 1024);
	struct pools p = { names, health };
	int r = ioc_zpool_run(IOC_ZFS_ARGS("list", "-H", "-o", "name,health"),
	    &out, err);

	if (r == 0)
		r = ioc_zfs_rows(out.data, out.len, 2, on_each_pool, &p, err);
	if (r == 0)
		r = ioc_strv_check(names, err);
	return (r == 0 ? ioc_strv_check(health, err) : r);
}

/* --- the dataset ---------------------------------------------------------------------- */

static int
check_mountpoint(const char *path, struct ioc_error *err)
{
	bool good = path[0] == '/' && path[1] != '\0' &&
	    !ioc_str_ends(path, "/") && strlen(path) < 512 &&
	    strstr(path, "//") == NULL && strstr(path, "/..") == NULL;

	for (const char *p = path; *p != '\0'; p++)
		good = good && (unsigned char)*p > ' ' && *p != 0x7f;
	return (good ? 0 : ioc_fail(err, IOC_INVALID, "mount point \"%s\": an "
	    "absolute path without spaces is needed", IOC_SHOW(path)));
}

/*
 * Without a mount point that was asked for it is PLACE, or what is inherited
 * where something else lies there.
 */
static int
create_source(const char *where, const char *property, bool place,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv v = IOC_STRV;
	int r;

	(void)ioc_strv_addv(&v, IOC_ZFS_ARGS("create", "-p", "-o", "setuid=off",
	    "-o", "exec=off", "-o", "devices=off"));
	if (!place || !ioc_zfs_taken(PLACE))
		(void)ioc_strv_addv(&v, IOC_ZFS_ARGS("-o", property));
	(void)ioc_strv_add(&v, where);
	r = ioc_strv_check(&v, err);
	return (r == 0 ? ioc_zfs_run(ioc_strv_get(&v), NULL, err) : r);
}

/* The dataset itself; *path is where it is mounted. */
static int
make_source(const char *where, const char *mountpoint, char **path,
    struct ioc_error *err)
{
	char property[560];
	bool late;
	int r = ioc_zfs_run(IOC_ZFS_ARGS("list", "-H", "-o", "name", where),
	    NULL, err);

	(void)snprintf(property, sizeof(property), "mountpoint=%s",
	    mountpoint != NULL ? mountpoint : PLACE);
	if (r == IOC_NOT_FOUND)
		r = create_source(where, property, mountpoint == NULL, err);
	if (r != 0)
		return (r);
	r = ioc_zfs_where(where, path, &late, err);
	if ((r == 0 && (mountpoint == NULL || strcmp(*path, mountpoint) == 0)))
		return (0);
	if (r == 0) {
		free(take_ptr(*path));
		r = ioc_zfs_run(IOC_ZFS_ARGS("set", property, where), NULL,
		    err);
	} else if (r == IOC_NOT_FOUND)
		r = ioc_zfs_run(IOC_ZFS_ARGS("mount", where), NULL, err);
	return (r == 0 ? ioc_zfs_where(where, path, &late, err) : r);
}

static int
make_dataset(struct ioc_zfs *z, const char *name, struct ioc_error *err)
{
	char dataset[IOC_ZFS_NAME];
	auto_fd int fd = -1;
	int r = ioc_zfs_mounted(z, name, NULL, err);

	if (r == 0)
		r = ioc_zfs_name(z, name, NULL, dataset, err);
	else if (r > 0)
		r = 0;
	else
		return (r);
	if (r == 0 && ioc_zfs_mounted(z, name, NULL, NULL) == 0) {
		r = ioc_zfs_run(IOC_ZFS_ARGS("create", "-p", dataset), NULL,
		    err);
		if (r == 0)
			r = ioc_zfs_mount(z, name, NULL, err);
	}
	if (r == 0)
		r = fd = ioc_path_dir(z->s.root, name, OURS, err);
	if (r < 0)
		return (r);
	return (fchmod(fd, 0700) == 0 ? 0 : ioc_fail_errno(err, "%s", name));
}

static int
make_layout(struct ioc_zfs *z, struct ioc_error *err)
{
	struct stat st;
	int r = 0;

	if (fstat(z->s.root, &st) != 0 ||
	    fchmod(z->s.root, st.st_mode & 0711) != 0)
		return (ioc_fail_errno(err, "%s", z->s.path));
	for (const char *const *p = datasets; r == 0 && *p != NULL; p++)
		r = ioc_wrap(err, make_dataset(z, *p, err), "make %s", *p);
	for (const char *const *p = directories; r == 0 && *p != NULL; p++) {
		auto_fd int fd = ioc_path_mkdirs(z->s.root, *p, 0700,
		    (uid_t)-1, (gid_t)-1, OURS | IOC_PATH_XDEV, err);

		if (fd < 0)
			r = ioc_wrap(err, fd, "make %s", *p);
	}
	return (r);
}

int
ioc_zfs_activate(const char *where, const char *mountpoint,
    struct ioc_error *err)
{
	auto_free char *path = NULL, *name = strdup(where);
	auto_fd int root = -1;
	struct ioc_zfs z = { .s = { .where = name } };
	int r = name == NULL ? ioc_fail_nomem(err) : check_pool(where, err);

	if (r == 0 && mountpoint != NULL)
		r = check_mountpoint(mountpoint, err);
	if (r == 0)
		r = make_source(where, mountpoint, &path, err);
	if (r == 0)
		r = root = ioc_path_root(path, err);
	if (r >= 0)
		r = ioc_store_check_owner(root, err);
	if (r == 0) {
		z.s.path = path;
		z.s.root = root;
		r = make_layout(&z, err);
	}
	if (r == 0)
		r = ioc_store_zfs_mark(where, true, err);
	return (r);
}
