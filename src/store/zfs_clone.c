/* SPDX-License-Identifier: BSD-2-Clause */
/* Volumes of a ZFS source that are made of others. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "safe/path.h"
#include "safe/tree.h"
#include "store/zfs.h"
#include "store/zfs_list.h"

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

/* `volume`: what the root lies in is made as well. */
static int
run_clone(const char *snapshot, const char *root, bool volume,
    struct ioc_error *err)
{
	if (volume)
		return (ioc_zfs_run(IOC_ZFS_ARGS("clone", "-p",
		    IOC_ZFS_ROOT_PROPERTIES, snapshot, root), NULL, err));
	return (ioc_zfs_run(IOC_ZFS_ARGS("clone", IOC_ZFS_ROOT_PROPERTIES,
	    snapshot, root), NULL, err));
}

int
ioc_zfs_clone_snapshot(struct ioc_store *s, const char *snapshot,
    const char *to, struct ioc_error *err)
{
	char root[IOC_ZFS_NAME];
	int r = ioc_zfs_name(ioc_zfs(s), to, "root", root, err);

	if (r == 0)
		r = run_clone(snapshot, root, true, err);
	return (r == 0 ? ioc_zfs_finish(s, to, err) : r);
}

/* A snapshot that is taken for one clone is marked to go with it. */
static int
clone_fresh(const char *snapshot, const char *root, bool volume,
    struct ioc_error *err)
{
	struct ioc_error later;
	int r = ioc_zfs_run(IOC_ZFS_ARGS("snapshot", snapshot), NULL, err);
	int gone;

	if (r != 0)
		return (r);
	r = run_clone(snapshot, root, volume, err);
	gone = ioc_zfs_run(IOC_ZFS_ARGS("destroy", "-d", snapshot), NULL,
	    &later);
	if (r == 0 && gone != 0) {
		ioc_error_copy(err, &later);
		r = gone;
	}
	return (r);
}

static int
clone_thin(struct ioc_store *s, const char *from, const char *to, bool volume,
    struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	char snapshot[IOC_ZFS_NAME], root[IOC_ZFS_NAME];
	bool fresh;
	int r = origin_name(z, from, snapshot, &fresh, err);

	if (r == 0)
		r = ioc_zfs_name(z, to, "root", root, err);
	if (r == 0 && fresh)
		r = clone_fresh(snapshot, root, volume, err);
	else if (r == 0) {
		r = run_clone(snapshot, root, volume, err);
		if (r == IOC_NOT_FOUND && !ioc_zfs_is_legacy(z, from)) {
			r = ioc_zfs_run(IOC_ZFS_ARGS("snapshot", snapshot),
			    NULL, err);
			if (r == 0 || r == IOC_EXISTS)
				r = run_clone(snapshot, root, volume, err);
		}
	}
	return (r == 0 ? ioc_zfs_finish(s, to, err) : r);
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
		r = ioc_zfs_make(s, to, err);
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
	r = how == IOC_CLONE_THIN ? clone_thin(s, from, to, true, err) :
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
		r = ioc_zfs_finish(s, to, err);
	if (r != 0)
		(void)ioc_zfs_destroy(s, to, NULL);
	return (ioc_wrap(err, r, "view of snapshot %s of %s", IOC_SHOW(name),
	    IOC_SHOW(vol)));
}


/* --- under its own name --------------------------------------------------------- */

/*
 * Renaming is as much to the pool as cloning, and what is mounted has to go for it
 * and to come again.  So the volume is made first, of which there is no second,
 * with the token in it from its first moment; the jail's other data then lie in
 * what is known to be ours.
 */
#define	BUILD	"org.freebsd.ioc:build"

static int
make_marked(struct ioc_zfs *z, const char *vol, const char *token,
    struct ioc_error *err)
{
	struct ioc_error e;
	char dataset[IOC_ZFS_NAME], mark[IOC_ZFS_NAME];
	int r = ioc_zfs_name(z, vol, NULL, dataset, err);

	if (r != 0)
		return (r);
	(void)snprintf(mark, sizeof(mark), BUILD "=%s", token);
	r = ioc_zfs_run(IOC_ZFS_ARGS("create", "-o", mark, dataset), NULL, &e);
	/* It is there, but somebody else was about to mount it. */
	if (r == IOC_BUSY && ioc_zfs_has(&z->s, vol, NULL) == 0)
		return (0);
	if (r == IOC_EXISTS)
		return (ioc_fail(err, r, "volume %s exists", vol));
	if (r != 0)
		ioc_error_copy(err, &e);
	return (r);
}

int
ioc_zfs_clone_here(struct ioc_store *s, const char *from, const char *to,
    const char *token, struct ioc_error *err)
{
	struct ioc_zfs *z = ioc_zfs(s);
	int r = ioc_volume_check(from, false, NULL, err);

	if (r == 0)
		r = ioc_volume_check(to, false, NULL, err);
	if (r != 0)
		return (r);
	ioc_zfs_forget(z);
	r = make_marked(z, to, token, err);
	if (r != IOC_EXISTS) {
		if (r == 0)
			r = clone_thin(s, from, to, false, err);
		if (r != 0)
			(void)ioc_zfs_take_back(s, to, token, NULL);
	}
	return (ioc_wrap(err, r, "clone %s to %s", from, to));
}

struct marked {
	const char	*token;
	bool		 is;
};

/* What was received, or is inherited, says nothing. */
static int
on_mark(const char *const *field, void *arg, struct ioc_error *err)
{
	struct marked *m = arg;

	(void)err;
	m->is = strcmp(field[0], m->token) == 0 &&
	    strcmp(field[1], "local") == 0;
	return (0);
}

int
ioc_zfs_take_back(struct ioc_store *s, const char *vol, const char *token,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf out = IOC_BUF(IOC_ZFS_LINE);
	struct marked m = { token, false };
	char dataset[IOC_ZFS_NAME];
	int r = ioc_volume_check(vol, false, NULL, err);

	if (r == 0)
		r = ioc_zfs_name(ioc_zfs(s), vol, NULL, dataset, err);
	if (r == 0)
		r = ioc_zfs_run(IOC_ZFS_ARGS("get", "-H", "-o", "value,source",
		    BUILD, dataset), &out, err);
	if (r == 0)
		r = ioc_zfs_rows(out.data, out.len, 2, on_mark, &m, err);
	if (r == 0 && m.is) {
		ioc_zfs_forget(ioc_zfs(s));
		r = ioc_zfs_destroy_dataset(dataset, err);
	}
	/* Where it was mounted, unless zfs has removed that. */
	if (r == IOC_NOT_FOUND || (r == 0 && m.is)) {
		(void)ioc_path_rmdir(s->root, vol, IOC_PATH_NOLINKS, NULL);
		r = 0;
	}
	return (ioc_wrap(err, r, "take %s back", vol));
}
