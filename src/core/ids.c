/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/ids.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/compat.h"
#include "base/str.h"
#include "conf/prop.h"
#include "core/jail.h"
#include "safe/file.h"
#include "safe/path.h"

/* ioc_uid_range as whole slots. */
static int
slots(const struct ioc_host *h, uint32_t *first, uint32_t *n,
    struct ioc_error *err)
{
	uint32_t count, skip;

	ioc_hostconf_uid_range(h->conf, first, &count);
	skip = (IOC_ID_COUNT - *first % IOC_ID_COUNT) % IOC_ID_COUNT;
	if (count < skip || count - skip < IOC_ID_COUNT)
		return (ioc_fail(err, IOC_INVALID,
		    "ioc_uid_range: holds no whole range of %u ids",
		    IOC_ID_COUNT));
	*first += skip;
	*n = (count - skip) / IOC_ID_COUNT;
	return (0);
}

int
ioc_ids_wanted(struct ioc_source *s, const char *userns, bool *ret,
    struct ioc_error *err)
{
	const struct ioc_prop *p = ioc_prop_find("userns");
	struct ioc_conf *defaults;
	int r = 0;

	*ret = false;
	if ((p->systems & ioc_prop_this_system) == 0)
		return (0);
	if (userns == NULL) {
		r = ioc_source_defaults(s, &defaults, err);
		userns = r == 0 ? ioc_conf_get(defaults, "userns") : NULL;
	}
	if (r != 0 || (userns != NULL && strcmp(userns, "off") == 0))
		return (r);
	*ret = true;
	return (ioc_wrap(err, ioc_os_can(s->host->os, IOC_CAN_IDMAP, err),
	    "userns=idmap"));
}

/* Does a source other than `self` have a claim of that name?  1, 0 or a code. */
static int
claimed_elsewhere(struct ioc_source *self, const char *name,
    struct ioc_error *err)
{
	struct ioc_host *h = self->host;
	struct ioc_error e;
	char path[32];
	struct stat st;

	(void)snprintf(path, sizeof(path), ".ids/%s", name);
	for (size_t i = 0; i < h->sources.n; i++) {
		struct ioc_source *s = &h->sources.v[i];
		int r;

		if (s == self)
			continue;
		r = ioc_source_open(s, &e);
		if (r == 0)
			r = ioc_path_stat(s->store->root, path, 0, &st, &e);
		if (r == 0)
			return (1);
		/* Two jails with the same ids could touch each other. */
		if (ioc_error_is_shortage(&e)) {
			ioc_error_copy(err, &e);
			return (r);
		}
	}
	return (0);
}

int
ioc_ids_claim(struct ioc_source *s, const char *owner, uint32_t *base,
    struct ioc_error *err)
{
	uint32_t first = 0, n = 0, start, at;
	char name[16], path[32];
	int r;

	r = slots(s->host, &first, &n, err);
	if (r != 0)
		return (r);
	ioc_random(&start, sizeof(start));
	for (uint32_t i = 0; i < n; i++) {
		at = first + (start % n + i) % n * IOC_ID_COUNT;
		(void)snprintf(name, sizeof(name), "%" PRIu32, at);
		(void)snprintf(path, sizeof(path), ".ids/%s", name);
		r = claimed_elsewhere(s, name, err);
		if (r < 0)
			return (ioc_wrap(err, r, "claim uid range %s", name));
		if (r > 0)
			continue;
		r = ioc_file_replace(s->store->root, path, owner,
		    strlen(owner), 0600, (uid_t)-1, (gid_t)-1, IOC_FILE_NEW |
		    IOC_FILE_NOSYNC, err);
		if (r == IOC_EXISTS)
			continue;
		if (r != 0)
			return (ioc_wrap(err, r, "claim uid range %s", name));
		*base = at;
		return (0);
	}
	return (ioc_fail(err, IOC_LIMIT,
	    "no uid range left: all %" PRIu32 " of ioc_uid_range are taken",
	    n));
}

int
ioc_ids_release(struct ioc_source *s, uint32_t base, const char *owner,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(4096);
	char path[32];
	int r;

	if (base == 0)
		return (0);
	(void)snprintf(path, sizeof(path), ".ids/%" PRIu32, base);
	r = ioc_file_read(s->store->root, path, &b, err);
	if (r == IOC_NOT_FOUND)
		return (0);
	if (r == 0 && owner != NULL && strcmp(ioc_buf_str(&b), owner) != 0)
		return (0);
	if (r == 0)
		r = ioc_path_unlink(s->store->root, path, 0, err);
	return (ioc_wrap(err, r, "release uid range %" PRIu32, base));
}

int
ioc_ids_owner(struct ioc_source *s, uint32_t base, struct ioc_buf *ret,
    struct ioc_error *err)
{
	char path[32];
	int r;

	(void)snprintf(path, sizeof(path), ".ids/%" PRIu32, base);
	r = ioc_file_read(s->store->root, path, ret, err);
	return (r == IOC_NOT_FOUND ? 0 :
	    ioc_wrap(err, r, "uid range %" PRIu32, base));
}

/* The first ids of all claims. */
static int
claims(struct ioc_source *s, struct ioc_strv *ret, struct ioc_error *err)
{
	auto_fd int fd = -1;
	auto_dir DIR *dir = NULL;
	struct dirent *de;
	uint64_t base;

	fd = ioc_path_dir(s->store->root, ".ids", IOC_PATH_NOLINKS, err);
	if (fd < 0)
		return (fd);
	dir = fdopendir(fd);
	if (dir == NULL)
		return (ioc_fail_errno(err, "uid ranges"));
	(void)take_fd(&fd);
	while ((errno = 0, de = readdir(dir)) != NULL)
		if (ioc_str_to_u64(de->d_name, 1, UINT32_MAX, &base,
		    NULL) == 0)
			(void)ioc_strv_add(ret, de->d_name);
	if (errno != 0)
		return (ioc_fail_errno(err, "uid ranges"));
	return (ioc_strv_check(ret, err));
}

static uint32_t
base_of(const char *claim)
{
	uint64_t base = 0;

	(void)ioc_str_to_u64(claim, 1, UINT32_MAX, &base, NULL);
	return ((uint32_t)base);
}

int
ioc_ids_release_owner(struct ioc_source *s, const char *owner,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv all = IOC_STRV;
	int r = claims(s, &all, err);

	for (size_t i = 0; r == 0 && i < all.n; i++)
		r = ioc_ids_release(s, base_of(all.v[i]), owner, err);
	return (r);
}

/* Is an operation going on that made this claim? */
static bool
in_progress(struct ioc_source *s, const char *claim)
{
	auto_buf struct ioc_buf token = IOC_BUF(256);
	auto_free char *entry = NULL, *path = NULL;
	struct stat st;

	if (asprintf(&path, ".ids/%s", claim) < 0) {
		path = NULL;
		return (true);
	}
	if (ioc_file_read(s->store->root, path, &token, NULL) != 0)
		return (true);
	/* Its writer was killed before it could say who it was. */
	if (token.len == 0)
		return (false);
	if (asprintf(&entry, ".journal/%s", ioc_buf_str(&token)) < 0) {
		entry = NULL;
		return (true);
	}
	return (ioc_path_stat(s->store->root, entry, IOC_PATH_NOLINKS, &st,
	    NULL) != IOC_NOT_FOUND);
}

/* Does the jail still have its name?  1, 0 or a code. */
static int
is_there(struct ioc_jail *j, struct ioc_error *err)
{
	struct ioc_store *s = j->source->store;
	int r = s->ops->has(s, j->vol, err);

	return (r == 0 ? 1 : r == IOC_NOT_FOUND ? 0 : r);
}

/* Which claims have jails now? */
static int
mark_used(struct ioc_source *s, const struct ioc_strv *all, bool *used,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	int r = s->store->ops->list(s->store, "jails", &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		IOC_AUTO(ioc_jail_closep) struct ioc_jail *j = NULL;
		const char *base;

		r = ioc_jail_new(s, names.v[i], &j, err);
		if (r == 0)
			r = ioc_jail_value(j, "id_base", &base, err);
		/* Destroyed while this was looking, or not there yet. */
		if (r == IOC_NOT_FOUND &&
		    (j->unmade || is_there(j, err) == 0)) {
			r = 0;
			continue;
		}
		for (size_t k = 0; r == 0 && k < all->n; k++)
			if (strcmp(all->v[k], base) == 0)
				used[k] = true;
	}
	return (r);
}

/* Gives back the claims that are not used, and belong to `owner` if given. */
static int
release_unused(struct ioc_source *s, const struct ioc_strv *all,
    const bool *used, const char *owner, unsigned *n, struct ioc_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < all->n; i++) {
		if (used[i])
			continue;
		r = ioc_ids_release(s, base_of(all->v[i]), owner, err);
		if (n != NULL)
			(*n)++;
	}
	return (r);
}

int
ioc_ids_release_unused(struct ioc_source *s, const char *owner,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv all = IOC_STRV;
	auto_lock struct ioc_lock *lock = NULL;
	auto_free bool *used = NULL;
	int r;

	r = ioc_host_lock(s->host, IOC_IDS_LOCK, s->name, IOC_LOCK_EXCLUSIVE,
	    "recover", IOC_LOCK_WAIT, &lock, err);
	if (r == 0)
		r = claims(s, &all, err);
	if (r != 0 || all.n == 0)
		return (r);
	used = calloc(all.n, sizeof(*used));
	if (used == NULL)
		return (ioc_fail_nomem(err));
	r = mark_used(s, &all, used, err);
	return (r == 0 ? release_unused(s, &all, used, owner, NULL, err) : r);
}

int
ioc_ids_sweep(struct ioc_source *s, unsigned *n, struct ioc_error *err)
{
	auto_strv struct ioc_strv all = IOC_STRV;
	auto_lock struct ioc_lock *lock = NULL;
	auto_free bool *used = NULL;
	struct ioc_error busy;
	int r;

	/* Another time, when nothing is renamed. */
	r = ioc_host_lock(s->host, IOC_IDS_LOCK, s->name, IOC_LOCK_EXCLUSIVE,
	    "recover", 0, &lock, &busy);
	if (r == IOC_BUSY)
		return (0);
	if (r != 0)
		ioc_error_copy(err, &busy);
	if (r == 0)
		r = claims(s, &all, err);
	if (r != 0 || all.n == 0)
		return (r);
	used = calloc(all.n, sizeof(*used));
	if (used == NULL)
		return (ioc_fail_nomem(err));
	/*
	 * Claims were listed before operations, and these before jails, so that
	 * a jail that comes is seen here or there.
	 */
	for (size_t i = 0; i < all.n; i++)
		used[i] = in_progress(s, all.v[i]);
	if (mark_used(s, &all, used, NULL) != 0)
		return (0);
	return (release_unused(s, &all, used, NULL, n, err));
}
