/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What "ioc fetch" does with an archive that it has: hash, judge, unpack, record,
 * sync.  usage: unpack HELPERS DIRECTORY RECORD ARCHIVE...
 * Prints the KiB that this process and its largest worker had at most; there is
 * one worker at a time.
 */
#include <sys/resource.h>

#include <fcntl.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "safe/archive.h"
#include "safe/hash.h"

static int
unpack(char **argv, int n, struct ioc_error *err)
{
	auto_fd int dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int record = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC |
	    O_CLOEXEC, 0600);
	int fds[IOC_ARCHIVE_MAX], r = 0;
	char hex[IOC_SHA256_HEX];
	struct ioc_archive a = {
		.helper_dir = argv[0],
		.in_fds = fds,
		.nin = (size_t)n,
		.dir_fd = dir,
		.record_fd = record,
		.setid = true,
	};

	for (int i = 0; r == 0 && i < n; i++) {
		fds[i] = open(argv[3 + i], O_RDONLY | O_CLOEXEC);
		r = ioc_hash_fd(argv[0], fds[i], hex, err);
	}
	if (r == 0)
		r = ioc_archive_extract(&a, err);
	if (r == 0 && (fsync(record) != 0 || ioc_sync_filesystem(dir) != 0))
		r = ioc_fail_errno(err, "sync");
	return (r);
}

int
main(int argc, char **argv)
{
	struct ioc_error err = { 0 };
	struct rusage self, child;

	if (argc < 5 || argc > 4 + IOC_ARCHIVE_MAX)
		return (2);
	if (unpack(argv + 1, argc - 4, &err) != 0) {
		(void)fprintf(stderr, "unpack: %s\n", err.msg);
		return (1);
	}
	(void)getrusage(RUSAGE_SELF, &self);
	(void)getrusage(RUSAGE_CHILDREN, &child);
	(void)printf("%ld\n", self.ru_maxrss + child.ru_maxrss);
	return (0);
}
