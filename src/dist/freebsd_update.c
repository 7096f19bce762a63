/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Updates of FreeBSD, stage one.
 *
 * freebsd-update(8) speaks plain HTTP.  What protects it is the signature on
 * what the server says is newest, by a key that the host's own configuration
 * names: KeyPrint and ServerName are taken from there and from nowhere else.
 * Patches are applied before their result is hashed, and all of it is done as
 * root: so it runs in a jail, of the host's programs, that can change nothing
 * but its own directory (core/hostview.h).
 */
#include "dist/freebsd_update.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "dist/bsd.h"
#include "dist/relname.h"
#include "safe/file.h"
#include "safe/path.h"
#include "safe/proc.h"
#include "safe/tools.h"

#define	HOST_CONF	"/etc/freebsd-update.conf"
#define	CONF		"freebsd-update.conf"
#define	SCRIPT		"freebsd-update"
#define	TEXT_MAX	(1u << 20)
#define	TAG_MAX		4096

/*
 * Files that an administrator changes are left alone when they were changed;
 * kernels and boot environments are none of a release's.
 */
static const char settings[] =
    "Components world\n"
    "WorkDir " IOC_DIST_UPDATES "/work\n"
    "AllowAdd yes\n"
    "AllowDelete yes\n"
    "KeepModifiedMetadata yes\n"
    "StrictComponents no\n"
    "UpdateIfUnmodified /etc/ /var/ /root/ /.cshrc /.profile\n"
    "BackupKernel no\n"
    "CreateBootEnv no\n"
    "VerboseLevel stats\n";

/* Stage two: the same script, read by the shell of the root that it updates. */
const char *const ioc_fbu_argv[] = {
	"/bin/sh", IOC_DIST_UPDATES "/" SCRIPT, "--not-running-from-cron",
	"-f", IOC_DIST_UPDATES "/" CONF, "-d", IOC_DIST_SCRATCH, "-b", "/",
	"install", NULL
};
const char *const ioc_fbu_env[] = {
	"PATH=/sbin:/bin:/usr/sbin:/usr/bin", "PAGER=/bin/cat", "HOME=/",
	"TERM=dumb", "LC_ALL=C", NULL
};

/* --- before it ---------------------------------------------------------------------- */

static int
put_configuration(const struct ioc_dist_job *job, struct ioc_error *err)
{
	auto_buf struct ioc_buf in = IOC_BUF(TEXT_MAX), out = IOC_BUF(TEXT_MAX);
	struct ioc_fbu_trust trust;
	int r = ioc_file_read_host(HOST_CONF, &in, err);

	if (r == 0)
		r = ioc_fbu_trust(ioc_buf_str(&in), &trust, err);
	if (r != 0)
		return (ioc_wrap(err, r, HOST_CONF));
	(void)ioc_buf_addf(&out, "KeyPrint %s\nServerName %s\n%s", trust.key,
	    trust.server, settings);
	r = ioc_buf_check(&out, err);
	return (r == 0 ? ioc_bsd_put(job, CONF, ioc_buf_str(&out), out.len,
	    err) : r);
}

/* What it says that the root is: of the release that it is, or that itself. */
static const char *
current(const struct ioc_dist_job *job, struct ioc_relname *ret)
{
	struct ioc_relname release;

	if (job->current != NULL &&
	    ioc_relname_parse(job->release, false, &release) &&
	    ioc_relname_parse(job->current, false, ret) &&
	    ioc_relname_compare(&release, &(struct ioc_relname){
	    .major = ret->major, .minor = ret->minor,
	    .has_minor = ret->has_minor, .kind = ret->kind, .n = ret->n }) == 0)
		return (job->current);
	*ret = (struct ioc_relname){ .patch = 0 };
	return (job->release);
}

int
ioc_fbu_prepare(const struct ioc_dist_job *job, struct ioc_strv *argv,
    struct ioc_strv *env, struct ioc_error *err)
{
	const char *tool = ioc_proc_find(IOC_TOOL_FREEBSD_UPDATE);
	struct ioc_relname now;
	auto_fd int work = -1;
	int r;

	if (tool == NULL)
		return (ioc_fail(err, IOC_UNSUPPORTED, "this host has no %s: "
		    "it is part of FreeBSD's base system, or of the package "
		    "FreeBSD-utilities", IOC_TOOL_FREEBSD_UPDATE[0]));
	r = put_configuration(job, err);
	if (r != 0)
		return (r);
	work = ioc_path_mkdirs(job->updates_fd, "work", 0700, 0, 0,
	    IOC_PATH_NOLINKS, err);
	if (work < 0)
		return (work);
	for (const char *const *p = (const char *const[]){ tool,
	    "--not-running-from-cron", "--currently-running",
	    current(job, &now), "-b", IOC_DIST_BASE, "-f",
	    IOC_DIST_UPDATES "/" CONF, "fetch", NULL }; *p != NULL; p++)
		(void)ioc_strv_add(argv, *p);
	for (const char *const *p = ioc_fbu_env; *p != NULL; p++)
		(void)ioc_strv_add(env, *p);
	(void)ioc_strv_add(env, "TMPDIR=" IOC_DIST_UPDATES "/work");
	if (job->proxy != NULL)
		(void)ioc_strv_addf(env, "HTTP_PROXY=%s", job->proxy);
	r = ioc_strv_check(argv, err);
	return (r == 0 ? ioc_strv_check(env, err) : r);
}

/* --- after it ------------------------------------------------------------------------ */

static int
read_tag(const struct ioc_dist_job *job, const char *path,
    struct ioc_fbu_tag *tag, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(TAG_MAX);
	int r = ioc_file_read(job->updates_fd, path, &b, err);

	if (r == 0)
		r = ioc_fbu_tag(ioc_buf_str(&b), tag, err);
	return (ioc_wrap(err, r, "%s", path));
}

static bool
is_manifest(const char *s)
{
	size_t n = strlen("install.");

	if (strlen(s) != n + 6 || !ioc_str_starts(s, "install."))
		return (false);
	for (s += n; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s))
			return (false);
	return (true);
}

int
ioc_fbu_manifest(int updates_fd, char ret[64], struct ioc_error *err)
{
	auto_fd int fd = ioc_path_dir(updates_fd, "work", IOC_PATH_NOLINKS,
	    err);
	auto_dir DIR *d = NULL;
	const struct dirent *e;
	char target[64];
	int copy, r;

	ret[0] = '\0';
	if (fd < 0)
		return (fd);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	d = copy < 0 ? NULL : fdopendir(copy);
	if (d == NULL) {
		r = ioc_fail_errno(err, "work");
		ioc_fd_close(&copy);
		return (r);
	}
	while ((errno = 0, e = readdir(d)) != NULL) {
		if (!ioc_str_ends(e->d_name, "-install"))
			continue;
		r = ioc_path_readlink(fd, e->d_name, IOC_PATH_NOLINKS, target,
		    sizeof(target), err);
		if (r != 0)
			return (ioc_wrap(err, r, "work"));
		if (!is_manifest(target) || ret[0] != '\0')
			return (ioc_fail(err, IOC_UNSAFE,
			    "work: not one manifest"));
		(void)snprintf(ret, 64, "work/%.32s", target);
	}
	return (errno == 0 ? 0 : ioc_fail_errno(err, "work"));
}

/* It removes each of these when it is through with it. */
static bool
is_complete(const struct ioc_dist_job *job)
{
	static const char *const left[] = { "work/tag.new", "work/INDEX-OLD",
		"work/INDEX-NEW", "work/INDEX-PRESENT", "work/modifiedfiles",
		"work/files.wanted", NULL };
	struct stat st;

	for (const char *const *p = left; *p != NULL; p++)
		if (ioc_path_stat(job->updates_fd, *p, IOC_PATH_NOLINKS, &st,
		    NULL) != IOC_NOT_FOUND)
			return (false);
	return (ioc_path_stat(job->updates_fd, "work/tag", IOC_PATH_NOLINKS,
	    &st, NULL) == 0);
}

static int
count(const struct ioc_fbu_entry *e, void *arg, struct ioc_error *err)
{
	unsigned *n = arg;

	(void)e;
	(void)err;
	++*n;
	return (0);
}

static int
read_index(const struct ioc_dist_job *job, const char *dir, const char *name,
    int (*each)(const struct ioc_fbu_entry *, void *, struct ioc_error *),
    void *arg, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_FBU_INDEX_MAX);
	char path[96];
	int r;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	r = ioc_file_read(job->updates_fd, path, &b, err);
	if (r == 0 && b.len > 0)
		r = ioc_fbu_index(b.data, each, arg, err);
	return (ioc_wrap(err, r, "%s", name));
}

/* Metadata of the right release, not older than what is installed. */
static int
judge_tag(const struct ioc_dist_job *job, const char *path,
    struct ioc_fbu_tag *tag, struct ioc_error *err)
{
	struct ioc_relname now;
	int r = read_tag(job, path, tag, err);

	if (r != 0)
		return (r);
	(void)current(job, &now);
	if (strcmp(tag->release, job->release) != 0)
		return (ioc_fail(err, IOC_VERIFY, "the updates are of %s",
		    tag->release));
	if (tag->patch < now.patch)
		return (ioc_fail(err, IOC_VERIFY, "the server has %s-p%u, "
		    "which is older than what is there, %s", tag->release,
		    tag->patch, job->current));
	return (0);
}

static int
describe(const struct ioc_dist_job *job, const struct ioc_fbu_tag *tag,
    unsigned n, struct ioc_error *err)
{
	auto_free char *version = NULL;
	auto_json json_t *j = NULL;

	if (job->provenance == NULL)
		return (0);
	if (asprintf(&version, "%s-p%u", tag->release, tag->patch) < 0)
		return (ioc_fail_nomem(err));
	j = json_pack("{s:{s:s, s:i, s:I, s:s}}", "updates", "version",
	    version, "files", (int)n, "eol", (json_int_t)tag->eol, "verified",
	    "RSA signature with the key that the host's freebsd-update.conf "
	    "names, SHA-256 of every file");
	if (j == NULL || json_object_update(job->provenance, j) != 0)
		return (ioc_fail_nomem(err));
	return (0);
}

int
ioc_fbu_judge(const struct ioc_dist_job *job, unsigned *n,
    struct ioc_error *err)
{
	struct ioc_error e = { .code = 0 };
	struct ioc_fbu_tag tag;
	char dir[64];
	int r;

	*n = 0;
	if (!is_complete(job)) {
		r = judge_tag(job, "work/tag.new", &tag, &e);
		if (r != IOC_VERIFY)
			return (ioc_fail(err, IOC_NETWORK,
			    "freebsd-update did not come to its end"));
		ioc_error_copy(err, &e);
		return (r);
	}
	r = judge_tag(job, "work/tag", &tag, err);
	if (r == 0)
		r = ioc_fbu_manifest(job->updates_fd, dir, err);
	if (r == 0 && dir[0] != '\0')
		r = read_index(job, dir, "INDEX-NEW", count, n, err);
	/* What only goes is something to be done, too. */
	if (r == 0 && dir[0] != '\0' && *n == 0)
		r = read_index(job, dir, "INDEX-OLD", count, n, err);
	return (r == 0 ? describe(job, &tag, *n, err) : r);
}

int
ioc_fbu_arm(const struct ioc_dist_job *job, struct ioc_error *err)
{
	const char *tool = ioc_proc_find(IOC_TOOL_FREEBSD_UPDATE);
	int r = tool != NULL ? put_configuration(job, err) :
	    ioc_fail(err, IOC_UNSUPPORTED, "freebsd-update went away");

	return (r == 0 ? ioc_bsd_put_tool(job, tool, SCRIPT, err) : r);
}

/* --- for people --------------------------------------------------------------------- */

struct listing {
	struct ioc_strv	 path, value;	/* of one index */
};

static int
note(const struct ioc_fbu_entry *e, void *arg, struct ioc_error *err)
{
	struct listing *l = arg;

	(void)ioc_strv_add(&l->path, e->path);
	/* Enough of a hash to see that it is another one. */
	(void)(e->type == 'f' ? ioc_strv_addn(&l->value, e->value,
	    strnlen(e->value, 12)) : ioc_strv_add(&l->value,
	    e->type == 'd' ? "directory" : e->value));
	return (ioc_strv_check(&l->path, err) == 0 ?
	    ioc_strv_check(&l->value, err) : IOC_NOMEM);
}

/* Both indexes are sorted by path, byte by byte. */
static void
join(const struct listing *old, const struct listing *new,
    struct ioc_strv *ret)
{
	for (size_t i = 0, k = 0; i < old->path.n || k < new->path.n;) {
		int c = i == old->path.n ? 1 : k == new->path.n ? -1 :
		    strcmp(old->path.v[i], new->path.v[k]);

		(void)ioc_strv_add(ret, c <= 0 ? old->path.v[i] :
		    new->path.v[k]);
		(void)ioc_strv_add(ret, c <= 0 ? old->value.v[i] : "-");
		(void)ioc_strv_add(ret, c >= 0 ? new->value.v[k] : "-");
		i += c <= 0;
		k += c >= 0;
	}
}

int
ioc_fbu_list(const struct ioc_dist_job *job, struct ioc_strv *ret,
    struct ioc_error *err)
{
	struct listing old = { IOC_STRV, IOC_STRV };
	struct listing new = { IOC_STRV, IOC_STRV };
	char dir[64];
	int r = ioc_fbu_manifest(job->updates_fd, dir, err);

	if (r == 0 && dir[0] != '\0')
		r = read_index(job, dir, "INDEX-OLD", note, &old, err);
	if (r == 0 && dir[0] != '\0')
		r = read_index(job, dir, "INDEX-NEW", note, &new, err);
	if (r == 0)
		join(&old, &new, ret);
	ioc_strv_fini(&old.path);
	ioc_strv_fini(&old.value);
	ioc_strv_fini(&new.path);
	ioc_strv_fini(&new.value);
	return (r == 0 ? ioc_strv_check(ret, err) : r);
}
