/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/compat.h"

#include <time.h>

uint64_t
ioc_now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec);
}
