/* SPDX-License-Identifier: BSD-2-Clause */
/* From operands to jails. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "out.h"

/* A name and nothing else: no wildcard, list, key, escape or space. */
static bool
is_plain_name(const char *s)
{
	return (s[0] != '\0' && s[strcspn(s, "*+,=\\ \t\n")] == '\0');
}

/*
 * The operands as terms.  All terms must match; as two different plain names
 * never would, they become one term that any of them matches.
 */
static void
make_terms(const struct strlist *args, const char *extra, struct strlist *terms,
    char **names)
{
	struct strlist plain = { NULL, 0, 0 };

	for (size_t i = 0; i < args->n; i++)
		strlist_add(is_plain_name(args->v[i]) ? &plain : terms,
		    args->v[i]);
	*names = strlist_join(&plain, ",");
	if (plain.n > 0)
		strlist_add(terms, *names);
	if (extra != NULL)
		strlist_add(terms, extra);
	strlist_fini(&plain);
}

static bool
is_named(const struct ioc_jail *j, const char *name)
{
	const char *slash = strchr(name, '/');
	size_t len;

	if (slash == NULL)
		return (strcmp(ioc_jail_name(j), name) == 0);
	len = (size_t)(slash - name);
	return (strcmp(ioc_jail_name(j), slash + 1) == 0 &&
	    strncmp(ioc_jail_source(j), name, len) == 0 &&
	    ioc_jail_source(j)[len] == '\0');
}

/* Every plain name must have been found; only names can tell. */
static int
check_names(struct cli *c, const struct strlist *args, const char *extra,
    const struct selection *s)
{
	for (size_t i = 0; extra == NULL && s->named && i < args->n; i++) {
		size_t k = 0;

		while (k < s->n && !is_named(s->v[k], args->v[i]))
			k++;
		if (k == s->n)
			return (cli_failf(c, IOC_NOT_FOUND,
			    cli_hint(c, IOC_NOT_FOUND), "%s: no jail %s",
			    c->cmd->name, SHOW(args->v[i])));
	}
	return (0);
}

static int
take_list(struct cli *c, const struct strlist *args, const char *extra,
    bool may_be_empty, struct selection *s)
{
	s->named = true;
	for (size_t i = 0; i < args->n; i++)
		s->named = s->named && is_plain_name(args->v[i]);
	s->n = ioc_jail_count(s->list);
	s->v = cli_alloc(s->n, sizeof(*s->v));
	for (size_t i = 0; i < s->n; i++)
		s->v[i] = ioc_jail_at(s->list, i);
	if (s->n == 0 && !may_be_empty && extra == NULL) {
		char *text = strlist_join(args, " ");
		int r;

		if (args->n == 1 && is_plain_name(text))
			r = check_names(c, args, extra, s);
		else
			r = cli_failf(c, IOC_NOT_FOUND, NULL,
			    "%s: no jail matches %s", c->cmd->name,
			    SHOW(text));
		free(text);
		return (r);
	}
	return (check_names(c, args, extra, s));
}

int
cli_select(struct cli *c, const struct strlist *args, const char *extra,
    bool may_be_empty, struct selection *ret)
{
	struct ioc_host *h = may_be_empty ? cli_host(c) : cli_host_active(c);
	struct strlist terms = { NULL, 0, 0 };
	struct ioc_filter *f = NULL;
	struct ioc_error err;
	char *names;
	int r = 0;

	*ret = (struct selection){ NULL, NULL, 0, false };
	if (h == NULL)
		return (cli_failed(c));
	make_terms(args, extra, &terms, &names);
	if (terms.n > 0)
		r = ioc_filter_parse(terms.v, terms.n, &f, &err);
	if (r == 0)
		r = ioc_jail_list(h, f, &ret->list, &err);
	if (r != 0)
		r = cli_fail(c, &err);
	else
		r = take_list(c, args, extra, may_be_empty, ret);
	ioc_filter_free(f);
	strlist_fini(&terms);
	free(names);
	if (r != 0)
		selection_fini(ret);
	return (r);
}

int
cli_select_order(struct cli *c, struct selection *s, bool backwards)
{
	struct ioc_error err;

	if (ioc_jail_list_order(s->list, &err) != 0)
		return (cli_fail(c, &err));
	/* There may be more of them by now. */
	free(s->v);
	s->n = ioc_jail_count(s->list);
	s->v = cli_alloc(s->n, sizeof(*s->v));
	for (size_t i = 0; i < s->n; i++)
		s->v[backwards ? s->n - 1 - i : i] = ioc_jail_at(s->list, i);
	return (0);
}

void
selection_fini(struct selection *s)
{
	free(s->v);
	ioc_jail_list_free(s->list);
	*s = (struct selection){ NULL, NULL, 0, false };
}

bool
cli_is_running(struct ioc_jail *j)
{
	enum ioc_jail_state state;

	return (ioc_jail_state(j, &state, NULL, NULL) == 0 &&
	    state == IOC_JAIL_RUNNING);
}
