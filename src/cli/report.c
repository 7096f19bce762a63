/* SPDX-License-Identifier: BSD-2-Clause */
/* Errors, usage and advice on stderr. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "out.h"

/* Advice for any command that has none of its own. */
static const struct hint hints[] = {
	{ IOC_BUSY, "Try again when that has ended." },
	{ IOC_UNSUPPORTED, "\"ioc doctor\" shows what this host can do." },
	{ IOC_NETWORK, "Another mirror can be given in ioc.conf." },
	{ 0, NULL },
};

static const char *
find_hint(const struct hint *h, int code)
{
	for (; h != NULL && h->code != 0; h++) {
		if (h->code == code)
			return (h->text);
	}
	return (NULL);
}

const char *
cli_hint(const struct cli *c, int code)
{
	const char *text = NULL;

	if (c->cmd != NULL)
		text = find_hint(c->cmd->hints, code);
	return (text != NULL ? text : find_hint(hints, code));
}

int
cli_failed(const struct cli *c)
{
	return (c->cmd != NULL && (c->cmd->flags & CMD_PROGRAM) != 0 ?
	    EXIT_OWN : EXIT_FAILED);
}

static void
tell_json(const char *code, const char *message, const char *hint)
{
	struct json j;

	json_open(&j, stderr, false);
	json_key(&j, "error");
	json_begin_object(&j);
	json_key(&j, "code");
	json_text(&j, code);
	json_key(&j, "message");
	json_text(&j, message);
	if (hint != NULL) {
		json_key(&j, "hint");
		json_text(&j, hint);
	}
	json_close(&j);
}

static void
tell(struct cli *c, const char *code, const char *message, const char *hint)
{
	progress_clear(&c->progress);
	/* Results that came before stand before it. */
	(void)fflush(stdout);
	if (c->json)
		tell_json(code, message, hint);
	else {
		(void)fprintf(stderr, "ioc: %s\n", message);
		if (hint != NULL)
			(void)fprintf(stderr, "%s\n", hint);
	}
	(void)fflush(stderr);
}

int
cli_fail(struct cli *c, const struct ioc_error *err)
{
	tell(c, ioc_code_name(err->code), err->msg, cli_hint(c, err->code));
	return (cli_failed(c));
}

int
cli_failf(struct cli *c, int code, const char *hint, const char *fmt, ...)
{
	char msg[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	tell(c, ioc_code_name(code), msg, hint);
	return (cli_failed(c));
}

int
cli_usage(struct cli *c, const char *fmt, ...)
{
	char text[1024], msg[1100];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)snprintf(msg, sizeof(msg), "%s%s%s",
	    c->cmd != NULL ? c->cmd->name : "", c->cmd != NULL ? ": " : "",
	    text);
	tell(c, "USAGE", msg, NULL);
	if (!c->json)
		help_usage(stderr, c->cmd, false);
	return (EXIT_USAGE);
}
