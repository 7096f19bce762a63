/* SPDX-License-Identifier: BSD-2-Clause */
/* ioc: from the command line to a command. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "out.h"

/* Descriptors 0-2 must not become something else's. */
static int
fill_standard_fds(void)
{
	int fd;

	do {
		fd = openat(AT_FDCWD, "/dev/null", O_RDWR);
		if (fd < 0)
			return (-1);
	} while (fd <= 2);
	(void)close(fd);
	return (0);
}

static void
set_progress(struct cli *c)
{
	struct progress *p = &c->progress;

	p->level = cmd_level(c->level);
	p->json = c->json;
	if (c->events != NULL)
		p->mode = PROGRESS_JSON;
	else if (c->quiet || c->json || p->level < LEVEL_INFO)
		p->mode = PROGRESS_NONE;
	else
		p->mode = isatty(STDERR_FILENO) ? PROGRESS_BAR :
		    PROGRESS_LINES;
	/* Where nobody watches, stderr is the program's alone. */
	if (p->mode == PROGRESS_LINES && p->level < LEVEL_DEBUG &&
	    (c->cmd->flags & CMD_PROGRAM) != 0)
		p->mode = PROGRESS_NONE;
}

static int
unknown_command(struct cli *c, const char *name)
{
	const char *names[64], *near;
	size_t n = 0;

	for (const struct cmd *const *p = cmd_table; *p != NULL && n < 64; p++)
		names[n++] = (*p)->name;
	near = cmd_nearest(name, names, n);
	return (cli_usage(c, "unknown command \"%s\"%s%s%s", SHOW(name),
	    near != NULL ? "; did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "?" : ""));
}

static int
run_command(struct cli *c, const struct cmd_line *l)
{
	const struct cmd *cmd = c->cmd;

	if (c->help) {
		help_command(stdout, cmd);
		return (0);
	}
	if ((cmd->flags & CMD_ROOT) != 0 && geteuid() != 0)
		return (cli_failf(c, IOC_PERMISSION, NULL, "%s needs root",
		    cmd->name));
	c->config = c->config_path = cli_absolute(c->config);
	set_progress(c);
	if ((cmd->flags & CMD_WRITES) != 0)
		progress_catch();
	return (cmd->run(c, l));
}

static int
dispatch(struct cli *c, char *const *argv)
{
	struct cmd_line before = { { NULL, 0, 0 }, NULL }, l = before;
	size_t n = 0;
	int r = cmd_parse(c, NULL, argv + (argv[0] != NULL), &before);

	if (r == 0 && c->version)
		r = cmd_version.run(c, &l);
	else if (r == 0 && before.args.n == 0 && c->help)
		help_overview(stdout);
	else if (r == 0 && before.args.n == 0)
		r = cli_usage(c, "no command");
	else if (r == 0) {
		c->cmd = cmd_find(before.args.v[0]);
		if (c->cmd == NULL)
			r = unknown_command(c, before.args.v[0]);
	}
	if (r == 0 && c->cmd != NULL) {
		/* The rest of argv, not of the operands: "--" is still there. */
		while (argv[n] != before.args.v[0])
			n++;
		r = cmd_parse(c, c->cmd, argv + n + 1, &l);
		if (r == 0 && c->version)
			r = cmd_version.run(c, &l);
		else if (r == 0)
			r = run_command(c, &l);
	}
	cmd_line_fini(c->cmd, &l);
	cmd_line_fini(NULL, &before);
	return (r);
}

int
main(int argc, char **argv)
{
	struct cli c = { .config = getenv("IOC_CONFIG") };
	static char buffer[1 << 16];
	int r;

	if (fill_standard_fds() != 0)
		return (EXIT_FAILED);
	/* What the caller ignores must not make our children unwaitable. */
	(void)signal(SIGCHLD, SIG_DFL);
	/* A file that may not grow is an error to be told and undone. */
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	if (c.config != NULL && c.config[0] == '\0')
		c.config = NULL;
	r = cli_finish(&c, dispatch(&c, argv));
	ioc_host_close(c.host);
	strlist_fini(&c.sources);
	free(c.config_path);
	return (r);
}
