/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arch.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "safe/path.h"

#define	LINKS	8	/* from bin/sh to a program */
#define	HEAD	20	/* bytes up to the end of e_machine */

/* As hosts are called, and e_machine of what their kernels run. */
static const struct {
	const char	*arch;
	unsigned	 machine;
} machines[] = {
	{ "amd64", 62 },
	{ "arm64", 183 },
	{ "i386", 3 },
	{ "arm", 40 },
	{ "riscv", 243 },
	{ "riscv64", 243 },
	{ "powerpc", 20 },
	{ "powerpc64", 21 },
	{ "ppc64le", 21 },
	{ "s390x", 22 },
};
#define	N_MACHINES	(sizeof(machines) / sizeof(*machines))

/* Its shell, beneath the root; -1 when there is none to be read. */
static int
open_shell(int root_fd)
{
	char path[2048] = "bin/sh", link[1024];

	for (int i = 0; i < LINKS; i++) {
		int n = (int)(strrchr(path, '/') - path) + 1;
		char next[sizeof(path)];

		if (ioc_path_readlink(root_fd, path, 0, link, sizeof(link),
		    NULL) != 0)
			return (ioc_path_open(root_fd, path, O_RDONLY, 0,
			    NULL));
		/* An absolute one begins at the jail's root. */
		n = link[0] == '/' ? snprintf(next, sizeof(next), ".%s", link) :
		    snprintf(next, sizeof(next), "%.*s%s", n, path, link);
		if (n < 0 || (size_t)n >= sizeof(path))
			return (-1);
		memcpy(path, next, (size_t)n + 1);
	}
	return (-1);
}

/* e_machine of the shell, 0 when it is not known. */
static unsigned
machine_of(int root_fd)
{
	auto_fd int fd = open_shell(root_fd);
	unsigned char b[HEAD];

	if (fd < 0 || pread(fd, b, sizeof(b), 0) != (ssize_t)sizeof(b) ||
	    memcmp(b, "\177ELF", 4) != 0)
		return (0);
	/* EI_DATA: 1 is the lower byte first, 2 the higher one. */
	return (b[5] == 1 ? b[18] | (unsigned)b[19] << 8 :
	    b[5] == 2 ? b[19] | (unsigned)b[18] << 8 : 0);
}

const char *
ioc_arch_name(int root_fd)
{
	unsigned machine = machine_of(root_fd);

	for (size_t i = 0; i < N_MACHINES; i++)
		if (machines[i].machine == machine)
			return (machines[i].arch);
	return (NULL);
}

int
ioc_arch_check(struct ioc_host *h, int root_fd, struct ioc_error *err)
{
	const char *arch = ioc_os_facts(h->os)->arch, *theirs = NULL;
	unsigned machine = machine_of(root_fd), ours = 0;

	for (size_t i = 0; i < N_MACHINES; i++) {
		if (machines[i].machine == machine && theirs == NULL)
			theirs = machines[i].arch;
		if (strcmp(machines[i].arch, arch) == 0)
			ours = machines[i].machine;
	}
	if (theirs == NULL || ours == 0 || ours == machine ||
	    ioc_os_emulates(h->os, machine))
		return (0);
	return (ioc_fail(err, IOC_UNSUPPORTED, "its programs are for %s, this "
	    "host runs those for %s", theirs, arch));
}

int
ioc_arch_check_volume(struct ioc_source *s, const char *vol,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_store_root_fini) struct ioc_os_root root = IOC_OS_ROOT;
	int r = s->store->ops->root(s->store, vol, &root, err);

	/* It may only be there as a snapshot: its jails are looked at again. */
	if (r == IOC_NOT_FOUND)
		return (0);
	return (r == 0 ? ioc_arch_check(s->host, root.root >= 0 ? root.root :
	    root.lower, err) : r);
}
