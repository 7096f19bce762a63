/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "safe/path.h"
#include "tests/common/tmp.h"

/*
 * OUTSIDE/secret and OUTSIDE/root: the root, in which links lead everywhere.
 */
struct tree {
	struct tmp	t;
	int		root;
};

static int
setup(void **state)
{
	static struct tree tree;
	struct tree *tr = &tree;
	char from[16], to[16];

	tmp_open(&tr->t);
	tmp_write(tr->t.fd, "secret", "secret");
	tmp_mkdir(tr->t.fd, "root");
	tmp_mkdir(tr->t.fd, "root2");
	tr->root = openat(tr->t.fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tmp_write(tr->root, "file", "file");
	tmp_mkdir(tr->root, "dir");
	tmp_mkdir(tr->root, "dir/sub");
	tmp_mkdir(tr->root, "dir/sub/deep");
	tmp_write(tr->root, "dir/file", "dir/file");
	tmp_symlink("dir", tr->root, "in");
	tmp_symlink("dir/", tr->root, "inslash");
	tmp_symlink("./dir/../dir/./sub", tr->root, "in2");
	tmp_symlink("../../in/sub", tr->root, "dir/sub/in3");
	tmp_symlink("/dir", tr->root, "abs");
	tmp_symlink("/", tr->root, "slash");
	tmp_symlink("..", tr->root, "out");
	tmp_symlink("../secret", tr->root, "outfile");
	tmp_symlink("../root/dir", tr->root, "outin");
	tmp_symlink("../root2", tr->root, "sibling");
	tmp_symlink("dir/../..", tr->root, "out2");
	tmp_symlink("self", tr->root, "self");
	tmp_symlink("nowhere", tr->root, "dangling");
	tmp_symlink("file", tr->root, "tofile");
	tmp_symlink("../..", tr->root, "dir/sub/top");
	tmp_symlink("../../..", tr->root, "dir/sub/over");
	tmp_symlink("dir", tr->root, "c0");
	for (int i = 1; i < 45; i++) {
		(void)snprintf(from, sizeof(from), "c%d", i);
		(void)snprintf(to, sizeof(to), "c%d", i - 1);
		tmp_symlink(to, tr->root, from);
	}
	assert_int_equal(mkfifoat(tr->root, "fifo", 0600), 0);
	assert_int_equal(mkfifoat(tr->root, "dir/fifo", 0600), 0);
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

#define	A50	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define	A250	A50 A50 A50 A50 A50
#define	D500	"dir/../dir/../dir/../dir/../dir/../dir/../dir/../dir/../" \
	"dir/../dir/../dir/../dir/../dir/../dir/../dir/../dir/../"

struct path_case {
	const char	*path;
	int		 code;		/* opened for reading */
	const char	*same;		/* what it must be, from the root */
	int		 nolinks;	/* its code with IOC_PATH_NOLINKS */
};

static const struct path_case cases[] = {
	{ "file", 0, "file", 0 },
	{ "/file", 0, "file", 0 },
	{ "///dir//file", 0, "dir/file", 0 },
	{ "dir", 0, "dir", 0 },
	{ "dir/", 0, "dir", 0 },
	{ "/", 0, ".", 0 },
	{ ".", 0, ".", 0 },
	{ "./././", 0, ".", 0 },
	{ "dir/..", 0, ".", 0 },
	{ "dir/sub/../..", 0, ".", 0 },
	{ "dir/sub/../../file", 0, "file", 0 },
	{ "dir/./sub/.", 0, "dir/sub", 0 },
	{ D500 D500 "file", 0, "file", 0 },
	{ "in/file", 0, "dir/file", IOC_UNSAFE },
	{ "inslash/file", 0, "dir/file", IOC_UNSAFE },
	{ "in2/deep", 0, "dir/sub/deep", IOC_UNSAFE },
	{ "in2/in3/deep", 0, "dir/sub/deep", IOC_UNSAFE },
	{ "in/../file", 0, "file", IOC_UNSAFE },
	{ "in2/../file", 0, "dir/file", IOC_UNSAFE },
	{ "dir/sub/top/file", 0, "file", IOC_UNSAFE },
	{ "in/.", 0, "dir", IOC_UNSAFE },
	{ "c39/file", 0, "dir/file", IOC_UNSAFE },
	{ "c40/file", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "c44/file", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "in", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "in/", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "tofile", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "dangling", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "dangling/x", IOC_NOT_FOUND, NULL, IOC_UNSAFE },
	{ "self", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "self/x", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "abs", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "abs/file", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "slash/dir/file", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "out/root/file", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "out/secret", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "out2/secret", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "outfile", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "outin/file", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "sibling/x", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "dir/sub/over/secret", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "..", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "/..", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "../root/file", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "../root2", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "dir/../../secret", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "dir/../..", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "missing", IOC_NOT_FOUND, NULL, IOC_NOT_FOUND },
	{ "missing/../file", IOC_NOT_FOUND, NULL, IOC_NOT_FOUND },
	{ "dir/missing/x", IOC_NOT_FOUND, NULL, IOC_NOT_FOUND },
	{ "missing/../../secret", IOC_NOT_FOUND, NULL, IOC_NOT_FOUND },
	{ "file/x", IOC_FAILED, NULL, IOC_FAILED },
	{ "file/..", IOC_FAILED, NULL, IOC_FAILED },
	{ "file/.", IOC_FAILED, NULL, IOC_FAILED },
	{ "file/", IOC_FAILED, NULL, IOC_FAILED },
	{ "tofile/x", IOC_FAILED, NULL, IOC_UNSAFE },
	{ "fifo", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "in/fifo", IOC_UNSAFE, NULL, IOC_UNSAFE },
	{ "fifo/x", IOC_FAILED, NULL, IOC_FAILED },
	{ "", IOC_INVALID, NULL, IOC_INVALID },
	{ A250 "aaaaa", IOC_NOT_FOUND, NULL, IOC_NOT_FOUND },
	{ A250 "aaaaaa", IOC_INVALID, NULL, IOC_INVALID },
	{ "dir/" A250 "aaaaaa/x", IOC_INVALID, NULL, IOC_INVALID },
};

static void
check_case(struct tree *tr, const struct path_case *c, int pflags)
{
	int want = (pflags & IOC_PATH_NOLINKS) != 0 ? c->nolinks : c->code;
	struct ioc_error err = { 0 };
	auto_fd int fd = ioc_path_open(tr->root, c->path, O_RDONLY, pflags,
	    &err);
	auto_fd int same = -1;

	if (want != 0) {
		if (fd != want)
			fail_msg("%s (%d): %d instead of %d: %s", c->path,
			    pflags, fd, want, err.msg);
		assert_int_equal(err.code, want);
		return;
	}
	if (fd < 0)
		fail_msg("%s (%d): %s", c->path, pflags, err.msg);
	same = openat(tr->root, c->same, O_RDONLY | O_CLOEXEC);
	assert_true(ioc_path_same(fd, same));
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
}

static void
test_path_open__table_through_both_resolvers(void **state)
{
	int fds = tmp_count_fds();

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		check_case(*state, &cases[i], 0);
		check_case(*state, &cases[i], IOC_PATH_WALK);
		check_case(*state, &cases[i], IOC_PATH_XDEV);
		check_case(*state, &cases[i], IOC_PATH_NOLINKS);
		check_case(*state, &cases[i],
		    IOC_PATH_NOLINKS | IOC_PATH_WALK);
	}
	assert_int_equal(tmp_count_fds(), fds);
}

/* Paths put together by chance: both resolvers say the same of each. */
static void
test_path_open__resolvers_agree_on_chance(void **state)
{
	static const char *const parts[] = {
		"dir", "sub", "deep", "file", "in", "in2", "in3", "..", "..",
		"..", ".", "out", "outin", "top", "over", "abs", "self",
		"dangling", "missing", "c0", "c9", "c30", "fifo", "inslash",
		"tofile", "", "dir/sub", "in/sub",
	};
	struct tree *tr = *state;
	unsigned seed = 1;
	int ok = 0;

	for (int n = 0; n < 40000; n++) {
		struct ioc_error e1 = { 0 }, e2 = { 0 };
		int flags = n % 4 == 0 ? IOC_PATH_NOLINKS : 0;
		char path[256] = "";
		auto_fd int a = -1, b = -1;

		for (int k = rand_r(&seed) % 7 + 1; k > 0; k--) {
			strcat(path, parts[(size_t)rand_r(&seed) %
			    (sizeof(parts) / sizeof(*parts))]);
			if (k > 1 || rand_r(&seed) % 8 == 0)
				strcat(path, "/");
		}
		a = ioc_path_open(tr->root, path, ioc_o_path, flags, &e1);
		b = ioc_path_open(tr->root, path, ioc_o_path,
		    flags | IOC_PATH_WALK, &e2);
		if (a >= 0 && b >= 0) {
			assert_true(ioc_path_same(a, b));
			ok++;
		} else if (a != b || strcmp(e1.msg, e2.msg) != 0)
			fail_msg("%s: %d %s, walk: %d %s", path, a, e1.msg, b,
			    e2.msg);
	}
	/* The test is worth something only if a good part of them opens. */
	assert_true(ok > 2000);
}

static void
test_path_open__long_paths(void **state)
{
	struct tree *tr = *state;
	struct ioc_error err;
	char path[5000];

	for (int flags = 0; flags <= IOC_PATH_WALK; flags += IOC_PATH_WALK) {
		auto_fd int fd = -1;

		memset(path, '/', sizeof(path));
		memcpy(path + 4091, "file", 5);
		fd = ioc_path_open(tr->root, path, O_RDONLY, flags, &err);
		assert_true(fd >= 0);
		memcpy(path + 4091, "//file", 7);
		assert_int_equal(ioc_path_open(tr->root, path, O_RDONLY, flags,
		    &err), IOC_INVALID);
		assert_string_equal(err.msg,
		    "open: the path is longer than 4095 bytes");
	}
}

static void
test_path_open__magic_links(void **state)
{
	static const struct {
		const char *path;
		int code;
	} magic[] = {
		{ "self/status", 0 },
		{ "thread-self/status", 0 },
		{ "self/cwd/x", IOC_UNSAFE },
		{ "self/root/etc/passwd", IOC_UNSAFE },
		{ "self/fd/0/x", IOC_UNSAFE },
		{ "self/ns/mnt/x", IOC_UNSAFE },
		{ "self/exe", IOC_UNSAFE },
	};
	auto_fd int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (proc < 0 || faccessat(proc, "self/status", R_OK, 0) != 0)
		skip();
	for (size_t i = 0; i < sizeof(magic) / sizeof(*magic); i++) {
		struct ioc_error e1 = { 0 }, e2 = { 0 };
		auto_fd int a = ioc_path_open(proc, magic[i].path, O_RDONLY, 0,
		    &e1);
		auto_fd int b = ioc_path_open(proc, magic[i].path, O_RDONLY,
		    IOC_PATH_WALK, &e2);

		assert_int_equal(a < 0 ? a : 0, magic[i].code);
		assert_int_equal(b < 0 ? b : 0, magic[i].code);
		assert_string_equal(e1.msg, e2.msg);
	}
}

static void
test_path_open__sentences(void **state)
{
	struct tree *tr = *state;
	struct ioc_error err;

	(void)ioc_path_open(tr->root, "out/secret", O_RDONLY, 0, &err);
	assert_string_equal(err.msg,
	    "open \"out/secret\": leads out of its root");
	(void)ioc_path_open(tr->root, "in", O_RDONLY, 0, &err);
	assert_string_equal(err.msg, "open \"in\": is a link");
	(void)ioc_path_open(tr->root, "in/file", O_RDONLY, IOC_PATH_NOLINKS,
	    &err);
	assert_string_equal(err.msg,
	    "open \"in/file\": meets a link that is not followed");
	(void)ioc_path_open(tr->root, "fifo", O_RDONLY, 0, &err);
	assert_string_equal(err.msg, "open \"fifo\": is a FIFO");
	(void)ioc_path_open(tr->root, "no\n\x1b", O_RDONLY, 0, &err);
	assert_string_equal(err.msg,
	    "open \"no\\n\\x1b\": No such file or directory");
	assert_int_equal(err.sys, ENOENT);
	assert_int_equal(ioc_path_open(tr->root, "new", O_RDWR | O_CREAT, 0,
	    &err), IOC_INVALID);
	assert_false(tmp_exists(tr->root, "new"));
}

static void
test_path_open__o_path_holds_a_link(void **state)
{
	struct tree *tr = *state;
	struct ioc_error err;
	struct stat st;

	for (int flags = 0; flags <= IOC_PATH_WALK; flags += IOC_PATH_WALK) {
		auto_fd int fd = ioc_path_open(tr->root, "out", ioc_o_path,
		    flags, &err);
		auto_fd int fifo = ioc_path_open(tr->root, "fifo", ioc_o_path,
		    flags, &err);

		assert_true(fd >= 0 && fifo >= 0);
		assert_int_equal(fstat(fd, &st), 0);
		assert_true(S_ISLNK(st.st_mode));
		assert_int_equal(ioc_path_open(tr->root, "out/", ioc_o_path,
		    flags, &err), IOC_UNSAFE);
	}
}

static void
test_path_root__last_may_not_be_a_link(void **state)
{
	struct tree *tr = *state;
	struct ioc_error err;
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/root///", tr->t.path);
	fd = ioc_path_root(path, &err);
	assert_true(fd >= 0 && ioc_path_same(fd, tr->root));
	(void)close(fd);
	(void)snprintf(path, sizeof(path), "%s/root/in/", tr->t.path);
	assert_int_equal(ioc_path_root(path, &err), IOC_UNSAFE);
	(void)snprintf(path, sizeof(path), "%s/root/in/sub", tr->t.path);
	fd = ioc_path_root(path, &err);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(ioc_path_root("/nonexistent-x", &err), IOC_NOT_FOUND);
	assert_int_equal(ioc_path_root("", &err), IOC_INVALID);
	fd = ioc_path_root("/", &err);
	assert_true(fd >= 0);
	(void)close(fd);
}

static void
make_new(struct tree *tr, int flags)
{
	struct ioc_error err;
	struct stat st;
	mode_t old = umask(077);
	int fd;

	fd = ioc_path_create(tr->root, "in/new", 0644, flags, &err);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	(void)close(fd);
	(void)umask(0);
	assert_int_equal(ioc_path_create(tr->root, "dir/new", 0644, flags,
	    &err), IOC_EXISTS);
	assert_int_equal(ioc_path_create(tr->root, "dangling", 0644, flags,
	    &err), IOC_EXISTS);
	assert_false(tmp_exists(tr->root, "nowhere"));
	assert_int_equal(ioc_path_create(tr->root, "out/x", 0644, flags, &err),
	    IOC_UNSAFE);
	assert_int_equal(ioc_path_create(tr->root, "x/", 0644, flags, &err),
	    IOC_INVALID);
	assert_int_equal(ioc_path_create(tr->root, "dir/..", 0644, flags,
	    &err), IOC_INVALID);
	fd = ioc_path_mkdir(tr->root, "d1/", 0750, flags, &err);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0750);
	(void)close(fd);
	assert_int_equal(ioc_path_mkdir(tr->root, "dangling", 0750, flags,
	    &err), IOC_EXISTS);
	(void)umask(old);
}

static void
name_anew(struct tree *tr, int flags)
{
	struct ioc_error err;
	struct stat st;
	char text[64];

	assert_int_equal(ioc_path_rename(tr->root, "in/new", "d1/moved", flags,
	    &err), 0);
	assert_int_equal(ioc_path_rename(tr->root, "d1/moved", "out/moved",
	    flags, &err), IOC_UNSAFE);
	assert_int_equal(ioc_path_rename(tr->root, "d1/moved", "d1/m2/", flags,
	    &err), IOC_FAILED);
	assert_int_equal(ioc_path_link(tr->root, "d1/moved", "in/hard", flags,
	    &err), 0);
	assert_int_equal(ioc_path_stat(tr->root, "in/hard", flags, &st, &err),
	    0);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(ioc_path_stat(tr->root, "out", flags, &st, &err), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(ioc_path_stat(tr->root, "out/", flags, &st, &err),
	    IOC_UNSAFE);
	assert_int_equal(ioc_path_stat(tr->root, "in/..", flags, &st, &err),
	    0);
	assert_int_equal(ioc_path_symlink("../../x", tr->root, "d1/l", flags,
	    &err), 0);
	assert_int_equal(ioc_path_readlink(tr->root, "d1/l", flags, text,
	    sizeof(text), &err), 0);
	assert_string_equal(text, "../../x");
	assert_int_equal(ioc_path_readlink(tr->root, "d1/l", flags, text, 7,
	    &err), IOC_LIMIT);
	assert_int_equal(ioc_path_readlink(tr->root, "file", flags, text,
	    sizeof(text), &err), IOC_INVALID);
}

static void
remove_again(struct tree *tr, int flags)
{
	struct ioc_error err;
	char last[256];
	int fd;

	fd = ioc_path_parent(tr->root, "/in/../d1/l/", flags, last, &err);
	assert_true(fd >= 0);
	assert_string_equal(last, "l");
	(void)close(fd);
	assert_int_equal(ioc_path_parent(tr->root, "/", flags, last, &err),
	    IOC_INVALID);
	assert_int_equal(ioc_path_parent(tr->root, "..", flags, last, &err),
	    IOC_UNSAFE);
	assert_int_equal(ioc_path_rmdir(tr->root, "d1", flags, &err),
	    IOC_EXISTS);
	assert_int_equal(ioc_path_unlink(tr->root, "d1/l", flags, &err), 0);
	assert_int_equal(ioc_path_unlink(tr->root, "in/hard", flags, &err),
	    0);
	assert_int_equal(ioc_path_unlink(tr->root, "d1/moved", flags, &err),
	    0);
	assert_int_equal(ioc_path_unlink(tr->root, "out/secret", flags, &err),
	    IOC_UNSAFE);
	assert_int_equal(ioc_path_rmdir(tr->root, "d1", flags, &err), 0);
	assert_int_equal(ioc_path_rmdir(tr->root, "d1", flags, &err),
	    IOC_NOT_FOUND);
}

static void
test_path__make_and_remove_through_both(void **state)
{
	for (int flags = 0; flags <= IOC_PATH_WALK; flags += IOC_PATH_WALK) {
		make_new(*state, flags);
		name_anew(*state, flags);
		remove_again(*state, flags);
	}
}

static void
mkdirs(struct tree *tr, int flags)
{
	const uid_t none = (uid_t)-1;
	struct ioc_error err;
	struct stat st;
	int fd;

	fd = ioc_path_mkdirs(tr->root, "/in/n1/n2//n3/", 0711, none, none,
	    flags, &err);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0711);
	(void)close(fd);
	assert_int_equal(fstatat(tr->root, "dir/n1/n2", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0711);
	fd = ioc_path_mkdirs(tr->root, "dir/n1/n2/../n4", 0711, none, none,
	    flags, &err);
	assert_true(fd >= 0);
	(void)close(fd);
	fd = ioc_path_mkdirs(tr->root, "/", 0711, none, none, flags, &err);
	assert_true(fd >= 0 && ioc_path_same(fd, tr->root));
	(void)close(fd);
	assert_int_equal(ioc_path_mkdirs(tr->root, "dangling/x", 0711, none,
	    none, flags, &err), IOC_UNSAFE);
	assert_int_equal(ioc_path_mkdirs(tr->root, "in", 0711, none, none,
	    flags, &err), IOC_UNSAFE);
	assert_int_equal(ioc_path_mkdirs(tr->root, "new1/../../new2", 0711,
	    none, none, flags, &err), IOC_UNSAFE);
	assert_int_equal(ioc_path_mkdirs(tr->root, "out/new2", 0711, none,
	    none, flags, &err), IOC_UNSAFE);
	assert_false(tmp_exists(tr->t.fd, "new2"));
	assert_int_equal(ioc_path_mkdirs(tr->root, "file/x", 0711, none, none,
	    flags, &err), IOC_FAILED);
	(void)unlinkat(tr->root, "new1", AT_REMOVEDIR);
	(void)unlinkat(tr->root, "dir/n1/n2/n3", AT_REMOVEDIR);
	(void)unlinkat(tr->root, "dir/n1/n2", AT_REMOVEDIR);
	(void)unlinkat(tr->root, "dir/n1/n4", AT_REMOVEDIR);
	assert_int_equal(unlinkat(tr->root, "dir/n1", AT_REMOVEDIR), 0);
}

static void
test_path_mkdirs__through_both(void **state)
{
	int fds = tmp_count_fds();

	mkdirs(*state, 0);
	mkdirs(*state, IOC_PATH_WALK);
	assert_int_equal(tmp_count_fds(), fds);
}

static void
test_path_xdev__refuses_a_mount(void **state)
{
	struct ioc_error err;
	auto_fd int root = ioc_path_root("/", &err);
	auto_fd int in = -1;
	int fd;

	assert_true(root >= 0);
	in = ioc_path_dir(root, "proc", 0, &err);
	if (in < 0 || ioc_path_same(in, root))
		skip();
	fd = ioc_path_open(root, "proc/version", O_RDONLY, 0, &err);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(ioc_path_open(root, "proc/version", O_RDONLY,
	    IOC_PATH_XDEV, &err), IOC_UNSAFE);
	assert_string_equal(err.msg,
	    "open \"proc/version\": crosses a mount");
	assert_int_equal(ioc_path_dir(root, "proc", IOC_PATH_XDEV, &err),
	    IOC_UNSAFE);
	assert_int_equal(ioc_path_dir(root, "proc/../tmp", IOC_PATH_XDEV,
	    &err), IOC_UNSAFE);
}

#define	WITH_TREE(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

UNIT_MAIN(
	WITH_TREE(test_path_open__table_through_both_resolvers),
	WITH_TREE(test_path_open__resolvers_agree_on_chance),
	WITH_TREE(test_path_open__long_paths),
	cmocka_unit_test(test_path_open__magic_links),
	WITH_TREE(test_path_open__sentences),
	WITH_TREE(test_path_open__o_path_holds_a_link),
	WITH_TREE(test_path_root__last_may_not_be_a_link),
	WITH_TREE(test_path__make_and_remove_through_both),
	WITH_TREE(test_path_mkdirs__through_both),
	cmocka_unit_test(test_path_xdev__refuses_a_mount))
