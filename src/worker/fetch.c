/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb "fetch": several files at once, through one process. */
#include "safe/fetch.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/compat.h"
#include "base/str.h"
#include "worker/transfer.h"
#include "worker/worker.h"

#define	CA_MAX		(8 * 1024 * 1024)
#define	SLOW_S		60
#define	TICK_MS		100	/* between two looks at the clock */

struct batch {
	struct ioc_transfers job;
	struct ioc_transfer files[IOC_FETCH_MAX];
	size_t		 n;
	CURLM		*multi;
	struct ioc_error err;		/* of none of the files */
	const struct ioc_error *why;	/* the error of what has failed */
};

/* --- the request --------------------------------------------------------------- */

/* With the rights of the host: the file is its administrator's. */
static int
read_ca(struct ioc_buf *b, const char *path, struct ioc_error *err)
{
	auto_file FILE *f = fopen(path, "re");
	size_t n;

	if (f == NULL)
		return (ioc_fail_errno(err, "CA file %s", IOC_SHOW(path)));
	do {
		if (ioc_buf_reserve(b, 65536) != 0)
			break;
		n = fread(b->data + b->len, 1, 65536, f);
		ioc_buf_commit(b, n);
	} while (n > 0);
	if (ferror(f))
		return (ioc_fail_errno(err, "CA file %s", IOC_SHOW(path)));
	if (b->failed != 0)
		return (ioc_fail(err, IOC_LIMIT, "CA file %s: too large",
		    IOC_SHOW(path)));
	if (strstr(ioc_buf_str(b), "-----BEGIN ") == NULL)
		return (ioc_fail(err, IOC_FORMAT, "CA file %s: no certificate "
		    "in PEM", IOC_SHOW(path)));
	return (0);
}

static int
read_file(struct batch *b, size_t i, const struct ioc_request *q,
    struct ioc_error *err)
{
	struct ioc_transfer *t = &b->files[i];
	char url_key[24], max_key[24], resume_key[24];
	uint64_t resume = 0;
	const char *url;
	int r;

	(void)snprintf(url_key, sizeof(url_key), "url%zu", i);
	(void)snprintf(max_key, sizeof(max_key), "max_bytes%zu", i);
	(void)snprintf(resume_key, sizeof(resume_key), "resume%zu", i);
	t->job = &b->job;
	t->fd = WORKER_FD + (int)i;
	r = ioc_request_text(q, url_key, &url, err);
	if (r == 0)
		r = ioc_fetch_judge_url(url, err);
	if (r == 0)
		r = ioc_request_number(q, max_key, &t->max, err);
	if (r == 0)
		r = ioc_request_number(q, resume_key, &resume, err);
	t->resume = resume != 0;
	return (r == 0 ? ioc_transfer_init(t, url, err) : r);
}

/* The kernel counts too, whatever a server makes of this process. */
static int
limit_files(const struct batch *b, struct ioc_error *err)
{
	struct rlimit l;
	uint64_t max = 0;

	for (size_t i = 0; i < b->n; i++)
		max = b->files[i].max > max ? b->files[i].max : max;
	if (getrlimit(RLIMIT_FSIZE, &l) != 0)
		return (ioc_fail_errno(err, "file size"));
	if (l.rlim_max == RLIM_INFINITY || (uint64_t)l.rlim_max > max)
		l.rlim_max = (rlim_t)max;
	l.rlim_cur = l.rlim_max;
	return (setrlimit(RLIMIT_FSIZE, &l) == 0 ? 0 :
	    ioc_fail_errno(err, "file size"));
}

static int
prepare(struct batch *b, const struct ioc_request *q, struct ioc_error *err)
{
	const char *ca;
	uint64_t timeout_ms;
	int r;

	b->n = q->nfds;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 ||
	    (b->multi = curl_multi_init()) == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_request_number(q, "timeout_ms", &timeout_ms, err);
	for (size_t i = 0; r == 0 && i < b->n; i++)
		r = read_file(b, i, q, err);
	if (r == 0)
		r = limit_files(b, err);
	if (r == 0 && ioc_request_text(q, "ca_file", &ca, NULL) == 0)
		r = read_ca(&b->job.ca, ca, err);
	if (r != 0)
		return (r);
	(void)ioc_request_text(q, "proxy", &b->job.proxy, NULL);
	b->job.slow_s = SLOW_S;
	(void)ioc_request_number(q, "slow_s", &b->job.slow_s, NULL);
	b->job.deadline = ioc_now_ns() + timeout_ms * 1000000;
	return (0);
}

/* --- the transfers --------------------------------------------------------------- */

/* Of all files; the total only when every one of them has told its own. */
static int
tell(void *arg)
{
	struct batch *b = arg;
	uint64_t done = 0, total = 0;
	bool known = true;
	int r;

	for (size_t i = 0; i < b->n; i++) {
		const struct ioc_transfer *t = &b->files[i];

		done += t->done;
		total += t->total;
		known = known && (t->ended || t->total > 0);
	}
	r = ioc_msg_progress(done, known && total >= done ? total : 0,
	    &b->err);
	if (r != 0)
		b->why = &b->err;
	return (r);
}

static int
broken(struct batch *b, CURLMcode m)
{
	if (m == CURLM_OK)
		return (0);
	b->why = &b->err;
	return (ioc_fail(&b->err, IOC_FAILED, "libcurl: %s",
	    curl_multi_strerror(m)));
}

/* The next request of a file. */
static int
start(struct batch *b, struct ioc_transfer *t)
{
	int r = ioc_transfer_request(t);

	b->why = &t->err;
	return (r != 0 ? r : broken(b,
	    curl_multi_add_handle(b->multi, t->curl)));
}

/* What has ended since the last look. */
static int
collect(struct batch *b, size_t *left)
{
	const CURLMsg *msg;
	int n, r = 0;

	while (r == 0 && (msg = curl_multi_info_read(b->multi, &n)) != NULL) {
		struct ioc_transfer *t = NULL;
		CURLcode code = msg->data.result;
		bool again = false;

		if (msg->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE,
		    (char **)&t);
		b->why = &t->err;
		r = ioc_transfer_result(t, code, &again);
		(void)curl_multi_remove_handle(b->multi, t->curl);
		if (r == 0 && again)
			r = start(b, t);
		else if (r == 0)
			(*left)--;
	}
	return (r);
}

static int
watch_clock(struct batch *b)
{
	size_t i = 0;

	if (ioc_now_ns() < b->job.deadline)
		return (0);
	while (i + 1 < b->n && b->files[i].ended)
		i++;
	b->why = &b->files[i].err;
	return (ioc_transfer_late(&b->files[i]));
}

/* All at once; the first failure ends it. */
static int
transfer(struct batch *b)
{
	size_t left = b->n;
	int running, r = 0;

	for (size_t i = 0; r == 0 && i < b->n; i++)
		r = start(b, &b->files[i]);
	while (r == 0 && left > 0) {
		r = broken(b, curl_multi_perform(b->multi, &running));
		if (r == 0)
			r = collect(b, &left);
		if (r == 0)
			r = tell(b);
		if (r == 0 && left > 0)
			r = broken(b, curl_multi_poll(b->multi, NULL, 0,
			    TICK_MS, NULL));
		if (r == 0 && left > 0)
			r = watch_clock(b);
	}
	return (r);
}

/* --- the verb ---------------------------------------------------------------------- */

static int
add_results(struct batch *b, struct ioc_strv *results, struct ioc_error *err)
{
	char hex[IOC_SHA256_HEX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < b->n; i++) {
		r = ioc_sha256_hex(b->files[i].hash, hex, err);
		if (r != 0)
			break;
		(void)ioc_strv_addf(results, "sha256%zu", i);
		(void)ioc_strv_add(results, hex);
		(void)ioc_strv_addf(results, "size%zu", i);
		(void)ioc_strv_addf(results, "%" PRIu64, b->files[i].done);
		(void)ioc_strv_addf(results, "pieced%zu", i);
		(void)ioc_strv_add(results, b->files[i].from > 0 ? "1" : "0");
	}
	return (r);
}

static int
run(struct batch *b, const struct ioc_request *q, struct ioc_strv *results,
    struct ioc_error *err)
{
	struct ioc_sandbox s = { .role = IOC_SANDBOX_FETCH, .dir_fd = -1 };
	int r;

	r = prepare(b, q, err);
	if (r == 0)
		r = ioc_verb_sandbox(q, &s, results, err);
	if (r != 0)
		return (r);
	for (size_t i = 0; r == 0 && i < b->n; i++) {
		b->why = &b->files[i].err;
		r = ioc_transfer_prepare(&b->files[i], tell, b);
	}
	if (r == 0)
		r = transfer(b);
	if (r == 0)
		return (add_results(b, results, err));
	ioc_error_copy(err, b->why);
	return (r);
}

int
ioc_verb_fetch(const struct ioc_request *q, struct ioc_strv *results,
    struct ioc_error *err)
{
	static struct batch b = { .job = { .ca = IOC_BUF(CA_MAX) } };

	/* Nothing is freed: handles may wait, and the process is at its end. */
	return (run(&b, q, results, err));
}
