/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The form that nearly every config.json has, read in one pass: one JSON object
 * of strings without escapes or bytes beyond ASCII.  It is a matter of speed
 * alone: what is not of that form, right or wrong, is left to the JSON parser.
 */
#ifndef CONF_FLAT_H
#define CONF_FLAT_H

#include <stddef.h>

struct ioc_flat {
	size_t	n;
	struct {
		const char	*key;
		const char	*value;
	} v[];		/* the texts stand behind it */
};

/* NULL: not of that form, or no memory.  Ended by free(). */
struct ioc_flat *ioc_flat_parse(const char *text, size_t len);

/* The value of a key, NULL when it is not there. */
const char *ioc_flat_get(const struct ioc_flat *f, const char *key);

#endif /* CONF_FLAT_H */
