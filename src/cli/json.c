/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes JSON, and knows enough of UTF-8 to keep it harmless and aligned. */
#include "json.h"

#include <inttypes.h>
#include <string.h>

size_t
utf8_next(const char *s, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)s;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 :
	    p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

	*cp = UINT32_MAX;
	if (n == 1)
		*cp = p[0];
	if (n < 2)
		return (1);
	uint32_t v = p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return (1);
		v = v << 6 | (p[i] & 0x3fu);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return (1);
	*cp = v;
	return (n);
}

struct range {
	uint32_t from, to;
};

static bool
in_ranges(const struct range *r, size_t n, uint32_t cp)
{
	for (size_t i = 0; i < n; i++) {
		if (cp >= r[i].from && cp <= r[i].to)
			return (true);
	}
	return (false);
}

#define	IN(table, cp)	in_ranges(table, sizeof(table) / sizeof((table)[0]), cp)

bool
utf8_is_control(uint32_t cp)
{
	static const struct range controls[] = {
		{ 0, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c },
		{ 0x180b, 0x180f }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
		{ 0xfeff, 0xfeff }, { 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 },
		{ 0x1d173, 0x1d17a }, { 0xe0000, UINT32_MAX },
	};

	return (IN(controls, cp));
}

size_t
utf8_width(const char *s)
{
	static const struct range none[] = {
		{ 0x300, 0x36f }, { 0x483, 0x489 }, { 0x591, 0x5bd },
		{ 0x610, 0x61a }, { 0x64b, 0x65f }, { 0x1ab0, 0x1aff },
		{ 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f },
		{ 0xfe20, 0xfe2f },
	};
	static const struct range two[] = {
		{ 0x1100, 0x115f }, { 0x2e80, 0x303e }, { 0x3041, 0x4dbf },
		{ 0x4e00, 0xa4cf }, { 0xa960, 0xa97f }, { 0xac00, 0xd7a3 },
		{ 0xf900, 0xfaff }, { 0xfe30, 0xfe6f }, { 0xff00, 0xff60 },
		{ 0xffe0, 0xffe6 }, { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff },
		{ 0x1f900, 0x1faff }, { 0x20000, 0x3fffd },
	};
	size_t w = 0;
	uint32_t cp;

	while (*s != '\0') {
		s += utf8_next(s, &cp);
		if (cp < 0x300)
			w++;
		else if (!IN(none, cp))
			w += IN(two, cp) ? 2 : 1;
	}
	return (w);
}

static void
json_newline(struct json *j)
{
	if (j->pretty)
		(void)fprintf(j->f, "\n%*s", (int)j->depth * 2, "");
}

/* What stands before a value or a key. */
static void
json_before(struct json *j)
{
	if (j->keyed) {
		j->keyed = false;
		return;
	}
	if (j->depth == 0)
		return;
	if (!j->empty)
		(void)fputc(',', j->f);
	j->empty = false;
	json_newline(j);
}

static void
json_push(struct json *j, char open, char closer)
{
	json_before(j);
	(void)fputc(open, j->f);
	j->closers[j->depth++] = closer;
	j->empty = true;
}

void
json_open(struct json *j, FILE *f, bool pretty)
{
	*j = (struct json){ .f = f, .pretty = pretty };
	json_begin_object(j);
	json_key(j, "schema");
	json_int(j, 1);
}

void
json_close(struct json *j)
{
	while (j->depth > 0)
		json_end(j);
	(void)fputc('\n', j->f);
}

void
json_begin_object(struct json *j)
{
	json_push(j, '{', '}');
}

void
json_begin_array(struct json *j)
{
	json_push(j, '[', ']');
}

void
json_end(struct json *j)
{
	char closer = j->closers[--j->depth];

	if (!j->empty)
		json_newline(j);
	(void)fputc(closer, j->f);
	j->empty = false;
}

/* A code point as \uXXXX, two of them beyond the first plane. */
static void
json_escaped(struct json *j, uint32_t cp)
{
	if (cp >= 0x10000) {
		cp -= 0x10000;
		(void)fprintf(j->f, "\\u%04x\\u%04x", 0xd800 + (cp >> 10),
		    0xdc00 + (cp & 0x3ff));
	} else
		(void)fprintf(j->f, "\\u%04x", cp);
}

static void
json_quoted(struct json *j, const char *s)
{
	uint32_t cp;

	(void)fputc('"', j->f);
	while (*s != '\0') {
		size_t n = utf8_next(s, &cp);

		if (cp == UINT32_MAX)
			(void)fputs("\\ufffd", j->f);
		else if (cp == '"' || cp == '\\')
			(void)fprintf(j->f, "\\%c", (char)cp);
		else if (cp == '\n')
			(void)fputs("\\n", j->f);
		else if (cp == '\t')
			(void)fputs("\\t", j->f);
		else if (utf8_is_control(cp))
			json_escaped(j, cp);
		else
			(void)fwrite(s, 1, n, j->f);
		s += n;
	}
	(void)fputc('"', j->f);
}

void
json_key(struct json *j, const char *key)
{
	json_before(j);
	json_quoted(j, key);
	(void)fputs(j->pretty ? ": " : ":", j->f);
	j->keyed = true;
}

void
json_text(struct json *j, const char *s)
{
	if (s == NULL) {
		json_add_null(j);
		return;
	}
	json_before(j);
	json_quoted(j, s);
}

void
json_int(struct json *j, int64_t v)
{
	json_before(j);
	(void)fprintf(j->f, "%" PRId64, v);
}

void
json_bool(struct json *j, bool v)
{
	json_before(j);
	(void)fputs(v ? "true" : "false", j->f);
}

void
json_add_null(struct json *j)
{
	json_before(j);
	(void)fputs("null", j->f);
}

void
json_raw(struct json *j, const char *s)
{
	uint32_t cp;

	json_before(j);
	while (*s != '\0') {
		size_t n = utf8_next(s, &cp);

		if (cp == UINT32_MAX)
			(void)fputs("\\ufffd", j->f);
		else if (cp < 0x20)
			(void)fputc(' ', j->f);
		else if (utf8_is_control(cp))
			json_escaped(j, cp);
		else
			(void)fwrite(s, 1, n, j->f);
		s += n;
	}
}
