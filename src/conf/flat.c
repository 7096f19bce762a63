/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/flat.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define	KEYS	64	/* each is compared with each */
#define	KEY_LEN	255

struct span {
	const char	*at;
	size_t		 len;
};

struct flat_scan {
	const char	*p, *end;
	struct span	 key[KEYS], value[KEYS];
	size_t		 n;
};

static void
skip_blanks(struct flat_scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' ||
	    *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

/* Takes `c` with the blanks before it. */
static bool
take(struct flat_scan *s, char c)
{
	skip_blanks(s);
	if (s->p == s->end || *s->p != c)
		return (false);
	s->p++;
	return (true);
}

static bool
take_string(struct flat_scan *s, struct span *ret)
{
	const char *p;

	if (!take(s, '"'))
		return (false);
	for (p = s->p; p < s->end && *p != '"'; p++)
		if (*p < 0x20 || *p > 0x7e || *p == '\\')
			return (false);
	if (p == s->end)
		return (false);
	*ret = (struct span){ s->p, (size_t)(p - s->p) };
	s->p = p + 1;
	return (true);
}

static bool
is_new(const struct flat_scan *s, const struct span *key)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->key[i].len == key->len &&
		    memcmp(s->key[i].at, key->at, key->len) == 0)
			return (false);
	return (true);
}

static bool
scan(struct flat_scan *s)
{
	if (!take(s, '{'))
		return (false);
	do {
		struct span *key = &s->key[s->n];

		if (s->n == KEYS || !take_string(s, key) || key->len == 0 ||
		    key->len > KEY_LEN || !is_new(s, key) || !take(s, ':') ||
		    !take_string(s, &s->value[s->n]))
			return (false);
		s->n++;
	} while (take(s, ','));
	if (!take(s, '}'))
		return (false);
	skip_blanks(s);
	return (s->p == s->end);
}

static const char *
put(char **to, const struct span *s)
{
	char *p = *to;

	memcpy(p, s->at, s->len);
	p[s->len] = '\0';
	*to += s->len + 1;
	return (p);
}

struct ioc_flat *
ioc_flat_parse(const char *text, size_t len)
{
	struct flat_scan s = { .p = text, .end = text + len };
	size_t room = 0;
	struct ioc_flat *f;
	char *to;

	if (!scan(&s))
		return (NULL);
	for (size_t i = 0; i < s.n; i++)
		room += s.key[i].len + s.value[i].len + 2;
	f = malloc(sizeof(*f) + s.n * sizeof(f->v[0]) + room);
	if (f == NULL)
		return (NULL);
	f->n = s.n;
	to = (char *)&f->v[s.n];
	for (size_t i = 0; i < s.n; i++) {
		f->v[i].key = put(&to, &s.key[i]);
		f->v[i].value = put(&to, &s.value[i]);
	}
	return (f);
}

const char *
ioc_flat_get(const struct ioc_flat *f, const char *key)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].key, key) == 0)
			return (f->v[i].value);
	return (NULL);
}
