/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/filter.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "conf/glob.h"
#include "conf/prop.h"
#include "conf/value.h"
#include "safe/name.h"

/* One of the alternatives of a term. */
struct pattern {
	struct ioc_glob	source;		/* NAME terms; no parts: any source */
	struct ioc_glob	glob;
};

struct term {
	char			*key;	/* NULL: a NAME term */
	const struct ioc_prop	*prop;
	IOC_VEC(struct pattern)	 any;
};

struct ioc_filter {
	IOC_VEC(struct term) all;
};

void
ioc_filter_free(struct ioc_filter *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->all.n; i++) {
		struct term *t = &f->all.v[i];

		for (size_t k = 0; k < t->any.n; k++) {
			ioc_glob_fini(&t->any.v[k].source);
			ioc_glob_fini(&t->any.v[k].glob);
		}
		ioc_vec_fini(&t->any);
		free(t->key);
	}
	ioc_vec_fini(&f->all);
	free(f);
}

/* --- parsing -------------------------------------------------------------- */

/* The first of these characters (a NUL for any blank) that no "\" precedes. */
static const char *
find_unescaped(const char *s, const char *end, char c)
{
	for (; s < end; s++) {
		if (*s == '\\')
			s++;
		else if (c != '\0' ? *s == c : isspace((unsigned char)*s))
			return (s);
	}
	return (end);
}

/* What stands literally in a pattern for names must be able to be in a name. */
static int
check_name(const struct ioc_glob *g, enum ioc_name kind, struct ioc_error *err)
{
	if (ioc_glob_is_plain(g))
		return (ioc_name_check(kind, g->text, err));
	for (const char *s = g->text; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr("_.-", *s) == NULL)
			return (ioc_fail(err, IOC_INVALID,
			    "no name has \"%s\" in it",
			    IOC_SHOW(((char[]){ *s, '\0' }))));
	return (0);
}

static int
parse_name(struct pattern *p, const char *s, const char *end,
    struct ioc_error *err)
{
	const char *slash = find_unescaped(s, end, '/');
	int r;

	if (slash != end) {
		r = ioc_glob_init(&p->source, s, (size_t)(slash - s), err);
		if (r == 0)
			r = check_name(&p->source, IOC_NAME_SOURCE, err);
		if (r != 0)
			return (r);
		s = slash + 1;
	}
	r = ioc_glob_init(&p->glob, s, (size_t)(end - s), err);
	return (r != 0 ? r : check_name(&p->glob, IOC_NAME_JAIL, err));
}

/* A plain value of a typed property takes its normal form. */
static int
parse_value(const struct ioc_prop *prop, struct pattern *p, const char *s,
    const char *end, struct ioc_error *err)
{
	char *normal = NULL;
	int r = ioc_glob_init(&p->glob, s, (size_t)(end - s), err);

	if (r != 0 || !ioc_glob_is_plain(&p->glob) ||
	    prop->type == IOC_PROP_STRING || prop->type == IOC_PROP_LIST ||
	    ioc_str_is_none(p->glob.text))
		return (r);
	r = ioc_value_normal(prop, prop->name, p->glob.text, &normal, err);
	if (r != 0)
		return (r);
	free(p->glob.text);
	p->glob.text = normal;
	p->glob.parts[0].len = strlen(normal);
	return (0);
}

static int
parse_key(struct term *t, const char *s, const char *end, struct ioc_error *err)
{
	auto_free char *key = strndup(s, (size_t)(end - s));

	if (key == NULL)
		return (ioc_fail_nomem(err));
	t->prop = ioc_prop_find(key);
	if (t->prop != NULL) {
		t->key = take_ptr(key);
		return (0);
	}
	t->prop = ioc_prop_computed(key);
	if (t->prop == NULL)
		return (ioc_fail(err, IOC_NOT_FOUND, "no property \"%s\"",
		    IOC_SHOW(key)));
	t->key = strdup(t->prop->name);
	return (t->key != NULL ? 0 : ioc_fail_nomem(err));
}

/* NAME[,NAME...] or KEY=VALUE[,VALUE...] between s and end. */
static int
parse_term(struct ioc_filter *f, const char *s, const char *end,
    struct ioc_error *err)
{
	const char *eq = find_unescaped(s, end, '='), *comma;
	struct term *t = ioc_vec_push(&f->all);
	int r;

	if (t == NULL)
		return (ioc_fail_nomem(err));
	if (eq != end) {
		if ((r = parse_key(t, s, eq, err)) != 0)
			return (r);
		s = eq + 1;
	}
	for (;; s = comma + 1) {
		struct pattern *p = ioc_vec_push(&t->any);

		if (p == NULL)
			return (ioc_fail_nomem(err));
		comma = find_unescaped(s, end, ',');
		r = t->key == NULL ? parse_name(p, s, comma, err) :
		    parse_value(t->prop, p, s, comma, err);
		if (r != 0 || comma == end)
			return (r);
	}
}

/* One operand, which may hold several terms. */
static int
parse_operand(struct ioc_filter *f, const char *s, struct ioc_error *err)
{
	const char *end = s + strlen(s), *stop;
	size_t before = f->all.n;
	int r;

	if (!ioc_str_is_utf8(s))
		return (ioc_fail(err, IOC_INVALID, "not UTF-8"));
	for (; s < end; s = stop + (stop < end)) {
		stop = find_unescaped(s, end, '\0');
		if (stop > s && (r = parse_term(f, s, stop, err)) != 0)
			return (r);
	}
	return (f->all.n > before ? 0 :
	    ioc_fail(err, IOC_INVALID, "nothing in it"));
}

int
ioc_filter_parse(const char *const *terms, size_t n, struct ioc_filter **ret,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_filter_freep) struct ioc_filter *f = calloc(1, sizeof(*f));
	int r;

	if (f == NULL)
		return (ioc_fail_nomem(err));
	for (size_t i = 0; i < n; i++)
		if ((r = parse_operand(f, terms[i], err)) != 0)
			return (ioc_wrap(err, r, "filter \"%s\"",
			    IOC_SHOW(terms[i])));
	*ret = take_ptr(f);
	return (0);
}

/* --- matching ------------------------------------------------------------- */

static bool
match_any_name(const struct term *t, const char *source, const char *name)
{
	for (size_t i = 0; i < t->any.n; i++) {
		const struct pattern *p = &t->any.v[i];

		if ((p->source.nparts == 0 ||
		    ioc_glob_match(&p->source, source)) &&
		    ioc_glob_match(&p->glob, name))
			return (true);
	}
	return (false);
}

/* What a term asks of the name or the source; NULL when of neither. */
static const char *
name_of_term(const struct term *t, const char *source, const char *name)
{
	if (t->key == NULL || strcmp(t->key, "name") == 0)
		return (name);
	return (strcmp(t->key, "source") == 0 ? source : NULL);
}

bool
ioc_filter_match_name(const struct ioc_filter *f, const char *source,
    const char *name)
{
	for (size_t i = 0; i < f->all.n; i++) {
		const char *text = name_of_term(&f->all.v[i], source, name);

		if (text != NULL && !match_any_name(&f->all.v[i], source, text))
			return (false);
	}
	return (true);
}

/* Stored texts may be older than the normal form: "on" for "yes". */
static bool
match_text(const struct ioc_prop *prop, const struct ioc_glob *g,
    const char *text)
{
	bool none = ioc_str_is_none(text), yes;

	if (!ioc_glob_is_plain(g))
		return (ioc_glob_match(g, none ? "" : text));
	if (ioc_str_is_none(g->text))
		return (none);
	if (prop->type == IOC_PROP_BOOL &&
	    ioc_str_to_bool(text, &yes, NULL) == 0)
		text = yes ? "yes" : "no";
	return (ioc_glob_match(g, text));
}

static bool
match_one(const struct term *t, const char *text)
{
	for (size_t i = 0; i < t->any.n; i++)
		if (match_text(t->prop, &t->any.v[i].glob, text))
			return (true);
	return (false);
}

/* A LIST matches by one of its elements, an empty one as no value. */
static int
match_list(const struct term *t, const char *text, bool *ret,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv items = IOC_STRV;
	int r = ioc_value_list(text, &items, err);

	if (r != 0)
		return (r);
	*ret = items.n == 0 && match_one(t, "-");
	for (size_t i = 0; i < items.n && !*ret; i++)
		*ret = match_one(t, items.v[i]);
	return (0);
}

int
ioc_filter_match(const struct ioc_filter *f, const char *source,
    const char *name, ioc_filter_get *get, void *arg, bool *ret,
    struct ioc_error *err)
{
	bool hit = ioc_filter_match_name(f, source, name);

	for (size_t i = 0; i < f->all.n && hit; i++) {
		const struct term *t = &f->all.v[i];
		auto_free char *text = NULL;
		int r;

		if (name_of_term(t, source, name) != NULL)
			continue;
		if ((r = get(t->key, &text, arg, err)) != 0)
			return (r);
		if (t->prop->type != IOC_PROP_LIST)
			hit = match_one(t, text);
		else if ((r = match_list(t, text, &hit, err)) != 0)
			return (r);
	}
	*ret = hit;
	return (0);
}

bool
ioc_filter_is_name(const struct ioc_filter *f)
{
	const struct term *t = f->all.v;
	const struct pattern *p;

	if (f->all.n != 1 || t->key != NULL || t->any.n != 1)
		return (false);
	p = t->any.v;
	return (ioc_glob_is_plain(&p->glob) &&
	    (p->source.nparts == 0 || ioc_glob_is_plain(&p->source)));
}

static bool
is_plain(const struct term *t)
{
	bool plain = t->key == NULL;

	for (size_t k = 0; plain && k < t->any.n; k++)
		plain = ioc_glob_is_plain(&t->any.v[k].glob);
	return (plain);
}

bool
ioc_filter_names(const struct ioc_filter *f, struct ioc_strv *ret)
{
	for (size_t i = 0; i < f->all.n; i++) {
		const struct term *t = &f->all.v[i];

		if (!is_plain(t))
			continue;
		for (size_t k = 0; k < t->any.n; k++)
			if (!ioc_strv_has(ret, t->any.v[k].glob.text))
				(void)ioc_strv_add(ret,
				    t->any.v[k].glob.text);
		return (true);
	}
	return (false);
}

bool
ioc_filter_has_key(const struct ioc_filter *f, const char *key)
{
	for (size_t i = 0; i < f->all.n; i++)
		if (f->all.v[i].key != NULL &&
		    strcmp(f->all.v[i].key, key) == 0)
			return (true);
	return (false);
}
