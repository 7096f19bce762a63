/* SPDX-License-Identifier: BSD-2-Clause */
/* Changing properties: judged whole, written at once. */
#include <string.h>

#include "base/str.h"
#include "conf/prop.h"
#include "core/jail.h"
#include "core/step.h"
#include "safe/file.h"

/* Is a change of this property possible now, on this system? */
static int
judge_change(const struct ioc_prop *p, const char *name, bool creating,
    struct ioc_error *err)
{
	if (p == NULL)
		return (ioc_fail(err, IOC_NOT_FOUND, "no property %s",
		    IOC_SHOW(name)));
	if (p->scope == IOC_SCOPE_INTERNAL)
		return (ioc_fail(err, IOC_STATE,
		    "property %s: set by ioc itself, cannot be changed", name));
	if (p->scope == IOC_SCOPE_FIXED && !creating)
		return (ioc_fail(err, IOC_STATE,
		    "property %s: set at creation, cannot be changed", name));
	if ((p->systems & ioc_prop_this_system) == 0)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "property %s: not on this system", name));
	return (0);
}

int
ioc_changes_apply(struct ioc_conf *conf, const struct ioc_change *changes,
    size_t n, bool creating, unsigned *changed, struct ioc_error *err)
{
	unsigned count = 0;
	int r;

	for (size_t i = 0; i < n; i++) {
		const struct ioc_change *c = &changes[i];
		const char *old = ioc_conf_get(conf, c->name);
		auto_free char *normal = NULL;

		r = judge_change(ioc_prop_find(c->name), c->name, creating,
		    err);
		if (r == 0 && c->value != NULL)
			r = ioc_prop_check(c->name, c->value, &normal, err);
		if (r != 0)
			return (r);
		if (old == NULL ? normal != NULL :
		    normal == NULL || strcmp(old, normal) != 0)
			count++;
		r = ioc_conf_set(conf, c->name, normal, err);
		if (r != 0)
			return (r);
	}
	if (changed != NULL)
		*changed = count;
	return (0);
}

/* What the step "write" of a change works with. */
struct change {
	const struct ioc_conf *conf;
	int		 dirfd;
	const char	*path;
};

static int
write_conf(void *ctx, struct ioc_error *err)
{
	struct change *c = ctx;

	return (ioc_conf_save(c->conf, c->dirfd, c->path, 0, err));
}

static const struct ioc_step steps[] = {
	{ "write", write_conf, NULL },	/* atomic: nothing to take back */
};

static const struct ioc_steps set_steps = IOC_STEPS("config.set", steps);

/* What runs is no template, nor becomes one while it does. */
static int
check_template(struct ioc_jail *j, const struct ioc_change *changes, size_t n,
    struct ioc_error *err)
{
	enum ioc_jail_state state = IOC_JAIL_STOPPED;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (strcmp(changes[i].name, "template") == 0)
			r = ioc_jail_state(j, &state, NULL, err);
	if (r == 0 && state == IOC_JAIL_RUNNING)
		r = ioc_fail(err, IOC_STATE,
		    "template: it runs, stop it first");
	return (r);
}

int
ioc_jail_set(struct ioc_jail *j, const struct ioc_change *changes, size_t n,
    unsigned *changed, struct ioc_error *err)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *copy = NULL;
	struct ioc_store *s = j->source->store;
	auto_lock struct ioc_lock *lock = NULL;
	auto_fd int dir = -1;
	struct change ctx;
	struct ioc_conf *conf;
	unsigned count = 0;
	int r;

	r = ioc_host_need_root(j->host, "set", err);
	if (r == 0)
		r = ioc_jail_hold(j, "set", &lock, err);
	if (r == 0)
		r = dir = s->ops->dir(s, j->vol, err);
	if (r >= 0)
		r = ioc_file_sweep(dir, err);
	if (r == 0)
		r = ioc_jail_conf(j, &conf, err);
	if (r == 0)
		r = ioc_conf_copy(conf, &copy, err);
	if (r == 0)
		r = ioc_changes_apply(copy, changes, n, false, &count, err);
	if (r == 0)
		r = check_template(j, changes, n, err);
	if (r != 0)
		return (ioc_wrap(err, r, "jail %s", j->name));
	if (changed != NULL)
		*changed = count;
	if (count == 0)
		return (0);
	ctx = (struct change){ copy, dir, "config.json" };
	r = ioc_steps_run(&set_steps, j->host, j->name, &ctx, err);
	if (r != 0)
		return (ioc_wrap(err, r, "jail %s", j->name));
	if (!j->host->dry_run) {
		ioc_conf_free(j->conf);
		j->conf = take_ptr(copy);
	}
	return (0);
}

int
ioc_defaults_get(struct ioc_host *h, const char *name, char **ret,
    struct ioc_error *err)
{
	const struct ioc_prop *p = ioc_prop_find(name);
	struct ioc_conf *conf;
	struct ioc_source *s;
	const char *v;
	int r;

	if (p == NULL)
		return (ioc_fail(err, IOC_NOT_FOUND, "no property %s",
		    IOC_SHOW(name)));
	r = ioc_host_find_source(h, NULL, &s, err);
	if (r == 0)
		r = ioc_source_defaults(s, &conf, err);
	if (r != 0)
		return (r);
	v = ioc_conf_get(conf, name);
	*ret = strdup(v != NULL ? v : p->fallback);
	return (*ret == NULL ? ioc_fail_nomem(err) : 0);
}

int
ioc_defaults_set(struct ioc_host *h, const struct ioc_change *changes,
    size_t n, unsigned *changed, struct ioc_error *err)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *copy = NULL;
	auto_lock struct ioc_lock *lock = NULL;
	struct ioc_conf *conf;
	struct ioc_source *s;
	struct change ctx;
	unsigned count = 0;
	int r;

	r = ioc_host_need_root(h, "set", err);
	if (r == 0)
		r = ioc_host_find_source(h, NULL, &s, err);
	if (r == 0)
		r = ioc_host_lock(h, "defaults", s->name, IOC_LOCK_EXCLUSIVE,
		    "set", IOC_LOCK_WAIT, &lock, err);
	if (r != 0)
		return (r);
	ioc_conf_free(take_ptr(s->defaults));
	r = ioc_source_defaults(s, &conf, err);
	if (r == 0)
		r = ioc_conf_copy(conf, &copy, err);
	if (r == 0)
		r = ioc_changes_apply(copy, changes, n, false, &count, err);
	if (r == 0 && changed != NULL)
		*changed = count;
	if (r != 0 || count == 0)
		return (ioc_wrap(err, r, "defaults"));
	ctx = (struct change){ copy, s->store->root, "defaults.json" };
	r = ioc_steps_run(&set_steps, h, "defaults", &ctx, err);
	if (r != 0)
		return (ioc_wrap(err, r, "defaults"));
	if (!h->dry_run) {
		ioc_conf_free(s->defaults);
		s->defaults = take_ptr(copy);
	}
	return (0);
}
