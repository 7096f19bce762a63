/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands share: the run of the program, its errors, its host. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "cmd.h"
#include "progress.h"

enum {
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_OWN = 125,		/* exec, console, run: ioc itself has failed */
	EXIT_NOEXEC = 126,
	EXIT_NOTFOUND = 127,
};

struct cli {
	/* the common options */
	const char	*config;
	char		*config_path;	/* the same, absolute; owned */
	struct strlist	 sources;
	const char	*level;
	const char	*events;
	bool		 json;
	bool		 quiet;
	bool		 dry_run;
	bool		 yes;
	bool		 help;
	bool		 version;

	const struct cmd *cmd;	/* NULL until it is known */
	struct ioc_host	*host;	/* NULL until cli_host() */
	bool		 no_recover;
	struct progress	 progress;
};

/* The level that a word of -d stands for; NULL: the usual one. */
enum progress_level cmd_level(const char *word);

/* --- errors ---------------------------------------------------------------- */

/* Tells an error and gives the exit status that goes with it. */
int	cli_fail(struct cli *c, const struct ioc_error *err);
/* The same for a failure that was found here. */
int	cli_failf(struct cli *c, int code, const char *hint, const char *fmt,
	    ...) IOC_PRINTF(4, 5);
/* Wrong usage: one sentence and the usage line; gives EXIT_USAGE. */
int	cli_usage(struct cli *c, const char *fmt, ...) IOC_PRINTF(2, 3);
/* The exit status of a failure that has been told already. */
int	cli_failed(const struct cli *c);
/* The line of advice for a code, or NULL. */
const char *cli_hint(const struct cli *c, int code);

/* --- memory ----------------------------------------------------------------- */

/* Zeroed memory; without memory the program ends. */
void	*cli_alloc(size_t n, size_t size);
char	*cli_strdup(const char *s);
char	*cli_strndup(const char *s, size_t len);
char	*cli_printf(const char *fmt, ...) IOC_PRINTF(1, 2);
/* A path of the user from the root of the host; NULL stays NULL. */
char	*cli_absolute(const char *path);
void	strlist_add(struct strlist *l, const char *s);
void	strlist_fini(struct strlist *l);
/* "a, b, c", to be freed. */
char	*strlist_join(const struct strlist *l, const char *between);

/*
 * KEY=VALUE texts as changes; a text without "=" resets.  The texts are
 * copied: both go with changes_fini.
 */
struct changes {
	struct ioc_change *v;
	size_t		   n;
};
void	changes_init(struct changes *ch, const char *const *v, size_t n);
void	changes_fini(struct changes *ch);

/* --- the host ---------------------------------------------------------------- */

/* The host, opened at the first call; NULL after it has told why not. */
struct ioc_host *cli_host(struct cli *c);
/* The same, but without a source it is a failure. */
struct ioc_host *cli_host_active(struct cli *c);
/* A jail by name; NULL after it has told why not. */
struct ioc_jail *cli_jail(struct cli *c, const char *name);
/*
 * "web", or "source/web" where there are several sources; escaped, to be
 * freed.
 */
char	*cli_jail_name(struct cli *c, const struct ioc_jail *j);

/*
 * Asks on the terminal.  0: yes; else the exit status, after it has told why
 * not.
 */
int	cli_confirm(struct cli *c, const char *question);

/* Tells a step of a dry run that the library does not tell; gives 0. */
int	cli_plan(struct cli *c, const char *what, const char *who);

/* Flushes stdout; a failure to write is told.  Gives the status to exit with. */
int	cli_finish(struct cli *c, int status);

/* --- selecting jails --------------------------------------------------------- */

struct selection {
	struct ioc_jail_list *list;
	struct ioc_jail	**v;	/* the jails in the order to work on them */
	size_t		  n;
	bool		  named;	/* by plain names only */
};

/*
 * The jails that the operands select; with `extra` (or NULL) as one more term.
 * Several plain names select any of them.  Without `may_be_empty`, none is a
 * failure; a plain name that is not found is always one.  0 or the exit status.
 */
int	cli_select(struct cli *c, const struct strlist *args, const char *extra,
	    bool may_be_empty, struct selection *ret);
/* All of the list in start order, or backwards. */
int	cli_select_order(struct cli *c, struct selection *s, bool backwards);
void	selection_fini(struct selection *s);
/* False also where that cannot be told. */
bool	cli_is_running(struct ioc_jail *j);

#endif /* CLI_CLI_H */
