/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bringing a jail up and down in the kernel: the part of start and stop that
 * does not depend on where its configuration comes from.  Jails that are
 * started, run for one command, or made for an update all pass through here.
 */
#ifndef CORE_LAUNCH_H
#define CORE_LAUNCH_H

#include "conf/fstab.h"
#include "conf/value.h"
#include "core/host.h"
#include "core/step.h"
#include "dist/dist.h"

#define	IOC_LAUNCH_SOURCES	(IOC_FSTAB_MAX + IOC_DIST_BASE_DIRS)
#define	IOC_LAUNCH_MOUNTS	(IOC_LAUNCH_SOURCES + 8)
#define	IOC_LAUNCH_LIMITS	32
#define	IOC_LAUNCH_PARAMS	64

/* File systems that the kernel itself provides, and what of /dev is seen. */
struct ioc_launch_system {
	bool		 proc;
	bool		 dev;
	bool		 bare;		/* no more of /dev than must be */
	bool		 fdesc;		/* FreeBSD: /dev/fd */
	bool		 linproc;	/* FreeBSD: /compat/linux/proc */
	bool		 linsys;	/* FreeBSD: /compat/linux/sys */
	uint32_t	 devfs_ruleset;	/* FreeBSD */
};

struct ioc_launch {
	struct ioc_host	*host;
	const char	*who;		/* for events and errors */
	struct ioc_os_jail_spec spec;
	struct ioc_os_root root;	/* ended by ioc_launch_fini */
	struct ioc_os_mount mounts[IOC_LAUNCH_MOUNTS];
	size_t		 nmounts;
	/* What some of them point to, ended by ioc_launch_fini. */
	struct ioc_fstab_mount *fstab;
	int		 sources[IOC_LAUNCH_SOURCES];
	size_t		 nsources;
	char		*resolv_conf;
	struct ioc_os_limit limits[IOC_LAUNCH_LIMITS];
	struct ioc_value_limit limit_values[IOC_LAUNCH_LIMITS]; /* their texts */
	size_t		 nlimits;
	struct ioc_os_param params[IOC_LAUNCH_PARAMS];	/* of spec */
	struct ioc_strv	 texts;		/* of params and mounts, where nobody else has
					   them */
	const struct ioc_os_exec *command;	/* started with it, or NULL */
	struct ioc_os_process process;	/* of command */
	struct ioc_os_jail *jail;
	int		 stop_timeout_ms;
	/* Run in the jail at the end of the start and the begin of the stop. */
	int		(*exec_start)(struct ioc_launch *l, struct ioc_error *err);
	int		(*exec_stop)(struct ioc_launch *l, struct ioc_error *err);
	void		*arg;
};

/* What a jail has unless its properties say otherwise. */
#define	IOC_LAUNCH_RULESET	4	/* the minimal set of devices */
void	ioc_launch_add_system(struct ioc_launch *l,
	    const struct ioc_launch_system *s);

/* One parameter of the kernel; its texts are kept.  LIMIT. */
int	ioc_launch_add_param(struct ioc_launch *l, const char *name,
	    const char *value, struct ioc_error *err);

/* One limit out of the property table; INVALID, LIMIT. */
int	ioc_launch_add_limit(struct ioc_launch *l, const char *name,
	    const char *value, struct ioc_error *err);

/* "jail.start": prepare limit mount create exec. */
int	ioc_launch_start(struct ioc_launch *l, struct ioc_error *err);

/*
 * "jail.stop": the same table backwards, for a jail that was found or started,
 * whole or in part.
 */
int	ioc_launch_stop(struct ioc_launch *l, bool force,
	    struct ioc_error *err);

/* Ends descriptors and the handle, not the jail. */
void	ioc_launch_fini(struct ioc_launch *l);

#define	auto_launch	IOC_AUTO(ioc_launch_fini)
#define	IOC_LAUNCH(h, name)						\
	{ .host = (h), .who = (name), .root = IOC_OS_ROOT,		\
	    .texts = IOC_STRV,						\
	    .process = { .pidfd = -1, .pty = -1, .wait_fd = -1 },	\
	    .stop_timeout_ms = 10 * 1000 }

#endif /* CORE_LAUNCH_H */
