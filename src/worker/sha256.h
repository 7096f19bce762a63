/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 piece by piece. */
#ifndef WORKER_SHA256_H
#define WORKER_SHA256_H

#include "base/error.h"
#include "safe/hash.h"

struct ioc_sha256;

int	ioc_sha256_new(struct ioc_sha256 **ret, struct ioc_error *err);
void	ioc_sha256_free(struct ioc_sha256 *h);
int	ioc_sha256_add(struct ioc_sha256 *h, const void *data, size_t len,
	    struct ioc_error *err);
/* From the start again. */
int	ioc_sha256_reset(struct ioc_sha256 *h, struct ioc_error *err);
/* Either, once, at the end. */
int	ioc_sha256_raw(struct ioc_sha256 *h, uint8_t digest[32],
	    struct ioc_error *err);
int	ioc_sha256_hex(struct ioc_sha256 *h, char hex[IOC_SHA256_HEX],
	    struct ioc_error *err);

static inline void
ioc_sha256_freep(struct ioc_sha256 **h)
{
	ioc_sha256_free(*h);
}

#define	auto_sha256	IOC_AUTO(ioc_sha256_freep)

#endif /* WORKER_SHA256_H */
