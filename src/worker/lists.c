/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs "manifest" and "listing": small files, read whole. */
#include <sys/stat.h>

#include <string.h>

#include "base/buf.h"
#include "worker/listing.h"
#include "worker/manifest.h"
#include "worker/worker.h"

/* The sandbox first, then all of the file, which may not grow over `max`. */
static int
read_all(const struct ioc_request *q, struct ioc_buf *b,
    struct ioc_strv *results, struct ioc_error *err)
{
	struct ioc_sandbox s = { .role = IOC_SANDBOX_PARSE, .dir_fd = -1 };
	size_t chunk = 64 * 1024;
	ssize_t n = 1;
	int r;

	r = ioc_verb_sandbox(q, &s, results, err);
	while (r == 0 && n > 0) {
		if (ioc_buf_reserve(b, chunk) != 0)
			return (ioc_buf_check(b, err));
		n = pread(WORKER_FD, b->data + b->len, chunk, (off_t)b->len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			r = ioc_fail_errno(err, "read");
		else
			ioc_buf_commit(b, (size_t)n);
	}
	return (r);
}

int
ioc_verb_manifest(const struct ioc_request *q, struct ioc_strv *results,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_MANIFEST_BYTES + 128 * 1024);
	auto_strv struct ioc_strv sets = IOC_STRV;
	uint64_t kind;
	int r;

	r = ioc_request_number(q, "kind", &kind, err);
	if (r == 0)
		r = read_all(q, &b, results, err);
	if (r == 0)
		r = ioc_manifest_parse((enum ioc_manifest_kind)kind,
		    ioc_buf_str(&b), b.len, &sets, err);
	for (size_t i = 0; r == 0 && i < sets.n; i++) {
		(void)ioc_strv_add(results, "set");
		(void)ioc_strv_add(results, sets.v[i]);
	}
	return (r);
}

int
ioc_verb_listing(const struct ioc_request *q, struct ioc_strv *results,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_LISTING_BYTES + 128 * 1024);
	auto_buf struct ioc_buf text = IOC_BUF(IOC_LISTING_TEXT);
	auto_strv struct ioc_strv names = IOC_STRV;
	int r;

	r = read_all(q, &b, results, err);
	if (r == 0)
		r = ioc_listing_parse(ioc_buf_str(&b), b.len, &names, err);
	if (r != 0)
		return (r);
	/* One value for all of them: a slash is in none. */
	for (size_t i = 0; i < names.n; i++) {
		(void)ioc_buf_adds(&text, names.v[i]);
		(void)ioc_buf_addc(&text, '/');
	}
	if (text.failed != 0)
		return (ioc_fail(err, IOC_LIMIT, "more than %d bytes of "
		    "directories", IOC_LISTING_TEXT));
	(void)ioc_strv_add(results, "names");
	(void)ioc_strv_add(results, ioc_buf_str(&text));
	return (0);
}
