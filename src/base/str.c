/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

int
ioc_str_to_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret,
    struct ioc_error *err)
{
	unsigned long long v;
	char *end;

	if (s[0] < '0' || s[0] > '9')
		return (ioc_fail(err, IOC_INVALID, "\"%s\" is not a number",
		    IOC_SHOW(s)));
	errno = 0;
	v = strtoull(s, &end, 10);
	if (*end != '\0')
		return (ioc_fail(err, IOC_INVALID, "\"%s\" is not a number",
		    IOC_SHOW(s)));
	if (errno == ERANGE || v < min || v > max)
		return (ioc_fail(err, IOC_INVALID,
		    "%s is not between %" PRIu64 " and %" PRIu64, IOC_SHOW(s),
		    min, max));
	*ret = v;
	return (0);
}

int
ioc_str_to_i64(const char *s, int64_t min, int64_t max, int64_t *ret,
    struct ioc_error *err)
{
	const char *digits = s[0] == '-' ? s + 1 : s;
	long long v;
	char *end;

	if (digits[0] < '0' || digits[0] > '9')
		return (ioc_fail(err, IOC_INVALID, "\"%s\" is not a number",
		    IOC_SHOW(s)));
	errno = 0;
	v = strtoll(s, &end, 10);
	if (*end != '\0')
		return (ioc_fail(err, IOC_INVALID, "\"%s\" is not a number",
		    IOC_SHOW(s)));
	if (errno == ERANGE || v < min || v > max)
		return (ioc_fail(err, IOC_INVALID,
		    "%s is not between %" PRId64 " and %" PRId64, IOC_SHOW(s),
		    min, max));
	*ret = v;
	return (0);
}

int
ioc_str_to_size(const char *s, uint64_t *ret, struct ioc_error *err)
{
	static const char suffixes[] = "KMGTP";
	char digits[24];
	const char *suffix;
	size_t len = strlen(s);
	unsigned shift = 0;
	uint64_t v;

	/* A space would become the NUL that strchr finds. */
	if (len > 0 && s[len - 1] != ' ' &&
	    (suffix = strchr(suffixes, s[len - 1] & ~0x20)) != NULL) {
		shift = 10 * (unsigned)(suffix - suffixes + 1);
		len--;
	}
	if (len == 0 || len >= sizeof(digits))
		return (ioc_fail(err, IOC_INVALID, "\"%s\" is not a size",
		    IOC_SHOW(s)));
	memcpy(digits, s, len);
	digits[len] = '\0';
	if (ioc_str_to_u64(digits, 0, UINT64_MAX >> shift, &v, NULL) != 0)
		return (ioc_fail(err, IOC_INVALID, "\"%s\" is not a size",
		    IOC_SHOW(s)));
	*ret = v << shift;
	return (0);
}

int
ioc_str_to_bool(const char *s, bool *ret, struct ioc_error *err)
{
	static const char *const yes[] = { "yes", "true", "on", "1" };
	static const char *const no[] = { "no", "false", "off", "0" };

	for (size_t i = 0; i < 4; i++) {
		if (strcasecmp(s, yes[i]) == 0 || strcasecmp(s, no[i]) == 0) {
			*ret = strcasecmp(s, yes[i]) == 0;
			return (0);
		}
	}
	return (ioc_fail(err, IOC_INVALID, "\"%s\" is neither yes nor no",
	    IOC_SHOW(s)));
}

bool
ioc_str_is_none(const char *s)
{
	return (s[0] == '\0' || strcmp(s, "-") == 0 ||
	    strcasecmp(s, "none") == 0);
}

bool
ioc_str_starts(const char *s, const char *prefix)
{
	return (strncmp(s, prefix, strlen(prefix)) == 0);
}

bool
ioc_str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return (n >= m && strcmp(s + n - m, suffix) == 0);
}

char *
ioc_str_join(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b) + 1;
	char *s = malloc(n + m);

	if (s != NULL) {
		memcpy(s, a, n);
		memcpy(s + n, b, m);
	}
	return (s);
}

/* The length of the valid UTF-8 sequence at s, 0 when there is none. */
static size_t
utf8_len(const unsigned char *s, size_t left, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : s[0] >= 0xe0 ? 3 :
	    s[0] >= 0xc2 ? 2 : 0;

	if (s[0] >= 0xf5 || n == 0 || n > left)
		return (0);
	*cp = s[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return (0);
		*cp = *cp << 6 | (s[i] & 0x3fu);
	}
	if (*cp < least[n] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp <= 0xdfff))
		return (0);
	return (n);
}

bool
ioc_str_is_utf8(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t len = strlen(s), n;
	uint32_t cp;

	for (size_t i = 0; i < len; i += n) {
		n = p[i] < 0x80 ? 1 : utf8_len(p + i, len - i, &cp);
		if (n == 0)
			return (false);
	}
	return (true);
}

/* Code points that change how the text around them is shown. */
static bool
is_format_control(uint32_t cp)
{
	return ((cp >= 0x80 && cp < 0xa0) || cp == 0xad || cp == 0x61c ||
	    (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
	    (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff ||
	    (cp >= 0xfff0 && cp <= 0xfffb) || (cp >= 0x180b && cp <= 0x180f) ||
	    (cp >= 0x1bca0 && cp <= 0x1bca3) ||
	    (cp >= 0x1d173 && cp <= 0x1d17a) || cp >= 0xe0000);
}

/*
 * The next character as it is shown, `*used` bytes of it; a piece has 16 bytes
 * at most.
 */
static size_t
escape_one(const unsigned char *p, size_t left, size_t *used, char piece[20])
{
	static const char hex[] = "0123456789abcdef";
	size_t n, len = 0;
	uint32_t cp;

	n = p[0] < 0x80 ? 1 : utf8_len(p, left, &cp);
	*used = n == 0 ? 1 : n;
	if ((n > 1 && !is_format_control(cp)) || (n == 1 && p[0] >= 0x20 &&
	    p[0] != 0x7f && p[0] != '\\')) {
		memcpy(piece, p, n);
		return (n);
	}
	if (p[0] == '\n' || p[0] == '\t' || p[0] == '\\') {
		piece[0] = '\\';
		piece[1] = p[0] == '\n' ? 'n' : p[0] == '\t' ? 't' : '\\';
		return (2);
	}
	for (size_t k = 0; k < *used; k++) {
		piece[len++] = '\\';
		piece[len++] = 'x';
		piece[len++] = hex[p[k] >> 4];
		piece[len++] = hex[p[k] & 15];
	}
	return (len);
}

int
ioc_str_escape(struct ioc_buf *b, const char *s, size_t len)
{
	size_t used;
	char piece[20];

	for (size_t i = 0; i < len; i += used) {
		size_t n = escape_one((const unsigned char *)s + i, len - i,
		    &used, piece);

		(void)ioc_buf_add(b, piece, n);
	}
	return (b->failed);
}

char *
ioc_escape(const char *s, size_t len)
{
	auto_buf struct ioc_buf b = IOC_BUF(SIZE_MAX / 2);

	if (ioc_buf_adds(&b, "") != 0 || ioc_str_escape(&b, s, len) != 0)
		return (NULL);
	return (ioc_buf_take(&b));
}

/* Without memory of its own: messages are also made where there may be none. */
const char *
ioc_str_show(char *out, size_t outlen, const char *s)
{
	size_t len = strnlen(s, outlen), n = 0, keep = 0, used;
	char piece[20];

	for (size_t i = 0; i < len; i += used) {
		size_t more = escape_one((const unsigned char *)s + i, len - i,
		    &used, piece);

		/* Where "..." still has room behind it. */
		if (n + 4 <= outlen)
			keep = n;
		if (n + more >= outlen) {
			memcpy(out + keep, "...", 4);
			return (out);
		}
		memcpy(out + n, piece, more);
		n += more;
	}
	out[n] = '\0';
	return (out);
}

const char *
ioc_str_human(char out[8], uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	unsigned unit = 0;
	uint64_t rest = 0;

	while (bytes >= 1000) {
		rest = bytes % 1024;
		bytes /= 1024;
		unit++;
	}
	if (unit > 0 && bytes < 10)
		(void)snprintf(out, 8, "%" PRIu64 ".%" PRIu64 "%c", bytes,
		    rest * 10 / 1024, units[unit]);
	else
		(void)snprintf(out, 8, "%u%c", (unsigned)bytes, units[unit]);
	return (out);
}
