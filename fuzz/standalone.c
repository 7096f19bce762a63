/* SPDX-License-Identifier: BSD-2-Clause */
/* Replays files, and all files of directories, through a fuzz target. */
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed;

static int
replay(int dir, const char *name)
{
	auto_fd int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	auto_free uint8_t *data = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return (-1);
	/* Exactly as large as it is, so that a byte too far is seen. */
	data = malloc(st.st_size > 0 ? (size_t)st.st_size : 1);
	if (data == NULL || read(fd, data, (size_t)st.st_size) != st.st_size)
		return (-1);
	(void)LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
	replayed++;
	return (0);
}

int
main(int argc, char **argv)
{
	int bad = 0;

	for (int i = 1; i < argc; i++) {
		auto_dir DIR *d = opendir(argv[i]);
		struct dirent *e;

		if (d == NULL) {
			bad += replay(AT_FDCWD, argv[i]) != 0;
			continue;
		}
		while ((e = readdir(d)) != NULL)
			if (e->d_name[0] != '.')
				bad += replay(dirfd(d), e->d_name) != 0;
	}
	(void)printf("%u inputs\n", replayed);
	return (bad != 0 || replayed == 0);
}
