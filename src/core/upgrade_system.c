/* SPDX-License-Identifier: BSD-2-Clause */
/* The system's own directories, and packages, at an upgrade. */
#include <fcntl.h>
#include <string.h>
#if __has_include(<sys/sysmacros.h>)
#include <sys/sysmacros.h>
#endif

#include "base/compat.h"
#include "base/str.h"
#include "core/event.h"
#include "core/ids.h"
#include "core/upgrade.h"
#include "safe/file.h"
#include "safe/path.h"
#include "safe/tree.h"

#define	ASIDE		".ioc-own"	/* in the top of the root */
#define	PACKAGES_MAX	100000

bool
ioc_upgrade_is_whiteout(const struct ioc_upgrade_tree *t,
    const struct stat *st)
{
	return (t->layer && S_ISCHR(st->st_mode) &&
	    st->st_rdev == makedev(0, 0));
}

/* One name of a layer: 1 it hides all, 0 it is nothing or lets see through. */
static int
hides(const struct ioc_upgrade_tree *t, const char *path,
    struct ioc_error *err)
{
	auto_fd int fd = -1;
	struct ioc_error e;
	struct stat st;
	int r = ioc_path_stat(t->ours, path, IOC_PATH_NOLINKS, &st, &e);

	if (r == IOC_NOT_FOUND)
		return (0);
	if (r != 0) {
		ioc_error_copy(err, &e);
		return (r);
	}
	if (!S_ISDIR(st.st_mode))
		return (1);
	fd = ioc_path_dir(t->ours, path, IOC_PATH_NOLINKS, err);
	return (fd < 0 ? fd : ioc_overlay_mark(fd, "opaque"));
}

/* From the top down, the first that is no directory ends it. */
int
ioc_upgrade_hides(const struct ioc_upgrade_tree *t, const char *path,
    bool *ret, struct ioc_error *err)
{
	char part[1024];

	*ret = !t->layer;
	for (const char *p = path; !*ret; p++) {
		int r;

		p += strcspn(p, "/");
		if ((size_t)(p - path) >= sizeof(part))
			return (ioc_fail(err, IOC_LIMIT, "path too long"));
		memcpy(part, path, (size_t)(p - path));
		part[p - path] = '\0';
		r = hides(t, part, err);
		if (r < 0)
			return (r);
		*ret = r > 0;
		if (*p == '\0')
			break;
	}
	return (0);
}

int
ioc_upgrade_copy(const struct ioc_upgrade_tree *t, int from, const char *name,
    int to, struct ioc_error *err)
{
	const struct ioc_tree_owners o = { .from = 0, .to = t->id_base,
		.count = IOC_ID_COUNT };

	return (ioc_tree_copy_entry(from, name, to, t->id_base != 0 ? &o :
	    NULL, err));
}

/* --- directories of the system ---------------------------------------------------------- */

/* A name of a root, and the directory that it stands in. */
struct spot {
	int		 dir;		/* -1: not there */
	char		 name[256];
};

static int
find(int root, const char *path, struct spot *ret, struct ioc_error *err)
{
	struct ioc_error e;
	struct stat st;
	int r = ioc_path_stat(root, path, IOC_PATH_NOLINKS, &st, &e);

	*ret = (struct spot){ .dir = -1 };
	/* Beneath a link or a file it is not what it is in the other root. */
	if (r == IOC_NOT_FOUND || r == IOC_UNSAFE)
		return (0);
	if (r != 0) {
		ioc_error_copy(err, &e);
		return (r);
	}
	ret->dir = ioc_path_parent(root, path, IOC_PATH_NOLINKS, ret->name,
	    err);
	return (ret->dir < 0 ? ret->dir : 0);
}

static int
copy_tree(struct ioc_upgrade_tree *t, const struct spot *from, int to,
    struct ioc_error *err)
{
	const struct ioc_tree_owners o = { .from = 0, .to = t->id_base,
		.count = IOC_ID_COUNT };
	auto_fd int a = -1, b = -1;
	struct stat st;
	int r = ioc_upgrade_copy(t, from->dir, from->name, to, err);

	if (r == 0)
		r = ioc_path_stat(from->dir, from->name, IOC_PATH_NOLINKS, &st,
		    err);
	if (r != 0 || !S_ISDIR(st.st_mode))
		return (r);
	a = ioc_path_dir(from->dir, from->name, IOC_PATH_NOLINKS, err);
	if (a < 0)
		return (a);
	b = ioc_path_dir(to, from->name, IOC_PATH_NOLINKS, err);
	if (b < 0)
		return (b);
	return (t->id_base != 0 ? ioc_tree_copy_shifted(a, b, &o, NULL, NULL,
	    err) : ioc_tree_copy(a, b, NULL, NULL, err));
}

/* What is the jail's own in a directory leaves it, or comes back. */
static int
set_aside(struct ioc_upgrade_tree *t, const char *own, bool *aside,
    struct ioc_error *err)
{
	struct ioc_error e;
	struct stat st;
	int r = ioc_path_stat(t->ours, own, IOC_PATH_NOLINKS, &st, &e);

	*aside = false;
	if (r == IOC_NOT_FOUND || r == IOC_UNSAFE ||
	    (r == 0 && !S_ISDIR(st.st_mode)))
		return (0);
	if (r != 0) {
		ioc_error_copy(err, &e);
		return (r);
	}
	r = ioc_tree_remove(t->ours, ASIDE, err);
	if (r == 0)
		r = ioc_path_rename(t->ours, own, ASIDE, IOC_PATH_NOLINKS,
		    err);
	*aside = r == 0;
	return (r);
}

static int
bring_back(struct ioc_upgrade_tree *t, const char *own, bool made,
    struct ioc_error *err)
{
	char top[256];
	struct spot to = { .dir = -1 };
	int r = 0;

	/* Only its name is in a layer: the directory above it is, too. */
	(void)snprintf(top, sizeof(top), "%.*s", (int)strcspn(own, "/"), own);
	if (!made)
		r = ioc_upgrade_copy(t, t->theirs, top, t->ours, err);
	if (r == 0)
		r = find(t->ours, own, &to, err);
	if (r == 0 && to.dir >= 0)
		r = ioc_tree_remove(to.dir, to.name, err);
	ioc_fd_close(&to.dir);
	return (r == 0 ? ioc_path_rename(t->ours, ASIDE, own,
	    IOC_PATH_NOLINKS, err) : r);
}

static const char *
own_of(const struct ioc_upgrade_tree *t, const char *path)
{
	size_t len = strlen(path);

	for (const char *const *o = t->rules->own; *o != NULL; o++)
		if (strncmp(*o, path, len) == 0 && (*o)[len] == '/')
			return (*o);
	return (NULL);
}

/* The directory above, which a whole root may have lost. */
static int
open_above(struct ioc_upgrade_tree *t, const char *path,
    struct ioc_error *err)
{
	const char *slash = strrchr(path, '/');
	char above[256];

	if (slash == NULL)
		return (openat(t->ours, ".", O_RDONLY | O_DIRECTORY |
		    O_CLOEXEC));
	(void)snprintf(above, sizeof(above), "%.*s", (int)(slash - path), path);
	return (ioc_path_mkdirs(t->ours, above, 0755, t->id_base, t->id_base,
	    IOC_PATH_NOLINKS, err));
}

static int
replace_one(struct ioc_upgrade_tree *t, const char *path,
    struct ioc_error *err)
{
	const char *own = own_of(t, path);
	struct spot here, there = { .dir = -1 };
	auto_fd int above = -1;
	bool aside = false, whole, made = false;
	int r = own != NULL ? set_aside(t, own, &aside, err) : 0;

	if (r == 0)
		r = find(t->ours, path, &here, err);
	if (r != 0)
		return (r);
	if (here.dir >= 0)
		r = ioc_tree_remove(here.dir, here.name, err);
	ioc_fd_close(&here.dir);
	if (r == 0)
		r = ioc_upgrade_hides(t, path, &whole, err);
	if (r == 0)
		r = find(t->theirs, path, &there, err);
	if (r == 0 && whole && there.dir >= 0) {
		r = above = open_above(t, path, err);
		if (r >= 0)
			r = copy_tree(t, &there, above, err);
		made = r == 0;
	}
	ioc_fd_close(&there.dir);
	return (r == 0 && aside ? bring_back(t, own, made, err) : r);
}

/* Where the new release's are mounted there only has to be a directory. */
static int
make_mountpoint(struct ioc_upgrade_tree *t, const char *path,
    struct ioc_error *err)
{
	struct spot here, there = { .dir = -1 };
	auto_fd int above = -1;
	struct stat st;
	int r = find(t->ours, path, &here, err);

	if (r == 0 && here.dir < 0)
		r = find(t->theirs, path, &there, err);
	if (r == 0 && there.dir >= 0 && fstatat(there.dir, there.name, &st,
	    AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)) {
		r = above = open_above(t, path, err);
		if (r >= 0)
			r = ioc_upgrade_copy(t, there.dir, there.name, above,
			    err);
	}
	ioc_fd_close(&here.dir);
	ioc_fd_close(&there.dir);
	return (r < 0 ? r : 0);
}

int
ioc_upgrade_system(struct ioc_upgrade_tree *t, struct ioc_error *err)
{
	const char *const *list = t->mounted != NULL ? t->mounted :
	    t->rules->system;
	uint64_t n = 0, total = 0;
	int r = 0;

	while (list[total] != NULL)
		total++;
	for (; r == 0 && *list != NULL; list++) {
		r = t->mounted != NULL ? make_mountpoint(t, *list, err) :
		    replace_one(t, *list, err);
		r = ioc_wrap(err, r, "%s", *list);
		if (r == 0)
			r = ioc_emit_progress(t->host, "jail.upgrade/system",
			    t->who, ++n, total, false, err);
	}
	return (r);
}

/* --- packages ----------------------------------------------------------------------------- */

/* A name with the suffix in one place and not in another. */
static int
find_more(const struct ioc_upgrade_tree *t, struct ioc_error *err)
{
	auto_strv struct ioc_strv ours = IOC_STRV, base = IOC_STRV;
	const char *suffix = t->rules->packages_suffix;
	auto_fd int a = -1, b = -1;
	struct stat st;
	int r;

	if (t->rules->packages == NULL || ioc_path_stat(t->ours,
	    t->rules->packages, IOC_PATH_NOLINKS, &st, NULL) != 0)
		return (0);
	a = ioc_path_dir(t->ours, t->rules->packages, IOC_PATH_NOLINKS, err);
	if (a < 0)
		return (a);
	r = ioc_tree_names(a, PACKAGES_MAX, &ours, err);
	if (r != 0)
		return (r);
	b = ioc_path_dir(t->base, t->rules->packages, IOC_PATH_NOLINKS, NULL);
	if (b >= 0)
		r = ioc_tree_names(b, PACKAGES_MAX, &base, err);
	ioc_strv_sort(&ours);
	for (size_t i = 0; r == 0 && i < ours.n; i++) {
		const char *name = ours.v[i];

		if (!ioc_str_ends(name, suffix) || (b >= 0 && fstatat(b, name,
		    &st, AT_SYMLINK_NOFOLLOW) == 0) || fstatat(a, name, &st,
		    AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
			continue;
		return (ioc_fail(err, IOC_STATE, "the package %.*s was "
		    "installed in it, which the new release would not know: "
		    "make a new jail of that, or remove the package",
		    (int)(strlen(IOC_SHOW(name)) - strlen(suffix)),
		    IOC_SHOW(name)));
	}
	return (r);
}

int
ioc_upgrade_packages(const struct ioc_upgrade_tree *t, struct ioc_error *err)
{
	int r = find_more(t, err);

	for (const char *const *p = t->rules->databases; r == 0 && *p != NULL;
	    p++) {
		auto_fd int ours = ioc_path_open(t->ours, *p, O_RDONLY,
		    IOC_PATH_NOLINKS, NULL);
		auto_fd int base = ioc_path_open(t->base, *p, O_RDONLY,
		    IOC_PATH_NOLINKS, NULL);

		if (ours < 0)
			continue;
		r = base < 0 ? 0 : ioc_file_same(ours, base, err);
		if (r == 0)
			r = ioc_fail(err, IOC_STATE, "packages were installed "
			    "or removed in it, which the new release would "
			    "not know (%s)", *p);
		r = r < 0 ? r : 0;
	}
	return (r);
}
