/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Updates of FreeBSD, stage two: what freebsd-update(8) finds in its scratch
 * space, and whether the root is afterwards what the index says.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/vec.h"
#include "dist/freebsd_update.h"
#include "safe/file.h"
#include "safe/hash.h"
#include "safe/path.h"

/* It names its manifest by the SHA-256 of the line "/", its -b in stage two. */
#define	LINK	"f465c3739385890c221dff1a05e578c6cae0d0430e46996d319db7439f884336" \
			"-install"
#define	MANIFEST	"install"
#define	APPLY		"apply"		/* in the updates: what is obeyed */

/* An index in memory, sorted by path. */
struct index {
	struct ioc_buf	 text;
	IOC_VEC(struct ioc_fbu_entry) v;
};

#define	INDEX	{ .text = IOC_BUF(IOC_FBU_INDEX_MAX) }

static void
index_fini(struct index *x)
{
	ioc_buf_fini(&x->text);
	ioc_vec_fini(&x->v);
}

#define	auto_index	IOC_AUTO(index_fini)

static int
add_entry(const struct ioc_fbu_entry *e, void *arg, struct ioc_error *err)
{
	struct index *x = arg;
	struct ioc_fbu_entry *to = ioc_vec_push(&x->v);

	if (to == NULL)
		return (ioc_fail_nomem(err));
	*to = *e;
	return (0);
}

static int
by_path(const void *a, const void *b)
{
	const struct ioc_fbu_entry *x = a, *y = b;

	return (strcmp(x->path, y->path));
}

static int
index_read(struct index *x, int dir, const char *path, struct ioc_error *err)
{
	int r = ioc_file_read(dir, path, &x->text, err);

	if (r == 0 && x->text.len > 0)
		r = ioc_fbu_index(x->text.data, add_entry, x, err);
	if (r == 0 && x->v.n > 1)
		qsort(x->v.v, x->v.n, sizeof(*x->v.v), by_path);
	return (ioc_wrap(err, r, "%s", path));
}

static const struct ioc_fbu_entry *
index_find(const struct index *x, const char *path)
{
	struct ioc_fbu_entry key = { .path = path };

	return (x->v.n == 0 ? NULL : bsearch(&key, x->v.v, x->v.n,
	    sizeof(*x->v.v), by_path));
}

/* --- what is there ------------------------------------------------------------------- */

/* The hash of a regular file beneath the root; "" for anything else. */
static int
hash_of(const struct ioc_dist_job *job, const char *path,
    char hex[IOC_SHA256_HEX], struct ioc_error *err)
{
	struct ioc_error e;
	auto_fd int fd = ioc_path_open(job->root_fd, path, O_RDONLY, 0, &e);

	hex[0] = '\0';
	if (fd >= 0)
		return (ioc_hash_fd(job->helper_dir, fd, hex, err));
	if (!ioc_error_is_shortage(&e))
		return (0);
	ioc_error_copy(err, &e);
	return (fd);
}

/* As freebsd-update.conf has it for stage one. */
bool
ioc_fbu_is_administrators(const char *path)
{
	static const char *const dirs[] = { "/etc/", "/var/", "/root/",
		"/.cshrc", "/.profile", NULL };

	for (const char *const *d = dirs; *d != NULL; d++)
		if (ioc_str_starts(path, *d))
			return (true);
	return (false);
}

/*
 * Stage one has seen the release; a jail's root may differ from it.  What its
 * owner has removed or changed is left alone, as freebsd-update itself does.
 */
static int
is_left_alone(const struct ioc_dist_job *job, const char *path,
    const struct ioc_fbu_entry *was, const struct ioc_fbu_entry *will,
    bool *ret, struct ioc_error *err)
{
	char hex[IOC_SHA256_HEX];
	struct ioc_error cause;
	struct stat st;
	int r = ioc_path_stat(job->root_fd, path, 0, &st, &cause);

	*ret = false;
	if (r != 0 && ioc_error_is_shortage(&cause)) {
		ioc_error_copy(err, &cause);
		return (r);
	}
	if (r != 0) {
		*ret = was != NULL && was->type != 'd';
		return (0);
	}
	if (!ioc_fbu_is_administrators(path) || S_ISDIR(st.st_mode))
		return (0);
	r = hash_of(job, path, hex, err);
	*ret = r == 0 &&
	    (was == NULL || was->type != 'f' || strcmp(hex, was->value) != 0) &&
	    (will == NULL || will->type != 'f' ||
	    strcmp(hex, will->value) != 0);
	return (r);
}

/* Both indexes as stage one left them, and the paths not to be touched. */
struct plan {
	struct index	 old;
	struct index	 new;
	struct ioc_buf	 old_text;
	struct ioc_buf	 new_text;
	struct ioc_strv	 alone;		/* sorted */
};

#define	PLAN	{ .old = INDEX, .new = INDEX,				\
	    .old_text = IOC_BUF(IOC_FBU_INDEX_MAX),			\
	    .new_text = IOC_BUF(IOC_FBU_INDEX_MAX), .alone = IOC_STRV }

static void
plan_fini(struct plan *p)
{
	index_fini(&p->old);
	index_fini(&p->new);
	ioc_buf_fini(&p->old_text);
	ioc_buf_fini(&p->new_text);
	ioc_strv_fini(&p->alone);
}

static int
plan_read(struct plan *p, int manifest, struct ioc_error *err)
{
	int r = ioc_file_read(manifest, "INDEX-OLD", &p->old_text, err);

	if (r == 0)
		r = ioc_file_read(manifest, "INDEX-NEW", &p->new_text, err);
	if (r == 0)
		r = index_read(&p->old, manifest, "INDEX-OLD", err);
	return (r == 0 ? index_read(&p->new, manifest, "INDEX-NEW", err) : r);
}

static int
by_text(const void *a, const void *b)
{
	return (strcmp(*(char *const *)a, *(char *const *)b));
}

static int
plan_compare(struct plan *p, const struct ioc_dist_job *job,
    struct ioc_error *err)
{
	bool alone;
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->old.v.n; i++) {
		const struct ioc_fbu_entry *e = &p->old.v.v[i];

		r = is_left_alone(job, e->path, e,
		    index_find(&p->new, e->path), &alone, err);
		if (r == 0 && alone)
			(void)ioc_strv_add(&p->alone, e->path);
	}
	for (size_t i = 0; r == 0 && i < p->new.v.n; i++) {
		const struct ioc_fbu_entry *e = &p->new.v.v[i];

		if (index_find(&p->old, e->path) != NULL)
			continue;
		r = is_left_alone(job, e->path, NULL, e, &alone, err);
		if (r == 0 && alone)
			(void)ioc_strv_add(&p->alone, e->path);
	}
	if (r == 0)
		r = ioc_strv_check(&p->alone, err);
	if (r == 0 && p->alone.n > 1)
		qsort(p->alone.v, p->alone.n, sizeof(*p->alone.v), by_text);
	return (r);
}

/* The lines whose paths may be touched. */
static int
obeyed(const struct plan *p, const char *text, struct ioc_buf *out,
    struct ioc_error *err)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n") + 1;
		auto_free char *path = strndup(text, strcspn(text, "|"));

		if (path == NULL)
			return (ioc_fail_nomem(err));
		if (p->alone.n == 0 || bsearch(&path, p->alone.v, p->alone.n,
		    sizeof(*p->alone.v), by_text) == NULL)
			(void)ioc_buf_add(out, text, n);
		text += n;
	}
	return (ioc_buf_check(out, err));
}

/* --- the scratch space ---------------------------------------------------------------- */

static int
put_both(const struct ioc_dist_job *job, const char *name,
    const struct ioc_buf *b, struct ioc_error *err)
{
	const struct { int fd; const char *dir; } to[] = {
		{ job->updates_fd, APPLY }, { job->scratch_fd, MANIFEST },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < 2; i++) {
		auto_fd int fd = ioc_path_mkdirs(to[i].fd, to[i].dir, 0700, 0,
		    0, IOC_PATH_NOLINKS, err);

		r = fd < 0 ? fd : ioc_file_replace(fd, name, ioc_buf_str(b),
		    b->len, 0600, (uid_t)-1, (gid_t)-1, IOC_FILE_NOSYNC, err);
	}
	return (r);
}

static int
tell_alone(const struct plan *p, const struct ioc_dist_job *job,
    struct ioc_error *err)
{
	json_t *list;

	if (job->provenance == NULL || p->alone.n == 0)
		return (0);
	list = json_array();
	for (size_t i = 0; list != NULL && i < p->alone.n; i++)
		if (json_array_append_new(list,
		    json_string(p->alone.v[i])) != 0) {
			json_decref(list);
			list = NULL;
		}
	return (list != NULL && json_object_set_new(job->provenance,
	    "left_alone", list) == 0 ? 0 : ioc_fail_nomem(err));
}

/* The kernel's directory is asked for, though no kernel is in it. */
static int
make_boot(const struct ioc_dist_job *job, struct ioc_error *err)
{
	auto_fd int fd = ioc_path_mkdirs(job->root_fd, "boot/kernel", 0755, 0,
	    0, 0, err);

	return (fd < 0 ? fd : 0);
}

int
ioc_fbu_scratch(const struct ioc_dist_job *job, struct ioc_error *err)
{
	IOC_AUTO(plan_fini) struct plan p = PLAN;
	auto_buf struct ioc_buf old = IOC_BUF(IOC_FBU_INDEX_MAX);
	auto_buf struct ioc_buf new = IOC_BUF(IOC_FBU_INDEX_MAX);
	auto_fd int manifest = -1;
	char dir[64];
	int r;

	r = ioc_fbu_manifest(job->updates_fd, dir, err);
	if (r == 0 && dir[0] == '\0')
		r = ioc_fail(err, IOC_STATE, "there are no updates");
	if (r == 0)
		r = manifest = ioc_path_dir(job->updates_fd, dir,
		    IOC_PATH_NOLINKS, err);
	if (r >= 0)
		r = plan_read(&p, manifest, err);
	if (r == 0 && job->foreign)
		r = plan_compare(&p, job, err);
	if (r == 0)
		r = obeyed(&p, ioc_buf_str(&p.old_text), &old, err);
	if (r == 0)
		r = obeyed(&p, ioc_buf_str(&p.new_text), &new, err);
	if (r == 0)
		r = put_both(job, "INDEX-OLD", &old, err);
	if (r == 0)
		r = put_both(job, "INDEX-NEW", &new, err);
	if (r == 0)
		r = ioc_path_symlink(MANIFEST, job->scratch_fd, LINK, 0, err);
	if (r == 0)
		r = ioc_path_symlink(IOC_DIST_UPDATES "/" IOC_FBU_WORK "/files",
		    job->scratch_fd, "files", 0, err);
	if (r == 0)
		r = make_boot(job, err);
	return (r == 0 ? tell_alone(&p, job, err) :
	    ioc_wrap(err, r, "scratch space"));
}

/* --- after it ---------------------------------------------------------------------------- */

static int
wrong(const struct ioc_fbu_entry *e, const char *what, struct ioc_error *err)
{
	return (ioc_fail(err, IOC_VERIFY, "%s %s", IOC_SHOW(e->path), what));
}

static int
check_entry(const struct ioc_dist_job *job, const struct ioc_fbu_entry *e,
    struct ioc_error *err)
{
	char hex[IOC_SHA256_HEX], target[1025];
	mode_t type = e->type == 'd' ? S_IFDIR : e->type == 'L' ? S_IFLNK :
	    S_IFREG;
	struct stat st;
	int r = ioc_path_stat(job->root_fd, e->path, 0, &st, err);

	if (r != 0)
		return (ioc_wrap(err, r, "%s", IOC_SHOW(e->path)));
	if ((st.st_mode & S_IFMT) != type)
		return (wrong(e, "is of another type than it should be", err));
	if (e->type == 'L') {
		r = ioc_path_readlink(job->root_fd, e->path, 0, target,
		    sizeof(target), err);
		return (r != 0 || strcmp(target, e->value) == 0 ? r :
		    wrong(e, "leads elsewhere", err));
	}
	if (st.st_uid != e->uid || st.st_gid != e->gid ||
	    (st.st_mode & 07777) != e->mode)
		return (wrong(e, "has another owner or mode than it should",
		    err));
	if (e->type == 'd')
		return (0);
	r = hash_of(job, e->path, hex, err);
	return (r != 0 || strcmp(hex, e->value) == 0 ? r :
	    wrong(e, "was not installed", err));
}

/* Directories may stay: somebody else may have put something there. */
static int
check_gone(const struct ioc_dist_job *job, const struct ioc_fbu_entry *e,
    struct ioc_error *err)
{
	struct ioc_error cause;
	struct stat st;
	int r;

	if (e->type == 'd')
		return (0);
	r = ioc_path_stat(job->root_fd, e->path, 0, &st, &cause);
	if (r == 0)
		return (wrong(e, "was not removed", err));
	if (ioc_error_is_shortage(&cause)) {
		ioc_error_copy(err, &cause);
		return (r);
	}
	return (0);
}

int
ioc_fbu_check(const struct ioc_dist_job *job, struct ioc_error *err)
{
	auto_index struct index old = INDEX, new = INDEX;
	auto_fd int dir = ioc_path_dir(job->updates_fd, APPLY,
	    IOC_PATH_NOLINKS, err);
	int r = dir < 0 ? dir : 0;

	if (r == 0)
		r = index_read(&old, dir, "INDEX-OLD", err);
	if (r == 0)
		r = index_read(&new, dir, "INDEX-NEW", err);
	for (size_t i = 0; r == 0 && i < new.v.n; i++)
		r = check_entry(job, &new.v.v[i], err);
	for (size_t i = 0; r == 0 && i < old.v.n; i++)
		if (index_find(&new, old.v.v[i].path) == NULL)
			r = check_gone(job, &old.v.v[i], err);
	return (r);
}
