/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Updates that were obtained and not applied: "releases/R/kept", and beside it
 * "releases/R/kept.json" with the hash of their record, to which they are held
 * when they are applied.  Without it there are none.
 */
#ifndef CORE_KEPT_H
#define CORE_KEPT_H

#include "base/json.h"
#include "core/host.h"

struct ioc_kept {
	struct ioc_source *source;
	const char	*release;
	const char	*helper_dir;
	unsigned	 level;		/* what they are for */
	int		 updates_fd;	/* the directory that has or gets them */
};

/* Keeps a copy, instead of an older one. */
int	ioc_kept_put(const struct ioc_kept *k, unsigned applied,
	    const json_t *provenance, struct ioc_error *err);

/*
 * Copies them into the empty directory and verifies them there; what was said
 * of them joins `provenance`.  NOT_FOUND: there are none, or for another level.
 * VERIFY: they are not what was kept.
 */
int	ioc_kept_get(const struct ioc_kept *k, unsigned *applied,
	    json_t *provenance, struct ioc_error *err);

/* There are none any more. */
int	ioc_kept_drop(const struct ioc_kept *k, struct ioc_error *err);

#endif /* CORE_KEPT_H */
