/* SPDX-License-Identifier: BSD-2-Clause */
/* Names around sets: architectures, templates, lists, versions. */
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "dist/sets.h"
#include "safe/archive.h"
#include "safe/file.h"
#include "safe/name.h"

/* Directories of FreeBSD's mirrors: TARGET and TARGET_ARCH of release(7). */
static const struct ioc_sets_arch archs[] = {
	{ "amd64", "amd64" },
	{ "arm64", "aarch64" },
	{ "i386", "i386" },
	{ "arm", "armv7" },
	{ "arm", "armv6" },
	{ "powerpc", "powerpc64" },
	{ "powerpc", "powerpc64le" },
	{ "powerpc", "powerpc" },
	{ "riscv", "riscv64" },
};
#define	N_ARCHS	(sizeof(archs) / sizeof(*archs))

const struct ioc_sets_arch *
ioc_sets_arch(const char *name)
{
	const char *slash = strchr(name, '/');

	for (size_t i = 0; slash != NULL && i < N_ARCHS; i++)
		if (strlen(archs[i].arch) == (size_t)(slash - name) &&
		    ioc_str_starts(name, archs[i].arch) &&
		    strcmp(slash + 1, archs[i].machine) == 0)
			return (&archs[i]);
	for (size_t i = 0; slash == NULL && i < N_ARCHS; i++)
		if (strcmp(archs[i].machine, name) == 0)
			return (&archs[i]);
	for (size_t i = 0; slash == NULL && i < N_ARCHS; i++)
		if (strcmp(archs[i].arch, name) == 0)
			return (&archs[i]);
	return (NULL);
}

static void
add_lower(struct ioc_buf *b, const char *s)
{
	for (; *s != '\0'; s++)
		(void)ioc_buf_addc(b, (char)tolower((unsigned char)*s));
}

char *
ioc_sets_expand(const char *template, const struct ioc_sets_arch *a,
    const char *release)
{
	auto_buf struct ioc_buf b = IOC_BUF(4096);

	for (const char *p = template; *p != '\0'; p++) {
		if (*p != '%') {
			(void)ioc_buf_addc(&b, *p);
			continue;
		}
		switch (*++p) {
		case 'a':
			(void)ioc_buf_adds(&b, a->arch);
			break;
		case 'm':
			(void)ioc_buf_adds(&b, a->machine);
			break;
		case 'r':
			(void)ioc_buf_adds(&b, release);
			break;
		default:
			add_lower(&b, release);
			break;
		}
	}
	return (ioc_buf_take(&b));
}

int
ioc_sets_parse(const struct ioc_sets *s, const char *text,
    struct ioc_strv *ret, struct ioc_error *err)
{
	auto_strv struct ioc_strv v = IOC_STRV;
	bool usual = false;
	int r;

	(void)ioc_strv_add(ret, s->usual);
	for (const char *p = text != NULL ? text : s->usual, *end;; p = end + 1) {
		end = p + strcspn(p, ",");
		(void)ioc_strv_addn(&v, p, (size_t)(end - p));
		if (*end == '\0')
			break;
	}
	r = ioc_strv_check(&v, err);
	for (size_t i = 0; r == 0 && i < v.n; i++) {
		r = ioc_name_check(IOC_NAME_SET, v.v[i], err);
		if (r == 0 && strcmp(v.v[i], s->usual) == 0 && !usual) {
			usual = true;
			continue;
		}
		if (r == 0 && ioc_strv_has(ret, v.v[i]))
			r = ioc_fail(err, IOC_INVALID, "set %s is there twice",
			    v.v[i]);
		(void)ioc_strv_add(ret, v.v[i]);
	}
	if (r == 0 && !usual)
		r = ioc_fail(err, IOC_INVALID,
		    "without the set %s there is no release", s->usual);
	if (r == 0 && ret->n > IOC_ARCHIVE_MAX)
		r = ioc_fail(err, IOC_LIMIT, "more than %d sets",
		    IOC_ARCHIVE_MAX);
	return (r == 0 ? ioc_strv_check(ret, err) : r);
}

int
ioc_sets_version(int root_fd, char ret[64], struct ioc_error *err)
{
	static const char key[] = "\nUSERLAND_VERSION=\"";
	auto_buf struct ioc_buf b = IOC_BUF(64 * 1024);
	const char *s;
	size_t len;
	int r;

	r = ioc_file_read(root_fd, "bin/freebsd-version", &b, err);
	if (r != 0)
		return (ioc_wrap(err, r, "version"));
	s = strstr(ioc_buf_str(&b), key);
	s = s != NULL ? s + sizeof(key) - 1 : "";
	len = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789._+-");
	if (len == 0 || len >= 64 || s[len] != '"')
		return (ioc_fail(err, IOC_FORMAT,
		    "version: no USERLAND_VERSION in bin/freebsd-version"));
	memcpy(ret, s, len);
	ret[len] = '\0';
	return (0);
}
