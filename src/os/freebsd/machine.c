/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs for other processors: 32-bit ones, and what binmiscctl(8) knows. */
#include "os/freebsd/freebsd.h"

#include <sys/module.h>
#include <sys/sysctl.h>

#include <elf.h>
#include <string.h>

bool
ioc_os_emulates(const struct ioc_os *os, unsigned machine)
{
	const char *arch = os->facts.arch;
	size_t len = 0;

	if (((machine == EM_386 && strcmp(arch, "amd64") == 0) ||
	    (machine == EM_ARM && strcmp(arch, "arm64") == 0)) &&
	    sysctlbyname("kern.features.compat_freebsd_32bit", NULL, &len,
	    NULL, 0) == 0)
		return (true);
	/* What is registered with it is not looked at. */
	return (modfind("imgact_binmisc") >= 0);
}
