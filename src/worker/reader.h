/* SPDX-License-Identifier: BSD-2-Clause */
/* A tar archive as a stream of members, with a guard against bombs. */
#ifndef WORKER_READER_H
#define WORKER_READER_H

#include <archive.h>
#include <archive_entry.h>

#include "base/cleanup.h"
#include "base/error.h"

struct ioc_reader;

/*
 * tar inside xz (decoded by `threads` threads), zstd, gzip, bzip2 or nothing,
 * once; read from offset 0.  FORMAT when it is anything else.
 */
int	ioc_reader_open(int fd, unsigned threads, struct ioc_reader **ret,
	    struct ioc_error *err);
void	ioc_reader_close(struct ioc_reader *rd);
IOC_DEFINE_AUTO(struct ioc_reader, ioc_reader_close);

/*
 * The next member, NULL at the end of the archive.  FORMAT when damaged or
 * truncated, also when there is no end-of-archive mark; LIMIT when more than
 * 256 MiB came out of less than a thousandth of it, or when the decoder of xz
 * wants more than 100 MiB of memory.
 */
int	ioc_reader_next(struct ioc_reader *rd, struct archive_entry **e,
	    struct ioc_error *err);
/* The next block of its content; *data is NULL at its end. */
int	ioc_reader_block(struct ioc_reader *rd, const void **data, size_t *len,
	    int64_t *offset, struct ioc_error *err);

/* Bytes of the file that were read. */
uint64_t ioc_reader_consumed(const struct ioc_reader *rd);

#endif /* WORKER_READER_H */
