/* SPDX-License-Identifier: BSD-2-Clause */
/* Creating a jail: built under a staging name, then renamed at once. */
#include "core/create.h"

#include <sys/stat.h>

#include <string.h>

#include "base/compat.h"
#include "base/str.h"
#include "core/ids.h"
#include "core/release.h"
#include "core/step.h"
#include "safe/name.h"
#include "safe/path.h"

static int
commit(void *ctx, struct ioc_error *err)
{
	struct ioc_build *b = ctx;
	struct ioc_store *s = b->source->store;
	auto_free char *vol = NULL;
	int r;

	if (asprintf(&vol, "jails/%s", b->name) < 0)
		return (ioc_fail_nomem(err));
	r = s->ops->rename(s, b->staging, vol, err);
	if (r == 0)
		ioc_journal_end(take_ptr(b->journal));
	return (r);
}

static const struct ioc_step steps[] = {
	{ "journal", ioc_build_journal, ioc_build_unjournal },
	{ "ids", ioc_build_ids, ioc_build_unids },
	{ "volume", ioc_build_volume, ioc_build_unvolume },
	{ "config", ioc_build_config, NULL },	/* in the volume, goes with it */
	{ "commit", commit, NULL },	/* one rename: it is there or it is not */
};

static const struct ioc_steps create_steps = IOC_STEPS("jail.create", steps);

/* The configuration that a new jail starts with. */
static int
first_conf(struct ioc_build *b, const struct ioc_create_options *o,
    struct ioc_error *err)
{
	unsigned char uuid[16];
	char text[40];
	int r;

	r = ioc_conf_new(&b->conf, err);
	if (r == 0)
		r = ioc_changes_apply(b->conf, o->props, o->nprops, true, NULL,
		    err);
	if (r == 0 && ioc_conf_get(b->conf, "host_hostuuid") == NULL) {
		ioc_random(uuid, sizeof(uuid));
		uuid[6] = (unsigned char)((uuid[6] & 0x0f) | 0x40);
		uuid[8] = (unsigned char)((uuid[8] & 0x3f) | 0x80);
		(void)snprintf(text, sizeof(text), "%02x%02x%02x%02x-%02x%02x-"
		    "%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", uuid[0],
		    uuid[1], uuid[2], uuid[3], uuid[4], uuid[5], uuid[6],
		    uuid[7], uuid[8], uuid[9], uuid[10], uuid[11], uuid[12],
		    uuid[13], uuid[14], uuid[15]);
		r = ioc_conf_set(b->conf, "host_hostuuid", text, err);
	}
	if (r == 0 && b->origin != NULL)
		r = ioc_release_describe(b->source, b->origin, b->conf, err);
	if (r == 0 && b->thick)
		r = ioc_conf_set(b->conf, "thick", "yes", err);
	return (r);
}

static int
judge(struct ioc_build *b, const struct ioc_create_options *o,
    struct ioc_error *err)
{
	auto_free char *vol = NULL;
	struct stat st;
	int r;

	r = ioc_name_check(IOC_NAME_JAIL, b->name, err);
	if (r == 0 && (o->release == NULL) != o->empty)
		r = ioc_fail(err, IOC_INVALID,
		    "either a release or an empty jail must be asked for");
	if (r == 0)
		r = o->empty ? ioc_host_find_source(b->host, o->source,
		    &b->source, err) :
		    ioc_build_origin(b->host, o->source, o->release, b, err);
	if (r != 0)
		return (r);
	if (asprintf(&vol, "jails/%s", b->name) < 0)
		return (ioc_fail_nomem(err));
	r = ioc_path_stat(b->source->store->root, vol, 0, &st, err);
	if (r == 0)
		return (ioc_fail(err, IOC_EXISTS, "jail %s exists already",
		    b->name));
	if (r != IOC_NOT_FOUND)
		return (r);
	r = first_conf(b, o, err);
	return (r == 0 ? ioc_ids_wanted(b->source,
	    ioc_conf_get(b->conf, "userns"), &b->userns, err) : r);
}

/* What a jail is called when nobody cares. */
static int
make_up_name(char **ret, struct ioc_error *err)
{
	uint32_t n;

	ioc_random(&n, sizeof(n));
	if (asprintf(ret, "jail-%08x", n) < 0)
		return (ioc_fail_nomem(err));
	return (0);
}

int
ioc_jail_create(struct ioc_host *h, const struct ioc_create_options *o,
    struct ioc_jail **ret, struct ioc_error *err)
{
	auto_build struct ioc_build b = {
		.host = h, .op = "create", .thick = o->thick,
	};
	IOC_AUTO(ioc_jail_closep) struct ioc_jail *j = NULL;
	auto_lock struct ioc_lock *lock = NULL, *release = NULL;
	auto_free char *made_up = NULL;
	int r;

	r = ioc_host_need_root(h, "create", err);
	b.name = o->name;
	if (r == 0 && (b.name == NULL || strcmp(b.name, "-") == 0)) {
		r = make_up_name(&made_up, err);
		b.name = made_up;
	}
	if (r == 0)
		r = judge(&b, o, err);
	if (r == 0)
		r = ioc_jail_new(b.source, b.name, &j, err);
	if (r == 0)
		r = ioc_jail_lock(j, "create", &lock, err);
	if (r == 0 && b.origin != NULL)
		r = ioc_release_lock(b.source, b.origin, IOC_LOCK_SHARED,
		    "create from", &release, err);
	if (r == 0)
		r = ioc_steps_run(&create_steps, h, b.name, &b, err);
	if (r != 0)
		return (ioc_wrap(err, r, "create %s", b.name != NULL ?
		    IOC_SHOW(b.name) : "a jail"));
	if (ret != NULL)
		*ret = take_ptr(j);
	return (0);
}
