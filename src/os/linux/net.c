/* SPDX-License-Identifier: BSD-2-Clause */
/* The network of a jail: its own stack, with nothing but loopback up. */
#include "os/linux/linux.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/if.h>

int
ioc_lx_loopback_up(struct ioc_error *err)
{
	auto_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_name = "lo" };

	if (fd < 0)
		return (ioc_fail_errno(err, "network: socket"));
	if (ioctl(fd, SIOCGIFFLAGS, &ifr) != 0)
		return (ioc_fail_errno(err, "network: flags of lo"));
	ifr.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr) != 0)
		return (ioc_fail_errno(err, "network: lo up"));
	return (0);
}
