/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configurations that libioc and iocage have written, read as they were meant:
 * their own words for what a property of ours says become that, in memory; what
 * has no meaning here stays as it is.
 */
#ifndef CONF_LEGACY_H
#define CONF_LEGACY_H

#include "conf/file.h"

/* Is it one of theirs?  Theirs name a version or the host. */
bool	ioc_legacy_is(const struct ioc_conf *c);
/* Does it again what was done before, nothing. */
int	ioc_legacy_read(struct ioc_conf *c, struct ioc_error *err);
/*
 * The keys that ask for something that is not done here ("ip4_addr" other than
 * none), as one list for people; empty when there are none.
 */
int	ioc_legacy_unmet(const struct ioc_conf *c, struct ioc_buf *ret,
	    struct ioc_error *err);

#endif /* CONF_LEGACY_H */
