/* SPDX-License-Identifier: BSD-2-Clause */
/* Feeds a target with every file of the directories that are named. */
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

static int
feed_file(int dirfd, const char *name)
{
	uint8_t *data = NULL;
	size_t size = 0;
	struct stat st;
	ssize_t n = -1;
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		size = (size_t)st.st_size;
		data = malloc(size + (size == 0));
		if (data != NULL)
			n = size == 0 ? 0 : read(fd, data, size);
	}
	if (fd >= 0)
		(void)close(fd);
	/* Told before: what crashes is known by its last line. */
	if (n == (ssize_t)size) {
		(void)printf("%s: %zu bytes\n", name, size);
		(void)fflush(stdout);
		(void)LLVMFuzzerTestOneInput(data, size);
	} else
		(void)fprintf(stderr, "%s: cannot be read\n", name);
	free(data);
	return (n == (ssize_t)size ? 0 : -1);
}

static int
feed_dir(const char *path)
{
	struct dirent *e;
	int fed = 0, failed = 0;
	DIR *d = opendir(path);

	if (d == NULL) {
		perror(path);
		return (-1);
	}
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		failed |= feed_file(dirfd(d), e->d_name);
		fed++;
	}
	(void)closedir(d);
	if (fed == 0)
		(void)fprintf(stderr, "%s: nothing in it\n", path);
	return (fed == 0 ? -1 : failed);
}

int
main(int argc, char **argv)
{
	int failed = argc < 2 ? -1 : 0;

	for (int i = 1; i < argc; i++)
		failed |= feed_dir(argv[i]);
	return (failed == 0 ? 0 : 1);
}
