/* SPDX-License-Identifier: BSD-2-Clause */
/* Updates of a Debian root, stage one. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/strv.h"
#include "dist/debian_apt.h"

bool
ioc_debian_parse_inst(const char *line, char *out, size_t outlen)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+~:-";
	const char *p = line, *old = "-", *name;
	size_t nname, nold = 1, nnew;

	if (!ioc_str_starts(p, "Inst "))
		return (false);
	name = p += 5;
	p += nname = strspn(p, ok);
	if (nname == 0 || *p++ != ' ')
		return (false);
	if (*p == '[') {
		old = ++p;
		p += nold = strspn(p, ok);
		if (nold == 0 || strncmp(p, "] ", 2) != 0)
			return (false);
		p += 2;
	}
	if (*p++ != '(')
		return (false);
	nnew = strspn(p, ok);
	if (nnew == 0 || (p[nnew] != ' ' && p[nnew] != ')'))
		return (false);
	return ((size_t)snprintf(out, outlen, "%.*s %.*s %.*s", (int)nname,
	    name, (int)nold, old, (int)nnew, p) < outlen);
}

struct simulated {
	json_t		*packages;	/* "NAME OLD NEW" */
	bool		 failed;	/* out of memory */
};

static int
on_simulated(const char *line, void *arg)
{
	struct simulated *s = arg;
	char text[400];

	if (ioc_debian_parse_inst(line, text, sizeof(text)) &&
	    json_array_append_new(s->packages, json_string(text)) != 0)
		s->failed = true;
	return (s->failed ? -1 : 0);
}

int
ioc_debian_update_fetch(const struct ioc_dist_job *job, unsigned *n,
    struct ioc_error *err)
{
	auto_json json_t *packages = json_array();
	struct simulated s = { .packages = packages };
	struct ioc_apt a = { .job = NULL };
	int r;

	if (packages == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_apt_open(&a, job, err);
	a.line = on_simulated;
	a.arg = &s;
	if (r == 0)
		r = ioc_apt_get(&a, (const char *const[]){ "--simulate",
		    "upgrade", NULL }, err);
	if (s.failed)
		r = ioc_fail_nomem(err);
	a.line = NULL;
	*n = (unsigned)json_array_size(packages);
	if (r == 0 && *n > 0)
		r = ioc_apt_get(&a, (const char *const[]){ "--download-only",
		    "upgrade", NULL }, err);
	if (r == 0 && job->provenance != NULL &&
	    (json_object_set(job->provenance, "packages", packages) != 0 ||
	    json_object_set_new(job->provenance, "verified", json_string(
	    "OpenPGP signatures of the suites with the host's keyring, "
	    "SHA-256 of every package")) != 0))
		r = ioc_fail_nomem(err);
	return (r);
}

/* The packages are in what was said of the updates: "NAME OLD NEW". */
int
ioc_debian_update_list(const struct ioc_dist_job *job, struct ioc_strv *ret,
    struct ioc_error *err)
{
	const json_t *all = json_object_get(job->provenance, "packages");
	const json_t *j;
	size_t i;

	json_array_foreach(all, i, j) {
		const char *p = json_string_value(j);

		for (int k = 0; p != NULL && k < 3; k++) {
			size_t n = strcspn(p, " ");

			(void)ioc_strv_addn(ret, p, n);
			p += n + (p[n] != '\0');
		}
	}
	return (ioc_strv_check(ret, err));
}
