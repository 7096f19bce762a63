/* SPDX-License-Identifier: BSD-2-Clause */
/* The capabilities that the root of a jail keeps: one table, with reasons. */
#include "os/linux/linux.h"

#include <sys/prctl.h>

#include <errno.h>
#include <linux/capability.h>
#include <string.h>

static const struct {
	int		 cap;
	const char	*param;	/* NULL: always; else kept when it is true */
	const char	*reason;
} kept[] = {
	{ CAP_CHOWN, NULL, "packages give files to their users" },
	{ CAP_DAC_OVERRIDE, NULL, "root reads and writes every file it owns" },
	{ CAP_FOWNER, NULL, "packages set modes of others' files" },
	{ CAP_FSETID, NULL, "set-id bits survive a write by root" },
	{ CAP_KILL, NULL, "root stops services of other users" },
	{ CAP_SETGID, NULL, "services and login change their group" },
	{ CAP_SETUID, NULL, "services and login change their user" },
	{ CAP_SETPCAP, NULL, "services give up capabilities" },
	{ CAP_NET_BIND_SERVICE, NULL, "servers listen on ports below 1024" },
	{ CAP_SYS_CHROOT, NULL, "services confine themselves" },
	{ CAP_SETFCAP, NULL, "packages mark files with capabilities" },
	{ CAP_AUDIT_WRITE, NULL, "login and sudo report to the audit log" },
	{ CAP_NET_RAW, "allow.raw_sockets", "ping, on the jail's own stack" },
};

/* Parameters that a jail on Linux has in the "no" that is their default. */
static int
check_param(const struct ioc_os_param *p, bool *on, struct ioc_error *err)
{
	*on = false;
	if (!ioc_str_starts(p->name, "allow."))
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "parameter %s exists on FreeBSD only", IOC_SHOW(p->name)));
	if (ioc_str_to_bool(p->value, on, NULL) != 0)
		return (ioc_fail(err, IOC_INVALID, "parameter %s: %s is "
		    "neither yes nor no", IOC_SHOW(p->name),
		    IOC_SHOW(p->value)));
	if (*on && strcmp(p->name, "allow.raw_sockets") != 0)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "parameter %s cannot be allowed on Linux",
		    IOC_SHOW(p->name)));
	return (0);
}

int
ioc_lx_caps_mask(const struct ioc_os_param *p, size_t n, uint64_t *ret,
    struct ioc_error *err)
{
	uint64_t mask = 0;
	bool on;
	int rc;

	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		if (kept[i].param == NULL)
			mask |= UINT64_C(1) << kept[i].cap;
	for (size_t k = 0; k < n; k++) {
		rc = check_param(&p[k], &on, err);
		if (rc != 0)
			return (rc);
		for (size_t i = 0; i < sizeof(kept) / sizeof(*kept) && on; i++)
			if (kept[i].param != NULL &&
			    strcmp(kept[i].param, p[k].name) == 0)
				mask |= UINT64_C(1) << kept[i].cap;
	}
	*ret = mask;
	return (0);
}

int
ioc_lx_caps_bound(uint64_t mask, struct ioc_error *err)
{
	/* Up to what the kernel knows, which may be more than our headers. */
	for (int cap = 0; cap < 64; cap++) {
		if ((mask >> cap & 1) != 0)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0) {
			if (errno == EINVAL && cap > CAP_LAST_CAP)
				break;
			return (ioc_fail_errno(err, "drop capability %d", cap));
		}
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
		return (ioc_fail_errno(err, "clear ambient capabilities"));
	return (0);
}

int
ioc_lx_caps_set(uint64_t mask, struct ioc_error *err)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct d[2] = {
		{ .effective = (uint32_t)mask, .permitted = (uint32_t)mask },
		{ .effective = (uint32_t)(mask >> 32),
		    .permitted = (uint32_t)(mask >> 32) },
	};

	if (syscall(SYS_capset, &h, d) != 0)
		return (ioc_fail_errno(err, "set capabilities"));
	return (0);
}
