/* SPDX-License-Identifier: BSD-2-Clause */
/* The fake library: snapshots, clones and pools. */
#include "fake.h"

#include <stdio.h>
#include <string.h>

/* IOC_FAKE_SNAPSHOTS is "NAME SECONDS BYTES;...", the same for all jails. */
struct ioc_snapshot_list {
	char		*text;
	struct ioc_snapshot_info v[8];
	size_t		 n;
};

int
ioc_snapshot_list(struct ioc_jail *j, struct ioc_snapshot_list **ret,
    struct ioc_error *err)
{
	const char *env = getenv("IOC_FAKE_SNAPSHOTS");
	struct ioc_snapshot_list *l = calloc(1, sizeof(*l));
	char *rest, *line;
	int r = fake_fail("snapshots", j->f->name, err);

	if (r != 0) {
		free(l);
		return (r);
	}
	rest = l->text = strdup(env != NULL ? env : "");
	while (l->n < 8 && (line = fake_field(&rest, ';')) != NULL) {
		struct ioc_snapshot_info *s = &l->v[l->n++];
		const char *number;

		s->name = fake_field(&line, ' ');
		number = fake_field(&line, ' ');
		s->created = number != NULL ? strtol(number, NULL, 10) : 0;
		number = fake_field(&line, ' ');
		s->used = number != NULL ? strtoul(number, NULL, 10) : 0;
	}
	*ret = l;
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
	return (&l->v[i]);
}

void
ioc_snapshot_list_free(struct ioc_snapshot_list *l)
{
	if (l != NULL)
		free(l->text);
	free(l);
}

int
ioc_snapshot_create(struct ioc_jail *j, const char *name,
    struct ioc_error *err)
{
	fake_log("snapshot_create %s %s", j->f->name, name);
	return (fake_step(j->h, "snapshot.create/copy", j->f->name, err));
}

int
ioc_snapshot_rollback(struct ioc_jail *j, const char *name, bool stop,
    bool lose, struct ioc_error *err)
{
	fake_log("snapshot_rollback %s %s stop=%d lose=%d", j->f->name, name,
	    stop, lose);
	return (fake_step(j->h, "snapshot.rollback/copy", j->f->name, err));
}

int
ioc_snapshot_remove(struct ioc_jail *j, const char *name,
    struct ioc_error *err)
{
	fake_log("snapshot_remove %s %s", j->f->name, name);
	return (fake_step(j->h, "snapshot.remove/remove", j->f->name, err));
}

int
ioc_jail_clone(struct ioc_jail *j, const struct ioc_clone_options *o,
    struct ioc_jail **ret, struct ioc_error *err)
{
	int r;

	fake_log("clone %s@%s %s", j->f->name, o->snapshot != NULL ?
	    o->snapshot : "-", o->name);
	for (size_t i = 0; i < o->nprops; i++)
		fake_log("with %s=%s", o->props[i].name, o->props[i].value);
	r = fake_step(j->h, "jail.clone/volume", o->name, err);
	if (r != 0)
		return (ioc_wrap(err, r, "clone %s", IOC_SHOW(j->f->name)));
	if (!j->h->o.dry_run) {
		*ret = calloc(1, sizeof(**ret));
		**ret = (struct ioc_jail){ j->h, fake_add(j->h, o->name) };
	}
	return (0);
}

int
ioc_jail_promote(struct ioc_jail *j, struct ioc_error *err)
{
	fake_log("promote %s", j->f->name);
	return (ioc_wrap(err, fake_step(j->h, "jail.promote/volume",
	    j->f->name, err), "promote %s", IOC_SHOW(j->f->name)));
}

/* Two pools, one of them with the first source. */
int
ioc_pool_list(struct ioc_host *h, struct ioc_pool_list **ret,
    struct ioc_error *err)
{
	*ret = NULL;
	return (fake_fail("pools", "", err));
}

size_t
ioc_pool_count(const struct ioc_pool_list *l)
{
	return (2);
}

const struct ioc_pool_info *
ioc_pool_at(const struct ioc_pool_list *l, size_t i)
{
	static const struct ioc_pool_info pools[] = {
		{ "tank", "ONLINE", "ioc", "tank/iocage" },
		{ "usb", "DEGRADED", NULL, NULL },
	};

	return (&pools[i]);
}

void
ioc_pool_list_free(struct ioc_pool_list *l)
{
	(void)l;
}
