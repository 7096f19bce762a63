/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/rcconf.h"

#include <sys/stat.h>

#include <ctype.h>
#include <string.h>

#include "base/quote.h"
#include "base/str.h"
#include "conf/rcline.h"
#include "safe/file.h"
#include "safe/path.h"

/* Where the key stands in a text. */
struct place {
	bool	 found;
	struct ioc_rcline line;		/* of the last assignment */
	size_t	 end;			/* a new line goes here */
};

/* --- judging ------------------------------------------------------------------ */

static int
check_key(enum ioc_rcconf kind, const char *key, struct ioc_error *err)
{
	bool good = isalpha((unsigned char)key[0]) || key[0] == '_';

	for (const char *s = key; *s != '\0'; s++)
		good = good && (isalnum((unsigned char)*s) || *s == '_' ||
		    (kind == IOC_RCCONF_SYSCTL && strchr(".-%", *s) != NULL));
	return (good && strlen(key) < 256 ? 0 : ioc_fail(err, IOC_INVALID,
	    "\"%s\" is not a key", IOC_SHOW(key)));
}

static int
check_value(enum ioc_rcconf kind, const char *value, struct ioc_error *err)
{
	size_t len = strlen(value);
	bool good = len < 4096;

	for (const char *s = value; *s != '\0'; s++)
		good = good && (unsigned char)*s >= 0x20 && *s != 0x7f &&
		    (kind != IOC_RCCONF_SYSCTL || strchr("#\"'\\", *s) == NULL);
	/* Blanks around it would be lost, and so would all of nothing. */
	if (kind == IOC_RCCONF_SYSCTL)
		good = good && len > 0 && value[0] != ' ' &&
		    value[len - 1] != ' ';
	return (good ? 0 : ioc_fail(err, IOC_INVALID,
	    "\"%s\" cannot be written as a value", IOC_SHOW(value)));
}

/* True when the key stands in these bytes as a word of its own. */
static bool
mentions(const char *text, size_t len, const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i + n <= len; i++) {
		if (memcmp(text + i, key, n) != 0 || (i > 0 &&
		    (isalnum((unsigned char)text[i - 1]) ||
		    text[i - 1] == '_')))
			continue;
		if (i + n == len || (!isalnum((unsigned char)text[i + n]) &&
		    text[i + n] != '_'))
			return (true);
	}
	return (false);
}

/*
 * The same for text that only a shell understands: a key between whose letters
 * backslashes or quotes stand is still that key to it.  1, 0, or a failure.
 */
static int
may_mention(enum ioc_rcconf kind, const char *text, size_t len,
    const char *key, struct ioc_error *err)
{
	auto_buf struct ioc_buf plain = IOC_BUF(IOC_RCCONF_MAX + 1);
	int r;

	if (mentions(text, len, key))
		return (1);
	if (kind != IOC_RCCONF_SHELL)
		return (0);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\' && i + 1 < len && text[i + 1] == '\n')
			i++;
		else if (strchr("\\\"'", text[i]) == NULL)
			(void)ioc_buf_addc(&plain, text[i]);
	}
	r = ioc_buf_check(&plain, err);
	return (r != 0 ? r : mentions(ioc_buf_str(&plain), plain.len, key));
}

static int
unknown(const struct ioc_rcline *l, const char *key, struct ioc_error *err)
{
	return (ioc_fail(err, IOC_FORMAT, "line %zu: what it does with %s "
	    "cannot be judged", l->number, key));
}

/* Does the line assign the key?  1, 0, or a failure. */
static int
judge_line(enum ioc_rcconf kind, const char *text, const struct ioc_rcline *l,
    const char *key, struct ioc_error *err)
{
	int r;

	if (l->what == IOC_RCLINE_ASSIGNMENT &&
	    l->keylen == strlen(key) &&
	    memcmp(text + l->key, key, l->keylen) == 0)
		return (l->expands ? unknown(l, key, err) : 1);
	if (l->what == IOC_RCLINE_NOTHING ||
	    (l->what == IOC_RCLINE_ASSIGNMENT && !l->expands))
		return (0);
	r = may_mention(kind, text + l->begin, l->next - l->begin, key, err);
	return (r == 1 ? unknown(l, key, err) : r);
}

static int
find(enum ioc_rcconf kind, const char *text, size_t len, const char *key,
    struct place *ret, struct ioc_error *err)
{
	struct ioc_rcline l = { .next = 0 };
	int r;

	*ret = (struct place){ .end = len };
	if (len > IOC_RCCONF_MAX)
		return (ioc_fail(err, IOC_LIMIT, "longer than %d bytes",
		    IOC_RCCONF_MAX));
	if (memchr(text, '\0', len) != NULL)
		return (ioc_fail(err, IOC_FORMAT, "it has a NUL byte"));
	while (l.next < len) {
		ioc_rcline_read(kind, text, len, &l);
		/* From here on nothing is certain. */
		if (l.what == IOC_RCLINE_OPEN) {
			l.next = len;
			ret->end = l.begin;
		}
		r = judge_line(kind, text, &l, key, err);
		if (r < 0)
			return (r);
		if (r == 1) {
			ret->found = true;
			ret->line = l;
		}
	}
	return (0);
}

int
ioc_rcconf_get(enum ioc_rcconf kind, const char *text, size_t len,
    const char *key, struct ioc_buf *out, struct ioc_error *err)
{
	struct place p;
	int r = check_key(kind, key, err);

	if (r == 0)
		r = find(kind, text, len, key, &p, err);
	if (r != 0)
		return (r);
	if (!p.found)
		return (ioc_fail(err, IOC_NOT_FOUND, "no %s in it", key));
	ioc_rcline_value(kind, text, &p.line, out);
	return (ioc_buf_check(out, err));
}

/* --- editing -------------------------------------------------------------------- */

static void
splice(enum ioc_rcconf kind, const char *text, size_t len,
    const struct place *p, const char *key, const char *value,
    struct ioc_buf *out)
{
	size_t from = p->found ? p->line.value : p->end;
	size_t to = p->found ? p->line.value_end : p->end;

	(void)ioc_buf_add(out, text, from);
	if (!p->found) {
		if (from > 0 && text[from - 1] != '\n')
			(void)ioc_buf_addc(out, '\n');
		(void)ioc_buf_addf(out, "%s=", key);
	}
	/* sysctl.conf knows no quotes; check_value sees to it. */
	if (kind == IOC_RCCONF_SYSCTL)
		(void)ioc_buf_adds(out, value);
	else
		ioc_quote_rcconf(out, value);
	if (!p->found)
		(void)ioc_buf_addc(out, '\n');
	(void)ioc_buf_add(out, text + to, len - to);
}

/* What was written must be what is read. */
static int
check_result(enum ioc_rcconf kind, const char *text, size_t len,
    const char *key, const char *value, struct ioc_error *err)
{
	auto_buf struct ioc_buf got = IOC_BUF(IOC_RCCONF_MAX);
	int r = ioc_rcconf_get(kind, text, len, key, &got, err);

	if (r == 0 && strcmp(ioc_buf_str(&got), value) != 0)
		r = ioc_fail(err, IOC_FORMAT, "%s cannot be set in it", key);
	return (r);
}

int
ioc_rcconf_set(enum ioc_rcconf kind, const char *text, size_t len,
    const char *key, const char *value, struct ioc_buf *out,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf old = IOC_BUF(IOC_RCCONF_MAX);
	size_t begin = out->len;
	struct place p;
	int r;

	r = check_key(kind, key, err);
	if (r == 0)
		r = check_value(kind, value, err);
	if (r == 0)
		r = find(kind, text, len, key, &p, err);
	if (r != 0)
		return (r);
	if (p.found)
		ioc_rcline_value(kind, text, &p.line, &old);
	if (p.found && old.failed == 0 &&
	    strcmp(ioc_buf_str(&old), value) == 0)
		(void)ioc_buf_add(out, text, len);
	else
		splice(kind, text, len, &p, key, value, out);
	r = ioc_buf_check(out, err);
	return (r != 0 ? r : check_result(kind, ioc_buf_str(out) + begin,
	    out->len - begin, key, value, err));
}

/* The changes one after the other, from one buffer to the other. */
static int
change(enum ioc_rcconf kind, struct ioc_buf *b,
    const struct ioc_rcconf_change *v, size_t n, struct ioc_error *err)
{
	for (size_t i = 0; i < n; i++) {
		auto_buf struct ioc_buf next = IOC_BUF(IOC_RCCONF_MAX);
		struct ioc_buf swap;
		int r;

		r = ioc_rcconf_set(kind, ioc_buf_str(b), b->len, v[i].key,
		    v[i].value, &next, err);
		if (r != 0)
			return (r);
		swap = *b;
		*b = next;
		next = swap;
	}
	return (0);
}

int
ioc_rcconf_edit(enum ioc_rcconf kind, int root, const char *file,
    const struct ioc_rcconf_change *v, size_t n, struct ioc_error *err)
{
	auto_buf struct ioc_buf old = IOC_BUF(IOC_RCCONF_MAX);
	auto_buf struct ioc_buf new = IOC_BUF(IOC_RCCONF_MAX);
	struct ioc_error cause = { .code = 0 };
	struct stat st = { .st_mode = 0644, .st_uid = 0, .st_gid = 0 };
	int r;

	r = ioc_path_stat(root, file, IOC_PATH_NOLINKS, &st, &cause);
	if (r == 0)
		r = ioc_file_read(root, file, &old, &cause);
	if (r != 0 && r != IOC_NOT_FOUND) {
		ioc_error_copy(err, &cause);
		return (ioc_wrap(err, r, "%s", file));
	}
	(void)ioc_buf_add(&new, ioc_buf_str(&old), old.len);
	r = ioc_buf_check(&new, err);
	if (r == 0)
		r = change(kind, &new, v, n, err);
	if (r == 0 && (old.len != new.len ||
	    memcmp(ioc_buf_str(&old), ioc_buf_str(&new), new.len) != 0))
		r = ioc_file_replace(root, file, ioc_buf_str(&new), new.len,
		    st.st_mode & 07777, st.st_uid, st.st_gid, 0, err);
	return (ioc_wrap(err, r, "%s", file));
}
