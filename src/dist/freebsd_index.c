/* SPDX-License-Identifier: BSD-2-Clause */
/* What freebsd-update(8) writes, read strictly: nothing of it is trusted. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "dist/freebsd_update.h"
#include "safe/hash.h"

#define	PATH_LEN_MAX	1024

/* --- the configuration of the host ------------------------------------------------ */

static bool
is_server(const char *s)
{
	size_t n = strlen(s);

	return (n > 0 && n < 256 && s[0] != '-' && s[0] != '.' &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789.-") == n);
}

/* The only word behind a key, into ret; false when there are others. */
static bool
only_word(const char *p, size_t len, char *ret, size_t room)
{
	size_t n;

	while (len > 0 && (*p == ' ' || *p == '\t'))
		p++, len--;
	for (n = 0; n < len && p[n] != ' ' && p[n] != '\t'; n++)
		;
	if (n == 0 || n >= room)
		return (false);
	memcpy(ret, p, n);
	ret[n] = '\0';
	while (n < len && (p[n] == ' ' || p[n] == '\t'))
		n++;
	return (n == len);
}

static int
take_key(const char *line, size_t len, const char *key, char *ret, size_t room,
    struct ioc_error *err)
{
	size_t n = strlen(key);

	if (len <= n || strncmp(line, key, n) != 0 ||
	    (line[n] != ' ' && line[n] != '\t'))
		return (0);
	if (ret[0] != '\0')
		return (ioc_fail(err, IOC_FORMAT, "%s stands there twice",
		    key));
	if (!only_word(line + n, len - n, ret, room))
		return (ioc_fail(err, IOC_FORMAT, "%s is not one word", key));
	return (0);
}

int
ioc_fbu_trust(const char *text, struct ioc_fbu_trust *ret,
    struct ioc_error *err)
{
	struct ioc_fbu_trust t = { .key = "" };
	char hex[IOC_SHA256_HEX];
	int r = 0;

	while (r == 0 && *text != '\0') {
		const char *line = text + strspn(text, " \t");
		size_t n = strcspn(line, "#\n");

		r = take_key(line, n, "KeyPrint", t.key, sizeof(t.key), err);
		if (r == 0)
			r = take_key(line, n, "ServerName", t.server,
			    sizeof(t.server), err);
		text = line + strcspn(line, "\n");
		text += *text == '\n';
	}
	if (r == 0 && (ioc_hash_parse(t.key, hex, NULL) != 0 ||
	    strcmp(hex, t.key) != 0))
		r = ioc_fail(err, IOC_FORMAT, "KeyPrint is not the SHA-256 of "
		    "a key: 64 digits in lower case");
	if (r == 0 && !is_server(t.server))
		r = ioc_fail(err, IOC_FORMAT,
		    "ServerName is not the name of a host");
	if (r == 0)
		*ret = t;
	return (r);
}

/* --- the tag ------------------------------------------------------------------------ */

static bool
copy_field(char *to, size_t room, const char *from, size_t n)
{
	if (n == 0 || n >= room)
		return (false);
	memcpy(to, from, n);
	to[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)to[i]) &&
		    strchr("._-", to[i]) == NULL)
			return (false);
	return (true);
}

int
ioc_fbu_tag(const char *text, struct ioc_fbu_tag *ret, struct ioc_error *err)
{
	char field[6][80] = { "" };
	uint64_t patch;

	for (size_t i = 0; i < 6; i++) {
		size_t n = strcspn(text, i < 5 ? "|\n" : "\n");

		if (!copy_field(field[i], sizeof(field[i]), text, n) ||
		    text[n] != (i < 5 ? '|' : '\n'))
			return (ioc_fail(err, IOC_FORMAT, "not a tag"));
		text += n + 1;
	}
	if (*text != '\0' || strcmp(field[0], "freebsd-update") != 0 ||
	    strlen(field[1]) >= sizeof(ret->arch) ||
	    strlen(field[2]) >= sizeof(ret->release) ||
	    ioc_str_to_u64(field[3], 0, 99999, &patch, NULL) != 0 ||
	    ioc_str_to_u64(field[5], 0, UINT64_MAX, &ret->eol, NULL) != 0)
		return (ioc_fail(err, IOC_FORMAT, "not a tag"));
	(void)snprintf(ret->arch, sizeof(ret->arch), "%.31s", field[1]);
	(void)snprintf(ret->release, sizeof(ret->release), "%.63s", field[2]);
	ret->patch = (unsigned)patch;
	return (0);
}

/* --- an index ------------------------------------------------------------------------- */

/* "/a/b": no ".", no "..", nothing empty, no control character. */
bool
ioc_fbu_is_path(const char *p)
{
	if (p[0] != '/' || strlen(p) > PATH_LEN_MAX)
		return (false);
	if (p[1] == '\0')
		return (true);
	for (const char *c = p; *c != '\0';) {
		size_t n;

		if (*c++ != '/')
			return (false);
		n = strcspn(c, "/");
		if (n == 0 || n > 255 || (n == 1 && c[0] == '.') ||
		    (n == 2 && c[0] == '.' && c[1] == '.'))
			return (false);
		for (size_t i = 0; i < n; i++)
			if ((unsigned char)c[i] < 0x20 || c[i] == 0x7f)
				return (false);
		c += n;
	}
	return (true);
}

static bool
number(const char *s, int base, unsigned max, unsigned *ret)
{
	unsigned v = 0;

	if (*s == '\0' || strlen(s) > 10)
		return (false);
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s >= '0' + base)
			return (false);
		if (v > (max - (unsigned)(*s - '0')) / (unsigned)base)
			return (false);
		v = v * (unsigned)base + (unsigned)(*s - '0');
	}
	*ret = v;
	return (true);
}

enum { PATH, TYPE, USER, GROUP, PERM, FLAGS, VALUE, LINK, FIELDS };

static int
judge_entry(char *const f[FIELDS], struct ioc_fbu_entry *e,
    struct ioc_error *err)
{
	char hex[IOC_SHA256_HEX];
	unsigned flags;
	bool ok;

	if (!ioc_fbu_is_path(f[PATH]) || (f[LINK][0] != '\0' && !ioc_fbu_is_path(f[LINK])))
		return (ioc_fail(err, IOC_UNSAFE, "a path \"%s\"",
		    IOC_SHOW(ioc_fbu_is_path(f[PATH]) ? f[LINK] : f[PATH])));
	*e = (struct ioc_fbu_entry){ .path = f[PATH], .type = f[TYPE][0],
		.value = f[VALUE], .link = f[LINK] };
	ok = f[TYPE][0] != '\0' && f[TYPE][1] == '\0' &&
	    number(f[USER], 10, UINT32_MAX, &e->uid) &&
	    number(f[GROUP], 10, UINT32_MAX, &e->gid) &&
	    number(f[PERM], 8, 07777, &e->mode) &&
	    number(f[FLAGS], 8, UINT32_MAX, &flags);
	switch (e->type) {
	case 'f':
		ok = ok && ioc_hash_parse(f[VALUE], hex, NULL) == 0;
		break;
	case 'L':
		ok = ok && f[VALUE][0] != '\0';
		break;
	case 'd':
		ok = ok && f[VALUE][0] == '\0';
		break;
	default:
		ok = false;
	}
	return (ok ? 0 : ioc_fail(err, IOC_FORMAT,
	    "%s: not a line of an index", IOC_SHOW(f[PATH])));
}

int
ioc_fbu_index(char *text,
    int (*each)(const struct ioc_fbu_entry *e, void *arg,
    struct ioc_error *err), void *arg, struct ioc_error *err)
{
	struct ioc_fbu_entry e;
	int r = 0;

	while (r == 0 && *text != '\0') {
		char *f[FIELDS], *end = strchr(text, '\n');

		if (end == NULL)
			return (ioc_fail(err, IOC_FORMAT, "its end is missing"));
		*end = '\0';
		for (size_t i = 0; i < FIELDS; i++) {
			f[i] = text;
			text = strchr(text, '|');
			if ((text == NULL) != (i == FIELDS - 1))
				return (ioc_fail(err, IOC_FORMAT,
				    "not a line of an index"));
			if (text != NULL)
				*text++ = '\0';
		}
		r = judge_entry(f, &e, err);
		if (r == 0)
			r = each(&e, arg, err);
		text = end + 1;
	}
	return (r);
}
