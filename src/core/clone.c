/* SPDX-License-Identifier: BSD-2-Clause */
/* Jails made of jails: clones, and what comes of templates. */
#include <string.h>

#include "base/str.h"
#include "core/create.h"
#include "core/ids.h"
#include "core/release.h"
#include "core/step.h"
#include "safe/name.h"

static const struct ioc_step clone_table[] = {
	{ "journal", ioc_build_journal, ioc_build_unjournal },
	{ "ids", ioc_build_ids, ioc_build_unids },
	{ "volume", ioc_build_volume, ioc_build_unvolume },
	{ "config", ioc_build_config, NULL },	/* in the volume, goes with it */
	{ "commit", ioc_build_commit, NULL },
};

/* Both names in the same order, so that two clones cannot wait for each other. */
static int
lock_both(struct ioc_jail *from, struct ioc_jail *to, struct ioc_lock **first,
    struct ioc_lock **second, struct ioc_error *err)
{
	bool before = strcmp(from->name, to->name) < 0;
	int r = before ? ioc_jail_hold(from, "clone", first, err) :
	    ioc_jail_lock(to, "clone", first, err);

	if (r != 0)
		return (r);
	return (before ? ioc_jail_lock(to, "clone", second, err) :
	    ioc_jail_hold(from, "clone", second, err));
}

/* What it shares with its release must stay until it does. */
static int
lock_release(struct ioc_build *b, struct ioc_lock **ret, struct ioc_error *err)
{
	const char *name = ioc_conf_get(b->conf, "release");
	auto_free char *vol = NULL;

	if (name == NULL || ioc_str_is_none(name))
		return (0);
	if (strchr(name, '/') != NULL)
		name = strchr(name, '/') + 1;
	if (asprintf(&vol, "releases/%s", name) < 0) {
		vol = NULL;
		return (ioc_fail_nomem(err));
	}
	return (ioc_release_lock(b->source, vol, IOC_LOCK_SHARED, "clone from",
	    ret, err));
}

static int
judge(struct ioc_build *b, bool template, struct ioc_error *err)
{
	enum ioc_jail_state state;
	struct ioc_conf *conf;
	bool is = false;
	int r;

	r = ioc_jail_conf(b->from, &conf, err);
	if (r == 0 && template)
		r = ioc_jail_value_bool(b->from, "template", &is, err);
	if (r == 0 && template && !is)
		r = ioc_fail(err, IOC_STATE, "%s is not a template",
		    b->from->name);
	if (r == 0)
		r = ioc_jail_state(b->from, &state, NULL, err);
	if (r == 0 && state == IOC_JAIL_RUNNING && b->snapshot == NULL &&
	    !b->source->store->ops->live)
		r = ioc_fail(err, IOC_STATE, "%s runs, and in a directory only "
		    "a stopped jail can be copied", b->from->name);
	if (r == 0)
		r = ioc_build_check_free(b, err);
	if (r == 0)
		r = ioc_build_inherit(b, conf, err);
	return (r == 0 ? ioc_ids_wanted(b->source,
	    ioc_conf_get(b->conf, "userns"), &b->userns, err) : r);
}

int
ioc_clone_run(struct ioc_build *b, const char *op, bool template,
    struct ioc_jail **ret, struct ioc_error *err)
{
	const struct ioc_steps steps = IOC_STEPS(op, clone_table);
	auto_lock struct ioc_lock *one = NULL, *two = NULL, *release = NULL;
	IOC_AUTO(ioc_jail_closep) struct ioc_jail *j = NULL;
	int r = ioc_name_check(IOC_NAME_JAIL, b->name, err);

	if (r == 0 && b->snapshot != NULL)
		r = ioc_name_check(IOC_NAME_SNAPSHOT, b->snapshot, err);
	if (r == 0 && strcmp(b->name, b->from->name) == 0)
		r = ioc_fail(err, IOC_EXISTS, "jail %s exists already",
		    b->name);
	if (r == 0)
		r = ioc_jail_new(b->source, b->name, &j, err);
	if (r == 0)
		r = lock_both(b->from, j, &one, &two, err);
	if (r == 0)
		r = judge(b, template, err);
	if (r == 0)
		r = lock_release(b, &release, err);
	if (r == 0)
		r = ioc_steps_run(&steps, b->host, b->name, b, err);
	if (r == 0 && ret != NULL)
		*ret = take_ptr(j);
	return (r);
}

int
ioc_jail_clone(struct ioc_jail *j, const struct ioc_clone_options *o,
    struct ioc_jail **ret, struct ioc_error *err)
{
	auto_build struct ioc_build b = {
		.host = j->host, .source = j->source, .op = "create",
		.name = o->name, .from = j, .snapshot = o->snapshot,
		.props = o->props, .nprops = o->nprops, .at_once = true,
	};
	auto_free char *made_up = NULL;
	int r = ioc_host_need_root(j->host, "clone", err);

	if (r == 0 && (b.name == NULL || strcmp(b.name, "-") == 0)) {
		r = ioc_build_made_up(&made_up, err);
		b.name = made_up;
	}
	if (r == 0)
		r = ioc_clone_run(&b, "jail.clone", false, ret, err);
	return (ioc_wrap(err, r, "clone %s", j->name));
}

/* --- promote ------------------------------------------------------------------ */

static int
promote(void *ctx, struct ioc_error *err)
{
	struct ioc_jail *j = ctx;

	return (j->source->store->ops->promote(j->source->store, j->vol, err));
}

static const struct ioc_step promote_table[] = {
	{ "volume", promote, NULL },	/* one change in the pool, nothing half */
};

static const struct ioc_steps promote_steps =
    IOC_STEPS("jail.promote", promote_table);

int
ioc_jail_promote(struct ioc_jail *j, struct ioc_error *err)
{
	auto_lock struct ioc_lock *lock = NULL;
	int r = ioc_host_need_root(j->host, "promote", err);

	if (r == 0)
		r = ioc_jail_hold(j, "promote", &lock, err);
	if (r == 0)
		r = ioc_steps_run(&promote_steps, j->host, j->name, j, err);
	return (ioc_wrap(err, r, "promote %s", j->name));
}
