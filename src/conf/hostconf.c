/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/hostconf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/quote.h"
#include "base/str.h"
#include "base/vec.h"
#include "conf/hostkey.h"
#include "safe/file.h"
#include "safe/path.h"

/* One assignment to a key of ours, and where it stands in the text. */
struct entry {
	char	*key;
	char	*value;
	size_t	 line_no;
	size_t	 line, next;		/* offsets of its line and the next */
	size_t	 start, end;		/* offsets of the value, quotes too */
};

struct ioc_hostconf {
	IOC_VEC(struct entry)			entries;
	IOC_VEC(struct ioc_hostconf_source)	sources;
};

/* A line that is being read. */
struct cursor {
	const char	*text;
	size_t		 pos;
	size_t		 end;		/* of the line */
};

void
ioc_hostconf_free(struct ioc_hostconf *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->entries.n; i++) {
		free(c->entries.v[i].key);
		free(c->entries.v[i].value);
	}
	for (size_t i = 0; i < c->sources.n; i++)
		free(c->sources.v[i].where);
	ioc_vec_fini(&c->entries);
	ioc_vec_fini(&c->sources);
	free(c);
}

/* --- a line --------------------------------------------------------------- */

static void
skip_blanks(struct cursor *c)
{
	while (c->pos < c->end &&
	    (c->text[c->pos] == ' ' || c->text[c->pos] == '\t'))
		c->pos++;
}

static int
shell_only(struct ioc_error *err, char c)
{
	return (ioc_fail(err, IOC_FORMAT, "only a shell understands \"%s\"",
	    IOC_SHOW(((char[]){ c, '\0' }))));
}

/* A quoted part of a value, up to its closing quote. */
static int
read_quoted(struct cursor *c, bool ours, struct ioc_buf *out,
    struct ioc_error *err)
{
	char quote = c->text[c->pos++];

	for (; c->pos < c->end; c->pos++) {
		char ch = c->text[c->pos];

		if (ch == quote) {
			c->pos++;
			return (0);
		}
		if (quote == '"' && ours && (ch == '$' || ch == '`'))
			return (shell_only(err, ch));
		if (quote == '"' && ch == '\\' && c->pos + 1 < c->end &&
		    strchr("\"\\$`", c->text[c->pos + 1]) != NULL)
			ch = c->text[++c->pos];
		(void)ioc_buf_addc(out, ch);
	}
	return (ioc_fail(err, IOC_FORMAT, "a quote is not closed"));
}

/* The value of an assignment: quoted and bare parts without a blank between. */
static int
read_value(struct cursor *c, bool ours, struct ioc_buf *out,
    struct ioc_error *err)
{
	int r;

	while (c->pos < c->end && c->text[c->pos] != ' ' &&
	    c->text[c->pos] != '\t') {
		char ch = c->text[c->pos];

		if (ch == '"' || ch == '\'') {
			if ((r = read_quoted(c, ours, out, err)) != 0)
				return (r);
			continue;
		}
		if (strchr(";&|<>()", ch) != NULL ||
		    (ours && (ch == '$' || ch == '`')))
			return (shell_only(err, ch));
		if (ch == '\\') {
			if (++c->pos == c->end)
				return (ioc_fail(err, IOC_FORMAT,
				    "a line cannot be continued"));
			ch = c->text[c->pos];
		}
		(void)ioc_buf_addc(out, ch);
		c->pos++;
	}
	return (ioc_buf_check(out, err));
}

/* Adds an entry with its source, if it is one. */
static int
add_entry(struct ioc_hostconf *conf, const struct entry *place,
    const char *key, size_t keylen, const char *value, struct ioc_error *err)
{
	struct ioc_hostconf_source *s;
	struct entry *e;
	const char *name;
	int r;

	if (conf->entries.n >= IOC_HOSTCONF_KEYS)
		return (ioc_fail(err, IOC_LIMIT, "more than %d keys",
		    IOC_HOSTCONF_KEYS));
	if ((e = ioc_vec_push(&conf->entries)) == NULL)
		return (ioc_fail_nomem(err));
	*e = *place;
	e->key = strndup(key, keylen);
	e->value = strdup(value);
	if (e->key == NULL || e->value == NULL)
		return (ioc_fail_nomem(err));
	for (size_t i = 0; i + 1 < conf->entries.n; i++)
		if (strcmp(conf->entries.v[i].key, e->key) == 0)
			return (ioc_fail(err, IOC_FORMAT,
			    "%s is set already in line %zu", IOC_SHOW(e->key),
			    conf->entries.v[i].line_no));
	if ((r = ioc_hostkey_check(e->key, value, err)) != 0)
		return (r);
	if (ioc_str_starts(e->key, "ioc_dataset_"))
		name = e->key + strlen("ioc_dataset_");
	else if (ioc_str_starts(e->key, "ioc_dir_"))
		name = e->key + strlen("ioc_dir_");
	else
		return (0);
	for (size_t i = 0; i < conf->sources.n; i++)
		if (strcmp(conf->sources.v[i].name, name) == 0)
			return (ioc_fail(err, IOC_INVALID,
			    "source %s is there twice", IOC_SHOW(name)));
	if ((s = ioc_vec_push(&conf->sources)) == NULL ||
	    (s->where = strdup(value)) == NULL)
		return (ioc_fail_nomem(err));
	(void)snprintf(s->name, sizeof(s->name), "%s", name);
	s->zfs = ioc_str_starts(e->key, "ioc_dataset_");
	return (0);
}

static int
parse_line(struct ioc_hostconf *conf, struct cursor *c, struct entry *place,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf value = IOC_BUF(IOC_HOSTCONF_MAX);
	const char *key;
	size_t keylen = 0;
	bool ours;
	int r;

	skip_blanks(c);
	if (c->pos == c->end || c->text[c->pos] == '#')
		return (0);
	key = c->text + c->pos;
	while (c->pos < c->end && (isalnum((unsigned char)c->text[c->pos]) ||
	    c->text[c->pos] == '_'))
		c->pos++;
	keylen = (size_t)(c->text + c->pos - key);
	if (keylen == 0 || isdigit((unsigned char)key[0]) ||
	    c->pos == c->end || c->text[c->pos] != '=')
		return (ioc_fail(err, IOC_FORMAT, "it is not KEY=\"VALUE\""));
	c->pos++;
	ours = keylen >= 4 && memcmp(key, "ioc_", 4) == 0;
	place->start = c->pos;
	if ((r = read_value(c, ours, &value, err)) != 0)
		return (r);
	place->end = c->pos;
	skip_blanks(c);
	if (c->pos < c->end && c->text[c->pos] != '#')
		return (ioc_fail(err, IOC_FORMAT,
		    "something follows the value"));
	return (!ours ? 0 : add_entry(conf, place, key, keylen,
	    ioc_buf_str(&value), err));
}

/* --- a file --------------------------------------------------------------- */

int
ioc_hostconf_parse(const char *file, const char *text, size_t len,
    struct ioc_hostconf **ret, struct ioc_error *err)
{
	IOC_AUTO(ioc_hostconf_freep) struct ioc_hostconf *conf =
	    calloc(1, sizeof(*conf));
	struct entry place = { 0 };
	const char *nl;
	int r = 0;

	if (conf == NULL)
		return (ioc_fail_nomem(err));
	if (len > IOC_HOSTCONF_MAX)
		return (ioc_fail(err, IOC_LIMIT, "%s: longer than %d bytes",
		    IOC_SHOW(file), IOC_HOSTCONF_MAX));
	for (size_t pos = 0; pos < len && r == 0; pos = place.next) {
		struct cursor c = { .text = text, .pos = pos };

		nl = memchr(text + pos, '\n', len - pos);
		c.end = nl != NULL ? (size_t)(nl - text) : len;
		place.line_no++;
		place.line = pos;
		place.next = nl != NULL ? c.end + 1 : len;
		r = memchr(text + pos, '\0', c.end - pos) != NULL ?
		    ioc_fail(err, IOC_FORMAT, "it has a NUL byte") :
		    parse_line(conf, &c, &place, err);
	}
	if (r != 0)
		return (ioc_wrap(err, r, "%s: line %zu", IOC_SHOW(file),
		    place.line_no));
	*ret = take_ptr(conf);
	return (0);
}

/* Appends the text of the file; without one there is none if `optional`. */
static int
read_text(const char *file, bool optional, struct ioc_buf *b,
    struct ioc_error *err)
{
	struct ioc_error e = { 0 };
	int r = ioc_file_read_host(file, b, &e);

	if (r == 0 || (r == IOC_NOT_FOUND && optional))
		return (0);
	ioc_error_copy(err, &e);
	return (r);
}

int
ioc_hostconf_load(const char *file, bool optional, struct ioc_hostconf **ret,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_HOSTCONF_MAX);
	int r = read_text(file, optional, &b, err);

	if (r != 0)
		return (r);
	return (ioc_hostconf_parse(file, ioc_buf_str(&b), b.len, ret, err));
}

static const struct entry *
find(const struct ioc_hostconf *c, const char *key)
{
	for (size_t i = 0; i < c->entries.n; i++)
		if (strcmp(c->entries.v[i].key, key) == 0)
			return (&c->entries.v[i]);
	return (NULL);
}

const char *
ioc_hostconf_get(const struct ioc_hostconf *c, const char *key)
{
	const struct entry *e = find(c, key);

	return (e != NULL ? e->value : NULL);
}

size_t
ioc_hostconf_sources(const struct ioc_hostconf *c,
    const struct ioc_hostconf_source **ret)
{
	*ret = c->sources.v;
	return (c->sources.n);
}

void
ioc_hostconf_uid_range(const struct ioc_hostconf *c, uint32_t *first,
    uint32_t *count)
{
	const char *value = ioc_hostconf_get(c, "ioc_uid_range");

	*first = 524288;
	*count = 1878523904;
	if (value != NULL)
		(void)ioc_hostkey_range(value, first, count, NULL);
}

/* --- editing -------------------------------------------------------------- */

/* The new text: only the value, or the whole line of the key, is another. */
static int
splice(const struct ioc_buf *old, const struct entry *e, const char *key,
    const char *value, struct ioc_buf *new, struct ioc_error *err)
{
	size_t from = old->len, to = old->len;

	if (e != NULL) {
		from = value != NULL ? e->start : e->line;
		to = value != NULL ? e->end : e->next;
	}
	(void)ioc_buf_add(new, ioc_buf_str(old), from);
	if (e == NULL && from > 0 && old->data[from - 1] != '\n')
		(void)ioc_buf_addc(new, '\n');
	if (e == NULL)
		(void)ioc_buf_addf(new, "%s=", key);
	if (value != NULL)
		ioc_quote_rcconf(new, value);
	if (e == NULL)
		(void)ioc_buf_addc(new, '\n');
	(void)ioc_buf_add(new, ioc_buf_str(old) + to, old->len - to);
	return (ioc_buf_check(new, err));
}

/* The directory of the file, made where only that one is missing. */
static int
open_dir(const char *dir, struct ioc_error *err)
{
	const char *slash = strrchr(dir, '/');
	auto_free char *above = slash == NULL || slash == dir ? NULL :
	    strndup(dir, (size_t)(slash - dir));
	auto_fd int up = -1;
	int fd = ioc_path_root(dir, err), r;

	if (fd != IOC_NOT_FOUND || above == NULL)
		return (fd);
	if ((up = ioc_path_root(above, err)) < 0)
		return (up);
	r = ioc_path_mkdir(up, slash + 1, 0755, IOC_PATH_NOLINKS, err);
	return (r != 0 && r != IOC_EXISTS ? r : ioc_path_root(dir, err));
}

/* Replaces the file, which keeps its owner and mode. */
static int
replace(const char *file, const struct ioc_buf *b, struct ioc_error *err)
{
	const char *slash = strrchr(file, '/');
	const char *name = slash != NULL ? slash + 1 : file;
	auto_free char *dir = slash == NULL ? strdup(".") : slash == file ?
	    strdup("/") : strndup(file, (size_t)(slash - file));
	struct stat st = { .st_mode = 0644, .st_uid = (uid_t)-1,
		.st_gid = (gid_t)-1 };
	struct ioc_error e = { 0 };
	auto_fd int fd = -1;
	int r;

	if (dir == NULL)
		return (ioc_fail_nomem(err));
	if ((fd = open_dir(dir, err)) < 0)
		return (fd);
	r = ioc_path_stat(fd, name, 0, &st, &e);
	if (r != 0 && r != IOC_NOT_FOUND) {
		ioc_error_copy(err, &e);
		return (r);
	}
	return (ioc_file_replace(fd, name, b->data, b->len,
	    st.st_mode & 07777, st.st_uid, st.st_gid, 0, err));
}

int
ioc_hostconf_edit(const char *file, const char *key, const char *value,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf old = IOC_BUF(IOC_HOSTCONF_MAX);
	auto_buf struct ioc_buf new = IOC_BUF(IOC_HOSTCONF_MAX);
	IOC_AUTO(ioc_hostconf_freep) struct ioc_hostconf *before = NULL;
	IOC_AUTO(ioc_hostconf_freep) struct ioc_hostconf *after = NULL;
	const struct entry *e;
	int r;

	if (value != NULL && (r = ioc_hostkey_check(key, value, err)) != 0)
		return (r);
	if ((r = read_text(file, true, &old, err)) != 0)
		return (r);
	r = ioc_hostconf_parse(file, ioc_buf_str(&old), old.len, &before, err);
	if (r != 0)
		return (r);
	e = find(before, key);
	if ((e == NULL && value == NULL) ||
	    (e != NULL && value != NULL && strcmp(e->value, value) == 0))
		return (0);
	/* The result is read back before it is written: it must be as good. */
	r = splice(&old, e, key, value, &new, err);
	if (r == 0)
		r = ioc_hostconf_parse(file, ioc_buf_str(&new), new.len, &after,
		    err);
	if (r != 0)
		return (r);
	return (replace(file, &new, err));
}
