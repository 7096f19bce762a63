/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/quote.h"

#include <string.h>

#include "base/str.h"

void
ioc_quote_sh(struct ioc_buf *b, const char *text)
{
	(void)ioc_buf_addc(b, '\'');
	for (; *text != '\0'; text++)
		/* Out of the quotes, a quote, and in again. */
		(void)(*text == '\'' ? ioc_buf_adds(b, "'\\''") :
		    ioc_buf_addc(b, *text));
	(void)ioc_buf_addc(b, '\'');
}

void
ioc_quote_rcconf(struct ioc_buf *b, const char *text)
{
	(void)ioc_buf_addc(b, '"');
	for (; *text != '\0'; text++) {
		if (strchr("\\\"$`", *text) != NULL)
			(void)ioc_buf_addc(b, '\\');
		(void)ioc_buf_addc(b, *text);
	}
	(void)ioc_buf_addc(b, '"');
}

int
ioc_quote_rctl(struct ioc_buf *b, const char *text, struct ioc_error *err)
{
	size_t len = strlen(text);

	if (len == 0 || len > 255)
		return (ioc_fail(err, IOC_INVALID, "\"%s\" is no part of a "
		    "rule: %s", IOC_SHOW(text), len == 0 ? "it is empty" :
		    "it is longer than 255 bytes"));
	for (const char *p = text; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr(":=/,", *p) != NULL)
			return (ioc_fail(err, IOC_INVALID, "\"%s\" is no part "
			    "of a rule: it has \"%s\" in it", IOC_SHOW(text),
			    IOC_SHOW(((char[2]){ *p, '\0' }))));
	(void)ioc_buf_add(b, text, len);
	return (0);
}

void
ioc_quote_fstab(struct ioc_buf *b, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (strchr(" \t\n\v\f\r\\", *p) != NULL ||
		    (*p == '#' && p == text))
			(void)ioc_buf_addf(b, "\\%03o",
			    (unsigned)(unsigned char)*p);
		else
			(void)ioc_buf_addc(b, *p);
	}
}

/* The byte of three octal digits, or 0. */
static unsigned
octal(const char *p, size_t len)
{
	unsigned v = 0;

	if (len < 3)
		return (0);
	for (size_t i = 0; i < 3; i++) {
		if (p[i] < '0' || p[i] > '7')
			return (0);
		v = v * 8 + (unsigned)(p[i] - '0');
	}
	return (v <= 0xff ? v : 0);
}

void
ioc_unquote_fstab(struct ioc_buf *b, const char *field, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned byte;

		if (field[i] != '\\' || i + 1 == len) {
			(void)ioc_buf_addc(b, field[i]);
			continue;
		}
		byte = octal(field + i + 1, len - i - 1);
		if (byte != 0) {
			(void)ioc_buf_addc(b, (char)byte);
			i += 3;
		} else
			(void)ioc_buf_addc(b, field[++i]);
	}
}
