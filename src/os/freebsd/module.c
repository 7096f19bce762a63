/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel modules: loaded before what needs them, never unloaded. */
#include "os/freebsd/freebsd.h"

#include <sys/linker.h>
#include <sys/module.h>

#include <errno.h>
#include <stdio.h>

static bool
is_there(const char *fs, const char *module)
{
	struct xvfsconf vfc;

	if (fs != NULL && getvfsbyname(fs, &vfc) == 0)
		return (true);
	return (module != NULL && modfind(module) >= 0);
}

int
ioc_fb_module_need(const char *fs, const char *module, struct ioc_error *err)
{
	if (is_there(fs, module))
		return (0);
	if (kldload(module) >= 0 || errno == EEXIST)
		return (0);
	if (errno == ENOENT)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "the kernel module %s is missing", module));
	return (ioc_fail_errno(err, "load the kernel module %s (or put "
	    "%s_load=\"YES\" into /boot/loader.conf)", module, module));
}

bool
ioc_fb_module_has(const char *fs, const char *module)
{
	static const char *const places[] = { "/boot/kernel", "/boot/modules" };
	char path[128];

	if (is_there(fs, module))
		return (true);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s.ko", places[i],
		    module);
		if (access(path, R_OK) == 0)
			return (true);
	}
	return (false);
}
