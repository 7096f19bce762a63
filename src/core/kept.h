/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Updates that were obtained and not applied: in the directory of a release or a
 * jail "kept", and beside it "kept.json" with the hash of their record, to which
 * they are held when they are applied.  Without it there are none.
 */
#ifndef CORE_KEPT_H
#define CORE_KEPT_H

#include "base/json.h"
#include "core/host.h"

struct ioc_kept {
	int		 place_fd;	/* the directory of the release or jail */
	const char	*helper_dir;
	unsigned	 level;		/* what they are for */
	bool		 at_start;	/* the jail's next start applies them */
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
int	ioc_kept_drop(int place_fd, struct ioc_error *err);

/* Is a start to apply what is kept there? */
bool	ioc_kept_at_start(int place_fd);

#endif /* CORE_KEPT_H */
