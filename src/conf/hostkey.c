/* SPDX-License-Identifier: BSD-2-Clause */
#include "conf/hostkey.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "safe/name.h"

#define	RANGE_MIN	65536u		/* below are the host's own users */
#define	RANGE_END	4294901760u	/* above are the likes of nobody, -1 */

/* --- judges of values ----------------------------------------------------- */

static int
check_path(const char *value, struct ioc_error *err)
{
	if (value[0] != '/')
		return (ioc_fail(err, IOC_INVALID,
		    "\"%s\" is not an absolute path", IOC_SHOW(value)));
	if (strlen(value) > 1000)
		return (ioc_fail(err, IOC_INVALID, "path too long"));
	for (const char *s = value; *s != '\0'; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return (ioc_fail(err, IOC_INVALID,
			    "\"%s\" has a control character", IOC_SHOW(value)));
		if (strncmp(s, "/..", 3) == 0 && (s[3] == '/' || s[3] == '\0'))
			return (ioc_fail(err, IOC_INVALID,
			    "\"%s\" has \"..\" in it", IOC_SHOW(value)));
	}
	return (0);
}

/* SCHEME://HOST[:PORT][/...], all of it printable ASCII, without a user. */
static int
check_url(const char *value, const char *const *schemes, struct ioc_error *err)
{
	const char *host = NULL;
	size_t len;

	for (; *schemes != NULL && host == NULL; schemes++)
		if (ioc_str_starts(value, *schemes))
			host = value + strlen(*schemes);
	if (host == NULL)
		return (ioc_fail(err, IOC_INVALID, "\"%s\" does not begin "
		    "with %s", IOC_SHOW(value), schemes[-1]));
	len = strcspn(host, "/");
	if (len == 0 || strlen(value) > 2000 || memchr(host, '@', len) != NULL)
		return (ioc_fail(err, IOC_INVALID,
		    "\"%s\" is not a URL without a user", IOC_SHOW(value)));
	for (const char *s = host; *s != '\0'; s++) {
		bool in_host = s < host + len;

		if (!isgraph((unsigned char)*s) ||
		    strchr("\"'<>\\^`{|}", *s) != NULL || (in_host &&
		    !isalnum((unsigned char)*s) && strchr(".-:[]", *s) == NULL))
			return (ioc_fail(err, IOC_INVALID,
			    "\"%s\" is not a URL", IOC_SHOW(value)));
	}
	return (0);
}

static int
check_https(const char *value, struct ioc_error *err)
{
	return (check_url(value, (const char *const[]){ "https://", NULL },
	    err));
}

static int
check_proxy(const char *value, struct ioc_error *err)
{
	return (check_url(value, (const char *const[]){ "https://",
	    "socks5h://", "http://", NULL }, err));
}

static int
check_bool(const char *value, struct ioc_error *err)
{
	bool yes;

	return (ioc_str_to_bool(value, &yes, err));
}

static int
check_dataset(const char *value, struct ioc_error *err)
{
	return (ioc_name_check(IOC_NAME_DATASET, value, err));
}

/* en_US.UTF-8 */
static int
check_lang(const char *value, struct ioc_error *err)
{
	bool good = value[0] != '\0' && strlen(value) < 64;

	for (const char *s = value; *s != '\0'; s++)
		good = good && (isalnum((unsigned char)*s) ||
		    strchr("_.-@", *s) != NULL);
	return (good ? 0 : ioc_fail(err, IOC_INVALID,
	    "\"%s\" is not a locale", IOC_SHOW(value)));
}

int
ioc_hostkey_range(const char *value, uint32_t *first, uint32_t *count,
    struct ioc_error *err)
{
	size_t at = strcspn(value, "-:");
	uint64_t a, b;
	char head[16];

	if (at >= sizeof(head) || value[at] == '\0')
		return (ioc_fail(err, IOC_INVALID, "\"%s\" is neither "
		    "FIRST-LAST nor FIRST:COUNT", IOC_SHOW(value)));
	memcpy(head, value, at);
	head[at] = '\0';
	if (ioc_str_to_u64(head, 0, UINT32_MAX, &a, err) != 0 ||
	    ioc_str_to_u64(value + at + 1, 0, UINT32_MAX, &b, err) != 0)
		return (IOC_INVALID);
	if (value[at] == '-')
		b = b >= a ? b - a + 1 : 0;
	if (a < RANGE_MIN || b < 65536 || a + b > RANGE_END)
		return (ioc_fail(err, IOC_INVALID, "\"%s\" is not a range of "
		    "at least 65536 ids between %u and %u", IOC_SHOW(value),
		    RANGE_MIN, RANGE_END - 1));
	*first = (uint32_t)a;
	*count = (uint32_t)b;
	return (0);
}

static int
check_uid_range(const char *value, struct ioc_error *err)
{
	uint32_t first, count;

	return (ioc_hostkey_range(value, &first, &count, err));
}

/* --- the table ------------------------------------------------------------ */

static const struct {
	const char	*name;		/* without the name, when `prefix` */
	bool		 prefix;
	int		(*check)(const char *value, struct ioc_error *err);
} keys[] = {
	{ "ioc_dataset_", true, check_dataset },
	{ "ioc_dir_", true, check_path },
	{ "ioc_enable", false, check_bool },
	{ "ioc_lang", false, check_lang },
	{ "ioc_legacy_support", false, check_bool },
	{ "ioc_manifest_dir", false, check_path },
	{ "ioc_mirror_DEBIAN", false, check_https },
	{ "ioc_mirror_FREEBSD", false, check_https },
	{ "ioc_mirror_HARDENEDBSD", false, check_https },
	{ "ioc_packages_FREEBSD", false, check_https },
	{ "ioc_proxy", false, check_proxy },
	{ "ioc_run_dir", false, check_path },
	{ "ioc_signers_HARDENEDBSD", false, check_path },
	{ "ioc_tls_ca_file", false, check_path },
	{ "ioc_uid_range", false, check_uid_range },
};

int
ioc_hostkey_check(const char *key, const char *value, struct ioc_error *err)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		size_t len = strlen(keys[i].name);
		int r = 0;

		if (keys[i].prefix ? !ioc_str_starts(key, keys[i].name) :
		    strcmp(key, keys[i].name) != 0)
			continue;
		if (keys[i].prefix)
			r = ioc_name_check(IOC_NAME_SOURCE, key + len, err);
		/* A name may have it elsewhere, but not in a key of a shell. */
		if (r == 0 && strchr(key, '-') != NULL)
			r = ioc_fail(err, IOC_INVALID,
			    "\"-\" cannot stand in a key");
		if (r == 0)
			r = keys[i].check(value, err);
		return (ioc_wrap(err, r, "%s", IOC_SHOW(key)));
	}
	return (ioc_fail(err, IOC_INVALID, "unknown key \"%s\"",
	    IOC_SHOW(key)));
}
