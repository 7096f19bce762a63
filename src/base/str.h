/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers, sizes, booleans and the escaping of untrusted text. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/buf.h"
#include "base/error.h"

/* Whole decimal numbers, nothing before or behind; INVALID otherwise. */
int	ioc_str_to_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret,
	    struct ioc_error *err);
int	ioc_str_to_i64(const char *s, int64_t min, int64_t max, int64_t *ret,
	    struct ioc_error *err);

/* A number with an optional suffix K M G T P (powers of 1024, either case). */
int	ioc_str_to_size(const char *s, uint64_t *ret, struct ioc_error *err);

/* yes true on 1 / no false off 0, in any case; INVALID otherwise. */
int	ioc_str_to_bool(const char *s, bool *ret, struct ioc_error *err);

/* True for the words that mean "no value": "none", "-" and the empty string. */
bool	ioc_str_is_none(const char *s);

bool	ioc_str_starts(const char *s, const char *prefix);
bool	ioc_str_ends(const char *s, const char *suffix);
/* "ab", to be freed; NULL: no memory.  Cheaper than asprintf() of a thousand. */
char	*ioc_str_join(const char *a, const char *b);
/* True when all of it is valid UTF-8 (no overlong forms, no surrogates). */
bool	ioc_str_is_utf8(const char *s);

/*
 * Appends foreign bytes so that a terminal, a log and an error message show
 * them harmlessly: control characters, bytes that are not valid UTF-8, bidi
 * controls and backslashes become \n, \t, \\ or \xHH.
 */
int	ioc_str_escape(struct ioc_buf *b, const char *s, size_t len);

/*
 * The same into a fixed buffer, for messages: cut with "..." when too long.
 * Returns out, so that it can stand in an argument list.
 */
const char *ioc_str_show(char *out, size_t outlen, const char *s);
#define	IOC_SHOW(s)	ioc_str_show((char[200]){ 0 }, 200, (s))

/* "12.3M": at most 5 characters and a NUL into out. */
const char *ioc_str_human(char out[8], uint64_t bytes);

#endif /* BASE_STR_H */
