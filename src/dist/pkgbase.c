/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Updates of FreeBSD's packages, stage one.
 *
 * What protects it is the signature of the repository's catalogue, by a key whose
 * fingerprint the host has, and the SHA-256 of each package in that catalogue.
 * Repository, keys and settings are written here: none is taken from the root.
 * pkg(8) reads both with all of root's rights: so it runs in a jail, of the host's
 * programs, that can change nothing but its own directory (core/hostview.h).
 */
#include "dist/pkgbase.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "dist/bsd.h"
#include "safe/file.h"
#include "safe/path.h"
#include "safe/proc.h"
#include "safe/tools.h"
#include "safe/tree.h"

#define	TEXT_MAX	(1u << 20)

/* For both stages; services are nobody's here. */
static const char settings[] =
    "ASSUME_ALWAYS_YES = true;\n"
    "REPO_AUTOUPDATE = false;\n"
    "PKG_ENABLE_PLUGINS = false;\n"
    "HANDLE_RC_SCRIPTS = false;\n"
    "BACKUP_LIBRARIES = false;\n"
    "AUTOCLEAN = false;\n"
    "SYSLOG = false;\n";

/* --- before it ------------------------------------------------------------------- */

/* A configuration whose one repository is in the directory `repos`. */
static int
put_conf(const struct ioc_dist_job *job, const struct ioc_pkgbase_repo *repo,
    const char *name, const char *work, const char *repos,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(TEXT_MAX);
	int r;

	(void)ioc_buf_addf(&b, "ABI = \"%s\";\nOSVERSION = %u;\n"
	    "PKG_DBDIR = \"%s/db\";\nPKG_CACHEDIR = \"%s/cache\";\n"
	    "REPOS_DIR = [ \"" IOC_DIST_UPDATES "/%s\" ];\n%s", repo->abi,
	    repo->version, work, work, repos, settings);
	r = ioc_buf_check(&b, err);
	return (r == 0 ? ioc_bsd_put(job, name, ioc_buf_str(&b), b.len, err) :
	    r);
}

static int
put_repo(const struct ioc_dist_job *job, const char *dir, const char *url,
    const char *how, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(TEXT_MAX);
	char name[64];
	auto_fd int fd = ioc_path_mkdirs(job->updates_fd, dir, 0755, 0, 0,
	    IOC_PATH_NOLINKS, err);
	int r;

	if (fd < 0)
		return (fd);
	/* Installed packages remember this name. */
	(void)ioc_buf_addf(&b, "FreeBSD-base: {\n  url: \"%s\",\n%s"
	    "  enabled: true\n}\n", url, how);
	(void)snprintf(name, sizeof(name), "%s/base.conf", dir);
	r = ioc_buf_check(&b, err);
	return (r == 0 ? ioc_bsd_put(job, name, ioc_buf_str(&b), b.len, err) :
	    r);
}

static int
copy_from_host(const struct ioc_dist_job *job, const char *path,
    const char *name, struct ioc_error *err)
{
	auto_fd int to = -1;
	auto_fd int from = ioc_file_open_host(path, err);
	int r;

	if (from < 0)
		return (from);
	to = ioc_path_create(job->updates_fd, name, 0644, IOC_PATH_NOLINKS,
	    err);
	r = to < 0 ? to : ioc_file_copy_fd(from, to, err);
	return (ioc_wrap(err, r, "copy %s", path));
}

static int
check_keys(const struct ioc_pkgbase_repo *repo, struct ioc_error *err)
{
	char path[80];
	struct ioc_error e;
	auto_fd int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/trusted", repo->keys);
	fd = ioc_path_root(path, &e);
	if (fd >= 0)
		return (0);
	if (fd != IOC_NOT_FOUND) {
		ioc_error_copy(err, &e);
		return (fd);
	}
	return (ioc_fail(err, IOC_UNSUPPORTED, "this host has no %s, the keys "
	    "of these packages: FreeBSD's base system of that version has them",
	    path));
}

static int
put_stage_one(const struct ioc_dist_job *job,
    const struct ioc_pkgbase_repo *repo, struct ioc_error *err)
{
	char how[256];
	int r;

	(void)snprintf(how, sizeof(how), "  mirror_type: \"%s\",\n"
	    "  signature_type: \"fingerprints\",\n"
	    "  fingerprints: \"%s\",\n", repo->srv ? "srv" : "none",
	    repo->keys);
	r = put_conf(job, repo, "fetch.conf", IOC_DIST_UPDATES, "theirs", err);
	if (r == 0)
		r = put_repo(job, "theirs", repo->url, how, err);
	if (r == 0)
		r = ioc_bsd_put(job, IOC_PKGBASE_FETCH, ioc_pkgbase_fetch,
		    strlen(ioc_pkgbase_fetch), err);
	return (r == 0 && job->ca_file != NULL ? copy_from_host(job,
	    job->ca_file, "ca.pem", err) : r);
}

int
ioc_pkgbase_prepare(const struct ioc_dist_job *job, struct ioc_strv *argv,
    struct ioc_strv *env, struct ioc_error *err)
{
	const char *tool = ioc_proc_find(IOC_TOOL_PKG);
	struct ioc_pkgbase_repo repo;
	int r;

	if (tool == NULL)
		return (ioc_fail(err, IOC_UNSUPPORTED, "its base system is made "
		    "of packages, and this host has no %s: install it, by "
		    "\"pkg bootstrap\"", IOC_TOOL_PKG[0]));
	r = ioc_pkgbase_repo(job, &repo, err);
	if (r == 0)
		r = check_keys(&repo, err);
	if (r == 0)
		r = put_stage_one(job, &repo, err);
	if (r != 0)
		return (r);
	(void)ioc_strv_add(argv, "/bin/sh");
	(void)ioc_strv_add(argv, IOC_DIST_UPDATES "/" IOC_PKGBASE_FETCH);
	(void)ioc_strv_addv(env, ioc_pkgbase_env);
	(void)ioc_strv_add(env, "TMPDIR=" IOC_DIST_UPDATES "/tmp");
	if (job->ca_file != NULL)
		(void)ioc_strv_add(env, "SSL_CA_CERT_FILE=" IOC_DIST_UPDATES
		    "/ca.pem");
	if (job->proxy != NULL)
		(void)ioc_strv_addf(env, "HTTPS_PROXY=%s", job->proxy);
	r = ioc_strv_check(argv, err);
	return (r == 0 ? ioc_strv_check(env, err) : r);
}

/* --- after it -------------------------------------------------------------------- */

struct state {
	struct ioc_pkgbase_set installed, catalogue, packages;
};

#define	STATE	{ IOC_PKGBASE_SET, IOC_PKGBASE_SET, IOC_PKGBASE_SET }

static void
state_fini(struct state *s)
{
	ioc_pkgbase_fini(&s->installed);
	ioc_pkgbase_fini(&s->catalogue);
	ioc_pkgbase_fini(&s->packages);
}

#define	auto_state	IOC_AUTO(state_fini)

static bool
is_there(const struct ioc_dist_job *job, const char *path)
{
	struct stat st;

	return (ioc_path_stat(job->updates_fd, path, IOC_PATH_NOLINKS, &st,
	    NULL) == 0);
}

/* Nothing of the repository is older than what is there, or of elsewhere. */
static int
judge_catalogue(const struct ioc_dist_job *job, const struct state *s,
    struct ioc_error *err)
{
	unsigned old, new;
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->installed.v.n; i++) {
		const struct ioc_pkgbase_line *has = &s->installed.v.v[i];
		const struct ioc_pkgbase_line *is =
		    ioc_pkgbase_find(&s->catalogue, has->name);

		if (is == NULL)
			continue;
		r = ioc_pkgbase_patch(job->release, has->version, &old, err);
		if (r == 0)
			r = ioc_pkgbase_patch(job->release, is->version, &new,
			    err);
		if (r == 0 && new < old)
			r = ioc_fail(err, IOC_VERIFY, "the repository has "
			    "version %s, which is older than what is there, "
			    "%s", is->version, has->version);
		r = ioc_wrap(err, r, "%s", has->name);
	}
	return (r);
}

/* What was fetched is of the base system, as the catalogue has it. */
static int
judge_packages(const struct state *s, struct ioc_error *err)
{
	for (size_t i = 0; i < s->packages.v.n; i++) {
		const struct ioc_pkgbase_line *p = &s->packages.v.v[i];
		const struct ioc_pkgbase_line *is =
		    ioc_pkgbase_find(&s->catalogue, p->name);

		if (!ioc_str_starts(p->name, "FreeBSD-"))
			return (ioc_fail(err, IOC_VERIFY, "%s is no package of "
			    "the base system", p->name));
		if (is == NULL || strcmp(is->version, p->version) != 0)
			return (ioc_fail(err, IOC_VERIFY, "%s-%s is not in the "
			    "repository's catalogue", p->name, p->version));
	}
	return (0);
}

static int
describe(const struct ioc_dist_job *job, const struct state *s, unsigned n,
    struct ioc_error *err)
{
	const struct ioc_pkgbase_line *l =
	    ioc_pkgbase_find(&s->catalogue, IOC_PKGBASE_RUNTIME);
	auto_json json_t *j = NULL;

	if (job->provenance == NULL)
		return (0);
	j = json_pack("{s:{s:s, s:i, s:s}}", "updates", "version", l->version,
	    "packages", (int)n, "verified", "signature of the repository's "
	    "catalogue with a key whose fingerprint the host has, SHA-256 of "
	    "every package and of every file that was installed");
	if (j == NULL || json_object_update(job->provenance, j) != 0)
		return (ioc_fail_nomem(err));
	return (0);
}

/* One of the lists that an updater that ended early has not written. */
static int
read_list(const struct ioc_dist_job *job, struct ioc_pkgbase_set *s,
    const char *path, struct ioc_error *err)
{
	return (is_there(job, path) ? ioc_pkgbase_read(s, job->updates_fd,
	    path, err) : ioc_fail(err, IOC_NETWORK,
	    "pkg did not come to its end"));
}

int
ioc_pkgbase_judge(const struct ioc_dist_job *job, unsigned *n,
    struct ioc_error *err)
{
	auto_state struct state s = STATE;
	int r;

	*n = 0;
	r = read_list(job, &s.installed, "state/installed", err);
	if (r == 0 && ioc_pkgbase_find(&s.installed,
	    IOC_PKGBASE_RUNTIME) == NULL)
		r = ioc_fail(err, is_there(job, "state/catalogue") ?
		    IOC_FORMAT : IOC_NETWORK, "pkg finds no "
		    IOC_PKGBASE_RUNTIME " in the root's list of packages");
	if (r == 0)
		r = read_list(job, &s.catalogue, "state/catalogue", err);
	if (r == 0 && ioc_pkgbase_find(&s.catalogue,
	    IOC_PKGBASE_RUNTIME) == NULL)
		r = ioc_fail(err, IOC_VERIFY, "the repository has no "
		    IOC_PKGBASE_RUNTIME " that the host's keys vouch for");
	if (r == 0)
		r = judge_catalogue(job, &s, err);
	if (r == 0 && !is_there(job, "state/complete"))
		r = ioc_fail(err, IOC_NETWORK, "pkg did not come to its end");
	if (r == 0)
		r = ioc_pkgbase_read(&s.packages, job->updates_fd,
		    "state/packages", err);
	if (r == 0)
		r = judge_packages(&s, err);
	if (r == 0)
		*n = (unsigned)s.packages.v.n;
	return (r == 0 ? describe(job, &s, *n, err) : r);
}

/* --- what stage two obeys --------------------------------------------------------- */

/* In place of anything that stage one has left there. */
int
ioc_pkgbase_arm(const struct ioc_dist_job *job, struct ioc_error *err)
{
	const char *tool = ioc_proc_find(IOC_TOOL_PKG);
	struct ioc_pkgbase_repo repo;
	int r = tool != NULL ? ioc_pkgbase_repo(job, &repo, err) :
	    ioc_fail(err, IOC_UNSUPPORTED, "pkg went away");

	if (r == 0)
		r = put_conf(job, &repo, "apply.conf", IOC_DIST_SCRATCH, "ours",
		    err);
	if (r == 0)
		r = ioc_tree_remove(job->updates_fd, "ours", err);
	/* What lies there was verified, and nobody can write to it. */
	if (r == 0)
		r = put_repo(job, "ours", "file://" IOC_DIST_UPDATES "/repo",
		    "  signature_type: \"none\",\n", err);
	if (r == 0)
		r = ioc_bsd_put(job, IOC_PKGBASE_APPLY, ioc_pkgbase_apply,
		    strlen(ioc_pkgbase_apply), err);
	if (r == 0)
		r = ioc_tree_remove(job->updates_fd, IOC_PKGBASE_PKG, err);
	return (r == 0 ? copy_from_host(job, tool, IOC_PKGBASE_PKG, err) : r);
}

/* --- for people ------------------------------------------------------------------ */

int
ioc_pkgbase_list(const struct ioc_dist_job *job, struct ioc_strv *ret,
    struct ioc_error *err)
{
	auto_state struct state s = STATE;
	int r;

	r = ioc_pkgbase_read(&s.installed, job->updates_fd, "state/installed",
	    err);
	if (r == 0)
		r = ioc_pkgbase_read(&s.packages, job->updates_fd,
		    "state/packages", err);
	for (size_t i = 0; r == 0 && i < s.packages.v.n; i++) {
		const struct ioc_pkgbase_line *p = &s.packages.v.v[i];
		const struct ioc_pkgbase_line *was =
		    ioc_pkgbase_find(&s.installed, p->name);

		(void)ioc_strv_add(ret, p->name);
		(void)ioc_strv_add(ret, was != NULL ? was->version : "-");
		(void)ioc_strv_add(ret, p->version);
	}
	return (r == 0 ? ioc_strv_check(ret, err) : r);
}
