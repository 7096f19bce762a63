/* SPDX-License-Identifier: BSD-2-Clause */
/* Resource limits: rctl(4) rules for the name of the jail. */
#include "os/freebsd/freebsd.h"

#include <sys/rctl.h>
#include <sys/sysctl.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/quote.h"

#define	RULE_MAX	2048

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

/* "jail:NAME", and of a limit also ":RESOURCE:ACTION=AMOUNT/PER". */
static int
make_rule(struct ioc_buf *b, const char *name, const struct ioc_os_limit *l,
    struct ioc_error *err)
{
	int rc;

	(void)ioc_buf_adds(b, "jail:");
	if ((rc = ioc_quote_rctl(b, name, err)) != 0 || l == NULL)
		return (rc != 0 ? rc : ioc_buf_check(b, err));
	(void)ioc_buf_addc(b, ':');
	if ((rc = ioc_quote_rctl(b, l->name, err)) != 0)
		return (rc);
	(void)ioc_buf_addc(b, ':');
	if ((rc = ioc_quote_rctl(b, l->action, err)) != 0)
		return (rc);
	(void)ioc_buf_addf(b, "=%" PRIu64, l->amount);
	if (l->per != NULL) {
		(void)ioc_buf_addc(b, '/');
		if ((rc = ioc_quote_rctl(b, l->per, err)) != 0)
			return (rc);
	}
	return (ioc_buf_check(b, err));
}

static int
add_rule(const char *name, const struct ioc_os_limit *l,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf rule = IOC_BUF(RULE_MAX);
	char none[1];
	int rc = make_rule(&rule, name, l, err);

	if (rc != 0)
		return (ioc_wrap(err, rc, "limit %s", l->name));
	if (rctl_add_rule(rule.data, rule.len + 1, none, 0) == 0)
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
	auto_buf struct ioc_buf rule = IOC_BUF(RULE_MAX);
	char none[1];
	int rc;

	/* The rules outlive the jail; "jail:" alone would be those of all. */
	rc = make_rule(&rule, name, NULL, err);
	if (rc == 0 && rctl_remove_rule(rule.data, rule.len + 1, none, 0) != 0 &&
	    errno != ESRCH && errno != ENOSYS && errno != EPERM)
		rc = ioc_fail_errno(err, "no rules");
	return (ioc_wrap(err, rc, "limits of jail %s", name));
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
