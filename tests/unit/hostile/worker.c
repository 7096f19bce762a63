/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ioc-worker that an attacker has taken over: the verb says how it behaves.
 * It is not sandboxed and shares nothing with the real one.
 */
#include <sys/socket.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "safe/worker.h"

static char text[2 * IOC_WORKER_TEXT_MAX];

static void
say(uint32_t kind, int32_t code, int32_t sys, uint64_t a, uint64_t b,
    const void *data, uint32_t len, uint32_t claimed)
{
	static char packet[sizeof(struct ioc_worker_msg) + sizeof(text)];
	struct ioc_worker_msg m = {
		.kind = kind, .code = code, .sys = sys, .len = claimed,
		.a = a, .b = b,
	};

	memcpy(packet, &m, sizeof(m));
	if (len > 0)
		memcpy(packet + sizeof(m), data, len);
	if (send(3, packet, sizeof(m) + len, MSG_NOSIGNAL) < 0)
		_exit(9);
}

/* What a worker must find: its descriptors and nothing else, a clean table. */
static void
inspect(const char *request, size_t len)
{
	extern char **environ;
	char out[4096];
	int n = 0, fds = 0;

	for (int fd = 0; fd < 1024; fd++)
		fds += fcntl(fd, F_GETFD) >= 0;
	n += snprintf(out + n, sizeof(out) - (size_t)n, "fds%c%d%c", 0, fds, 0);
	n += snprintf(out + n, sizeof(out) - (size_t)n, "env%c", 0);
	for (char **e = environ; *e != NULL; e++)
		n += snprintf(out + n, sizeof(out) - (size_t)n, "%s ", *e);
	out[n++] = '\0';
	n += snprintf(out + n, sizeof(out) - (size_t)n, "sid%c%d%c", 0,
	    getsid(0) == getpid(), 0);
	n += snprintf(out + n, sizeof(out) - (size_t)n, "request%c%zu%c", 0,
	    len, 0);
	n += snprintf(out + n, sizeof(out) - (size_t)n, "last%c%s%c", 0,
	    request + len - 6, 0);
	n += snprintf(out + n, sizeof(out) - (size_t)n, "read%c", 0);
	n += (int)pread(4, out + n, 5, 0);
	out[n++] = '\0';
	say(IOC_MSG_DONE, 0, 0, 0, 0, out, (uint32_t)n, (uint32_t)n);
}

static void
lie(const char *verb)
{
	const uint32_t fail = IOC_MSG_FAILED, done = IOC_MSG_DONE;

	if (strcmp(verb, "short") == 0)
		(void)send(3, "abc", 3, 0);
	else if (strcmp(verb, "kind") == 0)
		say(77, 0, 0, 0, 0, "", 0, 0);
	else if (strcmp(verb, "length") == 0)
		say(done, 0, 0, 0, 0, "a", 2, 60000);
	else if (strcmp(verb, "long") == 0)
		say(done, 0, 0, 0, 0, text, IOC_WORKER_TEXT_MAX + 2,
		    IOC_WORKER_TEXT_MAX + 2);
	else if (strcmp(verb, "endless") == 0)
		say(done, 0, 0, 0, 0, "abc", 3, 3);
	else if (strcmp(verb, "odd") == 0)
		say(done, 0, 0, 0, 0, "abc", 4, 4);
	else if (strcmp(verb, "code") == 0)
		say(fail, 12345, 0, 0, 0, "x", 1, 1);
	else if (strcmp(verb, "success") == 0)
		say(fail, 0, 0, 0, 0, "x", 1, 1);
	else if (strcmp(verb, "errno") == 0)
		say(fail, IOC_FAILED, -5, 0, 0, "x", 1, 1);
	else if (strcmp(verb, "silent-failure") == 0)
		say(fail, IOC_FAILED, 0, 0, 0, "", 0, 0);
	else if (strcmp(verb, "terminal") == 0)
		say(fail, IOC_NETWORK, 0, 0, 0, "a\033[2Jb\\n\n\xff", 10, 10);
	else if (strcmp(verb, "progress") == 0)
		say(IOC_MSG_PROGRESS, 0, 0, 9, 3, "", 0, 0);
	else if (strcmp(verb, "progress-text") == 0)
		say(IOC_MSG_PROGRESS, 0, 0, 1, 3, "abc", 3, 3);
	(void)pause();
}

/* Whatever the file holds. */
static void
repeat(void)
{
	ssize_t n = pread(4, text, IOC_WORKER_TEXT_MAX, 0);

	if (n > 0)
		say(IOC_MSG_DONE, 0, 0, 0, 0, text, (uint32_t)n, (uint32_t)n);
}

int
main(void)
{
	static char buf[sizeof(text)];
	ssize_t n = recv(3, buf, sizeof(buf), 0);
	const char *verb = buf + sizeof(struct ioc_worker_msg) + 5;

	if (n < (ssize_t)sizeof(struct ioc_worker_msg) + 6)
		return (8);
	if (strcmp(verb, "inspect") == 0) {
		inspect(buf, (size_t)n);
	} else if (strcmp(verb, "manifest") == 0 ||
	    strcmp(verb, "listing") == 0 || strcmp(verb, "fetch") == 0 ||
	    strcmp(verb, "head") == 0 || strcmp(verb, "merge") == 0) {
		repeat();
	} else if (strcmp(verb, "flood") == 0) {
		for (;;)
			say(IOC_MSG_PROGRESS, 0, 0, 0, 0, "", 0, 0);
	} else if (strcmp(verb, "signal") == 0) {
		(void)raise(SIGKILL);
	} else if (strcmp(verb, "exit") == 0) {
		_exit(0);
	} else if (strcmp(verb, "status") == 0) {
		say(IOC_MSG_DONE, 0, 0, 0, 0, "", 0, 0);
		_exit(3);
	} else if (strcmp(verb, "crash-after") == 0) {
		say(IOC_MSG_DONE, 0, 0, 0, 0, "", 0, 0);
		(void)raise(SIGSEGV);
	} else if (strcmp(verb, "linger") == 0) {
		say(IOC_MSG_DONE, 0, 0, 0, 0, "", 0, 0);
		for (;;)
			(void)pause();
	} else if (strcmp(verb, "steps") == 0) {
		for (uint64_t i = 1; i <= 5; i++)
			say(IOC_MSG_PROGRESS, 0, 0, i, 5, "", 0, 0);
		say(IOC_MSG_DONE, 0, 0, 0, 0, "", 0, 0);
	} else if (strcmp(verb, "offspring") == 0) {
		/* A child that ignores what it can, and holds a pipe. */
		(void)signal(SIGTERM, SIG_IGN);
		(void)signal(SIGHUP, SIG_IGN);
		(void)fork();
		for (;;)
			(void)pause();
	} else {
		lie(verb);
	}
	return (0);
}
