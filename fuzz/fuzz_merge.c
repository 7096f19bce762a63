/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Merges of three texts, with a NUL between each: what comes of it is made of
 * them, conflicts are marked, and what only one side has changed is that side's.
 */
#include "fuzz/fuzz.h"

#include "base/buf.h"
#include "worker/lines.h"
#include "worker/merge.h"

static void
check_runs(const struct ioc_merge_text in[3], const struct ioc_merge_runs *r,
    struct ioc_buf *out, unsigned *conflicts)
{
	static const char order[] = "<|=>";
	size_t mark = 3;

	*conflicts = 0;
	MUST(r->n <= IOC_MERGE_RUNS);
	for (size_t i = 0; i < r->n; i++) {
		const char *side = strchr("bot", r->v[i].what);
		const struct ioc_merge_text *t;

		if (side == NULL || *side == '\0') {
			mark = (mark + 1) % 4;
			MUST(r->v[i].what == order[mark]);
			*conflicts += mark == 0;
			continue;
		}
		t = &in[side - "bot"];
		MUST(r->v[i].at <= t->len &&
		    r->v[i].len <= t->len - r->v[i].at);
		(void)ioc_buf_add(out, t->text + r->v[i].at, r->v[i].len);
	}
	MUST(mark == 3 && out->failed == 0);
}

typedef int merge_fn(const struct ioc_merge_text in[3],
	    struct ioc_merge_runs *ret, struct ioc_error *err);

/* The result, and how many conflicts are in it; false: not to be merged. */
static bool
merge(merge_fn *fn, const struct ioc_merge_text in[3], struct ioc_buf *out,
    unsigned *conflicts)
{
	IOC_AUTO(ioc_merge_runs_fini) struct ioc_merge_runs r = { NULL };
	int e = fn(in, &r, NULL);

	MUST(e == 0 || e == IOC_LIMIT ||
	    (e == IOC_UNSUPPORTED && fn == ioc_merge_entries));
	if (e == 0)
		check_runs(in, &r, out, conflicts);
	return (e == 0);
}

/* Of three where two are the same it is the third. */
static void
check_one_side(merge_fn *fn, const struct ioc_merge_text *base,
    const struct ioc_merge_text *side)
{
	for (int i = 0; i < 3; i++) {
		const struct ioc_merge_text in[3] = { *base,
			i == 1 ? *base : *side, i == 2 ? *base : *side };
		auto_buf struct ioc_buf out = IOC_BUF(4 << 20);
		unsigned conflicts = 0;

		if (!merge(fn, in, &out, &conflicts))
			continue;
		MUST(conflicts == 0 && out.len == side->len);
		/* Entries have the order of the new release. */
		MUST((fn == ioc_merge_entries && i == 2) || out.len == 0 ||
		    memcmp(out.data, side->text, out.len) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static merge_fn *const fns[] = { ioc_merge_lines, ioc_merge_entries };
	const char *p = (const char *)data, *end = p + size;
	struct ioc_merge_text in[3] = { { "", 0 }, { "", 0 }, { "", 0 } };

	for (size_t i = 0; i < 3 && size > 0 && p <= end; i++) {
		const char *nul = memchr(p, '\0', (size_t)(end - p));

		in[i].text = p;
		in[i].len = (size_t)((nul != NULL ? nul : end) - p);
		p = (nul != NULL ? nul : end) + 1;
	}
	for (size_t f = 0; f < 2; f++) {
		auto_buf struct ioc_buf out = IOC_BUF(8 << 20);
		unsigned conflicts = 0;

		(void)merge(fns[f], in, &out, &conflicts);
		check_one_side(fns[f], &in[0], &in[1]);
		check_one_side(fns[f], &in[0], &in[2]);
	}
	return (0);
}
