/* SPDX-License-Identifier: BSD-2-Clause */
/* What comes: every redirect, part, length and byte is judged by ourselves. */
#include "worker/transfer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "safe/fetch.h"

#define	REDIRECTS	5
#define	BREAKS		8
#define	PAGE_MAX	(1024 * 1024)
#define	CHUNK		(256 * 1024)
#define	ROUNDING	UINT64_C(50000000)	/* of libcurl's clock, in ns */

/* What went wrong, in our words. */
static const struct {
	CURLcode	 code;
	const char	*text;
	bool		 detail;	/* with those of the libraries */
} reasons[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, "the name cannot be resolved", false },
	{ CURLE_COULDNT_RESOLVE_PROXY, "the proxy's name cannot be resolved",
	    false },
	{ CURLE_COULDNT_CONNECT, "no connection", true },
	{ CURLE_SSL_CONNECT_ERROR, "TLS handshake failed", true },
	{ CURLE_PEER_FAILED_VERIFICATION, "certificate refused", true },
	{ CURLE_SSL_CACERT_BADFILE, "CA certificates cannot be read", true },
	{ CURLE_PARTIAL_FILE, "short: the transfer ended early", true },
	{ CURLE_GOT_NOTHING, "the server sent nothing", false },
	{ CURLE_RECV_ERROR, "short: the connection broke", true },
	{ CURLE_SEND_ERROR, "the connection broke", true },
	{ CURLE_UNSUPPORTED_PROTOCOL, "not HTTPS", true },
	{ CURLE_OUT_OF_MEMORY, "out of memory, or an endless header", false },
	{ CURLE_WEIRD_SERVER_REPLY, "not an HTTP answer", false },
};

static int
network(struct ioc_transfer *t, const char *fmt, ...) IOC_PRINTF(2, 3);

static int
network(struct ioc_transfer *t, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return (ioc_fail(&t->err, IOC_NETWORK, "%s: %s", t->label, text));
}

static int
too_long(struct ioc_transfer *t, const char *what)
{
	return (ioc_fail(&t->err, IOC_LIMIT, "%s: %s more than %" PRIu64
	    " bytes", t->label, what, t->max));
}

int
ioc_transfer_late(struct ioc_transfer *t)
{
	return (ioc_fail(&t->err, IOC_TIMEOUT, "%s: not done in the time given",
	    t->label));
}

void
ioc_transfer_label(struct ioc_transfer *t)
{
	const char *s = strstr(t->url, "://") + 3;

	(void)snprintf(t->label, sizeof(t->label), "%.*s%s%s",
	    (int)strcspn(s, "/?#"), s, t->name[0] != '\0' ? ": " : "",
	    t->name);
}

static void
set_name(struct ioc_transfer *t)
{
	const char *s = strstr(t->url, "://") + 3;
	size_t len = strcspn(s, "?#"), at = len;

	while (at > 0 && s[at - 1] != '/')
		at--;
	if (at > 0)
		(void)snprintf(t->name, sizeof(t->name), "%.*s",
		    (int)(len - at), s + at);
}

int
ioc_transfer_init(struct ioc_transfer *t, const char *url,
    struct ioc_error *err)
{
	t->curl = curl_easy_init();
	t->url = strdup(url);
	if (t->curl == NULL || t->url == NULL)
		return (ioc_fail_nomem(err));
	set_name(t);
	ioc_transfer_label(t);
	return (ioc_sha256_new(&t->hash, err));
}

/* --- the file ---------------------------------------------------------------- */

static int
empty_file(struct ioc_transfer *t)
{
	if (ftruncate(t->fd, 0) != 0)
		return (ioc_fail_errno(&t->err, "%s: output", t->label));
	t->done = 0;
	return (ioc_sha256_reset(t->hash, &t->err));
}

int
ioc_transfer_prepare(struct ioc_transfer *t, int (*tell)(void *arg), void *arg)
{
	auto_free char *buf = malloc(CHUNK);
	ssize_t n = 1;
	int r = 0;

	if (!t->resume)
		return (empty_file(t));
	if (buf == NULL)
		return (ioc_fail_nomem(&t->err));
	while (r == 0 && n > 0) {
		n = pread(t->fd, buf, CHUNK, (off_t)t->done);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n < 0)
			return (ioc_fail_errno(&t->err, "%s: output",
			    t->label));
		/* More than the file may have is not its beginning. */
		if ((uint64_t)n > t->max - t->done)
			return (empty_file(t));
		t->done += (uint64_t)n;
		r = ioc_sha256_add(t->hash, buf, (size_t)n, &t->err);
		if (r == 0)
			r = tell(arg);
		if (r == 0 && ioc_now_ns() >= t->job->deadline)
			r = ioc_transfer_late(t);
	}
	t->from = t->done;
	return (r);
}

static int
write_all(struct ioc_transfer *t, const char *data, size_t len)
{
	size_t at = 0;

	while (at < len) {
		ssize_t n = pwrite(t->fd, data + at, len - at,
		    (off_t)(t->done + at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (ioc_fail_errno(&t->err, "%s: write",
			    t->label));
		at += (size_t)n;
	}
	t->done += len;
	return (ioc_sha256_add(t->hash, data, len, &t->err));
}

/* --- an answer ---------------------------------------------------------------- */

/* True, and where its value begins, when a header line has this name. */
static bool
is_header(const char *line, const char *name, const char **value)
{
	size_t len = strlen(name);

	if (strncasecmp(line, name, len) != 0 || line[len] != ':')
		return (false);
	*value = line + len + 1;
	*value += strspn(*value, " \t");
	return (true);
}

/* Header lines, one by one; the last answer's count. */
size_t
ioc_transfer_header(char *line, size_t size, size_t n, void *arg)
{
	struct ioc_transfer *t = arg;
	const char *value;
	char text[128];
	size_t len;

	(void)snprintf(text, sizeof(text), "%.*s", (int)(size * n), line);
	len = strlen(text);
	while (len > 0 && strchr("\r\n \t", text[len - 1]) != NULL)
		text[--len] = '\0';
	if (strncmp(text, "HTTP/", 5) == 0) {
		t->chunked = t->range_good = false;
		t->ranges = 0;
	}
	if (is_header(text, "Transfer-Encoding", &value) &&
	    strcasestr(value, "chunked") != NULL)
		t->chunked = true;
	if (is_header(text, "Content-Range", &value) && ++t->ranges == 1)
		t->range_good = ioc_range_parse(value, &t->range);
	return (size * n);
}

static long
status_of(const struct ioc_transfer *t)
{
	long status = 0;

	(void)curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	return (status);
}

/* The file itself, or the rest of it that was asked for. */
static bool
is_content(const struct ioc_transfer *t, long status)
{
	return (status == 200 || (status == 206 && t->from > 0));
}

static bool
is_the_rest(const struct ioc_transfer *t, curl_off_t announced)
{
	const struct ioc_range *r = &t->range;

	return (t->ranges == 1 && t->range_good && !r->none &&
	    r->first == t->from && r->last == r->total - 1 &&
	    (announced < 0 || (uint64_t)announced == r->total - r->first));
}

/*
 * The head of an answer with content, before the first of its bytes.  Without
 * a length, chunks or a range the end is where the connection ends, which
 * anybody on the way can bring about.
 */
static int
begin(struct ioc_transfer *t, long status)
{
	curl_off_t announced = -1;
	uint64_t total;
	int r = 0;

	t->begun = true;
	(void)curl_easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
	    &announced);
	if (status == 206 && !is_the_rest(t, announced)) {
		t->anew = true;
		return (0);
	}
	if (status != 206 && announced < 0 && !t->chunked)
		return (network(t, "the server does not say where the file "
		    "ends"));
	total = status == 206 ? t->range.total :
	    announced > 0 ? (uint64_t)announced : 0;
	if (total > t->max)
		return (too_long(t, "announced"));
	if (status != 206 && t->done > 0)
		r = empty_file(t);
	t->total = total;
	return (r);
}

static int
take(struct ioc_transfer *t, const char *data, size_t len, long status)
{
	int r = t->begun ? 0 : begin(t, status);

	if (r != 0 || t->anew)
		return (r);
	if (len > t->max - t->done)
		return (too_long(t, "sent"));
	if (t->total != 0 && len > t->total - t->done)
		return (network(t, "sent more than was announced"));
	return (write_all(t, data, len));
}

size_t
ioc_transfer_data(char *data, size_t size, size_t n, void *arg)
{
	struct ioc_transfer *t = arg;
	long status = status_of(t);
	size_t len = size * n;

	if (!is_content(t, status)) {
		/* The page around an error or a redirect: not much of it. */
		t->ignored += len;
		return (t->ignored <= PAGE_MAX ? len : 0);
	}
	t->failed = take(t, data, len, status);
	return (t->failed == 0 && !t->anew ? len : 0);
}

/* --- its end --------------------------------------------------------------------- */

static int
judge_code(struct ioc_transfer *t, CURLcode code)
{
	const char *detail = t->detail[0] != '\0' ? t->detail :
	    curl_easy_strerror(code);
	long proxy = 0;

	(void)curl_easy_getinfo(t->curl, CURLINFO_HTTP_CONNECTCODE, &proxy);
	if (proxy >= 300)
		return (network(t, "the proxy refused: status %ld", proxy));
	if (code == CURLE_WRITE_ERROR && t->ignored > 0)
		return (network(t, "an endless error page"));
	if (code == CURLE_OPERATION_TIMEDOUT) {
		if (ioc_now_ns() + ROUNDING >= t->job->deadline)
			return (ioc_transfer_late(t));
		if (strstr(detail, "too slow") != NULL)
			return (network(t, "stalled: less than %d bytes/s "
			    "for %" PRIu64 " s", IOC_TRANSFER_SLOW, t->job->slow_s));
		return (network(t, "no connection: %s", IOC_SHOW(detail)));
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (reasons[i].code == code)
			return (network(t, "%s%s%s", reasons[i].text,
			    reasons[i].detail ? ": " : "",
			    reasons[i].detail ? IOC_SHOW(detail) : ""));
	return (network(t, "%s", IOC_SHOW(detail)));
}

static int
follow(struct ioc_transfer *t, const char *where)
{
	struct ioc_error why;
	char *next;

	if (++t->hops > REDIRECTS)
		return (network(t, "more than %d redirects", REDIRECTS));
	if (ioc_fetch_judge_url(where, &why) != 0)
		return (network(t, "redirect refused: %s", why.msg));
	next = strdup(where);
	if (next == NULL)
		return (ioc_fail_nomem(&t->err));
	free(t->url);
	t->url = next;
	return (0);
}

static int
judge_status(struct ioc_transfer *t, long status, bool *again)
{
	const char *where = NULL;
	int r;

	(void)curl_easy_getinfo(t->curl, CURLINFO_REDIRECT_URL, &where);
	if (status >= 300 && status <= 399 && where != NULL) {
		*again = true;
		return (follow(t, where));
	}
	r = network(t, "status %ld", status);
	if (status == 404)
		t->err.sys = ENOENT;
	return (r);
}

/* 416: there is no rest.  The file is whole if it is as long as ours is. */
static void
judge_no_rest(struct ioc_transfer *t)
{
	if (t->ranges == 1 && t->range_good && t->range.none &&
	    t->range.total == t->from)
		t->total = t->from;
	else
		t->anew = true;
}

/*
 * A connection that broke, of a file that the caller knows the hash of: the rest
 * is asked for, as long as every answer brings some of it.
 */
static bool
goes_on(struct ioc_transfer *t, CURLcode code)
{
	bool broken = code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR ||
	    code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;

	if (!broken || !t->resume || !t->begun || t->done <= t->from ||
	    t->breaks >= BREAKS)
		return (false);
	t->breaks++;
	t->from = t->done;
	return (true);
}

int
ioc_transfer_result(struct ioc_transfer *t, CURLcode code, bool *again)
{
	long status = status_of(t);
	int r = 0;

	*again = false;
	if (t->failed != 0)
		return (t->failed);
	if (code != CURLE_OK && !t->anew) {
		*again = goes_on(t, code);
		return (*again ? 0 : judge_code(t, code));
	}
	if (!t->anew && status == 416 && t->from > 0)
		judge_no_rest(t);
	else if (!t->anew && !is_content(t, status))
		return (judge_status(t, status, again));
	else if (!t->begun)
		r = begin(t, status);
	if (r != 0)
		return (r);
	if (t->anew) {
		t->from = 0;
		*again = true;
		return (0);
	}
	if (t->total != 0 && t->done != t->total)
		return (network(t, "short: %" PRIu64 " of %" PRIu64 " bytes",
		    t->done, t->total));
	t->total = t->done;
	t->ended = true;
	return (0);
}
