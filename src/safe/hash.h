/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 as text, and of files: computed by the sandboxed worker. */
#ifndef SAFE_HASH_H
#define SAFE_HASH_H

#include "base/error.h"

#define	IOC_SHA256_HEX	65	/* 64 lower-case digits and a NUL */

/* 64 hexadecimal digits in either case, copied as lower case; else INVALID. */
int	ioc_hash_parse(const char *text, char hex[IOC_SHA256_HEX],
	    struct ioc_error *err);

/*
 * The hash of the whole file behind a descriptor, read from offset 0; its
 * position does not move.
 */
int	ioc_hash_fd(const char *helper_dir, int fd, char hex[IOC_SHA256_HEX],
	    struct ioc_error *err);

#endif /* SAFE_HASH_H */
