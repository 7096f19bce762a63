/* SPDX-License-Identifier: BSD-2-Clause */
/* snapshot: list, create, rollback and remove. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "out.h"

struct snapshot_opts {
	bool		 force;
	struct out_opts	 out;
};

#define	AT(member)	offsetof(struct snapshot_opts, member)

static const struct opt opts[] = {
	{ 'f', "force", OPT_FLAG, AT(force), .help = "rollback: kill the jail "
	    "if it runs, and lose newer snapshots" },
	{ 'H', "no-header", OPT_FLAG, AT(out.no_header),
	    .help = "list: no header, TAB between the columns" },
	{ 'p', "exact", OPT_FLAG, AT(out.exact),
	    .help = "list: exact numbers, times in seconds" },
	{ 'o', "output", OPT_TEXT, AT(out.output), .arg = "COLUMN,...",
	    .help = "list: these columns" },
	{ 's', "sort", OPT_TEXT, AT(out.sort), .arg = "COLUMN",
	    .help = "list: sort by this column" },
	{ 0, "output-format", OPT_WORD, AT(out.format), .arg = "FORMAT",
	    .words = out_formats,
	    .help = "list: as table, csv, list or json" },
	{ 0 }
};

static const struct column columns[] = {
	{ "name", NULL, CELL_TEXT },
	{ "created", NULL, CELL_TEXT },
	{ "used", NULL, CELL_SIZE },
};
#define	N_COLUMNS	(sizeof(columns) / sizeof(columns[0]))

/* "2026-11-30T12:00:00Z", everywhere the same; seconds where numbers count. */
static void
add_created(struct table *t, int64_t created, bool exact)
{
	time_t when = (time_t)created;
	char text[32] = "";
	struct tm tm;

	if (exact || gmtime_r(&when, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		table_addf(t, "%lld", (long long)created);
	else
		table_add(t, text);
}

static int
show(struct cli *c, struct ioc_jail *j, const struct out_opts *o)
{
	struct ioc_snapshot_list *l = NULL;
	struct ioc_error err;
	struct column *cols;
	struct table t;
	size_t ncols;
	int r;

	cols = out_columns(c, o, columns, N_COLUMNS, N_COLUMNS, false, &ncols);
	if (cols == NULL)
		return (EXIT_USAGE);
	if (ioc_snapshot_list(j, &l, &err) != 0) {
		free(cols);
		return (cli_fail(c, &err));
	}
	table_init(&t, cols, ncols);
	for (size_t i = 0; i < ioc_snapshot_count(l); i++) {
		const struct ioc_snapshot_info *s = ioc_snapshot_at(l, i);

		for (size_t k = 0; k < ncols; k++)
			if (cols[k].name[0] == 'n')
				table_add(&t, s->name);
			else if (cols[k].name[0] == 'c')
				add_created(&t, s->created, o->exact);
			else
				table_addf(&t, "%llu",
				    (unsigned long long)s->used);
	}
	r = out_table(c, &t, o, "snapshots");
	table_fini(&t);
	ioc_snapshot_list_free(l);
	free(cols);
	return (r);
}

/* --- changing ------------------------------------------------------------------- */

static int
create(struct ioc_jail *j, const char *name, bool force, struct ioc_error *err)
{
	return (ioc_snapshot_create(j, name, err));
}

static int
rollback(struct ioc_jail *j, const char *name, bool force,
    struct ioc_error *err)
{
	return (ioc_snapshot_rollback(j, name, force, force, err));
}

static int
drop(struct ioc_jail *j, const char *name, bool force, struct ioc_error *err)
{
	return (ioc_snapshot_remove(j, name, err));
}

static const struct verb {
	const char	*name;
	int		(*run)(struct ioc_jail *j, const char *name, bool force,
			    struct ioc_error *err);	/* NULL: list */
	const char	*key;		/* of its document */
	const char	*done;
} verbs[] = {
	{ "list", NULL, NULL, NULL },
	{ "create", create, "created", "created" },
	{ "rollback", rollback, "rolled_back", "is what the jail is now" },
	{ "remove", drop, "removed", "removed" },
};
#define	N_VERBS	(sizeof(verbs) / sizeof(verbs[0]))

static const struct verb *
find_verb(const char *name)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return (&verbs[i]);
	return (NULL);
}

static int
change(struct cli *c, struct ioc_jail *j, const struct verb *v,
    const char *name, bool force)
{
	struct ioc_error err;
	struct json doc;
	char *jail, *shown;

	if (v->run(j, name, force, &err) != 0)
		return (cli_fail(c, &err));
	if (c->dry_run)
		return (0);
	if (c->json) {
		json_open(&doc, stdout, true);
		json_key(&doc, v->key);
		json_begin_object(&doc);
		json_key(&doc, "jail");
		json_text(&doc, ioc_jail_name(j));
		json_key(&doc, "snapshot");
		json_text(&doc, name);
		json_close(&doc);
		return (0);
	}
	jail = cli_jail_name(c, j);
	shown = out_escape(name);
	(void)printf("%s@%s %s\n", jail, shown, v->done);
	free(jail);
	free(shown);
	return (0);
}

/* What goes with one verb only. */
static int
check_usage(struct cli *c, const struct verb *v, const char *at,
    const struct snapshot_opts *o)
{
	const struct out_opts *out = &o->out;

	if (v->run == NULL && at != NULL)
		return (cli_usage(c, "\"list\" takes a JAIL, not JAIL@SNAP"));
	if (v->run != NULL && (at == NULL || at[1] == '\0'))
		return (cli_usage(c, "\"%s\" takes JAIL@SNAP", v->name));
	if (o->force && v->run != rollback)
		return (cli_usage(c, "-f is for \"rollback\""));
	if (v->run != NULL && (out->no_header || out->exact ||
	    out->output != NULL || out->sort != NULL || out->format != NULL))
		return (cli_usage(c, "-H, -p, -o, -s and --output-format are "
		    "for \"list\""));
	return (0);
}

/* "snapshot JAIL@SNAP" creates one, "snapshot JAIL" lists them. */
static const struct verb *
guess_verb(const struct cmd_line *l, const char **what)
{
	*what = l->args.v[l->args.n - 1];
	if (l->args.n == 2)
		return (find_verb(l->args.v[0]));
	return (find_verb(strchr(*what, '@') != NULL ? "create" : "list"));
}

static int
run(struct cli *c, const struct cmd_line *l)
{
	const struct snapshot_opts *o = l->opts;
	const struct verb *v;
	const char *what, *at;
	struct ioc_jail *j;
	char *name;
	int r;

	v = guess_verb(l, &what);
	if (v == NULL)
		return (cli_usage(c, "\"%s\" is none of list, create, "
		    "rollback, remove", SHOW(l->args.v[0])));
	if (l->args.n == 1 && find_verb(what) != NULL)
		return (cli_usage(c, "%s is missing", v->run == NULL &&
		    strcmp(what, "list") == 0 ? "JAIL" : "JAIL@SNAP"));
	at = strchr(what, '@');
	r = check_usage(c, v, at, o);
	if (r != 0)
		return (r);
	name = at != NULL ? cli_strndup(what, (size_t)(at - what)) :
	    cli_strdup(what);
	j = cli_jail(c, name);
	free(name);
	if (j == NULL)
		return (cli_failed(c));
	r = v->run == NULL ? show(c, j, &o->out) :
	    change(c, j, v, at + 1, o->force);
	ioc_jail_close(j);
	return (r);
}

static const struct hint hints[] = {
	{ IOC_NOT_FOUND, "\"ioc snapshot list JAIL\" shows the snapshots." },
	{ IOC_STATE, "\"ioc stop\" stops a jail. \"rollback -f\" kills it, and "
	    "loses newer snapshots." },
	{ IOC_BUSY, "\"ioc promote\" makes a clone independent." },
	{ 0, NULL },
};

const struct cmd cmd_snapshot = {
	.name = "snapshot",
	.args = "[list|create|rollback|remove] JAIL[@SNAP]",
	.min = 1,
	.max = 2,
	.flags = CMD_WRITES,
	.opts = opts,
	.opts_size = sizeof(struct snapshot_opts),
	.complete = COMPLETE_SNAPSHOT,
	.help = "Keep and restore states of a jail",
	.about = "A snapshot is a jail's files and configuration at one moment. "
	    "\"snapshot create\" takes one; \"snapshot list\" lists them, from "
	    "old to new, with the time in UTC and the space that only they "
	    "use; \"snapshot rollback\" makes the jail what it was at exactly "
	    "that one; \"snapshot remove\" removes one. JAIL@SNAP alone "
	    "creates it, JAIL alone lists.\n\n"
	    "A rollback is refused while the jail runs, and when there are "
	    "newer snapshots, which would be lost: they are named. With -f a "
	    "jail that runs is killed first, stays stopped, and newer snapshots "
	    "go.\n\n"
	    "On ZFS a jail may run while a snapshot is taken. In a directory "
	    "source snapshots are copies, which share their blocks where the "
	    "file system can do that, and the jail must be stopped.",
	.hints = hints,
	.run = run,
};
