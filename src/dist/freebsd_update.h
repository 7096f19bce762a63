/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Updates of FreeBSD by freebsd-update(8): the parts that tests reach.
 *
 * Its work directory is "work" in the updates.  fetch leaves there: tag (what
 * the server has signed), files/HASH.gz, and, when there is something to do,
 * HASH-install, a link to install.XXXXXX with INDEX-OLD and INDEX-NEW.
 */
#ifndef DIST_FREEBSD_UPDATE_H
#define DIST_FREEBSD_UPDATE_H

#include "dist/dist.h"

/* --- the host's trust ---------------------------------------------------------- */

struct ioc_fbu_trust {
	char	key[65];	/* KeyPrint */
	char	server[256];	/* ServerName */
};

/* Out of freebsd-update.conf(5); FORMAT names what is missing or wrong. */
int	ioc_fbu_trust(const char *text, struct ioc_fbu_trust *ret,
	    struct ioc_error *err);

/* --- what was signed ------------------------------------------------------------- */

struct ioc_fbu_tag {
	char		 arch[32];
	char		 release[64];
	unsigned	 patch;
	uint64_t	 eol;		/* seconds since the epoch */
};

/* "freebsd-update|ARCH|RELEASE|PATCH|HASH|EOL"; FORMAT. */
int	ioc_fbu_tag(const char *text, struct ioc_fbu_tag *ret,
	    struct ioc_error *err);

/* --- an index ---------------------------------------------------------------------- */

struct ioc_fbu_entry {
	const char	*path;		/* "/bin/sh", judged */
	char		 type;		/* f, d, L */
	unsigned	 uid, gid, mode;
	const char	*value;		/* f: its hash, L: its target */
	const char	*link;		/* f: path that it is a link to, or "" */
};

/* "/a/b": no ".", no "..", nothing empty, no control character. */
bool	ioc_fbu_is_path(const char *p);
/* Is it one of those that stage one leaves alone when somebody changed them? */
bool	ioc_fbu_is_administrators(const char *path);

/*
 * Calls `each` for every line of an index, which it takes to pieces; not 0 from
 * it ends.  FORMAT, UNSAFE: a path that could not be an absolute one.
 */
int	ioc_fbu_index(char *text,
	    int (*each)(const struct ioc_fbu_entry *e, void *arg,
	    struct ioc_error *err), void *arg, struct ioc_error *err);

/* --- for dist.h ---------------------------------------------------------------------- */

int	ioc_fbu_prepare(const struct ioc_dist_job *job, struct ioc_strv *argv,
	    struct ioc_strv *env, struct ioc_error *err);
int	ioc_fbu_judge(const struct ioc_dist_job *job, unsigned *n,
	    struct ioc_error *err);
int	ioc_fbu_arm(const struct ioc_dist_job *job, struct ioc_error *err);
int	ioc_fbu_list(const struct ioc_dist_job *job, struct ioc_strv *ret,
	    struct ioc_error *err);
int	ioc_fbu_scratch(const struct ioc_dist_job *job,
	    struct ioc_error *err);
/* VERIFY: what was to be installed is not there as the index has it. */
int	ioc_fbu_check(const struct ioc_dist_job *job, struct ioc_error *err);

extern const char *const ioc_fbu_argv[];
extern const char *const ioc_fbu_env[];

#define	IOC_FBU_WORK		"work"
#define	IOC_FBU_INDEX_MAX	((size_t)64 << 20)
/* The directory with the indexes, "work/install.XXXXXX"; "" when none. */
int	ioc_fbu_manifest(int updates_fd, char ret[64], struct ioc_error *err);

#endif /* DIST_FREEBSD_UPDATE_H */
