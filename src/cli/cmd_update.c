/* SPDX-License-Identifier: BSD-2-Clause */
/* update: releases, and jails that own their root. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "out.h"

struct update_opts {
	bool		 fetch_only;
	bool		 rollback;
	bool		 restart;
};

#define	AT(member)	offsetof(struct update_opts, member)

static const struct opt opts[] = {
	{ 0, "fetch-only", OPT_FLAG, AT(fetch_only),
	    .help = "obtain and verify, and keep that for later" },
	{ 0, "rollback", OPT_FLAG, AT(rollback),
	    .help = "go back to what was there before the last update or upgrade" },
	{ 0, "restart", OPT_FLAG, AT(restart),
	    .help = "jails that run: stop them for it, start them again" },
	{ 0 }
};

/* What came of one. */
struct result {
	const char	*name;
	unsigned	 from, to;	/* of a release */
	unsigned	 changes;	/* of a jail */
	bool		 kept, start;	/* not applied yet, but when it starts */
};

static void
tell_json(struct json *j, const struct result *t, bool jail)
{
	json_begin_object(j);
	json_key(j, "name");
	json_text(j, t->name);
	json_key(j, jail ? "changes" : "from");
	json_int(j, jail ? t->changes : t->from);
	if (!jail) {
		json_key(j, "to");
		json_int(j, t->to);
	} else if (t->kept) {
		json_key(j, "applied");
		json_text(j, t->start ? "at-start" : "later");
	}
	json_end(j);
}

static void
tell(struct cli *c, const struct update_opts *o, struct json *j,
    const struct result *t, bool jail)
{
	bool rollback = o->rollback;
	char *shown;

	if (c->dry_run)
		return;
	if (c->json) {
		tell_json(j, t, jail);
		return;
	}
	shown = out_escape(t->name);
	if (!jail && o->fetch_only && t->from != t->to)
		(void)printf("%s: updates for patch level %u are kept, "
		    "\"ioc update\" applies them\n", shown, t->to);
	else if (jail && rollback)
		(void)printf("%s is as before its last update\n", shown);
	else if (jail && t->changes == 0)
		(void)printf("%s: nothing to be done\n", shown);
	else if (jail && t->kept)
		(void)printf("%s: %u changes are kept, %s applies them\n",
		    shown, t->changes, t->start ? "its next start" :
		    "\"ioc update\"");
	else if (jail)
		(void)printf("%s updated, %u changes\n", shown, t->changes);
	else if (rollback)
		(void)printf("%s is back at patch level %u, before it was %u\n",
		    shown, t->to, t->from);
	else if (t->from == t->to)
		(void)printf("%s is at patch level %u, nothing to be done\n",
		    shown, t->to);
	else
		(void)printf("%s updated from patch level %u to %u\n", shown,
		    t->from, t->to);
	(void)fflush(stdout);
	free(shown);
}

/* --- what would change --------------------------------------------------------------- */

struct listing {
	struct cli	*c;
	const char	*name;
};

/* A part of the plan, as the steps are. */
static int
on_change(const char *what, const char *from, const char *to, void *arg)
{
	const struct listing *l = arg;
	const char *const texts[] = { l->name, what, from, to };
	static const char *const keys[] = { "who", "change", "from", "to" };
	struct progress *p = &l->c->progress;
	char *v[4];

	progress_clear(p);
	if (l->c->json) {
		progress_plan(p);
		json_begin_object(&p->plan);
		for (size_t i = 0; i < 4; i++) {
			json_key(&p->plan, keys[i]);
			json_text(&p->plan, texts[i]);
		}
		json_end(&p->plan);
		return (0);
	}
	for (size_t i = 0; i < 4; i++)
		v[i] = out_escape(texts[i]);
	(void)printf("would change %s: %s: %s -> %s\n", v[0], v[1], v[2],
	    v[3]);
	(void)fflush(stdout);
	for (size_t i = 0; i < 4; i++)
		free(v[i]);
	return (0);
}

/* --- releases ---------------------------------------------------------------------- */

static bool
is_release(const struct ioc_release_list *l, const char *name)
{
	const char *slash = strchr(name, '/');

	for (size_t i = 0; l != NULL && i < ioc_release_count(l); i++) {
		const struct ioc_release_info *r = ioc_release_at(l, i);

		if (slash == NULL ? strcmp(r->name, name) == 0 :
		    strcmp(r->name, slash + 1) == 0 &&
		    strlen(r->source) == (size_t)(slash - name) &&
		    strncmp(r->source, name, (size_t)(slash - name)) == 0)
			return (true);
	}
	return (false);
}

static int
update_release(struct cli *c, const struct update_opts *o, const char *name,
    struct json *j)
{
	struct result t = { .name = name };
	struct listing list = { c, name };
	struct ioc_error err;
	int r;

	r = o->rollback ?
	    ioc_release_rollback(c->host, name, &t.from, &t.to, &err) :
	    ioc_release_update(c->host, name, o->fetch_only, &t.from, &t.to,
	    &err);
	if (r == 0 && c->dry_run && !o->rollback)
		r = ioc_release_update_list(c->host, name, on_change, &list,
		    &err);
	if (r != 0)
		return (cli_fail(c, &err));
	tell(c, o, j, &t, false);
	return (0);
}

/* --- jails ---------------------------------------------------------------------------- */

static int
update_jail(struct cli *c, const struct update_opts *o, struct ioc_jail *j,
    struct json *out)
{
	bool runs = cli_is_running(j), restart = o->restart && runs;
	struct result t = { .name = ioc_jail_name(j),
		.kept = o->fetch_only || (runs && !restart),
		.start = !o->fetch_only };
	struct listing list = { c, t.name };
	struct ioc_error err;
	int r, status = 0;

	if (restart && ioc_jail_stop(j, false, &err) != 0)
		return (cli_fail(c, &err));
	r = o->rollback ? ioc_jail_update_rollback(j, &err) : t.kept ?
	    ioc_jail_update_fetch(j, t.start, &t.changes, &err) :
	    ioc_jail_update(j, &t.changes, &err);
	if (r == 0 && c->dry_run && !o->rollback)
		r = ioc_jail_update_list(j, on_change, &list, &err);
	if (r != 0)
		status = cli_fail(c, &err);
	else
		tell(c, o, out, &t, true);
	/* Also when it failed: it is as it was, so it runs as it did. */
	if (restart && !c->dry_run && ioc_jail_start(j, NULL, 0, &err) != 0)
		status = cli_fail(c, &err);
	return (status);
}

static int
update_jails(struct cli *c, const struct update_opts *o,
    const struct strlist *filters, struct json *j)
{
	struct selection s;
	int r = cli_select(c, filters, NULL, false, &s);

	for (size_t i = 0; r == 0 && i < s.n; i++) {
		int one = update_jail(c, o, s.v[i], j);

		if (one != 0)
			r = one;
	}
	selection_fini(&s);
	return (r);
}

/* --- both ------------------------------------------------------------------------------- */

static void
begin_list(struct json *j, const char *key, bool doc)
{
	if (!doc)
		return;
	json_key(j, key);
	json_begin_array(j);
}

static int
update_all(struct cli *c, const struct cmd_line *l,
    const struct ioc_release_list *known)
{
	const struct update_opts *o = l->opts;
	struct strlist jails = { NULL, 0, 0 };
	bool doc = c->json && !c->dry_run;
	struct json j;
	int r = 0, one;

	if (doc)
		json_open(&j, stdout, true);
	/* What is no release is looked for among the jails. */
	begin_list(&j, "releases", doc);
	for (size_t i = 0; i < l->args.n; i++) {
		if (!is_release(known, l->args.v[i])) {
			strlist_add(&jails, l->args.v[i]);
			continue;
		}
		one = update_release(c, o, l->args.v[i], &j);
		r = one != 0 ? one : r;
	}
	if (doc)
		json_end(&j);
	begin_list(&j, "jails", doc);
	if (jails.n > 0) {
		one = update_jails(c, o, &jails, &j);
		r = one != 0 ? one : r;
	}
	if (doc) {
		json_end(&j);
		json_close(&j);
	}
	strlist_fini(&jails);
	return (r);
}

static int
run(struct cli *c, const struct cmd_line *l)
{
	const struct update_opts *o = l->opts;
	struct ioc_release_list *known = NULL;
	struct ioc_error err;
	int r;

	if (o->rollback && o->fetch_only)
		return (cli_usage(c,
		    "--rollback and --fetch-only exclude each other"));
	if (o->restart && o->fetch_only)
		return (cli_usage(c,
		    "--restart and --fetch-only exclude each other"));
	if (cli_host_active(c) == NULL)
		return (cli_failed(c));
	if (ioc_release_list(c->host, &known, &err) != 0)
		return (cli_fail(c, &err));
	r = update_all(c, l, known);
	ioc_release_list_free(known);
	return (r);
}

static const struct hint hints[] = {
	{ IOC_NOT_FOUND, "\"ioc list -r\" and \"ioc list\" show what there is." },
	{ 0, NULL },
};

const struct cmd cmd_update = {
	.name = "update",
	.args = "RELEASE|FILTER...",
	.min = 1,
	.max = CMD_MANY,
	.flags = CMD_ROOT | CMD_WRITES,
	.opts = opts,
	.opts_size = sizeof(struct update_opts),
	.complete = COMPLETE_RELEASE,
	.help = "Update releases and jails",
	.about = "Updates releases, and jails that own their root, in two "
	    "stages: updates are obtained and verified by the host's own "
	    "updater (apt-get, freebsd-update or hbsd-update), then applied "
	    "in a temporary jail without network to a "
	    "copy. The copy of a release becomes its next patch level, and "
	    "jails keep the level they were made from. The copy of a jail "
	    "takes the place of its root; the root before is kept as a "
	    "snapshot. Of a jail that runs updates are obtained at once, and "
	    "applied by its next start. A basejail moves to the newest patch "
	    "level of its release. When something fails everything is as it "
	    "was.\n\n"
	    "With -n the steps are told, and what would change: updates are "
	    "obtained for it, and thrown away.\n\n"
	    "What --fetch-only has obtained is verified again and applied by "
	    "the next update, without a network.",
	.hints = hints,
	.run = run,
};
