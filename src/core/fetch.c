/* SPDX-License-Identifier: BSD-2-Clause */
/* Fetching a release, and removing one. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "conf/rcconf.h"
#include "core/create.h"
#include "core/event.h"
#include "core/ids.h"
#include "core/level.h"
#include "core/pin.h"
#include "core/release.h"
#include "core/step.h"
#include "core/tempjail.h"
#include "safe/hash.h"
#include "safe/name.h"
#include "safe/path.h"

#define	CONFIG_LINES	16	/* at once */

struct fetch {
	struct ioc_host	*host;
	const struct ioc_fetch_options *o;
	const struct ioc_dist *dist;
	struct ioc_build build;
	struct ioc_level level;
	int		 record_fd;
	struct ioc_pin	 pin;
};

/* One that is on its way from nowhere. */
#define	FETCH	.level = IOC_LEVEL, .record_fd = -1, .pin = IOC_PIN

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

/* The file that will tell what was unpacked, where the distribution fills it. */
static int
open_record(struct fetch *f, const char *vol, struct ioc_error *err)
{
	auto_free char *path = NULL;

	if (asprintf(&path, "%s/" IOC_LEVEL_RECORD, vol) < 0)
		return (ioc_fail_nomem(err));
	f->record_fd = ioc_path_create(f->build.source->store->root, path,
	    0600, IOC_PATH_NOLINKS, err);
	f->level.job.record_fd = f->record_fd;
	return (f->record_fd < 0 ? f->record_fd : 0);
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
	if (r == 0)
		r = ioc_level_open(&f->level, f->build.source, vol, err);
	return (r == 0 && f->dist->records ? open_record(f, vol, err) : r);
}

static int
unstage(void *ctx, struct ioc_error *err)
{
	struct fetch *f = ctx;

	ioc_level_close(&f->level);
	ioc_fd_close(&f->record_fd);
	return (ioc_build_unvolume(&f->build, err));
}

static int
obtain(void *ctx, struct ioc_error *err)
{
	struct fetch *f = ctx;
	int r = ioc_pin_open(&f->pin, f->build.source, &f->level.job, err);

	f->level.event = "release.fetch/obtain";
	return (r == 0 ? f->dist->fetch(&f->level.job, err) : r);
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

/* The lines of one file after the other; a table has them together. */
static int
configure(void *ctx, struct ioc_error *err)
{
	struct fetch *f = ctx;
	const struct ioc_dist_line *l = f->dist->config;
	auto_fd int etc = -1;

	if (l == NULL)
		return (0);
	etc = ioc_path_mkdirs(f->level.root_fd, "etc", 0755, 0, 0,
	    IOC_PATH_NOLINKS, err);
	if (etc < 0)
		return (etc);
	while (l->file != NULL) {
		struct ioc_rcconf_change v[CONFIG_LINES];
		const char *file = l->file;
		size_t n = 0;
		int r;

		for (; l->file != NULL && strcmp(l->file, file) == 0 &&
		    n < CONFIG_LINES; l++)
			v[n++] = (struct ioc_rcconf_change){ l->key, l->value };
		r = ioc_rcconf_edit(ioc_str_ends(file, "/sysctl.conf") ?
		    IOC_RCCONF_SYSCTL : IOC_RCCONF_SHELL, f->level.root_fd,
		    file, v, n, err);
		if (r != 0)
			return (r);
	}
	return (0);
}

static int
clean(void *ctx, struct ioc_error *err)
{
	struct fetch *f = ctx;

	return (f->dist->clean != NULL ?
	    f->dist->clean(&f->level.job, err) : 0);
}

/* When it was fetched: "2026-11-30T08:00:00Z". */
static int
add_time(json_t *provenance, struct ioc_error *err)
{
	time_t now = time(NULL);
	char text[32];
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return (ioc_fail(err, IOC_FAILED, "no time of day"));
	return (json_object_set_new(provenance, "fetched",
	    json_string(text)) == 0 ? 0 : ioc_fail_nomem(err));
}

static int
record(void *ctx, struct ioc_error *err)
{
	struct fetch *f = ctx;
	struct ioc_store *s = f->build.source->store;
	auto_json json_t *j = NULL;
	auto_fd int dir = -1;
	int r = 0;

	if (!f->dist->records)
		r = ioc_level_take_record(&f->level, err);
	if (r == 0)
		r = ioc_level_record(&f->level, 0, err);
	if (r != 0)
		return (r);
	dir = ioc_path_dir(s->root, f->build.staging, IOC_PATH_NOLINKS, err);
	if (dir < 0)
		return (dir);
	r = add_time(f->level.job.provenance, err);
	if (r != 0)
		return (r);
	j = json_pack("{s:i, s:s, s:s, s:s*, s:O}", "schema", 1,
	    "name", f->o->release, "distribution", f->dist->name,
	    "arch", f->level.job.arch, "provenance", f->level.job.provenance);
	if (j == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_release_write_json(dir, "release.json", j, err);
	if (r == 0)
		r = ioc_pin_write(&f->pin, dir, err);
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
	ioc_fd_close(&f->record_fd);
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
	{ "configure", configure, NULL },
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
	if (!f->dist->has_sets && (o->manifest != NULL || o->from != NULL ||
	    o->sets != NULL))
		return (ioc_fail(err, IOC_INVALID, "releases of %s have neither "
		    "a manifest nor sets", f->dist->name));
	if (f->dist->releases == NULL || ioc_dist_knows(f->dist, o->release))
		return (0);
	return (ioc_fail(err, IOC_NOT_FOUND, "%s has no release %s",
	    f->dist->name, o->release));
}

/* What is read as the host's own must be named from its root. */
static int
judge_paths(const struct ioc_fetch_options *o, struct ioc_error *err)
{
	if (o->from != NULL && o->mirror != NULL)
		return (ioc_fail(err, IOC_INVALID,
		    "a folder and a mirror exclude each other"));
	if ((o->from != NULL && o->from[0] != '/') ||
	    (o->manifest != NULL && o->manifest[0] != '/'))
		return (ioc_fail(err, IOC_INVALID, "%s: not an absolute path",
		    IOC_SHOW(o->from != NULL && o->from[0] != '/' ? o->from :
		    o->manifest)));
	return (0);
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
		r = judge_paths(o, err);
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
	ioc_fd_close(&f->record_fd);
	ioc_pin_fini(&f->pin);
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

	/* An archive is as it is. */
	if (!ioc_dist_has_updates(f->dist))
		return (0);
	if (f->host->dry_run)
		return (ioc_release_plan_update(f->host, name, err));
	r = ioc_release_update(f->host, name, !f->o->update, NULL, &level, err);
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
		.host = h, .o = o, FETCH,
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
	if (r == 0 && (o->update || o->fetch_updates))
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
	IOC_AUTO(fetch_fini) struct fetch f = { .host = h, FETCH };
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
		r = ioc_pin_keep(f.build.source, f.build.staging, err);
		if (r == 0)
			r = ioc_build_unvolume(&f.build, err);
		if (r == 0)
			ioc_journal_end(take_ptr(f.build.journal));
	}
	return (ioc_wrap(err, r, "destroy %s", IOC_SHOW(name)));
}
