/* SPDX-License-Identifier: BSD-2-Clause */
/* What is tried in a sandbox, and where. */
#ifndef ATTACK_SANDBOX_H
#define ATTACK_SANDBOX_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "os/sandbox.h"

/* Where: made by sandbox.c before anything is tried. */
struct place {
	char		 top[32];
	char		 outside[64];	/* a file of the host */
	pid_t		 victim;
	int		 dir_fd;	/* top/target, the extractor's directory */
	uint16_t	 port;		/* somebody listens there */
};

extern struct place place;

struct attempt {
	const char	*name;
	int		(*run)(void);	/* 0, or errno */
	unsigned	 refused;	/* 1 << role: the roles that must not */
};

extern const struct attempt attempts[];
extern const size_t nattempts;

/* One of them, that the role FETCH needs. */
int	try_connect(void);

#endif /* ATTACK_SANDBOX_H */
