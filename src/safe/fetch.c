/* SPDX-License-Identifier: BSD-2-Clause */
/* Downloads by the worker. */
#include "safe/fetch.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "safe/worker.h"

#define	HOUR	(60 * 60 * 1000)
/* Addresses more than bytes: each lookup of a name has a thread. */
#define	MEMORY	(UINT64_C(1) << 30)

/* http://host:port or https://host:port, a user is allowed. */
static int
judge_proxy(const char *proxy, struct ioc_error *err)
{
	const char *host = strstr(proxy, "://");

	if ((!ioc_str_starts(proxy, "http://") &&
	    !ioc_str_starts(proxy, "https://")) || strlen(proxy) > 1024)
		return (ioc_fail(err, IOC_INVALID, "proxy \"%s\": neither "
		    "http:// nor https://", IOC_SHOW(proxy)));
	for (const char *s = host + 3; *s != '\0' || s == host + 3; s++)
		if (*s <= ' ' || *s > '~')
			return (ioc_fail(err, IOC_INVALID,
			    "proxy \"%s\": not a host and port",
			    IOC_SHOW(proxy)));
	return (0);
}

static int
judge_output(const struct ioc_fetch_file *files, size_t i,
    struct ioc_error *err)
{
	int flags = fcntl(files[i].out_fd, F_GETFL);
	struct stat st, other;

	if (flags < 0 || fstat(files[i].out_fd, &st) != 0)
		return (ioc_fail_errno(err, "fetch: output"));
	if (!S_ISREG(st.st_mode))
		return (ioc_fail(err, IOC_INVALID,
		    "fetch: the output is not a regular file"));
	if ((flags & O_ACCMODE) != O_RDWR || (flags & O_APPEND) != 0)
		return (ioc_fail(err, IOC_INVALID, "fetch: the output is not "
		    "open for reading and writing at any place"));
	while (i-- > 0)
		if (fstat(files[i].out_fd, &other) == 0 &&
		    other.st_dev == st.st_dev && other.st_ino == st.st_ino)
			return (ioc_fail(err, IOC_INVALID,
			    "fetch: two files with one output"));
	return (0);
}

static int
judge(const struct ioc_fetch *f, const struct ioc_fetch_file *files, size_t n,
    struct ioc_error *err)
{
	int r = 0;

	if (n < 1 || n > IOC_FETCH_MAX)
		return (ioc_fail(err, IOC_INVALID, "fetch of %zu files", n));
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = ioc_fetch_judge_url(files[i].url, err);
		if (r == 0 && files[i].max_bytes == 0)
			r = ioc_fail(err, IOC_INVALID,
			    "fetch without a limit");
		if (r == 0)
			r = judge_output(files, i, err);
	}
	if (r == 0 && f->proxy != NULL)
		r = judge_proxy(f->proxy, err);
	if (r != 0)
		return (r);
	if (f->timeout_ms < 0)
		return (ioc_fail(err, IOC_INVALID, "fetch without a limit"));
	if (f->ca_file != NULL && f->ca_file[0] != '/')
		return (ioc_fail(err, IOC_INVALID, "CA file %s: not an "
		    "absolute path", IOC_SHOW(f->ca_file)));
	return (0);
}

/* The value of a key with the number of a file. */
static const char *
value_of(const struct ioc_strv *results, const char *key, size_t i)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "%s%zu", key, i);
	return (ioc_worker_value(results, name));
}

/* What the worker says of a file must be true. */
static int
judge_result(const struct ioc_fetch_file *file, size_t i,
    const struct ioc_strv *results, struct ioc_fetch_file *ret,
    struct ioc_error *err)
{
	const char *size = value_of(results, "size", i);
	const char *hash = value_of(results, "sha256", i);
	const char *pieced = value_of(results, "pieced", i);
	struct stat st;

	*ret = *file;
	if (size == NULL || hash == NULL || pieced == NULL ||
	    ioc_str_to_u64(size, 0, file->max_bytes, &ret->size, NULL) != 0 ||
	    ioc_hash_parse(hash, ret->hex, NULL) != 0)
		return (ioc_fail(err, IOC_FORMAT,
		    "worker fetch: no size or hash"));
	ret->pieced = strcmp(pieced, "0") != 0;
	if (fstat(file->out_fd, &st) != 0)
		return (ioc_fail_errno(err, "fetch: output"));
	if ((uint64_t)st.st_size != ret->size)
		return (ioc_fail(err, IOC_FORMAT, "worker fetch: wrong size"));
	return (0);
}

static void
make_request(const struct ioc_fetch *f, const struct ioc_fetch_file *files,
    size_t n, int timeout, struct ioc_strv *request)
{
	for (size_t i = 0; i < n; i++) {
		(void)ioc_strv_addf(request, "url%zu", i);
		(void)ioc_strv_add(request, files[i].url);
		(void)ioc_strv_addf(request, "max_bytes%zu", i);
		(void)ioc_strv_addf(request, "%" PRIu64, files[i].max_bytes);
		(void)ioc_strv_addf(request, "resume%zu", i);
		(void)ioc_strv_add(request, files[i].resume ? "1" : "0");
	}
	(void)ioc_strv_add(request, "timeout_ms");
	(void)ioc_strv_addf(request, "%d", timeout);
	if (f->ca_file != NULL) {
		(void)ioc_strv_add(request, "ca_file");
		(void)ioc_strv_add(request, f->ca_file);
	}
	if (f->proxy != NULL) {
		(void)ioc_strv_add(request, "proxy");
		(void)ioc_strv_add(request, f->proxy);
	}
}

int
ioc_fetch_urls(const struct ioc_fetch *f, struct ioc_fetch_file *files,
    size_t n, struct ioc_error *err)
{
	auto_strv struct ioc_strv request = IOC_STRV, results = IOC_STRV;
	struct ioc_fetch_file done[IOC_FETCH_MAX];
	int timeout = f->timeout_ms == 0 ? HOUR : f->timeout_ms;
	int fds[IOC_FETCH_MAX], r;
	struct ioc_worker_job job = {
		.role = IOC_WORKER_FETCH,
		.helper_dir = f->helper_dir,
		.verb = "fetch",
		.fds = fds,
		.nfds = n,
		/* The worker watches the clock; this is for one that does not. */
		.timeout_ms = timeout < INT32_MAX - 5000 ? timeout + 5000 :
		    timeout,
		.max_memory = MEMORY,
		.progress = f->progress,
		.arg = f->arg,
	};

	r = judge(f, files, n, err);
	if (r != 0)
		return (r);
	for (size_t i = 0; i < n; i++)
		fds[i] = files[i].out_fd;
	make_request(f, files, n, timeout, &request);
	job.request = request;
	r = ioc_worker_run(&job, &results, err);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = judge_result(&files[i], i, &results, &done[i], err);
	if (r == 0)
		memcpy(files, done, n * sizeof(*files));
	return (r);
}
