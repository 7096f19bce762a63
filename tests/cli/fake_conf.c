/* SPDX-License-Identifier: BSD-2-Clause */
/* The fake library: properties and filters. */
#include "fake.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const mount_words[] = { "overlay", "copy", NULL };
static const struct ioc_prop props[] = {
	{ "boot", IOC_PROP_BOOL, "no", IOC_SCOPE_ADMIN, IOC_ON_ALL,
	    .help = "Start at boot" },
	{ "depends", IOC_PROP_LIST, "-", IOC_SCOPE_ADMIN, IOC_ON_ALL,
	    .help = "Jails that start before this one" },
	{ "memoryuse", IOC_PROP_LIMIT, "-", IOC_SCOPE_ADMIN, IOC_ON_FREEBSD,
	    .help = "Limit of memory" },
	{ "mount_type", IOC_PROP_CHOICE, "overlay", IOC_SCOPE_FIXED,
	    IOC_ON_LINUX, NULL, mount_words, .help = "How the root is made" },
	{ "priority", IOC_PROP_INT, "0", IOC_SCOPE_ADMIN, IOC_ON_ALL, NULL,
	    NULL, -99, 99, "Order of start, smaller first" },
	{ "release", IOC_PROP_STRING, "-", IOC_SCOPE_FIXED, IOC_ON_ALL,
	    .help = "What the jail was made from" },
	{ "tags", IOC_PROP_LIST, "-", IOC_SCOPE_TENANT, IOC_ON_ALL,
	    .help = "Labels" },
	{ "template", IOC_PROP_BOOL, "no", IOC_SCOPE_ADMIN, IOC_ON_ALL,
	    .help = "Serves to make others" },
	{ "user.*", IOC_PROP_STRING, "-", IOC_SCOPE_TENANT, IOC_ON_ALL,
	    .help = "Free data" },
};
#define	NPROPS	(sizeof(props) / sizeof(props[0]))

const struct ioc_prop *
ioc_prop_table(size_t *n)
{
	*n = NPROPS;
	return (props);
}

const struct ioc_prop *
ioc_prop_find(const char *name)
{
	if (strncmp(name, "user.", 5) == 0)
		return (&props[NPROPS - 1]);
	for (size_t i = 0; i < NPROPS; i++) {
		if (strcmp(props[i].name, name) == 0)
			return (&props[i]);
	}
	return (NULL);
}

int
ioc_prop_check(const char *name, const char *value, char **ret,
    struct ioc_error *err)
{
	const struct ioc_prop *p = ioc_prop_find(name);
	bool b;

	if (p == NULL)
		return (ioc_fail(err, IOC_NOT_FOUND, "no property %s",
		    IOC_SHOW(name)));
	if (p->type == IOC_PROP_BOOL && ioc_str_to_bool(value, &b, NULL) != 0)
		return (ioc_fail(err, IOC_INVALID,
		    "%s: \"%s\" is neither yes nor no", name,
		    IOC_SHOW(value)));
	*ret = strdup(value);
	return (0);
}

const char *
fake_value(const struct fake_jail *f, const char *key)
{
	for (size_t i = 0; i < f->values.n; i++) {
		if (strcmp(f->values.v[i].key, key) == 0)
			return (f->values.v[i].value);
	}
	return (NULL);
}

void
fake_set(struct fake_jail *f, const char *key, const char *value)
{
	struct fake_value *v = ioc_vec_push(&f->values);

	*v = (struct fake_value){ strdup(key), strdup(value) };
}

/* What comes from the state; 1 when it is another value. */
static int
get_state(struct ioc_jail *j, const char *name, char **ret,
    struct ioc_error *err)
{
	static const char *const names[] = {
		[IOC_JAIL_STOPPED] = "stopped",
		[IOC_JAIL_RUNNING] = "running",
		[IOC_JAIL_BROKEN] = "broken",
	};
	enum ioc_jail_state state;
	int64_t id;
	int r;

	if (strcmp(name, "state") != 0 && strcmp(name, "jid") != 0 &&
	    strcmp(name, "running") != 0)
		return (1);
	r = ioc_jail_state(j, &state, &id, err);
	if (r != 0)
		return (r);
	if (name[0] == 's')
		*ret = strdup(names[state]);
	else if (name[0] == 'r')
		*ret = strdup(state == IOC_JAIL_RUNNING ? "yes" : "no");
	else if (id == 0)
		*ret = strdup("-");
	else if (asprintf(ret, "%" PRId64, id) < 0)
		return (ioc_fail_nomem(err));
	return (0);
}

int
ioc_jail_get(struct ioc_jail *j, const char *name, char **ret,
    struct ioc_error *err)
{
	const struct ioc_prop *p = ioc_prop_find(name);
	const char *v = fake_value(j->f, name);
	int r = get_state(j, name, ret, err);

	if (r <= 0)
		return (r);
	r = fake_fail("get", j->f->name, err);
	if (r != 0)
		return (r);
	if (j->f->state == IOC_JAIL_BROKEN)
		return (ioc_fail(err, IOC_FORMAT,
		    "get %s: config.json, line 1: not JSON", j->f->name));
	if (strcmp(name, "patch_level") == 0)
		*ret = strdup(v != NULL ? v : "2");
	else if (strcmp(name, "used") == 0)
		*ret = strdup(v != NULL ? v : "1234567");
	else if (p == NULL)
		return (ioc_fail(err, IOC_NOT_FOUND, "no property %s",
		    IOC_SHOW(name)));
	else
		*ret = strdup(v != NULL ? v : p->fallback);
	return (0);
}

bool
ioc_jail_is_set(struct ioc_jail *j, const char *name)
{
	return (fake_value(j->f, name) != NULL);
}

static int
check_changes(const char *who, const struct ioc_change *c, size_t n,
    unsigned *changed, struct ioc_error *err)
{
	int r = fake_fail("set", who, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		auto_free char *normal = NULL;

		fake_log("set %s %s=%s", who, c[i].name,
		    c[i].value != NULL ? c[i].value : "(default)");
		if (c[i].value != NULL)
			r = ioc_prop_check(c[i].name, c[i].value, &normal, err);
	}
	if (changed != NULL)
		*changed = n == 1 && c[0].value == NULL ? 0 : (unsigned)n;
	return (ioc_wrap(err, r, "set %s", IOC_SHOW(who)));
}

int
ioc_jail_set(struct ioc_jail *j, const struct ioc_change *changes, size_t n,
    unsigned *changed, struct ioc_error *err)
{
	return (check_changes(j->f->name, changes, n, changed, err));
}

int
ioc_defaults_set(struct ioc_host *h, const struct ioc_change *changes, size_t n,
    unsigned *changed, struct ioc_error *err)
{
	return (check_changes("defaults", changes, n, changed, err));
}

int
ioc_defaults_get(struct ioc_host *h, const char *name, char **ret,
    struct ioc_error *err)
{
	const struct ioc_prop *p = ioc_prop_find(name);

	if (p == NULL)
		return (ioc_fail(err, IOC_NOT_FOUND, "no property %s",
		    IOC_SHOW(name)));
	*ret = strdup(p->fallback);
	return (0);
}

/* --- filters: names and KEY=VALUE, "*" and "+" ------------------------------------- */

struct ioc_filter {
	struct ioc_strv	 terms;
};

int
ioc_filter_parse(const char *const *terms, size_t n, struct ioc_filter **ret,
    struct ioc_error *err)
{
	struct ioc_filter *f = calloc(1, sizeof(*f));

	for (size_t i = 0; i < n; i++) {
		const char *eq = strchr(terms[i], '=');
		auto_free char *key = strndup(terms[i],
		    eq != NULL ? (size_t)(eq - terms[i]) : 0);

		fake_log("filter %s", terms[i]);
		if (eq != NULL && ioc_prop_find(key) == NULL) {
			ioc_filter_free(f);
			return (ioc_fail(err, IOC_NOT_FOUND,
			    "filter %s: no property %s", IOC_SHOW(terms[i]),
			    IOC_SHOW(key)));
		}
		(void)ioc_strv_add(&f->terms, terms[i]);
	}
	*ret = f;
	return (0);
}

void
ioc_filter_free(struct ioc_filter *f)
{
	if (f != NULL)
		ioc_strv_fini(&f->terms);
	free(f);
}

static bool
glob(const char *p, const char *s)
{
	if (*p == '\0')
		return (*s == '\0');
	if (*p == '*')
		return (glob(p + 1, s) || (*s != '\0' && glob(p, s + 1)));
	if (*p == '+')
		return (*s != '\0' && (glob(p + 1, s + 1) || glob(p, s + 1)));
	return (*p == *s && glob(p + 1, s + 1));
}

static bool
matches(const struct ioc_filter *f, struct ioc_jail *j)
{
	for (size_t i = 0; f != NULL && i < f->terms.n; i++) {
		auto_free char *term = strdup(f->terms.v[i]);
		char *eq = strchr(term, '='), *rest = eq != NULL ? eq + 1 :
		    term, *one;
		const struct ioc_prop *p;
		const char *have = j->f->name;
		bool any = false;

		if (eq != NULL) {
			*eq = '\0';
			p = ioc_prop_find(term);
			have = fake_value(j->f, term);
			have = have != NULL ? have : p->fallback;
		}
		while ((one = fake_field(&rest, ',')) != NULL) {
			char *slash = strchr(one, '/');

			any = any || glob(slash != NULL ? slash + 1 : one,
			    have);
		}
		if (!any)
			return (false);
	}
	return (true);
}

struct ioc_jail_list {
	IOC_VEC(struct ioc_jail *) v;
};

static void
add(struct ioc_jail_list *l, struct ioc_host *h, struct fake_jail *f)
{
	struct ioc_jail *j = malloc(sizeof(*j));

	*j = (struct ioc_jail){ h, f };
	*(struct ioc_jail **)ioc_vec_push(&l->v) = j;
}

static int
by_name(const void *a, const void *b)
{
	struct ioc_jail *const *x = a, *const *y = b;

	return (strcmp((*x)->f->name, (*y)->f->name));
}

static int
by_priority(const void *a, const void *b)
{
	struct ioc_jail *const *i = a, *const *k = b;
	const char *x = fake_value((*i)->f, "priority");
	const char *y = fake_value((*k)->f, "priority");
	long m = x != NULL ? strtol(x, NULL, 10) : 0;
	long n = y != NULL ? strtol(y, NULL, 10) : 0;

	return (m != n ? (m < n ? -1 : 1) : by_name(a, b));
}

int
ioc_jail_list(struct ioc_host *h, const struct ioc_filter *f,
    struct ioc_jail_list **ret, struct ioc_error *err)
{
	struct ioc_jail_list *l;
	int r = fake_fail("list", NULL, err);

	if (r != 0)
		return (r);
	l = calloc(1, sizeof(*l));
	for (size_t i = 0; i < h->jails.n; i++) {
		struct ioc_jail j = { h, h->jails.v[i] };

		if (matches(f, &j))
			add(l, h, j.f);
	}
	if (l->v.n > 0)
		qsort(l->v.v, l->v.n, sizeof(l->v.v[0]), by_name);
	*ret = l;
	return (0);
}

/* Only what is named directly, all in the main source. */
int
ioc_jail_list_require(struct ioc_jail_list *l, struct ioc_jail *j,
    struct ioc_error *err)
{
	const char *deps = fake_value(j->f, "depends");
	struct ioc_host *h = j->h;
	char *copy, *rest, *dep;
	int r = fake_fail("require", j->f->name, err);

	copy = rest = strdup(deps != NULL ? deps : "");
	while (r == 0 && (dep = fake_field(&rest, ',')) != NULL) {
		size_t i = 0, k = 0;

		while (i < l->v.n && strcmp(l->v.v[i]->f->name, dep) != 0)
			i++;
		while (k < h->jails.n && strcmp(h->jails.v[k]->name, dep) != 0)
			k++;
		if (i == l->v.n && k < h->jails.n)
			add(l, h, h->jails.v[k]);
	}
	free(copy);
	return (r);
}

int
ioc_jail_list_order(struct ioc_jail_list *l, struct ioc_error *err)
{
	if (l->v.n > 0)
		qsort(l->v.v, l->v.n, sizeof(l->v.v[0]), by_priority);
	return (fake_fail("order", NULL, err));
}

size_t
ioc_jail_count(const struct ioc_jail_list *l)
{
	return (l->v.n);
}

struct ioc_jail *
ioc_jail_at(const struct ioc_jail_list *l, size_t i)
{
	return (l->v.v[i]);
}

void
ioc_jail_list_free(struct ioc_jail_list *l)
{
	for (size_t i = 0; l != NULL && i < l->v.n; i++)
		free(l->v.v[i]);
	if (l != NULL)
		ioc_vec_fini(&l->v);
	free(l);
}
