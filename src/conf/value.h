/* SPDX-License-Identifier: BSD-2-Clause */
/* Typed values: judging, normal form, reading. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "ioc/config.h"

#define	IOC_VALUE_MAX	16384	/* bytes of a value */
#define	IOC_VALUE_ITEMS	1000	/* elements of a LIST */

/*
 * Judges by the row and gives the normal form; the message begins with the
 * property's name.  A word for "no value" becomes "-" where the type or the
 * built-in default allows none; free data (user.*) is kept as it is.
 */
int	ioc_value_normal(const struct ioc_prop *p, const char *name,
	    const char *value, char **ret, struct ioc_error *err);

/*
 * Elements of a LIST in normal form; "-" and "" have none.  "\," is a comma,
 * "\\" a backslash, any other backslash stands for itself; blanks around an
 * element and empty elements are dropped.
 */
int	ioc_value_list(const char *value, struct ioc_strv *ret,
	    struct ioc_error *err);
/* Appends an element to the text of a LIST; the buffer tells of failures. */
void	ioc_value_list_add(struct ioc_buf *list, const char *element);

/* ACTION=AMOUNT[/PER], AMOUNT or the legacy AMOUNT:ACTION. */
struct ioc_value_limit {
	char		action[16];	/* deny, log, devctl, throttle, sig */
	uint64_t	amount;
	char		per[16];	/* jail, process, user */
};
int	ioc_value_limit(const char *value, struct ioc_value_limit *ret,
	    struct ioc_error *err);

#endif /* CONF_VALUE_H */
