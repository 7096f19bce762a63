/* SPDX-License-Identifier: BSD-2-Clause */
/* Creating a jail: it is there as a whole, or it is not. */
#include "core/create.h"

#include <string.h>

#include "base/str.h"
#include "core/ids.h"
#include "core/release.h"
#include "core/step.h"
#include "safe/name.h"

static const struct ioc_step steps[] = {
	{ "journal", ioc_build_journal, ioc_build_unjournal },
	{ "ids", ioc_build_ids, ioc_build_unids },
	{ "volume", ioc_build_volume, ioc_build_unvolume },
	{ "config", ioc_build_config, NULL },	/* in the volume, goes with it */
	{ "commit", ioc_build_commit, NULL },
};

static const struct ioc_steps create_steps = IOC_STEPS("jail.create", steps);

static int
judge(struct ioc_build *b, const struct ioc_create_options *o,
    struct ioc_error *err)
{
	int r;

	r = ioc_name_check(IOC_NAME_JAIL, b->name, err);
	if (r == 0 && (o->release == NULL) != o->empty)
		r = ioc_fail(err, IOC_INVALID, "either a release, a template "
		    "or an empty jail must be asked for");
	if (r == 0)
		r = o->empty ? ioc_host_find_source(b->host, o->source,
		    &b->source, err) :
		    ioc_build_origin(b->host, o->source, o->release, b, err);
	if (r == 0)
		r = ioc_build_conf(b, o->props, o->nprops, err);
	return (r == 0 ? ioc_ids_wanted(b->source,
	    ioc_conf_get(b->conf, "userns"), &b->userns, err) : r);
}

/* A template is cloned, wherever it is; the rest is as it has it. */
static int
from_template(struct ioc_build *b, const struct ioc_create_options *o,
    struct ioc_jail **ret, struct ioc_error *err)
{
	IOC_AUTO(ioc_jail_closep) struct ioc_jail *from = NULL;
	auto_free char *full = NULL;
	int r = 0;

	if (o->release != NULL || o->empty || o->thick || o->basejail)
		return (ioc_fail(err, IOC_INVALID,
		    "what comes of a template is as that is"));
	if (o->source != NULL && strchr(o->base, '/') == NULL &&
	    asprintf(&full, "%s/%s", o->source, o->base) < 0) {
		full = NULL;
		return (ioc_fail_nomem(err));
	}
	r = ioc_jail_open(b->host, full != NULL ? full : o->base, &from,
	    err);
	if (r == 0 && o->source != NULL &&
	    strcmp(from->source->name, o->source) != 0)
		r = ioc_fail(err, IOC_UNSUPPORTED, "the template is in the "
		    "source %s", from->source->name);
	if (r != 0)
		return (r);
	b->source = from->source;
	b->from = from;
	b->props = o->props;
	b->nprops = o->nprops;
	r = ioc_clone_run(b, "jail.create", true, ret, err);
	b->from = NULL;
	return (r);
}

int
ioc_jail_create(struct ioc_host *h, const struct ioc_create_options *o,
    struct ioc_jail **ret, struct ioc_error *err)
{
	auto_build struct ioc_build b = {
		.host = h, .op = "create", .thick = o->thick,
		.basejail = o->basejail, .at_once = true,
	};
	IOC_AUTO(ioc_jail_closep) struct ioc_jail *j = NULL;
	auto_lock struct ioc_lock *lock = NULL, *release = NULL;
	auto_free char *made_up = NULL;
	int r;

	r = ioc_host_need_root(h, "create", err);
	b.name = o->name;
	if (r == 0 && (b.name == NULL || strcmp(b.name, "-") == 0)) {
		r = ioc_build_made_up(&made_up, err);
		b.name = made_up;
	}
	if (r == 0 && o->base != NULL)
		return (ioc_wrap(err, from_template(&b, o, ret, err),
		    "create %s", IOC_SHOW(b.name)));
	if (r == 0)
		r = judge(&b, o, err);
	if (r == 0)
		r = ioc_jail_new(b.source, b.name, &j, err);
	if (r == 0)
		r = ioc_jail_lock(j, "create", &lock, err);
	/* Somebody may have been quicker. */
	if (r == 0)
		r = ioc_build_check_free(&b, err);
	if (r == 0 && b.origin != NULL)
		r = ioc_release_lock(b.source, b.origin, IOC_LOCK_SHARED,
		    "create from", &release, err);
	if (r == 0)
		r = ioc_steps_run(&create_steps, h, b.name, &b, err);
	if (r != 0)
		return (ioc_wrap(err, r, "create %s", b.name != NULL ?
		    IOC_SHOW(b.name) : "a jail"));
	if (ret != NULL)
		*ret = take_ptr(j);
	return (0);
}
