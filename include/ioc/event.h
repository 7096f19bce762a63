/* SPDX-License-Identifier: BSD-2-Clause */
/* What a long operation tells while it works. */
#ifndef IOC_EVENT_H
#define IOC_EVENT_H

#include "ioc/base.h"

#ifdef __cplusplus
extern "C" {
#endif

enum ioc_phase {
	IOC_PHASE_BEGIN,
	IOC_PHASE_PROGRESS,	/* done of total (0: unknown), see unit */
	IOC_PHASE_DONE,
	IOC_PHASE_FAILED,	/* err says why */
	IOC_PHASE_UNDO,		/* a step that was done is being undone */
	IOC_PHASE_SKIPPED,
	IOC_PHASE_WARN,		/* err carries a sentence; work goes on */
	IOC_PHASE_PLAN,		/* dry run: the step would be done */
};

struct ioc_event {
	enum ioc_phase	 phase;
	const char	*what;		/* stable dotted name: "jail.start/mount" */
	const char	*who;		/* "web", or NULL */
	uint64_t	 done, total;
	bool		 bytes;		/* done and total are bytes */
	const struct ioc_error *err;	/* or NULL */
};

/*
 * Called in the thread that called the library; pointers are valid during the
 * call.  Not 0 asks the operation to stop: it is undone and returns CANCELED.
 * The answer to FAILED, UNDO and DONE is ignored.
 */
typedef int ioc_event_fn(const struct ioc_event *ev, void *arg);

/* The upper-case name of a phase: "BEGIN". */
IOC_API const char *ioc_phase_name(enum ioc_phase phase);

#ifdef __cplusplus
}
#endif

#endif /* IOC_EVENT_H */
