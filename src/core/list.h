/* SPDX-License-Identifier: BSD-2-Clause */
/* What is in a list of jails. */
#ifndef CORE_LIST_H
#define CORE_LIST_H

#include "base/vec.h"
#include "core/jail.h"

struct ioc_jail_list {
	IOC_VEC(struct ioc_jail *) jails;	/* its own */
};

#endif /* CORE_LIST_H */
