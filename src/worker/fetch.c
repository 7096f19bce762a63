/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb "fetch": HTTPS by libcurl, every redirect judged by ourselves. */
#include <sys/resource.h>
#include <sys/stat.h>

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/compat.h"
#include "base/str.h"
#include "safe/fetch.h"
#include "worker/sha256.h"
#include "worker/worker.h"

#define	REDIRECTS	5
#define	CA_MAX		(8 * 1024 * 1024)
#define	CONNECT_S	30L
#define	SLOW_BYTES	1024L	/* a second, for */
#define	SLOW_S		60	/* seconds */

struct transfer {
	CURL		*curl;
	struct ioc_sha256 *hash;
	struct ioc_buf	 ca;
	const char	*proxy;
	uint64_t	 max;
	uint64_t	 deadline;	/* on the clock of ioc_now_ns() */
	uint64_t	 slow_s;
	uint64_t	 done;		/* bytes written */
	uint64_t	 ignored;	/* of answers that are not 200 */
	bool		 chunked;	/* the answer has an end of its own */
	char		 host[256];
	char		 detail[CURL_ERROR_SIZE];
	struct ioc_error err;		/* of a callback */
	int		 failed;
};

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

static size_t
fail(struct transfer *t, int r)
{
	t->failed = r;
	return (0);
}

static int
write_all(struct transfer *t, const char *data, size_t len)
{
	size_t at = 0;

	while (at < len) {
		ssize_t n = pwrite(WORKER_FD, data + at, len - at,
		    (off_t)(t->done + at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (ioc_fail_errno(&t->err, "write"));
		at += (size_t)n;
	}
	return (ioc_sha256_add(t->hash, data, len, &t->err));
}

static int
too_long(struct transfer *t, const char *what)
{
	return (ioc_fail(&t->err, IOC_LIMIT, "%s: %s more than %" PRIu64
	    " bytes", t->host, what, t->max));
}

/* Header lines, one by one; the last answer's count. */
static size_t
on_header(char *line, size_t size, size_t n, void *arg)
{
	static const char key[] = "Transfer-Encoding:";
	struct transfer *t = arg;
	char text[128];

	(void)snprintf(text, sizeof(text), "%.*s", (int)(size * n), line);
	if (strncmp(text, "HTTP/", 5) == 0)
		t->chunked = false;
	if (strncasecmp(text, key, sizeof(key) - 1) == 0 &&
	    strcasestr(text, "chunked") != NULL)
		t->chunked = true;
	return (size * n);
}

/*
 * Without a length or chunks the end is where the connection ends, which
 * anybody on the way can bring about.
 */
static int
judge_length(struct transfer *t)
{
	curl_off_t announced = -1;

	(void)curl_easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
	    &announced);
	if (announced < 0 && !t->chunked)
		return (ioc_fail(&t->err, IOC_NETWORK, "%s: the server does "
		    "not say where the file ends", t->host));
	if (announced > 0 && (uint64_t)announced > t->max)
		return (too_long(t, "announced"));
	return (0);
}

static size_t
on_data(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	long status = 0;
	size_t len = size * n;
	int r = 0;

	(void)curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200) {
		/* The page around an error or a redirect: not much of it. */
		t->ignored += len;
		return (t->ignored <= 1024 * 1024 ? len : 0);
	}
	if (t->done == 0)
		r = judge_length(t);
	if (r == 0 && len > t->max - t->done)
		r = too_long(t, "sent");
	if (r == 0)
		r = write_all(t, data, len);
	if (r != 0)
		return (fail(t, r));
	t->done += len;
	return (len);
}

static int
on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total,
    curl_off_t up_now)
{
	struct transfer *t = arg;
	int r;

	r = ioc_msg_progress(t->done, total > 0 && (uint64_t)total >= t->done &&
	    t->done > 0 ? (uint64_t)total : 0, &t->err);
	if (r != 0)
		t->failed = r;
	return (r != 0);
}

static int
set_options(struct transfer *t)
{
	CURL *c = t->curl;
	CURLcode r = CURLE_OK;

#define	SET(option, value) \
	if (r == CURLE_OK)						\
		r = curl_easy_setopt(c, CURLOPT_##option, value)
	SET(PROTOCOLS_STR, "https");
	SET(REDIR_PROTOCOLS_STR, "https");
	SET(FOLLOWLOCATION, 0L);
	SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(SSL_VERIFYPEER, 1L);
	SET(SSL_VERIFYHOST, 2L);
	SET(NETRC, (long)CURL_NETRC_IGNORED);
	SET(PROXY, t->proxy != NULL ? t->proxy : "");
	SET(NOPROXY, "");
	SET(HTTPPROXYTUNNEL, t->proxy != NULL ? 1L : 0L);
	SET(SUPPRESS_CONNECT_HEADERS, 1L);
	SET(NOSIGNAL, 1L);
	SET(CONNECTTIMEOUT, CONNECT_S);
	SET(LOW_SPEED_LIMIT, SLOW_BYTES);
	SET(LOW_SPEED_TIME, (long)t->slow_s);
	SET(BUFFERSIZE, 256L * 1024);
	SET(USERAGENT, "libioc/" IOC_VERSION);
	SET(ERRORBUFFER, t->detail);
	SET(HEADERFUNCTION, on_header);
	SET(HEADERDATA, t);
	SET(WRITEFUNCTION, on_data);
	SET(WRITEDATA, t);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* A resolver that hangs is not waited for. */
	SET(QUICK_EXIT, 1L);
#endif
	SET(NOPROGRESS, 0L);
	SET(XFERINFOFUNCTION, on_progress);
	SET(XFERINFODATA, t);
	if (t->ca.len > 0) {
		struct curl_blob blob = {
			.data = t->ca.data,
			.len = t->ca.len,
			.flags = CURL_BLOB_COPY,
		};

		/* This one alone is trusted. */
		SET(CAINFO, NULL);
		SET(CAPATH, NULL);
		SET(CAINFO_BLOB, &blob);
	}
#undef SET
	if (r != CURLE_OK)
		return (ioc_fail(&t->err, IOC_UNSUPPORTED, "libcurl: %s",
		    curl_easy_strerror(r)));
	return (0);
}

/* The host of a URL that has been judged, for messages. */
static void
set_host(struct transfer *t, const char *url)
{
	const char *s = strstr(url, "://") + 3;

	(void)snprintf(t->host, sizeof(t->host), "%.*s",
	    (int)strcspn(s, "/?#"), s);
}

static int
network(struct transfer *t, const char *fmt, ...) IOC_PRINTF(2, 3);

static int
network(struct transfer *t, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return (ioc_fail(&t->err, IOC_NETWORK, "%s: %s", t->host, text));
}

static int
judge_result(struct transfer *t, CURLcode code)
{
	const char *detail = t->detail[0] != '\0' ? t->detail :
	    curl_easy_strerror(code);

	if (t->failed != 0)
		return (t->failed);
	if (code == CURLE_OK)
		return (0);
	if (code == CURLE_WRITE_ERROR && t->ignored > 0)
		return (network(t, "an endless error page"));
	if (code == CURLE_OPERATION_TIMEDOUT) {
		if (ioc_now_ns() >= t->deadline)
			return (ioc_fail(&t->err, IOC_TIMEOUT,
			    "%s: not done in the time given", t->host));
		if (strstr(detail, "too slow") != NULL)
			return (network(t, "stalled: less than %ld bytes/s "
			    "for %" PRIu64 " s", SLOW_BYTES, t->slow_s));
		return (network(t, "no connection: %s", IOC_SHOW(detail)));
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (reasons[i].code == code)
			return (network(t, "%s%s%s", reasons[i].text,
			    reasons[i].detail ? ": " : "",
			    reasons[i].detail ? IOC_SHOW(detail) : ""));
	return (network(t, "%s", IOC_SHOW(detail)));
}

/* One request; *next is where a redirect leads, else NULL. */
static int
get(struct transfer *t, const char *url, char **next)
{
	uint64_t now = ioc_now_ns();
	const char *where = NULL;
	CURLcode code;
	long status = 0;
	int r;

	*next = NULL;
	set_host(t, url);
	t->detail[0] = '\0';
	t->ignored = 0;
	if (now >= t->deadline)
		return (ioc_fail(&t->err, IOC_TIMEOUT,
		    "%s: not done in the time given", t->host));
	code = curl_easy_setopt(t->curl, CURLOPT_URL, url);
	if (code == CURLE_OK)
		code = curl_easy_setopt(t->curl, CURLOPT_TIMEOUT_MS,
		    (long)((t->deadline - now) / 1000000 + 1));
	if (code == CURLE_OK)
		code = curl_easy_perform(t->curl);
	r = judge_result(t, code);
	if (r != 0)
		return (r);
	(void)curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(t->curl, CURLINFO_REDIRECT_URL, &where);
	if (status == 200)
		return (t->done == 0 ? judge_length(t) : 0);
	if (status < 300 || status > 399 || where == NULL)
		return (network(t, "status %ld", status));
	*next = strdup(where);
	return (*next != NULL ? 0 : ioc_fail_nomem(&t->err));
}

static int
follow(struct transfer *t, const char *first)
{
	auto_free char *url = strdup(first);
	struct ioc_error why;
	int r;

	if (url == NULL)
		return (ioc_fail_nomem(&t->err));
	for (int i = 0;; i++) {
		char *next;

		r = get(t, url, &next);
		if (r != 0 || next == NULL)
			return (r);
		free(url);
		url = next;
		if (i >= REDIRECTS)
			return (network(t, "more than %d redirects",
			    REDIRECTS));
		if (ioc_fetch_judge_url(url, &why) != 0)
			return (network(t, "redirect refused: %s", why.msg));
	}
}

/* With the rights of the host: the file is its administrator's. */
static int
read_ca(struct transfer *t, const char *path, struct ioc_error *err)
{
	auto_file FILE *f = fopen(path, "re");
	size_t n;

	if (f == NULL)
		return (ioc_fail_errno(err, "CA file %s", IOC_SHOW(path)));
	do {
		if (ioc_buf_reserve(&t->ca, 65536) != 0)
			break;
		n = fread(t->ca.data + t->ca.len, 1, 65536, f);
		ioc_buf_commit(&t->ca, n);
	} while (n > 0);
	if (ferror(f))
		return (ioc_fail_errno(err, "CA file %s", IOC_SHOW(path)));
	if (t->ca.failed != 0)
		return (ioc_fail(err, IOC_LIMIT, "CA file %s: too large",
		    IOC_SHOW(path)));
	if (strstr(ioc_buf_str(&t->ca), "-----BEGIN ") == NULL)
		return (ioc_fail(err, IOC_FORMAT, "CA file %s: no certificate "
		    "in PEM", IOC_SHOW(path)));
	return (0);
}

/* The kernel counts too, whatever a server makes of this process. */
static int
limit_file(uint64_t max, struct ioc_error *err)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_FSIZE, &l) != 0)
		return (ioc_fail_errno(err, "file size"));
	if (l.rlim_max == RLIM_INFINITY || (uint64_t)l.rlim_max > max)
		l.rlim_max = (rlim_t)max;
	l.rlim_cur = l.rlim_max;
	return (setrlimit(RLIMIT_FSIZE, &l) == 0 ? 0 :
	    ioc_fail_errno(err, "file size"));
}

static int
prepare(struct transfer *t, const struct ioc_request *q, const char **url,
    struct ioc_error *err)
{
	const char *ca;
	uint64_t timeout_ms;
	int r;

	r = ioc_request_text(q, "url", url, err);
	if (r == 0)
		r = ioc_fetch_judge_url(*url, err);
	if (r == 0)
		r = ioc_request_number(q, "max_bytes", &t->max, err);
	if (r == 0)
		r = ioc_request_number(q, "timeout_ms", &timeout_ms, err);
	if (r == 0)
		r = limit_file(t->max, err);
	if (r == 0 && ioc_request_text(q, "ca_file", &ca, NULL) == 0)
		r = read_ca(t, ca, err);
	if (r != 0)
		return (r);
	(void)ioc_request_text(q, "proxy", &t->proxy, NULL);
	t->slow_s = SLOW_S;
	(void)ioc_request_number(q, "slow_s", &t->slow_s, NULL);
	t->deadline = ioc_now_ns() + timeout_ms * 1000000;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 ||
	    (t->curl = curl_easy_init()) == NULL)
		return (ioc_fail_nomem(err));
	if (ftruncate(WORKER_FD, 0) != 0)
		return (ioc_fail_errno(err, "output"));
	return (ioc_sha256_new(&t->hash, err));
}

static int
run(struct transfer *t, const struct ioc_request *q, struct ioc_strv *results,
    struct ioc_error *err)
{
	struct ioc_sandbox s = { .role = IOC_SANDBOX_FETCH, .dir_fd = -1 };
	char hex[IOC_SHA256_HEX];
	const char *url;
	int r;

	r = prepare(t, q, &url, err);
	if (r == 0)
		r = ioc_verb_sandbox(q, &s, results, err);
	if (r != 0)
		return (r);
	r = set_options(t);
	if (r == 0)
		r = follow(t, url);
	if (r == 0)
		r = ioc_sha256_hex(t->hash, hex, &t->err);
	if (r != 0) {
		ioc_error_copy(err, &t->err);
		return (r);
	}
	(void)ioc_strv_add(results, "sha256");
	(void)ioc_strv_add(results, hex);
	(void)ioc_strv_add(results, "size");
	(void)ioc_strv_addf(results, "%" PRIu64, t->done);
	return (0);
}

int
ioc_verb_fetch(const struct ioc_request *q, struct ioc_strv *results,
    struct ioc_error *err)
{
	struct transfer t = { .ca = IOC_BUF(CA_MAX) };
	int r = run(&t, q, results, err);

	/* Not the curl handle, which may wait: the process is at its end. */
	ioc_sha256_free(t.hash);
	ioc_buf_fini(&t.ca);
	return (r);
}
