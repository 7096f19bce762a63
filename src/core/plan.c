/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/plan.h"

#include <string.h>

#include "base/str.h"
#include "conf/prop.h"
#include "conf/value.h"
#include "core/arch.h"
#include "core/basejail.h"
#include "core/fstab.h"
#include "core/ids.h"
#include "core/release.h"

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

/* --- what a run has as well --------------------------------------------------- */

static bool
is_here(const struct ioc_prop *p)
{
	return (p != NULL && (p->systems & ioc_prop_this_system) != 0);
}

/* The value of a property of this system, NULL where there is none. */
static int
value_of(const struct ioc_plan_values *v, const char *name, const char **ret,
    struct ioc_error *err)
{
	int r = 0;

	*ret = NULL;
	if (is_here(ioc_prop_find(name)))
		r = v->value(v->arg, name, ret, err);
	if (r == 0 && *ret != NULL && ioc_str_is_none(*ret))
		*ret = NULL;
	return (r);
}

static int
bool_of(const struct ioc_plan_values *v, const char *name, bool *ret,
    struct ioc_error *err)
{
	const char *text;
	int r = value_of(v, name, &text, err);

	*ret = false;
	if (r == 0 && text != NULL)
		r = ioc_wrap(err, ioc_str_to_bool(text, ret, err), "%s", name);
	return (r);
}

/* Those of all systems have a place in the spec. */
static int
plan_params(struct ioc_launch *l, const struct ioc_plan_values *v,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv own = IOC_STRV;
	const struct ioc_prop *table;
	const char *value;
	size_t n;
	int r = 0;

	table = ioc_prop_table(&n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (table[i].param == NULL ||
		    table[i].systems != ioc_prop_this_system)
			continue;
		r = value_of(v, table[i].name, &value, err);
		if (r == 0 && value != NULL)
			r = ioc_launch_add_param(l, table[i].param, value,
			    err);
	}
	if (r == 0)
		r = v->names(v->arg, IOC_PROP_PARAM, &own, err);
	for (size_t i = 0; r == 0 && i < own.n; i++) {
		r = value_of(v, own.v[i], &value, err);
		if (r == 0 && value != NULL)
			r = ioc_launch_add_param(l, own.v[i] +
			    strlen(IOC_PROP_PARAM), value, err);
	}
	return (r);
}

static int
plan_limits(struct ioc_launch *l, const struct ioc_plan_values *v,
    struct ioc_error *err)
{
	const struct ioc_prop *table;
	const char *text;
	size_t n;
	int r = 0;

	table = ioc_prop_table(&n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (table[i].type != IOC_PROP_LIMIT)
			continue;
		r = value_of(v, table[i].name, &text, err);
		if (r == 0 && text != NULL)
			r = ioc_launch_add_limit(l, table[i].name, text, err);
	}
	return (r);
}

/* Another ruleset than the usual one is the administrator's. */
static int
plan_ruleset(struct ioc_launch *l, const struct ioc_plan_values *v,
    uint32_t *ret, struct ioc_error *err)
{
	const char *text;
	uint64_t n = IOC_LAUNCH_RULESET;
	int r = value_of(v, "devfs_ruleset", &text, err);

	if (r == 0 && text != NULL)
		r = ioc_str_to_u64(text, 1, UINT16_MAX, &n, err);
	if (r == 0 && n != IOC_LAUNCH_RULESET)
		r = ioc_launch_add_param(l, "devfs_ruleset", text, err);
	*ret = (uint32_t)n;
	return (r);
}

static int
plan_mounts(struct ioc_launch *l, const struct ioc_plan_values *v,
    struct ioc_error *err)
{
	struct ioc_launch_system s = { .proc = false };
	const struct {
		const char	*name;
		bool		*ret;
	} mounts[] = {
		{ "mount_procfs", &s.proc },
		{ "mount_devfs", &s.dev },
		{ "mount_fdescfs", &s.fdesc },
		{ "mount_linprocfs", &s.linproc },
		{ "mount_linsysfs", &s.linsys },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(mounts) / sizeof(*mounts); i++)
		r = bool_of(v, mounts[i].name, mounts[i].ret, err);
	if (r == 0)
		r = plan_ruleset(l, v, &s.devfs_ruleset, err);
	if (r == 0)
		ioc_launch_add_system(l, &s);
	return (r);
}

static int
plan_resolver(struct ioc_launch *l, const struct ioc_plan_values *v,
    struct ioc_error *err)
{
	const char *text;
	int r = value_of(v, "resolver", &text, err);

	return (r == 0 && text != NULL ? ioc_resolver_plan(l, text, err) : r);
}

int
ioc_plan_system(struct ioc_launch *l, const struct ioc_plan_values *v,
    struct ioc_error *err)
{
	int r = bool_of(v, "vnet", &l->spec.vnet, err);

	if (r == 0)
		r = plan_params(l, v, err);
	if (r == 0)
		r = plan_limits(l, v, err);
	if (r == 0)
		r = plan_resolver(l, v, err);
	return (r == 0 ? plan_mounts(l, v, err) : r);
}

/* --- a jail -------------------------------------------------------------------- */

static int
jail_value(void *arg, const char *name, const char **ret,
    struct ioc_error *err)
{
	return (ioc_jail_value(arg, name, ret, err));
}

static int
jail_names(void *arg, const char *prefix, struct ioc_strv *ret,
    struct ioc_error *err)
{
	return (ioc_jail_names(arg, prefix, ret, err));
}

/* Better one sentence now than whatever its first program would say. */
static int
check_system(struct ioc_jail *j, struct ioc_error *err)
{
	const struct ioc_dist *d = NULL;
	const char *name = NULL;
	int r = text_of(j, "distribution", &name, err);

	if (r == 0 && name != NULL)
		d = ioc_dist_find(name);
	return (d == NULL ? r : ioc_release_runs_here(j->host, d, err));
}

int
ioc_plan_jail(struct ioc_launch *l, struct ioc_jail *j, const char *kernel,
    struct ioc_error *err)
{
	const struct ioc_plan_values v = { jail_value, jail_names, j };
	struct ioc_store *s = j->source->store;
	int r;

	r = check_system(j, err);
	if (r == 0)
		r = plan_spec(l, j, kernel, err);
	if (r == 0)
		r = ioc_plan_system(l, &v, err);
	if (r == 0)
		r = s->ops->root(s, j->vol, &l->root, err);
	/* Where its programs come from. */
	if (r == 0)
		r = ioc_arch_check(j->host, l->root.lower >= 0 ?
		    l->root.lower : l->root.root, err);
	/* Before what the administrator has mounted in them. */
	if (r == 0)
		r = ioc_basejail_plan(l, j, err);
	if (r == 0)
		r = ioc_fstab_plan(l, j, err);
	return (r);
}
