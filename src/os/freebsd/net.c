/* SPDX-License-Identifier: BSD-2-Clause */
/* The network of a jail that has its own: nothing but loopback. */
#include "os/freebsd/freebsd.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/in_var.h>

#include <string.h>

int
ioc_fb_loopback_up(struct ioc_error *err)
{
	auto_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct in_aliasreq req = { .ifra_name = "lo0" };
	struct sockaddr_in a = {
		.sin_len = sizeof(a), .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	struct ifreq ifr;

	if (fd < 0)
		return (ioc_fail_errno(err, "network: socket"));
	req.ifra_addr = a;
	a.sin_addr.s_addr = htonl(0xff000000);
	req.ifra_mask = a;
	if (ioctl(fd, SIOCAIFADDR, &req) != 0)
		return (ioc_fail_errno(err, "network: address of lo0"));
	memset(&ifr, 0, sizeof(ifr));
	(void)strlcpy(ifr.ifr_name, "lo0", sizeof(ifr.ifr_name));
	if (ioctl(fd, SIOCGIFFLAGS, &ifr) != 0)
		return (ioc_fail_errno(err, "network: flags of lo0"));
	ifr.ifr_flags = (short)(ifr.ifr_flags | IFF_UP);
	if (ioctl(fd, SIOCSIFFLAGS, &ifr) != 0)
		return (ioc_fail_errno(err, "network: lo0 up"));
	return (0);
}
