/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last steps before a command runs in a jail, alike on every system, for a
 * process that has entered it: system calls only, nothing is allocated.
 */
#ifndef OS_COMMAND_H
#define OS_COMMAND_H

#include <sys/types.h>

#include "base/error.h"
#include "os/user.h"

#define	IOC_COMMAND_ENV		6	/* that are added at most */
/* Bytes for what is added, and for one path of the command `text` bytes long
   with its environment. */
#define	IOC_COMMAND_SPACE(text)	(4096 + 2 * (text))

/* The value of a variable, or NULL. */
const char *ioc_command_getenv(char *const *env, const char *name);
/*
 * Adds what a program may expect and the caller did not give (PATH, HOME, USER,
 * LOGNAME, SHELL, TERM) behind the n variables of env; returns what is left of
 * the space.
 */
char	*ioc_command_add_env(char **env, size_t n, const struct ioc_user *u,
	    bool tty, char *space);
/* Gives every signal its default, and lets all through. */
void	ioc_command_reset_signals(void);
/*
 * Executes it: a name with a slash as it stands, another one from the first
 * directory of PATH that has it.  Returns only with the errno that tells most.
 */
int	ioc_command_exec(const char *name, char *space, char *const *argv,
	    char *const *env);
/*
 * Who a command runs as; read gives the text of a file of the jail, or 0.
 * NOT_FOUND.
 */
typedef size_t ioc_command_read(const char *path, char **text);
int	ioc_command_user(const char *who, ioc_command_read *read,
	    struct ioc_user *u, struct ioc_error *err);

#endif /* OS_COMMAND_H */
