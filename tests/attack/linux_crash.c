/* SPDX-License-Identifier: BSD-2-Clause */
/* The ends of jails: killed, stale, stubborn, with their first command. */
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

/* What recovery does with whatever find gives. */
static void
clean(const char *name)
{
	struct ioc_os_jail *j;

	assert_int_equal(ioc_os_jail_find(w.os, name, &j, &w.e), 0);
	world_stop(&w, j);
	assert_int_equal(world_state(&w, name), IOC_OS_JAIL_NONE);
}

/* 55, 79: a record that names somebody else's process. */
static void
test_stale(void **state)
{
	struct start s = { .name = "test-stale" };
	struct ioc_os_jail *j = world_started(&w, &s), *k;
	struct ioc_os_exec x = { .argv = ARGV("true"), .fds = { -1, -1, -1 } };
	struct ioc_os_process p;
	char text[1024], *at;
	auto_fd int fd = openat(w.run, "test-stale.jail", O_RDWR | O_CLOEXEC);
	pid_t victim;
	ssize_t n = read(fd, text, sizeof(text) - 1);

	assert_true(n > 0);
	text[n] = '\0';
	world_stop(&w, j);
	victim = fork();
	if (victim == 0) {
		(void)pause();
		_exit(0);
	}
	/* The same pid, reused: only the stamp differs. */
	at = strstr(text, "\npid ");
	assert_non_null(at);
	(void)dprintf(fd, "%s", "");
	ioc_fd_close(&fd);
	fd = openat(w.run, "test-stale.jail", O_RDWR | O_CREAT | O_CLOEXEC,
	    0600);
	*at = '\0';
	assert_true(dprintf(fd, "%s\npid %d%s", text, victim,
	    strchr(at + 1, '\n')) > 0);
	assert_int_equal(world_state(&w, "test-stale"), IOC_OS_JAIL_PARTIAL);
	assert_int_equal(ioc_os_jail_find(w.os, "test-stale", &k, &w.e), 0);
	assert_int_equal(ioc_os_jail_exec(k, &x, &p, &w.e), IOC_STATE);
	world_stop(&w, k);
	assert_int_equal(kill(victim, 0), 0);
	(void)kill(victim, SIGKILL);
	assert_int_equal(waitpid(victim, NULL, 0), victim);
	/* A record that a crash cut. */
	ioc_fd_close(&fd);
	fd = openat(w.run, "test-stale.jail", O_RDWR | O_CREAT | O_CLOEXEC,
	    0600);
	assert_int_equal(write(fd, "ioc 1\nname te", 13), 13);
	assert_int_equal(world_state(&w, "test-stale"), IOC_OS_JAIL_PARTIAL);
	/* A new start takes over what is dead. */
	j = world_started(&w, &s);
	world_stop(&w, j);
}

static void
child_starts(int phase, int report)
{
	struct start s = { .name = "test-killed" };
	struct ioc_os_jail_spec spec = { .name = "test-killed",
		.userns = true, .id_base = w.base,
		.id_count = WORLD_COUNT };
	struct ioc_os_jail *j;
	int rc;

	if (phase < 2)
		rc = ioc_os_jail_prepare(w.os, &spec, &j, &w.e);
	else
		rc = world_mounted(&w, &s, &j);
	if (rc == 0 && phase == 1)
		rc = ioc_os_jail_limit(j, NULL, 0, &w.e);
	if (rc == 0 && phase == 3)
		rc = ioc_os_jail_create(j, &w.e);
	(void)!write(report, &rc, sizeof(rc));
	(void)pause();
}

/* A zombie does nothing any more: the host's init has not come to it yet. */
static bool
is_zombie(pid_t pid)
{
	char path[32], text[512];
	auto_fd int fd = -1;
	const char *end;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (n = read(fd, text, sizeof(text) - 1)) <= 0)
		return (true);
	text[n] = '\0';
	end = strrchr(text, ')');
	return (end != NULL && (end[2] == 'Z' || end[2] == 'X'));
}

static int
processes_of_range(void)
{
	auto_dir DIR *d = opendir("/proc");
	struct dirent *de;
	int n = 0;

	while (d != NULL && (de = readdir(d)) != NULL) {
		struct stat st;

		if (de->d_name[0] < '1' || de->d_name[0] > '9' ||
		    fstatat(dirfd(d), de->d_name, &st, 0) != 0)
			continue;
		if (st.st_uid >= w.base && st.st_uid < w.base + WORLD_COUNT &&
		    !is_zombie((pid_t)strtol(de->d_name, NULL, 10)))
			n++;
	}
	return (n);
}

/* 53: the starter is killed between the phases. */
static void
test_killed_between(void **state)
{
	for (int phase = 0; phase < 4; phase++) {
		int fds[2], rc = -1;
		pid_t pid;

		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		pid = fork();
		if (pid == 0) {
			child_starts(phase, fds[1]);
			_exit(0);
		}
		assert_int_equal(read(fds[0], &rc, sizeof(rc)), sizeof(rc));
		assert_int_equal(rc, 0);
		(void)close(fds[0]);
		(void)close(fds[1]);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		world_pause(50);
		assert_int_equal(world_state(&w, "test-killed"), phase == 3 ?
		    IOC_OS_JAIL_RUNNING : IOC_OS_JAIL_PARTIAL);
		if (phase != 3)
			assert_int_equal(processes_of_range(), 0);
		clean("test-killed");
		assert_int_equal(processes_of_range(), 0);
	}
}

/* The same at any moment: nothing that runs is left, and the name is free. */
static void
test_killed_anywhere(void **state)
{
	struct start s = { .name = "test-killed" };

	for (int i = 0; i < 60; i++) {
		struct ioc_os_jail *j;
		pid_t pid = fork();

		if (pid == 0) {
			if (world_start(&w, &s, &j) == 0)
				(void)pause();
			_exit(1);
		}
		struct timespec t = { .tv_nsec = i * 100000L };

		(void)nanosleep(&t, NULL);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		clean("test-killed");
		/* What had been forked and not recorded ends by itself. */
		for (int k = 0; k < 100 && processes_of_range() > 0; k++)
			world_pause(10);
		assert_int_equal(processes_of_range(), 0);
		assert_int_equal(world_cgroups(&w, "test-killed"), 0);
	}
}

static void
test_ephemeral(void **state)
{
	int fds[2], status;
	int64_t id = 0;
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		struct start s = { .name = "test-run", .ephemeral = true };
		struct ioc_os_jail_info info = { .id = -1 };
		struct ioc_os_jail *j;
		char out[64];

		if (world_start(&w, &s, &j) == 0) {
			(void)RUN("sh", "-c", "exec >/dev/null 2>&1; "
			    "sleep 1000 & sleep 1000 &");
			(void)ioc_os_jail_info(j, &info, NULL);
			/* Its handle may go before it. */
			ioc_os_jail_free(j);
		}
		(void)!write(fds[1], &info.id, sizeof(info.id));
		(void)pause();
		_exit(0);
	}
	assert_int_equal(read(fds[0], &id, sizeof(id)), sizeof(id));
	assert_true(id > 1);
	assert_int_equal(world_state(&w, "test-run"), IOC_OS_JAIL_RUNNING);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	for (int i = 0; i < 200 && processes_of_range() > 0; i++)
		world_pause(10);
	assert_int_equal(processes_of_range(), 0);
	assert_int_equal(world_state(&w, "test-run"), IOC_OS_JAIL_PARTIAL);
	clean("test-run");
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void
test_create_with(void **state)
{
	static const struct {
		const char *command, *user;
		int	    status;
	} cases[] = { { "exit 0", NULL, 0 }, { "exit 9", NULL, 9 },
		{ "kill -9 $$", NULL, 137 }, { "sleep 99 & exit 3", NULL, 3 },
		{ "exit $(id -u)", "www", 33 },
		{ "grep -q '^Seccomp:.2' /proc/self/status && "
		  "grep -q '^CapPrm:.0000000000000000' /proc/self/status",
		  "www", 0 } };

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
		struct start s = { .name = "test-with", .ephemeral = i % 2 };
		struct ioc_os_exec x = { .argv = ARGV("sh", "-c",
		    cases[i / 2].command), .user = cases[i / 2].user,
		    .fds = { -1, -1, -1 } };
		struct ioc_os_process p;
		struct ioc_os_jail *j;
		int status = -1;

		assert_int_equal(world_mounted(&w, &s, &j), 0);
		if (ioc_os_jail_create_with(j, &x, &p, &w.e) != 0)
			fail_msg("%s", w.e.msg);
		assert_true(p.pid > 1 && p.pidfd >= 0);
		assert_int_equal(ioc_os_process_wait(&p, 5000, &status, &w.e),
		    0);
		assert_int_equal(status, cases[i / 2].status);
		ioc_os_process_close(&p);
		world_stop(&w, j);
	}
}

static void
test_create_with_failure(void **state)
{
	struct start s = { .name = "test-with", .ephemeral = true };
	struct ioc_os_exec x = { .argv = ARGV("nothing-here"),
		.fds = { -1, -1, -1 } };
	struct ioc_os_process p;
	struct ioc_os_jail *j;

	assert_int_equal(world_mounted(&w, &s, &j), 0);
	assert_int_equal(ioc_os_jail_create_with(j, &x, &p, &w.e), IOC_CHILD);
	assert_int_equal(w.e.sys, ENOENT);
	assert_int_equal(processes_of_range(), 0);
	/* Freeing what was never created undoes it. */
	ioc_os_jail_free(j);
	assert_int_equal(world_state(&w, "test-with"), IOC_OS_JAIL_NONE);
	assert_int_equal(world_cgroups(&w, "test-with"), 0);
}

/* 56: processes that ignore TERM and fork. */
static void
test_stubborn(void **state)
{
	struct start s = { .name = "test-stubborn" };
	struct ioc_os_jail *j = world_started(&w, &s);
	char out[64];
	uint64_t t0, t;

	assert_int_equal(RUN("sh", "-c", "exec >/dev/null 2>&1; "
	    "trap '' TERM; for i in 1 2 3; do "
	    "(while :; do sleep 1; done) & done"), 0);
	t0 = ioc_now_ns();
	assert_int_equal(ioc_os_jail_remove(j, 300, &w.e), 0);
	t = (ioc_now_ns() - t0) / 1000000;
	assert_true(t >= 300 && t < 5000);
	assert_int_equal(processes_of_range(), 0);
	world_stop(&w, j);
	/* Those that listen end at once. */
	j = world_started(&w, &s);
	assert_int_equal(RUN("sh", "-c", "exec >/dev/null 2>&1; "
	    "for i in 1 2 3; do sleep 1000 & done"), 0);
	t0 = ioc_now_ns();
	assert_int_equal(ioc_os_jail_remove(j, 10000, &w.e), 0);
	assert_true((ioc_now_ns() - t0) / 1000000 < 2000);
	world_stop(&w, j);
}

WORLD_MAIN(
	cmocka_unit_test(test_stale),
	cmocka_unit_test(test_killed_between),
	cmocka_unit_test(test_killed_anywhere),
	cmocka_unit_test(test_ephemeral),
	cmocka_unit_test(test_create_with),
	cmocka_unit_test(test_create_with_failure),
	cmocka_unit_test(test_stubborn))
