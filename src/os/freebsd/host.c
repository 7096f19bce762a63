/* SPDX-License-Identifier: BSD-2-Clause */
/* What this host is and can do. */
#include "os/freebsd/freebsd.h"

#include <sys/sysctl.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <kenv.h>
#include <stdio.h>
#include <string.h>

#define	BOOT_ID		"ioc.boot_id"	/* in the kernel's environment */

/* A number that differs after each boot: kept where only a boot forgets it. */
static void
read_boot_id(struct ioc_os *os)
{
	char *out = os->facts.boot_id;
	unsigned char random[16];
	char hex[2 * sizeof(random) + 1];

	for (int tries = 0; tries < 2; tries++) {
		if (kenv(KENV_GET, BOOT_ID, out,
		    sizeof(os->facts.boot_id)) > 0)
			return;
		ioc_random(random, sizeof(random));
		for (size_t i = 0; i < sizeof(random); i++)
			(void)snprintf(hex + 2 * i, 3, "%02x", random[i]);
		if (kenv(KENV_SET, BOOT_ID, hex, (int)sizeof(hex)) != 0)
			break;
	}
	(void)strlcpy(out, "unknown", sizeof(os->facts.boot_id));
}

static int
fill_facts(struct ioc_os *os, struct ioc_error *err)
{
	struct ioc_os_facts *f = &os->facts;
	size_t len = sizeof(f->release);
	bool hardened;

	/* Not by uname(3), which believes the environment. */
	if (sysctlbyname("kern.osrelease", f->release, &len, NULL, 0) != 0)
		return (ioc_fail_errno(err, "sysctl kern.osrelease"));
	len = sizeof(f->arch);
	if (sysctlbyname("hw.machine", f->arch, &len, NULL, 0) != 0)
		return (ioc_fail_errno(err, "sysctl hw.machine"));
	hardened = sysctlbyname("hardening.version", NULL, &len, NULL, 0) == 0;
	(void)strlcpy(f->system, hardened ? "HardenedBSD" : "FreeBSD",
	    sizeof(f->system));
	(void)strlcpy(f->distribution, hardened ? "hardenedbsd" : "freebsd",
	    sizeof(f->distribution));
	read_boot_id(os);
	return (0);
}

int
ioc_os_open(const struct ioc_os_options *o, struct ioc_os **ret,
    struct ioc_error *err)
{
	struct ioc_os *os = calloc(1, sizeof(*os));
	struct stat st;
	int rc;

	if (os == NULL)
		return (ioc_fail_nomem(err));
	os->run_fd = -1;
	if (o->run_fd >= 0) {
		os->run_fd = fcntl(o->run_fd, F_DUPFD_CLOEXEC, 3);
		if (os->run_fd < 0 || fstat(os->run_fd, &st) != 0) {
			rc = ioc_fail_errno(err, "run directory");
			ioc_os_close(os);
			return (rc);
		}
		(void)snprintf(os->run_id, sizeof(os->run_id),
		    "%" PRIxMAX ".%" PRIxMAX, (uintmax_t)st.st_dev,
		    (uintmax_t)st.st_ino);
	}
	if ((rc = fill_facts(os, err)) != 0) {
		ioc_os_close(os);
		return (rc);
	}
	*ret = os;
	return (0);
}

void
ioc_os_close(struct ioc_os *os)
{
	if (os == NULL)
		return;
	ioc_fd_close(&os->run_fd);
	free(os);
}

const struct ioc_os_facts *
ioc_os_facts(const struct ioc_os *os)
{
	return (&os->facts);
}

/* True for a sysctl that is there and not 0. */
static bool
is_set(const char *name)
{
	int v = 0;
	size_t len = sizeof(v);

	return (sysctlbyname(name, &v, &len, NULL, 0) == 0 && v != 0);
}

static int
can_zfs(struct ioc_error *err)
{
	if (access("/sbin/zfs", X_OK) != 0)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "the program /sbin/zfs is not installed"));
	if (!ioc_fb_module_has("zfs", "zfs"))
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "the kernel module zfs is missing"));
	return (0);
}

int
ioc_os_can(struct ioc_os *os, enum ioc_os_feature f, struct ioc_error *err)
{
	switch (f) {
	case IOC_CAN_JAIL:
		if (!is_set("security.jail.jailed"))
			return (0);
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "this system is itself a jail"));
	case IOC_CAN_NULLFS:
		if (ioc_fb_module_has("nullfs", "nullfs"))
			return (0);
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "the kernel module nullfs is missing"));
	case IOC_CAN_VNET:
		if (is_set("kern.features.vimage"))
			return (0);
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "the kernel was built without options VIMAGE"));
	case IOC_CAN_LIMITS:
		return (ioc_fb_limit_can(err));
	case IOC_CAN_CAPSICUM:
		if (is_set("kern.features.security_capability_mode"))
			return (0);
		return (ioc_fail(err, IOC_UNSUPPORTED, "the kernel was built "
		    "without options CAPABILITY_MODE"));
	case IOC_CAN_ZFS:
		return (can_zfs(err));
	case IOC_CAN_SHARE:
		if (ioc_fb_release_has_share(os->facts.release))
			return (0);
		return (ioc_fail(err, IOC_UNSUPPORTED, "a directory that a jail "
		    "passes another leads out of it, unless the kernel has "
		    "FreeBSD-SA-26:66.jail mended, which %s does not tell",
		    os->facts.release));
	case IOC_CAN_IDMAP:
	case IOC_CAN_OVERLAY:
	case IOC_CAN_LANDLOCK:
	case IOC_CAN_SECCOMP:
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "exists on Linux only"));
	case IOC_CAN_MAX:
		break;
	}
	return (ioc_fail(err, IOC_INVALID, "no such feature"));
}
