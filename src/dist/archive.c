/* SPDX-License-Identifier: BSD-2-Clause */
/* Any root archive whose hash the administrator knows. */
#include "dist/dist.h"

#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "dist/cache.h"
#include "safe/archive.h"
#include "safe/fetch.h"
#include "safe/file.h"

static int
on_unpack(uint64_t done, uint64_t total, void *arg)
{
	const struct ioc_dist_job *job = arg;

	return (job->progress("unpack", done, total, job->arg));
}

struct owner {
	struct ioc_cache_file file;
};

static void
owner_fini(struct owner *o)
{
	ioc_cache_close(&o->file, 1);
}

static int
unpack(const struct ioc_dist_job *job, int fd, struct ioc_error *err)
{
	struct ioc_archive a = {
		.helper_dir = job->helper_dir,
		.in_fds = &fd,
		.nin = 1,
		.dir_fd = job->root_fd,
		.record_fd = job->record_fd,
		.setid = true,	/* su, mount and their like are part of a root */
		.progress = job->progress != NULL ? on_unpack : NULL,
		.arg = (void *)(uintptr_t)job,
	};

	return (ioc_wrap(err, ioc_archive_extract(&a, err), "unpack %s",
	    IOC_SHOW(job->url)));
}

static int
archive_fetch(const struct ioc_dist_job *job, struct ioc_error *err)
{
	IOC_AUTO(owner_fini) struct owner o = { .file = { .fd = -1 } };
	int r;

	if (job->url == NULL || job->sha256 == NULL)
		return (ioc_fail(err, IOC_INVALID,
		    "an archive needs its URL and its SHA-256"));
	r = ioc_fetch_judge_url(job->url, err);
	if (r == 0)
		r = ioc_hash_parse(job->sha256, o.file.sha256, err);
	if (r != 0)
		return (r);
	o.file.where = strdup(job->url);
	if (o.file.where == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_cache_obtain(job, -1, &o.file, 1, err);
	if (r == 0)
		r = unpack(job, o.file.fd, err);
	if (r == 0)
		r = ioc_cache_unchanged(&o.file, 1, err);
	if (r != 0)
		return (r);
	if (job->provenance != NULL &&
	    (json_object_set_new(job->provenance, "url",
	    json_string(job->url)) != 0 ||
	    json_object_set_new(job->provenance, "sha256",
	    json_string(o.file.sha256)) != 0 ||
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
	.records = true,
	.fetch = archive_fetch,
	.version = archive_version,
};
