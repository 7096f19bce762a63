/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/release.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "core/create.h"
#include "core/step.h"
#include "safe/file.h"
#include "safe/name.h"
#include "safe/path.h"

/* Where FreeBSD's package freebsd-release-manifests puts them. */
#define	MANIFEST_DIR	"/usr/local/share/freebsd/MANIFESTS"

int
ioc_release_level_of(const char *name)
{
	uint64_t v;

	if (name[0] != 'p' || ioc_str_to_u64(name + 1, 0, 99999, &v, NULL) != 0)
		return (-1);
	return ((int)v);
}

int
ioc_release_level(struct ioc_source *s, const char *name, unsigned *level,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	auto_free char *vol = NULL;
	int r, best = -1;

	if (asprintf(&vol, "releases/%s", name) < 0)
		return (ioc_fail_nomem(err));
	r = s->store->ops->list(s->store, vol, &names, err);
	if (r != 0 && r != IOC_NOT_FOUND)
		return (ioc_wrap(err, r, "release %s", name));
	for (size_t i = 0; i < names.n; i++)
		if (ioc_release_level_of(names.v[i]) > best)
			best = ioc_release_level_of(names.v[i]);
	if (best < 0)
		return (ioc_fail(err, IOC_NOT_FOUND, "no release %s", name));
	*level = (unsigned)best;
	return (0);
}

int
ioc_release_find(struct ioc_host *h, const char *source, const char *name,
    struct ioc_source **ret, unsigned *level, struct ioc_error *err)
{
	int r;

	if (source != NULL) {
		r = ioc_name_check(IOC_NAME_RELEASE, name, err);
		if (r == 0)
			r = ioc_host_find_source(h, source, ret, err);
	} else
		r = ioc_host_split_name(h, name, IOC_NAME_RELEASE, ret, &name,
		    err);
	if (r == 0)
		r = ioc_release_level(*ret, name, level, err);
	return (r);
}

static int
load_json(int dirfd, const char *file, json_t **ret, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_JSON_MAX);
	int r = ioc_file_read(dirfd, file, &b, err);

	if (r == 0)
		r = ioc_wrap(err, ioc_json_parse(ioc_buf_str(&b), b.len, ret,
		    err), "%s", file);
	return (r);
}

/*
 * What libioc or iocage fetched has nothing written down about it: what its name
 * tells is all that is known.
 */
static int
describe_adopted(struct ioc_source *s, const char *name, json_t **ret,
    struct ioc_error *err)
{
	const struct ioc_dist *d = ioc_dist_of_release(name);
	unsigned level;
	int r = ioc_release_level(s, name, &level, err);

	if (r != 0)
		return (r);
	if (d == NULL)
		d = ioc_dist_find(ioc_host_distribution(s->host));
	*ret = json_pack("{s:i, s:s, s:s, s:{s:b}}", "schema", 1, "name", name,
	    "distribution", d != NULL ? d->name : "archive", "provenance",
	    "adopted", 1);
	return (*ret == NULL ? ioc_fail_nomem(err) : 0);
}

int
ioc_release_load(struct ioc_source *s, const char *name, json_t **ret,
    struct ioc_error *err)
{
	auto_free char *path = NULL;
	struct ioc_error e = { .code = 0 };
	int r;

	if (asprintf(&path, "releases/%s/release.json", name) < 0) {
		path = NULL;
		return (ioc_fail_nomem(err));
	}
	r = load_json(s->store->root, path, ret, &e);
	if (r == IOC_NOT_FOUND && s->store->ops->mounts)
		return (describe_adopted(s, name, ret, err));
	ioc_error_copy(err, &e);
	return (ioc_wrap(err, r, "release %s", name));
}

static const char *
json_text(const json_t *j, const char *key, const char *fallback)
{
	const char *v = json_string_value(json_object_get(j, key));

	return (v != NULL ? v : fallback);
}

int
ioc_release_dist(struct ioc_source *s, const char *name,
    const struct ioc_dist **ret, struct ioc_error *err)
{
	auto_json json_t *j = NULL;
	const char *dist;
	int r;

	r = ioc_release_load(s, name, &j, err);
	if (r != 0)
		return (r);
	dist = json_text(j, "distribution", "");
	*ret = ioc_dist_find(dist);
	if (*ret == NULL)
		return (ioc_fail(err, IOC_FORMAT,
		    "release %s: unknown distribution \"%s\"", name,
		    IOC_SHOW(dist)));
	return (0);
}

int
ioc_release_runs_here(const struct ioc_host *h, const struct ioc_dist *d,
    struct ioc_error *err)
{
	const char *system = ioc_os_facts(h->os)->system;

	if (ioc_dist_runs_on(d, system))
		return (0);
	return (ioc_fail(err, IOC_UNSUPPORTED, "a release of %s cannot run "
	    "here: it needs a host that runs %s, this one runs %s", d->name,
	    d->systems[0], system));
}

/* The distribution of the release that a volume "releases/R/pN" is of. */
static int
dist_of_volume(struct ioc_source *s, const char *vol, char **name,
    const struct ioc_dist **ret, struct ioc_error *err)
{
	const char *begin = vol + strlen("releases/");

	*name = strndup(begin, strcspn(begin, "/"));
	return (*name == NULL ? ioc_fail_nomem(err) :
	    ioc_release_dist(s, *name, ret, err));
}

int
ioc_release_volume_runs_here(struct ioc_source *s, const char *vol,
    struct ioc_error *err)
{
	auto_free char *name = NULL;
	const struct ioc_dist *d;
	int r = dist_of_volume(s, vol, &name, &d, err);

	return (r == 0 ? ioc_release_runs_here(s->host, d, err) : r);
}

int
ioc_release_describe(struct ioc_source *s, const char *origin,
    struct ioc_conf *conf, struct ioc_error *err)
{
	auto_free char *plain = NULL;
	const struct ioc_dist *d;
	int r;

	r = dist_of_volume(s, origin, &plain, &d, err);
	if (r == 0)
		r = ioc_conf_set(conf, "release", plain, err);
	if (r == 0)
		r = ioc_conf_set(conf, "patch_level", strrchr(origin, '/') + 2,
		    err);
	if (r == 0)
		r = ioc_conf_set(conf, "distribution", d->name, err);
	return (r);
}

int
ioc_release_lock(struct ioc_source *s, const char *vol,
    enum ioc_lock_mode mode, const char *verb, struct ioc_lock **ret,
    struct ioc_error *err)
{
	const char *name = vol + strlen("releases/");
	auto_free char *key = NULL;

	if (asprintf(&key, "%s.%.*s", s->name, (int)strcspn(name, "/"),
	    name) < 0) {
		key = NULL;
		return (ioc_fail_nomem(err));
	}
	return (ioc_host_lock(s->host, "release", key, mode, verb,
	    IOC_LOCK_WAIT, ret, err));
}

int
ioc_release_write_json(int dirfd, const char *file, const json_t *j,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_JSON_MAX);
	int r = ioc_json_print(j, &b, err);

	if (r == 0)
		r = ioc_file_replace(dirfd, file, b.data, b.len, 0600,
		    (uid_t)-1, (gid_t)-1, 0, err);
	return (r);
}

/* The host's value of a key that ends with the name of a distribution. */
static const char *
conf_of(struct ioc_host *h, const char *prefix, const struct ioc_dist *d)
{
	size_t n = strlen(prefix);
	char key[64];

	(void)snprintf(key, sizeof(key), "%s", prefix);
	for (const char *p = d->name; *p != '\0' && n + 1 < sizeof(key); p++)
		key[n++] = (char)toupper((unsigned char)*p);
	key[n] = '\0';
	return (ioc_hostconf_get(h->conf, key));
}

void
ioc_release_job(struct ioc_host *h, const struct ioc_dist *d,
    struct ioc_dist_job *job)
{
	if (job->mirror == NULL)
		job->mirror = conf_of(h, "ioc_mirror_", d);
	job->packages = conf_of(h, "ioc_packages_", d);
	job->signers = conf_of(h, "ioc_signers_", d);
	if (job->ca_file == NULL)
		job->ca_file = ioc_hostconf_get(h->conf, "ioc_tls_ca_file");
	job->proxy = ioc_hostconf_get(h->conf, "ioc_proxy");
	job->manifest_dir = ioc_hostconf_get(h->conf, "ioc_manifest_dir");
	if (job->manifest_dir == NULL)
		job->manifest_dir = MANIFEST_DIR;
	job->host_arch = ioc_os_facts(h->os)->arch;
	job->helper_dir = h->helper_dir;
}

/* --- listing ------------------------------------------------------------------ */

struct ioc_release_list {
	IOC_VEC(struct entry {
		struct ioc_release_info info;
		char	*name;
		char	*distribution;
		char	*version;
		char	*provenance;
	}) v;
};

/* Of the reasons to leave something out this one is none. */
static int
only_shortage(int r, const struct ioc_error *cause, struct ioc_error *err)
{
	if (!ioc_error_is_shortage(cause))
		return (0);
	ioc_error_copy(err, cause);
	return (r);
}

static int
add_entry(struct ioc_release_list *l, struct ioc_source *s, const char *name,
    struct ioc_error *err)
{
	auto_json json_t *j = NULL, *level_json = NULL;
	auto_free char *path = NULL;
	struct ioc_error cause = { .code = 0 };
	const json_t *provenance;
	struct entry *e;
	unsigned level;
	int r;

	/* What is not whole is not a release. */
	r = ioc_release_level(s, name, &level, &cause);
	if (r == 0)
		r = ioc_release_load(s, name, &j, &cause);
	if (r != 0)
		return (only_shortage(r, &cause, err));
	if (asprintf(&path, "releases/%s/p%u/level.json", name, level) < 0)
		return (ioc_fail_nomem(err));
	r = load_json(s->store->root, path, &level_json, &cause);
	if (r != 0 && (r = only_shortage(r, &cause, err)) != 0)
		return (r);
	e = ioc_vec_push(&l->v);
	if (e == NULL)
		return (ioc_fail_nomem(err));
	e->name = strdup(name);
	e->distribution = strdup(json_text(j, "distribution", "-"));
	e->version = strdup(json_text(level_json, "version", "-"));
	provenance = json_object_get(j, "provenance");
	e->provenance = provenance == NULL ? strdup("{}") :
	    json_dumps(provenance, JSON_COMPACT | JSON_SORT_KEYS |
	    JSON_ENCODE_ANY);
	if (e->name == NULL || e->distribution == NULL || e->version == NULL ||
	    e->provenance == NULL)
		return (ioc_fail_nomem(err));
	e->info = (struct ioc_release_info){
		.name = e->name, .source = s->name,
		.distribution = e->distribution, .patch_level = level,
		.version = e->version, .provenance = e->provenance,
	};
	return (0);
}

static int
by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return (c != 0 ? c : strcmp(x->info.source, y->info.source));
}

int
ioc_release_list(struct ioc_host *h, struct ioc_release_list **ret,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_release_list_freep) struct ioc_release_list *l = NULL;
	struct ioc_source *main_source;
	int r;

	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_host_find_source(h, NULL, &main_source, err);
	for (size_t i = 0; r == 0 && i < h->sources.n; i++) {
		auto_strv struct ioc_strv names = IOC_STRV;
		struct ioc_source *s = &h->sources.v[i];
		struct ioc_error cause;

		r = ioc_source_open(s, &cause);
		if (r != 0) {
			r = only_shortage(r, &cause, err);
			continue;
		}
		r = s->store->ops->list(s->store, "releases", &names, err);
		for (size_t k = 0; r == 0 && k < names.n; k++)
			r = add_entry(l, s, names.v[k], err);
	}
	if (r != 0)
		return (r);
	if (l->v.n > 1)
		qsort(l->v.v, l->v.n, sizeof(*l->v.v), by_name);
	*ret = take_ptr(l);
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
	return (i < l->v.n ? &l->v.v[i].info : NULL);
}

void
ioc_release_list_free(struct ioc_release_list *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->v.n; i++) {
		free(l->v.v[i].name);
		free(l->v.v[i].distribution);
		free(l->v.v[i].version);
		free(l->v.v[i].provenance);
	}
	ioc_vec_fini(&l->v);
	free(l);
}
