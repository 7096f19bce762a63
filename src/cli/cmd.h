/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands and options as data, and the parser that reads a command line by
 * them.  Usage lines, help, completions and the manual page come from the same
 * tables.
 */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include <stdint.h>
#include <stdio.h>

#include "ioc.h"

struct cli;

/* A NULL-terminated list of strings that belong to somebody else. */
struct strlist {
	const char	**v;
	size_t		  n;
	size_t		  cap;
};

/* What a shell may offer for an operand or the value of an option. */
enum complete {
	COMPLETE_NONE,
	COMPLETE_JAIL,
	COMPLETE_RELEASE,	/* one that is there */
	COMPLETE_REMOTE,	/* one that can be fetched */
	COMPLETE_PROPERTY,
	COMPLETE_CHANGE,	/* a property and "=" */
	COMPLETE_COMMAND,
	COMPLETE_FILE,
	COMPLETE_DIR,
	COMPLETE_FSTAB,		/* a verb of fstab, or a jail */
	COMPLETE_SNAPSHOT,	/* a verb of snapshot, or a jail */
	COMPLETE_TEMPLATE,
};

enum opt_kind {
	OPT_FLAG,		/* bool: becomes true */
	OPT_SET,		/* int: becomes `value` */
	OPT_TEXT,		/* const char *: the last one given */
	OPT_WORD,		/* the same, one of `words` */
	OPT_NUMBER,		/* unsigned: from `min` to `max` */
	OPT_LIST,		/* struct strlist: each one given */
	OPT_CHANGE,		/* the same, each has the form KEY=VALUE */
};

/* One option; a table of them ends with one that has no letter and no name. */
struct opt {
	char		 letter;	/* 0: none */
	const char	*name;		/* long name, or NULL */
	enum opt_kind	 kind;
	size_t		 offset;	/* where it goes in the struct */
	int		 value;		/* SET */
	unsigned	 min, max;	/* NUMBER */
	const char	*arg;		/* how its value is called */
	const char *const *words;	/* WORD: NULL-terminated */
	enum complete	 complete;
	const char	*help;		/* one line */
};

enum {
	CMD_ROOT = 1 << 0,	/* needs root */
	CMD_WRITES = 1 << 1,	/* changes the host: can be interrupted, -n */
	CMD_PROGRAM = 1 << 2,	/* passes the status of a program on */
};

#define	CMD_MANY	SIZE_MAX

/* One line of advice for a failure of a command. */
struct hint {
	int		 code;		/* enum ioc_code, 0 ends the table */
	const char	*text;
};

/* A command line after parsing. */
struct cmd_line {
	struct strlist	 args;		/* the operands */
	void		*opts;		/* the command's own struct */
};

struct cmd {
	const char	*name;
	const char	*args;		/* operands as the usage line shows them */
	size_t		 min, max;	/* how many operands */
	unsigned	 flags;
	size_t		 stop;		/* options end at this operand; 0: never */
	const struct opt *opts;		/* or NULL */
	size_t		 opts_size;	/* of the struct they go to */
	enum complete	 complete;	/* of its operands */
	const char *const *words;	/* operands are these, or NULL */
	const char	*help;		/* one line */
	const char	*about;		/* paragraphs, an empty line between */
	const struct hint *hints;	/* or NULL */
	/* Gives the exit status. */
	int		(*run)(struct cli *c, const struct cmd_line *l);
};

/* All commands, NULL-terminated, in the order of the manual. */
extern const struct cmd *const cmd_table[];

/* The options that every command has; they go to struct cli. */
extern const struct opt cmd_common[];

const struct cmd *cmd_find(const char *name);

/*
 * Reads options and operands.  With cmd NULL: the common options before the
 * command, which is the first operand.  0, or the exit status after it has
 * told what is wrong.
 */
int	cmd_parse(struct cli *c, const struct cmd *cmd, char *const *argv,
	    struct cmd_line *l);
void	cmd_line_fini(const struct cmd *cmd, struct cmd_line *l);

/* The name among `names` that was probably meant, or NULL. */
const char *cmd_nearest(const char *word, const char *const *names, size_t n);

/* help.c: "usage: ioc start ..." and a newline, in one line if not folded. */
void	help_usage(FILE *f, const struct cmd *cmd, bool fold);
void	help_overview(FILE *f);
void	help_command(FILE *f, const struct cmd *cmd);
/* "-P, --parallel N" into out. */
void	help_opt_names(char *out, size_t len, const struct opt *o);

extern const struct cmd cmd_activate, cmd_clone, cmd_completion, cmd_console,
    cmd_create, cmd_deactivate, cmd_destroy, cmd_doctor, cmd_exec, cmd_export,
    cmd_fetch, cmd_fstab, cmd_get, cmd_help, cmd_import, cmd_list, cmd_promote,
    cmd_properties, cmd_recover, cmd_rename, cmd_restart, cmd_run, cmd_set,
    cmd_snapshot, cmd_start, cmd_stop, cmd_update, cmd_upgrade, cmd_verify,
    cmd_version;

#endif /* CLI_CMD_H */
