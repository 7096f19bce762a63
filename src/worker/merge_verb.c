/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb "merge": three texts, and which of their bytes make the result. */
#include <string.h>

#include "base/buf.h"
#include "worker/merge.h"
#include "worker/worker.h"

static int
read_text(int fd, struct ioc_buf *b, struct ioc_error *err)
{
	const size_t chunk = 64 * 1024;
	ssize_t n;

	do {
		if (ioc_buf_reserve(b, chunk) != 0)
			return (ioc_buf_check(b, err));
		n = pread(fd, b->data + b->len, chunk, (off_t)b->len);
		if (n < 0 && errno != EINTR)
			return (ioc_fail_errno(err, "read"));
		if (n > 0)
			ioc_buf_commit(b, (size_t)n);
	} while (n != 0);
	return (0);
}

static int
merge(const struct ioc_merge_text in[3], bool entries,
    struct ioc_merge_runs *runs, struct ioc_error *err)
{
	struct ioc_error e = { 0 };
	int r = IOC_UNSUPPORTED;

	if (entries) {
		r = ioc_merge_entries(in, runs, &e);
		if (r != 0)
			runs->n = 0;
		if (r != 0 && r != IOC_UNSUPPORTED && r != IOC_LIMIT)
			ioc_error_copy(err, &e);
	}
	return (r == IOC_UNSUPPORTED || r == IOC_LIMIT ?
	    ioc_merge_lines(in, runs, err) : r);
}

static int
answer(const struct ioc_merge_runs *runs, struct ioc_strv *results,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_WORKER_TEXT_MAX - 1024);

	for (size_t i = 0; i < runs->n; i++)
		(void)ioc_buf_addf(&b, "%c%zu+%zu ", runs->v[i].what,
		    runs->v[i].at, runs->v[i].len);
	if (b.failed != 0)
		return (ioc_buf_check(&b, err));
	(void)ioc_strv_add(results, "runs");
	return (ioc_strv_add(results, ioc_buf_str(&b)));
}

int
ioc_verb_merge(const struct ioc_request *q, struct ioc_strv *results,
    struct ioc_error *err)
{
	struct ioc_sandbox s = { .role = IOC_SANDBOX_PARSE, .dir_fd = -1 };
	IOC_AUTO(ioc_merge_runs_fini) struct ioc_merge_runs runs = { NULL };
	struct ioc_buf b[3] = { IOC_BUF(IOC_MERGE_BYTES + 128 * 1024),
		IOC_BUF(IOC_MERGE_BYTES + 128 * 1024),
		IOC_BUF(IOC_MERGE_BYTES + 128 * 1024) };
	struct ioc_merge_text in[3];
	struct ioc_error e = { 0 };
	uint64_t entries = 0, base = 0;
	const char *why = NULL;
	int r = ioc_request_number(q, "entries", &entries, err);

	if (r == 0)
		r = ioc_request_number(q, "base", &base, err);
	if (r == 0)
		r = ioc_verb_sandbox(q, &s, results, err);
	if (r == 0 && q->nfds != 2 + (base != 0))
		r = ioc_fail(err, IOC_INVALID, "wrong descriptors");
	for (size_t i = base != 0 ? 0 : 1, fd = WORKER_FD; r == 0 && i < 3; i++)
		r = read_text((int)fd++, &b[i], err);
	for (size_t i = 0; r == 0 && i < 3; i++) {
		in[i] = (struct ioc_merge_text){ ioc_buf_str(&b[i]), b[i].len };
		if (memchr(in[i].text, '\0', in[i].len) != NULL)
			why = "binary";
	}
	if (r == 0 && why == NULL) {
		r = merge(in, entries != 0, &runs, &e);
		if (r == 0)
			r = answer(&runs, results, &e);
		if (r == IOC_LIMIT) {
			why = "too different";
			r = 0;
		}
		if (r != 0)
			ioc_error_copy(err, &e);
	}
	if (r == 0 && why != NULL) {
		(void)ioc_strv_add(results, "why");
		(void)ioc_strv_add(results, why);
	}
	for (size_t i = 0; i < 3; i++)
		ioc_buf_fini(&b[i]);
	return (r);
}
