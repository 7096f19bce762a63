/* SPDX-License-Identifier: BSD-2-Clause */
/* The property table; its rows are described in ioc/config.h. */
#ifndef CONF_PROP_H
#define CONF_PROP_H

#include <stddef.h>

#include "ioc/config.h"

/* The bit of the system that this library was built for. */
extern const unsigned ioc_prop_this_system;

/* Bytes of a host or domain name that the kernel takes. */
extern const size_t ioc_prop_hostname_max;

/* Built-in defaults that differ between the systems (conf/system_*.c). */
extern const char ioc_prop_exec_start[];
extern const char ioc_prop_exec_stop[];
extern const char ioc_prop_domainname[];
extern const char ioc_prop_procfs[];
/* Parameters of the kernel's jails that are not the administrator's to set. */
extern const char *const ioc_prop_own_params[];

/* "jail.allow.nfsd" is the kernel's parameter allow.nfsd. */
#define	IOC_PROP_PARAM	"jail."

/*
 * Values that are never stored but computed for a jail: name, state, jid ...
 * The rows have no default; sorted by name, *n of them.
 */
const struct ioc_prop *ioc_prop_computed_table(size_t *n);
/* The row of a name; id and uuid are older words for the name of the jail. */
const struct ioc_prop *ioc_prop_computed(const char *name);

#endif /* CONF_PROP_H */
