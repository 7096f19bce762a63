/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/attack/attack.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <limits.h>

#include "base/compat.h"
#include "safe/file.h"
#include "safe/path.h"

#define	ROUNDS	100000
#define	NAIVE_S	60.0	/* the twin must have lost by then */
#define	KEEP	(uid_t)-1, (gid_t)-1

/* HOST/precious and HOST/etc/passwd beside HOST/root, the jail's root. */
struct world {
	struct tmp	t;
	int		root;
};

static int
setup(void **state)
{
	static struct world w;

	tmp_open(&w.t);
	tmp_write(w.t.fd, "precious", PRECIOUS);
	tmp_write(w.t.fd, "f", PRECIOUS);
	tmp_mkdir(w.t.fd, "etc");
	tmp_write(w.t.fd, "etc/resolv.conf", PRECIOUS);
	tmp_mkdir(w.t.fd, "root");
	tmp_mkdir(w.t.fd, "root/etc");
	w.root = openat(w.t.fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = &w;
	return (0);
}

static int
teardown(void **state)
{
	struct world *w = *state;

	(void)close(w->root);
	tmp_close(&w->t);
	return (0);
}

/* The twin: a path is put together and opened, as a program would by hand. */
static void
naive_write(int root, const char *path)
{
	int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd >= 0) {
		(void)!write(fd, "jail", 4);
		(void)close(fd);
	}
}

static void
test_attack_24__resolv_conf_is_a_symlink(void **state)
{
	struct world *w = *state;
	struct ioc_error err;

	tmp_symlink("../../precious", w->root, "etc/resolv.conf");
	assert_int_equal(ioc_file_replace(w->root, "etc/resolv.conf", "jail",
	    4, 0644, KEEP, 0, &err), IOC_UNSAFE);
	assert_string_equal(tmp_read(w->t.fd, "precious"), PRECIOUS);
	naive_write(w->root, "etc/resolv.conf");
	assert_string_equal(tmp_read(w->t.fd, "precious"), "jail");
}

static void
test_attack_24__etc_is_a_symlink(void **state)
{
	struct world *w = *state;
	struct ioc_error err;
	char target[128];

	assert_int_equal(unlinkat(w->root, "etc", AT_REMOVEDIR), 0);
	tmp_symlink("../etc", w->root, "etc");
	assert_int_equal(ioc_file_replace(w->root, "etc/resolv.conf", "jail",
	    4, 0644, KEEP, 0, &err), IOC_UNSAFE);
	assert_string_equal(err.msg,
	    "find \"etc/resolv.conf\": leads out of its root");
	assert_string_equal(tmp_read(w->t.fd, "etc/resolv.conf"), PRECIOUS);
	naive_write(w->root, "etc/resolv.conf");
	assert_string_equal(tmp_read(w->t.fd, "etc/resolv.conf"), "jail");
	tmp_write(w->t.fd, "etc/resolv.conf", PRECIOUS);
	/* The same as an absolute link. */
	assert_int_equal(unlinkat(w->root, "etc", 0), 0);
	(void)snprintf(target, sizeof(target), "%s/etc", w->t.path);
	tmp_symlink(target, w->root, "etc");
	assert_int_equal(ioc_file_replace(w->root, "etc/resolv.conf", "jail",
	    4, 0644, KEEP, 0, &err), IOC_UNSAFE);
	assert_string_equal(tmp_read(w->t.fd, "etc/resolv.conf"), PRECIOUS);
}

static void
write_fifo(void *arg)
{
	naive_write(*(int *)arg, "etc/resolv.conf");
}

static void
test_attack_24__resolv_conf_is_a_fifo(void **state)
{
	struct world *w = *state;
	struct ioc_error err;

	assert_int_equal(mkfifoat(w->root, "etc/resolv.conf", 0666), 0);
	assert_int_equal(ioc_file_replace(w->root, "etc/resolv.conf", "jail",
	    4, 0644, KEEP, 0, &err), IOC_UNSAFE);
	for (int flags = 0; flags <= IOC_PATH_WALK; flags += IOC_PATH_WALK) {
		assert_int_equal(ioc_path_open(w->root, "etc/resolv.conf",
		    O_RDONLY, flags, &err), IOC_UNSAFE);
		assert_int_equal(ioc_path_open(w->root, "etc/resolv.conf",
		    O_WRONLY, flags, &err), IOC_UNSAFE);
	}
	assert_true(attack_hangs(write_fifo, &w->root));
}

static void
test_attack_24__resolv_conf_is_a_directory_or_device(void **state)
{
	struct world *w = *state;
	struct ioc_error err;

	tmp_mkdir(w->root, "etc/resolv.conf");
	assert_int_equal(ioc_file_replace(w->root, "etc/resolv.conf", "jail",
	    4, 0644, KEEP, 0, &err), IOC_UNSAFE);
	if (mknodat(w->root, "etc/hosts", S_IFCHR | 0666,
	    0x103) != 0) {
		print_message("no device: not root\n");
		return;
	}
	assert_int_equal(ioc_file_replace(w->root, "etc/hosts", "jail", 4,
	    0644, KEEP, 0, &err), IOC_UNSAFE);
	assert_int_equal(ioc_path_open(w->root, "etc/hosts", O_RDWR, 0, &err),
	    IOC_UNSAFE);
	assert_string_equal(err.msg, "open \"etc/hosts\": is a device");
}

static void
test_attack_24__resolv_conf_is_a_socket(void **state)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	auto_fd int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct world *w = *state;
	struct ioc_error err;

	(void)snprintf(name.sun_path, sizeof(name.sun_path),
	    "%s/root/etc/resolv.conf", w->t.path);
	assert_int_equal(bind(s, (const struct sockaddr *)&name,
	    sizeof(name)), 0);
	for (int walk = 0; walk < 2; walk++)
		assert_int_equal(ioc_file_replace(w->root, "etc/resolv.conf",
		    "jail", 4, 0644, KEEP, walk != 0 ? IOC_FILE_WALK : 0,
		    &err), IOC_UNSAFE);
	assert_string_equal(err.msg, "write \"etc/resolv.conf\": is there and "
	    "not a regular file");
	assert_int_equal(ioc_path_open(w->root, "etc/resolv.conf", O_RDWR, 0,
	    &err), IOC_UNSAFE);
}

static void
test_attack_24__resolv_conf_is_a_hard_link_of_the_host(void **state)
{
	struct world *w = *state;
	struct stat st;

	assert_int_equal(linkat(w->t.fd, "precious", w->root,
	    "etc/resolv.conf", 0), 0);
	assert_int_equal(ioc_file_replace(w->root, "etc/resolv.conf", "jail",
	    4, 0666, KEEP, 0, NULL), 0);
	assert_string_equal(tmp_read(w->root, "etc/resolv.conf"), "jail");
	assert_string_equal(tmp_read(w->t.fd, "precious"), PRECIOUS);
	assert_int_equal(fstatat(w->t.fd, "precious", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(unlinkat(w->root, "etc/resolv.conf", 0), 0);
	assert_int_equal(linkat(w->t.fd, "precious", w->root,
	    "etc/resolv.conf", 0), 0);
	naive_write(w->root, "etc/resolv.conf");
	assert_string_equal(tmp_read(w->t.fd, "precious"), "jail");
}

/* d, with f in it, and l, a link out to where an f is as well. */
static void
race_links(int root)
{
	attack_exchange(root, "d", "l");
}

static void
prepare_links(int root)
{
	tmp_mkdir(root, "d");
	tmp_mkdir(root, "d/x");
	tmp_write(root, "d/f", "inside");
	tmp_symlink("..", root, "l");
}

/* The twin looks before it leaps. */
static bool
naive_reads_precious(struct world *w)
{
	char path[128], real[PATH_MAX];
	const char *text;

	(void)snprintf(path, sizeof(path), "%s/root/d/f", w->t.path);
	if (realpath(path, real) == NULL || strstr(real, "/root/") == NULL)
		return (false);
	text = tmp_read(AT_FDCWD, path);
	return (text != NULL && strcmp(text, PRECIOUS) == 0);
}

static void
race_read(struct world *w, const char *path, int flags)
{
	int ok = 0, refused = 0;

	for (unsigned i = 0; i < attack_rounds(ROUNDS); i++) {
		struct ioc_error err;
		char text[16] = "";
		int fd = ioc_path_open(w->root, path, O_RDONLY, flags, &err);

		if (fd < 0) {
			refused += fd == IOC_UNSAFE || fd == IOC_NOT_FOUND;
			continue;
		}
		(void)!read(fd, text, sizeof(text) - 1);
		(void)close(fd);
		assert_string_equal(text, "inside");
		ok++;
	}
	print_message("%s: %d opened, %d refused\n", path, ok, refused);
	assert_true(ok > 0 && refused > 0);
}

/* The same for whole files, read by one look-up. */
static void
race_read_own(struct world *w, const char *path)
{
	int ok = 0, refused = 0;

	for (unsigned i = 0; i < attack_rounds(ROUNDS); i++) {
		struct ioc_buf b = IOC_BUF(64);
		int r = ioc_file_read_own(w->root, path, &b, NULL);

		if (r == 0)
			assert_string_equal(ioc_buf_str(&b), "inside");
		ok += r == 0;
		refused += r == IOC_UNSAFE || r == IOC_NOT_FOUND;
		ioc_buf_fini(&b);
	}
	print_message("%s: %d read, %d refused\n", path, ok, refused);
	assert_true(ok > 0 && refused > 0);
}

/* A directory that is opened is d, whatever stands in its place meanwhile. */
static void
race_dir(struct world *w, int d, int flags)
{
	int ok = 0, refused = 0;

	for (unsigned i = 0; i < attack_rounds(ROUNDS) / 10; i++) {
		int fd = ioc_path_dir(w->root, "d", flags, NULL);

		if (fd >= 0)
			assert_true(ioc_path_same(fd, d));
		ok += fd >= 0;
		refused += fd == IOC_UNSAFE || fd == IOC_NOT_FOUND;
		if (fd >= 0)
			(void)close(fd);
	}
	print_message("d: %d opened, %d refused\n", ok, refused);
	assert_true(ok > 0 && refused > 0);
}

static void
test_attack_25__directory_swapped_for_a_link_while_reading(void **state)
{
	struct world *w = *state;
	double end = attack_now() + NAIVE_S;
	bool beaten = false;
	auto_fd int d = -1;
	pid_t pid;

	prepare_links(w->root);
	d = openat(w->root, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid = attack_start(race_links, w->root);
	while (!beaten && attack_now() < end)
		beaten = naive_reads_precious(w);
	race_read(w, "d/f", 0);
	race_read(w, "d/f", IOC_PATH_WALK);
	race_read(w, "d/x/../f", 0);
	race_read(w, "d/x/../f", IOC_PATH_WALK);
	race_read_own(w, "d/f");
	for (int flags = 0; flags <= IOC_PATH_XDEV; flags++)
		race_dir(w, d, flags);
	attack_stop(pid);
	assert_true(beaten);
}

static void
race_files(int root)
{
	attack_exchange(root, "g", "k");
}

/* The last name itself: a file, then a link to one of the host. */
static void
test_attack_25__file_swapped_for_a_link_while_reading(void **state)
{
	struct world *w = *state;
	double end = attack_now() + NAIVE_S;
	bool beaten = false;
	struct stat st;
	pid_t pid;

	tmp_write(w->root, "g", "inside");
	tmp_symlink("../precious", w->root, "k");
	pid = attack_start(race_files, w->root);
	while (!beaten && attack_now() < end) {
		const char *text;

		if (fstatat(w->root, "g", &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		text = tmp_read(w->root, "g");
		beaten = text != NULL && strcmp(text, PRECIOUS) == 0;
	}
	race_read(w, "g", 0);
	race_read(w, "g", IOC_PATH_WALK);
	race_read_own(w, "g");
	attack_stop(pid);
	assert_true(beaten);
}

/* a/b/c moves up while somebody is in it: its ".." lead further then. */
static void
race_up(int root)
{
	(void)renameat(root, "a/b", root, "b");
	(void)renameat(root, "b", root, "a/b");
}

/* A walk that believes "..". */
static bool
naive_walk_escapes(int root)
{
	static const char *const parts[] = { "a", "b", "c", "..", "..", ".." };
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY);
	const char *text;

	for (size_t i = 0; i < 6 && fd >= 0; i++) {
		int next = openat(fd, parts[i], O_RDONLY | O_DIRECTORY |
		    O_NOFOLLOW);

		(void)close(fd);
		fd = next;
	}
	if (fd < 0)
		return (false);
	text = tmp_read(fd, "f");
	(void)close(fd);
	return (text != NULL && strcmp(text, PRECIOUS) == 0);
}

static void
test_attack_25__directory_moved_up_under_dotdot(void **state)
{
	struct world *w = *state;
	double end = attack_now() + NAIVE_S;
	bool beaten = false;
	pid_t pid;

	tmp_mkdir(w->root, "a");
	tmp_mkdir(w->root, "a/b");
	tmp_mkdir(w->root, "a/b/c");
	tmp_write(w->root, "f", "inside");
	pid = attack_start(race_up, w->root);
	while (!beaten && attack_now() < end)
		beaten = naive_walk_escapes(w->root);
	race_read(w, "a/b/c/../../../f", 0);
	race_read(w, "a/b/c/../../../f", IOC_PATH_WALK);
	attack_stop(pid);
	assert_true(beaten);
}

/* Whatever is made, renamed or removed while d is swapped stays inside. */
static void
test_attack_25__directory_swapped_while_writing(void **state)
{
	struct world *w = *state;
	pid_t pid;

	prepare_links(w->root);
	tmp_mkdir(w->t.fd, "n");
	tmp_write(w->t.fd, "n/keep", PRECIOUS);
	pid = attack_start(race_links, w->root);
	for (unsigned i = 0; i < attack_rounds(ROUNDS); i++) {
		int flags = i & 1 ? IOC_PATH_WALK : 0, fd = -1;

		switch (i % 6) {
		case 0:
			(void)ioc_file_replace(w->root, "d/f", "inside", 6,
			    0644, KEEP, IOC_FILE_NOSYNC, NULL);
			break;
		case 1:
			fd = ioc_path_mkdirs(w->root, "d/new/dir", 0755, KEEP,
			    flags, NULL);
			break;
		case 2:
			(void)ioc_path_rmdir(w->root, "d/new/dir", flags,
			    NULL);
			(void)ioc_path_rmdir(w->root, "d/new", flags, NULL);
			break;
		case 3:
			fd = ioc_path_create(w->root, "d/created", 0600, flags,
			    NULL);
			break;
		case 4:
			(void)ioc_path_rename(w->root, "d/created", "d/moved",
			    flags, NULL);
			(void)ioc_path_unlink(w->root, "d/precious", flags,
			    NULL);
			break;
		default:
			(void)ioc_path_unlink(w->root, "d/moved", flags, NULL);
		}
		if (fd >= 0)
			(void)close(fd);
	}
	attack_stop(pid);
	assert_string_equal(tmp_read(w->t.fd, "precious"), PRECIOUS);
	assert_string_equal(tmp_read(w->t.fd, "f"), PRECIOUS);
	assert_false(tmp_exists(w->t.fd, "new"));
	assert_false(tmp_exists(w->t.fd, "created"));
	assert_false(tmp_exists(w->t.fd, "moved"));
}

static void
test_attack_25__twin_writes_outside(void **state)
{
	struct world *w = *state;
	double end = attack_now() + NAIVE_S;
	bool beaten = false;
	struct stat st;
	pid_t pid;

	prepare_links(w->root);
	pid = attack_start(race_links, w->root);
	while (!beaten && attack_now() < end) {
		if (fstatat(w->root, "d", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(st.st_mode))
			naive_write(w->root, "d/f");
		beaten = strcmp(tmp_read(w->t.fd, "f"), PRECIOUS) != 0;
	}
	attack_stop(pid);
	assert_true(beaten);
}

static void
test_attack_26__sibling_with_the_same_beginning(void **state)
{
	struct world *w = *state;
	char path[128], real[PATH_MAX];
	struct ioc_error err;

	tmp_mkdir(w->t.fd, "root2");
	tmp_write(w->t.fd, "root2/f", PRECIOUS);
	tmp_symlink("../root2", w->root, "l");
	/* The twin compares the beginnings of names. */
	(void)snprintf(path, sizeof(path), "%s/root/l/f", w->t.path);
	assert_non_null(realpath(path, real));
	assert_non_null(strstr(real, "/root"));
	assert_string_equal(tmp_read(AT_FDCWD, real), PRECIOUS);
	assert_int_equal(ioc_path_open(w->root, "l/f", O_RDONLY, 0, &err),
	    IOC_UNSAFE);
	assert_int_equal(ioc_path_open(w->root, "l/f", O_RDONLY, IOC_PATH_WALK,
	    &err), IOC_UNSAFE);
	assert_int_equal(ioc_path_open(w->root, "../root2/f", O_RDONLY, 0,
	    &err), IOC_UNSAFE);
}

static void
test_attack_27__dotdot_in_a_mount_destination(void **state)
{
	struct world *w = *state;
	const char *dest = "/etc/../../etc";
	struct ioc_error err;
	char path[128];

	/* The twin joins the strings. */
	(void)snprintf(path, sizeof(path), "%s/root%s/resolv.conf", w->t.path,
	    dest);
	assert_string_equal(tmp_read(AT_FDCWD, path), PRECIOUS);
	assert_int_equal(ioc_path_dir(w->root, dest, 0, &err), IOC_UNSAFE);
	assert_int_equal(ioc_path_dir(w->root, dest, IOC_PATH_WALK, &err),
	    IOC_UNSAFE);
	assert_int_equal(ioc_path_mkdirs(w->root, "/etc/new/../../../x", 0755,
	    KEEP, 0, &err), IOC_UNSAFE);
	assert_false(tmp_exists(w->t.fd, "x"));
}

static void
test_attack_28__the_root_itself_is_a_symlink(void **state)
{
	struct world *w = *state;
	struct ioc_error err;
	char path[128];
	int fd;

	assert_int_equal(renameat(w->t.fd, "root", w->t.fd, "moved"), 0);
	tmp_symlink("etc", w->t.fd, "root");
	(void)snprintf(path, sizeof(path), "%s/root", w->t.path);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_string_equal(tmp_read(fd, "resolv.conf"), PRECIOUS);
	(void)close(fd);
	assert_int_equal(ioc_path_root(path, &err), IOC_UNSAFE);
	strcat(path, "/");
	assert_int_equal(ioc_path_root(path, &err), IOC_UNSAFE);
	assert_int_equal(ioc_path_dir(w->t.fd, "root", 0, &err), IOC_UNSAFE);
	assert_int_equal(ioc_path_dir(w->t.fd, "root/", IOC_PATH_WALK, &err),
	    IOC_UNSAFE);
}

static void
test_attack_33__magic_links(void **state)
{
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;
	struct world *w = *state;
	struct ioc_error err;
	char path[64];

	(void)snprintf(path, sizeof(path), "self/fd/%d/precious", w->t.fd);
	fd = proc >= 0 ? openat(proc, path, O_RDONLY) : -1;
	if (fd < 0) {
		print_message("no /proc with magic links here\n");
		(void)teardown(state);
		(void)setup(state);
		skip();
	}
	/* The twin is out of /proc, at any file of the process. */
	assert_string_equal(tmp_read(proc, path), PRECIOUS);
	(void)close(fd);
	assert_int_equal(ioc_path_open(proc, path, O_RDONLY, 0, &err),
	    IOC_UNSAFE);
	assert_int_equal(ioc_path_open(proc, path, O_RDONLY, IOC_PATH_WALK,
	    &err), IOC_UNSAFE);
	assert_int_equal(ioc_path_open(proc, "self/root/etc", O_RDONLY,
	    IOC_PATH_WALK, &err), IOC_UNSAFE);
	(void)close(proc);
}

static void
test_attack_46__file_exchanged_between_check_and_use(void **state)
{
	struct world *w = *state;
	char text[16] = "";
	int fd;

	tmp_write(w->root, "set.txz", "good");
	fd = ioc_path_open(w->root, "set.txz", O_RDONLY, 0, NULL);
	assert_true(fd >= 0);
	assert_string_equal(tmp_read(w->root, "set.txz"), "good");
	assert_int_equal(ioc_file_replace(w->root, "set.txz", "evil", 4, 0644,
	    KEEP, 0, NULL), 0);
	/* The twin opens again what it has checked by name. */
	assert_string_equal(tmp_read(w->root, "set.txz"), "evil");
	assert_int_equal(pread(fd, text, sizeof(text) - 1, 0), 4);
	assert_string_equal(text, "good");
	(void)close(fd);
}

static void
test_attack_47__symlink_planted_in_the_cache(void **state)
{
	struct world *w = *state;
	struct ioc_error err;

	tmp_symlink("../precious", w->root, "set.txz");
	assert_int_equal(ioc_path_create(w->root, "set.txz", 0644, 0, &err),
	    IOC_EXISTS);
	assert_int_equal(ioc_path_open(w->root, "set.txz", O_RDONLY, 0, &err),
	    IOC_UNSAFE);
	assert_int_equal(ioc_file_replace(w->root, "set.txz", "x", 1, 0644,
	    KEEP, 0, &err), IOC_UNSAFE);
	assert_string_equal(tmp_read(w->t.fd, "precious"), PRECIOUS);
	naive_write(w->root, "set.txz");
	assert_string_equal(tmp_read(w->t.fd, "precious"), "jail");
}

#define	IN_WORLD(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

UNIT_MAIN(
	IN_WORLD(test_attack_24__resolv_conf_is_a_symlink),
	IN_WORLD(test_attack_24__etc_is_a_symlink),
	IN_WORLD(test_attack_24__resolv_conf_is_a_fifo),
	IN_WORLD(test_attack_24__resolv_conf_is_a_socket),
	IN_WORLD(test_attack_24__resolv_conf_is_a_directory_or_device),
	IN_WORLD(test_attack_24__resolv_conf_is_a_hard_link_of_the_host),
	IN_WORLD(test_attack_25__directory_swapped_for_a_link_while_reading),
	IN_WORLD(test_attack_25__file_swapped_for_a_link_while_reading),
	IN_WORLD(test_attack_25__directory_moved_up_under_dotdot),
	IN_WORLD(test_attack_25__directory_swapped_while_writing),
	IN_WORLD(test_attack_25__twin_writes_outside),
	IN_WORLD(test_attack_26__sibling_with_the_same_beginning),
	IN_WORLD(test_attack_27__dotdot_in_a_mount_destination),
	IN_WORLD(test_attack_28__the_root_itself_is_a_symlink),
	IN_WORLD(test_attack_33__magic_links),
	IN_WORLD(test_attack_46__file_exchanged_between_check_and_use),
	IN_WORLD(test_attack_47__symlink_planted_in_the_cache))
