/* SPDX-License-Identifier: BSD-2-Clause */
/* The packets between caller, launcher and jail; ioc-init sends one of them. */
#ifndef OS_LINUX_WIRE_H
#define OS_LINUX_WIRE_H

#include <stdint.h>

enum lx_kind {
	LX_ERROR = 1,		/* code, sys, text */
	LX_STARTED,		/* a: pid; fd: pidfd */
	LX_GO,			/* maps are written, groups joined */
	LX_TREE,		/* fd: a detached mount */
	LX_MOUNTED,		/* the tree stands */
	LX_CREATE,		/* a: ephemeral, b: with a command;
				   fds: init, life */
	LX_COMMAND,		/* fds: plan, status, stdin, stdout, stderr */
	LX_PID,			/* a: the sender's pid, from the kernel */
	LX_PTY,			/* fd: master */
	LX_READY,		/* everything but exec is done */
	LX_FAILED,		/* sys, text: ioc-init could not run that */
};

#define	LX_MSG_FDS	5

struct lx_msg {
	int32_t	kind;
	int32_t	code;
	int32_t	sys;
	int32_t	nfds;
	int64_t	a;
	int64_t	b;
	char	text[1024];
};

#endif /* OS_LINUX_WIRE_H */
