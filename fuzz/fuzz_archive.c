/* SPDX-License-Identifier: BSD-2-Clause */
/* Archives through the reader and the judge, whose promises are checked. */
#include <sys/mman.h>

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "worker/judge.h"
#include "worker/reader.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
promise(bool kept)
{
	if (!kept)
		abort();
}

/* What was accepted lies beneath the root, through directories only. */
static void
check_node(struct ioc_judge *j, uint32_t n)
{
	unsigned depth = 0;

	for (; n != 0; n = ioc_table_node(ioc_judge_table(j), n)->parent) {
		const char *name = ioc_table_name(ioc_judge_table(j), n);
		struct ioc_node *node = ioc_table_node(ioc_judge_table(j), n);

		promise(node->parent < n);
		promise(depth == 0 || node->kind == IOC_MEMBER_DIR);
		promise(name[0] != '\0' && strlen(name) <= IOC_MEMBER_NAME);
		promise(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
		promise(strpbrk(name, "/\n\033") == NULL);
		promise(++depth <= IOC_MEMBER_DEPTH);
	}
}

static void
check_member(struct ioc_judge *j, const struct ioc_member *m)
{
	check_node(j, m->node);
	if (m->kind == IOC_MEMBER_HARDLINK) {
		promise(m->target != 0 && m->target != m->node);
		promise(ioc_table_node(ioc_judge_table(j), m->target)->kind == IOC_MEMBER_FILE);
		check_node(j, m->target);
	}
	promise(m->kind != IOC_MEMBER_SYMLINK || m->link[0] != '\0');
	promise((m->mode & 06000) == 0 && m->kind != IOC_MEMBER_NODE);
	promise(m->kind == IOC_MEMBER_FILE || m->size == 0);
	promise(m->mtime >= 0 && m->uid != (uid_t)-1 && m->gid != (gid_t)-1);
}

static int
run(int fd, struct ioc_error *err)
{
	static const struct ioc_judge_limits limits = {
		.max_entries = 10000,
		.max_bytes = 16 * 1024 * 1024,
	};
	IOC_AUTO(ioc_reader_closep) struct ioc_reader *rd = NULL;
	IOC_AUTO(ioc_judge_freep) struct ioc_judge *j = NULL;
	struct archive_entry *e;
	struct ioc_member m;
	uint64_t end, total = 0;
	const void *data;
	int64_t offset;
	size_t len;
	int r;

	r = ioc_reader_open(fd, 1, &rd, err);
	if (r == 0)
		r = ioc_judge_new(&limits, &j, err);
	while (r == 0 && (r = ioc_reader_next(rd, &e, err)) == 0 && e != NULL) {
		r = ioc_judge_member(j, e, &m, err);
		if (r != 0)
			break;
		check_member(j, &m);
		for (end = 0; r == 0; ) {
			r = ioc_reader_block(rd, &data, &len, &offset, err);
			if (r != 0 || data == NULL)
				break;
			r = ioc_judge_block(j, &m, len, offset, &end, err);
			promise(r != 0 || end <= m.size);
			total += r == 0 ? len : 0;
		}
		promise(total <= limits.max_bytes);
	}
	return (r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_fd int fd = memfd_create("input", MFD_CLOEXEC);
	struct ioc_error err = { 0 };

	(void)setlocale(LC_CTYPE, "C.UTF-8");
	promise(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	if (run(fd, &err) != 0) {
		promise(err.code < 0 && err.msg[0] != '\0');
		for (const char *s = err.msg; *s != '\0'; s++)
			promise((unsigned char)*s >= ' ' && *s != '\x7f');
	}
	return (0);
}
