/* SPDX-License-Identifier: BSD-2-Clause */
/* upgrade: jails to a newer release. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "out.h"

struct upgrade_opts {
	const char	*release;
	bool		 restart;
};

#define	AT(member)	offsetof(struct upgrade_opts, member)

static const struct opt opts[] = {
	{ 'r', "release", OPT_TEXT, AT(release), .arg = "RELEASE",
	    .complete = COMPLETE_RELEASE,
	    .help = "the release to move to, which must have been fetched" },
	{ 0, "restart", OPT_FLAG, AT(restart),
	    .help = "jails that run: stop them for it, start them again" },
	{ 0 }
};

/* Conflicts of one jail, told as they are found. */
struct telling {
	struct cli	*c;
	struct json	*j;
	const char	*name;
};

static int
on_conflict(const char *path, const char *why, const char *kept, void *arg)
{
	struct telling *t = arg;
	char *name, *shown, *file;

	progress_clear(&t->c->progress);
	if (t->c->json) {
		json_begin_object(t->j);
		json_key(t->j, "path");
		json_text(t->j, path);
		json_key(t->j, "why");
		json_text(t->j, why);
		json_key(t->j, "file");
		json_text(t->j, kept);
		json_end(t->j);
		return (0);
	}
	name = out_escape(t->name);
	shown = out_escape(path);
	file = out_escape(kept);
	(void)printf("%s: /%s: %s: see %s\n", name, shown, why, file);
	(void)fflush(stdout);
	free(name);
	free(shown);
	free(file);
	return (0);
}

static void
tell(struct cli *c, struct json *j, const char *name,
    const struct ioc_upgrade *u, bool done)
{
	char *shown;

	if (c->json) {
		json_end(j);
		json_key(j, "from");
		json_text(j, u->from);
		json_key(j, "to");
		json_text(j, u->to);
		json_key(j, "merged");
		json_int(j, u->merged);
		json_key(j, "upgraded");
		json_bool(j, done);
		json_end(j);
		return;
	}
	if (!done)
		return;
	shown = out_escape(name);
	(void)printf("%s upgraded from %s to %s, %u file%s merged\n", shown,
	    u->from, u->to, u->merged, u->merged == 1 ? "" : "s");
	(void)fflush(stdout);
	free(shown);
}

static int
upgrade_jail(struct cli *c, const struct upgrade_opts *o, struct ioc_jail *j,
    struct json *out)
{
	struct telling t = { c, out, ioc_jail_name(j) };
	bool restart = o->restart && cli_is_running(j);
	struct ioc_upgrade u = { .from = "" };
	struct ioc_error err;
	int r, status = 0;

	if (restart && ioc_jail_stop(j, false, &err) != 0)
		return (cli_fail(c, &err));
	if (c->json && !c->dry_run) {
		json_begin_object(out);
		json_key(out, "name");
		json_text(out, t.name);
		json_key(out, "conflicts");
		json_begin_array(out);
	}
	r = ioc_jail_upgrade(j, o->release, on_conflict, &t, &u, &err);
	if (!c->dry_run)
		tell(c, out, t.name, &u, r == 0);
	if (r != 0)
		status = cli_fail(c, &err);
	/* Also when it failed: it is as it was, so it runs as it did. */
	if (restart && !c->dry_run && ioc_jail_start(j, NULL, 0, &err) != 0)
		status = cli_fail(c, &err);
	return (status);
}

static int
run(struct cli *c, const struct cmd_line *l)
{
	const struct upgrade_opts *o = l->opts;
	struct selection s;
	struct json j;
	bool doc;
	int r;

	if (o->release == NULL)
		return (cli_usage(c, "the release is missing: -r RELEASE"));
	if (cli_host_active(c) == NULL)
		return (cli_failed(c));
	r = cli_select(c, &l->args, NULL, false, &s);
	doc = r == 0 && c->json && !c->dry_run;
	if (doc) {
		json_open(&j, stdout, true);
		json_key(&j, "jails");
		json_begin_array(&j);
	}
	for (size_t i = 0; i < s.n; i++) {
		int one = upgrade_jail(c, o, s.v[i], &j);

		r = one != 0 ? one : r;
	}
	if (doc) {
		json_end(&j);
		json_close(&j);
	}
	selection_fini(&s);
	return (r);
}

static const struct hint hints[] = {
	{ IOC_NOT_FOUND, "\"ioc list -r\" shows the releases that there are, "
	    "\"ioc fetch\" gets others." },
	{ 0, NULL },
};

const struct cmd cmd_upgrade = {
	.name = "upgrade",
	.args = "FILTER...",
	.min = 1,
	.max = CMD_MANY,
	.flags = CMD_ROOT | CMD_WRITES,
	.opts = opts,
	.opts_size = sizeof(struct upgrade_opts),
	.complete = COMPLETE_JAIL,
	.help = "Move jails to a newer release",
	.about = "Moves jails of any kind to a newer release of their "
	    "distribution. On a copy of the jail, which must be stopped, the "
	    "directories of the system become those of the release (what was "
	    "put there by hand is gone, but for /usr/local). Of all else, what "
	    "the jail has not changed becomes what the release has; what both "
	    "have changed is merged in /etc, and stays as the jail has it "
	    "elsewhere. Then the copy takes the place of the jail's root; "
	    "\"ioc update --rollback\" goes back. When something fails the jail "
	    "is as it was.\n\n"
	    "Packages that a jail of Debian has beside its release's are fetched "
	    "and verified as the new release has them, and installed in the copy "
	    "without a network, with their files in /etc kept; one that the new "
	    "release lacks is named, and nothing is changed. Packages of the "
	    "release that were removed in the jail come back.\n\n"
	    "What cannot be merged is listed, with a file beside the jail that "
	    "only root can read, and nothing is changed. Edit those files until "
	    "no marks of conflicts are in them; of two files that end in "
	    ".jail and .release, remove the one that is not wanted. Then give "
	    "the same command again.",
	.hints = hints,
	.run = run,
};
