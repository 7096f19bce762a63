/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/obtain.h"

#include <string.h>

#include "base/str.h"
#include "core/hostview.h"
#include "core/tempjail.h"
#include "safe/path.h"

/*
 * Where the host's updater runs in a jail: one whose root is made of the host's
 * programs, with the root to be updated beside them.
 */
static int
run_updater(struct ioc_build *b, struct ioc_level *l,
    const struct ioc_hostview *view, const char *vol, const char *const *argv,
    const char *const *env, struct ioc_error *err)
{
	struct ioc_os_mount mounts[IOC_HOSTVIEW_DIRS + 2];
	struct ioc_tempjail t = {
		.source = b->source, .token = b->token, .who = b->name,
		.what = l->event, .vol = vol, .flags = IOC_TEMPJAIL_NETWORK,
		.argv = argv, .env = env, .mounts = mounts,
		.nmounts = view->n + 2, .timeout_ms = IOC_DIST_STAGE_ONE_MS,
	};

	if ((l->dist->needs & IOC_DIST_NEEDS_FLAGS_ONE) != 0)
		t.flags |= IOC_TEMPJAIL_FLAGS;
	memcpy(mounts, view->mounts, view->n * sizeof(*mounts));
	mounts[view->n] = (struct ioc_os_mount){
		.kind = IOC_MOUNT_BIND, .source = l->job.root_fd,
		.target = IOC_DIST_BASE, .flags = IOC_MNT_RDONLY |
		    IOC_MNT_NOSUID | IOC_MNT_NODEV | IOC_MNT_NOEXEC,
	};
	mounts[view->n + 1] = (struct ioc_os_mount){
		.kind = IOC_MOUNT_BIND, .source = l->job.updates_fd,
		.target = IOC_DIST_UPDATES, .flags = IOC_MNT_NOSUID |
		    IOC_MNT_NODEV | IOC_MNT_NOEXEC,
	};
	return (ioc_tempjail_run(b->host, &t, err));
}

/* What it left tells more than its exit status whether it came to its end. */
static int
judge(struct ioc_level *l, int r, const struct ioc_error *cause, unsigned *n,
    struct ioc_error *err)
{
	struct ioc_error e = { .code = 0 };
	int judged;

	if (r != 0 && r != IOC_CHILD) {
		ioc_error_copy(err, cause);
		return (r);
	}
	l->job.succeeded = r == 0;
	judged = l->dist->update_judge(&l->job, n, &e);
	if (judged == 0 && *n > 0 && l->dist->update_arm != NULL)
		return (l->dist->update_arm(&l->job, err));
	if (judged == 0)
		return (0);
	if (judged != IOC_NETWORK || r == 0) {
		ioc_error_copy(err, &e);
		return (judged);
	}
	return (ioc_fail(err, IOC_NETWORK, "%s", cause->msg));
}

static int
confined(struct ioc_build *b, struct ioc_level *l, unsigned *n,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_hostview_fini) struct ioc_hostview view = IOC_HOSTVIEW;
	auto_strv struct ioc_strv argv = IOC_STRV, env = IOC_STRV;
	struct ioc_store *s = b->source->store;
	auto_free char *vol = NULL, *root = NULL, *path = NULL;
	struct ioc_error cause = { .code = 0 };
	auto_fd int fd = -1;
	int r;

	r = l->dist->update_prepare(&l->job, &argv, &env, err);
	if (r != 0)
		return (r);
	if (asprintf(&vol, "%s/host", b->staging) < 0) {
		vol = NULL;
		return (ioc_fail_nomem(err));
	}
	if (asprintf(&root, "%s/root", vol) < 0) {
		root = NULL;
		return (ioc_fail_nomem(err));
	}
	if (asprintf(&path, "%s/%s", s->path, root) < 0) {
		path = NULL;
		return (ioc_fail_nomem(err));
	}
	r = s->ops->create(s, vol, err);
	if (r == 0)
		r = fd = ioc_path_dir(s->root, root, IOC_PATH_NOLINKS, err);
	if (r >= 0)
		r = ioc_hostview_open(&view, fd, path, err);
	if (r != 0)
		return (r);
	r = run_updater(b, l, &view, vol, ioc_strv_get(&argv),
	    ioc_strv_get(&env), &cause);
	r = judge(l, r, &cause, n, err);
	return (r == 0 ? s->ops->destroy(s, vol, err) : r);
}

int
ioc_obtain(struct ioc_build *b, struct ioc_level *l, unsigned *n,
    struct ioc_error *err)
{
	return (l->dist->update_prepare != NULL ? confined(b, l, n, err) :
	    l->dist->update_fetch(&l->job, n, err));
}

int
ioc_obtain_tell(const struct ioc_level *l, ioc_update_fn *fn, void *arg,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv v = IOC_STRV;
	int r;

	if (l->dist->update_list == NULL)
		return (ioc_fail(err, IOC_UNSUPPORTED, "what an update of %s "
		    "changes is not known before", l->dist->name));
	r = l->dist->update_list(&l->job, &v, err);
	for (size_t i = 0; r == 0 && i + 2 < v.n; i += 3)
		if (fn(v.v[i], v.v[i + 1], v.v[i + 2], arg) != 0)
			r = ioc_fail(err, IOC_CANCELED, "canceled");
	return (r);
}
