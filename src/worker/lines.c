/* SPDX-License-Identifier: BSD-2-Clause */
#include "worker/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

int
ioc_lines_split(const char *text, size_t len, struct ioc_lines *ret,
    struct ioc_error *err)
{
	struct ioc_lines l = { .text = text };
	size_t n = 0;

	for (const char *p = text, *end = text + len; p < end; n++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		p = nl != NULL ? nl + 1 : end;
	}
	if (n > IOC_LINES_MAX)
		return (ioc_fail(err, IOC_LIMIT, "more than %d lines",
		    IOC_LINES_MAX));
	l.at = calloc(n + 1, sizeof(*l.at));
	l.id = calloc(n + 1, sizeof(*l.id));
	if (l.at == NULL || l.id == NULL) {
		ioc_lines_fini(&l);
		return (ioc_fail_nomem(err));
	}
	for (; l.n < n; l.n++) {
		const char *p = text + l.at[l.n];
		const char *nl = memchr(p, '\n', len - l.at[l.n]);

		l.at[l.n + 1] = nl != NULL ? (size_t)(nl + 1 - text) : len;
	}
	*ret = l;
	return (0);
}

void
ioc_lines_fini(struct ioc_lines *l)
{
	free(l->at);
	free(l->id);
	*l = (struct ioc_lines){ NULL };
}

/* --- numbers ---------------------------------------------------------------------- */

struct line {
	const char	*text;
	size_t		 len;
	int		*id;
};

static int
by_text(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->len != y->len)
		return (x->len < y->len ? -1 : 1);
	return (memcmp(x->text, y->text, x->len));
}

/* A comment is not an entry: it is a whole line. */
static size_t
key_len(const char *text, size_t len)
{
	const char *colon = text[0] == '#' ? NULL : memchr(text, ':', len);

	return (colon != NULL ? (size_t)(colon - text) : len);
}

int
ioc_lines_number(struct ioc_lines *const *texts, size_t n, bool key,
    size_t *count, struct ioc_error *err)
{
	auto_free struct line *all = NULL;
	size_t total = 0, at = 0;

	for (size_t i = 0; i < n; i++)
		total += texts[i]->n;
	all = calloc(total + 1, sizeof(*all));
	if (all == NULL)
		return (ioc_fail_nomem(err));
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < texts[i]->n; k++) {
			const char *s = texts[i]->text + texts[i]->at[k];
			size_t len = ioc_line_len(texts[i], k);

			all[at++] = (struct line){ s,
			    key ? key_len(s, len) : len, &texts[i]->id[k] };
		}
	}
	qsort(all, total, sizeof(*all), by_text);
	*count = 0;
	for (size_t i = 0; i < total; i++) {
		if (i > 0 && by_text(&all[i - 1], &all[i]) != 0)
			(*count)++;
		*all[i].id = (int)*count;
	}
	*count += total > 0;
	return (0);
}

/* --- common lines ----------------------------------------------------------------- */

/*
 * Myers' greedy search: the farthest place on each diagonal after d edits,
 * those of all d one after another, from which the way back is read.
 */
struct search {
	const int	*a, *b;
	int		 n, m;
	int		*reach;		/* of d: d + 1 numbers from d (d + 1) / 2 on */
	size_t		 cap;
};

static int *
row(const struct search *s, int d)
{
	return (s->reach + (size_t)d * (size_t)(d + 1) / 2);
}

static int
need_row(struct search *s, int d, struct ioc_error *err)
{
	size_t want = (size_t)(d + 1) * (size_t)(d + 2) / 2;
	int *more;

	if (want <= s->cap)
		return (0);
	want = want < 1024 ? 1024 : 2 * want;
	more = realloc(s->reach, want * sizeof(*more));
	if (more == NULL)
		return (ioc_fail_nomem(err));
	s->reach = more;
	s->cap = want;
	return (0);
}

/* Where diagonal k, number i of its row, begins after d edits. */
static int
begin(const struct search *s, int d, int i)
{
	const int *above = d > 0 ? row(s, d - 1) : NULL;

	if (d == 0)
		return (0);
	if (i == 0 || (i != d && above[i - 1] < above[i]))
		return (above[i]);
	return (above[i - 1] + 1);
}

/* The number of edits, or a code. */
static int
search(struct search *s, struct ioc_error *err)
{
	for (int d = 0; d <= IOC_EDITS_MAX && d <= s->n + s->m; d++) {
		int r = need_row(s, d, err);

		if (r != 0)
			return (r);
		for (int i = 0; i <= d; i++) {
			int k = 2 * i - d, x = begin(s, d, i);

			while (x < s->n && x - k < s->m && x - k >= 0 &&
			    s->a[x] == s->b[x - k])
				x++;
			row(s, d)[i] = x;
			if (x >= s->n && x - k >= s->m)
				return (d);
		}
	}
	return (ioc_fail(err, IOC_LIMIT, "they differ by more than %d lines",
	    IOC_EDITS_MAX));
}

static void
way_back(const struct search *s, int d, int *match)
{
	int i = (s->n - s->m + d) / 2, x = s->n;

	for (; d >= 0; d--) {
		int k = 2 * i - d, from = begin(s, d, i);

		for (x--; x >= from; x--)
			match[x] = x - k;
		if (d == 0)
			return;
		/* Down: the same x; to the right: one less. */
		if (i == 0 || (i != d && row(s, d - 1)[i - 1] <
		    row(s, d - 1)[i]))
			x = from;
		else {
			x = from - 1;
			i--;
		}
	}
}

int
ioc_lines_match(const struct ioc_lines *a, const struct ioc_lines *b,
    int *match, struct ioc_error *err)
{
	int n = (int)a->n, m = (int)b->n, head = 0, tail = 0, d;
	struct search s = { .a = a->id };

	while (head < n && head < m && a->id[head] == b->id[head]) {
		match[head] = head;
		head++;
	}
	while (tail < n - head && tail < m - head &&
	    a->id[n - 1 - tail] == b->id[m - 1 - tail]) {
		tail++;
		match[n - tail] = m - tail;
	}
	s.a = a->id + head;
	s.b = b->id + head;
	s.n = n - head - tail;
	s.m = m - head - tail;
	for (int i = 0; i < s.n; i++)
		match[head + i] = -1;
	d = search(&s, err);
	if (d >= 0)
		way_back(&s, d, match + head);
	free(s.reach);
	for (int i = 0; d >= 0 && i < s.n; i++)
		if (match[head + i] >= 0)
			match[head + i] += head;
	return (d < 0 ? d : 0);
}
