/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/fstab.h"

#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "base/str.h"
#include "base/vec.h"

#define	FIELDS		6
#define	LEAST_FIELDS	4

enum line_kind {
	LINE_KEPT,		/* a comment, empty, marked by a predecessor */
	LINE_BAD,		/* neither that nor a line of an fstab */
	LINE_ENTRY,
};

struct line {
	enum line_kind	 kind;
	unsigned	 number;
	unsigned	 nfields;
	char		*text;		/* without the newline */
	char		*words[FIELDS];	/* fields, read; the numbers not kept */
	char		*comment;
	struct ioc_fstab_entry e;	/* ENTRY: points to the above */
};

struct ioc_fstab {
	IOC_VEC(struct line) lines;
	size_t		*entries;	/* index of each ENTRY */
	size_t		 n;
};

static void
line_fini(struct line *l)
{
	for (size_t i = 0; i < FIELDS; i++)
		free(l->words[i]);
	free(l->comment);
	free(l->text);
}

void
ioc_fstab_free(struct ioc_fstab *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->lines.n; i++)
		line_fini(&f->lines.v[i]);
	ioc_vec_fini(&f->lines);
	free(f->entries);
	free(f);
}

/* The list of those that count, made anew. */
static int
index_entries(struct ioc_fstab *f, struct ioc_error *err)
{
	size_t *v = calloc(f->lines.n + 1, sizeof(*v)), n = 0;

	if (v == NULL)
		return (ioc_fail_nomem(err));
	for (size_t i = 0; i < f->lines.n; i++)
		if (f->lines.v[i].kind == LINE_ENTRY)
			v[n++] = i;
	free(f->entries);
	f->entries = v;
	f->n = n;
	return (0);
}

/* --- reading ---------------------------------------------------------------- */

static const char blanks[] = " \t\r";

/* The length of a field; a blank behind a backslash is part of it. */
static size_t
field_len(const char *p)
{
	size_t len = 0;

	while (p[len] != '\0' && strchr(blanks, p[len]) == NULL)
		len += p[len] == '\\' && p[len + 1] != '\0' ? 2 : 1;
	return (len);
}

static int
add_field(struct line *l, const char *p, size_t len, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_FSTAB_SIZE);

	if (l->nfields++ >= FIELDS)
		return (0);
	(void)ioc_buf_adds(&b, "");
	ioc_unquote_fstab(&b, p, len);
	if (ioc_buf_check(&b, err) != 0)
		return (b.failed);
	l->words[l->nfields - 1] = ioc_buf_take(&b);
	return (0);
}

static bool
number(const char *word, unsigned *ret)
{
	uint64_t v = 0;

	if (word != NULL && ioc_str_to_u64(word, 0, 99, &v, NULL) != 0)
		return (false);
	*ret = (unsigned)v;
	return (true);
}

static int
take_comment(struct line *l, const char *p, struct ioc_error *err)
{
	size_t len;

	p += 1 + strspn(p + 1, blanks);
	len = strlen(p);
	while (len > 0 && strchr(blanks, p[len - 1]) != NULL)
		len--;
	l->comment = strndup(p, len);
	return (l->comment != NULL ? 0 : ioc_fail_nomem(err));
}

static int
read_line(struct line *l, struct ioc_error *err)
{
	const char *p = l->text;
	int r = 0;

	for (p += strspn(p, blanks); r == 0 && *p != '\0' && *p != '#';
	    p += strspn(p, blanks)) {
		size_t len = field_len(p);

		r = add_field(l, p, len, err);
		p += len;
	}
	if (r == 0 && *p == '#')
		r = take_comment(l, p, err);
	if (r != 0 || l->nfields == 0)
		return (r);
	if (l->comment != NULL && strcmp(l->comment, "iocage-auto") == 0)
		return (0);
	l->e = (struct ioc_fstab_entry){
		.source = l->words[0], .target = l->words[1],
		.type = l->words[2], .options = l->words[3],
		.comment = l->comment, .line = l->number,
	};
	l->kind = l->nfields >= LEAST_FIELDS && l->nfields <= FIELDS &&
	    number(l->words[4], &l->e.freq) &&
	    number(l->words[5], &l->e.passno) ? LINE_ENTRY : LINE_BAD;
	return (0);
}

static int
add_line(struct ioc_fstab *f, const char *text, size_t len,
    struct ioc_error *err)
{
	struct line *l = ioc_vec_push(&f->lines);

	if (l == NULL || (l->text = strndup(text, len)) == NULL)
		return (ioc_fail_nomem(err));
	l->number = (unsigned)f->lines.n;
	return (read_line(l, err));
}

int
ioc_fstab_parse(const char *text, size_t len, struct ioc_fstab **ret,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_fstab_freep) struct ioc_fstab *f = calloc(1, sizeof(*f));
	const char *end = text + len;
	unsigned n = 0;
	int r = 0;

	if (f == NULL)
		return (ioc_fail_nomem(err));
	if (len > IOC_FSTAB_SIZE)
		return (ioc_fail(err, IOC_LIMIT, "longer than %d bytes",
		    IOC_FSTAB_SIZE));
	while (r == 0 && text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		size_t n_bytes = (size_t)((nl != NULL ? nl : end) - text);

		if (++n > IOC_FSTAB_LINES)
			return (ioc_fail(err, IOC_LIMIT,
			    "more than %d lines", IOC_FSTAB_LINES));
		if (memchr(text, '\0', n_bytes) != NULL)
			return (ioc_fail(err, IOC_FORMAT,
			    "line %u: a NUL byte", n));
		r = add_line(f, text, n_bytes, err);
		text += n_bytes + 1;
	}
	if (r == 0)
		r = index_entries(f, err);
	if (r == 0)
		*ret = take_ptr(f);
	return (r);
}

void
ioc_fstab_print(const struct ioc_fstab *f, struct ioc_buf *b)
{
	(void)ioc_buf_adds(b, "");
	for (size_t i = 0; i < f->lines.n; i++) {
		(void)ioc_buf_adds(b, f->lines.v[i].text);
		(void)ioc_buf_addc(b, '\n');
	}
}

size_t
ioc_fstab_count(const struct ioc_fstab *f)
{
	return (f->n);
}

const struct ioc_fstab_entry *
ioc_fstab_at(const struct ioc_fstab *f, size_t i)
{
	return (&f->lines.v[f->entries[i]].e);
}

/* --- judging all ------------------------------------------------------------ */

static int
judge_twice(const struct ioc_fstab_mount *v, size_t n, struct ioc_error *err)
{
	for (size_t k = 0; k < n; k++)
		if (strcmp(v[k].target, v[n].target) == 0)
			return (ioc_fail(err, IOC_INVALID, "target %s is "
			    "there twice", IOC_SHOW(v[n].target)));
	return (0);
}

int
ioc_fstab_judge_all(const struct ioc_fstab *f, const char *old_root,
    struct ioc_fstab_mount *ret, size_t *n, struct ioc_error *err)
{
	int r = 0;

	*n = 0;
	for (size_t i = 0; i < f->lines.n; i++) {
		const struct line *l = &f->lines.v[i];

		if (l->kind == LINE_KEPT)
			continue;
		if (l->kind == LINE_BAD)
			r = ioc_fail(err, IOC_FORMAT, "it has not four to six "
			    "fields, the last two of them numbers");
		else if (*n == IOC_FSTAB_MAX)
			r = ioc_fail(err, IOC_LIMIT, "more than %d lines",
			    IOC_FSTAB_MAX);
		else
			r = ioc_fstab_judge(&l->e, old_root, &ret[*n], err);
		if (r == 0)
			r = judge_twice(ret, *n, err);
		if (r != 0)
			return (ioc_wrap(err, r, "fstab, line %u",
			    l->number));
		(*n)++;
	}
	return (0);
}

/* --- editing ---------------------------------------------------------------- */

static int
judge_comment(const char *comment, struct ioc_error *err)
{
	if (comment == NULL)
		return (0);
	if (strlen(comment) > 255 || strcmp(comment, "iocage-auto") == 0)
		return (ioc_fail(err, IOC_INVALID, "comment \"%s\": longer "
		    "than 255 bytes, or the mark of another program",
		    IOC_SHOW(comment)));
	for (const char *p = comment; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return (ioc_fail(err, IOC_INVALID, "comment \"%s\": a "
			    "control character", IOC_SHOW(comment)));
	return (0);
}

static int
judge_free(const struct ioc_fstab *f, const char *target, const char *old_root,
    struct ioc_error *err)
{
	struct ioc_fstab_mount m;

	if (f->n >= IOC_FSTAB_MAX)
		return (ioc_fail(err, IOC_LIMIT, "there are %zu lines already",
		    f->n));
	for (size_t i = 0; i < f->n; i++) {
		const struct ioc_fstab_entry *e = ioc_fstab_at(f, i);

		/* One that is not acceptable is in nobody's way. */
		if (ioc_fstab_judge(e, old_root, &m, NULL) == 0 &&
		    strcmp(m.target, target) == 0)
			return (ioc_fail(err, IOC_EXISTS, "%s is the target of "
			    "line %u already", IOC_SHOW(target), e->line));
	}
	return (0);
}

int
ioc_fstab_add(struct ioc_fstab *f, const struct ioc_fstab_entry *e,
    const char *old_root, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(16 * 1024);
	struct ioc_fstab_entry full = *e;
	struct ioc_fstab_mount m;
	int r;

	if (full.type == NULL)
		full.type = "nullfs";
	if (full.options == NULL)
		full.options = "ro";
	r = ioc_fstab_judge(&full, old_root, &m, err);
	if (r == 0 && (full.freq > 99 || full.passno > 99))
		r = ioc_fail(err, IOC_INVALID, "a number over 99");
	if (r == 0)
		r = judge_comment(full.comment, err);
	if (r == 0)
		r = judge_free(f, m.target, old_root, err);
	if (r != 0)
		return (r);
	ioc_quote_fstab(&b, m.source);
	(void)ioc_buf_addc(&b, '\t');
	ioc_quote_fstab(&b, m.target);
	(void)ioc_buf_addf(&b, "\t%s\t%s\t%u\t%u", full.type, full.options,
	    full.freq, full.passno);
	if (full.comment != NULL)
		(void)ioc_buf_addf(&b, "\t# %s", full.comment);
	if ((r = ioc_buf_check(&b, err)) == 0)
		r = add_line(f, b.data, b.len, err);
	return (r == 0 ? index_entries(f, err) : r);
}

void
ioc_fstab_remove(struct ioc_fstab *f, size_t i)
{
	size_t at = f->entries[i];

	line_fini(&f->lines.v[at]);
	f->lines.n--;
	memmove(&f->lines.v[at], &f->lines.v[at + 1],
	    (f->lines.n - at) * sizeof(*f->lines.v));
	/* Each of those behind is one line further up, and one entry less. */
	for (size_t k = at; k < f->lines.n; k++)
		f->lines.v[k].e.line = --f->lines.v[k].number;
	for (f->n--; i < f->n; i++)
		f->entries[i] = f->entries[i + 1] - 1;
}
