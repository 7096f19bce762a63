/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/attack/attack.h"

#include <sys/utsname.h>

#include <dirent.h>

#include "safe/path.h"
#include "safe/tree.h"

/*
 * HOST/side has precious files; HOST/tree is to be removed, and has one of
 * these mounted somewhere in it.
 */
static char mounted[4][128];
static int nmounted;

static int
setup(void **state)
{
	static struct tmp t;

	tmp_open(&t);
	tmp_mkdir(t.fd, "side");
	tmp_write(t.fd, "side/precious", PRECIOUS);
	tmp_mkdir(t.fd, "tree");
	tmp_mkdir(t.fd, "tree/a");
	tmp_mkdir(t.fd, "tree/a/b");
	tmp_mkdir(t.fd, "tree/a/b/mnt");
	tmp_write(t.fd, "tree/a/b/file", "x");
	tmp_write(t.fd, "tree/0", "x");
	tmp_write(t.fd, "tree/z", "x");
	*state = &t;
	return (0);
}

static int
teardown(void **state)
{
	while (nmounted > 0)
		(void)TMP_RUN("umount", mounted[--nmounted]);
	tmp_close(*state);
	return (0);
}

/* Mounts a directory (or, from == NULL, an empty file system) on another. */
static void
put(struct tmp *t, const char *from, const char *on)
{
	char a[128];
	char *b = mounted[nmounted];

	(void)snprintf(a, sizeof(a), "%s/%s", t->path,
	    from != NULL ? from : "");
	(void)snprintf(b, sizeof(mounted[0]), "%s/%s", t->path, on);
	if (from == NULL ?
	    TMP_RUN("mount", "-t", "tmpfs", "tmpfs", b) != 0 :
	    TMP_RUN("mount", "--bind", a, b) != 0 &&
	    TMP_RUN("mount", "-t", "nullfs", a, b) != 0)
		fail_msg("cannot mount %s", b);
	nmounted++;
}

/* The twin knows only devices: what is mounted from the same one is lost. */
static void
naive_remove(int dir, const char *path, dev_t dev)
{
	struct dirent *de;
	struct stat st;
	DIR *d;

	if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    st.st_dev != dev)
		return;
	d = S_ISDIR(st.st_mode) ? fdopendir(openat(dir, path,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW)) : NULL;
	while (d != NULL && (de = readdir(d)) != NULL) {
		char sub[1024];

		(void)snprintf(sub, sizeof(sub), "%.512s/%s", path,
		    de->d_name);
		if (strcmp(de->d_name, ".") != 0 &&
		    strcmp(de->d_name, "..") != 0)
			naive_remove(dir, sub, dev);
	}
	if (d != NULL)
		(void)closedir(d);
	(void)unlinkat(dir, path, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
}

static void
refused(struct tmp *t, const char *msg)
{
	struct ioc_error err = { 0 };
	uint64_t used;
	int from, to;

	assert_int_equal(ioc_tree_remove(t->fd, "tree", &err), IOC_BUSY);
	assert_string_equal(err.msg, msg);
	/* Found before anything was removed. */
	assert_true(tmp_exists(t->fd, "tree/0"));
	assert_true(tmp_exists(t->fd, "tree/z"));
	assert_true(tmp_exists(t->fd, "tree/a/b/file"));
	assert_string_equal(tmp_read(t->fd, "side/precious"), PRECIOUS);
	from = openat(t->fd, "tree", O_RDONLY | O_DIRECTORY);
	tmp_mkdir(t->fd, "to");
	to = openat(t->fd, "to", O_RDONLY | O_DIRECTORY);
	assert_int_equal(ioc_tree_used(from, &used, &err), 0);
	assert_true(used < 1 << 20);
	assert_int_equal(ioc_tree_copy(from, to, NULL, NULL, &err), IOC_BUSY);
	assert_false(tmp_exists(t->fd, "to/a/b/mnt/precious"));
	(void)close(from);
	(void)close(to);
	assert_int_equal(ioc_tree_remove(t->fd, "to", &err), 0);
}

static void
test_attack_31__file_system_in_the_tree(void **state)
{
	struct tmp *t = *state;

	put(t, NULL, "tree/a/b/mnt");
	tmp_write(t->fd, "tree/a/b/mnt/precious", PRECIOUS);
	refused(t, "remove \"tree\": \"a/b/mnt\" is a mount point");
	assert_string_equal(tmp_read(t->fd, "tree/a/b/mnt/precious"),
	    PRECIOUS);
}

static void
test_attack_31__directory_of_the_same_device(void **state)
{
	struct tmp *t = *state;
	struct stat st;

	put(t, "side", "tree/a/b/mnt");
	refused(t, "remove \"tree\": \"a/b/mnt\" is a mount point");
	assert_int_equal(fstat(t->fd, &st), 0);
	naive_remove(t->fd, "tree", st.st_dev);
	if (tmp_exists(t->fd, "side/precious"))
		print_message("the twin wins here: devices differ\n");
}

static void
test_attack_30__file_mounted_on_a_file(void **state)
{
	struct tmp *t = *state;
	struct utsname u;

	/* Its kernels before 14 panic when a mount on a file is tried. */
	if (uname(&u) == 0 && strcmp(u.sysname, "FreeBSD") == 0)
		skip();
	put(t, "side/precious", "tree/a/b/file");
	refused(t, "remove \"tree\": \"a/b/file\" is a mount point");
}

static void
test_attack_30__the_tree_inside_itself(void **state)
{
	struct tmp *t = *state;

	put(t, "tree", "tree/a/b/mnt");
	refused(t, "remove \"tree\": \"a/b/mnt\" is a mount point");
}

static void
test_attack_30__nested_mounts(void **state)
{
	struct tmp *t = *state;

	put(t, NULL, "tree/a/b/mnt");
	tmp_mkdir(t->fd, "tree/a/b/mnt/more");
	put(t, "side", "tree/a/b/mnt/more");
	refused(t, "remove \"tree\": \"a/b/mnt\" is a mount point");
	assert_true(tmp_exists(t->fd, "side/precious"));
}

static void
test_attack_30__the_tree_is_a_mount(void **state)
{
	struct tmp *t = *state;
	struct ioc_error err;

	tmp_mkdir(t->fd, "top");
	put(t, "side", "top");
	assert_int_equal(ioc_tree_remove(t->fd, "top", &err), IOC_BUSY);
	assert_string_equal(err.msg, "remove \"top\": is a mount point");
	assert_string_equal(tmp_read(t->fd, "side/precious"), PRECIOUS);
}

static void
test_attack_31__after_unmounting_it_goes(void **state)
{
	struct tmp *t = *state;
	struct ioc_error err;

	put(t, "side", "tree/a/b/mnt");
	assert_int_equal(ioc_tree_remove(t->fd, "tree", &err), IOC_BUSY);
	assert_int_equal(TMP_RUN("umount", mounted[--nmounted]), 0);
	assert_int_equal(ioc_tree_remove(t->fd, "tree", &err), 0);
	assert_string_equal(tmp_read(t->fd, "side/precious"), PRECIOUS);
	assert_false(tmp_exists(t->fd, "tree"));
}

/* The walk over components knows mounts from the same device as well. */
static void
test_attack_31__path_that_crosses(void **state)
{
	struct tmp *t = *state;
	struct ioc_error err;

	put(t, "side", "tree/a/b/mnt");
	assert_string_equal(tmp_read(t->fd, "tree/a/b/mnt/precious"),
	    PRECIOUS);
	assert_int_equal(ioc_path_open(t->fd, "tree/a/b/mnt/precious",
	    O_RDONLY, IOC_PATH_XDEV, &err), IOC_UNSAFE);
	assert_int_equal(ioc_path_dir(t->fd, "tree/a/b/mnt", IOC_PATH_XDEV,
	    &err), IOC_UNSAFE);
}

#define	IN_WORLD(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_attack_30__file_mounted_on_a_file),
		IN_WORLD(test_attack_30__the_tree_inside_itself),
		IN_WORLD(test_attack_30__nested_mounts),
		IN_WORLD(test_attack_30__the_tree_is_a_mount),
		IN_WORLD(test_attack_31__file_system_in_the_tree),
		IN_WORLD(test_attack_31__directory_of_the_same_device),
		IN_WORLD(test_attack_31__after_unmounting_it_goes),
		IN_WORLD(test_attack_31__path_that_crosses),
	};

	if (geteuid() != 0) {
		(void)puts("skipped: only root can mount");
		return (ATTACK_SKIP);
	}
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
