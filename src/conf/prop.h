/* SPDX-License-Identifier: BSD-2-Clause */
/* The property table; its rows are described in ioc/config.h. */
#ifndef CONF_PROP_H
#define CONF_PROP_H

#include "ioc/config.h"

/* The bit of the system that this library was built for. */
extern const unsigned ioc_prop_this_system;

#endif /* CONF_PROP_H */
