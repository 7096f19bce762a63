/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/host.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/str.h"
#include "core/event.h"
#include "core/recover.h"
#include "dist/dist.h"
#include "safe/file.h"
#include "safe/name.h"
#include "safe/path.h"
#include "safe/worker.h"

/* Who can write there decides which process is taken for a jail. */
static int
check_run_dir(int fd, struct ioc_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "stat"));
	if (st.st_uid != 0)
		return (ioc_fail(err, IOC_UNSAFE, "it belongs to user %ju, "
		    "not to root", (uintmax_t)st.st_uid));
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return (ioc_fail(err, IOC_UNSAFE, "others may write to it "
		    "(mode %04o)", (unsigned)(st.st_mode & 07777)));
	return (0);
}

int
ioc_run_dir_open(const struct ioc_hostconf *conf, bool root, int *run_fd,
    int *lock_fd, struct ioc_error *err)
{
	const char *dir = ioc_hostconf_get(conf, "ioc_run_dir");
	auto_fd int slash = -1;
	int r;

	if (dir == NULL)
		dir = ioc_default_run_dir;
	slash = ioc_path_root("/", err);
	if (slash < 0)
		return (slash);
	if (!root) {
		r = ioc_path_dir(slash, dir, 0, NULL);
		*run_fd = r >= 0 ? r : -1;
		return (0);
	}
	r = *run_fd = ioc_path_mkdirs(slash, dir, 0711, 0, 0, 0, err);
	if (r >= 0)
		r = check_run_dir(*run_fd, err);
	if (r >= 0)
		r = *lock_fd = ioc_path_mkdirs(*run_fd, "lock", 0700, 0, 0,
		    IOC_PATH_NOLINKS, err);
	return (r < 0 ? ioc_wrap(err, r, "run directory %s", dir) : 0);
}

static int
add_source(struct ioc_host *h, const char *name, size_t namelen, bool zfs,
    const char *where, struct ioc_error *err)
{
	struct ioc_source *s;
	char copy[64];
	int r;

	if (namelen >= sizeof(copy))
		namelen = sizeof(copy) - 1;
	memcpy(copy, name, namelen);
	copy[namelen] = '\0';
	r = ioc_name_check(IOC_NAME_SOURCE, copy, err);
	if (r != 0)
		return (r);
	s = ioc_vec_push(&h->sources);
	if (s == NULL)
		return (ioc_fail_nomem(err));
	s->host = h;
	memcpy(s->name, copy, namelen + 1);
	s->ops = zfs ? &ioc_store_zfs : &ioc_store_dir;
	s->where = strdup(where);
	return (s->where == NULL ? ioc_fail_nomem(err) : 0);
}

/* "NAME=DATASET", "NAME=/DIR" or the NAME of a configured one. */
static int
add_named_source(struct ioc_host *h, const char *spec, struct ioc_error *err)
{
	const struct ioc_hostconf_source *v;
	const char *eq = strchr(spec, '=');
	size_t n;

	if (eq != NULL)
		return (add_source(h, spec, (size_t)(eq - spec), eq[1] != '/',
		    eq + 1, err));
	n = ioc_hostconf_sources(h->conf, &v);
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].name, spec) == 0)
			return (add_source(h, spec, strlen(spec), v[i].zfs,
			    v[i].where, err));
	return (ioc_fail(err, IOC_NOT_FOUND, "no source %s in %s",
	    IOC_SHOW(spec), h->config));
}

/* Without any in ioc.conf: the pool that is marked as active, as "ioc". */
static int
add_marked(struct ioc_host *h, struct ioc_error *err)
{
	auto_free char *where = NULL;
	struct ioc_error cause;
	int r;

	if (!h->root || ioc_os_can(h->os, IOC_CAN_ZFS, &cause) != 0)
		return (0);
	r = ioc_store_zfs_find(&where, &cause);
	if (r == 0)
		return (add_source(h, "ioc", strlen("ioc"), true, where, err));
	if (!ioc_error_is_shortage(&cause))
		return (0);
	ioc_error_copy(err, &cause);
	return (r);
}

static int
add_sources(struct ioc_host *h, const char *const *named,
    struct ioc_error *err)
{
	const struct ioc_hostconf_source *v;
	size_t n;
	int r = 0;

	if (named != NULL && named[0] != NULL) {
		for (; r == 0 && *named != NULL; named++)
			r = add_named_source(h, *named, err);
		return (r);
	}
	n = ioc_hostconf_sources(h->conf, &v);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_source(h, v[i].name, strlen(v[i].name), v[i].zfs,
		    v[i].where, err);
	return (r == 0 && n == 0 ? add_marked(h, err) : r);
}

static int
open_parts(struct ioc_host *h, const struct ioc_host_options *o,
    struct ioc_error *err)
{
	struct ioc_os_options os;
	int r;

	h->config = strdup(o->config != NULL ? o->config : ioc_default_config);
	if (h->config == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_hostconf_load(h->config, o->config == NULL, &h->conf, err);
	if (r != 0)
		return (r);
	if (o->helper_dir != NULL) {
		h->helper_dir = strdup(o->helper_dir);
		if (h->helper_dir == NULL)
			return (ioc_fail_nomem(err));
	} else if ((r = ioc_worker_helper_dir(&h->helper_dir, err)) != 0)
		return (r);
	r = ioc_run_dir_open(h->conf, h->root, &h->run_fd, &h->lock_fd, err);
	if (r != 0)
		return (r);
	os = (struct ioc_os_options){
		.run_fd = h->run_fd, .helper_dir = h->helper_dir,
	};
	r = ioc_os_open(&os, &h->os, err);
	if (r != 0)
		return (r);
	return (add_sources(h, o->sources, err));
}

IOC_DEFINE_AUTO(struct ioc_host, ioc_host_close);

int
ioc_host_open(const struct ioc_host_options *o, struct ioc_host **ret,
    struct ioc_error *err)
{
	static const struct ioc_host_options none = { 0 };
	IOC_AUTO(ioc_host_closep) struct ioc_host *h = NULL;
	struct ioc_error cause;
	int r;

	if (o == NULL)
		o = &none;
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return (ioc_fail_nomem(err));
	h->run_fd = h->lock_fd = -1;
	h->root = geteuid() == 0;
	h->event = o->event;
	h->event_arg = o->event_arg;
	h->dry_run = o->dry_run;
	r = open_parts(h, o, err);
	if (r != 0)
		return (r);
	/* What cannot be repaired now is told, and stands in nobody's way. */
	if (h->root && !o->no_recover && !o->dry_run &&
	    ioc_recover(h, false, NULL, &cause) != 0)
		ioc_emit_error(h, IOC_PHASE_WARN, "host.recover", "", &cause);
	*ret = take_ptr(h);
	return (0);
}

void
ioc_host_close(struct ioc_host *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < h->sources.n; i++) {
		ioc_store_close(h->sources.v[i].store);
		ioc_conf_free(h->sources.v[i].defaults);
		free(h->sources.v[i].where);
	}
	ioc_vec_fini(&h->sources);
	ioc_os_close(h->os);
	ioc_fd_close(&h->lock_fd);
	ioc_fd_close(&h->run_fd);
	ioc_hostconf_free(h->conf);
	free(h->helper_dir);
	free(h->config);
	free(h);
}

void
ioc_host_set_event(struct ioc_host *h, ioc_event_fn *fn, void *arg)
{
	h->event = fn;
	h->event_arg = arg;
}

size_t
ioc_host_sources(const struct ioc_host *h)
{
	return (h->sources.n);
}

int
ioc_host_source(const struct ioc_host *h, size_t i,
    struct ioc_source_info *ret, struct ioc_error *err)
{
	if (i >= h->sources.n)
		return (ioc_fail(err, IOC_NOT_FOUND, "no source number %zu",
		    i));
	*ret = (struct ioc_source_info){
		.name = h->sources.v[i].name,
		.store = h->sources.v[i].ops->name,
		.where = h->sources.v[i].where,
	};
	return (0);
}

const char *
ioc_host_distribution(const struct ioc_host *h)
{
	return (ioc_os_facts(h->os)->distribution);
}

static const struct {
	enum ioc_os_feature feature;
	const char	*name;
} features[] = {
	{ IOC_CAN_JAIL, "jail" },
	{ IOC_CAN_IDMAP, "idmap" },
	{ IOC_CAN_OVERLAY, "overlay" },
	{ IOC_CAN_NULLFS, "nullfs" },
	{ IOC_CAN_VNET, "vnet" },
	{ IOC_CAN_LIMITS, "limits" },
	{ IOC_CAN_LANDLOCK, "landlock" },
	{ IOC_CAN_SECCOMP, "seccomp" },
	{ IOC_CAN_CAPSICUM, "capsicum" },
	{ IOC_CAN_ZFS, "zfs" },
	{ IOC_CAN_SHARE, "share" },
};

size_t
ioc_host_features(struct ioc_host *h, struct ioc_feature *ret, size_t max)
{
	size_t n = 0;

	for (; n < sizeof(features) / sizeof(*features) && n < max; n++) {
		struct ioc_error err = { .msg = "" };

		ret[n].name = features[n].name;
		ret[n].available = ioc_os_can(h->os, features[n].feature,
		    &err) == 0;
		(void)snprintf(ret[n].why, sizeof(ret[n].why), "%.255s",
		    ret[n].available ? "" : err.msg);
	}
	return (n);
}

int
ioc_host_need_root(const struct ioc_host *h, const char *what,
    struct ioc_error *err)
{
	if (h->root)
		return (0);
	return (ioc_fail(err, IOC_PERMISSION, "%s needs root", what));
}

int
ioc_host_lock(struct ioc_host *h, const char *kind, const char *name,
    enum ioc_lock_mode mode, const char *verb, int timeout_ms,
    struct ioc_lock **ret, struct ioc_error *err)
{
	char file[256], owner[256];

	if (h->dry_run) {
		*ret = NULL;
		return (0);
	}
	(void)snprintf(file, sizeof(file), "%s.%s", kind, name);
	(void)snprintf(owner, sizeof(owner), "%s %s (pid %ld)", verb, name,
	    (long)getpid());
	return (ioc_wrap(err, ioc_lock_take(h->lock_fd, file, mode, timeout_ms,
	    owner, ret, err), "%s %s", verb, name));
}

int
ioc_host_token(const char *prefix, char **ret, struct ioc_error *err)
{
	uint64_t r;

	ioc_random(&r, sizeof(r));
	if (asprintf(ret, "%s-%016" PRIx64, prefix, r) < 0)
		return (ioc_fail_nomem(err));
	return (0);
}
