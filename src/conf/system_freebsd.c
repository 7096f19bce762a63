/* SPDX-License-Identifier: BSD-2-Clause */
/* What the property table has to know about FreeBSD. */
#include "conf/prop.h"

const unsigned ioc_prop_this_system = IOC_ON_FREEBSD;
/* MAXHOSTNAMELEN, with the NUL. */
const size_t ioc_prop_hostname_max = 255;

const char ioc_prop_exec_start[] = "/bin/sh /etc/rc";
const char ioc_prop_exec_stop[] = "/bin/sh /etc/rc.shutdown";
const char ioc_prop_domainname[] = "local";
const char ioc_prop_procfs[] = "no";
/* What a jail is to us: its name, its place, how long it lives. */
const char *const ioc_prop_own_params[] = { "command", "desc", "dying",
	"errmsg", "jid", "lastjid", "name", "parent", "path", "persist", NULL };
