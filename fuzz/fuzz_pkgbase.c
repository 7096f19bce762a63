/* SPDX-License-Identifier: BSD-2-Clause */
/* What pkg(8) says of packages and of their files. */
#include "fuzz/fuzz.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "dist/freebsd_update.h"
#include "dist/pkgbase.h"

struct seen {
	bool	files;
	size_t	n;
};

static int
on_line(const struct ioc_pkgbase_line *l, void *arg, struct ioc_error *err)
{
	struct seen *s = arg;
	unsigned patch;

	s->n++;
	MUST(l->name[0] != '\0' && l->name[0] != '-' &&
	    strpbrk(l->name, "/ \n\033") == NULL);
	if (s->files) {
		MUST(ioc_fbu_is_path(l->path));
		MUST(strlen(l->sum) == 0 || strlen(l->sum) == 64);
	} else {
		MUST(l->version[0] != '\0' && l->version[0] != '-' &&
		    strpbrk(l->version, "/ \n\033") == NULL);
		if (ioc_pkgbase_patch("15.0-RELEASE", l->version, &patch,
		    NULL) == 0)
			MUST(ioc_str_starts(l->version, "15.0"));
	}
	return (0);
}

static void
check(const uint8_t *data, size_t size, bool files)
{
	auto_free char *text = fuzz_text(data, size);
	struct ioc_error err = { 0 };
	struct seen s = { .files = files };
	int r = ioc_pkgbase_lines(text, files, on_line, &s, &err);

	MUST(r == err.code && ioc_str_is_utf8(err.msg));
	MUST(s.n <= size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(data, size, false);
	check(data, size, true);
	return (0);
}
