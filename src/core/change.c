/* SPDX-License-Identifier: BSD-2-Clause */
/* Renaming and destroying jails. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/create.h"
#include "core/event.h"
#include "core/ids.h"
#include "core/jail.h"
#include "core/recover.h"
#include "core/step.h"
#include "safe/name.h"
#include "safe/path.h"

/* --- rename ----------------------------------------------------------------- */

struct rename {
	struct ioc_jail	*jail;
	char		*to;
};

static int
rename_volume(void *ctx, struct ioc_error *err)
{
	struct rename *c = ctx;
	struct ioc_store *s = c->jail->source->store;

	return (s->ops->rename(s, c->jail->vol, c->to, err));
}

static const struct ioc_step rename_table[] = {
	{ "volume", rename_volume, NULL },	/* one rename, nothing half */
};

static const struct ioc_steps rename_steps =
    IOC_STEPS("jail.rename", rename_table);

int
ioc_jail_rename(struct ioc_jail *j, const char *name, struct ioc_error *err)
{
	IOC_AUTO(ioc_jail_closep) struct ioc_jail *to = NULL;
	auto_lock struct ioc_lock *lock = NULL, *other = NULL, *names = NULL;
	struct rename ctx = { .jail = j };
	int r;

	r = ioc_host_need_root(j->host, "rename", err);
	if (r == 0)
		r = ioc_name_check(IOC_NAME_JAIL, name, err);
	if (r == 0 && strcmp(name, j->name) == 0)
		r = ioc_fail(err, IOC_EXISTS, "that is its name already");
	if (r == 0)
		r = ioc_jail_new(j->source, name, &to, err);
	/* Always in the same order, so that two renames cannot wait for each
	   other. */
	if (r == 0 && strcmp(j->name, name) < 0) {
		r = ioc_jail_hold(j, "rename", &lock, err);
		if (r == 0)
			r = ioc_jail_lock(to, "rename", &other, err);
	} else if (r == 0) {
		r = ioc_jail_lock(to, "rename", &other, err);
		if (r == 0)
			r = ioc_jail_hold(j, "rename", &lock, err);
	}
	if (r == 0)
		r = ioc_jail_quiet(j, false, err);
	/* Nobody may take it for one that is missing. */
	if (r == 0)
		r = ioc_host_lock(j->host, IOC_IDS_LOCK, j->source->name,
		    IOC_LOCK_SHARED, "rename a jail of", IOC_LOCK_WAIT,
		    &names, err);
	if (r == 0) {
		ctx.to = to->vol;
		r = ioc_steps_run(&rename_steps, j->host, j->name, &ctx, err);
	}
	if (r == IOC_EXISTS && strcmp(name, j->name) != 0)
		r = ioc_fail(err, IOC_EXISTS, "jail %s exists already", name);
	if (r != 0)
		return (ioc_wrap(err, r, "rename %s", j->name));
	if (!j->host->dry_run) {
		char *swap = j->name;

		j->name = to->name;
		to->name = swap;
		swap = j->vol;
		j->vol = to->vol;
		to->vol = swap;
	}
	return (0);
}

/* --- destroy ------------------------------------------------------------------ */

struct destroy {
	struct ioc_jail	*jail;
	struct ioc_build build;		/* journal and staging name */
	char		*what;		/* for the journal, see core/recover.h */
	uint32_t	 id_base;
	struct ioc_buf	 owner;		/* of its uid range */
};

static int
journal(void *ctx, struct ioc_error *err)
{
	struct destroy *d = ctx;

	return (ioc_build_journal(&d->build, err));
}

static int
unjournal(void *ctx, struct ioc_error *err)
{
	struct destroy *d = ctx;

	return (ioc_build_unjournal(&d->build, err));
}

/* A mount in it is somebody else's: nothing is touched then. */
static int
check_idle(void *ctx, struct ioc_error *err)
{
	struct destroy *d = ctx;
	struct ioc_store *s = d->jail->source->store;

	return (s->ops->idle(s, d->jail->vol, err));
}

/* From here on there is no such jail any more. */
static int
detach(void *ctx, struct ioc_error *err)
{
	struct destroy *d = ctx;
	struct ioc_store *s = d->jail->source->store;

	return (s->ops->rename(s, d->jail->vol, d->build.staging, err));
}

static int
reattach(void *ctx, struct ioc_error *err)
{
	struct destroy *d = ctx;
	struct ioc_store *s = d->jail->source->store;
	int r = s->ops->rename(s, d->build.staging, d->jail->vol, err);

	return (r == IOC_NOT_FOUND ? 0 : r);
}

static const struct ioc_step destroy_table[] = {
	{ "check", check_idle, NULL },
	{ "journal", journal, unjournal },
	{ "detach", detach, reattach },
};

static const struct ioc_steps destroy_steps =
    IOC_STEPS("jail.destroy", destroy_table);

/* What is left cannot be undone, and is finished by recovery when it fails. */
static int
remove_rest(struct destroy *d, struct ioc_error *err)
{
	struct ioc_host *h = d->jail->host;
	int r;

	r = ioc_emit(h, IOC_PHASE_BEGIN, "jail.destroy/remove", d->jail->name,
	    NULL);
	/* As long as there is a volume recovery knows that this may be left. */
	if (r == 0)
		r = ioc_ids_release(d->jail->source, d->id_base,
		    ioc_buf_str(&d->owner), err);
	if (r == 0)
		r = ioc_build_unvolume(&d->build, err);
	if (r != 0)
		return (r);
	ioc_journal_end(take_ptr(d->build.journal));
	(void)ioc_emit(h, IOC_PHASE_DONE, "jail.destroy/remove", d->jail->name,
	    NULL);
	return (0);
}

static int
prepare(struct destroy *d, struct ioc_error *err)
{
	struct ioc_error cause = { .code = 0 };
	struct ioc_conf *conf;
	const char *base = NULL;
	uint64_t v = 0;
	int r;

	/* Also a jail whose configuration is damaged can be destroyed. */
	r = ioc_jail_conf(d->jail, &conf, &cause);
	if (r == 0)
		base = ioc_conf_get(conf, "id_base");
	else if (ioc_error_is_shortage(&cause)) {
		ioc_error_copy(err, &cause);
		return (r);
	}
	if (base != NULL &&
	    ioc_str_to_u64(base, 0, UINT32_MAX, &v, NULL) == 0)
		d->id_base = (uint32_t)v;
	r = ioc_ids_owner(d->jail->source, d->id_base, &d->owner, err);
	if (r != 0)
		return (r);
	if (asprintf(&d->what, "%s %" PRIu32 " %s", d->jail->name, d->id_base,
	    ioc_buf_str(&d->owner)) < 0) {
		d->what = NULL;
		return (ioc_fail_nomem(err));
	}
	d->build.host = d->jail->host;
	d->build.source = d->jail->source;
	d->build.op = "destroy";
	d->build.name = d->what;
	return (0);
}

static void
destroy_fini(struct destroy *d)
{
	ioc_build_fini(&d->build);
	ioc_buf_fini(&d->owner);
	free(d->what);
}

int
ioc_jail_destroy(struct ioc_jail *j, bool stop, struct ioc_error *err)
{
	IOC_AUTO(destroy_fini) struct destroy d = {
		.jail = j, .owner = IOC_BUF(4096),
	};
	auto_lock struct ioc_lock *lock = NULL;
	int r;

	r = ioc_host_need_root(j->host, "destroy", err);
	if (r == 0)
		r = ioc_jail_hold(j, "destroy", &lock, err);
	/* Under the same lock: nobody starts it in between. */
	if (r == 0)
		r = ioc_jail_quiet(j, stop, err);
	if (r == 0)
		r = prepare(&d, err);
	if (r == 0)
		r = ioc_steps_run(&destroy_steps, j->host, j->name, &d, err);
	if (r == 0 && !j->host->dry_run)
		r = remove_rest(&d, err);
	return (ioc_wrap(err, r, "destroy %s", j->name));
}
