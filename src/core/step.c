/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/step.h"

#include <stdio.h>

#include "core/event.h"
#include "core/host.h"

/* "jail.start/mount" */
static const char *
event_name(char out[96], const char *op, const char *step)
{
	(void)snprintf(out, 96, "%s/%s", op, step);
	return (out);
}

static void
roll_back(const struct ioc_steps *s, size_t from, struct ioc_host *h,
    const char *who, void *ctx)
{
	char what[96];

	for (size_t i = from + 1; i-- > 0;) {
		struct ioc_error cause;

		if (s->v[i].undo == NULL)
			continue;
		(void)event_name(what, s->op, s->v[i].name);
		(void)ioc_emit(h, IOC_PHASE_UNDO, what, who, NULL);
		if (s->v[i].undo(ctx, &cause) != 0)
			ioc_emit_error(h, IOC_PHASE_WARN, what, who, &cause);
	}
}

static int
plan(const struct ioc_steps *s, struct ioc_host *h, const char *who)
{
	char what[96];

	for (size_t i = 0; i < s->n; i++)
		(void)ioc_emit(h, IOC_PHASE_PLAN,
		    event_name(what, s->op, s->v[i].name), who, NULL);
	return (0);
}

int
ioc_steps_run(const struct ioc_steps *s, struct ioc_host *h, const char *who,
    void *ctx, struct ioc_error *err)
{
	struct ioc_error local;
	char what[96];
	int r = 0;

	if (h->dry_run)
		return (plan(s, h, who));
	for (size_t i = 0; i < s->n; i++) {
		(void)event_name(what, s->op, s->v[i].name);
		r = ioc_emit(h, IOC_PHASE_BEGIN, what, who, &local);
		if (r == 0)
			r = s->v[i].apply(ctx, &local);
		if (r != 0) {
			ioc_emit_error(h, IOC_PHASE_FAILED, what, who, &local);
			roll_back(s, i, h, who, ctx);
			ioc_error_copy(err, &local);
			return (r);
		}
		(void)ioc_emit(h, IOC_PHASE_DONE, what, who, NULL);
	}
	return (0);
}

int
ioc_steps_undo(const struct ioc_steps *s, const char *op, struct ioc_host *h,
    const char *who, void *ctx, bool force, struct ioc_error *err)
{
	struct ioc_error local;
	char what[96];
	int r, first = 0;

	for (size_t i = s->n; i-- > 0;) {
		if (s->v[i].undo == NULL)
			continue;
		(void)event_name(what, op, s->v[i].name);
		if (h->dry_run) {
			(void)ioc_emit(h, IOC_PHASE_PLAN, what, who, NULL);
			continue;
		}
		(void)ioc_emit(h, IOC_PHASE_BEGIN, what, who, NULL);
		r = s->v[i].undo(ctx, &local);
		if (r == 0) {
			(void)ioc_emit(h, IOC_PHASE_DONE, what, who, NULL);
			continue;
		}
		ioc_emit_error(h, IOC_PHASE_FAILED, what, who, &local);
		if (first == 0) {
			first = r;
			ioc_error_copy(err, &local);
		}
		if (!force)
			break;
	}
	return (first);
}
