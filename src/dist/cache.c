/* SPDX-License-Identifier: BSD-2-Clause */
#include "dist/cache.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "safe/archive.h"
#include "safe/fetch.h"
#include "safe/file.h"
#include "safe/lock.h"
#include "safe/path.h"

/* One archive on its way. */
struct item {
	struct ioc_cache_file *file;
	char		 final[IOC_SHA256_HEX + 16];	/* HASH.archive */
	char		 part[IOC_SHA256_HEX + 16];	/* while it comes */
	struct ioc_lock	*lock;
	int		 fd;		/* of part, or -1 */
	bool		 anew;		/* nothing of before counts */
};

struct items {
	const struct ioc_dist_job *job;
	struct item	 v[IOC_ARCHIVE_MAX];
	size_t		 n;
};

static void
items_fini(struct items *it)
{
	for (size_t i = 0; i < it->n; i++) {
		ioc_fd_close(&it->v[i].fd);
		if (it->v[i].lock != NULL)
			ioc_lock_release(it->v[i].lock, true);
	}
}

/* --- progress ------------------------------------------------------------------ */

static int
on_download(uint64_t done, uint64_t total, void *arg)
{
	const struct ioc_dist_job *job = arg;

	return (job->progress("download", done, total, job->arg));
}

static int
on_verify(const struct ioc_dist_job *job, uint64_t done, uint64_t total,
    struct ioc_error *err)
{
	if (job->progress == NULL ||
	    job->progress("verify", done, total, job->arg) == 0)
		return (0);
	return (ioc_fail(err, IOC_CANCELED, "canceled"));
}

/* --- the cache ------------------------------------------------------------------- */

static int
take_locks(struct items *it, struct ioc_cache_file *files, size_t n,
    struct ioc_error *err)
{
	if (n > IOC_ARCHIVE_MAX)
		return (ioc_fail(err, IOC_LIMIT, "more than %d archives",
		    IOC_ARCHIVE_MAX));
	for (size_t i = 0; i < n; i++) {
		struct item *m = &it->v[it->n++];
		char name[IOC_SHA256_HEX + 16];
		int r;

		m->file = &files[i];
		m->fd = -1;
		(void)snprintf(m->final, sizeof(m->final), "%s.archive",
		    files[i].sha256);
		(void)snprintf(m->part, sizeof(m->part), "%s.part",
		    files[i].sha256);
		(void)snprintf(name, sizeof(name), "%s.lock", files[i].sha256);
		r = ioc_lock_take(it->job->cache_fd, name, IOC_LOCK_EXCLUSIVE, 0,
		    "fetch of the same archive", &m->lock, err);
		if (r != 0)
			return (r);
	}
	return (0);
}

/*
 * A descriptor of the cached file whose content has just been verified through
 * it; NOT_FOUND when there is none, or one that does not match (removed).
 */
static int
open_cached(const struct ioc_dist_job *job, const struct item *m,
    struct ioc_error *err)
{
	auto_fd int fd = -1;
	char hex[IOC_SHA256_HEX];
	int r;

	fd = ioc_path_open(job->cache_fd, m->final, O_RDONLY, IOC_PATH_NOLINKS,
	    err);
	if (fd < 0)
		return (fd);
	if (fstat(fd, &m->file->before) != 0)
		return (ioc_fail_errno(err, "%s", m->final));
	r = ioc_hash_fd(job->helper_dir, fd, hex, err);
	if (r != 0)
		return (r);
	if (strcmp(hex, m->file->sha256) == 0)
		return (take_fd(&fd));
	r = ioc_path_unlink(job->cache_fd, m->final, IOC_PATH_NOLINKS, err);
	if (r != 0 && r != IOC_NOT_FOUND)
		return (r);
	return (ioc_fail(err, IOC_NOT_FOUND, "the cached file has changed"));
}

/* Opens what is there.  With `all` it is a failure when something is not. */
static int
open_all(struct items *it, bool all, struct ioc_error *err)
{
	int r = on_verify(it->job, 0, it->n, err);

	for (size_t i = 0; r == 0 && i < it->n; i++) {
		struct item *m = &it->v[i];

		if (m->file->fd >= 0)
			continue;
		r = m->file->fd = open_cached(it->job, m, err);
		if (r == IOC_NOT_FOUND && !all)
			r = 0;
		if (r >= 0)
			r = on_verify(it->job, i + 1, it->n, err);
	}
	return (r);
}

/* What came has the right hash: it gets its name. */
static int
settle(const struct ioc_dist_job *job, struct item *m, const char *hex,
    struct ioc_error *err)
{
	int r;

	if (strcmp(hex, m->file->sha256) != 0) {
		(void)ioc_path_unlink(job->cache_fd, m->part, IOC_PATH_NOLINKS,
		    NULL);
		return (ioc_fail(err, IOC_VERIFY,
		    "%s: its SHA-256 is %s, expected was %s",
		    IOC_SHOW(m->file->where), hex, m->file->sha256));
	}
	if (fsync(m->fd) != 0)
		return (ioc_fail_errno(err, "%s", m->part));
	r = ioc_path_rename(job->cache_fd, m->part, m->final, IOC_PATH_NOLINKS,
	    err);
	ioc_fd_close(&m->fd);
	return (r);
}

/* A beginning that is of no use any more, or none, must not stay. */
static void
drop_part(const struct ioc_dist_job *job, struct item *m, int r)
{
	struct stat st;
	bool keep = r == IOC_NETWORK || r == IOC_TIMEOUT || r == IOC_CANCELED;

	if (m->fd >= 0 &&
	    (!keep || fstat(m->fd, &st) != 0 || st.st_size == 0))
		(void)ioc_path_unlink(job->cache_fd, m->part, IOC_PATH_NOLINKS,
		    NULL);
	ioc_fd_close(&m->fd);
}

/* --- from a folder -------------------------------------------------------------- */

/*
 * Copied first: whoever owns the folder could change the file between its
 * verification and its use.
 */
static int
copy_one(const struct ioc_dist_job *job, int folder, struct item *m,
    struct ioc_error *err)
{
	auto_fd int from = ioc_path_open(folder, m->file->where, O_RDONLY, 0,
	    err);
	char hex[IOC_SHA256_HEX];
	int r;

	if (from < 0)
		return (from);
	r = ioc_path_unlink(job->cache_fd, m->part, IOC_PATH_NOLINKS, err);
	if (r != 0 && r != IOC_NOT_FOUND)
		return (r);
	r = m->fd = ioc_path_create(job->cache_fd, m->part, 0600,
	    IOC_PATH_NOLINKS, err);
	if (r >= 0)
		r = ioc_file_copy_fd(from, m->fd, err);
	if (r == 0)
		r = ioc_hash_fd(job->helper_dir, m->fd, hex, err);
	if (r == 0)
		return (settle(job, m, hex, err));
	drop_part(job, m, r);
	return (r);
}

/* --- from a mirror -------------------------------------------------------------- */

/*
 * The file that takes the download, with what an earlier try has left in it.
 * The lock is ours, so nobody writes to it; anything that is not plainly a file
 * of our own (a link, a second name of something) is removed, and not touched.
 */
static int
open_part(const struct ioc_dist_job *job, struct item *m,
    struct ioc_error *err)
{
	auto_fd int fd = -1;
	struct stat st;
	int r;

	fd = ioc_path_open(job->cache_fd, m->part, O_RDWR, IOC_PATH_NOLINKS,
	    NULL);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_nlink == 1 && st.st_uid == geteuid() &&
	    (st.st_mode & 077) == 0) {
		m->fd = take_fd(&fd);
		return (0);
	}
	r = ioc_path_unlink(job->cache_fd, m->part, IOC_PATH_NOLINKS, err);
	if (r != 0 && r != IOC_NOT_FOUND)
		return (r);
	r = m->fd = ioc_path_create(job->cache_fd, m->part, 0600,
	    IOC_PATH_NOLINKS, err);
	return (r < 0 ? r : 0);
}

/* Fetches the archives that have a file open for it; *again: some that were pieced
   together came out wrong, and are to come as a whole. */
static int
fetch_parts(struct items *it, bool *again, struct ioc_error *err)
{
	const struct ioc_dist_job *job = it->job;
	struct ioc_fetch_file files[IOC_ARCHIVE_MAX];
	struct item *items[IOC_ARCHIVE_MAX];
	struct ioc_fetch f = {
		.helper_dir = job->helper_dir, .ca_file = job->ca_file,
		.proxy = job->proxy,
		.progress = job->progress != NULL ? on_download : NULL,
		.arg = (void *)(uintptr_t)job,
	};
	size_t n = 0;
	int r;

	for (size_t i = 0; i < it->n; i++) {
		struct item *m = &it->v[i];

		if (m->fd < 0)
			continue;
		items[n] = m;
		files[n++] = (struct ioc_fetch_file){
			.url = m->file->where, .out_fd = m->fd,
			.resume = !m->anew, .max_bytes = IOC_CACHE_MAX,
		};
	}
	*again = false;
	r = ioc_fetch_urls(&f, files, n, err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (files[i].pieced && !items[i]->anew &&
		    strcmp(files[i].hex, items[i]->file->sha256) != 0) {
			items[i]->anew = true;
			*again = true;
		} else
			r = settle(job, items[i], files[i].hex, err);
	}
	return (r);
}

static int
fetch_missing(struct items *it, struct ioc_error *err)
{
	bool again = true;
	int r = 0;

	for (size_t i = 0; r == 0 && i < it->n; i++)
		if (it->v[i].file->fd < 0)
			r = open_part(it->job, &it->v[i], err);
	/* A second time, in which nothing is pieced together. */
	while (r == 0 && again)
		r = fetch_parts(it, &again, err);
	for (size_t i = 0; i < it->n; i++)
		drop_part(it->job, &it->v[i], r);
	return (r);
}

int
ioc_cache_obtain(const struct ioc_dist_job *job, int folder_fd,
    struct ioc_cache_file *files, size_t n, struct ioc_error *err)
{
	IOC_AUTO(items_fini) struct items it = { .job = job };
	bool missing = false;
	int r;

	for (size_t i = 0; i < n; i++)
		files[i].fd = -1;
	r = take_locks(&it, files, n, err);
	if (r == 0)
		r = open_all(&it, false, err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		missing = missing || files[i].fd < 0;
		if (files[i].fd < 0 && folder_fd >= 0)
			r = copy_one(job, folder_fd, &it.v[i], err);
	}
	if (r == 0 && missing && folder_fd < 0)
		r = fetch_missing(&it, err);
	/* again, through the descriptors that will be unpacked */
	return (r == 0 && missing ? open_all(&it, true, err) : r);
}

int
ioc_cache_unchanged(const struct ioc_cache_file *files, size_t n,
    struct ioc_error *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct stat *before = &files[i].before;
		struct timespec was, is;
		struct stat st;

		if (fstat(files[i].fd, &st) != 0)
			return (ioc_fail_errno(err, "cached archive"));
		/* The time of the last change cannot be set, as that of writing
		   can. */
		was = ioc_ctime_tells ? before->st_ctim : before->st_mtim;
		is = ioc_ctime_tells ? st.st_ctim : st.st_mtim;
		if (st.st_size != before->st_size ||
		    is.tv_sec != was.tv_sec || is.tv_nsec != was.tv_nsec)
			return (ioc_fail(err, IOC_VERIFY, "the cached archive "
			    "was changed while it was used"));
	}
	return (0);
}

void
ioc_cache_close(struct ioc_cache_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ioc_fd_close(&files[i].fd);
		free(take_ptr(files[i].where));
	}
}

/* --- small files ------------------------------------------------------------------ */

int
ioc_cache_scratch(const struct ioc_dist_job *job, struct ioc_error *err)
{
	auto_fd int fd = -1;
	char name[32];
	uint64_t id;
	int r;

	ioc_random(&id, sizeof(id));
	(void)snprintf(name, sizeof(name), "scratch-%016" PRIx64, id);
	fd = ioc_path_create(job->cache_fd, name, 0600, IOC_PATH_NOLINKS, err);
	if (fd < 0)
		return (fd);
	r = ioc_path_unlink(job->cache_fd, name, IOC_PATH_NOLINKS, err);
	return (r != 0 ? r : take_fd(&fd));
}

int
ioc_cache_small(const struct ioc_dist_job *job, const char *url,
    uint64_t max_bytes, struct ioc_error *err)
{
	struct ioc_fetch f = {
		.helper_dir = job->helper_dir, .ca_file = job->ca_file,
		.proxy = job->proxy, .timeout_ms = 5 * 60 * 1000,
	};
	struct ioc_fetch_file file = { .url = url, .max_bytes = max_bytes };
	auto_fd int fd = ioc_cache_scratch(job, err);
	int r;

	if (fd < 0)
		return (fd);
	file.out_fd = fd;
	r = ioc_fetch_urls(&f, &file, 1, err);
	return (r != 0 ? r : take_fd(&fd));
}
