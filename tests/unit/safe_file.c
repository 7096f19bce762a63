/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <sys/resource.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "safe/file.h"
#include "safe/path.h"
#include "tests/common/tmp.h"

#define	NOBODY	(uid_t)-1, (gid_t)-1

static int
count_temps(int dir)
{
	DIR *d = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY));
	struct dirent *de;
	int n = 0;

	while ((de = readdir(d)) != NULL)
		n += strncmp(de->d_name, ".ioc-tmp-", 9) == 0;
	(void)closedir(d);
	return (n);
}

typedef int read_fn(int root, const char *path, struct ioc_buf *b,
	    struct ioc_error *err);

static void
check_read(read_fn *read)
{
	auto_tmp struct tmp t;
	struct ioc_error err;
	struct ioc_buf exact = IOC_BUF(5), small = IOC_BUF(4);
	struct ioc_buf big = IOC_BUF(1 << 20);
	static char large[200 * 1024];

	memset(large, 'x', sizeof(large) - 1);
	tmp_open(&t);
	tmp_write(t.fd, "f", "12345");
	tmp_symlink("f", t.fd, "link");
	tmp_mkdir(t.fd, "d");
	tmp_write(t.fd, "d/f", "x");
	tmp_write(t.fd, "empty", "");
	tmp_symlink("d", t.fd, "in");
	assert_int_equal(mkfifoat(t.fd, "fifo", 0600), 0);
	assert_int_equal(read(t.fd, "f", &exact, &err), 0);
	assert_string_equal(ioc_buf_str(&exact), "12345");
	assert_int_equal(read(t.fd, "f", &small, &err), IOC_LIMIT);
	assert_string_equal(err.msg, "\"f\": file is larger than 4 bytes");
	assert_int_equal(small.len, 0);
	assert_int_equal(read(t.fd, "link", &big, &err), IOC_UNSAFE);
	assert_int_equal(read(t.fd, "in/f", &big, &err), IOC_UNSAFE);
	assert_int_equal(read(t.fd, "fifo", &big, &err), IOC_UNSAFE);
	assert_int_equal(read(t.fd, "d", &big, &err), IOC_FAILED);
	assert_int_equal(err.sys, EISDIR);
	assert_int_equal(read(t.fd, "none", &big, &err), IOC_NOT_FOUND);
	assert_int_equal(read(t.fd, "f/", &big, &err), IOC_FAILED);
	assert_int_equal(err.sys, ENOTDIR);
	assert_int_equal(read(t.fd, "../f", &big, &err), IOC_UNSAFE);
	assert_int_equal(read(t.fd, "", &big, &err), IOC_INVALID);
	assert_int_equal(big.len, 0);
	assert_int_equal(read(t.fd, "empty", &big, &err), 0);
	assert_int_equal(big.len, 0);
	assert_int_equal(read(t.fd, "f", &big, &err), 0);
	assert_int_equal(read(t.fd, "d/f", &big, &err), 0);
	assert_string_equal(ioc_buf_str(&big), "12345x");
	tmp_write(t.fd, "large", large);
	ioc_buf_clear(&big);
	assert_int_equal(read(t.fd, "large", &big, &err), 0);
	assert_string_equal(ioc_buf_str(&big), large);
	ioc_buf_fini(&exact);
	ioc_buf_fini(&small);
	ioc_buf_fini(&big);
}

static void
test_file_read__limits_and_kinds(void **state)
{
	int fds = tmp_count_fds();

	check_read(ioc_file_read);
	check_read(ioc_file_read_own);
	assert_int_equal(tmp_count_fds(), fds);
}

static void
test_file_read_own__refuses_a_mount(void **state)
{
	struct ioc_buf b = IOC_BUF(1 << 20);
	auto_fd int root = ioc_path_root("/", NULL);
	struct ioc_error err;

	if (access("/proc/version", R_OK) != 0)
		skip();
	assert_int_equal(ioc_file_read(root, "proc/version", &b, &err), 0);
	assert_int_equal(ioc_file_read_own(root, "proc/version", &b, &err),
	    IOC_UNSAFE);
	ioc_buf_fini(&b);
}

static void
test_file_read_host(void **state)
{
	struct ioc_error err;
	struct ioc_buf b = IOC_BUF(1 << 20), tiny = IOC_BUF(10);

	assert_int_equal(ioc_file_read_host("etc/passwd", &b, &err),
	    IOC_INVALID);
	assert_int_equal(ioc_file_read_host("/dev/null", &b, &err),
	    IOC_UNSAFE);
	assert_int_equal(ioc_file_read_host("/etc/passwd", &b, &err), 0);
	assert_true(b.len > 0);
	ioc_buf_clear(&b);
	/* Its size is 0 as far as fstat() says. */
	if (access("/proc/self/status", R_OK) == 0) {
		assert_int_equal(ioc_file_read_host("/proc/self/status", &b,
		    &err), 0);
		assert_true(b.len > 0);
		assert_int_equal(ioc_file_read_host("/proc/self/status", &tiny,
		    &err), IOC_LIMIT);
	}
	ioc_buf_fini(&b);
	ioc_buf_fini(&tiny);
}

static void
test_file_replace__old_or_new(void **state)
{
	auto_tmp struct tmp t;
	struct ioc_error err;
	struct stat st;
	mode_t old = umask(077);

	tmp_open(&t);
	tmp_mkdir(t.fd, "d");
	tmp_symlink("d", t.fd, "in");
	assert_int_equal(ioc_file_replace(t.fd, "in/f", "one", 3, 0644, NOBODY,
	    0, &err), 0);
	assert_string_equal(tmp_read(t.fd, "d/f"), "one");
	assert_int_equal(fstatat(t.fd, "d/f", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	assert_int_equal(ioc_file_replace(t.fd, "d/f", "", 0, 0600, getuid(),
	    getgid(), IOC_FILE_NOSYNC, &err), 0);
	assert_string_equal(tmp_read(t.fd, "d/f"), "");
	assert_int_equal(ioc_file_replace(t.fd, "d", "x", 1, 0600, NOBODY, 0,
	    &err), IOC_UNSAFE);
	assert_string_equal(err.msg,
	    "write \"d\": is there and not a regular file");
	assert_int_equal(ioc_file_replace(t.fd, "no/f", "x", 1, 0600, NOBODY,
	    0, &err), IOC_NOT_FOUND);
	assert_int_equal(ioc_file_replace(t.fd, "d/f/", "x", 1, 0600, NOBODY,
	    0, &err), IOC_INVALID);
	assert_int_equal(count_temps(t.fd), 0);
	(void)umask(old);
}

/* A write that cannot be finished: the old content, and no temporary file. */
static void
test_file_replace__no_room(void **state)
{
	struct rlimit rl, was;
	auto_tmp struct tmp t;
	struct ioc_error err;
	static char data[64 * 1024];

	tmp_open(&t);
	tmp_write(t.fd, "f", "old");
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	rl = was;
	rl.rlim_cur = 4096;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &rl), 0);
	assert_int_equal(ioc_file_replace(t.fd, "f", data, sizeof(data), 0644,
	    NOBODY, 0, &err), IOC_LIMIT);
	assert_int_equal(err.sys, EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_string_equal(tmp_read(t.fd, "f"), "old");
	assert_int_equal(count_temps(t.fd), 0);
}

/* Readers never see anything but one of the two contents, whole. */
static void
test_file_replace__readers_see_whole_files(void **state)
{
	static char a[50000], b[50000], got[60000];
	auto_tmp struct tmp t;
	pid_t pid;

	tmp_open(&t);
	memset(a, 'a', sizeof(a));
	memset(b, 'b', sizeof(b));
	assert_int_equal(ioc_file_replace(t.fd, "f", a, sizeof(a), 0644,
	    NOBODY, IOC_FILE_NOSYNC, NULL), 0);
	pid = fork();
	if (pid == 0)
		for (int i = 0;; i++)
			(void)ioc_file_replace(t.fd, "f", i & 1 ? a : b,
			    sizeof(a), 0644, NOBODY, IOC_FILE_NOSYNC, NULL);
	for (int i = 0; i < 1000; i++) {
		int fd = openat(t.fd, "f", O_RDONLY);
		ssize_t n = read(fd, got, sizeof(got));

		(void)close(fd);
		assert_int_equal(n, sizeof(a));
		assert_true(memcmp(got, a, sizeof(a)) == 0 ||
		    memcmp(got, b, sizeof(b)) == 0);
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

/* Writers are killed while others write and sweep: nothing stays behind. */
/* One of many gets it, who is killed at any moment: it is whole or not there. */
static void
test_file_new__one_gets_it_whole(void **state)
{
	static char data[20000];
	auto_tmp struct tmp t;
	struct ioc_error err;
	struct stat st;
	int whole = 0;

	tmp_open(&t);
	for (int round = 0; round < 200; round++) {
		pid_t pid = fork();

		if (pid == 0) {
			(void)ioc_file_replace(t.fd, "n", data, sizeof(data),
			    0600, NOBODY, IOC_FILE_NOSYNC | IOC_FILE_NEW,
			    NULL);
			_exit(0);
		}
		(void)usleep((useconds_t)(round * 5));
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		if (fstatat(t.fd, "n", &st, 0) == 0) {
			assert_int_equal(st.st_size, sizeof(data));
			whole++;
			assert_int_equal(ioc_file_replace(t.fd, "n", "x", 1,
			    0600, NOBODY, IOC_FILE_NOSYNC | IOC_FILE_NEW,
			    &err), IOC_EXISTS);
			assert_int_equal(unlinkat(t.fd, "n", 0), 0);
		}
	}
	if (whole == 0)
		assert_int_equal(ioc_file_replace(t.fd, "n", data, 1, 0600,
		    NOBODY, IOC_FILE_NOSYNC | IOC_FILE_NEW, &err), 0);
	assert_int_equal(ioc_file_sweep(t.fd, &err), 0);
	assert_int_equal(count_temps(t.fd), 0);
}

static void
test_file_sweep__takes_only_what_the_dead_left(void **state)
{
	static char data[20000];
	auto_tmp struct tmp t;
	struct ioc_error err;
	int left = 0;

	tmp_open(&t);
	tmp_symlink("f", t.fd, ".ioc-tmp-link");
	assert_int_equal(mkfifoat(t.fd, ".ioc-tmp-fifo", 0600), 0);
	for (int round = 0; round < 200; round++) {
		pid_t pid = fork();

		if (pid == 0)
			for (;;)
				(void)ioc_file_replace(t.fd, "g", data,
				    sizeof(data), 0644, NOBODY,
				    IOC_FILE_NOSYNC, NULL);
		for (int i = 0; i < 10; i++) {
			if (ioc_file_replace(t.fd, "f", data, sizeof(data),
			    0644, NOBODY, IOC_FILE_NOSYNC, &err) != 0)
				fail_msg("%s", err.msg);
			assert_int_equal(ioc_file_sweep(t.fd, &err), 0);
		}
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		left += count_temps(t.fd) > 2;
	}
	assert_true(left > 0);
	assert_int_equal(ioc_file_sweep(t.fd, &err), 0);
	assert_int_equal(count_temps(t.fd), 2);
	assert_true(tmp_exists(t.fd, "f") && tmp_exists(t.fd, "g"));
}

static void
check_copy(struct tmp *t, const char *from, const char *to)
{
	int a = openat(t->fd, from, O_RDONLY | O_CLOEXEC);
	int b = openat(t->fd, to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat sa, sb;
	struct ioc_error err;
	static char da[1 << 16], db[1 << 16];
	ssize_t n;

	assert_int_equal(ioc_file_copy_fd(a, b, &err), 0);
	assert_int_equal(fstat(a, &sa), 0);
	assert_int_equal(fstat(b, &sb), 0);
	assert_int_equal(sa.st_size, sb.st_size);
	/* Holes stay holes, as far as the file system has them. */
	assert_true(sb.st_blocks <= sa.st_blocks + 64);
	for (off_t at = 0; (n = pread(a, da, sizeof(da), at)) > 0; at += n) {
		assert_int_equal(pread(b, db, sizeof(db), at), n);
		assert_memory_equal(da, db, (size_t)n);
	}
	(void)close(a);
	(void)close(b);
}

static void
test_file_copy__content_and_holes(void **state)
{
	auto_tmp struct tmp t;
	int fd;

	tmp_open(&t);
	tmp_write(t.fd, "empty", "");
	tmp_write(t.fd, "small", "hello");
	fd = openat(t.fd, "sparse", O_RDWR | O_CREAT, 0600);
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	assert_int_equal(pwrite(fd, "y", 1, 5 << 20), 1);
	assert_int_equal(ftruncate(fd, 9 << 20), 0);
	(void)close(fd);
	fd = openat(t.fd, "hole", O_RDWR | O_CREAT, 0600);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	(void)close(fd);
	check_copy(&t, "empty", "empty2");
	check_copy(&t, "small", "small2");
	check_copy(&t, "sparse", "sparse2");
	check_copy(&t, "hole", "hole2");
	fd = openat(t.fd, ".", O_RDONLY | O_DIRECTORY);
	assert_int_equal(ioc_file_copy_fd(fd, fd, NULL), IOC_UNSAFE);
	(void)close(fd);
}

/* Between two file systems the kernel may not copy by itself. */
static void
test_file_copy__to_another_file_system(void **state)
{
	struct ioc_error err;
	struct tmp t;
	char path[] = "/dev/shm/ioc-test-XXXXXX", got[16] = "";
	int from, to;

	if (access("/dev/shm", W_OK) != 0)
		skip();
	tmp_open(&t);
	tmp_write(t.fd, "small", "hello");
	to = mkstemp(path);
	from = openat(t.fd, "small", O_RDONLY);
	(void)unlink(path);
	assert_int_equal(ioc_file_copy_fd(from, to, &err), 0);
	assert_int_equal(pread(to, got, sizeof(got), 0), 5);
	assert_string_equal(got, "hello");
	(void)close(from);
	(void)close(to);
	tmp_close(&t);
}

/* Somebody who cleans up all the time takes nothing from the living. */
static void
test_replace__while_others_sweep(void **state)
{
	auto_tmp struct tmp t;
	struct ioc_error err;
	time_t end = time(NULL) + 4;
	pid_t pid;

	tmp_open(&t);
	pid = fork();
	if (pid == 0) {
		(void)alarm(60);	/* if nobody is left to end it */
		for (;;)
			(void)ioc_file_sweep(t.fd, NULL);
	}
	for (int i = 0; i < 8000 && time(NULL) < end; i++)
		if (ioc_file_replace(t.fd, "file", "x", 1, 0600, (uid_t)-1,
		    (gid_t)-1, IOC_FILE_NOSYNC, &err) != 0) {
			(void)kill(pid, SIGKILL);
			fail_msg("%s", err.msg);
		}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

UNIT_MAIN(
	cmocka_unit_test(test_replace__while_others_sweep),
	cmocka_unit_test(test_file_read__limits_and_kinds),
	cmocka_unit_test(test_file_read_own__refuses_a_mount),
	cmocka_unit_test(test_file_read_host),
	cmocka_unit_test(test_file_replace__old_or_new),
	cmocka_unit_test(test_file_replace__no_room),
	cmocka_unit_test(test_file_replace__readers_see_whole_files),
	cmocka_unit_test(test_file_new__one_gets_it_whole),
	cmocka_unit_test(test_file_sweep__takes_only_what_the_dead_left),
	cmocka_unit_test(test_file_copy__content_and_holes),
	cmocka_unit_test(test_file_copy__to_another_file_system))
