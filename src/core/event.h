/* SPDX-License-Identifier: BSD-2-Clause */
/* Telling the host's event callback; nothing else calls it. */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include "base/error.h"
#include "ioc/event.h"

struct ioc_host;

/* 0, or CANCELED when the callback asked to stop (never for an end or undo). */
int	ioc_emit(struct ioc_host *h, enum ioc_phase phase, const char *what,
	    const char *who, struct ioc_error *err);
/* A phase that carries an error: FAILED, WARN. */
void	ioc_emit_error(struct ioc_host *h, enum ioc_phase phase,
	    const char *what, const char *who, const struct ioc_error *cause);
int	ioc_emit_progress(struct ioc_host *h, const char *what,
	    const char *who, uint64_t done, uint64_t total, bool bytes,
	    struct ioc_error *err);

#endif /* CORE_EVENT_H */
