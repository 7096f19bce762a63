/* SPDX-License-Identifier: BSD-2-Clause */
#include "dist/relname.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char	*word;
	enum ioc_relkind kind;
	bool		 numbered;	/* ALPHA1 */
	bool		 bare;		/* a branch without a minor version */
} kinds[] = {
	{ "CURRENT", IOC_REL_CURRENT, false, true },
	{ "ALPHA", IOC_REL_ALPHA, true, false },
	{ "PRERELEASE", IOC_REL_PRERELEASE, false, false },
	{ "BETA", IOC_REL_BETA, true, false },
	{ "RC", IOC_REL_RC, true, false },
	{ "RELEASE", IOC_REL_RELEASE, false, false },
	{ "STABLE", IOC_REL_STABLE, false, true },
};

/* A number without leading zeros, of at most 4 digits. */
static bool
number(const char **s, unsigned *ret)
{
	const char *p = *s;
	unsigned v = 0;

	while (*p >= '0' && *p <= '9' && p - *s < 4)
		v = v * 10 + (unsigned)(*p++ - '0');
	if (p == *s || (p - *s > 1 && **s == '0'))
		return (false);
	*s = p;
	*ret = v;
	return (true);
}

static bool
kind_of(const char **s, struct ioc_relname *ret)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t len = strlen(kinds[i].word);

		if (strncmp(*s, kinds[i].word, len) != 0 ||
		    (!ret->has_minor && !kinds[i].bare))
			continue;
		*s += len;
		ret->kind = kinds[i].kind;
		return (!kinds[i].numbered ||
		    (number(s, &ret->n) && ret->n > 0));
	}
	return (false);
}

bool
ioc_relname_parse(const char *text, bool tail, struct ioc_relname *ret)
{
	struct ioc_relname r = { .major = 0 };
	const char *s = text;

	if (!number(&s, &r.major))
		return (false);
	if (*s == '.') {
		s++;
		r.has_minor = true;
		if (!number(&s, &r.minor))
			return (false);
	}
	if (*s++ != '-' || !kind_of(&s, &r))
		return (false);
	if (s[0] == '-' && s[1] == 'p' && s[2] >= '0' && s[2] <= '9') {
		s += 2;
		if (!number(&s, &r.patch))
			return (false);
	}
	if (*s != '\0' && !(tail && *s == '-'))
		return (false);
	*ret = r;
	return (true);
}

static int
compare(unsigned a, unsigned b)
{
	return ((a > b) - (a < b));
}

int
ioc_relname_compare(const struct ioc_relname *a, const struct ioc_relname *b)
{
	int c = compare(a->major, b->major);

	if (c != 0 || !a->has_minor || !b->has_minor)
		return (c);
	if ((c = compare(a->minor, b->minor)) != 0)
		return (c);
	if ((c = compare(a->kind, b->kind)) != 0)
		return (c);
	if ((c = compare(a->n, b->n)) != 0)
		return (c);
	return (compare(a->patch, b->patch));
}

bool
ioc_relname_is_newer(const char *release, const char *host)
{
	struct ioc_relname a, b;

	return (ioc_relname_parse(release, false, &a) &&
	    ioc_relname_parse(host, true, &b) &&
	    ioc_relname_compare(&a, &b) > 0);
}
