/* SPDX-License-Identifier: BSD-2-Clause */
/* rename and destroy. */
#include <stdlib.h>
#include <string.h>

#include "each.h"
#include "out.h"

struct destroy_opts {
	bool		 force;
	bool		 releases;
	bool		 templates;
};

static const struct opt opts[] = {
	{ 'f', "force", OPT_FLAG, offsetof(struct destroy_opts, force),
	    .help = "stop jails that run first" },
	{ 'r', "release", OPT_FLAG, offsetof(struct destroy_opts, releases),
	    .help = "the operands are releases" },
	{ 't', "template", OPT_FLAG, offsetof(struct destroy_opts, templates),
	    .help = "the operands are templates" },
	{ 0 }
};

static int
destroy_one(struct cli *c, struct ioc_jail *j, void *arg,
    struct each_result *res)
{
	const struct destroy_opts *o = arg;

	return (ioc_jail_destroy(j, o->force, &res->err));
}

/* "Destroy web, db?" */
static int
ask(struct cli *c, const char *what, const struct strlist *names)
{
	char *list = strlist_join(names, ", ");
	char *question = cli_printf("Destroy %s%s?", what, list);
	int r = cli_confirm(c, question);

	free(list);
	free(question);
	return (r);
}

static int
ask_jails(struct cli *c, const struct selection *s)
{
	struct strlist names = { NULL, 0, 0 };
	int r;

	for (size_t i = 0; i < s->n; i++)
		strlist_add(&names, cli_jail_name(c, s->v[i]));
	r = ask(c, "", &names);
	for (size_t i = 0; i < names.n; i++)
		free((void *)(uintptr_t)names.v[i]);
	strlist_fini(&names);
	return (r);
}

static int
destroy_jails(struct cli *c, const struct cmd_line *l, struct destroy_opts *o)
{
	struct each e = { .verb = "destroy", .done = "destroyed",
		.one = destroy_one, .arg = o, .backwards = true };
	struct selection s;
	int r;

	r = cli_select(c, &l->args, o->templates ? "template=yes" : NULL,
	    false, &s);
	if (r == 0 && s.n == 0)
		r = cli_failf(c, IOC_NOT_FOUND, cli_hint(c, IOC_NOT_FOUND),
		    "destroy: no template matches");
	if (r == 0)
		r = ask_jails(c, &s);
	if (r == 0)
		r = cli_select_order(c, &s, true);
	if (r == 0)
		r = each_run(c, &e, s.v, s.n);
	selection_fini(&s);
	return (r);
}

static int
destroy_releases(struct cli *c, const struct cmd_line *l)
{
	struct strlist shown = { NULL, 0, 0 };
	bool doc = c->json && !c->dry_run;
	struct ioc_error err;
	struct json j;
	int r;

	if (cli_host_active(c) == NULL)
		return (cli_failed(c));
	for (size_t i = 0; i < l->args.n; i++)
		strlist_add(&shown, out_escape(l->args.v[i]));
	r = ask(c, l->args.n == 1 ? "release " : "releases ", &shown);
	if (r == 0 && doc) {
		json_open(&j, stdout, true);
		json_key(&j, "destroyed");
		json_begin_array(&j);
	}
	for (size_t i = 0, ok = r == 0; ok && i < l->args.n &&
	    progress_caught() == 0; i++) {
		if (ioc_release_destroy(c->host, l->args.v[i], &err) != 0)
			r = cli_fail(c, &err);
		else if (doc)
			json_text(&j, l->args.v[i]);
		else if (!c->dry_run)
			(void)printf("%s destroyed\n", shown.v[i]);
		if (i + 1 == l->args.n && doc)
			json_close(&j);
	}
	for (size_t i = 0; i < shown.n; i++)
		free((void *)(uintptr_t)shown.v[i]);
	strlist_fini(&shown);
	return (r);
}

static int
destroy_run(struct cli *c, const struct cmd_line *l)
{
	struct destroy_opts *o = l->opts;

	if (o->releases && o->force)
		return (cli_usage(c, "-f and -r exclude each other"));
	if (o->releases && o->templates)
		return (cli_usage(c, "-r and -t exclude each other"));
	return (o->releases ? destroy_releases(c, l) :
	    destroy_jails(c, l, o));
}

static const struct hint destroy_hints[] = {
	{ IOC_NOT_FOUND, "\"ioc list\" shows the jails, \"ioc list -r\" the "
	    "releases, \"ioc list -t\" the templates." },
	{ IOC_BUSY, "\"ioc promote\" makes a clone independent." },
	{ IOC_STATE, "With -f a running jail is stopped first." },
	{ 0, NULL },
};

const struct cmd cmd_destroy = {
	.name = "destroy",
	.args = "FILTER...",
	.min = 1,
	.max = CMD_MANY,
	.flags = CMD_ROOT | CMD_WRITES,
	.opts = opts,
	.opts_size = sizeof(struct destroy_opts),
	.complete = COMPLETE_JAIL,
	.help = "Remove jails or releases and all their data",
	.about = "Lists the jails that match and asks; then removes them and "
	    "all their data, never crossing a mount. -y does not ask. "
	    "Without a terminal and without -y nothing is removed. With -r "
	    "the operands are names of releases, with -t only templates match. "
	    "A jail from which others were cloned on ZFS stays, and they are "
	    "named.",
	.hints = destroy_hints,
	.run = destroy_run,
};

/* --- rename ------------------------------------------------------------------- */

static int
rename_run(struct cli *c, const struct cmd_line *l)
{
	struct ioc_jail *j = cli_jail(c, l->args.v[0]);
	struct ioc_error err;
	struct json doc;
	int r;

	if (j == NULL)
		return (cli_failed(c));
	r = ioc_jail_rename(j, l->args.v[1], &err);
	ioc_jail_close(j);
	if (r != 0)
		return (cli_fail(c, &err));
	if (c->json && !c->dry_run) {
		json_open(&doc, stdout, true);
		json_key(&doc, "renamed");
		json_begin_object(&doc);
		json_key(&doc, "from");
		json_text(&doc, l->args.v[0]);
		json_key(&doc, "to");
		json_text(&doc, l->args.v[1]);
		json_close(&doc);
	}
	return (0);
}

static const struct hint rename_hints[] = {
	{ IOC_NOT_FOUND, "\"ioc list\" shows the jails." },
	{ IOC_STATE, "\"ioc stop\" stops a jail." },
	{ 0, NULL },
};

const struct cmd cmd_rename = {
	.name = "rename",
	.args = "JAIL NAME",
	.min = 2,
	.max = 2,
	.flags = CMD_ROOT | CMD_WRITES,
	.complete = COMPLETE_JAIL,
	.help = "Give a jail another name",
	.about = "Gives a jail that does not run another name.",
	.hints = rename_hints,
	.run = rename_run,
};
