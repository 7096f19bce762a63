/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/event.h"

#include "core/host.h"

static const char *const phase_names[] = {
	[IOC_PHASE_BEGIN] = "BEGIN",
	[IOC_PHASE_PROGRESS] = "PROGRESS",
	[IOC_PHASE_DONE] = "DONE",
	[IOC_PHASE_FAILED] = "FAILED",
	[IOC_PHASE_UNDO] = "UNDO",
	[IOC_PHASE_SKIPPED] = "SKIPPED",
	[IOC_PHASE_WARN] = "WARN",
	[IOC_PHASE_PLAN] = "PLAN",
};

const char *
ioc_phase_name(enum ioc_phase phase)
{
	if ((unsigned)phase >= sizeof(phase_names) / sizeof(*phase_names))
		return ("UNKNOWN");
	return (phase_names[phase]);
}

static int
send(struct ioc_host *h, const struct ioc_event *ev)
{
	return (h->event != NULL ? h->event(ev, h->event_arg) : 0);
}

int
ioc_emit(struct ioc_host *h, enum ioc_phase phase, const char *what,
    const char *who, struct ioc_error *err)
{
	struct ioc_event ev = { .phase = phase, .what = what, .who = who };

	if (send(h, &ev) != 0 && phase == IOC_PHASE_BEGIN)
		return (ioc_fail(err, IOC_CANCELED, "canceled"));
	return (0);
}

void
ioc_emit_error(struct ioc_host *h, enum ioc_phase phase, const char *what,
    const char *who, const struct ioc_error *cause)
{
	struct ioc_event ev = {
		.phase = phase, .what = what, .who = who, .err = cause,
	};

	(void)send(h, &ev);
}

int
ioc_emit_progress(struct ioc_host *h, const char *what, const char *who,
    uint64_t done, uint64_t total, bool bytes, struct ioc_error *err)
{
	struct ioc_event ev = {
		.phase = IOC_PHASE_PROGRESS, .what = what, .who = who,
		.done = done, .total = total, .bytes = bytes,
	};

	if (send(h, &ev) != 0)
		return (ioc_fail(err, IOC_CANCELED, "canceled"));
	return (0);
}
