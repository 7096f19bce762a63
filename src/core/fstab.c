/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading a jail's fstab, and what a start makes of it and of "resolver". */
#include "core/fstab.h"

#include <fcntl.h>
#include <string.h>

#include "base/compat.h"
#include "base/str.h"
#include "conf/resolver.h"
#include "safe/file.h"
#include "safe/path.h"

#define	RESOLV_CONF	(64 * 1024)	/* bytes of a resolv.conf */
#define	DEPTH		256		/* of a source's directories */

int
ioc_fstab_load(int dir, struct ioc_buf *raw, struct ioc_fstab **ret,
    struct ioc_error *err)
{
	struct ioc_error e;
	int r = ioc_file_read_own(dir, "fstab", raw, &e);

	if (r != 0 && r != IOC_NOT_FOUND) {
		ioc_error_copy(err, &e);
		return (r);
	}
	return (ioc_wrap(err, ioc_fstab_parse(ioc_buf_str(raw), raw->len, ret,
	    err), "fstab"));
}

int
ioc_fstab_old_root(const struct ioc_jail *j, char **ret, struct ioc_error *err)
{
	if (asprintf(ret, "%s/%s/root", j->source->store->path, j->vol) < 0) {
		*ret = NULL;
		return (ioc_fail_nomem(err));
	}
	return (0);
}

int
ioc_fstab_lies_in(int top, int dir, bool *ret, struct ioc_error *err)
{
	const int flags = ioc_o_path | O_DIRECTORY | O_CLOEXEC;
	auto_fd int here = openat(dir, ".", flags);

	for (int i = 0; here >= 0 && i < DEPTH; i++) {
		auto_fd int below = take_fd(&here);

		if ((*ret = ioc_path_same(top, below)))
			return (0);
		here = openat(below, "..", flags);
		if (here >= 0 && ioc_path_same(here, below))
			return (0);
	}
	return (here < 0 ? ioc_fail_errno(err, "directories of the jail") :
	    ioc_fail(err, IOC_LIMIT, "the jail lies too deep"));
}

/* Where there is no directory: a regular file, held only. */
static int
open_file(int root, const char *path, struct ioc_error *err)
{
	auto_fd int fd = ioc_path_open(root, path, ioc_o_path,
	    IOC_PATH_NOLINKS, err);
	struct stat st;

	if (fd < 0)
		return (take_fd(&fd));
	if (fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "stat"));
	if (S_ISLNK(st.st_mode))
		return (ioc_fail(err, IOC_UNSAFE, "is a link"));
	if (!S_ISREG(st.st_mode))
		return (ioc_fail(err, IOC_INVALID,
		    "is neither a directory nor a regular file"));
	return (take_fd(&fd));
}

/*
 * A link in it could be one that another jail has made, beneath whose tree the
 * source may lie: there is none.
 */
int
ioc_fstab_source(const char *path, int dir, struct ioc_error *err)
{
	auto_fd int root = ioc_path_root("/", err), fd = -1;
	struct ioc_error e;
	bool in_it = false;
	int r = 0;

	if (root < 0)
		return (root);
	fd = ioc_path_dir(root, path, IOC_PATH_NOLINKS, &e);
	if (fd >= 0)
		r = ioc_fstab_lies_in(fd, dir, &in_it, err);
	if (r == 0 && in_it)
		r = ioc_fail(err, IOC_UNSAFE, "the jail itself lies in it");
	if (r != 0)
		return (ioc_wrap(err, r, "source %s", IOC_SHOW(path)));
	if (fd >= 0)
		return (take_fd(&fd));
	if (e.sys == ENOTDIR) {
		r = open_file(root, path, err);
		return (r < 0 ? ioc_wrap(err, r, "source %s", IOC_SHOW(path)) :
		    r);
	}
	ioc_error_copy(err, &e);
	return (ioc_wrap(err, fd, "source"));
}

void
ioc_fstab_os_mount(const struct ioc_fstab_mount *m, int source,
    struct ioc_os_mount *ret)
{
	static const enum ioc_os_mount_kind kinds[] = {
		[IOC_FSTAB_BIND] = IOC_MOUNT_BIND,
		[IOC_FSTAB_TMPFS] = IOC_MOUNT_TMPFS,
		[IOC_FSTAB_DEV] = IOC_MOUNT_DEV,
		[IOC_FSTAB_FDESC] = IOC_MOUNT_FDESC,
		[IOC_FSTAB_PROC] = IOC_MOUNT_PROC,
		[IOC_FSTAB_LINPROC] = IOC_MOUNT_LINPROC,
		[IOC_FSTAB_LINSYS] = IOC_MOUNT_LINSYS,
	};
	static const struct {
		unsigned from, to;
	} flags[] = {
		{ IOC_FSTAB_RDONLY, IOC_MNT_RDONLY },
		{ IOC_FSTAB_NOSUID, IOC_MNT_NOSUID },
		{ IOC_FSTAB_NOEXEC, IOC_MNT_NOEXEC },
		{ IOC_FSTAB_NOSYMFOLLOW, IOC_MNT_NOSYMFOLLOW },
		{ IOC_FSTAB_IDMAP, IOC_MNT_IDMAP },
	};

	*ret = (struct ioc_os_mount){
		.kind = kinds[m->kind], .flags = IOC_MNT_NODEV,
		.source = source, .target = m->target, .size = m->size,
	};
	if (m->kind == IOC_FSTAB_DEV) {
		ret->flags = 0;
		ret->devfs_ruleset = 4;
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if ((m->flags & flags[i].from) != 0)
			ret->flags |= flags[i].to;
}

static int
plan_one(struct ioc_launch *l, const struct ioc_fstab_mount *m, int dir,
    struct ioc_error *err)
{
	int fd = -1;

	/* What stands there already are the system's own. */
	for (size_t i = 0; i < l->nmounts; i++)
		if (strcmp(l->mounts[i].target, m->target) == 0)
			return (ioc_fail(err, IOC_INVALID,
			    "target %s is mounted by a property already",
			    IOC_SHOW(m->target)));
	if (l->nmounts == IOC_LAUNCH_MOUNTS)
		return (ioc_fail(err, IOC_LIMIT, "too many mounts"));
	if (m->kind == IOC_FSTAB_BIND) {
		fd = ioc_fstab_source(m->source, dir, err);
		if (fd < 0)
			return (fd);
		l->sources[l->nsources++] = fd;
	}
	ioc_fstab_os_mount(m, fd, &l->mounts[l->nmounts++]);
	return (0);
}

/* Lines that were written by hand, or before there was another jail. */
static int
judge_share(struct ioc_jail *j, const struct ioc_fstab_mount *v, size_t n,
    struct ioc_error *err)
{
	struct ioc_error how;
	int r;

	if (ioc_os_can(j->host->os, IOC_CAN_SHARE, NULL) == 0)
		return (0);
	r = ioc_fstab_shared(j, v, n, &how);
	if (r == IOC_UNSAFE)
		return (ioc_fstab_share_judge(j->host, &how, err));
	if (r != 0)
		ioc_error_copy(err, &how);
	return (r);
}

int
ioc_fstab_plan(struct ioc_launch *l, struct ioc_jail *j, struct ioc_error *err)
{
	IOC_AUTO(ioc_fstab_freep) struct ioc_fstab *f = NULL;
	auto_buf struct ioc_buf raw = IOC_BUF(IOC_FSTAB_SIZE);
	struct ioc_store *s = j->source->store;
	auto_free char *old_root = NULL;
	auto_fd int dir = s->ops->dir(s, j->vol, err);
	size_t n = 0;
	int r;

	if (dir < 0)
		return (take_fd(&dir));
	r = ioc_fstab_load(dir, &raw, &f, err);
	if (r != 0 || raw.len == 0)
		return (r);
	r = ioc_fstab_old_root(j, &old_root, err);
	if (r == 0 && (l->fstab = calloc(IOC_FSTAB_MAX,
	    sizeof(*l->fstab))) == NULL)
		r = ioc_fail_nomem(err);
	if (r == 0)
		r = ioc_fstab_judge_all(f, old_root, l->fstab, &n, err);
	if (r == 0)
		r = ioc_wrap(err, judge_share(j, l->fstab, n, err), "fstab");
	for (size_t i = 0; r == 0 && i < n; i++)
		r = ioc_wrap(err, plan_one(l, &l->fstab[i], dir, err),
		    "fstab");
	return (r);
}

int
ioc_resolver_plan(struct ioc_launch *l, const char *value,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(RESOLV_CONF);
	const char *path;
	int r = ioc_resolver_text(value, &b, &path, err);

	if (r == 0 && path != NULL)
		r = ioc_file_read_host(path, &b, err);
	/* A NUL would end it, and is none of resolv.conf. */
	if (r == 0 && strlen(ioc_buf_str(&b)) != b.len)
		r = ioc_fail(err, IOC_FORMAT, "%s: a NUL byte",
		    IOC_SHOW(path));
	if (r != 0)
		return (ioc_wrap(err, r, "resolver"));
	if (path == NULL && b.len == 0)
		return (0);
	(void)ioc_buf_adds(&b, "");
	if ((r = ioc_buf_check(&b, err)) != 0)
		return (r);
	l->resolv_conf = ioc_buf_take(&b);
	l->mounts[l->nmounts++] = (struct ioc_os_mount){
		.kind = IOC_MOUNT_TEXT, .source = -1,
		.target = "/etc/resolv.conf", .text = l->resolv_conf,
	};
	return (0);
}
