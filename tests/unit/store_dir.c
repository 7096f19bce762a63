/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "safe/file.h"
#include "safe/path.h"
#include "safe/tree.h"
#include "store/store.h"
#include "store/volume.h"

/* The only thing that a directory store asks the system. */
static int overlay_code;

int
ioc_os_can(struct ioc_os *os, enum ioc_os_feature f, struct ioc_error *err)
{
	if (f == IOC_CAN_OVERLAY && overlay_code == 0)
		return (0);
	return (ioc_fail(err, IOC_UNSUPPORTED, "no overlay here"));
}

struct place {
	char		 top[64];	/* the temporary directory */
	char		 where[96];	/* the source in it */
	struct ioc_store *s;
};

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	(void)snprintf(p->top, sizeof(p->top), "/tmp/ioc-unit-XXXXXX");
	assert_non_null(mkdtemp(p->top));
	(void)snprintf(p->where, sizeof(p->where), "%s/source", p->top);
	assert_int_equal(ioc_store_dir.activate(p->where, NULL, NULL), 0);
	assert_int_equal(ioc_store_dir.open(p->where, NULL, &p->s, NULL), 0);
	overlay_code = 0;
	*state = p;
	return (0);
}

static int
teardown(void **state)
{
	struct place *p = *state;
	auto_fd int tmp = ioc_path_root("/tmp", NULL);

	ioc_store_close(p->s);
	assert_int_equal(ioc_tree_remove(tmp, strrchr(p->top, '/') + 1, NULL),
	    0);
	free(p);
	return (0);
}

static void
put(struct ioc_store *s, const char *path, const char *text)
{
	assert_int_equal(ioc_file_replace(s->root, path, text, strlen(text),
	    0644, (uid_t)-1, (gid_t)-1, 0, NULL), 0);
}

static void
get(struct ioc_store *s, const char *path, const char *want)
{
	auto_buf struct ioc_buf b = IOC_BUF(1000);

	assert_int_equal(ioc_file_read(s->root, path, &b, NULL), 0);
	assert_string_equal(ioc_buf_str(&b), want);
}

static int
stat_at(struct ioc_store *s, const char *path, struct stat *st)
{
	return (ioc_path_stat(s->root, path, IOC_PATH_NOLINKS, st, NULL));
}

static void
make_release(struct ioc_store *s)
{
	assert_int_equal(s->ops->create(s, ".staging/fetch-1", NULL), 0);
	put(s, ".staging/fetch-1/root/hello", "from the release\n");
	assert_int_equal(s->ops->rename(s, ".staging/fetch-1",
	    "releases/bookworm/p0", NULL), 0);
}

/* --- names ------------------------------------------------------------------ */

static void
test_volume_names(void **state)
{
	for (const char **v = (const char *[]){ "releases/a", "releases/a/p0",
	    "releases/14.2-RELEASE/p12", "jails/web", ".staging/x-1",
	    ".staging/.x/p0", NULL }; *v != NULL; v++)
		assert_int_equal(ioc_volume_check(*v, false, NULL, NULL), 0);
	for (const char **v = (const char *[]){ "", "/", "jails", "jails/",
	    "jails//x", "jails/..", "jails/../x", "../x", "/jails/x",
	    "jails/x/y", "jails/x/p0", "releases/a/root", "releases/a/p",
	    "releases/a/p-1", "releases/a/p0/x", "releases/a/px", "etc/x",
	    ".journal/x", ".staging/..", ".staging/a/b/c", "jails/-x",
	    "jails/a b", "jails/a\nb", "jails/x/", NULL }; *v != NULL; v++)
		assert_int_equal(ioc_volume_check(*v, false, NULL, NULL),
		    IOC_INVALID);
	assert_int_equal(ioc_volume_check("jails", true, NULL, NULL), 0);
	assert_int_equal(ioc_volume_check("cache", true, NULL, NULL),
	    IOC_INVALID);
}

static void
test_every_call_judges_names(void **state)
{
	struct ioc_store *s = ((struct place *)*state)->s;
	struct ioc_os_root root = IOC_OS_ROOT;
	auto_strv struct ioc_strv v = IOC_STRV;
	const char *bad = "jails/../../x";
	uint64_t n;

	assert_int_equal(s->ops->create(s, bad, NULL), IOC_INVALID);
	assert_int_equal(s->ops->destroy(s, bad, NULL), IOC_INVALID);
	assert_int_equal(s->ops->dir(s, bad, NULL), IOC_INVALID);
	assert_int_equal(s->ops->root(s, bad, &root, NULL), IOC_INVALID);
	assert_int_equal(s->ops->used(s, bad, &n, NULL), IOC_INVALID);
	assert_int_equal(s->ops->list(s, bad, &v, NULL), IOC_INVALID);
	assert_int_equal(s->ops->create(s, "jails/a", NULL), 0);
	assert_int_equal(s->ops->rename(s, "jails/a", bad, NULL), IOC_INVALID);
	assert_int_equal(s->ops->rename(s, bad, "jails/b", NULL), IOC_INVALID);
	assert_int_equal(s->ops->clone(s, "jails/a", bad, IOC_CLONE_THICK, 0,
	    NULL, NULL, NULL), IOC_INVALID);
	assert_int_equal(s->ops->clone(s, bad, "jails/b", IOC_CLONE_THICK, 0,
	    NULL, NULL, NULL), IOC_INVALID);
}

/* --- the source --------------------------------------------------------------- */

static void
test_activate(void **state)
{
	struct place *p = *state;
	auto_buf struct ioc_buf before = IOC_BUF(1000), after = IOC_BUF(1000);
	struct stat st;

	assert_int_equal(fstat(p->s->root, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0711);
	for (const char **d = (const char *[]){ "releases", "jails",
	    ".staging", ".journal", ".ids", "cache", NULL }; *d != NULL; d++) {
		assert_int_equal(stat_at(p->s, *d, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0700);
	}
	/* again: same identity, what was lost comes back */
	assert_int_equal(ioc_file_read(p->s->root, ".ioc", &before, NULL), 0);
	assert_int_equal(ioc_path_rmdir(p->s->root, "cache", 0, NULL), 0);
	assert_int_equal(ioc_store_dir.activate(p->where, NULL, NULL), 0);
	assert_int_equal(ioc_file_read(p->s->root, ".ioc", &after, NULL), 0);
	assert_string_equal(ioc_buf_str(&before), ioc_buf_str(&after));
	assert_int_equal(stat_at(p->s, "cache", &st), 0);
}

static void
test_activate__refuses_what_is_not_its_own(void **state)
{
	struct place *p = *state;
	struct ioc_store *s = NULL;
	auto_fd int top = ioc_path_root(p->top, NULL);
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/other", p->top);
	assert_int_equal(mkdirat(top, "other", 0755), 0);
	assert_int_equal(ioc_file_replace(top, "other/file", "x", 1, 0644,
	    (uid_t)-1, (gid_t)-1, 0, NULL), 0);
	assert_int_equal(ioc_store_dir.activate(path, NULL, NULL), IOC_STATE);
	assert_int_equal(ioc_store_dir.open(path, NULL, &s, NULL),
	    IOC_NOT_FOUND);
	/* a link in place of the directory */
	assert_int_equal(symlinkat("source", top, "link"), 0);
	(void)snprintf(path, sizeof(path), "%s/link", p->top);
	assert_true(ioc_store_dir.activate(path, NULL, NULL) != 0);
	assert_true(ioc_store_dir.open(path, NULL, &s, NULL) != 0);
	/* others may write */
	assert_int_equal(fchmod(p->s->root, 0777), 0);
	assert_int_equal(ioc_store_dir.open(p->where, NULL, &s, NULL),
	    IOC_UNSAFE);
	assert_int_equal(ioc_store_dir.activate(p->where, NULL, NULL),
	    IOC_UNSAFE);
	assert_int_equal(fchmod(p->s->root, 0711), 0);
	for (const char **w = (const char *[]){ "", "/", "relative",
	    "/tmp/slash/", NULL }; *w != NULL; w++)
		assert_int_equal(ioc_store_dir.activate(*w, NULL, NULL),
		    IOC_INVALID);
	assert_int_equal(ioc_store_dir.activate(p->where, "/mnt", NULL),
	    IOC_INVALID);
}

static void
test_open__damaged(void **state)
{
	struct place *p = *state;
	struct ioc_store *s = NULL;

	put(p->s, ".ioc", "{\"layout\": 2, \"id\": \"x\"}");
	assert_int_equal(ioc_store_dir.open(p->where, NULL, &s, NULL),
	    IOC_UNSUPPORTED);
	put(p->s, ".ioc", "{\"layout\": 1}");
	assert_int_equal(ioc_store_dir.open(p->where, NULL, &s, NULL),
	    IOC_FORMAT);
	put(p->s, ".ioc", "not json");
	assert_int_equal(ioc_store_dir.open(p->where, NULL, &s, NULL),
	    IOC_FORMAT);
	/* activate does not paint over it */
	assert_int_equal(ioc_store_dir.activate(p->where, NULL, NULL),
	    IOC_FORMAT);
	put(p->s, ".ioc", "{\"layout\": 1, \"id\": \"x\"}");
	assert_int_equal(ioc_path_rmdir(p->s->root, "jails", 0, NULL), 0);
	assert_int_equal(ioc_store_dir.open(p->where, NULL, &s, NULL),
	    IOC_STATE);
}

/* --- volumes -------------------------------------------------------------------- */

static void
test_create(void **state)
{
	struct ioc_store *s = ((struct place *)*state)->s;
	IOC_AUTO(ioc_store_root_fini) struct ioc_os_root root = IOC_OS_ROOT;
	struct stat st;
	mode_t old = umask(0077);

	assert_int_equal(s->ops->create(s, "jails/web", NULL), 0);
	(void)umask(old);
	assert_int_equal(s->ops->create(s, "jails/web", NULL), IOC_EXISTS);
	assert_int_equal(stat_at(s, "jails/web", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat_at(s, "jails/web/root", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(s->ops->root(s, "jails/web", &root, NULL), 0);
	assert_int_equal(root.kind, IOC_ROOT_DIR);
	assert_true(root.root >= 0 && root.lower == -1 && root.upper == -1);
	assert_int_equal(s->ops->dir(s, "jails/none", NULL), IOC_NOT_FOUND);
}

static void
test_thin(void **state)
{
	struct ioc_store *s = ((struct place *)*state)->s;
	IOC_AUTO(ioc_store_root_fini) struct ioc_os_root root = IOC_OS_ROOT;
	uint32_t base = geteuid() == 0 ? 1000000 : 0;
	struct stat st, want;

	make_release(s);
	assert_int_equal(s->ops->clone(s, "releases/bookworm/p0", "jails/web",
	    IOC_CLONE_THIN, base, NULL, NULL, NULL), 0);
	get(s, "jails/web/origin", "releases/bookworm/p0\n");
	assert_int_equal(stat_at(s, "jails/web/layer", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	if (base != 0) {
		assert_int_equal(st.st_uid, base);
		assert_int_equal(st.st_gid, base);
	}
	assert_int_equal(stat_at(s, "jails/web/root", &st), IOC_NOT_FOUND);
	assert_int_equal(s->ops->root(s, "jails/web", &root, NULL), 0);
	assert_int_equal(root.kind, IOC_ROOT_OVERLAY);
	assert_int_equal(fstat(root.lower, &st), 0);
	assert_int_equal(stat_at(s, "releases/bookworm/p0/root", &want), 0);
	assert_true(st.st_ino == want.st_ino && st.st_dev == want.st_dev);
	assert_true(root.upper >= 0 && root.work >= 0);
}

static void
test_thin__refused(void **state)
{
	struct ioc_store *s = ((struct place *)*state)->s;
	struct stat st;

	make_release(s);
	assert_int_equal(s->ops->clone(s, "releases/none/p0", "jails/web",
	    IOC_CLONE_THIN, 0, NULL, NULL, NULL), IOC_NOT_FOUND);
	assert_int_equal(s->ops->create(s, "jails/full", NULL), 0);
	/* what is staged will change */
	assert_int_equal(s->ops->create(s, ".staging/full", NULL), 0);
	assert_int_equal(s->ops->clone(s, ".staging/full", "jails/web",
	    IOC_CLONE_THIN, 0, NULL, NULL, NULL), IOC_STATE);
	overlay_code = IOC_UNSUPPORTED;
	assert_int_equal(s->ops->clone(s, "releases/bookworm/p0", "jails/web",
	    IOC_CLONE_THIN, 0, NULL, NULL, NULL), IOC_UNSUPPORTED);
	/* nothing is left of it */
	assert_int_equal(stat_at(s, "jails/web", &st), IOC_NOT_FOUND);
	overlay_code = 0;
	assert_int_equal(s->ops->clone(s, "releases/bookworm/p0", "jails/full",
	    IOC_CLONE_THIN, 0, NULL, NULL, NULL), IOC_EXISTS);
	assert_int_equal(stat_at(s, "jails/full/root", &st), 0);
}

static int
count_calls(uint64_t done, uint64_t total, void *arg)
{
	unsigned *n = arg;

	assert_true(done <= total);
	(*n)++;
	return (0);
}

static int
cancel(uint64_t done, uint64_t total, void *arg)
{
	return (1);
}

static void
test_thick(void **state)
{
	struct ioc_store *s = ((struct place *)*state)->s;
	struct stat st;
	unsigned calls = 0;

	make_release(s);
	assert_int_equal(s->ops->clone(s, "releases/bookworm/p0", "jails/full",
	    IOC_CLONE_THICK, 0, count_calls, &calls, NULL), 0);
	assert_true(calls > 0);
	get(s, "jails/full/root/hello", "from the release\n");
	put(s, "jails/full/root/hello", "changed\n");
	get(s, "releases/bookworm/p0/root/hello", "from the release\n");
	assert_int_equal(s->ops->clone(s, "jails/full", "jails/second",
	    IOC_CLONE_THICK, 0, NULL, NULL, NULL), 0);
	get(s, "jails/second/root/hello", "changed\n");
	assert_int_equal(s->ops->clone(s, "releases/bookworm/p0", "jails/thin",
	    IOC_CLONE_THIN, 0, NULL, NULL, NULL), 0);
	assert_int_equal(s->ops->clone(s, "jails/thin", "jails/third",
	    IOC_CLONE_THICK, 0, NULL, NULL, NULL), IOC_UNSUPPORTED);
	assert_int_equal(s->ops->clone(s, "jails/full", "jails/third",
	    IOC_CLONE_THICK, 0, cancel, NULL, NULL), IOC_CANCELED);
	assert_int_equal(stat_at(s, "jails/third", &st), IOC_NOT_FOUND);
}

static void
test_root__bad_origin(void **state)
{
	struct ioc_store *s = ((struct place *)*state)->s;
	struct ioc_os_root root = IOC_OS_ROOT;

	make_release(s);
	assert_int_equal(s->ops->clone(s, "releases/bookworm/p0", "jails/web",
	    IOC_CLONE_THIN, 0, NULL, NULL, NULL), 0);
	put(s, "jails/web/origin", "../../../../etc\n");
	assert_int_equal(s->ops->root(s, "jails/web", &root, NULL),
	    IOC_INVALID);
	put(s, "jails/web/origin", "");
	assert_int_equal(s->ops->root(s, "jails/web", &root, NULL),
	    IOC_FORMAT);
	put(s, "jails/web/origin", "releases/gone/p0");
	assert_int_equal(s->ops->root(s, "jails/web", &root, NULL),
	    IOC_NOT_FOUND);
	assert_int_equal(ioc_path_unlink(s->root, "jails/web/origin", 0, NULL),
	    0);
	assert_int_equal(s->ops->root(s, "jails/web", &root, NULL),
	    IOC_NOT_FOUND);
	assert_int_equal(root.lower, -1);
}

/* A link where a root or a volume should be is never followed. */
static void
test_links(void **state)
{
	struct ioc_store *s = ((struct place *)*state)->s;
	struct ioc_os_root root = IOC_OS_ROOT;

	assert_int_equal(s->ops->create(s, "jails/web", NULL), 0);
	assert_int_equal(ioc_path_rmdir(s->root, "jails/web/root", 0, NULL), 0);
	assert_int_equal(ioc_path_symlink("/", s->root, "jails/web/root", 0,
	    NULL), 0);
	assert_int_equal(s->ops->root(s, "jails/web", &root, NULL),
	    IOC_UNSAFE);
	assert_int_equal(ioc_path_symlink("web", s->root, "jails/alias", 0,
	    NULL), 0);
	assert_int_equal(s->ops->dir(s, "jails/alias", NULL), IOC_UNSAFE);
	assert_int_equal(s->ops->clone(s, "jails/web", "jails/copy",
	    IOC_CLONE_THICK, 0, NULL, NULL, NULL), IOC_UNSAFE);
}

static void
test_rename(void **state)
{
	struct ioc_store *s = ((struct place *)*state)->s;
	struct stat st;

	assert_int_equal(s->ops->create(s, "jails/a", NULL), 0);
	assert_int_equal(s->ops->create(s, "jails/b", NULL), 0);
	put(s, "jails/b/config.json", "{}");
	assert_int_equal(s->ops->rename(s, "jails/a", "jails/b", NULL),
	    IOC_EXISTS);
	get(s, "jails/b/config.json", "{}");
	assert_int_equal(s->ops->rename(s, "jails/none", "jails/c", NULL),
	    IOC_NOT_FOUND);
	assert_int_equal(s->ops->rename(s, "jails/b", "jails/c", NULL), 0);
	get(s, "jails/c/config.json", "{}");
	assert_int_equal(stat_at(s, "jails/b", &st), IOC_NOT_FOUND);
}

static void
test_destroy(void **state)
{
	struct ioc_store *s = ((struct place *)*state)->s;
	auto_strv struct ioc_strv left = IOC_STRV;
	struct ioc_error err = { 0 };
	struct stat st;

	make_release(s);
	assert_int_equal(s->ops->clone(s, "releases/bookworm/p0", "jails/web",
	    IOC_CLONE_THIN, 0, NULL, NULL, NULL), 0);
	assert_int_equal(s->ops->clone(s, "releases/bookworm/p0",
	    ".staging/create-db", IOC_CLONE_THIN, 0, NULL, NULL, NULL), 0);
	for (const char **v = (const char *[]){ "releases/bookworm/p0",
	    "releases/bookworm", NULL }; *v != NULL; v++) {
		assert_int_equal(s->ops->destroy(s, *v, &err), IOC_BUSY);
		assert_non_null(strstr(err.msg, "web"));
		assert_non_null(strstr(err.msg, "create-db"));
		get(s, "releases/bookworm/p0/root/hello",
		    "from the release\n");
	}
	assert_int_equal(s->ops->destroy(s, "jails/web", NULL), 0);
	assert_int_equal(s->ops->destroy(s, "jails/web", NULL), 0);
	assert_int_equal(s->ops->destroy(s, ".staging/create-db", NULL), 0);
	/* a sibling whose name begins alike does not count */
	assert_int_equal(s->ops->create(s, "releases/bookworm2/p0", NULL), 0);
	assert_int_equal(s->ops->clone(s, "releases/bookworm2/p0", "jails/x",
	    IOC_CLONE_THIN, 0, NULL, NULL, NULL), 0);
	assert_int_equal(s->ops->destroy(s, "releases/bookworm", NULL), 0);
	assert_int_equal(stat_at(s, "releases/bookworm", &st), IOC_NOT_FOUND);
	assert_int_equal(s->ops->list(s, ".staging", &left, NULL), 0);
	assert_int_equal(left.n, 0);
}

static void
test_list_and_used(void **state)
{
	struct ioc_store *s = ((struct place *)*state)->s;
	auto_strv struct ioc_strv v = IOC_STRV, p = IOC_STRV;
	static char big[300 * 1024];
	uint64_t used;

	memset(big, 'x', sizeof(big) - 1);
	assert_int_equal(s->ops->create(s, "jails/a", NULL), 0);
	assert_int_equal(s->ops->create(s, "jails/b", NULL), 0);
	put(s, "jails/file", "not a volume");
	assert_int_equal(mkdirat(s->root, "jails/a b", 0700), 0);
	assert_int_equal(symlinkat("a", s->root, "jails/link"), 0);
	assert_int_equal(s->ops->list(s, "jails", &v, NULL), 0);
	ioc_strv_sort(&v);
	assert_int_equal(v.n, 2);
	assert_string_equal(v.v[0], "a");
	assert_string_equal(v.v[1], "b");
	make_release(s);
	put(s, "releases/bookworm/release.json", "{}");
	assert_int_equal(s->ops->list(s, "releases/bookworm", &p, NULL), 0);
	assert_int_equal(p.n, 1);
	assert_string_equal(p.v[0], "p0");
	put(s, "jails/a/root/big", big);
	assert_int_equal(s->ops->used(s, "jails/a", &used, NULL), 0);
	assert_true(used >= sizeof(big) - 1 && used < 2 * sizeof(big));
	assert_int_equal(s->ops->used(s, "jails/b", &used, NULL), 0);
	assert_true(used < 100 * 1024);
}

#define	WITH_STORE(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

UNIT_MAIN(
	cmocka_unit_test(test_volume_names),
	WITH_STORE(test_every_call_judges_names),
	WITH_STORE(test_activate),
	WITH_STORE(test_activate__refuses_what_is_not_its_own),
	WITH_STORE(test_open__damaged),
	WITH_STORE(test_create),
	WITH_STORE(test_thin),
	WITH_STORE(test_thin__refused),
	WITH_STORE(test_thick),
	WITH_STORE(test_root__bad_origin),
	WITH_STORE(test_links),
	WITH_STORE(test_rename),
	WITH_STORE(test_destroy),
	WITH_STORE(test_list_and_used))
