/* SPDX-License-Identifier: BSD-2-Clause */
/* verify: a release or jail against what was recorded when it was unpacked. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "out.h"

struct verify_opts {
	bool		 release;
};

static const struct opt opts[] = {
	{ 'r', "release", OPT_FLAG, offsetof(struct verify_opts, release),
	    .help = "a release, also when there is a jail of that name" },
	{ 0 }
};

struct telling {
	struct cli	*c;
	struct json	*j;		/* or NULL */
	size_t		 n;
};

static int
tell(enum ioc_tree_difference what, const char *path, const char *detail,
    void *arg)
{
	struct telling *t = arg;

	t->n++;
	if (t->j == NULL) {
		(void)printf("%-7s  %s%s%s%s\n", ioc_tree_difference_name(what),
		    path, detail[0] != '\0' ? " (" : "", detail,
		    detail[0] != '\0' ? ")" : "");
		return (0);
	}
	json_begin_object(t->j);
	json_key(t->j, "what");
	json_text(t->j, ioc_tree_difference_name(what));
	json_key(t->j, "path");
	json_text(t->j, path);
	json_key(t->j, "detail");
	if (detail[0] != '\0')
		json_text(t->j, detail);
	else
		json_add_null(t->j);
	json_end(t->j);
	return (0);
}

/* NULL: there is none of that name, or a release is meant. */
static int
find_jail(struct cli *c, const char *name, bool release, struct ioc_jail **ret,
    struct ioc_error *err)
{
	int r;

	*ret = NULL;
	if (release)
		return (0);
	r = ioc_jail_open(c->host, name, ret, err);
	return (r == IOC_NOT_FOUND || r == IOC_INVALID ? 0 : r);
}

static int
run(struct cli *c, const struct cmd_line *l)
{
	const struct verify_opts *o = l->opts;
	const char *name = l->args.v[0];
	struct ioc_jail *jail = NULL;
	struct telling t = { .c = c };
	struct ioc_error err;
	struct json j;
	int r;

	if (cli_host_active(c) == NULL)
		return (cli_failed(c));
	if (find_jail(c, name, o->release, &jail, &err) != 0)
		return (cli_fail(c, &err));
	if (c->json) {
		t.j = &j;
		json_open(&j, stdout, true);
		json_key(&j, "verified");
		json_begin_object(&j);
		json_key(&j, "name");
		json_text(&j, name);
		json_key(&j, "kind");
		json_text(&j, jail != NULL ? "jail" : "release");
		json_key(&j, "differences");
		json_begin_array(&j);
	}
	r = jail != NULL ? ioc_jail_verify(jail, tell, &t, NULL, &err) :
	    ioc_release_verify(c->host, name, tell, &t, NULL, &err);
	if (c->json) {
		json_end(&j);
		json_key(&j, "complete");
		json_bool(&j, r == 0);
		json_end(&j);
		json_close(&j);
	}
	ioc_jail_close(jail);
	if (r != 0)
		return (cli_fail(c, &err));
	return (t.n > 0 ? EXIT_FAILED : 0);
}

static const struct hint hints[] = {
	{ IOC_NOT_FOUND, "\"ioc list\" and \"ioc list -r\" show what there "
	    "is." },
	{ 0, NULL },
};

const struct cmd cmd_verify = {
	.name = "verify",
	.args = "RELEASE|JAIL",
	.min = 1,
	.max = 1,
	.flags = CMD_ROOT,
	.opts = opts,
	.opts_size = sizeof(struct verify_opts),
	.complete = COMPLETE_JAIL,
	.help = "Compare a release or jail with what was unpacked",
	.about = "Compares the tree of a release, or what a jail sees of its "
	    "root, with what was recorded when the release was unpacked, and "
	    "lists what is changed, missing or extra. Nothing is changed. The "
	    "exit status is 1 when there are differences. A jail that is in "
	    "use has files of its own: they are listed as extra. Left out are "
	    "the files that ioc itself configures, and of jails /dev, /proc, "
	    "/sys, /tmp, /run, /var/run and /var/tmp.",
	.hints = hints,
	.run = run,
};
