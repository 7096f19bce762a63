/* SPDX-License-Identifier: BSD-2-Clause */
/* A sealed copy of ioc-init in memory. */
#include "os/linux/linux.h"

#include <sys/mman.h>
#include <sys/sendfile.h>

#include <errno.h>

int
ioc_lx_init_fd(struct ioc_os *os, struct ioc_error *err)
{
	auto_fd int dir = -1, from = -1, fd = -1;
	struct stat st;

	if (os->init_fd >= 0)
		return (0);
	dir = open(os->helper_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	from = dir >= 0 ? openat(dir, "ioc-init", O_RDONLY | O_CLOEXEC) : -1;
	if (from < 0 || fstat(from, &st) != 0)
		return (ioc_fail_errno(err, "program ioc-init in %s",
		    IOC_SHOW(os->helper_dir)));
	fd = memfd_create("ioc-init", MFD_CLOEXEC | MFD_ALLOW_SEALING |
	    MFD_EXEC);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("ioc-init", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return (ioc_fail_errno(err, "copy ioc-init"));
	for (off_t left = st.st_size; left > 0;) {
		ssize_t n = sendfile(fd, from, NULL, (size_t)left);

		if (n <= 0)
			return (ioc_fail_errno(err, "copy ioc-init"));
		left -= n;
	}
	/* Not readable in the jail: the kernel then refuses to trace it. */
	if (fchmod(fd, 0111) != 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE |
	    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
		return (ioc_fail_errno(err, "seal ioc-init"));
	os->init_fd = take_fd(&fd);
	return (0);
}
