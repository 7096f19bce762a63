/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory, lists, the host and questions: what the commands share. */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "out.h"

static void *
checked(void *p)
{
	static const char msg[] = "ioc: out of memory\n";

	if (p == NULL) {
		(void)!write(STDERR_FILENO, msg, sizeof(msg) - 1);
		_exit(EXIT_FAILED);
	}
	return (p);
}

void *
cli_alloc(size_t n, size_t size)
{
	return (checked(calloc(n > 0 ? n : 1, size)));
}

char *
cli_strdup(const char *s)
{
	return (checked(strdup(s)));
}

char *
cli_strndup(const char *s, size_t len)
{
	return (checked(strndup(s, len)));
}

char *
cli_printf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return (checked(n < 0 ? NULL : s));
}

char *
cli_absolute(const char *path)
{
	char *dir, *s;

	if (path == NULL)
		return (NULL);
	/* Where the directory has gone, the library names what is missing. */
	dir = path[0] == '/' ? NULL : getcwd(NULL, 0);
	s = dir == NULL ? cli_strdup(path) : cli_printf("%s/%s", dir, path);
	free(dir);
	return (s);
}

void
strlist_add(struct strlist *l, const char *s)
{
	if (l->n + 1 >= l->cap) {
		l->cap = l->cap == 0 ? 8 : l->cap * 2;
		l->v = checked(reallocarray(l->v, l->cap, sizeof(*l->v)));
	}
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}

void
strlist_fini(struct strlist *l)
{
	free(l->v);
	*l = (struct strlist){ NULL, 0, 0 };
}

char *
strlist_join(const struct strlist *l, const char *between)
{
	char *s = cli_strdup("");

	for (size_t i = 0; i < l->n; i++) {
		char *t = cli_printf("%s%s%s", s, i > 0 ? between : "",
		    l->v[i]);

		free(s);
		s = t;
	}
	return (s);
}

void
changes_init(struct changes *ch, const char *const *v, size_t n)
{
	ch->v = cli_alloc(n, sizeof(*ch->v));
	ch->n = n;
	for (size_t i = 0; i < n; i++) {
		char *text = cli_strdup(v[i]), *eq = strchr(text, '=');

		ch->v[i].name = text;
		if (eq != NULL) {
			*eq = '\0';
			ch->v[i].value = eq + 1;
		}
	}
}

void
changes_fini(struct changes *ch)
{
	for (size_t i = 0; i < ch->n; i++)
		free((void *)(uintptr_t)ch->v[i].name);
	free(ch->v);
	*ch = (struct changes){ NULL, 0 };
}

struct ioc_host *
cli_host(struct cli *c)
{
	struct ioc_host_options o = {
		.config = c->config,
		.sources = c->sources.n > 0 ? c->sources.v : NULL,
		.event = progress_event,
		.event_arg = &c->progress,
		.dry_run = c->dry_run,
		/* Only root can mend what others have left. */
		.no_recover = c->no_recover || geteuid() != 0,
	};
	struct ioc_error err;

	if (c->host == NULL && ioc_host_open(&o, &c->host, &err) != 0) {
		c->host = NULL;
		(void)cli_fail(c, &err);
	}
	return (c->host);
}

struct ioc_host *
cli_host_active(struct cli *c)
{
	struct ioc_host *h = cli_host(c);

	if (h != NULL && ioc_host_sources(h) == 0) {
		(void)cli_failf(c, IOC_STATE,
		    "Make a directory one: ioc activate --dir /var/lib/ioc",
		    "%s: no source is active", c->cmd->name);
		return (NULL);
	}
	return (h);
}

struct ioc_jail *
cli_jail(struct cli *c, const char *name)
{
	struct ioc_host *h = cli_host_active(c);
	struct ioc_error err;
	struct ioc_jail *j;

	if (h == NULL)
		return (NULL);
	if (ioc_jail_open(h, name, &j, &err) != 0) {
		(void)cli_fail(c, &err);
		return (NULL);
	}
	return (j);
}

char *
cli_jail_name(struct cli *c, const struct ioc_jail *j)
{
	char *full, *s;

	if (ioc_host_sources(c->host) < 2)
		return (out_escape(ioc_jail_name(j)));
	full = cli_printf("%s/%s", ioc_jail_source(j), ioc_jail_name(j));
	s = out_escape(full);
	free(full);
	return (s);
}

int
cli_confirm(struct cli *c, const char *question)
{
	char answer[16];

	if (c->yes || c->dry_run)
		return (0);
	if (!isatty(STDIN_FILENO))
		return (cli_failf(c, IOC_STATE, "-y answers yes.",
		    "%s: nobody can be asked, standard input is not a "
		    "terminal", c->cmd->name));
	(void)fprintf(stderr, "%s [y/N] ", question);
	(void)fflush(stderr);
	if (fgets(answer, sizeof(answer), stdin) == NULL)
		answer[0] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
		return (0);
	return (cli_failf(c, IOC_CANCELED, NULL,
	    "%s: not confirmed, nothing was done", c->cmd->name));
}

int
cli_plan(struct cli *c, const char *what, const char *who)
{
	struct ioc_event ev = { .phase = IOC_PHASE_PLAN, .what = what,
		.who = who };

	(void)progress_event(&ev, &c->progress);
	return (0);
}

int
cli_finish(struct cli *c, int status)
{
	if (c->json && c->dry_run && status == 0 && !c->help && !c->version &&
	    c->cmd != NULL && (c->cmd->flags & CMD_WRITES) != 0)
		progress_plan(&c->progress);
	progress_finish(&c->progress);
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return (status);
	return (cli_failf(c, IOC_FAILED, NULL, "standard output: %s",
	    errno != 0 ? strerror(errno) : "not all could be written"));
}
