/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/switch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "core/event.h"
#include "core/ids.h"
#include "core/kept.h"
#include "core/snapshot.h"
#include "safe/file.h"
#include "safe/name.h"
#include "safe/path.h"

#define	BEFORE		"before-update-"
#define	MOMENT_MAX	(UINT64_C(1) << 48)
#define	SWITCH		"switch"
#define	STAGED		"jail"		/* the clone, in staging */
#define	CONFIG		"config.json"

static const struct ioc_store_snapshot_ops *
snapshots(const struct ioc_switch *w)
{
	return (w->build.source->store->ops->snapshot);
}

void
ioc_switch_init(struct ioc_switch *w, struct ioc_jail *j, const char *event)
{
	*w = (struct ioc_switch){ .jail = j, .event = event,
		.build = { .host = j->host, .source = j->source,
		    .op = IOC_JAIL_UPDATE, .name = j->name } };
}

void
ioc_switch_fini(struct ioc_switch *w)
{
	ioc_build_fini(&w->build);
	ioc_conf_free(w->conf);
	free(w->what);
	free(w->staged);
}

int
ioc_switch_ids(struct ioc_switch *w, struct ioc_error *err)
{
	const char *userns;
	int64_t base;
	int r = ioc_jail_value(w->jail, "userns", &userns, err);

	if (r == 0)
		r = ioc_ids_wanted(w->build.source, ioc_str_is_none(userns) ?
		    NULL : userns, &w->build.userns, err);
	if (r == 0)
		r = ioc_jail_value_int(w->jail, "id_base", &base, err);
	if (r == 0 && w->build.userns && (base < IOC_ID_COUNT ||
	    base > UINT32_MAX - IOC_ID_COUNT))
		r = ioc_fail(err, IOC_STATE, "it has no uid range");
	if (r == 0)
		w->build.id_base = w->build.userns ? (uint32_t)base : 0;
	return (r);
}

/* --- aside ---------------------------------------------------------------------------- */

/* What no snapshot is called yet; the clock may stand where it stood before. */
static int
next_moment(struct ioc_switch *w, uint64_t *ret, struct ioc_error *err)
{
	IOC_AUTO(ioc_snapshot_list_freep) struct ioc_snapshot_list *l = NULL;
	int r = ioc_snapshot_list(w->jail, &l, err);

	*ret = (uint64_t)time(NULL);
	for (size_t i = 0; r == 0 && i < ioc_snapshot_count(l); i++) {
		const char *name = ioc_snapshot_at(l, i)->name;
		uint64_t v;

		if (ioc_str_starts(name, BEFORE) && ioc_str_to_u64(name +
		    strlen(BEFORE), 0, MOMENT_MAX, &v, NULL) == 0 && v >= *ret)
			*ret = v + 1;
	}
	return (r);
}

int
ioc_switch_journal(struct ioc_switch *w, struct ioc_error *err)
{
	uint64_t moment;
	int r = next_moment(w, &moment, err);

	if (r != 0)
		return (r);
	if (asprintf(&w->what, "%s %s%" PRIu64, w->jail->name, BEFORE,
	    moment) < 0) {
		w->what = NULL;
		return (ioc_fail_nomem(err));
	}
	w->snapshot = strchr(w->what, ' ') + 1;
	w->build.name = w->what;
	r = ioc_build_journal(&w->build, err);
	w->build.name = w->jail->name;
	return (r);
}

int
ioc_switch_place(struct ioc_switch *w, const char *name, struct ioc_error *err)
{
	struct ioc_store *s = w->build.source->store;
	auto_free char *dir = NULL;

	if (asprintf(&dir, "%s/%s", w->build.staging, name) < 0) {
		dir = NULL;
		return (ioc_fail_nomem(err));
	}
	return (ioc_path_mkdirs(s->root, dir, 0700, 0, 0, IOC_PATH_NOLINKS,
	    err));
}

static int
progress(uint64_t done, uint64_t total, void *arg)
{
	struct ioc_switch *w = arg;

	return (ioc_emit_progress(w->jail->host, w->event, w->jail->name, done,
	    total, true, NULL));
}

int
ioc_switch_clone(struct ioc_switch *w, struct ioc_error *err)
{
	struct ioc_store *s = w->build.source->store;

	if (asprintf(&w->staged, "%s/" STAGED, w->build.staging) < 0) {
		w->staged = NULL;
		return (ioc_fail_nomem(err));
	}
	return (s->ops->clone(s, w->jail->vol, w->staged, IOC_CLONE_THIN,
	    w->build.id_base, progress, w, err));
}

/* --- the switch -------------------------------------------------------------------------- */

int
ioc_switch_snapshot(struct ioc_switch *w, struct ioc_error *err)
{
	return (snapshots(w)->create(w->build.source->store, w->jail->vol,
	    w->snapshot, progress, w, err));
}

int
ioc_switch_unsnapshot(struct ioc_switch *w, struct ioc_error *err)
{
	struct ioc_store *s = w->build.source->store;
	struct ioc_error e;
	int r = snapshots(w)->remove(s, w->jail->vol, w->snapshot, &e);

	if (r == 0 || r == IOC_NOT_FOUND)
		r = snapshots(w)->sweep(s, w->jail->vol, err);
	else
		ioc_error_copy(err, &e);
	w->build.remains = w->build.remains || r != 0;
	return (r);
}

/* The configuration that goes with the new root, if there is one in staging. */
static int
put_config(struct ioc_store *s, int staging, const char *vol,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *conf = NULL;
	struct ioc_error e = { .code = 0 };
	auto_fd int dir = -1;
	int r = ioc_conf_load(staging, CONFIG, &conf, &e);

	if (r == IOC_NOT_FOUND)
		return (0);
	if (r != 0) {
		ioc_error_copy(err, &e);
		return (r);
	}
	dir = s->ops->dir(s, vol, err);
	return (dir < 0 ? dir : ioc_conf_save(conf, dir, CONFIG, 0, err));
}

/* From the mark on there is no way back, only to the end. */
int
ioc_switch_exchange(struct ioc_switch *w, struct ioc_error *err)
{
	struct ioc_store *s = w->build.source->store;
	auto_fd int dir = ioc_path_dir(s->root, w->build.staging,
	    IOC_PATH_NOLINKS, err);
	int r = dir < 0 ? dir : 0;

	if (r == 0 && w->conf != NULL)
		r = ioc_conf_save(w->conf, dir, CONFIG, 0, err);
	if (r == 0)
		r = ioc_file_replace(dir, SWITCH, "", 0, 0600, (uid_t)-1,
		    (gid_t)-1, 0, err);
	if (r != 0)
		return (r);
	w->switched = true;
	r = put_config(s, dir, w->jail->vol, err);
	ioc_fd_close(&dir);
	return (r == 0 ? s->ops->replace(s, w->jail->vol, w->staged, err) : r);
}

/* Older ways back go: the new one is there. */
static int
drop_older(struct ioc_switch *w, struct ioc_error *err)
{
	IOC_AUTO(ioc_snapshot_list_freep) struct ioc_snapshot_list *l = NULL;
	struct ioc_store *s = w->build.source->store;
	int r = ioc_snapshot_list(w->jail, &l, err);

	for (size_t i = 0; r == 0 && l != NULL && i < ioc_snapshot_count(l);
	    i++) {
		const char *name = ioc_snapshot_at(l, i)->name;

		if (ioc_str_starts(name, BEFORE) &&
		    strcmp(name, w->snapshot) != 0)
			r = snapshots(w)->remove(s, w->jail->vol, name, err);
		/* Somebody has made a clone of it. */
		if (r == IOC_BUSY)
			r = 0;
	}
	return (r);
}

/* What was kept for the root that it was. */
static int
drop_kept(struct ioc_switch *w, struct ioc_error *err)
{
	struct ioc_store *s = w->build.source->store;
	auto_fd int dir = s->ops->dir(s, w->jail->vol, err);

	return (dir < 0 ? dir : ioc_kept_drop(dir, err));
}

/*
 * The journal ends first: with it, and half of staging gone, recovery could not
 * tell that the switch was made.
 */
int
ioc_switch_finish(struct ioc_switch *w, bool switched, struct ioc_error *err)
{
	int r = switched ? drop_older(w, err) : 0;

	if (r == 0 && switched)
		r = drop_kept(w, err);
	if (r != 0)
		return (r);
	ioc_journal_end(take_ptr(w->build.journal));
	return (ioc_build_unvolume(&w->build, err));
}

/* --- recovery --------------------------------------------------------------------------- */

/* The switch again, if it was begun: 1 when it was not. */
static int
go_on(struct ioc_source *s, struct ioc_jail *j, const char *staged,
    struct ioc_error *err)
{
	auto_free char *clone = NULL;
	enum ioc_jail_state state;
	auto_fd int dir = -1;
	struct ioc_error e;
	struct stat st;
	int r;

	dir = ioc_path_dir(s->store->root, staged, IOC_PATH_NOLINKS, &e);
	r = dir < 0 ? dir : ioc_path_stat(dir, SWITCH, IOC_PATH_NOLINKS, &st,
	    &e);
	if (r == IOC_NOT_FOUND)
		return (1);
	if (r != 0) {
		ioc_error_copy(err, &e);
		return (r);
	}
	if (asprintf(&clone, "%s/" STAGED, staged) < 0) {
		clone = NULL;
		return (ioc_fail_nomem(err));
	}
	r = ioc_jail_state(j, &state, NULL, err);
	if (r == 0 && state == IOC_JAIL_RUNNING)
		r = ioc_fail(err, IOC_STATE, "%s runs", j->name);
	if (r == 0)
		r = put_config(s->store, dir, j->vol, err);
	return (r == 0 ? s->store->ops->replace(s->store, j->vol, clone, err) :
	    r);
}

int
ioc_switch_recover(struct ioc_source *s, const char *what,
    const char *staged, struct ioc_error *err)
{
	IOC_AUTO(ioc_jail_closep) struct ioc_jail *j = NULL;
	const char *space = strchr(what, ' ');
	auto_lock struct ioc_lock *lock = NULL;
	auto_free char *name = NULL;
	struct ioc_error e;
	int r;

	if (space == NULL)
		return (0);
	name = strndup(what, (size_t)(space - what));
	if (name == NULL)
		return (ioc_fail_nomem(err));
	if (ioc_name_check(IOC_NAME_JAIL, name, NULL) != 0)
		return (0);
	r = ioc_jail_new(s, name, &j, err);
	if (r == 0)
		r = ioc_jail_lock_free(j, &lock, err);
	if (r != 0)
		return (r);
	r = s->store->ops->has(s->store, j->vol, &e);
	if (r == IOC_NOT_FOUND)
		return (0);
	if (r != 0)
		ioc_error_copy(err, &e);
	if (r == 0)
		r = go_on(s, j, staged, err);
	if (r <= 0)
		return (r);
	r = s->store->ops->snapshot->remove(s->store, j->vol, space + 1, &e);
	if (r == 0 || r == IOC_NOT_FOUND)
		return (s->store->ops->snapshot->sweep(s->store, j->vol, err));
	ioc_error_copy(err, &e);
	return (r);
}

int
ioc_switch_way_back(struct ioc_jail *j, char **ret, struct ioc_error *err)
{
	IOC_AUTO(ioc_snapshot_list_freep) struct ioc_snapshot_list *l = NULL;
	auto_free char *name = NULL;
	int r = ioc_snapshot_list(j, &l, err);

	for (size_t i = 0; r == 0 && i < ioc_snapshot_count(l); i++) {
		const char *s = ioc_snapshot_at(l, i)->name;

		if (!ioc_str_starts(s, BEFORE))
			continue;
		free(name);
		name = strdup(s);
		if (name == NULL)
			r = ioc_fail_nomem(err);
	}
	if (r == 0 && name == NULL)
		r = ioc_fail(err, IOC_STATE, "there is no state before an "
		    "update to go back to");
	if (r == 0)
		*ret = take_ptr(name);
	return (r);
}
