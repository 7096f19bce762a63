/* SPDX-License-Identifier: BSD-2-Clause */
/* A jail as core sees it. */
#ifndef CORE_JAIL_H
#define CORE_JAIL_H

#include "conf/file.h"
#include "core/host.h"
#include "ioc/jail.h"

struct ioc_jail {
	struct ioc_host	*host;
	struct ioc_source *source;
	char		*name;
	char		*vol;		/* "jails/NAME" */
	struct ioc_conf	*conf;		/* NULL until loaded */
	int		 conf_code;	/* why it cannot be loaded, or 0 */
	bool		 unmade;	/* it is being created */
	const struct ioc_change *once;	/* overrides for one run, borrowed */
	size_t		 nonce;
	bool		 known;		/* state and id come from a listing */
	enum ioc_os_jail_state state;
	int64_t		 id;
};

IOC_DEFINE_AUTO(struct ioc_jail, ioc_jail_close);
IOC_DEFINE_AUTO(struct ioc_jail_list, ioc_jail_list_free);

/* A jail object for a name that was found, or is being made. */
int	ioc_jail_new(struct ioc_source *s, const char *name,
	    struct ioc_jail **ret, struct ioc_error *err);

/*
 * The configuration of a volume of a source, in whatever form it is there, read as
 * it was meant; NOT_FOUND.
 */
int	ioc_source_load(struct ioc_source *s, const char *vol,
	    struct ioc_conf **ret, struct ioc_error *err);

/* Warns of what libioc or iocage would have done for it and this does not. */
void	ioc_jail_warn_unmet(struct ioc_jail *j, const char *event);

/* Its configuration, loaded once; FORMAT when it is damaged. */
int	ioc_jail_conf(struct ioc_jail *j, struct ioc_conf **ret,
	    struct ioc_error *err);

/*
 * The effective value of a property, "-" for none; it belongs to the jail and
 * is valid until the next change.
 */
int	ioc_jail_value(struct ioc_jail *j, const char *name, const char **ret,
	    struct ioc_error *err);
int	ioc_jail_value_bool(struct ioc_jail *j, const char *name, bool *ret,
	    struct ioc_error *err);
int	ioc_jail_value_int(struct ioc_jail *j, const char *name, int64_t *ret,
	    struct ioc_error *err);

/* Names with that prefix that it, this run or the defaults set. */
int	ioc_jail_names(struct ioc_jail *j, const char *prefix,
	    struct ioc_strv *ret, struct ioc_error *err);

/* SOURCE-NAME with "." as "*": what the kernel and the run directory know. */
int	ioc_jail_kernel_name(const struct ioc_source *s, const char *name,
	    char **ret, struct ioc_error *err);

/* The lock that every change of a jail holds, also of one that comes. */
int	ioc_jail_lock(struct ioc_jail *j, const char *verb,
	    struct ioc_lock **ret, struct ioc_error *err);
/* For recovery: IOC_JOURNAL_LATER while somebody has it. */
int	ioc_jail_lock_free(struct ioc_jail *j, struct ioc_lock **ret,
	    struct ioc_error *err);
/*
 * The same for one that is there: what was read of it before is forgotten, for
 * meanwhile it may have become another one.  NOT_FOUND when it is gone.
 */
int	ioc_jail_hold(struct ioc_jail *j, const char *verb,
	    struct ioc_lock **ret, struct ioc_error *err);

/* With its lock held: stops it, STATE when it does not run. */
int	ioc_jail_stop_held(struct ioc_jail *j, bool force,
	    struct ioc_error *err);
/*
 * With its lock held: nothing of it runs after that.  What a dead process has
 * left of it is ended, and with `stop` what runs; else that is STATE.
 */
int	ioc_jail_quiet(struct ioc_jail *j, bool stop, struct ioc_error *err);

/*
 * Judges changes by the property table and writes their normal form to conf;
 * `creating` allows those that are fixed afterwards.
 */
int	ioc_changes_apply(struct ioc_conf *conf,
	    const struct ioc_change *changes, size_t n, bool creating,
	    unsigned *changed, struct ioc_error *err);

#endif /* CORE_JAIL_H */
