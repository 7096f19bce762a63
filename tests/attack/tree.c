/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/attack/attack.h"

#include <dirent.h>

#include "safe/file.h"
#include "safe/path.h"
#include "safe/tree.h"

#define	NAIVE_S		60.0
#define	ROUNDS		300
#define	DEPTH		16	/* deeper than directories are held open */
#define	TWINS		4

/* HOST/side, full of precious files, beside HOST/tree, which is removed. */
static int
setup(void **state)
{
	static struct tmp t;

	tmp_open(&t);
	tmp_mkdir(t.fd, "side");
	tmp_write(t.fd, "side/precious", PRECIOUS);
	tmp_write(t.fd, "precious", PRECIOUS);
	/* Names that are in the tree as well, for who comes here by mistake. */
	for (int k = 0; k < TWINS; k++) {
		char name[] = "side/x0", file[] = "side/x0/precious";

		name[6] = file[6] = (char)('0' + k);
		tmp_mkdir(t.fd, name);
		tmp_write(t.fd, file, PRECIOUS);
	}
	*state = &t;
	return (0);
}

static int
teardown(void **state)
{
	tmp_close(*state);
	return (0);
}

static void
build_small(int dir)
{
	(void)mkdirat(dir, "tree", 0755);
	(void)mkdirat(dir, "tree/d", 0755);
	(void)!symlinkat("../side", dir, "tree/l");
}

static void
build(int dir)
{
	int fd;

	build_small(dir);
	fd = openat(dir, "tree", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < DEPTH && fd >= 0; i++) {
		int next;

		(void)mkdirat(fd, "p", 0755);
		for (int k = 0; k < TWINS && i < 4; k++) {
			char name[] = { 'x', (char)('0' + k), '\0' };

			(void)mkdirat(fd, name, 0755);
		}
		next = openat(fd, "p", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
		for (int k = 0; k < 4 && next >= 0; k++) {
			char name[] = { 'f', (char)('0' + k), '\0' };

			(void)close(openat(next, name, O_WRONLY | O_CREAT |
			    O_NOFOLLOW, 0600));
		}
		(void)close(fd);
		fd = next;
	}
	if (fd >= 0)
		(void)close(fd);
}

static bool
unharmed(int dir)
{
	const char *text = tmp_read(dir, "side/precious");

	for (int k = 0; k < TWINS; k++) {
		char file[] = "side/x0/precious";

		file[6] = (char)('0' + k);
		if (!tmp_exists(dir, file))
			return (false);
	}
	return (text != NULL && strcmp(text, PRECIOUS) == 0 &&
	    tmp_exists(dir, "precious"));
}

/* The twin: by path, with a look at each name before. */
static void
naive_remove(int dir, const char *path)
{
	struct dirent *de;
	struct stat st;
	DIR *d;
	int fd;

	if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	if (!S_ISDIR(st.st_mode)) {
		(void)unlinkat(dir, path, 0);
		return;
	}
	fd = openat(dir, path, O_RDONLY | O_DIRECTORY);
	d = fd >= 0 ? fdopendir(fd) : NULL;
	while (d != NULL && (de = readdir(d)) != NULL) {
		char sub[1024];

		if (strcmp(de->d_name, ".") == 0 ||
		    strcmp(de->d_name, "..") == 0)
			continue;
		(void)snprintf(sub, sizeof(sub), "%.512s/%s", path,
		    de->d_name);
		naive_remove(dir, sub);
	}
	if (d != NULL)
		(void)closedir(d);
	(void)unlinkat(dir, path, AT_REMOVEDIR);
}

static void
swap_link(int dir)
{
	attack_exchange(dir, "tree/d", "tree/l");
}

/* A directory deep inside goes out of the tree, and after a while back. */
static void
move_out(int dir)
{
	static unsigned seed = 1;

	(void)renameat(dir, "tree/p/p", dir, "side/p");
	(void)usleep((unsigned)rand_r(&seed) % 400);
	(void)renameat(dir, "side/p", dir, "tree/p/p");
	(void)usleep((unsigned)rand_r(&seed) % 400);
	(void)renameat(dir, "tree/p/p/p/p", dir, "tree/d/r");
	(void)renameat(dir, "tree/d/r", dir, "tree/p/p/p/p");
}

static void
test_attack_34__twin_follows_a_swapped_link(void **state)
{
	struct tmp *t = *state;
	double end = attack_now() + NAIVE_S;
	bool beaten = false;
	pid_t pid = attack_start(swap_link, t->fd);

	while (!beaten && attack_now() < end) {
		build_small(t->fd);
		naive_remove(t->fd, "tree");
		beaten = !unharmed(t->fd);
	}
	attack_stop(pid);
	assert_true(beaten);
}

/* A walk up by "..", removing what it then finds. */
static void
naive_go_up(int top, int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY);

	for (;;) {
		DIR *d = fdopendir(dup(fd));
		struct dirent *de;
		int next = -1;

		while (d != NULL && next < 0 && (de = readdir(d)) != NULL) {
			if (strcmp(de->d_name, ".") == 0 ||
			    strcmp(de->d_name, "..") == 0)
				continue;
			next = openat(fd, de->d_name, O_RDONLY | O_DIRECTORY |
			    O_NOFOLLOW);
			if (next < 0)
				(void)unlinkat(fd, de->d_name, 0);
			else if (unlinkat(fd, de->d_name,
			    AT_REMOVEDIR) == 0) {
				(void)close(next);
				next = -1;
			}
		}
		if (d != NULL)
			(void)closedir(d);
		if (next < 0) {
			struct stat a, b;

			(void)fstat(fd, &a);
			(void)fstat(top, &b);
			if (a.st_ino == b.st_ino || a.st_nlink == 0)
				break;
			next = openat(fd, "..", O_RDONLY | O_DIRECTORY);
		}
		(void)close(fd);
		fd = next;
		/* The test's own end of the world. */
		if (fd < 0 || !unharmed(top))
			break;
	}
	(void)close(fd);
}

static void
test_attack_34__twin_believes_dotdot(void **state)
{
	struct tmp *t = *state;
	double end = attack_now() + NAIVE_S;
	bool beaten = false;
	pid_t pid = attack_start(move_out, t->fd);

	while (!beaten && attack_now() < end) {
		int tree;

		build(t->fd);
		tree = openat(t->fd, "tree", O_RDONLY | O_DIRECTORY);
		naive_go_up(t->fd, tree);
		(void)close(tree);
		beaten = !unharmed(t->fd);
		tmp_write(t->fd, "precious", PRECIOUS);
	}
	attack_stop(pid);
	assert_true(beaten);
}

static void
race_removal(struct tmp *t, void (*attack)(int))
{
	pid_t pid = attack_start(attack, t->fd);
	int whole = 0, busy = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct ioc_error err = { 0 };
		int r;

		build(t->fd);
		r = ioc_tree_remove(t->fd, "tree", &err);
		whole += r == 0;
		busy += r == IOC_BUSY;
		if (r != 0 && r != IOC_BUSY)
			fail_msg("%s", err.msg);
		if (!unharmed(t->fd))
			fail_msg("something outside was removed");
	}
	attack_stop(pid);
	print_message("%d removed, %d given up\n", whole, busy);
	assert_true(whole > 0);
	assert_int_equal(ioc_tree_remove(t->fd, "tree", NULL), 0);
}

static void
test_attack_34__removal_under_swapped_links(void **state)
{
	race_removal(*state, swap_link);
}

static void
test_attack_34__removal_under_moved_directories(void **state)
{
	race_removal(*state, move_out);
}

/* The file is there, in a directory that is no link. */
static bool
is_real(int dir, const char *parent, const char *file)
{
	struct stat st;

	return (fstatat(dir, parent, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode) && tmp_exists(dir, file));
}

static void
test_attack_34__copy_and_measure_under_attack(void **state)
{
	struct tmp *t = *state;
	pid_t pid;

	build(t->fd);
	pid = attack_start(swap_link, t->fd);
	for (int i = 0; i < 100; i++) {
		uint64_t used;
		int from, to;

		tmp_mkdir(t->fd, "to");
		from = openat(t->fd, "tree", O_RDONLY | O_DIRECTORY);
		to = openat(t->fd, "to", O_RDONLY | O_DIRECTORY);
		(void)ioc_tree_copy(from, to, NULL, NULL, NULL);
		assert_int_equal(ioc_tree_used(from, &used, NULL), 0);
		(void)close(from);
		(void)close(to);
		/* d or l may be either, but never what the link leads to. */
		assert_false(is_real(t->fd, "to/d", "to/d/precious"));
		assert_false(is_real(t->fd, "to/l", "to/l/precious"));
		assert_int_equal(ioc_tree_remove(t->fd, "to", NULL), 0);
	}
	attack_stop(pid);
	assert_true(unharmed(t->fd));
}

static void
test_attack_32__hard_link_to_a_file_of_the_host(void **state)
{
	struct tmp *t = *state;
	struct stat st;
	char path[128];

	assert_int_equal(fchmodat(t->fd, "precious", 0400, 0), 0);
	tmp_mkdir(t->fd, "tree");
	assert_int_equal(linkat(t->fd, "precious", t->fd, "tree/f", 0), 0);
	assert_int_equal(ioc_tree_remove(t->fd, "tree", NULL), 0);
	assert_string_equal(tmp_read(t->fd, "precious"), PRECIOUS);
	assert_int_equal(fstatat(t->fd, "precious", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0400);
	/* The twin makes everything writable first. */
	tmp_mkdir(t->fd, "tree");
	assert_int_equal(linkat(t->fd, "precious", t->fd, "tree/f", 0), 0);
	(void)snprintf(path, sizeof(path), "%s/tree", t->path);
	assert_int_equal(TMP_RUN("chmod", "-R", "u+rwx", path), 0);
	assert_int_equal(TMP_RUN("rm", "-rf", path), 0);
	assert_int_equal(fstatat(t->fd, "precious", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void
test_attack_30__top_is_a_link(void **state)
{
	struct tmp *t = *state;
	struct ioc_error err;

	tmp_symlink("side", t->fd, "tree");
	assert_int_equal(ioc_tree_remove(t->fd, "tree/", &err), IOC_INVALID);
	assert_int_equal(ioc_tree_remove(t->fd, "tree", &err), 0);
	assert_true(unharmed(t->fd));
	tmp_symlink("side", t->fd, "tree");
	naive_remove(t->fd, "tree/.");
	assert_false(unharmed(t->fd));
}

#define	IN_WORLD(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

UNIT_MAIN(
	IN_WORLD(test_attack_30__top_is_a_link),
	IN_WORLD(test_attack_32__hard_link_to_a_file_of_the_host),
	IN_WORLD(test_attack_34__twin_follows_a_swapped_link),
	IN_WORLD(test_attack_34__twin_believes_dotdot),
	IN_WORLD(test_attack_34__removal_under_swapped_links),
	IN_WORLD(test_attack_34__removal_under_moved_directories),
	IN_WORLD(test_attack_34__copy_and_measure_under_attack))
