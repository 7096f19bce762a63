/* SPDX-License-Identifier: BSD-2-Clause */
/* One file of a download: its requests, one after the other, and its bytes. */
#ifndef WORKER_TRANSFER_H
#define WORKER_TRANSFER_H

#include <curl/curl.h>

#include "base/buf.h"
#include "base/error.h"
#include "worker/range.h"
#include "worker/sha256.h"

#define	IOC_TRANSFER_SLOW	1024	/* bytes a second, and less is too slow */

/* What all files of a job share. */
struct ioc_transfers {
	const char	*proxy;		/* or NULL */
	struct ioc_buf	 ca;		/* authorities in PEM; empty: the system's */
	uint64_t	 deadline;	/* on the clock of ioc_now_ns() */
	uint64_t	 slow_s;	/* seconds that a slow one is given */
};

struct ioc_transfer {
	const struct ioc_transfers *job;
	CURL		*curl;
	struct curl_slist *headers;	/* of the present request */
	struct ioc_sha256 *hash;	/* of the first `done` bytes of the file */
	char		*url;		/* of the present request */
	int		 fd;
	bool		 resume;
	bool		 ended;
	uint64_t	 max;
	uint64_t	 from;		/* asked for from here on; 0: the whole */
	uint64_t	 done;		/* bytes of the file that are there */
	uint64_t	 total;		/* bytes of the whole; 0: not known */
	unsigned	 hops;		/* redirects so far */
	unsigned	 breaks;	/* answers that broke off and were gone on with */

	/* The present answer. */
	uint64_t	 ignored;	/* bytes of a page that nobody asked for */
	bool		 chunked;	/* it has an end of its own */
	bool		 begun;		/* its head has been judged */
	bool		 anew;		/* of no use: ask for the whole */
	unsigned	 ranges;	/* Content-Range lines */
	bool		 range_good;
	struct ioc_range range;

	char		 name[64];	/* of the file, as first asked for */
	char		 label[330];	/* the present host and it, for sentences */
	char		 detail[CURL_ERROR_SIZE];
	struct ioc_error err;
	int		 failed;	/* in a callback; the error is in `err` */
};

/*
 * Before the sandbox: the handle, the hash and the first URL, which has been
 * judged.  The other members are the caller's to fill in.
 */
int	ioc_transfer_init(struct ioc_transfer *t, const char *url,
	    struct ioc_error *err);

/*
 * In the sandbox: hashes what a file that is to be resumed has, or empties it.
 * tell() is called again and again; not 0 from it ends all with that code.
 */
int	ioc_transfer_prepare(struct ioc_transfer *t, int (*tell)(void *arg),
	    void *arg);

/* Makes the handle ready for the next request, of t->url. */
int	ioc_transfer_request(struct ioc_transfer *t);

/* Puts the present host, of a URL that has been judged, into t->label. */
void	ioc_transfer_label(struct ioc_transfer *t);

/* Callbacks of libcurl: a header line, and a piece of the body. */
size_t	ioc_transfer_header(char *line, size_t size, size_t n, void *arg);
size_t	ioc_transfer_data(char *data, size_t size, size_t n, void *arg);

/*
 * Judges how a request has ended.  *again: there must be another one, since it
 * was a redirect, an answer of no use, or one that broke off; else the file is
 * whole.
 */
int	ioc_transfer_result(struct ioc_transfer *t, CURLcode code, bool *again);

/* The time is up, of all that has been asked for. */
int	ioc_transfer_late(struct ioc_transfer *t);

#endif /* WORKER_TRANSFER_H */
