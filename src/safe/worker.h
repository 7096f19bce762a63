/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work on foreign bytes, done by another program in a sandbox.
 *
 * `ioc-worker` is executed (so it inherits no memory), given descriptors and a
 * request, and sandboxed by itself before it looks at the first foreign byte:
 * see os/sandbox.h.  It links the parsers and the network library, which
 * therefore never exist in the process that has the host's rights.
 *
 * Protocol: on descriptor 3 a SOCK_SEQPACKET pair; every message is one packet:
 * a struct ioc_worker_msg followed by `len` bytes of text (no pointers, no
 * padding that is not zeroed).  The parent sends one REQUEST, whose text is
 * "key\0value\0..." pairs; the worker answers with PROGRESS packets and one
 * DONE or FAILED.  The parent trusts none of it: lengths, kinds and codes are
 * judged, text is escaped.
 */
#ifndef SAFE_WORKER_H
#define SAFE_WORKER_H

#include "base/error.h"
#include "base/strv.h"

enum ioc_worker_role {
	IOC_WORKER_FETCH,	/* network, unprivileged uid, writes one descriptor */
	IOC_WORKER_PARSE,	/* no network, unprivileged uid, no file system */
	IOC_WORKER_EXTRACT,	/* no network, may set owners and modes beneath
				   one directory descriptor */
	IOC_WORKER_VERIFY,	/* no network, reads beneath its directories */
};

enum ioc_worker_kind {
	IOC_MSG_REQUEST = 1,
	IOC_MSG_PROGRESS,	/* a = done, b = total (0: unknown) */
	IOC_MSG_DONE,		/* text: "key\0value\0..." of results */
	IOC_MSG_FAILED,		/* code, sys, text: the sentence */
};

struct ioc_worker_msg {
	uint32_t	kind;
	int32_t		code;
	int32_t		sys;
	uint32_t	len;
	uint64_t	a;
	uint64_t	b;
};

#define	IOC_WORKER_TEXT_MAX	(64 * 1024)
#define	IOC_WORKER_FDS		32	/* of one job, at most */

struct ioc_worker_job {
	enum ioc_worker_role role;
	const char	*helper_dir;	/* where ioc-worker is */
	const char	*verb;		/* "fetch", "extract" */
	struct ioc_strv	 request;	/* key, value, key, value ... */
	const int	*fds;		/* become 4, 5, ... in the worker */
	size_t		 nfds;
	int		 timeout_ms;	/* 0: none but that of the progress */
	uint64_t	 max_memory;	/* bytes, 0: 512 MiB */
	int		(*progress)(uint64_t done, uint64_t total, void *arg);
	void		*arg;
};

/*
 * Runs a job to its end; `results` gets the key/value pairs of DONE.  The
 * worker's own error is passed on with its code.  A worker that dies, lies or
 * hangs is CHILD, FORMAT or TIMEOUT.  Not 0 from progress: CANCELED.
 */
int	ioc_worker_run(const struct ioc_worker_job *job,
	    struct ioc_strv *results, struct ioc_error *err);

/* The value of a key among results, NULL when it is not there. */
const char *ioc_worker_value(const struct ioc_strv *results, const char *key);

/*
 * The directory of the helper programs: "ioc" beside the shared library that
 * this code is part of (or beside the program that it is linked into).
 */
int	ioc_worker_helper_dir(char **ret, struct ioc_error *err);

#endif /* SAFE_WORKER_H */
