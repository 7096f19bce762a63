/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/jail.h"

#include <sys/stat.h>

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "conf/prop.h"
#include "core/create.h"
#include "core/release.h"
#include "dist/dist.h"
#include "safe/name.h"
#include "safe/path.h"

int
ioc_jail_new(struct ioc_source *s, const char *name, struct ioc_jail **ret,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_jail_closep) struct ioc_jail *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return (ioc_fail_nomem(err));
	j->host = s->host;
	j->source = s;
	j->name = strdup(name);
	j->vol = ioc_str_join("jails/", name);
	if (j->name == NULL || j->vol == NULL)
		return (ioc_fail_nomem(err));
	*ret = take_ptr(j);
	return (0);
}

int
ioc_jail_open(struct ioc_host *h, const char *name, struct ioc_jail **ret,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_jail_closep) struct ioc_jail *j = NULL;
	struct ioc_source *s;
	const char *plain;
	int r;

	r = ioc_host_split_name(h, name, IOC_NAME_JAIL, &s, &plain, err);
	if (r == 0)
		r = ioc_jail_new(s, plain, &j, err);
	if (r != 0)
		return (r);
	r = s->store->ops->has(s->store, j->vol, err);
	if (r == IOC_NOT_FOUND)
		return (ioc_fail(err, IOC_NOT_FOUND, "no jail %s", name));
	if (r != 0)
		return (ioc_wrap(err, r, "jail %s", name));
	*ret = take_ptr(j);
	return (0);
}

void
ioc_jail_close(struct ioc_jail *j)
{
	if (j == NULL)
		return;
	ioc_conf_free(j->conf);
	free(j->name);
	free(j->vol);
	free(j);
}

const char *
ioc_jail_name(const struct ioc_jail *j)
{
	return (j->name);
}

const char *
ioc_jail_source(const struct ioc_jail *j)
{
	return (j->source->name);
}

/*
 * Without any it may be about to be.  Whoever made it has ended when there is no
 * word of that any more, and then all of it is there.
 */
static int
load_conf(struct ioc_jail *j, struct ioc_error *err)
{
	int r = ioc_source_load(j->source, j->vol, &j->conf, err);

	if (r != IOC_NOT_FOUND || j->source->store->ops->clone_here == NULL)
		return (r);
	if (ioc_build_going_on(j->source, j->name, &j->unmade, NULL) != 0 ||
	    !j->unmade)
		return (ioc_source_load(j->source, j->vol, &j->conf, err));
	return (ioc_fail(err, IOC_NOT_FOUND, "it is being created"));
}

int
ioc_jail_conf(struct ioc_jail *j, struct ioc_conf **ret, struct ioc_error *err)
{
	struct ioc_error e = { .code = 0 };
	int r;

	if (j->conf == NULL) {
		r = load_conf(j, &e);
		/* What could not be read for want of memory may be whole. */
		j->conf_code = ioc_error_is_shortage(&e) ? 0 : r;
		if (r != 0) {
			ioc_error_copy(err, &e);
			return (ioc_wrap(err, r, "jail %s", j->name));
		}
	}
	*ret = j->conf;
	return (0);
}

/* Is its configuration damaged? */
static int
is_broken(struct ioc_jail *j, bool *ret, struct ioc_error *err)
{
	struct ioc_error e = { .code = 0 };
	struct ioc_conf *conf;
	int r = ioc_jail_conf(j, &conf, &e);

	if (r != 0 && ioc_error_is_shortage(&e)) {
		ioc_error_copy(err, &e);
		return (r);
	}
	*ret = r != 0;
	return (0);
}

/* The default that the distribution of the jail's release brings. */
static const char *
distribution_default(struct ioc_conf *conf, const char *name)
{
	const char *dist = ioc_conf_get(conf, "distribution");
	const struct ioc_dist *d = dist == NULL ? NULL : ioc_dist_find(dist);

	if (d == NULL || d->defaults == NULL)
		return (NULL);
	for (const char *const *v = d->defaults; v[0] != NULL; v += 2)
		if (strcmp(v[0], name) == 0)
			return (v[1]);
	return (NULL);
}

int
ioc_jail_value(struct ioc_jail *j, const char *name, const char **ret,
    struct ioc_error *err)
{
	const struct ioc_prop *p = ioc_prop_find(name);
	struct ioc_conf *conf, *defaults;
	const char *v = NULL;
	int r;

	if (p == NULL)
		return (ioc_fail(err, IOC_NOT_FOUND, "no property %s",
		    IOC_SHOW(name)));
	for (size_t i = 0; v == NULL && i < j->nonce; i++)
		if (strcmp(j->once[i].name, name) == 0)
			v = j->once[i].value;
	r = ioc_jail_conf(j, &conf, err);
	if (r == 0 && v == NULL)
		v = ioc_conf_get(conf, name);
	if (r == 0 && v == NULL && p->scope != IOC_SCOPE_FIXED &&
	    p->scope != IOC_SCOPE_INTERNAL) {
		r = ioc_source_defaults(j->source, &defaults, err);
		if (r == 0)
			v = ioc_conf_get(defaults, name);
	}
	if (r != 0)
		return (r);
	if (v == NULL)
		v = distribution_default(conf, name);
	*ret = v != NULL ? v : p->fallback;
	return (0);
}

int
ioc_jail_names(struct ioc_jail *j, const char *prefix, struct ioc_strv *ret,
    struct ioc_error *err)
{
	struct ioc_conf *conf, *defaults;
	int r;

	r = ioc_jail_conf(j, &conf, err);
	if (r == 0)
		r = ioc_conf_names(conf, prefix, ret, err);
	if (r == 0)
		r = ioc_source_defaults(j->source, &defaults, err);
	if (r == 0)
		r = ioc_conf_names(defaults, prefix, ret, err);
	for (size_t i = 0; r == 0 && i < j->nonce; i++)
		if (ioc_str_starts(j->once[i].name, prefix) &&
		    !ioc_strv_has(ret, j->once[i].name))
			(void)ioc_strv_add(ret, j->once[i].name);
	return (r == 0 ? ioc_strv_check(ret, err) : r);
}

int
ioc_jail_value_bool(struct ioc_jail *j, const char *name, bool *ret,
    struct ioc_error *err)
{
	const char *v;
	int r = ioc_jail_value(j, name, &v, err);

	if (r == 0 && ioc_str_is_none(v))
		*ret = false;
	else if (r == 0)
		r = ioc_wrap(err, ioc_str_to_bool(v, ret, err),
		    "jail %s: %s", j->name, name);
	return (r);
}

int
ioc_jail_value_int(struct ioc_jail *j, const char *name, int64_t *ret,
    struct ioc_error *err)
{
	const char *v;
	int r = ioc_jail_value(j, name, &v, err);

	if (r == 0 && ioc_str_is_none(v))
		*ret = 0;
	else if (r == 0)
		r = ioc_wrap(err, ioc_str_to_i64(v, INT64_MIN, INT64_MAX, ret,
		    err), "jail %s: %s", j->name, name);
	return (r);
}

int
ioc_jail_kernel_name(const struct ioc_source *s, const char *name, char **ret,
    struct ioc_error *err)
{
	size_t len = strlen(s->name);
	char *text = malloc(2 * len + 1 + strlen(name) + 1), *to = text;

	if (text == NULL)
		return (ioc_fail_nomem(err));
	/* "-" twice in the source: "a-b" and "c" are not "a" and "b-c". */
	for (const char *p = s->name; *p != '\0'; p++) {
		*to++ = *p;
		if (*p == '-')
			*to++ = '-';
	}
	*to++ = '-';
	do {
		*to++ = (char)(*name == '.' ? '*' : *name);
	} while (*name++ != '\0');
	*ret = text;
	return (0);
}

/* The state from the listing it came from, or fresh. */
static int
current(struct ioc_jail *j, bool fresh, struct ioc_error *err)
{
	IOC_AUTO(ioc_os_jail_freep) struct ioc_os_jail *oj = NULL;
	auto_free char *kernel = NULL;
	struct ioc_os_jail_info info;
	int r;

	if (j->known && !fresh)
		return (0);
	r = ioc_jail_kernel_name(j->source, j->name, &kernel, err);
	if (r == 0)
		r = ioc_os_jail_find(j->host->os, kernel, &oj, err);
	if (r == 0)
		r = ioc_os_jail_info(oj, &info, err);
	if (r != 0)
		return (ioc_wrap(err, r, "jail %s", j->name));
	j->state = info.state;
	j->id = info.id;
	return (0);
}

int
ioc_jail_state(struct ioc_jail *j, enum ioc_jail_state *ret, int64_t *id,
    struct ioc_error *err)
{
	bool broken = false;
	int r = current(j, true, err);

	if (r == 0 && j->state != IOC_OS_JAIL_RUNNING)
		r = is_broken(j, &broken, err);
	if (r != 0)
		return (r);
	*ret = j->state == IOC_OS_JAIL_RUNNING ? IOC_JAIL_RUNNING :
	    broken ? IOC_JAIL_BROKEN : IOC_JAIL_STOPPED;
	if (id != NULL)
		*id = j->state == IOC_OS_JAIL_RUNNING ? j->id : 0;
	return (0);
}

/* --- computed values ------------------------------------------------------ */

static int
get_name(struct ioc_jail *j, char **ret, struct ioc_error *err)
{
	*ret = strdup(j->name);
	return (0);
}

static int
get_source(struct ioc_jail *j, char **ret, struct ioc_error *err)
{
	*ret = strdup(j->source->name);
	return (0);
}

static int
get_full_name(struct ioc_jail *j, char **ret, struct ioc_error *err)
{
	if (j->host->sources.n < 2)
		return (get_name(j, ret, err));
	if (asprintf(ret, "%s/%s", j->source->name, j->name) < 0)
		*ret = NULL;
	return (0);
}

static int
get_state(struct ioc_jail *j, char **ret, struct ioc_error *err)
{
	bool broken = false;
	int r = current(j, false, err);

	if (r != 0 || j->state != IOC_OS_JAIL_RUNNING) {
		int known = is_broken(j, &broken, err);

		if (known != 0)
			return (known);
	}
	/* That much can be said to a user who may not see what runs. */
	if (r == IOC_PERMISSION && broken)
		r = 0;
	if (r == 0)
		*ret = strdup(broken ? "broken" :
		    j->state == IOC_OS_JAIL_RUNNING ? "running" : "stopped");
	return (r);
}

static int
get_running(struct ioc_jail *j, char **ret, struct ioc_error *err)
{
	int r = current(j, false, err);

	if (r == 0)
		*ret = strdup(j->state == IOC_OS_JAIL_RUNNING ? "yes" : "no");
	return (r);
}

static int
get_jid(struct ioc_jail *j, char **ret, struct ioc_error *err)
{
	int r = current(j, false, err);

	if (r != 0)
		return (r);
	if (j->state != IOC_OS_JAIL_RUNNING)
		*ret = strdup("-");
	else if (asprintf(ret, "%" PRId64, j->id) < 0)
		*ret = NULL;
	return (0);
}

static int
get_used(struct ioc_jail *j, char **ret, struct ioc_error *err)
{
	struct ioc_store *s = j->source->store;
	uint64_t used;
	int r = s->ops->used(s, j->vol, &used, err);

	if (r == 0 && asprintf(ret, "%" PRIu64, used) < 0)
		*ret = NULL;
	return (ioc_wrap(err, r, "jail %s", j->name));
}

static const struct {
	const char	*name;
	int		(*get)(struct ioc_jail *j, char **ret,
			    struct ioc_error *err);
} computed[] = {
	{ "full_name", get_full_name },
	{ "id", get_name },
	{ "jid", get_jid },
	{ "name", get_name },
	{ "running", get_running },
	{ "source", get_source },
	{ "state", get_state },
	{ "used", get_used },
	{ "uuid", get_name },
};

int
ioc_jail_get(struct ioc_jail *j, const char *name, char **ret,
    struct ioc_error *err)
{
	const char *v;
	char *text = NULL;
	int r = 0;

	for (size_t i = 0; i < sizeof(computed) / sizeof(*computed); i++) {
		if (computed[i].name[0] != name[0] ||
		    strcmp(computed[i].name, name) != 0)
			continue;
		r = computed[i].get(j, &text, err);
		if (r == 0 && text == NULL)
			r = ioc_fail_nomem(err);
		if (r == 0)
			*ret = text;
		return (r);
	}
	r = ioc_jail_value(j, name, &v, err);
	if (r != 0)
		return (r);
	*ret = strdup(v);
	return (*ret == NULL ? ioc_fail_nomem(err) : 0);
}

bool
ioc_jail_is_set(struct ioc_jail *j, const char *name)
{
	struct ioc_conf *conf;

	return (ioc_jail_conf(j, &conf, NULL) == 0 &&
	    ioc_conf_get(conf, name) != NULL);
}
