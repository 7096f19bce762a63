/* SPDX-License-Identifier: BSD-2-Clause */
/* The package database of a Debian root: foreign, like all that is in one. */
#include "dist/debian.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "safe/file.h"

#define	STATUS_MAX		(64 * 1024 * 1024)
#define	TEXT_LINE_MAX		(64 * 1024)
#define	OWN_MAX			5000	/* they become arguments */
#define	STATUS			"var/lib/dpkg/status"

/* --- what apt-get is told of it ---------------------------------------------------- */

/*
 * The relations and Installed-Size are what apt tells two builds of the same
 * version apart by: without them everything would be an update.
 */
static bool
is_kept(const char *line, size_t len)
{
	static const char *const fields[] = {
		"Package:", "Essential:", "Protected:", "Status:", "Priority:",
		"Section:", "Installed-Size:", "Architecture:", "Multi-Arch:",
		"Source:", "Version:", "Replaces:", "Provides:", "Depends:",
		"Pre-Depends:", "Recommends:", "Suggests:", "Breaks:",
		"Conflicts:", "Enhances:", "Auto-Installed:", NULL
	};

	for (const char *const *f = fields; *f != NULL; f++) {
		size_t n = strlen(*f);

		if (len >= n && strncmp(line, *f, n) == 0)
			return (true);
	}
	return (false);
}

int
ioc_debian_reduce_status(const char *text, size_t len, struct ioc_buf *out,
    struct ioc_error *err)
{
	bool open = false;	/* a package has begun */

	for (size_t at = 0, n; at < len; at += n + 1) {
		const char *line = text + at;
		const char *end = memchr(line, '\n', len - at);

		n = end != NULL ? (size_t)(end - line) : len - at;
		if (n == 0) {
			if (open)
				(void)ioc_buf_addc(out, '\n');
			open = false;
			continue;
		}
		if (!is_kept(line, n))
			continue;
		if (n > TEXT_LINE_MAX)
			return (ioc_fail(err, IOC_LIMIT,
			    "a line longer than %d bytes", TEXT_LINE_MAX));
		for (size_t i = 0; i < n; i++)
			if (line[i] < 0x20 || line[i] > 0x7e)
				return (ioc_fail(err, IOC_UNSAFE, "a field "
				    "%.*s that is not plain text",
				    (int)strcspn(line, ":"), line));
		(void)ioc_buf_add(out, line, n);
		(void)ioc_buf_addc(out, '\n');
		open = true;
	}
	if (open)
		(void)ioc_buf_addc(out, '\n');
	return (ioc_buf_check(out, err));
}

int
ioc_debian_copy_status(const struct ioc_dist_job *job, struct ioc_error *err)
{
	auto_buf struct ioc_buf in = IOC_BUF(STATUS_MAX);
	auto_buf struct ioc_buf out = IOC_BUF(STATUS_MAX);
	int r;

	r = ioc_file_read(job->root_fd, STATUS, &in, err);
	if (r == 0)
		r = ioc_debian_reduce_status(ioc_buf_str(&in), in.len, &out,
		    err);
	if (r == 0 && out.len == 0)
		r = ioc_fail(err, IOC_FORMAT, "no package in it");
	if (r == 0)
		r = ioc_file_replace(job->updates_fd, "status",
		    ioc_buf_str(&out), out.len, 0644, (uid_t)-1, (gid_t)-1,
		    IOC_FILE_NOSYNC, err);
	return (ioc_wrap(err, r, "%s", STATUS));
}


/* --- a jail's own packages ----------------------------------------------------------- */

struct part {
	const char	*p;
	size_t		 n;
};

/* What counts of one package. */
struct stanza {
	struct part	 package, status, arch, automatic;
};

static bool
part_is(const struct part *part, const char *text)
{
	return (part->n == strlen(text) &&
	    strncmp(part->p, text, part->n) == 0);
}

static bool
part_ends(const struct part *part, const char *text)
{
	size_t n = strlen(text);

	return (part->n >= n &&
	    strncmp(part->p + part->n - n, text, n) == 0);
}

static void
take_field(struct stanza *s, const char *line, size_t n)
{
	const struct {
		const char	*name;
		struct part	*part;
	} fields[] = {
		{ "Package:", &s->package }, { "Status:", &s->status },
		{ "Architecture:", &s->arch },
		{ "Auto-Installed:", &s->automatic },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		size_t len = strlen(fields[i].name);

		if (n < len || strncmp(line, fields[i].name, len) != 0)
			continue;
		while (len < n && line[len] == ' ')
			len++;
		*fields[i].part = (struct part){ line + len, n - len };
	}
}

/* Every stanza of a text that was reduced. */
static int
each(const char *text, size_t len, int (*fn)(const struct stanza *s, void *arg,
    struct ioc_error *err), void *arg, struct ioc_error *err)
{
	struct stanza s = { .package = { .p = NULL } };
	int r = 0;

	for (size_t at = 0, n; r == 0 && at < len; at += n + 1) {
		const char *end = memchr(text + at, '\n', len - at);

		n = end != NULL ? (size_t)(end - text) - at : len - at;
		if (n > 0) {
			take_field(&s, text + at, n);
			continue;
		}
		if (s.package.n > 0)
			r = fn(&s, arg, err);
		s = (struct stanza){ .package = { .p = NULL } };
	}
	return (r);
}

/* Never what apt-get takes for an option, a file, or a wish to remove it. */
static bool
is_name(const struct part *p)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789+-.";

	if (p->n < 2 || p->n > 128 || strchr(first, p->p[0]) == NULL ||
	    p->p[p->n - 1] == '-')
		return (false);
	for (size_t i = 1; i < p->n; i++)
		if (strchr(rest, p->p[i]) == NULL)
			return (false);
	return (true);
}

static int
compare(const void *key, const void *entry)
{
	const char *const *name = entry;

	return (strcmp(key, *name));
}

ssize_t
ioc_debian_find(const struct ioc_strv *sorted, const char *name)
{
	const char *const *all = ioc_strv_get(sorted);
	const char *const *at = sorted->n == 0 ? NULL : bsearch(name, all,
	    sorted->n, sizeof(*all), compare);

	return (at == NULL ? -1 : at - all);
}

struct installed {
	const char	*arch;		/* of the system */
	const struct ioc_strv *but;	/* sorted, not these; or NULL */
	struct ioc_strv	*ret;
};

static int
add_installed(const struct stanza *s, void *arg, struct ioc_error *err)
{
	const struct installed *in = arg;
	char name[160];

	if (part_ends(&s->status, " not-installed") ||
	    part_ends(&s->status, " config-files"))
		return (0);
	if (!is_name(&s->package))
		return (ioc_fail(err, IOC_UNSAFE, "not a name of a package: "
		    "%.*s", (int)(s->package.n < 100 ? s->package.n : 100),
		    s->package.p));
	(void)snprintf(name, sizeof(name), "%.*s", (int)s->package.n,
	    s->package.p);
	if (in->but != NULL && ioc_debian_find(in->but, name) >= 0)
		return (0);
	if (!part_ends(&s->status, " installed"))
		return (ioc_fail(err, IOC_STATE, "package %s is not fully "
		    "installed in it: repair that first", name));
	if (!part_is(&s->arch, in->arch) && !part_is(&s->arch, "all"))
		return (ioc_fail(err, IOC_UNSUPPORTED, "package %s is of "
		    "another architecture than the system (%s)", name,
		    in->arch));
	return (ioc_strv_add(in->ret, name) == 0 ? 0 : ioc_fail_nomem(err));
}

static int
add_automatic(const struct stanza *s, void *arg, struct ioc_error *err)
{
	struct ioc_strv *ret = arg;

	return (!part_is(&s->automatic, "1") || !is_name(&s->package) ||
	    ioc_strv_addn(ret, s->package.p, s->package.n) == 0 ? 0 :
	    ioc_fail_nomem(err));
}

/* NOT_FOUND leaves it empty: nothing was ever installed in that layer. */
static int
read_reduced(int root, const char *path, struct ioc_buf *out,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf in = IOC_BUF(STATUS_MAX);
	struct ioc_error e;
	int r = ioc_file_read(root, path, &in, &e);

	if (r == IOC_NOT_FOUND)
		return (0);
	if (r != 0)
		ioc_error_copy(err, &e);
	else
		r = ioc_debian_reduce_status(ioc_buf_str(&in), in.len, out,
		    err);
	return (ioc_wrap(err, r, "%s", path));
}

int
ioc_debian_installed(const char *text, size_t len, const char *arch,
    const struct ioc_strv *but, struct ioc_strv *ret, struct ioc_error *err)
{
	struct installed in = { arch, but, ret };
	int r = each(text, len, add_installed, &in, err);

	ioc_strv_sort(ret);
	return (r);
}

static int
read_installed(int root, const char *arch, const struct ioc_strv *but,
    struct ioc_strv *ret, struct ioc_error *err)
{
	auto_buf struct ioc_buf text = IOC_BUF(STATUS_MAX);
	int r = read_reduced(root, STATUS, &text, err);

	return (r == 0 ? ioc_debian_installed(ioc_buf_str(&text), text.len,
	    arch, but, ret, err) : r);
}

int
ioc_debian_own_list(const struct ioc_dist_job *job, int ours, int base,
    struct ioc_dist_own *ret, struct ioc_error *err)
{
	IOC_AUTO(ioc_debian_fini) struct ioc_debian d = { 0 };
	auto_strv struct ioc_strv old = IOC_STRV, all = IOC_STRV;
	auto_strv struct ioc_strv automatic = IOC_STRV;
	auto_buf struct ioc_buf text = IOC_BUF(STATUS_MAX);
	int r = ioc_debian_judge(job, &d, err);

	if (r == 0)
		r = read_installed(base, d.arch, NULL, &old, err);
	if (r == 0)
		r = read_installed(ours, d.arch, &old, &all, err);
	if (r == 0)
		r = read_reduced(ours, "var/lib/apt/extended_states", &text,
		    err);
	if (r == 0)
		r = each(ioc_buf_str(&text), text.len, add_automatic,
		    &automatic, err);
	ioc_strv_sort(&automatic);
	for (size_t i = 0; r == 0 && i < all.n; i++)
		(void)ioc_strv_add(ioc_debian_find(&automatic, all.v[i]) < 0 ?
		    &ret->asked : &ret->along, all.v[i]);
	if (r == 0 && all.n > OWN_MAX)
		r = ioc_fail(err, IOC_LIMIT, "it has %zu packages beside its "
		    "release's, more than %d", all.n, OWN_MAX);
	if (r == 0)
		r = ioc_strv_check(&ret->asked, err);
	return (r == 0 ? ioc_strv_check(&ret->along, err) : r);
}
