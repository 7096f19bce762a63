/* SPDX-License-Identifier: BSD-2-Clause */
/* exec, console, run: programs in jails, whose exit status becomes ours. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "out.h"
#include "tty.h"

struct exec_opts {
	const char	*user;
	const char	*dir;
	struct strlist	 env;
	int		 tty;		/* enum tty_want */
	bool		 start;		/* console -s */
	bool		 fork;		/* exec -f */
	struct strlist	 props;		/* exec -f -o, run -o */
	const char	*release;	/* run */
	bool		 keep;		/* run */
	const char	*name;		/* run */
};

#define	AT(member)	offsetof(struct exec_opts, member)
#define	OPT_USER	{ 'u', "user", OPT_TEXT, AT(user), .arg = "USER", \
	    .help = "as this user of the jail instead of root" }
#define	OPT_DIR		{ 'd', "directory", OPT_TEXT, AT(dir), .arg = "DIR", \
	    .help = "in this directory of the jail" }
#define	OPT_ENV		{ 'e', "env", OPT_CHANGE, AT(env),		\
	    .arg = "KEY=VALUE",						\
	    .help = "add to the environment; may be repeated" }
#define	OPT_TTYS							\
	{ 't', "tty", OPT_SET, AT(tty), .value = TTY_FORCE,		\
	    .help = "with a terminal of the jail" },			\
	{ 'T', "no-tty", OPT_SET, AT(tty), .value = TTY_NONE,		\
	    .help = "without a terminal" }
#define	OPT_PROPS(text)	{ 'o', "option", OPT_CHANGE, AT(props),		\
	    .arg = "KEY=VALUE", .complete = COMPLETE_CHANGE, .help = text }

static const struct opt exec_opts[] = {
	OPT_USER, OPT_DIR, OPT_ENV, OPT_TTYS,
	{ 'f', "fork", OPT_FLAG, AT(fork),
	    .help = "start the jail for it, stop it afterwards" },
	OPT_PROPS("with -f: a property for this run; may be repeated"),
	{ 0 }
};
static const struct opt console_opts[] = {
	OPT_USER, OPT_TTYS,
	{ 's', "start", OPT_FLAG, AT(start),
	    .help = "start the jail first if it does not run" },
	{ 0 }
};
static const struct opt run_opts[] = {
	{ 'r', "release", OPT_TEXT, AT(release), .arg = "RELEASE",
	    .complete = COMPLETE_RELEASE,
	    .help = "of this release; may be left out if there is one only" },
	OPT_PROPS("a property of the jail; may be repeated"),
	OPT_USER, OPT_DIR, OPT_ENV, OPT_TTYS,
	{ 0, "keep", OPT_FLAG, AT(keep),
	    .help = "keep the jail, stopped, and tell its name" },
	{ 0, "name", OPT_TEXT, AT(name), .arg = "NAME",
	    .help = "with --keep: the name that it gets" },
	{ 0 }
};

static void
fill_options(struct ioc_exec_options *x, const struct exec_opts *o,
    const char *const *argv)
{
	*x = (struct ioc_exec_options){
		.argv = argv,
		.env = o->env.v,
		.user = o->user,
		.dir = o->dir,
		.fds = { 0, 1, 2 },
	};
}

/* Whether it was the program that could not be run, or something before. */
static int
exec_failed(struct cli *c, const struct ioc_error *err)
{
	int r = cli_fail(c, err);

	if (err->code != IOC_CHILD || err->sys == 0)
		return (r);
	return (err->sys == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC);
}

/* The program runs: relays until its end.  Gives the status to exit with. */
static int
attend(struct cli *c, struct tty *t, struct ioc_process *p)
{
	struct ioc_error err;
	int status = 0, r;

	progress_clear(&c->progress);
	/* On a dry run it has ended before it began. */
	r = c->dry_run ? ioc_process_wait(p, -1, &status, &err) :
	    tty_relay(t, p, &status, &err);
	tty_close(t);
	/* On stderr: stdout is the program's alone. */
	if (r == 0 && !c->dry_run && ioc_process_kept(p) != NULL)
		(void)fprintf(stderr, "ioc: the jail is kept as %s\n",
		    ioc_process_kept(p));
	ioc_process_close(p);
	return (r != 0 ? cli_fail(c, &err) : status);
}

static int
exec_in(struct cli *c, struct ioc_jail *j, const struct exec_opts *o,
    const char *const *argv)
{
	struct ioc_exec_options x;
	struct ioc_process *p;
	struct ioc_error err;
	struct tty t;

	if (c->dry_run)
		return (cli_plan(c, "jail.exec", ioc_jail_name(j)));
	fill_options(&x, o, argv);
	if (tty_open(&t, (enum tty_want)o->tty, &x, &err) != 0 ||
	    ioc_jail_exec(j, &x, &p, &err) != 0) {
		tty_close(&t);
		return (exec_failed(c, &err));
	}
	return (attend(c, &t, p));
}

/* Start, run, stop; the program's status counts, if the stop works. */
static int
exec_fork(struct cli *c, struct ioc_jail *j, const struct exec_opts *o,
    const char *const *argv)
{
	struct ioc_error err;
	struct changes ch;
	int r, status;

	changes_init(&ch, o->props.v, o->props.n);
	r = ioc_jail_start(j, ch.v, ch.n, &err);
	changes_fini(&ch);
	if (r != 0)
		return (cli_fail(c, &err));
	status = exec_in(c, j, o, argv);
	if (c->dry_run)
		return (cli_plan(c, "jail.stop", ioc_jail_name(j)));
	r = ioc_jail_stop(j, false, &err);
	/* Somebody else was quicker. */
	if (r != 0 && r != IOC_STATE && r != IOC_NOT_FOUND)
		return (cli_fail(c, &err));
	return (status);
}

static int
exec_run(struct cli *c, const struct cmd_line *l)
{
	const struct exec_opts *o = l->opts;
	struct ioc_jail *j;
	int r;

	if (o->props.n > 0 && !o->fork)
		return (cli_usage(c, "-o goes with -f"));
	j = cli_jail(c, l->args.v[0]);
	if (j == NULL)
		return (cli_failed(c));
	r = o->fork ? exec_fork(c, j, o, l->args.v + 1) :
	    exec_in(c, j, o, l->args.v + 1);
	ioc_jail_close(j);
	return (r);
}

static int
console_run(struct cli *c, const struct cmd_line *l)
{
	const struct exec_opts *o = l->opts;
	struct ioc_jail *j = cli_jail(c, l->args.v[0]);
	enum ioc_jail_state state;
	struct ioc_error err;
	int r = 0;

	if (j == NULL)
		return (cli_failed(c));
	if (o->start) {
		r = ioc_jail_state(j, &state, NULL, &err);
		if (r == 0 && state != IOC_JAIL_RUNNING)
			r = ioc_jail_start(j, NULL, 0, &err);
	}
	r = r != 0 ? cli_fail(c, &err) : exec_in(c, j, o, NULL);
	ioc_jail_close(j);
	return (r);
}

static int
run_run(struct cli *c, const struct cmd_line *l)
{
	const struct exec_opts *o = l->opts;
	struct ioc_run_options ro = { .release = o->release,
		.keep = o->keep, .name = o->name };
	struct ioc_host *h = cli_host_active(c);
	struct ioc_exec_options x;
	struct ioc_process *p;
	struct ioc_error err;
	struct changes ch;
	struct tty t;
	int r;

	if (h == NULL)
		return (cli_failed(c));
	if (o->name != NULL && !o->keep)
		return (cli_usage(c, "--name goes with --keep"));
	changes_init(&ch, o->props.v, o->props.n);
	ro.props = ch.v;
	ro.nprops = ch.n;
	fill_options(&x, o, l->args.v);
	r = tty_open(&t, (enum tty_want)o->tty, &x, &err);
	if (r == 0)
		r = ioc_run(h, &ro, &x, &p, &err);
	changes_fini(&ch);
	if (r == 0)
		return (attend(c, &t, p));
	tty_close(&t);
	return (exec_failed(c, &err));
}

static const struct hint exec_hints[] = {
	{ IOC_NOT_FOUND, "\"ioc list\" shows the jails." },
	{ IOC_STATE, "\"ioc start\" starts a jail, exec -f for one command." },
	{ 0, NULL },
};
static const struct hint console_hints[] = {
	{ IOC_NOT_FOUND, "\"ioc list\" shows the jails." },
	{ IOC_STATE, "With -s the jail is started first." },
	{ 0, NULL },
};
static const struct hint run_hints[] = {
	{ IOC_NOT_FOUND, "\"ioc list -r\" shows the releases." },
	{ 0, NULL },
};

#define	STATUS_TEXT							\
	"The exit status is that of the program, 128 and the number of "	\
	"the signal that ended it, 125 when ioc itself failed, 126 when "	\
	"the program cannot be executed, 127 when there is none of that "	\
	"name."
#define	TTY_TEXT							\
	"When standard input, output and error are all terminals, the "	\
	"program gets a terminal of the jail; no terminal of the host "	\
	"enters a jail."

const struct cmd cmd_exec = {
	.name = "exec",
	.args = "JAIL [--] COMMAND [ARGUMENT...]",
	.min = 2,
	.max = CMD_MANY,
	.flags = CMD_ROOT | CMD_WRITES | CMD_PROGRAM,
	.stop = 2,
	.opts = exec_opts,
	.opts_size = sizeof(struct exec_opts),
	.complete = COMPLETE_JAIL,
	.help = "Run a command in a running jail",
	.about = "Runs a command in a jail that runs. Options of ioc end at "
	    "the command. " TTY_TEXT "\n\n" STATUS_TEXT,
	.hints = exec_hints,
	.run = exec_run,
};

const struct cmd cmd_console = {
	.name = "console",
	.args = "JAIL",
	.min = 1,
	.max = 1,
	.flags = CMD_ROOT | CMD_WRITES | CMD_PROGRAM,
	.opts = console_opts,
	.opts_size = sizeof(struct exec_opts),
	.complete = COMPLETE_JAIL,
	.help = "Open a login shell in a jail",
	.about = "Runs the login shell of a user of the jail. " TTY_TEXT
	    "\n\n" STATUS_TEXT,
	.hints = console_hints,
	.run = console_run,
};

const struct cmd cmd_run = {
	.name = "run",
	.args = "[--] COMMAND [ARGUMENT...]",
	.min = 1,
	.max = CMD_MANY,
	.flags = CMD_ROOT | CMD_WRITES | CMD_PROGRAM,
	.stop = 1,
	.opts = run_opts,
	.opts_size = sizeof(struct exec_opts),
	.help = "Run a command in an ephemeral jail",
	.about = "Makes a jail of a release, runs a command in it, and removes "
	    "it when the command ends, also if ioc is killed. Options of ioc "
	    "end at the command. " TTY_TEXT "\n\n" STATUS_TEXT,
	.hints = run_hints,
	.run = run_run,
};
