/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/strv.h"

#include <stdarg.h>
#include <string.h>

void
ioc_strv_fini(struct ioc_strv *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	s->v = NULL;
	s->n = s->cap = 0;
}

int
ioc_strv_take(struct ioc_strv *s, char *str)
{
	if (str == NULL && s->failed == 0)
		s->failed = IOC_NOMEM;
	if (s->failed == 0 && s->n + 1 >= s->cap) {
		size_t cap = s->cap == 0 ? 8 : s->cap * 2;
		char **v = reallocarray(s->v, cap, sizeof(*v));

		if (v != NULL) {
			s->v = v;
			s->cap = cap;
		} else
			s->failed = IOC_NOMEM;
	}
	if (s->failed != 0) {
		free(str);
		return (s->failed);
	}
	s->v[s->n++] = str;
	s->v[s->n] = NULL;
	return (0);
}

int
ioc_strv_add(struct ioc_strv *s, const char *str)
{
	return (ioc_strv_take(s, strdup(str)));
}

int
ioc_strv_addn(struct ioc_strv *s, const char *str, size_t len)
{
	return (ioc_strv_take(s, strndup(str, len)));
}

int
ioc_strv_addf(struct ioc_strv *s, const char *fmt, ...)
{
	char *str = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&str, fmt, ap);
	va_end(ap);
	return (ioc_strv_take(s, n < 0 ? NULL : str));
}

int
ioc_strv_addv(struct ioc_strv *s, const char *const *v)
{
	for (; v != NULL && *v != NULL; v++)
		(void)ioc_strv_add(s, *v);
	return (s->failed);
}

int
ioc_strv_check(const struct ioc_strv *s, struct ioc_error *err)
{
	return (s->failed == 0 ? 0 : ioc_fail_nomem(err));
}

bool
ioc_strv_has(const struct ioc_strv *s, const char *str)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], str) == 0)
			return (true);
	return (false);
}

static int
compare(const void *a, const void *b)
{
	return (strcmp(*(char *const *)a, *(char *const *)b));
}

void
ioc_strv_sort(struct ioc_strv *s)
{
	if (s->n > 1)
		qsort(s->v, s->n, sizeof(*s->v), compare);
}

const char *const *
ioc_strv_get(const struct ioc_strv *s)
{
	static const char *const none[] = { NULL };

	return (s->v != NULL ? (const char *const *)s->v : none);
}
