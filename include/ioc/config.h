/* SPDX-License-Identifier: BSD-2-Clause */
/* Properties: what they are, and reading and changing them. */
#ifndef IOC_CONFIG_H
#define IOC_CONFIG_H

#include "ioc/base.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ioc_host;
struct ioc_jail;

enum ioc_prop_type {
	IOC_PROP_STRING,
	IOC_PROP_BOOL,		/* yes, no */
	IOC_PROP_INT,
	IOC_PROP_SIZE,		/* bytes, with suffix K M G T P */
	IOC_PROP_LIST,		/* comma separated, "\," is a comma */
	IOC_PROP_LIMIT,		/* AMOUNT or ACTION=AMOUNT[/PER] */
	IOC_PROP_CHOICE,	/* one of the words in `choices` */
};

enum ioc_prop_scope {
	IOC_SCOPE_TENANT,	/* can neither run code on the host nor widen the jail */
	IOC_SCOPE_ADMIN,	/* for the administrator of the host alone */
	IOC_SCOPE_FIXED,	/* may be given at creation, read-only afterwards */
	IOC_SCOPE_INTERNAL,	/* set by ioc itself, read-only */
};

enum ioc_prop_system {
	IOC_ON_LINUX = 1 << 0,
	IOC_ON_FREEBSD = 1 << 1,
	IOC_ON_ALL = IOC_ON_LINUX | IOC_ON_FREEBSD,
};

/* One row of the property table. */
struct ioc_prop {
	const char	*name;
	enum ioc_prop_type type;
	const char	*fallback;	/* built-in default, "-" for none */
	enum ioc_prop_scope scope;
	unsigned	 systems;	/* enum ioc_prop_system */
	const char	*param;		/* jail(8) parameter it feeds, or NULL */
	const char *const *choices;	/* CHOICE: NULL-terminated; else NULL */
	int64_t		 min, max;	/* INT and SIZE */
	const char	*help;		/* one line */
	/* A further judge of a value; may be NULL. */
	int		(*check)(const char *value, struct ioc_error *err);
};

/* The whole table, sorted by name; *n rows. */
IOC_API const struct ioc_prop *ioc_prop_table(size_t *n);

/*
 * The row of a name, NULL when it is not a property; names that begin with
 * "user." all share the row "user.*", those with "jail." the row "jail.*".
 */
IOC_API const struct ioc_prop *ioc_prop_find(const char *name);

/*
 * Judges a value and gives its normal form ("on" becomes "yes"), to be freed by
 * the caller.  NOT_FOUND for an unknown property, INVALID for a bad value,
 * UNSUPPORTED for a property of another system.
 */
IOC_API int ioc_prop_check(const char *name, const char *value, char **ret,
    struct ioc_error *err);

/*
 * The effective value of a property: of the jail, of the user's defaults, of
 * the distribution, or built in; "-" when there is none.  Also the computed
 * ones that `list` can show ("state", "jid", "release", "used").  The caller
 * frees.  NOT_FOUND for an unknown name.
 */
IOC_API int ioc_jail_get(struct ioc_jail *j, const char *name, char **ret,
    struct ioc_error *err);

/* True when the jail itself, not a default, sets the property. */
IOC_API bool ioc_jail_is_set(struct ioc_jail *j, const char *name);

/* One change: value NULL resets the property to its default. */
struct ioc_change {
	const char	*name;
	const char	*value;
};

/*
 * Applies all changes or none: judged whole before anything is written, then
 * one atomic replacement of the configuration.  Needs write access to it and
 * takes the jail's lock.  *changed (may be NULL) is the number of properties
 * whose value is another one now.  NOT_FOUND, INVALID, STATE (FIXED), BUSY.
 */
IOC_API int ioc_jail_set(struct ioc_jail *j, const struct ioc_change *changes,
    size_t n, unsigned *changed, struct ioc_error *err);

/* The same for the defaults of the main source. */
IOC_API int ioc_defaults_get(struct ioc_host *h, const char *name, char **ret,
    struct ioc_error *err);
IOC_API int ioc_defaults_set(struct ioc_host *h,
    const struct ioc_change *changes, size_t n, unsigned *changed,
    struct ioc_error *err);

#ifdef __cplusplus
}
#endif

#endif /* IOC_CONFIG_H */
