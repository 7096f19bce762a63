/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/rcline.h"

#include <ctype.h>
#include <string.h>

/* A line that is being read. */
struct cursor {
	const char	*text;
	size_t		 pos;
	size_t		 end;		/* of the line */
};

static bool
is_blank(char c)
{
	return (c == ' ' || c == '\t');
}

static void
skip_blanks(struct cursor *c)
{
	while (c->pos < c->end && is_blank(c->text[c->pos]))
		c->pos++;
}

/* --- sysctl.conf ----------------------------------------------------------------- */

static void
read_sysctl(struct cursor *c, struct ioc_rcline *l)
{
	const char *hash, *eq;

	l->what = IOC_RCLINE_NOTHING;
	skip_blanks(c);
	hash = memchr(c->text + c->pos, '#', c->end - c->pos);
	if (hash != NULL)
		c->end = (size_t)(hash - c->text);
	if (c->pos == c->end)
		return;
	l->what = IOC_RCLINE_OTHER;
	eq = memchr(c->text + c->pos, '=', c->end - c->pos);
	if (eq == NULL)
		return;
	l->key = c->pos;
	l->keylen = (size_t)(eq - c->text) - c->pos;
	while (l->keylen > 0 && is_blank(c->text[l->key + l->keylen - 1]))
		l->keylen--;
	c->pos = (size_t)(eq - c->text) + 1;
	skip_blanks(c);
	while (c->end > c->pos && is_blank(c->text[c->end - 1]))
		c->end--;
	l->value = c->pos;
	l->value_end = c->end;
	for (size_t i = l->value; i < l->value_end; i++)
		if (strchr("\"'\\\r", c->text[i]) != NULL)
			return;
	l->what = IOC_RCLINE_ASSIGNMENT;
}

/* --- rc.conf ----------------------------------------------------------------------- */

/* The end of a quoted part, behind its quote; false when it is not closed. */
static bool
skip_quoted(struct cursor *c, bool *expands)
{
	char quote = c->text[c->pos++];

	for (; c->pos < c->end; c->pos++) {
		char ch = c->text[c->pos];

		if (ch == quote) {
			c->pos++;
			return (true);
		}
		if (quote == '"' && (ch == '$' || ch == '`'))
			*expands = true;
		if (quote == '"' && ch == '\\')
			c->pos++;
	}
	c->pos = c->end;
	return (false);
}

/* A value up to a blank; false when it is not one that ends in the line. */
static bool
skip_value(struct cursor *c, bool *expands)
{
	while (c->pos < c->end && !is_blank(c->text[c->pos])) {
		char ch = c->text[c->pos];

		if (ch == '"' || ch == '\'') {
			if (!skip_quoted(c, expands))
				return (false);
			continue;
		}
		if (strchr(";&|<>()\r", ch) != NULL)
			return (false);
		if (ch == '$' || ch == '`')
			*expands = true;
		/* the last one of a line takes the next one in */
		if (ch == '\\' && ++c->pos == c->end)
			return (false);
		c->pos++;
	}
	return (true);
}

/* key=value, blanks and a comment; false for anything else. */
static bool
read_assignment(struct cursor *c, struct ioc_rcline *l)
{
	l->key = c->pos;
	while (c->pos < c->end && (isalnum((unsigned char)c->text[c->pos]) ||
	    c->text[c->pos] == '_'))
		c->pos++;
	l->keylen = c->pos - l->key;
	if (l->keylen == 0 || isdigit((unsigned char)c->text[l->key]) ||
	    c->pos == c->end || c->text[c->pos] != '=')
		return (false);
	l->value = ++c->pos;
	if (!skip_value(c, &l->expands))
		return (false);
	l->value_end = c->pos;
	skip_blanks(c);
	return (c->pos == c->end || c->text[c->pos] == '#');
}

/*
 * Does all that the line begins end with it?  Quotes of both kinds, brackets of
 * all kinds and backquotes must come in pairs; words that begin what goes on,
 * or after which nothing is read any more, must not be there.
 */
static bool
is_complete(const char *s, size_t len)
{
	static const char *const words[] = { "if", "then", "else", "elif", "fi",
		"case", "esac", "for", "while", "until", "do", "done", "select",
		"function", "return", "exit", "exec", "break", "continue",
		"trap", "alias", "eval", "unset", "readonly", "set", NULL };
	size_t single = 0, twice = 0, back = 0, open = 0, close = 0;

	while (len > 0 && is_blank(s[len - 1]))
		len--;
	if (len > 0 && (s[len - 1] == '\\' || s[len - 1] == '|' ||
	    s[len - 1] == '&'))
		return (false);
	for (size_t i = 0, n; i < len; i += n) {
		n = 1;
		while (isalnum((unsigned char)s[i]) && i + n < len &&
		    (isalnum((unsigned char)s[i + n]) || s[i + n] == '_'))
			n++;
		for (const char *const *w = words; *w != NULL; w++)
			if (strlen(*w) == n && memcmp(s + i, *w, n) == 0)
				return (false);
		single += s[i] == '\'';
		twice += s[i] == '"';
		back += s[i] == '`';
		open += strchr("({[", s[i]) != NULL;
		close += strchr(")}]", s[i]) != NULL;
		if (s[i] == '<' && i + 1 < len && s[i + 1] == '<')
			return (false);
		if (s[i] == '(' && i + 1 < len && s[i + 1] == ')')
			return (false);
	}
	return (single % 2 == 0 && twice % 2 == 0 && back % 2 == 0 &&
	    open == close);
}

static void
read_shell(struct cursor *c, struct ioc_rcline *l)
{
	size_t begin;

	skip_blanks(c);
	begin = c->pos;
	if (c->pos == c->end || c->text[c->pos] == '#') {
		l->what = IOC_RCLINE_NOTHING;
		return;
	}
	l->what = read_assignment(c, l) ? IOC_RCLINE_ASSIGNMENT :
	    IOC_RCLINE_OTHER;
	if ((l->what == IOC_RCLINE_OTHER || l->expands) &&
	    !is_complete(c->text + begin, c->end - begin))
		l->what = IOC_RCLINE_OPEN;
}

/* --- both --------------------------------------------------------------------------- */

void
ioc_rcline_read(enum ioc_rcconf kind, const char *text, size_t len,
    struct ioc_rcline *l)
{
	struct ioc_rcline new = { .number = l->number + 1, .begin = l->next };
	const char *nl = memchr(text + new.begin, '\n', len - new.begin);
	struct cursor c = { .text = text, .pos = new.begin };

	c.end = nl != NULL ? (size_t)(nl - text) : len;
	new.next = nl != NULL ? c.end + 1 : len;
	if (kind == IOC_RCCONF_SYSCTL)
		read_sysctl(&c, &new);
	else
		read_shell(&c, &new);
	*l = new;
}

void
ioc_rcline_value(enum ioc_rcconf kind, const char *text,
    const struct ioc_rcline *l, struct ioc_buf *out)
{
	char quote = '\0';

	for (size_t i = l->value; i < l->value_end; i++) {
		char ch = text[i];

		if (kind == IOC_RCCONF_SHELL) {
			if (ch == quote) {
				quote = '\0';
				continue;
			}
			if (quote == '\0' && (ch == '"' || ch == '\'')) {
				quote = ch;
				continue;
			}
			if (ch == '\\' && i + 1 < l->value_end &&
			    (quote == '\0' || (quote == '"' &&
			    strchr("\"\\$`", text[i + 1]) != NULL)))
				ch = text[++i];
		}
		(void)ioc_buf_addc(out, ch);
	}
}
