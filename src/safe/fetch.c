/* SPDX-License-Identifier: BSD-2-Clause */
/* Downloads by the worker. */
#include "safe/fetch.h"

#include <sys/stat.h>

#include <inttypes.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

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

int
ioc_fetch_urls(const struct ioc_fetch *f, struct ioc_fetch_file *files,
    size_t n, struct ioc_error *err)
{
	if (f->proxy != NULL && judge_proxy(f->proxy, err) != 0)
		return (IOC_INVALID);
	for (size_t i = 0; i < n; i++) {
		auto_strv struct ioc_strv request = IOC_STRV, results = IOC_STRV;
		struct ioc_worker_job job = {
			.role = IOC_WORKER_FETCH, .helper_dir = f->helper_dir,
			.verb = "fetch", .fds = &files[i].out_fd, .nfds = 1,
			.progress = f->progress, .arg = f->arg,
			.timeout_ms = HOUR,
		};
		int r = ioc_fetch_judge_url(files[i].url, err);

		if (r != 0)
			return (r);
		(void)ftruncate(files[i].out_fd, 0);
		(void)lseek(files[i].out_fd, 0, SEEK_SET);
		(void)ioc_strv_add(&request, "url");
		(void)ioc_strv_add(&request, files[i].url);
		(void)ioc_strv_add(&request, "max_bytes");
		(void)ioc_strv_addf(&request, "%" PRIu64, files[i].max_bytes);
		(void)ioc_strv_add(&request, "timeout_ms");
		(void)ioc_strv_addf(&request, "%d", HOUR);
		if (f->ca_file != NULL) {
			(void)ioc_strv_add(&request, "ca_file");
			(void)ioc_strv_add(&request, f->ca_file);
		}
		job.request = request;
		r = ioc_worker_run(&job, &results, err);
		if (r != 0) {
			if (err != NULL && strstr(err->msg, "404") != NULL)
				err->sys = ENOENT;
			return (r);
		}
		(void)ioc_hash_parse(ioc_worker_value(&results, "sha256"),
		    files[i].hex, NULL);
	}
	return (0);
}
