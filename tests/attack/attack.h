/* SPDX-License-Identifier: BSD-2-Clause */
/* What every attack test includes first: an attacker beside the test. */
#ifndef TESTS_ATTACK_H
#define TESTS_ATTACK_H

#include "tests/unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "tests/common/tmp.h"

#define	ATTACK_SKIP	77	/* what meson takes for "skipped" */

/* The content that nobody may reach, and that may not change. */
#define	PRECIOUS	"precious"

/*
 * Starts `attack` again and again in a process of its own, which ends with the
 * test, however that ends.
 */
static inline pid_t
attack_start(void (*attack)(int dir), int dir)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return (pid);
	while (getppid() == parent)
		attack(dir);
	_exit(0);
}

static inline void
attack_stop(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

/* Two names change their places, in one step where the system has it. */
static inline void
attack_exchange(int dir, const char *a, const char *b)
{
#ifdef RENAME_EXCHANGE
	(void)renameat2(dir, a, dir, b, RENAME_EXCHANGE);
#else
	(void)renameat(dir, a, dir, ".attack");
	(void)renameat(dir, b, dir, a);
	(void)renameat(dir, ".attack", dir, b);
#endif
}

/* How often a race is run: as usual, or ATTACK_ROUNDS times. */
static inline unsigned
attack_rounds(unsigned usual)
{
	const char *env = getenv("ATTACK_ROUNDS");

	return (env != NULL ? (unsigned)strtoul(env, NULL, 10) : usual);
}

static inline double
attack_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

/* True when f(arg) does not end within a second (it is killed then). */
static inline bool
attack_hangs(void (*f)(void *arg), void *arg)
{
	pid_t pid = fork();
	bool hangs = true;

	if (pid == 0) {
		f(arg);
		_exit(0);
	}
	for (int i = 0; i < 100 && hangs; i++) {
		(void)usleep(10000);
		hangs = waitpid(pid, NULL, WNOHANG) == 0;
	}
	if (hangs)
		attack_stop(pid);
	return (hangs);
}

#endif /* TESTS_ATTACK_H */
