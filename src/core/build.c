/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/stat.h>

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/compat.h"
#include "base/str.h"
#include "conf/fstab.h"
#include "core/arch.h"
#include "core/basejail.h"
#include "core/create.h"
#include "core/event.h"
#include "core/ids.h"
#include "core/recover.h"
#include "core/release.h"
#include "safe/file.h"
#include "safe/name.h"
#include "safe/path.h"

#define	CONFIG	"config.json"

int
ioc_source_journal(struct ioc_source *s, const char *op, const char *what,
    int flags, char **token, struct ioc_journal **ret, struct ioc_error *err)
{
	auto_fd int dir = -1;
	int r = ioc_host_token(op, token, err);

	if (r != 0) {
		*token = NULL;
		return (r);
	}
	dir = ioc_path_dir(s->store->root, ".journal", IOC_PATH_NOLINKS, err);
	if (dir < 0)
		return (ioc_wrap(err, dir, "source %s: journal", s->name));
	return (ioc_journal_begin(dir, op, what, *token, flags, ret, err));
}

/* Nothing but a clone, in a store that makes it under its own name. */
static bool
is_quick(const struct ioc_build *b)
{
	return (b->at_once && b->source->store->ops->clone_here != NULL &&
	    !b->thick && b->snapshot == NULL &&
	    (b->from != NULL || b->origin != NULL));
}

int
ioc_build_journal(void *build, struct ioc_error *err)
{
	struct ioc_build *b = build;
	auto_free char *token = NULL, *other = NULL;
	/* Such a store has on disk what was written before it makes a volume. */
	int flags = b->volatile_ || is_quick(b) ? IOC_JOURNAL_NOSYNC : 0;
	int r;

	r = ioc_source_journal(b->source, b->op, b->name, flags, &token,
	    &b->journal, err);
	if (r == 0 && b->from != NULL)
		r = ioc_source_journal(b->source, "snapshot", b->from->name,
		    flags, &other, &b->sweep, err);
	if (r != 0)
		return (r);
	if (asprintf(&b->staging, ".staging/%s", token) < 0) {
		b->staging = NULL;
		return (ioc_fail_nomem(err));
	}
	b->token = b->staging + strlen(".staging/");
	return (0);
}

int
ioc_build_unjournal(void *build, struct ioc_error *err)
{
	struct ioc_build *b = build;

	ioc_journal_end(take_ptr(b->sweep));
	if (b->remains)
		ioc_journal_abandon(take_ptr(b->journal));
	else
		ioc_journal_end(take_ptr(b->journal));
	return (0);
}

int
ioc_build_ids(void *build, struct ioc_error *err)
{
	struct ioc_build *b = build;
	char text[16];
	int r;

	if (!b->userns)
		return (0);
	r = ioc_ids_claim(b->source, b->token, &b->id_base, err);
	if (r != 0 || b->conf == NULL)
		return (r);
	(void)snprintf(text, sizeof(text), "%" PRIu32, b->id_base);
	return (ioc_conf_set(b->conf, "id_base", text, err));
}

int
ioc_build_unids(void *build, struct ioc_error *err)
{
	struct ioc_build *b = build;
	uint32_t base = b->id_base;
	int r = ioc_ids_release(b->source, base, b->token, err);

	b->id_base = 0;
	b->remains = b->remains || r != 0;
	return (r);
}

static int
copy_progress(uint64_t done, uint64_t total, void *arg)
{
	struct ioc_build *b = arg;

	return (ioc_emit_progress(b->host, "store.copy", b->name, done, total,
	    true, NULL));
}

/* A quick clone is there too soon for anybody to miss the staging. */
static int
clone_here(struct ioc_build *b, struct ioc_error *err)
{
	struct ioc_store *s = b->source->store;

	b->here = ioc_str_join("jails/", b->name);
	if (b->here == NULL)
		return (ioc_fail_nomem(err));
	return (s->ops->clone_here(s, b->from != NULL ? b->from->vol :
	    b->origin, b->here, b->token, err));
}

int
ioc_build_volume(void *build, struct ioc_error *err)
{
	struct ioc_build *b = build;
	struct ioc_store *s = b->source->store;

	if (is_quick(b))
		return (clone_here(b, err));
	if (b->from != NULL && b->snapshot != NULL)
		return (s->ops->snapshot->clone(s, b->from->vol, b->snapshot,
		    b->staging, b->id_base, copy_progress, b, err));
	if (b->from != NULL)
		return (s->ops->clone(s, b->from->vol, b->staging,
		    IOC_CLONE_THIN, b->id_base, copy_progress, b, err));
	if (b->origin == NULL)
		return (s->ops->create(s, b->staging, err));
	return (s->ops->clone(s, b->origin, b->staging,
	    b->thick ? IOC_CLONE_THICK : IOC_CLONE_THIN, b->id_base,
	    copy_progress, b, err));
}

int
ioc_build_unvolume(void *build, struct ioc_error *err)
{
	struct ioc_build *b = build;
	struct ioc_store *s = b->source->store;
	int r = b->here != NULL ?
	    s->ops->take_back(s, b->here, b->token, err) :
	    s->ops->destroy(s, b->staging, err);

	/* Only ZFS has anything there, and what fails now recovery does. */
	if (b->from != NULL &&
	    s->ops->snapshot->sweep(s, b->from->vol, NULL) != 0)
		ioc_journal_abandon(take_ptr(b->sweep));
	b->remains = b->remains || r != 0;
	return (r);
}

/* Decided before the configuration of a snapshot could be read. */
static const char *const claimed[] = { "host_hostuuid", "id_base",
	"userns", NULL };

/* What the snapshot had; properties of a dataset are in none. */
static int
load_then(struct ioc_build *b, struct ioc_conf **ret, struct ioc_error *err)
{
	struct ioc_error e;
	struct ioc_conf *now;
	int r = ioc_source_load(b->source, b->staging, ret, &e);

	if (r != 0 && r != IOC_NOT_FOUND)
		ioc_error_copy(err, &e);
	if (r != IOC_NOT_FOUND)
		return (r);
	r = ioc_jail_conf(b->from, &now, err);
	return (r == 0 ? ioc_conf_copy(now, ret, err) : r);
}

/* Of a snapshot the store has brought it along; else it is copied. */
static int
inherit_files(struct ioc_build *b, int dir, struct ioc_error *err)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *now = NULL, *then = NULL;
	auto_buf struct ioc_buf fstab = IOC_BUF(IOC_FSTAB_SIZE);
	struct ioc_store *s = b->source->store;
	struct ioc_error e = { .code = 0 };
	auto_fd int from = -1;
	int r;

	if (b->snapshot != NULL) {
		r = load_then(b, &then, err);
		if (r != 0)
			return (r);
		now = take_ptr(b->conf);
		r = ioc_build_inherit(b, then, err);
		for (const char *const *p = claimed; r == 0 &&
		    *p != NULL; p++)
			r = ioc_conf_set(b->conf, *p, ioc_conf_get(now, *p),
			    err);
		return (r);
	}
	from = s->ops->dir(s, b->from->vol, err);
	if (from < 0)
		return (take_fd(&from));
	r = ioc_file_read(from, "fstab", &fstab, &e);
	if (r == IOC_NOT_FOUND)
		return (0);
	if (r != 0) {
		ioc_error_copy(err, &e);
		return (r);
	}
	return (ioc_file_replace(dir, "fstab", ioc_buf_str(&fstab), fstab.len,
	    0600, (uid_t)-1, (gid_t)-1, 0, err));
}

int
ioc_build_config(void *build, struct ioc_error *err)
{
	struct ioc_build *b = build;
	struct ioc_store *s = b->source->store;
	auto_fd int dir = -1;
	int r = 0;

	if (b->conf == NULL)
		return (0);
	dir = s->ops->dir(s, b->here != NULL ? b->here : b->staging, err);
	if (dir < 0)
		return (dir);
	if (b->from != NULL)
		r = inherit_files(b, dir, err);
	return (r != 0 ? r :
	    ioc_conf_save(b->conf, dir, CONFIG, 0, err));
}

int
ioc_build_commit(void *build, struct ioc_error *err)
{
	struct ioc_build *b = build;
	struct ioc_store *s = b->source->store;
	auto_free char *vol = NULL;
	int r = 0;

	if (asprintf(&vol, "jails/%s", b->name) < 0) {
		vol = NULL;
		return (ioc_fail_nomem(err));
	}
	if (b->here == NULL)
		r = s->ops->rename(s, b->staging, vol, err);
	if (r == 0) {
		ioc_journal_end(take_ptr(b->journal));
		ioc_journal_end(take_ptr(b->sweep));
	}
	return (r);
}

int
ioc_build_check_free(struct ioc_build *b, struct ioc_error *err)
{
	auto_free char *vol = NULL;
	struct stat st;
	int r;

	if (asprintf(&vol, "jails/%s", b->name) < 0) {
		vol = NULL;
		return (ioc_fail_nomem(err));
	}
	r = ioc_path_stat(b->source->store->root, vol, 0, &st, err);
	/* A directory may be nothing but where one was mounted. */
	if (r == 0 && b->source->store->ops->mounts)
		r = b->source->store->ops->has(b->source->store, vol, err);
	if (r == 0)
		return (ioc_fail(err, IOC_EXISTS, "jail %s exists already",
		    b->name));
	return (r == IOC_NOT_FOUND ? 0 : r);
}

/* A random one, as RFC 9562 forms version 4. */
static int
set_uuid(struct ioc_conf *conf, struct ioc_error *err)
{
	uint64_t v[2];
	char text[40];

	ioc_random(v, sizeof(v));
	(void)snprintf(text, sizeof(text),
	    "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-%x%03" PRIx64
	    "-%012" PRIx64, v[0] >> 32, v[0] >> 16 & 0xffff, v[0] & 0xfff,
	    8u + (unsigned)(v[1] >> 62), v[1] >> 48 & 0xfff,
	    v[1] & 0xffffffffffff);
	return (ioc_conf_set(conf, "host_hostuuid", text, err));
}

int
ioc_build_conf(struct ioc_build *b, const struct ioc_change *props,
    size_t nprops, struct ioc_error *err)
{
	int r = ioc_build_check_free(b, err);

	if (r == 0)
		r = ioc_conf_new(&b->conf, err);
	if (r == 0)
		r = ioc_changes_apply(b->conf, props, nprops, true, NULL, err);
	if (r == 0 && ioc_conf_get(b->conf, "host_hostuuid") == NULL)
		r = set_uuid(b->conf, err);
	if (r == 0 && b->origin != NULL)
		r = ioc_release_describe(b->source, b->origin, b->conf, err);
	if (r == 0 && b->thick)
		r = ioc_conf_set(b->conf, "thick", "yes", err);
	return (r == 0 ? ioc_basejail_judge(b, err) : r);
}

/* What says which jail it is; and what a jail of the same name had in libioc. */
static const char *const identity[] = { "host_hostname", "host_hostuuid", "id",
	"id_base", "name", "template", "uuid", NULL };

int
ioc_build_inherit(struct ioc_build *b, const struct ioc_conf *old,
    struct ioc_error *err)
{
	int r = ioc_conf_copy(old, &b->conf, err);

	for (const char *const *p = identity; r == 0 && *p != NULL; p++)
		r = ioc_conf_set(b->conf, *p, NULL, err);
	if (r == 0)
		r = ioc_changes_apply(b->conf, b->props, b->nprops, true, NULL,
		    err);
	if (r == 0 && ioc_conf_get(b->conf, "host_hostuuid") == NULL)
		r = set_uuid(b->conf, err);
	return (r);
}

int
ioc_build_made_up(char **ret, struct ioc_error *err)
{
	uint32_t n;

	ioc_random(&n, sizeof(n));
	if (asprintf(ret, "jail-%08x", n) < 0) {
		*ret = NULL;
		return (ioc_fail_nomem(err));
	}
	return (0);
}

void
ioc_build_fini(struct ioc_build *b)
{
	ioc_journal_abandon(b->journal);
	ioc_journal_abandon(b->sweep);
	ioc_conf_free(b->conf);
	free(b->here);
	free(b->origin);
	free(b->staging);
}

int
ioc_build_origin(struct ioc_host *h, const char *source, const char *release,
    struct ioc_build *b, struct ioc_error *err)
{
	unsigned level;
	int r;

	r = ioc_release_find(h, source, release, &b->source, &level, err);
	if (r != 0)
		return (r);
	if (strchr(release, '/') != NULL)
		release = strchr(release, '/') + 1;
	if (asprintf(&b->origin, "releases/%s/p%u", release, level) < 0) {
		b->origin = NULL;
		return (ioc_fail_nomem(err));
	}
	return (ioc_wrap(err, ioc_arch_check_volume(b->source, b->origin, err),
	    "release %s", release));
}

/* --- what has been begun ------------------------------------------------------ */

struct sought {
	const char	*name;
	bool		 found;
};

static int
look_at_entry(const char *op, const char *what, const char *token, void *arg,
    struct ioc_error *err)
{
	struct sought *s = arg;

	(void)token, (void)err;
	if (strcmp(op, "create") == 0 && strcmp(what, s->name) == 0)
		s->found = true;
	return (0);
}

int
ioc_build_going_on(struct ioc_source *s, const char *name, bool *ret,
    struct ioc_error *err)
{
	struct sought w = { name, false };
	auto_fd int dir = -1;
	int r;

	*ret = false;
	if (s->store->ops->clone_here == NULL)
		return (0);
	dir = ioc_path_dir(s->store->root, ".journal", IOC_PATH_NOLINKS, err);
	/* An adopted source, in which nothing of ours has been done so far. */
	r = dir == IOC_NOT_FOUND ? 0 :
	    dir < 0 ? dir : ioc_journal_look(dir, look_at_entry, &w, err);
	*ret = w.found;
	return (r);
}

int
ioc_build_recover(struct ioc_source *s, const char *name, const char *token,
    struct ioc_error *err)
{
	auto_free char *vol = NULL;
	auto_fd int dir = -1;
	struct ioc_error e;
	struct stat st;

	if (s->store->ops->take_back == NULL ||
	    ioc_name_check(IOC_NAME_JAIL, name, NULL) != 0)
		return (0);
	vol = ioc_str_join("jails/", name);
	if (vol == NULL)
		return (ioc_fail_nomem(err));
	dir = s->store->ops->dir(s->store, vol, &e);
	if (dir < 0 && dir != IOC_NOT_FOUND) {
		ioc_error_copy(err, &e);
		return (take_fd(&dir));
	}
	if (dir >= 0 && fstatat(dir, CONFIG, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return (0);
	ioc_fd_close(&dir);
	return (s->store->ops->take_back(s->store, vol, token, err));
}
