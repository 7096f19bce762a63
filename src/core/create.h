/* SPDX-License-Identifier: BSD-2-Clause */
/* Building a jail's volume, under a staging name but for a quick clone. */
#ifndef CORE_CREATE_H
#define CORE_CREATE_H

#include "core/jail.h"
#include "safe/journal.h"

/*
 * A volume being built.  Everything about it that must go when its builder dies
 * is in the journal before it exists.
 */
struct ioc_build {
	struct ioc_host	*host;
	struct ioc_source *source;
	const char	*op;		/* "create", "run": also the journal's */
	const char	*name;		/* jail to be, "" for a nameless one */
	char		*origin;	/* "releases/R/pN", NULL: empty */
	struct ioc_jail	*from;		/* a jail instead of `origin`, borrowed */
	const char	*snapshot;	/* of it, or NULL */
	const struct ioc_change *props;	/* what is other than in `from` */
	size_t		 nprops;
	struct ioc_journal *sweep;	/* of what a clone leaves in `from` */
	bool		 thick;
	bool		 basejail;
	bool		 userns;
	bool		 volatile_;	/* not meant to survive: nothing is synced */
	bool		 at_once;	/* where the store can, as `here` */
	char		*staging;	/* ".staging/TOKEN" */
	const char	*token;		/* the last part of it */
	char		*here;		/* "jails/NAME": it is built there instead */
	uint32_t	 id_base;
	struct ioc_conf	*conf;		/* written as config.json unless NULL */
	struct ioc_journal *journal;
	bool		 remains;	/* something could not be undone */
};

/*
 * The steps that build it, for tables whose context begins with a struct
 * ioc_build: journal, ids, volume, config.  When the claim or the volume cannot
 * be taken back, the journal stays for recovery to do it.
 */
int	ioc_build_journal(void *build, struct ioc_error *err);
int	ioc_build_unjournal(void *build, struct ioc_error *err);
int	ioc_build_ids(void *build, struct ioc_error *err);
int	ioc_build_unids(void *build, struct ioc_error *err);
int	ioc_build_volume(void *build, struct ioc_error *err);
int	ioc_build_unvolume(void *build, struct ioc_error *err);
int	ioc_build_config(void *build, struct ioc_error *err);
/*
 * One rename to jails/NAME: it is there or it is not; what was built there is
 * from when it has its configuration.  Ends the journal.
 */
int	ioc_build_commit(void *build, struct ioc_error *err);

/*
 * The configuration that the jail `name` starts with.  EXISTS when there is a
 * jail of that name; NOT_FOUND, INVALID, STATE, UNSUPPORTED for a property.
 */
int	ioc_build_conf(struct ioc_build *b, const struct ioc_change *props,
	    size_t nprops, struct ioc_error *err);
/*
 * The same for a copy of a jail: its configuration `old`, with an identity of its
 * own, and `props` of the build.
 */
int	ioc_build_inherit(struct ioc_build *b, const struct ioc_conf *old,
	    struct ioc_error *err);
/* EXISTS when there is a jail of the name already. */
int	ioc_build_check_free(struct ioc_build *b, struct ioc_error *err);

/*
 * Is a jail of that name about to be, or has somebody died over it?  What has no
 * configuration then is nobody's yet.
 */
int	ioc_build_going_on(struct ioc_source *s, const char *name, bool *ret,
	    struct ioc_error *err);
/* Takes back what a build that died has left under the jail's own name. */
int	ioc_build_recover(struct ioc_source *s, const char *name,
	    const char *token, struct ioc_error *err);

/* An entry in the journal of a source; see core/recover.h.  *token is its name. */
int	ioc_source_journal(struct ioc_source *s, const char *op,
	    const char *what, int flags, char **token,
	    struct ioc_journal **ret, struct ioc_error *err);

/* What a jail is called when nobody cares, to be freed. */
int	ioc_build_made_up(char **ret, struct ioc_error *err);

void	ioc_build_fini(struct ioc_build *b);
#define	auto_build	IOC_AUTO(ioc_build_fini)

/* The steps of a clone, told as those of `op`; the context is the build. */
int	ioc_clone_run(struct ioc_build *b, const char *op, bool template,
	    struct ioc_jail **ret, struct ioc_error *err);

/*
 * "releases/R/pN" of a release name ("[source/]R"), and its source; *source
 * may be given to choose.
 */
int	ioc_build_origin(struct ioc_host *h, const char *source,
	    const char *release, struct ioc_build *b, struct ioc_error *err);

#endif /* CORE_CREATE_H */
