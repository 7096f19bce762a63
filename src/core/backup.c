/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/backup.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "conf/fstab.h"
#include "conf/prop.h"
#include "safe/file.h"
#include "safe/name.h"

#define	N(a)	(sizeof(a) / sizeof(*(a)))
#define	SCHEMA	1

/* --- the index ------------------------------------------------------------------ */

static const char *const kinds[] = {
	[IOC_KIND_FULL] = "full",
	[IOC_KIND_INCREMENTAL] = "incremental",
	[IOC_KIND_STREAM] = "stream",
};

#define	AT(member)	offsetof(struct ioc_backup_index, member),	\
	sizeof(((struct ioc_backup_index *)NULL)->member)

/* Keys whose values are texts. */
static const struct {
	const char	*key;
	size_t		 at;
	size_t		 size;
	bool		 needed;
	int		 kind;		/* of name; -1: any printable ASCII */
} texts[] = {
	{ "name", AT(name), true, IOC_NAME_JAIL },
	{ "system", AT(system), true, -1 },
	{ "arch", AT(arch), true, -1 },
	{ "created", AT(created), true, -1 },
	{ "distribution", AT(distribution), false, -1 },
	{ "release", AT(release), false, IOC_NAME_RELEASE },
	{ "snapshot", AT(snapshot), false, IOC_NAME_SNAPSHOT },
	{ "base", AT(base), false, -1 },
};

/* Those whose values are numbers, and what they may be. */
enum number { SCHEMA_NUMBER, UID_BASE, PATCH_LEVEL };
static const struct {
	const char	*key;
	json_int_t	 min, max;
	bool		 needed;
} numbers[] = {
	[SCHEMA_NUMBER] = { "schema", 1, INT32_MAX, true },
	[UID_BASE] = { "uid_base", 0, 0, true },
	[PATCH_LEVEL] = { "patch_level", 0, INT32_MAX, false },
};

static int
wrong(const char *key, const char *why, struct ioc_error *err)
{
	return (ioc_fail(err, IOC_FORMAT, "key \"%s\": %s", IOC_SHOW(key),
	    why));
}

static bool
is_printable(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || (unsigned char)*s > '~')
			return (false);
	return (true);
}

static int
read_text(const json_t *j, size_t i, struct ioc_backup_index *ret,
    struct ioc_error *err)
{
	const json_t *v = json_object_get(j, texts[i].key);
	const char *text = json_string_value(v);

	if (v == NULL)
		return (texts[i].needed ?
		    wrong(texts[i].key, "is missing", err) : 0);
	if (text == NULL || json_string_length(v) != strlen(text))
		return (wrong(texts[i].key, "is not a text", err));
	if (strlen(text) >= texts[i].size || text[0] == '\0')
		return (wrong(texts[i].key, "is empty or too long", err));
	if (texts[i].kind >= 0 ? ioc_name_check((enum ioc_name)
	    texts[i].kind, text, NULL) != 0 : !is_printable(text))
		return (wrong(texts[i].key, "is not a value of it", err));
	memcpy((char *)ret + texts[i].at, text, strlen(text) + 1);
	return (0);
}

static int
read_number(const json_t *j, size_t i, json_int_t *ret, struct ioc_error *err)
{
	const json_t *v = json_object_get(j, numbers[i].key);

	*ret = 0;
	if (v == NULL)
		return (numbers[i].needed ?
		    wrong(numbers[i].key, "is missing", err) : 0);
	if (!json_is_integer(v))
		return (wrong(numbers[i].key, "is not a number", err));
	*ret = json_integer_value(v);
	return (*ret >= numbers[i].min && *ret <= numbers[i].max ? 0 :
	    wrong(numbers[i].key, "is out of range", err));
}

static bool
is_known(const char *key)
{
	bool known = strcmp(key, "kind") == 0;

	for (size_t i = 0; i < N(texts); i++)
		known = known || strcmp(texts[i].key, key) == 0;
	for (size_t i = 0; i < N(numbers); i++)
		known = known || strcmp(numbers[i].key, key) == 0;
	return (known);
}

static int
read_kind(const json_t *j, struct ioc_backup_index *ret, struct ioc_error *err)
{
	const char *kind = json_string_value(json_object_get(j, "kind"));
	char hex[IOC_SHA256_HEX];

	for (size_t i = 0; kind != NULL && i < N(kinds); i++) {
		if (strcmp(kinds[i], kind) != 0)
			continue;
		ret->kind = (enum ioc_backup_kind)i;
		if ((ret->base[0] != '\0') != (i == IOC_KIND_INCREMENTAL))
			return (wrong("base", "belongs to an incremental "
			    "backup, and only there", err));
		if (ret->base[0] != '\0' &&
		    (ioc_hash_parse(ret->base, hex, NULL) != 0 ||
		    strcmp(hex, ret->base) != 0))
			return (wrong("base", "is not a hash", err));
		return (0);
	}
	return (wrong("kind", "is none that is known", err));
}

static int
read_all(json_t *j, struct ioc_backup_index *ret, struct ioc_error *err)
{
	json_int_t v[N(numbers)];
	const char *key;
	json_t *value;
	int r = 0;

	if (!json_is_object(j))
		return (ioc_fail(err, IOC_FORMAT, "it is not a JSON object"));
	for (size_t i = 0; r == 0 && i < N(numbers); i++) {
		r = read_number(j, i, &v[i], err);
		if (r == 0 && i == SCHEMA_NUMBER && v[i] != SCHEMA)
			r = ioc_fail(err, IOC_UNSUPPORTED, "it is of schema %"
			    JSON_INTEGER_FORMAT ", known is %d", v[i], SCHEMA);
	}
	json_object_foreach(j, key, value)
		if (r == 0 && !is_known(key))
			r = wrong(key, "is not known", err);
	for (size_t i = 0; r == 0 && i < N(texts); i++)
		r = read_text(j, i, ret, err);
	if (r != 0)
		return (r);
	ret->patch_level = (unsigned)v[PATCH_LEVEL];
	return (read_kind(j, ret, err));
}

int
ioc_backup_index_parse(const char *text, size_t len,
    struct ioc_backup_index *ret, struct ioc_error *err)
{
	auto_json json_t *j = NULL;
	int r;

	memset(ret, 0, sizeof(*ret));
	r = ioc_json_parse(text, len, &j, err);
	return (r == 0 ? read_all(j, ret, err) : r);
}

int
ioc_backup_index_print(const struct ioc_backup_index *i, struct ioc_buf *out,
    struct ioc_error *err)
{
	auto_json json_t *j = json_pack("{s:i, s:i, s:s, s:i}",
	    numbers[SCHEMA_NUMBER].key, SCHEMA, numbers[UID_BASE].key, 0,
	    "kind", kinds[i->kind], numbers[PATCH_LEVEL].key,
	    (int)i->patch_level);

	for (size_t n = 0; j != NULL && n < N(texts); n++) {
		const char *text = (const char *)i + texts[n].at;

		if (text[0] != '\0' && json_object_set_new(j, texts[n].key,
		    json_string(text)) != 0)
			return (ioc_fail_nomem(err));
	}
	return (j == NULL ? ioc_fail_nomem(err) : ioc_json_print(j, out, err));
}

/* --- what counts of a configuration ---------------------------------------------- */

/* What every jail gets anew, here. */
static const char *const ours[] = { "release", "patch_level", "distribution",
	"thick", "id_base" };

static bool
is_ours(const char *key)
{
	for (size_t i = 0; i < N(ours); i++)
		if (strcmp(ours[i], key) == 0)
			return (true);
	return (false);
}

/* NULL: it is taken; else why not. */
static const char *
refuse(const char *key, const char *value)
{
	const struct ioc_prop *p = ioc_prop_find(key);
	auto_free char *normal = NULL;

	if (strcmp(key, "host_hostuuid") == 0)
		return ("every jail has one of its own");
	if (p == NULL)
		return ("it is not a property");
	if (p->scope != IOC_SCOPE_TENANT)
		return ("it is for the administrator to set");
	if ((p->systems & ioc_prop_this_system) == 0)
		return ("it is not a property of this system");
	return (ioc_prop_check(key, value, &normal, NULL) == 0 ? NULL :
	    "its value cannot be");
}

int
ioc_backup_reduce(const struct ioc_conf *conf, struct ioc_change **ret,
    size_t *n, struct ioc_strv *names, ioc_backup_dropped *dropped, void *arg,
    struct ioc_error *err)
{
	struct ioc_change *v;
	int r = ioc_conf_keys(conf, names, err);

	*n = 0;
	*ret = v = r == 0 ? calloc(names->n + 1, sizeof(*v)) : NULL;
	if (v == NULL)
		return (r != 0 ? r : ioc_fail_nomem(err));
	for (size_t i = 0; r == 0 && i < names->n; i++) {
		const char *value = ioc_conf_get(conf, names->v[i]);
		const char *why = refuse(names->v[i], value);

		if (why == NULL)
			v[(*n)++] = (struct ioc_change){ names->v[i], value };
		else if (!is_ours(names->v[i]))
			dropped(names->v[i], why, arg);
	}
	return (r);
}

int
ioc_backup_mounts(const char *text, ioc_backup_dropped *dropped, void *arg,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_fstab_freep) struct ioc_fstab *f = NULL;
	int r = ioc_fstab_parse(text, strlen(text), &f, err);

	for (size_t i = 0; r == 0 && i < ioc_fstab_count(f); i++) {
		const struct ioc_fstab_entry *e = ioc_fstab_at(f, i);
		auto_buf struct ioc_buf b = IOC_BUF(16 * 1024);

		(void)ioc_buf_addf(&b, "mount of %s on %s", e->source,
		    e->target);
		r = ioc_buf_check(&b, err);
		if (r == 0)
			dropped(b.data, "mounts are for the administrator to "
			    "add", arg);
	}
	return (ioc_wrap(err, r, "fstab"));
}

int
ioc_source_scratch(struct ioc_source *s, struct ioc_error *err)
{
	int fd = ioc_file_scratch(s->store->root, err);

	return (ioc_wrap(err, fd, "source %s", s->name));
}
