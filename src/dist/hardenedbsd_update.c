/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Updates of HardenedBSD, stage one.
 *
 * hbsd-update(8) learns the newest version from a DNS record, by HTTPS fetches an
 * archive whose hash stands there, and verifies the signature of each file of it by
 * a key that a certificate of the host's vouches for.  All of it in one run that
 * installs nothing, into an empty root: so a bad signature ends stage one, and the
 * version that it writes there is its word for having come to its end.
 *
 * Where a release's updates are is said by its own configuration; whom to trust by
 * the host's, and by the keys of the host: hbsd-update prefers those of the root
 * that it updates, so it is shown another root, in which they are the host's.
 *
 * What runs there reads foreign archives.  Therefore nothing of it is taken but
 * files of known names, and what stage two obeys is written when it has ended:
 * stage two verifies the signatures once more, with copies of the host's keys.
 */
#include "dist/hardenedbsd_update.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "dist/bsd.h"
#include "dist/sets.h"
#include "safe/file.h"
#include "safe/hash.h"
#include "safe/path.h"
#include "safe/proc.h"
#include "safe/tools.h"
#include "safe/tree.h"

#define	HOST_CONF	"/etc/hbsd-update.conf"
#define	OWN_CONF	"etc/hbsd-update.conf"	/* of the root */
#define	HOST_KEYS	"/usr/share/keys"
#define	CONF		"hbsd-update.conf"
#define	CONF_MAX	((size_t)64 << 10)
#define	CA_MAX		(1u << 20)
#define	SCRIPT		"hbsd-update"
#define	APPLY		"apply"
#define	KEYS		"keys"
#define	WORK		"work"
#define	ROOT		"root"		/* that stage one is shown */
#define	ARCHIVE		WORK "/update.tar"
#define	NAMES_MAX	1000		/* that stage one may leave */

const struct ioc_hbu_file ioc_hbu_files[] = {
	{ "base.txz", true },
	{ "etcupdate.tbz", true },
	{ "skip.txt", true },
	{ "mtree.tar", true },
	{ "ObsoleteFiles.txt", false },
	{ "ObsoleteDirs.txt", false },
	{ "script.sh", false },
	{ "secadm.integriforce.rules", false },
	{ NULL, false },
};

/* Stage two: what judge has written, read by the shell of the root. */
const char *const ioc_hbu_argv[] = {
	"/bin/sh", IOC_DIST_UPDATES "/" APPLY, NULL
};
const char *const ioc_hbu_env[] = {
	"PATH=/sbin:/bin:/usr/sbin:/usr/bin", "HOME=/", "TERM=dumb",
	"LC_ALL=C", NULL
};

/* --- before it ---------------------------------------------------------------------- */

struct confs {
	struct ioc_hbu_conf source;	/* of the release */
	struct ioc_hbu_conf trust;	/* of the host */
};

static int
read_confs(const struct ioc_dist_job *job, struct confs *c,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf host = IOC_BUF(CONF_MAX);
	auto_buf struct ioc_buf own = IOC_BUF(CONF_MAX);
	const char *name = job->arch != NULL ? job->arch : job->host_arch;
	const struct ioc_sets_arch *arch = name != NULL ?
	    ioc_sets_arch(name) : NULL;
	int r;

	if (arch == NULL)
		return (ioc_fail(err, IOC_UNSUPPORTED, "HardenedBSD has "
		    "nothing for a machine \"%s\"",
		    IOC_SHOW(name != NULL ? name : "")));
	r = ioc_file_read_host(HOST_CONF, &host, err);
	if (r == 0)
		r = ioc_hbu_conf(ioc_buf_str(&host), arch->arch, &c->trust,
		    err);
	if (r == 0)
		r = ioc_hbu_conf_trust(&c->trust, err);
	if (r != 0)
		return (ioc_wrap(err, r, HOST_CONF));
	r = ioc_file_read(job->root_fd, OWN_CONF, &own, err);
	if (r == 0)
		r = ioc_hbu_conf(ioc_buf_str(&own), arch->arch, &c->source,
		    err);
	if (r == 0)
		r = ioc_hbu_conf_source(&c->source, err);
	return (ioc_wrap(err, r, OWN_CONF));
}

static bool
is_on(const char *s, bool otherwise)
{
	bool yes = otherwise;

	return (*s == '\0' || ioc_str_to_bool(s, &yes, NULL) != 0 ?
	    otherwise : yes);
}

static int
put_conf(const struct ioc_dist_job *job, const struct confs *c,
    const char *capath, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(CONF_MAX);
	const struct ioc_hbu_conf *t = &c->trust;
	int r;

	(void)ioc_buf_addf(&b, "dnsrec=\"%s\"\nbaseurl=\"%s\"\ncapath=\"%s\"\n"
	    "dnssec=\"%s\"\nforce_ipv4=\"%s\"\nforce_ipv6=\"%s\"\n"
	    "local_resolver=%d\n", c->source.dnsrec, c->source.baseurl,
	    capath, is_on(t->dnssec, true) ? "yes" : "no",
	    is_on(t->force_ipv4, false) ? "yes" : "no",
	    is_on(t->force_ipv6, false) ? "yes" : "no",
	    is_on(t->local_resolver, false));
	r = ioc_buf_check(&b, err);
	return (r == 0 ? ioc_bsd_put(job, CONF, ioc_buf_str(&b), b.len, err) :
	    r);
}

/* Empty but for the host's keys and the version of the root to be updated. */
static int
make_root(const struct ioc_dist_job *job, struct ioc_error *err)
{
	static const char *const dirs[] = { WORK, ROOT "/etc",
		ROOT "/usr/share", ROOT "/var/db/hbsd-update", NULL };
	auto_free char *line = NULL;
	struct ioc_hbu_version v;
	int r;

	for (const char *const *d = dirs; *d != NULL; d++) {
		auto_fd int fd = ioc_path_mkdirs(job->updates_fd, *d, 0700, 0,
		    0, IOC_PATH_NOLINKS, err);

		if (fd < 0)
			return (fd);
	}
	r = ioc_path_symlink(HOST_KEYS, job->updates_fd, ROOT HOST_KEYS, 0,
	    err);
	if (r == 0)
		r = ioc_hbu_root_version(job->root_fd, &v, err);
	if (r != 0 || v.text[0] == '\0')
		return (r);
	line = ioc_str_join(v.text, "\n");
	return (line == NULL ? ioc_fail_nomem(err) :
	    ioc_bsd_put(job, ROOT "/" IOC_HBU_STATE, line, strlen(line), err));
}

static int
put_ca(const struct ioc_dist_job *job, struct ioc_strv *env,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(CA_MAX);
	int r;

	if (job->proxy != NULL)
		(void)ioc_strv_addf(env, "HTTP_PROXY=%s", job->proxy);
	if (job->ca_file == NULL)
		return (0);
	r = ioc_file_read_host(job->ca_file, &b, err);
	if (r == 0)
		r = ioc_bsd_put(job, "ca.pem", ioc_buf_str(&b), b.len, err);
	(void)ioc_strv_add(env, "SSL_CA_CERT_FILE=" IOC_DIST_UPDATES "/ca.pem");
	return (ioc_wrap(err, r, "%s", job->ca_file));
}

int
ioc_hbu_prepare(const struct ioc_dist_job *job, struct ioc_strv *argv,
    struct ioc_strv *env, struct ioc_error *err)
{
	static const char *const args[] = { "-B", "-n", "-o", "-T", "-c",
		IOC_DIST_UPDATES "/" CONF, "-r", IOC_DIST_UPDATES "/" ROOT,
		"-t", IOC_DIST_UPDATES "/" WORK, NULL };
	const char *tool = ioc_proc_find(IOC_TOOL_HBSD_UPDATE);
	struct confs c = { .source = { .dnsrec = "" } };
	int r;

	if (tool == NULL)
		return (ioc_fail(err, IOC_UNSUPPORTED, "this host has no %s: "
		    "it is part of HardenedBSD's base system",
		    IOC_TOOL_HBSD_UPDATE[0]));
	r = read_confs(job, &c, err);
	if (r == 0)
		r = put_conf(job, &c, c.trust.capath, err);
	if (r == 0)
		r = make_root(job, err);
	if (r == 0)
		r = put_ca(job, env, err);
	if (r != 0)
		return (r);
	(void)ioc_strv_add(argv, tool);
	(void)ioc_strv_addv(argv, args);
	(void)ioc_strv_addv(env, ioc_hbu_env);
	(void)ioc_strv_add(env, "TMPDIR=" IOC_DIST_UPDATES "/" WORK);
	r = ioc_strv_check(argv, err);
	return (r == 0 ? ioc_strv_check(env, err) : r);
}

/* --- after it: what is taken --------------------------------------------------------- */

static int
take(const struct ioc_dist_job *job, const char *name, const char *suffix,
    bool must, struct ioc_error *err)
{
	char from[96], to[96];
	struct ioc_error e;
	struct stat st;
	int r;

	(void)snprintf(from, sizeof(from), WORK "/%s%s", name, suffix);
	(void)snprintf(to, sizeof(to), IOC_HBU_SET "/%s%s", name, suffix);
	r = ioc_path_stat(job->updates_fd, from, IOC_PATH_NOLINKS, &st, &e);
	if (r == IOC_NOT_FOUND && !must)
		return (0);
	if (r == IOC_NOT_FOUND)
		return (ioc_fail(err, IOC_VERIFY, "the update has no %s%s",
		    name, suffix));
	if (r == 0 && (!S_ISREG(st.st_mode) || st.st_nlink != 1))
		r = ioc_fail(&e, IOC_UNSAFE, "%s is not a file", from);
	if (r == 0)
		return (ioc_path_rename(job->updates_fd, from, to,
		    IOC_PATH_NOLINKS, err));
	ioc_error_copy(err, &e);
	return (r);
}

static int
take_files(const struct ioc_dist_job *job, struct ioc_error *err)
{
	int r = take(job, IOC_HBU_KEY, "", true, err);

	for (const struct ioc_hbu_file *f = ioc_hbu_files;
	    r == 0 && f->name != NULL; f++) {
		char path[96];
		struct stat st;
		bool there;

		r = take(job, f->name, "", f->must, err);
		(void)snprintf(path, sizeof(path), IOC_HBU_SET "/%s", f->name);
		there = r == 0 && ioc_path_stat(job->updates_fd, path,
		    IOC_PATH_NOLINKS, &st, NULL) == 0;
		if (there)
			r = take(job, f->name, ".sig", true, err);
	}
	return (r);
}

/* All else that stage one has left goes. */
static int
sweep(const struct ioc_dist_job *job, struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	int r = ioc_tree_names(job->updates_fd, NAMES_MAX, &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (strcmp(names.v[i], IOC_HBU_SET) != 0)
			r = ioc_tree_remove(job->updates_fd, names.v[i], err);
	return (r);
}

static int
take_set(const struct ioc_dist_job *job, char hex[IOC_SHA256_HEX],
    struct ioc_error *err)
{
	auto_fd int archive = ioc_path_open(job->updates_fd, ARCHIVE, O_RDONLY,
	    IOC_PATH_NOLINKS, err);
	auto_fd int set = -1;
	int r = archive < 0 ? archive :
	    ioc_hash_fd(job->helper_dir, archive, hex, err);

	if (r == 0)
		r = ioc_tree_remove(job->updates_fd, IOC_HBU_SET, err);
	if (r == 0)
		r = set = ioc_path_mkdir(job->updates_fd, IOC_HBU_SET, 0700,
		    IOC_PATH_NOLINKS, err);
	if (r >= 0)
		r = take_files(job, err);
	return (r == 0 ? sweep(job, err) : r);
}

/* --- after it: what stage two obeys ---------------------------------------------------- */

static int
put_keys(const struct ioc_dist_job *job, struct ioc_error *err)
{
	auto_fd int from = ioc_path_root(HOST_KEYS, err);
	auto_fd int to = from < 0 ? from : ioc_path_mkdir(job->updates_fd,
	    KEYS, 0755, IOC_PATH_NOLINKS, err);

	return (ioc_wrap(err, to < 0 ? to : ioc_tree_copy(from, to, NULL,
	    NULL, err), HOST_KEYS));
}

/*
 * It asks what to do with what it could not merge, and again until it is told:
 * put it off, for update_check to find.  The version is judged, and has no
 * character that means anything to a shell.
 */
static int
put_apply(const struct ioc_dist_job *job, const struct ioc_hbu_version *v,
    const char *hex, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(4096);
	int r;

	(void)ioc_buf_addf(&b, "while echo p; do :; done 2>/dev/null |\n"
	    "    /bin/sh " IOC_DIST_UPDATES "/" SCRIPT " -i -n -D -T"
	    " -c " IOC_DIST_UPDATES "/" CONF " -r / -t " IOC_DIST_SCRATCH
	    " -v \"0|%s|sha256:%s\"\n", v->text, hex);
	r = ioc_buf_check(&b, err);
	if (r == 0)
		r = ioc_bsd_put(job, APPLY, ioc_buf_str(&b), b.len, err);
	ioc_buf_clear(&b);
	(void)ioc_buf_addf(&b, "%s\n", v->text);
	return (r == 0 ? ioc_bsd_put(job, IOC_HBU_VERSION, ioc_buf_str(&b),
	    b.len, err) : r);
}

static int
put_stage_two(const struct ioc_dist_job *job, const struct ioc_hbu_version *v,
    const char *hex, struct ioc_error *err)
{
	const char *tool = ioc_proc_find(IOC_TOOL_HBSD_UPDATE);
	struct confs c = { .source = { .dnsrec = "" } };
	auto_free char *capath = NULL;
	int r = tool != NULL ? read_confs(job, &c, err) :
	    ioc_fail(err, IOC_UNSUPPORTED, "hbsd-update went away");

	if (r != 0)
		return (r);
	capath = ioc_str_join(IOC_DIST_UPDATES "/" KEYS,
	    c.trust.capath + strlen(HOST_KEYS));
	if (capath == NULL)
		return (ioc_fail_nomem(err));
	r = put_conf(job, &c, capath, err);
	if (r == 0)
		r = ioc_bsd_put_tool(job, tool, SCRIPT, err);
	if (r == 0)
		r = put_keys(job, err);
	return (r == 0 ? put_apply(job, v, hex, err) : r);
}

/* --- after it: the judge ---------------------------------------------------------------- */

static int
describe(const struct ioc_dist_job *job, const struct ioc_hbu_version *v,
    const char *hex, struct ioc_error *err)
{
	auto_json json_t *j = NULL;

	if (job->provenance == NULL)
		return (0);
	j = json_pack("{s:{s:s, s:s, s:s}}", "updates", "version", v->text,
	    "sha256", hex, "verified", "RSA signature of every file with a "
	    "key that the host's certificates for hbsd-update vouch for");
	if (j == NULL || json_object_update(job->provenance, j) != 0)
		return (ioc_fail_nomem(err));
	return (0);
}

static int
read_version(const struct ioc_dist_job *job, const char *path,
    struct ioc_hbu_version *v, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(256);
	int r = ioc_file_read(job->updates_fd, path, &b, err);

	if (r == 0)
		r = ioc_hbu_version(ioc_buf_str(&b), v, err);
	return (ioc_wrap(err, r, "%s", path));
}

/* It writes the version when all is done: with another one there is something. */
int
ioc_hbu_judge(const struct ioc_dist_job *job, unsigned *n,
    struct ioc_error *err)
{
	struct ioc_hbu_version is, will = { .text = "" };
	char hex[IOC_SHA256_HEX];
	struct ioc_error e;
	struct stat st;
	bool got, same;
	int r;

	*n = 0;
	r = ioc_hbu_root_version(job->root_fd, &is, err);
	if (r != 0)
		return (r);
	got = ioc_path_stat(job->updates_fd, ARCHIVE, IOC_PATH_NOLINKS, &st,
	    NULL) == 0;
	r = read_version(job, ROOT "/" IOC_HBU_STATE, &will, &e);
	if (r != 0 && r != IOC_NOT_FOUND) {
		ioc_error_copy(err, &e);
		return (r);
	}
	same = strcmp(is.text, will.text) == 0;
	if (!job->succeeded || r != 0 || got == same)
		return (ioc_fail(err, IOC_NETWORK,
		    "hbsd-update did not come to its end"));
	if (same)
		return (0);
	r = ioc_hbu_compare(&is, &will, job->release, err);
	if (r == 0)
		r = take_set(job, hex, err);
	if (r == 0)
		r = put_stage_two(job, &will, hex, err);
	if (r == 0)
		r = describe(job, &will, hex, err);
	*n = r == 0;
	return (r);
}

/* --- for people --------------------------------------------------------------------- */

int
ioc_hbu_list(const struct ioc_dist_job *job, struct ioc_strv *ret,
    struct ioc_error *err)
{
	struct ioc_hbu_version is, will;
	int r = ioc_hbu_root_version(job->root_fd, &is, err);

	if (r == 0)
		r = read_version(job, IOC_HBU_VERSION, &will, err);
	if (r != 0)
		return (r);
	(void)ioc_strv_add(ret, "base");
	(void)ioc_strv_add(ret, is.text[0] != '\0' ? is.text : "-");
	(void)ioc_strv_add(ret, will.text);
	return (ioc_strv_check(ret, err));
}
