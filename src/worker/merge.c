/* SPDX-License-Identifier: BSD-2-Clause */
/* By lines. */
#include "worker/merge.h"

#include <string.h>

#include "base/cleanup.h"
#include "worker/lines.h"

void
ioc_merge_runs_fini(struct ioc_merge_runs *r)
{
	ioc_vec_fini(r);
}

int
ioc_merge_add(struct ioc_merge_runs *r, char what, size_t at, size_t len,
    struct ioc_error *err)
{
	bool input = what == IOC_MERGE_BASE || what == IOC_MERGE_OURS ||
	    what == IOC_MERGE_THEIRS;
	struct ioc_merge_run *last = r->n > 0 ? &r->v[r->n - 1] : NULL;

	if (input && len == 0)
		return (0);
	if (input && last != NULL && last->what == what &&
	    last->at + last->len == at) {
		last->len += len;
		return (0);
	}
	if (r->n >= IOC_MERGE_RUNS)
		return (ioc_fail(err, IOC_LIMIT, "more than %d changes",
		    IOC_MERGE_RUNS));
	last = ioc_vec_push(r);
	if (last == NULL)
		return (ioc_fail_nomem(err));
	*last = (struct ioc_merge_run){ what, at, len };
	return (0);
}

struct merge {
	struct ioc_lines l[3];		/* base, ours, theirs */
	int		*match[3];	/* of a base line, [0] is not used */
	struct ioc_merge_runs *ret;
};

static void
merge_fini(struct merge *m)
{
	for (size_t i = 0; i < 3; i++) {
		ioc_lines_fini(&m->l[i]);
		free(m->match[i]);
	}
}

/* A stretch of each of them. */
struct stretch {
	size_t		 from[3], to[3];
};

static bool
same(const struct merge *m, const struct stretch *s, int a, int b)
{
	size_t n = s->to[a] - s->from[a];

	return (n == s->to[b] - s->from[b] &&
	    (n == 0 || memcmp(m->l[a].id + s->from[a], m->l[b].id + s->from[b],
	    n * sizeof(int)) == 0));
}

static int
emit(const struct merge *m, const struct stretch *s, int side,
    struct ioc_error *err)
{
	static const char what[] = { IOC_MERGE_BASE, IOC_MERGE_OURS,
		IOC_MERGE_THEIRS };
	const struct ioc_lines *l = &m->l[side];

	return (ioc_merge_add(m->ret, what[side], l->at[s->from[side]],
	    l->at[s->to[side]] - l->at[s->from[side]], err));
}

static int
conflict(const struct merge *m, const struct stretch *s, struct ioc_error *err)
{
	int r = ioc_merge_add(m->ret, IOC_MERGE_BEGIN, 0, 0, err);

	if (r == 0)
		r = emit(m, s, 1, err);
	if (r == 0)
		r = ioc_merge_add(m->ret, IOC_MERGE_OLD, 0, 0, err);
	if (r == 0)
		r = emit(m, s, 0, err);
	if (r == 0)
		r = ioc_merge_add(m->ret, IOC_MERGE_MIDDLE, 0, 0, err);
	if (r == 0)
		r = emit(m, s, 2, err);
	return (r == 0 ? ioc_merge_add(m->ret, IOC_MERGE_END, 0, 0, err) : r);
}

/* Between two lines that all three have. */
static int
settle(const struct merge *m, const struct stretch *s, struct ioc_error *err)
{
	if (same(m, s, 1, 0))
		return (emit(m, s, 2, err));
	if (same(m, s, 2, 0) || same(m, s, 1, 2))
		return (emit(m, s, 1, err));
	return (conflict(m, s, err));
}

static int
walk(struct merge *m, struct ioc_error *err)
{
	struct stretch s = { { 0 }, { 0 } };
	int r = 0;

	for (size_t i = 0; r == 0 && i <= m->l[0].n; i++) {
		bool last = i == m->l[0].n;

		if (!last && (m->match[1][i] < 0 || m->match[2][i] < 0))
			continue;
		s.to[0] = i;
		s.to[1] = last ? m->l[1].n : (size_t)m->match[1][i];
		s.to[2] = last ? m->l[2].n : (size_t)m->match[2][i];
		r = settle(m, &s, err);
		for (int k = 0; k < 3; k++)
			s.from[k] = s.to[k];
		if (last || r != 0)
			break;
		for (int k = 0; k < 3; k++)
			s.to[k] = s.from[k] + 1;
		r = emit(m, &s, 1, err);
		for (int k = 0; k < 3; k++)
			s.from[k] = s.to[k];
	}
	return (r);
}

int
ioc_merge_lines(const struct ioc_merge_text in[3], struct ioc_merge_runs *ret,
    struct ioc_error *err)
{
	IOC_AUTO(merge_fini) struct merge m = { .ret = ret };
	struct ioc_lines *all[3] = { &m.l[0], &m.l[1], &m.l[2] };
	size_t count;
	int r = 0;

	for (size_t i = 0; r == 0 && i < 3; i++)
		r = ioc_lines_split(in[i].text, in[i].len, &m.l[i], err);
	if (r == 0)
		r = ioc_lines_number(all, 3, false, &count, err);
	for (size_t i = 1; r == 0 && i < 3; i++) {
		m.match[i] = calloc(m.l[0].n + 1, sizeof(*m.match[i]));
		r = m.match[i] == NULL ? ioc_fail_nomem(err) :
		    ioc_lines_match(&m.l[0], &m.l[i], m.match[i], err);
	}
	return (r == 0 ? walk(&m, err) : r);
}
