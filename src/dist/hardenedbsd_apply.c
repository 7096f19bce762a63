/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Updates of HardenedBSD, stage two: what hbsd-update(8) finds in its scratch space,
 * and whether the root is afterwards what the update makes of it.
 */
#include <sys/mman.h>

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "dist/hardenedbsd_update.h"
#include "dist/sets.h"
#include "safe/archive.h"
#include "safe/file.h"
#include "safe/path.h"
#include "safe/tree.h"
#include "safe/verify.h"

#define	CHECK		"check"		/* in the updates: what an archive holds */
#define	ETC		"var/db/etcupdate/current"
#define	CONFLICTS	"var/db/etcupdate/conflicts"
#define	DEPTH_MAX	32
#define	NAMES_MAX	100000
#define	SKIP_MAX	((size_t)64 << 10)

static int
new_version(const struct ioc_dist_job *job, struct ioc_hbu_version *v,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(256);
	int r = ioc_file_read(job->updates_fd, IOC_HBU_VERSION, &b, err);

	return (r == 0 ? ioc_hbu_version(ioc_buf_str(&b), v, err) : r);
}

/* --- the scratch space ---------------------------------------------------------------- */

static int
put_link(const struct ioc_dist_job *job, const char *name, const char *suffix,
    struct ioc_error *err)
{
	char path[96], target[128];
	struct stat st;
	int r;

	(void)snprintf(path, sizeof(path), IOC_HBU_SET "/%s%s", name, suffix);
	r = ioc_path_stat(job->updates_fd, path, IOC_PATH_NOLINKS, &st, NULL);
	if (r == IOC_NOT_FOUND)
		return (0);
	(void)snprintf(target, sizeof(target), IOC_DIST_UPDATES "/%s", path);
	return (ioc_path_symlink(target, job->scratch_fd,
	    path + strlen(IOC_HBU_SET "/"), 0, err));
}

/* Stage one has seen the release; a jail may be newer. */
int
ioc_hbu_scratch(const struct ioc_dist_job *job, struct ioc_error *err)
{
	struct ioc_hbu_version is, will;
	int r = new_version(job, &will, err);

	if (r == 0)
		r = ioc_hbu_root_version(job->root_fd, &is, err);
	if (r == 0)
		r = ioc_hbu_compare(&is, &will, job->release, err);
	if (r == 0)
		r = put_link(job, IOC_HBU_KEY, "", err);
	for (const struct ioc_hbu_file *f = ioc_hbu_files;
	    r == 0 && f->name != NULL; f++) {
		r = put_link(job, f->name, "", err);
		if (r == 0)
			r = put_link(job, f->name, ".sig", err);
	}
	return (r);
}

/* --- after it: conflicts ------------------------------------------------------------------ */

/* The first file beneath a directory, by its path there; "" when there is none. */
static int
first_file(int dir, struct ioc_buf *path, unsigned depth,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	size_t len = path->len;
	int r = ioc_tree_names(dir, NAMES_MAX, &names, err);

	if (r == 0 && depth > DEPTH_MAX)
		r = ioc_fail(err, IOC_LIMIT, CONFLICTS ": too deep");
	ioc_strv_sort(&names);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		auto_fd int fd = -1;
		struct stat st;

		(void)ioc_buf_addf(path, "/%s", names.v[i]);
		r = ioc_buf_check(path, err);
		if (r == 0)
			r = ioc_path_stat(dir, names.v[i], 0, &st, err);
		if (r != 0 || !S_ISDIR(st.st_mode))
			break;
		r = fd = ioc_path_dir(dir, names.v[i], IOC_PATH_NOLINKS, err);
		if (r >= 0)
			r = first_file(fd, path, depth + 1, err);
		if (r != 0 || path->len > len + 1 + strlen(names.v[i]))
			break;
		path->len = len;
		path->data[len] = '\0';
	}
	return (r);
}

static int
check_conflicts(const struct ioc_dist_job *job, struct ioc_error *err)
{
	auto_buf struct ioc_buf path = IOC_BUF(64 * 1024);
	struct ioc_error e;
	auto_fd int dir = ioc_path_dir(job->root_fd, CONFLICTS,
	    IOC_PATH_NOLINKS, &e);
	int r = dir < 0 ? dir : first_file(dir, &path, 0, &e);

	if (r == IOC_NOT_FOUND)
		return (0);
	if (r != 0) {
		ioc_error_copy(err, &e);
		return (r);
	}
	return (path.len == 0 ? 0 : ioc_fail(err, IOC_STATE, "%s was changed "
	    "here and by the update, and etcupdate cannot merge both: put "
	    "back what it was, update, and change it again",
	    IOC_SHOW(ioc_buf_str(&path))));
}

/* --- after it: the tree -------------------------------------------------------------------- */

struct differences {
	const char	*archive;
	bool		 any;
	struct ioc_error first;
};

/* Only what the archive has. */
static int
found(enum ioc_difference what, const char *path, const char *detail,
    void *arg)
{
	struct differences *d = arg;

	if (what == IOC_DIFF_EXTRA || strcmp(path, ".") == 0)
		return (0);
	d->any = true;
	(void)ioc_fail(&d->first, IOC_VERIFY, "%s is not what %s has: %s",
	    path, d->archive, what == IOC_DIFF_MISSING ? "it is missing" :
	    detail);
	return (1);
}

/* The archive's entries into `record`, by unpacking it where nobody looks. */
static int
record_archive(const struct ioc_dist_job *job, const char *path, int record,
    struct ioc_error *err)
{
	auto_fd int in = ioc_path_open(job->updates_fd, path, O_RDONLY,
	    IOC_PATH_NOLINKS, err);
	auto_fd int dir = -1;
	struct ioc_archive a = { .helper_dir = job->helper_dir, .in_fds = &in,
		.nin = 1, .record_fd = record, .setid = true };
	int r = in < 0 ? in : ioc_tree_remove(job->updates_fd, CHECK, err);

	if (r == 0)
		r = dir = ioc_path_mkdir(job->updates_fd, CHECK, 0700,
		    IOC_PATH_NOLINKS, err);
	if (r < 0)
		return (r);
	a.dir_fd = dir;
	r = ioc_archive_extract(&a, err);
	return (r == 0 ? ioc_tree_remove(job->updates_fd, CHECK, err) : r);
}

/* Every entry of it that is not left out is in the tree as it is there. */
static int
check_archive(const struct ioc_dist_job *job, const char *name, int tree,
    const struct ioc_strv *ignore, struct ioc_error *err)
{
	struct differences d = { .archive = name };
	const struct ioc_verify_layer layer = { .fd = tree, .at = "" };
	auto_fd int record = memfd_create("ioc-update", MFD_CLOEXEC);
	struct ioc_verify v = {
		.helper_dir = job->helper_dir, .record_fd = record,
		.layers = &layer, .nlayers = 1, .ignore = ioc_strv_get(ignore),
		.found = found, .arg = &d,
	};
	char path[96];
	int r;

	if (record < 0)
		return (ioc_fail_errno(err, "memfd"));
	(void)snprintf(path, sizeof(path), IOC_HBU_SET "/%s", name);
	r = record_archive(job, path, record, err);
	if (r == 0)
		r = ioc_verify_tree(&v, err);
	if (!d.any)
		return (ioc_wrap(err, r, "%s", name));
	ioc_error_copy(err, &d.first);
	return (IOC_VERIFY);
}

static int
check_base(const struct ioc_dist_job *job, struct ioc_error *err)
{
	auto_strv struct ioc_strv ignore = IOC_STRV;
	auto_buf struct ioc_buf skip = IOC_BUF(SKIP_MAX);
	int r = ioc_file_read(job->updates_fd, IOC_HBU_SET "/skip.txt", &skip,
	    err);

	if (r == 0)
		r = ioc_hbu_skipped(ioc_buf_str(&skip), &ignore, err);
	return (r == 0 ? check_archive(job, "base.txz", job->root_fd, &ignore,
	    err) : r);
}

/* hbsd-update does not look whether etcupdate came to its end; this is its end. */
static int
check_etc(const struct ioc_dist_job *job, struct ioc_error *err)
{
	struct ioc_strv none = IOC_STRV;
	struct ioc_error e;
	auto_fd int dir = ioc_path_dir(job->root_fd, ETC, IOC_PATH_NOLINKS,
	    &e);
	int r = dir < 0 ? dir : check_archive(job, "etcupdate.tbz", dir, &none,
	    &e);

	if (r == IOC_NOT_FOUND || r == IOC_VERIFY)
		return (ioc_fail(err, IOC_VERIFY, "etcupdate did not bring "
		    "/etc up to date, which needs what it was made from in "
		    ETC));
	if (r != 0)
		ioc_error_copy(err, &e);
	return (r);
}

static int
check_version(const struct ioc_dist_job *job, struct ioc_error *err)
{
	struct ioc_hbu_version is, will;
	char text[64];
	int r = new_version(job, &will, err);

	if (r == 0)
		r = ioc_hbu_root_version(job->root_fd, &is, err);
	if (r == 0 && strcmp(is.text, will.text) != 0)
		r = ioc_fail(err, IOC_VERIFY, "it is of version \"%s\", not %s",
		    is.text, will.text);
	return (r == 0 ? ioc_sets_version(job->root_fd, text, err) : r);
}

int
ioc_hbu_check(const struct ioc_dist_job *job, struct ioc_error *err)
{
	int r = check_conflicts(job, err);

	if (r == 0)
		r = check_version(job, err);
	if (r == 0)
		r = check_base(job, err);
	return (r == 0 ? check_etc(job, err) : r);
}
