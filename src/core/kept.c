/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/kept.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "core/release.h"
#include "safe/file.h"
#include "safe/hash.h"
#include "safe/path.h"
#include "safe/tree.h"
#include "safe/tree_walk.h"

#define	KEPT		"kept"
#define	LIST		"kept.json"
#define	FILES_MAX	100000

/* --- what is in it --------------------------------------------------------------- */

struct listing {
	const struct ioc_kept *k;
	json_t		*files;		/* path: hash, or "-> TARGET" */
	size_t		 n;
};

static int
describe(struct ioc_tree_walk *w, const char *name, char out[1100],
    struct ioc_error *err)
{
	struct listing *l = w->arg;
	int dir = ioc_tree_here(w)->fd;
	char hex[IOC_SHA256_HEX], target[1025];
	auto_fd int fd = -1;
	struct stat st;
	int r;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return (ioc_tree_fail(w, "stat", name, err));
	if (S_ISLNK(st.st_mode)) {
		r = ioc_path_readlink(dir, name, IOC_PATH_NOLINKS, target,
		    sizeof(target), err);
		if (r == 0)
			(void)snprintf(out, 1100, "-> %s", target);
		return (r);
	}
	fd = ioc_path_open(dir, name, O_RDONLY, IOC_PATH_NOLINKS, err);
	if (fd < 0)
		return (fd);
	r = ioc_hash_fd(l->k->helper_dir, fd, hex, err);
	if (r == 0)
		(void)snprintf(out, 1100, "%s", hex);
	return (r);
}

static int
list_file(struct ioc_tree_walk *w, const char *name, struct ioc_error *err)
{
	struct listing *l = w->arg;
	auto_buf struct ioc_buf path = IOC_BUF(4096);
	char what[1100];
	int r = ioc_tree_path(w, name, &path);

	if (r != 0)
		return (ioc_buf_check(&path, err));
	if (l->n++ >= FILES_MAX)
		return (ioc_fail(err, IOC_LIMIT, "more than %d files",
		    FILES_MAX));
	r = describe(w, name, what, err);
	if (r != 0)
		return (ioc_wrap(err, r, "%s", IOC_SHOW(ioc_buf_str(&path))));
	return (json_object_set_new(l->files, ioc_buf_str(&path),
	    json_string(what)) == 0 ? 0 : ioc_fail_nomem(err));
}

/* All files of a directory. */
static int
list_all(const struct ioc_kept *k, int fd, json_t **ret, struct ioc_error *err)
{
	static const struct ioc_tree_ops ops = { .file = list_file };
	struct listing l = { .k = k, .files = json_object() };
	struct ioc_tree_walk w = { .ops = &ops, .arg = &l };
	auto_json json_t *files = l.files;
	int r;

	if (files == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_tree_walk(&w, fd, -1, err);
	if (r == 0)
		*ret = take_ptr(files);
	return (r);
}

/* --- put, get, drop ---------------------------------------------------------------- */

static int
open_place(const struct ioc_kept *k, struct ioc_error *err)
{
	auto_free char *path = NULL;

	if (asprintf(&path, "releases/%s", k->release) < 0) {
		path = NULL;
		return (ioc_fail_nomem(err));
	}
	return (ioc_path_dir(k->source->store->root, path, IOC_PATH_NOLINKS,
	    err));
}

/* The list first: without it the rest is nothing. */
static int
drop(int place, struct ioc_error *err)
{
	int r = ioc_path_unlink(place, LIST, IOC_PATH_NOLINKS, err);

	if (r == 0 || r == IOC_NOT_FOUND)
		r = ioc_tree_remove(place, KEPT, err);
	return (r);
}

int
ioc_kept_drop(const struct ioc_kept *k, struct ioc_error *err)
{
	auto_fd int place = open_place(k, err);

	return (ioc_wrap(err, place < 0 ? place : drop(place, err),
	    "kept updates"));
}

int
ioc_kept_put(const struct ioc_kept *k, unsigned applied,
    const json_t *provenance, struct ioc_error *err)
{
	auto_json json_t *files = NULL, *j = NULL;
	auto_fd int place = open_place(k, err), to = -1;
	int r = place < 0 ? place : drop(place, err);

	if (r == 0)
		r = list_all(k, k->updates_fd, &files, err);
	if (r == 0)
		r = to = ioc_path_mkdir(place, KEPT, 0700, IOC_PATH_NOLINKS,
		    err);
	if (r >= 0)
		r = ioc_tree_copy(k->updates_fd, to, NULL, NULL, err);
	if (r != 0)
		return (ioc_wrap(err, r, "keep the updates"));
	j = json_pack("{s:i, s:i, s:i, s:O, s:O}", "schema", 1, "level",
	    (int)k->level, "applied", (int)applied, "provenance", provenance,
	    "files", files);
	if (j == NULL)
		return (ioc_fail_nomem(err));
	return (ioc_wrap(err, ioc_release_write_json(place, LIST, j, err),
	    "keep the updates"));
}

static int
read_list(int place, json_t **ret, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_JSON_MAX);
	int r = ioc_file_read(place, LIST, &b, err);

	if (r == 0)
		r = ioc_json_parse(ioc_buf_str(&b), b.len, ret, err);
	return (r);
}

int
ioc_kept_get(const struct ioc_kept *k, unsigned *applied, json_t *provenance,
    struct ioc_error *err)
{
	auto_json json_t *j = NULL, *files = NULL;
	auto_fd int place = open_place(k, err), from = -1;
	int r = place < 0 ? place : read_list(place, &j, err);

	if (r == 0 && json_integer_value(json_object_get(j, "level")) !=
	    (json_int_t)k->level)
		return (ioc_fail(err, IOC_NOT_FOUND, "for another level"));
	if (r == 0)
		r = from = ioc_path_dir(place, KEPT, IOC_PATH_NOLINKS, err);
	if (r >= 0)
		r = ioc_tree_copy(from, k->updates_fd, NULL, NULL, err);
	/* The copy: nobody else can change it any more. */
	if (r == 0)
		r = list_all(k, k->updates_fd, &files, err);
	if (r != 0)
		return (r);
	if (json_equal(files, json_object_get(j, "files")) != 1)
		return (ioc_fail(err, IOC_VERIFY, "the updates that were kept "
		    "are not what they were: fetch them again"));
	*applied = (unsigned)json_integer_value(json_object_get(j, "applied"));
	return (json_object_update(provenance, json_object_get(j,
	    "provenance")) == 0 ? 0 : ioc_fail_nomem(err));
}
