/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of ioc-worker share: the conversation and the verbs. */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "base/error.h"
#include "base/strv.h"
#include "os/sandbox.h"
#include "safe/worker.h"

#define	WORKER_SOCKET	3	/* to the parent */
#define	WORKER_FD	4	/* the first descriptor of the job */

/* What the parent asked for. */
struct ioc_request {
	struct ioc_strv	 pairs;
	uint64_t	 role;
	uint64_t	 nfds;
	uint64_t	 max_memory;
};

/* msg.c */
int	ioc_msg_request(struct ioc_request *ret, struct ioc_error *err);
/* Sent ten times a second at most; CANCELED when the parent is gone. */
int	ioc_msg_progress(uint64_t done, uint64_t total, struct ioc_error *err);
int	ioc_msg_done(const struct ioc_strv *results);
int	ioc_msg_failed(const struct ioc_error *err);
/* For atexit(3): the failure of one that a library has ended. */
void	ioc_msg_gave_up(void);

/* The value of a key of the request, INVALID when it is missing. */
int	ioc_request_text(const struct ioc_request *q, const char *key,
	    const char **ret, struct ioc_error *err);
int	ioc_request_number(const struct ioc_request *q, const char *key,
	    uint64_t *ret, struct ioc_error *err);

/*
 * A verb: enters its sandbox by ioc_verb_sandbox() before it looks at the
 * first foreign byte, works, and adds results.
 */
int	ioc_verb_fetch(const struct ioc_request *q, struct ioc_strv *results,
	    struct ioc_error *err);
int	ioc_verb_hash(const struct ioc_request *q, struct ioc_strv *results,
	    struct ioc_error *err);
int	ioc_verb_extract(const struct ioc_request *q, struct ioc_strv *results,
	    struct ioc_error *err);
int	ioc_verb_manifest(const struct ioc_request *q, struct ioc_strv *results,
	    struct ioc_error *err);
int	ioc_verb_listing(const struct ioc_request *q, struct ioc_strv *results,
	    struct ioc_error *err);

int	ioc_verb_verify(const struct ioc_request *q, struct ioc_strv *results,
	    struct ioc_error *err);
int	ioc_verb_head(const struct ioc_request *q, struct ioc_strv *results,
	    struct ioc_error *err);
int	ioc_verb_pack(const struct ioc_request *q, struct ioc_strv *results,
	    struct ioc_error *err);
int	ioc_verb_unpack(const struct ioc_request *q, struct ioc_strv *results,
	    struct ioc_error *err);
int	ioc_verb_record(const struct ioc_request *q, struct ioc_strv *results,
	    struct ioc_error *err);
int	ioc_verb_merge(const struct ioc_request *q, struct ioc_strv *results,
	    struct ioc_error *err);

/* Fills in the request's limit; UNSUPPORTED without a system call filter. */
int	ioc_verb_sandbox(const struct ioc_request *q, struct ioc_sandbox *s,
	    struct ioc_strv *results, struct ioc_error *err);

#endif /* WORKER_WORKER_H */
