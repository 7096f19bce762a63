/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way from the judge to the writer, which works in a thread of its own
 * behind it: members and their content in a ring of fixed size, in their order.
 * Content is hashed on the judge's side: the writer has the more to do.
 */
#ifndef WORKER_PIPE_H
#define WORKER_PIPE_H

#include "worker/judge.h"
#include "worker/sha256.h"
#include "worker/writer.h"

struct ioc_pipe;

/*
 * Starts the thread; from now on the writer is touched by it alone.  The table
 * is the judge's, the hash the caller's, made before the sandbox is entered.
 */
int	ioc_pipe_new(struct ioc_writer *w, struct ioc_table *table,
	    struct ioc_sha256 *hash, struct ioc_pipe **ret,
	    struct ioc_error *err);
/* Ends the thread, whatever is still under way is dropped. */
void	ioc_pipe_free(struct ioc_pipe *p);
IOC_DEFINE_AUTO(struct ioc_pipe, ioc_pipe_free);

/*
 * What ioc_writer_make, _data and _close do, later.  Each waits while the ring
 * is full, and returns the writer's error as soon as there is one, with the
 * name of its member.  _close puts the digest of the content into the table.
 */
int	ioc_pipe_make(struct ioc_pipe *p, const struct ioc_member *m,
	    struct ioc_error *err);
int	ioc_pipe_data(struct ioc_pipe *p, const void *data, size_t len,
	    uint64_t offset, struct ioc_error *err);
int	ioc_pipe_close(struct ioc_pipe *p, const struct ioc_member *m,
	    struct ioc_error *err);

/*
 * Waits until all that was handed over is written, and ends the thread: 0, or
 * the writer's error.  An error of the judge stands behind all of this in the
 * archive, so the writer's is the first.
 */
int	ioc_pipe_finish(struct ioc_pipe *p, struct ioc_error *err);

#endif /* WORKER_PIPE_H */
