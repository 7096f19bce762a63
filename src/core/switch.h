/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second half of what changes a jail's root as a whole: a clone beside it
 * takes its place, and a snapshot that was taken before is the way back.
 *
 * Until the file "switch" stands in staging a failure, or recovery, leaves the
 * jail as it was; from then on recovery goes on to the end.
 */
#ifndef CORE_SWITCH_H
#define CORE_SWITCH_H

#include "core/create.h"

#define	IOC_JAIL_UPDATE	"jail-update"	/* the journal's name of one */

struct ioc_switch {
	struct ioc_jail	*jail;
	struct ioc_build build;		/* journal, staging, the jail's ids */
	const char	*event;		/* of its copies: "jail.update/copy" */
	char		*what;		/* of the journal: "JAIL SNAPSHOT" */
	const char	*snapshot;	/* in it */
	char		*staged;	/* volume of the clone */
	struct ioc_conf	*conf;		/* that the jail has then, or NULL */
	bool		 switched;
};

/* For a jail whose lock is held. */
void	ioc_switch_init(struct ioc_switch *w, struct ioc_jail *j,
	    const char *event);
void	ioc_switch_fini(struct ioc_switch *w);

/* The uid range that it has: it is stopped, and its layer belongs to that. */
int	ioc_switch_ids(struct ioc_switch *w, struct ioc_error *err);

/* Steps: the journal; a directory of ours in staging; the clone, `staged`. */
int	ioc_switch_journal(struct ioc_switch *w, struct ioc_error *err);
int	ioc_switch_place(struct ioc_switch *w, const char *name,
	    struct ioc_error *err);
int	ioc_switch_clone(struct ioc_switch *w, struct ioc_error *err);
/* The way back, and that there is none. */
int	ioc_switch_snapshot(struct ioc_switch *w, struct ioc_error *err);
int	ioc_switch_unsnapshot(struct ioc_switch *w, struct ioc_error *err);
/* Nothing of either root is open.  What fails here is finished, not undone. */
int	ioc_switch_exchange(struct ioc_switch *w, struct ioc_error *err);
/* When all is done: older ways back, journal and staging go. */
int	ioc_switch_finish(struct ioc_switch *w, bool switched,
	    struct ioc_error *err);

/*
 * One that did not end: finished when its new root was complete, else its
 * snapshot goes; then `staged` may be removed.  IOC_JOURNAL_LATER:
 * somebody is at work on it.
 */
int	ioc_switch_recover(struct ioc_source *s, const char *what,
	    const char *staged, struct ioc_error *err);

/* The newest snapshot that is a way back, to be freed; STATE: there is none. */
int	ioc_switch_way_back(struct ioc_jail *j, char **ret,
	    struct ioc_error *err);

#endif /* CORE_SWITCH_H */
