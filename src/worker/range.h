/* SPDX-License-Identifier: BSD-2-Clause */
/* What an answer says of the part that it holds: Content-Range. */
#ifndef WORKER_RANGE_H
#define WORKER_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ioc_range {
	uint64_t	first;
	uint64_t	last;		/* the last byte, not the one behind it */
	uint64_t	total;		/* of the whole file */
	bool		none;		/* no part: the file's size alone is told */
};

/*
 * Reads "bytes FIRST-LAST/TOTAL", or "bytes *" before "/TOTAL".  False for
 * anything else: another unit, a size that is not known, numbers that
 * contradict each other or are too large, a blank too many.
 */
bool	ioc_range_parse(const char *text, struct ioc_range *ret);

#endif /* WORKER_RANGE_H */
