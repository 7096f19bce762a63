/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define	DEFAULT_PATH	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:" \
	"/sbin:/bin"

const char *
ioc_command_getenv(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return (*env + len + 1);
	return (NULL);
}

char *
ioc_command_add_env(char **env, size_t n, const struct ioc_user *u, bool tty,
    char *space)
{
	const char *const defaults[IOC_COMMAND_ENV][2] = {
		{ "PATH", DEFAULT_PATH }, { "HOME", u->home },
		{ "USER", u->name }, { "LOGNAME", u->name },
		{ "SHELL", u->shell }, { "TERM", tty ? "xterm" : NULL },
	};

	for (size_t i = 0; i < IOC_COMMAND_ENV; i++) {
		const char *name = defaults[i][0], *value = defaults[i][1];
		size_t len;

		if (value == NULL || ioc_command_getenv(env, name) != NULL)
			continue;
		len = strlen(name) + strlen(value) + 2;
		(void)snprintf(space, len, "%s=%s", name, value);
		env[n++] = space;
		env[n] = NULL;
		space += len;
	}
	return (space);
}

void
ioc_command_reset_signals(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &sa, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

int
ioc_command_exec(const char *name, char *space, char *const *argv,
    char *const *env)
{
	const char *path = ioc_command_getenv(env, "PATH");
	int found = ENOENT;

	if (name[0] == '\0')
		return (ENOENT);
	if (strchr(name, '/') != NULL) {
		(void)execve(name, argv, env);
		return (errno);
	}
	for (;;) {
		size_t len = strcspn(path, ":");

		/* An empty part would be the working directory: left out. */
		if (len > 0) {
			memcpy(space, path, len);
			space[len] = '/';
			memcpy(space + len + 1, name, strlen(name) + 1);
			(void)execve(space, argv, env);
			if (errno != ENOENT && errno != ENOTDIR)
				found = errno;
			if (found != ENOENT && found != EACCES)
				return (found);
		}
		if (path[len] == '\0')
			return (found);
		path += len + 1;
	}
}

int
ioc_command_user(const char *who, ioc_command_read *read, struct ioc_user *u,
    struct ioc_error *err)
{
	const char *name = who != NULL ? who : "0";
	char *passwd = NULL, *group = NULL;
	size_t plen = read("/etc/passwd", &passwd);
	size_t glen;

	if (!ioc_user_find(passwd, plen, name, u)) {
		/* A root without passwd still has its root. */
		if (plen > 0 || strcmp(name, "root") != 0)
			return (ioc_fail(err, IOC_NOT_FOUND,
			    "no user %s in the jail", IOC_SHOW(name)));
		(void)ioc_user_find(NULL, 0, "0", u);
	}
	if (u->uid == 0 && !u->known)
		(void)snprintf(u->name, sizeof(u->name), "root");
	glen = read("/etc/group", &group);
	if (u->known)
		ioc_user_groups(group, glen, u);
	return (0);
}
