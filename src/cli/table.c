/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of commands, and the options they share. */
#include <string.h>

#include "cli.h"

const struct cmd *const cmd_table[] = {
	&cmd_activate, &cmd_deactivate, &cmd_fetch, &cmd_update, &cmd_upgrade,
	&cmd_verify, &cmd_create, &cmd_clone, &cmd_list, &cmd_start, &cmd_stop,
	&cmd_restart, &cmd_exec, &cmd_run, &cmd_console, &cmd_get, &cmd_set,
	&cmd_fstab, &cmd_snapshot, &cmd_rename, &cmd_promote, &cmd_destroy,
	&cmd_export, &cmd_import,
	&cmd_properties, &cmd_recover, &cmd_doctor, &cmd_help,
	&cmd_completion, &cmd_version, NULL
};

/* The names of the predecessor stay, though fewer levels are told apart. */
static const char *const level_words[] = { "critical", "error", "warn",
	"warning", "info", "notice", "verbose", "debug", "spam", NULL };
static const enum progress_level level_values[] = { LEVEL_ERROR, LEVEL_ERROR,
	LEVEL_WARN, LEVEL_WARN, LEVEL_INFO, LEVEL_INFO, LEVEL_DEBUG,
	LEVEL_DEBUG, LEVEL_DEBUG };
static const char *const event_words[] = { "json", NULL };

#define	AT(member)	offsetof(struct cli, member)

const struct opt cmd_common[] = {
	{ 'c', "config", OPT_TEXT, AT(config), .arg = "FILE",
	    .complete = COMPLETE_FILE, .help = "use this ioc.conf" },
	{ 0, "source", OPT_LIST, AT(sources), .arg = "NAME[=WHERE]",
	    .help = "use this source only: a name in ioc.conf, or a name with "
	    "a dataset or directory; may be repeated" },
	{ 'd', "log-level", OPT_WORD, AT(level), .arg = "LEVEL",
	    .words = level_words,
	    .help = "how much to tell: error, warn, info or debug" },
	{ 'j', "json", OPT_FLAG, AT(json), .help = "results as JSON" },
	{ 'q', "quiet", OPT_FLAG, AT(quiet), .help = "no progress" },
	{ 'n', "dry-run", OPT_FLAG, AT(dry_run),
	    .help = "print the steps, change nothing" },
	{ 'y', "yes", OPT_FLAG, AT(yes), .help = "answer questions with yes" },
	{ 0, "events", OPT_WORD, AT(events), .arg = "json",
	    .words = event_words,
	    .help = "events as JSON lines on standard error" },
	{ 'h', "help", OPT_FLAG, AT(help), .help = "explain the command" },
	{ 0, "version", OPT_FLAG, AT(version), .help = "print the version" },
	{ 0 }
};

enum progress_level
cmd_level(const char *word)
{
	for (size_t i = 0; word != NULL && level_words[i] != NULL; i++) {
		if (strcmp(level_words[i], word) == 0)
			return (level_values[i]);
	}
	return (LEVEL_INFO);
}
