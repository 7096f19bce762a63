/* SPDX-License-Identifier: BSD-2-Clause */
/* A writer of JSON documents. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE	*f;
	bool	 pretty;	/* indented, else one line */
	unsigned depth;
	bool	 empty;		/* nothing yet in the innermost one */
	bool	 keyed;		/* a key has been written, its value not */
	char	 closers[16];
};

/* Begins a document: an object with "schema": 1. */
void	json_open(struct json *j, FILE *f, bool pretty);
/* Ends whatever is open, and the line. */
void	json_close(struct json *j);

void	json_key(struct json *j, const char *key);
void	json_begin_object(struct json *j);
void	json_begin_array(struct json *j);
void	json_end(struct json *j);

/* Any bytes: what is not UTF-8 becomes U+FFFD; NULL becomes null. */
void	json_text(struct json *j, const char *s);
void	json_int(struct json *j, int64_t v);
void	json_bool(struct json *j, bool v);
void	json_add_null(struct json *j);
/* Text that is JSON already; only made harmless for a terminal. */
void	json_raw(struct json *j, const char *s);

/*
 * The next character of a text: its length, and its code point in *cp, or 1
 * with *cp = UINT32_MAX for a byte that is not UTF-8.
 */
size_t	utf8_next(const char *s, uint32_t *cp);
/* True for code points that change how the text around them is shown. */
bool	utf8_is_control(uint32_t cp);
/* The columns that a valid text takes on a terminal. */
size_t	utf8_width(const char *s);

#endif /* CLI_JSON_H */
