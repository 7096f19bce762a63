/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * passwd(5) and group(5), as text.  The files are the jail's, so nothing about
 * them is true: lines that make no sense are skipped, as the C library does.
 */
#ifndef OS_USER_H
#define OS_USER_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define	IOC_USER_GROUPS	64

struct ioc_user {
	char	 name[64];
	char	 home[512];
	char	 shell[512];
	uint32_t uid;
	uint32_t gid;
	bool	 known;			/* a line of passwd was found */
	size_t	 ngroups;
	uint32_t groups[IOC_USER_GROUPS];	/* supplementary, without gid */
};

/*
 * Looks up a name, or a number (which needs no line: then gid is the same,
 * home "/" and shell /bin/sh).  Texts need no NUL.  False: no such user.
 * Allocates nothing.
 */
bool	ioc_user_find(const char *passwd, size_t plen, const char *who,
	    struct ioc_user *u);
/* Adds the groups that name u; those beyond IOC_USER_GROUPS are left out. */
void	ioc_user_groups(const char *group, size_t glen, struct ioc_user *u);

#endif /* OS_USER_H */
