/* SPDX-License-Identifier: BSD-2-Clause */
#include "dist/debian_apt.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/str.h"
#include "base/strv.h"
#include "safe/file.h"
#include "safe/path.h"
#include "safe/proc.h"
#include "safe/tools.h"
#include "safe/tree.h"

#define	UPDATE_TIMEOUT_MS	(30 * 60 * 1000)
/* Twice what it waits for a server. */
#define	STALL_S			120
#define	CONF_MAX		(64 * 1024)

/* --- configurations ---------------------------------------------------------------- */

/* For both stages: nothing of the system that apt-get runs on is read. */
static void
add_common(struct ioc_buf *b, const char *dir, const char *arch)
{
	(void)ioc_buf_addf(b,
	    "Dir::Etc::main \"/dev/null\";\n"
	    "Dir::Etc::parts \"/dev/null\";\n"
	    "Dir::Etc::sourcelist \"%s/sources.list\";\n"
	    "Dir::Etc::sourceparts \"/dev/null\";\n"
	    "Dir::Etc::preferences \"/dev/null\";\n"
	    "Dir::Etc::preferencesparts \"/dev/null\";\n"
	    "Dir::Etc::netrc \"/dev/null\";\n"
	    "Dir::Etc::netrcparts \"/dev/null\";\n"
	    "Dir::State::lists \"%s/lists/\";\n"
	    "Dir::Cache::archives \"%s/archives/\";\n"
	    "Dir::Cache::pkgcache \"\";\n"
	    "Dir::Cache::srcpkgcache \"\";\n"
	    "Dir::Log::Terminal \"\";\n"
	    "Dir::Log::History \"\";\n"
	    "Dir::Log::Planner \"\";\n"
	    "Dir::Log::Solver \"\";\n", dir, dir, dir);
	(void)ioc_buf_addf(b,
	    "APT::Architecture \"%s\";\n"
	    "APT::Architectures { \"%s\"; };\n"
	    "APT::Install-Recommends \"false\";\n"
	    "APT::Install-Suggests \"false\";\n"
	    /* never removes a package, unlike dist-upgrade */
	    "APT::Get::Upgrade-Allow-New \"true\";\n"
	    "APT::Get::Assume-Yes \"true\";\n"
	    "APT::Get::AllowUnauthenticated \"false\";\n"
	    /* the directory is root's alone, another user could not write */
	    "APT::Sandbox::User \"root\";\n"
	    "Acquire::Languages \"none\";\n", arch, arch);
}

static void
add_host(struct ioc_buf *b, const struct ioc_dist_job *job)
{
	const char *dir = job->updates_path;

	(void)ioc_buf_addf(b,
	    "Dir::State \"%s\";\n"
	    "Dir::State::status \"%s/status\";\n"
	    "Dir::State::extended_states \"%s/extended_states\";\n"
	    "Dir::Cache \"%s\";\n"
	    "Dir::Log \"%s\";\n"
	    "Dir::Etc::trusted \"/dev/null\";\n"
	    "Dir::Etc::trustedparts \"/dev/null\";\n"
	    "Dir::Bin::dpkg \"/bin/false\";\n", dir, dir, dir, dir,
	    dir);
	(void)ioc_buf_adds(b,
	    "Dir::Bin::Methods::http \"false\";\n"
	    "Dir::Bin::Methods::ftp \"false\";\n"
	    "APT::Update::Error-Mode \"any\";\n"
	    "Acquire::AllowInsecureRepositories \"false\";\n"
	    "Acquire::AllowWeakRepositories \"false\";\n"
	    "Acquire::AllowDowngradeToInsecureRepositories \"false\";\n"
	    "Acquire::Check-Valid-Until \"true\";\n"
	    "Acquire::Check-Date \"true\";\n"
	    "Acquire::MaxReleaseFileSize \"10485760\";\n"
	    "Acquire::Retries \"2\";\n"
	    "Acquire::https::Timeout \"60\";\n"
	    "Acquire::https::Verify-Peer \"true\";\n"
	    "Acquire::https::Verify-Host \"true\";\n");
	(void)ioc_buf_addf(b, "Acquire::https::Proxy \"%s\";\n",
	    job->proxy != NULL ? job->proxy : "DIRECT");
	if (job->ca_file != NULL)
		(void)ioc_buf_addf(b, "Acquire::https::CaInfo \"%s\";\n",
		    job->ca_file);
}

static void
add_jail(struct ioc_buf *b)
{
	(void)ioc_buf_adds(b,
	    "APT::Get::Download \"false\";\n"
	    /* the directory is read-only there */
	    "Debug::NoLocking \"true\";\n"
	    "DPkg::Use-Pty \"false\";\n"
	    "DPkg::Options { \"--force-confold\"; \"--force-confdef\"; "
	    "\"--force-unsafe-io\"; };\n");
}

static int
put_text(const struct ioc_dist_job *job, const char *name,
    const struct ioc_buf *b, struct ioc_error *err)
{
	int r = ioc_buf_check(b, err);

	if (r == 0)
		r = ioc_file_replace(job->updates_fd, name, ioc_buf_str(b),
		    b->len, 0644, (uid_t)-1, (gid_t)-1, IOC_FILE_NOSYNC, err);
	return (ioc_wrap(err, r, "write %s", name));
}

static int
prepare(const struct ioc_dist_job *job, const struct ioc_debian *d,
    struct ioc_error *err)
{
	static const char *const dirs[] = { "archives", "lists", NULL };
	auto_buf struct ioc_buf sources = IOC_BUF(CONF_MAX);
	auto_buf struct ioc_buf host = IOC_BUF(CONF_MAX);
	auto_buf struct ioc_buf jail = IOC_BUF(CONF_MAX);
	int r = 0;

	for (const char *const *p = dirs; r == 0 && *p != NULL; p++) {
		auto_fd int fd = -1, part = -1;

		r = ioc_tree_remove(job->updates_fd, *p, err);
		if (r == 0)
			r = fd = ioc_path_mkdir(job->updates_fd, *p, 0755,
			    IOC_PATH_NOLINKS, err);
		if (r >= 0)
			r = part = ioc_path_mkdir(fd, "partial", 0755,
			    IOC_PATH_NOLINKS, err);
		if (r > 0)
			r = 0;
	}
	if (r == 0)
		r = ioc_debian_sources(d, &sources, err);
	if (r == 0)
		r = put_text(job, "sources.list", &sources, err);
	add_common(&host, job->updates_path, d->arch);
	add_host(&host, job);
	if (r == 0)
		r = put_text(job, "apt.conf", &host, err);
	add_common(&jail, IOC_DIST_UPDATES, d->arch);
	add_jail(&jail);
	if (r == 0)
		r = put_text(job, "jail.conf", &jail, err);
	return (r);
}

/* --- running it -------------------------------------------------------------------- */

/* "dlstatus:3:21.9263:Retrieving ..." */
static int
on_status(const struct ioc_apt *a, const char *line)
{
	const char *p = strchr(line + strlen("dlstatus:"), ':');
	unsigned percent = 0;

	if (p == NULL || a->job->progress == NULL)
		return (0);
	for (p++; *p >= '0' && *p <= '9' && percent <= 100; p++)
		percent = percent * 10 + (unsigned)(*p - '0');
	return (a->job->progress("download", percent <= 100 ? percent : 100,
	    100, a->job->arg));
}

/*
 * While it waits it goes on saying how far it is; where one of its methods could
 * not write it would wait for ever.
 */
static int
on_any(struct ioc_apt *a, const char *line)
{
	uint64_t now = ioc_now_ns();

	if (strncmp(line, a->said, sizeof(a->said) - 1) != 0) {
		(void)snprintf(a->said, sizeof(a->said), "%s", line);
		a->since = now;
	}
	a->stalled = (now - a->since) / 1000000000 >= STALL_S;
	return (a->stalled ? -1 : 0);
}

static int
on_line(const char *line, void *arg)
{
	static const char *const wrong[] = {
		"signature", "signed", "NO_PUBKEY", "Hash Sum mismatch",
		"not valid", "expired", "unexpected size", NULL
	};
	struct ioc_apt *a = arg;

	if (on_any(a, line) != 0)
		return (-1);
	if (ioc_str_starts(line, "dlstatus:"))
		return (on_status(a, line));
	if (!ioc_str_starts(line, "E: ") && !ioc_str_starts(line, "W: "))
		return (a->line != NULL ? a->line(line, a->arg) : 0);
	for (const char *const *w = wrong; *w != NULL; w++)
		if (strstr(line, *w) != NULL)
			a->verify = true;
	if (line[0] == 'E' && a->error[0] == '\0')
		(void)ioc_str_show(a->error, sizeof(a->error), line + 3);
	return (0);
}

static int
run(struct ioc_apt *a, const char *tool, const char *const *words,
    struct ioc_error *err)
{
	auto_strv struct ioc_strv argv = IOC_STRV, env = IOC_STRV;
	struct ioc_proc p = IOC_PROC;
	const char *name = strrchr(tool, '/') + 1;
	int status = 0, r;

	(void)ioc_strv_add(&argv, tool);
	(void)ioc_strv_add(&argv, "-q");
	(void)ioc_strv_add(&argv, "-o");
	(void)ioc_strv_add(&argv, "APT::Status-Fd=1");
	(void)ioc_strv_addv(&argv, words);
	(void)ioc_strv_addv(&env, ioc_proc_env());
	(void)ioc_strv_addf(&env, "APT_CONFIG=%s/apt.conf",
	    a->job->updates_path);
	/* The only place that it can write to. */
	(void)ioc_strv_addf(&env, "TMPDIR=%s", a->job->updates_path);
	r = ioc_strv_check(&argv, err);
	if (r == 0)
		r = ioc_strv_check(&env, err);
	if (r != 0)
		return (r);
	p.path = tool;
	p.argv = ioc_strv_get(&argv);
	p.env = ioc_strv_get(&env);
	p.timeout_ms = UPDATE_TIMEOUT_MS;
	p.write_fd = a->job->updates_fd;
	p.write_path = a->job->updates_path;
	p.line = on_line;
	p.line_arg = a;
	r = ioc_proc_run(&p, &status, err);
	if (r == IOC_CANCELED && a->stalled)
		r = ioc_fail(err, IOC_TIMEOUT, "%s: without any progress for "
		    "%d seconds%s%s", name, STALL_S, a->error[0] != '\0' ?
		    ": " : "", a->error);
	if (r == 0 && status != 0)
		r = ioc_fail(err, a->verify ? IOC_VERIFY : IOC_NETWORK,
		    "%s: %s", name, a->error[0] != '\0' ? a->error :
		    "failed without a reason");
	return (r);
}

int
ioc_apt_get(struct ioc_apt *a, const char *const *words,
    struct ioc_error *err)
{
	return (run(a, a->apt_get, words, err));
}

int
ioc_apt_cache(struct ioc_apt *a, const char *const *words,
    struct ioc_error *err)
{
	return (run(a, a->apt_cache, words, err));
}

int
ioc_apt_open(struct ioc_apt *a, const struct ioc_dist_job *job,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_debian_fini) struct ioc_debian d = { 0 };
	int r;

	a->job = job;
	r = ioc_debian_judge(job, &d, err);
	if (r == 0)
		r = ioc_debian_need(IOC_TOOL_APT_GET, "apt", &a->apt_get, err);
	if (r == 0)
		r = ioc_debian_need(IOC_TOOL_APT_CACHE, "apt", &a->apt_cache,
		    err);
	if (r == 0)
		r = ioc_debian_need_keyring(err);
	if (r == 0)
		r = ioc_debian_copy_status(job, err);
	if (r == 0)
		r = prepare(job, &d, err);
	return (r == 0 ? ioc_apt_get(a, (const char *const[]){ "update", NULL },
	    err) : r);
}
