/* SPDX-License-Identifier: BSD-2-Clause */
/* Growing bytes with a stated maximum; always NUL-terminated. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/cleanup.h"
#include "base/error.h"

/*
 * `data` is never NULL after the first successful append and always has a NUL
 * after its `len` bytes.  Appending past `max` is a LIMIT error.  The first
 * failure sticks: later appends do nothing and return it again, so that a
 * sequence of appends needs one check at its end (ioc_buf_check).
 */
struct ioc_buf {
	char	*data;
	size_t	 len;
	size_t	 cap;
	size_t	 max;
	int	 failed;	/* 0 or the code of the first failure */
};

#define	IOC_BUF(limit)	{ .data = NULL, .len = 0, .cap = 0, .max = (limit), .failed = 0 }

void	ioc_buf_fini(struct ioc_buf *b);
int	ioc_buf_add(struct ioc_buf *b, const void *data, size_t len);
int	ioc_buf_adds(struct ioc_buf *b, const char *s);
int	ioc_buf_addc(struct ioc_buf *b, char c);
int	ioc_buf_addf(struct ioc_buf *b, const char *fmt, ...) IOC_PRINTF(2, 3);
/* Room for `len` more bytes behind the end; they count after ioc_buf_commit. */
int	ioc_buf_reserve(struct ioc_buf *b, size_t len);
void	ioc_buf_commit(struct ioc_buf *b, size_t len);
void	ioc_buf_clear(struct ioc_buf *b);
/* 0, or the first failure as an error ("text longer than N bytes"). */
int	ioc_buf_check(const struct ioc_buf *b, struct ioc_error *err);
/* The text, never NULL; owned by the buffer. */
const char *ioc_buf_str(const struct ioc_buf *b);
/* The text leaves the buffer and is the caller's; NULL after a failure. */
char	*ioc_buf_take(struct ioc_buf *b);

#define	auto_buf	IOC_AUTO(ioc_buf_fini)

#endif /* BASE_BUF_H */
