/* SPDX-License-Identifier: BSD-2-Clause */
/* Fetching a release, and removing one. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "core/create.h"
#include "core/event.h"
#include "core/ids.h"
#include "core/level.h"
#include "core/release.h"
#include "core/step.h"
#include "core/tempjail.h"
#include "safe/hash.h"
#include "safe/name.h"
#include "safe/path.h"

struct fetch {
	struct ioc_host	*host;
	const struct ioc_fetch_options *o;
	const struct ioc_dist *dist;
	struct ioc_build build;
	struct ioc_level level;
};

static int
journal(void *ctx, struct ioc_error *err)
{
	struct fetch *f = ctx;

	return (ioc_build_journal(&f->build, err));
}

static int
unjournal(void *ctx, struct ioc_error *err)
{
	struct fetch *f = ctx;

	return (ioc_build_unjournal(&f->build, err));
}

/* The container "TOKEN" with the volume "p0" in it. */
static int
stage(void *ctx, struct ioc_error *err)
{
	struct fetch *f = ctx;
	struct ioc_store *s = f->build.source->store;
	auto_free char *vol = NULL;
	int r;

	if (asprintf(&vol, "%s/p0", f->build.staging) < 0)
		return (ioc_fail_nomem(err));
	r = s->ops->create(s, vol, err);
	return (r == 0 ? ioc_level_open(&f->level, f->build.source, vol, err) :
	    r);
}

static int
unstage(void *ctx, struct ioc_error *err)
{
	struct fetch *f = ctx;

	ioc_level_close(&f->level);
	return (ioc_build_unvolume(&f->build, err));
}

static int
obtain(void *ctx, struct ioc_error *err)
{
	struct fetch *f = ctx;

	f->level.event = "release.fetch/obtain";
	return (f->dist->fetch(&f->level.job, err));
}

static int
finish(void *ctx, struct ioc_error *err)
{
	struct fetch *f = ctx;

	if (f->dist->finish_argv == NULL)
		return (0);
	return (ioc_level_run(&f->level, &f->build, "release.fetch/finish",
	    f->dist->finish_argv, f->dist->finish_env, false, err));
}

static int
unfinish(void *ctx, struct ioc_error *err)
{
	struct fetch *f = ctx;

	return (ioc_build_unids(&f->build, err));
}

static int
clean(void *ctx, struct ioc_error *err)
{
	struct fetch *f = ctx;

	return (f->dist->clean != NULL ?
	    f->dist->clean(&f->level.job, err) : 0);
}

static int
record(void *ctx, struct ioc_error *err)
{
	struct fetch *f = ctx;
	struct ioc_store *s = f->build.source->store;
	auto_json json_t *j = NULL;
	auto_fd int dir = -1;
	int r;

	r = ioc_level_record(&f->level, 0, err);
	if (r != 0)
		return (r);
	dir = ioc_path_dir(s->root, f->build.staging, IOC_PATH_NOLINKS, err);
	if (dir < 0)
		return (dir);
	j = json_pack("{s:i, s:s, s:s, s:s*, s:O}", "schema", 1,
	    "name", f->o->release, "distribution", f->dist->name,
	    "arch", f->level.job.arch, "provenance", f->level.job.provenance);
	if (j == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_release_write_json(dir, "release.json", j, err);
	return (r == 0 ? ioc_level_sync(&f->level, err) : r);
}

static int
commit(void *ctx, struct ioc_error *err)
{
	struct fetch *f = ctx;
	struct ioc_store *s = f->build.source->store;
	auto_free char *vol = NULL;
	int r;

	ioc_level_close(&f->level);
	if (asprintf(&vol, "releases/%s", f->o->release) < 0)
		return (ioc_fail_nomem(err));
	r = s->ops->rename(s, f->build.staging, vol, err);
	if (r == 0)
		ioc_journal_end(take_ptr(f->build.journal));
	return (r);
}

static const struct ioc_step fetch_table[] = {
	{ "journal", journal, unjournal },
	{ "stage", stage, unstage },
	{ "obtain", obtain, NULL },	/* all of it lies in staging */
	{ "finish", finish, unfinish },
	{ "clean", clean, NULL },
	{ "record", record, NULL },
	{ "commit", commit, NULL },
};

static const struct ioc_steps fetch_steps =
    IOC_STEPS("release.fetch", fetch_table);

/* Which distribution is meant, and does it know such a release? */
static int
choose_dist(struct fetch *f, struct ioc_error *err)
{
	const struct ioc_fetch_options *o = f->o;
	const char *name = o->distribution;
	const struct ioc_dist *by_release;

	if (o->url != NULL)
		name = "archive";
	by_release = ioc_dist_of_release(o->release);
	if (name == NULL && by_release != NULL)
		name = by_release->name;
	if (name == NULL)
		name = ioc_host_distribution(f->host);
	f->dist = ioc_dist_find(name);
	if (f->dist == NULL)
		return (ioc_fail(err, IOC_NOT_FOUND, "no distribution %s",
		    IOC_SHOW(name)));
	if (f->dist->releases == NULL)
		return (0);
	for (const char *const *v = f->dist->releases; *v != NULL; v++)
		if (strcmp(*v, o->release) == 0)
			return (0);
	return (ioc_fail(err, IOC_NOT_FOUND, "%s has no release %s",
	    f->dist->name, o->release));
}

static int
judge(struct fetch *f, struct ioc_error *err)
{
	const struct ioc_fetch_options *o = f->o;
	char hex[IOC_SHA256_HEX];
	unsigned level;
	int r;

	r = ioc_host_need_root(f->host, "fetch", err);
	if (r == 0)
		r = ioc_name_check(IOC_NAME_RELEASE, o->release, err);
	if (r == 0 && (o->url == NULL) != (o->sha256 == NULL))
		r = ioc_fail(err, IOC_INVALID,
		    "url and sha256 must be given together");
	if (r == 0 && o->sha256 != NULL)
		r = ioc_hash_parse(o->sha256, hex, err);
	if (r == 0)
		r = choose_dist(f, err);
	if (r == 0)
		r = ioc_host_find_source(f->host, o->source,
		    &f->build.source, err);
	if (r != 0)
		return (r);
	r = ioc_release_level(f->build.source, o->release, &level, err);
	if (r == 0)
		return (ioc_fail(err, IOC_EXISTS, "release %s exists already",
		    o->release));
	return (r == IOC_NOT_FOUND ? 0 : r);
}

static void
fetch_fini(struct fetch *f)
{
	ioc_level_close(&f->level);
	ioc_build_fini(&f->build);
}

/* The level without updates goes: there is no jail yet that it is for. */
static int
update_fresh(struct fetch *f, struct ioc_error *err)
{
	struct ioc_store *s = f->build.source->store;
	const char *name = f->o->release;
	auto_free char *vol = NULL;
	unsigned level;
	int r;

	if (f->host->dry_run)
		return (ioc_release_plan_update(f->host, name, err));
	r = ioc_release_update(f->host, name, false, NULL, &level, err);
	if (r != 0)
		return (ioc_wrap(err, r, "it is there, without updates"));
	if (level == 0)
		return (0);
	if (asprintf(&vol, "releases/%s/p0", name) < 0)
		return (ioc_fail_nomem(err));
	r = s->ops->destroy(s, vol, err);
	return (r == IOC_BUSY ? 0 : r);	/* somebody was quick */
}

int
ioc_release_fetch(struct ioc_host *h, const struct ioc_fetch_options *o,
    struct ioc_error *err)
{
	IOC_AUTO(fetch_fini) struct fetch f = {
		.host = h, .o = o, .level = IOC_LEVEL,
		.build = { .host = h, .op = "fetch", .name = o->release },
	};
	auto_lock struct ioc_lock *lock = NULL;
	auto_free char *vol = NULL;
	int r;

	r = judge(&f, err);
	if (r == 0 && asprintf(&vol, "releases/%s", o->release) < 0)
		r = ioc_fail_nomem(err);
	if (r == 0)
		r = ioc_release_lock(f.build.source, vol, IOC_LOCK_EXCLUSIVE,
		    "fetch", &lock, err);
	if (r == 0) {
		ioc_level_job(&f.level, h, f.dist, o);
		r = ioc_steps_run(&fetch_steps, h, o->release, &f, err);
	}
	if (lock != NULL)
		ioc_lock_release(take_ptr(lock), true);
	if (r == 0 && o->update && f.dist->update_fetch != NULL)
		r = update_fresh(&f, err);
	return (ioc_wrap(err, r, "fetch %s", IOC_SHOW(o->release)));
}

/* --- removing ------------------------------------------------------------------- */

static int
detach(void *ctx, struct ioc_error *err)
{
	struct fetch *f = ctx;
	struct ioc_store *s = f->build.source->store;
	auto_free char *vol = NULL;

	if (asprintf(&vol, "releases/%s", f->build.name) < 0)
		return (ioc_fail_nomem(err));
	return (s->ops->rename(s, vol, f->build.staging, err));
}

static int
reattach(void *ctx, struct ioc_error *err)
{
	struct fetch *f = ctx;
	struct ioc_store *s = f->build.source->store;
	auto_free char *vol = NULL;
	int r;

	if (asprintf(&vol, "releases/%s", f->build.name) < 0)
		return (ioc_fail_nomem(err));
	r = s->ops->rename(s, f->build.staging, vol, err);
	return (r == IOC_NOT_FOUND ? 0 : r);
}

static const struct ioc_step destroy_table[] = {
	{ "journal", journal, unjournal },
	{ "detach", detach, reattach },
};

static const struct ioc_steps destroy_steps =
    IOC_STEPS("release.destroy", destroy_table);

int
ioc_release_destroy(struct ioc_host *h, const char *name,
    struct ioc_error *err)
{
	IOC_AUTO(fetch_fini) struct fetch f = { .host = h, .level = IOC_LEVEL };
	auto_lock struct ioc_lock *lock = NULL;
	auto_free char *vol = NULL;
	unsigned level;
	int r;

	f.build.host = h;
	f.build.op = "destroy";
	r = ioc_host_need_root(h, "destroy", err);
	if (r == 0)
		r = ioc_release_find(h, NULL, name, &f.build.source, &level,
		    err);
	f.build.name = strchr(name, '/') != NULL ? strchr(name, '/') + 1 : name;
	if (r == 0 && asprintf(&vol, "releases/%s", f.build.name) < 0)
		r = ioc_fail_nomem(err);
	if (r == 0)
		r = ioc_release_lock(f.build.source, vol, IOC_LOCK_EXCLUSIVE,
		    "destroy", &lock, err);
	if (r == 0)
		r = ioc_release_unused(f.build.source, f.build.name, err);
	if (r == 0)
		r = ioc_steps_run(&destroy_steps, h, f.build.name, &f, err);
	if (r == 0 && !h->dry_run) {
		r = ioc_build_unvolume(&f.build, err);
		if (r == 0)
			ioc_journal_end(take_ptr(f.build.journal));
	}
	return (ioc_wrap(err, r, "destroy %s", IOC_SHOW(name)));
}
