/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <signal.h>

#include "base/compat.h"
#include "safe/lock.h"
#include "tests/common/tmp.h"

#define	MS	1000000u

static void
test_lock__busy_names_the_holder(void **state)
{
	struct ioc_lock *a = NULL, *b = NULL;
	auto_tmp struct tmp t;
	struct ioc_error err;
	uint64_t start;
	int fds;

	tmp_open(&t);
	fds = tmp_count_fds();
	assert_int_equal(ioc_lock_take(t.fd, "web", IOC_LOCK_EXCLUSIVE, 0,
	    "stop web (pid 123)", &a, &err), 0);
	assert_int_equal(ioc_lock_take(t.fd, "web", IOC_LOCK_SHARED, 0, "x", &b,
	    &err), IOC_BUSY);
	assert_string_equal(err.msg, "locked by \"stop web (pid 123)\"");
	start = ioc_now_ns();
	assert_int_equal(ioc_lock_take(t.fd, "web", IOC_LOCK_EXCLUSIVE, 100,
	    "x", &b, &err), IOC_BUSY);
	assert_true(ioc_now_ns() - start >= 100 * MS);
	assert_true(ioc_now_ns() - start < 1000 * MS);
	assert_null(b);
	ioc_lock_release(a, false);
	assert_string_equal(tmp_read(t.fd, "web"), "");
	assert_int_equal(ioc_lock_take(t.fd, "web", IOC_LOCK_EXCLUSIVE, 0,
	    "y\n", &b, &err), 0);
	assert_int_equal(ioc_lock_take(t.fd, "web", IOC_LOCK_EXCLUSIVE, 0, "",
	    &a, &err), IOC_BUSY);
	assert_string_equal(err.msg, "locked by \"y\\n\"");
	ioc_lock_release(b, true);
	assert_false(tmp_exists(t.fd, "web"));
	ioc_lock_release(NULL, true);
	assert_int_equal(tmp_count_fds(), fds);
}

static void
test_lock__shared_ones_stand_together(void **state)
{
	struct ioc_lock *a, *b, *c;
	auto_tmp struct tmp t;

	tmp_open(&t);
	assert_int_equal(ioc_lock_take(t.fd, "l", IOC_LOCK_SHARED, 0, "a", &a,
	    NULL), 0);
	assert_int_equal(ioc_lock_take(t.fd, "l", IOC_LOCK_SHARED, 0, "b", &b,
	    NULL), 0);
	assert_int_equal(ioc_lock_take(t.fd, "l", IOC_LOCK_EXCLUSIVE, 0, "c",
	    &c, NULL), IOC_BUSY);
	/* The file is still b's: it stays. */
	ioc_lock_release(a, true);
	assert_true(tmp_exists(t.fd, "l"));
	assert_int_equal(ioc_lock_take(t.fd, "l", IOC_LOCK_EXCLUSIVE, 0, "c",
	    &c, NULL), IOC_BUSY);
	ioc_lock_release(b, true);
	assert_false(tmp_exists(t.fd, "l"));
}

static void
test_lock__bad_names_and_things_in_the_way(void **state)
{
	auto_tmp struct tmp t;
	struct ioc_lock *a;
	struct ioc_error err;

	tmp_open(&t);
	tmp_write(t.fd, "victim", "precious");
	tmp_symlink("victim", t.fd, "link");
	assert_int_equal(mkfifoat(t.fd, "fifo", 0600), 0);
	assert_int_equal(ioc_lock_take(t.fd, "../x", IOC_LOCK_EXCLUSIVE, 0, "",
	    &a, &err), IOC_INVALID);
	assert_int_equal(ioc_lock_take(t.fd, "link", IOC_LOCK_EXCLUSIVE, 0,
	    "", &a, &err), IOC_UNSAFE);
	assert_int_equal(ioc_lock_take(t.fd, "fifo", IOC_LOCK_EXCLUSIVE, 0,
	    "", &a, &err), IOC_UNSAFE);
	assert_string_equal(tmp_read(t.fd, "victim"), "precious");
}

/*
 * Several processes add to a number that only the lock protects, and take the
 * lock's file away each time.
 */
static void
test_lock__excludes_with_removal(void **state)
{
	auto_tmp struct tmp t;
	pid_t pids[4];

	tmp_open(&t);
	tmp_write(t.fd, "n", "0");
	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i] != 0)
			continue;
		for (int k = 0; k < 200; k++) {
			struct ioc_lock *l;
			char text[32];

			if (ioc_lock_take(t.fd, "l", IOC_LOCK_EXCLUSIVE, 20000,
			    "me", &l, NULL) != 0)
				_exit(1);
			(void)snprintf(text, sizeof(text), "%ld",
			    strtol(tmp_read(t.fd, "n"), NULL, 10) + 1);
			tmp_write(t.fd, "n", text);
			ioc_lock_release(l, true);
		}
		_exit(0);
	}
	for (int i = 0; i < 4; i++) {
		int status;

		(void)waitpid(pids[i], &status, 0);
		assert_int_equal(status, 0);
	}
	assert_string_equal(tmp_read(t.fd, "n"), "800");
}

/* The holder is killed; a child that it forked lives on, descriptors closed. */
static void
test_lock__goes_with_its_process(void **state)
{
	struct ioc_lock *l = NULL;
	auto_tmp struct tmp t;
	int ready[2];
	pid_t holder, child;

	tmp_open(&t);
	assert_int_equal(pipe(ready), 0);
	holder = fork();
	if (holder == 0) {
		if (ioc_lock_take(t.fd, "l", IOC_LOCK_EXCLUSIVE, 0, "h", &l,
		    NULL) != 0)
			_exit(1);
		child = fork();
		if (child == 0) {
			int out = dup2(ready[1], 0);

			ioc_close_from(1);
			child = getpid();
			(void)!write(out, &child, sizeof(child));
			ioc_close_from(0);
			for (;;)
				(void)pause();
		}
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(ready[0], &child, sizeof(child)), sizeof(child));
	assert_int_equal(ioc_lock_take(t.fd, "l", IOC_LOCK_EXCLUSIVE, 0, "x",
	    &l, NULL), IOC_BUSY);
	(void)kill(holder, SIGKILL);
	(void)waitpid(holder, NULL, 0);
	assert_int_equal(kill(child, 0), 0);
	assert_int_equal(ioc_lock_take(t.fd, "l", IOC_LOCK_EXCLUSIVE, 1000,
	    "x", &l, NULL), 0);
	ioc_lock_release(l, false);
	(void)kill(child, SIGKILL);
	(void)close(ready[0]);
	(void)close(ready[1]);
}

/* A forked child that cleans up must not let go of its parent's lock. */
static void
test_lock__release_in_a_child_leaves_it(void **state)
{
	struct ioc_lock *l, *other;
	auto_tmp struct tmp t;
	pid_t pid;

	tmp_open(&t);
	assert_int_equal(ioc_lock_take(t.fd, "l", IOC_LOCK_EXCLUSIVE, 0, "p",
	    &l, NULL), 0);
	pid = fork();
	if (pid == 0) {
		ioc_lock_release(l, true);
		_exit(0);
	}
	(void)waitpid(pid, NULL, 0);
	assert_int_equal(ioc_lock_take(t.fd, "l", IOC_LOCK_EXCLUSIVE, 0, "x",
	    &other, NULL), IOC_BUSY);
	/* And the other way round: a copy in a child does not hold it. */
	pid = fork();
	if (pid == 0)
		for (;;)
			(void)pause();
	ioc_lock_release(l, false);
	assert_int_equal(ioc_lock_take(t.fd, "l", IOC_LOCK_EXCLUSIVE, 0, "x",
	    &other, NULL), 0);
	ioc_lock_release(other, false);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

UNIT_MAIN(
	cmocka_unit_test(test_lock__busy_names_the_holder),
	cmocka_unit_test(test_lock__shared_ones_stand_together),
	cmocka_unit_test(test_lock__bad_names_and_things_in_the_way),
	cmocka_unit_test(test_lock__excludes_with_removal),
	cmocka_unit_test(test_lock__goes_with_its_process),
	cmocka_unit_test(test_lock__release_in_a_child_leaves_it))
