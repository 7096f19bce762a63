/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "safe/path.h"
#include "safe/tree.h"
#include "tests/common/tmp.h"

static void
test_tree_remove__all_kinds(void **state)
{
	auto_tmp struct tmp t;
	struct ioc_error err = { 0 };
	int fds;

	tmp_open(&t);
	fds = tmp_count_fds();
	tmp_mkdir(t.fd, "out");
	tmp_write(t.fd, "out/keep", "x");
	tmp_mkdir(t.fd, "tree");
	tmp_mkdir(t.fd, "tree/a\nb");
	tmp_mkdir(t.fd, "tree/a\nb/-rf");
	tmp_write(t.fd, "tree/a\nb/-rf/*", "x");
	tmp_write(t.fd, "tree/\xff\xfe", "x");
	tmp_symlink("../out", t.fd, "tree/link");
	tmp_symlink("..", t.fd, "tree/a\nb/up");
	assert_int_equal(mkfifoat(t.fd, "tree/fifo", 0), 0);
	tmp_mkdir(t.fd, "tree/closed");
	tmp_write(t.fd, "tree/closed/f", "x");
	tmp_mkdir(t.fd, "tree/closed/more");
	tmp_write(t.fd, "tree/closed/more/f", "x");
	assert_int_equal(fchmodat(t.fd, "tree/closed/more", 0, 0), 0);
	assert_int_equal(fchmodat(t.fd, "tree/closed", 0, 0), 0);
	assert_int_equal(fchmodat(t.fd, "tree/a\nb", 0555, 0), 0);
	assert_int_equal(fchmodat(t.fd, "tree", 0500, 0), 0);
	if (ioc_tree_remove(t.fd, "tree", &err) != 0)
		fail_msg("%s", err.msg);
	assert_false(tmp_exists(t.fd, "tree"));
	assert_true(tmp_exists(t.fd, "out/keep"));
	/* Nothing there, a file, a link, a bad name. */
	assert_int_equal(ioc_tree_remove(t.fd, "tree", &err), 0);
	tmp_write(t.fd, "file", "x");
	assert_int_equal(ioc_tree_remove(t.fd, "file", &err), 0);
	assert_false(tmp_exists(t.fd, "file"));
	tmp_symlink("out", t.fd, "link");
	assert_int_equal(ioc_tree_remove(t.fd, "link", &err), 0);
	assert_false(tmp_exists(t.fd, "link"));
	assert_true(tmp_exists(t.fd, "out/keep"));
	assert_int_equal(ioc_tree_remove(t.fd, "..", &err), IOC_INVALID);
	assert_int_equal(ioc_tree_remove(t.fd, "a/b", &err), IOC_INVALID);
	assert_int_equal(ioc_tree_remove(t.fd, "", &err), IOC_INVALID);
	assert_int_equal(err.code, IOC_INVALID);
	assert_int_equal(tmp_count_fds(), fds);
}

static void
make_deep(int dir, int depth)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY);

	for (int i = 0; i < depth; i++) {
		int next;

		tmp_mkdir(fd, "d");
		if (i % 1000 == 0)
			tmp_write(fd, "f", "x");
		next = openat(fd, "d", O_RDONLY | O_DIRECTORY);
		assert_true(next >= 0);
		(void)close(fd);
		fd = next;
	}
	tmp_write(fd, "bottom", "x");
	(void)close(fd);
}

/* Neither the stack nor the number of descriptors limits the depth. */
static void
test_tree__ten_thousand_deep(void **state)
{
	struct rlimit rl, was;
	auto_tmp struct tmp t;
	struct ioc_error err = { 0 };
	uint64_t used, used2;
	int from, to;

	tmp_open(&t);
	tmp_mkdir(t.fd, "tree");
	tmp_mkdir(t.fd, "copy");
	from = openat(t.fd, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to = openat(t.fd, "copy", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make_deep(from, 10000);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	rl = was;
	rl.rlim_cur = 40;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &rl), 0);
	assert_int_equal(ioc_tree_used(from, &used, &err), 0);
	if (ioc_tree_copy(from, to, NULL, NULL, &err) != 0)
		fail_msg("%s", err.msg);
	assert_int_equal(ioc_tree_used(to, &used2, &err), 0);
	assert_int_equal(used, used2);
	if (ioc_tree_remove(t.fd, "tree", &err) != 0)
		fail_msg("%s", err.msg);
	if (ioc_tree_remove(t.fd, "copy", &err) != 0)
		fail_msg("%s", err.msg);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_false(tmp_exists(t.fd, "tree"));
	assert_false(tmp_exists(t.fd, "copy"));
	(void)close(from);
	(void)close(to);
}

/* Many directories beside each other, each with others in it. */
static void
test_tree__wide(void **state)
{
	auto_tmp struct tmp t;
	struct ioc_error err = { 0 };
	char path[64];

	tmp_open(&t);
	tmp_mkdir(t.fd, "tree");
	for (int i = 0; i < 300; i++) {
		(void)snprintf(path, sizeof(path), "tree/%d", i);
		tmp_mkdir(t.fd, path);
		for (int k = 0; k < 5; k++) {
			(void)snprintf(path, sizeof(path), "tree/%d/%d", i, k);
			if (k % 2 == 0)
				tmp_mkdir(t.fd, path);
			else
				tmp_write(t.fd, path, "x");
		}
	}
	if (ioc_tree_remove(t.fd, "tree", &err) != 0)
		fail_msg("%s", err.msg);
	assert_false(tmp_exists(t.fd, "tree"));
}

static int
on_progress(uint64_t entries, uint64_t bytes, void *arg)
{
	uint64_t *stop = arg;

	return (entries == *stop);
}

static void
fill_source(struct tmp *t)
{
	struct timespec times[2] = { { 1000, 5 }, { 2000, 7 } };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0), fd;

	tmp_mkdir(t->fd, "from");
	tmp_mkdir(t->fd, "to");
	tmp_mkdir(t->fd, "from/d");
	tmp_mkdir(t->fd, "from/d/e");
	tmp_write(t->fd, "from/d/e/file", "content");
	assert_int_equal(linkat(t->fd, "from/d/e/file", t->fd, "from/hard",
	    0), 0);
	assert_int_equal(linkat(t->fd, "from/hard", t->fd, "from/d/third", 0),
	    0);
	tmp_symlink("/nowhere at all", t->fd, "from/link");
	assert_int_equal(linkat(t->fd, "from/link", t->fd, "from/link2", 0),
	    0);
	assert_int_equal(mkfifoat(t->fd, "from/fifo", 0640), 0);
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/from/sock",
	    t->path);
	assert_int_equal(bind(s, (struct sockaddr *)&sun, sizeof(sun)), 0);
	(void)close(s);
	fd = openat(t->fd, "from/sparse", O_RDWR | O_CREAT, 0604);
	assert_int_equal(fchmod(fd, 04711), 0);
	assert_int_equal(ftruncate(fd, 8 << 20), 0);
	(void)close(fd);
	assert_int_equal(utimensat(t->fd, "from/d/e/file", times, 0), 0);
	assert_int_equal(utimensat(t->fd, "from/link", times,
	    AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(utimensat(t->fd, "from/fifo", times, 0), 0);
	assert_int_equal(fchmodat(t->fd, "from/d/e", 0555, 0), 0);
	assert_int_equal(utimensat(t->fd, "from/d/e", times, 0), 0);
	assert_int_equal(utimensat(t->fd, "from", times, 0), 0);
}

static void
check_same(struct tmp *t, const char *name, bool times)
{
	char a[64], b[64];
	struct stat sa, sb;

	(void)snprintf(a, sizeof(a), "from/%s", name);
	(void)snprintf(b, sizeof(b), "to/%s", name);
	assert_int_equal(fstatat(t->fd, a, &sa, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(fstatat(t->fd, b, &sb, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(sa.st_mode, sb.st_mode);
	assert_int_equal(sa.st_uid, sb.st_uid);
	assert_int_equal(sa.st_gid, sb.st_gid);
	assert_int_equal(sa.st_nlink, sb.st_nlink);
	if (!S_ISDIR(sa.st_mode))
		assert_int_equal(sa.st_size, sb.st_size);
	if (times) {
		assert_int_equal(sa.st_mtim.tv_sec, sb.st_mtim.tv_sec);
		assert_int_equal(sa.st_mtim.tv_nsec, sb.st_mtim.tv_nsec);
	}
}

static void
test_tree_copy__everything(void **state)
{
	auto_tmp struct tmp t;
	struct ioc_error err = { 0 };
	struct stat a, b;
	int from, to, fds;
	char text[64] = "";

	tmp_open(&t);
	fds = tmp_count_fds();
	fill_source(&t);
	from = openat(t.fd, "from", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to = openat(t.fd, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ioc_tree_copy(from, to, NULL, NULL, &err) != 0)
		fail_msg("%s", err.msg);
	check_same(&t, "d", true);
	check_same(&t, "d/e", true);
	check_same(&t, "d/e/file", true);
	check_same(&t, "hard", true);
	check_same(&t, "link", true);
	check_same(&t, "link2", true);
	check_same(&t, "fifo", true);
	check_same(&t, "sparse", true);
	check_same(&t, ".", true);
	assert_false(tmp_exists(t.fd, "to/sock"));
	assert_string_equal(tmp_read(t.fd, "to/d/third"), "content");
	assert_int_equal(fstatat(t.fd, "to/hard", &a, 0), 0);
	assert_int_equal(fstatat(t.fd, "to/d/third", &b, 0), 0);
	assert_true(a.st_ino == b.st_ino && a.st_nlink == 3);
	assert_int_equal(fstatat(t.fd, "from/hard", &b, 0), 0);
	assert_true(a.st_ino != b.st_ino);
	assert_int_equal(fstatat(t.fd, "to/sparse", &a, 0), 0);
	assert_true(a.st_blocks < 1000);
	assert_true(readlinkat(t.fd, "to/link", text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "/nowhere at all");
	/* A second time it is not empty. */
	assert_int_equal(ioc_tree_copy(from, to, NULL, NULL, &err),
	    IOC_EXISTS);
	(void)close(from);
	(void)close(to);
	assert_int_equal(tmp_count_fds(), fds);
	assert_int_equal(fchmodat(t.fd, "from/d/e", 0755, 0), 0);
	assert_int_equal(fchmodat(t.fd, "to/d/e", 0755, 0), 0);
}

static void
test_tree_copy__canceled_at_every_entry(void **state)
{
	auto_tmp struct tmp t;
	struct ioc_error err = { 0 };
	uint64_t stop = 1;
	int from, to, r;

	tmp_open(&t);
	fill_source(&t);
	from = openat(t.fd, "from", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	do {
		to = openat(t.fd, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = ioc_tree_copy(from, to, on_progress, &stop, &err);
		assert_true(r == 0 || r == IOC_CANCELED);
		(void)close(to);
		assert_int_equal(ioc_tree_remove(t.fd, "to", &err), 0);
		tmp_mkdir(t.fd, "to");
		stop++;
	} while (r != 0);
	/* 2 directories, 3 names of a file, 2 of a link, fifo, sparse. */
	assert_int_equal(stop, 9 + 2);
	(void)close(from);
	assert_int_equal(fchmodat(t.fd, "from/d/e", 0755, 0), 0);
}

static void
test_tree_copy__extended_attributes(void **state)
{
	struct ioc_error err = { 0 };
	static char large[2000];
	char got[2000] = "";
	int from, to, f;
	struct tmp t;

	tmp_open(&t);
	tmp_mkdir(t.fd, "from");
	tmp_mkdir(t.fd, "from/d");
	tmp_mkdir(t.fd, "to");
	tmp_write(t.fd, "from/f", "x");
	f = openat(t.fd, "from/f", O_RDWR);
	if (tmp_set_xattr(f, "a", "1") != 0) {
		(void)close(f);
		tmp_close(&t);
		print_message("this file system has no extended attributes\n");
		skip();
	}
	memset(large, 'l', sizeof(large) - 1);
	assert_int_equal(tmp_set_xattr(f, "large", large), 0);
	(void)close(f);
	f = openat(t.fd, "from/d", O_RDONLY | O_DIRECTORY);
	assert_int_equal(tmp_set_xattr(f, "empty", ""), 0);
	(void)close(f);
	from = openat(t.fd, "from", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to = openat(t.fd, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ioc_tree_copy(from, to, NULL, NULL, &err) != 0)
		fail_msg("%s", err.msg);
	f = openat(to, "f", O_RDONLY);
	assert_int_equal(tmp_get_xattr(f, "a", got, sizeof(got)), 1);
	assert_int_equal(got[0], '1');
	assert_int_equal(tmp_get_xattr(f, "large", got, sizeof(got)),
	    sizeof(large) - 1);
	assert_memory_equal(got, large, sizeof(large) - 1);
	(void)close(f);
	f = openat(to, "d", O_RDONLY | O_DIRECTORY);
	assert_int_equal(tmp_get_xattr(f, "empty", got, sizeof(got)), 0);
	(void)close(f);
	(void)close(from);
	(void)close(to);
	tmp_close(&t);
}

static void
test_tree_used__hard_links_once(void **state)
{
	auto_tmp struct tmp t;
	struct ioc_error err = { 0 };
	static char data[300 * 1024 + 1];
	uint64_t used = 0, more = 0;
	char name[16];

	tmp_open(&t);
	tmp_mkdir(t.fd, "from");
	memset(data, 'x', sizeof(data) - 1);
	tmp_write(t.fd, "from/f", data);
	assert_int_equal(ioc_tree_used(t.fd, &used, &err), 0);
	assert_true(used >= 300 * 1024 && used < 400 * 1024);
	for (int i = 0; i < 200; i++) {
		(void)snprintf(name, sizeof(name), "from/l%d", i);
		assert_int_equal(linkat(t.fd, "from/f", t.fd, name, 0), 0);
	}
	assert_int_equal(ioc_tree_used(t.fd, &more, &err), 0);
	assert_true(more >= used && more < used + 64 * 1024);
}

UNIT_MAIN(
	cmocka_unit_test(test_tree_remove__all_kinds),
	cmocka_unit_test(test_tree__ten_thousand_deep),
	cmocka_unit_test(test_tree__wide),
	cmocka_unit_test(test_tree_copy__everything),
	cmocka_unit_test(test_tree_copy__canceled_at_every_entry),
	cmocka_unit_test(test_tree_copy__extended_attributes),
	cmocka_unit_test(test_tree_used__hard_links_once))
