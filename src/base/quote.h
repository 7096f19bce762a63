/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any text as one word of a grammar: one function each, and nothing else puts
 * text of others into a shell, an fstab or an rc.conf.  What the grammar's own
 * reader makes of the word is the text again, byte for byte.
 *
 * JSON is printed by base/json.h, text for terminals and cells of tables by
 * ioc_str_escape().  Interfaces are set by ioctl(2), no text is made for that.
 *
 * All of them append to the buffer, which tells of failures.
 */
#ifndef BASE_QUOTE_H
#define BASE_QUOTE_H

#include "base/buf.h"
#include "base/error.h"

/* One word of sh(1), in single quotes: no byte in it means anything there. */
void	ioc_quote_sh(struct ioc_buf *b, const char *text);

/*
 * The value of a variable in rc.conf(5), in double quotes, as the scripts of rc
 * read it by sh and rc.conf's editors write it.
 */
void	ioc_quote_rcconf(struct ioc_buf *b, const char *text);

/*
 * One field of a rule of rctl(8), which cannot be quoted: text that is empty, is
 * longer than 255 bytes or has ":", "=", "/", ",", blanks, control characters or
 * what is not ASCII is refused, INVALID, and nothing is added.
 */
int	ioc_quote_rctl(struct ioc_buf *b, const char *text,
	    struct ioc_error *err);

/*
 * One field of fstab(5): blanks, newlines, backslashes and a "#" at the begin
 * as octal escapes.  An empty text is no field.
 */
void	ioc_quote_fstab(struct ioc_buf *b, const char *text);

/*
 * The text of a field of fstab(5), read as libioc's predecessors wrote it, too:
 * "\040" is any byte in octal (but NUL), a backslash before another character
 * stands for that character ("\ "), and one at the end for itself.
 */
void	ioc_unquote_fstab(struct ioc_buf *b, const char *field, size_t len);

#endif /* BASE_QUOTE_H */
