/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshots in a directory source: copies, where the file system can by sharing
 * blocks, so that they depend on nothing.
 *
 *	jails/web/snapshots/NUMBER.NAME/	as the volume, but for what an
 *						overlay works with
 *	jails/web/.part .old	what is being built, what is being removed
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "base/strv.h"
#include "safe/file.h"
#include "safe/name.h"
#include "safe/path.h"
#include "safe/tree.h"
#include "store/dir.h"
#include "store/volume.h"

#define	OURS		(IOC_PATH_NOLINKS | IOC_PATH_XDEV)
#define	SNAPSHOTS	"snapshots"
#define	PART		".part"
#define	OLD		".old"
#define	ENTRY_MAX	96	/* bytes of "snapshots/NUMBER.NAME" */

/* One directory in snapshots/. */
struct entry {
	uint64_t	 number;
	char		 path[ENTRY_MAX];	/* beneath the volume */
	const char	*name;			/* in it */
};

struct entries {
	struct entry	*v;
	size_t		 n;
};

static void
entries_fini(struct entries *e)
{
	free(e->v);
}

static int
by_number(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->number < y->number ? -1 : x->number > y->number);
}

/* What could not have been made by us is not ours. */
static bool
parse(const char *text, struct entry *e)
{
	const char *dot = strchr(text, '.');
	char number[24];

	if (dot == NULL || (size_t)(dot - text) >= sizeof(number) ||
	    strlen(text) + sizeof(SNAPSHOTS) >= ENTRY_MAX)
		return (false);
	(void)snprintf(number, sizeof(number), "%.*s", (int)(dot - text), text);
	if (ioc_str_to_u64(number, 0, UINT32_MAX, &e->number, NULL) != 0 ||
	    ioc_name_check(IOC_NAME_SNAPSHOT, dot + 1, NULL) != 0)
		return (false);
	(void)snprintf(e->path, sizeof(e->path), SNAPSHOTS "/%s", text);
	return (true);
}

/* From old to new. */
static int
load(int vol, struct entries *ret, struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	int r = ioc_dir_names(vol, SNAPSHOTS, &names, err);

	if (r == IOC_NOT_FOUND)
		return (0);
	if (r != 0)
		return (r);
	ret->v = calloc(names.n + 1, sizeof(*ret->v));
	if (ret->v == NULL)
		return (ioc_fail_nomem(err));
	for (size_t i = 0; i < names.n; i++)
		ret->n += parse(names.v[i], &ret->v[ret->n]);
	qsort(ret->v, ret->n, sizeof(*ret->v), by_number);
	for (size_t i = 0; i < ret->n; i++)
		ret->v[i].name = strchr(ret->v[i].path, '.') + 1;
	return (0);
}

static const struct entry *
find(const struct entries *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->v[i].name, name) == 0)
			return (&all->v[i]);
	return (NULL);
}

/* The volume, judged as the name is, and its snapshots. */
static int
open_all(struct ioc_store *s, const char *vol, const char *name,
    struct entries *ret, struct ioc_error *err)
{
	int r = name == NULL ? 0 : ioc_name_check(IOC_NAME_SNAPSHOT, name, err);
	auto_fd int fd = -1;

	if (r != 0)
		return (r);
	fd = s->ops->dir(s, vol, err);
	if (fd < 0)
		return (take_fd(&fd));
	r = load(fd, ret, err);
	return (r == 0 ? take_fd(&fd) : r);
}

static int
sweep(int vol, struct ioc_error *err)
{
	int r = ioc_tree_remove(vol, PART, err);

	if (r == 0)
		r = ioc_tree_remove(vol, OLD, err);
	/* Unless there are others. */
	if (r == 0)
		(void)unlinkat(vol, SNAPSHOTS, AT_REMOVEDIR);
	return (r);
}

static int
sync_dir(int fd, struct ioc_error *err)
{
	/* EINVAL: a file system that has nothing to sync. */
	return (fsync(fd) == 0 || errno == EINVAL ? 0 :
	    ioc_fail_errno(err, "sync directory"));
}

/* --- create --------------------------------------------------------------------- */

/* A copy of `from`, on disk, in PART. */
static int
build(int vol, int from, bool with_work, ioc_store_progress *progress,
    void *arg, struct ioc_error *err)
{
	struct ioc_dir_copy c = { .keep = true, .work = with_work,
		.progress = progress, .arg = arg };
	auto_fd int part = -1;
	int r = sweep(vol, err);

	if (r != 0)
		return (r);
	part = ioc_path_mkdir(vol, PART, 0700, OURS, err);
	if (part < 0)
		return (part);
	r = ioc_volume_copy_files(from, part, err);
	if (r == 0)
		r = ioc_dir_copy(&c, from, part, err);
	if (r == 0 && ioc_sync_filesystem(part) != 0)
		r = ioc_fail_errno(err, "sync");
	return (r);
}

static int
publish(int vol, const struct entries *all, const char *name,
    struct ioc_error *err)
{
	uint64_t number = all->n > 0 ? all->v[all->n - 1].number + 1 : 1;
	char path[ENTRY_MAX];
	auto_fd int dir = -1;
	int r;

	(void)snprintf(path, sizeof(path), SNAPSHOTS "/%ju.%s",
	    (uintmax_t)number, name);
	dir = ioc_path_mkdirs(vol, SNAPSHOTS, 0700, (uid_t)-1, (gid_t)-1, OURS,
	    err);
	if (dir < 0)
		return (dir);
	r = ioc_path_rename(vol, PART, path, OURS, err);
	if (r == 0)
		r = sync_dir(dir, err);
	/* A failure is one: it is not there. */
	if (r != 0 && ioc_path_rename(vol, path, PART, OURS, NULL) == 0)
		(void)ioc_tree_remove(vol, PART, NULL);
	return (r == 0 ? sync_dir(vol, err) : r);
}

static int
snap_create(struct ioc_store *s, const char *vol, const char *name,
    ioc_store_progress *progress, void *arg, struct ioc_error *err)
{
	IOC_AUTO(entries_fini) struct entries all = { NULL, 0 };
	auto_fd int fd = open_all(s, vol, name, &all, err);
	int r = fd < 0 ? fd : 0;

	if (r == 0 && find(&all, name) != NULL)
		r = ioc_fail(err, IOC_EXISTS, "there is one of that name");
	if (r == 0) {
		r = build(fd, fd, false, progress, arg, err);
		if (r == 0)
			r = publish(fd, &all, name, err);
		if (r != 0)
			(void)sweep(fd, NULL);
	}
	return (ioc_wrap(err, r, "snapshot %s of %s", IOC_SHOW(name),
	    IOC_SHOW(vol)));
}

/* --- list ------------------------------------------------------------------------ */

static int
describe(int vol, const struct entry *e, struct ioc_store_snapshot *ret,
    struct ioc_error *err)
{
	auto_fd int fd = ioc_path_dir(vol, e->path, OURS, err);
	struct stat st;

	if (fd < 0)
		return (take_fd(&fd));
	if (fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "%s", e->path));
	(void)snprintf(ret->name, sizeof(ret->name), "%s", e->name);
	ret->created = st.st_mtim.tv_sec;
	return (ioc_tree_used(fd, &ret->used, err));
}

static int
snap_list(struct ioc_store *s, const char *vol,
    struct ioc_store_snapshot **ret, size_t *n, struct ioc_error *err)
{
	IOC_AUTO(entries_fini) struct entries all = { NULL, 0 };
	auto_free struct ioc_store_snapshot *v = NULL;
	auto_fd int fd = open_all(s, vol, NULL, &all, err);
	int r = fd < 0 ? fd : 0;

	if (r == 0 && (v = calloc(all.n + 1, sizeof(*v))) == NULL)
		r = ioc_fail_nomem(err);
	for (size_t i = 0; r == 0 && i < all.n; i++)
		r = describe(fd, &all.v[i], &v[i], err);
	if (r != 0)
		return (ioc_wrap(err, r, "snapshots of %s", IOC_SHOW(vol)));
	*ret = take_ptr(v);
	*n = all.n;
	return (0);
}

/* --- rollback ---------------------------------------------------------------------- */

/* The volume's own things, not what belongs to its snapshots. */
static bool
is_part(const char *name)
{
	return (strcmp(name, SNAPSHOTS) != 0 && strcmp(name, PART) != 0 &&
	    strcmp(name, OLD) != 0);
}

/* A file takes the place of the one there at once; a directory cannot. */
static int
replace(int vol, int part, int old, const char *name, struct ioc_error *err)
{
	struct stat st;

	if (fstatat(part, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return (ioc_fail_errno(err, "%s", IOC_SHOW(name)));
	if (S_ISDIR(st.st_mode) && renameat(vol, name, old, name) != 0 &&
	    errno != ENOENT)
		return (ioc_fail_errno(err, "move %s away", IOC_SHOW(name)));
	if (renameat(part, name, vol, name) != 0)
		return (ioc_fail_errno(err, "put %s in place",
		    IOC_SHOW(name)));
	return (0);
}

/* What is in PART instead of what is in the volume. */
static int
exchange(int vol, bool *begun, struct ioc_error *err)
{
	auto_strv struct ioc_strv now = IOC_STRV, then = IOC_STRV;
	auto_fd int part = -1, old = -1;
	int r = ioc_dir_names(vol, PART, &then, err);

	if (r == 0)
		r = ioc_dir_names(vol, ".", &now, err);
	if (r == 0)
		r = part = ioc_path_dir(vol, PART, OURS, err);
	if (r >= 0)
		r = old = ioc_path_mkdir(vol, OLD, 0700, OURS, err);
	*begun = r >= 0;
	for (size_t i = 0; r >= 0 && i < then.n; i++)
		r = replace(vol, part, old, then.v[i], err);
	for (size_t i = 0; r >= 0 && i < now.n; i++)
		if (is_part(now.v[i]) && !ioc_strv_has(&then, now.v[i]) &&
		    renameat(vol, now.v[i], old, now.v[i]) != 0)
			r = ioc_fail_errno(err, "move %s away",
			    IOC_SHOW(now.v[i]));
	return (r < 0 ? r : sync_dir(vol, err));
}

static int
remove_entry(int vol, const struct entry *e, struct ioc_error *err)
{
	int r = sweep(vol, err);

	if (r == 0)
		r = ioc_path_rename(vol, e->path, OLD, OURS, err);
	return (r == 0 ? ioc_tree_remove(vol, OLD, err) : r);
}

static int
snap_ready(struct ioc_store *s, const char *vol, const char *name, bool lose,
    ioc_store_progress *progress, void *arg, struct ioc_error *err)
{
	IOC_AUTO(entries_fini) struct entries all = { NULL, 0 };
	auto_free struct ioc_store_snapshot *v = NULL;
	auto_fd int fd = open_all(s, vol, name, &all, err), from = -1;
	int r = fd < 0 ? fd : 0;
	size_t at = 0;

	if (r == 0 && (v = calloc(all.n + 1, sizeof(*v))) == NULL)
		r = ioc_fail_nomem(err);
	for (size_t i = 0; r == 0 && i < all.n; i++)
		(void)snprintf(v[i].name, sizeof(v[i].name), "%s",
		    all.v[i].name);
	if (r == 0)
		r = ioc_snapshots_newer(v, all.n, name, lose, &at, err);
	if (r == 0)
		r = ioc_tree_idle(fd, err);
	if (r == 0)
		r = from = ioc_path_dir(fd, all.v[at].path, OURS, err);
	if (r >= 0) {
		r = build(fd, from, true, progress, arg, err);
		if (r != 0)
			(void)sweep(fd, NULL);
	}
	return (ioc_wrap(err, r, "roll back %s to %s", IOC_SHOW(vol),
	    IOC_SHOW(name)));
}

static int
snap_rollback(struct ioc_store *s, const char *vol, const char *name,
    bool *begun, struct ioc_error *err)
{
	IOC_AUTO(entries_fini) struct entries all = { NULL, 0 };
	auto_fd int fd = open_all(s, vol, name, &all, err);
	const struct entry *e = NULL;
	int r = fd < 0 ? fd : 0;

	if (r == 0 && (e = find(&all, name)) == NULL)
		r = ioc_fail(err, IOC_NOT_FOUND, "no such snapshot");
	if (r == 0)
		r = exchange(fd, begun, err);
	for (size_t i = all.n; r == 0 && &all.v[i - 1] != e; i--)
		r = remove_entry(fd, &all.v[i - 1], err);
	if (r == 0)
		r = sweep(fd, err);
	return (ioc_wrap(err, r, "roll back %s to %s", IOC_SHOW(vol),
	    IOC_SHOW(name)));
}

/* --- the rest ------------------------------------------------------------------------ */

static int
snap_remove(struct ioc_store *s, const char *vol, const char *name,
    struct ioc_error *err)
{
	IOC_AUTO(entries_fini) struct entries all = { NULL, 0 };
	auto_fd int fd = open_all(s, vol, name, &all, err);
	const struct entry *e;
	int r = fd < 0 ? fd : 0;

	if (r == 0) {
		e = find(&all, name);
		r = e == NULL ? ioc_fail(err, IOC_NOT_FOUND,
		    "no such snapshot") : remove_entry(fd, e, err);
	}
	if (r == 0)
		r = sweep(fd, err);
	return (ioc_wrap(err, r, "remove snapshot %s of %s", IOC_SHOW(name),
	    IOC_SHOW(vol)));
}

int
ioc_dir_snapshot_open(struct ioc_store *s, const char *vol,
    const char *name, struct ioc_error *err)
{
	IOC_AUTO(entries_fini) struct entries all = { NULL, 0 };
	auto_fd int fd = open_all(s, vol, name, &all, err);
	const struct entry *e;

	if (fd < 0)
		return (take_fd(&fd));
	e = find(&all, name);
	return (e == NULL ? ioc_fail(err, IOC_NOT_FOUND, "no such snapshot") :
	    ioc_path_dir(fd, e->path, OURS, err));
}

static int
snap_clone(struct ioc_store *s, const char *vol, const char *name,
    const char *to, uint32_t id_base, ioc_store_progress *progress, void *arg,
    struct ioc_error *err)
{
	auto_fd int from = ioc_dir_snapshot_open(s, vol, name, err);

	if (from < 0)
		return (ioc_wrap(err, from, "clone snapshot %s of %s",
		    IOC_SHOW(name), IOC_SHOW(vol)));
	return (ioc_dir_clone_of(s, from, to, true, id_base, progress, arg,
	    err));
}

static int
snap_sweep(struct ioc_store *s, const char *vol, struct ioc_error *err)
{
	auto_fd int fd = s->ops->dir(s, vol, err);

	return (ioc_wrap(err, fd < 0 ? fd : sweep(fd, err),
	    "snapshots of %s", IOC_SHOW(vol)));
}

int
ioc_dir_snapshot_origins(int vol, struct ioc_strv *ret, struct ioc_error *err)
{
	IOC_AUTO(entries_fini) struct entries all = { NULL, 0 };
	int r = load(vol, &all, err);

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		auto_fd int fd = ioc_path_dir(vol, all.v[i].path, OURS, err);
		char origin[IOC_DIR_ORIGIN];

		r = fd < 0 ? fd : ioc_dir_origin(fd, origin, err);
		if (r == 0)
			(void)ioc_strv_add(ret, origin);
		else if (r == IOC_NOT_FOUND)
			r = 0;
	}
	return (r == 0 ? ioc_strv_check(ret, err) : r);
}

const struct ioc_store_snapshot_ops ioc_dir_snapshots = {
	.create = snap_create,
	.list = snap_list,
	.ready = snap_ready,
	.rollback = snap_rollback,
	.remove = snap_remove,
	.clone = snap_clone,
	.sweep = snap_sweep,
	.view = ioc_dir_view,
};
