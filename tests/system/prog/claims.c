/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program on a host that claims to be FreeBSD, or what CLAIMED is, for tests of
 * what is done for its releases where there is none.  What is claimed is that
 * system's name, and, on Linux, that it has nullfs; jails, mounts, limits and
 * everything else are those of the host.  The linker puts these in the place of the
 * real ones.
 */
#include "os/os.h"

#include <string.h>

#ifndef CLAIMED
#define	CLAIMED		"FreeBSD"
#endif

const struct ioc_os_facts *__real_ioc_os_facts(const struct ioc_os *os);
const struct ioc_os_facts *__wrap_ioc_os_facts(const struct ioc_os *os);

const struct ioc_os_facts *
__wrap_ioc_os_facts(const struct ioc_os *os)
{
	static struct ioc_os_facts claimed;

	claimed = *__real_ioc_os_facts(os);
	memcpy(claimed.system, CLAIMED, sizeof(CLAIMED));
	return (&claimed);
}

#ifdef __linux__
int	__real_ioc_os_can(struct ioc_os *os, enum ioc_os_feature f,
	    struct ioc_error *err);
int	__wrap_ioc_os_can(struct ioc_os *os, enum ioc_os_feature f,
	    struct ioc_error *err);
int	__real_ioc_os_jail_prepare(struct ioc_os *os,
	    const struct ioc_os_jail_spec *spec, struct ioc_os_jail **ret,
	    struct ioc_error *err);
int	__wrap_ioc_os_jail_prepare(struct ioc_os *os,
	    const struct ioc_os_jail_spec *spec, struct ioc_os_jail **ret,
	    struct ioc_error *err);

int
__wrap_ioc_os_can(struct ioc_os *os, enum ioc_os_feature f,
    struct ioc_error *err)
{
	return (f == IOC_CAN_NULLFS ? 0 : __real_ioc_os_can(os, f, err));
}

/* Linux knows no parameters of FreeBSD, and has nothing that they would allow. */
int
__wrap_ioc_os_jail_prepare(struct ioc_os *os,
    const struct ioc_os_jail_spec *spec, struct ioc_os_jail **ret,
    struct ioc_error *err)
{
	struct ioc_os_jail_spec copy = *spec;

	copy.nparams = 0;
	return (__real_ioc_os_jail_prepare(os, &copy, ret, err));
}
#endif
