/* SPDX-License-Identifier: BSD-2-Clause */
/* Any root archive whose hash the administrator knows. */
#include "dist/dist.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "safe/archive.h"
#include "safe/fetch.h"
#include "safe/file.h"
#include "safe/hash.h"
#include "safe/lock.h"
#include "safe/path.h"

#define	ARCHIVE_MAX	(16ull << 30)	/* bytes of a download */

struct names {
	char	final[IOC_SHA256_HEX + 16];	/* HASH.archive */
	char	part[IOC_SHA256_HEX + 16];	/* while it is fetched */
	char	lock[IOC_SHA256_HEX + 16];
};

/* --- progress ------------------------------------------------------------------ */

static int
on_download(uint64_t done, uint64_t total, void *arg)
{
	const struct ioc_dist_job *job = arg;

	return (job->progress("download", done, total, job->arg));
}

static int
on_unpack(uint64_t done, uint64_t total, void *arg)
{
	const struct ioc_dist_job *job = arg;

	return (job->progress("unpack", done, total, job->arg));
}

static int
on_verify(const struct ioc_dist_job *job, uint64_t done, struct ioc_error *err)
{
	if (job->progress == NULL ||
	    job->progress("verify", done, 1, job->arg) == 0)
		return (0);
	return (ioc_fail(err, IOC_CANCELED, "canceled"));
}

/* --- the cache -------------------------------------------------------------------- */

/*
 * A descriptor of the cached file whose content has just been verified through
 * it; NOT_FOUND when there is none, or one that does not match (removed).
 */
static int
open_cached(const struct ioc_dist_job *job, const struct names *n,
    const char *want, struct ioc_error *err)
{
	auto_fd int fd = -1;
	char hex[IOC_SHA256_HEX];
	int r;

	fd = ioc_path_open(job->cache_fd, n->final, O_RDONLY,
	    IOC_PATH_NOLINKS, err);
	if (fd < 0)
		return (fd);
	r = on_verify(job, 0, err);
	if (r == 0)
		r = ioc_hash_fd(job->helper_dir, fd, hex, err);
	if (r == 0)
		r = on_verify(job, 1, err);
	if (r != 0)
		return (r);
	if (strcmp(hex, want) == 0)
		return (take_fd(&fd));
	r = ioc_path_unlink(job->cache_fd, n->final, IOC_PATH_NOLINKS, err);
	if (r != 0 && r != IOC_NOT_FOUND)
		return (r);
	return (ioc_fail(err, IOC_NOT_FOUND, "the cached file has changed"));
}

/* Fetches into the cache; what does not match never gets the final name. */
static int
download(const struct ioc_dist_job *job, const struct names *n,
    const char *want, struct ioc_error *err)
{
	auto_fd int fd = -1;
	char hex[IOC_SHA256_HEX];
	struct ioc_fetch f = {
		.helper_dir = job->helper_dir,
		.url = job->url,
		.ca_file = job->ca_file,
		.proxy = job->proxy,
		.max_bytes = ARCHIVE_MAX,
		.progress = job->progress != NULL ? on_download : NULL,
		.arg = (void *)(uintptr_t)job,
	};
	int r;

	/* of one who died: the lock is ours */
	r = ioc_path_unlink(job->cache_fd, n->part, IOC_PATH_NOLINKS, err);
	if (r != 0 && r != IOC_NOT_FOUND)
		return (r);
	fd = ioc_path_create(job->cache_fd, n->part, 0600, IOC_PATH_NOLINKS,
	    err);
	if (fd < 0)
		return (fd);
	f.out_fd = fd;
	r = ioc_fetch_url(&f, hex, err);
	if (r == 0 && strcmp(hex, want) != 0)
		r = ioc_fail(err, IOC_VERIFY,
		    "%s: its SHA-256 is %s, expected was %s",
		    IOC_SHOW(job->url), hex, want);
	if (r == 0 && fsync(fd) != 0)
		r = ioc_fail_errno(err, "%s", n->part);
	if (r == 0)
		r = ioc_path_rename(job->cache_fd, n->part, n->final,
		    IOC_PATH_NOLINKS, err);
	if (r != 0)
		(void)ioc_path_unlink(job->cache_fd, n->part,
		    IOC_PATH_NOLINKS, NULL);
	return (r);
}

static void
releasep(struct ioc_lock **l)
{
	if (*l != NULL)
		ioc_lock_release(*l, true);
}

/* A descriptor of the verified archive. */
static int
obtain(const struct ioc_dist_job *job, const char *want,
    struct ioc_error *err)
{
	IOC_AUTO(releasep) struct ioc_lock *lock = NULL;
	struct names n;
	int r;

	(void)snprintf(n.final, sizeof(n.final), "%s.archive", want);
	(void)snprintf(n.part, sizeof(n.part), "%s.part", want);
	(void)snprintf(n.lock, sizeof(n.lock), "%s.lock", want);
	r = ioc_lock_take(job->cache_fd, n.lock, IOC_LOCK_EXCLUSIVE, 0,
	    "fetch of the same archive", &lock, err);
	if (r != 0)
		return (r);
	r = open_cached(job, &n, want, err);
	if (r != IOC_NOT_FOUND)
		return (r);
	r = download(job, &n, want, err);
	if (r != 0)
		return (r);
	/* again, through the descriptor that will be unpacked */
	return (open_cached(job, &n, want, err));
}

/* --- the distribution ---------------------------------------------------------------- */

static int
archive_fetch(const struct ioc_dist_job *job, struct ioc_error *err)
{
	auto_fd int fd = -1;
	char want[IOC_SHA256_HEX];
	struct ioc_archive a = {
		.helper_dir = job->helper_dir,
		.dir_fd = job->root_fd,
		.record_fd = -1,
		.setid = true,	/* su, mount and their like are part of a root */
		.progress = job->progress != NULL ? on_unpack : NULL,
		.arg = (void *)(uintptr_t)job,
	};
	int r;

	if (job->url == NULL || job->sha256 == NULL)
		return (ioc_fail(err, IOC_INVALID,
		    "an archive needs its URL and its SHA-256"));
	r = ioc_fetch_judge_url(job->url, err);
	if (r == 0)
		r = ioc_hash_parse(job->sha256, want, err);
	if (r != 0)
		return (r);
	fd = obtain(job, want, err);
	if (fd < 0)
		return (fd);
	a.in_fds = &fd;
	a.nin = 1;
	r = ioc_archive_extract(&a, err);
	if (r != 0)
		return (ioc_wrap(err, r, "unpack %s", IOC_SHOW(job->url)));
	if (job->provenance != NULL &&
	    (json_object_set_new(job->provenance, "url",
	    json_string(job->url)) != 0 ||
	    json_object_set_new(job->provenance, "sha256",
	    json_string(want)) != 0 ||
	    json_object_set_new(job->provenance, "verified",
	    json_string("SHA-256 given by the administrator")) != 0))
		return (ioc_fail_nomem(err));
	return (0);
}

/* VERSION_ID of os-release(5), with or without quotes. */
static bool
parse_os_release(const char *text, char ret[64])
{
	static const char key[] = "VERSION_ID=";

	for (const char *p = text; p != NULL; p = strchr(p, '\n')) {
		char quote;
		size_t n;

		p += *p == '\n';
		if (!ioc_str_starts(p, key))
			continue;
		p += sizeof(key) - 1;
		quote = *p == '"' || *p == '\'' ? *p++ : '\n';
		n = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
		    "UVWXYZ0123456789._+~-");
		if (n == 0 || n >= 64 || (p[n] != quote && p[n] != '\0'))
			return (false);
		memcpy(ret, p, n);
		ret[n] = '\0';
		return (true);
	}
	return (false);
}

static int
archive_version(int root, char ret[64], struct ioc_error *err)
{
	static const char *const files[] = {
		"usr/lib/os-release", "etc/os-release", NULL
	};

	for (const char *const *f = files; *f != NULL; f++) {
		auto_buf struct ioc_buf b = IOC_BUF(64 * 1024);

		if (ioc_file_read(root, *f, &b, NULL) == 0 &&
		    parse_os_release(ioc_buf_str(&b), ret))
			return (0);
	}
	return (ioc_fail(err, IOC_NOT_FOUND,
	    "version: no VERSION_ID in its os-release"));
}

const struct ioc_dist ioc_dist_archive = {
	.name = "archive",
	.fetch = archive_fetch,
	.version = archive_version,
};
