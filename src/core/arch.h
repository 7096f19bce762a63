/* SPDX-License-Identifier: BSD-2-Clause */
/* Can this host run the programs of a root? */
#ifndef CORE_ARCH_H
#define CORE_ARCH_H

#include "core/host.h"

/*
 * UNSUPPORTED when the shell of a root, as its ELF header says, is for another
 * processor than the host's, and nothing is known that would run it all the
 * same.  0 whenever that is not certain: no shell, no ELF, an unknown machine.
 */
int	ioc_arch_check(struct ioc_host *h, int root_fd, struct ioc_error *err);

/* What the shell of a root is for, as hosts are called; NULL: not known. */
const char *ioc_arch_name(int root_fd);

/* The same for the root of a volume "releases/R/pN" of a source. */
int	ioc_arch_check_volume(struct ioc_source *s, const char *vol,
	    struct ioc_error *err);

#endif /* CORE_ARCH_H */
