/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/plan.h"

#include <string.h>

#include "base/str.h"
#include "conf/prop.h"
#include "conf/value.h"
#include "core/fstab.h"
#include "core/ids.h"

/* The value, or NULL where there is none. */
static int
text_of(struct ioc_jail *j, const char *name, const char **ret,
    struct ioc_error *err)
{
	int r = ioc_jail_value(j, name, ret, err);

	if (r == 0 && ioc_str_is_none(*ret))
		*ret = NULL;
	return (r);
}

static int
plan_spec(struct ioc_launch *l, struct ioc_jail *j, const char *kernel,
    struct ioc_error *err)
{
	struct ioc_os_jail_spec *s = &l->spec;
	const char *userns = NULL;
	int64_t base = 0;
	int r;

	s->name = kernel;
	r = text_of(j, "host_hostname", &s->hostname, err);
	if (r == 0)
		r = text_of(j, "host_domainname", &s->domainname, err);
	if (r == 0)
		r = text_of(j, "host_hostuuid", &s->hostuuid, err);
	if (r == 0)
		r = text_of(j, "userns", &userns, err);
	if (r == 0)
		r = ioc_jail_value_int(j, "id_base", &base, err);
	if (r != 0)
		return (r);
	if (s->hostname == NULL)
		s->hostname = j->name;
	r = ioc_ids_wanted(j->source, userns, &s->userns, err);
	if (r != 0 || !s->userns)
		return (r);
	if (base == 0)
		return (ioc_fail(err, IOC_STATE, "userns=idmap: it has no uid "
		    "range, for it was created with userns=off"));
	if (base < IOC_ID_COUNT || base > UINT32_MAX - IOC_ID_COUNT ||
	    base % IOC_ID_COUNT != 0)
		return (ioc_fail(err, IOC_FORMAT,
		    "id_base %lld: not the begin of a uid range",
		    (long long)base));
	s->id_base = (uint32_t)base;
	s->id_count = IOC_ID_COUNT;
	return (0);
}

int
ioc_plan_param(struct ioc_launch *l, const struct ioc_prop *p,
    const char *value, struct ioc_error *err)
{
	if (p->param == NULL || p->systems != ioc_prop_this_system ||
	    ioc_str_is_none(value))
		return (0);
	if (l->spec.nparams == IOC_LAUNCH_PARAMS)
		return (ioc_fail(err, IOC_LIMIT, "too many parameters"));
	l->params[l->spec.nparams++] = (struct ioc_os_param){
		.name = p->param, .value = value,
	};
	l->spec.params = l->params;
	return (0);
}

static int
plan_params(struct ioc_launch *l, struct ioc_jail *j, struct ioc_error *err)
{
	const struct ioc_prop *table;
	const char *value;
	size_t n;
	int r = 0;

	table = ioc_prop_table(&n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (table[i].param == NULL ||
		    (table[i].systems & ioc_prop_this_system) == 0)
			continue;
		r = ioc_jail_value(j, table[i].name, &value, err);
		if (r == 0)
			r = ioc_plan_param(l, &table[i], value, err);
	}
	return (r);
}

static int
plan_limits(struct ioc_launch *l, struct ioc_jail *j, struct ioc_error *err)
{
	const struct ioc_prop *table;
	const char *text;
	size_t n;
	int r = 0;

	table = ioc_prop_table(&n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (table[i].type != IOC_PROP_LIMIT)
			continue;
		r = text_of(j, table[i].name, &text, err);
		if (r == 0 && text != NULL)
			r = ioc_launch_add_limit(l, table[i].name, text, err);
	}
	return (r);
}

static int
plan_mounts(struct ioc_launch *l, struct ioc_jail *j, struct ioc_error *err)
{
	bool proc = false, dev = false;
	const char *resolver;
	int r;

	r = ioc_jail_value(j, "resolver", &resolver, err);
	if (r == 0)
		r = ioc_resolver_plan(l, resolver, err);
	if (r == 0)
		r = ioc_jail_value_bool(j, "mount_procfs", &proc, err);
	if (r == 0)
		r = ioc_jail_value_bool(j, "mount_devfs", &dev, err);
	if (r != 0)
		return (r);
	ioc_launch_add_system_mounts(l, proc, dev);
	return (ioc_fstab_plan(l, j, err));
}

int
ioc_plan_jail(struct ioc_launch *l, struct ioc_jail *j, const char *kernel,
    struct ioc_error *err)
{
	struct ioc_store *s = j->source->store;
	int r;

	r = plan_spec(l, j, kernel, err);
	if (r == 0)
		r = plan_params(l, j, err);
	if (r == 0)
		r = plan_limits(l, j, err);
	if (r == 0)
		r = plan_mounts(l, j, err);
	if (r == 0)
		r = s->ops->root(s, j->vol, &l->root, err);
	return (r);
}
