/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What acts on a jail that was found: by its descriptor where the kernel has
 * jail descriptors whose references it counts right, else by its jid.
 *
 * Jail descriptors came with 15.0; closing one could free a jail in use until
 * 15.0-RELEASE-p11 and 15.1-RELEASE-p1 (FreeBSD-SA-26:38.jail).
 */
#include "os/freebsd/freebsd.h"

#include <sys/jail.h>
#include <sys/syscall.h>
#include <sys/sysctl.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Of jail(2) in 15.0, for builds with older headers. */
#ifndef JAIL_GET_DESC
#define	JAIL_GET_DESC		0x40
#endif
#ifndef SYS_jail_attach_jd
#define	SYS_jail_attach_jd	597
#define	SYS_jail_remove_jd	598
#endif

int
ioc_fb_find(const struct ioc_os *os, const char *name, struct fb_found *ret,
    struct ioc_error *err)
{
	bool desc = ioc_fb_release_has_desc(os->facts.release);
	struct fb_params p;
	int jid;

	*ret = (struct fb_found){ .desc = -1 };
	ioc_fb_params_init(&p);
	ioc_fb_param_text(&p, "name", name);
	ioc_fb_param_raw(&p, "path", ret->path, sizeof(ret->path));
	if (desc)
		ioc_fb_param_raw(&p, "desc", &ret->desc, sizeof(ret->desc));
	jid = jail_get(p.v, p.n, desc ? JAIL_GET_DESC : 0);
	if (jid <= 0 && errno == ENOENT)
		return (0);
	if (jid <= 0)
		return (ioc_fail_errno(err, "jail %s", name));
	ret->jid = jid;
	if (ret->desc >= 0 && fcntl(ret->desc, F_SETFD, FD_CLOEXEC) != 0) {
		ioc_fb_found_fini(ret);
		return (ioc_fail_errno(err, "jail %s", name));
	}
	return (0);
}

void
ioc_fb_found_fini(struct fb_found *f)
{
	ioc_fd_close(&f->desc);
}

int
ioc_fb_found_attach(const struct fb_found *f)
{
	return (f->desc >= 0 ? syscall(SYS_jail_attach_jd, f->desc) :
	    jail_attach(f->jid));
}

int
ioc_fb_found_remove(const struct fb_found *f)
{
	return (f->desc >= 0 ? syscall(SYS_jail_remove_jd, f->desc) :
	    jail_remove(f->jid));
}
