/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/ucl.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "conf/value.h"
#include "safe/file.h"

#define	DEPTH	8	/* of braces */

struct parser {
	const char	*at, *end;
	unsigned	 line;
	size_t		 keys;
	struct ioc_conf	*conf;
	struct ioc_buf	*path;	/* the key, in dotted form */
};

static int	items(struct parser *p, unsigned depth, struct ioc_error *err);

static int
fail(const struct parser *p, const char *why, struct ioc_error *err)
{
	return (ioc_fail(err, IOC_FORMAT, "line %u: %s", p->line, why));
}

/* The next byte, NUL at the end. */
static char
peek(const struct parser *p)
{
	return (p->at < p->end ? *p->at : '\0');
}

static bool
starts(const struct parser *p, const char *text)
{
	size_t len = strlen(text);

	return ((size_t)(p->end - p->at) >= len &&
	    memcmp(p->at, text, len) == 0);
}

static char
next(struct parser *p)
{
	if (*p->at == '\n')
		p->line++;
	return (*p->at++);
}

/* --- blanks ------------------------------------------------------------------- */

/* Comments of this kind may lie within each other. */
static int
comment(struct parser *p, struct ioc_error *err)
{
	unsigned depth = 0;

	do {
		if (starts(p, "/*") || starts(p, "*/")) {
			depth += *p->at == '/' ? 1 : -1;
			p->at += 2;
		} else if (p->at < p->end)
			(void)next(p);
		else
			return (fail(p, "a comment without an end", err));
	} while (depth > 0);
	return (0);
}

/* Blanks and comments; of line ends only if told so. */
static int
skip(struct parser *p, bool lines, struct ioc_error *err)
{
	int r = 0;

	while (r == 0 && p->at < p->end) {
		if (*p->at == '#')
			while (p->at < p->end && *p->at != '\n')
				p->at++;
		else if (starts(p, "/*"))
			r = comment(p, err);
		else if (*p->at == ' ' || *p->at == '\t' || *p->at == '\r' ||
		    (lines && *p->at == '\n'))
			(void)next(p);
		else
			break;
	}
	return (r);
}

/* --- texts -------------------------------------------------------------------- */

/* With the escapes of JSON: its own parser reads it. */
static int
quoted(struct parser *p, struct ioc_buf *out, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_JSON_MAX);
	auto_json json_t *j = NULL;
	const char *begin = p->at++;
	int r;

	while (p->at < p->end && *p->at != '"') {
		if (*p->at == '\n')
			return (fail(p, "a string without an end", err));
		p->at += *p->at == '\\' && p->at + 1 < p->end ? 2 : 1;
	}
	if (p->at >= p->end)
		return (fail(p, "a string without an end", err));
	p->at++;
	(void)ioc_buf_addc(&b, '[');
	(void)ioc_buf_add(&b, begin, (size_t)(p->at - begin));
	(void)ioc_buf_addc(&b, ']');
	r = ioc_buf_check(&b, err);
	if (r == 0 && ioc_json_parse(b.data, b.len, &j, NULL) != 0)
		r = fail(p, "not a string", err);
	if (r == 0)
		(void)ioc_buf_adds(out,
		    json_string_value(json_array_get(j, 0)));
	return (r);
}

/* As it stands, but for the quote itself. */
static int
single(struct parser *p, struct ioc_buf *out, struct ioc_error *err)
{
	for (p->at++; p->at < p->end && *p->at != '\''; p->at++) {
		if (*p->at == '\n')
			break;
		if (starts(p, "\\'"))
			p->at++;
		(void)ioc_buf_addc(out, *p->at);
	}
	if (peek(p) != '\'')
		return (fail(p, "a string without an end", err));
	p->at++;
	return (0);
}

static bool
is_key(char c)
{
	return (isalnum((unsigned char)c) || (c != '\0' &&
	    strchr("_-./*", c) != NULL));
}

static int
key(struct parser *p, struct ioc_error *err)
{
	if (peek(p) == '"')
		return (quoted(p, p->path, err));
	if (peek(p) == '.')
		return (fail(p, "macros are not obeyed", err));
	if (!is_key(peek(p)))
		return (fail(p, "not a key", err));
	while (is_key(peek(p)))
		(void)ioc_buf_addc(p->path, next(p));
	return (0);
}

/* Up to the end of the value, without blanks around it. */
static int
words(struct parser *p, struct ioc_buf *out, struct ioc_error *err)
{
	const char *begin = p->at, *end;

	if (starts(p, "<<"))
		return (fail(p, "here documents are not read", err));
	while (p->at < p->end && strchr("\n;,[]{}#", *p->at) == NULL &&
	    !starts(p, "/*"))
		p->at++;
	for (end = p->at; end > begin && isblank((unsigned char)end[-1]);)
		end--;
	if (end > begin && end[-1] == '\r')
		end--;
	if (end == begin)
		return (fail(p, "a value is missing", err));
	(void)ioc_buf_add(out, begin, (size_t)(end - begin));
	return (0);
}

static int
scalar(struct parser *p, struct ioc_buf *out, struct ioc_error *err)
{
	switch (peek(p)) {
	case '"':
		return (quoted(p, out, err));
	case '\'':
		return (single(p, out, err));
	default:
		return (words(p, out, err));
	}
}

/* --- values ------------------------------------------------------------------- */

static int
list(struct parser *p, struct ioc_buf *out, struct ioc_error *err)
{
	int r;

	p->at++;
	for (;;) {
		auto_buf struct ioc_buf one = IOC_BUF(IOC_JSON_MAX);

		r = skip(p, true, err);
		if (r == 0 && peek(p) == ']') {
			p->at++;
			return (0);
		}
		if (r == 0)
			r = scalar(p, &one, err);
		if (r == 0)
			r = ioc_buf_check(&one, err);
		if (r == 0)
			r = skip(p, true, err);
		if (r != 0)
			return (r);
		ioc_value_list_add(out, ioc_buf_str(&one));
		if (peek(p) == ',')
			p->at++;
		else if (peek(p) != ']')
			return (fail(p, "a list without an end", err));
	}
}

static int
object(struct parser *p, unsigned depth, struct ioc_error *err)
{
	int r;

	if (depth == DEPTH)
		return (fail(p, "too many braces in each other", err));
	p->at++;
	(void)ioc_buf_addc(p->path, '.');
	r = items(p, depth + 1, err);
	if (r == 0 && peek(p) != '}')
		r = fail(p, "a brace without an end", err);
	if (r == 0)
		p->at++;
	return (r);
}

static int
put(struct parser *p, const struct ioc_buf *value, struct ioc_error *err)
{
	const char *name = ioc_buf_str(p->path);
	const char *text = value->len > 0 ? value->data : "-";
	int r = ioc_buf_check(p->path, err);

	if (r == 0)
		r = ioc_buf_check(value, err);
	if (r != 0)
		return (r);
	if (strlen(name) != p->path->len || strlen(text) !=
	    (value->len > 0 ? value->len : 1))
		return (fail(p, "a NUL byte", err));
	if (++p->keys > IOC_CONF_KEYS)
		return (ioc_fail(err, IOC_LIMIT, "more than %d keys",
		    IOC_CONF_KEYS));
	if (ioc_conf_get(p->conf, name) != NULL)
		return (fail(p, "a key that is there twice", err));
	r = ioc_conf_set(p->conf, name, text, err);
	return (r == 0 ? 0 : ioc_wrap(err, r, "line %u", p->line));
}

static int
item(struct parser *p, unsigned depth, struct ioc_error *err)
{
	auto_buf struct ioc_buf value = IOC_BUF(IOC_JSON_MAX);
	int r = key(p, err);

	if (r == 0)
		r = skip(p, false, err);
	if (r == 0 && (peek(p) == '=' || peek(p) == ':')) {
		p->at++;
		r = skip(p, true, err);
	}
	if (r != 0)
		return (r);
	if (peek(p) == '{')
		return (object(p, depth, err));
	r = peek(p) == '[' ? list(p, &value, err) : scalar(p, &value, err);
	return (r == 0 ? put(p, &value, err) : r);
}

static void
cut(struct ioc_buf *b, size_t len)
{
	b->len = len;
	if (b->data != NULL)
		b->data[len] = '\0';
}

/* Up to the end, or the brace that ends them. */
static int
items(struct parser *p, unsigned depth, struct ioc_error *err)
{
	size_t len = p->path->len;
	int r = skip(p, true, err);

	while (r == 0 && p->at < p->end && *p->at != '}') {
		r = item(p, depth, err);
		cut(p->path, len);
		if (r == 0)
			r = skip(p, false, err);
		if (r != 0)
			return (r);
		if (peek(p) == ';' || peek(p) == ',')
			p->at++;
		else if (p->at < p->end && peek(p) != '\n' && peek(p) != '}')
			return (fail(p, "more behind a value", err));
		r = skip(p, true, err);
	}
	return (r);
}

int
ioc_ucl_parse(const char *text, size_t len, struct ioc_conf **ret,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *conf = NULL;
	auto_buf struct ioc_buf path = IOC_BUF(IOC_CONF_KEY);
	struct parser p = { text, text + len, 1, 0, NULL, &path };
	bool braces;
	int r = ioc_conf_new(&conf, err);

	p.conf = conf;
	if (r == 0)
		r = skip(&p, true, err);
	braces = r == 0 && peek(&p) == '{';
	p.at += braces;
	if (r == 0)
		r = items(&p, 0, err);
	if (r == 0 && braces && peek(&p) == '}') {
		p.at++;
		r = skip(&p, true, err);
		braces = false;
	}
	if (r == 0 && (braces || p.at < p.end))
		r = fail(&p, "braces that do not match", err);
	if (r == 0)
		*ret = take_ptr(conf);
	return (r);
}

int
ioc_ucl_load(int dirfd, const char *name, struct ioc_conf **ret,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_JSON_MAX);
	int r = ioc_file_read_own(dirfd, name, &b, err);

	if (r != 0)
		return (r);
	r = ioc_ucl_parse(ioc_buf_str(&b), b.len, ret, err);
	return (r == 0 ? 0 : ioc_wrap(err, r, "%s", IOC_SHOW(name)));
}
