/* SPDX-License-Identifier: BSD-2-Clause */
/* completion: what shells need to complete command lines, from the tables. */
#include <string.h>

#include "cli.h"
#include "out.h"

static const char *const shells[] = { "bash", "zsh", "fish", NULL };

static bool
opt_ends(const struct opt *o)
{
	return (o == NULL || (o->letter == 0 && o->name == NULL));
}

/* The word that stands for a kind in the scripts. */
static const char *
kind_name(enum complete kind)
{
	static const char *const names[] = {
		[COMPLETE_NONE] = "none", [COMPLETE_JAIL] = "jail",
		[COMPLETE_RELEASE] = "release", [COMPLETE_REMOTE] = "remote",
		[COMPLETE_PROPERTY] = "property", [COMPLETE_CHANGE] = "change",
		[COMPLETE_COMMAND] = "command", [COMPLETE_FILE] = "file",
		[COMPLETE_DIR] = "dir", [COMPLETE_FSTAB] = "fstab",
		[COMPLETE_SNAPSHOT] = "snapshot",
		[COMPLETE_TEMPLATE] = "template",
	};

	return (names[kind]);
}

/* Inside single quotes of any of the shells: no quote of its own. */
static void
put_quoted(const char *s)
{
	(void)putchar('\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			(void)fputs("'\\''", stdout);
		else
			(void)putchar(*s);
	}
	(void)putchar('\'');
}

static void
put_words(const struct opt *o)
{
	for (; !opt_ends(o); o++) {
		if (o->letter != 0)
			(void)printf(" -%c", o->letter);
		if (o->name != NULL)
			(void)printf(" --%s", o->name);
	}
}

/* --- bash --------------------------------------------------------------------- */

/* "CMD:-o|CMD:--option) kind ..." for the options that take a value. */
static void
bash_values(const char *cmd, const struct opt *o)
{
	for (; !opt_ends(o); o++) {
		if (o->kind == OPT_FLAG || o->kind == OPT_SET)
			continue;
		(void)fputs("\t", stdout);
		if (o->letter != 0)
			(void)printf("%s:-%c%s", cmd, o->letter,
			    o->name != NULL ? "|" : "");
		if (o->name != NULL)
			(void)printf("%s:--%s", cmd, o->name);
		(void)fputs(") _ioc_words ", stdout);
		if (o->words == NULL)
			(void)printf("%s", kind_name(o->complete));
		else {
			(void)fputs("words", stdout);
			for (size_t i = 0; o->words[i] != NULL; i++)
				(void)printf(" %s", o->words[i]);
		}
		(void)fputs("; return ;;\n", stdout);
	}
}

static const char bash_head[] =
    "# bash completion for ioc; source it, or put it where bash looks.\n"
    "_ioc_words()\n"
    "{\n"
    "\tlocal list kind=$1\n"
    "\tshift\n"
    "\tcase $kind in\n"
    "\tjail) list=$(ioc list -q -f list -o name 2>/dev/null) ;;\n"
    "\trelease) list=$(ioc list -q -r -f list -o name 2>/dev/null) ;;\n"
    "\tremote) list=$(ioc list -q -R --known -f list -o name 2>/dev/null) ;;\n"
    "\tfstab) list=\"add rm show $(ioc list -q -f list -o name "
    "2>/dev/null)\" ;;\n"
    "\tsnapshot) list=\"list create rollback remove "
    "$(ioc list -q -f list -o name 2>/dev/null)\" ;;\n"
    "\ttemplate) list=$(ioc list -q -t -f list -o name 2>/dev/null) ;;\n"
    "\tproperty) list=$(ioc properties -f list -o name 2>/dev/null) ;;\n"
    "\tchange) list=$(ioc properties -f list -o name 2>/dev/null |\n"
    "\t    sed 's/$/=/'); compopt -o nospace 2>/dev/null ;;\n"
    "\tcommand) list=$_ioc_commands ;;\n"
    "\twords) list=$* ;;\n"
    "\tfile) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
    "\tdir) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n"
    "\t*) return ;;\n"
    "\tesac\n"
    "\tCOMPREPLY=($(compgen -W \"$list\" -- \"$cur\"))\n"
    "}\n\n";

static const char bash_begin[] =
    "_ioc()\n"
    "{\n"
    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
    "\tlocal cmd= i word\n"
    "\tCOMPREPLY=()\n"
    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
    "\t\tword=${COMP_WORDS[i]}\n"
    "\t\tcase $word in\n"
    "\t\t-c|--config|-d|--log-level|--source|--events) ((i++)) ;;\n"
    "\t\t-*) ;;\n"
    "\t\t*) cmd=$word; break ;;\n"
    "\t\tesac\n"
    "\tdone\n";

static void
bash(void)
{
	(void)fputs(bash_head, stdout);
	(void)fputs("_ioc_commands='", stdout);
	for (const struct cmd *const *p = cmd_table; *p != NULL; p++)
		(void)printf("%s%s", p == cmd_table ? "" : " ", (*p)->name);
	(void)printf("'\n\n%s\tcase $cmd:$prev in\n", bash_begin);
	for (const struct cmd *const *p = cmd_table; *p != NULL; p++)
		bash_values((*p)->name, (*p)->opts);
	(void)fputs("\tesac\n\tcase :$prev in\n", stdout);
	bash_values("", cmd_common);
	(void)fputs("\tesac\n\tcase $cmd:$cur in\n", stdout);
	for (const struct cmd *const *p = cmd_table; *p != NULL; p++) {
		(void)printf("\t%s:-*) _ioc_words words", (*p)->name);
		put_words((*p)->opts);
		put_words(cmd_common);
		(void)fputs(" ;;\n", stdout);
	}
	(void)fputs("\t:-*) _ioc_words words", stdout);
	put_words(cmd_common);
	(void)fputs(" ;;\n\t:*) _ioc_words command ;;\n", stdout);
	for (const struct cmd *const *p = cmd_table; *p != NULL; p++) {
		(void)printf("\t%s:*) _ioc_words ", (*p)->name);
		if ((*p)->words == NULL)
			(void)fputs(kind_name((*p)->complete), stdout);
		else {
			(void)fputs("words", stdout);
			for (size_t i = 0; (*p)->words[i] != NULL; i++)
				(void)printf(" %s", (*p)->words[i]);
		}
		(void)fputs(" ;;\n", stdout);
	}
	(void)fputs("\tesac\n}\ncomplete -F _ioc ioc\n", stdout);
}

/* --- zsh ---------------------------------------------------------------------- */

static const char zsh_head[] =
    "#compdef ioc\n"
    "_ioc_list()\n"
    "{\n"
    "\tlocal -a list\n"
    "\tcase $1 in\n"
    "\tjail) list=(${(f)\"$(ioc list -q -f list -o name 2>/dev/null)\"}) ;;\n"
    "\trelease) list=(${(f)\"$(ioc list -q -r -f list -o name "
    "2>/dev/null)\"}) ;;\n"
    "\tremote) list=(${(f)\"$(ioc list -q -R --known -f list -o name "
    "2>/dev/null)\"}) ;;\n"
    "\tfstab) list=(add rm show ${(f)\"$(ioc list -q -f list -o name "
    "2>/dev/null)\"}) ;;\n"
    "\tsnapshot) list=(list create rollback remove "
    "${(f)\"$(ioc list -q -f list -o name 2>/dev/null)\"}) ;;\n"
    "\ttemplate) list=(${(f)\"$(ioc list -q -t -f list -o name "
    "2>/dev/null)\"}) ;;\n"
    "\tproperty|change) list=(${(f)\"$(ioc properties -f list -o name "
    "2>/dev/null)\"}) ;;\n"
    "\tfile) _files; return ;;\n"
    "\tdir) _files -/; return ;;\n"
    "\t*) return ;;\n"
    "\tesac\n"
    "\tif [[ $1 = change ]]; then compadd -S = -a list\n"
    "\telse compadd -a list; fi\n"
    "}\n\n";

/* ":", "[" and "]" mean something in a specification. */
static void
zsh_spec(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			(void)fputs("'\\''", stdout);
		else if (strchr(":[]\\", *text) != NULL)
			(void)printf("\\%c", *text);
		else
			(void)putchar(*text);
	}
}

static void
zsh_opt(const struct opt *o, bool letter)
{
	bool value = o->kind != OPT_FLAG && o->kind != OPT_SET;

	(void)printf("\t    '%s", o->kind == OPT_LIST ||
	    o->kind == OPT_CHANGE ? "*" : "");
	if (letter)
		(void)printf("-%c%s", o->letter, value ? "+" : "");
	else
		(void)printf("--%s%s", o->name, value ? "=" : "");
	(void)putchar('[');
	zsh_spec(o->help);
	(void)putchar(']');
	if (value) {
		(void)putchar(':');
		zsh_spec(o->arg);
		(void)putchar(':');
		if (o->words != NULL) {
			(void)putchar('(');
			for (size_t i = 0; o->words[i] != NULL; i++)
				(void)printf("%s%s", i > 0 ? " " : "",
				    o->words[i]);
			(void)putchar(')');
		} else
			(void)printf("{_ioc_list %s}", kind_name(o->complete));
	}
	(void)fputs("' \\\n", stdout);
}

static void
zsh_opts(const struct opt *o)
{
	for (; !opt_ends(o); o++) {
		if (o->letter != 0)
			zsh_opt(o, true);
		if (o->name != NULL)
			zsh_opt(o, false);
	}
}

static void
zsh_command(const struct cmd *cmd)
{
	(void)printf("\t%s)\n\t\t_arguments -s \\\n", cmd->name);
	zsh_opts(cmd->opts);
	for (const struct opt *o = cmd_common; !opt_ends(o); o++) {
		/* A letter that the command itself uses is the command's. */
		bool taken = false;

		for (const struct opt *m = cmd->opts; !opt_ends(m); m++)
			taken = taken || m->letter == o->letter;
		if (o->letter != 0 && !taken)
			zsh_opt(o, true);
		if (o->name != NULL)
			zsh_opt(o, false);
	}
	(void)fputs("\t    '*:operand:", stdout);
	if (cmd->words != NULL) {
		(void)putchar('(');
		for (size_t i = 0; cmd->words[i] != NULL; i++)
			(void)printf("%s%s", i > 0 ? " " : "", cmd->words[i]);
		(void)putchar(')');
	} else if (cmd->complete == COMPLETE_COMMAND)
		(void)fputs("{_describe command commands}", stdout);
	else
		(void)printf("{_ioc_list %s}", kind_name(cmd->complete));
	(void)fputs("' ;;\n", stdout);
}

static void
zsh(void)
{
	(void)printf("%s_ioc()\n{\n\tlocal curcontext=$curcontext state line\n"
	    "\tlocal -a commands\n\tcommands=(\n", zsh_head);
	for (const struct cmd *const *p = cmd_table; *p != NULL; p++) {
		(void)printf("\t    '%s:", (*p)->name);
		zsh_spec((*p)->help);
		(void)fputs("'\n", stdout);
	}
	(void)fputs("\t)\n\t_arguments -s -C \\\n", stdout);
	zsh_opts(cmd_common);
	(void)fputs("\t    '1:command:{_describe command commands}' \\\n"
	    "\t    '*::argument:->rest'\n"
	    "\t[[ $state = rest ]] || return\n\tcase $words[1] in\n", stdout);
	for (const struct cmd *const *p = cmd_table; *p != NULL; p++)
		zsh_command(*p);
	(void)fputs("\tesac\n}\n_ioc \"$@\"\n", stdout);
}

/* --- fish --------------------------------------------------------------------- */

static const char fish_head[] =
    "# fish completion for ioc\n"
    "function __ioc_list\n"
    "\tswitch $argv[1]\n"
    "\tcase jail\n\t\tioc list -q -f list -o name 2>/dev/null\n"
    "\tcase release\n\t\tioc list -q -r -f list -o name 2>/dev/null\n"
    "\tcase remote\n\t\tioc list -q -R --known -f list -o name 2>/dev/null\n"
    "\tcase fstab\n\t\tprintf '%s\\n' add rm show\n"
    "\t\tioc list -q -f list -o name 2>/dev/null\n"
    "\tcase snapshot\n\t\tprintf '%s\\n' list create rollback remove\n"
    "\t\tioc list -q -f list -o name 2>/dev/null\n"
    "\tcase template\n\t\tioc list -q -t -f list -o name 2>/dev/null\n"
    "\tcase property\n"
    "\t\tioc properties -f list -o name,help 2>/dev/null\n"
    "\tcase change\n"
    "\t\tioc properties -f list -o name 2>/dev/null | string replace -r "
    "'$' '='\n"
    "\tend\n"
    "end\n"
    "complete -c ioc -f\n";

static void
fish_value(const char *words, enum complete kind)
{
	if (kind == COMPLETE_FILE || kind == COMPLETE_DIR)
		(void)fputs(" -F", stdout);
	else if (kind != COMPLETE_NONE)
		(void)printf(" -a '(__ioc_list %s)'", words);
}

static void
fish_opts(const char *cmd, const struct opt *o)
{
	for (; !opt_ends(o); o++) {
		(void)fputs("complete -c ioc", stdout);
		if (cmd != NULL)
			(void)printf(" -n '__fish_seen_subcommand_from %s'",
			    cmd);
		if (o->letter != 0)
			(void)printf(" -s %c", o->letter);
		if (o->name != NULL)
			(void)printf(" -l %s", o->name);
		if (o->kind != OPT_FLAG && o->kind != OPT_SET) {
			(void)fputs(" -r", stdout);
			if (o->words != NULL) {
				(void)fputs(" -a '", stdout);
				for (size_t i = 0; o->words[i] != NULL; i++)
					(void)printf("%s%s", i > 0 ? " " : "",
					    o->words[i]);
				(void)putchar('\'');
			} else
				fish_value(kind_name(o->complete), o->complete);
		}
		(void)fputs(" -d ", stdout);
		put_quoted(o->help);
		(void)putchar('\n');
	}
}

static void
fish(void)
{
	(void)fputs(fish_head, stdout);
	fish_opts(NULL, cmd_common);
	for (const struct cmd *const *p = cmd_table; *p != NULL; p++) {
		(void)printf("complete -c ioc -n __fish_use_subcommand -a %s -d ",
		    (*p)->name);
		put_quoted((*p)->help);
		(void)putchar('\n');
		fish_opts((*p)->name, (*p)->opts);
		if ((*p)->words == NULL && ((*p)->complete == COMPLETE_NONE ||
		    (*p)->complete == COMPLETE_COMMAND))
			continue;
		(void)printf("complete -c ioc -n '__fish_seen_subcommand_from "
		    "%s'", (*p)->name);
		if ((*p)->words != NULL) {
			(void)fputs(" -a '", stdout);
			for (size_t i = 0; (*p)->words[i] != NULL; i++)
				(void)printf("%s%s", i > 0 ? " " : "",
				    (*p)->words[i]);
			(void)putchar('\'');
		} else
			fish_value(kind_name((*p)->complete), (*p)->complete);
		(void)putchar('\n');
	}
}

static int
run(struct cli *c, const struct cmd_line *l)
{
	const char *shell = l->args.v[0];

	if (strcmp(shell, "bash") == 0)
		bash();
	else if (strcmp(shell, "zsh") == 0)
		zsh();
	else if (strcmp(shell, "fish") == 0)
		fish();
	else
		return (cli_usage(c, "\"%s\" is none of bash, zsh, fish",
		    SHOW(shell)));
	return (0);
}

const struct cmd cmd_completion = {
	.name = "completion",
	.args = "SHELL",
	.min = 1,
	.max = 1,
	.words = shells,
	.help = "Print completions for bash, zsh or fish",
	.about = "Prints the completion of command lines for a shell: bash, zsh "
	    "or fish.",
	.run = run,
};
