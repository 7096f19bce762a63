/* SPDX-License-Identifier: BSD-2-Clause */
/* A release or jail against what was recorded when it was unpacked. */
#include "ioc/verify.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/basejail.h"
#include "core/event.h"
#include "core/jail.h"
#include "core/layers.h"
#include "core/level.h"
#include "core/release.h"
#include "safe/path.h"
#include "safe/verify.h"

/* Of a jail: what programs write to by themselves, and what is mounted. */
static const char *const volatile_paths[] = {
	"dev", "proc", "sys", "tmp/*", "run/*", "var/run/*", "var/tmp/*",
	NULL
};

struct verify {
	struct ioc_host	*host;
	const char	*who;
	ioc_verify_fn	*fn;
	void		*arg;
	size_t		 n;		/* differences so far */
	struct ioc_root_layers layers;
	struct ioc_strv	 ignore;
	int		 record_fd;
};

#define	VERIFY(h, name, f, a)						\
	{ .host = (h), .who = (name), .fn = (f), .arg = (a),		\
	    .layers = IOC_ROOT_LAYERS, .ignore = IOC_STRV, .record_fd = -1 }

static void
verify_fini(struct verify *v)
{
	ioc_root_layers_fini(&v->layers);
	ioc_strv_fini(&v->ignore);
	ioc_fd_close(&v->record_fd);
}

const char *
ioc_tree_difference_name(enum ioc_tree_difference what)
{
	static const char *const names[] = { "changed", "missing", "extra" };

	return ((size_t)what < sizeof(names) / sizeof(*names) ? names[what] :
	    "unknown");
}

/* --- comparing --------------------------------------------------------------------- */

static int
found(enum ioc_difference what, const char *path, const char *detail,
    void *arg)
{
	static const enum ioc_tree_difference words[] = {
		[IOC_DIFF_CHANGED] = IOC_TREE_CHANGED,
		[IOC_DIFF_MISSING] = IOC_TREE_MISSING,
		[IOC_DIFF_EXTRA] = IOC_TREE_EXTRA,
	};
	struct verify *v = arg;

	v->n++;
	return (v->fn == NULL ? 0 : v->fn(words[what], path,
	    detail != NULL ? detail : "", v->arg));
}

static int
progress(uint64_t done, uint64_t total, void *arg)
{
	struct verify *v = arg;

	return (ioc_emit_progress(v->host, "verify", v->who, done, total,
	    false, NULL));
}

/* The record of a patch level, and what ioc itself has changed in it. */
static int
open_record(struct verify *v, struct ioc_source *s, const char *release,
    unsigned level, struct ioc_error *err)
{
	const struct ioc_dist *d = NULL;
	auto_free char *vol = NULL;
	auto_fd int dir = -1;
	int r = ioc_release_dist(s, release, &d, err);

	if (r != 0)
		return (r);
	if (asprintf(&vol, "releases/%s/p%u", release, level) < 0) {
		vol = NULL;
		return (ioc_fail_nomem(err));
	}
	/* By the store: who died in a rename has left it unmounted. */
	dir = s->store->ops->dir(s->store, vol, err);
	v->record_fd = dir < 0 ? dir : ioc_path_open(dir, IOC_LEVEL_RECORD,
	    O_RDONLY, IOC_PATH_NOLINKS, err);
	if (v->record_fd == IOC_NOT_FOUND)
		return (ioc_fail(err, IOC_UNSUPPORTED, "nothing was recorded of "
		    "the files of %s at patch level %u", release, level));
	if (v->record_fd < 0)
		return (v->record_fd);
	for (const struct ioc_dist_line *l = d->config;
	    l != NULL && l->file != NULL; l++)
		if (!ioc_strv_has(&v->ignore, l->file))
			(void)ioc_strv_add(&v->ignore, l->file);
	return (ioc_strv_check(&v->ignore, err));
}

static int
compare(struct verify *v, struct ioc_source *s, const char *vol,
    uint32_t id_base, size_t *n, struct ioc_error *err)
{
	struct ioc_verify t = {
		.helper_dir = v->host->helper_dir, .record_fd = v->record_fd,
		.layers = v->layers.v, .found = found, .progress = progress,
		.arg = v,
	};
	int r = ioc_root_layers(s, vol, &v->layers, err);

	if (r != 0)
		return (r);
	t.nlayers = v->layers.n;
	t.ignore = ioc_strv_get(&v->ignore);
	t.id_base = ioc_root_layers_base(&v->layers, id_base);
	r = ioc_verify_tree(&t, err);
	if (r == 0 && n != NULL)
		*n = v->n;
	return (r);
}

int
ioc_release_verify(struct ioc_host *h, const char *name, ioc_verify_fn *fn,
    void *arg, size_t *n, struct ioc_error *err)
{
	IOC_AUTO(verify_fini) struct verify v = VERIFY(h, name, fn, arg);
	auto_lock struct ioc_lock *lock = NULL;
	auto_free char *vol = NULL;
	struct ioc_source *s;
	unsigned level;
	int r;

	r = ioc_host_need_root(h, "verify", err);
	if (r == 0)
		r = ioc_release_find(h, NULL, name, &s, &level, err);
	if (r != 0)
		return (ioc_wrap(err, r, "verify %s", IOC_SHOW(name)));
	if (strchr(name, '/') != NULL)
		name = strchr(name, '/') + 1;
	if (asprintf(&vol, "releases/%s/p%u", name, level) < 0) {
		vol = NULL;
		return (ioc_fail_nomem(err));
	}
	r = ioc_release_lock(s, vol, IOC_LOCK_SHARED, "verify", &lock, err);
	if (r == 0)
		r = open_record(&v, s, name, level, err);
	if (r == 0)
		r = compare(&v, s, vol, 0, n, err);
	return (ioc_wrap(err, r, "verify %s", name));
}

int
ioc_jail_verify(struct ioc_jail *j, ioc_verify_fn *fn, void *arg, size_t *n,
    struct ioc_error *err)
{
	IOC_AUTO(verify_fini) struct verify v =
	    VERIFY(j->host, j->name, fn, arg);
	int64_t level = 0, base = 0;
	const char *release = NULL;
	int r;

	r = ioc_host_need_root(j->host, "verify", err);
	if (r == 0)
		r = ioc_jail_value(j, "release", &release, err);
	if (r == 0 && ioc_str_is_none(release))
		r = ioc_fail(err, IOC_STATE, "it was not made from a release");
	if (r == 0)
		r = ioc_jail_value_int(j, "patch_level", &level, err);
	if (r == 0)
		r = ioc_jail_value_int(j, "id_base", &base, err);
	(void)ioc_strv_addv(&v.ignore, volatile_paths);
	if (r == 0 && strchr(release, '/') != NULL)
		release = strchr(release, '/') + 1;
	if (r == 0)
		r = open_record(&v, j->source, release, (unsigned)level, err);
	if (r == 0)
		r = ioc_basejail_root(j, &v.layers.base,
		    &v.layers.base_dirs, err);
	if (r == 0)
		r = compare(&v, j->source, j->vol, (uint32_t)base, n, err);
	return (ioc_wrap(err, r, "verify %s", j->name));
}
