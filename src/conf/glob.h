/* SPDX-License-Identifier: BSD-2-Clause */
/* Patterns of "*" (any characters, also none) and "+" (one or more). */
#ifndef CONF_GLOB_H
#define CONF_GLOB_H

#include "base/error.h"

/* Literal text between wildcards. */
struct ioc_glob_part {
	size_t	off;
	size_t	len;
	size_t	gap;	/* characters that must stand before it at least */
};

/*
 * A compiled pattern: the first part stands at the beginning of the text, the
 * last at its end; without a wildcard there is one part, the whole `text`.
 */
struct ioc_glob {
	char			*text;	/* literal characters, unescaped */
	struct ioc_glob_part	*parts;
	size_t			 nparts;
	uint32_t		*borders; /* one for each character of text */
};

/*
 * Compiles `len` bytes of a pattern; "\" makes the next character literal.
 * INVALID when it ends in a lone "\", LIMIT when it is longer than 16 MiB.
 */
int	ioc_glob_init(struct ioc_glob *g, const char *pattern, size_t len,
	    struct ioc_error *err);
void	ioc_glob_fini(struct ioc_glob *g);

/* True for a pattern without a wildcard. */
static inline bool
ioc_glob_is_plain(const struct ioc_glob *g)
{
	return (g->nparts == 1);
}

/* Time is linear in the length of text and pattern. */
bool	ioc_glob_match(const struct ioc_glob *g, const char *text);

#endif /* CONF_GLOB_H */
