/* SPDX-License-Identifier: BSD-2-Clause */
/* Every program of the host that libioc may run, by absolute path. */
#ifndef SAFE_TOOLS_H
#define SAFE_TOOLS_H

/* Candidates in order; see ioc_proc_find(). */
#define	IOC_TOOL_DEBOOTSTRAP	((const char *const[]){ "/usr/sbin/debootstrap", NULL })
#define	IOC_TOOL_APT_GET	((const char *const[]){ "/usr/bin/apt-get", NULL })
#define	IOC_TOOL_APT_CACHE	((const char *const[]){ "/usr/bin/apt-cache", NULL })
#define	IOC_TOOL_FREEBSD_UPDATE	((const char *const[]){ "/usr/sbin/freebsd-update", NULL })
#define	IOC_TOOL_HBSD_UPDATE	((const char *const[]){ "/usr/sbin/hbsd-update", NULL })
#define	IOC_TOOL_PKG		((const char *const[]){ "/usr/local/sbin/pkg-static", NULL })
#define	IOC_TOOL_PWD_MKDB	((const char *const[]){ "/usr/sbin/pwd_mkdb", NULL })
#define	IOC_TOOL_GPGV		((const char *const[]){ "/usr/bin/gpgv", NULL })
#define	IOC_TOOL_WGET		((const char *const[]){ "/usr/bin/wget", NULL })
#define	IOC_TOOL_DPKG		((const char *const[]){ "/usr/bin/dpkg", NULL })
#define	IOC_TOOL_SSH_KEYGEN	((const char *const[]){ "/usr/bin/ssh-keygen", "/usr/local/bin/ssh-keygen", NULL })
#define	IOC_TOOL_ZFS		((const char *const[]){ "/sbin/zfs", "/usr/sbin/zfs", NULL })
#define	IOC_TOOL_ZPOOL		((const char *const[]){ "/sbin/zpool", "/usr/sbin/zpool", NULL })

#endif /* SAFE_TOOLS_H */
