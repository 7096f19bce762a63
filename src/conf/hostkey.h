/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of the keys of ioc.conf and their judges. */
#ifndef CONF_HOSTKEY_H
#define CONF_HOSTKEY_H

#include "base/error.h"

/* INVALID for an unknown key or a value that it cannot have. */
int	ioc_hostkey_check(const char *key, const char *value,
	    struct ioc_error *err);

/* Splits "FIRST-LAST" or "FIRST:COUNT"; INVALID. */
int	ioc_hostkey_range(const char *value, uint32_t *first, uint32_t *count,
	    struct ioc_error *err);

#endif /* CONF_HOSTKEY_H */
