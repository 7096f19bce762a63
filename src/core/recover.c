/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/recover.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "core/create.h"
#include "core/event.h"
#include "core/export.h"
#include "core/ids.h"
#include "core/jail.h"
#include "core/launch.h"
#include "core/pin.h"
#include "core/release.h"
#include "core/snapshot.h"
#include "core/switch.h"
#include "safe/file.h"
#include "safe/journal.h"
#include "safe/name.h"
#include "safe/path.h"
#include "safe/tree.h"

struct sweep {
	struct ioc_source *source;
	unsigned	 n;
	bool		 others;	/* are at work on jails, with mounts */
};

/* What ends with a jail that has the uid range which was claimed. */
static bool
makes_jail(const char *op)
{
	return (strcmp(op, "create") == 0 || strcmp(op, "import") == 0);
}

/*
 * Did the jail that was being created get its name before the end came?  1, 0
 * or, when there was no memory to find out, a code.
 */
static int
was_committed(struct ioc_source *s, const char *op, const char *name,
    const char *token, struct ioc_error *err)
{
	auto_buf struct ioc_buf owner = IOC_BUF(4096);
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *conf = NULL;
	auto_free char *vol = NULL, *claim = NULL;
	struct ioc_error e = { .code = 0 };
	const char *base;
	int r;

	if (!makes_jail(op) ||
	    ioc_name_check(IOC_NAME_JAIL, name, NULL) != 0)
		return (0);
	if (asprintf(&vol, "jails/%s", name) < 0) {
		vol = NULL;
		return (ioc_fail_nomem(err));
	}
	r = s->store->ops->has(s->store, vol, &e);
	if (r == 0)
		r = ioc_source_load(s, vol, &conf, &e);
	base = r == 0 ? ioc_conf_get(conf, "id_base") : NULL;
	if (base != NULL && strlen(base) <= 10) {
		if (asprintf(&claim, ".ids/%s", base) < 0)
			return (ioc_fail_nomem(err));
		r = ioc_file_read(s->store->root, claim, &owner, &e);
		if (r == 0)
			return (strcmp(ioc_buf_str(&owner), token) == 0);
	}
	if (r == 0 || !ioc_error_is_shortage(&e))
		return (0);
	ioc_error_copy(err, &e);
	return (r);
}

/* The uid range of a destroyed jail: "NAME BASE OWNER". */
static int
release_destroyed(struct ioc_source *s, const char *what,
    struct ioc_error *err)
{
	const char *base = strchr(what, ' ');
	const char *owner = base != NULL ? strchr(base + 1, ' ') : NULL;
	char text[16];
	uint64_t v;

	if (owner == NULL || (size_t)(owner - base) > sizeof(text))
		return (0);
	(void)snprintf(text, sizeof(text), "%.*s", (int)(owner - base - 1),
	    base + 1);
	if (ioc_str_to_u64(text, 0, UINT32_MAX, &v, NULL) != 0)
		return (0);
	/* By now it may be another jail's. */
	return (ioc_ids_release(s, (uint32_t)v, owner + 1, err));
}

/* What has its name but is not mounted is by who asks for its levels. */
static int
mount_release(struct ioc_source *s, const char *name, struct ioc_error *err)
{
	struct ioc_error e = { .code = 0 };
	unsigned level;

	if (ioc_name_check(IOC_NAME_RELEASE, name, NULL) == 0 &&
	    ioc_release_level(s, name, &level, &e) != 0 &&
	    ioc_error_is_shortage(&e)) {
		ioc_error_copy(err, &e);
		return (e.code);
	}
	return (0);
}

/* What is mounted there goes with a jail, by whoever is at work on that. */
static int
destroy_staged(const struct sweep *w, const char *vol, struct ioc_error *err)
{
	struct ioc_store *s = w->source->store;
	struct ioc_error e;
	int r = s->ops->destroy(s, vol, &e);

	if (r == IOC_BUSY && w->others)
		return (IOC_JOURNAL_LATER);
	if (r != 0)
		ioc_error_copy(err, &e);
	return (r);
}

static int
recover_entry(const char *op, const char *what, const char *token, void *arg,
    struct ioc_error *err)
{
	struct sweep *w = arg;
	struct ioc_source *s = w->source;
	auto_free char *vol = NULL;
	bool detached, destroyed = strcmp(op, "destroy") == 0;
	int r;

	if (strcmp(op, "snapshot") == 0 || strcmp(op, "rollback") == 0) {
		r = ioc_snapshot_recover(s, op, what, err);
		if (r == IOC_JOURNAL_LATER)
			return (r);
		w->n += r == 0;
		return (ioc_wrap(err, r, "recover %s %s", op, IOC_SHOW(what)));
	}
	if (asprintf(&vol, ".staging/%s", token) < 0) {
		vol = NULL;
		return (ioc_fail_nomem(err));
	}
	r = s->store->ops->has(s->store, vol, err);
	detached = r == 0;
	if (detached && destroyed)
		r = release_destroyed(s, what, err);
	if (detached && destroyed && r == 0)
		r = ioc_pin_keep(s, vol, err);
	/* Its snapshot may be there when its staging is not. */
	if ((r == 0 || r == IOC_NOT_FOUND) && strcmp(op, IOC_JAIL_UPDATE) == 0)
		r = ioc_switch_recover(s, what, vol, err);
	if (r == IOC_JOURNAL_LATER)
		return (r);
	if (detached && r == 0)
		r = destroy_staged(w, vol, err);
	else if (r == IOC_NOT_FOUND)
		r = 0;
	if (r == IOC_JOURNAL_LATER)
		return (r);
	if (r == 0 && (strcmp(op, "fetch") == 0 || strcmp(op, "update") == 0))
		r = mount_release(s, what, err);
	if (r == 0 && strcmp(op, "create") == 0)
		r = ioc_build_recover(s, what, token, err);
	if (r == 0 && strcmp(op, "export") == 0)
		r = ioc_export_forget(s, what, token, err);
	if (r == 0 && !destroyed) {
		r = was_committed(s, op, what, token, err);
		/* Somebody may have renamed it since. */
		if (r == 0)
			r = makes_jail(op) ?
			    ioc_ids_release_unused(s, token, err) :
			    ioc_ids_release_owner(s, token, err);
		r = r > 0 ? 0 : r;
	}
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

		/* Only what is known to have none: else its writer may live. */
		r = ioc_path_stat(journal, names.v[i], IOC_PATH_NOLINKS, &st,
		    err);
		if (r != IOC_NOT_FOUND)
			continue;
		if (asprintf(&vol, ".staging/%s", names.v[i]) < 0) {
			vol = NULL;
			return (ioc_fail_nomem(err));
		}
		/* Its writer may just have ended: then it is gone by itself. */
		r = s->ops->has(s, vol, err);
		if (r != 0) {
			r = r == IOC_NOT_FOUND ? 0 : r;
			continue;
		}
		r = s->ops->destroy(s, vol, err);
		if (r == 0)
			r = ioc_ids_release_owner(w->source, names.v[i],
			    err);
		w->n += r == 0;
	}
	return (r);
}

/* Claims of uid ranges that had no name yet. */
static int
sweep_ids(struct ioc_source *s, struct ioc_error *err)
{
	auto_fd int dir = ioc_path_dir(s->store->root, ".ids",
	    IOC_PATH_NOLINKS, err);

	return (dir < 0 ? dir : ioc_file_sweep(dir, err));
}

/* Files that were being replaced when their writer was killed. */
static int
sweep_files(struct ioc_source *s, bool deep, struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	int r;

	r = ioc_file_sweep(s->store->root, err);
	if (r == 0 && deep)
		r = sweep_ids(s, err);
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
recover_source(struct ioc_source *s, bool deep, bool others, unsigned *n,
    struct ioc_error *err)
{
	struct sweep w = { .source = s, .others = others };
	auto_fd int journal = -1;
	int r;

	journal = ioc_path_dir(s->store->root, ".journal", IOC_PATH_NOLINKS,
	    err);
	/* An adopted one, in which nothing of ours has been done so far. */
	if (journal == IOC_NOT_FOUND && s->store->ops->mounts)
		return (0);
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

struct wanted {
	const char	*jail;
	bool		 found;
};

/* Every entry stays: this only looks. */
static int
look_at_entry(const char *op, const char *what, const char *token, void *arg,
    struct ioc_error *err)
{
	struct wanted *w = arg;
	size_t n = strlen(w->jail);

	if ((strcmp(op, "rollback") == 0 || strcmp(op, IOC_JAIL_UPDATE) == 0) &&
	    strncmp(what, w->jail, n) == 0 && what[n] == ' ')
		w->found = true;
	return (IOC_JOURNAL_LATER);
}

int
ioc_recover_wanted(struct ioc_source *s, const char *jail, bool *ret,
    struct ioc_error *err)
{
	struct wanted w = { .jail = jail };
	struct ioc_error e;
	auto_fd int journal = ioc_path_dir(s->store->root, ".journal",
	    IOC_PATH_NOLINKS, &e);
	int r = journal;

	*ret = false;
	if (r >= 0)
		r = ioc_journal_recover(journal, look_at_entry, &w, &e);
	*ret = w.found;
	if (r == 0 || r == IOC_NOT_FOUND)
		return (0);
	ioc_error_copy(err, &e);
	return (r);
}

/*
 * A jail in the run directory that is neither up nor gone, or that has lost the
 * process which was to take it away.
 */
static int
recover_jail(struct ioc_host *h, const char *kernel, unsigned *n, bool *others,
    struct ioc_error *err)
{
	auto_launch struct ioc_launch l = IOC_LAUNCH(h, kernel);
	auto_lock struct ioc_lock *lock = NULL;
	struct ioc_os_jail_info info;
	struct ioc_error cause;
	int r;

	/* Somebody is at work on it: it is not left over. */
	r = ioc_host_lock(h, "jail", kernel, IOC_LOCK_EXCLUSIVE, "recover", 0,
	    &lock, &cause);
	if (r == IOC_BUSY) {
		*others = true;
		return (0);
	}
	if (r != 0)
		ioc_error_copy(err, &cause);
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
recover_jails(struct ioc_host *h, unsigned *n, bool *others,
    struct ioc_error *err)
{
	auto_free struct ioc_os_jail_info *v = NULL;
	size_t count = 0;
	int r;

	r = ioc_os_jail_list(h->os, &v, &count, err);
	for (size_t i = 0; r == 0 && i < count; i++)
		if (v[i].state == IOC_OS_JAIL_PARTIAL || v[i].ephemeral)
			r = recover_jail(h, v[i].name, n, others, err);
	return (r);
}

int
ioc_recover(struct ioc_host *h, bool deep, unsigned *n, struct ioc_error *err)
{
	unsigned count = 0;
	bool others = false;
	int r, first = 0;

	r = ioc_host_need_root(h, "recover", err);
	if (r != 0)
		return (r);
	if (deep)
		(void)ioc_lock_sweep(h->lock_fd, NULL);
	/* Processes first: what they hold could not be removed. */
	first = recover_jails(h, &count, &others, err);
	for (size_t i = 0; i < h->sources.n; i++) {
		struct ioc_error local;

		r = ioc_source_open(&h->sources.v[i], &local);
		if (r != 0 && !ioc_error_is_shortage(&local))
			continue;
		if (r == 0)
			r = recover_source(&h->sources.v[i], deep, others,
			    &count, &local);
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
