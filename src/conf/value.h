/* SPDX-License-Identifier: BSD-2-Clause */
/* Typed values: judging, normal form, reading. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "base/error.h"
#include "base/strv.h"
#include "ioc/config.h"

/* Judges by the row and gives the normal form; the message begins with the
   property's name. */
int	ioc_value_normal(const struct ioc_prop *p, const char *name,
	    const char *value, char **ret, struct ioc_error *err);

/* Elements of a LIST in normal form; "-" and "" have none. */
int	ioc_value_list(const char *value, struct ioc_strv *ret,
	    struct ioc_error *err);

/* ACTION=AMOUNT[/PER], AMOUNT or the legacy AMOUNT:ACTION. */
struct ioc_value_limit {
	char		action[16];	/* deny, log, devctl, throttle, sig... */
	uint64_t	amount;
	char		per[16];	/* jail, process, user */
};
int	ioc_value_limit(const char *value, struct ioc_value_limit *ret,
	    struct ioc_error *err);

#endif /* CONF_VALUE_H */
