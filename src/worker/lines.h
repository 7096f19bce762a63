/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts as lines that are numbered, so that equal ones have the same number. */
#ifndef WORKER_LINES_H
#define WORKER_LINES_H

#include <stddef.h>

#include "base/error.h"

#define	IOC_LINES_MAX	50000	/* of one text */
#define	IOC_EDITS_MAX	3000	/* lines by which two texts may differ */

struct ioc_lines {
	const char	*text;		/* borrowed */
	size_t		 n;
	size_t		*at;		/* n + 1 offsets */
	int		*id;		/* n numbers */
};

/* The lines of a text, each with its newline, if it has one. */
int	ioc_lines_split(const char *text, size_t len, struct ioc_lines *ret,
	    struct ioc_error *err);
void	ioc_lines_fini(struct ioc_lines *l);

static inline size_t
ioc_line_len(const struct ioc_lines *l, size_t i)
{
	return (l->at[i + 1] - l->at[i]);
}

/*
 * Numbers the lines of all texts from 0 on; *count is how many there are.  With
 * `key` a line is what stands before its first ":".
 */
int	ioc_lines_number(struct ioc_lines *const *texts, size_t n, bool key,
	    size_t *count, struct ioc_error *err);

/*
 * A longest common subsequence: for each line of `a` that of `b` which it
 * becomes, or -1.  LIMIT: they differ by more than IOC_EDITS_MAX lines.
 */
int	ioc_lines_match(const struct ioc_lines *a, const struct ioc_lines *b,
	    int *match, struct ioc_error *err);

#endif /* WORKER_LINES_H */
