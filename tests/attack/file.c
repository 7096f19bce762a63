/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/attack/attack.h"

#include <sys/resource.h>

#include "safe/file.h"
#include "safe/path.h"

#define	KEEP	(uid_t)-1, (gid_t)-1

static char large[256 * 1024];

static int
few_bytes(struct tmp *t, bool ours)
{
	struct rlimit rl = { 4096, 4096 };
	int r = 0, fd;

	(void)signal(SIGXFSZ, SIG_IGN);
	(void)setrlimit(RLIMIT_FSIZE, &rl);
	if (ours) {
		r = ioc_file_replace(t->fd, "f", large, sizeof(large), 0644,
		    KEEP, 0, NULL);
		return (r == IOC_LIMIT ? 0 : 1);
	}
	fd = openat(t->fd, "f", O_WRONLY | O_TRUNC);
	(void)!write(fd, large, sizeof(large));
	(void)close(fd);
	return (0);
}

static int
few_bytes_apart(struct tmp *t, bool ours)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(few_bytes(t, ours));
	(void)waitpid(pid, &status, 0);
	return (status);
}

static void
test_attack_39__no_room_keeps_the_old_file(void **state)
{
	auto_tmp struct tmp t;

	tmp_open(&t);
	memset(large, 'x', sizeof(large));
	tmp_write(t.fd, "f", PRECIOUS);
	assert_int_equal(few_bytes_apart(&t, true), 0);
	assert_string_equal(tmp_read(t.fd, "f"), PRECIOUS);
	assert_int_equal(few_bytes_apart(&t, false), 0);
	assert_string_not_equal(tmp_read(t.fd, "f"), PRECIOUS);
}

/* A file system that is full. */
static void
test_attack_39__full_file_system_keeps_the_old_file(void **state)
{
	struct ioc_error err = { 0 };
	char path[128], kept[16] = "";
	const char *text;
	struct tmp t;
	int fd, r, alone;

	if (geteuid() != 0) {
		print_message("only root can mount\n");
		skip();
	}
	tmp_open(&t);
	tmp_mkdir(t.fd, "mnt");
	(void)snprintf(path, sizeof(path), "%s/mnt", t.path);
	assert_int_equal(TMP_RUN("mount", "-t", "tmpfs", "-o", "size=131072",
	    "tmpfs", path), 0);
	fd = openat(t.fd, "mnt", O_RDONLY | O_DIRECTORY);
	tmp_write(fd, "f", PRECIOUS);
	r = ioc_file_replace(fd, "f", large, sizeof(large), 0644, KEEP, 0,
	    &err);
	text = tmp_read(fd, "f");
	(void)snprintf(kept, sizeof(kept), "%.15s",
	    text != NULL ? text : "");
	(void)close(fd);
	/* No temporary file is left: there is nothing but f. */
	alone = TMP_RUN("sh", "-c", "test \"$(ls -A $0)\" = f", path);
	assert_int_equal(TMP_RUN("umount", path), 0);
	tmp_close(&t);
	assert_int_equal(r, IOC_LIMIT);
	assert_int_equal(err.sys, ENOSPC);
	assert_int_equal(alone, 0);
	assert_string_equal(kept, PRECIOUS);
}

static void
test_attack_40__umask_of_nothing(void **state)
{
	auto_tmp struct tmp t;
	mode_t old = umask(0);
	struct stat st;
	int fd;

	tmp_open(&t);
	fd = openat(t.fd, "twin", O_WRONLY | O_CREAT, 0666);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 022, 022);
	(void)close(fd);
	assert_int_equal(ioc_file_replace(t.fd, "f", "x", 1, 0640, KEEP, 0,
	    NULL), 0);
	assert_int_equal(fstatat(t.fd, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	fd = ioc_path_mkdirs(t.fd, "a/b", 0711, KEEP, 0, NULL);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0711);
	(void)close(fd);
	(void)umask(old);
}

/* The temporary file is nobody else's, not even while it is written. */
static void
test_attack_40__temporary_file_is_private(void **state)
{
	auto_tmp struct tmp t;
	mode_t old = umask(0);
	pid_t pid;

	tmp_open(&t);
	pid = fork();
	if (pid == 0)
		for (;;)
			(void)ioc_file_replace(t.fd, "f", large, sizeof(large),
			    0600, KEEP, IOC_FILE_NOSYNC, NULL);
	for (int i = 0; i < 200; i++)
		if (TMP_RUN("sh", "-c", "find $0 -name '.ioc-tmp-*' -perm /077 "
		    "2>/dev/null | grep -q .", t.path) == 0) {
			attack_stop(pid);
			fail_msg("a temporary file is open to others");
		}
	attack_stop(pid);
	(void)umask(old);
}

UNIT_MAIN(
	cmocka_unit_test(test_attack_39__no_room_keeps_the_old_file),
	cmocka_unit_test(test_attack_39__full_file_system_keeps_the_old_file),
	cmocka_unit_test(test_attack_40__umask_of_nothing),
	cmocka_unit_test(test_attack_40__temporary_file_is_private))
