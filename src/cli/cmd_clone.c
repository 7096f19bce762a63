/* SPDX-License-Identifier: BSD-2-Clause */
/* clone and promote. */
#include <stdlib.h>
#include <string.h>

#include "each.h"
#include "out.h"

static void
tell_clone(struct cli *c, const struct ioc_jail *j, const char *from)
{
	struct json doc;
	char *shown;

	if (c->json) {
		json_open(&doc, stdout, true);
		json_key(&doc, "cloned");
		json_begin_object(&doc);
		json_key(&doc, "from");
		json_text(&doc, from);
		json_key(&doc, "name");
		json_text(&doc, ioc_jail_name(j));
		json_key(&doc, "source");
		json_text(&doc, ioc_jail_source(j));
		json_close(&doc);
		return;
	}
	shown = cli_jail_name(c, j);
	(void)printf("%s\n", shown);
	free(shown);
}

static int
clone_run(struct cli *c, const struct cmd_line *l)
{
	const char *what = l->args.v[0], *at = strchr(what, '@');
	struct ioc_clone_options o = { .name = l->args.v[1],
		.snapshot = at != NULL ? at + 1 : NULL };
	struct ioc_jail *from, *j = NULL;
	struct ioc_error err;
	struct changes ch;
	char *name;
	int r = 0;

	for (size_t i = 2; i < l->args.n; i++)
		if (strchr(l->args.v[i], '=') == NULL ||
		    l->args.v[i][0] == '=')
			return (cli_usage(c, "\"%s\" is not KEY=VALUE",
			    SHOW(l->args.v[i])));
	name = at != NULL ? cli_strndup(what, (size_t)(at - what)) :
	    cli_strdup(what);
	from = cli_jail(c, name);
	free(name);
	if (from == NULL)
		return (cli_failed(c));
	changes_init(&ch, l->args.v + 2, l->args.n - 2);
	o.props = ch.v;
	o.nprops = ch.n;
	if (ioc_jail_clone(from, &o, &j, &err) != 0)
		r = cli_fail(c, &err);
	else if (j != NULL && !c->dry_run)
		tell_clone(c, j, what);
	changes_fini(&ch);
	ioc_jail_close(j);
	ioc_jail_close(from);
	return (r);
}

static const struct hint clone_hints[] = {
	{ IOC_NOT_FOUND, "\"ioc list\" shows the jails, \"ioc snapshot list\" "
	    "the snapshots of one." },
	{ IOC_STATE, "\"ioc stop\" stops a jail; JAIL@SNAP clones a snapshot "
	    "while it runs." },
	{ 0, NULL },
};

const struct cmd cmd_clone = {
	.name = "clone",
	.args = "JAIL[@SNAP] NAME [KEY=VALUE...]",
	.min = 2,
	.max = CMD_MANY,
	.flags = CMD_ROOT | CMD_WRITES,
	.complete = COMPLETE_JAIL,
	.help = "Make a jail that is as another one",
	.about = "Makes a jail with the files, the configuration and the fstab "
	    "of another one, or of a snapshot of it, and prints its name. It "
	    "gets a UUID, a host name and a range of uids of its own, and the "
	    "given properties.\n\n"
	    "On ZFS both share their data: the original cannot be destroyed "
	    "before the clone is, or is promoted. In a directory source it is a "
	    "copy, and the original must be stopped, unless a snapshot is "
	    "cloned.",
	.hints = clone_hints,
	.run = clone_run,
};

/* --- promote ----------------------------------------------------------------- */

static int
promote_one(struct cli *c, struct ioc_jail *j, void *arg,
    struct each_result *res)
{
	return (ioc_jail_promote(j, &res->err));
}

static int
promote_run(struct cli *c, const struct cmd_line *l)
{
	struct each e = { .verb = "promote", .done = "promoted",
		.one = promote_one };
	struct selection s;
	int r = cli_select(c, &l->args, NULL, false, &s);

	if (r == 0)
		r = each_run(c, &e, s.v, s.n);
	selection_fini(&s);
	return (r);
}

static const struct hint promote_hints[] = {
	{ IOC_NOT_FOUND, "\"ioc list\" shows the jails." },
	{ 0, NULL },
};

const struct cmd cmd_promote = {
	.name = "promote",
	.args = "FILTER...",
	.min = 1,
	.max = CMD_MANY,
	.flags = CMD_ROOT | CMD_WRITES,
	.complete = COMPLETE_JAIL,
	.help = "Make clones independent of their originals",
	.about = "A clone on ZFS depends on the jail that it was cloned from. "
	    "Afterwards it is the other way round, so that the original can be "
	    "destroyed. In a directory source clones depend on nobody.",
	.hints = promote_hints,
	.run = promote_run,
};
