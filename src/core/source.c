/* SPDX-License-Identifier: BSD-2-Clause */
/* Sources: finding them, activating directories, their defaults. */
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/str.h"
#include "core/host.h"
#include "dist/dist.h"
#include "safe/name.h"

int
ioc_source_open(struct ioc_source *s, struct ioc_error *err)
{
	const struct ioc_dist *d;
	struct ioc_error e;
	int r;

	if (s->store != NULL)
		return (0);
	if (s->error.code != 0) {
		ioc_error_copy(err, &s->error);
		return (s->error.code);
	}
	r = s->ops->open(s->where, s->host->os, &s->store, &e);
	if (r == 0) {
		d = ioc_dist_find(ioc_host_distribution(s->host));
		s->store->base_dirs = d != NULL ? d->base_dirs : NULL;
		return (0);
	}
	(void)ioc_wrap(&e, r, "source %s (%s)", s->name, IOC_SHOW(s->where));
	/* A shortage passes: the next one to ask tries again. */
	if (!ioc_error_is_shortage(&e))
		s->error = e;
	ioc_error_copy(err, &e);
	return (r);
}

int
ioc_host_find_source(struct ioc_host *h, const char *name,
    struct ioc_source **ret, struct ioc_error *err)
{
	int r;

	if (h->sources.n == 0)
		return (ioc_fail(err, IOC_STATE,
		    "no source: activate one with \"ioc activate\" first"));
	for (size_t i = 0; i < h->sources.n; i++) {
		struct ioc_source *s = &h->sources.v[i];

		if (name != NULL && strcmp(s->name, name) != 0)
			continue;
		r = ioc_source_open(s, err);
		if (r == 0)
			*ret = s;
		return (r);
	}
	return (ioc_fail(err, IOC_NOT_FOUND, "no source %s", IOC_SHOW(name)));
}

int
ioc_host_split_name(struct ioc_host *h, const char *text, int kind,
    struct ioc_source **source, const char **name, struct ioc_error *err)
{
	const char *slash = strchr(text, '/');
	char src[32];
	int r;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(src) ||
	    slash == text || slash[1] == '\0' || text[0] == '.') {
		r = ioc_name_check((enum ioc_name)kind, text, err);
		if (r != 0)
			return (r);
		*name = text;
		return (ioc_host_find_source(h, NULL, source, err));
	}
	memcpy(src, text, (size_t)(slash - text));
	src[slash - text] = '\0';
	r = ioc_name_check(IOC_NAME_SOURCE, src, err);
	if (r == 0)
		r = ioc_name_check((enum ioc_name)kind, slash + 1, err);
	if (r != 0)
		return (r);
	*name = slash + 1;
	return (ioc_host_find_source(h, src, source, err));
}

int
ioc_source_defaults(struct ioc_source *s, struct ioc_conf **ret,
    struct ioc_error *err)
{
	int r;

	if (s->defaults == NULL) {
		r = ioc_source_load_defaults(s, &s->defaults, err);
		if (r == IOC_NOT_FOUND)
			r = ioc_conf_new(&s->defaults, err);
		if (r != 0)
			return (ioc_wrap(err, r, "source %s", s->name));
	}
	*ret = s->defaults;
	return (0);
}

/* The name that a new source gets: the given one, that it has, or "ioc". */
static int
choose_name(const struct ioc_hostconf *conf, const char *path,
    const char **name, struct ioc_error *err)
{
	const struct ioc_hostconf_source *v;
	size_t n = ioc_hostconf_sources(conf, &v);

	for (size_t i = 0; i < n; i++)
		if (*name == NULL && strcmp(v[i].where, path) == 0)
			*name = v[i].name;
	if (*name == NULL)
		*name = "ioc";
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].name, *name) == 0 &&
		    strcmp(v[i].where, path) != 0)
			return (ioc_fail(err, IOC_EXISTS,
			    "source %s is %s already", *name,
			    IOC_SHOW(v[i].where)));
	return (ioc_name_check(IOC_NAME_SOURCE, *name, err));
}

/* Reads ioc.conf under a lock that others who edit it take, too. */
static int
load_locked(const char *config, bool optional, struct ioc_hostconf **ret,
    struct ioc_lock **lock, struct ioc_error *err)
{
	IOC_AUTO(ioc_hostconf_freep) struct ioc_hostconf *conf = NULL;
	auto_fd int run = -1, locks = -1;
	char owner[64];
	int r;

	r = ioc_hostconf_load(config, optional, &conf, err);
	if (r == 0)
		r = ioc_run_dir_open(conf, true, &run, &locks, err);
	(void)snprintf(owner, sizeof(owner), "edit ioc.conf (pid %ld)",
	    (long)getpid());
	if (r == 0)
		r = ioc_lock_take(locks, "ioc.conf", IOC_LOCK_EXCLUSIVE,
		    IOC_LOCK_WAIT, owner, lock, err);
	return (r == 0 ? ioc_hostconf_load(config, optional, ret, err) : r);
}

/* Makes `where` a source of that kind and writes it to ioc.conf. */
static int
activate(const struct ioc_store_ops *ops, const char *config,
    const char *where, const char *name, const char *mountpoint,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_hostconf_freep) struct ioc_hostconf *conf = NULL;
	auto_lock struct ioc_lock *lock = NULL;
	char key[64];
	int r;

	if (config == NULL)
		config = ioc_default_config;
	r = load_locked(config, true, &conf, &lock, err);
	if (r == 0)
		r = choose_name(conf, where, &name, err);
	if (r == 0)
		r = ops->activate(where, mountpoint, err);
	if (r != 0)
		return (ioc_wrap(err, r, "activate %s", IOC_SHOW(where)));
	(void)snprintf(key, sizeof(key), "ioc_%s_%s",
	    ops == &ioc_store_zfs ? "dataset" : "dir", name);
	return (ioc_wrap(err, ioc_hostconf_edit(config, key, where, err),
	    "activate %s", IOC_SHOW(where)));
}

int
ioc_activate_dir(const char *config, const char *path, const char *name,
    struct ioc_error *err)
{
	if (geteuid() != 0)
		return (ioc_fail(err, IOC_PERMISSION, "activate needs root"));
	if (path[0] != '/')
		return (ioc_fail(err, IOC_INVALID,
		    "directory %s: not an absolute path", IOC_SHOW(path)));
	return (activate(&ioc_store_dir, config, path, name, NULL, err));
}

/* "POOL" stands for POOL/iocage. */
static int
dataset_of(const char *pool, char **ret, struct ioc_error *err)
{
	int r = ioc_name_check(IOC_NAME_DATASET, pool, err);

	if (r != 0)
		return (r);
	if (asprintf(ret, "%s%s", pool, strchr(pool, '/') != NULL ? "" :
	    "/iocage") < 0) {
		*ret = NULL;
		return (ioc_fail_nomem(err));
	}
	return (0);
}

int
ioc_activate_pool(const char *config, const char *pool, const char *name,
    const char *mountpoint, struct ioc_error *err)
{
	auto_free char *where = NULL;
	int r;

	if (geteuid() != 0)
		return (ioc_fail(err, IOC_PERMISSION, "activate needs root"));
	r = dataset_of(pool, &where, err);
	if (r != 0)
		return (ioc_wrap(err, r, "activate %s", IOC_SHOW(pool)));
	return (activate(&ioc_store_zfs, config, where, name, mountpoint,
	    err));
}

/* A source by its place, its name, or its pool. */
static bool
is_meant(const struct ioc_hostconf_source *s, const char *where)
{
	size_t len = strlen(where);

	if (strcmp(s->where, where) == 0 || strcmp(s->name, where) == 0)
		return (true);
	return (s->zfs && strncmp(s->where, where, len) == 0 &&
	    strcmp(s->where + len, "/iocage") == 0);
}

int
ioc_deactivate(const char *config, const char *where, struct ioc_error *err)
{
	IOC_AUTO(ioc_hostconf_freep) struct ioc_hostconf *conf = NULL;
	auto_lock struct ioc_lock *lock = NULL;
	const struct ioc_hostconf_source *v;
	char key[64];
	size_t n;
	int r;

	if (geteuid() != 0)
		return (ioc_fail(err, IOC_PERMISSION, "deactivate needs root"));
	if (config == NULL)
		config = ioc_default_config;
	r = load_locked(config, false, &conf, &lock, err);
	if (r != 0)
		return (r);
	n = ioc_hostconf_sources(conf, &v);
	for (size_t i = 0; i < n; i++) {
		if (!is_meant(&v[i], where))
			continue;
		(void)snprintf(key, sizeof(key), "ioc_%s_%s",
		    v[i].zfs ? "dataset" : "dir", v[i].name);
		r = ioc_hostconf_edit(config, key, NULL, err);
		/* A pool that is gone can be forgotten all the same. */
		if (r == 0 && v[i].zfs)
			(void)ioc_store_zfs_mark(v[i].where, false, NULL);
		return (r);
	}
	return (ioc_fail(err, IOC_NOT_FOUND, "no source %s in %s",
	    IOC_SHOW(where), config));
}
