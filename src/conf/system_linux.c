/* SPDX-License-Identifier: BSD-2-Clause */
/* What the property table has to know about Linux. */
#include "conf/prop.h"

const unsigned ioc_prop_this_system = IOC_ON_LINUX;
/* uts_namespace(7) has 65, with the NUL. */
const size_t ioc_prop_hostname_max = 64;

/* Its own init only: a distribution's rc needs more than a jail gives it. */
const char ioc_prop_exec_start[] = "-";
const char ioc_prop_exec_stop[] = "-";
/* This would be the NIS domain. */
const char ioc_prop_domainname[] = "-";
/* Little works without it, and it shows the jail's own processes only. */
const char ioc_prop_procfs[] = "yes";
const char *const ioc_prop_own_params[] = { NULL };
