/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the Debian distribution share. */
#ifndef DIST_DEBIAN_H
#define DIST_DEBIAN_H

#include "base/buf.h"
#include "dist/dist.h"

#define	IOC_DEBIAN_KEYRING	"/usr/share/keyrings/debian-archive-keyring.gpg"
#define	IOC_DEBIAN_MIRROR	"https://deb.debian.org/debian"
#define	IOC_DEBIAN_SECURITY	"https://deb.debian.org/debian-security"
#define	IOC_DEBIAN_CA		"/etc/ssl/certs/ca-certificates.crt"
/* A plain-http request ends here: nobody listens on the discard port. */
#define	IOC_DEBIAN_NOWHERE	"http://127.0.0.1:9/"
#define	IOC_DEBIAN_DPKG_CONF	"etc/dpkg/dpkg.cfg.d/zz-ioc-build"

/* A release, and which further suites carry its updates. */
struct ioc_debian_suite {
	const char	*name;
	bool		 updates;	/* NAME-updates, NAME-security */
	const char	*end;		/* last day of long term support, or NULL */
};

/* What a job comes to, judged. */
struct ioc_debian {
	const struct ioc_debian_suite *suite;
	const char	*arch;		/* Debian's name */
	const char	*mirror;	/* no slash at its end */
	const char	*ca_file;	/* NULL: the tools' own default */
	char		*mirror_text;	/* owned */
	char		*security;	/* owned */
};

/*
 * Judges everything of the job that becomes part of an argument or a file:
 * NOT_FOUND lists the known releases, UNSUPPORTED an architecture that this
 * host cannot run, INVALID the rest.  Ended by ioc_debian_fini.
 */
int	ioc_debian_judge(const struct ioc_dist_job *job,
	    struct ioc_debian *ret, struct ioc_error *err);
void	ioc_debian_fini(struct ioc_debian *d);

/* UNSUPPORTED, naming the package to install, unless the file is there. */
int	ioc_debian_need(const char *const *tool, const char *package,
	    const char **ret, struct ioc_error *err);
int	ioc_debian_need_keyring(struct ioc_error *err);

/* sources.list(5) of a release. */
int	ioc_debian_sources(const struct ioc_debian *d, struct ioc_buf *b,
	    struct ioc_error *err);

/* What debootstrap copies from the host, replaced by what suits any jail. */
int	ioc_debian_neutral(int root, struct ioc_error *err);
/* Device nodes, sockets and FIFOs anywhere in the tree are removed. */
int	ioc_debian_drop_nodes(int root, struct ioc_error *err);

/* See struct ioc_dist. */
int	ioc_debian_fetch(const struct ioc_dist_job *job, struct ioc_error *err);
int	ioc_debian_clean(const struct ioc_dist_job *job, struct ioc_error *err);
int	ioc_debian_update_list(const struct ioc_dist_job *job,
	    struct ioc_strv *ret, struct ioc_error *err);
int	ioc_debian_update_fetch(const struct ioc_dist_job *job, unsigned *n,
	    struct ioc_error *err);
int	ioc_debian_own_list(const struct ioc_dist_job *job, int ours, int base,
	    struct ioc_dist_own *ret, struct ioc_error *err);
int	ioc_debian_own_fetch(const struct ioc_dist_job *job,
	    struct ioc_dist_own *own, struct ioc_error *err);
int	ioc_debian_own_command(const struct ioc_dist_own *own, unsigned k,
	    struct ioc_strv *argv, struct ioc_error *err);

/* The packages of job->root_fd as "status" in its updates, reduced. */
int	ioc_debian_copy_status(const struct ioc_dist_job *job,
	    struct ioc_error *err);
/* Where a name is in a sorted list, or -1. */
ssize_t	ioc_debian_find(const struct ioc_strv *sorted, const char *name);

/* Parts with an own test. */

/*
 * A copy of dpkg's status file, or of apt's extended_states, with those fields
 * only that decide what is to be updated.  The file is foreign: UNSAFE for anything
 * but printable ASCII in a field that is kept, LIMIT when there is too much of it.
 */
int	ioc_debian_reduce_status(const char *text, size_t len,
	    struct ioc_buf *out, struct ioc_error *err);

/*
 * The names of what such a copy has installed, but for those of the sorted list
 * `but` (NULL: none), sorted.  UNSAFE: what is no name of a package; STATE: one that
 * is half installed; UNSUPPORTED: one of another architecture.
 */
int	ioc_debian_installed(const char *text, size_t len, const char *arch,
	    const struct ioc_strv *but, struct ioc_strv *ret,
	    struct ioc_error *err);

/* One "Inst NAME [OLD] (NEW ..." of apt-get -s as "NAME OLD NEW"; or false. */
bool	ioc_debian_parse_inst(const char *line, char *out, size_t outlen);

/* What debootstrap has said so far. */
struct ioc_debian_log {
	const struct ioc_dist_job *job;
	unsigned	 retrieved, validated, extracted;
	bool		 corrupt;	/* a download did not match its hash */
	char		 key[64];	/* that signed the Release file, or "" */
	char		 error[400];	/* its E: line, or "" */
};
/* A line callback of safe/proc. */
int	ioc_debian_log_line(const char *line, void *log);
/* The code that its E: line stands for. */
int	ioc_debian_log_code(const struct ioc_debian_log *log);

#endif /* DIST_DEBIAN_H */
