/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"

#include <stdarg.h>
#include <string.h>

void
ioc_buf_fini(struct ioc_buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = b->cap = 0;
}

int
ioc_buf_reserve(struct ioc_buf *b, size_t len)
{
	size_t cap;
	char *p;

	if (b->failed != 0)
		return (b->failed);
	if (len > b->max || b->len > b->max - len)
		return (b->failed = IOC_LIMIT);
	if (b->data != NULL && b->cap - b->len > len)
		return (0);
	cap = b->cap < 64 ? 64 : b->cap;
	while (cap - b->len <= len)
		cap *= 2;
	if (cap > b->max + 1)
		cap = b->max + 1;
	p = realloc(b->data, cap);
	if (p == NULL)
		return (b->failed = IOC_NOMEM);
	b->data = p;
	b->cap = cap;
	b->data[b->len] = '\0';
	return (0);
}

void
ioc_buf_commit(struct ioc_buf *b, size_t len)
{
	b->len += len;
	b->data[b->len] = '\0';
}

int
ioc_buf_add(struct ioc_buf *b, const void *data, size_t len)
{
	int r = ioc_buf_reserve(b, len);

	if (r != 0)
		return (r);
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	ioc_buf_commit(b, len);
	return (0);
}

int
ioc_buf_adds(struct ioc_buf *b, const char *s)
{
	return (ioc_buf_add(b, s, strlen(s)));
}

int
ioc_buf_addc(struct ioc_buf *b, char c)
{
	return (ioc_buf_add(b, &c, 1));
}

int
ioc_buf_addf(struct ioc_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n, r;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return (b->failed = IOC_FAILED);
	r = ioc_buf_reserve(b, (size_t)n);
	if (r != 0)
		return (r);
	va_start(ap, fmt);
	(void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	ioc_buf_commit(b, (size_t)n);
	return (0);
}

void
ioc_buf_clear(struct ioc_buf *b)
{
	b->len = 0;
	b->failed = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

int
ioc_buf_check(const struct ioc_buf *b, struct ioc_error *err)
{
	if (b->failed == 0)
		return (0);
	if (b->failed == IOC_LIMIT)
		return (ioc_fail(err, IOC_LIMIT, "text longer than %zu bytes",
		    b->max));
	return (ioc_fail_nomem(err));
}

const char *
ioc_buf_str(const struct ioc_buf *b)
{
	return (b->data != NULL ? b->data : "");
}

char *
ioc_buf_take(struct ioc_buf *b)
{
	char *p;

	if (b->failed != 0 || ioc_buf_reserve(b, 0) != 0)
		return (NULL);
	p = b->data;
	b->data = NULL;
	b->len = b->cap = 0;
	return (p);
}
