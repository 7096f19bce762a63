/* SPDX-License-Identifier: BSD-2-Clause */
/* start, stop, restart. */
#include <stdlib.h>
#include <string.h>

#include "each.h"

struct start_opts {
	bool		 rc;
	bool		 force;
	unsigned	 parallel;
	struct strlist	 props;
};

#define	AT(member)	offsetof(struct start_opts, member)
#define	OPT_RC(text)	{ 0, "rc", OPT_FLAG, AT(rc), .help = text }
#define	OPT_PARALLEL	{ 'P', "parallel", OPT_NUMBER, AT(parallel),	\
	    .min = 1, .max = 64, .arg = "N",				\
	    .help = "work on so many jails at once" }
#define	OPT_FORCE	{ 'f', "force", OPT_FLAG, AT(force),		\
	    .help = "kill at once, go on after failures of single steps" }

static const struct opt start_opts[] = {
	OPT_RC("jails with boot=yes, by priority"),
	OPT_PARALLEL,
	{ 'o', "option", OPT_CHANGE, AT(props), .arg = "KEY=VALUE",
	    .complete = COMPLETE_CHANGE,
	    .help = "a property for this run only; may be repeated" },
	{ 0 }
};
static const struct opt stop_opts[] = {
	OPT_RC("all jails that run, backwards"),
	OPT_FORCE,
	OPT_PARALLEL,
	{ 0 }
};
static const struct opt restart_opts[] = {
	OPT_RC("jails with boot=yes, by priority"),
	OPT_FORCE,
	OPT_PARALLEL,
	{ 0 }
};

static const struct hint hints[] = {
	{ IOC_NOT_FOUND, "\"ioc list\" shows the jails." },
	{ 0, NULL },
};

/* A jail that cannot start for what it depends on. */
struct refused {
	struct ioc_jail	*jail;
	struct ioc_error err;
};

struct task {
	const struct start_opts *o;
	struct changes	 props;
	bool		 skip;		/* those that are there already */
	/* The jails that were asked for; others are what they depend on. */
	struct ioc_jail	**asked;
	size_t		 nasked;
	struct refused	*refused;
	size_t		 nrefused;
};

static bool
is_asked(const struct task *t, const struct ioc_jail *j)
{
	/* A worker process has opened it anew. */
	for (size_t i = 0; i < t->nasked; i++)
		if (strcmp(ioc_jail_name(t->asked[i]), ioc_jail_name(j)) == 0 &&
		    strcmp(ioc_jail_source(t->asked[i]),
		    ioc_jail_source(j)) == 0)
			return (true);
	return (false);
}

static int
start_one(struct cli *c, struct ioc_jail *j, void *arg, struct each_result *res)
{
	const struct task *t = arg;
	bool asked = is_asked(t, j);
	enum ioc_jail_state state;
	int r;

	if ((t->skip || !asked) && cli_is_running(j))
		return (EACH_SKIPPED);
	r = ioc_jail_start(j, asked ? t->props.v : NULL,
	    asked ? t->props.n : 0, &res->err);
	if (r == 0 && !c->dry_run)
		(void)ioc_jail_state(j, &state, &res->id, NULL);
	return (r);
}

static int
stop_one(struct cli *c, struct ioc_jail *j, void *arg, struct each_result *res)
{
	const struct task *t = arg;

	if (t->skip && !cli_is_running(j))
		return (EACH_SKIPPED);
	return (ioc_jail_stop(j, t->o->force, &res->err));
}

static int
restart_one(struct cli *c, struct ioc_jail *j, void *arg,
    struct each_result *res)
{
	const struct task *t = arg;
	struct task start = *t;
	int r = 0;

	start.skip = false;
	if (!is_asked(t, j)) {
		(void)snprintf(res->note, sizeof(res->note), "started");
		return (start_one(c, j, &start, res));
	}
	if (cli_is_running(j))
		r = ioc_jail_stop(j, t->o->force, &res->err);
	/* On a dry run it still runs: the steps of its start cannot be asked. */
	if (r == 0 && c->dry_run && cli_is_running(j))
		return (cli_plan(c, "jail.start", ioc_jail_name(j)));
	return (r != 0 ? r : start_one(c, j, &start, res));
}

static int
refuse(struct cli *c, struct ioc_jail *j, void *arg, struct each_result *res)
{
	const struct task *t = arg;

	for (size_t i = 0; i < t->nrefused; i++) {
		if (t->refused[i].jail == j) {
			res->err = t->refused[i].err;
			return (res->err.code);
		}
	}
	return (0);
}

/* Takes in what the jails depend on; those for which it fails are refused. */
static void
require(struct task *t, struct selection *s)
{
	struct ioc_error err;

	t->asked = cli_alloc(s->n, sizeof(struct ioc_jail *));
	t->refused = cli_alloc(s->n, sizeof(*t->refused));
	t->nasked = s->n;
	for (size_t i = 0; i < s->n; i++) {
		t->asked[i] = s->v[i];
		if (ioc_jail_list_require(s->list, s->v[i], &err) != 0)
			t->refused[t->nrefused++] =
			    (struct refused){ s->v[i], err };
	}
}

/* What --rc means for this command, as a term of the filter. */
static int
run_each(struct cli *c, const struct cmd_line *l, struct each *e,
    const char *rc_term)
{
	const struct start_opts *o = l->opts;
	struct task t = { .o = o };
	struct selection s;
	int r;

	if (l->args.n == 0 && !o->rc)
		return (cli_usage(c, "FILTER or --rc is missing"));
	/* Where nothing is set up, nothing starts with the host. */
	if (o->rc && l->args.n == 0 && cli_host(c) != NULL &&
	    ioc_host_sources(c->host) == 0)
		return (each_run(c, e, NULL, 0));
	r = cli_select(c, &l->args, o->rc ? rc_term : NULL, o->rc, &s);
	if (r == 0) {
		if (e->depends)
			require(&t, &s);
		r = cli_select_order(c, &s, e->backwards);
	}
	if (r == 0) {
		t.skip = o->rc || !s.named;
		changes_init(&t.props, o->props.v, o->props.n);
		e->arg = &t;
		e->before = refuse;
		e->parallel = o->parallel;
		r = each_run(c, e, s.v, s.n);
		changes_fini(&t.props);
	}
	free(t.asked);
	free(t.refused);
	selection_fini(&s);
	return (r);
}

static int
start_run(struct cli *c, const struct cmd_line *l)
{
	struct each e = { .verb = "start", .done = "started",
		.one = start_one, .depends = true };

	return (run_each(c, l, &e, "boot=yes"));
}

static int
stop_run(struct cli *c, const struct cmd_line *l)
{
	struct each e = { .verb = "stop", .done = "stopped",
		.one = stop_one, .backwards = true };

	return (run_each(c, l, &e, "*"));
}

static int
restart_run(struct cli *c, const struct cmd_line *l)
{
	struct each e = { .verb = "restart", .done = "restarted",
		.one = restart_one, .depends = true };

	return (run_each(c, l, &e, "boot=yes"));
}

const struct cmd cmd_start = {
	.name = "start",
	.args = "[FILTER...]",
	.max = CMD_MANY,
	.flags = CMD_ROOT | CMD_WRITES,
	.opts = start_opts,
	.opts_size = sizeof(struct start_opts),
	.complete = COMPLETE_JAIL,
	.help = "Start jails",
	.about = "Starts the jails that match, and before each of them what "
	    "it depends on, by priority and name. A failure ends only what "
	    "depends on that jail; what was done for it is undone. A jail "
	    "that runs already is a failure if it was named, and left alone "
	    "if a filter, --rc or another jail's depends found it.\n\n"
	    "With --parallel, jails of the same priority that do not depend "
	    "on others start at the same time.",
	.hints = hints,
	.run = start_run,
};

const struct cmd cmd_stop = {
	.name = "stop",
	.args = "[FILTER...]",
	.max = CMD_MANY,
	.flags = CMD_ROOT | CMD_WRITES,
	.opts = stop_opts,
	.opts_size = sizeof(struct start_opts),
	.complete = COMPLETE_JAIL,
	.help = "Stop jails",
	.about = "Stops the jails that match, in the reverse of the order in "
	    "which they start. The jail's exec_stop runs first; what is left "
	    "gets TERM, and KILL after stop_timeout.",
	.hints = hints,
	.run = stop_run,
};

const struct cmd cmd_restart = {
	.name = "restart",
	.args = "[FILTER...]",
	.max = CMD_MANY,
	.flags = CMD_ROOT | CMD_WRITES,
	.opts = restart_opts,
	.opts_size = sizeof(struct start_opts),
	.complete = COMPLETE_JAIL,
	.help = "Stop and start jails",
	.about = "Stops and starts each of the jails that match. One that does "
	    "not run is started, and so is what they depend on.",
	.hints = hints,
	.run = restart_run,
};
