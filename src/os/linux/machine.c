/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs for other processors: binfmt_misc knows who runs them. */
#include "os/linux/linux.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define	DIRECTORY	"/proc/sys/fs/binfmt_misc"
#define	MACHINE		36	/* where e_machine is in a header as hex digits */

/* An entry that is enabled and asks for that machine, in either byte order. */
static bool
is_for(int dir, const char *name, unsigned machine)
{
	auto_fd int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	unsigned first, second;
	char text[4096];
	const char *magic;
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	text[n > 0 ? n : 0] = '\0';
	magic = strstr(text, "\nmagic ");
	if (!ioc_str_starts(text, "enabled\n") || magic == NULL)
		return (false);
	magic += strlen("\nmagic ");
	if (strcspn(magic, "\n") < MACHINE + 4 ||
	    !ioc_str_starts(magic, "7f454c46") ||
	    sscanf(magic + MACHINE, "%2x%2x", &first, &second) != 2)
		return (false);
	return ((first | second << 8) == machine ||
	    (second | first << 8) == machine);
}

bool
ioc_os_emulates(const struct ioc_os *os, unsigned machine)
{
	int fd = open(DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	bool found = false;

	if (dir == NULL)
		ioc_fd_close(&fd);
	while (!found && dir != NULL && (e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.' && strcmp(e->d_name, "register") != 0)
			found = is_for(dirfd(dir), e->d_name, machine);
	/* Whether a kernel was built for those as well cannot be asked. */
	return (found ||
	    (machine == EM_386 && strcmp(os->facts.arch, "amd64") == 0) ||
	    (machine == EM_ARM && strcmp(os->facts.arch, "arm64") == 0));
}
