/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Updates of FreeBSD's packages, after stage two: are the versions those of
 * stage one, and the files what was in the packages then?
 */
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "dist/freebsd_update.h"
#include "dist/pkgbase.h"
#include "safe/file.h"
#include "safe/hash.h"
#include "safe/path.h"

struct after {
	const struct ioc_dist_job *job;
	struct ioc_pkgbase_set wanted, installed;
};

static void
after_fini(struct after *a)
{
	ioc_pkgbase_fini(&a->wanted);
	ioc_pkgbase_fini(&a->installed);
}

/* What the owner of a jail has removed stays away. */
static int
check_versions(const struct after *a, struct ioc_error *err)
{
	for (size_t i = 0; i < a->wanted.v.n; i++) {
		const struct ioc_pkgbase_line *w = &a->wanted.v.v[i];
		const struct ioc_pkgbase_line *has =
		    ioc_pkgbase_find(&a->installed, w->name);

		if (has == NULL && a->job->foreign)
			continue;
		if (has == NULL)
			return (ioc_fail(err, IOC_VERIFY, "%s was not installed",
			    w->name));
		if (strcmp(has->version, w->version) != 0)
			return (ioc_fail(err, IOC_VERIFY, "%s has version %s, "
			    "not %s", w->name, has->version, w->version));
	}
	return (0);
}

static int
wrong(const struct ioc_pkgbase_line *l, const char *what,
    struct ioc_error *err)
{
	return (ioc_fail(err, IOC_VERIFY, "%s of %s %s", IOC_SHOW(l->path),
	    l->name, what));
}

/* Files that an administrator changes are merged, or stay as they were. */
static int
check_file(const struct ioc_pkgbase_line *l, void *arg, struct ioc_error *err)
{
	const struct after *a = arg;
	bool merged = ioc_fbu_is_administrators(l->path);
	char hex[IOC_SHA256_HEX];
	struct ioc_error cause;
	auto_fd int fd = -1;
	struct stat st;
	int r;

	if (ioc_pkgbase_find(&a->installed, l->name) == NULL ||
	    (merged && a->job->foreign))
		return (0);
	r = ioc_path_stat(a->job->root_fd, l->path, 0, &st, &cause);
	if (r != 0 && ioc_error_is_shortage(&cause)) {
		ioc_error_copy(err, &cause);
		return (r);
	}
	if (r != 0)
		return (wrong(l, "is not there", err));
	if (S_ISLNK(st.st_mode) || (merged && S_ISREG(st.st_mode)))
		return (0);
	if (!S_ISREG(st.st_mode))
		return (wrong(l, "is of another type than it should be", err));
	if (l->sum[0] == '\0')
		return (0);
	r = fd = ioc_path_open(a->job->root_fd, l->path, O_RDONLY, 0, err);
	if (fd >= 0)
		r = ioc_hash_fd(a->job->helper_dir, fd, hex, err);
	if (r < 0 || strcmp(hex, l->sum) == 0)
		return (ioc_wrap(err, r < 0 ? r : 0, "%s", IOC_SHOW(l->path)));
	return (wrong(l, "is not what was in the package", err));
}

static int
check_gone(const struct after *a, struct ioc_error *err)
{
	struct ioc_error e;
	int r = ioc_path_unlink(a->job->root_fd, IOC_PKGBASE_TEMP,
	    IOC_PATH_NOLINKS, &e);

	if (r == IOC_NOT_FOUND)
		return (0);
	if (r != 0)
		ioc_error_copy(err, &e);
	return (ioc_wrap(err, r, "remove /" IOC_PKGBASE_TEMP));
}

int
ioc_pkgbase_check(const struct ioc_dist_job *job, struct ioc_error *err)
{
	IOC_AUTO(after_fini) struct after a = { .job = job,
		.wanted = IOC_PKGBASE_SET, .installed = IOC_PKGBASE_SET };
	auto_buf struct ioc_buf files = IOC_BUF(IOC_PKGBASE_STATE_MAX);
	int r;

	r = ioc_pkgbase_read(&a.wanted, job->updates_fd, "state/packages",
	    err);
	if (r == 0)
		r = ioc_pkgbase_read(&a.installed, job->scratch_fd,
		    "installed", err);
	if (r == 0)
		r = check_versions(&a, err);
	if (r == 0)
		r = ioc_file_read(job->updates_fd, "state/files", &files, err);
	if (r == 0 && files.len > 0)
		r = ioc_pkgbase_lines(files.data, true, check_file, &a, err);
	return (r == 0 ? check_gone(&a, err) : r);
}
