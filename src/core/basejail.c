/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/basejail.h"

#include <sys/stat.h>

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "core/release.h"
#include "dist/dist.h"
#include "safe/path.h"

/* An archive is taken for a system like that of the host. */
static int
dirs_of(struct ioc_source *s, const char *dist, const char *const **ret,
    struct ioc_error *err)
{
	const struct ioc_dist *d = dist != NULL ? ioc_dist_find(dist) : NULL;

	if (d == NULL || (d->base_dirs == NULL && d->systems == NULL))
		*ret = s->store->base_dirs;
	else
		*ret = d->base_dirs;
	return (*ret != NULL ? 0 : ioc_fail(err, IOC_UNSUPPORTED, "basejail: "
	    "which directories are the system's is not known of \"%s\"",
	    IOC_SHOW(dist != NULL ? dist : "-")));
}

static bool
is_yes(const char *text)
{
	bool yes = false;

	return (text != NULL && ioc_str_to_bool(text, &yes, NULL) == 0 && yes);
}

int
ioc_basejail_judge(struct ioc_build *b, struct ioc_error *err)
{
	const char *const *dirs;
	int r;

	if (!b->basejail && !is_yes(ioc_conf_get(b->conf, "basejail")))
		return (0);
	if (b->thick || b->origin == NULL)
		return (ioc_fail(err, IOC_INVALID, "a basejail has the "
		    "directories of a release: it is neither thick nor empty"));
	r = dirs_of(b->source, ioc_conf_get(b->conf, "distribution"), &dirs,
	    err);
	if (r == 0)
		r = ioc_conf_set(b->conf, "basejail", "yes", err);
	return (r == 0 ? ioc_conf_set(b->conf, "basejail_type", "nullfs", err) :
	    r);
}

/* "releases/R/pN" with N as it is pinned; of libioc's jails, the newest. */
static int
pinned(struct ioc_jail *j, char **ret, struct ioc_error *err)
{
	const char *release, *text;
	int64_t level = 0;
	unsigned newest;
	int r = ioc_jail_value(j, "release", &release, err);

	if (r == 0 && ioc_str_is_none(release))
		r = ioc_fail(err, IOC_STATE, "basejail: it has no release");
	if (r != 0)
		return (r);
	if (strchr(release, '/') != NULL)
		release = strchr(release, '/') + 1;
	r = ioc_jail_value(j, "patch_level", &text, err);
	if (r == 0 && !ioc_str_is_none(text))
		r = ioc_jail_value_int(j, "patch_level", &level, err);
	else if (r == 0) {
		r = ioc_release_level(j->source, release, &newest, err);
		level = newest;
	}
	if (r != 0)
		return (r);
	if (asprintf(ret, "releases/%s/p%" PRId64, release, level) < 0) {
		*ret = NULL;
		return (ioc_fail_nomem(err));
	}
	return (0);
}

int
ioc_basejail_root(struct ioc_jail *j, struct ioc_os_root *ret,
    const char *const **dirs, struct ioc_error *err)
{
	struct ioc_store *s = j->source->store;
	auto_free char *vol = NULL;
	const char *type, *dist;
	bool yes = false;
	int r = ioc_jail_value_bool(j, "basejail", &yes, err);

	if (r != 0 || !yes)
		return (r);
	r = ioc_jail_value(j, "basejail_type", &type, err);
	if (r == 0 && strcmp(type, "nullfs") != 0)
		return (ioc_fail(err, IOC_UNSUPPORTED, "basejail_type \"%s\": "
		    "only nullfs is known", IOC_SHOW(type)));
	if (r == 0)
		r = ioc_jail_value(j, "distribution", &dist, err);
	if (r == 0)
		r = dirs_of(j->source, ioc_str_is_none(dist) ? NULL : dist,
		    dirs, err);
	if (r == 0)
		r = pinned(j, &vol, err);
	return (r == 0 ? ioc_wrap(err, s->ops->root(s, vol, ret, err),
	    "basejail") : r);
}

int
ioc_basejail_dir(int release, const char *dir, struct ioc_error *err)
{
	struct stat st;
	int r = ioc_path_stat(release, dir, IOC_PATH_NOLINKS, &st, err);

	if (r == 0 && !S_ISDIR(st.st_mode))
		r = ioc_fail(err, IOC_NOT_FOUND, "%s: no directory", dir);
	return (r != 0 ? r :
	    ioc_path_dir(release, dir, IOC_PATH_NOLINKS, err));
}

static int
add_mount(struct ioc_launch *l, int release, const char *dir,
    struct ioc_error *err)
{
	struct ioc_error e = { .code = 0 };
	int fd = ioc_basejail_dir(release, dir, &e);

	if (fd == IOC_NOT_FOUND)
		return (0);
	if (fd < 0) {
		ioc_error_copy(err, &e);
		return (ioc_wrap(err, fd, "basejail: %s", dir));
	}
	l->sources[l->nsources++] = fd;
	if (ioc_strv_addf(&l->texts, "/%s", dir) != 0)
		return (ioc_strv_check(&l->texts, err));
	/* Programs that are set-id are so in a release, too. */
	l->mounts[l->nmounts++] = (struct ioc_os_mount){
		.kind = IOC_MOUNT_BIND, .source = fd,
		.target = l->texts.v[l->texts.n - 1],
		.flags = IOC_MNT_RDONLY | IOC_MNT_NODEV |
		    (l->spec.userns ? IOC_MNT_IDMAP : 0),
	};
	return (0);
}

int
ioc_basejail_plan(struct ioc_launch *l, struct ioc_jail *j,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_store_root_fini) struct ioc_os_root base = IOC_OS_ROOT;
	const char *const *dirs = NULL;
	int r = ioc_basejail_root(j, &base, &dirs, err);

	if (r != 0 || dirs == NULL)
		return (r);
	/* Where every thin jail has them mounted: of that level, then. */
	if (l->root.kind == IOC_ROOT_NULLFS) {
		ioc_fd_close(&l->root.lower);
		l->root.lower = take_fd(&base.root);
		return (0);
	}
	for (size_t i = 0; r == 0 && dirs[i] != NULL; i++)
		r = i < IOC_DIST_BASE_DIRS ?
		    add_mount(l, base.root, dirs[i], err) :
		    ioc_fail(err, IOC_LIMIT, "too many base directories");
	return (r);
}
