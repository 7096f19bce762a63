/* SPDX-License-Identifier: BSD-2-Clause */
/* Stage one of a Debian release: obtained, verified and unpacked on the host. */
#include "dist/debian.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/strv.h"
#include "safe/file.h"
#include "safe/hash.h"
#include "safe/path.h"
#include "safe/proc.h"
#include "safe/tools.h"

#define	FETCH_TIMEOUT_MS	(60 * 60 * 1000)
#define	INRELEASE_MAX		(4 * 1024 * 1024)
#define	LOG_MAX			(8 * 1024 * 1024)
/* Packages of minbase, for the bar only; it grows when there are more. */
#define	USUAL_PACKAGES		91
#define	LISTS			"var/lib/apt/lists"

/* --- what debootstrap says -------------------------------------------------- */

static int
tell(const struct ioc_debian_log *log, const char *what, uint64_t done,
    uint64_t total)
{
	if (log->job->progress == NULL)
		return (0);
	return (log->job->progress(what, done, total, log->job->arg));
}

int
ioc_debian_log_line(const char *line, void *arg)
{
	static const char valid[] = "I: Valid Release signature (key id ";
	struct ioc_debian_log *log = arg;
	unsigned total;

	if (ioc_str_starts(line, "I: Retrieving InRelease") ||
	    ioc_str_starts(line, "I: Retrieving Release") ||
	    ioc_str_starts(line, "I: Retrieving Packages"))
		return (0);
	if (ioc_str_starts(line, "I: Retrieving ")) {
		log->retrieved++;
		total = log->retrieved > USUAL_PACKAGES ? log->retrieved :
		    USUAL_PACKAGES;
		return (tell(log, "download", log->retrieved, total));
	}
	if (ioc_str_starts(line, "I: Validating ")) {
		log->validated++;
		return (0);
	}
	if (ioc_str_starts(line, "I: Extracting ")) {
		log->extracted++;
		total = log->validated > log->extracted ? log->validated :
		    log->extracted;
		return (tell(log, "unpack", log->extracted, total));
	}
	if (ioc_str_starts(line, valid)) {
		const char *key = line + sizeof(valid) - 1;
		size_t len = strspn(key, "0123456789ABCDEF");

		if (len > 0 && len < sizeof(log->key)) {
			memcpy(log->key, key, len);
			log->key[len] = '\0';
		}
		return (tell(log, "verify", 1, 1));
	}
	if (ioc_str_starts(line, "W: ") && strstr(line, " corrupt") != NULL)
		log->corrupt = true;
	if (ioc_str_starts(line, "E: ") && log->error[0] == '\0')
		(void)ioc_str_show(log->error, sizeof(log->error), line + 3);
	return (0);
}

int
ioc_debian_log_code(const struct ioc_debian_log *log)
{
	static const struct {
		const char *part;
		int code;
	} table[] = {
		{ "signature", IOC_VERIFY },
		{ "signed by", IOC_VERIFY },
		{ "Invalid Release", IOC_VERIFY },
		{ "Failed getting", IOC_NETWORK },
		{ "Couldn't download", IOC_NETWORK },
		{ "No such script", IOC_UNSUPPORTED },
		{ "noexec or nodev", IOC_UNSUPPORTED },
	};

	if (log->corrupt)
		return (IOC_VERIFY);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strstr(log->error, table[i].part) != NULL)
			return (table[i].code);
	return (IOC_CHILD);
}

/* The last reason that wget gave, which debootstrap keeps in its log only. */
static void
last_reason(int root, char *out, size_t outlen)
{
	auto_buf struct ioc_buf b = IOC_BUF(LOG_MAX);
	char *rest, *line;

	out[0] = '\0';
	if (ioc_file_read(root, "debootstrap/debootstrap.log", &b, NULL) != 0 ||
	    b.len == 0)
		return;
	rest = b.data;
	while ((line = strsep(&rest, "\n")) != NULL) {
		const char *p = strstr(line, "ERROR");

		if (p == NULL && ioc_str_starts(line, "wget: "))
			p = line + 6;
		if (p == NULL && (strstr(line, "failed: ") != NULL ||
		    ioc_str_starts(line, "gpgv: ")))
			p = line;
		if (p != NULL)
			(void)ioc_str_show(out, outlen, p);
	}
}

static int
fail_from_log(const struct ioc_debian_log *log, int status,
    struct ioc_error *err)
{
	int code = ioc_debian_log_code(log);
	char reason[300] = "";

	if (code == IOC_NETWORK)
		last_reason(log->job->root_fd, reason, sizeof(reason));
	if (log->error[0] == '\0')
		return (ioc_fail(err, code, "debootstrap failed (status %d)",
		    status));
	return (ioc_fail(err, code, "debootstrap: %s%s%s", log->error,
	    reason[0] != '\0' ? ": " : "", reason));
}

/* --- running it --------------------------------------------------------------- */

/*
 * Settings for the wget that debootstrap runs, in place of the host's own: no
 * way to leave TLS or the check of certificates, no file in anybody's home.
 */
static int
write_wgetrc(const struct ioc_dist_job *job, const struct ioc_debian *d,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(16 * 1024);
	auto_fd int dir = -1;
	auto_buf struct ioc_buf probe = IOC_BUF(16 * 1024 * 1024);
	auto_fd int certs = -1;
	const char *ca = d->ca_file;
	int r;

	if (ca == NULL && ioc_file_read_host(IOC_DEBIAN_CA, &probe, NULL) == 0)
		ca = IOC_DEBIAN_CA;
	(void)ioc_buf_adds(&b,
	    "check_certificate = on\n"
	    "secure_protocol = TLSv1_2\n"
	    "hsts = off\n"
	    "netrc = off\n"
	    "max_redirect = 5\n"
	    "timeout = 60\n"
	    "tries = 3\n"
	    "retry_connrefused = on\n"
	    "retry_on_host_error = on\n"
	    "retry_on_http_error = 429,500,502,503,504\n"
	    "robots = off\n");
	/* with an empty directory beside it, that file and no other counts */
	if (ca != NULL)
		(void)ioc_buf_addf(&b, "ca_directory = %s/debootstrap/certs\n"
		    "ca_certificate = %s\n", job->root_path, ca);
	r = ioc_buf_check(&b, err);
	if (r != 0)
		return (r);
	dir = ioc_path_mkdir(job->root_fd, "debootstrap", 0755,
	    IOC_PATH_NOLINKS, err);
	if (dir < 0)
		return (dir);
	certs = ioc_path_mkdir(dir, "certs", 0755, IOC_PATH_NOLINKS, err);
	if (certs < 0)
		return (certs);
	return (ioc_file_replace(dir, "wgetrc", ioc_buf_str(&b), b.len, 0600,
	    (uid_t)-1, (gid_t)-1, IOC_FILE_NOSYNC, err));
}

static int
run_debootstrap(const struct ioc_dist_job *job, const struct ioc_debian *d,
    const char *tool, struct ioc_debian_log *log, struct ioc_error *err)
{
	auto_strv struct ioc_strv argv = IOC_STRV, env = IOC_STRV;
	struct ioc_proc p = IOC_PROC;
	int status = 0, r;

	(void)ioc_strv_add(&argv, tool);
	(void)ioc_strv_add(&argv, "--foreign");
	(void)ioc_strv_add(&argv, "--variant=minbase");
	(void)ioc_strv_addf(&argv, "--arch=%s", d->arch);
	(void)ioc_strv_add(&argv, "--force-check-gpg");
	(void)ioc_strv_add(&argv, "--keyring=" IOC_DEBIAN_KEYRING);
	(void)ioc_strv_add(&argv, d->suite->name);
	(void)ioc_strv_add(&argv, job->root_path);
	(void)ioc_strv_add(&argv, d->mirror);
	(void)ioc_strv_addv(&env, ioc_proc_env());
	(void)ioc_strv_addf(&env, "SYSTEM_WGETRC=%s/debootstrap/wgetrc",
	    job->root_path);
	(void)ioc_strv_addf(&env, "WGETRC=%s/debootstrap/wgetrc",
	    job->root_path);
	/* a redirect to plain http goes nowhere; see also IOC_DEBIAN_NOWHERE */
	(void)ioc_strv_add(&env, "http_proxy=" IOC_DEBIAN_NOWHERE);
	(void)ioc_strv_add(&env, "ftp_proxy=" IOC_DEBIAN_NOWHERE);
	if (job->proxy != NULL)
		(void)ioc_strv_addf(&env, "https_proxy=%s", job->proxy);
	r = ioc_strv_check(&argv, err);
	if (r == 0)
		r = ioc_strv_check(&env, err);
	if (r != 0)
		return (r);
	p.path = tool;
	p.argv = ioc_strv_get(&argv);
	p.env = ioc_strv_get(&env);
	p.timeout_ms = FETCH_TIMEOUT_MS;
	/* Packages are unpacked one over the other: a link of one of them may
	   lead the next one out. */
	p.write_fd = job->root_fd;
	p.write_path = job->root_path;
	p.line = ioc_debian_log_line;
	p.line_arg = log;
	r = ioc_proc_run(&p, &status, err);
	if (r != 0)
		return (r);
	if (status != 0)
		return (fail_from_log(log, status, err));
	/* it ends well without a keyring, too: the line itself must be there */
	if (log->key[0] == '\0')
		return (ioc_fail(err, IOC_VERIFY, "debootstrap did not verify "
		    "the signature of the release"));
	/* not every package that was fetched is unpacked by this stage */
	if (tell(log, "unpack", log->extracted, log->extracted) != 0)
		return (ioc_fail(err, IOC_CANCELED, "canceled"));
	return (0);
}

/* --- provenance ----------------------------------------------------------------- */

/* The signed file that all hashes came from: "..._dists_SUITE_InRelease". */
static int
find_inrelease(int lists, const char *suite, char *out, size_t outlen,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf tail = IOC_BUF(256);
	auto_dir DIR *d = NULL;
	const struct dirent *e;
	int fd;

	(void)ioc_buf_addf(&tail, "_dists_%s_InRelease", suite);
	fd = ioc_path_dir(lists, ".", IOC_PATH_NOLINKS, err);
	if (fd < 0)
		return (fd);
	d = fdopendir(fd);
	if (d == NULL) {
		(void)close(fd);
		return (ioc_fail_errno(err, LISTS));
	}
	while ((e = readdir(d)) != NULL) {
		if (ioc_str_ends(e->d_name, ioc_buf_str(&tail)) &&
		    strlen(e->d_name) < outlen) {
			(void)snprintf(out, outlen, "%s", e->d_name);
			return (0);
		}
	}
	return (ioc_fail(err, IOC_NOT_FOUND, "%s: no InRelease file", LISTS));
}

/* The value of a field in the head of a Release file. */
static void
put_field(json_t *to, const char *key, const char *text, const char *field)
{
	size_t len = strlen(field);

	for (const char *p = text; p != NULL; p = strchr(p, '\n')) {
		char value[128];
		size_t n;

		p += *p == '\n';
		if (strncmp(p, field, len) != 0 || p[len] != ':')
			continue;
		p += len + 1 + strspn(p + len + 1, " ");
		n = strcspn(p, "\r\n");
		if (n >= sizeof(value))
			return;
		memcpy(value, p, n);
		value[n] = '\0';
		(void)json_object_set_new(to, key, json_string(IOC_SHOW(value)));
		return;
	}
}

static int
put_release_file(const struct ioc_dist_job *job, const struct ioc_debian *d,
    struct ioc_error *err)
{
	auto_fd int lists = ioc_path_dir(job->root_fd, LISTS,
	    IOC_PATH_NOLINKS, err), fd = -1;
	auto_buf struct ioc_buf b = IOC_BUF(INRELEASE_MAX);
	char name[256], hex[IOC_SHA256_HEX];
	int r;

	if (lists < 0)
		return (lists);
	r = find_inrelease(lists, d->suite->name, name, sizeof(name), err);
	if (r == 0)
		r = fd = ioc_path_open(lists, name, O_RDONLY, IOC_PATH_NOLINKS,
		    err);
	if (r >= 0)
		r = ioc_hash_fd(job->helper_dir, fd, hex, err);
	if (r == 0)
		r = ioc_file_read_fd(fd, &b, err);
	if (r != 0)
		return (r);
	put_field(job->provenance, "release_date", ioc_buf_str(&b), "Date");
	put_field(job->provenance, "release_version", ioc_buf_str(&b),
	    "Version");
	(void)json_object_set_new(job->provenance, "inrelease_sha256",
	    json_string(hex));
	return (0);
}

static int
put_provenance(const struct ioc_dist_job *job, const struct ioc_debian *d,
    const struct ioc_debian_log *log, struct ioc_error *err)
{
	json_t *p = job->provenance;

	if (p == NULL)
		return (0);
	if (json_object_set_new(p, "suite", json_string(d->suite->name)) != 0 ||
	    json_object_set_new(p, "arch", json_string(d->arch)) != 0 ||
	    json_object_set_new(p, "mirror", json_string(d->mirror)) != 0 ||
	    json_object_set_new(p, "keyring",
	    json_string(IOC_DEBIAN_KEYRING)) != 0 ||
	    json_object_set_new(p, "key", json_string(log->key)) != 0 ||
	    json_object_set_new(p, "verified", json_string("OpenPGP signature "
	    "of the release with the host's keyring, SHA-256 of every "
	    "package")) != 0)
		return (ioc_fail_nomem(err));
	return (put_release_file(job, d, err));
}

/* --- stage one ------------------------------------------------------------------- */

/* What stage two must find. */
static int
prepare_second(const struct ioc_dist_job *job, const struct ioc_debian *d,
    struct ioc_error *err)
{
	/* durability comes with the one sync at the end of the fetch */
	static const char unsafe_io[] = "force-unsafe-io\n";
	auto_buf struct ioc_buf sources = IOC_BUF(16 * 1024);
	auto_fd int proc = -1, conf = -1;
	struct stat st;
	int r;

	/* inside a container debootstrap leaves a link to the host's /proc */
	r = ioc_path_stat(job->root_fd, "proc", IOC_PATH_NOLINKS, &st, err);
	if (r == 0 && !S_ISDIR(st.st_mode))
		r = ioc_path_unlink(job->root_fd, "proc", IOC_PATH_NOLINKS,
		    err);
	if (r != 0 && r != IOC_NOT_FOUND)
		return (r);
	proc = ioc_path_mkdirs(job->root_fd, "proc", 0755, (uid_t)-1,
	    (gid_t)-1, IOC_PATH_NOLINKS, err);
	if (proc < 0)
		return (proc);
	conf = ioc_path_mkdirs(job->root_fd, "etc/dpkg/dpkg.cfg.d", 0755,
	    (uid_t)-1, (gid_t)-1, IOC_PATH_NOLINKS, err);
	if (conf < 0)
		return (conf);
	r = ioc_file_replace(job->root_fd, IOC_DEBIAN_DPKG_CONF, unsafe_io,
	    sizeof(unsafe_io) - 1, 0644, 0, 0, IOC_FILE_NOSYNC, err);
	if (r == 0)
		r = ioc_debian_sources(d, &sources, err);
	if (r == 0)
		r = ioc_file_replace(job->root_fd, "etc/apt/sources.list",
		    ioc_buf_str(&sources), sources.len, 0644, 0, 0,
		    IOC_FILE_NOSYNC, err);
	if (r == 0)
		r = ioc_debian_neutral(job->root_fd, err);
	if (r == 0)
		r = ioc_debian_drop_nodes(job->root_fd, err);
	return (r);
}

int
ioc_debian_fetch(const struct ioc_dist_job *job, struct ioc_error *err)
{
	IOC_AUTO(ioc_debian_fini) struct ioc_debian d = { 0 };
	struct ioc_debian_log log = { .job = job };
	const char *tool;
	int r;

	r = ioc_debian_judge(job, &d, err);
	if (r == 0)
		r = ioc_debian_need(IOC_TOOL_DEBOOTSTRAP, "debootstrap", &tool,
		    err);
	if (r == 0)
		r = ioc_debian_need(IOC_TOOL_WGET, "wget", NULL, err);
	if (r == 0)
		r = ioc_debian_need(IOC_TOOL_GPGV, "gpgv", NULL, err);
	if (r == 0)
		r = ioc_debian_need_keyring(err);
	if (r == 0)
		r = write_wgetrc(job, &d, err);
	if (r == 0)
		r = run_debootstrap(job, &d, tool, &log, err);
	if (r == 0)
		r = put_provenance(job, &d, &log, err);
	if (r == 0)
		r = prepare_second(job, &d, err);
	return (r);
}
