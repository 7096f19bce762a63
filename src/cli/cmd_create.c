/* SPDX-License-Identifier: BSD-2-Clause */
/* create: new jails, after fetching their release where it is missing. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "out.h"

struct create_opts {
	const char	*release;
	const char	*template;
	bool		 basejail;
	bool		 no_basejail;
	bool		 thick;
	bool		 empty;
	unsigned	 count;
	bool		 no_fetch;
};

#define	AT(member)	offsetof(struct create_opts, member)

static const struct opt opts[] = {
	{ 'r', "release", OPT_TEXT, AT(release), .arg = "RELEASE",
	    .complete = COMPLETE_REMOTE,
	    .help = "of this release; may be left out if there is one only" },
	{ 't', "template", OPT_TEXT, AT(template), .arg = "TEMPLATE",
	    .complete = COMPLETE_TEMPLATE,
	    .help = "as this template is, instead of a release" },
	{ 'T', "thick", OPT_FLAG, AT(thick),
	    .help = "a full copy of the release instead of a thin clone" },
	{ 'e', "empty", OPT_FLAG, AT(empty), .help = "without any files" },
	{ 'C', "count", OPT_NUMBER, AT(count), .min = 1, .max = 9999,
	    .arg = "N", .help = "so many: NAME-1, NAME-2, ..." },
	{ 0, "no-fetch", OPT_FLAG, AT(no_fetch),
	    .help = "do not fetch a release that is missing" },
	{ 'b', "basejail", OPT_FLAG, AT(basejail),
	    .help = "the system's directories are those of the release, "
	    "read-only" },
	{ 0, "no-basejail", OPT_FLAG, AT(no_basejail),
	    .help = "all files can be changed: so it is without -b" },
	{ 0 }
};

struct task {
	struct cli	*c;
	const struct create_opts *o;
	struct ioc_create_options co;
	struct ioc_release_list *releases;
	struct json	 j;
	bool		 planned;	/* the release exists on paper only */
};

/* "source/NAME" names the source, too. */
static void
split_name(const char *text, char **source, char **name)
{
	const char *slash = strchr(text, '/');

	*source = slash != NULL ?
	    cli_strndup(text, (size_t)(slash - text)) : NULL;
	*name = cli_strdup(slash != NULL ? slash + 1 : text);
}

/* A property that is wrong is found before anything is fetched. */
static int
check_props(struct cli *c, const struct changes *ch)
{
	struct ioc_error err;

	for (size_t i = 0; i < ch->n; i++) {
		char *normal = NULL;

		if (ch->v[i].value == NULL || ch->v[i].name[0] == '\0')
			return (cli_usage(c, "\"%s\" is not KEY=VALUE",
			    SHOW(ch->v[i].name)));
		if (ioc_prop_check(ch->v[i].name, ch->v[i].value, &normal,
		    &err) != 0)
			return (cli_fail(c, &err));
		free(normal);
	}
	return (0);
}

static bool
has_release(const struct ioc_release_list *list, const char *name)
{
	const char *slash = strrchr(name, '/');

	name = slash != NULL ? slash + 1 : name;
	for (size_t i = 0; i < ioc_release_count(list); i++) {
		const char *have = ioc_release_at(list, i)->name;
		size_t n = strlen(have);

		/* "14.2-RELEASE-p1" is a patch level of 14.2-RELEASE. */
		if (strncmp(have, name, n) == 0 && (name[n] == '\0' ||
		    (strncmp(name + n, "-p", 2) == 0 && name[n + 2] != '\0' &&
		    strspn(name + n + 2, "0123456789") == strlen(name + n + 2))))
			return (true);
	}
	return (false);
}

/* The only release there is, when none is named. */
static int
choose_release(struct task *t)
{
	size_t n = ioc_release_count(t->releases);
	struct strlist names = { NULL, 0, 0 };
	char *text;
	int r;

	t->co.release = t->o->release;
	if (t->o->empty || t->o->template != NULL || t->co.release != NULL)
		return (0);
	if (n == 1) {
		t->co.release = ioc_release_at(t->releases, 0)->name;
		return (0);
	}
	for (size_t i = 0; i < n; i++)
		strlist_add(&names, ioc_release_at(t->releases, i)->name);
	text = strlist_join(&names, ", ");
	r = cli_usage(t->c, "-r RELEASE is missing (%s%s)",
	    n > 0 ? "there are " : "none is fetched yet", SHOW(text));
	free(text);
	strlist_fini(&names);
	return (r);
}

/*
 * Before minutes are spent on fetching: the name must be one, and free.  The
 * library judges again.
 */
static int
fetch_missing(struct task *t, const char *name)
{
	struct ioc_fetch_options f = { .release = t->co.release,
		.source = t->co.source, .update = true };
	struct ioc_jail *j = NULL;
	struct ioc_error err;
	int r;

	if (t->co.release == NULL || t->o->no_fetch ||
	    has_release(t->releases, t->co.release))
		return (0);
	if (strcmp(name, "-") != 0) {
		r = ioc_jail_open(t->c->host, name, &j, &err);
		ioc_jail_close(j);
		if (r == 0)
			return (cli_failf(t->c, IOC_EXISTS, NULL,
			    "create %s: the name is taken", SHOW(name)));
		if (r != IOC_NOT_FOUND)
			return (cli_fail(t->c, &err));
	}
	if (ioc_release_fetch(t->c->host, &f, &err) != 0)
		return (cli_fail(t->c, &err));
	t->planned = t->c->dry_run;
	return (0);
}

static int
create_one(struct task *t, const char *name)
{
	struct ioc_jail *j = NULL;
	struct ioc_error err;
	char *shown;

	t->co.name = name;
	if (t->planned)
		return (cli_plan(t->c, "jail.create", name));
	if (ioc_jail_create(t->c->host, &t->co, &j, &err) != 0)
		return (cli_fail(t->c, &err));
	if (j == NULL || t->c->dry_run) {
		ioc_jail_close(j);
		return (0);
	}
	if (t->c->json) {
		json_begin_object(&t->j);
		json_key(&t->j, "name");
		json_text(&t->j, ioc_jail_name(j));
		json_key(&t->j, "source");
		json_text(&t->j, ioc_jail_source(j));
		json_end(&t->j);
	} else {
		shown = cli_jail_name(t->c, j);
		(void)printf("%s\n", shown);
		(void)fflush(stdout);
		free(shown);
	}
	ioc_jail_close(j);
	return (0);
}

static int
create_all(struct task *t, const char *name)
{
	bool doc = t->c->json && !t->c->dry_run;
	int r = 0;

	if (doc) {
		json_open(&t->j, stdout, true);
		json_key(&t->j, "created");
		json_begin_array(&t->j);
	}
	if (t->o->count == 0)
		r = create_one(t, name);
	/* One that fails has told its name, and is not the end of the others. */
	for (unsigned i = 1; i <= t->o->count && progress_caught() == 0; i++) {
		char *numbered = strcmp(name, "-") == 0 ? cli_strdup("-") :
		    cli_printf("%s-%u", name, i);
		int one = create_one(t, numbered);

		r = one != 0 ? one : r;
		free(numbered);
	}
	if (doc)
		json_close(&t->j);
	return (r);
}

/* What excludes each other. */
static int
check_usage(struct cli *c, const struct create_opts *o)
{
	if (o->empty && o->release != NULL)
		return (cli_usage(c, "-e and -r exclude each other"));
	if (o->template != NULL && (o->empty || o->release != NULL ||
	    o->thick || o->basejail || o->no_basejail))
		return (cli_usage(c, "a jail is as its TEMPLATE is: no -r, -e, "
		    "-T or -b with -t"));
	if (o->basejail && (o->empty || o->thick || o->no_basejail))
		return (cli_usage(c, "-b and %s exclude each other",
		    o->empty ? "-e" : o->thick ? "-T" : "--no-basejail"));
	return (0);
}

static int
run(struct cli *c, const struct cmd_line *l)
{
	struct task t = { .c = c, .o = l->opts };
	struct ioc_error err;
	struct changes ch;
	char *source, *name;
	int r;

	r = check_usage(c, t.o);
	if (r != 0)
		return (r);
	changes_init(&ch, l->args.v + 1, l->args.n - 1);
	split_name(l->args.v[0], &source, &name);
	t.co = (struct ioc_create_options){ .source = source,
		.empty = t.o->empty, .thick = t.o->thick, .props = ch.v,
		.nprops = ch.n, .base = t.o->template,
		.basejail = t.o->basejail };
	r = check_props(c, &ch);
	if (r == 0 && cli_host_active(c) == NULL)
		r = cli_failed(c);
	if (r == 0 && ioc_release_list(c->host, &t.releases, &err) != 0)
		r = cli_fail(c, &err);
	if (r == 0)
		r = choose_release(&t);
	if (r == 0)
		r = fetch_missing(&t, t.o->count == 0 ? l->args.v[0] : "-");
	if (r == 0)
		r = create_all(&t, name);
	ioc_release_list_free(t.releases);
	changes_fini(&ch);
	free(source);
	free(name);
	return (r);
}

static const struct hint hints[] = {
	{ IOC_NOT_FOUND, "\"ioc list -r\" shows the releases that are there, "
	    "\"ioc list -R\" those that can be fetched." },
	{ 0, NULL },
};

const struct cmd cmd_create = {
	.name = "create",
	.args = "NAME [KEY=VALUE...]",
	.min = 1,
	.max = CMD_MANY,
	.flags = CMD_ROOT | CMD_WRITES,
	.opts = opts,
	.opts_size = sizeof(struct create_opts),
	.complete = COMPLETE_CHANGE,
	.help = "Create jails",
	.about = "Creates a jail with the given properties, and prints its "
	    "name. The name \"-\" makes one up. A release that is missing is "
	    "fetched first. Jails are thin: they share the files of their "
	    "release until they change them. With -b the directories of the "
	    "system are those of the release, and cannot be changed.\n\n"
	    "With -t the jail is a clone of a template, a jail for which "
	    "\"ioc set template=yes\" was said. With -C a jail that cannot be "
	    "created does not keep the others from it.",
	.hints = hints,
	.run = run,
};
