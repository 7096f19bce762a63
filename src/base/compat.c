/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/compat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/openat2.h>
#include <sys/random.h>
#include <sys/syscall.h>
#endif

#if defined(__linux__)

const int ioc_o_path = O_PATH;
const char *const ioc_default_config = "/etc/ioc.conf";
const char *const ioc_default_run_dir = "/run/ioc";

int
ioc_open_beneath(int dirfd, const char *path, int flags, mode_t mode,
    int nolinks)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int fd, tries = 0;

	if (nolinks)
		how.resolve |= RESOLVE_NO_SYMLINKS;
	/* EAGAIN: something was renamed while ".." was being resolved. */
	do {
		fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	} while (fd < 0 && (errno == EAGAIN || errno == EINTR) &&
	    ++tries < 128);
	return (fd);
}

void
ioc_close_from(int from)
{
	if (syscall(SYS_close_range, (unsigned)from, ~0U, 0) == 0)
		return;
	for (int fd = from, max = (int)sysconf(_SC_OPEN_MAX); fd < max; fd++)
		(void)close(fd);
}

int
ioc_sync_filesystem(int fd)
{
	return (syncfs(fd));
}

void
ioc_random(void *buf, size_t len)
{
	char *p = buf;

	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno != EINTR)
			abort();
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
}

#elif defined(__FreeBSD__)

#ifdef O_PATH
const int ioc_o_path = O_PATH;
#else
const int ioc_o_path = O_RDONLY;
#endif
const char *const ioc_default_config = "/usr/local/etc/ioc.conf";
const char *const ioc_default_run_dir = "/var/run/ioc";

int
ioc_open_beneath(int dirfd, const char *path, int flags, mode_t mode,
    int nolinks)
{
	int fd;

	/* The kernel has no "no links at all": the walk does that. */
	if (nolinks) {
		errno = ENOSYS;
		return (-1);
	}
	fd = openat(dirfd, path, flags | O_CLOEXEC | O_RESOLVE_BENEATH, mode);
	if (fd < 0 && errno == ENOTCAPABLE)
		errno = EXDEV;
	return (fd);
}

void
ioc_close_from(int from)
{
	closefrom(from);
}

int
ioc_sync_filesystem(int fd)
{
	/* sync(2) does not wait for soft updates; fsync of the root does what
	   can be done, the journal does the rest. */
	sync();
	return (fsync(fd));
}

void
ioc_random(void *buf, size_t len)
{
	arc4random_buf(buf, len);
}

#else
#error "libioc runs on Linux and FreeBSD"
#endif

uint64_t
ioc_now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec);
}
