/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables, separated values and JSON out of the same cells. */
#include "out.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

const char *const out_formats[] = { "table", "csv", "list", "json", NULL };

/* Most text needs no escaping: seen without a copy. */
static bool
is_plain(const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s < 0x20 || *s > 0x7e || *s == '\\')
			return (false);
	}
	return (true);
}

char *
out_escape(const char *s)
{
	char *e;

	if (is_plain(s))
		return (cli_strdup(s));
	e = ioc_escape(s, strlen(s));
	return (e != NULL ? e : cli_strdup("?"));
}

const char *
out_show(char out[200], const char *s)
{
	char *e = out_escape(s);
	size_t n = strlen(e);

	if (n >= 200) {
		for (n = 196; n > 0 && (e[n] & 0xc0) == 0x80; n--)
			continue;
		(void)snprintf(out, 200, "%.*s...", (int)n, e);
	} else
		memcpy(out, e, n + 1);
	free(e);
	return (out);
}

void
out_human(char out[8], uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	unsigned unit = 0;
	uint64_t rest = 0;

	while (bytes >= 1000) {
		rest = bytes % 1024;
		bytes /= 1024;
		unit++;
	}
	if (unit > 0 && bytes < 10)
		(void)snprintf(out, 8, "%u.%u%c", (unsigned)bytes % 10,
		    (unsigned)(rest * 10 / 1024) % 10, units[unit]);
	else
		(void)snprintf(out, 8, "%u%c", (unsigned)bytes % 1000,
		    units[unit]);
}

void
table_init(struct table *t, const struct column *cols, size_t ncols)
{
	*t = (struct table){ .cols = cols, .ncols = ncols };
}

void
table_fini(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i]);
	free(t->cells);
}

void
table_take(struct table *t, char *text)
{
	if (t->n == t->cap) {
		size_t cap = t->cap == 0 ? 64 : t->cap * 2;
		char **cells = cli_alloc(cap, sizeof(*cells));

		if (t->n > 0)
			memcpy(cells, t->cells, t->n * sizeof(*cells));
		free(t->cells);
		t->cells = cells;
		t->cap = cap;
	}
	t->cells[t->n++] = text != NULL ? text : cli_strdup("-");
}

void
table_add(struct table *t, const char *text)
{
	table_take(t, text != NULL ? cli_strdup(text) : NULL);
}

void
table_addf(struct table *t, const char *fmt, ...)
{
	char text[64];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	table_add(t, text);
}

static bool
is_number(enum cell_kind kind)
{
	return (kind == CELL_NUMBER || kind == CELL_SIZE);
}

struct sort_row {
	char	**cells;
	size_t	 index;
	bool	 number;
	size_t	 col;
};

static int
compare_rows(const void *va, const void *vb)
{
	const struct sort_row *a = va, *b = vb;
	const char *x = a->cells[a->col], *y = b->cells[b->col];
	int r;

	if (a->number) {
		long long m = strtoll(x, NULL, 10), n = strtoll(y, NULL, 10);

		r = m < n ? -1 : m > n;
	} else
		r = strcmp(x, y);
	return (r != 0 ? r : a->index < b->index ? -1 : 1);
}

void
table_sort(struct table *t, size_t col)
{
	size_t n = t->n / t->ncols;
	struct sort_row *rows = cli_alloc(n + 1, sizeof(*rows));
	char **cells = cli_alloc(t->n + 1, sizeof(*cells));

	for (size_t i = 0; i < n; i++)
		rows[i] = (struct sort_row){ t->cells + i * t->ncols, i,
		    is_number(t->cols[col].kind), col };
	qsort(rows, n, sizeof(*rows), compare_rows);
	for (size_t i = 0; i < n; i++)
		memcpy(cells + i * t->ncols, rows[i].cells,
		    t->ncols * sizeof(*cells));
	free(t->cells);
	t->cells = cells;
	t->cap = t->n + 1;
	free(rows);
}

/*
 * The text of a cell for people or, exact, for programs; *made is to be freed,
 * and NULL for most.
 */
static const char *
cell_text(const struct table *t, size_t i, bool exact, char **made)
{
	const char *s = t->cells[i];
	char human[8];

	*made = NULL;
	if (t->cols[i % t->ncols].kind == CELL_SIZE && !exact &&
	    strcmp(s, "-") != 0) {
		out_human(human, strtoull(s, NULL, 10));
		*made = cli_strdup(human);
	} else if (!is_plain(s))
		*made = out_escape(s);
	return (*made != NULL ? *made : s);
}

static char *
column_title(const struct column *c)
{
	char *s = cli_strdup(c->title != NULL ? c->title : c->name);

	for (char *p = s; *p != '\0' && c->title == NULL; p++) {
		if (*p >= 'a' && *p <= 'z')
			*p -= 'a' - 'A';
	}
	return (s);
}

static void
print_blanks(size_t n)
{
	while (n-- > 0)
		(void)putc_unlocked(' ', stdout);
}

/* A cell, or with i < ncols the title of a column. */
static const char *
aligned_text(const struct table *t, const struct out_style *s, size_t i,
    char **made)
{
	if (i >= t->ncols)
		return (cell_text(t, i - t->ncols, s->exact, made));
	return (*made = column_title(&t->cols[i]));
}

static size_t
text_width(const char *s)
{
	return (is_plain(s) ? strlen(s) : utf8_width(s));
}

static void
print_padded(const char *s, size_t width, bool right, bool last)
{
	size_t w = right || !last ? text_width(s) : width;
	size_t pad = width > w ? width - w : 0;

	if (right)
		print_blanks(pad);
	(void)fputs(s, stdout);
	if (last)
		(void)putc_unlocked('\n', stdout);
	else
		print_blanks(right ? 2 : pad + 2);
}

static void
print_aligned(const struct table *t, const struct out_style *s)
{
	size_t *width = cli_alloc(t->ncols, sizeof(*width));
	size_t n = t->n + t->ncols;
	char *made;

	for (size_t i = 0; i < n; i++) {
		size_t w = text_width(aligned_text(t, s, i, &made));

		if (w > width[i % t->ncols])
			width[i % t->ncols] = w;
		free(made);
	}
	for (size_t i = 0; i < n; i++) {
		size_t col = i % t->ncols;

		print_padded(aligned_text(t, s, i, &made), width[col],
		    is_number(t->cols[col].kind), col + 1 == t->ncols);
		free(made);
	}
	free(width);
}

static void
print_field(const char *s, char between)
{
	if (between != ';' || s[strcspn(s, ";\"")] == '\0') {
		(void)fputs(s, stdout);
		return;
	}
	(void)fputc('"', stdout);
	for (; *s != '\0'; s++) {
		if (*s == '"')
			(void)fputc('"', stdout);
		(void)fputc(*s, stdout);
	}
	(void)fputc('"', stdout);
}

static void
print_separated(const struct table *t, const struct out_style *s, char between)
{
	if (between == ';' && !s->no_header) {
		for (size_t i = 0; i < t->ncols; i++)
			(void)printf("%s%s", i > 0 ? ";" : "",
			    t->cols[i].name);
		(void)fputc('\n', stdout);
	}
	for (size_t i = 0; i < t->n; i++) {
		char *made;

		print_field(cell_text(t, i, s->exact, &made), between);
		(void)fputc((i + 1) % t->ncols == 0 ? '\n' : between, stdout);
		free(made);
	}
}

static void
print_json(const struct table *t, const struct out_style *s)
{
	struct json j;

	json_open(&j, stdout, true);
	json_key(&j, s->key);
	json_begin_array(&j);
	for (size_t i = 0; i < t->n; i++) {
		const struct column *c = &t->cols[i % t->ncols];

		if (i % t->ncols == 0)
			json_begin_object(&j);
		json_key(&j, c->name);
		out_json_value(&j, c->kind, t->cells[i]);
		if ((i + 1) % t->ncols == 0)
			json_end(&j);
	}
	json_close(&j);
}

void
table_print(const struct table *t, const struct out_style *s)
{
	if (s->format == OUT_JSON)
		print_json(t, s);
	else if (s->format == OUT_CSV)
		print_separated(t, s, ';');
	else if (s->format == OUT_LIST || s->no_header)
		print_separated(t, s, '\t');
	else
		print_aligned(t, s);
}
