/* SPDX-License-Identifier: BSD-2-Clause */
#include "dist/upgrade.h"

#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>

#include "dist/bsd.h"
#include "safe/path.h"

static const char *const none[] = { NULL };

/* --- FreeBSD ---------------------------------------------------------------------- */

static const char *const bsd_theirs[] = { "etc/login.conf.db", "etc/os-release",
	"etc/passwd", "etc/pwd.db", "etc/spwd.db", "var/db/services.db", NULL };
static const char *const bsd_entries[] = { "etc/group", "etc/master.passwd",
	NULL };

/* passwd is made of master.passwd, too. */
static const char *const pwd_mkdb[] = { "/usr/sbin/pwd_mkdb", "-p", "-d",
	"/etc", "/etc/master.passwd", NULL };
static const char *const cap_mkdb[] = { "/usr/bin/cap_mkdb",
	"/etc/login.conf", NULL };
static const char *const services_mkdb[] = { "/usr/sbin/services_mkdb", "-q",
	"-o", "/var/db/services.db", "/etc/services", NULL };
static const char *const *const bsd_rebuild[] = { pwd_mkdb, cap_mkdb,
	services_mkdb, NULL };

const struct ioc_dist_upgrade ioc_dist_upgrade_bsd = {
	.system = ioc_bsd_base_dirs, .own = none, .theirs = bsd_theirs,
	.entries = bsd_entries, .rebuild = bsd_rebuild, .databases = none,
};

/* --- Debian, and what is like it ------------------------------------------------------ */

static const char *const linux_system[] = { "bin", "lib", "lib32", "lib64",
	"libx32", "sbin", "usr", "var/cache/apt", "var/cache/debconf",
	"var/lib/apt", "var/lib/dpkg", NULL };
static const char *const linux_own[] = { "usr/local", NULL };
static const char *const linux_theirs[] = { "etc/debian_version", "etc/group-",
	"etc/gshadow-", "etc/issue", "etc/issue.net", "etc/ld.so.cache",
	"etc/os-release", "etc/passwd-", "etc/shadow-",
	"var/cache/ldconfig/aux-cache", NULL };
static const char *const linux_entries[] = { "etc/group", "etc/gshadow",
	"etc/passwd", "etc/shadow", NULL };
static const char *const ldconfig[] = { "/sbin/ldconfig", NULL };
static const char *const *const linux_rebuild[] = { ldconfig, NULL };
static const char *const linux_databases[] = { "lib/apk/db/installed",
	"usr/lib/apk/db/installed", "usr/lib/sysimage/rpm/rpmdb.sqlite",
	"var/lib/rpm/rpmdb.sqlite", NULL };

const struct ioc_dist_upgrade ioc_dist_upgrade_linux = {
	.system = linux_system, .own = linux_own, .theirs = linux_theirs,
	.entries = linux_entries, .rebuild = linux_rebuild,
	.packages = "var/lib/dpkg/info", .packages_suffix = ".list",
	.databases = linux_databases,
};

const struct ioc_dist_upgrade *
ioc_dist_upgrade_of(const struct ioc_dist *d, int root_fd)
{
	struct stat st;

	if (d->upgrade != NULL)
		return (d->upgrade);
	return (ioc_path_stat(root_fd, "etc/master.passwd", IOC_PATH_NOLINKS,
	    &st, NULL) == 0 ? &ioc_dist_upgrade_bsd : &ioc_dist_upgrade_linux);
}

/* --- versions ---------------------------------------------------------------------- */

/* The numbers that a version begins with: 14.2 of "14.2-RELEASE-p1". */
bool
ioc_dist_version_compare(const char *a, const char *b, int *ret)
{
	*ret = 0;
	for (bool first = true;; first = false) {
		size_t n = strspn(a, "0123456789"), m = strspn(b, "0123456789");
		unsigned long x = 0, y = 0;

		if (n > 9 || m > 9 || (first && (n == 0 || m == 0)))
			return (false);
		if (n > 0)
			x = strtoul(a, NULL, 10);
		if (m > 0)
			y = strtoul(b, NULL, 10);
		if (x != y) {
			*ret = x < y ? -1 : 1;
			return (true);
		}
		a += n;
		b += m;
		if (n == 0 || m == 0 || *a != '.' || *b != '.')
			return (true);
		a++;
		b++;
	}
}
