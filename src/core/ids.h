/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges of uids, one for each jail with a user namespace of its own.
 *
 * A range is 65536 ids; its claim is a file named by its first id in ".ids" of
 * the source, whose content says for whom.  A range is free when no source of
 * the host has a claim for it.
 */
#ifndef CORE_IDS_H
#define CORE_IDS_H

#include "base/buf.h"
#include "core/host.h"

/*
 * The lock of a source that whoever renames a jail shares: with it held alone,
 * every jail is found by its name.
 */
#define	IOC_IDS_LOCK	"ids"

/*
 * Does a jail whose own value of "userns" is that (NULL: none) get a range?
 * UNSUPPORTED when it should and the kernel cannot: never less in silence.
 */
int	ioc_ids_wanted(struct ioc_source *s, const char *userns, bool *ret,
	    struct ioc_error *err);

/* Claims a free range for `owner`; LIMIT when none is left. */
int	ioc_ids_claim(struct ioc_source *s, const char *owner, uint32_t *base,
	    struct ioc_error *err);
/* Gives it back when it belongs to `owner` (NULL: to whomever). */
int	ioc_ids_release(struct ioc_source *s, uint32_t base, const char *owner,
	    struct ioc_error *err);

/* For whom it is claimed; nothing is added to ret when for nobody. */
int	ioc_ids_owner(struct ioc_source *s, uint32_t base, struct ioc_buf *ret,
	    struct ioc_error *err);

/* Gives back whatever belongs to `owner`. */
int	ioc_ids_release_owner(struct ioc_source *s, const char *owner,
	    struct ioc_error *err);
/*
 * The same, but for what a jail has by now, whatever it is called: nothing, as
 * long as that cannot be known.
 */
int	ioc_ids_release_unused(struct ioc_source *s, const char *owner,
	    struct ioc_error *err);

/*
 * Gives back every claim of the source that no jail has and no operation that
 * goes on: what is left of jails that lost their configuration.  Nothing, as
 * long as there is a jail whose configuration cannot be read.
 */
int	ioc_ids_sweep(struct ioc_source *s, unsigned *n,
	    struct ioc_error *err);

#endif /* CORE_IDS_H */
