/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a root's base system is made of packages, and where those of its
 * release are.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "dist/pkgbase.h"
#include "dist/relname.h"
#include "dist/sets.h"
#include "safe/path.h"
#include "safe/tree.h"

#define	DATABASE	"var/db/pkg/local.sqlite"
#define	DATABASE_MAX	((off_t)1 << 30)

/* --- which root ---------------------------------------------------------------- */

/* Does it stand in the file, of which a block and the end of the one before are
   looked at together? */
static int
stands_in(int fd, const char *name, struct ioc_error *err)
{
	const size_t len = strlen(name), block = 1 << 16;
	auto_free char *text = malloc(len + block);
	size_t kept = 0;

	if (text == NULL)
		return (ioc_fail_nomem(err));
	for (off_t done = 0; done < DATABASE_MAX;) {
		ssize_t n = read(fd, text + kept, block);

		if (n < 0)
			return (ioc_fail_errno(err, "read"));
		if (n == 0)
			return (0);
		done += n;
		kept += (size_t)n;
		if (memmem(text, kept, name, len) != NULL)
			return (1);
		if (kept >= len) {
			memmove(text, text + kept - (len - 1), len - 1);
			kept = len - 1;
		}
	}
	return (0);
}

int
ioc_pkgbase_has(int root_fd, struct ioc_error *err)
{
	struct ioc_error e;
	struct stat st;
	auto_fd int fd = -1;
	int r = ioc_path_stat(root_fd, DATABASE, 0, &st, &e);

	if (r != 0 && !ioc_error_is_shortage(&e))
		return (0);
	if (r == 0 && !S_ISREG(st.st_mode))
		return (0);
	if (r == 0)
		r = fd = ioc_path_open(root_fd, DATABASE,
		    O_RDONLY | O_NONBLOCK, 0, &e);
	if (r < 0) {
		ioc_error_copy(err, &e);
		return (r);
	}
	r = stands_in(fd, IOC_PKGBASE_RUNTIME, err);
	return (r < 0 ? ioc_wrap(err, r, "%s", DATABASE) : r);
}

bool
ioc_pkgbase_made(int updates_fd)
{
	struct stat st;

	return (ioc_path_stat(updates_fd, IOC_PKGBASE_APPLY, IOC_PATH_NOLINKS,
	    &st, NULL) == 0);
}

int
ioc_pkgbase_disown(int updates_fd, struct ioc_error *err)
{
	return (ioc_tree_remove(updates_fd, IOC_PKGBASE_APPLY, err));
}

/* --- its repository -------------------------------------------------------------- */

/* What can stand in a configuration in UCL between double quotes as it is. */
static bool
is_plain(const char *url)
{
	for (const char *s = url; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr("-._~:/@+%", *s) == NULL)
			return (false);
	return (ioc_str_starts(url, "https://"));
}

/* What the host's own configuration of pkg(8) has for FreeBSD 15 and newer. */
int
ioc_pkgbase_repo(const struct ioc_dist_job *job, struct ioc_pkgbase_repo *ret,
    struct ioc_error *err)
{
	const char *arch = job->arch != NULL ? job->arch : job->host_arch;
	const struct ioc_sets_arch *a = ioc_sets_arch(arch);
	struct ioc_relname r;
	char folder[32];
	bool fixed;
	int n;

	if (!ioc_relname_parse(job->release, false, &r) || !r.has_minor)
		return (ioc_fail(err, IOC_INVALID, "\"%s\" is not a release",
		    IOC_SHOW(job->release)));
	if (a == NULL)
		return (ioc_fail(err, IOC_UNSUPPORTED, "FreeBSD has no packages "
		    "for %s", IOC_SHOW(arch)));
	if (job->packages != NULL && !is_plain(job->packages))
		return (ioc_fail(err, IOC_INVALID, "ioc_packages_FREEBSD: "
		    "\"%s\" is not a plain https URL",
		    IOC_SHOW(job->packages)));
	fixed = r.kind == IOC_REL_RELEASE || r.kind == IOC_REL_RC ||
	    r.kind == IOC_REL_BETA;
	(void)snprintf(folder, sizeof(folder), fixed ? "base_release_%u" :
	    "base_latest", r.minor);
	(void)snprintf(ret->abi, sizeof(ret->abi), "FreeBSD:%u:%.32s", r.major,
	    a->machine);
	if (fixed && r.major >= 15)
		(void)snprintf(ret->keys, sizeof(ret->keys),
		    "/usr/share/keys/pkgbase-%u", r.major);
	else
		(void)snprintf(ret->keys, sizeof(ret->keys),
		    "/usr/share/keys/pkg");
	ret->srv = job->packages == NULL;
	ret->version = r.major * 100000 + r.minor * 1000 + 999;
	n = snprintf(ret->url, sizeof(ret->url), "%s/%s/%s", ret->srv ?
	    "pkg+https://pkg.FreeBSD.org" : job->packages, ret->abi, folder);
	return (n > 0 && (size_t)n < sizeof(ret->url) ? 0 : ioc_fail(err,
	    IOC_INVALID, "ioc_packages_FREEBSD: too long"));
}

int
ioc_pkgbase_patch(const char *release, const char *version, unsigned *patch,
    struct ioc_error *err)
{
	struct ioc_relname r;
	char name[32];
	size_t n, digits;
	uint64_t v;

	*patch = 0;
	if (!ioc_relname_parse(release, false, &r) ||
	    r.kind != IOC_REL_RELEASE)
		return (0);
	n = (size_t)snprintf(name, sizeof(name), "%u.%u", r.major, r.minor);
	if (strncmp(version, name, n) == 0 && version[n] == '\0')
		return (0);
	digits = strncmp(version, name, n) == 0 && version[n] == 'p' ?
	    strspn(version + n + 1, "0123456789") : 0;
	if (digits == 0 || digits > 5 || version[n + 1 + digits] != '\0' ||
	    ioc_str_to_u64(version + n + 1, 1, 99999, &v, NULL) != 0)
		return (ioc_fail(err, IOC_VERIFY, "version %s is none of %s",
		    version, release));
	*patch = (unsigned)v;
	return (0);
}
