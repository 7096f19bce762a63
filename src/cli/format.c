/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of tables, and values by their type. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "out.h"

enum cell_kind
out_kind(enum ioc_prop_type type)
{
	switch (type) {
	case IOC_PROP_BOOL:
		return (CELL_BOOL);
	case IOC_PROP_INT:
		return (CELL_NUMBER);
	case IOC_PROP_LIST:
		return (CELL_LIST);
	case IOC_PROP_STRING:
	case IOC_PROP_SIZE:
	case IOC_PROP_LIMIT:
	case IOC_PROP_CHOICE:
		break;
	}
	return (CELL_TEXT);
}

/* "a,b\,c" as ["a", "b,c"]. */
static void
json_list(struct json *j, const char *text)
{
	char *one = cli_alloc(strlen(text) + 1, 1);
	size_t n = 0;

	json_begin_array(j);
	for (;; text++) {
		if (*text == ',' || *text == '\0') {
			one[n] = '\0';
			json_text(j, one);
			n = 0;
			if (*text == '\0')
				break;
		} else {
			if (*text == '\\' && text[1] != '\0')
				text++;
			one[n++] = *text;
		}
	}
	json_end(j);
	free(one);
}

static bool
is_json_number(const char *s)
{
	size_t n;

	s += *s == '-';
	n = strspn(s, "0123456789");
	return (n > 0 && s[n] == '\0' && (n == 1 || s[0] != '0'));
}

void
out_json_value(struct json *j, enum cell_kind kind, const char *text)
{
	if (kind == CELL_LIST && (strcmp(text, "-") == 0 || text[0] == '\0')) {
		json_begin_array(j);
		json_end(j);
	} else if (strcmp(text, "-") == 0)
		json_add_null(j);
	else if (kind == CELL_LIST)
		json_list(j, text);
	else if (kind == CELL_JSON ||
	    ((kind == CELL_NUMBER || kind == CELL_SIZE) &&
	    is_json_number(text)))
		json_raw(j, text);
	else if (kind == CELL_BOOL && strcmp(text, "yes") == 0)
		json_bool(j, true);
	else if (kind == CELL_BOOL && strcmp(text, "no") == 0)
		json_bool(j, false);
	else
		json_text(j, text);
}

struct out_style
out_style(const struct cli *c, const struct out_opts *o, const char *key)
{
	struct out_style s = { OUT_TABLE, o->no_header, o->exact, key };

	for (int i = 0; o->format != NULL && out_formats[i] != NULL; i++) {
		if (strcmp(out_formats[i], o->format) == 0)
			s.format = (enum out_format)i;
	}
	if (c->json)
		s.format = OUT_JSON;
	return (s);
}

/* The row of a name in `all`, else the property of that name. */
static bool
find_column(const struct column *all, size_t n, const char *name, bool props,
    struct column *ret)
{
	const struct ioc_prop *p;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(all[i].name, name) == 0) {
			*ret = all[i];
			return (true);
		}
	}
	p = props ? ioc_prop_find(name) : NULL;
	if (p == NULL)
		return (false);
	/* All "user." keys share a row; the name that was asked for stays. */
	*ret = (struct column){ strchr(p->name, '*') != NULL ? name : p->name,
		NULL, out_kind(p->type) };
	return (true);
}

struct column *
out_columns(struct cli *c, const struct out_opts *o, const struct column *all,
    size_t n, size_t usual, bool props, size_t *ret)
{
	const char *s = o->output != NULL ? o->output : "";
	size_t max = o->output != NULL ? strlen(s) + 1 : n, k = 0;
	struct column *cols;
	char *names, *rest, *end;

	/* Behind the columns the names of those that have none elsewhere. */
	cols = cli_alloc(1, max * sizeof(*cols) + strlen(s) + 1);
	if (o->output == NULL) {
		memcpy(cols, all, usual * sizeof(*cols));
		*ret = usual;
		return (cols);
	}
	names = memcpy(cols + max, s, strlen(s) + 1);
	for (rest = names; rest != NULL; rest = end) {
		end = strchr(rest, ',');
		if (end != NULL)
			*end++ = '\0';
		if (!find_column(all, n, rest, props, &cols[k++])) {
			(void)cli_usage(c, "-o: no column \"%s\"", SHOW(rest));
			free(cols);
			return (NULL);
		}
	}
	*ret = k;
	return (cols);
}

int
out_table(struct cli *c, struct table *t, const struct out_opts *o,
    const char *key)
{
	struct out_style s = out_style(c, o, key);

	if (o->sort != NULL) {
		size_t col = 0;

		while (col < t->ncols && strcmp(t->cols[col].name, o->sort))
			col++;
		if (col == t->ncols)
			return (cli_usage(c, "-s: no column \"%s\" is shown",
			    SHOW(o->sort)));
		table_sort(t, col);
	}
	table_print(t, &s);
	return (0);
}
