/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 42: servers that are asked for the rest of a file, and partial files that are
 * none.  The naive twin does what shell scripts do: it asks for what is behind
 * the end of its file, and appends whatever comes.
 */
#include "fetch_world.h"

#include <sys/stat.h>

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum twin {
	RIGHT,		/* it gets the file */
	WRONG,		/* it ends well, with another file */
	ENDS,		/* it fails, or goes on for ever */
};

/* What is in the file before. */
enum before {
	GOOD,		/* the beginning of what the server has */
	FOREIGN,	/* one byte is another */
};

static const struct row {
	const char	*name;
	const char	*path;
	size_t		 have;
	enum before	 before;
	enum twin	 twin;
	int		 code;		/* of ours */
	const char	*msg;
	bool		 whole;		/* ours has got the file */
} rows[] = {
	{ "honoured", "/part/good", 1000000, GOOD, RIGHT, 0, "", true },
	{ "honoured in chunks", "/part/chunked", 1, GOOD, RIGHT, 0, "",
	    true },
	{ "behind a redirect", "/lead/part", 999, GOOD, RIGHT, 0, "", true },
	{ "nothing there yet", "/ok", 0, GOOD, RIGHT, 0, "", true },
	{ "ignored", "/ok", 1000, GOOD, WRONG, 0, "", true },
	{ "a later part", "/part/shifted", 1000, GOOD, WRONG, 0, "", true },
	{ "an earlier part", "/part/earlier", 1000, GOOD, WRONG, 0, "",
	    true },
	{ "no such number", "/part/negative", 1000, GOOD, RIGHT, 0, "",
	    true },
	{ "size not known", "/part/unknown", 1000, GOOD, RIGHT, 0, "", true },
	{ "another unit", "/part/unit", 1000, GOOD, RIGHT, 0, "", true },
	{ "a blank too many", "/part/blank", 1000, GOOD, RIGHT, 0, "", true },
	{ "not the rest", "/part/ends", 1000, GOOD, RIGHT, 0, "", true },
	{ "too large a number", "/part/overflow", 1000, GOOD, RIGHT, 0, "",
	    true },
	{ "two ranges", "/part/twice", 1000, GOOD, RIGHT, 0, "", true },
	{ "no range", "/part/none", 1000, GOOD, RIGHT, 0, "", true },
	{ "announced too long", "/part/huge", 1000, GOOD, RIGHT, IOC_LIMIT,
	    "huge: announced more than 16777216 bytes", false },
	{ "short", "/part/short", 1000, GOOD, ENDS, IOC_NETWORK,
	    "short: short: ", false },
	{ "breaks off, and again", "/part/breaks", 1000, GOOD, ENDS, 0, "",
	    true },
	{ "breaks off for ever", "/part/drips", 1000, GOOD, ENDS, IOC_NETWORK,
	    "drips: short: ", false },
	{ "longer than announced", "/part/long", 1000, GOOD, WRONG,
	    IOC_NETWORK, "long: sent more than was announced", false },
	{ "changed", "/part/changed", 1000, GOOD, WRONG, 0, "", false },
	{ "foreign bytes", "/part/good", 1000, FOREIGN, WRONG, 0, "", false },
	{ "whole already", "/part/good", TLS_BODY, GOOD, WRONG, 0, "", true },
	{ "larger than the file", "/part/416larger", TLS_BODY + 5, GOOD,
	    WRONG, 0, "", true },
	{ "nothing behind", "/part/416", 1000, GOOD, WRONG, 0, "", true },
	{ "nothing behind, a lie", "/part/416lie", 1000, GOOD, WRONG, 0, "",
	    false },
	{ "larger than may be", "/part/none", 17 * 1024 * 1024, GOOD, WRONG,
	    0, "", true },
	{ "status 404", "/nothing", 1000, GOOD, WRONG, IOC_NETWORK,
	    "nothing: status 404", false },
	{ "redirect to http (attack_41)", "/to/http", 1000, GOOD, WRONG,
	    IOC_NETWORK, "redirect refused", false },
	{ "an endless page", "/errorpage", 1000, GOOD, ENDS, IOC_NETWORK,
	    "endless error page", false },
};

static void
begin(const struct row *r)
{
	begin_with(r->have);
	if (r->before == FOREIGN && pwrite(out, "\xa5", 1, 500) != 1)
		abort();
}

/* Appends. */
static size_t
append(char *data, size_t size, size_t n, void *arg)
{
	uint64_t *at = arg;
	ssize_t did = *at > 64 * 1024 * 1024 ? 0 :
	    pwrite(out, data, size * n, (off_t)*at);

	*at += did > 0 ? (uint64_t)did : 0;
	return (did > 0 ? (size_t)did : 0);
}

static enum twin
twin(const struct row *row)
{
	uint64_t at = row->have;
	CURL *c = curl_easy_init();
	struct curl_slist *l;
	char range[64];
	CURLcode r;

	begin(row);
	(void)snprintf(range, sizeof(range), "Range: bytes=%" PRIu64 "-", at);
	l = curl_slist_append(NULL, range);
	if (at > 0)
		(void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, l);
	(void)curl_easy_setopt(c, CURLOPT_URL, url_of(TLS_GOOD, row->path));
	(void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	(void)curl_easy_setopt(c, CURLOPT_CAINFO, server.ca);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, append);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, &at);
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 3000L);
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	r = curl_easy_perform(c);
	curl_slist_free_all(l);
	curl_easy_cleanup(c);
	return (r != CURLE_OK ? ENDS : is_body(out) ? RIGHT : WRONG);
}

static void
resume(const struct row *row)
{
	struct ioc_fetch_file f = job(url_of(TLS_GOOD, row->path));
	char again[IOC_SHA256_HEX] = "";
	struct stat st;
	int r;

	check(twin(row) == row->twin, row->name, "the twin fares otherwise",
	    row->path);
	begin(row);
	f.resume = true;
	r = fetch_one(&f);
	check(r == row->code, row->name, "wrong code", err.msg);
	check(r == 0 || (strstr(err.msg, row->msg) != NULL &&
	    strncmp(err.msg, "localhost:", 10) == 0), row->name,
	    "wrong sentence", err.msg);
	check(is_body(out) == row->whole, row->name, "wrong content", "");
	if (r == 0) {
		/* Whatever came: the hash is that of what is there. */
		check(ioc_hash_fd(how.helper_dir, out, again, &err) == 0 &&
		    strcmp(f.hex, again) == 0 && fstat(out, &st) == 0 &&
		    (uint64_t)st.st_size == f.size, row->name, "hash", f.hex);
	} else {
		check(f.hex[0] == '\0', row->name, "a hash", f.hex);
		check(fstat(out, &st) == 0 && st.st_size >= 1000, row->name,
		    "what was there is gone", "");
	}
	(void)printf("ok    attack_42 resume: %s%s%s\n", row->name, r != 0 ? ": " : "",
	    r != 0 ? err.msg : "");
}

/* What a caller does: a short one is gone on with, a wrong one is not. */
static void
again(void)
{
	struct ioc_fetch_file f = job(url_of(TLS_GOOD, "/part/short"));
	struct stat st;

	begin_with(1000);
	f.resume = true;
	check(fetch_one(&f) == IOC_NETWORK && fstat(out, &st) == 0 &&
	    st.st_size == TLS_BODY - 1000, "resume twice", "not kept",
	    err.msg);
	f.url = url_of(TLS_GOOD, "/part/good");
	check(fetch_one(&f) == 0 && is_body(out), "resume twice", "failed",
	    err.msg);
	f.url = url_of(TLS_GOOD, "/part/changed");
	begin_with(1000);
	check(fetch_one(&f) == 0 && !is_body(out), "resume of a change",
	    "no", err.msg);
	f.resume = false;
	check(fetch_one(&f) == 0 && is_body(out), "resume of a change",
	    "failed", err.msg);
}

struct seen {
	uint64_t	first, done, total;
};

static int
on_progress(uint64_t done, uint64_t total, void *arg)
{
	struct seen *s = arg;

	if (total != 0 && s->first == 0)
		s->first = done;
	s->done = done;
	s->total = total;
	return (0);
}

/* What was there counts as done. */
static void
progress(void)
{
	struct ioc_fetch_file f = job(url_of(TLS_GOOD, "/part/good"));
	struct seen s = { 0 };

	begin_with(TLS_BODY - 100);
	f.resume = true;
	how.progress = on_progress;
	how.arg = &s;
	check(fetch_one(&f) == 0, "resume progress", "failed", err.msg);
	how.progress = NULL;
	check(s.done <= TLS_BODY && (s.total == 0 || (s.total == TLS_BODY &&
	    s.first >= TLS_BODY - 100)), "resume progress", "wrong", "");
}

void
resumes(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		resume(&rows[i]);
	again();
	progress();
}
