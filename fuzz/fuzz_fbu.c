/* SPDX-License-Identifier: BSD-2-Clause */
/* What freebsd-update(8) is told and leaves: its configuration, tag and indexes. */
#include "fuzz/fuzz.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "dist/freebsd_update.h"

static int
on_entry(const struct ioc_fbu_entry *e, void *arg, struct ioc_error *err)
{
	MUST(e->path[0] == '/' && strstr(e->path, "/../") == NULL &&
	    strstr(e->path, "//") == NULL && !ioc_str_ends(e->path, "/..") &&
	    strpbrk(e->path, "\n\033") == NULL);
	MUST(e->link[0] == '\0' || ioc_fbu_is_path(e->link));
	MUST(e->mode <= 07777);
	MUST(e->type == 'd' ? e->value[0] == '\0' :
	    e->type == 'f' ? strlen(e->value) == 64 :
	    e->type == 'L' && e->value[0] != '\0');
	++*(size_t *)arg;
	return (0);
}

static void
check_trust(const char *text)
{
	struct ioc_fbu_trust t;

	if (ioc_fbu_trust(text, &t, NULL) != 0)
		return;
	MUST(strspn(t.key, "0123456789abcdef") == 64 && t.key[64] == '\0');
	MUST(t.server[0] != '\0' && t.server[0] != '-' &&
	    strpbrk(t.server, " \t\n/@:") == NULL);
}

static void
check_tag(const char *text)
{
	struct ioc_fbu_tag t;

	if (ioc_fbu_tag(text, &t, NULL) != 0)
		return;
	MUST(t.arch[0] != '\0' && t.release[0] != '\0' && t.patch <= 99999);
	MUST(strpbrk(t.arch, "/|\n") == NULL);
	MUST(strpbrk(t.release, "/|\n") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = fuzz_text(data, size);
	struct ioc_error err = { 0 };
	size_t n = 0;
	int r;

	check_trust(text);
	check_tag(text);
	r = ioc_fbu_index(text, on_entry, &n, &err);
	MUST(r == err.code && ioc_str_is_utf8(err.msg));
	MUST(n <= size);
	return (0);
}
