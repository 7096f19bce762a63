/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/glob.h"

#include <stdlib.h>
#include <string.h>

/*
 * With wildcards that match anything, taking the leftmost place for each part
 * never spoils a later one: no backtracking.  The leftmost place is found as
 * Knuth, Morris and Pratt do it: after a mismatch the search goes on with the
 * longest border, a beginning of the part that is also an end of what matched.
 */

#define	PATTERN_MAX	((size_t)16 * 1024 * 1024)

static size_t
count_wildcards(const char *pattern, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (pattern[i] == '\\')
			i++;
		else if (pattern[i] == '*' || pattern[i] == '+')
			n++;
	}
	return (n);
}

/* borders[i]: length of the longest border of the first i + 1 characters. */
static void
set_borders(const char *part, size_t len, uint32_t *borders)
{
	size_t border = 0;

	for (size_t i = 1; i < len; i++) {
		while (border > 0 && part[i] != part[border])
			border = borders[border - 1];
		border += part[i] == part[border];
		borders[i] = (uint32_t)border;
	}
}

/* Moves *pos behind the leftmost place of the part from there on. */
static bool
find_part(const struct ioc_glob *g, const struct ioc_glob_part *p,
    const char *text, size_t n, size_t *pos)
{
	const char *part = g->text + p->off;
	const uint32_t *borders = g->borders + p->off;
	size_t done = 0;

	for (size_t i = *pos; i < n; i++) {
		while (done > 0 && text[i] != part[done])
			done = borders[done - 1];
		done += text[i] == part[done];
		if (done == p->len) {
			*pos = i + 1;
			return (true);
		}
	}
	return (false);
}

int
ioc_glob_init(struct ioc_glob *g, const char *pattern, size_t len,
    struct ioc_error *err)
{
	struct ioc_glob_part *part;
	size_t out = 0;
	bool wild = false;

	*g = (struct ioc_glob){ .nparts = 1 };
	if (len > PATTERN_MAX)
		return (ioc_fail(err, IOC_LIMIT, "pattern too long"));
	g->text = malloc(len + 1);
	g->parts = calloc(count_wildcards(pattern, len) + 1, sizeof(*g->parts));
	g->borders = calloc(len + 1, sizeof(*g->borders));
	if (g->text == NULL || g->parts == NULL || g->borders == NULL) {
		ioc_glob_fini(g);
		return (ioc_fail_nomem(err));
	}
	part = g->parts;
	for (size_t i = 0; i < len; i++) {
		if (pattern[i] == '*' || pattern[i] == '+') {
			/* Neighbouring wildcards are one. */
			if (!wild) {
				part = &g->parts[g->nparts++];
				part->off = out;
			}
			part->gap += pattern[i] == '+';
			wild = true;
			continue;
		}
		if (pattern[i] == '\\' && ++i == len) {
			ioc_glob_fini(g);
			return (ioc_fail(err, IOC_INVALID,
			    "nothing follows its last \"\\\""));
		}
		g->text[out++] = pattern[i];
		part->len++;
		wild = false;
	}
	g->text[out] = '\0';
	for (size_t i = 1; i + 1 < g->nparts; i++)
		set_borders(g->text + g->parts[i].off, g->parts[i].len,
		    g->borders + g->parts[i].off);
	return (0);
}

void
ioc_glob_fini(struct ioc_glob *g)
{
	free(g->text);
	free(g->parts);
	free(g->borders);
	*g = (struct ioc_glob){ 0 };
}

/* Goes `gap` whole UTF-8 characters on; false when the text ends before. */
static bool
skip(const char *text, size_t n, size_t *pos, size_t gap)
{
	for (; gap > 0; gap--) {
		if (*pos >= n)
			return (false);
		do
			(*pos)++;
		while (*pos < n && (text[*pos] & 0xc0) == 0x80);
	}
	return (true);
}

bool
ioc_glob_match(const struct ioc_glob *g, const char *text)
{
	const struct ioc_glob_part *p = g->parts;
	const struct ioc_glob_part *last = &g->parts[g->nparts - 1];
	size_t n = strlen(text), pos = p->len;

	if (n < p->len || memcmp(text, g->text, p->len) != 0)
		return (false);
	if (p == last)
		return (n == p->len);
	for (p++; p < last; p++) {
		if (!skip(text, n, &pos, p->gap) ||
		    !find_part(g, p, text, n, &pos))
			return (false);
	}
	return (skip(text, n, &pos, last->gap) && n - pos >= last->len &&
	    memcmp(text + n - last->len, g->text + last->off, last->len) == 0);
}
