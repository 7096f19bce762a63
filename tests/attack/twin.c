/* SPDX-License-Identifier: BSD-2-Clause */
/* Unpacks as it should not be done. */
#include "twin.h"

#include <sys/stat.h>
#if __has_include(<sys/sysmacros.h>)
#include <sys/sysmacros.h>
#endif

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pending {
	char	 path[8192];
	char	 link[8192];
	char	 map[1024];	/* of a sparse file: "offset,length,..." */
	long long size;		/* -1: none given */
	long long real;		/* of a sparse file */
};

/* Octal, or base-256 with its sign. */
static int64_t
number(const char *p, size_t n)
{
	uint64_t v = 0;

	if (((unsigned char)p[0] & 0x80) == 0)
		return ((int64_t)strtoull(p, NULL, 8));
	if (((unsigned char)p[0] & 0x40) != 0)
		v = UINT64_MAX;
	for (size_t i = 1; i < n; i++)
		v = v << 8 | (unsigned char)p[i];
	return ((int64_t)v);
}

static void
read_pax(struct twin *t, struct pending *next, const char *p, size_t len)
{
	const char *end = p + len;

	t->largest = len > t->largest ? len : t->largest;
	while (p < end) {
		char *space;
		size_t n = strtoul(p, &space, 10);
		const char *key = space + 1, *eq;

		if (n == 0 || p + n > end ||
		    (eq = memchr(key, '=', (size_t)(p + n - key))) == NULL)
			return;
		if (strncmp(key, "path=", 5) == 0)
			(void)snprintf(next->path, sizeof(next->path), "%.*s",
			    (int)(p + n - 1 - eq - 1), eq + 1);
		if (strncmp(key, "linkpath=", 9) == 0)
			(void)snprintf(next->link, sizeof(next->link), "%.*s",
			    (int)(p + n - 1 - eq - 1), eq + 1);
		if (strncmp(key, "size=", 5) == 0)
			next->size = strtoll(eq + 1, NULL, 10);
		if (strncmp(key, "GNU.sparse.map=", 15) == 0)
			(void)snprintf(next->map, sizeof(next->map), "%.*s",
			    (int)(p + n - 1 - eq - 1), eq + 1);
		if (strncmp(key, "GNU.sparse.size=", 16) == 0)
			next->real = strtoll(eq + 1, NULL, 10);
		p += n;
	}
}

static void
parents(char *path)
{
	for (char *s = strchr(path + 1, '/'); s != NULL;
	    s = strchr(s + 1, '/')) {
		*s = '\0';
		(void)mkdir(path, 0755);
		*s = '/';
	}
}

/*
 * The famous check: resolved step by step by whole names, and what cannot be
 * looked at, because its name has become too long, is no link.
 */
static bool
believes(const char *path)
{
	char here[PATH_MAX], real[16384], rest[8192], to[PATH_MAX];
	char next[sizeof(rest) + sizeof(to) + 2];
	char *slash;
	int links = 0;

	if (getcwd(here, sizeof(here)) == NULL)
		return (true);
	(void)snprintf(rest, sizeof(rest), "%s", path);
	slash = strrchr(rest, '/');
	if (slash == NULL)
		return (true);
	*slash = '\0';
	(void)snprintf(real, sizeof(real), "%s", here);
	while (rest[0] != '\0') {
		size_t len = strcspn(rest, "/"), old = strlen(real);
		ssize_t n;

		(void)snprintf(real + old, sizeof(real) - old, "/%.*s",
		    (int)len, rest);
		memmove(rest, rest + len, strlen(rest + len) + 1);
		memmove(rest, rest + strspn(rest, "/"),
		    strlen(rest + strspn(rest, "/")) + 1);
		if (strcmp(real + old, "/..") == 0) {
			real[old] = '\0';
			*strrchr(real, '/') = '\0';
			continue;
		}
		n = readlink(real, to, sizeof(to));
		if (n < 0 || ++links > 100)
			continue;
		real[to[0] == '/' ? 0 : old] = '\0';
		(void)snprintf(next, sizeof(next), "%.*s/%s", (int)n, to,
		    rest);
		(void)snprintf(rest, sizeof(rest), "%.*s",
		    (int)sizeof(rest) - 1, next + strspn(next, "/"));
	}
	return (strncmp(real, here, strlen(here)) == 0);
}

/* Each block where the map says. */
static void
write_sparse(struct twin *t, int fd, const struct pending *p, const char *data,
    size_t len)
{
	const char *s = p->map;

	while (*s != '\0') {
		char *end;
		uint64_t at = strtoull(s, &end, 10), n;

		n = strtoull(end + (*end == ','), &end, 10);
		s = end + (*end == ',');
		if (at > (uint64_t)p->real)
			t->overflowed = true;
		n = n < len ? n : len;
		(void)!pwrite(fd, data, n, (off_t)at);
		data += n;
		len -= n;
	}
	if (lseek(fd, 0, SEEK_END) < p->real)
		(void)!ftruncate(fd, p->real);
}

static void
make_file(struct twin *t, const struct pending *p, mode_t mode,
    const char *data, size_t len)
{
	int fd = open(p->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return;
	if (p->map[0] != '\0')
		write_sparse(t, fd, p, data, len);
	else
		(void)!write(fd, data, len);
	(void)fchmod(fd, mode);
	(void)close(fd);
}

static void
make(struct twin *t, char type, struct pending *p, const char *h,
    const char *data, size_t len)
{
	char *path = p->path;
	mode_t mode = (mode_t)number(h + 100, 8) & 07777;
	struct timespec ts[2] = {
		{ .tv_sec = number(h + 136, 12) },
		{ .tv_sec = number(h + 136, 12) },
	};

	if (t->resolve && !believes(path))
		return;
	if (type != '5')
		parents(path);
	if (t->join && type != '5' && unlink(path) != 0)
		(void)rmdir(path);
	switch (type) {
	case '1':
		(void)unlink(path);
		(void)!link(p->link, path);
		break;
	case '2':
		if (unlink(path) != 0)
			(void)rmdir(path);
		(void)!symlink(p->link, path);
		break;
	case '3':
	case '4':
	case '6':
		(void)mknod(path, mode | (type == '3' ? S_IFCHR : type == '4' ?
		    S_IFBLK : S_IFIFO), makedev((unsigned)number(h + 329, 8),
		    (unsigned)number(h + 337, 8)));
		break;
	case '5':
		parents(path);
		(void)mkdir(path, 0755);
		(void)chmod(path, mode);
		break;
	default:
		make_file(t, p, mode, data, len);
		(void)utimensat(AT_FDCWD, path, ts, 0);
		break;
	}
	t->made++;
}

static void
slashes(char *path)
{
	for (; *path != '\0'; path++)
		if (*path == '\\')
			*path = '/';
}

/* "target" and the name, as short as it can be said. */
static void
join(char *path, size_t size)
{
	char out[8192] = "target";
	char *save = NULL;

	for (char *s = strtok_r(path, "/", &save); s != NULL;
	    s = strtok_r(NULL, "/", &save)) {
		size_t len = strlen(out);

		if (strcmp(s, "..") == 0 && strrchr(out, '/') != NULL)
			*strrchr(out, '/') = '\0';
		else if (strcmp(s, ".") != 0)
			(void)snprintf(out + len, sizeof(out) - len, "/%s", s);
	}
	(void)snprintf(path, size, "%s", out);
}

static void
adjust(const struct twin *t, struct pending *p)
{
	if (t->backslash)
		slashes(p->path);
	if (t->cut)
		p->path[NAME_MAX] = '\0';
	if (t->join)
		join(p->path, sizeof(p->path));
}

void
twin_extract(struct twin *t, const char *tar, size_t len)
{
	struct pending next = { .size = -1 };
	size_t at = 0;

	while (len - at >= 512 &&
	    (tar[at] != '\0' || tar[at + 257] != '\0')) {
		const char *h = tar + at, *data = h + 512;
		int64_t size = number(h + 124, 12), step;
		char type = h[156];

		if (next.size >= 0)
			size = next.size;
		if (__builtin_add_overflow(size, 511, &step)) {
			t->overflowed = true;
			return;
		}
		step = step / 512 * 512 + 512;
		if (step <= 0) {
			t->looped = true;
			return;
		}
		if ((uint64_t)size > len - at - 512)
			size = (int64_t)(len - at - 512);
		if (type == 'x') {
			if (!t->ustar_only)
				read_pax(t, &next, data,
				    (size_t)size);
		} else {
			if (next.path[0] == '\0')
				(void)snprintf(next.path, sizeof(next.path),
				    "%.100s", h);
			if (next.link[0] == '\0')
				(void)snprintf(next.link, sizeof(next.link),
				    "%.100s", h + 157);
			adjust(t, &next);
			make(t, type, &next, h, data, (size_t)size);
			memset(&next, 0, sizeof(next));
			next.size = -1;
		}
		at = (uint64_t)step > len - at ? len : at + (size_t)step;
	}
}

int
twin_libarchive(const void *tar, size_t len)
{
	struct archive *in = archive_read_new();
	struct archive *out = archive_write_disk_new();
	struct archive_entry *e;
	int r;

	(void)archive_read_support_format_all(in);
	(void)archive_read_support_filter_all(in);
	(void)archive_write_disk_set_options(out, ARCHIVE_EXTRACT_OWNER |
	    ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_ACL |
	    ARCHIVE_EXTRACT_FFLAGS | ARCHIVE_EXTRACT_XATTR);
	r = archive_read_open_memory(in, tar, len);
	while (r == ARCHIVE_OK &&
	    (r = archive_read_next_header(in, &e)) == ARCHIVE_OK)
		(void)archive_read_extract2(in, e, out);
	(void)archive_read_free(in);
	(void)archive_write_free(out);
	return (r == ARCHIVE_EOF ? 0 : -1);
}
