/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage one of updating a jail that owns its root: obtained and verified on the
 * host, into staging.  What follows is core/jail_update.c, or that it is told, or
 * kept for later.
 */
#ifndef CORE_JAIL_OBTAIN_H
#define CORE_JAIL_OBTAIN_H

#include "core/kept.h"
#include "core/level.h"
#include "core/switch.h"

struct ioc_jail_update {
	struct ioc_switch sw;
	const struct ioc_dist *dist;
	struct ioc_level from;		/* what stage one looks at */
	struct ioc_level to;		/* the clone */
	struct ioc_os_root root;	/* of the jail, or of the clone */
	struct ioc_kept	 kept;		/* with the jail's directory */
	char		*release;
	char		 version[64];
	int		 updates_fd;
	int		 scratch_fd;
	unsigned	 applied;
	bool		 anew;		/* whatever is kept */
	bool		 was_kept;	/* they were not obtained now */
	ioc_update_fn	*fn;		/* of a list, with its argument */
	void		*arg;
};

#define	IOC_JAIL_UPDATE_INIT	{ .updates_fd = -1, .scratch_fd = -1,	\
	    .from = IOC_LEVEL, .to = IOC_LEVEL, .root = IOC_OS_ROOT,	\
	    .kept = { .place_fd = -1, .updates_fd = -1 } }

/* Judges a jail whose lock is held, after ioc_switch_init. */
int	ioc_jail_update_judge(struct ioc_jail_update *u, struct ioc_error *err);
void	ioc_jail_update_fini(struct ioc_jail_update *u);

/* Steps, of a struct ioc_jail_update. */
int	ioc_jail_update_journal(void *ctx, struct ioc_error *err);
int	ioc_jail_update_unjournal(void *ctx, struct ioc_error *err);
/* What was kept, or what there is now. */
int	ioc_jail_obtain(void *ctx, struct ioc_error *err);
int	ioc_jail_unobtain(void *ctx, struct ioc_error *err);

#define	IOC_JAIL_OBTAIN_STEPS						\
	{ "journal", ioc_jail_update_journal,				\
	    ioc_jail_update_unjournal },				\
	{ "obtain", ioc_jail_obtain, ioc_jail_unobtain }

/* A directory of that name in staging. */
int	ioc_jail_update_place(struct ioc_jail_update *u, const char *name,
	    int *ret, struct ioc_error *err);
/* Nothing of the jail or its clone stays open. */
void	ioc_jail_update_close(struct ioc_jail_update *u);

/*
 * For a start, which holds the lock: applies what is to be applied at it.  Where
 * that fails the jail is as it was, which is told; only CANCELED is a failure.
 */
int	ioc_jail_update_due(struct ioc_jail *j, struct ioc_error *err);

#endif /* CORE_JAIL_OBTAIN_H */
