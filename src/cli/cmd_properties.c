/* SPDX-License-Identifier: BSD-2-Clause */
/* properties: the table of properties. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "out.h"
#include "props.h"

struct props_opts {
	struct out_opts	 out;
};

static const struct opt opts[] = {
	OUT_OPTS(struct props_opts, out),
	{ 0 }
};

static const struct column columns[] = {
	{ "name", NULL, CELL_TEXT },
	{ "type", NULL, CELL_TEXT },
	{ "default", NULL, CELL_TEXT },
	{ "scope", NULL, CELL_TEXT },
	{ "systems", NULL, CELL_LIST },
	{ "help", NULL, CELL_TEXT },
	{ "choices", NULL, CELL_LIST },
	{ "min", NULL, CELL_NUMBER },
	{ "max", NULL, CELL_NUMBER },
	{ "parameter", NULL, CELL_TEXT },
};
#define	USUAL		6
#define	N_COLUMNS	(sizeof(columns) / sizeof(columns[0]))

const char *
prop_type_name(enum ioc_prop_type type)
{
	static const char *const names[] = {
		[IOC_PROP_STRING] = "string", [IOC_PROP_BOOL] = "bool",
		[IOC_PROP_INT] = "int", [IOC_PROP_SIZE] = "size",
		[IOC_PROP_LIST] = "list", [IOC_PROP_LIMIT] = "limit",
		[IOC_PROP_CHOICE] = "choice",
	};

	return (names[type]);
}

const char *
prop_scope_name(enum ioc_prop_scope scope)
{
	static const char *const names[] = {
		[IOC_SCOPE_TENANT] = "tenant", [IOC_SCOPE_ADMIN] = "admin",
		[IOC_SCOPE_FIXED] = "fixed", [IOC_SCOPE_INTERNAL] = "internal",
	};

	return (names[scope]);
}

const char *
prop_systems_name(unsigned systems)
{
	return (systems == IOC_ON_ALL ? "linux,freebsd" :
	    systems == IOC_ON_LINUX ? "linux" : "freebsd");
}

bool
prop_has_range(const struct ioc_prop *p)
{
	return ((p->type == IOC_PROP_INT || p->type == IOC_PROP_SIZE) &&
	    p->min < p->max);
}

static char *
join_choices(const struct ioc_prop *p)
{
	struct strlist l = { NULL, 0, 0 };
	char *s = NULL;

	for (size_t i = 0; p->choices != NULL && p->choices[i] != NULL; i++)
		strlist_add(&l, p->choices[i]);
	if (l.n > 0)
		s = strlist_join(&l, ",");
	strlist_fini(&l);
	return (s);
}

static void
add(struct table *t, const char *column, const struct ioc_prop *p)
{
	if (strcmp(column, "name") == 0)
		table_add(t, p->name);
	else if (strcmp(column, "type") == 0)
		table_add(t, prop_type_name(p->type));
	else if (strcmp(column, "default") == 0)
		table_add(t, p->fallback);
	else if (strcmp(column, "scope") == 0)
		table_add(t, prop_scope_name(p->scope));
	else if (strcmp(column, "systems") == 0)
		table_add(t, prop_systems_name(p->systems));
	else if (strcmp(column, "help") == 0)
		table_add(t, p->help);
	else if (strcmp(column, "choices") == 0)
		table_take(t, join_choices(p));
	else if (strcmp(column, "parameter") == 0)
		table_add(t, p->param);
	else if (!prop_has_range(p))
		table_add(t, NULL);
	else
		table_addf(t, "%" PRId64,
		    strcmp(column, "min") == 0 ? p->min : p->max);
}

static int
run(struct cli *c, const struct cmd_line *l)
{
	const struct props_opts *o = l->opts;
	const struct ioc_prop *props;
	struct column *cols;
	struct table t;
	size_t n, ncols;
	int r;

	cols = out_columns(c, &o->out, columns, N_COLUMNS,
	    c->json ? N_COLUMNS : USUAL, false, &ncols);
	if (cols == NULL)
		return (EXIT_USAGE);
	props = ioc_prop_table(&n);
	table_init(&t, cols, ncols);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < ncols; k++)
			add(&t, cols[k].name, &props[i]);
	}
	r = out_table(c, &t, &o->out, "properties");
	table_fini(&t);
	free(cols);
	return (r);
}

const struct cmd cmd_properties = {
	.name = "properties",
	.args = "",
	.opts = opts,
	.opts_size = sizeof(struct props_opts),
	.help = "Show the table of properties",
	.about = "Prints all properties with type, default, scope, systems and "
	    "meaning. Columns beside those are choices, min, max and "
	    "parameter, the parameter of jail(8) that a property sets. A "
	    "tenant may set what can neither run code on the host nor widen "
	    "the jail; the rest is the administrator's, or fixed at creation.",
	.run = run,
};
