/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the test of downloads share: a server, a file, a tally. */
#ifndef TESTS_FETCH_WORLD_H
#define TESTS_FETCH_WORLD_H

#include "base/error.h"
#include "safe/fetch.h"
#include "tls_server.h"

extern struct tls_server server;
extern struct ioc_fetch how;	/* of all fetches */
extern struct ioc_error err;	/* of the last one */
extern int failures;
extern int out;			/* the file that is fetched into */

void	check(bool good, const char *name, const char *what,
	    const char *detail);
/* Valid until it is called for the fourth time after. */
const char *url_of(enum tls_kind kind, const char *path);
/* A fetch into `out`, which is filled with something else. */
struct ioc_fetch_file job(const char *url);
int	fetch_one(struct ioc_fetch_file *f);
/* `out` gets the first bytes of the body of /ok, and zeroes behind it. */
void	begin_with(size_t len);
/* True when a file is the body of /ok. */
bool	is_body(int fd);

/* fetch_resume.c, fetch_several.c, fetch_cache.c, fetch_worker.c */
void	resumes(void);
void	several(void);
void	caches(void);
void	workers(void);

#endif /* TESTS_FETCH_WORLD_H */
