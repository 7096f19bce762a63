/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked for: HTTPS by libcurl, with all that it does of itself off. */
#include "worker/transfer.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/compat.h"

#define	CONNECT_S	30L

static CURLcode
set_ca(struct ioc_transfer *t)
{
	struct curl_blob blob = {
		.data = t->job->ca.data,
		.len = t->job->ca.len,
		.flags = CURL_BLOB_NOCOPY,
	};
	CURLcode r;

	if (t->job->ca.len == 0)
		return (CURLE_OK);
	/* This one alone is trusted. */
	r = curl_easy_setopt(t->curl, CURLOPT_CAINFO, NULL);
	if (r == CURLE_OK)
		r = curl_easy_setopt(t->curl, CURLOPT_CAPATH, NULL);
	if (r == CURLE_OK)
		r = curl_easy_setopt(t->curl, CURLOPT_CAINFO_BLOB, &blob);
	return (r);
}

static CURLcode
set_options(struct ioc_transfer *t)
{
	const char *proxy = t->job->proxy;
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
	SET(PROXY, proxy != NULL ? proxy : "");
	SET(NOPROXY, "");
	SET(HTTPPROXYTUNNEL, proxy != NULL ? 1L : 0L);
	SET(SUPPRESS_CONNECT_HEADERS, 1L);
	SET(NOSIGNAL, 1L);
	/* Which a server may have closed meanwhile. */
	SET(FRESH_CONNECT, 1L);
	SET(FORBID_REUSE, 1L);
	SET(CONNECTTIMEOUT, CONNECT_S);
	SET(LOW_SPEED_LIMIT, (long)IOC_TRANSFER_SLOW);
	SET(LOW_SPEED_TIME, (long)t->job->slow_s);
	SET(BUFFERSIZE, 256L * 1024);
	SET(USERAGENT, "libioc/" IOC_VERSION);
	SET(ERRORBUFFER, t->detail);
	SET(HEADERFUNCTION, ioc_transfer_header);
	SET(HEADERDATA, t);
	SET(WRITEFUNCTION, ioc_transfer_data);
	SET(WRITEDATA, t);
	SET(PRIVATE, t);
	SET(HEADEROPT, (long)CURLHEADER_SEPARATE);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* A resolver that hangs is not waited for. */
	SET(QUICK_EXIT, 1L);
#endif
#undef SET
	return (r == CURLE_OK ? set_ca(t) : r);
}

/* Our own header: libcurl would judge the answer to one of its own less well. */
static CURLcode
set_range(struct ioc_transfer *t)
{
	char text[64];

	curl_slist_free_all(t->headers);
	t->headers = NULL;
	if (t->from > 0) {
		(void)snprintf(text, sizeof(text), "Range: bytes=%" PRIu64 "-",
		    t->from);
		t->headers = curl_slist_append(NULL, text);
		if (t->headers == NULL)
			return (CURLE_OUT_OF_MEMORY);
	}
	return (curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers));
}

int
ioc_transfer_request(struct ioc_transfer *t)
{
	uint64_t now = ioc_now_ns();
	CURLcode code;

	ioc_transfer_label(t);
	t->detail[0] = '\0';
	t->ignored = 0;
	t->begun = t->anew = false;
	if (now >= t->job->deadline)
		return (ioc_transfer_late(t));
	code = set_options(t);
	if (code == CURLE_OK)
		code = set_range(t);
	if (code == CURLE_OK)
		code = curl_easy_setopt(t->curl, CURLOPT_URL, t->url);
	if (code == CURLE_OK)
		code = curl_easy_setopt(t->curl, CURLOPT_TIMEOUT_MS,
		    (long)((t->job->deadline - now) / 1000000 + 1));
	if (code != CURLE_OK)
		return (ioc_fail(&t->err, IOC_UNSUPPORTED, "libcurl: %s",
		    curl_easy_strerror(code)));
	return (0);
}
