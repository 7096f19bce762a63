/* SPDX-License-Identifier: BSD-2-Clause */
/* Several files at once, and one of them that fails. */
#include "fetch_world.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"

#define	N	IOC_FETCH_MAX

static struct ioc_fetch_file files[N + 1];

static void
prepare(size_t n, const char *const *paths)
{
	static char urls[N + 1][256];

	memset(&err, 0, sizeof(err));
	for (size_t i = 0; i < n; i++) {
		char path[] = "/tmp/ioc-attack-XXXXXX";

		(void)snprintf(urls[i], sizeof(urls[i]), "%s",
		    url_of(TLS_GOOD, paths[i]));
		files[i] = (struct ioc_fetch_file){
			.url = urls[i],
			.max_bytes = 16 * 1024 * 1024,
			.out_fd = mkstemp(path),
		};
		if (files[i].out_fd < 0 || unlink(path) != 0)
			abort();
	}
}

static void
end(size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)close(files[i].out_fd);
}

struct seen {
	uint64_t	done, total;
	int		n;
};

static int
on_progress(uint64_t done, uint64_t total, void *arg)
{
	struct seen *s = arg;

	check(done >= s->done, "several", "progress goes back", "");
	s->done = done;
	s->total = total != 0 ? total : s->total;
	s->n++;
	return (0);
}

static void
all_good(void)
{
	static const char *const paths[N] = { "/ok", "/chunked", "/hops/5",
		"/empty", "/to/https", "/ok?again", "/late/1", "/part/good" };
	static const uint64_t sizes[N] = { TLS_BODY, 7, TLS_BODY, 0, TLS_BODY,
		4, 4, TLS_BODY };
	const char *n = "several";
	char hex[IOC_SHA256_HEX];
	struct seen seen = { 0 };

	prepare(N, paths);
	/* "/ok?again" is no path that the server knows: another of its own. */
	files[5].url = url_of(TLS_GOOD, "/late/2");
	begin_with(TLS_BODY / 2);
	(void)close(files[7].out_fd);
	files[7].out_fd = dup(out);
	files[7].resume = true;
	how.progress = on_progress;
	how.arg = &seen;
	check(ioc_fetch_urls(&how, files, N, &err) == 0, n, "failed",
	    err.msg);
	how.progress = NULL;
	for (size_t i = 0; i < N; i++) {
		check(files[i].size == sizes[i], n, "size", paths[i]);
		check(ioc_hash_fd(how.helper_dir, files[i].out_fd, hex,
		    &err) == 0 && strcmp(hex, files[i].hex) == 0, n, "hash",
		    paths[i]);
		check(sizes[i] != TLS_BODY || is_body(files[i].out_fd), n,
		    "content", paths[i]);
	}
	check(seen.n > 0 && seen.total <= 4 * TLS_BODY + 15, n,
	    "progress", "");
	end(N);
}

/* Each of them takes a second. */
static void
at_once(void)
{
	static const char *const paths[N] = { "/late/1", "/late/2", "/late/3",
		"/late/4", "/late/5", "/late/6", "/late/7", "/late/8" };
	uint64_t start = ioc_now_ns();

	prepare(N, paths);
	check(ioc_fetch_urls(&how, files, N, &err) == 0, "at once", "failed",
	    err.msg);
	check(ioc_now_ns() - start < UINT64_C(5000000000), "at once",
	    "one after the other", "");
	end(N);
}

static const struct {
	const char	*path;
	int		 code;
	int		 sys;
	const char	*msg;
} bad[] = {
	{ "/nothing", IOC_NETWORK, ENOENT, ": nothing: status 404" },
	{ "/short", IOC_NETWORK, 0, ": short: short: " },
	{ "/endless", IOC_LIMIT, 0, ": endless: sent more than 16777216 " },
	{ "/to/file", IOC_NETWORK, 0, ": file: redirect refused: URL \"file:" },
};

static void
one_bad(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *const paths[] = { "/ok", "/stall", bad[i].path,
			"/mute" };
		uint64_t start = ioc_now_ns();

		prepare(4, paths);
		check(ioc_fetch_urls(&how, files, 4, &err) == bad[i].code &&
		    err.sys == bad[i].sys &&
		    strstr(err.msg, bad[i].msg) != NULL, "one of several",
		    bad[i].path, err.msg);
		check(ioc_now_ns() - start < UINT64_C(9000000000),
		    "one of several", "the others are waited for",
		    bad[i].path);
		for (size_t j = 0; j < 4; j++)
			check(files[j].hex[0] == '\0' && files[j].size == 0,
			    "one of several", "a result", paths[j]);
		end(4);
	}
	how.timeout_ms = 1500;
	prepare(2, (const char *const[]){ "/ok", "/stall" });
	check(ioc_fetch_urls(&how, files, 2, &err) == IOC_TIMEOUT &&
	    strstr(err.msg, ": stall: not done in the time given") != NULL,
	    "one of several", "not the right one is late", err.msg);
	how.timeout_ms = 20000;
	end(2);
}

/* Each has its own limit. */
static void
limits(void)
{
	prepare(2, (const char *const[]){ "/ok", "/hops/2" });
	files[1].max_bytes = TLS_BODY - 1;
	check(ioc_fetch_urls(&how, files, 2, &err) == IOC_LIMIT &&
	    strstr(err.msg, ": 2: announced more than 3145744 ") != NULL,
	    "limits of several", "no", err.msg);
	files[0].max_bytes = TLS_BODY - 1;
	files[1].max_bytes = TLS_BODY;
	check(ioc_fetch_urls(&how, files, 2, &err) == IOC_LIMIT &&
	    strstr(err.msg, ": ok: ") != NULL, "limits of several", "no",
	    err.msg);
	end(2);
}

static void
invalid(void)
{
	static const char *const paths[N + 1] = { "/ok", "/ok", "/ok", "/ok",
		"/ok", "/ok", "/ok", "/ok", "/ok" };
	const char *n = "several, wrongly";
	int second;

	prepare(N + 1, paths);
	check(ioc_fetch_urls(&how, files, N + 1, &err) == IOC_INVALID, n,
	    "nine", err.msg);
	check(ioc_fetch_urls(&how, files, 0, &err) == IOC_INVALID, n, "none",
	    err.msg);
	files[1].url = "http://localhost/x";
	check(ioc_fetch_urls(&how, files, 2, &err) == IOC_INVALID, n, "http",
	    err.msg);
	files[1].url = files[0].url;
	second = files[1].out_fd;
	files[1].out_fd = files[0].out_fd;
	check(ioc_fetch_urls(&how, files, 2, &err) == IOC_INVALID, n,
	    "two into one", err.msg);
	files[1].out_fd = second;
	end(N + 1);
}

void
several(void)
{
	all_good();
	at_once();
	one_bad();
	limits();
	invalid();
	(void)printf("ok    several at once\n");
}
