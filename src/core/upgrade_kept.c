/* SPDX-License-Identifier: BSD-2-Clause */
/* Conflicts of an upgrade, kept until they are resolved. */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "core/release.h"
#include "core/upgrade.h"
#include "safe/file.h"
#include "safe/merge.h"
#include "safe/path.h"
#include "safe/tree.h"

#define	KEPT		"upgrade"
#define	STATE		"state.json"
#define	TEXT_MAX	(4 * IOC_MERGE_BYTES)

static const char *const choices[] = { "jail", "release" };

static int
is_same_upgrade(const struct ioc_upgrade_kept *k, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_JSON_MAX);
	auto_json json_t *j = NULL;
	struct ioc_error e = { .code = 0 };
	const char *from, *to;
	int r = ioc_file_read(k->dir, STATE, &b, &e);

	if (r == 0)
		r = ioc_json_parse(ioc_buf_str(&b), b.len, &j, &e);
	if (r != 0 && ioc_error_is_shortage(&e)) {
		ioc_error_copy(err, &e);
		return (r);
	}
	from = json_string_value(json_object_get(j, "from"));
	to = json_string_value(json_object_get(j, "to"));
	return (from != NULL && to != NULL && strcmp(from, k->from) == 0 &&
	    strcmp(to, k->to) == 0);
}

int
ioc_upgrade_kept_open(struct ioc_upgrade_kept *k, struct ioc_jail *j,
    struct ioc_error *err)
{
	struct ioc_store *s = j->source->store;
	struct ioc_error e = { .code = 0 };
	int r;

	if (asprintf(&k->path, "%s/%s/" KEPT "/merge", s->path, j->vol) < 0) {
		k->path = NULL;
		return (ioc_fail_nomem(err));
	}
	k->place = s->ops->dir(s, j->vol, err);
	if (k->place < 0)
		return (k->place);
	k->dir = ioc_path_dir(k->place, KEPT, IOC_PATH_NOLINKS, &e);
	if (k->dir == IOC_NOT_FOUND)
		return (0);
	if (k->dir < 0) {
		ioc_error_copy(err, &e);
		return (ioc_wrap(err, k->dir, KEPT));
	}
	r = is_same_upgrade(k, err);
	return (r == 0 ? ioc_upgrade_kept_drop(k, err) : r < 0 ? r : 0);
}

void
ioc_upgrade_kept_fini(struct ioc_upgrade_kept *k)
{
	ioc_fd_close(&k->place);
	ioc_fd_close(&k->dir);
	free(take_ptr(k->path));
}

int
ioc_upgrade_kept_drop(struct ioc_upgrade_kept *k, struct ioc_error *err)
{
	ioc_fd_close(&k->dir);
	return (ioc_wrap(err, ioc_tree_remove(k->place, KEPT, err), KEPT));
}

static int
begin(struct ioc_upgrade_kept *k, struct ioc_error *err)
{
	auto_json json_t *j = NULL;

	if (k->dir >= 0)
		return (0);
	k->dir = ioc_path_mkdir(k->place, KEPT, 0700, IOC_PATH_NOLINKS, err);
	if (k->dir < 0)
		return (k->dir);
	j = json_pack("{s:i, s:s, s:s}", "schema", 1, "from", k->from, "to",
	    k->to);
	return (j == NULL ? ioc_fail_nomem(err) :
	    ioc_release_write_json(k->dir, STATE, j, err));
}

/* --- texts -------------------------------------------------------------------------- */

static int
read_at(const struct ioc_upgrade_kept *k, const char *place, const char *path,
    struct ioc_buf *b, struct ioc_error *err)
{
	auto_free char *at = NULL;

	if (asprintf(&at, "%s/%s", place, path) < 0) {
		at = NULL;
		return (ioc_fail_nomem(err));
	}
	return (ioc_file_read(k->dir, at, b, err));
}

static int
write_at(const struct ioc_upgrade_kept *k, const char *place, const char *path,
    const void *data, size_t len, struct ioc_error *err)
{
	auto_free char *at = NULL;
	auto_fd int dir = -1;
	char *slash;

	if (asprintf(&at, "%s/%s", place, path) < 0) {
		at = NULL;
		return (ioc_fail_nomem(err));
	}
	slash = strrchr(at, '/');
	*slash = '\0';
	dir = ioc_path_mkdirs(k->dir, at, 0700, 0, 0, IOC_PATH_NOLINKS, err);
	return (dir < 0 ? dir : ioc_file_replace(dir, slash + 1, data, len,
	    0600, (uid_t)-1, (gid_t)-1, 0, err));
}

/* Is the file what was kept of it?  NOT_FOUND: it is not. */
static int
unchanged(const struct ioc_upgrade_kept *k, const char *place,
    const char *path, int fd, struct ioc_error *err)
{
	auto_buf struct ioc_buf then = IOC_BUF(TEXT_MAX), now =
	    IOC_BUF(TEXT_MAX);
	int r = read_at(k, place, path, &then, err);

	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = ioc_fail_errno(err, "read");
	if (r == 0)
		r = ioc_file_read_fd(fd, &now, err);
	if (r != 0)
		return (r);
	return (then.len == now.len && memcmp(ioc_buf_str(&then),
	    ioc_buf_str(&now), now.len) == 0 ? 0 : IOC_NOT_FOUND);
}

int
ioc_upgrade_kept_text(const struct ioc_upgrade_kept *k, const char *path,
    int ours, int theirs, struct ioc_buf *out, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(TEXT_MAX);
	int r = k->dir < 0 ? IOC_NOT_FOUND : unchanged(k, "jail", path, ours,
	    err);

	if (r == 0)
		r = unchanged(k, "release", path, theirs, err);
	if (r == 0)
		r = read_at(k, "merge", path, &b, err);
	if (r != 0)
		return (r);
	if (ioc_merge_has_marks(ioc_buf_str(&b), b.len))
		return (0);
	ioc_buf_clear(out);
	(void)ioc_buf_add(out, ioc_buf_str(&b), b.len);
	r = ioc_buf_check(out, err);
	return (r == 0 ? 1 : r);
}

static int
put_copy(const struct ioc_upgrade_kept *k, const char *place, const char *path,
    int fd, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(TEXT_MAX);
	int r = lseek(fd, 0, SEEK_SET) < 0 ? ioc_fail_errno(err, "read") :
	    ioc_file_read_fd(fd, &b, err);

	return (r == 0 ? write_at(k, place, path, ioc_buf_str(&b), b.len, err) :
	    r);
}

/* The merge first: without the other two it is nothing. */
int
ioc_upgrade_kept_put(struct ioc_upgrade_kept *k, const char *path, int ours,
    int theirs, const struct ioc_buf *merged, struct ioc_error *err)
{
	int r = begin(k, err);

	if (r == 0)
		r = write_at(k, "merge", path, ioc_buf_str(merged),
		    merged->len, err);
	if (r == 0)
		r = put_copy(k, "jail", path, ours, err);
	if (r == 0)
		r = put_copy(k, "release", path, theirs, err);
	return (ioc_wrap(err, r, "keep %s", IOC_SHOW(path)));
}

/* --- choices ------------------------------------------------------------------------- */

int
ioc_upgrade_kept_choice(const struct ioc_upgrade_kept *k, const char *path,
    struct ioc_error *err)
{
	bool there[2] = { false, false };

	for (size_t i = 0; k->dir >= 0 && i < 2; i++) {
		auto_free char *at = NULL;
		struct ioc_error e;
		struct stat st;
		int r;

		if (asprintf(&at, "merge/%s.%s", path, choices[i]) < 0) {
			at = NULL;
			return (ioc_fail_nomem(err));
		}
		r = ioc_path_stat(k->dir, at, IOC_PATH_NOLINKS, &st, &e);
		if (r != 0 && r != IOC_NOT_FOUND) {
			ioc_error_copy(err, &e);
			return (r);
		}
		there[i] = r == 0;
	}
	return (there[0] == there[1] ? 0 : there[0] ? 1 : 2);
}

int
ioc_upgrade_kept_ask(struct ioc_upgrade_kept *k, const char *path,
    struct ioc_error *err)
{
	static const char text[] = "Remove this file or the other one: what "
	    "is left is taken.\n";
	int r = begin(k, err);

	for (size_t i = 0; r == 0 && i < 2; i++) {
		auto_free char *name = NULL;

		if (asprintf(&name, "%s.%s", path, choices[i]) < 0) {
			name = NULL;
			return (ioc_fail_nomem(err));
		}
		r = write_at(k, "merge", name, text, strlen(text), err);
	}
	return (ioc_wrap(err, r, "keep %s", IOC_SHOW(path)));
}
