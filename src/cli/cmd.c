/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a command line by the tables of options. */
#include "cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "out.h"

struct parser {
	struct cli	*c;
	const struct cmd *cmd;		/* NULL: before the command */
	struct cmd_line	*l;
	char *const	*argv;		/* what is still to be read */
};

static bool
opt_ends(const struct opt *o)
{
	return (o == NULL || (o->letter == 0 && o->name == NULL));
}

static const struct opt *
find_in(const struct opt *o, char letter, const char *name, size_t len)
{
	for (; !opt_ends(o); o++) {
		if (name == NULL ? o->letter == letter :
		    o->name != NULL && strncmp(o->name, name, len) == 0 &&
		    o->name[len] == '\0')
			return (o);
	}
	return (NULL);
}

/* The command's own options first, then those that all have. */
static const struct opt *
find_opt(const struct parser *p, char letter, const char *name, size_t len,
    void **base)
{
	const struct opt *o = NULL;

	if (p->cmd != NULL)
		o = find_in(p->cmd->opts, letter, name, len);
	*base = p->l->opts;
	if (o == NULL) {
		o = find_in(cmd_common, letter, name, len);
		*base = p->c;
	}
	return (o);
}

/* "--name" or "-n" as the user wrote it. */
static const char *
spelled(char out[64], const struct opt *o, bool as_letter)
{
	if (as_letter)
		(void)snprintf(out, 64, "-%c", o->letter);
	else
		(void)snprintf(out, 64, "--%s", o->name);
	return (out);
}

static int
store_number(struct parser *p, const struct opt *o, const char *name,
    const char *value, unsigned *ret)
{
	unsigned long v;
	char *end;

	errno = 0;
	v = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 ||
	    v < o->min || v > o->max)
		return (cli_usage(p->c,
		    "%s: \"%s\" is not a number from %u to %u", name,
		    SHOW(value), o->min, o->max));
	*ret = (unsigned)v;
	return (0);
}

static int
store_word(struct parser *p, const struct opt *o, const char *name,
    const char *value, const char **ret)
{
	struct strlist all = { NULL, 0, 0 };
	char *text;
	int r;

	for (const char *const *w = o->words; *w != NULL; w++) {
		if (strcmp(*w, value) == 0) {
			*ret = *w;
			strlist_fini(&all);
			return (0);
		}
		strlist_add(&all, *w);
	}
	text = strlist_join(&all, ", ");
	r = cli_usage(p->c, "%s: \"%s\" is none of %s", name, SHOW(value),
	    text);
	free(text);
	strlist_fini(&all);
	return (r);
}

static bool
takes_value(const struct opt *o)
{
	return (o->kind != OPT_FLAG && o->kind != OPT_SET);
}

static int
store(struct parser *p, const struct opt *o, void *base, const char *name,
    const char *value)
{
	void *at = (char *)base + o->offset;

	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)at = true;
		return (0);
	case OPT_SET:
		*(int *)at = o->value;
		return (0);
	case OPT_TEXT:
		*(const char **)at = value;
		return (0);
	case OPT_WORD:
		return (store_word(p, o, name, value, at));
	case OPT_NUMBER:
		return (store_number(p, o, name, value, at));
	case OPT_CHANGE:
		if (value[0] == '=' || strchr(value, '=') == NULL)
			return (cli_usage(p->c, "%s: \"%s\" is not %s", name,
			    SHOW(value), o->arg));
		strlist_add(at, value);
		return (0);
	case OPT_LIST:
		strlist_add(at, value);
		return (0);
	}
	return (0);
}

/* Adds "; did you mean --x?" where a name comes near. */
static int
unknown_long(struct parser *p, const char *arg, size_t len)
{
	const char *names[64], *near;
	char *word = cli_strndup(arg, len);
	size_t n = 0;
	int r;

	for (const struct opt *o = p->cmd != NULL ? p->cmd->opts : NULL;
	    !opt_ends(o) && n < 64; o++) {
		if (o->name != NULL)
			names[n++] = o->name;
	}
	for (const struct opt *o = cmd_common; !opt_ends(o) && n < 64; o++)
		names[n++] = o->name;
	near = cmd_nearest(word, names, n);
	r = cli_usage(p->c, "unknown option --%s%s%s%s", SHOW(word),
	    near != NULL ? "; did you mean --" : "",
	    near != NULL ? near : "", near != NULL ? "?" : "");
	free(word);
	return (r);
}

/* --name, --name=value, --name value; argv is at the option. */
static int
parse_long(struct parser *p)
{
	const char *arg = *p->argv + 2, *eq = strchr(arg, '=');
	size_t len = eq != NULL ? (size_t)(eq - arg) : strlen(arg);
	const char *value = NULL;
	const struct opt *o;
	char name[64];
	void *base;

	o = find_opt(p, 0, arg, len, &base);
	if (o == NULL)
		return (unknown_long(p, arg, len));
	(void)spelled(name, o, false);
	p->argv++;
	if (!takes_value(o)) {
		if (eq != NULL)
			return (cli_usage(p->c, "%s takes no value", name));
	} else if (eq != NULL)
		value = eq + 1;
	else if (*p->argv != NULL)
		value = *p->argv++;
	else
		return (cli_usage(p->c, "%s needs a value (%s)", name,
		    o->arg));
	return (store(p, o, base, name, value));
}

/* -a, -abc, -oVALUE, -o VALUE; argv is at the option. */
static int
parse_letters(struct parser *p)
{
	const char *s = *p->argv++ + 1;
	const struct opt *o;
	char name[64];
	void *base;
	int r = 0;

	while (r == 0 && *s != '\0') {
		char letter[2] = { *s++, '\0' };
		const char *value = NULL;

		o = find_opt(p, letter[0], NULL, 0, &base);
		if (o == NULL)
			return (cli_usage(p->c, "unknown option -%s",
			    SHOW(letter)));
		(void)spelled(name, o, true);
		if (takes_value(o)) {
			value = *s != '\0' ? s : *p->argv;
			if (value == NULL)
				return (cli_usage(p->c,
				    "%s needs a value (%s)", name, o->arg));
			if (*s == '\0')
				p->argv++;
			s = "";
		}
		r = store(p, o, base, name, value);
	}
	return (r);
}

/* The name of the operand that is missing, out of "JAIL NAME...". */
static void
missing_name(char *out, size_t len, const char *args, size_t have)
{
	const char *s = args;

	out[0] = '\0';
	while (*s != '\0') {
		size_t n = strcspn(s, " "), name = strcspn(s, " .");

		if (*s != '[' && have-- == 0) {
			(void)snprintf(out, len, "%.*s", (int)name, s);
			return;
		}
		s += n + (s[n] == ' ');
	}
}

static int
count_operands(struct parser *p)
{
	const struct cmd *cmd = p->cmd;
	size_t n = p->l->args.n;
	char name[64];

	if (cmd == NULL || p->c->help)
		return (0);
	if (n < cmd->min) {
		missing_name(name, sizeof(name), cmd->args, n);
		return (cli_usage(p->c, "%s is missing", name));
	}
	if (n > cmd->max)
		return (cli_usage(p->c, "unexpected operand \"%s\"",
		    SHOW(p->l->args.v[cmd->max])));
	return (0);
}

int
cmd_parse(struct cli *c, const struct cmd *cmd, char *const *argv,
    struct cmd_line *l)
{
	struct parser p = { c, cmd, l, argv };
	size_t stop = cmd == NULL ? 1 : cmd->stop;
	bool options = true;
	int r = 0;

	l->opts = cmd != NULL && cmd->opts_size > 0 ?
	    cli_alloc(1, cmd->opts_size) : NULL;
	while (r == 0 && *p.argv != NULL) {
		const char *arg = *p.argv;

		if (!options || arg[0] != '-' || arg[1] == '\0') {
			strlist_add(&l->args, arg);
			p.argv++;
			if (stop > 0 && l->args.n >= stop)
				options = false;
		} else if (strcmp(arg, "--") == 0) {
			options = false;
			p.argv++;
		} else if (arg[1] == '-')
			r = parse_long(&p);
		else
			r = parse_letters(&p);
	}
	return (r != 0 ? r : count_operands(&p));
}

void
cmd_line_fini(const struct cmd *cmd, struct cmd_line *l)
{
	for (const struct opt *o = cmd != NULL ? cmd->opts : NULL;
	    !opt_ends(o) && l->opts != NULL; o++) {
		if (o->kind == OPT_LIST || o->kind == OPT_CHANGE) {
			void *at = (char *)l->opts + o->offset;

			strlist_fini(at);
		}
	}
	free(l->opts);
	l->opts = NULL;
	strlist_fini(&l->args);
}

const struct cmd *
cmd_find(const char *name)
{
	for (const struct cmd *const *p = cmd_table; *p != NULL; p++) {
		if (strcmp((*p)->name, name) == 0)
			return (*p);
	}
	return (NULL);
}

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
	return (a < b ? (a < c ? a : c) : (b < c ? b : c));
}

/* Edits between two words: insert, remove, replace, swap neighbours. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned d[3][32];
	size_t n = strlen(a), m = strlen(b);

	if (n > 30 || m > 30)
		return (99);
	for (size_t k = 0; k <= m; k++)
		d[0][k] = (unsigned)k;
	for (size_t i = 1; i <= n; i++) {
		unsigned *now = d[i % 3], *up = d[(i - 1) % 3];

		now[0] = (unsigned)i;
		for (size_t k = 1; k <= m; k++) {
			now[k] = least(up[k] + 1, now[k - 1] + 1,
			    up[k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] &&
			    a[i - 2] == b[k - 1])
				now[k] = least(now[k],
				    d[(i - 2) % 3][k - 2] + 1, now[k]);
		}
	}
	return (d[n % 3][m]);
}

const char *
cmd_nearest(const char *word, const char *const *names, size_t n)
{
	const char *best = NULL;
	unsigned least_d = strlen(word) < 4 ? 2 : 3, d;

	for (size_t i = 0; i < n; i++) {
		d = distance(word, names[i]);
		if (d < least_d) {
			least_d = d;
			best = names[i];
		}
	}
	return (best);
}
