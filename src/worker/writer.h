/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes what the judge has accepted, beneath one directory descriptor. */
#ifndef WORKER_WRITER_H
#define WORKER_WRITER_H

#include "worker/judge.h"

struct ioc_writer;

/* The table is the judge's. */
int	ioc_writer_new(int dir_fd, struct ioc_table *table,
	    struct ioc_writer **ret, struct ioc_error *err);
void	ioc_writer_free(struct ioc_writer *w);
IOC_DEFINE_AUTO(struct ioc_writer, ioc_writer_free);

/*
 * Makes a member; a file is then filled with _data, from its start to its end,
 * and ended with _close.  Errors bear the member's name.
 */
int	ioc_writer_make(struct ioc_writer *w, const struct ioc_member *m,
	    struct ioc_error *err);
int	ioc_writer_data(struct ioc_writer *w, const void *data, size_t len,
	    uint64_t offset, struct ioc_error *err);
int	ioc_writer_close(struct ioc_writer *w, const struct ioc_member *m,
	    struct ioc_error *err);

/*
 * Gives every directory its owner, mode and time, which nothing changes any
 * more, and then everything its file flags, which may forbid any change; the
 * root becomes 0755 of root.
 */
int	ioc_writer_finish(struct ioc_writer *w, struct ioc_error *err);

#endif /* WORKER_WRITER_H */
