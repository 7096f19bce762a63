/* SPDX-License-Identifier: BSD-2-Clause */
/* Downloads by the worker. */
#include "safe/fetch.h"

#include <sys/stat.h>

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "safe/worker.h"

#define	HOUR	(60 * 60 * 1000)

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
judge(const struct ioc_fetch *f, struct ioc_error *err)
{
	struct stat st;
	int r;

	r = ioc_fetch_judge_url(f->url, err);
	if (r == 0 && f->proxy != NULL)
		r = judge_proxy(f->proxy, err);
	if (r != 0)
		return (r);
	if (f->max_bytes == 0 || f->timeout_ms < 0)
		return (ioc_fail(err, IOC_INVALID, "fetch without a limit"));
	if (f->ca_file != NULL && f->ca_file[0] != '/')
		return (ioc_fail(err, IOC_INVALID, "CA file %s: not an "
		    "absolute path", IOC_SHOW(f->ca_file)));
	if (fstat(f->out_fd, &st) != 0)
		return (ioc_fail_errno(err, "fetch: output"));
	if (!S_ISREG(st.st_mode))
		return (ioc_fail(err, IOC_INVALID,
		    "fetch: the output is not a regular file"));
	return (0);
}

/* What the worker says of the file must be true. */
static int
judge_results(const struct ioc_fetch *f, const struct ioc_strv *results,
    char *hex, struct ioc_error *err)
{
	const char *size = ioc_worker_value(results, "size");
	const char *hash = ioc_worker_value(results, "sha256");
	char text[IOC_SHA256_HEX];
	struct stat st;
	uint64_t n;

	if (size == NULL || hash == NULL ||
	    ioc_str_to_u64(size, 0, f->max_bytes, &n, NULL) != 0 ||
	    ioc_hash_parse(hash, text, NULL) != 0)
		return (ioc_fail(err, IOC_FORMAT,
		    "worker fetch: no size or hash"));
	if (fstat(f->out_fd, &st) != 0)
		return (ioc_fail_errno(err, "fetch: output"));
	if ((uint64_t)st.st_size != n)
		return (ioc_fail(err, IOC_FORMAT, "worker fetch: wrong size"));
	if (hex != NULL)
		memcpy(hex, text, sizeof(text));
	return (0);
}

int
ioc_fetch_url(const struct ioc_fetch *f, char hex[IOC_SHA256_HEX],
    struct ioc_error *err)
{
	auto_strv struct ioc_strv request = IOC_STRV, results = IOC_STRV;
	struct ioc_worker_job job = {
		.role = IOC_WORKER_FETCH,
		.helper_dir = f->helper_dir,
		.verb = "fetch",
		.fds = &f->out_fd,
		.nfds = 1,
		.progress = f->progress,
		.arg = f->arg,
	};
	int timeout = f->timeout_ms == 0 ? HOUR : f->timeout_ms;
	int r;

	r = judge(f, err);
	if (r != 0)
		return (r);
	(void)ioc_strv_add(&request, "url");
	(void)ioc_strv_add(&request, f->url);
	(void)ioc_strv_add(&request, "max_bytes");
	(void)ioc_strv_addf(&request, "%" PRIu64, f->max_bytes);
	(void)ioc_strv_add(&request, "timeout_ms");
	(void)ioc_strv_addf(&request, "%d", timeout);
	if (f->ca_file != NULL) {
		(void)ioc_strv_add(&request, "ca_file");
		(void)ioc_strv_add(&request, f->ca_file);
	}
	if (f->proxy != NULL) {
		(void)ioc_strv_add(&request, "proxy");
		(void)ioc_strv_add(&request, f->proxy);
	}
	job.request = request;
	/* The worker watches the clock; this is for one that does not. */
	job.timeout_ms = timeout < INT32_MAX - 5000 ? timeout + 5000 : timeout;
	r = ioc_worker_run(&job, &results, err);
	return (r == 0 ? judge_results(f, &results, hex, err) : r);
}
