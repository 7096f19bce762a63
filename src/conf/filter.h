/* SPDX-License-Identifier: BSD-2-Clause */
/* Matching of selectors; the grammar stands in ioc/filter.h. */
#ifndef CONF_FILTER_H
#define CONF_FILTER_H

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strv.h"
#include "ioc/filter.h"

IOC_DEFINE_AUTO(struct ioc_filter, ioc_filter_free);

/*
 * The terms about name and source alone, so that a configuration need not be
 * loaded for a jail whose name does not match.
 */
bool	ioc_filter_match_name(const struct ioc_filter *f, const char *source,
	    const char *name);

/*
 * All terms.  `get` gives the effective text of a property ("-" for none), to
 * be freed by the matcher; it is not asked for name and source.  `key` is the
 * name in the table, user.NAME, or that of a computed value.
 */
typedef int ioc_filter_get(const char *key, char **ret, void *arg,
	    struct ioc_error *err);
int	ioc_filter_match(const struct ioc_filter *f, const char *source,
	    const char *name, ioc_filter_get *get, void *arg, bool *ret,
	    struct ioc_error *err);

/* True when the filter is one plain name: no wildcard, no list, no key. */
bool	ioc_filter_is_name(const struct ioc_filter *f);
/*
 * True when only jails of certain names can match, which are added: a term is of
 * names without wildcards.
 */
bool	ioc_filter_names(const struct ioc_filter *f, struct ioc_strv *ret);
/* True when a term names this key. */
bool	ioc_filter_has_key(const struct ioc_filter *f, const char *key);

#endif /* CONF_FILTER_H */
