/* SPDX-License-Identifier: BSD-2-Clause */
/* Merging what two sides have made of a text. */
#ifndef WORKER_MERGE_H
#define WORKER_MERGE_H

#include "base/vec.h"
#include "safe/merge.h"

struct ioc_merge_text {
	const char	*text;
	size_t		 len;
};

/* A part of the result: bytes of an input, or where a side of a conflict begins. */
struct ioc_merge_run {
	char		 what;		/* IOC_MERGE_* */
	size_t		 at, len;	/* of an input */
};

struct ioc_merge_runs {
	struct ioc_merge_run *v;
	size_t		 n;
	size_t		 cap;
};

void	ioc_merge_runs_fini(struct ioc_merge_runs *r);

/* Appends one; joined to the one before where it goes on. */
int	ioc_merge_add(struct ioc_merge_runs *r, char what, size_t at,
	    size_t len, struct ioc_error *err);

/*
 * By lines, as diff3(1) does; in[] is base, ours, theirs.  LIMIT: too many lines,
 * or too different.
 */
int	ioc_merge_lines(const struct ioc_merge_text in[3],
	    struct ioc_merge_runs *ret, struct ioc_error *err);

/*
 * Of passwd(5) and its kin, by entries and their fields; an entry has its key
 * before the first ":".  UNSUPPORTED: a key is there twice, or there are more than
 * IOC_ENTRIES_MAX: by lines, then.
 */
#define	IOC_ENTRIES_MAX	5000
int	ioc_merge_entries(const struct ioc_merge_text in[3],
	    struct ioc_merge_runs *ret, struct ioc_error *err);

#endif /* WORKER_MERGE_H */
