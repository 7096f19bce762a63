/* SPDX-License-Identifier: BSD-2-Clause */
/* list: jails, releases, sources, and what can be fetched. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "out.h"

struct list_opts {
	bool		 releases;
	bool		 templates;
	bool		 pools;
	bool		 sources;
	bool		 remote;
	bool		 wide;
	bool		 known;
	const char	*distribution;
	const char	*mirror;
	const char	*ca_file;
	const char	*arch;
	struct out_opts	 out;
};

#define	AT(member)	offsetof(struct list_opts, member)

static const struct opt opts[] = {
	{ 'r', "release", OPT_FLAG, AT(releases), .help = "list releases" },
	{ 't', "template", OPT_FLAG, AT(templates), .help = "list templates" },
	{ 'p', "pools", OPT_FLAG, AT(pools),
	    .help = "list the pools of ZFS, and which are sources" },
	{ 'd', "dataset", OPT_FLAG, AT(sources),
	    .help = "list sources: datasets and directories" },
	{ 'R', "remote", OPT_FLAG, AT(remote),
	    .help = "list releases that can be fetched" },
	{ 0, "distribution", OPT_TEXT, AT(distribution), .arg = "NAME",
	    .help = "-R: of this distribution instead of the host's" },
	{ 'u', "mirror", OPT_TEXT, AT(mirror), .arg = "URL",
	    .help = "-R: of this mirror; https only" },
	{ 0, "ca-file", OPT_TEXT, AT(ca_file), .arg = "PEM",
	    .complete = COMPLETE_FILE,
	    .help = "-R: trust these certificates instead of the system's" },
	{ 0, "arch", OPT_TEXT, AT(arch), .arg = "ARCH",
	    .help = "-R: for this architecture instead of the host's" },
	{ 0, "known", OPT_FLAG, AT(known),
	    .help = "-R: releases of all distributions that are known without "
	    "asking a mirror" },
	{ 'l', "long", OPT_FLAG, AT(wide), .help = "more columns" },
	OUT_OPTS_AS(0, struct list_opts, out),
	{ 0 }
};

/* The first ones are shown by default; then those of -l; any by -o. */
#define	JAIL_USUAL	5
#define	JAIL_WIDE	8
static const struct column jail_columns[] = {
	{ "jid", NULL, CELL_NUMBER },
	{ "name", NULL, CELL_TEXT },
	{ "state", NULL, CELL_TEXT },
	{ "release", NULL, CELL_TEXT },
	{ "patch_level", "PATCH", CELL_NUMBER },
	{ "source", NULL, CELL_TEXT },
	{ "boot", NULL, CELL_BOOL },
	{ "priority", NULL, CELL_NUMBER },
	{ "full_name", NULL, CELL_TEXT },
	{ "running", NULL, CELL_BOOL },
	{ "used", NULL, CELL_SIZE },
};
#define	N_JAIL_COLUMNS	(sizeof(jail_columns) / sizeof(jail_columns[0]))

/* What the names alone say; NULL: nothing. */
static char *
name_cell(struct ioc_jail *j, const char *name)
{
	if (strcmp(name, "name") == 0)
		return (cli_strdup(ioc_jail_name(j)));
	if (strcmp(name, "source") == 0)
		return (cli_strdup(ioc_jail_source(j)));
	if (strcmp(name, "full_name") == 0)
		return (cli_printf("%s/%s", ioc_jail_source(j),
		    ioc_jail_name(j)));
	return (NULL);
}

static bool
is_broken(struct ioc_jail *j)
{
	char *state;
	bool yes;

	if (ioc_jail_get(j, "state", &state, NULL) != 0)
		return (false);
	yes = strcmp(state, "broken") == 0;
	free(state);
	return (yes);
}

/*
 * States are those of the moment when the list was made.  Damaged or unreadable
 * configurations leave a "-", no more.
 */
static int
add_cell(struct table *t, struct ioc_jail *j, const char *name,
    struct ioc_error *err)
{
	char *text = name_cell(j, name);
	int r = 0;

	if (text == NULL)
		r = ioc_jail_get(j, name, &text, err);
	if (r != 0) {
		text = NULL;
		if (r == IOC_PERMISSION || (r != IOC_NOMEM && is_broken(j)))
			r = 0;
	}
	table_take(t, text);
	return (r);
}

static int
list_jails(struct cli *c, const struct cmd_line *l, const struct list_opts *o)
{
	struct ioc_error err;
	struct selection s;
	struct table t;
	struct column *cols;
	size_t ncols;
	int r;

	cols = out_columns(c, &o->out, jail_columns, N_JAIL_COLUMNS,
	    o->wide || c->json ? JAIL_WIDE : JAIL_USUAL, true, &ncols);
	if (cols == NULL)
		return (EXIT_USAGE);
	r = cli_select(c, &l->args, o->templates ? "template=yes" : NULL,
	    true, &s);
	table_init(&t, cols, ncols);
	for (size_t i = 0; r == 0 && i < s.n; i++) {
		for (size_t k = 0; r == 0 && k < ncols; k++) {
			if (add_cell(&t, s.v[i], cols[k].name, &err) != 0)
				r = cli_fail(c, &err);
		}
	}
	if (r == 0)
		r = out_table(c, &t, &o->out,
		    o->templates ? "templates" : "jails");
	table_fini(&t);
	selection_fini(&s);
	free(cols);
	return (r);
}

static const struct column release_columns[] = {
	{ "name", NULL, CELL_TEXT },
	{ "patch_level", "PATCH", CELL_NUMBER },
	{ "version", NULL, CELL_TEXT },
	{ "distribution", NULL, CELL_TEXT },
	{ "source", NULL, CELL_TEXT },
	{ "provenance", NULL, CELL_JSON },
};

static void
add_release(struct table *t, const struct ioc_release_info *i)
{
	for (size_t k = 0; k < t->ncols; k++) {
		const char *name = t->cols[k].name;

		if (strcmp(name, "patch_level") == 0)
			table_addf(t, "%u", i->patch_level);
		else if (strcmp(name, "version") == 0)
			table_add(t, i->version);
		else if (strcmp(name, "distribution") == 0)
			table_add(t, i->distribution);
		else if (strcmp(name, "source") == 0)
			table_add(t, i->source);
		else if (strcmp(name, "provenance") == 0)
			table_add(t, i->provenance);
		else
			table_add(t, i->name);
	}
}

static int
list_releases(struct cli *c, const struct list_opts *o)
{
	struct ioc_release_list *list;
	struct ioc_error err;
	struct column *cols;
	struct table t;
	size_t ncols;
	int r;

	cols = out_columns(c, &o->out, release_columns, 6,
	    o->wide || c->json ? 6 : 5, false, &ncols);
	if (cols == NULL)
		return (EXIT_USAGE);
	if (cli_host(c) == NULL ||
	    ioc_release_list(c->host, &list, &err) != 0) {
		free(cols);
		return (c->host == NULL ? cli_failed(c) : cli_fail(c, &err));
	}
	table_init(&t, cols, ncols);
	for (size_t i = 0; i < ioc_release_count(list); i++)
		add_release(&t, ioc_release_at(list, i));
	r = out_table(c, &t, &o->out, "releases");
	table_fini(&t);
	ioc_release_list_free(list);
	free(cols);
	return (r);
}

static const struct column source_columns[] = {
	{ "name", NULL, CELL_TEXT },
	{ "store", NULL, CELL_TEXT },
	{ "where", NULL, CELL_TEXT },
};

static int
list_sources(struct cli *c, const struct list_opts *o)
{
	struct ioc_source_info info;
	struct ioc_error err;
	struct column *cols;
	struct table t;
	size_t ncols;
	int r = 0;

	cols = out_columns(c, &o->out, source_columns, 3, 3, false, &ncols);
	if (cols == NULL)
		return (EXIT_USAGE);
	if (cli_host(c) == NULL) {
		free(cols);
		return (cli_failed(c));
	}
	table_init(&t, cols, ncols);
	for (size_t i = 0; r == 0 && i < ioc_host_sources(c->host); i++) {
		if (ioc_host_source(c->host, i, &info, &err) != 0)
			r = cli_fail(c, &err);
		for (size_t k = 0; r == 0 && k < ncols; k++)
			table_add(&t, cols[k].name[0] == 'n' ? info.name :
			    cols[k].name[0] == 's' ? info.store : info.where);
	}
	if (r == 0)
		r = out_table(c, &t, &o->out, "sources");
	table_fini(&t);
	free(cols);
	return (r);
}

static const struct column pool_columns[] = {
	{ "name", NULL, CELL_TEXT },
	{ "health", NULL, CELL_TEXT },
	{ "source", NULL, CELL_TEXT },
	{ "dataset", NULL, CELL_TEXT },
};

static void
add_pool(struct table *t, const struct ioc_pool_info *p)
{
	for (size_t k = 0; k < t->ncols; k++) {
		const char *name = t->cols[k].name;

		table_add(t, name[0] == 'n' ? p->name : name[0] == 'h' ?
		    p->health : name[0] == 's' ? p->source : p->where);
	}
}

static int
list_pools(struct cli *c, const struct list_opts *o)
{
	struct ioc_pool_list *list = NULL;
	struct ioc_error err;
	struct column *cols;
	struct table t;
	size_t ncols;
	int r;

	cols = out_columns(c, &o->out, pool_columns, 4, 4, false, &ncols);
	if (cols == NULL)
		return (EXIT_USAGE);
	if (cli_host(c) == NULL || ioc_pool_list(c->host, &list, &err) != 0) {
		free(cols);
		return (c->host == NULL ? cli_failed(c) : cli_fail(c, &err));
	}
	table_init(&t, cols, ncols);
	for (size_t i = 0; i < ioc_pool_count(list); i++)
		add_pool(&t, ioc_pool_at(list, i));
	r = out_table(c, &t, &o->out, "pools");
	table_fini(&t);
	ioc_pool_list_free(list);
	free(cols);
	return (r);
}

static const struct column remote_columns[] = {
	{ "name", NULL, CELL_TEXT },
	{ "distribution", NULL, CELL_TEXT },
	{ "eol", NULL, CELL_TEXT },
	{ "is_eol", "ENDED", CELL_BOOL },
	{ "is_newer", "NEWER", CELL_BOOL },
	{ "is_here", "FETCHED", CELL_BOOL },
};
#define	N_REMOTE	(sizeof(remote_columns) / sizeof(remote_columns[0]))

static void
add_remote(struct table *t, const struct ioc_remote_info *r)
{
	for (size_t k = 0; k < t->ncols; k++) {
		const char *name = t->cols[k].name;

		if (strcmp(name, "name") == 0)
			table_add(t, r->name);
		else if (strcmp(name, "distribution") == 0)
			table_add(t, r->distribution);
		else if (strcmp(name, "eol") == 0)
			table_add(t, r->eol);
		else if (strcmp(name, "is_eol") == 0)
			table_add(t, r->is_eol ? "yes" : "no");
		else if (strcmp(name, "is_newer") == 0)
			table_add(t, r->is_newer ? "yes" : "no");
		else
			table_add(t, r->is_here ? "yes" : "no");
	}
}

static void
add_known(struct table *t, const char *only)
{
	const char *dist, *name;

	for (size_t i = 0; (dist = ioc_distribution_name(i)) != NULL; i++) {
		if (only != NULL && strcmp(only, dist) != 0)
			continue;
		for (size_t k = 0;
		    (name = ioc_distribution_release(dist, k)) != NULL; k++)
			add_remote(t, &(struct ioc_remote_info){
			    .name = name, .distribution = dist });
	}
}

static int
list_remote(struct cli *c, const struct list_opts *o)
{
	char *ca_file = cli_absolute(o->ca_file);
	struct ioc_fetch_options f = {
		.distribution = o->distribution, .mirror = o->mirror,
		.ca_file = ca_file, .arch = o->arch,
	};
	struct ioc_remote_list *list = NULL;
	struct ioc_error err;
	struct column *cols;
	struct table t;
	size_t ncols;
	int r = 0;

	cols = out_columns(c, &o->out, remote_columns, N_REMOTE,
	    o->known ? 2 : N_REMOTE, false, &ncols);
	if (cols == NULL) {
		free(ca_file);
		return (EXIT_USAGE);
	}
	table_init(&t, cols, ncols);
	if (o->known)
		add_known(&t, o->distribution);
	else if (cli_host(c) == NULL)
		r = cli_failed(c);
	else if (ioc_remote_list(c->host, &f, &list, &err) != 0)
		r = cli_fail(c, &err);
	for (size_t i = 0; list != NULL && i < ioc_remote_count(list); i++)
		add_remote(&t, ioc_remote_at(list, i));
	if (r == 0)
		r = out_table(c, &t, &o->out, "remote");
	ioc_remote_list_free(list);
	table_fini(&t);
	free(cols);
	free(ca_file);
	return (r);
}

static int
run(struct cli *c, const struct cmd_line *l)
{
	const struct list_opts *o = l->opts;

	if (o->releases + o->templates + o->pools + o->sources + o->remote > 1)
		return (cli_usage(c, "-r, -t, -p, -d and -R exclude each "
		    "other"));
	if (l->args.n > 0 && (o->releases || o->pools || o->sources ||
	    o->remote))
		return (cli_usage(c, "%s takes no FILTER", o->releases ? "-r" :
		    o->pools ? "-p" : o->sources ? "-d" : "-R"));
	if (!o->remote && (o->known || o->distribution != NULL || o->mirror != NULL ||
	    o->ca_file != NULL || o->arch != NULL))
		return (cli_usage(c, "%s is for -R only", o->mirror != NULL ?
		    "-u" : o->distribution != NULL ? "--distribution" :
		    o->arch != NULL ? "--arch" : o->known ? "--known" :
		    "--ca-file"));
	if (o->releases)
		return (list_releases(c, o));
	if (o->sources)
		return (list_sources(c, o));
	if (o->pools)
		return (list_pools(c, o));
	if (o->remote)
		return (list_remote(c, o));
	return (list_jails(c, l, o));
}

static const struct hint hints[] = {
	{ IOC_NOT_FOUND, "\"ioc list\" without a name shows all jails." },
	{ 0, NULL },
};

const struct cmd cmd_list = {
	.name = "list",
	.args = "[FILTER...]",
	.max = CMD_MANY,
	.opts = opts,
	.opts_size = sizeof(struct list_opts),
	.complete = COMPLETE_JAIL,
	.help = "List jails, templates, releases, sources or pools",
	.about = "Lists the jails that match, or all. Columns of jails are "
	    "jid (on Linux the process id of the jail's init), name, state "
	    "(running, stopped or broken), release, patch_level, source, "
	    "full_name, running, used and every property. \"used\" walks the "
	    "files of the jail and takes its time. Templates are listed with -t "
	    "only, or when they are named. --exact prints numbers of bytes; -p "
	    "lists pools.\n\n"
	    "With -R it asks the mirror of the distribution, where it has "
	    "one: eol is the last day of support, is_eol whether that is "
	    "over, is_newer whether the release is newer than this host's "
	    "kernel.\n\n"
	    "The formats are table; csv with \";\" between and a header; list "
	    "with TAB between and no header; json.",
	.hints = hints,
	.run = run,
};
