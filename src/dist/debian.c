/* SPDX-License-Identifier: BSD-2-Clause */
/* Debian: its releases, and how a job for them is judged. */
#include "dist/debian.h"
#include "dist/upgrade.h"

#include <sys/utsname.h>

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "safe/fetch.h"
#include "safe/file.h"
#include "safe/proc.h"
#include "safe/tools.h"

/* Newest first; the two lists have the same order.  Dates: wiki.debian.org/LTS. */
static const struct ioc_debian_suite suites[] = {
	{ "trixie", true, "2030-06-30" },
	{ "bookworm", true, "2028-06-30" },
	{ "bullseye", true, "2026-08-31" },
	{ "sid", false, NULL },
};
static const char *const releases[] = {
	"trixie", "bookworm", "bullseye", "sid", NULL
};

/* machine of uname(2), Debian's name, a name that the same machine runs too */
static const struct {
	const char	*machine, *arch, *also;
} machines[] = {
	{ "x86_64", "amd64", "i386" },
	{ "aarch64", "arm64", NULL },
	{ "i686", "i386", NULL },
	{ "armv7l", "armhf", "armel" },
	{ "ppc64le", "ppc64el", NULL },
	{ "riscv64", "riscv64", NULL },
	{ "s390x", "s390x", NULL },
};

/* --- judging a job ----------------------------------------------------------- */

static int
judge_suite(const char *name, const struct ioc_debian_suite **ret,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf known = IOC_BUF(1024);

	for (size_t i = 0; i < sizeof(suites) / sizeof(*suites); i++) {
		if (name != NULL && strcmp(suites[i].name, name) == 0) {
			*ret = &suites[i];
			return (0);
		}
		(void)ioc_buf_addf(&known, "%s%s", i > 0 ? ", " : "",
		    suites[i].name);
	}
	return (ioc_fail(err, IOC_NOT_FOUND, "no Debian release \"%s\"; known "
	    "are %s", IOC_SHOW(name != NULL ? name : ""),
	    ioc_buf_str(&known)));
}

static int
judge_arch(const char *name, const char **ret, struct ioc_error *err)
{
	struct utsname u;
	bool known = false;

	if (uname(&u) != 0)
		return (ioc_fail_errno(err, "uname"));
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++) {
		bool here = strcmp(machines[i].machine, u.machine) == 0;

		if (here && (name == NULL ||
		    strcmp(machines[i].arch, name) == 0)) {
			*ret = machines[i].arch;
			return (0);
		}
		if (here && machines[i].also != NULL &&
		    strcmp(machines[i].also, name) == 0) {
			*ret = machines[i].also;
			return (0);
		}
		known = known || (name != NULL &&
		    (strcmp(machines[i].arch, name) == 0 ||
		    (machines[i].also != NULL &&
		    strcmp(machines[i].also, name) == 0)));
	}
	if (name == NULL)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "Debian has no release for a machine \"%s\"",
		    IOC_SHOW(u.machine)));
	if (known)
		return (ioc_fail(err, IOC_UNSUPPORTED, "architecture %s: this "
		    "host (%s) cannot run it", name, IOC_SHOW(u.machine)));
	return (ioc_fail(err, IOC_INVALID, "no Debian architecture \"%s\"",
	    IOC_SHOW(name)));
}

/*
 * Stricter than what a URL may be: it becomes a word of sources.list, and of
 * variables that debootstrap splits.
 */
static int
judge_url(const char *noun, const char *url, struct ioc_error *err)
{
	int r = ioc_fetch_judge_url(url, err);

	if (r == 0 && url[strspn(url, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/%+")] != '\0')
		r = ioc_fail(err, IOC_INVALID, "\"%s\" has characters that "
		    "have no place there", IOC_SHOW(url));
	return (ioc_wrap(err, r, "%s", noun));
}

/* A line of a configuration file is written with it. */
static int
judge_path(const char *noun, const char *path, struct ioc_error *err)
{
	if (path[0] != '/')
		return (ioc_fail(err, IOC_INVALID, "%s \"%s\": not an absolute "
		    "path", noun, IOC_SHOW(path)));
	for (const char *p = path; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f ||
		    strchr("\"\\;{}#", *p) != NULL)
			return (ioc_fail(err, IOC_INVALID, "%s \"%s\": a path "
			    "with quotes, backslashes, braces, \";\", \"#\" or "
			    "control characters cannot be used here", noun,
			    IOC_SHOW(path)));
	return (0);
}

/* Better here than as "unknown issuer" later. */
static int
judge_ca(const char *path, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(16 * 1024 * 1024);
	int r = judge_path("CA file", path, err);

	if (r != 0)
		return (r);
	r = ioc_file_read_host(path, &b, err);
	if (r == 0 && strstr(ioc_buf_str(&b), "-----BEGIN ") == NULL)
		r = ioc_fail(err, IOC_INVALID, "no certificate in PEM in it");
	return (ioc_wrap(err, r, "CA file %s", IOC_SHOW(path)));
}

/* A proxy may be reached by http: what goes through it is a TLS tunnel. */
static int
judge_proxy(const char *url, struct ioc_error *err)
{
	if ((ioc_str_starts(url, "http://") ||
	    ioc_str_starts(url, "https://")) &&
	    url[strspn(url, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/%@[]")] == '\0')
		return (0);
	return (ioc_fail(err, IOC_INVALID, "proxy \"%s\": not a URL of a proxy",
	    IOC_SHOW(url)));
}

/* Where a mirror keeps security updates: beside "debian", by convention. */
static int
set_mirrors(struct ioc_debian *d, const char *mirror, struct ioc_error *err)
{
	auto_buf struct ioc_buf security = IOC_BUF(4096);
	size_t len = strlen(mirror);
	int r;

	while (len > 0 && mirror[len - 1] == '/')
		len--;
	d->mirror_text = strndup(mirror, len);
	if (d->mirror_text == NULL)
		return (ioc_fail_nomem(err));
	d->mirror = d->mirror_text;
	(void)ioc_buf_addf(&security, "%s-security", d->mirror);
	r = ioc_buf_check(&security, err);
	if (r != 0)
		return (r);
	d->security = ioc_buf_take(&security);
	return (d->security == NULL ? ioc_fail_nomem(err) : 0);
}

int
ioc_debian_judge(const struct ioc_dist_job *job, struct ioc_debian *ret,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_debian_fini) struct ioc_debian d = { 0 };
	const char *mirror = job->mirror != NULL ? job->mirror :
	    IOC_DEBIAN_MIRROR;
	int r;

	r = judge_suite(job->release, &d.suite, err);
	if (r == 0)
		r = judge_arch(job->arch, &d.arch, err);
	if (r == 0)
		r = judge_url("mirror", mirror, err);
	if (r == 0 && job->ca_file != NULL)
		r = judge_ca(job->ca_file, err);
	if (r == 0 && job->proxy != NULL)
		r = judge_proxy(job->proxy, err);
	if (r == 0 && job->root_path != NULL)
		r = judge_path("directory", job->root_path, err);
	if (r == 0 && job->updates_path != NULL)
		r = judge_path("directory", job->updates_path, err);
	if (r == 0)
		r = set_mirrors(&d, mirror, err);
	if (r != 0)
		return (r);
	d.ca_file = job->ca_file;
	*ret = d;
	d = (struct ioc_debian){ 0 };
	return (0);
}

void
ioc_debian_fini(struct ioc_debian *d)
{
	free(d->mirror_text);
	free(d->security);
	*d = (struct ioc_debian){ 0 };
}

/* --- what the host must have ------------------------------------------------- */

int
ioc_debian_need(const char *const *tool, const char *package,
    const char **ret, struct ioc_error *err)
{
	const char *path = ioc_proc_find(tool);

	if (path == NULL)
		return (ioc_fail(err, IOC_UNSUPPORTED, "%s is missing: install "
		    "the package %s", tool[0], package));
	if (ret != NULL)
		*ret = path;
	return (0);
}

int
ioc_debian_need_keyring(struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(4 * 1024 * 1024);
	int r;

	r = ioc_file_read_host(IOC_DEBIAN_KEYRING, &b, err);
	if (r == IOC_NOT_FOUND || (r == 0 && b.len == 0))
		return (ioc_fail(err, IOC_UNSUPPORTED, "%s is missing: install "
		    "the package debian-archive-keyring", IOC_DEBIAN_KEYRING));
	return (r);
}

/* --- small parts ------------------------------------------------------------- */

int
ioc_debian_sources(const struct ioc_debian *d, struct ioc_buf *b,
    struct ioc_error *err)
{
	const char *name = d->suite->name;
	const char *by = "signed-by=" IOC_DEBIAN_KEYRING;

	(void)ioc_buf_addf(b, "deb [%s] %s %s main\n", by, d->mirror, name);
	if (d->suite->updates) {
		(void)ioc_buf_addf(b, "deb [%s] %s %s-updates main\n", by,
		    d->mirror, name);
		(void)ioc_buf_addf(b, "deb [%s] %s %s-security main\n", by,
		    d->security, name);
	}
	return (ioc_buf_check(b, err));
}

static int
debian_version(int root, char ret[64], struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(64);
	const char *s;
	size_t len;
	int r;

	r = ioc_file_read(root, "etc/debian_version", &b, err);
	if (r != 0)
		return (ioc_wrap(err, r, "version"));
	s = ioc_buf_str(&b);
	len = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789./+~-");
	if (len == 0 || len >= 64 || (s[len] != '\0' && s[len] != '\n'))
		return (ioc_fail(err, IOC_FORMAT,
		    "version: etc/debian_version is not a version"));
	memcpy(ret, s, len);
	ret[len] = '\0';
	return (0);
}

/* --- the distribution -------------------------------------------------------- */

static const char *
eol(const char *release)
{
	for (size_t i = 0; i < sizeof(suites) / sizeof(*suites); i++)
		if (strcmp(suites[i].name, release) == 0)
			return (suites[i].end);
	return (NULL);
}

#define	SYSTEM_PATH	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * container=lxc makes debootstrap skip its trial of mknod(2), which no jail
 * allows, and use the devices that are there.
 */
static const char *const finish_argv[] = {
	"/debootstrap/debootstrap", "--second-stage", NULL
};
static const char *const finish_env[] = {
	SYSTEM_PATH, "LC_ALL=C", "HOME=/root", "TERM=dumb", "container=lxc",
	"DEBIAN_FRONTEND=noninteractive", "DEBCONF_NONINTERACTIVE_SEEN=true",
	NULL
};

/* The file that apt-get is given is written by ioc_debian_update_fetch. */
static const char *const update_argv[] = {
	"/usr/bin/apt-get", "-q", "upgrade", NULL
};
static const char *const update_env[] = {
	SYSTEM_PATH, "LC_ALL=C", "HOME=/root", "TERM=dumb", "container=lxc",
	"DEBIAN_FRONTEND=noninteractive", "DEBCONF_NONINTERACTIVE_SEEN=true",
	"APT_CONFIG=" IOC_DIST_UPDATES "/jail.conf",
	NULL
};

/* All but /usr are links into it in newer releases. */
static const char *const base_dirs[] = { "bin", "lib", "lib32", "lib64",
	"libx32", "sbin", "usr", NULL };

const struct ioc_dist ioc_dist_debian = {
	.name = "debian",
	.systems = (const char *const[]){ "Linux", NULL },
	.default_mirror = IOC_DEBIAN_MIRROR,
	.releases = releases,
	.eol = eol,
	.fetch = ioc_debian_fetch,
	.finish_argv = finish_argv,
	.finish_env = finish_env,
	.clean = ioc_debian_clean,
	.update_fetch = ioc_debian_update_fetch,
	.update_list = ioc_debian_update_list,
	.update_argv = update_argv,
	.update_env = update_env,
	.state = "var/lib/dpkg/status",
	.needs = IOC_DIST_NEEDS_PROC,
	.version = debian_version,
	.base_dirs = base_dirs,
	.upgrade = &ioc_dist_upgrade_linux,
	.own_list = ioc_debian_own_list,
	.own_fetch = ioc_debian_own_fetch,
	.own_command = ioc_debian_own_command,
};
