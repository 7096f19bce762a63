/* SPDX-License-Identifier: BSD-2-Clause */
/* Results: tables for people, separated values and JSON for programs. */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include "cmd.h"
#include "json.h"

/* What the text of a cell is; "-" is none of them: null in JSON. */
enum cell_kind {
	CELL_TEXT,
	CELL_NUMBER,
	CELL_SIZE,		/* bytes: "12.3M" for people */
	CELL_BOOL,		/* yes, no */
	CELL_LIST,		/* comma separated, "\," is a comma */
	CELL_JSON,		/* JSON already */
};

struct column {
	const char	*name;		/* in JSON, csv and for -o, -s */
	const char	*title;		/* NULL: the name in capitals */
	enum cell_kind	 kind;
};

enum out_format {
	OUT_TABLE,
	OUT_CSV,		/* ";" between, a header, quoted as needed */
	OUT_LIST,		/* TAB between, no header */
	OUT_JSON,
};

struct table {
	const struct column *cols;
	size_t		 ncols;
	char		**cells;
	size_t		 n;		/* cells */
	size_t		 cap;
};

void	table_init(struct table *t, const struct column *cols, size_t ncols);
void	table_fini(struct table *t);
/* Adds the next cell; NULL is "-". */
void	table_add(struct table *t, const char *text);
void	table_addf(struct table *t, const char *fmt, ...) IOC_PRINTF(2, 3);
/* The same for text that was allocated; it belongs to the table. */
void	table_take(struct table *t, char *text);
/* Sorts the rows by one column; equal ones stay as they are. */
void	table_sort(struct table *t, size_t col);

struct out_style {
	enum out_format	 format;
	bool		 no_header;	/* -H: also TAB between the columns */
	bool		 exact;		/* -p */
	const char	*key;		/* the name of the rows in JSON */
};
void	table_print(const struct table *t, const struct out_style *s);

/*
 * The options -H, -p, -f, -o, -s that tables share, for a struct with such
 * members; AS: with another letter for --exact, or 0.
 */
struct out_opts {
	bool		 no_header;
	bool		 exact;
	const char	*format;
	const char	*output;	/* -o */
	const char	*sort;		/* -s */
};
extern const char *const out_formats[];
#define	OUT_OPTS(type, member)	OUT_OPTS_AS('p', type, member)
#define	OUT_OPTS_AS(p, type, member)					\
	{ 'H', "no-header", OPT_FLAG,					\
	    offsetof(type, member.no_header),				\
	    .help = "no header, TAB between the columns" },		\
	{ (p), "exact", OPT_FLAG, offsetof(type, member.exact),		\
	    .help = "exact numbers" },					\
	{ 'f', "output-format", OPT_WORD, offsetof(type, member.format), \
	    .arg = "FORMAT", .words = out_formats,			\
	    .help = "as table, csv, list or json" },			\
	{ 'o', "output", OPT_TEXT, offsetof(type, member.output),	\
	    .arg = "COLUMN,...", .help = "these columns" },		\
	{ 's', "sort", OPT_TEXT, offsetof(type, member.sort),		\
	    .arg = "COLUMN", .help = "sort by this column" }

struct cli;
struct out_style out_style(const struct cli *c, const struct out_opts *o,
	    const char *key);
/*
 * The columns that -o names out of those there are, to be freed; NULL after it
 * has told which one is unknown.  Without -o the first `usual` ones.  With
 * `props` every property is a column, too.
 */
struct column *out_columns(struct cli *c, const struct out_opts *o,
	    const struct column *all, size_t n, size_t usual, bool props,
	    size_t *ret);
/* Sorts by -s, prints.  Gives the exit status. */
int	out_table(struct cli *c, struct table *t, const struct out_opts *o,
	    const char *key);

/* Foreign text made harmless for a terminal, to be freed. */
char	*out_escape(const char *s);
/* The same, cut at 200 bytes, for a message. */
const char *out_show(char out[200], const char *s);
#define	SHOW(s)		out_show((char[200]){ 0 }, (s))

/* A value of a property as JSON, by its type. */
void	out_json_value(struct json *j, enum cell_kind kind, const char *text);
enum cell_kind out_kind(enum ioc_prop_type type);
/* "12.3M" into out. */
void	out_human(char out[8], uint64_t bytes);

#endif /* CLI_OUT_H */
