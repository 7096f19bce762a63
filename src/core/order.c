/* SPDX-License-Identifier: BSD-2-Clause */
/* The order in which jails start, and what must start with them. */
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "conf/value.h"
#include "core/list.h"

/*
 * The names of those that a jail depends on: jails of its own source.  With
 * `lenient` a damaged configuration names none.
 */
static int
depends_of(struct ioc_jail *j, bool lenient, struct ioc_strv *ret,
    struct ioc_error *err)
{
	struct ioc_error e = { .code = 0 };
	const char *text;
	int r;

	r = ioc_jail_value(j, "depends", &text, &e);
	if (r == 0)
		r = ioc_value_list(text, ret, &e);
	if (r == 0 || (lenient && !ioc_error_is_shortage(&e)))
		return (0);
	ioc_error_copy(err, &e);
	return (r);
}

/* --- order -------------------------------------------------------------------- */

struct node {
	struct ioc_jail	*jail;
	int64_t		 priority;
	bool		 seen;
};

struct order {
	struct node	*nodes;
	size_t		 n;
	struct ioc_jail	**out;
	size_t		 placed;
};

static int
by_priority(const void *a, const void *b)
{
	const struct node *x = a, *y = b;
	int c;

	if (x->priority != y->priority)
		return (x->priority < y->priority ? -1 : 1);
	c = strcmp(x->jail->name, y->jail->name);
	return (c != 0 ? c : strcmp(x->jail->source->name,
	    y->jail->source->name));
}

static int
node_fill(struct node *node, struct ioc_jail *j, struct ioc_error *err)
{
	struct ioc_error e = { .code = 0 };
	int r;

	*node = (struct node){ .jail = j };
	r = ioc_jail_value_int(j, "priority", &node->priority, &e);
	if (r != 0 && ioc_error_is_shortage(&e)) {
		ioc_error_copy(err, &e);
		return (r);
	}
	return (0);
}

/* Places a jail behind those it depends on, as far as they are in the list. */
static int
place(struct order *o, size_t i, struct ioc_error *err)
{
	auto_strv struct ioc_strv deps = IOC_STRV;
	struct ioc_jail *j = o->nodes[i].jail;
	int r;

	if (o->nodes[i].seen)
		return (0);
	o->nodes[i].seen = true;
	r = depends_of(j, true, &deps, err);
	for (size_t d = 0; r == 0 && d < deps.n; d++)
		for (size_t k = 0; r == 0 && k < o->n; k++)
			if (o->nodes[k].jail->source == j->source &&
			    strcmp(o->nodes[k].jail->name, deps.v[d]) == 0)
				r = place(o, k, err);
	if (r == 0)
		o->out[o->placed++] = j;
	return (r);
}

int
ioc_jail_list_order(struct ioc_jail_list *l, struct ioc_error *err)
{
	struct order o = { .n = l->jails.n };
	auto_free struct ioc_jail **out = NULL;
	auto_free struct node *nodes = NULL;
	int r = 0;

	if (o.n < 2)
		return (0);
	nodes = calloc(o.n, sizeof(*nodes));
	out = calloc(o.n, sizeof(*out));
	if (nodes == NULL || out == NULL)
		return (ioc_fail_nomem(err));
	for (size_t i = 0; r == 0 && i < o.n; i++)
		r = node_fill(&nodes[i], l->jails.v[i], err);
	if (r != 0)
		return (r);
	qsort(nodes, o.n, sizeof(*nodes), by_priority);
	o.nodes = nodes;
	o.out = out;
	for (size_t i = 0; r == 0 && i < o.n; i++)
		r = place(&o, i, err);
	if (r == 0)
		memcpy(l->jails.v, out, o.n * sizeof(*out));
	return (r);
}

/* --- what must start with them -------------------------------------------------- */

/* A way through the dependencies, from the last jail back to the first. */
struct way {
	const struct way *back;
	struct ioc_jail	*jail;
};

struct visit {
	struct ioc_jail_list *list;
	IOC_VEC(struct ioc_jail *) done;	/* followed to the end */
};

static bool
is_done(const struct visit *v, const struct ioc_jail *j)
{
	for (size_t i = 0; i < v->done.n; i++)
		if (v->done.v[i] == j)
			return (true);
	return (false);
}

/* Fails when the jail at the end of the way stands on it already. */
static int
check_circle(const struct way *way, struct ioc_error *err)
{
	auto_buf struct ioc_buf text = IOC_BUF(512);
	const struct ioc_jail *next = way->jail;
	const struct way *w = way->back;

	while (w != NULL && w->jail != way->jail)
		w = w->back;
	if (w == NULL)
		return (0);
	if (way->back->jail == way->jail)
		return (ioc_fail(err, IOC_INVALID,
		    "jail %s depends on itself", way->jail->name));
	for (w = way->back;; w = w->back) {
		(void)ioc_buf_addf(&text, "%s %s%s on %s",
		    text.len > 0 ? "," : "", w->jail->name,
		    text.len > 0 ? "" : " depends", next->name);
		next = w->jail;
		if (next == way->jail)
			break;
	}
	/* A circle too long to tell is one none the less. */
	return (ioc_fail(err, IOC_INVALID, "jail %s depends on itself:%s",
	    way->jail->name, text.failed != 0 ? " over many others" :
	    ioc_buf_str(&text)));
}

/* The jail of that name, which is in the list afterwards. */
static int
take_in(struct ioc_jail_list *l, struct ioc_jail *by, const char *name,
    struct ioc_jail **ret, struct ioc_error *err)
{
	IOC_AUTO(ioc_jail_closep) struct ioc_jail *j = NULL;
	auto_free char *full = NULL;
	struct ioc_jail **slot;
	int r;

	for (size_t i = 0; i < l->jails.n; i++) {
		*ret = l->jails.v[i];
		if ((*ret)->source == by->source &&
		    strcmp((*ret)->name, name) == 0)
			return (0);
	}
	if (asprintf(&full, "%s/%s", by->source->name, name) < 0)
		return (ioc_fail_nomem(err));
	r = ioc_jail_open(by->host, full, &j, err);
	if (r != 0)
		return (ioc_wrap(err, r, "jail %s: depends", by->name));
	slot = ioc_vec_push(&l->jails);
	if (slot == NULL)
		return (ioc_fail_nomem(err));
	*ret = *slot = take_ptr(j);
	return (0);
}

static int
visit(struct visit *v, struct ioc_jail *j, const struct way *back,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv deps = IOC_STRV;
	struct way way = { back, j };
	struct ioc_jail *next = NULL, **slot;
	int r;

	if (is_done(v, j))
		return (0);
	r = check_circle(&way, err);
	if (r == 0)
		r = depends_of(j, false, &deps, err);
	for (size_t i = 0; r == 0 && i < deps.n; i++) {
		r = take_in(v->list, j, deps.v[i], &next, err);
		if (r == 0)
			r = visit(v, next, &way, err);
	}
	if (r != 0)
		return (r);
	slot = ioc_vec_push(&v->done);
	if (slot == NULL)
		return (ioc_fail_nomem(err));
	*slot = j;
	return (0);
}

int
ioc_jail_list_require(struct ioc_jail_list *l, struct ioc_jail *j,
    struct ioc_error *err)
{
	struct visit v = { .list = l };
	size_t n = l->jails.n;
	int r;

	r = visit(&v, j, NULL, err);
	while (r != 0 && l->jails.n > n)
		ioc_jail_close(l->jails.v[--l->jails.n]);
	ioc_vec_fini(&v.done);
	return (r);
}
