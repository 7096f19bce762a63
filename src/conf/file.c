/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/file.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "conf/flat.h"
#include "conf/value.h"
#include "safe/file.h"

/*
 * The parsed document itself is the store: nothing is copied when it is read.
 * Only numbers and arrays get their text made, in `texts` by dotted key, so
 * that reading a key can neither fail nor change anything.  The plain form of
 * a document has no JSON value at all until something is set in it.
 */
struct ioc_conf {
	struct ioc_flat *flat;	/* else root */
	json_t	*root;
	json_t	*texts;		/* NULL as long as there are none */
};

typedef int leaf_fn(const char *key, json_t *value, void *arg,
    struct ioc_error *err);

/*
 * Calls fn for everything that is not an object, by its dotted key.  The depth
 * is limited by the parser.
 */
static int
walk_in(json_t *object, bool top, struct ioc_buf *path, leaf_fn *fn, void *arg,
    struct ioc_error *err)
{
	size_t len = path->len;
	const char *key;
	json_t *value;
	int r = 0;

	json_object_foreach(object, key, value) {
		if (!top)
			(void)ioc_buf_addc(path, '.');
		(void)ioc_buf_adds(path, key);
		if (path->failed == IOC_LIMIT)
			return (ioc_fail(err, IOC_LIMIT,
			    "a key is longer than %d bytes", IOC_CONF_KEY));
		if (path->failed != 0)
			return (ioc_buf_check(path, err));
		r = json_is_object(value) ?
		    walk_in(value, false, path, fn, arg, err) :
		    fn(path->data, value, arg, err);
		if (r != 0)
			return (r);
		path->len = len;
		path->data[len] = '\0';
	}
	return (0);
}

static int
walk(json_t *object, leaf_fn *fn, void *arg, struct ioc_error *err)
{
	auto_buf struct ioc_buf path = IOC_BUF(IOC_CONF_KEY);

	return (walk_in(object, true, &path, fn, arg, err));
}

/* --- text of other types -------------------------------------------------- */

static int
append(const char *data, size_t len, void *arg)
{
	return (ioc_buf_add(arg, data, len) == 0 ? 0 : -1);
}

static void
add_json(struct ioc_buf *b, const json_t *value)
{
	if (json_dump_callback(value, append, b, JSON_COMPACT |
	    JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)) != 0 && b->failed == 0)
		b->failed = IOC_NOMEM;
}

/* A scalar that needs no buffer, else NULL. */
static const char *
constant_text(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return (json_string_value(value));
	case JSON_TRUE:
		return ("yes");
	case JSON_FALSE:
		return ("no");
	case JSON_NULL:
		return ("-");
	default:
		return (NULL);
	}
}

static void
add_number(struct ioc_buf *b, const json_t *value)
{
	double d = json_number_value(value);

	/* 5.0 is as good as 5; beyond 2^53 a double is not exact. */
	if (json_is_real(value) && d > -0x1p53 && d < 0x1p53 &&
	    (double)(long long)d == d)
		(void)ioc_buf_addf(b, "%lld", (long long)d);
	else
		add_json(b, value);
}

static void
add_array(struct ioc_buf *b, const json_t *array)
{
	const json_t *value;
	size_t i;

	json_array_foreach(array, i, value) {
		if (json_is_array(value) || json_is_object(value)) {
			add_json(b, array);
			return;
		}
	}
	json_array_foreach(array, i, value) {
		auto_buf struct ioc_buf number = IOC_BUF(64);
		const char *text = constant_text(value);

		if (text == NULL) {
			add_number(&number, value);
			text = ioc_buf_str(&number);
			if (number.failed != 0)
				b->failed = number.failed;
		}
		if (text[0] != '\0' && !json_is_null(value))
			ioc_value_list_add(b, text);
	}
	if (b->len == 0)
		(void)ioc_buf_addc(b, '-');
}

/* --- reading -------------------------------------------------------------- */

struct scan {
	struct ioc_conf	*conf;
	size_t		 n;
	bool		 nested;
	struct ioc_strv	 keys;		/* when nested */
};

static int
scan_leaf(const char *key, json_t *value, void *arg, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(2 * IOC_JSON_MAX);
	struct scan *s = arg;
	int r;

	if (++s->n > IOC_CONF_KEYS)
		return (ioc_fail(err, IOC_LIMIT, "more than %d keys",
		    IOC_CONF_KEYS));
	if (s->nested && ioc_strv_add(&s->keys, key) != 0)
		return (ioc_strv_check(&s->keys, err));
	if (constant_text(value) != NULL)
		return (0);
	if (s->conf->texts == NULL && (s->conf->texts = json_object()) == NULL)
		return (ioc_fail_nomem(err));
	if (json_is_array(value))
		add_array(&b, value);
	else
		add_number(&b, value);
	if ((r = ioc_buf_check(&b, err)) != 0)
		return (r);
	if (json_object_set_new(s->conf->texts, key, json_string(b.data)) != 0)
		return (ioc_fail_nomem(err));
	return (0);
}

/* Judges the whole document and makes the texts that it needs. */
static int
scan(struct ioc_conf *c, struct ioc_error *err)
{
	struct scan s = { .conf = c, .keys = IOC_STRV };
	const char *key;
	json_t *value;
	int r;

	json_object_foreach(c->root, key, value)
		s.nested = s.nested || json_is_object(value);
	r = walk(c->root, scan_leaf, &s, err);
	ioc_strv_sort(&s.keys);
	for (size_t i = 1; i < s.keys.n && r == 0; i++)
		if (strcmp(s.keys.v[i - 1], s.keys.v[i]) == 0)
			r = ioc_fail(err, IOC_FORMAT,
			    "key \"%s\" is there twice",
			    IOC_SHOW(s.keys.v[i]));
	ioc_strv_fini(&s.keys);
	return (r);
}

int
ioc_conf_new(struct ioc_conf **ret, struct ioc_error *err)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = calloc(1, sizeof(*c));

	if (c == NULL || (c->root = json_object()) == NULL)
		return (ioc_fail_nomem(err));
	*ret = take_ptr(c);
	return (0);
}

int
ioc_conf_parse(const char *text, size_t len, struct ioc_conf **ret,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL)
		return (ioc_fail_nomem(err));
	if (len == 0)
		return (ioc_fail(err, IOC_FORMAT, "line 1: it is empty"));
	if (len <= IOC_JSON_MAX && (c->flat = ioc_flat_parse(text, len)) !=
	    NULL) {
		*ret = take_ptr(c);
		return (0);
	}
	if ((r = ioc_json_parse(text, len, &c->root, err)) != 0)
		return (r);
	if (!json_is_object(c->root))
		return (ioc_fail(err, IOC_FORMAT,
		    "line 1: it is not a JSON object"));
	if ((r = scan(c, err)) != 0)
		return (r);
	*ret = take_ptr(c);
	return (0);
}

int
ioc_conf_load(int dirfd, const char *name, struct ioc_conf **ret,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_JSON_MAX);
	int r = ioc_file_read_own(dirfd, name, &b, err);

	if (r != 0)
		return (r);
	r = ioc_conf_parse(ioc_buf_str(&b), b.len, ret, err);
	/* The name is made fit to be shown only when it is. */
	return (r == 0 ? 0 : ioc_wrap(err, r, "%s", IOC_SHOW(name)));
}

/* The document as a JSON value that belongs to the caller. */
static int
copy_root(const struct ioc_conf *c, json_t **ret, struct ioc_error *err)
{
	auto_json json_t *root = NULL;

	root = c->flat == NULL ? json_deep_copy(c->root) : json_object();
	for (size_t i = 0; c->flat != NULL && root != NULL && i < c->flat->n;
	    i++)
		if (json_object_set_new(root, c->flat->v[i].key,
		    json_string(c->flat->v[i].value)) != 0)
			return (ioc_fail_nomem(err));
	if (root == NULL)
		return (ioc_fail_nomem(err));
	*ret = take_ptr(root);
	return (0);
}

int
ioc_conf_print(const struct ioc_conf *c, struct ioc_buf *b,
    struct ioc_error *err)
{
	auto_json json_t *made = NULL;
	int r = c->flat != NULL ? copy_root(c, &made, err) : 0;

	return (r != 0 ? r : ioc_json_print(made != NULL ? made : c->root, b,
	    err));
}

int
ioc_conf_save(const struct ioc_conf *c, int dirfd, const char *name, int flags,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_JSON_MAX);
	int r = ioc_conf_print(c, &b, err);

	if (r != 0)
		return (ioc_wrap(err, r, "%s", IOC_SHOW(name)));
	return (ioc_file_replace(dirfd, name, b.data, b.len, 0600, (uid_t)-1,
	    (gid_t)-1, flags, err));
}

int
ioc_conf_copy(const struct ioc_conf *c, struct ioc_conf **ret,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *copy =
	    calloc(1, sizeof(*copy));

	int r;

	if (copy == NULL)
		return (ioc_fail_nomem(err));
	if ((r = copy_root(c, &copy->root, err)) != 0)
		return (r);
	if (c->texts != NULL &&
	    (copy->texts = json_deep_copy(c->texts)) == NULL)
		return (ioc_fail_nomem(err));
	*ret = take_ptr(copy);
	return (0);
}

void
ioc_conf_free(struct ioc_conf *c)
{
	if (c == NULL)
		return;
	json_decref(c->root);
	json_decref(c->texts);
	free(c->flat);
	free(c);
}

/* --- keys ----------------------------------------------------------------- */

/* What follows "prefix." in a key, NULL when it does not begin with that. */
static const char *
rest_of(const char *key, const char *prefix)
{
	size_t len = strlen(prefix);

	return (strncmp(key, prefix, len) == 0 && key[len] == '.' ?
	    key + len + 1 : NULL);
}

/*
 * The value of a dotted key; *parent and *last are where it stands.  Each
 * object is reached by one spelling of a prefix only, so each is visited once.
 */
static json_t *
find(json_t *object, const char *key, json_t **parent, const char **last)
{
	json_t *value = json_object_get(object, key), *found;
	const char *k, *rest;

	*parent = object;
	*last = key;
	if (value != NULL && !json_is_object(value))
		return (value);
	if (strchr(key, '.') == NULL)
		return (NULL);
	json_object_foreach(object, k, value) {
		if (!json_is_object(value) || (rest = rest_of(key, k)) == NULL)
			continue;
		found = find(value, rest, parent, last);
		if (found != NULL)
			return (found);
	}
	return (NULL);
}

const char *
ioc_conf_get(const struct ioc_conf *c, const char *key)
{
	const char *last, *text;
	json_t *parent, *value;

	if (c->flat != NULL)
		return (ioc_flat_get(c->flat, key));
	value = find(c->root, key, &parent, &last);
	if (value == NULL)
		return (NULL);
	text = constant_text(value);
	return (text != NULL ? text :
	    json_string_value(json_object_get(c->texts, key)));
}

static int
collect(const char *key, json_t *value, void *arg, struct ioc_error *err)
{
	(void)ioc_strv_add(arg, key);
	return (ioc_strv_check(arg, err));
}

int
ioc_conf_keys(const struct ioc_conf *c, struct ioc_strv *ret,
    struct ioc_error *err)
{
	int r;

	for (size_t i = 0; c->flat != NULL && i < c->flat->n; i++)
		(void)ioc_strv_add(ret, c->flat->v[i].key);
	r = c->flat != NULL ? ioc_strv_check(ret, err) :
	    walk(c->root, collect, ret, err);
	if (r == 0)
		ioc_strv_sort(ret);
	return (r);
}

int
ioc_conf_names(const struct ioc_conf *c, const char *prefix,
    struct ioc_strv *ret, struct ioc_error *err)
{
	auto_strv struct ioc_strv keys = IOC_STRV;
	int r = ioc_conf_keys(c, &keys, err);

	for (size_t i = 0; r == 0 && i < keys.n; i++)
		if (ioc_str_starts(keys.v[i], prefix) &&
		    !ioc_strv_has(ret, keys.v[i]))
			(void)ioc_strv_add(ret, keys.v[i]);
	return (r == 0 ? ioc_strv_check(ret, err) : r);
}

/* --- changing ------------------------------------------------------------- */

/* Removes a key, and the objects that become empty by it. */
static bool
drop(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);
	const char *k, *rest;

	if (value != NULL && !json_is_object(value)) {
		(void)json_object_del(object, key);
		return (true);
	}
	json_object_foreach(object, k, value) {
		if (!json_is_object(value) ||
		    (rest = rest_of(key, k)) == NULL || !drop(value, rest))
			continue;
		if (json_object_size(value) == 0)
			(void)json_object_del(object, k);
		return (true);
	}
	return (false);
}

/* The innermost object that a new key belongs into, and its name there. */
static json_t *
place(json_t *object, const char *key, const char **last)
{
	const char *k, *rest;
	json_t *value;

	json_object_foreach(object, k, value)
		if (json_is_object(value) && (rest = rest_of(key, k)) != NULL)
			return (place(value, rest, last));
	*last = key;
	return (object);
}

static int
put_flat(const char *key, json_t *value, void *arg, struct ioc_error *err)
{
	return (json_object_set(arg, key, value) == 0 ? 0 :
	    ioc_fail_nomem(err));
}

/* Where "user" is to be set beside "user": {...}, only dotted keys serve. */
static int
flatten(struct ioc_conf *c, struct ioc_error *err)
{
	auto_json json_t *flat = json_object();
	int r;

	if (flat == NULL)
		return (ioc_fail_nomem(err));
	r = walk(c->root, put_flat, flat, err);
	if (r == 0) {
		json_decref(c->root);
		c->root = take_ptr(flat);
	}
	return (r);
}

int
ioc_conf_set(struct ioc_conf *c, const char *key, const char *value,
    struct ioc_error *err)
{
	/* Key and value may stand in it. */
	auto_free struct ioc_flat *flat = NULL;
	json_t *parent, *text;
	const char *last;
	int r;

	if (c->flat != NULL) {
		if ((r = copy_root(c, &c->root, err)) != 0)
			return (r);
		flat = take_ptr(c->flat);
	}
	if (value == NULL) {
		if (drop(c->root, key))
			(void)json_object_del(c->texts, key);
		return (0);
	}
	if (strlen(key) > IOC_CONF_KEY || !ioc_str_is_utf8(key) ||
	    !ioc_str_is_utf8(value))
		return (ioc_fail(err, IOC_INVALID,
		    "%s: not UTF-8 or longer than %d bytes", IOC_SHOW(key),
		    IOC_CONF_KEY));
	if ((text = json_string(value)) == NULL)
		return (ioc_fail_nomem(err));
	if (find(c->root, key, &parent, &last) == NULL) {
		parent = place(c->root, key, &last);
		if (json_object_get(parent, last) != NULL) {
			if ((r = flatten(c, err)) != 0) {
				json_decref(text);
				return (r);
			}
			parent = c->root;
			last = key;
		}
	}
	if (json_object_set_new(parent, last, text) != 0)
		return (ioc_fail_nomem(err));
	(void)json_object_del(c->texts, key);
	return (0);
}
