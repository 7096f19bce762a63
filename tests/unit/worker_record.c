/* SPDX-License-Identifier: BSD-2-Clause */
/* A record as it is written, and as it is read again. */
#include "unit.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <string.h>
#include <unistd.h>

#include "base/fflags.h"
#include "worker/mtree.h"
#include "worker/record.h"

static struct ioc_error err;

static struct ioc_node *
add(struct ioc_table *t, uint32_t parent, const char *name,
    enum ioc_member_kind kind, uint32_t *n)
{
	struct ioc_node *node;

	assert_int_equal(ioc_table_add(t, parent, name, strlen(name), n, &err),
	    0);
	node = ioc_table_node(t, *n);
	node->kind = (uint8_t)kind;
	node->mode = 0755;
	node->mtime = 7;
	return (node);
}

static uint32_t
fill(struct ioc_table *t)
{
	uint32_t dir, n, file;
	struct ioc_node *node;

	node = add(t, 0, "b-x", IOC_MEMBER_FILE, &file);
	node->size = 3;
	node->uid = 4294967294u;
	node->fflags = ioc_fflags_parse("schg,nodump");
	assert_int_equal(ioc_table_add_digest(t, &node->more, &err), 0);
	memset(ioc_table_digest(t, node->more), 0xa5, IOC_DIGEST);
	(void)add(t, 0, "b", IOC_MEMBER_DIR, &dir);
	node = add(t, dir, "z #", IOC_MEMBER_SYMLINK, &n);
	assert_int_equal(ioc_table_add_text(t, "a\\b c", 5, &node->more, &err),
	    0);
	add(t, dir, "hard", IOC_MEMBER_HARDLINK, &n)->more = file;
	add(t, dir, "left out", IOC_MEMBER_NONE, &n);
	add(t, dir, "null", IOC_MEMBER_NODE, &n)->mode = S_IFCHR | 0666;
	return (dir);
}

static void
test_text(void **state)
{
	static const char digest[] = "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5"
	    "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5";
	IOC_AUTO(ioc_table_freep) struct ioc_table *t = NULL;
	auto_buf struct ioc_buf want = IOC_BUF(8192);
	auto_fd int fd = memfd_create("record", MFD_CLOEXEC);
	char text[4096] = { 0 };

	assert_int_equal(ioc_table_new(&t, &err), 0);
	(void)fill(t);
	assert_int_equal(ioc_record_write(t, fd, &err), 0);
	assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
	(void)ioc_buf_addf(&want, "#mtree v2.0\n"
	    ". type=dir uid=0 gid=0 mode=0755\n"
	    "./b type=dir uid=0 gid=0 mode=0755 time=7.000000000\n"
	    "./b/hard type=file uid=4294967294 gid=0 mode=0755 size=3 "
	    "time=7.000000000 sha256digest=%s flags=nodump,schg\n"
	    "./b/null type=char uid=0 gid=0 mode=0666 time=7.000000000\n"
	    "./b/z\\040\\043 type=link uid=0 gid=0 mode=0755 "
	    "time=7.000000000 link=a\\134b\\040c\n"
	    "./b-x type=file uid=4294967294 gid=0 mode=0755 size=3 "
	    "time=7.000000000 sha256digest=%s flags=nodump,schg\n",
	    digest, digest);
	assert_string_equal(text, ioc_buf_str(&want));
}

/* Many names in a bad order come out sorted, and are read back. */
static void
test_many(void **state)
{
	IOC_AUTO(ioc_table_freep) struct ioc_table *t = NULL;
	IOC_AUTO(ioc_mtree_closep) struct ioc_mtree *m = NULL;
	auto_fd int fd = memfd_create("record", MFD_CLOEXEC);
	const struct ioc_mtree_entry *e;
	uint32_t dir, n, entries = 0;
	char name[16];

	assert_int_equal(ioc_table_new(&t, &err), 0);
	dir = fill(t);
	for (unsigned i = 20000; i > 0; i--) {
		(void)snprintf(name, sizeof(name), "\x01n%u\xff", i * 7919);
		(void)add(t, i % 2 != 0 ? dir : 0, name, IOC_MEMBER_DIR, &n);
	}
	assert_int_equal(ioc_record_write(t, fd, &err), 0);
	assert_int_equal(ioc_mtree_open(fd, 30000, &m, &err), 0);
	while (ioc_mtree_next(m, &e, &err) == 0 && e != NULL) {
		if (strcmp(e->path, "b/z #") == 0)
			assert_string_equal(e->link, "a\\b c");
		if (strcmp(e->path, "b-x") == 0) {
			assert_int_equal(e->sha256[31], 0xa5);
			assert_int_equal(e->fflags,
			    ioc_fflags_parse("schg,nodump"));
		}
		entries++;
	}
	assert_int_equal(entries, t->n - 1);
}

static void
test_find(void **state)
{
	IOC_AUTO(ioc_table_freep) struct ioc_table *t = NULL;
	char path[8];
	uint32_t dir, n;

	assert_int_equal(ioc_table_new(&t, &err), 0);
	dir = fill(t);
	assert_int_equal(ioc_table_find(t, 0, "b", 1), dir);
	assert_int_equal(ioc_table_find(t, 0, ".", 1), 0);
	assert_int_equal(ioc_table_find(t, dir, "b", 1), 0);
	n = ioc_table_find(t, dir, "hard", 4);
	assert_string_equal(ioc_table_path(t, n, path, sizeof(path)), "b/hard");
	assert_string_equal(ioc_table_path(t, n, path, 4), "b/h");
	assert_string_equal(ioc_table_path(t, 0, path, 4), ".");
}

/* The bound on memory is kept, whatever is added. */
static void
test_bound(void **state)
{
	IOC_AUTO(ioc_table_freep) struct ioc_table *t = NULL;
	char name[256];
	uint32_t n;
	int r = 0;

	memset(name, 'n', sizeof(name));
	assert_int_equal(ioc_table_new(&t, &err), 0);
	for (unsigned i = 0; r == 0 && i < 1000000; i++) {
		(void)snprintf(name, 9, "%08x", i);
		name[8] = 'n';
		r = ioc_table_add(t, 0, name, 255, &n, &err);
	}
	assert_int_equal(r, IOC_LIMIT);
	assert_true(t->memory <= IOC_TABLE_MEMORY);
}

static void
test_damaged(void **state)
{
	static const char *const rows[] = {
		"", "#mtree v1.0\n", "#mtree v2.0", "#mtree v2.0\n",
		"#mtree v2.0\n./a type=dir uid=0 gid=0 mode=0755\n",
		"#mtree v2.0\n. type=dir uid=0 gid=0 mode=0755 \n",
		"#mtree v2.0\n. type=dir uid=0 gid=0 mode=755\n",
		"#mtree v2.0\n. type=dir uid=0 gid=0 mode=0855\n",
		"#mtree v2.0\n. type=dir uid=0 gid=4294967295 mode=0755\n",
		"#mtree v2.0\n. type=dir uid=0 gid=0\n",
		"#mtree v2.0\n. type=dir gid=0 uid=0 mode=0755\n",
		"#mtree v2.0\n. type=dir uid=0 gid=0 mode=0755 size=0\n",
		"#mtree v2.0\n. type=dir uid=0 gid=0 mode=0755 optional\n",
		"#mtree v2.0\n. type=socket uid=0 gid=0 mode=0755\n",
		"#mtree v2.0\n. type=dir uid=0 gid=0 mode=0755 flags=x\n",
		"#mtree v2.0\n. type=dir uid=0 gid=0 mode=0755 time=1\n",
		"#mtree v2.0\n. type=dir uid=0 gid=0 mode=0755\n. type=dir "
		"uid=0 gid=0 mode=0755\n",
		"#mtree v2.0\n. type=dir uid=0 gid=0 mode=0755\n"
		"./a/ type=dir uid=0 gid=0 mode=0755\n",
		"#mtree v2.0\n. type=dir uid=0 gid=0 mode=0755\n"
		"./ type=dir uid=0 gid=0 mode=0755\n",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		IOC_AUTO(ioc_mtree_closep) struct ioc_mtree *m = NULL;
		auto_fd int fd = memfd_create("record", MFD_CLOEXEC);
		const struct ioc_mtree_entry *e;
		size_t len = strlen(rows[i]);
		int r;

		assert_int_equal(write(fd, rows[i], len), len);
		assert_int_equal(ioc_mtree_open(fd, 100, &m, &err), 0);
		do {
			r = ioc_mtree_next(m, &e, &err);
		} while (r == 0 && e != NULL);
		if (r != IOC_FORMAT)
			fail_msg("accepted: %s", rows[i]);
	}
}

UNIT_MAIN(cmocka_unit_test(test_text), cmocka_unit_test(test_many),
    cmocka_unit_test(test_find), cmocka_unit_test(test_bound),
    cmocka_unit_test(test_damaged))
