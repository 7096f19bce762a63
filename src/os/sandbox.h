/* SPDX-License-Identifier: BSD-2-Clause */
/* The sandbox that ioc-worker enters: needs base only, one file per system. */
#ifndef OS_SANDBOX_H
#define OS_SANDBOX_H

#include <sys/types.h>

#include "base/error.h"

enum ioc_sandbox_role {
	/* unprivileged uid, network, reads only the system's TLS and resolver
	   files, writes only open descriptors */
	IOC_SANDBOX_FETCH,
	/* unprivileged uid, no network, no file system at all */
	IOC_SANDBOX_PARSE,
	/* nothing of root but CHOWN, FOWNER, FSETID, DAC_OVERRIDE (and MKNOD
	   when devices are wanted), no network, no file system but the one
	   directory: dir_fd is replaced by a descriptor that sees no more */
	IOC_SANDBOX_EXTRACT,
	/* (EXTRACT and VERIFY stay uid 0, with no other capabilities than these, on
	   file systems of FUSE, whose servers know nothing but users) */
	/* reads the directories of read_fds, whoever owns what is in them, and
	   changes nothing; no network, nothing else of the file system.  Where an
	   overlay's marks are for root only (Linux), CAP_SYS_ADMIN stays for them
	   when there are several directories; the filter of system calls leaves
	   nothing else that it could be used for */
	IOC_SANDBOX_VERIFY,
};

#define	IOC_SANDBOX_READS	24

struct ioc_sandbox {
	enum ioc_sandbox_role role;
	int		 dir_fd;	/* EXTRACT: the directory, else -1 */
	const char	*read_file;	/* FETCH: a CA file, or NULL */
	uint64_t	 max_memory;	/* of the process's own; 0: 512 MiB */
	bool		 devices;
	/* VERIFY: each is replaced by one that sees no mount beneath it */
	const int	*read_fds;
	size_t		 nread;		/* at most IOC_SANDBOX_READS */
};

/*
 * Confines the calling process, for good: no new privileges, resource limits,
 * its own empty namespaces except for what the role needs, Landlock and
 * seccomp on Linux, capability mode with limited rights on FreeBSD.
 * A part that the kernel has and that fails is an error (UNSUPPORTED,
 * PERMISSION); a part that the kernel lacks is named in `missing` (may be
 * NULL), separated by spaces.
 * Works for root only where the role changes the uid; an unprivileged caller
 * gets everything else.
 */
int	ioc_sandbox_enter(const struct ioc_sandbox *s, char missing[128],
	    struct ioc_error *err);

/*
 * In a child of root, before it executes a program: it sees all of the host,
 * but files change only in the directory that dirfd is and path names; through
 * no link and no other name.  -1 with errno: ESTALE when path is another
 * directory, ENOSYS where the system cannot do that.  Signal-safe.
 */
int	ioc_sandbox_writes(int dirfd, const char *path);

/*
 * Likewise in a child of root, for a program that is to read foreign bytes and to
 * say what it thinks of them: it changes nothing and has no network, and begins in
 * the directory `path`.  Its user is one that owns nothing: on Linux
 * IOC_SANDBOX_USER, for which a file "passwd" in that directory stands in place of
 * /etc/passwd, all of the host read-only; on FreeBSD "nobody" in a throw-away jail,
 * where no other process can trace it.  -1 with errno.  Signal-safe.
 */
#define	IOC_SANDBOX_USER	62005
int	ioc_sandbox_reads(const char *path);

/*
 * fork(2) for such a child.  On Linux it is the first of a pid namespace of its
 * own, so that everything it starts ends with it, however it ends.
 */
pid_t	ioc_sandbox_fork(void);

#endif /* OS_SANDBOX_H */
