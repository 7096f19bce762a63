/* SPDX-License-Identifier: BSD-2-Clause */
/* Records: what is accepted is in order, and says where it is exactly. */
#include "fuzz/fuzz.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <unistd.h>

#include "worker/mtree.h"

static void
check_entry(const struct ioc_mtree_entry *e, const char *last, unsigned n)
{
	unsigned depth = 0;

	MUST((n == 0) == (e->path[0] == '\0'));
	MUST(n > 0 || e->type == S_IFDIR);
	MUST(n == 0 || strcmp(last, e->path) != 0);
	for (const char *s = e->path; *s != '\0'; depth++) {
		size_t len = strcspn(s, "/");

		MUST(len > 0 && len <= 255);
		MUST(strncmp(s, ".", len) != 0 && strncmp(s, "..", len) != 0);
		if (s[len] == '\0')
			MUST(e->name == (size_t)(s - e->path));
		s += len + (s[len] == '/');
		MUST(s[-1] != '/' || *s != '\0');
	}
	MUST(depth == e->depth && depth <= IOC_MTREE_DEPTH);
	MUST((e->mode & ~(mode_t)07777) == 0);
	MUST((e->type == S_IFLNK) == (e->link[0] != '\0'));
	MUST(e->type == S_IFREG || e->size == 0);
	MUST(e->uid != (uid_t)-1 && e->gid != (gid_t)-1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	IOC_AUTO(ioc_mtree_closep) struct ioc_mtree *m = NULL;
	int fd = memfd_create("input", MFD_CLOEXEC), r;
	const struct ioc_mtree_entry *e;
	char last[IOC_MTREE_PATH] = "";
	struct ioc_error err = { 0 };
	unsigned n = 0;

	MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	r = ioc_mtree_open(fd, 1000, &m, &err);
	while (r == 0 && (r = ioc_mtree_next(m, &e, &err)) == 0 && e != NULL) {
		check_entry(e, last, n++);
		memcpy(last, e->path, sizeof(last));
		MUST(ioc_mtree_consumed(m) <= size && n <= 1000);
	}
	if (r != 0) {
		MUST(err.code < 0 && err.msg[0] != '\0');
		for (const char *s = err.msg; *s != '\0'; s++)
			MUST((unsigned char)*s >= ' ' && *s != '\x7f');
	}
	(void)close(fd);
	return (0);
}
