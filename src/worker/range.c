/* SPDX-License-Identifier: BSD-2-Clause */
/* Content-Range, strictly. */
#include "worker/range.h"

#include <string.h>

#define	DIGITS	18	/* less than any overflow of an off_t */

/* A number, and the one character that must follow it. */
static bool
number(const char **s, char end, uint64_t *ret)
{
	size_t n = strspn(*s, "0123456789");
	uint64_t v = 0;

	if (n == 0 || n > DIGITS || (*s)[n] != end)
		return (false);
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (uint64_t)((*s)[i] - '0');
	*s += n + (end != '\0');
	*ret = v;
	return (true);
}

bool
ioc_range_parse(const char *text, struct ioc_range *ret)
{
	static const char unit[] = "bytes ";
	struct ioc_range r = { .none = false };
	const char *s = text + sizeof(unit) - 1;

	if (strncmp(text, unit, sizeof(unit) - 1) != 0)
		return (false);
	if (s[0] == '*' && s[1] == '/') {
		s += 2;
		r.none = true;
	} else if (!number(&s, '-', &r.first) || !number(&s, '/', &r.last)) {
		return (false);
	}
	if (!number(&s, '\0', &r.total))
		return (false);
	if (!r.none && (r.last < r.first || r.last >= r.total))
		return (false);
	*ret = r;
	return (true);
}
