/* SPDX-License-Identifier: BSD-2-Clause */
/* The one judge of URLs. */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "safe/fetch.h"

#define	URL_MAX		2048

static int
bad(const char *url, const char *why, struct ioc_error *err)
{
	return (ioc_fail(err, IOC_INVALID, "URL \"%s\": %s", IOC_SHOW(url),
	    why));
}

static bool
is_alnum(char c)
{
	return ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z'));
}

/* Labels of letters, digits, - and _, also an IPv4 address. */
static bool
is_name(const char *s, size_t len)
{
	size_t label = 0;

	if (len == 0 || len > 253)
		return (false);
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '.') {
			if (label == 0 || s[i - 1] == '-')
				return (false);
			label = 0;
			continue;
		}
		if (!is_alnum(s[i]) && s[i] != '_' &&
		    (s[i] != '-' || label == 0))
			return (false);
		if (++label > 63)
			return (false);
	}
	return (s[len - 1] != '-');
}

static bool
is_ipv6(const char *s, size_t len)
{
	return (len >= 2 && len <= 45 &&
	    strspn(s, "0123456789abcdefABCDEF:.") == len &&
	    memchr(s, ':', len) != NULL);
}

static bool
is_port(const char *s, size_t len)
{
	unsigned port = 0;

	if (len == 0 || len > 5)
		return (false);
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return (false);
		port = port * 10 + (unsigned)(s[i] - '0');
	}
	return (port >= 1 && port <= 65535);
}

/* host, host:port, [v6], [v6]:port */
static const char *
judge_authority(const char *s, size_t len)
{
	const char *port = NULL;
	size_t host = len;

	if (memchr(s, '@', len) != NULL)
		return ("a user or password does not belong into it");
	if (len > 0 && s[0] == '[') {
		const char *close = memchr(s, ']', len);

		if (close == NULL || !is_ipv6(s + 1, (size_t)(close - s) - 1))
			return ("not an IPv6 address in brackets");
		host = (size_t)(close - s) + 1;
		if (host < len && s[host] != ':')
			return ("something follows the address");
		if (host < len)
			port = s + host + 1;
	} else {
		port = memchr(s, ':', len);
		if (port != NULL)
			host = (size_t)(port++ - s);
		if (!is_name(s, host))
			return ("not a host name");
	}
	if (port != NULL && !is_port(port, len - host - 1))
		return ("not a port");
	return (NULL);
}

int
ioc_fetch_judge_url(const char *url, struct ioc_error *err)
{
	const char *s, *why;

	if (strnlen(url, URL_MAX + 1) > URL_MAX)
		return (bad(url, "longer than 2048 bytes", err));
	for (s = url; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~' || strchr("\"<>\\^`{|}", *s) != NULL)
			return (bad(url, "a character that must be written "
			    "as %XX", err));
	if (strncasecmp(url, "https://", 8) != 0)
		return (bad(url, "only https:// is accepted", err));
	s = url + 8;
	why = judge_authority(s, strcspn(s, "/?#"));
	return (why == NULL ? 0 : bad(url, why, err));
}
