/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/sandbox.h"

#include <errno.h>

/* Nothing that FreeBSD fetches asks for it; who does is told. */
int
ioc_sandbox_writes(int dirfd, const char *path)
{
	(void)dirfd;
	(void)path;
	errno = ENOSYS;
	return (-1);
}
