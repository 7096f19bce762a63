/* SPDX-License-Identifier: BSD-2-Clause */
/* The packages that a jail has beside its release's, of a newer release. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/strv.h"
#include "dist/debian_apt.h"

/* Names, sorted, and which of them a release has. */
struct wanted {
	const struct ioc_strv *names;
	bool		*has;
};

struct known {
	struct wanted	 asked, along;
};

static void
known_fini(struct known *k)
{
	free(k->asked.has);
	free(k->along.has);
}

static int
on_name(const char *line, void *arg)
{
	struct known *k = arg;
	struct wanted *const all[] = { &k->asked, &k->along };

	for (size_t i = 0; i < 2; i++) {
		ssize_t at = ioc_debian_find(all[i]->names, line);

		if (at >= 0)
			all[i]->has[at] = true;
	}
	return (0);
}

/* A name that apt-get does not know it would take for a pattern. */
static int
look_up(struct ioc_apt *a, struct known *k, struct ioc_error *err)
{
	int r;

	k->asked.has = calloc(k->asked.names->n + 1, sizeof(bool));
	k->along.has = calloc(k->along.names->n + 1, sizeof(bool));
	if (k->asked.has == NULL || k->along.has == NULL)
		return (ioc_fail_nomem(err));
	a->line = on_name;
	a->arg = k;
	r = ioc_apt_cache(a, (const char *const[]){ "pkgnames", NULL }, err);
	a->line = NULL;
	for (size_t i = 0; r == 0 && i < k->asked.names->n; i++)
		if (!k->asked.has[i])
			r = ioc_fail(err, IOC_STATE, "the package %s was "
			    "installed in it, which release %s does not have: "
			    "remove it, or make a new jail of that release",
			    k->asked.names->v[i], a->job->release);
	return (r);
}

/* Libraries that are named otherwise now come along by themselves. */
static int
drop_unknown(struct ioc_strv *names, const bool *has, struct ioc_error *err)
{
	auto_strv struct ioc_strv all = *names;

	*names = (struct ioc_strv)IOC_STRV;
	for (size_t i = 0; i < all.n; i++)
		if (has[i])
			(void)ioc_strv_add(names, all.v[i]);
	return (ioc_strv_check(names, err));
}

static void
add_install(const struct ioc_dist_own *own, struct ioc_strv *argv)
{
	(void)ioc_strv_add(argv, "install");
	(void)ioc_strv_add(argv, "--");
	(void)ioc_strv_addv(argv, ioc_strv_get(&own->asked));
	(void)ioc_strv_addv(argv, ioc_strv_get(&own->along));
}

int
ioc_debian_own_fetch(const struct ioc_dist_job *job, struct ioc_dist_own *own,
    struct ioc_error *err)
{
	IOC_AUTO(known_fini) struct known k = {
		.asked.names = &own->asked, .along.names = &own->along,
	};
	auto_strv struct ioc_strv words = IOC_STRV;
	struct ioc_apt a = { .job = NULL };
	int r = ioc_apt_open(&a, job, err);

	if (r == 0)
		r = look_up(&a, &k, err);
	if (r == 0)
		r = drop_unknown(&own->along, k.along.has, err);
	(void)ioc_strv_add(&words, "--download-only");
	add_install(own, &words);
	if (r == 0)
		r = ioc_strv_check(&words, err);
	return (r == 0 ? ioc_apt_get(&a, ioc_strv_get(&words), err) : r);
}

int
ioc_debian_own_command(const struct ioc_dist_own *own, unsigned k,
    struct ioc_strv *argv, struct ioc_error *err)
{
	if (k > 1 || (k == 1 && own->along.n == 0))
		return (0);
	if (k == 0) {
		(void)ioc_strv_add(argv, "/usr/bin/apt-get");
		(void)ioc_strv_add(argv, "-q");
		add_install(own, argv);
	} else {
		(void)ioc_strv_add(argv, "/usr/bin/apt-mark");
		(void)ioc_strv_add(argv, "auto");
		(void)ioc_strv_add(argv, "--");
		(void)ioc_strv_addv(argv, ioc_strv_get(&own->along));
	}
	return (ioc_strv_check(argv, err) == 0 ? 1 : IOC_NOMEM);
}
