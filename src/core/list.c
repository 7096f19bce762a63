/* SPDX-License-Identifier: BSD-2-Clause */
/* Listing jails: one pass over names, one over what runs, configs on demand. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "conf/filter.h"
#include "conf/value.h"
#include "core/event.h"
#include "core/list.h"

#define	FEW	8	/* names that are asked for one by one */

struct running {
	struct ioc_os_jail_info *v;
	size_t	n;
	bool	hidden;		/* from this user */
};

static void
running_fini(struct running *r)
{
	free(r->v);
}

static int
by_name(const void *a, const void *b)
{
	return (strcmp(((const struct ioc_os_jail_info *)a)->name,
	    ((const struct ioc_os_jail_info *)b)->name));
}

/* Gives a jail its state out of the one pass over what runs. */
static int
set_state(struct ioc_jail *j, const struct running *run, struct ioc_error *err)
{
	const struct ioc_os_jail_info *info = NULL;
	auto_free char *kernel = NULL;
	struct ioc_os_jail_info key;
	int r;

	if (run->hidden)
		return (0);
	j->known = true;
	j->state = IOC_OS_JAIL_NONE;
	if (run->n == 0)
		return (0);
	r = ioc_jail_kernel_name(j->source, j->name, &kernel, err);
	if (r != 0)
		return (r);
	if (strlen(kernel) < sizeof(key.name)) {
		memcpy(key.name, kernel, strlen(kernel) + 1);
		info = bsearch(&key, run->v, run->n, sizeof(key), by_name);
	}
	if (info != NULL) {
		j->state = info->state;
		j->id = info->id;
	}
	return (0);
}

static int
get_for_filter(const char *key, char **ret, void *arg, struct ioc_error *err)
{
	return (ioc_jail_get(arg, key, ret, err));
}

/* What has no readable configuration is none. */
static int
is_template(struct ioc_jail *j, bool *yes, struct ioc_error *err)
{
	struct ioc_error e = { .code = 0 };
	int r = ioc_jail_value_bool(j, "template", yes, &e);

	if (r == 0)
		return (0);
	if (ioc_error_is_shortage(&e)) {
		ioc_error_copy(err, &e);
		return (r);
	}
	*yes = false;
	return (0);
}

/* Does the jail belong into the list? */
static int
judge(struct ioc_jail *j, const struct ioc_filter *f, bool *yes,
    struct ioc_error *err)
{
	struct ioc_error local;
	bool template;
	int r;

	*yes = true;
	if (f != NULL) {
		r = ioc_filter_match(f, j->source->name, j->name,
		    get_for_filter, j, yes, &local);
		/* A damaged configuration matches by its name only. */
		if (r != 0 && j->conf_code != 0) {
			*yes = false;
			return (0);
		}
		if (r != 0) {
			ioc_error_copy(err, &local);
			return (r);
		}
	}
	if (*yes && (f == NULL || (!ioc_filter_is_name(f) &&
	    !ioc_filter_has_key(f, "template")))) {
		r = is_template(j, &template, err);
		if (r != 0)
			return (r);
		*yes = !template;
	}
	return (0);
}

/* The names to look at: of all jails, or those that alone can match. */
static int
names_of(struct ioc_source *s, const struct ioc_filter *f, struct ioc_strv *ret,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv wanted = IOC_STRV;
	struct ioc_store *store = s->store;
	int r = 0;

	if (f == NULL || !ioc_filter_names(f, &wanted) || wanted.n > FEW)
		return (store->ops->list(store, "jails", ret, err));
	for (size_t i = 0; i < wanted.n; i++) {
		auto_free char *vol = NULL;

		if (!ioc_filter_match_name(f, s->name, wanted.v[i]))
			continue;
		if (asprintf(&vol, "jails/%s", wanted.v[i]) < 0) {
			vol = NULL;
			return (ioc_fail_nomem(err));
		}
		r = store->ops->has(store, vol, err);
		if (r == 0)
			(void)ioc_strv_add(ret, wanted.v[i]);
		else if (r != IOC_NOT_FOUND)
			return (r);
	}
	r = ioc_strv_check(&wanted, err);
	return (r == 0 ? ioc_strv_check(ret, err) : r);
}

/* Is there as yet no more of it than somebody who is creating it? */
static bool
is_unmade(struct ioc_jail *j)
{
	struct ioc_conf *conf;

	if (j->source->store->ops->clone_here == NULL)
		return (false);
	(void)ioc_jail_conf(j, &conf, NULL);
	return (j->unmade);
}

static int
list_source(struct ioc_jail_list *l, struct ioc_source *s,
    const struct ioc_filter *f, const struct running *run,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	bool yes;
	int r;

	r = names_of(s, f, &names, err);
	if (r != 0)
		return (ioc_wrap(err, r, "source %s", s->name));
	ioc_strv_sort(&names);
	for (size_t i = 0; i < names.n; i++) {
		IOC_AUTO(ioc_jail_closep) struct ioc_jail *j = NULL;
		struct ioc_jail **slot;

		if (f != NULL && !ioc_filter_match_name(f, s->name, names.v[i]))
			continue;
		r = ioc_jail_new(s, names.v[i], &j, err);
		if (r == 0)
			r = set_state(j, run, err);
		if (r == 0)
			r = judge(j, f, &yes, err);
		if (r != 0)
			return (r);
		if (!yes || is_unmade(j))
			continue;
		slot = ioc_vec_push(&l->jails);
		if (slot == NULL)
			return (ioc_fail_nomem(err));
		*slot = take_ptr(j);
	}
	return (0);
}

int
ioc_jail_list(struct ioc_host *h, const struct ioc_filter *f,
    struct ioc_jail_list **ret, struct ioc_error *err)
{
	IOC_AUTO(ioc_jail_list_freep) struct ioc_jail_list *l = NULL;
	IOC_AUTO(running_fini) struct running run = { 0 };
	struct ioc_source *main_source;
	int r;

	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_host_find_source(h, NULL, &main_source, err);
	if (r != 0)
		return (r);
	r = ioc_os_jail_list(h->os, &run.v, &run.n, err);
	run.hidden = r == IOC_PERMISSION && !h->root;
	if (r != 0 && !run.hidden)
		return (r);
	if (run.n > 1)
		qsort(run.v, run.n, sizeof(*run.v), by_name);
	for (size_t i = 0; i < h->sources.n; i++) {
		struct ioc_source *s = &h->sources.v[i];
		struct ioc_error cause;

		r = ioc_source_open(s, &cause);
		if (r != 0 && ioc_error_is_shortage(&cause)) {
			ioc_error_copy(err, &cause);
			return (r);
		}
		if (r != 0) {
			ioc_emit_error(h, IOC_PHASE_WARN, "host.source",
			    s->name, &cause);
			continue;
		}
		r = list_source(l, s, f, &run, err);
		if (r != 0)
			return (r);
	}
	*ret = take_ptr(l);
	return (0);
}

size_t
ioc_jail_count(const struct ioc_jail_list *l)
{
	return (l->jails.n);
}

struct ioc_jail *
ioc_jail_at(const struct ioc_jail_list *l, size_t i)
{
	return (i < l->jails.n ? l->jails.v[i] : NULL);
}

void
ioc_jail_list_free(struct ioc_jail_list *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->jails.n; i++)
		ioc_jail_close(l->jails.v[i]);
	ioc_vec_fini(&l->jails);
	free(l);
}
