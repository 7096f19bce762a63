/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/legacy.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "conf/prop.h"
#include "conf/value.h"

/* One of these is in whatever they have written. */
static const char *const marks[] = { "CONFIG_VERSION", "hostid", "legacy",
	"cloned_release", NULL };

/*
 * What they had and this does not: it asks for something unless it is one of these
 * words, or none or no.
 */
static const struct {
	const char	*key;
	const char	*idle[3];
} unmet[] = {
	{ "allow_mount_fusefs" }, { "allow_mount_zfs" },
	{ "allow_sysvipc" }, { "allow_tun" }, { "allow_vmm" }, { "bpf" },
	{ "cpuset", { "off" } }, { "defaultrouter", { "auto" } },
	{ "defaultrouter6", { "auto" } }, { "dhcp" },
	{ "exec_created", { "/usr/bin/true" } },
	{ "exec_jail_user", { "root" } },
	{ "exec_poststart", { "/usr/bin/true" } },
	{ "exec_poststop", { "/usr/bin/true" } },
	{ "exec_prestart", { "/usr/bin/true" } },
	{ "exec_prestop", { "/usr/bin/true" } },
	{ "interfaces", { "vnet0:bridge0", "vnet0:bridge0,vnet1:bridge1" } },
	{ "ip4_addr" }, { "ip6_addr" }, { "jail_zfs" }, { "nat" },
	{ "provision.method" },
};

typedef int rule_fn(struct ioc_conf *c, const char *key, const char *value,
    struct ioc_error *err);

/* Sets another key that is not there yet, instead of this one. */
static int
become(struct ioc_conf *c, const char *key, const char *other,
    const char *value, struct ioc_error *err)
{
	int r = ioc_conf_get(c, other) != NULL ? 0 :
	    ioc_conf_set(c, other, value, err);

	return (r == 0 ? ioc_conf_set(c, key, NULL, err) : r);
}

/* --- single keys -------------------------------------------------------------- */

/* The dataset's name is the jail's. */
static int
drop(struct ioc_conf *c, const char *key, const char *value,
    struct ioc_error *err)
{
	return (ioc_conf_set(c, key, NULL, err));
}

/* The "-p10" that a name ends with, or NULL. */
static char *
level_of(char *name)
{
	char *p = strrchr(name, '-');

	return (p == NULL || p == name || p[1] != 'p' || p[2] == '\0' ||
	    strspn(p + 2, "0123456789") != strlen(p + 2) || strlen(p) > 8 ?
	    NULL : p);
}

/* "12.1-RELEASE-p10": a level of 12.1-RELEASE. */
static int
release(struct ioc_conf *c, const char *key, const char *value,
    struct ioc_error *err)
{
	auto_free char *name = strdup(value);
	char *p;
	int r = 0;

	if (name == NULL)
		return (ioc_fail_nomem(err));
	while (r == 0 && (p = level_of(name)) != NULL) {
		if (ioc_conf_get(c, "patch_level") == NULL)
			r = ioc_conf_set(c, "patch_level", p + 2, err);
		*p = '\0';
	}
	return (r == 0 && strcmp(name, value) != 0 ?
	    ioc_conf_set(c, key, name, err) : r);
}

/* iocage has blanks between, libioc terms of filters: names of jails. */
static int
depends(struct ioc_conf *c, const char *key, const char *value,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_VALUE_MAX);
	int r;

	for (const char *p = value; *p != '\0';) {
		size_t n = strcspn(p, " \t,");

		if (n > 0)
			(void)ioc_buf_addf(&b, "%s%.*s", b.len > 0 ? "," : "",
			    (int)n, p);
		p += n + (p[n] != '\0');
	}
	r = ioc_buf_check(&b, err);
	return (r != 0 ? r : ioc_conf_set(c, key, b.len > 0 ? b.data : "-",
	    err));
}

/* "template" and "basejail" of iocage; anything else is a jail. */
static int
type(struct ioc_conf *c, const char *key, const char *value,
    struct ioc_error *err)
{
	if (strcmp(value, "template") == 0 || strcmp(value, "basejail") == 0)
		return (become(c, key, value, "yes", err));
	return (0);
}

/* A name for people where the jail's own is a UUID. */
static int
tag(struct ioc_conf *c, const char *key, const char *value,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_VALUE_MAX);
	int r;

	ioc_value_list_add(&b, value);
	r = ioc_buf_check(&b, err);
	return (r == 0 ? become(c, key, "tags", ioc_buf_str(&b), err) : r);
}

/* The switch of all limits. */
static int
rlimits(struct ioc_conf *c, const char *key, const char *value,
    struct ioc_error *err)
{
	const struct ioc_prop *table;
	bool yes = true;
	size_t n;
	int r = 0;

	table = ioc_prop_table(&n);
	if (ioc_str_to_bool(value, &yes, NULL) != 0 || yes)
		return (0);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (table[i].type == IOC_PROP_LIMIT)
			r = ioc_conf_set(c, table[i].name, NULL, err);
	return (r == 0 ? ioc_conf_set(c, key, NULL, err) : r);
}

/*
 * iocage has whole lines of resolv.conf, libioc addresses alone, with ";" between
 * when they were given and "," when it has saved them.
 */
static int
resolver(struct ioc_conf *c, const char *key, const char *value,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_VALUE_MAX);
	int r;

	if (strcmp(value, "/dev/null") == 0)
		return (ioc_conf_set(c, key, "-", err));
	if (value[0] == '/')
		return (0);
	for (const char *p = value; *p != '\0';) {
		size_t n = strcspn(p, ";,");
		bool bare = n > 0 && memchr(p, ' ', n) == NULL;

		if (n > 0)
			(void)ioc_buf_addf(&b, "%s%s%.*s", b.len > 0 ? ";" : "",
			    bare ? "nameserver " : "", (int)n, p);
		p += n;
		while (*p == ';' || *p == ',' || *p == ' ')
			p++;
	}
	r = ioc_buf_check(&b, err);
	return (r != 0 ? r : ioc_conf_set(c, key, b.len > 0 ? b.data : "-",
	    err));
}

static const struct {
	const char	*key;
	rule_fn		*fn;
} rules[] = {
	{ "depends", depends },
	{ "id", drop },
	{ "name", drop },
	{ "release", release },
	{ "resolver", resolver },
	{ "rlimits", rlimits },
	{ "tag", tag },
	{ "type", type },
	{ "uuid", drop },
};

/* --- all ---------------------------------------------------------------------- */

bool
ioc_legacy_is(const struct ioc_conf *c)
{
	for (const char *const *m = marks; *m != NULL; m++)
		if (ioc_conf_get(c, *m) != NULL)
			return (true);
	return (false);
}

/*
 * "on", "off", 1 and so on, as our own words.  What is not understood stays: who
 * needs it says so.
 */
static int
normal(struct ioc_conf *c, const char *key, struct ioc_error *err)
{
	auto_free char *text = NULL;
	const char *value = ioc_conf_get(c, key);

	if (value == NULL || ioc_str_starts(key, "user.") ||
	    ioc_prop_find(key) == NULL ||
	    ioc_prop_check(key, value, &text, NULL) != 0 ||
	    strcmp(text, value) == 0)
		return (0);
	return (ioc_conf_set(c, key, text, err));
}

int
ioc_legacy_read(struct ioc_conf *c, struct ioc_error *err)
{
	auto_strv struct ioc_strv keys = IOC_STRV;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(rules) / sizeof(*rules); i++) {
		const char *v = ioc_conf_get(c, rules[i].key);
		auto_free char *value = NULL;

		if (v == NULL || (ioc_str_is_none(v) && rules[i].fn != drop))
			continue;
		/* It stands where it is to be changed. */
		value = strdup(v);
		r = value == NULL ? ioc_fail_nomem(err) :
		    rules[i].fn(c, rules[i].key, value, err);
	}
	if (r == 0)
		r = ioc_conf_keys(c, &keys, err);
	for (size_t i = 0; r == 0 && i < keys.n; i++)
		r = normal(c, keys.v[i], err);
	return (r);
}

static bool
is_idle(const char *const idle[3], const char *value)
{
	bool yes = true;

	for (size_t i = 0; i < 3 && idle[i] != NULL; i++)
		if (strcmp(idle[i], value) == 0)
			return (true);
	return (ioc_str_is_none(value) ||
	    (ioc_str_to_bool(value, &yes, NULL) == 0 && !yes));
}

int
ioc_legacy_unmet(const struct ioc_conf *c, struct ioc_buf *ret,
    struct ioc_error *err)
{
	for (size_t i = 0; i < sizeof(unmet) / sizeof(*unmet); i++) {
		const char *value = ioc_conf_get(c, unmet[i].key);

		if (value != NULL && !is_idle(unmet[i].idle, value))
			(void)ioc_buf_addf(ret, "%s%s", ret->len > 0 ? ", " :
			    "", unmet[i].key);
	}
	return (ioc_buf_check(ret, err));
}
