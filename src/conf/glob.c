/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/glob.h"

#include <stdlib.h>
#include <string.h>

/*
 * With wildcards that match anything, taking the leftmost place for each part
 * never spoils a later one: no backtracking, and memmem(3) is linear.
 */

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

int
ioc_glob_init(struct ioc_glob *g, const char *pattern, size_t len,
    struct ioc_error *err)
{
	struct ioc_glob_part *part;
	size_t out = 0;
	bool wild = false;

	g->text = malloc(len + 1);
	g->parts = calloc(count_wildcards(pattern, len) + 1, sizeof(*g->parts));
	g->nparts = 1;
	if (g->text == NULL || g->parts == NULL) {
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
	return (0);
}

void
ioc_glob_fini(struct ioc_glob *g)
{
	free(g->text);
	free(g->parts);
	g->text = NULL;
	g->parts = NULL;
	g->nparts = 0;
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
	const char *at;

	if (n < p->len || memcmp(text, g->text, p->len) != 0)
		return (false);
	if (p == last)
		return (n == p->len);
	for (p++; p < last; p++) {
		if (!skip(text, n, &pos, p->gap))
			return (false);
		at = memmem(text + pos, n - pos, g->text + p->off, p->len);
		if (at == NULL)
			return (false);
		pos = (size_t)(at - text) + p->len;
	}
	return (skip(text, n, &pos, last->gap) && n - pos >= last->len &&
	    memcmp(text + n - last->len, g->text + last->off, last->len) == 0);
}
