/* SPDX-License-Identifier: BSD-2-Clause */
/* activate, deactivate, recover, doctor: the host and its sources. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "out.h"

struct activate_opts {
	const char	*dir;
	const char	*name;
	const char	*mountpoint;
};

#define	AT(member)	offsetof(struct activate_opts, member)

static const struct opt activate_opts[] = {
	{ 0, "dir", OPT_TEXT, AT(dir), .arg = "PATH",
	    .complete = COMPLETE_DIR, .help = "a directory instead of a pool" },
	{ 0, "name", OPT_TEXT, AT(name), .arg = "SOURCE",
	    .help = "how the source is called; ioc if not given" },
	{ 'm', "mountpoint", OPT_TEXT, AT(mountpoint), .arg = "PATH",
	    .complete = COMPLETE_DIR, .help = "where a pool is mounted" },
	{ 0 }
};

static void
tell_source(struct cli *c, const char *key, const char *name, const char *where)
{
	struct json j;
	char *shown;

	if (c->json) {
		json_open(&j, stdout, true);
		json_key(&j, key);
		json_begin_object(&j);
		if (name != NULL) {
			json_key(&j, "name");
			json_text(&j, name);
		}
		json_key(&j, "where");
		json_text(&j, where);
		json_close(&j);
		return;
	}
	shown = out_escape(where);
	(void)printf("%s%s%s %s\n", name != NULL ? name : "",
	    name != NULL ? " " : "", shown, key);
	free(shown);
}

static int
activate_run(struct cli *c, const struct cmd_line *l)
{
	const struct activate_opts *o = l->opts;
	const char *name = o->name != NULL ? o->name : "ioc";
	const char *where = o->dir != NULL ? o->dir :
	    l->args.n > 0 ? l->args.v[0] : NULL;
	struct ioc_error err;
	char *shown;
	int r;

	if (o->dir != NULL && l->args.n > 0)
		return (cli_usage(c, "POOL and --dir exclude each other"));
	if (o->dir == NULL && l->args.n == 0)
		return (cli_usage(c, "POOL or --dir PATH is missing"));
	if (o->dir != NULL && o->mountpoint != NULL)
		return (cli_usage(c, "--dir and -m exclude each other"));
	if (c->dry_run)
		return (cli_plan(c, "source.activate", where));
	r = o->dir != NULL ? ioc_activate_dir(c->config, where, name, &err) :
	    ioc_activate_pool(c->config, where, name, o->mountpoint, &err);
	if (r != 0)
		return (cli_fail(c, &err));
	shown = out_escape(name);
	tell_source(c, "activated", shown, where);
	free(shown);
	return (0);
}

static const struct hint activate_hints[] = {
	{ IOC_EXISTS, "Another name can be given with --name." },
	{ 0, NULL },
};

const struct cmd cmd_activate = {
	.name = "activate",
	.args = "[POOL]",
	.max = 1,
	.flags = CMD_ROOT | CMD_WRITES,
	.opts = activate_opts,
	.opts_size = sizeof(struct activate_opts),
	.complete = COMPLETE_DIR,
	.help = "Make a pool or a directory a source of jails",
	.about = "Makes a dataset of ZFS or a directory a source: creates what "
	    "is missing in it and writes it to ioc.conf. POOL stands for the "
	    "dataset POOL/iocage; another one can be given as POOL/PATH. Doing "
	    "it again changes nothing, and jails that libioc or iocage have "
	    "made there are seen as they are.",
	.hints = activate_hints,
	.run = activate_run,
};

static int
deactivate_run(struct cli *c, const struct cmd_line *l)
{
	struct ioc_error err;

	if (c->dry_run)
		return (cli_plan(c, "source.deactivate", l->args.v[0]));
	if (ioc_deactivate(c->config, l->args.v[0], &err) != 0)
		return (cli_fail(c, &err));
	tell_source(c, "deactivated", NULL, l->args.v[0]);
	return (0);
}

static const struct hint deactivate_hints[] = {
	{ IOC_NOT_FOUND, "\"ioc list -d\" shows the sources." },
	{ 0, NULL },
};

const struct cmd cmd_deactivate = {
	.name = "deactivate",
	.args = "POOL|PATH",
	.min = 1,
	.max = 1,
	.flags = CMD_ROOT | CMD_WRITES,
	.complete = COMPLETE_DIR,
	.help = "Forget a source",
	.about = "Removes a source, given by its place, its name or its pool, from "
	    "ioc.conf, and the mark of its pool. Nothing else is deleted.",
	.hints = deactivate_hints,
	.run = deactivate_run,
};

static int
recover_run(struct cli *c, const struct cmd_line *l)
{
	struct ioc_error err;
	struct json j;
	unsigned n = 0;

	/* Else opening the host would do it, and nothing could be told. */
	c->no_recover = true;
	if (cli_host(c) == NULL)
		return (cli_failed(c));
	if (ioc_host_recover(c->host, &n, &err) != 0)
		return (cli_fail(c, &err));
	if (c->dry_run)
		return (0);
	if (c->json) {
		json_open(&j, stdout, true);
		json_key(&j, "recovered");
		json_int(&j, n);
		json_close(&j);
	} else if (n == 0)
		(void)printf("nothing to recover\n");
	else
		(void)printf("%u %s recovered\n", n, n == 1 ? "thing" : "things");
	return (0);
}

const struct cmd cmd_recover = {
	.name = "recover",
	.args = "",
	.flags = CMD_ROOT | CMD_WRITES,
	.help = "Finish or undo what was interrupted",
	.about = "Finishes or undoes what processes that died have left. Every "
	    "command does that when it begins, too.",
	.run = recover_run,
};

static const struct column doctor_columns[] = {
	{ "name", "FEATURE", CELL_TEXT },
	{ "available", NULL, CELL_BOOL },
	{ "why", "MISSING", CELL_TEXT },
};

static int
doctor_run(struct cli *c, const struct cmd_line *l)
{
	struct out_opts o = { .no_header = false };
	struct ioc_feature f[128];
	struct table t;
	size_t n;
	int r;

	if (cli_host(c) == NULL)
		return (cli_failed(c));
	n = ioc_host_features(c->host, f, sizeof(f) / sizeof(f[0]));
	if (n > sizeof(f) / sizeof(f[0]))
		n = sizeof(f) / sizeof(f[0]);
	table_init(&t, doctor_columns, 3);
	for (size_t i = 0; i < n; i++) {
		table_add(&t, f[i].name);
		table_add(&t, f[i].available ? "yes" : "no");
		table_add(&t, f[i].available || f[i].why[0] == '\0' ? NULL :
		    f[i].why);
	}
	r = out_table(c, &t, &o, "features");
	table_fini(&t);
	return (r);
}

const struct cmd cmd_doctor = {
	.name = "doctor",
	.args = "",
	.help = "Show what the host can do",
	.about = "Lists the features of the host that jails can use, and what is "
	    "missing where one is not available.",
	.run = doctor_run,
};
