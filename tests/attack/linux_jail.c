/* SPDX-License-Identifier: BSD-2-Clause */
/* A jail on Linux and its commands: users, terminals, limits, mounts. */
#include "tests/unit/unit.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "os/linux/linux.h"
#include "tests/attack/linux_world.h"

static struct world w;

static void
test_status(void **state)
{
	struct start s = { 0 };
	struct ioc_os_jail *j = world_started(&w, &s);
	char out[1024];

	assert_int_equal(RUN("true"), 0);
	assert_int_equal(RUN("false"), 1);
	assert_int_equal(RUN("sh", "-c", "exit 42"), 42);
	assert_int_equal(RUN("sh", "-c", "kill -TERM $$"), 128 + SIGTERM);
	assert_int_equal(RUN("sh", "-c", "kill -KILL $$"), 128 + SIGKILL);
	assert_int_equal(RUN("no-such-command"), IOC_CHILD);
	assert_int_equal(w.e.sys, ENOENT);
	assert_int_equal(RUN("/bin/no-such"), IOC_CHILD);
	assert_int_equal(w.e.sys, ENOENT);
	assert_int_equal(RUN("/bin/noexec"), IOC_CHILD);
	assert_int_equal(w.e.sys, EACCES);
	assert_int_equal(RUN("noexec"), IOC_CHILD);
	assert_int_equal(w.e.sys, EACCES);
	assert_int_equal(RUN("/bin/badformat"), IOC_CHILD);
	assert_int_equal(w.e.sys, ENOEXEC);
	assert_int_equal(RUN(""), IOC_CHILD);
	assert_int_equal(RUN("hostname"), 0);
	assert_string_equal(out, "inside\n");
	assert_int_equal(RUN("pwd"), 0);
	assert_string_equal(out, "/\n");
	world_stop(&w, j);
}

static void
test_users(void **state)
{
	struct start s = { 0 };
	struct ioc_os_jail *j = world_started(&w, &s);
	char out[2048];

	assert_int_equal(RUN_AS("www", "id"), 0);
	assert_string_equal(out,
	    "uid=33(www) gid=33(www) groups=44(extra)\n");
	assert_int_equal(RUN_AS("33", "sh", "-c", "echo $HOME $USER $SHELL; "
	    "umask; cat /proc/self/status"), 0);
	assert_memory_equal(out, "/home www /bin/sh\n0022\n", 23);
	assert_non_null(strstr(out, "CapEff:\t0000000000000000"));
	assert_non_null(strstr(out, "CapPrm:\t0000000000000000"));
	assert_non_null(strstr(out, "CapBnd:\t00000000a00405fb"));
	assert_non_null(strstr(out, "Seccomp:\t2"));
	assert_int_equal(RUN_AS("4711", "id", "-u"), 0);
	assert_string_equal(out, "4711\n");
	assert_int_equal(RUN_AS("nobody-here", "id"), IOC_NOT_FOUND);
	/* Its uid is beyond the jail's range. */
	assert_true(RUN_AS("far", "id") < 0);
	assert_int_equal(RUN("cat", "/proc/self/status"), 0);
	assert_non_null(strstr(out, "CapEff:\t00000000a00405fb"));
	assert_non_null(strstr(out, "CapAmb:\t0000000000000000"));
	assert_int_equal(RUN("env"), 0);
	assert_null(strstr(out, "MESON"));
	world_stop(&w, j);
}

/* A passwd that hangs or is no file, and a null device that is none. */
static void
test_hostile_files(void **state)
{
	struct start s = { 0 };
	struct ioc_os_jail *j = world_started(&w, &s);
	char out[256];

	assert_int_equal(RUN("sh", "-c",
	    "busybox rm /etc/passwd; "
	    "busybox mkfifo /etc/passwd"), 0);
	assert_int_equal(RUN_AS("www", "id"), IOC_NOT_FOUND);
	assert_int_equal(RUN("true"), 0);
	assert_int_equal(RUN("sh", "-c", "busybox rm /etc/passwd; "
	    "busybox yes | busybox head -c 3000000 >/etc/passwd"), 0);
	assert_int_equal(RUN_AS("www", "id"), IOC_NOT_FOUND);
	assert_int_equal(RUN("sh", "-c", "busybox rm /etc/passwd; "
	    "busybox ln -s /dev/zero /etc/passwd"), 0);
	assert_int_equal(RUN_AS("www", "true"), IOC_NOT_FOUND);
	/* 65: without a shell, and nothing that stands for one. */
	assert_int_equal(RUN("busybox", "rm", "/bin/sh"), 0);
	assert_int_equal(RUN("sh"), IOC_CHILD);
	world_stop(&w, j);
}

static void
test_args(void **state)
{
	struct start s = { 0 };
	struct ioc_os_jail *j = world_started(&w, &s);
	auto_free char *big = malloc(200000);
	auto_free const char **many = calloc(300000, sizeof(char *));
	char out[256];

	assert_non_null(big);
	assert_non_null(many);
	memset(big, 'x', 199999);
	big[199999] = '\0';
	/* 66: one argument longer than the kernel takes. */
	assert_int_equal(RUN("true", big), IOC_CHILD);
	assert_int_equal(w.e.sys, E2BIG);
	for (int i = 0; i < 200000; i++)
		many[i] = "a-longer-argument-to-fill-the-space-up";
	many[0] = "true";
	assert_true(world_run(&w, j, NULL, out, sizeof(out), many) < 0);
	assert_int_equal(RUN("true"), 0);
	world_stop(&w, j);
}

static void
test_tty(void **state)
{
	struct start s = { 0 };
	struct ioc_os_jail *j = world_started(&w, &s);
	struct ioc_os_exec x = { .argv = ARGV("sh", "-c", "tty; busybox stty "
	    "size; stat -c '%u %a' $(tty); cat"), .tty = true, .rows = 31,
	    .cols = 97, .user = "www" };
	struct ioc_os_process p;
	char out[512];
	size_t len = 0;
	ssize_t n;
	int status;

	if (ioc_os_jail_exec(j, &x, &p, &w.e) != 0)
		fail_msg("%s", w.e.msg);
	assert_true(p.pty >= 0 && p.pid > 1 && p.pidfd >= 0);
	assert_int_equal(write(p.pty, "\004", 1), 1);
	while ((n = read(p.pty, out + len, sizeof(out) - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	assert_int_equal(ioc_os_process_wait(&p, 5000, &status, &w.e), 0);
	assert_int_equal(status, 0);
	if (strstr(out, "/dev/pts/0\r\n31 97\r\n33 620\r\n") == NULL)
		fail_msg("tty: %s", out);
	ioc_os_process_close(&p);
	/* Ctrl-C on the master reaches the command only. */
	x.argv = ARGV("sleep", "100");
	assert_int_equal(ioc_os_jail_exec(j, &x, &p, &w.e), 0);
	world_pause(50);
	assert_int_equal(write(p.pty, "\003", 1), 1);
	assert_int_equal(ioc_os_process_wait(&p, 5000, &status, &w.e), 0);
	assert_int_equal(status, 128 + SIGINT);
	ioc_os_process_close(&p);
	/* A login shell. */
	x = (struct ioc_os_exec){ .login = true, .tty = true, .user = "www" };
	assert_int_equal(ioc_os_jail_exec(j, &x, &p, &w.e), 0);
	assert_true(write(p.pty, "echo $0:$PWD; exit 7\n", 21) == 21);
	for (len = 0; (n = read(p.pty, out + len, sizeof(out) - 1 - len)) > 0;)
		len += (size_t)n;
	out[len] = '\0';
	assert_non_null(strstr(out, "-sh:/home"));
	assert_int_equal(ioc_os_process_wait(&p, 5000, &status, &w.e), 0);
	assert_int_equal(status, 7);
	ioc_os_process_close(&p);
	world_stop(&w, j);
}

static void
test_signal_and_timeout(void **state)
{
	struct start s = { 0 };
	struct ioc_os_jail *j = world_started(&w, &s);
	struct ioc_os_exec x = { .argv = ARGV("sleep", "100"),
		.fds = { -1, -1, -1 } };
	struct ioc_os_process p, q;
	int status;

	assert_int_equal(ioc_os_jail_exec(j, &x, &p, &w.e), 0);
	assert_int_equal(ioc_os_process_wait(&p, 10, &status, &w.e),
	    IOC_TIMEOUT);
	assert_int_equal(ioc_os_process_signal(&p, SIGUSR1, &w.e), 0);
	assert_int_equal(ioc_os_process_wait(&p, 5000, &status, &w.e), 0);
	assert_int_equal(status, 128 + SIGUSR1);
	assert_true(ioc_os_process_signal(&p, SIGTERM, &w.e) < 0);
	ioc_os_process_close(&p);
	/* The jail goes, and nobody had waited for its command. */
	assert_int_equal(ioc_os_jail_exec(j, &x, &q, &w.e), 0);
	world_stop(&w, j);
	assert_int_equal(ioc_os_process_wait(&q, 5000, &status, &w.e), 0);
	assert_true(status == 128 + SIGTERM || status == 128 + SIGKILL);
	ioc_os_process_close(&q);
	/* No child of ours is left, which nobody could know of. */
	assert_int_equal(waitpid(-1, NULL, __WALL | WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void
test_list(void **state)
{
	struct start a = { .name = "test-a" };
	struct start b = { .name = "test-b", .base = w.base + WORLD_COUNT,
		.dir = true, .readonly = true };
	struct ioc_os_jail *j = world_started(&w, &a), *k = world_started(&w, &b), *busy;
	struct ioc_os_jail_info *v;
	char out[64];
	size_t n;

	assert_int_equal(ioc_os_jail_list(w.os, &v, &n, &w.e), 0);
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(v[i].state, IOC_OS_JAIL_RUNNING);
		assert_true(v[i].id > 1 && kill((pid_t)v[i].id, 0) == 0);
		assert_true(v[i].started + 60 > (uint64_t)time(NULL));
	}
	free(v);
	assert_int_equal(world_state(&w, "test-a"), IOC_OS_JAIL_RUNNING);
	assert_int_equal(world_state(&w, "test-c"), IOC_OS_JAIL_NONE);
	assert_int_equal(world_start(&w, &a, &busy), IOC_BUSY);
	/* A second handle, as another command would have it. */
	ioc_os_jail_free(j);
	assert_int_equal(ioc_os_jail_find(w.os, "test-a", &j, &w.e), 0);
	assert_int_equal(RUN("true"), 0);
	world_stop(&w, j);
	j = k;
	assert_int_equal(RUN("touch", "/x"), 1);
	assert_int_equal(RUN("touch", "/tmp/x"), 0);
	world_stop(&w, k);
	for (const char **bad = (const char *[]){ "", "../x", "a/b", ".x",
	    "-x", "a b", "a\n", NULL }; *bad != NULL; bad++)
		assert_int_equal(ioc_os_jail_find(w.os, *bad, &j, &w.e),
		    IOC_INVALID);
}

static void
test_limits(void **state)
{
	const struct ioc_os_limit l[] = {
		{ "maxproc", "deny", 8, "jail" },
		{ "memoryuse", "deny", 64u << 20, "jail" },
		{ "pcpu", "deny", 50, "jail" },
		{ "openfiles", "deny", 20, "jail" },
	};
	const struct ioc_os_limit bad = { "readbps", "deny", 1, "jail" };
	struct start s = { .name = "test-limit", .limits = l, .nlimits = 4 };
	struct ioc_os_jail *j;
	char out[512];

	if (ioc_os_can(w.os, IOC_CAN_LIMITS, &w.e) != 0) {
		print_message("skipped: %s\n", w.e.msg);
		skip();
	}
	j = world_started(&w, &s);
	assert_int_equal(world_cgroups(&w, "test-limit") > 0, 1);
	assert_int_not_equal(RUN("sh", "-c", "exec >/dev/null 2>&1; "
	    "for i in 1 2 3 4 5 6 7 8 9; do sleep 3 & done; wait"), 0);
	assert_int_equal(RUN("sh", "-c", "ulimit -n"), 0);
	assert_string_equal(out, "20\n");
	assert_int_equal(RUN("dd", "if=/dev/zero", "of=/dev/null", "bs=200M",
	    "count=1"), 128 + SIGKILL);
	world_stop(&w, j);
	s.limits = &bad;
	s.nlimits = 1;
	assert_int_equal(world_start(&w, &s, &j), IOC_UNSUPPORTED);
	assert_non_null(strstr(w.e.msg, "readbps"));
	assert_int_equal(world_state(&w, "test-limit"), IOC_OS_JAIL_NONE);
}

static void
test_live_mounts(void **state)
{
	struct start s = { 0 };
	struct ioc_os_jail *j = world_started(&w, &s);
	struct ioc_os_mount m = { .kind = IOC_MOUNT_BIND, .source = w.share,
		.target = "/mnt/live/dir", .flags = IOC_MNT_IDMAP };
	auto_fd int file = openat(w.share, "file", O_PATH | O_CLOEXEC);
	char out[256];

	if (ioc_os_jail_mount_live(j, &m, &w.e) != 0)
		fail_msg("%s", w.e.msg);
	assert_int_equal(RUN("cat", "/mnt/live/dir/file"), 0);
	assert_string_equal(out, "shared\n");
	assert_int_equal(ioc_os_jail_unmount_live(j, "/mnt/live/dir", &w.e), 0);
	assert_int_equal(RUN("cat", "/mnt/live/dir/file"), 1);
	assert_int_equal(ioc_os_jail_unmount_live(j, "/mnt/live/dir", &w.e),
	    IOC_NOT_FOUND);
	m.source = file;
	m.target = "/mnt/one";
	m.flags = IOC_MNT_RDONLY;
	assert_int_equal(ioc_os_jail_mount_live(j, &m, &w.e), 0);
	assert_int_equal(RUN("cat", "/mnt/one"), 0);
	assert_string_equal(out, "shared\n");
	assert_int_equal(ioc_os_jail_unmount_live(j, "/mnt/one", &w.e), 0);
	/* 29, in a running jail: its root made the target a link. */
	assert_int_equal(RUN("sh", "-c", "busybox ln -s /etc /mnt/link"), 0);
	m.source = w.share;
	m.target = "/mnt/link/x";
	assert_int_equal(ioc_os_jail_mount_live(j, &m, &w.e), IOC_UNSAFE);
	m.target = "/mnt/../mnt/../../x";
	assert_true(ioc_os_jail_mount_live(j, &m, &w.e) < 0);
	world_stop(&w, j);
	assert_int_equal(ioc_os_jail_find(w.os, "test-jail", &j, &w.e), 0);
	assert_int_equal(ioc_os_jail_mount_live(j, &m, &w.e), IOC_STATE);
	ioc_os_jail_free(j);
}

static void
test_network(void **state)
{
	struct start s = { 0 };
	struct ioc_os_jail *j = world_started(&w, &s);
	char out[1024];

	assert_int_equal(RUN("ip", "-o", "link"), 0);
	assert_non_null(strstr(out, "1: lo: <LOOPBACK,UP"));
	assert_null(strstr(out, "\n2: e"));
	world_stop(&w, j);
}

/* The way to an overlay for kernels that take no detached layers. */
static int
overlay_attached(int userns_fd)
{
	auto_fd int lower = ioc_lx_tree_clone(w.root, MOUNT_ATTR_RDONLY,
	    userns_fd, "lower", &w.e), tree = -1, fd = -1;
	struct stat st;

	if (lower < 0)
		return (20);
	tree = ioc_lx_root_overlay_attached(lower, w.upper, w.work,
	    MOUNT_ATTR_NODEV, &w.e);
	if (tree < 0)
		return (21);
	if (fstatat(tree, "bin/busybox", &st, 0) != 0 || st.st_uid != w.base)
		return (22);
	fd = openat(tree, "attached", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || fstatat(w.upper, "attached", &st, 0) != 0)
		return (23);
	return (0);
}

static void
test_overlay_attached(void **state)
{
	int before = world_mounts(), st, fds[2];
	char path[64], line[64];
	pid_t owner, pid;
	auto_fd int map = -1, ns = -1;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	owner = fork();
	if (owner == 0) {
		(void)!write(fds[1], "x", unshare(CLONE_NEWUSER) == 0);
		(void)pause();
		_exit(0);
	}
	assert_int_equal(read(fds[0], line, 1), 1);
	(void)snprintf(path, sizeof(path), "/proc/%d/uid_map", owner);
	map = open(path, O_WRONLY | O_CLOEXEC);
	st = snprintf(line, sizeof(line), "0 %u %u", w.base, WORLD_COUNT);
	assert_int_equal(write(map, line, (size_t)st), st);
	ioc_fd_close(&map);
	(void)snprintf(path, sizeof(path), "/proc/%d/gid_map", owner);
	map = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(map, line, (size_t)st), st);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", owner);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(ns >= 0);
	pid = fork();
	if (pid == 0) {
		st = overlay_attached(ns);
		if (st != 0)
			(void)fprintf(stderr, "%d: %s\n", st, w.e.msg);
		_exit(st);
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_int_equal(st, 0);
	assert_int_equal(world_mounts(), before);
	(void)kill(owner, SIGKILL);
	assert_int_equal(waitpid(owner, NULL, 0), owner);
	(void)close(fds[0]);
	(void)close(fds[1]);
	assert_int_equal(unlinkat(w.upper, "attached", 0), 0);
}

/* 38, 40: a caller without 0-2, with umask 0. */
static void
test_bare_caller(void **state)
{
	pid_t pid = fork();
	int st;

	if (pid == 0) {
		struct start s = { 0 };
		struct ioc_os_jail *j;
		struct ioc_os_exec x = { .argv = ARGV("sh", "-c",
		    "umask; test $(umask) = 0022 && test -c /dev/fd/0 && "
		    "test -c /dev/fd/2"), .fds = { -1, -1, -1 } };
		struct ioc_os_process p;
		int status = 1;

		(void)close(0);
		(void)close(1);
		(void)close(2);
		(void)umask(0);
		if (world_start(&w, &s, &j) != 0)
			_exit(40);
		if (ioc_os_jail_exec(j, &x, &p, &w.e) != 0)
			_exit(41);
		(void)ioc_os_process_wait(&p, 5000, &status, &w.e);
		ioc_os_process_close(&p);
		(void)ioc_os_jail_remove(j, 0, &w.e);
		(void)ioc_os_jail_unlimit(j, &w.e);
		(void)ioc_os_jail_release(j, &w.e);
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_int_equal(st, 0);
}

WORLD_MAIN(
	cmocka_unit_test(test_status),
	cmocka_unit_test(test_users),
	cmocka_unit_test(test_args),
	cmocka_unit_test(test_tty),
	cmocka_unit_test(test_signal_and_timeout),
	cmocka_unit_test(test_list),
	cmocka_unit_test(test_limits),
	cmocka_unit_test(test_live_mounts),
	cmocka_unit_test(test_network),
	cmocka_unit_test(test_overlay_attached),
	cmocka_unit_test(test_bare_caller),
	/* Last, for it leaves a root without its files. */
	cmocka_unit_test(test_hostile_files))
