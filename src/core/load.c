/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configurations in whatever form they are there: ours, which is that of libioc and
 * later versions of iocage, a file in UCL, properties of a dataset.  Nothing is
 * written: what changes a jail writes its config.json, which counts from then on.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "conf/legacy.h"
#include "conf/ucl.h"
#include "core/event.h"
#include "core/jail.h"
#include "dist/dist.h"
#include "safe/path.h"

static int
on_property(const char *key, const char *value, void *arg,
    struct ioc_error *err)
{
	return (ioc_conf_set(arg, key, value, err));
}

/* NOT_FOUND as well where there is no such thing. */
static int
load_properties(struct ioc_source *s, const char *vol, struct ioc_conf **ret,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = NULL;
	int r = ioc_conf_new(&c, err);

	if (r == 0)
		r = s->store->ops->properties(s->store, vol, on_property, c,
		    err);
	if (r == 0)
		*ret = take_ptr(c);
	return (r);
}

/* The name of a release tells of what system it is. */
static int
meant(struct ioc_conf *c, struct ioc_error *err)
{
	const struct ioc_dist *d;
	const char *release;
	int r = ioc_legacy_read(c, err);

	release = r == 0 ? ioc_conf_get(c, "release") : NULL;
	if (release == NULL || ioc_conf_get(c, "distribution") != NULL)
		return (r);
	if (strchr(release, '/') != NULL)
		release = strchr(release, '/') + 1;
	d = ioc_dist_of_release(release);
	return (d == NULL ? 0 : ioc_conf_set(c, "distribution", d->name, err));
}

/* The first of the forms that is there; without any the error is ours. */
static int
load(struct ioc_source *s, int dir, const char *json, const char *ucl,
    const char *vol, struct ioc_conf **ret, struct ioc_error *err)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = NULL;
	struct ioc_error missing, e;
	bool foreign;
	int r = ioc_conf_load(dir, json, &c, &missing);

	if (r == 0)
		foreign = ioc_legacy_is(c);
	else if (r == IOC_NOT_FOUND) {
		foreign = true;
		r = ioc_ucl_load(dir, ucl, &c, &e);
		if (r == IOC_NOT_FOUND && vol != NULL &&
		    s->store->ops->properties != NULL)
			r = load_properties(s, vol, &c, &e);
		if (r != IOC_NOT_FOUND)
			missing = e;
		/* As libioc says it of them. */
		if (r == 0)
			r = ioc_conf_set(c, "legacy", "yes", &missing);
	}
	if (r != 0) {
		ioc_error_copy(err, &missing);
		return (r);
	}
	if (foreign)
		r = meant(c, err);
	if (r == 0)
		*ret = take_ptr(c);
	return (r);
}

/* Nothing there may mean that it is not mounted, and why it cannot be. */
static int
load_mounted(struct ioc_source *s, const char *vol, struct ioc_conf **ret,
    struct ioc_error *err)
{
	auto_fd int dir = -1, again = -1;
	struct ioc_error e;
	int r;

	/* The mount of the volume itself is no surprise. */
	dir = ioc_path_dir(s->store->root, vol, IOC_PATH_NOLINKS, err);
	if (dir < 0)
		return (take_fd(&dir));
	r = load(s, dir, "config.json", "config", vol, ret, &e);
	if (r == IOC_NOT_FOUND) {
		again = s->store->ops->dir(s->store, vol, err);
		if (again < 0)
			return (take_fd(&again));
		if (!ioc_path_same(dir, again))
			return (load(s, again, "config.json", "config", vol,
			    ret, err));
	}
	if (r != 0)
		ioc_error_copy(err, &e);
	return (r);
}

int
ioc_source_load(struct ioc_source *s, const char *vol, struct ioc_conf **ret,
    struct ioc_error *err)
{
	auto_free char *json = NULL, *ucl = NULL;

	if (s->store->ops->mounts)
		return (load_mounted(s, vol, ret, err));
	json = ioc_str_join(vol, "/config.json");
	ucl = ioc_str_join(vol, "/config");
	if (json == NULL || ucl == NULL)
		return (ioc_fail_nomem(err));
	return (load(s, s->store->root, json, ucl, NULL, ret, err));
}

int
ioc_source_load_defaults(struct ioc_source *s, struct ioc_conf **ret,
    struct ioc_error *err)
{
	struct stat st;
	bool probe = fstatat(s->store->root, ".defaults", &st,
	    AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);

	return (load(s, s->store->root, "defaults.json", "defaults",
	    probe ? ".defaults" : NULL, ret, err));
}

void
ioc_jail_warn_unmet(struct ioc_jail *j, const char *event)
{
	auto_buf struct ioc_buf b = IOC_BUF(4096);
	struct ioc_conf *conf;
	struct ioc_error e;

	if (ioc_jail_conf(j, &conf, NULL) != 0 || !ioc_legacy_is(conf) ||
	    ioc_legacy_unmet(conf, &b, NULL) != 0 || b.len == 0)
		return;
	(void)ioc_fail(&e, IOC_UNSUPPORTED, "what its configuration says of "
	    "%.700s has no effect here", ioc_buf_str(&b));
	ioc_emit_error(j->host, IOC_PHASE_WARN, event, j->name, &e);
}
