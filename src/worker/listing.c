/* SPDX-License-Identifier: BSD-2-Clause */
/* Tags, and the href of <a>: one walk over the page that never goes back. */
#include "worker/listing.h"

#include <string.h>
#include <strings.h>

#include "safe/name.h"

#define	NAME	64
#define	BLANKS	" \t\n\r\f"

/* Where the walk is. */
struct page {
	const char	*at;
	const char	*end;
};

struct attribute {
	const char	*name;
	size_t		 name_len;
	const char	*value;		/* NULL: none */
	size_t		 len;
};

static bool
among(char c, const char *set)
{
	return (c != '\0' && strchr(set, c) != NULL);
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (-1);
}

bool
ioc_listing_name(const char *href, size_t len, char ret[NAME])
{
	char name[NAME];
	size_t n = 0;

	if (len < 2 || href[len - 1] != '/')
		return (false);
	for (size_t i = 0; i < len - 1; i++) {
		char c = href[i];

		if (c == '%') {
			if (i + 2 >= len - 1 || digit(href[i + 1]) < 0 ||
			    digit(href[i + 2]) < 0)
				return (false);
			c = (char)(digit(href[i + 1]) * 16 +
			    digit(href[i + 2]));
			i += 2;
		}
		if (c == '\0' || n >= sizeof(name) - 1)
			return (false);
		name[n++] = c;
	}
	name[n] = '\0';
	if (ioc_name_check(IOC_NAME_SET, name, NULL) != 0)
		return (false);
	memcpy(ret, name, n + 1);
	return (true);
}

/* Behind the next occurrence of the text, or at the end. */
static void
skip_behind(struct page *p, const char *text)
{
	const char *s = memmem(p->at, (size_t)(p->end - p->at), text,
	    strlen(text));

	p->at = s != NULL ? s + strlen(text) : p->end;
}

static size_t
span(const struct page *p, const char *set, bool in)
{
	const char *s = p->at;

	while (s < p->end && among(*s, set) == in)
		s++;
	return ((size_t)(s - p->at));
}

/* The value behind a "=". */
static void
read_value(struct page *p, struct attribute *a)
{
	const char *close;
	char quote;

	p->at += span(p, BLANKS, true);
	if (p->at == p->end)
		return;
	quote = *p->at;
	if (quote != '"' && quote != '\'') {
		a->value = p->at;
		a->len = span(p, BLANKS ">", false);
		p->at += a->len;
		return;
	}
	p->at++;
	close = memchr(p->at, quote, (size_t)(p->end - p->at));
	if (close == NULL) {
		p->at = p->end;
		return;
	}
	a->value = p->at;
	a->len = (size_t)(close - p->at);
	p->at = close + 1;
}

/* The next attribute of a tag; false at its end, or at that of the page. */
static bool
read_attribute(struct page *p, struct attribute *a)
{
	*a = (struct attribute){ NULL };
	p->at += span(p, BLANKS "/", true);
	if (p->at == p->end || *p->at == '>')
		return (false);
	a->name = p->at;
	/* One byte at least, so that there is no standing still. */
	p->at++;
	p->at += span(p, BLANKS "/=>", false);
	a->name_len = (size_t)(p->at - a->name);
	p->at += span(p, BLANKS, true);
	if (p->at < p->end && *p->at == '=') {
		p->at++;
		read_value(p, a);
	}
	return (true);
}

static bool
is_word(const char *s, size_t len, const char *word)
{
	return (len == strlen(word) && strncasecmp(s, word, len) == 0);
}

static int
add(struct ioc_strv *out, const char *name, struct ioc_error *err)
{
	/* A page may link twice to the same, by an icon and by its name. */
	if (out->n > 0 && strcmp(out->v[out->n - 1], name) == 0)
		return (0);
	if (out->n >= IOC_LISTING_NAMES)
		return (ioc_fail(err, IOC_LIMIT, "more than %d directories",
		    IOC_LISTING_NAMES));
	(void)ioc_strv_add(out, name);
	return (ioc_strv_check(out, err));
}

/* A tag from its name on. */
static int
read_tag(struct page *p, struct ioc_strv *out, struct ioc_error *err)
{
	const char *tag = p->at;
	size_t len = span(p, BLANKS "/>", false);
	struct attribute a, href = { NULL };
	char name[NAME];

	p->at += len;
	while (read_attribute(p, &a))
		if (href.name == NULL && is_word(a.name, a.name_len, "href"))
			href = a;
	/* One that does not end is none. */
	if (p->at == p->end)
		return (0);
	p->at++;
	/* Not tags, whatever they look like. */
	if (is_word(tag, len, "script"))
		skip_behind(p, "</script");
	else if (is_word(tag, len, "style"))
		skip_behind(p, "</style");
	if (is_word(tag, len, "a") && href.value != NULL &&
	    ioc_listing_name(href.value, href.len, name))
		return (add(out, name, err));
	return (0);
}

int
ioc_listing_parse(const char *text, size_t len, struct ioc_strv *out,
    struct ioc_error *err)
{
	struct page p = { text, text + len };
	int r = 0;

	if (len > IOC_LISTING_BYTES)
		return (ioc_fail(err, IOC_LIMIT, "more than %d bytes",
		    IOC_LISTING_BYTES));
	while (r == 0 && p.at < p.end) {
		skip_behind(&p, "<");
		if (p.at == p.end)
			break;
		if (p.end - p.at >= 3 && memcmp(p.at, "!--", 3) == 0) {
			p.at += 3;
			skip_behind(&p, "-->");
		} else if (among(*p.at, "!?/")) {
			skip_behind(&p, ">");
		} else if ((*p.at >= 'a' && *p.at <= 'z') ||
		    (*p.at >= 'A' && *p.at <= 'Z')) {
			r = read_tag(&p, out, err);
		}
	}
	return (r);
}
