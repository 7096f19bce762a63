/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile servers.  The naive twin is libcurl as it is so often used: follow
 * everything, verify nothing, believe what comes.
 */
#include <sys/stat.h>

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "fetch_world.h"

#define	CAP	(64 * 1024 * 1024)	/* of the twin's patience */

/* How the twin fares. */
enum fate {
	TAKES,		/* takes what came for the file */
	WAITS,		/* would wait, or write, for ever */
	PART,		/* has bytes, and does not look at how it ended */
	WITHOUT,	/* goes on without TLS when there is none */
	BY_HAND,	/* reads by hand until an empty line, which never comes */
};

static size_t
count(char *data, size_t size, size_t n, void *arg)
{
	size_t *got = arg;

	*got += size * n;
	return (*got > CAP ? 0 : size * n);
}

/* What the twin gets; *r is what it believes. */
static size_t
twin_by(const char *url, const char *proxy, CURLcode *r)
{
	CURL *c = curl_easy_init();
	size_t got = 0;

	if (proxy != NULL) {
		(void)curl_easy_setopt(c, CURLOPT_PROXY, proxy);
		(void)curl_easy_setopt(c, CURLOPT_NOPROXY, "");
	}
	(void)curl_easy_setopt(c, CURLOPT_MAXREDIRS, -1L);
	(void)curl_easy_setopt(c, CURLOPT_HTTP09_ALLOWED, 1L);

	(void)curl_easy_setopt(c, CURLOPT_URL, url);
	(void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "all");
	(void)curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "all");
	(void)curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
	(void)curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
	(void)curl_easy_setopt(c, CURLOPT_IGNORE_CONTENT_LENGTH, 1L);
	(void)curl_easy_setopt(c, CURLOPT_SSL_CIPHER_LIST, "ALL@SECLEVEL=0");
	(void)curl_easy_setopt(c, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_0);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, count);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, &got);
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 3000L);
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	*r = curl_easy_perform(c);
	curl_easy_cleanup(c);
	return (got);
}

static size_t
twin(const char *url, CURLcode *r)
{
	return (twin_by(url, NULL, r));
}

/* The header, into memory, until its end or that of our patience. */
static size_t
twin_header(const char *url)
{
	static const char get[] = "GET /header HTTP/1.0\r\n\r\n";
	static char buf[65536];
	uint64_t end = ioc_now_ns() + UINT64_C(3000000000);
	CURL *c = curl_easy_init();
	size_t got = 0, n;
	CURLcode r;

	(void)curl_easy_setopt(c, CURLOPT_URL, url);
	(void)curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
	(void)curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
	r = curl_easy_perform(c);
	if (r == CURLE_OK)
		r = curl_easy_send(c, get, sizeof(get) - 1, &n);
	while (got < CAP && (r == CURLE_OK || (r == CURLE_AGAIN &&
	    ioc_now_ns() < end))) {
		n = 0;
		r = curl_easy_recv(c, buf, sizeof(buf), &n);
		got += n;
		if (r == CURLE_OK && (n == 0 ||
		    memmem(buf, n, "\r\n\r\n", 4) != NULL))
			break;
	}
	curl_easy_cleanup(c);
	return (got);
}

/* The twin has something that is not the file, or would never have it. */
static bool
falls(const char *url, enum fate fate, CURLcode *r)
{
	char plain[256];
	size_t got;

	if (fate == BY_HAND)
		return (twin_header(url) > 1024 * 1024);
	got = twin(url, r);
	switch (fate) {
	case TAKES:
		return (*r == CURLE_OK);
	case WAITS:
		return (got > CAP || *r == CURLE_OPERATION_TIMEDOUT);
	case PART:
		return (got > 0);
	default:
		(void)snprintf(plain, sizeof(plain), "http%s", url + 5);
		return (*r == CURLE_SSL_CONNECT_ERROR &&
		    twin(plain, r) > 0 && *r == CURLE_OK);
	}
}

static const struct attack {
	const char	*name;
	enum tls_kind	 kind;
	const char	*path;
	enum fate	 fate;
	int		 code;
	const char	*msg;
} attacks[] = {
	{ "attack_41 redirect to http", TLS_GOOD, "/to/http", TAKES,
	    IOC_NETWORK, "redirect refused: URL \"http://localhost" },
	{ "attack_41 redirect to file", TLS_GOOD, "/to/file", TAKES,
	    IOC_NETWORK, "redirect refused: URL \"file:///etc/passwd\"" },
	{ "attack_41 redirect with a user", TLS_GOOD, "/to/user", TAKES,
	    IOC_NETWORK, "redirect refused" },
	{ "attack_41 redirect to another's certificate", TLS_GOOD, "/to/wrong",
	    TAKES, IOC_NETWORK, "certificate refused" },
	{ "attack_41 six redirects", TLS_GOOD, "/hops/6", TAKES, IOC_NETWORK,
	    "more than 5 redirects" },
	{ "attack_41 redirects in a circle", TLS_GOOD, "/loop", WAITS,
	    IOC_NETWORK, "more than 5 redirects" },
	{ "attack_41 redirect to nowhere", TLS_GOOD, "/nowhere", TAKES,
	    IOC_NETWORK, "status 302" },
	{ "attack_42 short", TLS_GOOD, "/short", TAKES, IOC_NETWORK, "short" },
	{ "attack_42 short chunk", TLS_GOOD, "/chunk", PART, IOC_NETWORK,
	    "short" },
	{ "attack_42 cut without a goodbye", TLS_GOOD, "/rude", TAKES,
	    IOC_NETWORK, "does not say where the file ends" },
	{ "attack_42 announced too long", TLS_GOOD, "/huge", WAITS, IOC_LIMIT,
	    "announced more than 16777216 bytes" },
	{ "attack_42 endless", TLS_GOOD, "/endless", WAITS, IOC_LIMIT,
	    "sent more than 16777216 bytes" },
	{ "attack_42 endless header", TLS_GOOD, "/header", BY_HAND,
	    IOC_NETWORK, "endless header" },
	{ "attack_42 endless error page", TLS_GOOD, "/errorpage", WAITS,
	    IOC_NETWORK, "endless error page" },
	{ "attack_42 status 404", TLS_GOOD, "/nothing", TAKES, IOC_NETWORK,
	    "status 404" },
	{ "attack_42 status with escapes", TLS_GOOD, "/status", TAKES,
	    IOC_NETWORK, "status 503" },
	{ "attack_42 status 206", TLS_GOOD, "/partial", TAKES, IOC_NETWORK,
	    "status 206" },
	{ "attack_42 not HTTP", TLS_GOOD, "/garbage", TAKES, IOC_NETWORK, "" },
	{ "attack_45 wrong host", TLS_WRONG_HOST, "/ok", TAKES, IOC_NETWORK,
	    "certificate refused: SSL: no alternative certificate" },
	{ "attack_45 expired", TLS_EXPIRED, "/ok", TAKES, IOC_NETWORK,
	    "certificate has expired" },
	{ "attack_45 not yet valid", TLS_NOT_YET, "/ok", TAKES, IOC_NETWORK,
	    "certificate is not yet valid" },
	{ "attack_45 self-signed", TLS_SELF_SIGNED, "/ok", TAKES, IOC_NETWORK,
	    "self-signed" },
	{ "attack_45 another authority", TLS_OTHER_CA, "/ok", TAKES,
	    IOC_NETWORK, "certificate refused" },
	{ "attack_45 TLS 1.1", TLS_OLD, "/ok", TAKES, IOC_NETWORK,
	    "TLS handshake failed" },
	{ "attack_45 no TLS", TLS_NONE, "/ok", WITHOUT, IOC_NETWORK,
	    "TLS handshake failed" },
};

static void
attack(const struct attack *a)
{
	char url[256];
	struct ioc_fetch_file f;
	CURLcode believed = CURLE_OK;

	(void)snprintf(url, sizeof(url), "%s", url_of(a->kind, a->path));
	check(falls(url, a->fate, &believed), a->name,
	    "the twin withstands it", curl_easy_strerror(believed));
	f = job(url);
	check(fetch_one(&f) == a->code, a->name, "wrong code", err.msg);
	check(strstr(err.msg, a->msg) != NULL &&
	    strncmp(err.msg, "localhost:", 10) == 0, a->name, "wrong sentence",
	    err.msg);
	check(strpbrk(err.msg, "\n\033") == NULL, a->name, "raw bytes",
	    err.msg);
	check(f.hex[0] == '\0', a->name, "a hash", f.hex);
	check(err.sys == (strstr(err.msg, "status 404") != NULL ? ENOENT : 0),
	    a->name, "wrong errno", err.msg);
	(void)printf("ok    %s: %s\n", a->name, err.msg);
}

static int
fetch(const char *name, const char *url, const char *proxy, const char *want,
    size_t len)
{
	struct ioc_fetch_file f = job(url);
	char again[IOC_SHA256_HEX];
	char buf[64] = { 0 };
	struct stat st;
	int r;

	how.proxy = proxy;
	r = fetch_one(&f);
	how.proxy = NULL;
	check(r == 0, name, "failed", err.msg);
	if (r != 0)
		return (r);
	check(fstat(out, &st) == 0 && (size_t)st.st_size == len &&
	    f.size == len, name, "size", url);
	check(ioc_hash_fd(how.helper_dir, out, again, &err) == 0 &&
	    strcmp(f.hex, again) == 0, name, "hash", f.hex);
	if (want != NULL)
		check(pread(out, buf, sizeof(buf) - 1, 0) == (ssize_t)len &&
		    strcmp(buf, want) == 0, name, "content", buf);
	return (0);
}

static void
successes(void)
{
	char url[256];
	CURLcode r;
	char c;

	(void)fetch("ok", url_of(TLS_GOOD, "/ok"), NULL, NULL, TLS_BODY);
	for (size_t i = 0; i < TLS_BODY; i += 99991)
		check(pread(out, &c, 1, (off_t)i) == 1 && c == tls_byte(i),
		    "ok", "content", "");
	(void)fetch("empty", url_of(TLS_GOOD, "/empty"), NULL, "", 0);
	(void)fetch("chunked", url_of(TLS_GOOD, "/chunked"), NULL, "abcdefg",
	    7);
	/* What is behind the announced end belongs to nobody. */
	check(twin(url_of(TLS_GOOD, "/long"), &r) == 9,
	    "attack_42 longer than announced", "the twin withstands it", "");
	(void)fetch("attack_42 longer than announced", url_of(TLS_GOOD,
	    "/long"), NULL, "abc", 3);
	/* The bytes are those that were sent: the hash is over them. */
	(void)fetch("encoded", url_of(TLS_GOOD, "/encoded"), NULL, "GZIP", 4);
	(void)fetch("five redirects", url_of(TLS_GOOD, "/hops/5"), NULL, NULL,
	    TLS_BODY);
	(void)fetch("redirect to https", url_of(TLS_GOOD, "/to/https"), NULL,
	    NULL, TLS_BODY);
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/ok#x",
	    server.port[TLS_GOOD]);
	(void)fetch("by address", url, NULL, NULL, TLS_BODY);
}

/* 45: a proxy that refuses, and one that answers itself. */
static void
proxies(void)
{
	struct ioc_fetch_file f;
	char proxy[64], url[64];
	const char *n;
	CURLcode r;

	(void)snprintf(proxy, sizeof(proxy), "http://localhost:%u",
	    server.port[TLS_NONE]);
	(void)fetch("proxy", url_of(TLS_GOOD, "/ok"), proxy, NULL, TLS_BODY);
	how.proxy = proxy;
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/ok",
	    server.port[TLS_GOOD]);
	f = job(url);
	check(fetch_one(&f) == IOC_NETWORK && strstr(err.msg,
	    ": ok: the proxy refused: status 403") != NULL,
	    "attack_45 proxy that refuses", "no", err.msg);
	n = "attack_45 proxy in the middle";
	check(twin_by("https://localhost:1/ok", proxy, &r) == TLS_BODY, n,
	    "the twin withstands it", "");
	f = job("https://localhost:1/ok");
	check(fetch_one(&f) == IOC_NETWORK && strstr(err.msg,
	    "certificate refused") != NULL, n, "taken", err.msg);
	(void)snprintf(proxy, sizeof(proxy), "http://localhost:1");
	f = job(url_of(TLS_GOOD, "/ok"));
	check(fetch_one(&f) == IOC_NETWORK && strstr(err.msg,
	    "no connection") != NULL, "attack_45 no proxy", "no", err.msg);
	how.proxy = NULL;
}

/* 37, 45: the environment of the caller, which the twin obeys. */
static void
environment(void)
{
	const char *n = "attack_37 environment";
	char keys[96];
	struct stat st;
	CURLcode r;

	(void)snprintf(keys, sizeof(keys), "%s/keys", server.dir);
	(void)setenv("https_proxy", "http://127.0.0.1:1", 1);
	(void)setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	(void)twin(url_of(TLS_GOOD, "/ok"), &r);
	check(r != CURLE_OK, n, "the twin withstands it", "");
	(void)fetch(n, url_of(TLS_GOOD, "/ok"), NULL, NULL, TLS_BODY);
	(void)unsetenv("https_proxy");
	(void)unsetenv("ALL_PROXY");
	(void)setenv("SSL_CERT_FILE", server.ca, 1);
	(void)setenv("CURL_CA_BUNDLE", server.ca, 1);
	(void)setenv("SSLKEYLOGFILE", keys, 1);
	(void)fetch(n, url_of(TLS_GOOD, "/ok"), NULL, NULL, TLS_BODY);
	check(stat(keys, &st) != 0, n, "keys were logged", keys);
}

struct seen {
	int		 n;
	uint64_t	 done;
	uint64_t	 total;
	int		 stop;
};

static int
on_progress(uint64_t done, uint64_t total, void *arg)
{
	struct seen *seen = arg;

	check(done >= seen->done, "progress", "goes back", "");
	seen->done = done;
	seen->total = total;
	return (++seen->n == seen->stop);
}

static int
fetch_at(const char *url)
{
	struct ioc_fetch_file f = job(url);

	return (fetch_one(&f));
}

static void
authorities(void)
{
	const char *ok = url_of(TLS_GOOD, "/ok");
	CURLcode r;

	check(twin(ok, &r) == TLS_BODY, "attack_45 unknown authority",
	    "the twin withstands it", "");
	/* The system's do not know ours. */
	how.ca_file = NULL;
	check(fetch_at(ok) == IOC_NETWORK &&
	    strstr(err.msg, "certificate refused") != NULL,
	    "attack_45 unknown authority", "no", err.msg);
	how.ca_file = server.other_ca;
	check(fetch_at(ok) == IOC_NETWORK, "attack_45 foreign CA file", "no",
	    err.msg);
	how.ca_file = "/nonexistent";
	check(fetch_at(ok) == IOC_NOT_FOUND, "missing CA file", "no",
	    err.msg);
	how.ca_file = "/etc/passwd";
	check(fetch_at(ok) == IOC_FORMAT, "CA file of nothing", "no", err.msg);
	how.ca_file = "relative";
	check(fetch_at(ok) == IOC_INVALID, "relative CA file", "no", err.msg);
	how.ca_file = server.ca;
}

static void
outputs(void)
{
	struct ioc_fetch_file f = job(url_of(TLS_GOOD, "/ok"));
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC) != 0)
		abort();
	f.out_fd = pipes[1];
	check(fetch_one(&f) == IOC_INVALID, "pipe", "taken", err.msg);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	f.out_fd = out;
	(void)fcntl(out, F_SETFL, O_APPEND);
	check(fetch_one(&f) == IOC_INVALID, "O_APPEND", "taken", err.msg);
	(void)fcntl(out, F_SETFL, 0);
	f.max_bytes = TLS_BODY;
	check(fetch_one(&f) == 0, "exact limit", "refused", err.msg);
	f.max_bytes = TLS_BODY - 1;
	check(fetch_one(&f) == IOC_LIMIT, "limit", "not kept", err.msg);
	f.max_bytes = 0;
	check(fetch_one(&f) == IOC_INVALID, "no limit", "taken", err.msg);
}

static void
parameters(void)
{
	struct seen seen = { 0 }, stop = { .stop = 1 };
	uint64_t start;

	how.progress = on_progress;
	how.arg = &seen;
	check(fetch_at(url_of(TLS_GOOD, "/ok")) == 0 && seen.n > 0,
	    "progress", "none", err.msg);
	how.arg = &stop;
	check(fetch_at(url_of(TLS_GOOD, "/ok")) == IOC_CANCELED, "cancel",
	    "no", err.msg);
	how.progress = NULL;
	how.timeout_ms = 1500;
	start = ioc_now_ns();
	check(fetch_at(url_of(TLS_GOOD, "/stall")) == IOC_TIMEOUT &&
	    ioc_now_ns() - start < UINT64_C(4000000000), "timeout", "no",
	    err.msg);
	how.timeout_ms = 20000;
	check(fetch_at("https://nonexistent.invalid/a/x?y") == IOC_NETWORK &&
	    strcmp(err.msg, "nonexistent.invalid: x: the name cannot be "
	    "resolved") == 0, "name", "no", err.msg);
	check(fetch_at("https://localhost:1/") == IOC_NETWORK &&
	    strstr(err.msg, "localhost:1: no connection") != NULL,
	    "port", "no", err.msg);
	how.proxy = "socks5://localhost:1";
	check(fetch_at("https://other.example/x") == IOC_INVALID, "proxy",
	    "taken", err.msg);
	how.proxy = NULL;
	check(fetch_at("http://localhost/x") == IOC_INVALID, "http", "taken",
	    err.msg);
}

int
main(void)
{
	char path[] = "/tmp/ioc-attack-XXXXXX";

	(void)setvbuf(stdout, NULL, _IONBF, 0);
	if (tls_start(&server) != 0 || (how.ca_file = server.ca) == NULL ||
	    (how.helper_dir = getenv("HELPER_DIR")) == NULL ||
	    (out = mkstemp(path)) < 0 || unlink(path) != 0) {
		perror("prepare");
		return (1);
	}
	for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++)
		attack(&attacks[i]);
	successes();
	proxies();
	authorities();
	outputs();
	parameters();
	resumes();
	several();
	caches();
	environment();
	workers();
	(void)close(out);
	tls_stop(&server);
	(void)printf("%d failures\n", failures);
	return (failures != 0);
}
