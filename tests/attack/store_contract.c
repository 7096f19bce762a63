/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every store promises, run once for each: "store_contract dir" in a
 * directory of its own, "store_contract zfs" in the pool IOC_TEST_POOL.
 */
#include "tests/attack/store_contract.h"

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

const struct ioc_store_ops *ops;
char top[64], where[192];
const char *const base_dirs[] = { "bin", "usr/bin", NULL };

void
ok(int r, const struct ioc_error *err)
{
	if (r != 0)
		fail_msg("%s", err->msg);
}

static int
setup(void **state)
{
	static unsigned n;
	struct ioc_error err = { .msg = "" };
	struct ioc_store *s;
	char mountpoint[160];

	(void)snprintf(top, sizeof(top), "/var/tmp/ioc-store-XXXXXX");
	assert_non_null(mkdtemp(top));
	(void)snprintf(mountpoint, sizeof(mountpoint), "%s/source", top);
	if (ops == &ioc_store_zfs)
		(void)snprintf(where, sizeof(where), "%s/t%u",
		    getenv("IOC_TEST_POOL"), n++);
	else
		(void)snprintf(where, sizeof(where), "%s", mountpoint);
	ok(ops->activate(where, ops->mounts ? mountpoint : NULL, &err), &err);
	ok(ops->open(where, NULL, &s, &err), &err);
	s->base_dirs = base_dirs;
	*state = s;
	return (0);
}

/* A zfs command on a dataset of the source, "" for itself. */
int
zfs(const char *command, const char *what)
{
	char line[400];

	(void)snprintf(line, sizeof(line), "zfs %s %s%s%s >/dev/null 2>&1",
	    command, where, what[0] == '\0' ? "" : "/", what);
	return (system(line));
}

static int
teardown(void **state)
{
	auto_fd int dir = ioc_path_root("/var/tmp", NULL);

	ioc_store_close(*state);
	for (int i = 0; ops->mounts && zfs("destroy -R", "") != 0 && i < 50;
	    i++)
		(void)usleep(100 * 1000);
	/* zfs-fuse unmounts late */
	for (int i = 0; ioc_tree_remove(dir, strrchr(top, '/') + 1, NULL) ==
	    IOC_BUSY && i < 50; i++)
		(void)usleep(100 * 1000);
	assert_int_equal(ioc_tree_remove(dir, strrchr(top, '/') + 1, NULL), 0);
	return (0);
}

void
put(struct ioc_store *s, const char *path, const char *text)
{
	struct ioc_error err = { .msg = "" };

	ok(ioc_file_replace(s->root, path, text, strlen(text), 0644, (uid_t)-1,
	    (gid_t)-1, 0, &err), &err);
}

/* A file in the root of a volume, however that is put together. */
static int
root_fd(struct ioc_store *s, const char *vol, bool changed)
{
	IOC_AUTO(ioc_store_root_fini) struct ioc_os_root root = IOC_OS_ROOT;
	struct ioc_error err = { .msg = "" };

	ok(s->ops->root(s, vol, &root, &err), &err);
	if (root.kind == IOC_ROOT_OVERLAY)
		return (take_fd(changed ? &root.upper : &root.lower));
	return (take_fd(&root.root));
}

void
put_root(struct ioc_store *s, const char *vol, const char *name,
    const char *text)
{
	auto_fd int fd = root_fd(s, vol, true);
	struct ioc_error err = { .msg = "" };

	ok(ioc_file_replace(fd, name, text, strlen(text), 0644, (uid_t)-1,
	    (gid_t)-1, 0, &err), &err);
}

void
get_root(struct ioc_store *s, const char *vol, const char *name, bool changed,
    const char *want)
{
	auto_fd int fd = root_fd(s, vol, changed);
	auto_buf struct ioc_buf b = IOC_BUF(1000);

	assert_int_equal(ioc_file_read(fd, name, &b, NULL),
	    want != NULL ? 0 : IOC_NOT_FOUND);
	if (want != NULL)
		assert_string_equal(ioc_buf_str(&b), want);
}

void
make_release(struct ioc_store *s)
{
	struct ioc_error err = { .msg = "" };

	ok(s->ops->place(s, ".staging/fetch-1", &err), &err);
	ok(s->ops->create(s, ".staging/fetch-1/p0", &err), &err);
	put_root(s, ".staging/fetch-1/p0", "hello", "from the release\n");
	put(s, ".staging/fetch-1/release.json", "{}");
	ok(s->ops->rename(s, ".staging/fetch-1", "releases/bookworm", &err),
	    &err);
}

void
thin(struct ioc_store *s, const char *to)
{
	struct ioc_error err = { .msg = "" };

	ok(s->ops->clone(s, "releases/bookworm/p0", to, IOC_CLONE_THIN, 0,
	    NULL, NULL, &err), &err);
}

void
names_are(struct ioc_store *s, const char *parent, const char *want)
{
	auto_strv struct ioc_strv v = IOC_STRV;
	auto_buf struct ioc_buf b = IOC_BUF(10000);
	struct ioc_error err = { .msg = "" };

	ok(s->ops->list(s, parent, &v, &err), &err);
	ioc_strv_sort(&v);
	for (size_t i = 0; i < v.n; i++)
		(void)ioc_buf_addf(&b, "%s ", v.v[i]);
	assert_string_equal(ioc_buf_str(&b), want);
}

/* --- volumes ------------------------------------------------------------------ */

static void
test_names_are_judged(void **state)
{
	struct ioc_store *s = *state;
	struct ioc_os_root root = IOC_OS_ROOT;
	auto_strv struct ioc_strv v = IOC_STRV;
	uint64_t n;

	assert_int_equal(s->ops->create(s, "jails/n", NULL), 0);
	for (const char **b = (const char *[]){ "jails/../../x", "jails/-r",
	    "jails/a@b", "jails/a b", "jails/$(id)", "jails", "", "jails/x;y",
	    "jails/x%y", "/jails/x", "jails/x\n", NULL }; *b != NULL; b++) {
		assert_int_equal(s->ops->create(s, *b, NULL), IOC_INVALID);
		assert_int_equal(s->ops->destroy(s, *b, NULL), IOC_INVALID);
		assert_int_equal(s->ops->dir(s, *b, NULL), IOC_INVALID);
		assert_int_equal(s->ops->has(s, *b, NULL), IOC_INVALID);
		assert_int_equal(s->ops->place(s, *b, NULL), IOC_INVALID);
		assert_int_equal(s->ops->idle(s, *b, NULL), IOC_INVALID);
		assert_int_equal(s->ops->root(s, *b, &root, NULL),
		    IOC_INVALID);
		assert_int_equal(s->ops->used(s, *b, &n, NULL), IOC_INVALID);
		assert_int_equal(s->ops->rename(s, *b, "jails/n", NULL),
		    IOC_INVALID);
		assert_int_equal(s->ops->rename(s, "jails/n", *b, NULL),
		    IOC_INVALID);
		assert_int_equal(s->ops->clone(s, *b, "jails/n",
		    IOC_CLONE_THICK, 0, NULL, NULL, NULL), IOC_INVALID);
		assert_int_equal(s->ops->clone(s, "jails/n", *b,
		    IOC_CLONE_THICK, 0, NULL, NULL, NULL), IOC_INVALID);
	}
	assert_int_equal(s->ops->list(s, "jails/..", &v, NULL), IOC_INVALID);
}

static void
test_create(void **state)
{
	struct ioc_store *s = *state;
	IOC_AUTO(ioc_store_root_fini) struct ioc_os_root root = IOC_OS_ROOT;
	struct ioc_error err = { .msg = "" };
	auto_fd int dir = -1;
	struct stat st;
	mode_t old = umask(0077);

	ok(s->ops->create(s, "jails/web", &err), &err);
	(void)umask(old);
	assert_int_equal(s->ops->create(s, "jails/web", NULL), IOC_EXISTS);
	dir = s->ops->dir(s, "jails/web", &err);
	assert_true(dir >= 0);
	assert_int_equal(fstat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	ok(s->ops->root(s, "jails/web", &root, &err), &err);
	assert_int_equal(fstat(root.root, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(s->ops->has(s, "jails/web", NULL), 0);
	assert_int_equal(s->ops->has(s, "jails/none", NULL), IOC_NOT_FOUND);
	assert_int_equal(s->ops->dir(s, "jails/none", NULL), IOC_NOT_FOUND);
	assert_int_equal(s->ops->idle(s, "jails/web", NULL), 0);
	names_are(s, "jails", "web ");
}

/* Nobody but root gets through to a root. */
static void
test_modes(void **state)
{
	struct ioc_store *s = *state;
	struct stat st;

	make_release(s);
	thin(s, "jails/web");
	for (const char **p = (const char *[]){ "jails", "jails/web",
	    "releases", "releases/bookworm", "releases/bookworm/p0",
	    ".staging", ".journal", ".ids", "cache", NULL }; *p != NULL; p++) {
		assert_int_equal(ioc_path_stat(s->root, *p, IOC_PATH_NOLINKS,
		    &st, NULL), 0);
		if ((st.st_mode & 07777) != 0700)
			fail_msg("%s: mode %o", *p, st.st_mode & 07777);
	}
}

static void
test_release(void **state)
{
	struct ioc_store *s = *state;
	struct ioc_error err = { .msg = "" };

	make_release(s);
	names_are(s, ".staging", "");
	names_are(s, "releases", "bookworm ");
	names_are(s, "releases/bookworm", "p0 ");
	get_root(s, "releases/bookworm/p0", "hello", false,
	    "from the release\n");
	/* the next level, as an update makes it */
	ok(s->ops->place(s, ".staging/update-1", &err), &err);
	put(s, ".staging/update-1/note", "x");
	ok(s->ops->clone(s, "releases/bookworm/p0", ".staging/update-1/p1",
	    IOC_CLONE_THICK, 0, NULL, NULL, &err), &err);
	put_root(s, ".staging/update-1/p1", "hello", "updated\n");
	ok(s->ops->rename(s, ".staging/update-1/p1", "releases/bookworm/p1",
	    &err), &err);
	names_are(s, "releases/bookworm", "p0 p1 ");
	ok(s->ops->destroy(s, ".staging/update-1", &err), &err);
	names_are(s, ".staging", "");
	get_root(s, "releases/bookworm/p0", "hello", false,
	    "from the release\n");
	get_root(s, "releases/bookworm/p1", "hello", false, "updated\n");
}

static void
test_thin(void **state)
{
	struct ioc_store *s = *state;

	make_release(s);
	thin(s, "jails/a");
	thin(s, "jails/b");
	get_root(s, "jails/a", "hello", false, "from the release\n");
	put_root(s, "jails/a", "mine", "mine\n");
	get_root(s, "jails/a", "mine", true, "mine\n");
	get_root(s, "jails/b", "mine", true, NULL);
	get_root(s, "releases/bookworm/p0", "mine", false, NULL);
	assert_int_equal(s->ops->clone(s, "releases/bookworm/p0", "jails/a",
	    IOC_CLONE_THIN, 0, NULL, NULL, NULL), IOC_EXISTS);
	assert_int_equal(s->ops->clone(s, "releases/none/p0", "jails/c",
	    IOC_CLONE_THIN, 0, NULL, NULL, NULL), IOC_NOT_FOUND);
	assert_int_equal(s->ops->has(s, "jails/c", NULL), IOC_NOT_FOUND);
	get_root(s, "jails/a", "mine", true, "mine\n");
}

static int
cancel(uint64_t done, uint64_t total, void *arg)
{
	return (1);
}

static void
test_thick(void **state)
{
	struct ioc_store *s = *state;
	struct ioc_error err = { .msg = "" };

	make_release(s);
	ok(s->ops->clone(s, "releases/bookworm/p0", "jails/full",
	    IOC_CLONE_THICK, 0, NULL, NULL, &err), &err);
	get_root(s, "jails/full", "hello", true, "from the release\n");
	put_root(s, "jails/full", "hello", "changed\n");
	get_root(s, "releases/bookworm/p0", "hello", false,
	    "from the release\n");
	ok(s->ops->clone(s, "jails/full", "jails/second", IOC_CLONE_THICK, 0,
	    NULL, NULL, &err), &err);
	get_root(s, "jails/second", "hello", true, "changed\n");
	assert_int_equal(s->ops->clone(s, "jails/full", "jails/third",
	    IOC_CLONE_THICK, 0, cancel, NULL, NULL), IOC_CANCELED);
	assert_int_equal(s->ops->has(s, "jails/third", NULL), IOC_NOT_FOUND);
	/* it needs nobody */
	ok(s->ops->destroy(s, "releases/bookworm", &err), &err);
	get_root(s, "jails/full", "hello", true, "changed\n");
}

static void
test_rename(void **state)
{
	struct ioc_store *s = *state;
	struct ioc_error err = { .msg = "" };

	make_release(s);
	thin(s, "jails/a");
	thin(s, "jails/b");
	put(s, "jails/b/config.json", "{\"b\":\"1\"}");
	put_root(s, "jails/b", "mine", "b\n");
	assert_int_equal(s->ops->rename(s, "jails/a", "jails/b", NULL),
	    IOC_EXISTS);
	assert_int_equal(s->ops->rename(s, "jails/none", "jails/c", NULL),
	    IOC_NOT_FOUND);
	ok(s->ops->rename(s, "jails/b", "jails/c", &err), &err);
	get_root(s, "jails/c", "mine", true, "b\n");
	assert_int_equal(s->ops->has(s, "jails/b", NULL), IOC_NOT_FOUND);
	names_are(s, "jails", "a c ");
}

static void
test_destroy(void **state)
{
	struct ioc_store *s = *state;
	struct ioc_error err = { .msg = "" };

	make_release(s);
	thin(s, "jails/web");
	thin(s, ".staging/create-db");
	for (const char **v = (const char *[]){ "releases/bookworm/p0",
	    "releases/bookworm", NULL }; *v != NULL; v++) {
		assert_int_equal(s->ops->destroy(s, *v, &err), IOC_BUSY);
		assert_non_null(strstr(err.msg, "web"));
		assert_non_null(strstr(err.msg, "create-db"));
		/* nor out of sight */
		assert_int_equal(s->ops->rename(s, *v, ".staging/destroy-1",
		    &err), IOC_BUSY);
		get_root(s, "releases/bookworm/p0", "hello", false,
		    "from the release\n");
	}
	ok(s->ops->destroy(s, "jails/web", &err), &err);
	ok(s->ops->destroy(s, "jails/web", &err), &err);
	ok(s->ops->destroy(s, ".staging/create-db", &err), &err);
	ok(s->ops->destroy(s, "releases/bookworm", &err), &err);
	names_are(s, "releases", "");
	names_are(s, "jails", "");
	names_are(s, ".staging", "");
}

static void
test_used(void **state)
{
	struct ioc_store *s = *state;
	static char big[3 * 1024 * 1024];
	struct ioc_error err = { .msg = "" };
	uint64_t used, small;

	for (size_t i = 0; i < sizeof(big) - 1; i++)
		big[i] = (char)('a' + (i * 7 + i / 4099 * 31) % 23);
	ok(s->ops->create(s, "jails/a", &err), &err);
	ok(s->ops->create(s, "jails/b", &err), &err);
	put_root(s, "jails/a", "big", big);
	sync();
	for (int wait = 0; wait < 100; wait++) {
		names_are(s, "jails", "a b ");
		ok(s->ops->used(s, "jails/a", &used, &err), &err);
		if (used >= sizeof(big) - 1)
			break;
		(void)usleep(100 * 1000);
	}
	ok(s->ops->used(s, "jails/b", &small, &err), &err);
	assert_true(used >= sizeof(big) - 1 && used < 2 * sizeof(big));
	assert_true(small < 1024 * 1024);
	assert_int_equal(s->ops->used(s, "jails/none", &used, NULL),
	    IOC_NOT_FOUND);
}

static void
test_activate_again(void **state)
{
	struct ioc_store *s = *state, *again;
	struct ioc_error err = { .msg = "" };

	ok(s->ops->create(s, "jails/web", &err), &err);
	put_root(s, "jails/web", "mine", "mine\n");
	ok(s->ops->activate(where, NULL, &err), &err);
	ok(s->ops->open(where, NULL, &again, &err), &err);
	get_root(again, "jails/web", "mine", true, "mine\n");
	ioc_store_close(again);
}

static void
test_without_streams(void **state)
{
	struct ioc_store *s = *state;

	if (ops->mounts)
		NOT_HERE();
	assert_int_equal(s->ops->create(s, "jails/web", NULL), 0);
	assert_int_equal(s->ops->send(s, "jails/web", "a", NULL, -1, NULL),
	    IOC_UNSUPPORTED);
	assert_int_equal(s->ops->receive(s, "jails/copy", -1, NULL),
	    IOC_UNSUPPORTED);
}

#define	CASE(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(test_names_are_judged), CASE(test_create),
		CASE(test_modes), CASE(test_release), CASE(test_thin),
		CASE(test_thick), CASE(test_rename), CASE(test_destroy),
		CASE(test_used), CASE(test_activate_again),
		CASE(test_without_streams), CASE(test_snapshots),
		CASE(test_snapshots__files), CASE(test_snapshots__half_way),
		CASE(test_clone_of_a_jail), CASE(test_clone_of_a_snapshot),
		CASE(test_view_of_a_snapshot), CASE(test_owners_of_a_clone),
		CASE(test_encrypted), CASE(test_streams),
		CASE(test_streams__refused), CASE(test_unmounted),
		CASE(test_mounted_elsewhere), CASE(test_legacy),
		CASE(test_clone_here), CASE(test_astray),
	};

	ops = argc > 1 && strcmp(argv[1], "zfs") == 0 ? &ioc_store_zfs :
	    &ioc_store_dir;
	if (geteuid() != 0) {
		(void)fprintf(stderr, "skipped: it needs root\n");
		return (77);
	}
	if (ops == &ioc_store_zfs && getenv("IOC_TEST_POOL") == NULL) {
		(void)fprintf(stderr, "skipped: no IOC_TEST_POOL\n");
		return (77);
	}
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
