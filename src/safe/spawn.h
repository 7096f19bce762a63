/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting ioc-worker with a socket and the descriptors of its job. */
#ifndef SAFE_SPAWN_H
#define SAFE_SPAWN_H

#include <sys/types.h>

#include "base/error.h"

/*
 * Executes `helper_dir`/ioc-worker in a session of its own: /dev/null as 0-2,
 * its end of a SOCK_SEQPACKET pair as 3, `fds` as 4, 5, ..., nothing else;
 * default signals, an environment made from nothing.  *sock is our end.
 * CHILD with err->sys set when it cannot be executed.
 */
int	ioc_spawn_worker(const char *helper_dir, const int *fds, size_t nfds,
	    pid_t *pid, int *sock, struct ioc_error *err);

#endif /* SAFE_SPAWN_H */
