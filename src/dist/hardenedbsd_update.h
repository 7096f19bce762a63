/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Updates of HardenedBSD by hbsd-update(8): the parts that tests reach.
 *
 * Stage one leaves in the updates: set/FILE with set/FILE.sig and set/pubkey.pem,
 * keys (the host's /usr/share/keys), hbsd-update, its configuration and "apply",
 * which stage two runs, and "version", what the root will be.
 */
#ifndef DIST_HARDENEDBSD_UPDATE_H
#define DIST_HARDENEDBSD_UPDATE_H

#include "dist/dist.h"

/* --- hbsd-update.conf(5) --------------------------------------------------------- */

/* "" where nothing is said. */
struct ioc_hbu_conf {
	char	dnsrec[256];	/* name of a TXT record */
	char	baseurl[512];	/* https, no slash at its end */
	char	capath[256];
	char	branch[256];
	char	kernel[256];
	char	dnssec[256];
	char	force_ipv4[256];
	char	force_ipv6[256];
	char	local_resolver[256];
};

/*
 * A shell reads that file; here it is read, and is FORMAT with the line's number
 * where it is more than comments and assignments of words, once each, to the names
 * above, with nothing to be replaced but ${branch} and $(uname -m).
 */
int	ioc_hbu_conf(const char *text, const char *machine,
	    struct ioc_hbu_conf *ret, struct ioc_error *err);
/* Of a release, which says what is fetched: its record and URL; FORMAT. */
int	ioc_hbu_conf_source(const struct ioc_hbu_conf *c,
	    struct ioc_error *err);
/* Of the host, which says whom it trusts: keys beneath /usr/share/keys; FORMAT. */
int	ioc_hbu_conf_trust(const struct ioc_hbu_conf *c, struct ioc_error *err);

/* --- versions ---------------------------------------------------------------------- */

struct ioc_hbu_version {
	char		text[96];	/* "hbsd-v1400097-HASH", "" when not known */
	uint64_t	number;		/* 1400097, 0 when not known */
};

/* One line with nothing else; FORMAT. */
int	ioc_hbu_version(const char *text, struct ioc_hbu_version *ret,
	    struct ioc_error *err);
/* __HardenedBSD_version of <sys/pax.h>; 0: it does not say. */
uint64_t ioc_hbu_pax(const char *text);
/*
 * What a root says that it is, the number by its headers when it was not updated
 * yet.  FORMAT.
 */
int	ioc_hbu_root_version(int root_fd, struct ioc_hbu_version *ret,
	    struct ioc_error *err);
/* VERIFY: older than what is there, or, of a stable branch, of another one. */
int	ioc_hbu_compare(const struct ioc_hbu_version *is,
	    const struct ioc_hbu_version *will, const char *release,
	    struct ioc_error *err);

/* --- what an update consists of ------------------------------------------------------ */

struct ioc_hbu_file {
	const char	*name;
	bool		 must;
};

extern const struct ioc_hbu_file ioc_hbu_files[];	/* up to NULL */

#define	IOC_HBU_SET		"set"
#define	IOC_HBU_KEY		"pubkey.pem"
#define	IOC_HBU_VERSION		"version"
#define	IOC_HBU_STATE		"var/db/hbsd-update/version"

/*
 * The patterns (of fnmatch(3)) that say which entries of base.txz stage two does
 * not unpack, by a skip.txt as tar -X reads it; LIMIT, FORMAT.
 */
int	ioc_hbu_skipped(const char *skip, struct ioc_strv *ret,
	    struct ioc_error *err);

/* --- for dist.h ---------------------------------------------------------------------- */

int	ioc_hbu_prepare(const struct ioc_dist_job *job, struct ioc_strv *argv,
	    struct ioc_strv *env, struct ioc_error *err);
int	ioc_hbu_judge(const struct ioc_dist_job *job, unsigned *n,
	    struct ioc_error *err);
int	ioc_hbu_list(const struct ioc_dist_job *job, struct ioc_strv *ret,
	    struct ioc_error *err);
int	ioc_hbu_scratch(const struct ioc_dist_job *job,
	    struct ioc_error *err);
/* STATE: a conflict in /etc; VERIFY: the root is not what the update makes of it. */
int	ioc_hbu_check(const struct ioc_dist_job *job, struct ioc_error *err);

extern const char *const ioc_hbu_argv[];
extern const char *const ioc_hbu_env[];

#endif /* DIST_HARDENEDBSD_UPDATE_H */
