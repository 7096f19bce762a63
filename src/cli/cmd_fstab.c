/* SPDX-License-Identifier: BSD-2-Clause */
/* fstab: what is mounted into a jail beside its root. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "out.h"

struct fstab_opts {
	const char	*options;
	const char	*type;
	const char	*comment;
	unsigned	 freq;
	unsigned	 passno;
	struct out_opts	 out;
};

#define	AT(member)	offsetof(struct fstab_opts, member)

static const char *const types[] = { "nullfs", "bind", "tmpfs", "devfs",
	"fdescfs", "procfs", "linprocfs", "linsysfs", NULL };

static const struct opt opts[] = {
	{ 'o', "options", OPT_TEXT, AT(options), .arg = "OPTION,...",
	    .help = "add: how to mount it; ro if not given" },
	{ 't', "type", OPT_WORD, AT(type), .arg = "TYPE", .words = types,
	    .help = "add: the file system; nullfs if not given" },
	{ 0, "freq", OPT_NUMBER, AT(freq), .min = 0, .max = 99, .arg = "N",
	    .help = "add: the fifth field of the line" },
	{ 0, "passno", OPT_NUMBER, AT(passno), .min = 0, .max = 99,
	    .arg = "N", .help = "add: the sixth field of the line" },
	{ 'c', "comment", OPT_TEXT, AT(comment), .arg = "TEXT",
	    .help = "add: a comment behind the line" },
	{ 'H', "no-header", OPT_FLAG, AT(out.no_header),
	    .help = "show: no header, TAB between the columns" },
	{ 'f', "output-format", OPT_WORD, AT(out.format), .arg = "FORMAT",
	    .words = out_formats,
	    .help = "show: as table, csv, list or json" },
	{ 0 }
};

static const struct column columns[] = {
	{ "source", NULL, CELL_TEXT },
	{ "target", NULL, CELL_TEXT },
	{ "type", NULL, CELL_TEXT },
	{ "options", NULL, CELL_LIST },
	{ "freq", NULL, CELL_NUMBER },
	{ "passno", NULL, CELL_NUMBER },
	{ "comment", NULL, CELL_TEXT },
};
#define	N_COLUMNS	(sizeof(columns) / sizeof(columns[0]))

static int
show(struct cli *c, struct ioc_jail *j, const struct out_opts *o)
{
	struct ioc_fstab *f = NULL;
	struct ioc_error err;
	struct table t;
	int r;

	if (ioc_jail_fstab(j, &f, &err) != 0)
		return (cli_fail(c, &err));
	table_init(&t, columns, N_COLUMNS);
	for (size_t i = 0; i < ioc_fstab_count(f); i++) {
		const struct ioc_fstab_entry *e = ioc_fstab_at(f, i);

		table_add(&t, e->source);
		table_add(&t, e->target);
		table_add(&t, e->type);
		table_add(&t, e->options);
		table_addf(&t, "%u", e->freq);
		table_addf(&t, "%u", e->passno);
		table_add(&t, e->comment);
	}
	r = out_table(c, &t, o, "fstab");
	table_fini(&t);
	ioc_fstab_free(f);
	return (r);
}

static void
json_entry(struct json *j, const char *jail, const struct ioc_fstab_entry *e)
{
	json_key(j, "jail");
	json_text(j, jail);
	json_key(j, "source");
	json_text(j, e->source);
	json_key(j, "target");
	json_text(j, e->target);
	json_key(j, "type");
	json_text(j, e->type);
	json_key(j, "options");
	out_json_value(j, CELL_LIST, e->options);
}

/* The line that was added is the last one, with what it is written as. */
static int
tell_added(struct cli *c, struct ioc_jail *jail)
{
	const struct ioc_fstab_entry *e;
	struct ioc_fstab *f = NULL;
	struct ioc_error err;
	char *name, *source, *target;
	struct json j;

	if (ioc_jail_fstab(jail, &f, &err) != 0 || ioc_fstab_count(f) == 0) {
		ioc_fstab_free(f);
		return (0);
	}
	e = ioc_fstab_at(f, ioc_fstab_count(f) - 1);
	if (c->json) {
		json_open(&j, stdout, true);
		json_key(&j, "added");
		json_begin_object(&j);
		json_entry(&j, ioc_jail_name(jail), e);
		json_close(&j);
	} else {
		name = cli_jail_name(c, jail);
		source = out_escape(e->source);
		target = out_escape(e->target);
		(void)printf("%s: %s on %s (%s, %s)\n", name, source, target,
		    e->type, e->options);
		free(name);
		free(source);
		free(target);
	}
	ioc_fstab_free(f);
	return (0);
}

static int
add(struct cli *c, struct ioc_jail *j, const struct cmd_line *l)
{
	const struct fstab_opts *o = l->opts;
	const struct ioc_fstab_entry e = {
		.source = l->args.v[1],
		.target = l->args.n == 4 ? l->args.v[2] : NULL,
		.type = o->type, .options = o->options, .freq = o->freq,
		.passno = o->passno, .comment = o->comment,
	};
	struct ioc_error err;

	if (ioc_jail_fstab_add(j, &e, &err) != 0)
		return (cli_fail(c, &err));
	return (c->dry_run ? 0 : tell_added(c, j));
}

static int
rm(struct cli *c, struct ioc_jail *jail, const char *what)
{
	struct ioc_error err;
	char *name, *shown;
	struct json j;

	if (ioc_jail_fstab_remove(jail, what, &err) != 0)
		return (cli_fail(c, &err));
	if (c->dry_run)
		return (0);
	if (c->json) {
		json_open(&j, stdout, true);
		json_key(&j, "removed");
		json_begin_object(&j);
		json_key(&j, "jail");
		json_text(&j, ioc_jail_name(jail));
		json_key(&j, "what");
		json_text(&j, what);
		json_close(&j);
		return (0);
	}
	name = cli_jail_name(c, jail);
	shown = out_escape(what);
	(void)printf("%s: %s removed\n", name, shown);
	free(name);
	free(shown);
	return (0);
}

/* What goes with one verb only. */
static int
check_usage(struct cli *c, const char *verb, const struct cmd_line *l)
{
	const struct fstab_opts *o = l->opts;
	size_t n = l->args.n;

	if (strcmp(verb, "add") != 0 && (o->options != NULL ||
	    o->type != NULL || o->comment != NULL || o->freq != 0 ||
	    o->passno != 0))
		return (cli_usage(c, "-o, -t, -c, --freq and --passno are for "
		    "\"fstab add\""));
	if (strcmp(verb, "add") == 0)
		return (n >= 3 ? 0 : cli_usage(c, "SRC or JAIL is missing"));
	if (strcmp(verb, "rm") == 0)
		return (n == 3 ? 0 : cli_usage(c,
		    "\"fstab rm\" takes two operands, DST or SRC and JAIL"));
	if (strcmp(verb, "show") == 0)
		return (n == 2 ? 0 : cli_usage(c,
		    "\"fstab show\" takes one operand, the JAIL"));
	return (cli_usage(c, "\"%s\" is none of add, rm, show", SHOW(verb)));
}

static int
run(struct cli *c, const struct cmd_line *l)
{
	const struct fstab_opts *o = l->opts;
	const char *verb = l->args.v[0];
	int r = check_usage(c, verb, l);
	struct ioc_jail *j;

	if (r != 0)
		return (r);
	j = cli_jail(c, l->args.v[l->args.n - 1]);
	if (j == NULL)
		return (cli_failed(c));
	r = verb[0] == 's' ? show(c, j, &o->out) :
	    verb[0] == 'a' ? add(c, j, l) : rm(c, j, l->args.v[1]);
	ioc_jail_close(j);
	return (r);
}

static const struct hint hints[] = {
	{ IOC_EXISTS, "\"ioc fstab rm\" removes a line." },
	{ IOC_UNSAFE, "SRC and DST are paths without \"..\" and without links "
	    "in them." },
	{ 0, NULL },
};

const struct cmd cmd_fstab = {
	.name = "fstab",
	.args = "add|rm|show [SRC] [DST] JAIL",
	.min = 2,
	.max = 4,
	.flags = CMD_WRITES,
	.opts = opts,
	.opts_size = sizeof(struct fstab_opts),
	.complete = COMPLETE_FSTAB,
	.help = "Mount directories of the host into a jail",
	.about = "\"fstab add\" mounts the directory SRC of the host (on Linux "
	    "also a file) at DST in the jail, or at the same path, at once "
	    "when the jail runs and at each start; DST is made if it is "
	    "missing; neither may lead through links. With -t tmpfs, or another type that the system has, SRC is "
	    "any word. \"fstab rm\" takes a mount back, named by DST or SRC. "
	    "\"fstab show\" prints them.\n\n"
	    "Options are ro or rw, nosuid or suid, noexec or exec, "
	    "nosymfollow or symfollow, size=N for tmpfs, and on Linux idmap: "
	    "owners pass through the jail's range of uids, so that root in "
	    "the jail is root in that directory. What is not said is rw and "
	    "nosuid, and nosymfollow where the kernel has nullfs. Devices "
	    "never work.\n\n"
	    "The file is fstab in the jail's directory, in the form of "
	    "fstab(5). A directory that two jails have, and one may write to, "
	    "joins them; there is a warning then. Where \"ioc doctor\" says "
	    "that the feature share is missing both could leave their trees "
	    "through it: that is refused, also at a start, unless the line of "
	    "one of them has the option shared.",
	.hints = hints,
	.run = run,
};
