/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 59: the clock of the host jumps, at each look at it, a day forward or back.
 * What is waited for takes as long as it should; a twin that reckons with
 * that clock gives up at once, or never.  The linker puts what is here in the
 * place of time(3) and its like.
 */
#include "tests/attack/attack.h"

#include <sys/time.h>

#include "safe/hash.h"
#include "safe/lock.h"
#include "safe/proc.h"

#define	DAY	86400
#define	SLEEP	"/bin/sleep"

static time_t jump;		/* at each look */
static unsigned looks;

int	__real_clock_gettime(clockid_t id, struct timespec *ts);
int	__wrap_clock_gettime(clockid_t id, struct timespec *ts);
int	__wrap_gettimeofday(struct timeval *tv, void *zone);
time_t	__wrap_time(time_t *t);

int
__wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	int r = __real_clock_gettime(id, ts);

	if (id == CLOCK_REALTIME)
		ts->tv_sec += jump * (time_t)++looks;
	return (r);
}

int
__wrap_gettimeofday(struct timeval *tv, void *zone)
{
	struct timespec ts;

	(void)__wrap_clock_gettime(CLOCK_REALTIME, &ts);
	*tv = (struct timeval){ ts.tv_sec, ts.tv_nsec / 1000 };
	return (0);
}

time_t
__wrap_time(time_t *t)
{
	struct timespec ts;

	(void)__wrap_clock_gettime(CLOCK_REALTIME, &ts);
	if (t != NULL)
		*t = ts.tv_sec;
	return (ts.tv_sec);
}

/* A program that takes so long, given a second, or so many. */
static int
run_sleep(const char *seconds, int timeout_ms)
{
	const char *const argv[] = { SLEEP, seconds, NULL };
	struct ioc_proc p = IOC_PROC;
	int status = -1, r;

	p.path = SLEEP;
	p.argv = argv;
	p.timeout_ms = timeout_ms;
	r = ioc_proc_run(&p, &status, NULL);
	return (r != 0 ? r : status);
}

/* The way of scripts: until it has ended or its time is over. */
static bool
twin_waits(pid_t pid, time_t seconds)
{
	time_t end = time(NULL) + seconds;

	while (time(NULL) < end) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return (true);
		(void)usleep(10000);
	}
	return (false);
}

static pid_t
start_sleep(const char *seconds)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)execl(SLEEP, SLEEP, seconds, NULL);
		_exit(1);
	}
	return (pid);
}

static void
twin_never_gives_up(void *arg)
{
	(void)twin_waits(start_sleep("5"), 0);
}

static void
test_attack_59__twin(void **state)
{
	pid_t pid = start_sleep("0.2");

	jump = DAY;
	assert_false(twin_waits(pid, 10));
	(void)waitpid(pid, NULL, 0);
	jump = -DAY;
	looks = 0;
	assert_true(attack_hangs(twin_never_gives_up, NULL));
}

static void
test_attack_59__programs(void **state)
{
	for (int i = 0; i < 2; i++) {
		double begun = attack_now();

		jump = i == 0 ? DAY : -DAY;
		assert_int_equal(run_sleep("0.2", 60 * 1000), 0);
		assert_int_equal(run_sleep("100", 300), IOC_TIMEOUT);
		assert_true(attack_now() - begun < 60);
		assert_true(attack_now() - begun > 0.5);
	}
}

/* Somebody holds it, for as long as he lives. */
static pid_t
hold(int dir)
{
	pid_t parent = getpid(), pid;
	int ready[2];
	char c = 0;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct ioc_lock *l;

		c = ioc_lock_take(dir, "l", IOC_LOCK_EXCLUSIVE, 0, "a test", &l,
		    NULL) == 0;
		(void)!write(ready[1], &c, 1);
		while (getppid() == parent)
			(void)usleep(10000);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(c, 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	return (pid);
}

static void
test_attack_59__locks(void **state)
{
	auto_tmp struct tmp t;

	tmp_open(&t);
	for (int i = 0; i < 2; i++) {
		double begun = attack_now();
		struct ioc_lock *l;
		pid_t pid = hold(t.fd);

		jump = i == 0 ? DAY : -DAY;
		assert_int_equal(ioc_lock_take(t.fd, "l", IOC_LOCK_EXCLUSIVE,
		    300, "me", &l, NULL), IOC_BUSY);
		assert_true(attack_now() - begun > 0.29);
		assert_true(attack_now() - begun < 60);
		attack_stop(pid);
		assert_int_equal(ioc_lock_take(t.fd, "l", IOC_LOCK_EXCLUSIVE,
		    60 * 1000, "me", &l, NULL), 0);
		ioc_lock_release(l, true);
	}
}

/* A worker has its time, of which it and its caller have one idea. */
static void
test_attack_59__workers(void **state)
{
	const char *helpers = getenv("HELPER_DIR");
	char hex[IOC_SHA256_HEX];
	auto_tmp struct tmp t;
	int fd;

	if (helpers == NULL)
		skip();
	tmp_open(&t);
	tmp_write(t.fd, "f", PRECIOUS);
	fd = openat(t.fd, "f", O_RDONLY);
	for (int i = 0; i < 2; i++) {
		jump = i == 0 ? DAY : -DAY;
		assert_int_equal(ioc_hash_fd(helpers, fd, hex, NULL), 0);
	}
	(void)close(fd);
}

UNIT_MAIN(
	cmocka_unit_test(test_attack_59__twin),
	cmocka_unit_test(test_attack_59__programs),
	cmocka_unit_test(test_attack_59__locks),
	cmocka_unit_test(test_attack_59__workers))
