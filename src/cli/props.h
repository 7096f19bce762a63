/* SPDX-License-Identifier: BSD-2-Clause */
/* The words for what stands in the property table. */
#ifndef CLI_PROPS_H
#define CLI_PROPS_H

#include "ioc.h"

const char *prop_type_name(enum ioc_prop_type type);
const char *prop_scope_name(enum ioc_prop_scope scope);
const char *prop_systems_name(unsigned systems);
/* True when min and max mean something. */
bool	prop_has_range(const struct ioc_prop *p);

#endif /* CLI_PROPS_H */
