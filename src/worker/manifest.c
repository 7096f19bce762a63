/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of hashes, line by line; a line is of its form or refused. */
#include "worker/manifest.h"

#include <string.h>

#include "base/str.h"
#include "safe/name.h"

#define	HEX	(IOC_SHA256_HEX - 1)
#define	NAME	255	/* bytes of a name that is passed over */

/* One line, without its end. */
struct line {
	const char	*s;
	size_t		 len;
	unsigned	 n;		/* from 1 */
};

/* A piece of a line. */
struct part {
	const char	*s;
	size_t		 len;
};

static int
bad(const struct line *l, int code, const char *why, struct ioc_error *err)
{
	return (ioc_fail(err, code, "line %u: %s", l->n, why));
}

static bool
is(struct part p, const char *text)
{
	return (p.len == strlen(text) && memcmp(p.s, text, p.len) == 0);
}

/* All bytes are of the set, and their number is within bounds. */
static bool
consists(struct part p, const char *set, size_t min, size_t max)
{
	if (p.len < min || p.len > max)
		return (false);
	for (size_t i = 0; i < p.len; i++)
		if (p.s[i] == '\0' || strchr(set, p.s[i]) == NULL)
			return (false);
	return (true);
}

static bool
is_digits(struct part p)
{
	return (consists(p, "0123456789", 1, 12));
}

/* Cuts the part before `c` off; false when there is no such byte. */
static bool
cut(struct part *rest, char c, struct part *ret)
{
	const char *end = rest->len == 0 ? NULL :
	    memchr(rest->s, c, rest->len);

	if (end == NULL)
		return (false);
	*ret = (struct part){ rest->s, (size_t)(end - rest->s) };
	rest->len -= ret->len + 1;
	rest->s = end + 1;
	return (true);
}

/* What would be dangerous in any line. */
static int
judge_bytes(const struct line *l, struct ioc_error *err)
{
	if (l->len == 0)
		return (bad(l, IOC_FORMAT, "nothing in it", err));
	if (l->s[l->len - 1] == '\r')
		return (bad(l, IOC_FORMAT, "ends with CR LF", err));
	for (size_t i = 0; i < l->len; i++) {
		unsigned char c = (unsigned char)l->s[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return (bad(l, IOC_UNSAFE, "a control character", err));
	}
	return (0);
}

/* *skip: a good name, but longer than any that is asked for. */
static int
judge_file(const struct line *l, struct part file, bool *skip,
    struct ioc_error *err)
{
	char name[sizeof(((struct ioc_manifest_set *)0)->file)];
	struct ioc_error why;

	*skip = false;
	if (file.len > 0 && memchr(file.s, '/', file.len) != NULL)
		return (bad(l, IOC_UNSAFE, "a path in a name", err));
	if (file.len > 0 && (file.s[0] == '.' || file.s[0] == '-'))
		return (bad(l, IOC_UNSAFE, "a name that begins with a dot or "
		    "dash", err));
	*skip = consists(file, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
	    "stuvwxyz0123456789_.+-", sizeof(name), NAME);
	if (*skip)
		return (0);
	if (file.len >= sizeof(name))
		return (bad(l, IOC_FORMAT, "a name that cannot be", err));
	memcpy(name, file.s, file.len);
	name[file.len] = '\0';
	if (strlen(name) != file.len ||
	    ioc_name_check(IOC_NAME_SET, name, &why) != 0)
		return (bad(l, IOC_FORMAT, "a name that cannot be", err));
	return (0);
}

static int
add(const struct line *l, struct part file, struct part hash,
    struct ioc_strv *out, struct ioc_error *err)
{
	char text[IOC_SHA256_HEX], hex[IOC_SHA256_HEX];

	if (hash.len != HEX)
		return (bad(l, IOC_FORMAT, "not a SHA-256", err));
	memcpy(text, hash.s, HEX);
	text[HEX] = '\0';
	if (ioc_hash_parse(text, hex, NULL) != 0)
		return (bad(l, IOC_FORMAT, "not a SHA-256", err));
	for (size_t i = 0; i < out->n; i++)
		if (is(file, out->v[i] + HEX + 1))
			return (bad(l, IOC_FORMAT, "a file for the second time",
			    err));
	if (out->n >= IOC_MANIFEST_SETS)
		return (bad(l, IOC_LIMIT, "too many files", err));
	(void)ioc_strv_addf(out, "%s %.*s", hex, (int)file.len, file.s);
	return (ioc_strv_check(out, err));
}

/* file TAB hash TAB count TAB name TAB "text" TAB on|off */
static int
read_freebsd(const struct line *l, struct ioc_strv *out, struct ioc_error *err)
{
	struct part rest = { l->s, l->len }, file, hash, count, name, text;
	bool skip;
	int r;

	if (!cut(&rest, '\t', &file) || !cut(&rest, '\t', &hash) ||
	    !cut(&rest, '\t', &count) || !cut(&rest, '\t', &name) ||
	    !cut(&rest, '\t', &text) || (!is(rest, "on") && !is(rest, "off")))
		return (bad(l, IOC_FORMAT, "not a line of a MANIFEST", err));
	r = judge_file(l, file, &skip, err);
	if (r != 0)
		return (r);
	if (skip)
		return (bad(l, IOC_FORMAT, "a name that is too long", err));
	r = judge_file(l, name, &skip, err);
	if (r != 0)
		return (r);
	if (!is_digits(count))
		return (bad(l, IOC_FORMAT, "not a number of files", err));
	for (size_t i = 0; i < text.len; i++)
		if ((text.s[i] & 0x80) != 0)
			return (bad(l, IOC_FORMAT, "a text that is not ASCII",
			    err));
	if (text.len < 2 || text.s[0] != '"' ||
	    memchr(text.s + 1, '"', text.len - 1) != text.s + text.len - 1)
		return (bad(l, IOC_FORMAT, "not a text in quotes", err));
	return (add(l, file, hash, out, err));
}

/* ALGORITHM (file) = hash */
static int
read_bsd(const struct line *l, struct ioc_strv *out, struct ioc_error *err)
{
	struct part rest = { l->s, l->len }, kind, file, equals;
	bool skip;
	int r;

	if (memchr(l->s, '\t', l->len) != NULL)
		return (bad(l, IOC_UNSAFE, "a control character", err));
	if (!cut(&rest, ' ', &kind) || !cut(&rest, ' ', &file) ||
	    !cut(&rest, ' ', &equals) || !is(equals, "=") || file.len < 2 ||
	    file.s[0] != '(' || file.s[file.len - 1] != ')' ||
	    !consists(kind, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", 1, 16) ||
	    !consists(rest, "0123456789abcdefABCDEF", 1, 256))
		return (bad(l, IOC_FORMAT, "not \"SHA256 (file) = hash\"",
		    err));
	r = judge_file(l, (struct part){ file.s + 1, file.len - 2 }, &skip,
	    err);
	if (r != 0 || skip || !is(kind, "SHA256"))
		return (r);
	return (add(l, (struct part){ file.s + 1, file.len - 2 }, rest, out,
	    err));
}

int
ioc_manifest_parse(enum ioc_manifest_kind kind, const char *text, size_t len,
    struct ioc_strv *out, struct ioc_error *err)
{
	struct part rest = { text, len }, part;
	struct line l = { .n = 0 };
	int r = 0;

	if (len > IOC_MANIFEST_BYTES)
		return (ioc_fail(err, IOC_LIMIT, "more than %d bytes",
		    IOC_MANIFEST_BYTES));
	while (r == 0 && rest.len > 0) {
		l.n++;
		if (!cut(&rest, '\n', &part))
			return (bad(&l, IOC_FORMAT, "it has no end", err));
		l.s = part.s;
		l.len = part.len;
		r = judge_bytes(&l, err);
		if (r == 0)
			r = kind == IOC_MANIFEST_FREEBSD ?
			    read_freebsd(&l, out, err) :
			    read_bsd(&l, out, err);
	}
	if (r == 0 && out->n == 0)
		r = ioc_fail(err, IOC_FORMAT, "no SHA-256 in it");
	return (r);
}
