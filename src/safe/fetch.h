/* SPDX-License-Identifier: BSD-2-Clause */
/* Downloads: HTTPS only, into a descriptor, by a sandboxed worker. */
#ifndef SAFE_FETCH_H
#define SAFE_FETCH_H

#include "base/error.h"
#include "safe/hash.h"

struct ioc_fetch {
	const char	*helper_dir;
	const char	*url;		/* https:// only, else INVALID */
	const char	*ca_file;	/* of the host; NULL: the system's */
	const char	*proxy;		/* NULL: none; the environment is ignored */
	uint64_t	 max_bytes;	/* LIMIT when announced or received more */
	int		 timeout_ms;	/* whole transfer; 0: one hour */
	int		 out_fd;	/* open for writing, written from offset 0 */
	int		(*progress)(uint64_t done, uint64_t total, void *arg);
	void		*arg;
};

/*
 * Fetches the URL; `hex` (may be NULL) gets the SHA-256 of what was received.
 * TLS 1.2 or newer, certificate and name verified, at most 5 redirects, all to
 * HTTPS; a transfer slower than 1 KiB/s for 60 s is given up.
 * NETWORK with a sentence that names the reason (name, connection, certificate,
 * status 404, short, stalled), TIMEOUT for the whole, INVALID, LIMIT, CANCELED.
 * An answer that does not say where it ends is refused.  What `out_fd`, a
 * regular file, held before is gone.
 */
int	ioc_fetch_url(const struct ioc_fetch *f, char hex[IOC_SHA256_HEX],
	    struct ioc_error *err);

/* INVALID unless it is a plausible https URL without user, spaces, controls. */
int	ioc_fetch_judge_url(const char *url, struct ioc_error *err);

#endif /* SAFE_FETCH_H */
