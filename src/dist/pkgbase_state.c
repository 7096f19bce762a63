/* SPDX-License-Identifier: BSD-2-Clause */
/* What pkg(8) says of packages, line by line: strict, and linear. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "dist/freebsd_update.h"
#include "dist/pkgbase.h"
#include "safe/file.h"
#include "safe/hash.h"

/* Names and versions: no space, nothing that a terminal obeys. */
static bool
is_word(const char *s, const char *others)
{
	size_t n = strlen(s);

	if (n == 0 || n > 255 || !isalnum((unsigned char)s[0]))
		return (false);
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr(others, *s) == NULL)
			return (false);
	return (true);
}

/* "1$HASH": kind 1 is SHA-256; others, or none, are not looked at. */
static void
judge_sum(char *text, char hex[IOC_SHA256_HEX])
{
	hex[0] = '\0';
	if (strncmp(text, "1$", 2) == 0)
		text += 2;
	if (ioc_hash_parse(text, hex, NULL) != 0)
		hex[0] = '\0';
}

/* Splits at the first space; NULL when there is none. */
static char *
rest_of(char *text)
{
	char *space = strchr(text, ' ');

	if (space == NULL)
		return (NULL);
	*space = '\0';
	return (space + 1);
}

int
ioc_pkgbase_lines(char *text, bool files,
    int (*each)(const struct ioc_pkgbase_line *l, void *arg,
    struct ioc_error *err), void *arg, struct ioc_error *err)
{
	int r = 0;

	while (r == 0 && *text != '\0') {
		char *end = strchr(text, '\n'), *second, *third = NULL;
		char hex[IOC_SHA256_HEX] = "";
		struct ioc_pkgbase_line l;

		if (end == NULL)
			return (ioc_fail(err, IOC_FORMAT, "its end is missing"));
		*end = '\0';
		second = rest_of(text);
		if (second != NULL && files)
			third = rest_of(second);
		if (second == NULL || (third == NULL && files) ||
		    !is_word(text, "._+-") ||
		    (!files && !is_word(second, "._,+~")))
			return (ioc_fail(err, IOC_FORMAT, "\"%s\": not a "
			    "package and its version", IOC_SHOW(text)));
		if (files && !ioc_fbu_is_path(third))
			return (ioc_fail(err, IOC_UNSAFE, "%s: a path \"%s\"",
			    text, IOC_SHOW(third)));
		if (files)
			judge_sum(second, hex);
		l = (struct ioc_pkgbase_line){ .name = text,
			.version = files ? "" : second, .sum = hex,
			.path = files ? third : "" };
		r = each(&l, arg, err);
		text = end + 1;
	}
	return (r);
}

/* --- a list in memory ------------------------------------------------------------ */

static int
add(const struct ioc_pkgbase_line *l, void *arg, struct ioc_error *err)
{
	struct ioc_pkgbase_set *s = arg;
	struct ioc_pkgbase_line *to = ioc_vec_push(&s->v);

	if (to == NULL)
		return (ioc_fail_nomem(err));
	*to = (struct ioc_pkgbase_line){ .name = l->name,
		.version = l->version, .sum = "", .path = "" };
	return (0);
}

static int
by_name(const void *a, const void *b)
{
	const struct ioc_pkgbase_line *x = a, *y = b;

	return (strcmp(x->name, y->name));
}

int
ioc_pkgbase_read(struct ioc_pkgbase_set *s, int dir, const char *path,
    struct ioc_error *err)
{
	int r = ioc_file_read(dir, path, &s->text, err);

	if (r == 0 && s->text.len > 0 &&
	    strlen(s->text.data) != s->text.len)
		r = ioc_fail(err, IOC_FORMAT, "a zero byte");
	if (r == 0 && s->text.len > 0)
		r = ioc_pkgbase_lines(s->text.data, false, add, s, err);
	if (r == 0 && s->v.n > 1)
		qsort(s->v.v, s->v.n, sizeof(*s->v.v), by_name);
	for (size_t i = 1; r == 0 && i < s->v.n; i++)
		if (by_name(&s->v.v[i - 1], &s->v.v[i]) == 0)
			r = ioc_fail(err, IOC_FORMAT, "%s twice",
			    s->v.v[i].name);
	return (ioc_wrap(err, r, "%s", path));
}

const struct ioc_pkgbase_line *
ioc_pkgbase_find(const struct ioc_pkgbase_set *s, const char *name)
{
	struct ioc_pkgbase_line key = { .name = name };

	return (s->v.n == 0 ? NULL : bsearch(&key, s->v.v, s->v.n,
	    sizeof(*s->v.v), by_name));
}

void
ioc_pkgbase_fini(struct ioc_pkgbase_set *s)
{
	ioc_buf_fini(&s->text);
	ioc_vec_fini(&s->v);
}
