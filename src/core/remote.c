/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be fetched. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "base/vec.h"
#include "core/level.h"
#include "core/release.h"
#include "safe/path.h"

struct ioc_remote_list {
	struct ioc_strv	 names;
	char		*distribution;
	IOC_VEC(struct ioc_remote_info) v;
};

IOC_DEFINE_AUTO(struct ioc_remote_list, ioc_remote_list_free);

/* --- asking -------------------------------------------------------------------- */

static int
names_of(struct ioc_host *h, const struct ioc_fetch_options *o,
    const struct ioc_dist *d, struct ioc_strv *ret, struct ioc_error *err)
{
	struct ioc_level l = IOC_LEVEL;
	struct ioc_source *source;
	auto_fd int cache = -1;
	int r;

	if (d->remote == NULL)
		return (ioc_strv_addv(ret, d->releases) == 0 ? 0 :
		    ioc_strv_check(ret, err));
	r = ioc_host_need_root(h, "asking a mirror", err);
	if (r == 0)
		r = ioc_host_find_source(h, o->source, &source, err);
	if (r != 0)
		return (r);
	r = cache = ioc_path_dir(source->store->root, "cache",
	    IOC_PATH_NOLINKS, err);
	if (cache < 0)
		return (r);
	ioc_level_job(&l, h, d, o);
	l.job.progress = NULL;
	l.job.cache_fd = cache;
	return (d->remote(&l.job, ret, err));
}

/* The number in front of a name, for sorting; names without come first. */
static unsigned long
leading(const char **s)
{
	return (strtoul(*s, (char **)(uintptr_t)s, 10));
}

/* 9.3 before 10.0, 14.2-RC1 before 14.2-RELEASE. */
static int
by_version(const void *a, const void *b)
{
	const struct ioc_remote_info *x = a, *y = b;
	const char *s = x->name, *t = y->name;
	unsigned long m = leading(&s), n = leading(&t);

	if (m == n && *s == '.' && *t == '.') {
		s++;
		t++;
		m = leading(&s);
		n = leading(&t);
	}
	return (m != n ? (m > n) - (m < n) : strcmp(x->name, y->name));
}

static void
today(char out[16])
{
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(out, 16, "%Y-%m-%d", &tm) == 0)
		out[0] = '\0';
}

static int
fill(struct ioc_host *h, const struct ioc_fetch_options *o,
    const struct ioc_dist *d, struct ioc_remote_list *l, struct ioc_error *err)
{
	const struct ioc_os_facts *facts = ioc_os_facts(h->os);
	bool ours = ioc_dist_runs_on(d, facts->system);
	struct ioc_source *s = NULL;
	unsigned level;
	char now[16];

	today(now);
	(void)ioc_host_find_source(h, o->source, &s, NULL);
	for (size_t i = 0; i < l->names.n; i++) {
		struct ioc_remote_info *r = ioc_vec_push(&l->v);
		const char *name = l->names.v[i];
		const char *eol = d->eol != NULL ? d->eol(name) : NULL;

		if (r == NULL)
			return (ioc_fail_nomem(err));
		*r = (struct ioc_remote_info){
			.name = name, .distribution = l->distribution,
			.eol = eol != NULL && eol[0] != '\0' ? eol : NULL,
			.is_eol = eol != NULL && strcmp(eol, now) < 0,
			.is_newer = ours && d->is_newer != NULL &&
			    d->is_newer(name, facts->release),
			.is_here = s != NULL &&
			    ioc_release_level(s, name, &level, NULL) == 0,
		};
	}
	if (l->v.n > 1 && d->remote != NULL)
		qsort(l->v.v, l->v.n, sizeof(*l->v.v), by_version);
	return (0);
}

int
ioc_remote_list(struct ioc_host *h, const struct ioc_fetch_options *o,
    struct ioc_remote_list **ret, struct ioc_error *err)
{
	IOC_AUTO(ioc_remote_list_freep) struct ioc_remote_list *l =
	    calloc(1, sizeof(*l));
	const char *name = o->distribution != NULL ? o->distribution :
	    ioc_host_distribution(h);
	const struct ioc_dist *d = ioc_dist_find(name);
	int r;

	if (l == NULL)
		return (ioc_fail_nomem(err));
	if (d == NULL || d->releases == NULL)
		return (ioc_fail(err, IOC_NOT_FOUND,
		    "no releases are known of %s", IOC_SHOW(name)));
	l->distribution = strdup(d->name);
	if (l->distribution == NULL)
		return (ioc_fail_nomem(err));
	r = names_of(h, o, d, &l->names, err);
	if (r == 0)
		r = fill(h, o, d, l, err);
	if (r != 0)
		return (ioc_wrap(err, r, "releases of %s", d->name));
	*ret = take_ptr(l);
	return (0);
}

size_t
ioc_remote_count(const struct ioc_remote_list *l)
{
	return (l->v.n);
}

const struct ioc_remote_info *
ioc_remote_at(const struct ioc_remote_list *l, size_t i)
{
	return (i < l->v.n ? &l->v.v[i] : NULL);
}

void
ioc_remote_list_free(struct ioc_remote_list *l)
{
	if (l == NULL)
		return;
	ioc_strv_fini(&l->names);
	free(l->distribution);
	ioc_vec_fini(&l->v);
	free(l);
}

/* --- without asking --------------------------------------------------------------- */

const char *
ioc_distribution_name(size_t i)
{
	const struct ioc_dist *const *all = ioc_dist_all();

	for (; *all != NULL; all++)
		if ((*all)->releases != NULL && i-- == 0)
			return ((*all)->name);
	return (NULL);
}

const char *
ioc_distribution_release(const char *distribution, size_t i)
{
	const struct ioc_dist *d = ioc_dist_find(distribution);

	if (d == NULL || d->releases == NULL)
		return (NULL);
	for (const char *const *v = d->releases; *v != NULL; v++)
		if (i-- == 0)
			return (*v);
	return (NULL);
}
