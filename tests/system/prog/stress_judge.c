/* SPDX-License-Identifier: BSD-2-Clause */
/* What a command may say, and end with, while others do anything to its jail. */
#include "stress.h"

#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* What one command may find that another has just done. */
static const char *const codes[] = {
	"NOT_FOUND", "EXISTS", "BUSY", "STATE",
};

/* What nobody may be told, whatever its code is. */
static const char *const never[] = {
	"internal", "odd packet", "damaged", "corrupt", "not JSON", "JSON",
	"Bad file descriptor", "Invalid argument", "Bad address",
	"without a result", "Success",
};

static unsigned
lines(const char *text)
{
	unsigned n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return (n);
}

static bool
known_code(const char *said)
{
	char code[64];

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		(void)snprintf(code, sizeof(code), "\"code\":\"%s\"",
		    codes[i]);
		if (strstr(said, code) != NULL)
			return (true);
	}
	return (false);
}

const char *
wrong(const struct command *c)
{
	int exited = c->status != -1 && WIFEXITED(c->status) ?
	    WEXITSTATUS(c->status) : -1;

	if (c->status == -1)
		return ("does not end");
	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		if (strstr(c->said, never[i]) != NULL)
			return (never[i]);
	if (WIFSIGNALED(c->status))
		return (c->kill && WTERMSIG(c->status) == SIGKILL ? NULL :
		    "ended by a signal");
	if (exited == 0)
		return (c->said[0] == '\0' || (c->op->tells != NULL &&
		    strstr(c->said, c->op->tells) != NULL) ? NULL :
		    "done, with words");
	/* Its jail was ended under it. */
	if (c->op->program && c->said[0] == '\0' &&
	    (exited == 128 + SIGKILL || exited == 128 + SIGTERM))
		return (NULL);
	/* There is nothing in an empty jail. */
	if (c->op->program && exited == 127 && lines(c->said) == 1)
		return (NULL);
	if (exited != (c->op->program ? 125 : 1))
		return ("has another exit status");
	/* Nor what starts it, where jails are started by a program of theirs. */
	if (strstr(c->said, "exec_start ") != NULL &&
	    strstr(c->said, "No such file or directory") != NULL)
		return (NULL);
	if (c->json && !c->op->several)
		return (lines(c->said) == 1 && known_code(c->said) ? NULL :
		    "has another code");
	if (c->json)
		return (known_code(c->said) ? NULL : "has another code");
	return (strncmp(c->said, "ioc: ", 5) == 0 && lines(c->said) > 0 &&
	    lines(c->said) <= (c->op->several ? 4 : 2) ? NULL :
	    "is not one sentence");
}
