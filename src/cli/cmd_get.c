/* SPDX-License-Identifier: BSD-2-Clause */
/* get and set: properties of jails and defaults. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "each.h"
#include "out.h"

struct get_opts {
	bool		 all;
};

static const struct opt get_opts[] = {
	{ 'a', "all", OPT_FLAG, offsetof(struct get_opts, all),
	    .help = "all properties" },
	{ 0 }
};

/* A jail, or the defaults when j is NULL. */
struct target {
	struct cli	*c;
	struct ioc_jail	*j;
};

static int
target_get(const struct target *t, const char *name, char **ret,
    struct ioc_error *err)
{
	return (t->j != NULL ? ioc_jail_get(t->j, name, ret, err) :
	    ioc_defaults_get(t->c->host, name, ret, err));
}

static void
json_prop(struct json *j, const struct target *t, const char *name,
    const char *value)
{
	const struct ioc_prop *p = ioc_prop_find(name);

	json_key(j, name);
	json_begin_object(j);
	json_key(j, "value");
	out_json_value(j, p != NULL ? out_kind(p->type) : CELL_TEXT, value);
	if (t->j != NULL) {
		json_key(j, "set");
		json_bool(j, ioc_jail_is_set(t->j, name));
	}
	json_end(j);
}

static void
json_begin(struct json *j, const struct target *t)
{
	json_open(j, stdout, true);
	json_key(j, "jail");
	json_text(j, t->j != NULL ? ioc_jail_name(t->j) : "defaults");
	json_key(j, "properties");
	json_begin_object(j);
}

static int
get_one(const struct target *t, const char *name)
{
	struct ioc_error err;
	struct json j;
	char *value;

	if (target_get(t, name, &value, &err) != 0)
		return (cli_fail(t->c, &err));
	if (t->c->json) {
		json_begin(&j, t);
		json_prop(&j, t, name, value);
		json_close(&j);
	} else if (isatty(STDOUT_FILENO)) {
		char *shown = out_escape(value);

		(void)printf("%s\n", shown);
		free(shown);
	} else
		/* For a program: exactly the value. */
		(void)printf("%s\n", value);
	free(value);
	return (0);
}

static int
get_all(const struct target *t)
{
	const struct ioc_prop *props;
	struct ioc_error err;
	struct json j;
	size_t n;
	int r = 0;

	props = ioc_prop_table(&n);
	if (t->c->json)
		json_begin(&j, t);
	for (size_t i = 0; r == 0 && i < n; i++) {
		char *value = NULL;

		/* A row for many names, of which none is known here. */
		if (strchr(props[i].name, '*') != NULL)
			continue;
		if (target_get(t, props[i].name, &value, &err) != 0)
			r = cli_fail(t->c, &err);
		else if (t->c->json)
			json_prop(&j, t, props[i].name, value);
		else {
			char *shown = out_escape(value);

			(void)printf("%s:%s\n", props[i].name, shown);
			free(shown);
		}
		free(value);
	}
	if (t->c->json)
		json_close(&j);
	return (r);
}

static int
get_run(struct cli *c, const struct cmd_line *l)
{
	const struct get_opts *o = l->opts;
	struct target t = { c, NULL };
	const char *name;
	int r;

	if (o->all && l->args.n != 1)
		return (cli_usage(c, "-a takes one operand, the JAIL"));
	if (!o->all && l->args.n != 2)
		return (cli_usage(c, "PROPERTY or JAIL is missing"));
	name = l->args.v[l->args.n - 1];
	if (strcmp(name, "defaults") != 0)
		t.j = cli_jail(c, name);
	else
		(void)cli_host_active(c);
	if (c->host == NULL || ioc_host_sources(c->host) == 0 ||
	    (t.j == NULL && strcmp(name, "defaults") != 0))
		return (cli_failed(c));
	r = o->all ? get_all(&t) : get_one(&t, l->args.v[0]);
	ioc_jail_close(t.j);
	return (r);
}

static const struct hint hints[] = {
	{ IOC_NOT_FOUND, "\"ioc properties\" shows the properties, \"ioc list\" "
	    "the jails." },
	{ 0, NULL },
};

const struct cmd cmd_get = {
	.name = "get",
	.args = "[PROPERTY] JAIL|defaults",
	.min = 1,
	.max = 2,
	.opts = get_opts,
	.opts_size = sizeof(struct get_opts),
	.complete = COMPLETE_PROPERTY,
	.help = "Show properties",
	.about = "Prints the effective value of a property of a jail, or with "
	    "-a of all. \"defaults\" stands for the defaults of the main "
	    "source.",
	.hints = hints,
	.run = get_run,
};

/* --- set ---------------------------------------------------------------------- */

static void
note_changed(struct each_result *res, unsigned changed)
{
	if (changed == 0)
		(void)snprintf(res->note, sizeof(res->note), "unchanged");
	else
		(void)snprintf(res->note, sizeof(res->note),
		    "updated, %u %s changed", changed,
		    changed == 1 ? "property" : "properties");
}

static int
set_one(struct cli *c, struct ioc_jail *j, void *arg, struct each_result *res)
{
	const struct changes *ch = arg;
	unsigned changed = 0;
	int r = ioc_jail_set(j, ch->v, ch->n, &changed, &res->err);

	note_changed(res, changed);
	return (r == 0 && changed == 0 && c->json ? EACH_SKIPPED : r);
}

static int
set_defaults(struct cli *c, const struct changes *ch)
{
	struct ioc_host *h = cli_host_active(c);
	struct each_result res = { .note = "" };
	struct ioc_error err;
	unsigned changed = 0;
	struct json j;

	if (h == NULL)
		return (cli_failed(c));
	if (ioc_defaults_set(h, ch->v, ch->n, &changed, &err) != 0)
		return (cli_fail(c, &err));
	note_changed(&res, changed);
	if (c->dry_run)
		return (0);
	if (c->json) {
		json_open(&j, stdout, true);
		json_key(&j, "defaults");
		json_begin_object(&j);
		json_key(&j, "result");
		json_text(&j, changed > 0 ? "done" : "skipped");
		json_close(&j);
	} else
		(void)printf("defaults %s\n", res.note);
	return (0);
}

static int
set_jails(struct cli *c, const char *filter, struct changes *ch)
{
	struct strlist args = { NULL, 0, 0 };
	struct each e = { .verb = "set", .done = "updated", .one = set_one,
		.arg = ch };
	struct selection s;
	int r;

	strlist_add(&args, filter);
	r = cli_select(c, &args, NULL, false, &s);
	if (r == 0)
		r = each_run(c, &e, s.v, s.n);
	selection_fini(&s);
	strlist_fini(&args);
	return (r);
}

static int
set_run(struct cli *c, const struct cmd_line *l)
{
	const char *target = l->args.v[l->args.n - 1];
	struct changes ch;
	int r;

	for (size_t i = 0; i + 1 < l->args.n; i++) {
		if (l->args.v[i][0] == '=' || l->args.v[i][0] == '\0')
			return (cli_usage(c, "\"%s\" is not KEY=VALUE",
			    SHOW(l->args.v[i])));
	}
	changes_init(&ch, l->args.v, l->args.n - 1);
	r = strcmp(target, "defaults") == 0 ? set_defaults(c, &ch) :
	    set_jails(c, target, &ch);
	changes_fini(&ch);
	return (r);
}

const struct cmd cmd_set = {
	.name = "set",
	.args = "KEY[=VALUE]... FILTER|defaults",
	.min = 2,
	.max = CMD_MANY,
	.flags = CMD_ROOT | CMD_WRITES,
	.complete = COMPLETE_CHANGE,
	.help = "Change properties",
	.about = "Changes properties of the jails that match, or of the "
	    "defaults. A key without \"=\" goes back to its default. All "
	    "changes are judged before any is written.",
	.hints = hints,
	.run = set_run,
};
