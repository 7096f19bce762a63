/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of an upgrade of a jail share. */
#ifndef CORE_UPGRADE_H
#define CORE_UPGRADE_H

#include <sys/stat.h>

#include "base/buf.h"
#include "core/jail.h"
#include "core/level.h"
#include "core/switch.h"
#include "dist/upgrade.h"

/*
 * Conflicts that wait for the administrator, in "upgrade" beside the jail's
 * root, where nobody else can look:
 *
 *	state.json		from which release to which
 *	merge/PATH		the merge, with marks, to be edited
 *	merge/PATH.jail .release	or, where lines cannot be merged: one of the
 *				two is to be removed, what is left is taken
 *	jail/PATH release/PATH	of what it was made
 */
struct ioc_upgrade_kept {
	int		 place;		/* the jail's directory of ours */
	int		 dir;		/* "upgrade" in it, -1: there is none */
	char		*path;		/* of "merge", for people */
	const char	*from, *to;	/* releases */
};

#define	IOC_UPGRADE_KEPT	{ .place = -1, .dir = -1 }

/* Opens what there is; conflicts of an upgrade to another release go. */
int	ioc_upgrade_kept_open(struct ioc_upgrade_kept *k, struct ioc_jail *j,
	    struct ioc_error *err);
void	ioc_upgrade_kept_fini(struct ioc_upgrade_kept *k);
int	ioc_upgrade_kept_drop(struct ioc_upgrade_kept *k,
	    struct ioc_error *err);

/*
 * 1: it was resolved, and `out` has the text; 0: it is still waiting; NOT_FOUND:
 * nothing is kept of it, or one of the two was another file then.
 */
int	ioc_upgrade_kept_text(const struct ioc_upgrade_kept *k,
	    const char *path, int ours, int theirs, struct ioc_buf *out,
	    struct ioc_error *err);
int	ioc_upgrade_kept_put(struct ioc_upgrade_kept *k, const char *path,
	    int ours, int theirs, const struct ioc_buf *merged,
	    struct ioc_error *err);

/* The one that was chosen: 1 the jail's, 2 the release's; 0: none so far. */
int	ioc_upgrade_kept_choice(const struct ioc_upgrade_kept *k,
	    const char *path, struct ioc_error *err);
int	ioc_upgrade_kept_ask(struct ioc_upgrade_kept *k, const char *path,
	    struct ioc_error *err);

#define	IOC_UPGRADE_LEVELS	64	/* of the old release that are looked at */

/* The release that a jail was made from, and the one that it is to be of. */
struct ioc_upgrade_releases {
	struct ioc_jail	*jail;
	const struct ioc_dist *dist;	/* of both */
	char		*from, *to;	/* names */
	char		*old_vol, *new_vol;	/* levels */
	struct ioc_level old, new;
	int		 levels[IOC_UPGRADE_LEVELS];	/* roots, of the old one */
	size_t		 nlevels;
	struct ioc_lock	*locks[2];
};

#define	IOC_UPGRADE_RELEASES	{ .old = IOC_LEVEL, .new = IOC_LEVEL }

/*
 * Finds, judges and opens both, and keeps them from being changed.  STATE: it is of
 * that release already, or that is older; UNSUPPORTED: of another distribution or
 * processor.
 */
int	ioc_upgrade_releases_open(struct ioc_upgrade_releases *u,
	    const char *release, struct ioc_error *err);
/* What is open of them, before their root is exchanged or removed. */
void	ioc_upgrade_releases_close(struct ioc_upgrade_releases *u);
void	ioc_upgrade_releases_fini(struct ioc_upgrade_releases *u);

/* A root that becomes another release's. */
struct ioc_upgrade_tree {
	struct ioc_host	*host;
	const char	*who;
	const struct ioc_dist_upgrade *rules;
	int		 base;		/* root of the old release */
	int		 theirs;	/* of the new one */
	const int	*levels;	/* of all levels of the old one */
	size_t		 nlevels;
	int		 ours;		/* layer over the new one, or whole root */
	bool		 layer;
	uint32_t	 id_base;	/* owners of a layer are moved by it */
	const char *const *mounted;	/* where the new one's are mounted, or NULL */
	struct ioc_upgrade_kept *kept;
	ioc_upgrade_fn	*fn;		/* told of each conflict, or NULL */
	void		*arg;
	unsigned	 merged;	/* files that both sides have changed */
	unsigned	 conflicts;
	uint64_t	 done;		/* names looked at */
};

/* The directories of the system become those of the new release. */
int	ioc_upgrade_system(struct ioc_upgrade_tree *t, struct ioc_error *err);

/*
 * All else: what the jail has not changed becomes what the new release has; what
 * both have changed is merged in /etc, elsewhere it stays the jail's.
 */
int	ioc_upgrade_merge(struct ioc_upgrade_tree *t, struct ioc_error *err);

/* STATE naming a package that the new release would know nothing of. */
int	ioc_upgrade_packages(const struct ioc_upgrade_tree *t,
	    struct ioc_error *err);

/* Packages that the jail has beside its release's, as its distribution has them. */
struct ioc_upgrade_own {
	struct ioc_dist_own list;
	int		 updates_fd;
	char		*updates_path;
};

#define	IOC_UPGRADE_OWN	{ .updates_fd = -1 }

void	ioc_upgrade_own_fini(struct ioc_upgrade_own *o);
/* Before anything of the root is changed: which there are. */
int	ioc_upgrade_own_judge(struct ioc_upgrade_own *o,
	    const struct ioc_level *l, const struct ioc_upgrade_tree *t,
	    struct ioc_error *err);
/* Stage one, into a directory in staging. */
int	ioc_upgrade_own_obtain(struct ioc_upgrade_own *o, struct ioc_level *l,
	    struct ioc_switch *sw, const struct ioc_upgrade_tree *t,
	    struct ioc_error *err);
/* Stage two, in a temporary jail on l->vol. */
int	ioc_upgrade_own_install(struct ioc_upgrade_own *o, struct ioc_level *l,
	    struct ioc_switch *sw, const struct ioc_upgrade_tree *t,
	    struct ioc_error *err);

/* Does `path` beneath the layer hide what the release has there? */
int	ioc_upgrade_hides(const struct ioc_upgrade_tree *t, const char *path,
	    bool *ret, struct ioc_error *err);
/* A mark of an overlay that there is nothing. */
bool	ioc_upgrade_is_whiteout(const struct ioc_upgrade_tree *t,
	    const struct stat *st);
/* What stands there in the new release, put beneath the directory `to`. */
int	ioc_upgrade_copy(const struct ioc_upgrade_tree *t, int from,
	    const char *name, int to, struct ioc_error *err);

#endif /* CORE_UPGRADE_H */
