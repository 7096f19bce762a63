/* SPDX-License-Identifier: BSD-2-Clause */
/* Downloads: HTTPS only, into a descriptor, by a sandboxed worker. */
#ifndef SAFE_FETCH_H
#define SAFE_FETCH_H

#include "base/error.h"
#include "safe/hash.h"

#define	IOC_FETCH_MAX	8		/* files at once */

struct ioc_fetch_file {
	const char	*url;		/* https:// only, else INVALID */
	int		 out_fd;	/* a regular file, open for reading and
					   writing; what it holds is the beginning
					   of the file when `resume`, else gone */
	bool		 resume;	/* go on where it ends, if the server can */
	uint64_t	 max_bytes;	/* LIMIT when announced or received more */
	char		 hex[IOC_SHA256_HEX];	/* result: of the whole file */
	uint64_t	 size;		/* result */
};

struct ioc_fetch {
	const char	*helper_dir;
	const char	*ca_file;	/* of the host; NULL: the system's */
	const char	*proxy;		/* NULL: none; the environment is ignored */
	int		 timeout_ms;	/* whole transfer; 0: one hour */
	/* of all files together */
	int		(*progress)(uint64_t done, uint64_t total, void *arg);
	void		*arg;
};

/*
 * Fetches the files, at most IOC_FETCH_MAX, all at once by one worker; the first
 * failure ends all.  What was received stays in out_fd, for a resume.
 * TLS 1.2 or newer, certificate and name verified, at most 5 redirects, all to
 * HTTPS; a transfer slower than 1 KiB/s for 60 s is given up.  A server that
 * has another part than was asked for starts that file anew; the hash is always
 * that of the whole file.
 * NETWORK with a sentence that names the reason (name, connection, certificate,
 * status 404 (err->sys is ENOENT then), short, stalled), TIMEOUT for the whole,
 * INVALID, LIMIT, CANCELED.  An answer that does not say where it ends is
 * refused.
 */
int	ioc_fetch_urls(const struct ioc_fetch *f, struct ioc_fetch_file *files,
	    size_t n, struct ioc_error *err);

/* INVALID unless it is a plausible https URL without user, spaces, controls. */
int	ioc_fetch_judge_url(const char *url, struct ioc_error *err);

#endif /* SAFE_FETCH_H */
