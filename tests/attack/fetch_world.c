/* SPDX-License-Identifier: BSD-2-Clause */
#include "fetch_world.h"

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tls_server server;
struct ioc_fetch how = { .timeout_ms = 20000 };
struct ioc_error err;
int failures;
int out = -1;

void
check(bool good, const char *name, const char *what, const char *detail)
{
	if (good)
		return;
	failures++;
	(void)printf("FAIL  %s: %s: %s\n", name, what, detail);
}

const char *
url_of(enum tls_kind kind, const char *path)
{
	static char urls[4][256];
	static unsigned n;
	char *url = urls[n++ % 4];

	(void)snprintf(url, sizeof(*urls), "https://localhost:%u%s",
	    server.port[kind], path);
	return (url);
}

struct ioc_fetch_file
job(const char *url)
{
	if (ftruncate(out, 0) != 0 || pwrite(out, "left over", 9, 0) != 9)
		abort();
	return ((struct ioc_fetch_file){
		.url = url,
		.max_bytes = 16 * 1024 * 1024,
		.out_fd = out,
	});
}

int
fetch_one(struct ioc_fetch_file *f)
{
	memset(&err, 0, sizeof(err));
	return (ioc_fetch_urls(&how, f, 1, &err));
}

static const char *
body(void)
{
	static char all[TLS_BODY];

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = tls_byte(i);
	return (all);
}

void
begin_with(size_t len)
{
	size_t n = len < TLS_BODY ? len : TLS_BODY;

	if (ftruncate(out, 0) != 0 ||
	    pwrite(out, body(), n, 0) != (ssize_t)n ||
	    ftruncate(out, (off_t)len) != 0)
		abort();
}

bool
is_body(int fd)
{
	static char got[TLS_BODY + 1];

	return (pread(fd, got, sizeof(got), 0) == TLS_BODY &&
	    memcmp(got, body(), TLS_BODY) == 0);
}
