/* SPDX-License-Identifier: BSD-2-Clause */
/* The content of a file: copied to that of another, or compared with it. */
#include <sys/stat.h>

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "safe/file.h"

#define	COPY_STEP	(1024 * 1024)
#define	RANGE_STEP	(256 * 1024 * 1024)

/* Where the next data is, as [*from, *to); false when there is none. */
static bool
next_data(int fd, off_t size, off_t *from, off_t *to)
{
	off_t start = lseek(fd, *to, SEEK_DATA), end;

	if (*to >= size || (start < 0 && errno == ENXIO))
		return (false);
	/* A file system that knows nothing of holes. */
	if (start < 0) {
		*from = *to;
		*to = size;
		return (true);
	}
	end = lseek(fd, start, SEEK_HOLE);
	*from = start;
	*to = end < 0 || end > size ? size : end;
	return (start < size);
}

/* Bytes copied by the kernel, 0 when it cannot, -1 when it must not go on. */
static ssize_t
copy_range(int from, int to, off_t at, off_t len)
{
	off_t in = at, out = at;
	ssize_t n;

	do {
		n = copy_file_range(from, &in, to, &out,
		    len > RANGE_STEP ? RANGE_STEP : (size_t)len, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno != ENOSPC && errno != EIO && errno != EFBIG &&
	    errno != EDQUOT)
		return (0);
	return (n);
}

static ssize_t
copy_bytes(int from, int to, off_t at, off_t len, char *buf)
{
	size_t want = len > COPY_STEP ? COPY_STEP : (size_t)len;
	ssize_t n, done = 0;

	do {
		n = pread(from, buf, want, at);
	} while (n < 0 && errno == EINTR);
	while (n > 0 && done < n) {
		ssize_t w = pwrite(to, buf + done, (size_t)(n - done),
		    at + done);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return (-1);
		done += w;
	}
	return (n);
}

/* One stretch of data; *kernel is cleared when the kernel does not copy. */
static int
copy_stretch(int from, int to, off_t at, off_t end, bool *kernel, char **buf,
    struct ioc_error *err)
{
	while (at < end) {
		ssize_t n = *kernel ? copy_range(from, to, at, end - at) : 0;

		if (n == 0) {
			*kernel = false;
			if (*buf == NULL && (*buf = malloc(COPY_STEP)) == NULL)
				return (ioc_fail_nomem(err));
			n = copy_bytes(from, to, at, end - at, *buf);
		}
		if (n < 0)
			return (ioc_fail_errno(err, "copy"));
		/* It has become shorter meanwhile. */
		if (n == 0)
			break;
		at += n;
	}
	return (0);
}

int
ioc_file_copy_fd(int from, int to, struct ioc_error *err)
{
	auto_free char *buf = NULL;
	off_t start = 0, end = 0;
	bool kernel = true;
	struct stat st;

	if (fstat(from, &st) != 0)
		return (ioc_fail_errno(err, "copy"));
	if (!S_ISREG(st.st_mode))
		return (ioc_fail(err, IOC_UNSAFE,
		    "copy: not a regular file"));
	if (st.st_size > 0 && ioc_clone_file(from, to) == 0)
		return (0);
	while (next_data(from, st.st_size, &start, &end)) {
		int r = copy_stretch(from, to, start, end, &kernel, &buf,
		    err);

		if (r != 0)
			return (r);
	}
	/* The hole at the end. */
	if (ftruncate(to, st.st_size) != 0)
		return (ioc_fail_errno(err, "copy"));
	return (0);
}

/* As much as there is, up to len. */
static ssize_t
read_at(int fd, char *data, size_t len, off_t at)
{
	size_t n = 0;

	while (n < len) {
		ssize_t got = pread(fd, data + n, len - n, at + (off_t)n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return (-1);
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return ((ssize_t)n);
}

int
ioc_file_same(int a, int b, struct ioc_error *err)
{
	char x[16 * 1024], y[sizeof(x)];
	ssize_t n, m;

	for (off_t at = 0;; at += n) {
		n = read_at(a, x, sizeof(x), at);
		m = n < 0 ? -1 : read_at(b, y, sizeof(y), at);
		if (n < 0 || m < 0)
			return (ioc_fail_errno(err, "read"));
		if (n != m || memcmp(x, y, (size_t)n) != 0)
			return (0);
		if ((size_t)n < sizeof(x))
			return (1);
	}
}
