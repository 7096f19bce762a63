/* SPDX-License-Identifier: BSD-2-Clause */
/* export, import: jails as files. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "out.h"

static const char *const formats[] = { "tar", "zfs", "directory", NULL };

static enum ioc_backup_format
format_of(const char *word)
{
	return (word == NULL || strcmp(word, "tar") == 0 ? IOC_FORMAT_TAR :
	    strcmp(word, "zfs") == 0 ? IOC_FORMAT_ZFS : IOC_FORMAT_DIRECTORY);
}

/* One object with one key that says what was done. */
static void
tell(struct cli *c, const char *what, const struct ioc_jail *j,
    const char *file)
{
	struct json doc;
	char *shown;

	if (c->json) {
		json_open(&doc, stdout, true);
		json_key(&doc, what);
		json_begin_object(&doc);
		json_key(&doc, "name");
		json_text(&doc, ioc_jail_name(j));
		json_key(&doc, "source");
		json_text(&doc, ioc_jail_source(j));
		json_key(&doc, "file");
		if (file != NULL)
			json_text(&doc, file);
		else
			json_add_null(&doc);
		json_close(&doc);
		return;
	}
	shown = cli_jail_name(c, j);
	(void)printf("%s\n", shown);
	free(shown);
}

/* --- export ------------------------------------------------------------------- */

struct export_opts {
	const char	*format;
	const char	*since;
	bool		 compress;
};

#define	AT(member)	offsetof(struct export_opts, member)

static const struct opt export_options[] = {
	{ 0, "format", OPT_WORD, AT(format), .arg = "FORMAT", .words = formats,
	    .help = "tar: an archive for any host (default); zfs: one that "
	    "holds a stream of ZFS; directory: the archive, unpacked" },
	{ 0, "incremental", OPT_TEXT, AT(since), .arg = "SNAP",
	    .help = "only what differs from that snapshot" },
	{ 'z', "compress", OPT_FLAG, AT(compress), .help = "compress by zstd" },
	{ 0 }
};

/* "web@snap": both parts, the first one to be freed. */
static char *
split_snapshot(const char *text, const char **snapshot)
{
	const char *at = strchr(text, '@');
	char *name = cli_strdup(text);

	*snapshot = at != NULL ? at + 1 : NULL;
	if (at != NULL)
		name[at - text] = '\0';
	return (name);
}

static int
run_export(struct cli *c, const struct cmd_line *l)
{
	const struct export_opts *o = l->opts;
	const char *file = l->args.v[1];
	struct ioc_export_options x = {
		.file = strcmp(file, "-") != 0 ? file : NULL,
		.fd = STDOUT_FILENO, .format = format_of(o->format),
		.since = o->since, .compress = o->compress,
	};
	struct ioc_jail *j = NULL;
	struct ioc_error err;
	char *name;
	int r;

	if (x.file == NULL && isatty(STDOUT_FILENO) && !c->dry_run)
		return (cli_usage(c, "a backup is not for a terminal: name a "
		    "file, or redirect the output"));
	name = split_snapshot(l->args.v[0], &x.snapshot);
	if (cli_host_active(c) == NULL || (j = cli_jail(c, name)) == NULL) {
		free(name);
		return (cli_failed(c));
	}
	free(name);
	r = ioc_jail_export(j, &x, &err);
	if (r == 0 && x.file != NULL && c->json && !c->dry_run)
		tell(c, "exported", j, x.file);
	ioc_jail_close(j);
	return (r == 0 ? 0 : cli_fail(c, &err));
}

static const struct hint export_hints[] = {
	{ IOC_STATE, "\"ioc stop JAIL\", or a jail on ZFS." },
	{ 0, NULL },
};

const struct cmd cmd_export = {
	.name = "export",
	.args = "JAIL[@SNAP] FILE|-",
	.min = 2,
	.max = 2,
	.flags = CMD_ROOT | CMD_WRITES,
	.opts = export_options,
	.opts_size = sizeof(struct export_opts),
	.complete = COMPLETE_JAIL,
	.help = "Write a jail to a file",
	.about = "Writes a jail with its whole root, its configuration and its "
	    "mounts to FILE, which may not exist yet and appears when it is "
	    "complete, or to standard output. The root is complete, also that "
	    "of a jail that shares its release, so a backup needs nothing but "
	    "itself. Each file in it has a SHA-256, and so has the whole.\n\n"
	    "With @SNAP the root is as that snapshot has it. A jail on ZFS may "
	    "run meanwhile: it is read from a snapshot of its own. Anywhere "
	    "else it must be stopped, unless a snapshot is read.\n\n"
	    "An incremental backup needs the jail that was imported from a "
	    "backup of JAIL@SNAP. Sockets, FIFOs and devices are left out, and "
	    "extended attributes and ACLs are not kept.",
	.hints = export_hints,
	.run = run_export,
};

/* --- import ------------------------------------------------------------------- */

struct import_opts {
	const char	*format;
};

static const struct opt import_options[] = {
	{ 0, "format", OPT_WORD, offsetof(struct import_opts, format),
	    .arg = "FORMAT", .words = formats,
	    .help = "zfs: take a stream of ZFS, too, which is to be trusted "
	    "like the host itself" },
	{ 0 }
};

static int
run_import(struct cli *c, const struct cmd_line *l)
{
	const struct import_opts *o = l->opts;
	const char *file = l->args.v[l->args.n - 1];
	struct ioc_import_options x = {
		.name = l->args.n > 1 ? l->args.v[0] : NULL,
		.file = strcmp(file, "-") != 0 ? file : NULL,
		.fd = STDIN_FILENO, .format = format_of(o->format),
	};
	char *source = NULL, *slash;
	struct ioc_jail *j = NULL;
	struct ioc_error err;
	int r;

	if (cli_host_active(c) == NULL)
		return (cli_failed(c));
	if (x.name != NULL && strchr(x.name, '/') != NULL) {
		source = cli_strdup(x.name);
		slash = strchr(source, '/');
		*slash = '\0';
		x.source = source;
		x.name = slash + 1;
	}
	r = ioc_jail_import(c->host, &x, &j, &err);
	if (r == 0 && j != NULL && !c->dry_run)
		tell(c, "imported", j, x.file);
	ioc_jail_close(j);
	free(source);
	return (r == 0 ? 0 : cli_fail(c, &err));
}

static const struct hint import_hints[] = {
	{ IOC_EXISTS, "\"ioc import NAME FILE\" gives it another name." },
	{ IOC_UNSAFE, "Ask whoever made it: nothing of it was taken." },
	{ 0, NULL },
};

const struct cmd cmd_import = {
	.name = "import",
	.args = "[[SOURCE/]JAIL] FILE|-",
	.min = 1,
	.max = 2,
	.flags = CMD_ROOT | CMD_WRITES,
	.opts = import_options,
	.opts_size = sizeof(struct import_opts),
	.complete = COMPLETE_FILE,
	.help = "Make a jail of a backup",
	.about = "Makes a jail of a backup: an archive or directory of export, "
	    "or one of libioc. It is unpacked, verified and judged where nobody "
	    "sees it, and gets its name when all of it is good. There may be no "
	    "jail of that name yet; without JAIL it is the name it had.\n\n"
	    "What a backup says is what a tenant says: of its configuration "
	    "only such properties are taken, and none of its mounts. All else "
	    "is named in warnings, for the administrator to set again.\n\n"
	    "An incremental backup is put upon the jail that was imported from "
	    "its base: the result is a new jail, the other one stays as it is.",
	.hints = import_hints,
	.run = run_import,
};
