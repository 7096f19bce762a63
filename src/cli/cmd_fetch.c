/* SPDX-License-Identifier: BSD-2-Clause */
/* fetch: releases. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "out.h"

struct fetch_opts {
	struct strlist	 releases;
	const char	*distribution;
	const char	*mirror;
	const char	*ca_file;
	const char	*arch;
	const char	*url;
	const char	*sha256;
	const char	*manifest;
	const char	*from;
	const char	*sets;
	int		 update;	/* 0: not said, 1: yes, 2: no */
	int		 fetch_updates;	/* the same */
};

#define	AT(member)	offsetof(struct fetch_opts, member)

static const struct opt fetch_opts[] = {
	{ 'r', "release", OPT_LIST, AT(releases), .arg = "RELEASE",
	    .complete = COMPLETE_REMOTE,
	    .help = "this release, like an operand; may be repeated" },
	{ 0, "distribution", OPT_TEXT, AT(distribution), .arg = "NAME",
	    .help = "of this distribution instead of the host's" },
	{ 'u', "mirror", OPT_TEXT, AT(mirror), .arg = "URL",
	    .help = "from this mirror; https only" },
	{ 0, "ca-file", OPT_TEXT, AT(ca_file), .arg = "PEM",
	    .complete = COMPLETE_FILE,
	    .help = "trust these certificates instead of the system's" },
	{ 0, "manifest", OPT_TEXT, AT(manifest), .arg = "FILE",
	    .complete = COMPLETE_FILE,
	    .help = "trust this manifest more than any other, also later" },
	{ 'F', "from", OPT_TEXT, AT(from), .arg = "DIR",
	    .complete = COMPLETE_FILE,
	    .help = "from this folder with a manifest and sets, without a "
	    "network" },
	{ 0, "sets", OPT_TEXT, AT(sets), .arg = "SET,...",
	    .help = "these sets instead of base alone, such as base,lib32" },
	{ 0, "arch", OPT_TEXT, AT(arch), .arg = "ARCH",
	    .help = "for this architecture instead of the host's" },
	{ 0, "url", OPT_TEXT, AT(url), .arg = "URL",
	    .help = "any root archive; with --sha256 and a name for it" },
	{ 0, "sha256", OPT_TEXT, AT(sha256), .arg = "HEX",
	    .help = "the hash that the archive must have" },
	{ 'U', "update", OPT_SET, AT(update), .value = 1,
	    .help = "apply updates, too: the default" },
	{ 0, "no-update", OPT_SET, AT(update), .value = 2,
	    .help = "do not apply updates" },
	{ 0, "fetch-updates", OPT_SET, AT(fetch_updates), .value = 1,
	    .help = "obtain updates and verify them: the default, unless "
	    "--no-update" },
	{ 0, "no-fetch-updates", OPT_SET, AT(fetch_updates), .value = 2,
	    .help = "do not ask for updates at all" },
	{ 0 }
};

static void
show_remote(size_t number, const struct ioc_remote_info *r)
{
	const char *notes[3];
	size_t n = 0;

	if (r->is_here)
		notes[n++] = "fetched already";
	if (r->is_eol)
		notes[n++] = "end of life";
	if (r->is_newer)
		notes[n++] = "newer than this host";
	(void)fprintf(stderr, "%3zu  %s", number, SHOW(r->name));
	for (size_t i = 0; i < n; i++)
		(void)fprintf(stderr, "%s%s%s", i == 0 ? "  (" : ", ", notes[i],
		    i + 1 == n ? ")" : "");
	(void)fputc('\n', stderr);
}

/* The releases of the distribution, numbered; adds the one that is chosen. */
static int
ask_release(struct cli *c, const struct ioc_remote_list *list,
    struct strlist *names)
{
	char answer[80];
	size_t n = ioc_remote_count(list);
	char *end;

	if (n > 0)
		(void)fprintf(stderr, "Releases of %s:\n",
		    SHOW(ioc_remote_at(list, 0)->distribution));
	for (size_t i = 0; i < n; i++)
		show_remote(i + 1, ioc_remote_at(list, i));
	(void)fputs("Which one? ", stderr);
	(void)fflush(stderr);
	if (fgets(answer, sizeof(answer), stdin) == NULL)
		answer[0] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	for (size_t i = 0; i < n; i++) {
		const char *name = ioc_remote_at(list, i)->name;

		if (strcmp(name, answer) == 0 ||
		    (strtoul(answer, &end, 10) == i + 1 && *end == '\0')) {
			strlist_add(names, name);
			return (0);
		}
	}
	return (cli_failf(c, IOC_CANCELED, NULL,
	    "fetch: no release was chosen"));
}

static int
choose_release(struct cli *c, const struct fetch_opts *o,
    struct strlist *names)
{
	char *ca_file = cli_absolute(o->ca_file);
	struct ioc_fetch_options f = {
		.distribution = o->distribution, .mirror = o->mirror,
		.ca_file = ca_file, .arch = o->arch,
	};
	struct ioc_remote_list *list = NULL;
	struct ioc_error err;
	int r;

	if (cli_host_active(c) == NULL)
		r = cli_failed(c);
	else if (ioc_remote_list(c->host, &f, &list, &err) != 0)
		r = cli_fail(c, &err);
	else
		r = ask_release(c, list, names);
	ioc_remote_list_free(list);
	free(ca_file);
	return (r);
}

/* What does not go together. */
static int
judge_opts(struct cli *c, const struct fetch_opts *o, size_t n)
{
	if ((o->url != NULL) != (o->sha256 != NULL))
		return (cli_usage(c, "--url and --sha256 go together"));
	if (o->url != NULL && o->mirror != NULL)
		return (cli_usage(c, "--url and -u exclude each other"));
	if (o->url != NULL && (o->manifest != NULL || o->from != NULL ||
	    o->sets != NULL))
		return (cli_usage(c, "--url and %s exclude each other",
		    o->manifest != NULL ? "--manifest" : o->from != NULL ?
		    "-F" : "--sets"));
	if (o->from != NULL && o->mirror != NULL)
		return (cli_usage(c, "-F and -u exclude each other"));
	if (o->url != NULL && o->update == 1)
		return (cli_usage(c, "--url and -U exclude each other: an "
		    "archive has no updates"));
	if (o->update == 1 && o->fetch_updates == 2)
		return (cli_usage(c,
		    "-U and --no-fetch-updates exclude each other"));
	if (o->url != NULL && n != 1)
		return (cli_usage(c, "--url needs one name for the release"));
	if (o->manifest != NULL && n != 1)
		return (cli_usage(c, "--manifest needs one release, which it "
		    "is of"));
	return (0);
}

/* Which ones: operands, -r, or the one that is chosen from the list. */
static int
what_to_fetch(struct cli *c, const struct cmd_line *l, struct strlist *names)
{
	const struct fetch_opts *o = l->opts;
	int r;

	for (size_t i = 0; i < l->args.n; i++)
		strlist_add(names, l->args.v[i]);
	for (size_t i = 0; i < o->releases.n; i++)
		strlist_add(names, o->releases.v[i]);
	r = judge_opts(c, o, names->n);
	if (r != 0)
		return (r);
	if (names->n > 0)
		return (cli_host_active(c) == NULL ? cli_failed(c) : 0);
	if (!isatty(STDIN_FILENO) || c->json || o->from != NULL)
		return (cli_usage(c, "RELEASE is missing"));
	return (choose_release(c, o, names));
}

static void
tell_fetched(struct cli *c, struct json *j, const char *name)
{
	char *shown;

	if (c->dry_run)
		return;
	if (c->json) {
		json_text(j, name);
		return;
	}
	shown = out_escape(name);
	(void)printf("%s\n", shown);
	(void)fflush(stdout);
	free(shown);
}

static int
fetch_run(struct cli *c, const struct cmd_line *l)
{
	const struct fetch_opts *o = l->opts;
	struct strlist names = { NULL, 0, 0 };
	bool doc = c->json && !c->dry_run;
	struct ioc_fetch_options f = {
		.distribution = o->distribution, .mirror = o->mirror,
		.arch = o->arch, .url = o->url, .sha256 = o->sha256,
		.sets = o->sets,
		.update = o->update != 2 && o->fetch_updates != 2,
		.fetch_updates = o->fetch_updates == 1,
	};
	char *paths[3];
	struct ioc_error err;
	struct json j;
	int r = what_to_fetch(c, l, &names);

	if (r != 0) {
		strlist_fini(&names);
		return (r);
	}
	f.ca_file = paths[0] = cli_absolute(o->ca_file);
	f.manifest = paths[1] = cli_absolute(o->manifest);
	f.from = paths[2] = cli_absolute(o->from);
	if (doc) {
		json_open(&j, stdout, true);
		json_key(&j, "fetched");
		json_begin_array(&j);
	}
	for (size_t i = 0; i < names.n; i++) {
		f.release = names.v[i];
		if (ioc_release_fetch(c->host, &f, &err) != 0)
			r = cli_fail(c, &err);
		else
			tell_fetched(c, &j, names.v[i]);
	}
	if (doc)
		json_close(&j);
	for (size_t i = 0; i < 3; i++)
		free(paths[i]);
	strlist_fini(&names);
	return (r);
}

static const struct hint fetch_hints[] = {
	{ IOC_EXISTS, "\"ioc update\" brings a release up to date." },
	{ IOC_NOT_FOUND, "\"ioc list -R\" shows what can be fetched." },
	{ IOC_NETWORK, "Another mirror can be given with -u or in ioc.conf." },
	{ 0, NULL },
};

const struct cmd cmd_fetch = {
	.name = "fetch",
	.args = "[RELEASE...]",
	.max = CMD_MANY,
	.flags = CMD_ROOT | CMD_WRITES,
	.opts = fetch_opts,
	.opts_size = sizeof(struct fetch_opts),
	.complete = COMPLETE_REMOTE,
	.help = "Fetch releases",
	.about = "Fetches releases over HTTPS, verifies them and unpacks them. "
	    "Without a release, on a terminal, it shows the list to choose "
	    "from. With --url and --sha256 any root archive becomes the "
	    "release of the given name.\n\n"
	    "Releases of the BSD distributions are sets: -u URL stands for "
	    "the mirror, which has URL/RELEASE/MANIFEST and "
	    "URL/RELEASE/base.txz. The hashes in a manifest given with "
	    "--manifest count most, then those in the host's manifest "
	    "directory, then those of the manifest that was followed when the "
	    "same release was fetched before, then those of the mirror. A "
	    "mirror that says anything else than what counts more is refused.",
	.hints = fetch_hints,
	.run = fetch_run,
};
