/* SPDX-License-Identifier: BSD-2-Clause */
/* libioc: secure compartments.  All of its headers. */
#ifndef IOC_H
#define IOC_H

#include "ioc/backup.h"
#include "ioc/base.h"
#include "ioc/config.h"
#include "ioc/event.h"
#include "ioc/filter.h"
#include "ioc/fstab.h"
#include "ioc/host.h"
#include "ioc/jail.h"
#include "ioc/release.h"
#include "ioc/snapshot.h"
#include "ioc/verify.h"

#endif /* IOC_H */
