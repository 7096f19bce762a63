/* SPDX-License-Identifier: BSD-2-Clause */
/* Usage lines and help, made from the tables; the commands help and version. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "out.h"

#define	WIDTH	79

static bool
opt_ends(const struct opt *o)
{
	return (o == NULL || (o->letter == 0 && o->name == NULL));
}

/* Writes words with a line break and an indent where they do not fit. */
struct folder {
	FILE	*f;
	size_t	 indent;
	size_t	 col;
	bool	 never;		/* all in one line */
};

static void
fold_word(struct folder *fo, const char *word, size_t len)
{
	if (!fo->never && fo->col > fo->indent &&
	    fo->col + 1 + len > WIDTH) {
		(void)fprintf(fo->f, "\n%*s", (int)fo->indent, "");
		fo->col = fo->indent;
	} else if (fo->col > fo->indent) {
		(void)fputc(' ', fo->f);
		fo->col++;
	}
	(void)fwrite(word, 1, len, fo->f);
	fo->col += len;
}

/* A text word by word; an empty line stays one. */
static void
fold_text(FILE *f, size_t indent, size_t col, const char *text)
{
	struct folder fo = { f, indent, col, false };

	while (*text != '\0') {
		size_t n = strcspn(text, " \n");

		if (n > 0)
			fold_word(&fo, text, n);
		text += n;
		if (text[0] == '\n' && text[1] == '\n') {
			(void)fprintf(f, "\n\n%*s", (int)indent, "");
			fo.col = indent;
			text++;
		}
		if (*text != '\0')
			text++;
	}
	(void)fputc('\n', f);
}

void
help_usage(FILE *f, const struct cmd *cmd, bool fold)
{
	struct folder fo = { f, 11, 0, !fold };
	char word[128];
	int n;

	if (cmd == NULL) {
		(void)fputs("usage: ioc [-hjnqy] [-c FILE] [-d LEVEL] "
		    "[--events json] [--source SOURCE]", f);
		(void)fputs(fold ? "\n           " : " ", f);
		(void)fputs("COMMAND [ARGUMENT...]\n", f);
		return;
	}
	n = fprintf(f, "usage: ioc %s", cmd->name);
	fo.col = n > 0 ? (size_t)n : 0;
	for (const struct opt *o = cmd->opts; !opt_ends(o); o++) {
		char letter[2] = { o->letter, '\0' };

		n = snprintf(word, sizeof(word), "[%s%s%s%s]",
		    o->letter != 0 ? "-" : "--",
		    o->letter != 0 ? letter : o->name,
		    o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
		fold_word(&fo, word, (size_t)n);
	}
	if (cmd->args[0] != '\0')
		fold_word(&fo, cmd->args, strlen(cmd->args));
	(void)fputc('\n', f);
}

void
help_opt_names(char *out, size_t len, const struct opt *o)
{
	char letter[8] = "    ";

	if (o->letter != 0)
		(void)snprintf(letter, sizeof(letter), "-%c%s", o->letter,
		    o->name != NULL ? ", " : "");
	(void)snprintf(out, len, "%s%s%s%s%s", letter,
	    o->name != NULL ? "--" : "", o->name != NULL ? o->name : "",
	    o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
}

static void
help_opts(FILE *f, const struct opt *o)
{
	char names[128];

	for (; !opt_ends(o); o++) {
		help_opt_names(names, sizeof(names), o);
		(void)fprintf(f, "  %-28s", names);
		if (strlen(names) > 27)
			(void)fprintf(f, "\n%30s", "");
		fold_text(f, 30, 30, o->help);
	}
}

void
help_command(FILE *f, const struct cmd *cmd)
{
	help_usage(f, cmd, true);
	(void)fputc('\n', f);
	fold_text(f, 0, 0, cmd->about);
	if (cmd->opts != NULL) {
		(void)fputs("\nOptions:\n", f);
		help_opts(f, cmd->opts);
	}
	(void)fputs("\nOptions of all commands:\n", f);
	help_opts(f, cmd_common);
}

void
help_overview(FILE *f)
{
	help_usage(f, NULL, true);
	(void)fputs("\nCommands:\n", f);
	for (const struct cmd *const *p = cmd_table; *p != NULL; p++)
		(void)fprintf(f, "  %-12s  %s\n", (*p)->name, (*p)->help);
	(void)fputs("\nOptions of all commands:\n", f);
	help_opts(f, cmd_common);
	(void)fputs("\n\"ioc help COMMAND\" tells more of a command, ioc(8) "
	    "everything.\n", f);
}

static int
help_run(struct cli *c, const struct cmd_line *l)
{
	const struct cmd *cmd;
	const char *names[64], *near;
	size_t n = 0;

	if (l->args.n == 0) {
		help_overview(stdout);
		return (0);
	}
	cmd = cmd_find(l->args.v[0]);
	if (cmd != NULL) {
		help_command(stdout, cmd);
		return (0);
	}
	for (const struct cmd *const *p = cmd_table; *p != NULL && n < 64; p++)
		names[n++] = (*p)->name;
	near = cmd_nearest(l->args.v[0], names, n);
	return (cli_usage(c, "no command \"%s\"%s%s%s", SHOW(l->args.v[0]),
	    near != NULL ? "; did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "?" : ""));
}

const struct cmd cmd_help = {
	.name = "help",
	.args = "[COMMAND]",
	.max = 1,
	.complete = COMPLETE_COMMAND,
	.help = "Explain a command",
	.about = "Lists the commands, or explains one of them.",
	.run = help_run,
};

static int
version_run(struct cli *c, const struct cmd_line *l)
{
	if (c->json) {
		struct json j;

		json_open(&j, stdout, true);
		json_key(&j, "version");
		json_text(&j, ioc_version());
		json_close(&j);
	} else
		(void)printf("ioc %s\n", ioc_version());
	return (0);
}

const struct cmd cmd_version = {
	.name = "version",
	.args = "",
	.help = "Print the version",
	.about = "Prints the version of the library.",
	.run = version_run,
};
