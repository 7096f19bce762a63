/* SPDX-License-Identifier: BSD-2-Clause */
/* fetch and update: releases. */
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
	int		 update;	/* 0: not said, 1: yes, 2: no */
};

struct update_opts {
	bool		 fetch_only;
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
	{ 0 }
};
static const struct opt update_opts[] = {
	{ 0, "fetch-only", OPT_FLAG, offsetof(struct update_opts, fetch_only),
	    .help = "obtain and verify, do not apply" },
	{ 0 }
};

/* The releases of the distribution, numbered; the answer is one of them. */
static const char *
ask_release(struct cli *c, const char *dist)
{
	char answer[64];
	const char *name;
	size_t n = 0;
	char *end;

	(void)fprintf(stderr, "Releases of %s:\n", SHOW(dist));
	for (; (name = ioc_distribution_release(dist, n)) != NULL; n++)
		(void)fprintf(stderr, "%3zu  %s\n", n + 1, name);
	(void)fputs("Which one? ", stderr);
	(void)fflush(stderr);
	if (fgets(answer, sizeof(answer), stdin) == NULL)
		answer[0] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	for (size_t i = 0; i < n; i++) {
		name = ioc_distribution_release(dist, i);
		if (strcmp(name, answer) == 0 ||
		    (strtoul(answer, &end, 10) == i + 1 && *end == '\0'))
			return (name);
	}
	(void)cli_failf(c, IOC_CANCELED, NULL,
	    "fetch: no release was chosen");
	return (NULL);
}

/* Which ones: operands, -r, or the one that is chosen from the list. */
static int
what_to_fetch(struct cli *c, const struct cmd_line *l, struct strlist *names)
{
	const struct fetch_opts *o = l->opts;
	const char *dist, *name;

	for (size_t i = 0; i < l->args.n; i++)
		strlist_add(names, l->args.v[i]);
	for (size_t i = 0; i < o->releases.n; i++)
		strlist_add(names, o->releases.v[i]);
	if ((o->url != NULL) != (o->sha256 != NULL))
		return (cli_usage(c, "--url and --sha256 go together"));
	if (o->url != NULL && o->mirror != NULL)
		return (cli_usage(c, "--url and -u exclude each other"));
	if (o->url != NULL && o->update == 1)
		return (cli_usage(c, "--url and -U exclude each other: an "
		    "archive has no updates"));
	if (o->url != NULL && names->n != 1)
		return (cli_usage(c, "--url needs one name for the release"));
	if (names->n > 0)
		return (cli_host_active(c) == NULL ? cli_failed(c) : 0);
	if (!isatty(STDIN_FILENO) || c->json)
		return (cli_usage(c, "RELEASE is missing"));
	if (cli_host_active(c) == NULL)
		return (cli_failed(c));
	dist = o->distribution != NULL ? o->distribution :
	    ioc_host_distribution(c->host);
	if (ioc_distribution_release(dist, 0) == NULL)
		return (cli_failf(c, IOC_NOT_FOUND, NULL,
		    "fetch: no releases are known of %s", SHOW(dist)));
	name = ask_release(c, dist);
	if (name == NULL)
		return (cli_failed(c));
	strlist_add(names, name);
	return (0);
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
	char *ca_file = NULL;
	struct ioc_error err;
	struct json j;
	int r = what_to_fetch(c, l, &names);

	if (r != 0) {
		strlist_fini(&names);
		return (r);
	}
	ca_file = cli_absolute(o->ca_file);
	if (doc) {
		json_open(&j, stdout, true);
		json_key(&j, "fetched");
		json_begin_array(&j);
	}
	for (size_t i = 0; i < names.n; i++) {
		struct ioc_fetch_options f = { o->distribution, names.v[i],
			o->mirror, ca_file, o->arch, o->url, o->sha256,
			NULL, o->update != 2 };

		if (ioc_release_fetch(c->host, &f, &err) != 0)
			r = cli_fail(c, &err);
		else
			tell_fetched(c, &j, names.v[i]);
	}
	if (doc)
		json_close(&j);
	free(ca_file);
	strlist_fini(&names);
	return (r);
}

static const struct hint fetch_hints[] = {
	{ IOC_EXISTS, "\"ioc update\" brings a release up to date." },
	{ IOC_NOT_FOUND, "\"ioc list -R\" shows what can be fetched." },
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
	    "release of the given name.",
	.hints = fetch_hints,
	.run = fetch_run,
};

static void
tell_updated(struct cli *c, struct json *j, const char *name, unsigned from,
    unsigned to)
{
	char *shown;

	if (c->dry_run)
		return;
	if (c->json) {
		json_begin_object(j);
		json_key(j, "name");
		json_text(j, name);
		json_key(j, "from");
		json_int(j, from);
		json_key(j, "to");
		json_int(j, to);
		json_end(j);
		return;
	}
	shown = out_escape(name);
	if (from == to)
		(void)printf("%s is at patch level %u, nothing to be done\n",
		    shown, to);
	else
		(void)printf("%s updated from patch level %u to %u\n", shown,
		    from, to);
	(void)fflush(stdout);
	free(shown);
}

static int
update_run(struct cli *c, const struct cmd_line *l)
{
	const struct update_opts *o = l->opts;
	struct ioc_host *h = cli_host_active(c);
	bool doc = c->json && !c->dry_run;
	struct ioc_error err;
	struct json j;
	int r = 0;

	if (h == NULL)
		return (cli_failed(c));
	if (doc) {
		json_open(&j, stdout, true);
		json_key(&j, "releases");
		json_begin_array(&j);
	}
	for (size_t i = 0; i < l->args.n; i++) {
		unsigned from = 0, to = 0;

		if (ioc_release_update(h, l->args.v[i], o->fetch_only, &from,
		    &to, &err) != 0)
			r = cli_fail(c, &err);
		else
			tell_updated(c, &j, l->args.v[i], from, to);
	}
	if (doc)
		json_close(&j);
	return (r);
}

static const struct hint update_hints[] = {
	{ IOC_NOT_FOUND, "\"ioc list -r\" shows the releases." },
	{ 0, NULL },
};

const struct cmd cmd_update = {
	.name = "update",
	.args = "RELEASE...",
	.min = 1,
	.max = CMD_MANY,
	.flags = CMD_ROOT | CMD_WRITES,
	.opts = update_opts,
	.opts_size = sizeof(struct update_opts),
	.complete = COMPLETE_RELEASE,
	.help = "Update releases",
	.about = "Updates releases in two stages: updates are obtained and "
	    "verified on the host, then applied in a temporary jail without "
	    "network to a copy, which becomes the next patch level. Jails "
	    "keep the level they were made from. Tells from which patch level "
	    "to which it went.",
	.hints = update_hints,
	.run = update_run,
};
