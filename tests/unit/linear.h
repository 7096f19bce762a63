/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parsers take what is linear in their input: four times the input costs about
 * four times as much, where a quadratic one costs sixteen times.  Counted are
 * instructions, where the processor and the kernel count them; else it is the
 * time of the processor, the shortest of several.
 */
#ifndef TESTS_UNIT_LINEAR_H
#define TESTS_UNIT_LINEAR_H

#include "tests/unit/unit.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#endif

#include "base/buf.h"

#define	LINEAR_SMALL	((size_t)256 * 1024)
#define	LINEAR_LARGE	(4 * LINEAR_SMALL)	/* a megabyte */

/* A sanitizer's memmem() looks at all that it is given, wherever it finds it. */
#if defined(__SANITIZE_ADDRESS__)
#define	LINEAR_MOST	14
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define	LINEAR_MOST	14
#endif
#endif
#ifndef LINEAR_MOST
#define	LINEAR_MOST	8
#endif

typedef void linear_fn(const char *text, size_t len);

/*
 * `head`, then `unit` again and again, then `tail`; each "@" in a unit is a
 * number of eight digits that grows.
 */
struct linear {
	const char	*what;
	linear_fn	*feed;
	const char	*head, *unit, *tail;
};

/* A counter of this process's instructions, or -1. */
static int
linear_counter(void)
{
#if defined(__linux__)
	struct perf_event_attr a = { .type = PERF_TYPE_HARDWARE,
		.size = sizeof(a), .config = PERF_COUNT_HW_INSTRUCTIONS,
		.disabled = 1, .exclude_kernel = 1 };

	return ((int)syscall(SYS_perf_event_open, &a, 0, -1, -1, 0));
#else
	return (-1);
#endif
}

static double
linear_instructions(int fd, const struct linear *c, const struct ioc_buf *b)
{
	uint64_t n = 0;

#if defined(__linux__)
	(void)ioctl(fd, PERF_EVENT_IOC_RESET, 0);
	(void)ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
	c->feed(b->data, b->len);
	(void)ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
	assert_int_equal(read(fd, &n, sizeof(n)), sizeof(n));
#endif
	return ((double)n);
}

static double
linear_seconds(const struct linear *c, const struct ioc_buf *b)
{
	double best = 1e9;

	/* What else runs can only make it longer. */
	for (int k = 0; k < 3; k++) {
		struct timespec t, z;
		double s;

		(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
		c->feed(b->data, b->len);
		(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &z);
		s = (double)(z.tv_sec - t.tv_sec) +
		    (double)(z.tv_nsec - t.tv_nsec) / 1e9;
		best = s < best ? s : best;
	}
	return (best);
}

static void
linear_add(struct ioc_buf *b, const char *unit, size_t k)
{
	for (; *unit != '\0'; unit++)
		(void)(*unit == '@' ? ioc_buf_addf(b, "%08zu", k) :
		    ioc_buf_addc(b, *unit));
}

static double
linear_cost(int fd, const struct linear *c, size_t size)
{
	auto_buf struct ioc_buf b = IOC_BUF(2 * LINEAR_LARGE);
	size_t tail = strlen(c->tail), more = strlen(c->unit) + 24;

	(void)ioc_buf_adds(&b, c->head);
	for (size_t k = 1; b.len + tail + more < size; k++)
		linear_add(&b, c->unit, k);
	(void)ioc_buf_adds(&b, c->tail);
	assert_int_equal(b.failed, 0);
	return (fd >= 0 ? linear_instructions(fd, c, &b) :
	    linear_seconds(c, &b));
}

static void
linear_check(int fd, const struct linear *c)
{
	/* Below that it is all noise. */
	const double slack = fd >= 0 ? 1e6 : 0.0005;
	const double most = fd >= 0 && LINEAR_MOST == 8 ? 5 : LINEAR_MOST;
	double small, large;
	int round = 0;

	do {
		small = linear_cost(fd, c, LINEAR_SMALL);
		large = linear_cost(fd, c, LINEAR_LARGE);
	} while (large > most * small + slack && fd < 0 && ++round < 4);
	print_message("%-28s %8.2f, %8.2f %s\n", c->what, small * (fd >= 0 ?
	    1e-6 : 1e3), large * (fd >= 0 ? 1e-6 : 1e3), fd >= 0 ?
	    "million instructions" : "ms");
	if (large > most * small + slack)
		fail_msg("%s: four times as much takes %.1f times as much",
		    c->what, large / small);
}

static void
linear_run(const struct linear *c, size_t n)
{
	int fd = linear_counter();

	for (size_t i = 0; i < n; i++)
		linear_check(fd, &c[i]);
	if (fd >= 0)
		(void)close(fd);
}

#endif /* TESTS_UNIT_LINEAR_H */
