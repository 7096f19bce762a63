/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/recover.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "core/event.h"
#include "core/ids.h"
#include "core/launch.h"
#include "safe/file.h"
#include "safe/journal.h"
#include "safe/name.h"
#include "safe/path.h"
#include "safe/tree.h"

struct sweep {
	struct ioc_source *source;
	unsigned	 n;
};

/* Did the jail that was being created get its name before the end came? */
static bool
was_committed(struct ioc_source *s, const char *op, const char *name,
    const char *token)
{
	auto_buf struct ioc_buf owner = IOC_BUF(4096);
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *conf = NULL;
	auto_free char *path = NULL, *claim = NULL;
	const char *base;

	if (strcmp(op, "create") != 0 ||
	    ioc_name_check(IOC_NAME_JAIL, name, NULL) != 0 ||
	    asprintf(&path, "jails/%s/config.json", name) < 0 ||
	    ioc_conf_load(s->store->root, path, &conf, NULL) != 0)
		return (false);
	base = ioc_conf_get(conf, "id_base");
	if (base == NULL || strlen(base) > 10 ||
	    asprintf(&claim, ".ids/%s", base) < 0)
		return (false);
	return (ioc_file_read(s->store->root, claim, &owner, NULL) == 0 &&
	    strcmp(ioc_buf_str(&owner), token) == 0);
}

/* "NAME ID_BASE" of a destroyed jail. */
static uint32_t
base_of(const char *what)
{
	const char *space = strrchr(what, ' ');
	uint64_t v;

	if (space == NULL ||
	    ioc_str_to_u64(space + 1, 0, UINT32_MAX, &v, NULL) != 0)
		return (0);
	return ((uint32_t)v);
}

static int
recover_entry(const char *op, const char *what, const char *token, void *arg,
    struct ioc_error *err)
{
	struct sweep *w = arg;
	struct ioc_source *s = w->source;
	auto_free char *vol = NULL;
	struct stat st;
	bool detached;
	int r = 0;

	if (asprintf(&vol, ".staging/%s", token) < 0) {
		vol = NULL;
		return (ioc_fail_nomem(err));
	}
	detached = ioc_path_stat(s->store->root, vol, IOC_PATH_NOLINKS, &st,
	    NULL) == 0;
	if (detached)
		r = s->store->ops->destroy(s->store, vol, err);
	if (r == 0 && strcmp(op, "destroy") == 0 && detached)
		r = ioc_ids_release(s, base_of(what), NULL, err);
	else if (r == 0 && !was_committed(s, op, what, token))
		r = ioc_ids_release_owner(s, token, err);
	if (r == 0)
		w->n++;
	return (ioc_wrap(err, r, "recover %s %s", op, IOC_SHOW(what)));
}

/* Staged volumes that no journal knows; names first, then the journal. */
static int
sweep_staging(struct sweep *w, int journal, struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	struct ioc_store *s = w->source->store;
	struct stat st;
	int r;

	r = s->ops->list(s, ".staging", &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		auto_free char *vol = NULL;

		if (ioc_path_stat(journal, names.v[i], IOC_PATH_NOLINKS, &st,
		    NULL) == 0)
			continue;
		if (asprintf(&vol, ".staging/%s", names.v[i]) < 0) {
			vol = NULL;
			return (ioc_fail_nomem(err));
		}
		/* Its writer may just have ended: then it is gone by itself. */
		if (ioc_path_stat(s->root, vol, IOC_PATH_NOLINKS, &st,
		    NULL) != 0)
			continue;
		r = s->ops->destroy(s, vol, err);
		if (r == 0)
			r = ioc_ids_release_owner(w->source, names.v[i],
			    err);
		w->n++;
	}
	return (r);
}

/* Files that were being replaced when their writer was killed. */
static int
sweep_files(struct ioc_source *s, bool deep, struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	int r;

	r = ioc_file_sweep(s->store->root, err);
	if (r == 0 && deep)
		r = s->store->ops->list(s->store, "jails", &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		auto_free char *vol = NULL;
		auto_fd int dir = -1;

		if (asprintf(&vol, "jails/%s", names.v[i]) < 0) {
			vol = NULL;
			return (ioc_fail_nomem(err));
		}
		dir = s->store->ops->dir(s->store, vol, NULL);
		if (dir >= 0)
			r = ioc_file_sweep(dir, err);
	}
	return (r);
}

static int
recover_source(struct ioc_source *s, bool deep, unsigned *n,
    struct ioc_error *err)
{
	struct sweep w = { .source = s };
	auto_fd int journal = -1;
	int r;

	journal = ioc_path_dir(s->store->root, ".journal", IOC_PATH_NOLINKS,
	    err);
	if (journal < 0)
		return (ioc_wrap(err, journal, "source %s", s->name));
	r = ioc_journal_recover(journal, recover_entry, &w, err);
	if (r == 0)
		r = sweep_staging(&w, journal, err);
	if (r == 0)
		r = sweep_files(s, deep, err);
	if (r == 0 && deep)
		r = ioc_ids_sweep(s, &w.n, err);
	*n += w.n;
	return (ioc_wrap(err, r, "source %s", s->name));
}

/*
 * A jail in the run directory that is neither up nor gone, or that has lost the
 * process which was to take it away.
 */
static int
recover_jail(struct ioc_host *h, const char *kernel, unsigned *n,
    struct ioc_error *err)
{
	auto_launch struct ioc_launch l = IOC_LAUNCH(h, kernel);
	auto_lock struct ioc_lock *lock = NULL;
	struct ioc_os_jail_info info;
	int r;

	/* Somebody is at work on it: it is not left over. */
	r = ioc_host_lock(h, "jail", kernel, IOC_LOCK_EXCLUSIVE, "recover", 0,
	    &lock, NULL);
	if (r == IOC_BUSY)
		return (0);
	if (r == 0)
		r = ioc_os_jail_find(h->os, kernel, &l.jail, err);
	if (r == 0)
		r = ioc_os_jail_info(l.jail, &info, err);
	if (r != 0 || info.state == IOC_OS_JAIL_NONE ||
	    (info.state == IOC_OS_JAIL_RUNNING && !info.ephemeral))
		return (r);
	l.stop_timeout_ms = 0;
	r = ioc_launch_stop(&l, true, err);
	if (r == 0)
		(*n)++;
	return (ioc_wrap(err, r, "recover %s", kernel));
}

static int
recover_jails(struct ioc_host *h, unsigned *n, struct ioc_error *err)
{
	auto_free struct ioc_os_jail_info *v = NULL;
	size_t count = 0;
	int r;

	r = ioc_os_jail_list(h->os, &v, &count, err);
	for (size_t i = 0; r == 0 && i < count; i++)
		if (v[i].state == IOC_OS_JAIL_PARTIAL || v[i].ephemeral)
			r = recover_jail(h, v[i].name, n, err);
	return (r);
}

int
ioc_recover(struct ioc_host *h, bool deep, unsigned *n, struct ioc_error *err)
{
	unsigned count = 0;
	int r, first = 0;

	r = ioc_host_need_root(h, "recover", err);
	if (r != 0)
		return (r);
	/* Processes first: what they hold could not be removed. */
	first = recover_jails(h, &count, err);
	for (size_t i = 0; i < h->sources.n; i++) {
		struct ioc_error local;

		if (ioc_source_open(&h->sources.v[i], NULL) != 0)
			continue;
		r = recover_source(&h->sources.v[i], deep, &count, &local);
		if (r != 0 && first == 0) {
			first = r;
			ioc_error_copy(err, &local);
		}
	}
	if (n != NULL)
		*n = count;
	return (first);
}

int
ioc_host_recover(struct ioc_host *h, unsigned *n, struct ioc_error *err)
{
	return (ioc_recover(h, true, n, err));
}
