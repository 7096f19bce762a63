/* SPDX-License-Identifier: BSD-2-Clause */
/* What hbsd-update(8) reads and writes, read strictly and never by a shell. */
#include <ctype.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/str.h"
#include "dist/hardenedbsd_update.h"
#include "safe/fetch.h"
#include "safe/file.h"

#define	KEYS		"/usr/share/keys/"
#define	PAX		"usr/include/sys/pax.h"
#define	PAX_MAX		((size_t)1 << 20)
#define	STATE_MAX	256
#define	SKIP_LINES	100
#define	SKIP_LEN	1024

#define	LETTERS		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define	DIGITS		"0123456789"

/* --- the configuration --------------------------------------------------------------- */

#define	KEY(name)	{ #name, offsetof(struct ioc_hbu_conf, name),	\
	    sizeof(((struct ioc_hbu_conf *)0)->name) }

static const struct {
	const char	*name;
	size_t		 at;
	size_t		 room;
} keys[] = {
	KEY(dnsrec), KEY(baseurl), KEY(capath), KEY(branch), KEY(kernel),
	KEY(dnssec), KEY(force_ipv4), KEY(force_ipv6), KEY(local_resolver),
};
#define	N_KEYS		(sizeof(keys) / sizeof(*keys))

struct parser {
	const char	*machine;
	struct ioc_hbu_conf *conf;
	bool		 seen[N_KEYS];
};

/* What stands for something else at p: its length, 0 when nothing does. */
static size_t
replaced(const struct parser *p, const char *s, const char **ret)
{
	static const char uname[] = "$(uname -m)", branch[] = "${branch}";

	*ret = NULL;
	if (strncmp(s, uname, strlen(uname)) == 0) {
		*ret = p->machine;
		return (strlen(uname));
	}
	if (strncmp(s, branch, strlen(branch)) == 0 &&
	    p->conf->branch[0] != '\0') {
		*ret = p->conf->branch;
		return (strlen(branch));
	}
	return (0);
}

/*
 * The value at s into `out`: a word of plain characters, or such words between
 * double quotes.  Returns what is behind it, NULL when it is something else.
 */
static const char *
take_value(const struct parser *p, const char *s, struct ioc_buf *out)
{
	bool quoted = *s == '"';

	s += quoted;
	for (;;) {
		size_t n = strspn(s, LETTERS DIGITS "._:/-");
		const char *text;

		(void)ioc_buf_add(out, s, n);
		s += n;
		n = quoted ? replaced(p, s, &text) : 0;
		if (n == 0)
			break;
		(void)ioc_buf_adds(out, text);
		s += n;
	}
	if (quoted)
		return (*s == '"' ? s + 1 : NULL);
	return (out->len > 0 ? s : NULL);
}

static size_t
find_key(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < N_KEYS; i++)
		if (strlen(keys[i].name) == n &&
		    strncmp(keys[i].name, s, n) == 0)
			break;
	return (i);
}

/* One line, which ends with a newline or the text. */
static int
take_line(struct parser *p, const char *s, unsigned line,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(1024);
	const char *rest;
	size_t n, i;

	s += strspn(s, " \t");
	if (*s == '\0' || *s == '\n' || *s == '#')
		return (0);
	n = strcspn(s, "=\n");
	i = find_key(s, n);
	if (s[n] != '=' || i == N_KEYS)
		return (ioc_fail(err, IOC_FORMAT, "line %u: neither a comment "
		    "nor an assignment to what hbsd-update.conf has", line));
	if (p->seen[i])
		return (ioc_fail(err, IOC_FORMAT, "line %u: %s stands there "
		    "twice", line, keys[i].name));
	rest = take_value(p, s + n + 1, &b);
	if (rest != NULL && *rest != '\0' && *rest != '\n') {
		n = strspn(rest, " \t");
		rest = n > 0 && (rest[n] == '#' || rest[n] == '\n' ||
		    rest[n] == '\0') ? rest + n : NULL;
	}
	if (ioc_buf_check(&b, NULL) == IOC_NOMEM)
		return (ioc_fail_nomem(err));
	if (rest == NULL || b.failed != 0 || b.len >= keys[i].room)
		return (ioc_fail(err, IOC_FORMAT, "line %u: %s is not a word",
		    line, keys[i].name));
	p->seen[i] = true;
	memcpy((char *)p->conf + keys[i].at, ioc_buf_str(&b), b.len + 1);
	return (0);
}

int
ioc_hbu_conf(const char *text, const char *machine, struct ioc_hbu_conf *ret,
    struct ioc_error *err)
{
	struct ioc_hbu_conf conf = { .dnsrec = "" };
	struct parser p = { .machine = machine, .conf = &conf };
	unsigned line = 0;
	int r = 0;

	while (r == 0 && *text != '\0') {
		r = take_line(&p, text, ++line, err);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	if (r == 0)
		*ret = conf;
	return (r);
}

/* "a.b.c": labels that begin with a letter or digit. */
static bool
is_record(const char *s)
{
	if (strlen(s) > 253)
		return (false);
	for (;;) {
		size_t n = strspn(s, LETTERS DIGITS "-_");

		if (n == 0 || n > 63 || !isalnum((unsigned char)*s))
			return (false);
		s += n;
		if (*s == '\0')
			return (true);
		if (*s++ != '.')
			return (false);
	}
}

int
ioc_hbu_conf_source(const struct ioc_hbu_conf *c, struct ioc_error *err)
{
	if (!is_record(c->dnsrec))
		return (ioc_fail(err, IOC_FORMAT,
		    "dnsrec is not the name of a record"));
	if (!ioc_str_starts(c->baseurl, "https://") ||
	    ioc_fetch_judge_url(c->baseurl, NULL) != 0 ||
	    strstr(c->baseurl, "/.") != NULL ||
	    ioc_str_ends(c->baseurl, "/"))
		return (ioc_fail(err, IOC_FORMAT, "baseurl is not the https "
		    "URL of a folder"));
	return (0);
}

static bool
is_switch(const char *s)
{
	static const char *const words[] = { "", "0", "1", "no", "NO", "yes",
		"YES", NULL };

	for (const char *const *w = words; *w != NULL; w++)
		if (strcmp(s, *w) == 0)
			return (true);
	return (false);
}

int
ioc_hbu_conf_trust(const struct ioc_hbu_conf *c, struct ioc_error *err)
{
	if (!ioc_str_starts(c->capath, KEYS) ||
	    c->capath[strlen(KEYS)] == '\0' ||
	    strstr(c->capath, "/.") != NULL || strstr(c->capath, "//") != NULL)
		return (ioc_fail(err, IOC_FORMAT, "capath is not beneath "
		    KEYS ", where the updater finds the host's keys"));
	if (!is_switch(c->dnssec) || !is_switch(c->force_ipv4) ||
	    !is_switch(c->force_ipv6) || !is_switch(c->local_resolver))
		return (ioc_fail(err, IOC_FORMAT, "dnssec, force_ipv4, "
		    "force_ipv6 and local_resolver are \"yes\" or \"no\""));
	return (0);
}

/* --- versions ----------------------------------------------------------------------- */

int
ioc_hbu_version(const char *text, struct ioc_hbu_version *ret,
    struct ioc_error *err)
{
	static const char prefix[] = "hbsd-v";
	char digits[16] = "";
	const char *s = text;
	size_t n, m = 0;

	*ret = (struct ioc_hbu_version){ .text = "" };
	n = ioc_str_starts(s, prefix) ? strspn(s + strlen(prefix), DIGITS) : 0;
	if (n > 0 && n < sizeof(digits)) {
		memcpy(digits, s + strlen(prefix), n);
		s += strlen(prefix) + n;
		m = *s == '-' ? strspn(s + 1, "0123456789abcdef") : 0;
		s += m + 1;
	}
	if (m < 7 || m > 64 || strcmp(s, "\n") != 0 ||
	    ioc_str_to_u64(digits, 1, UINT64_MAX, &ret->number, NULL) != 0)
		return (ioc_fail(err, IOC_FORMAT, "not a version, "
		    "hbsd-vNUMBER-HASH"));
	(void)snprintf(ret->text, sizeof(ret->text), "%.*s", (int)(s - text),
	    text);
	return (0);
}

uint64_t
ioc_hbu_pax(const char *text)
{
	static const char name[] = "__HardenedBSD_version";

	while ((text = strstr(text, "#define")) != NULL) {
		char digits[16] = "";
		uint64_t v;
		size_t n;

		text += strlen("#define");
		text += strspn(text, " \t");
		if (!ioc_str_starts(text, name))
			continue;
		text += strlen(name);
		text += strspn(text, " \t");
		n = strspn(text, DIGITS);
		if (n == 0 || n >= sizeof(digits) ||
		    (text[n] != 'U' && text[n] != '\n'))
			continue;
		memcpy(digits, text, n);
		if (ioc_str_to_u64(digits, 1, UINT64_MAX, &v, NULL) == 0)
			return (v);
	}
	return (0);
}

int
ioc_hbu_root_version(int root_fd, struct ioc_hbu_version *ret,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf state = IOC_BUF(STATE_MAX);
	auto_buf struct ioc_buf pax = IOC_BUF(PAX_MAX);
	struct ioc_error e;
	uint64_t built;
	int r = ioc_file_read(root_fd, IOC_HBU_STATE, &state, &e);

	*ret = (struct ioc_hbu_version){ .text = "" };
	if (r == 0)
		r = ioc_hbu_version(ioc_buf_str(&state), ret, &e);
	if (r != 0 && r != IOC_NOT_FOUND) {
		ioc_error_copy(err, &e);
		return (ioc_wrap(err, r, IOC_HBU_STATE));
	}
	r = ioc_file_read(root_fd, PAX, &pax, &e);
	if (r != 0 && ioc_error_is_shortage(&e)) {
		ioc_error_copy(err, &e);
		return (r);
	}
	built = r == 0 ? ioc_hbu_pax(ioc_buf_str(&pax)) : 0;
	if (built > ret->number)
		ret->number = built;
	return (0);
}

/* Of 1400097 it is 14. */
static uint64_t
major_of(uint64_t number)
{
	return (number / 100000);
}

int
ioc_hbu_compare(const struct ioc_hbu_version *is,
    const struct ioc_hbu_version *will, const char *release,
    struct ioc_error *err)
{
	if (will->number < is->number)
		return (ioc_fail(err, IOC_VERIFY, "the server has %s, which is "
		    "older than what is there, number %" PRIu64, will->text,
		    is->number));
	if (is->number != 0 && strcmp(release, "CURRENT") != 0 &&
	    major_of(is->number) != major_of(will->number))
		return (ioc_fail(err, IOC_VERIFY, "the server has %s, which is "
		    "of another branch than number %" PRIu64 ", which is there",
		    will->text, is->number));
	return (0);
}

/* --- skip.txt ------------------------------------------------------------------------ */

int
ioc_hbu_skipped(const char *skip, struct ioc_strv *ret,
    struct ioc_error *err)
{
	/* What hbsd-update itself leaves out, or has written by other programs. */
	static const char *const always[] = { "boot/efi", "*/boot",
		"var/db/etcupdate", "var/db/hbsd-update", "var/db/services.db",
		NULL };
	size_t lines = 0;

	(void)ioc_strv_addv(ret, always);
	while (*skip != '\0') {
		size_t n = strcspn(skip, "\n");

		if (++lines > SKIP_LINES || n > SKIP_LEN)
			return (ioc_fail(err, IOC_LIMIT, "skip.txt: more than "
			    "%d lines, or one longer than %d", SKIP_LINES,
			    SKIP_LEN));
		for (size_t i = 0; i < n; i++)
			if ((unsigned char)skip[i] < 0x20 || skip[i] == 0x7f)
				return (ioc_fail(err, IOC_FORMAT, "skip.txt: a "
				    "control character in line %zu", lines));
		while (n > 2 && ioc_str_starts(skip, "./")) {
			skip += 2;
			n -= 2;
		}
		/* tar -X: at the top, and at any depth. */
		if (n > 0) {
			(void)ioc_strv_addn(ret, skip, n);
			(void)ioc_strv_addf(ret, "*/%.*s", (int)n, skip);
		}
		skip += n;
		skip += *skip == '\n';
	}
	return (ioc_strv_check(ret, err));
}
