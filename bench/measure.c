/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs several commands in turn, round by round, and tells for each the median
 * wall time, user and system time in microseconds and the peak memory in KiB:
 *
 *	measure ROUNDS NAME[@NSFILE] COMMAND [ARG...] [::: NAME COMMAND ...]
 *
 * Taking turns lets whatever else the machine does fall on all of them alike.
 * The first round warms up and does not count.  With @NSFILE a command runs in
 * that mount namespace.  Output goes to /dev/null; a status other than 0 ends it.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WALL, USER, SYS, RSS, FIGURES };

struct command {
	char	 *name;
	char	 *ns;		/* file of a mount namespace, or NULL */
	char	**argv;
	int64_t	 *v[FIGURES];
};

static int64_t
micros(struct timeval t)
{
	return ((int64_t)t.tv_sec * 1000000 + t.tv_usec);
}

static int64_t
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return ((int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

static void
enter(const char *ns)
{
#ifdef __linux__
	int fd = open(ns, O_RDONLY | O_CLOEXEC);

	if (fd == -1 || setns(fd, CLONE_NEWNS) == -1)
		err(125, "%s", ns);
#else
	errx(125, "%s: no mount namespaces here", ns);
#endif
}

static void
child(const struct command *c)
{
	int fd;

	if (c->ns != NULL)
		enter(c->ns);
	fd = open("/dev/null", O_RDWR);
	if (fd == -1 || dup2(fd, 0) == -1 || dup2(fd, 1) == -1)
		err(125, "/dev/null");
	(void)execvp(c->argv[0], c->argv);
	err(125, "%s", c->argv[0]);
}

/* One run; round -1 does not count. */
static void
run(struct command *c, int round)
{
	struct rusage u;
	int64_t start = now(), wall;
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0)
		child(c);
	if (pid == -1 || wait4(pid, &status, 0, &u) == -1)
		err(1, "%s", c->name);
	wall = now() - start;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		errx(1, "%s: status 0x%x", c->name, (unsigned)status);
	if (round < 0)
		return;
	c->v[WALL][round] = wall;
	c->v[USER][round] = micros(u.ru_utime);
	c->v[SYS][round] = micros(u.ru_stime);
	c->v[RSS][round] = u.ru_maxrss;
}

static int
by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return ((*x > *y) - (*x < *y));
}

static int64_t
middle(int64_t *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), by_value);
	return (v[n / 2]);
}

static void
report(struct command *c, int rounds)
{
	int64_t rss = 0;

	for (int i = 0; i < rounds; i++)
		if (c->v[RSS][i] > rss)
			rss = c->v[RSS][i];
	(void)printf("%s %jd %jd %jd %jd\n", c->name,
	    (intmax_t)middle(c->v[WALL], rounds),
	    (intmax_t)middle(c->v[USER], rounds),
	    (intmax_t)middle(c->v[SYS], rounds), (intmax_t)rss);
}

static void
usage(void)
{
	errx(2, "usage: measure ROUNDS NAME[@NSFILE] COMMAND [ARG...] "
	    "[::: NAME COMMAND ...]");
}

/* Splits argv at ":::" in place; returns the number of commands. */
static int
parse(int argc, char **argv, int rounds, struct command *c)
{
	int n = 0;

	for (int i = 0; i < argc; i++) {
		c[n].name = argv[i];
		c[n].ns = strchr(argv[i], '@');
		if (c[n].ns != NULL)
			*c[n].ns++ = '\0';
		c[n].argv = argv + ++i;
		while (i < argc && strcmp(argv[i], ":::") != 0)
			i++;
		if (argv + i == c[n].argv)
			usage();
		if (i < argc)
			argv[i] = NULL;
		for (int f = 0; f < FIGURES; f++) {
			c[n].v[f] = calloc((size_t)rounds, sizeof(int64_t));
			if (c[n].v[f] == NULL)
				err(1, "memory");
		}
		n++;
	}
	return (n);
}

int
main(int argc, char **argv)
{
	struct command *c;
	int n, rounds;

	if (argc < 4 || (rounds = (int)strtol(argv[1], NULL, 10)) < 1)
		usage();
	c = calloc((size_t)argc, sizeof(*c));
	if (c == NULL)
		err(1, "memory");
	n = parse(argc - 2, argv + 2, rounds, c);
	for (int round = -1; round < rounds; round++)
		for (int i = 0; i < n; i++)
			run(&c[i], round);
	for (int i = 0; i < n; i++)
		report(&c[i], rounds);
	return (0);
}
