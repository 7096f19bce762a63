/* SPDX-License-Identifier: BSD-2-Clause */
/* A program of the host that reads foreign bytes. */
#include "os/sandbox.h"

#include <sys/param.h>
#include <sys/jail.h>
#include <sys/procctl.h>
#include <sys/uio.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define	NOBODY	65534

pid_t
ioc_sandbox_fork(void)
{
	return (fork());
}

/* Nothing that FreeBSD fetches asks for it; who does is told. */
int
ioc_sandbox_writes(int dirfd, const char *path)
{
	(void)dirfd;
	(void)path;
	errno = ENOSYS;
	return (-1);
}

int
ioc_sandbox_reads(const char *path)
{
	int disable = JAIL_SYS_DISABLE, statfs = 2, level = 3, none = 0;
	int trace = PROC_TRACE_CTL_DISABLE_EXEC, death = SIGKILL;
	const gid_t group = NOBODY;
#define	PARAM(name, value, len)						\
	{ (void *)(uintptr_t)(name), sizeof(name) }, { (value), (len) }
	struct iovec v[] = {
		PARAM("path", (void *)(uintptr_t)"/", 2),
		PARAM("ip4", &disable, sizeof(disable)),
		PARAM("ip6", &disable, sizeof(disable)),
		PARAM("enforce_statfs", &statfs, sizeof(statfs)),
		PARAM("securelevel", &level, sizeof(level)),
		PARAM("children.max", &none, sizeof(none)),
	};

	/* It ends with this process.  The jail's root is where one is then. */
	if (jail_set(v, sizeof(v) / sizeof(*v), JAIL_CREATE | JAIL_ATTACH) < 0 ||
	    chdir(path) != 0)
		return (-1);
	if (setgroups(1, &group) != 0 ||
	    setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) != 0)
		return (-1);
	return (procctl(P_PID, getpid(), PROC_TRACE_CTL, &trace) != 0 ||
	    procctl(P_PID, getpid(), PROC_PDEATHSIG_CTL, &death) != 0 ? -1 : 0);
}
