/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The three-way merge of an upgrade: names that the old or the new release has,
 * directory by directory, in three roots at once.  Nothing that only the jail has
 * is looked at.
 */
#include <fcntl.h>
#include <string.h>

#include "base/compat.h"
#include "base/str.h"
#include "base/vec.h"
#include "core/event.h"
#include "core/upgrade.h"
#include "safe/file.h"
#include "safe/merge.h"
#include "safe/path.h"
#include "safe/tree.h"

#define	NAMES_MAX	200000	/* of one directory, and directories in all */
#define	TEXT_MAX	(4 * IOC_MERGE_BYTES)

/* A directory that is to be gone through; the jail's has it itself. */
struct dir {
	char		*path;		/* "" for the root */
	bool		 base, theirs;	/* they have it, too */
	bool		 whole;		/* it hides what is beneath a layer */
};

/* What stands at a name on one side. */
struct side {
	bool		 there;
	struct stat	 st;
	int		 dir;		/* borrowed */
};

struct walk {
	struct ioc_upgrade_tree *t;
	IOC_VEC(struct dir) dirs;
	struct ioc_strv	 gone;		/* directories that the release has no more */
	/* the present one */
	struct dir	 d;		/* path borrowed */
	int		 b, th, o;
	const char	*name;
	char		 path[4096];
	struct side	 base, theirs, ours;
	bool		 own;		/* of a layer: the name is in it */
};

static void
walk_fini(struct walk *w)
{
	for (size_t i = 0; i < w->dirs.n; i++)
		free(w->dirs.v[i].path);
	ioc_vec_fini(&w->dirs);
	ioc_strv_fini(&w->gone);
}

static int
push(struct walk *w, const char *path, bool base, bool theirs, bool whole,
    struct ioc_error *err)
{
	struct dir *d;

	if (w->dirs.n >= NAMES_MAX)
		return (ioc_fail(err, IOC_LIMIT, "more than %d directories",
		    NAMES_MAX));
	d = ioc_vec_push(&w->dirs);
	if (d == NULL || (d->path = strdup(path)) == NULL)
		return (ioc_fail_nomem(err));
	d->base = base;
	d->theirs = theirs;
	d->whole = whole;
	return (0);
}

/* --- looking -------------------------------------------------------------------------- */

static int
look(int dir, const char *name, struct side *ret, struct ioc_error *err)
{
	*ret = (struct side){ .dir = dir };
	if (dir < 0)
		return (0);
	if (fstatat(dir, name, &ret->st, AT_SYMLINK_NOFOLLOW) == 0)
		ret->there = true;
	else if (errno != ENOENT)
		return (ioc_fail_errno(err, "stat"));
	return (0);
}

static int
look_at_all(struct walk *w, struct ioc_error *err)
{
	int r = look(w->b, w->name, &w->base, err);

	if (r == 0)
		r = look(w->th, w->name, &w->theirs, err);
	if (r == 0)
		r = look(w->o, w->name, &w->ours, err);
	if (r != 0)
		return (r);
	w->own = w->ours.there;
	if (w->own && ioc_upgrade_is_whiteout(w->t, &w->ours.st))
		w->ours.there = false;
	else if (w->own && w->t->id_base != 0) {
		w->ours.st.st_uid -= w->t->id_base;
		w->ours.st.st_gid -= w->t->id_base;
	} else if (!w->own && !w->d.whole)
		w->ours = w->base;
	return (0);
}

/* 1: the same thing, with the same content; 0 or a code. */
static int
same(const struct side *a, const struct side *b, const char *name,
    struct ioc_error *err)
{
	auto_fd int x = -1, y = -1;
	char t[2][1024];
	int r;

	if (!a->there || !b->there)
		return (a->there == b->there);
	if ((a->st.st_mode & S_IFMT) != (b->st.st_mode & S_IFMT))
		return (0);
	if (S_ISLNK(a->st.st_mode)) {
		r = ioc_path_readlink(a->dir, name, IOC_PATH_NOLINKS, t[0],
		    sizeof(t[0]), err);
		if (r == 0)
			r = ioc_path_readlink(b->dir, name, IOC_PATH_NOLINKS,
			    t[1], sizeof(t[1]), err);
		/* Too long for either release to have it. */
		return (r == IOC_LIMIT ? 0 : r != 0 ? r :
		    strcmp(t[0], t[1]) == 0);
	}
	if (!S_ISREG(a->st.st_mode))
		return (S_ISDIR(a->st.st_mode) ||
		    a->st.st_rdev == b->st.st_rdev);
	if (a->st.st_size != b->st.st_size)
		return (0);
	x = ioc_path_open(a->dir, name, O_RDONLY, IOC_PATH_NOLINKS, err);
	if (x < 0)
		return (x);
	y = ioc_path_open(b->dir, name, O_RDONLY, IOC_PATH_NOLINKS, err);
	return (y < 0 ? y : ioc_file_same(x, y, err));
}

static bool
same_rights(const struct stat *a, const struct stat *b)
{
	return (((a->st_mode ^ b->st_mode) & 07777) == 0 &&
	    a->st_uid == b->st_uid && a->st_gid == b->st_gid);
}

/* As any level of the old release has it: what an update of it has brought. */
static int
is_of_a_level(const struct walk *w, struct ioc_error *err)
{
	char dir[sizeof(w->path)];

	(void)snprintf(dir, sizeof(dir), "%s", w->d.path[0] != '\0' ?
	    w->d.path : ".");
	for (size_t i = 0; i < w->t->nlevels; i++) {
		auto_fd int fd = ioc_path_dir(w->t->levels[i], dir,
		    IOC_PATH_NOLINKS, NULL);
		struct side s;
		int r;

		if (fd < 0)
			continue;
		r = look(fd, w->name, &s, err);
		if (r == 0 && s.there)
			r = same(&s, &w->ours, w->name, err);
		if (r != 0)
			return (r);
	}
	return (0);
}

static bool
is_in(const char *const *list, const char *path)
{
	while (*list != NULL && strcmp(*list, path) != 0)
		list++;
	return (*list != NULL);
}

/* --- doing ---------------------------------------------------------------------------- */

static int
set_rights(struct walk *w, const struct stat *st, struct ioc_error *err)
{
	uint32_t base = w->t->id_base;
	int r = ioc_path_chown(w->o, w->name, st->st_uid + base,
	    st->st_gid + base, IOC_PATH_NOLINKS, err);

	return (r == 0 && !S_ISLNK(st->st_mode) ? ioc_path_chmod(w->o, w->name,
	    st->st_mode & 07777, IOC_PATH_NOLINKS, err) : r);
}

/* It becomes what the new release has, or nothing; rights of the jail stay. */
static int
take_theirs(struct walk *w, struct ioc_error *err)
{
	const struct stat was = w->ours.st;
	bool rights = w->own && w->ours.there && w->base.there &&
	    !S_ISLNK(was.st_mode) && !same_rights(&was, &w->base.st);
	int r = w->own ? ioc_tree_remove(w->o, w->name, err) : 0;

	if (r != 0 || !w->theirs.there || !(w->d.whole || rights))
		return (r);
	r = ioc_upgrade_copy(w->t, w->th, w->name, w->o, err);
	return (r == 0 && rights && !S_ISLNK(w->theirs.st.st_mode) ?
	    set_rights(w, &was, err) : r);
}

static int
tell(struct walk *w, const char *why, const char *suffix,
    struct ioc_error *err)
{
	auto_free char *kept = NULL;

	w->t->conflicts++;
	if (w->t->fn == NULL)
		return (0);
	if (asprintf(&kept, "%s/%s%s", w->t->kept->path, w->path, suffix) < 0) {
		kept = NULL;
		return (ioc_fail_nomem(err));
	}
	return (w->t->fn(w->path, why, kept, w->t->arg) == 0 ? 0 :
	    ioc_fail(err, IOC_CANCELED, "canceled"));
}

/* One of the two, as the administrator chooses. */
static int
choose(struct walk *w, const char *why, struct ioc_error *err)
{
	int r = ioc_upgrade_kept_choice(w->t->kept, w->path, err);

	if (r == 1)
		return (0);
	if (r == 2) {
		w->t->merged++;
		return (take_theirs(w, err));
	}
	if (r == 0)
		r = ioc_upgrade_kept_ask(w->t->kept, w->path, err);
	return (r == 0 ? tell(w, why, ".jail", err) : r);
}

static int
write_merged(struct walk *w, const struct ioc_buf *text, struct ioc_error *err)
{
	const struct stat *st = &w->ours.st;
	uint32_t base = w->t->id_base;

	if (w->base.there && same_rights(st, &w->base.st))
		st = &w->theirs.st;
	w->t->merged++;
	return (ioc_file_replace(w->o, w->name, ioc_buf_str(text), text->len,
	    st->st_mode & 07777, st->st_uid + base, st->st_gid + base,
	    IOC_FILE_NOSYNC, err));
}

/* All three are regular, or there was none before. */
static int
merge_text(struct walk *w, struct ioc_error *err)
{
	struct ioc_merge m = { .helper_dir = w->t->host->helper_dir,
		.base = -1, .entries = is_in(w->t->rules->entries, w->path) };
	auto_buf struct ioc_buf text = IOC_BUF(TEXT_MAX);
	auto_fd int b = -1, o = -1, th = -1;
	struct ioc_error e = { .code = 0 };
	unsigned conflicts = 0;
	const char *why = NULL;
	int r = 0;

	if (w->base.there)
		r = m.base = b = ioc_path_open(w->b, w->name, O_RDONLY,
		    IOC_PATH_NOLINKS, err);
	if (r >= 0)
		r = m.ours = o = ioc_path_open(w->o, w->name, O_RDONLY,
		    IOC_PATH_NOLINKS, err);
	if (r >= 0)
		r = m.theirs = th = ioc_path_open(w->th, w->name, O_RDONLY,
		    IOC_PATH_NOLINKS, err);
	if (r >= 0)
		r = ioc_merge_files(&m, &text, &conflicts, &why, err);
	if (r != 0)
		return (r);
	if (why != NULL)
		return (choose(w, why, err));
	if (conflicts == 0)
		return (write_merged(w, &text, err));
	r = ioc_upgrade_kept_text(w->t->kept, w->path, o, th, &text, &e);
	if (r == 1)
		return (write_merged(w, &text, err));
	if (r != 0 && r != IOC_NOT_FOUND) {
		ioc_error_copy(err, &e);
		return (r);
	}
	if (r == IOC_NOT_FOUND)
		r = ioc_upgrade_kept_put(w->t->kept, w->path, o, th, &text,
		    err);
	return (r == 0 ? tell(w, "both have changed it", "", err) : r);
}

static bool
is_regular(const struct side *s)
{
	return (s->there && S_ISREG(s->st.st_mode));
}

/* The jail has changed it, and so has the release. */
static int
both(struct walk *w, struct ioc_error *err)
{
	/* What the jail has removed stays so, what it has changed as well. */
	if (!w->ours.there || !w->theirs.there ||
	    strncmp(w->path, "etc/", 4) != 0)
		return (0);
	if (is_regular(&w->ours) && is_regular(&w->theirs) &&
	    (!w->base.there || is_regular(&w->base)))
		return (merge_text(w, err));
	return (choose(w, "it is another kind of file", err));
}

static int
settle(struct walk *w, struct ioc_error *err)
{
	int r;

	if (is_in(w->t->rules->theirs, w->path))
		return (take_theirs(w, err));
	r = same(&w->ours, &w->theirs, w->name, err);
	if (r != 0)
		return (r < 0 ? r : 0);
	r = same(&w->ours, &w->base, w->name, err);
	if (r == 0 && w->ours.there)
		r = is_of_a_level(w, err);
	if (r != 0)
		return (r < 0 ? r : take_theirs(w, err));
	r = same(&w->base, &w->theirs, w->name, err);
	return (r != 0 ? (r < 0 ? r : 0) : both(w, err));
}

static bool
is_dir(const struct side *s)
{
	return (s->there && S_ISDIR(s->st.st_mode));
}

/* A directory of the jail that its own release, or the new one, has as well. */
static int
enter(struct walk *w, struct ioc_error *err)
{
	bool whole = w->d.whole;
	int r = 0;

	/* Nothing of the jail's is in it. */
	if (!w->own)
		return (0);
	if (!whole) {
		auto_fd int fd = ioc_path_dir(w->o, w->name, IOC_PATH_NOLINKS,
		    err);

		if (fd < 0)
			return (fd);
		whole = ioc_overlay_mark(fd, "opaque");
	}
	if (is_dir(&w->theirs) && is_dir(&w->base) &&
	    same_rights(&w->ours.st, &w->base.st) &&
	    !same_rights(&w->ours.st, &w->theirs.st))
		r = set_rights(w, &w->theirs.st, err);
	if (r == 0 && !w->theirs.there && ioc_strv_add(&w->gone, w->path) != 0)
		r = ioc_strv_check(&w->gone, err);
	return (r == 0 ? push(w, w->path, is_dir(&w->base),
	    is_dir(&w->theirs), whole, err) : r);
}

/* A directory that the new release brings. */
static int
install_dir(struct walk *w, struct ioc_error *err)
{
	int r = take_theirs(w, err);

	return (r == 0 && w->d.whole ? push(w, w->path, is_dir(&w->base), true,
	    true, err) : r);
}

static int
one(struct walk *w, struct ioc_error *err)
{
	int r = look_at_all(w, err);

	if (r != 0)
		return (r);
	if (is_dir(&w->ours) && (is_dir(&w->theirs) ||
	    (!w->theirs.there && is_dir(&w->base))))
		return (enter(w, err));
	if (!is_dir(&w->theirs)) {
		/* A directory that was removed, or is something else now. */
		if (!w->theirs.there && is_dir(&w->base))
			return (0);
		return (settle(w, err));
	}
	if (!w->ours.there)
		return (w->base.there ? 0 : install_dir(w, err));
	r = same(&w->ours, &w->base, w->name, err);
	if (r != 0)
		return (r < 0 ? r : install_dir(w, err));
	return (both(w, err));
}

/* --- the walk ------------------------------------------------------------------------- */

static int
names_of(int dir, struct ioc_strv *ret, struct ioc_error *err)
{
	return (dir < 0 ? 0 : ioc_tree_names(dir, NAMES_MAX, ret, err));
}

static int
walk_names(struct walk *w, const struct ioc_strv *names,
    struct ioc_error *err)
{
	struct ioc_upgrade_tree *t = w->t;

	for (size_t i = 0; i < names->n; i++) {
		const char *slash = w->d.path[0] != '\0' ? "/" : "";
		int r;

		w->name = names->v[i];
		if (i > 0 && strcmp(names->v[i - 1], w->name) == 0)
			continue;
		if ((size_t)snprintf(w->path, sizeof(w->path), "%s%s%s",
		    w->d.path, slash, w->name) >= sizeof(w->path))
			return (ioc_fail(err, IOC_LIMIT, "path too long"));
		if (is_in(t->rules->system, w->path) ||
		    (t->mounted != NULL && is_in(t->mounted, w->path)))
			continue;
		r = one(w, err);
		if (r != 0)
			return (ioc_wrap(err, r, "%s", IOC_SHOW(w->path)));
		r = ioc_emit_progress(t->host, "jail.upgrade/merge", t->who,
		    ++t->done, 0, false, err);
		if (r != 0)
			return (r);
	}
	return (0);
}

static int
open_at(int root, const char *path, bool there, int *ret,
    struct ioc_error *err)
{
	*ret = there ? ioc_path_dir(root, path[0] != '\0' ? path : ".",
	    IOC_PATH_NOLINKS, err) : -1;
	return (there && *ret < 0 ? *ret : 0);
}

static int
walk_dir(struct walk *w, struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	auto_fd int b = -1, th = -1, o = -1;
	int r = open_at(w->t->base, w->d.path, w->d.base, &b, err);

	if (r == 0)
		r = open_at(w->t->theirs, w->d.path, w->d.theirs, &th, err);
	if (r == 0)
		r = open_at(w->t->ours, w->d.path, true, &o, err);
	if (r == 0)
		r = names_of(b, &names, err);
	if (r == 0)
		r = names_of(th, &names, err);
	if (r != 0)
		return (ioc_wrap(err, r, "/%s", IOC_SHOW(w->d.path)));
	ioc_strv_sort(&names);
	w->b = b;
	w->th = th;
	w->o = o;
	return (walk_names(w, &names, err));
}

/* Those that are empty now; what else is in one is the jail's. */
static int
remove_gone(struct walk *w, struct ioc_error *err)
{
	for (size_t i = w->gone.n; i > 0; i--) {
		struct ioc_error e = { .code = 0 };
		int r = ioc_path_rmdir(w->t->ours, w->gone.v[i - 1],
		    IOC_PATH_NOLINKS, &e);

		if (r != 0 && ioc_error_is_shortage(&e)) {
			ioc_error_copy(err, &e);
			return (r);
		}
	}
	return (0);
}

int
ioc_upgrade_merge(struct ioc_upgrade_tree *t, struct ioc_error *err)
{
	IOC_AUTO(walk_fini) struct walk w = { .t = t, .gone = IOC_STRV };
	int r = push(&w, "", true, true, !t->layer, err);

	for (size_t i = 0; r == 0 && i < w.dirs.n; i++) {
		/* The array may move while it grows, the path stays. */
		w.d = w.dirs.v[i];
		r = walk_dir(&w, err);
	}
	return (r == 0 ? remove_gone(&w, err) : r);
}
