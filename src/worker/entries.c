/* SPDX-License-Identifier: BSD-2-Clause */
/* passwd(5), group(5) and their kin, by entries and their fields. */
#include <string.h>

#include "base/cleanup.h"
#include "worker/lines.h"
#include "worker/merge.h"

#define	FIELDS		16
#define	ID_FIELD	2	/* uid or gid */

enum { BASE, OURS, THEIRS };

static const char source[] = { IOC_MERGE_BASE, IOC_MERGE_OURS,
	IOC_MERGE_THEIRS };

struct entries {
	struct ioc_lines l[3];
	int		*at[3];		/* of a key the line that has it, or -1 */
	size_t		 keys;
	struct ioc_merge_runs *ret;
};

static void
entries_fini(struct entries *e)
{
	for (size_t i = 0; i < 3; i++) {
		ioc_lines_fini(&e->l[i]);
		free(e->at[i]);
	}
}

/* The fields of a line as ranges of its text; 0 when there are too many. */
struct field {
	size_t		 at, len;
};

static size_t
split(const struct ioc_lines *l, size_t line, struct field v[FIELDS])
{
	size_t at = l->at[line], end = l->at[line + 1], n = 0;

	if (end > at && l->text[end - 1] == '\n')
		end--;
	while (n < FIELDS) {
		const char *colon = memchr(l->text + at, ':', end - at);
		size_t stop = colon != NULL ? (size_t)(colon - l->text) : end;

		v[n++] = (struct field){ at, stop - at };
		if (colon == NULL)
			return (n);
		at = stop + 1;
	}
	return (0);
}

static bool
same_field(const struct entries *e, int a, const struct field *x, int b,
    const struct field *y)
{
	return (x->len == y->len && memcmp(e->l[a].text + x->at,
	    e->l[b].text + y->at, x->len) == 0);
}

static bool
same_line(const struct entries *e, int a, int x, int b, int y)
{
	struct field f = { e->l[a].at[x], ioc_line_len(&e->l[a], (size_t)x) };
	struct field g = { e->l[b].at[y], ioc_line_len(&e->l[b], (size_t)y) };

	return (same_field(e, a, &f, b, &g));
}

static int
emit(struct entries *e, int side, int line, struct ioc_error *err)
{
	const struct ioc_lines *l = &e->l[side];

	return (line < 0 ? 0 : ioc_merge_add(e->ret, source[side],
	    l->at[line], ioc_line_len(l, (size_t)line), err));
}

static int
conflict(struct entries *e, const int line[3], struct ioc_error *err)
{
	int r = ioc_merge_add(e->ret, IOC_MERGE_BEGIN, 0, 0, err);

	if (r == 0)
		r = emit(e, OURS, line[OURS], err);
	if (r == 0)
		r = ioc_merge_add(e->ret, IOC_MERGE_OLD, 0, 0, err);
	if (r == 0)
		r = emit(e, BASE, line[BASE], err);
	if (r == 0)
		r = ioc_merge_add(e->ret, IOC_MERGE_MIDDLE, 0, 0, err);
	if (r == 0)
		r = emit(e, THEIRS, line[THEIRS], err);
	return (r == 0 ? ioc_merge_add(e->ret, IOC_MERGE_END, 0, 0, err) : r);
}

/* Both sides have changed an entry: field by field, if that can be done. */
static int
both(struct entries *e, const int line[3], struct ioc_error *err)
{
	struct field v[3][FIELDS];
	size_t n[3], end;
	int side[FIELDS], r = 0;

	for (int i = 0; i < 3; i++)
		n[i] = split(&e->l[i], (size_t)line[i], v[i]);
	if (n[BASE] == 0 || n[BASE] != n[OURS] || n[BASE] != n[THEIRS])
		return (conflict(e, line, err));
	for (size_t i = 0; i < n[BASE]; i++) {
		bool kept = same_field(e, BASE, &v[BASE][i], OURS,
		    &v[OURS][i]);

		side[i] = kept ? THEIRS : OURS;
		if (!kept && !same_field(e, BASE, &v[BASE][i], THEIRS,
		    &v[THEIRS][i]) && !same_field(e, OURS, &v[OURS][i],
		    THEIRS, &v[THEIRS][i]))
			return (conflict(e, line, err));
	}
	/* Each with what stands before it, ":" or nothing. */
	for (size_t i = 0; r == 0 && i < n[BASE]; i++) {
		const struct field *f = &v[side[i]][i];

		r = ioc_merge_add(e->ret, source[side[i]],
		    f->at - (i > 0), f->len + (i > 0), err);
	}
	end = e->l[THEIRS].at[line[THEIRS] + 1];
	if (r == 0 && e->l[THEIRS].text[end - 1] == '\n')
		r = ioc_merge_add(e->ret, source[THEIRS], end - 1, 1, err);
	return (r);
}

/* An entry of the new release: who of the jail has its number? -1: nobody. */
static int
same_id(const struct entries *e, int theirs)
{
	struct field v[FIELDS], w[FIELDS];

	if (split(&e->l[THEIRS], (size_t)theirs, v) <= ID_FIELD)
		return (-1);
	for (size_t i = 0; i < e->l[OURS].n; i++) {
		int key = e->l[OURS].id[i];

		if (e->at[BASE][key] < 0 && e->at[THEIRS][key] < 0 &&
		    split(&e->l[OURS], i, w) > ID_FIELD &&
		    same_field(e, THEIRS, &v[ID_FIELD], OURS, &w[ID_FIELD]))
			return ((int)i);
	}
	return (-1);
}

/* One that the new release has. */
static int
settle(struct entries *e, int key, struct ioc_error *err)
{
	int line[3] = { e->at[BASE][key], e->at[OURS][key],
		e->at[THEIRS][key] };

	if (line[BASE] < 0 && line[OURS] < 0) {
		line[OURS] = same_id(e, line[THEIRS]);
		if (line[OURS] < 0)
			return (emit(e, THEIRS, line[THEIRS], err));
		/* Two names for one number: that must be somebody's decision. */
		e->at[OURS][e->l[OURS].id[line[OURS]]] = -1;
		return (conflict(e, line, err));
	}
	if (line[OURS] < 0)
		return (0);	/* the jail has removed it */
	if (same_line(e, OURS, line[OURS], THEIRS, line[THEIRS]))
		return (emit(e, OURS, line[OURS], err));
	if (line[BASE] < 0)
		return (conflict(e, line, err));
	if (same_line(e, OURS, line[OURS], BASE, line[BASE]))
		return (emit(e, THEIRS, line[THEIRS], err));
	if (same_line(e, THEIRS, line[THEIRS], BASE, line[BASE]))
		return (emit(e, OURS, line[OURS], err));
	return (both(e, line, err));
}

/* One that it has not: added by the jail, or removed by the release. */
static int
settle_ours(struct entries *e, int key, struct ioc_error *err)
{
	int line[3] = { e->at[BASE][key], e->at[OURS][key], -1 };

	if (line[OURS] < 0 || e->at[THEIRS][key] >= 0)
		return (0);
	if (line[BASE] < 0)
		return (emit(e, OURS, line[OURS], err));
	return (same_line(e, OURS, line[OURS], BASE, line[BASE]) ? 0 :
	    conflict(e, line, err));
}

/* UNSUPPORTED when a key is there twice. */
static int
index_keys(struct entries *e, struct ioc_error *err)
{
	for (int i = 0; i < 3; i++) {
		e->at[i] = calloc(e->keys + 1, sizeof(*e->at[i]));
		if (e->at[i] == NULL)
			return (ioc_fail_nomem(err));
		for (size_t k = 0; k < e->keys; k++)
			e->at[i][k] = -1;
		for (size_t k = 0; k < e->l[i].n; k++) {
			int *at = &e->at[i][e->l[i].id[k]];

			if (*at >= 0)
				return (ioc_fail(err, IOC_UNSUPPORTED,
				    "an entry is there twice"));
			*at = (int)k;
		}
	}
	return (0);
}

int
ioc_merge_entries(const struct ioc_merge_text in[3],
    struct ioc_merge_runs *ret, struct ioc_error *err)
{
	IOC_AUTO(entries_fini) struct entries e = { .ret = ret };
	struct ioc_lines *all[3] = { &e.l[0], &e.l[1], &e.l[2] };
	int r = 0;

	for (size_t i = 0; r == 0 && i < 3; i++) {
		/* Its last entry would run into the next one. */
		if (in[i].len > 0 && in[i].text[in[i].len - 1] != '\n')
			return (ioc_fail(err, IOC_UNSUPPORTED,
			    "no newline at its end"));
		r = ioc_lines_split(in[i].text, in[i].len, &e.l[i], err);
		if (r == 0 && e.l[i].n > IOC_ENTRIES_MAX)
			r = ioc_fail(err, IOC_UNSUPPORTED, "too many entries");
	}
	if (r == 0)
		r = ioc_lines_number(all, 3, true, &e.keys, err);
	if (r == 0)
		r = index_keys(&e, err);
	for (size_t i = 0; r == 0 && i < e.l[THEIRS].n; i++)
		r = settle(&e, e.l[THEIRS].id[i], err);
	for (size_t i = 0; r == 0 && i < e.l[OURS].n; i++)
		r = settle_ours(&e, e.l[OURS].id[i], err);
	return (r);
}
