/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/level.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/str.h"
#include "core/arch.h"
#include "core/event.h"
#include "core/ids.h"
#include "core/jail.h"
#include "core/tempjail.h"
#include "safe/path.h"
#include "safe/recorder.h"

static int
progress(const char *what, uint64_t done, uint64_t total, void *arg)
{
	struct ioc_level *l = arg;
	char event[96];

	(void)snprintf(event, sizeof(event), "%s/%s", l->event, what);
	return (ioc_emit_progress(l->host, event, l->job.release, done, total,
	    strcmp(what, "download") == 0 && total > 100000, NULL));
}

void
ioc_level_job(struct ioc_level *l, struct ioc_host *h,
    const struct ioc_dist *d, const struct ioc_fetch_options *o)
{
	l->host = h;
	l->dist = d;
	l->job.release = o->release;
	l->job.arch = o->arch;
	l->job.mirror = o->mirror;
	l->job.ca_file = o->ca_file;
	l->job.url = o->url;
	l->job.sha256 = o->sha256;
	l->job.manifest = o->manifest;
	l->job.from = o->from;
	l->job.sets = o->sets;
	l->job.progress = progress;
	l->job.arg = l;
	ioc_release_job(h, d, &l->job);
}

int
ioc_level_open(struct ioc_level *l, struct ioc_source *s, const char *vol,
    struct ioc_error *err)
{
	auto_free char *root = NULL;

	l->source = s;
	l->vol = strdup(vol);
	if (l->vol == NULL || asprintf(&root, "%s/root", vol) < 0 ||
	    asprintf(&l->root_path, "%s/%s/root", s->store->path, vol) < 0) {
		l->root_path = NULL;
		return (ioc_fail_nomem(err));
	}
	l->root_fd = ioc_path_dir(s->store->root, root, IOC_PATH_NOLINKS, err);
	if (l->root_fd < 0)
		return (l->root_fd);
	l->cache_fd = ioc_path_dir(s->store->root, "cache", IOC_PATH_NOLINKS,
	    err);
	if (l->cache_fd < 0)
		return (l->cache_fd);
	l->job.root_fd = l->root_fd;
	l->job.root_path = l->root_path;
	l->job.cache_fd = l->cache_fd;
	if (l->job.provenance == NULL)
		l->job.provenance = json_object();
	return (l->job.provenance == NULL ? ioc_fail_nomem(err) : 0);
}

void
ioc_level_close(struct ioc_level *l)
{
	ioc_fd_close(&l->root_fd);
	ioc_fd_close(&l->cache_fd);
	l->job.root_fd = l->job.cache_fd = -1;
	l->job.root_path = NULL;
	free(take_ptr(l->vol));
	free(take_ptr(l->root_path));
	json_decref(take_ptr(l->job.provenance));
}

int
ioc_level_jail(struct ioc_level *l, const struct ioc_build *b,
    const char *event, const char *const *argv, const char *const *env,
    bool updates, struct ioc_error *err)
{
	const struct ioc_os_mount mounts[] = {
		{ .kind = IOC_MOUNT_BIND, .source = l->job.updates_fd,
		    .target = IOC_DIST_UPDATES, .flags = IOC_MNT_RDONLY |
		    IOC_MNT_NOSUID | IOC_MNT_NODEV | IOC_MNT_NOEXEC |
		    IOC_MNT_IDMAP },
		{ .kind = IOC_MOUNT_BIND, .source = l->job.scratch_fd,
		    .target = IOC_DIST_SCRATCH, .flags = IOC_MNT_NOSUID |
		    IOC_MNT_NODEV | IOC_MNT_NOEXEC | IOC_MNT_IDMAP },
	};
	struct ioc_tempjail t = {
		.source = l->source, .token = b->token, .who = b->name,
		.what = event, .vol = l->vol, .argv = argv, .env = env,
		.mounts = mounts, .timeout_ms = IOC_DIST_STAGE_TWO_MS,
		.id_base = b->id_base,
	};

	if (updates)
		t.nmounts = l->job.scratch_fd >= 0 ? 2 : 1;
	if ((l->dist->needs & IOC_DIST_NEEDS_PROC) != 0)
		t.flags |= IOC_TEMPJAIL_PROC;
	if ((l->dist->needs & IOC_DIST_NEEDS_FLAGS) != 0)
		t.flags |= IOC_TEMPJAIL_FLAGS;
	return (ioc_tempjail_run(l->host, &t, err));
}

int
ioc_level_run(struct ioc_level *l, struct ioc_build *b, const char *event,
    const char *const *argv, const char *const *env, bool updates,
    struct ioc_error *err)
{
	struct ioc_error cause;
	int r, released;

	r = ioc_release_runs_here(l->host, l->dist, err);
	if (r == 0)
		r = ioc_arch_check(l->host, l->root_fd, err);
	if (r == 0)
		r = ioc_ids_wanted(l->source, NULL, &b->userns, err);
	if (r == 0)
		r = ioc_build_ids(b, err);
	if (r != 0)
		return (r);
	r = ioc_level_jail(l, b, event, argv, env, updates, err);
	released = ioc_ids_release(l->source, b->id_base, b->token, &cause);
	if (released == 0)
		b->id_base = 0;
	if (r == 0 && released != 0) {
		ioc_error_copy(err, &cause);
		r = released;
	}
	return (r);
}

static int
on_record(uint64_t done, uint64_t total, void *arg)
{
	return (progress("record", done, total, arg));
}

int
ioc_level_unplace(int root, struct ioc_error *err)
{
	static const char *const dirs[] = { IOC_DIST_UPDATES,
		IOC_DIST_SCRATCH, NULL };

	for (const char *const *d = dirs; *d != NULL; d++) {
		struct ioc_error e;
		int r = ioc_path_rmdir(root, *d, IOC_PATH_NOLINKS, &e);

		if (r != 0 && r != IOC_NOT_FOUND) {
			ioc_error_copy(err, &e);
			return (ioc_wrap(err, r, "remove %s", *d));
		}
	}
	return (0);
}

int
ioc_level_take_record(struct ioc_level *l, struct ioc_error *err)
{
	struct ioc_recorder r = {
		.helper_dir = l->host->helper_dir, .dir_fd = l->root_fd,
		.progress = on_record, .arg = l,
	};
	struct ioc_error cause = { .code = 0 };
	auto_fd int dir = -1, fd = -1;
	int rc;

	dir = ioc_path_dir(l->source->store->root, l->vol, IOC_PATH_NOLINKS,
	    err);
	if (dir < 0)
		return (dir);
	rc = ioc_path_unlink(dir, IOC_LEVEL_RECORD, IOC_PATH_NOLINKS, &cause);
	if (rc != 0 && rc != IOC_NOT_FOUND) {
		ioc_error_copy(err, &cause);
		return (rc);
	}
	fd = ioc_path_create(dir, IOC_LEVEL_RECORD, 0600, IOC_PATH_NOLINKS,
	    err);
	if (fd < 0)
		return (fd);
	r.out_fd = fd;
	return (ioc_record_tree(&r, err));
}

int
ioc_level_record(struct ioc_level *l, unsigned applied, struct ioc_error *err)
{
	char version[64] = "-";
	struct ioc_error cause = { .code = 0 };
	auto_json json_t *j = NULL;
	auto_fd int dir = -1;
	int r = 0;

	if (l->dist->version != NULL)
		r = l->dist->version(l->root_fd, version, &cause);
	if (r != 0 && ioc_error_is_shortage(&cause)) {
		ioc_error_copy(err, &cause);
		return (r);
	}
	if (r != 0)
		(void)snprintf(version, sizeof(version), "-");
	dir = ioc_path_dir(l->source->store->root, l->vol, IOC_PATH_NOLINKS,
	    err);
	if (dir < 0)
		return (dir);
	j = json_pack("{s:i, s:s, s:i, s:O}", "schema", 1, "version", version,
	    "applied", (int)applied, "provenance", l->job.provenance);
	if (j == NULL)
		return (ioc_fail_nomem(err));
	return (ioc_release_write_json(dir, "level.json", j, err));
}

int
ioc_level_sync(struct ioc_level *l, struct ioc_error *err)
{
	return (ioc_sync_filesystem(l->root_fd) == 0 ? 0 :
	    ioc_fail_errno(err, "sync %s", l->vol));
}

int
ioc_release_unused(struct ioc_source *s, const char *name,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	int r;

	r = s->store->ops->list(s->store, "jails", &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		IOC_AUTO(ioc_jail_closep) struct ioc_jail *j = NULL;
		const char *release;

		r = ioc_jail_new(s, names.v[i], &j, err);
		if (r == 0)
			r = ioc_jail_value(j, "release", &release, err);
		if (r == 0 && strcmp(release, name) == 0)
			r = ioc_fail(err, IOC_BUSY, "jail %s needs it",
			    names.v[i]);
	}
	return (r);
}

/* A basejail whose directories come from that level: no store knows of it. */
static int
comes_from(struct ioc_jail *j, const char *name, unsigned level, bool *ret,
    struct ioc_error *err)
{
	const char *release, *number;
	bool base = false;
	char text[16];
	int r = ioc_jail_value_bool(j, "basejail", &base, err);

	*ret = false;
	if (r == 0)
		r = ioc_jail_value(j, "release", &release, err);
	if (r == 0)
		r = ioc_jail_value(j, "patch_level", &number, err);
	if (r != 0 || !base)
		return (r);
	if (strchr(release, '/') != NULL)
		release = strchr(release, '/') + 1;
	(void)snprintf(text, sizeof(text), "%u", level);
	*ret = strcmp(release, name) == 0 && strcmp(number, text) == 0;
	return (0);
}

int
ioc_level_unused(struct ioc_source *s, const char *name, unsigned level,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	int r = s->store->ops->list(s->store, "jails", &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		IOC_AUTO(ioc_jail_closep) struct ioc_jail *j = NULL;
		bool yes = false;

		r = ioc_jail_new(s, names.v[i], &j, err);
		if (r == 0)
			r = comes_from(j, name, level, &yes, err);
		if (r == 0 && yes)
			r = ioc_fail(err, IOC_BUSY, "basejail %s needs it",
			    names.v[i]);
	}
	return (r);
}
