/* SPDX-License-Identifier: BSD-2-Clause */
/* Selecting jails: names with wildcards and key=value terms. */
#ifndef IOC_FILTER_H
#define IOC_FILTER_H

#include "ioc/base.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ioc_filter;

/*
 * Parses terms, which must all match:
 *
 *	NAME[,NAME...]		[source/]name, with wildcards
 *	KEY=VALUE[,VALUE...]	a property, any of the values
 *
 * "*" stands for any characters, also none, "+" for one or more; every other
 * character stands for itself; "\" makes the next one literal (a comma, a
 * wildcard, a space, itself).  One term may hold several, separated by spaces.
 * Without a wildcard, words for yes, no and "no value" match each other's
 * spellings ("vnet=on" matches yes, "tags=" matches unset).
 * A list property matches when one of its elements does.
 * INVALID with the term that is wrong; NOT_FOUND for an unknown key.
 * Ended by ioc_filter_free.
 */
IOC_API int ioc_filter_parse(const char *const *terms, size_t n,
    struct ioc_filter **ret, struct ioc_error *err);
IOC_API void ioc_filter_free(struct ioc_filter *f);

#ifdef __cplusplus
}
#endif

#endif /* IOC_FILTER_H */
