/* SPDX-License-Identifier: BSD-2-Clause */
#include "ioc/base.h"

const char *
ioc_version(void)
{
	return (IOC_VERSION);
}
