/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many processes that do random operations on few names by the program, and
 * kill some of those at a random moment.  What each of them says is judged: an
 * exit status other than 0 and 1, anything but one sentence, or an error that
 * two commands at once may not have is a finding.
 * usage: stress [-p PROCESSES] [-n NAMES] [-t SECONDS] [-s SEED] [-k PERCENT]
 *            [-o PROPERTY=VALUE] [-x OPERATION,...] -r RELEASE -d DIR
 *            PROGRAM CONFIG
 * DIR keeps what was said; of -x nothing is done.  Prints what was done, how
 * often; 1 when there was a finding.
 */
#include <sys/types.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "stress.h"

#define	HANGS_AFTER	180	/* seconds, on a machine that does much else */

/*
 * %n a name, %m another one, %r the release, %d a directory of the host, %t a
 * place in a jail, %i a number, %s one of a jail's snapshots, %u one as an update
 * leaves it, %e a new file, %f one that was exported, %o the property of -o: left
 * out without one.
 */
static const struct op ops[] = {
	{ "create", 16, false, false, NULL, { "create", "-r", "%r", "%n", "%o" } },
	{ "create-thick", 4, false, false, NULL, { "create", "-T", "-r", "%r", "%n", "%o" } },
	{ "create-empty", 2, false, false, NULL, { "create", "-e", "%n", "%o" } },
	{ "start", 16, false, false, NULL, { "start", "%n" } },
	{ "stop", 6, false, false, NULL, { "stop", "%n" } },
	{ "stop-force", 4, false, false, NULL, { "stop", "-f", "%n" } },
	{ "restart", 3, false, false, NULL, { "restart", "%n" } },
	{ "exec", 8, true, false, NULL, { "exec", "%n", "--", "true" } },
	{ "exec-long", 3, true, false, NULL, { "exec", "%n", "--", "sleep", "1" } },
	{ "exec-fork", 2, true, false, NULL, { "exec", "-f", "%n", "--", "true" } },
	{ "run", 5, true, false, NULL, { "run", "-r", "%r", "-o", "%o", "--", "true" } },
	{ "run-keep", 2, true, false, "is kept as",
	    { "run", "-r", "%r", "--keep", "--name", "%n", "-o", "%o", "--",
	    "true" } },
	{ "set", 6, false, false, NULL, { "set", "user.a=%i", "priority=%i", "%n" } },
	{ "rename", 8, false, false, NULL, { "rename", "%n", "%m" } },
	{ "destroy", 5, false, false, NULL, { "destroy", "-y", "%n" } },
	{ "destroy-force", 8, false, false, NULL, { "destroy", "-y", "-f", "%n" } },
	{ "fstab-add", 6, false, false, NULL, { "fstab", "add", "%d", "%t", "%n" } },
	{ "fstab-rm", 5, false, false, NULL, { "fstab", "rm", "%t", "%n" } },
	{ "fstab-show", 1, false, false, NULL, { "fstab", "show", "%n" } },
	{ "list", 3, false, false, NULL, { "list", "-l" } },
	{ "list-releases", 1, false, false, NULL, { "list", "-r" } },
	{ "get", 3, false, false, NULL, { "get", "-a", "%n" } },
	{ "recover", 1, false, false, NULL, { "recover" } },
	{ "create-many", 1, false, true, NULL,
	    { "create", "-C", "2", "-r", "%r", "%n", "%o" } },
	{ "destroy-many", 1, false, true, NULL,
	    { "destroy", "-y", "-f", "%n-1", "%n-2" } },
	{ "clone", 3, false, false, NULL, { "clone", "%n", "%m", "%o" } },
	{ "clone-snapshot", 3, false, false, NULL,
	    { "clone", "%s", "%m", "%o" } },
	{ "snapshot", 6, false, false, NULL, { "snapshot", "create", "%s" } },
	{ "snapshot-list", 1, false, false, NULL, { "snapshot", "list", "%n" } },
	{ "snapshot-remove", 3, false, false, NULL,
	    { "snapshot", "remove", "%s" } },
	{ "rollback", 3, false, false, NULL, { "snapshot", "rollback", "%s" } },
	{ "rollback-force", 2, false, false, NULL,
	    { "snapshot", "rollback", "-f", "%s" } },
	{ "promote", 1, false, false, NULL, { "promote", "%n" } },
	{ "update-before", 2, false, false, NULL,
	    { "snapshot", "create", "%u" } },
	{ "update-rollback", 2, false, false, NULL,
	    { "update", "--rollback", "%n" } },
	{ "export", 4, false, false, NULL, { "export", "%n", "%e" } },
	{ "import", 3, false, false, "is left out",
	    { "import", "%n", "%f" } },
};
#define	NOPS		(sizeof(ops) / sizeof(*ops))

static struct {
	unsigned	 processes, names, seconds, percent;
	uint64_t	 seed;
	const char	*property, *without, *release, *dir, *program, *config;
} opt = { .processes = 50, .names = 20, .seconds = 40, .percent = 25 };

static struct tally {
	unsigned	 done, refused, killed, findings;
} *tallies;		/* [process][op], shared */

/* --- chance ------------------------------------------------------------------- */

static uint64_t chance;

static unsigned
number(unsigned below)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return ((unsigned)((chance * UINT64_C(0x2545f4914f6cdd1d)) >> 33) %
	    below);
}

static bool
left_out(const char *name)
{
	const char *p = opt.without;
	size_t len = strlen(name);

	for (; p != NULL; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (strncmp(p, name, len) == 0 &&
		    (p[len] == ',' || p[len] == '\0'))
			return (true);
	return (false);
}

static size_t
any_op(void)
{
	unsigned total = 0, at;

	for (size_t i = 0; i < NOPS; i++)
		total += ops[i].weight;
	for (;;) {
		size_t i = 0;

		for (at = number(total); at >= ops[i].weight; i++)
			at -= ops[i].weight;
		if (!left_out(ops[i].name))
			return (i);
	}
}

/* --- one command ---------------------------------------------------------------- */

/* What was exported and can be imported: the newest of so many. */
#define	BACKUPS	6

static void
fill(const char *from, char to[256], unsigned a, unsigned b, unsigned self)
{
	const char *place = strchr(from, '%');
	char value[200];

	(void)snprintf(to, 256, "%s", from);
	if (place == NULL)
		return;
	switch (place[1]) {
	case 'n':
	case 'm':
		(void)snprintf(value, sizeof(value), "j%u",
		    place[1] == 'n' ? a : b);
		break;
	case 't':
		(void)snprintf(value, sizeof(value), "/tmp/d%u", number(3));
		break;
	case 'i':
		(void)snprintf(value, sizeof(value), "%u", number(99));
		break;
	case 's':
	case 'u':
		(void)snprintf(value, sizeof(value), "j%u@%s%u", a,
		    place[1] == 's' ? "s" : "before-update-", number(2));
		break;
	case 'e':
		(void)snprintf(value, sizeof(value), "%s/new.%u", opt.dir,
		    self);
		break;
	case 'f':
		(void)snprintf(value, sizeof(value), "%s/backup.%u", opt.dir,
		    number(BACKUPS));
		break;
	case 'd':
		(void)snprintf(value, sizeof(value), "%s/data", opt.dir);
		break;
	default:
		(void)snprintf(value, sizeof(value), "%s",
		    place[1] == 'r' ? opt.release : opt.property);
	}
	(void)snprintf(to, 256, "%.*s%s%s", (int)(place - from), from, value,
	    place + 2);
}

static void
make(struct command *c, unsigned self)
{
	unsigned a = number(opt.names), b = number(opt.names), n = 0;
	const char *const *from;

	c->op = &ops[any_op()];
	c->json = number(2) == 0;
	c->kill = number(100) < opt.percent;
	/* Most live for some milliseconds, some for long. */
	c->kill_us = 1u << number(number(4) == 0 ? 21 : 17);
	c->kill_us += number(c->kill_us);
	c->argv[n++] = (char *)(uintptr_t)opt.program;
	c->argv[n++] = (char *)(uintptr_t)"-c";
	c->argv[n++] = (char *)(uintptr_t)opt.config;
	c->argv[n++] = (char *)(uintptr_t)"-q";
	if (c->json)
		c->argv[n++] = (char *)(uintptr_t)"-j";
	for (from = c->op->argv; *from != NULL; from++) {
		size_t i = (size_t)(from - c->op->argv);

		if (opt.property == NULL && strcmp(*from, "%o") == 0)
			continue;
		if (opt.property == NULL && strcmp(*from, "-o") == 0)
			continue;
		fill(*from, c->text[i], a, b, self);
		c->argv[n++] = c->text[i];
	}
	c->argv[n] = NULL;
}

static void
child(struct command *c, int said)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    dup2(said, 2) < 0)
		_exit(99);
	(void)execv(opt.program, c->argv);
	_exit(99);
}

static void
on_alarm(int sig)
{
	(void)sig;
}

/* Runs it to its end, or to the moment when it is killed. */
static void
run(struct command *c, unsigned self)
{
	struct timespec pause;
	char path[600];
	ssize_t n;
	pid_t pid;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/said.%u", opt.dir, self);
	/* What a killed one has left behind may still write to the old file. */
	(void)unlink(path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND, 0600);
	if (fd < 0) {
		perror(path);
		_exit(99);
	}
	pid = fork();
	if (pid == 0)
		child(c, fd);
	if (c->kill) {
		pause.tv_sec = c->kill_us / 1000000;
		pause.tv_nsec = (long)(c->kill_us % 1000000) * 1000;
		(void)nanosleep(&pause, NULL);
		(void)kill(pid, SIGKILL);
	}
	(void)alarm(HANGS_AFTER);
	while (waitpid(pid, &c->status, 0) != pid) {
		if (errno != EINTR)
			_exit(99);
		/* It is left to be looked at, and found by the checks. */
		c->status = -1;
		break;
	}
	(void)alarm(0);
	n = pread(fd, c->said, sizeof(c->said) - 1, 0);
	c->said[n > 0 ? n : 0] = '\0';
	(void)close(fd);
}

/* --- judging it ------------------------------------------------------------------ */

/* Everything that was said, for people to read. */
static void
keep(const struct command *c, FILE *log, const char *why)
{
	(void)fprintf(log, "%s\t%d\t%s%s", c->op->name, c->status,
	    why != NULL ? why : "-", "\t");
	for (const char *p = c->said; *p != '\0'; p++)
		(void)fputc(*p == '\n' ? '|' : *p, log);
	(void)fputc('\n', log);
	(void)fflush(log);
}

static void
judge(const struct command *c, struct tally *t, FILE *log)
{
	const char *why = wrong(c);

	if (why != NULL)
		t->findings++;
	else if (c->status == 0)
		t->done++;
	else if (WIFSIGNALED(c->status))
		t->killed++;
	else
		t->refused++;
	if (why == NULL) {
		if (c->said[0] != '\0')
			keep(c, log, NULL);
		return;
	}
	keep(c, log, why);
	(void)printf("finding: %s:", why);
	for (char *const *a = c->argv + 4; *a != NULL; a++)
		(void)printf(" %s", *a);
	(void)printf(": status %d: %s\n", c->status, c->said);
	(void)fflush(stdout);
}

/* What is complete can be imported; it is there only if it is complete. */
static void
take_backup(const struct command *c, unsigned self)
{
	char from[600], to[600];

	if (strcmp(c->op->name, "export") != 0)
		return;
	(void)snprintf(from, sizeof(from), "%s/new.%u", opt.dir, self);
	(void)snprintf(to, sizeof(to), "%s/backup.%u", opt.dir,
	    number(BACKUPS));
	(void)rename(from, to);
}

static void
process(unsigned self, time_t end)
{
	struct tally *mine = &tallies[self * NOPS];
	static struct command c;
	char path[600];
	FILE *log;

	(void)snprintf(path, sizeof(path), "%s/log.%u", opt.dir, self);
	log = fopen(path, "w");
	if (log == NULL)
		_exit(99);
	chance = (opt.seed + 1) * UINT64_C(0x9e3779b97f4a7c15) + self + 1;
	for (int i = 0; i < 8; i++)
		(void)number(2);
	while (time(NULL) < end) {
		make(&c, self);
		run(&c, self);
		take_backup(&c, self);
		judge(&c, &mine[c.op - ops], log);
	}
	_exit(0);
}

/* --- all of them ------------------------------------------------------------------- */

static unsigned
report(void)
{
	struct tally all = { 0, 0, 0, 0 };

	(void)printf("%-14s %8s %8s %8s %8s\n", "operation", "done", "refused",
	    "killed", "findings");
	for (size_t i = 0; i < NOPS; i++) {
		struct tally t = { 0, 0, 0, 0 };

		for (unsigned p = 0; p < opt.processes; p++) {
			const struct tally *o = &tallies[p * NOPS + i];

			t.done += o->done;
			t.refused += o->refused;
			t.killed += o->killed;
			t.findings += o->findings;
		}
		(void)printf("%-14s %8u %8u %8u %8u\n", ops[i].name, t.done,
		    t.refused, t.killed, t.findings);
		all.done += t.done;
		all.refused += t.refused;
		all.killed += t.killed;
		all.findings += t.findings;
	}
	(void)printf("%-14s %8u %8u %8u %8u\n", "all", all.done, all.refused,
	    all.killed, all.findings);
	return (all.findings);
}

static int
usage(void)
{
	(void)fprintf(stderr, "usage: stress [-p PROCESSES] [-n NAMES] "
	    "[-t SECONDS] [-s SEED] [-k PERCENT] [-o PROPERTY=VALUE] "
	    "[-x OPERATION,...] -r RELEASE -d DIR PROGRAM CONFIG\n");
	return (2);
}

static bool
options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "p:n:t:s:k:o:x:r:d:")) != -1) {
		unsigned long v = strtoul(optarg != NULL ? optarg : "", NULL,
		    10);

		switch (c) {
		case 'p': opt.processes = (unsigned)v; break;
		case 'n': opt.names = (unsigned)v; break;
		case 't': opt.seconds = (unsigned)v; break;
		case 's': opt.seed = v; break;
		case 'k': opt.percent = (unsigned)v; break;
		case 'o': opt.property = optarg; break;
		case 'x': opt.without = optarg; break;
		case 'r': opt.release = optarg; break;
		case 'd': opt.dir = optarg; break;
		default: return (false);
		}
	}
	if (argc - optind != 2 || opt.release == NULL || opt.dir == NULL ||
	    opt.processes == 0 || opt.names == 0)
		return (false);
	opt.program = argv[optind];
	opt.config = argv[optind + 1];
	return (true);
}

int
main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	time_t end;
	int status, bad = 0;

	if (!options(argc, argv))
		return (usage());
	/* No SA_RESTART: waiting ends. */
	(void)sigaction(SIGALRM, &sa, NULL);
	tallies = mmap(NULL, opt.processes * NOPS * sizeof(*tallies),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0);
	if (tallies == MAP_FAILED) {
		perror("mmap");
		return (99);
	}
	(void)printf("seed %llu\n", (unsigned long long)opt.seed);
	(void)fflush(stdout);
	end = time(NULL) + (time_t)opt.seconds;
	for (unsigned p = 0; p < opt.processes; p++) {
		pid_t pid = fork();

		if (pid == 0)
			process(p, end);
		if (pid < 0)
			bad++;
	}
	for (;;) {
		pid_t pid = waitpid(-1, &status, 0);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			break;
		bad += status != 0;
	}
	if (bad != 0)
		(void)printf("%d processes of this test failed\n", bad);
	return (report() != 0 || bad != 0);
}
