/* SPDX-License-Identifier: BSD-2-Clause */
/* Resource limits: rctl(4) rules for the name of the jail. */
#include "os/freebsd/freebsd.h"

#include <sys/rctl.h>
#include <sys/sysctl.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define	RULE_MAX	512

int
ioc_fb_limit_can(struct ioc_error *err)
{
	bool on = false;
	size_t len = sizeof(on);

	if (sysctlbyname("kern.racct.enable", &on, &len, NULL, 0) != 0)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "the kernel was built without options RACCT and RCTL"));
	if (!on)
		return (ioc_fail(err, IOC_UNSUPPORTED, "limits are off: put "
		    "kern.racct.enable=1 into /boot/loader.conf and boot"));
	return (0);
}

static int
add_rule(const char *name, const struct ioc_os_limit *l,
    struct ioc_error *err)
{
	char rule[RULE_MAX], none[1];

	(void)snprintf(rule, sizeof(rule), "jail:%s:%s:%s=%" PRIu64 "%s%s",
	    name, l->name, l->action, l->amount, l->per != NULL ? "/" : "",
	    l->per != NULL ? l->per : "");
	if (rctl_add_rule(rule, strlen(rule) + 1, none, 0) == 0)
		return (0);
	if (errno == EOPNOTSUPP || errno == EINVAL)
		return (ioc_fail(err, IOC_UNSUPPORTED, "limit %s: the kernel "
		    "refuses %s=%" PRIu64 "%s%s", l->name, l->action,
		    l->amount, l->per != NULL ? "/" : "",
		    l->per != NULL ? l->per : ""));
	return (ioc_fail_errno(err, "limit %s", l->name));
}

int
ioc_fb_limit_remove(const char *name, struct ioc_error *err)
{
	char rule[RULE_MAX], none[1];

	/* The rules outlive the jail. */
	(void)snprintf(rule, sizeof(rule), "jail:%s", name);
	if (rctl_remove_rule(rule, strlen(rule) + 1, none, 0) != 0 &&
	    errno != ESRCH && errno != ENOSYS && errno != EPERM)
		return (ioc_fail_errno(err, "limits of jail %s", name));
	return (0);
}

int
ioc_os_jail_limit(struct ioc_os_jail *j, const struct ioc_os_limit *limits,
    size_t n, struct ioc_error *err)
{
	int rc;

	if (n == 0)
		return (0);
	/* Those of a start that died would add to these. */
	if ((rc = ioc_fb_limit_can(err)) != 0 ||
	    (rc = ioc_fb_limit_remove(j->r.name, err)) != 0)
		return (rc);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add_rule(j->r.name, &limits[i], err);
	if (rc != 0)
		(void)ioc_fb_limit_remove(j->r.name, NULL);
	return (rc);
}

int
ioc_os_jail_unlimit(struct ioc_os_jail *j, struct ioc_error *err)
{
	return (ioc_fb_limit_remove(j->r.name, err));
}
