/* SPDX-License-Identifier: BSD-2-Clause */
/* Releases: fetching, listing, updating, removing. */
#ifndef IOC_RELEASE_H
#define IOC_RELEASE_H

#include "ioc/host.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ioc_fetch_options {
	const char	*distribution;	/* NULL: the host's */
	const char	*release;	/* name; with url the name to give */
	const char	*mirror;	/* https; NULL: ioc.conf or the default */
	const char	*ca_file;	/* NULL: ioc.conf or the system's */
	const char	*arch;		/* NULL: the host's */
	const char	*url;		/* any root archive ... */
	const char	*sha256;	/* ... whose hash the caller knows */
	const char	*source;	/* NULL: the main one */
	bool		 update;	/* also fetch and apply updates */
	/* without update: see whether updates can be obtained, and how many */
	bool		 fetch_updates;
	/* of distributions whose releases are sets with a manifest: */
	const char	*manifest;	/* absolute path of a manifest that is trusted
					   more than all others; or NULL */
	const char	*from;		/* absolute path of a folder with a manifest
					   and sets, instead of a mirror; or NULL */
	const char	*sets;		/* "base,lib32"; NULL: base */
};

/*
 * Fetches a release: obtained over HTTPS, verified, unpacked into staging,
 * finished in a temporary jail without network where the distribution needs
 * that, then renamed into place at once.  Needs root.  Steps "release.fetch/...".
 * EXISTS: it is there already; NETWORK, VERIFY, UNSAFE, UNSUPPORTED (a program
 * is missing), INVALID, LIMIT.
 *
 * Sets are held to a manifest: the given one, else that of the host's manifest
 * directory, else the one that an earlier fetch of the same release followed,
 * else the mirror's.  VERIFY when the mirror has another one than what is
 * trusted more.  Where a distribution has no updates that could be applied, a
 * WARN event "release.fetch/update" says so.
 */
IOC_API int ioc_release_fetch(struct ioc_host *h,
    const struct ioc_fetch_options *o, struct ioc_error *err);

/*
 * Updates a release in two stages: fetched and verified on the host, applied in
 * a temporary jail without network to a copy, which becomes the next patch
 * level.  Jails keep the level they were made from.  *from and *to (may be
 * NULL) are the patch levels, equal when nothing was to be done.  With
 * fetch_only the updates are kept instead of applied, *to is the level that they
 * are for; the next update verifies those again and applies them, without a
 * network.
 */
IOC_API int ioc_release_update(struct ioc_host *h, const char *name,
    bool fetch_only, unsigned *from, unsigned *to, struct ioc_error *err);

/*
 * Called for each thing that an update would change, in the thread that called
 * the library: a package with its versions, or a file, by its path, with the
 * first digits of its hashes, or its targets; "-" is where there is none.  Not 0
 * asks to stop: CANCELED.
 */
typedef int ioc_update_fn(const char *what, const char *from, const char *to,
    void *arg);

/*
 * Tells what an update of a release would change, as its updater has it: stage
 * one, whose result is thrown away; updates that are kept need no network.  Does
 * so on a dry run as well.  Needs root.  Steps "release.update/...".
 */
IOC_API int ioc_release_update_list(struct ioc_host *h, const char *name,
    ioc_update_fn *fn, void *arg, struct ioc_error *err);

/*
 * Removes the newest patch level of a release, so that the one before it counts
 * again; its number is not used a second time.  *from and *to (may be NULL) are
 * the levels.  Needs root.  STATE: there is no older one; BUSY names the jails
 * that were made from the newest.
 */
IOC_API int ioc_release_rollback(struct ioc_host *h, const char *name,
    unsigned *from, unsigned *to, struct ioc_error *err);

/* BUSY names the jails that still need it. */
IOC_API int ioc_release_destroy(struct ioc_host *h, const char *name,
    struct ioc_error *err);

struct ioc_release_info {
	const char	*name;
	const char	*source;
	const char	*distribution;
	unsigned	 patch_level;
	const char	*version;	/* as the release tells it, or "-" */
	const char	*provenance;	/* JSON object: what was verified, and how */
};

struct ioc_release_list;

/* All releases, sorted by name.  Ended by ioc_release_list_free. */
IOC_API int ioc_release_list(struct ioc_host *h, struct ioc_release_list **ret,
    struct ioc_error *err);
IOC_API size_t ioc_release_count(const struct ioc_release_list *l);
IOC_API const struct ioc_release_info *ioc_release_at(
    const struct ioc_release_list *l, size_t i);
IOC_API void ioc_release_list_free(struct ioc_release_list *l);

/* What can be fetched, as a mirror lists it. */
struct ioc_remote_info {
	const char	*name;
	const char	*distribution;
	const char	*eol;		/* last day of support, "2026-12-31"; NULL:
					   not known */
	bool		 is_eol;	/* support is over */
	bool		 is_newer;	/* newer than this host's own kernel */
	bool		 is_here;	/* fetched already */
};

struct ioc_remote_list;

/*
 * The releases of a distribution, oldest first: those that its mirror lists, or
 * those that are known where there is no list.  Of the options distribution,
 * mirror, ca_file, arch and source count; a source is needed where the mirror is
 * asked.  Ended by ioc_remote_list_free.  NETWORK, VERIFY; NOT_FOUND: no such
 * distribution, or one without a list of releases.
 */
IOC_API int ioc_remote_list(struct ioc_host *h,
    const struct ioc_fetch_options *o, struct ioc_remote_list **ret,
    struct ioc_error *err);
IOC_API size_t ioc_remote_count(const struct ioc_remote_list *l);
IOC_API const struct ioc_remote_info *ioc_remote_at(
    const struct ioc_remote_list *l, size_t i);
IOC_API void ioc_remote_list_free(struct ioc_remote_list *l);

/*
 * What is known without asking anybody: names of the i-th known distribution,
 * and of its releases; NULL at the end.
 */
IOC_API const char *ioc_distribution_name(size_t i);
IOC_API const char *ioc_distribution_release(const char *distribution,
    size_t i);

#ifdef __cplusplus
}
#endif

#endif /* IOC_RELEASE_H */
