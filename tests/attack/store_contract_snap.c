/* SPDX-License-Identifier: BSD-2-Clause */
/* Snapshots, and clones of what changes: the same of both stores. */
#include "tests/attack/store_contract.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "safe/file.h"
#include "safe/path.h"

/* Thin volumes of a directory are layers of an overlay. */
#define	LAYERS	(access("/proc/self/ns/user", F_OK) == 0)

/* A file of ours in the source. */
static void
get(struct ioc_store *s, const char *path, const char *want)
{
	auto_buf struct ioc_buf b = IOC_BUF(1000);

	assert_int_equal(ioc_file_read(s->root, path, &b, NULL),
	    want != NULL ? 0 : IOC_NOT_FOUND);
	if (want != NULL)
		assert_string_equal(ioc_buf_str(&b), want);
}

static int
roll_back(struct ioc_store *s, const char *vol, const char *name, bool lose,
    struct ioc_error *err)
{
	bool begun = false;
	int r = ops->snapshot->ready(s, vol, name, lose, NULL, NULL, err);

	if (r == 0)
		r = ops->snapshot->rollback(s, vol, name, &begun, err);
	assert_true(r != 0 || begun);
	return (r);
}

void
snapshots_are(struct ioc_store *s, const char *vol, const char *want)
{
	auto_free struct ioc_store_snapshot *v = NULL;
	auto_buf struct ioc_buf b = IOC_BUF(10000);
	struct ioc_error err = { .msg = "" };
	size_t n = 0;

	ok(s->ops->snapshot->list(s, vol, &v, &n, &err), &err);
	for (size_t i = 0; i < n; i++) {
		(void)ioc_buf_addf(&b, "%s ", v[i].name);
		assert_true(v[i].created > 1600000000 &&
		    v[i].created <= time(NULL) + 1);
	}
	assert_string_equal(ioc_buf_str(&b), want);
}

void
test_snapshots(void **state)
{
	struct ioc_store *s = *state;
	const struct ioc_store_snapshot_ops *snap = ops->snapshot;
	struct ioc_error err = { .msg = "" };

	make_release(s);
	thin(s, "jails/web");
	for (int i = 0; i < 3; i++) {
		char name[] = { (char)('c' - i), '\0' };

		put_root(s, "jails/web", "state", name);
		ok(snap->create(s, "jails/web", name, NULL, NULL, &err), &err);
	}
	assert_int_equal(snap->create(s, "jails/web", "a", NULL, NULL,
	    NULL), IOC_EXISTS);
	for (const char **b = (const char *[]){ "-r", "a@b", "a/b", "a b", "",
	    "..", NULL }; *b != NULL; b++) {
		assert_int_equal(snap->create(s, "jails/web", *b, NULL, NULL,
		    NULL), IOC_INVALID);
		assert_int_equal(snap->remove(s, "jails/web", *b, NULL),
		    IOC_INVALID);
		assert_int_equal(roll_back(s, "jails/web", *b, true, NULL), IOC_INVALID);
	}
	snapshots_are(s, "jails/web", "c b a ");
	put_root(s, "jails/web", "state", "now");
	assert_int_equal(roll_back(s, "jails/web", "none", true, NULL), IOC_NOT_FOUND);
	assert_int_equal(roll_back(s, "jails/web", "b", false, &err), IOC_STATE);
	assert_non_null(strstr(err.msg, "lost: a"));
	get_root(s, "jails/web", "state", true, "now");
	ok(roll_back(s, "jails/web", "a", false, &err),
	    &err);
	get_root(s, "jails/web", "state", true, "a");
	snapshots_are(s, "jails/web", "c b a ");
	ok(roll_back(s, "jails/web", "b", true, &err),
	    &err);
	get_root(s, "jails/web", "state", true, "b");
	snapshots_are(s, "jails/web", "c b ");
	/* the release is what it was, and still can be cloned */
	snapshots_are(s, "releases/bookworm/p0", "");
	thin(s, "jails/other");
	ok(snap->remove(s, "jails/web", "c", &err), &err);
	assert_int_equal(snap->remove(s, "jails/web", "c", NULL),
	    IOC_NOT_FOUND);
	snapshots_are(s, "jails/web", "b ");
	/* they go where the jail goes */
	ok(s->ops->rename(s, "jails/web", "jails/www", &err), &err);
	snapshots_are(s, "jails/www", "b ");
	ok(s->ops->destroy(s, "jails/www", &err), &err);
}

void
test_clone_of_a_jail(void **state)
{
	struct ioc_store *s = *state;
	struct ioc_error err = { .msg = "" };
	auto_free struct ioc_store_snapshot *v = NULL;
	size_t n = 0;

	make_release(s);
	thin(s, "jails/web");
	put_root(s, "jails/web", "mine", "web\n");
	ok(s->ops->clone(s, "jails/web", "jails/copy", IOC_CLONE_THIN, 0, NULL,
	    NULL, &err), &err);
	get_root(s, "jails/copy", "mine", true, "web\n");
	put_root(s, "jails/copy", "mine", "copy\n");
	get_root(s, "jails/web", "mine", true, "web\n");
	get_root(s, "jails/copy", "hello", false, "from the release\n");
	if (ops->mounts) {
		assert_int_equal(s->ops->destroy(s, "jails/web", &err),
		    IOC_BUSY);
		assert_non_null(strstr(err.msg, "copy"));
		get_root(s, "jails/web", "mine", true, "web\n");
		/* from now on it is the other way round */
		ok(s->ops->promote(s, "jails/copy", &err), &err);
		assert_int_equal(s->ops->destroy(s, "jails/copy", NULL),
		    IOC_BUSY);
	}
	ok(s->ops->destroy(s, "jails/web", &err), &err);
	get_root(s, "jails/copy", "mine", true, "copy\n");
	/* what it was cloned from is gone, too */
	ok(s->ops->snapshot->list(s, "jails/copy", &v, &n, &err), &err);
	assert_int_equal(n, 0);
	/* the release, which others share, stays what it is */
	assert_int_equal(s->ops->promote(s, "jails/copy", NULL), IOC_STATE);
	assert_int_equal(s->ops->destroy(s, "releases/bookworm", &err),
	    IOC_BUSY);
	ok(s->ops->create(s, "jails/full", &err), &err);
	assert_int_equal(s->ops->promote(s, "jails/full", NULL), IOC_STATE);
	assert_int_equal(s->ops->promote(s, "jails/none", NULL),
	    IOC_NOT_FOUND);
	put_root(s, "jails/full", "mine", "full\n");
	ok(s->ops->clone(s, "jails/full", "jails/full2", IOC_CLONE_THIN, 0,
	    NULL, NULL, &err), &err);
	get_root(s, "jails/full2", "mine", true, "full\n");
}

/* What a volume of ours holds beside its root goes with a snapshot. */
void
test_snapshots__files(void **state)
{
	const struct ioc_store_snapshot_ops *snap = ops->snapshot;
	struct ioc_store *s = *state;
	struct ioc_error err = { .msg = "" };

	make_release(s);
	thin(s, "jails/web");
	put(s, "jails/web/config.json", "{\"a\":\"1\"}");
	ok(snap->create(s, "jails/web", "a", NULL, NULL, &err), &err);
	put(s, "jails/web/config.json", "{\"a\":\"2\"}");
	put(s, "jails/web/fstab", "later\n");
	ok(roll_back(s, "jails/web", "a", false, &err), &err);
	get(s, "jails/web/config.json", "{\"a\":\"1\"}");
	get(s, "jails/web/fstab", NULL);
	/* and it can be used as before */
	put_root(s, "jails/web", "mine", "web\n");
	get_root(s, "jails/web", "hello", false, "from the release\n");
	ok(snap->create(s, "jails/web", "b", NULL, NULL, &err), &err);
	snapshots_are(s, "jails/web", "a b ");
	ok(s->ops->destroy(s, "jails/web", &err), &err);
	assert_int_equal(snap->create(s, "jails/web", "c", NULL, NULL, NULL),
	    IOC_NOT_FOUND);
}

/* What a dead process has left in it harms nothing, and goes. */
void
test_snapshots__half_way(void **state)
{
	const struct ioc_store_snapshot_ops *snap = ops->snapshot;
	struct ioc_store *s = *state;
	struct ioc_error err = { .msg = "" };
	struct stat st;

	make_release(s);
	thin(s, "jails/web");
	put_root(s, "jails/web", "mine", "first\n");
	ok(snap->create(s, "jails/web", "a", NULL, NULL, &err), &err);
	for (const char **d = (const char *[]){ "jails/web/.part",
	    "jails/web/.old", "jails/web/.part/layer", "jails/web/snapshots",
	    "jails/web/snapshots/x.b", "jails/web/snapshots/2.-", NULL };
	    *d != NULL && !ops->mounts; d++)
		assert_true(mkdirat(s->root, *d, 0700) == 0 ||
		    errno == EEXIST);
	snapshots_are(s, "jails/web", "a ");
	put_root(s, "jails/web", "mine", "second\n");
	ok(roll_back(s, "jails/web", "a", false, &err), &err);
	get_root(s, "jails/web", "mine", true, "first\n");
	ok(roll_back(s, "jails/web", "a", true, &err), &err);
	get_root(s, "jails/web", "mine", true, "first\n");
	ok(snap->sweep(s, "jails/web", &err), &err);
	assert_int_equal(ioc_path_stat(s->root, "jails/web/.part", 0, &st,
	    NULL), IOC_NOT_FOUND);
	assert_int_equal(ioc_path_stat(s->root, "jails/web/.old", 0, &st,
	    NULL), IOC_NOT_FOUND);
}

void
test_clone_of_a_snapshot(void **state)
{
	const struct ioc_store_snapshot_ops *snap = ops->snapshot;
	struct ioc_store *s = *state;
	struct ioc_error err = { .msg = "" };

	make_release(s);
	thin(s, "jails/web");
	put(s, "jails/web/config.json", "{\"a\":\"1\"}");
	put_root(s, "jails/web", "mine", "first\n");
	ok(snap->create(s, "jails/web", "a", NULL, NULL, &err), &err);
	put(s, "jails/web/config.json", "{\"a\":\"2\"}");
	put_root(s, "jails/web", "mine", "second\n");
	assert_int_equal(snap->clone(s, "jails/web", "none", "jails/copy", 0,
	    NULL, NULL, NULL), IOC_NOT_FOUND);
	assert_int_equal(s->ops->has(s, "jails/copy", NULL), IOC_NOT_FOUND);
	assert_int_equal(snap->clone(s, "jails/web", "a", "jails/web", 0,
	    NULL, NULL, NULL), IOC_EXISTS);
	assert_int_equal(snap->clone(s, "jails/web", "a", "jails/../x", 0,
	    NULL, NULL, NULL), IOC_INVALID);
	ok(snap->clone(s, "jails/web", "a", "jails/copy", 0, NULL, NULL, &err),
	    &err);
	get_root(s, "jails/copy", "mine", true, "first\n");
	get_root(s, "jails/web", "mine", true, "second\n");
	get(s, "jails/copy/config.json", "{\"a\":\"1\"}");
	snapshots_are(s, "jails/copy", "");
	if (ops->mounts) {
		assert_int_equal(snap->remove(s, "jails/web", "a", &err),
		    IOC_BUSY);
		assert_non_null(strstr(err.msg, "copy"));
		ok(s->ops->destroy(s, "jails/copy", &err), &err);
	}
	ok(snap->remove(s, "jails/web", "a", &err), &err);
	snapshots_are(s, "jails/web", "");
	names_are(s, ".staging", "");
}

/* A volume that shows a snapshot as it was, whatever becomes of the jail. */
void
test_view_of_a_snapshot(void **state)
{
	const struct ioc_store_snapshot_ops *snap = ops->snapshot;
	struct ioc_store *s = *state;
	IOC_AUTO(ioc_store_root_fini) struct ioc_os_root root = IOC_OS_ROOT;
	struct ioc_error err = { .msg = "" };

	make_release(s);
	thin(s, "jails/web");
	put_root(s, "jails/web", "mine", "first\n");
	ok(snap->create(s, "jails/web", "a", NULL, NULL, &err), &err);
	put_root(s, "jails/web", "mine", "second\n");
	ok(s->ops->place(s, ".staging/x", &err), &err);
	assert_int_equal(snap->view(s, "jails/web", "b", ".staging/x/now",
	    NULL), IOC_NOT_FOUND);
	assert_int_equal(snap->view(s, "jails/web", "../a", ".staging/x/now",
	    NULL), IOC_INVALID);
	assert_int_equal(s->ops->has(s, ".staging/x/now", NULL),
	    IOC_NOT_FOUND);
	ok(snap->view(s, "jails/web", "a", ".staging/x/now", &err), &err);
	assert_int_equal(snap->view(s, "jails/web", "a", ".staging/x/now",
	    NULL), IOC_EXISTS);
	get_root(s, ".staging/x/now", "mine", true, "first\n");
	get_root(s, ".staging/x/now", "hello", false, "from the release\n");
	ok(s->ops->destroy(s, ".staging/x", &err), &err);
	get_root(s, "jails/web", "mine", true, "second\n");
	snapshots_are(s, "jails/web", "a ");
	if (ops->mounts)
		return;
	/* What names no snapshot of ours shows nothing, and only in staging. */
	ok(s->ops->place(s, ".staging/x", &err), &err);
	for (const char **b = (const char *[]){ "", "@", "jails/web@a",
	    "jails/web\n", "../web@a\n", "jails/web@../a\n", "jails/web@\n",
	    "/etc@a\n", "jails/web@a\nx\n", "jails/web@gone\n", NULL };
	    *b != NULL; b++) {
		put(s, ".staging/x/view", *b);
		assert_true(s->ops->root(s, ".staging/x", &root, NULL) < 0);
	}
	ok(s->ops->create(s, "jails/full", &err), &err);
	put(s, "jails/full/view", "jails/web@a\n");
	put_root(s, "jails/full", "mine", "its own\n");
	get_root(s, "jails/full", "mine", true, "its own\n");
}

static void
is_owned(struct ioc_store *s, const char *path, uid_t uid, gid_t gid)
{
	struct ioc_error err = { .msg = "" };
	struct stat st;

	ok(ioc_path_stat(s->root, path, 0, &st, &err), &err);
	assert_int_equal(st.st_uid, uid);
	assert_int_equal(st.st_gid, gid);
}

/* A layer belongs to the users of its own jail, and of no other. */
void
test_owners_of_a_clone(void **state)
{
	struct ioc_store *s = *state;
	struct ioc_error err = { .msg = "" };
	const uint32_t a = 655360, b = 1310720;
	/* the head of version 3, no rights, and the root whose users have them */
	unsigned char caps[24] = { 0, 0, 0, 3, 1 };
	/* its owner, the user a + 7, its group, the mask and the others */
	unsigned char acl[44] = { 2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255,
		2, 0, 4, 0, 0, 0, 0, 0, 4, 0, 4, 0, 255, 255, 255, 255,
		16, 0, 4, 0, 255, 255, 255, 255, 32, 0, 4, 0, 255, 255, 255,
		255 };
	auto_buf struct ioc_buf got = IOC_BUF(100 * 1000);
	const uint32_t of = a + 7, to = b + 7;
	bool acls;

	if (ops->mounts || !LAYERS)
		NOT_HERE();
	make_release(s);
	ok(s->ops->clone(s, "releases/bookworm/p0", "jails/web",
	    IOC_CLONE_THIN, a, NULL, NULL, &err), &err);
	put_root(s, "jails/web", "mine", "web\n");
	put_root(s, "jails/web", "host", "web\n");
	memcpy(caps + 20, &a, sizeof(a));
	ok(ioc_path_chown(s->root, "jails/web/layer/mine", a + 7, a + 8, 0,
	    &err), &err);
	ok(ioc_path_xattr_set(s->root, "jails/web/layer/mine",
	    "security.capability", caps, sizeof(caps), 0, &err), &err);
	memcpy(acl + 16, &of, sizeof(of));
	acls = ioc_path_xattr_set(s->root, "jails/web/layer/mine",
	    "system.posix_acl_access", acl, sizeof(acl), 0, NULL) == 0;
	ok(s->ops->clone(s, "jails/web", "jails/copy", IOC_CLONE_THIN, b, NULL,
	    NULL, &err), &err);
	is_owned(s, "jails/copy/layer", b, b);
	is_owned(s, "jails/copy/work", b, b);
	is_owned(s, "jails/copy/layer/mine", b + 7, b + 8);
	is_owned(s, "jails/copy/layer/host", 0, 0);
	ok(ioc_path_xattr_get(s->root, "jails/copy/layer/mine",
	    "security.capability", 0, &got, &err), &err);
	memcpy(caps + 20, &b, sizeof(b));
	assert_int_equal(got.len, sizeof(caps));
	assert_memory_equal(got.data, caps, sizeof(caps));
	if (!acls)
		return;
	ioc_buf_clear(&got);
	ok(ioc_path_xattr_get(s->root, "jails/copy/layer/mine",
	    "system.posix_acl_access", 0, &got, &err), &err);
	memcpy(acl + 16, &to, sizeof(to));
	assert_int_equal(got.len, sizeof(acl));
	assert_memory_equal(got.data, acl, sizeof(acl));
	/* the original is what it was */
	is_owned(s, "jails/web/layer/mine", a + 7, a + 8);
}

/* In a dataset that has a key: what is cloned has the same one. */
void
test_encrypted(void **state)
{
	struct ioc_store *plain = *state, *s = NULL;
	struct ioc_error err = { .msg = "" };
	char line[600], dataset[220], mountpoint[160];

	if (!ops->mounts)
		NOT_HERE();
	(void)snprintf(dataset, sizeof(dataset), "%s/secret", where);
	(void)snprintf(mountpoint, sizeof(mountpoint), "%s/secret", top);
	(void)snprintf(line, sizeof(line), "echo password | zfs create "
	    "-o encryption=on -o keyformat=passphrase -o mountpoint=%s %s "
	    ">/dev/null 2>&1", mountpoint, dataset);
	if (system(line) != 0) {
		print_message("this ZFS does not encrypt\n");
		skip();
	}
	ok(ops->activate(dataset, mountpoint, &err), &err);
	ok(ops->open(dataset, plain->os, &s, &err), &err);
	make_release(s);
	thin(s, "jails/web");
	put_root(s, "jails/web", "mine", "web\n");
	ok(ops->snapshot->create(s, "jails/web", "a", NULL, NULL, &err), &err);
	ok(ops->snapshot->clone(s, "jails/web", "a", "jails/copy", 0, NULL,
	    NULL, &err), &err);
	get_root(s, "jails/copy", "mine", true, "web\n");
	put_root(s, "jails/web", "mine", "later\n");
	ok(roll_back(s, "jails/web", "a", false, &err), &err);
	get_root(s, "jails/web", "mine", true, "web\n");
	ok(s->ops->rename(s, "jails/web", "jails/www", &err), &err);
	ok(s->ops->promote(s, "jails/copy", &err), &err);
	ok(s->ops->destroy(s, "jails/www", &err), &err);
	get_root(s, "jails/copy", "mine", true, "web\n");
	(void)snprintf(line, sizeof(line), "test \"$(zfs get -H -o value "
	    "encryptionroot %s/jails/copy/root)\" = %s", dataset, dataset);
	assert_int_equal(system(line), 0);
	ioc_store_close(s);
}
