/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include "base/cleanup.h"
#include "safe/path.h"
#include "tests/common/tmp.h"

/* OUTSIDE/secret, and beneath OUTSIDE/root links to it. */
struct tree {
	struct tmp	t;
	int		root;
};

static int
setup(void **state)
{
	static struct tree tree;
	struct tree *tr = &tree;

	tmp_open(&tr->t);
	tmp_write(tr->t.fd, "secret", "secret");
	tmp_mkdir(tr->t.fd, "out");
	tmp_write(tr->t.fd, "out/f", "secret");
	tmp_mkdir(tr->t.fd, "root");
	tr->root = openat(tr->t.fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tmp_write(tr->root, "file", "file");
	tmp_write(tr->root, "other", "other");
	tmp_mkdir(tr->root, "dir");
	tmp_write(tr->root, "dir/f", "inside");
	tmp_symlink("dir", tr->root, "in");
	tmp_symlink("../secret", tr->root, "outfile");
	tmp_symlink("../out", tr->root, "outdir");
	*state = tr;
	return (0);
}

static int
teardown(void **state)
{
	struct tree *tr = *state;

	(void)close(tr->root);
	tmp_close(&tr->t);
	return (0);
}

static const int both[] = { 0, IOC_PATH_WALK };
#define	EACH(flags)							\
	for (int i_ = 0, flags = 0; i_ < 2 && ((flags = both[i_]), true); i_++)

static void
test_path_chmod__never_through_a_link(void **state)
{
	struct tree *tr = *state;
	struct ioc_error err;
	struct stat st;

	EACH(flags) {
		assert_int_equal(ioc_path_chmod(tr->root, "in/f", 04711, flags,
		    &err), 0);
		assert_int_equal(fstatat(tr->root, "dir/f", &st, 0), 0);
		assert_int_equal(st.st_mode & 07777, 04711);
		assert_int_equal(ioc_path_chmod(tr->root, "dir/", 0700, flags,
		    &err), 0);
		assert_int_equal(ioc_path_chmod(tr->root, "file/", 0700, flags,
		    &err), IOC_FAILED);
		assert_int_equal(ioc_path_chmod(tr->root, "outfile", 0777,
		    flags, &err), IOC_UNSAFE);
		assert_string_equal(err.msg, "chmod \"outfile\": is a link");
		assert_int_equal(ioc_path_chmod(tr->root, "outdir/f", 0777,
		    flags, &err), IOC_UNSAFE);
		assert_int_equal(ioc_path_chmod(tr->root, "none", 0777, flags,
		    &err), IOC_NOT_FOUND);
	}
	assert_int_equal(fstatat(tr->t.fd, "secret", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
}

static void
test_path_chown_utimes__of_a_link_its_own(void **state)
{
	const struct timespec past[2] = { { 1000, 0 }, { 2000, 0 } };
	struct tree *tr = *state;
	struct ioc_error err;
	struct stat st;

	EACH(flags) {
		assert_int_equal(ioc_path_utimes(tr->root, "outfile", past,
		    flags, &err), 0);
		assert_int_equal(ioc_path_utimes(tr->root, "in/f", past, flags,
		    &err), 0);
		assert_int_equal(ioc_path_utimes(tr->root, "outdir/f", past,
		    flags, &err), IOC_UNSAFE);
		assert_int_equal(ioc_path_chown(tr->root, "outdir/f", geteuid(),
		    (gid_t)-1, flags, &err), IOC_UNSAFE);
		assert_int_equal(ioc_path_chown(tr->root, "in/f", geteuid(),
		    (gid_t)-1, flags, &err), 0);
		if (geteuid() == 0)
			assert_int_equal(ioc_path_chown(tr->root, "outfile",
			    1234, 1235, flags, &err), 0);
	}
	assert_int_equal(fstatat(tr->root, "dir/f", &st, 0), 0);
	assert_int_equal(st.st_mtime, 2000);
	assert_int_equal(fstatat(tr->root, "outfile", &st,
	    AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mtime, 2000);
	assert_int_equal(fstatat(tr->t.fd, "secret", &st, 0), 0);
	assert_int_equal(st.st_uid, geteuid());
	assert_true(st.st_mtime > 2000);
}

static void
test_path_xattr__round_and_refused(void **state)
{
	struct tree *tr = *state;
	struct ioc_error err;
	char value[5000];
	int r;

	memset(value, 'v', sizeof(value));
	r = ioc_path_xattr_set(tr->root, "in/f", "user.a", "one", 3, 0, &err);
	if (r == IOC_UNSUPPORTED || (r != 0 && err.sys == EOPNOTSUPP))
		skip();
	EACH(flags) {
		auto_buf struct ioc_buf b = IOC_BUF(4096), big = IOC_BUF(2000);
		auto_strv struct ioc_strv names = IOC_STRV;

		assert_int_equal(ioc_path_xattr_set(tr->root, "in/f", "user.a",
		    value, 3000, flags, &err), 0);
		assert_int_equal(ioc_path_xattr_get(tr->root, "dir/f",
		    "user.a", flags, &b, &err), 0);
		assert_int_equal(b.len, 3000);
		assert_memory_equal(b.data, value, 3000);
		assert_int_equal(ioc_path_xattr_get(tr->root, "dir/f",
		    "user.a", flags, &big, &err), IOC_LIMIT);
		assert_int_equal(ioc_path_xattr_list(tr->root, "dir/f", flags,
		    &names, &err), 0);
		assert_true(ioc_strv_has(&names, "user.a"));
		assert_int_equal(ioc_path_xattr_remove(tr->root, "dir/f",
		    "user.a", flags, &err), 0);
		assert_int_equal(ioc_path_xattr_remove(tr->root, "dir/f",
		    "user.a", flags, &err), IOC_NOT_FOUND);
		assert_string_equal(err.msg,
		    "remove \"dir/f\": has no attribute \"user.a\"");
		assert_int_equal(ioc_path_xattr_set(tr->root, "dir/f", "a", "",
		    0, flags, &err), IOC_INVALID);
		assert_int_equal(ioc_path_xattr_set(tr->root, "outfile",
		    "user.a", "x", 1, flags, &err), IOC_UNSAFE);
		assert_int_equal(ioc_path_xattr_set(tr->root, "outdir/f",
		    "user.a", "x", 1, flags, &err), IOC_UNSAFE);
	}
}

static void
test_path_exchange__at_once(void **state)
{
	struct tree *tr = *state;
	struct ioc_error err;
	int r = ioc_path_exchange(tr->root, "file", "other", 0, &err);

	if (r == IOC_UNSUPPORTED) {
		assert_string_equal(tmp_read(tr->root, "file"), "file");
		skip();
	}
	assert_int_equal(r, 0);
	assert_string_equal(tmp_read(tr->root, "file"), "other");
	EACH(flags) {
		assert_int_equal(ioc_path_exchange(tr->root, "file", "outdir/f",
		    flags, &err), IOC_UNSAFE);
		assert_int_equal(ioc_path_exchange(tr->root, "outdir/f", "file",
		    flags, &err), IOC_UNSAFE);
		assert_int_equal(ioc_path_exchange(tr->root, "file", "none",
		    flags, &err), IOC_NOT_FOUND);
		assert_int_equal(ioc_path_exchange(tr->root, "file/", "other",
		    flags, &err), IOC_FAILED);
	}
	assert_string_equal(tmp_read(tr->t.fd, "out/f"), "secret");
}

static void
test_path_remove__either_kind(void **state)
{
	struct tree *tr = *state;
	struct ioc_error err;

	assert_int_equal(ioc_path_remove(tr->root, "dir", 0, &err),
	    IOC_EXISTS);
	assert_int_equal(ioc_path_remove(tr->root, "outdir/f", IOC_PATH_WALK,
	    &err), IOC_UNSAFE);
	assert_int_equal(ioc_path_remove(tr->root, "outdir", 0, &err), 0);
	assert_int_equal(ioc_path_remove(tr->root, "in/f", IOC_PATH_WALK,
	    &err), 0);
	assert_int_equal(ioc_path_remove(tr->root, "dir/", 0, &err), 0);
	assert_true(tmp_exists(tr->t.fd, "out/f"));
}

#define	WITH_TREE(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

UNIT_MAIN(
	WITH_TREE(test_path_chmod__never_through_a_link),
	WITH_TREE(test_path_chown_utimes__of_a_link_its_own),
	WITH_TREE(test_path_xattr__round_and_refused),
	WITH_TREE(test_path_exchange__at_once),
	WITH_TREE(test_path_remove__either_kind))
