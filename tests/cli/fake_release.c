/* SPDX-License-Identifier: BSD-2-Clause */
/* The fake library: releases, here and on mirrors, and what verify finds. */
#include "fake.h"

#include <string.h>

const char *
ioc_distribution_name(size_t i)
{
	static const char *const names[] = { "debian", "freebsd" };

	return (i < 2 ? names[i] : NULL);
}

const char *
ioc_distribution_release(const char *distribution, size_t i)
{
	static const char *const debian[] = { "bookworm", "trixie" };

	if (strcmp(distribution, "freebsd") == 0)
		return (i == 0 ? "14.2-RELEASE" : NULL);
	return (i < 2 && strcmp(distribution, "debian") == 0 ? debian[i] : NULL);
}

struct ioc_remote_list {
	IOC_VEC(struct ioc_remote_info) v;
};

int
ioc_remote_list(struct ioc_host *h, const struct ioc_fetch_options *o,
    struct ioc_remote_list **ret, struct ioc_error *err)
{
	const char *d = o->distribution != NULL ? o->distribution :
	    ioc_host_distribution(h), *name;
	struct ioc_remote_list *l = calloc(1, sizeof(*l));
	int r = fake_fail("remote", d, err);

	fake_log("remote %s mirror=%s arch=%s", d,
	    o->mirror != NULL ? o->mirror : "-",
	    o->arch != NULL ? o->arch : "-");
	if (r == 0 && ioc_distribution_release(d, 0) == NULL)
		r = ioc_fail(err, IOC_NOT_FOUND, "no releases are known of %s",
		    IOC_SHOW(d));
	for (size_t i = 0; (name = ioc_distribution_release(d, i)) != NULL; i++)
		*ioc_vec_push(&l->v) = (struct ioc_remote_info){
			.name = name, .distribution = d,
			.eol = i == 0 ? "2020-01-31" : NULL,
			.is_eol = i == 0, .is_newer = i == 1,
		};
	if (r != 0)
		ioc_remote_list_free(l);
	else
		*ret = l;
	return (r);
}

size_t
ioc_remote_count(const struct ioc_remote_list *l)
{
	return (l->v.n);
}

const struct ioc_remote_info *
ioc_remote_at(const struct ioc_remote_list *l, size_t i)
{
	return (&l->v.v[i]);
}

void
ioc_remote_list_free(struct ioc_remote_list *l)
{
	if (l != NULL)
		ioc_vec_fini(&l->v);
	free(l);
}

static struct fake_release *
find_release(struct ioc_host *h, const char *name)
{
	for (size_t i = 0; i < h->releases.n; i++) {
		if (strcmp(h->releases.v[i].name, name) == 0)
			return (&h->releases.v[i]);
	}
	return (NULL);
}

int
ioc_release_fetch(struct ioc_host *h, const struct ioc_fetch_options *o,
    struct ioc_error *err)
{
	struct fake_release *rel;
	int r;

	fake_log("fetch %s mirror=%s url=%s ca=%s update=%d source=%s",
	    o->release, o->mirror != NULL ? o->mirror : "-",
	    o->url != NULL ? o->url : "-", o->ca_file != NULL ? o->ca_file :
	    "-", o->update, o->source != NULL ? o->source : "-");
	if (o->manifest != NULL || o->from != NULL || o->sets != NULL)
		fake_log("sets %s manifest=%s from=%s", o->sets != NULL ?
		    o->sets : "-", o->manifest != NULL ? o->manifest : "-",
		    o->from != NULL ? o->from : "-");
	if (find_release(h, o->release) != NULL)
		return (ioc_fail(err, IOC_EXISTS,
		    "fetch %s: it is there already", IOC_SHOW(o->release)));
	r = fake_step(h, "release.fetch/download", o->release, err);
	if (r != 0 || h->o.dry_run)
		return (ioc_wrap(err, r, "fetch %s", IOC_SHOW(o->release)));
	rel = ioc_vec_push(&h->releases);
	rel->name = strdup(o->release);
	rel->distribution = strdup("debian");
	rel->version = strdup("-");
	return (0);
}

int
ioc_release_update(struct ioc_host *h, const char *name, bool fetch_only,
    unsigned *from, unsigned *to, struct ioc_error *err)
{
	struct fake_release *rel = find_release(h, name);
	int r;

	if (rel == NULL)
		return (ioc_fail(err, IOC_NOT_FOUND, "update %s: no release",
		    IOC_SHOW(name)));
	r = fake_step(h, "release.update/obtain", name, err);
	*from = rel->level;
	*to = rel->level + 1;
	return (ioc_wrap(err, r, "update %s", name));
}

int
ioc_release_update_list(struct ioc_host *h, const char *name,
    ioc_update_fn *fn, void *arg, struct ioc_error *err)
{
	fake_log("list updates of release %s", name);
	(void)fn("tzdata", "2024a", "2025b", arg);
	return (0);
}

int
ioc_release_rollback(struct ioc_host *h, const char *name, unsigned *from,
    unsigned *to, struct ioc_error *err)
{
	struct fake_release *rel = find_release(h, name);

	fake_log("roll back release %s", name);
	*from = rel != NULL ? rel->level : 0;
	*to = *from - 1;
	return (ioc_wrap(err, fake_step(h, "release.rollback/remove", name,
	    err), "roll back %s", name));
}

int
ioc_release_destroy(struct ioc_host *h, const char *name, struct ioc_error *err)
{
	fake_log("destroy release %s", name);
	if (find_release(h, name) == NULL)
		return (ioc_fail(err, IOC_NOT_FOUND,
		    "destroy release %s: there is none", IOC_SHOW(name)));
	return (fake_step(h, "release.destroy", name, err));
}

struct ioc_release_list {
	IOC_VEC(struct ioc_release_info) v;
};

int
ioc_release_list(struct ioc_host *h, struct ioc_release_list **ret,
    struct ioc_error *err)
{
	struct ioc_release_list *l = calloc(1, sizeof(*l));

	for (size_t i = 0; i < h->releases.n; i++) {
		const struct fake_release *r = &h->releases.v[i];

		*ioc_vec_push(&l->v) = (struct ioc_release_info){ r->name,
			"ioc", r->distribution, r->level, r->version,
			"{\"signed\": true, \"by\": \"a\033b\"}" };
	}
	*ret = l;
	return (0);
}

size_t
ioc_release_count(const struct ioc_release_list *l)
{
	return (l->v.n);
}

const struct ioc_release_info *
ioc_release_at(const struct ioc_release_list *l, size_t i)
{
	return (&l->v.v[i]);
}

void
ioc_release_list_free(struct ioc_release_list *l)
{
	if (l != NULL)
		ioc_vec_fini(&l->v);
	free(l);
}

/* --- verify -------------------------------------------------------------------------- */

const char *
ioc_tree_difference_name(enum ioc_tree_difference what)
{
	static const char *const names[] = { "changed", "missing", "extra" };

	return (names[what]);
}

/* Two differences, but for those whose name begins with "clean". */
static int
differences(const char *name, ioc_verify_fn *fn, void *arg,
    struct ioc_error *err)
{
	int r = fake_fail("verify", name, err);

	fake_log("verify %s", name);
	if (r == 0 && !ioc_str_starts(name, "clean") &&
	    (fn(IOC_TREE_CHANGED, "bin/sh", "content mode", arg) != 0 ||
	    fn(IOC_TREE_EXTRA, "tmp/a\\nb", "", arg) != 0))
		r = ioc_fail(err, IOC_CANCELED, "canceled");
	return (ioc_wrap(err, r, "verify %s", name));
}

int
ioc_release_verify(struct ioc_host *h, const char *name, ioc_verify_fn *fn,
    void *arg, size_t *n, struct ioc_error *err)
{
	if (find_release(h, name) == NULL)
		return (ioc_fail(err, IOC_NOT_FOUND, "verify %s: no release",
		    IOC_SHOW(name)));
	return (differences(name, fn, arg, err));
}

int
ioc_jail_verify(struct ioc_jail *j, ioc_verify_fn *fn, void *arg, size_t *n,
    struct ioc_error *err)
{
	return (differences(ioc_jail_name(j), fn, arg, err));
}
