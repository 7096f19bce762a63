/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/create.h"
#include "core/event.h"
#include "core/step.h"
#include "safe/journal.h"
#include "safe/name.h"

/* --- listing ------------------------------------------------------------------ */

struct ioc_snapshot_list {
	struct ioc_store_snapshot *v;
	struct ioc_snapshot_info *info;
	size_t		 n;
};

int
ioc_snapshot_list(struct ioc_jail *j, struct ioc_snapshot_list **ret,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_snapshot_list_freep) struct ioc_snapshot_list *l =
	    calloc(1, sizeof(*l));
	struct ioc_store *s = j->source->store;
	int r;

	if (l == NULL)
		return (ioc_fail_nomem(err));
	r = s->ops->snapshot->list(s, j->vol, &l->v, &l->n, err);
	if (r != 0)
		return (r);
	l->info = calloc(l->n + 1, sizeof(*l->info));
	if (l->info == NULL)
		return (ioc_fail_nomem(err));
	for (size_t i = 0; i < l->n; i++)
		l->info[i] = (struct ioc_snapshot_info){
			.name = l->v[i].name, .created = l->v[i].created,
			.used = l->v[i].used,
		};
	*ret = take_ptr(l);
	return (0);
}

size_t
ioc_snapshot_count(const struct ioc_snapshot_list *l)
{
	return (l->n);
}

const struct ioc_snapshot_info *
ioc_snapshot_at(const struct ioc_snapshot_list *l, size_t i)
{
	return (i < l->n ? &l->info[i] : NULL);
}

void
ioc_snapshot_list_free(struct ioc_snapshot_list *l)
{
	if (l == NULL)
		return;
	free(l->v);
	free(l->info);
	free(l);
}

/* --- steps ---------------------------------------------------------------------- */

struct change {
	struct ioc_jail	*jail;
	const char	*name;
	const char	*event;		/* of its progress */
	bool		 lose;
	struct ioc_journal *sweep;	/* what is left is to be removed */
	struct ioc_journal *finish;	/* the rollback is to be finished */
};

static void
change_fini(struct change *c)
{
	ioc_journal_abandon(c->sweep);
	ioc_journal_abandon(c->finish);
}

static int
progress(uint64_t done, uint64_t total, void *arg)
{
	struct change *c = arg;

	return (ioc_emit_progress(c->jail->host, c->event, c->jail->name, done,
	    total, true, NULL));
}

static int
journal(void *ctx, struct ioc_error *err)
{
	struct change *c = ctx;
	auto_free char *token = NULL;

	return (ioc_source_journal(c->jail->source, "snapshot", c->jail->name,
	    0, &token, &c->sweep, err));
}

static int
unjournal(void *ctx, struct ioc_error *err)
{
	struct change *c = ctx;

	ioc_journal_end(take_ptr(c->sweep));
	return (0);
}

/* What cannot be removed now stays in the journal. */
static int
sweep(void *ctx, struct ioc_error *err)
{
	struct change *c = ctx;
	struct ioc_store *s = c->jail->source->store;
	int r = s->ops->snapshot->sweep(s, c->jail->vol, err);

	if (r != 0)
		ioc_journal_abandon(take_ptr(c->sweep));
	return (r);
}

static int
copy(void *ctx, struct ioc_error *err)
{
	struct change *c = ctx;
	struct ioc_store *s = c->jail->source->store;
	int r = s->ops->snapshot->create(s, c->jail->vol, c->name, progress, c,
	    err);

	if (r == 0)
		ioc_journal_end(take_ptr(c->sweep));
	return (r);
}

static int
take_away(void *ctx, struct ioc_error *err)
{
	struct change *c = ctx;
	struct ioc_store *s = c->jail->source->store;
	int r = s->ops->snapshot->remove(s, c->jail->vol, c->name, err);

	if (r == 0)
		ioc_journal_end(take_ptr(c->sweep));
	return (r);
}

static int
ready(void *ctx, struct ioc_error *err)
{
	struct change *c = ctx;
	struct ioc_store *s = c->jail->source->store;

	return (s->ops->snapshot->ready(s, c->jail->vol, c->name, c->lose,
	    progress, c, err));
}

/* The rest of a rollback that was begun, whatever is left of it. */
static int
go_on(struct ioc_store *s, const char *vol, const char *name,
    struct ioc_error *err)
{
	bool begun = false;
	int r = s->ops->snapshot->ready(s, vol, name, true, NULL, NULL, err);

	return (r == 0 ? s->ops->snapshot->rollback(s, vol, name, &begun, err) :
	    r);
}

/* From here on there is no way back, only to the end. */
static int
exchange(void *ctx, struct ioc_error *err)
{
	struct change *c = ctx;
	struct ioc_store *s = c->jail->source->store;
	auto_free char *token = NULL, *what = NULL;
	bool begun = false;
	int r;

	if (asprintf(&what, "%s %s", c->jail->name, c->name) < 0) {
		what = NULL;
		return (ioc_fail_nomem(err));
	}
	r = ioc_source_journal(c->jail->source, "rollback", what, 0, &token,
	    &c->finish, err);
	if (r == 0)
		r = s->ops->snapshot->rollback(s, c->jail->vol, c->name,
		    &begun, err);
	/* What has stopped it may have passed, as a disk that was full. */
	if (r != 0 && begun && go_on(s, c->jail->vol, c->name, NULL) == 0)
		r = 0;
	if (r == 0 || !begun)
		ioc_journal_end(take_ptr(c->finish));
	if (r == 0)
		ioc_journal_end(take_ptr(c->sweep));
	return (r);
}

static const struct ioc_step create_table[] = {
	{ "journal", journal, unjournal },
	{ "copy", copy, sweep },
};

static const struct ioc_step remove_table[] = {
	{ "journal", journal, unjournal },
	{ "remove", take_away, sweep },
};

static const struct ioc_step rollback_table[] = {
	{ "journal", journal, unjournal },
	{ "copy", ready, sweep },
	{ "exchange", exchange, NULL },	/* it is finished, if it was begun */
};

static const struct ioc_steps create_steps =
    IOC_STEPS("snapshot.create", create_table);
static const struct ioc_steps remove_steps =
    IOC_STEPS("snapshot.remove", remove_table);
static const struct ioc_steps rollback_steps =
    IOC_STEPS("snapshot.rollback", rollback_table);

/* --- the operations --------------------------------------------------------------- */

/* Locked, judged, and stopped if it has to be. */
static int
begin(struct change *c, const char *verb, bool stopped,
    struct ioc_lock **lock, struct ioc_error *err)
{
	struct ioc_jail *j = c->jail;
	enum ioc_jail_state state = IOC_JAIL_STOPPED;
	int r = ioc_host_need_root(j->host, verb, err);

	if (r == 0)
		r = ioc_name_check(IOC_NAME_SNAPSHOT, c->name, err);
	if (r == 0)
		r = ioc_jail_hold(j, verb, lock, err);
	if (r == 0 && stopped)
		r = ioc_jail_state(j, &state, NULL, err);
	if (r == 0 && state == IOC_JAIL_RUNNING)
		r = ioc_fail(err, IOC_STATE, "it runs, stop it first");
	return (r);
}

/* What the store would refuse is refused before anything is begun. */
static int
check_name(const struct change *c, bool there, struct ioc_error *err)
{
	IOC_AUTO(ioc_snapshot_list_freep) struct ioc_snapshot_list *l = NULL;
	int r = ioc_snapshot_list(c->jail, &l, err);

	for (size_t i = 0; r == 0 && i < l->n; i++)
		if (strcmp(l->v[i].name, c->name) == 0)
			return (there ? 0 : ioc_fail(err, IOC_EXISTS,
			    "there is one of that name"));
	return (r == 0 && there ? ioc_fail(err, IOC_NOT_FOUND,
	    "no such snapshot") : r);
}

static int
check_newer(const struct change *c, struct ioc_error *err)
{
	IOC_AUTO(ioc_snapshot_list_freep) struct ioc_snapshot_list *l = NULL;
	int r = ioc_snapshot_list(c->jail, &l, err);
	size_t at;

	return (r == 0 ? ioc_snapshots_newer(l->v, l->n, c->name, c->lose, &at,
	    err) : r);
}

static int
take_away_steps(struct change *c, struct ioc_error *err)
{
	return (ioc_steps_run(&remove_steps, c->jail->host, c->jail->name, c,
	    err));
}

/* Its configuration is read anew: the snapshot has its own. */
static int
go_back(struct change *c, struct ioc_error *err)
{
	struct ioc_jail *j = c->jail;
	int r = ioc_steps_run(&rollback_steps, j->host, j->name, c, err);

	if (r == 0 && !j->host->dry_run)
		ioc_conf_free(take_ptr(j->conf));
	return (r);
}

int
ioc_snapshot_create(struct ioc_jail *j, const char *name,
    struct ioc_error *err)
{
	IOC_AUTO(change_fini) struct change c = {
		.jail = j, .name = name, .event = "snapshot.create/copy",
	};
	auto_lock struct ioc_lock *lock = NULL;
	int r = begin(&c, "snapshot", !j->source->store->ops->live, &lock,
	    err);

	if (r == 0)
		r = check_name(&c, false, err);
	if (r == 0)
		r = ioc_steps_run(&create_steps, j->host, j->name, &c, err);
	return (ioc_wrap(err, r, "snapshot %s@%s", j->name, IOC_SHOW(name)));
}

int
ioc_snapshot_remove(struct ioc_jail *j, const char *name,
    struct ioc_error *err)
{
	IOC_AUTO(change_fini) struct change c = { .jail = j, .name = name };
	auto_lock struct ioc_lock *lock = NULL;
	int r = begin(&c, "remove a snapshot of", false, &lock, err);

	if (r == 0)
		r = check_name(&c, true, err);
	if (r == 0)
		r = take_away_steps(&c, err);
	return (ioc_wrap(err, r, "remove %s@%s", j->name, IOC_SHOW(name)));
}

int
ioc_snapshot_rollback(struct ioc_jail *j, const char *name, bool stop,
    bool lose, struct ioc_error *err)
{
	IOC_AUTO(change_fini) struct change c = {
		.jail = j, .name = name, .lose = lose,
		.event = "snapshot.rollback/copy",
	};
	auto_lock struct ioc_lock *lock = NULL;
	enum ioc_jail_state state = IOC_JAIL_STOPPED;
	int r = ioc_name_check(IOC_NAME_SNAPSHOT, name, err);

	/* It is not stopped for nothing. */
	if (r == 0)
		r = check_newer(&c, err);
	if (r == 0 && stop)
		r = ioc_jail_state(j, &state, NULL, err);
	if (r == 0 && state == IOC_JAIL_RUNNING)
		r = ioc_jail_stop(j, true, err);
	if (r == 0)
		r = begin(&c, "roll back", !(stop && j->host->dry_run), &lock,
		    err);
	if (r == 0)
		r = go_back(&c, err);
	return (ioc_wrap(err, r, "roll back %s to %s", j->name,
	    IOC_SHOW(name)));
}

int
ioc_snapshot_back(struct ioc_jail *j, const char *name, struct ioc_error *err)
{
	IOC_AUTO(change_fini) struct change back = {
		.jail = j, .name = name, .event = "snapshot.rollback/copy",
	};
	IOC_AUTO(change_fini) struct change gone = { .jail = j, .name = name };
	int r = check_newer(&back, err);

	if (r == 0)
		r = go_back(&back, err);
	return (r == 0 ? take_away_steps(&gone, err) : r);
}

/* --- recovery ----------------------------------------------------------------------- */

static int
finish(struct ioc_jail *j, const char *snapshot, struct ioc_error *err)
{
	enum ioc_jail_state state;
	int r = ioc_jail_state(j, &state, NULL, err);

	if (r == 0 && state == IOC_JAIL_RUNNING)
		r = ioc_fail(err, IOC_STATE, "%s runs", j->name);
	return (r == 0 ? go_on(j->source->store, j->vol, snapshot, err) : r);
}

int
ioc_snapshot_recover(struct ioc_source *s, const char *op, const char *what,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_jail_closep) struct ioc_jail *j = NULL;
	auto_lock struct ioc_lock *lock = NULL;
	auto_free char *name = NULL;
	const char *space = strchr(what, ' ');
	int r;

	name = strndup(what, strcspn(what, " "));
	if (name == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_name_check(IOC_NAME_JAIL, name, err);
	if (r == 0)
		r = ioc_jail_new(s, name, &j, err);
	if (r == 0)
		r = s->store->ops->has(s->store, j->vol, err);
	if (r == IOC_NOT_FOUND)
		return (0);
	if (r == 0)
		r = ioc_jail_lock_free(j, &lock, err);
	if (r != 0)
		return (r);
	return (strcmp(op, "rollback") == 0 && space != NULL ?
	    finish(j, space + 1, err) :
	    s->store->ops->snapshot->sweep(s->store, j->vol, err));
}
