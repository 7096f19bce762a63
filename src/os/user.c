/* SPDX-License-Identifier: BSD-2-Clause */
/* Parsers of the jail's passwd and group, over text, without allocation. */
#include "os/user.h"

#include <string.h>

struct field {
	const char *s;
	size_t	    len;
};

/* Splits a line at colons; the number of fields, at most max. */
static size_t
split(const char *line, size_t len, struct field *f, size_t max)
{
	size_t n = 0, start = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && line[i] != ':')
			continue;
		if (n == max)
			return (max + 1);
		f[n++] = (struct field){ line + start, i - start };
		start = i + 1;
	}
	return (n);
}

static bool
number(struct field f, uint32_t *ret)
{
	uint64_t v = 0;

	if (f.len == 0 || f.len > 10)
		return (false);
	for (size_t i = 0; i < f.len; i++) {
		if (f.s[i] < '0' || f.s[i] > '9')
			return (false);
		v = v * 10 + (uint64_t)(f.s[i] - '0');
	}
	/* The largest stands for "unchanged" in setresuid(2). */
	if (v >= UINT32_MAX)
		return (false);
	*ret = (uint32_t)v;
	return (true);
}

static bool
same(struct field f, const char *s, size_t len)
{
	return (f.len == len && memcmp(f.s, s, len) == 0);
}

static bool
copy(char *out, size_t size, struct field f)
{
	if (f.len >= size || memchr(f.s, '\0', f.len) != NULL)
		return (false);
	memcpy(out, f.s, f.len);
	out[f.len] = '\0';
	return (true);
}

/* The next line at *pos, without its newline; false at the end. */
static bool
next_line(const char *text, size_t len, size_t *pos, struct field *line)
{
	const char *end;

	if (*pos >= len)
		return (false);
	end = memchr(text + *pos, '\n', len - *pos);
	line->s = text + *pos;
	line->len = end != NULL ? (size_t)(end - line->s) : len - *pos;
	*pos += line->len + 1;
	return (true);
}

/* name:password:uid:gid:gecos:home:shell */
static bool
parse_passwd(struct field line, struct ioc_user *u)
{
	struct field f[7];

	*u = (struct ioc_user){ .known = true };
	return (split(line.s, line.len, f, 7) == 7 && f[0].len > 0 &&
	    f[0].s[0] != '#' && f[0].s[0] != '+' && f[0].s[0] != '-' &&
	    copy(u->name, sizeof(u->name), f[0]) && number(f[2], &u->uid) &&
	    number(f[3], &u->gid) && copy(u->home, sizeof(u->home), f[5]) &&
	    copy(u->shell, sizeof(u->shell), f[6]));
}

bool
ioc_user_find(const char *passwd, size_t plen, const char *who,
    struct ioc_user *u)
{
	struct field line, me = { who, strlen(who) };
	uint32_t uid = 0;
	bool numeric = number(me, &uid);
	size_t pos = 0;

	while (next_line(passwd, plen, &pos, &line)) {
		if (!parse_passwd(line, u))
			continue;
		/* A name of digits only is never meant as a name. */
		if (numeric ? u->uid == uid : strcmp(u->name, who) == 0) {
			if (u->home[0] != '/')
				memcpy(u->home, "/", 2);
			if (u->shell[0] != '/')
				memcpy(u->shell, "/bin/sh", 8);
			return (true);
		}
	}
	if (!numeric)
		return (false);
	*u = (struct ioc_user){ .uid = uid, .gid = uid, .home = "/",
		.shell = "/bin/sh" };
	memcpy(u->name, who, me.len + 1);
	return (true);
}

static bool
is_member(struct field members, const char *name, size_t len)
{
	size_t start = 0;

	for (size_t i = 0; i <= members.len; i++) {
		if (i < members.len && members.s[i] != ',')
			continue;
		if (same((struct field){ members.s + start, i - start }, name,
		    len))
			return (true);
		start = i + 1;
	}
	return (false);
}

/* name:password:gid:member,member */
void
ioc_user_groups(const char *group, size_t glen, struct ioc_user *u)
{
	size_t pos = 0, len = strlen(u->name);
	struct field line;

	if (!u->known)
		return;
	while (u->ngroups < IOC_USER_GROUPS &&
	    next_line(group, glen, &pos, &line)) {
		struct field f[4];
		uint32_t gid;
		bool seen;

		if (split(line.s, line.len, f, 4) != 4 || f[0].len == 0 ||
		    f[0].s[0] == '#' || !number(f[2], &gid) ||
		    !is_member(f[3], u->name, len))
			continue;
		seen = gid == u->gid;
		for (size_t i = 0; i < u->ngroups && !seen; i++)
			seen = u->groups[i] == gid;
		if (!seen)
			u->groups[u->ngroups++] = gid;
	}
}
