/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshots of a volume: of its dataset and all beneath it, at one moment, as
 * libioc and iocage make them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/vec.h"
#include "safe/name.h"
#include "safe/path.h"
#include "store/zfs.h"
#include "store/zfs_list.h"

int
ioc_zfs_snapshot_name(struct ioc_zfs *z, const char *vol, const char *sub,
    const char *name, char ret[IOC_ZFS_NAME], struct ioc_error *err)
{
	char dataset[IOC_ZFS_NAME];
	int n, r = ioc_volume_check(vol, false, NULL, err);

	if (r == 0)
		r = ioc_name_check(IOC_NAME_SNAPSHOT, name, err);
	if (r == 0)
		r = ioc_zfs_name(z, vol, sub, dataset, err);
	if (r != 0)
		return (r);
	n = snprintf(ret, IOC_ZFS_NAME, "%s@%s", dataset, name);
	return (n < IOC_ZFS_NAME ? 0 :
	    ioc_fail(err, IOC_INVALID, "snapshot %s: name too long", name));
}

static int
snap_create(struct ioc_store *s, const char *vol, const char *name,
    ioc_store_progress *progress, void *arg, struct ioc_error *err)
{
	char full[IOC_ZFS_NAME];
	int r = ioc_zfs_snapshot_name(ioc_zfs(s), vol, NULL, name, full, err);

	if (r == 0)
		r = ioc_zfs_run(IOC_ZFS_ARGS("snapshot", "-r", full), NULL,
		    err);
	return (ioc_wrap(err, r, "snapshot %s of %s", IOC_SHOW(name),
	    IOC_SHOW(vol)));
}

/* --- list ---------------------------------------------------------------------- */

/* Of one dataset; in the order in which they were taken. */
struct found {
	uint64_t	 txg;
	struct ioc_store_snapshot v;
};

struct gathered {
	const char	*dataset;	/* its own snapshots ... */
	bool		 sizes;		/* ... also what those beneath it use */
	IOC_VEC(struct found) found;
};

static struct found *
entry_of(struct gathered *g, const char *name)
{
	struct found *f;

	for (size_t i = g->found.n; i-- > 0;)
		if (strcmp(g->found.v[i].v.name, name) == 0)
			return (&g->found.v[i]);
	f = ioc_vec_push(&g->found);
	if (f != NULL)
		(void)snprintf(f->v.name, sizeof(f->v.name), "%s", name);
	return (f);
}

/* "DATASET@NAME", a property and its value; those beneath come later. */
static int
on_property(const char *const *field, void *arg, struct ioc_error *err)
{
	struct gathered *g = arg;
	const char *at = strchr(field[0], '@');
	size_t len = strlen(g->dataset);
	struct found *f;
	uint64_t n = 0;
	bool own;
	int r;

	if (at == NULL || ioc_name_check(IOC_NAME_SNAPSHOT, at + 1, NULL) != 0)
		return (0);
	own = (size_t)(at - field[0]) == len &&
	    strncmp(field[0], g->dataset, len) == 0;
	if (!own && (!g->sizes || strcmp(field[1], "used") != 0))
		return (0);
	r = ioc_zfs_number(field[2], &n, err);
	if (r != 0)
		return (r);
	f = entry_of(g, at + 1);
	if (f == NULL)
		return (ioc_fail_nomem(err));
	if (strcmp(field[1], "used") == 0)
		f->v.used += n;
	else if (strcmp(field[1], "creation") == 0)
		f->v.created = (int64_t)n;
	else
		f->txg = n;
	return (0);
}

static int
by_txg(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return (x->txg < y->txg ? -1 : x->txg > y->txg);
}

/* Snapshots of a dataset; what only others have is left out. */
static int
gather(struct gathered *g, struct ioc_error *err)
{
	auto_buf struct ioc_buf out = IOC_BUF(IOC_ZFS_OUTPUT);
	size_t n = 0;
	int r = ioc_zfs_run(IOC_ZFS_ARGS("get", "-H", "-p", "-r", "-d",
	    g->sizes ? "2" : "1", "-o", "name,property,value",
	    "createtxg,creation,used", g->dataset), &out, err);

	if (r == 0)
		r = ioc_zfs_rows(out.data, out.len, 3, on_property, g, err);
	for (size_t i = 0; r == 0 && i < g->found.n; i++)
		if (g->found.v[i].txg != 0)
			g->found.v[n++] = g->found.v[i];
	if (r == 0)
		g->found.n = n;
	if (r == 0 && n > 1)
		qsort(g->found.v, n, sizeof(*g->found.v), by_txg);
	return (r);
}

static void
gathered_fini(struct gathered *g)
{
	ioc_vec_fini(&g->found);
}

/* To be freed. */
static int
list(struct ioc_store *s, const char *vol, const char *sub, bool sizes,
    struct ioc_store_snapshot **ret, size_t *n, struct ioc_error *err)
{
	char dataset[IOC_ZFS_NAME];
	IOC_AUTO(gathered_fini) struct gathered g = { .dataset = dataset,
		.sizes = sizes };
	struct ioc_store_snapshot *v;
	int r = ioc_volume_check(vol, false, NULL, err);

	if (r == 0)
		r = ioc_zfs_name(ioc_zfs(s), vol, sub, dataset, err);
	if (r == 0)
		r = gather(&g, err);
	if (r != 0)
		return (ioc_wrap(err, r, "snapshots of %s", IOC_SHOW(vol)));
	v = calloc(g.found.n + 1, sizeof(*v));
	if (v == NULL)
		return (ioc_fail_nomem(err));
	for (size_t i = 0; i < g.found.n; i++)
		v[i] = g.found.v[i].v;
	*ret = v;
	*n = g.found.n;
	return (0);
}

static int
snap_list(struct ioc_store *s, const char *vol,
    struct ioc_store_snapshot **ret, size_t *n, struct ioc_error *err)
{
	return (list(s, vol, NULL, true, ret, n, err));
}

/* --- rollback ------------------------------------------------------------------ */

/* What clones of a jail are made from; it goes with the last of them. */
static bool
is_origin(const char *name)
{
	return (ioc_str_starts(name, "ioc-") && strlen(name) == 20 &&
	    strspn(name + 4, "0123456789abcdef") == 16);
}

/* Of the volume, or of its root: those that are newer may go. */
static int
check_newer(struct ioc_store *s, const char *vol, const char *sub,
    const char *name, bool lose, struct ioc_error *err)
{
	auto_free struct ioc_store_snapshot *v = NULL;
	size_t n = 0, kept = 0, at = 0;
	int r = list(s, vol, sub, false, &v, &n, err);

	for (size_t i = n; r == 0 && i-- > 0 && strcmp(v[i].name, name) != 0;)
		r = ioc_zfs_unneeded(ioc_zfs(s), vol, v[i].name, err);
	if (r != 0)
		return (r);
	for (size_t i = 0; i < n; i++)
		if (!is_origin(v[i].name) || strcmp(v[i].name, name) == 0)
			v[kept++] = v[i];
	return (ioc_snapshots_newer(v, kept, name, lose, &at, err));
}

static int
snap_ready(struct ioc_store *s, const char *vol, const char *name, bool lose,
    ioc_store_progress *progress, void *arg, struct ioc_error *err)
{
	int r = ioc_name_check(IOC_NAME_SNAPSHOT, name, err);

	if (r == 0)
		r = check_newer(s, vol, NULL, name, lose, err);
	if (r == 0)
		r = check_newer(s, vol, "root", name, lose, err);
	return (ioc_wrap(err, r, "roll back %s to %s", IOC_SHOW(vol),
	    IOC_SHOW(name)));
}

/*
 * Never -R: clones are not ours to destroy.  With -r always, for the origin of a
 * clone that is gone may be newer; what counts was asked for before.
 */
static int
roll_back(const char *full, struct ioc_error *err)
{
	return (ioc_zfs_run(IOC_ZFS_ARGS("rollback", "-r", full), NULL, err));
}

static int
snap_rollback(struct ioc_store *s, const char *vol, const char *name,
    bool *begun, struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	char own[IOC_ZFS_NAME], root[IOC_ZFS_NAME];
	int r = ioc_zfs_snapshot_name(z, vol, NULL, name, own, err);

	if (r == 0)
		r = ioc_zfs_snapshot_name(z, vol, "root", name, root, err);
	if (r == 0)
		r = roll_back(root, err);
	if (r == 0) {
		*begun = true;
		r = roll_back(own, err);
	}
	ioc_zfs_forget(z);
	return (ioc_wrap(err, r, "roll back %s to %s", IOC_SHOW(vol),
	    IOC_SHOW(name)));
}

/* --- the rest -------------------------------------------------------------------- */

static int
snap_remove(struct ioc_store *s, const char *vol, const char *name,
    struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	char full[IOC_ZFS_NAME];
	int r = ioc_zfs_snapshot_name(z, vol, NULL, name, full, err);

	if (r == 0)
		r = ioc_zfs_unneeded(z, vol, name, err);
	if (r == 0)
		r = ioc_zfs_run(IOC_ZFS_ARGS("destroy", "-r", full), NULL,
		    err);
	return (ioc_wrap(err, r, "remove snapshot %s of %s", IOC_SHOW(name),
	    IOC_SHOW(vol)));
}

/*
 * What the volume beside its root had: seen in .zfs, or, where there is none,
 * in a clone that lives for a moment within the new volume.
 */
static int
copy_files(struct ioc_store *s, const char *vol, const char *name,
    const char *to, struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	char seen[2 * IOC_ZFS_NAME], full[IOC_ZFS_NAME], tmp[IOC_ZFS_NAME];
	auto_fd int from = -1, new = s->ops->dir(s, to, err);
	int r = new < 0 ? new : 0;

	if (r != 0)
		return (r);
	(void)snprintf(seen, sizeof(seen), "%s/.zfs/snapshot/%s", vol, name);
	from = ioc_path_dir(s->root, seen, IOC_PATH_NOLINKS, NULL);
	if (from >= 0)
		return (ioc_volume_copy_files(from, new, err));
	r = ioc_zfs_snapshot_name(z, vol, NULL, name, full, err);
	if (r == 0)
		r = ioc_zfs_name(z, to, "files", tmp, err);
	if (r == 0)
		r = ioc_zfs_run(IOC_ZFS_ARGS("clone", full, tmp), NULL, err);
	if (r == 0)
		r = ioc_zfs_mount(z, to, "files", err);
	if (r == 0)
		r = from = ioc_path_dir(new, "files", IOC_PATH_NOLINKS, err);
	if (r >= 0)
		r = ioc_volume_copy_files(from, new, err);
	ioc_fd_close(&from);
	if (r == 0)
		r = ioc_zfs_destroy_dataset(tmp, err);
	if (r == 0)
		(void)ioc_path_rmdir(new, "files", IOC_PATH_NOLINKS, NULL);
	return (r);
}

static int
snap_clone(struct ioc_store *s, const char *vol, const char *name,
    const char *to, uint32_t id_base, ioc_store_progress *progress, void *arg,
    struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	char root[IOC_ZFS_NAME];
	int r = ioc_zfs_snapshot_name(z, vol, "root", name, root, err);

	if (r == 0)
		r = ioc_zfs_check_free(s, to, err);
	if (r != 0)
		return (r);
	ioc_zfs_forget(z);
	r = ioc_zfs_clone_snapshot(s, root, to, err);
	if (r == 0)
		r = copy_files(s, vol, name, to, err);
	if (r != 0)
		(void)ioc_zfs_destroy(s, to, NULL);
	return (ioc_wrap(err, r, "clone snapshot %s of %s to %s", IOC_SHOW(name),
	    IOC_SHOW(vol), to));
}

/* The origins of clones that never came to be, or are gone. */
static int
snap_sweep(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	auto_free struct ioc_store_snapshot *v = NULL;
	char full[IOC_ZFS_NAME];
	size_t n = 0;
	int r = list(s, vol, "root", false, &v, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (!is_origin(v[i].name))
			continue;
		r = ioc_zfs_snapshot_name(ioc_zfs(s), vol, "root", v[i].name,
		    full, err);
		if (r == 0)
			r = ioc_zfs_run(IOC_ZFS_ARGS("destroy", "-d", full),
			    NULL, err);
	}
	return (ioc_wrap(err, r, "snapshots of %s", IOC_SHOW(vol)));
}

const struct ioc_store_snapshot_ops ioc_zfs_snapshots = {
	.create = snap_create,
	.list = snap_list,
	.ready = snap_ready,
	.rollback = snap_rollback,
	.remove = snap_remove,
	.clone = snap_clone,
	.sweep = snap_sweep,
	.view = ioc_zfs_view,
};
