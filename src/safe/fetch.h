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
	uint64_t	 max_bytes;	/* LIMIT when announced or received more;
					   out_fd is emptied if it holds more */
	char		 hex[IOC_SHA256_HEX];	/* result: of the whole file */
	uint64_t	 size;		/* result */
	bool		 pieced;	/* result: of more than one answer */
};

struct ioc_fetch {
	const char	*helper_dir;
	const char	*ca_file;	/* of the host; NULL: the system's */
	const char	*proxy;		/* NULL: none; the environment is ignored */
	int		 timeout_ms;	/* whole transfer; 0: one hour */
	/* of all files together, what was there before a resume included; less
	   than before when a file starts anew */
	int		(*progress)(uint64_t done, uint64_t total, void *arg);
	void		*arg;
};

/*
 * Fetches the files, 1 to IOC_FETCH_MAX of them, all at once by one worker; the
 * first failure ends all, and no result is filled in then.  What was received
 * stays in out_fd, for a resume.
 * TLS 1.2 or newer, certificate and name verified, at most 5 redirects a file,
 * all to HTTPS; a transfer slower than 1 KiB/s for 60 s is given up.
 *
 * A resume asks for the part behind what out_fd holds, and again when a
 * connection breaks, at most 8 times and as long as every answer brings some.  A
 * server that sends the whole instead, or another part, starts that file anew, as
 * does one that has less than is there.  The hash is always that of the whole
 * file, what was there before included: nobody knows where that came from.  A
 * wrong hash of what was pieced together therefore says nothing of the server: the
 * caller empties the file, fetches it once more without `resume`, and calls it
 * wrong only then.
 *
 * The hash is what a process says that has talked to the network.  A file is
 * verified by ioc_hash_fd(), through the descriptor that is then used.
 *
 * NETWORK with a sentence that names host, file and reason (name, connection,
 * certificate, status, short, stalled; err->sys is ENOENT after a status of
 * 404), TIMEOUT for the whole, INVALID (also for an output that is not a regular
 * file of its own, open for both, without O_APPEND), LIMIT, CANCELED.  An answer
 * that does not say where it ends is refused.
 */
int	ioc_fetch_urls(const struct ioc_fetch *f, struct ioc_fetch_file *files,
	    size_t n, struct ioc_error *err);

/* INVALID unless it is a plausible https URL without user, spaces, controls. */
int	ioc_fetch_judge_url(const char *url, struct ioc_error *err);

#endif /* SAFE_FETCH_H */
