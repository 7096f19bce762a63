/* SPDX-License-Identifier: BSD-2-Clause */
/* Archives: what is accepted and with which effect; bombs and ruins. */
#include "world.h"

#if __has_include(<sys/xattr.h>)
#include <sys/xattr.h>
#else
#include <sys/acl.h>
#include <sys/extattr.h>
#endif

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "safe/archive.h"
#include "safe/worker.h"

/* 3: names of other systems are ordinary bytes here. */
static void
backslash(void)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
	struct twin t = { .backslash = true };
	const char *n = "attack_03 backslash";
	struct stat st;

	new_world();
	TAR(&b, "..\\outdir\\pwned", .data = "x");
	tar_end(&b);
	run_twin(&t, &b);
	check(outside(), n, "the twin withstands it", NULL);
	new_world();
	check(unpack(&b, false, false) == 0, n, "refused", err.msg);
	check(!outside() && is("target/..\\outdir\\pwned", &st) &&
	    entries("target") == 1, n, "not one file", NULL);
}

/* 6: a link that stands in the target before. */
static void
planted(void)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
	const char *n = "attack_06 planted link";
	struct twin t = { 0 };

	new_world();
	TAR(&b, "planted/pwned", .data = "x");
	tar_end(&b);
	if (symlinkat("../outdir", world, "target/planted") != 0)
		abort();
	run_twin(&t, &b);
	check(outside(), n, "the twin withstands it", NULL);
	new_world();
	if (symlinkat("../outdir", world, "target/planted") != 0)
		abort();
	check(unpack(&b, false, false) == IOC_EXISTS, n,
	    "not refused", err.msg);
	check(!outside(), n, "the host was changed", NULL);
}

/* 6 again, without the library's look at the directory. */
static void
planted_unseen(void)
{
	static const char *const pairs[] = {
		"max_entries", "0", "max_bytes", "0", "devices", "0",
		"setid", "0", NULL,
	};
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
	auto_strv struct ioc_strv request = IOC_STRV;
	const char *n = "attack_06 planted link, unseen";
	auto_fd int in = -1, dir = -1;
	int fds[2];
	struct ioc_worker_job job = {
		.role = IOC_WORKER_EXTRACT,
		.helper_dir = getenv("HELPER_DIR"),
		.verb = "extract",
		.fds = fds,
		.nfds = 2,
	};

	new_world();
	TAR(&b, "first", .data = "x");
	TAR(&b, "planted/pwned", .data = "x");
	tar_end(&b);
	fds[0] = in = file_of(b.data, b.len);
	fds[1] = dir = openat(world, "target", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	if (symlinkat("../outdir", world, "target/planted") != 0 ||
	    ioc_strv_addv(&request, pairs) != 0)
		abort();
	job.request = request;
	check(ioc_worker_run(&job, NULL, &err) == IOC_EXISTS,
	    n, "not refused", err.msg);
	check(!outside(), n, "the host was changed", NULL);
}

/* 11, 12, 23, 22: bits, nodes, times and the root. */
static void
attributes(struct ioc_buf *b)
{
	TAR(b, "./", .type = '5', .mode = 01777, .uid = 4242, .gid = 4242);
	TAR(b, "su", .mode = 06755, .data = "x");
	TAR(b, "sticky", .mode = 01644, .data = "x");
	TAR(b, "tmp/", .type = '5', .mode = 01777);
	TAR(b, "mail/", .type = '5', .mode = 02775, .uid = 5, .gid = 8);
	TAR(b, "null", .type = '3', .mode = 0666, .major = 1, .minor = 3);
	TAR(b, "sda", .type = '4', .mode = 0660, .major = 8);
	TAR(b, "fifo", .type = '6', .mode = 0600);
	TAR(b, "future", .data = "x",
	    .mtime = "\x80\0\0\0\x3f\xff\xff\xff\xff\xff\xff\xff");
	TAR(b, "past", .data = "x",
	    .mtime = "\xff\xff\xff\xff\xf0\0\0\0\0\0\0\0");
	tar_end(b);
}

static bool
mode_is(const char *path, mode_t mode)
{
	struct stat st;

	return (is(path, &st) && st.st_mode == mode);
}

static void
bits(void)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
	const char *n = "attack_11, attack_12, attack_22, attack_23";
	struct twin t = { 0 };
	struct stat st;

	new_world();
	attributes(&b);
	run_twin(&t, &b);
	check(mode_is("target/su", S_IFREG | 06755) &&
	    mode_is("target/null", S_IFCHR | 0666) &&
	    mode_is("target/sda", S_IFBLK | 0660) &&
	    mode_is("target", S_IFDIR | 01777) &&
	    is("target/future", &st) && st.st_mtime > INT64_C(0xffffffff) &&
	    mode_is("target/fifo", S_IFIFO | 0600) && is("target/past", &st) &&
	    st.st_mtime < 0, n, "the twin withstands it", NULL);
	new_world();
	check(unpack(&b, false, false) == 0, n, "refused", err.msg);
	check(mode_is("target", S_IFDIR | 0755) && is("target", &st) &&
	    st.st_uid == 0 && st.st_gid == 0, n, "the root's mode", NULL);
	check(mode_is("target/su", S_IFREG | 0755), n, "set-id", NULL);
	check(mode_is("target/sticky", S_IFREG | 0644), n, "sticky", NULL);
	check(mode_is("target/tmp", S_IFDIR | 01777), n, "tmp", NULL);
	check(mode_is("target/mail", S_IFDIR | 0775), n, "mail", NULL);
	check(!is("target/null", &st) && !is("target/sda", &st) &&
	    !is("target/fifo", &st), n, "devices were made", NULL);
	check(is("target/future", &st) && st.st_mtime == INT64_C(0xffffffff),
	    n, "future", NULL);
	check(is("target/past", &st) && st.st_mtime == 0, n, "past", NULL);
	new_world();
	check(unpack(&b, true, true) == 0, n, "refused", err.msg);
	check(mode_is("target/su", S_IFREG | 06755) &&
	    mode_is("target/mail", S_IFDIR | 02775) &&
	    mode_is("target/null", S_IFCHR | 0666) &&
	    mode_is("target/sda", S_IFBLK | 0660) &&
	    mode_is("target/fifo", S_IFIFO | 0600) &&
	    is("target/null", &st) && st.st_rdev == 0x0103, n,
	    "what was wanted was not made", NULL);
}

/* How many attributes and lists of access a file of the target has. */
static size_t
attributes_of(const char *name)
{
	char path[256], list[256];
	ssize_t n = 0;

	(void)snprintf(path, sizeof(path), "%s/target/%s", where, name);
#if __has_include(<sys/xattr.h>)
	for (ssize_t i = 0, len = listxattr(path, list, sizeof(list)); i < len;
	    i += (ssize_t)strlen(list + i) + 1)
		n++;
#else
	{
		acl_t acl = acl_get_file(path, ACL_TYPE_ACCESS);
		int trivial = 1;

		n = extattr_list_file(path, EXTATTR_NAMESPACE_USER, list,
		    sizeof(list)) > 0;
		if (acl != NULL) {
			(void)acl_is_trivial_np(acl, &trivial);
			(void)acl_free(acl);
		}
		n += trivial == 0;
	}
#endif
	return ((size_t)n);
}

/* 13: none of it is kept, but FreeBSD's flags of files, which a root has. */
static void
extended(void)
{
	static const char *const files[] = { "attr", "cap", "acl" };
	static const char cap[] = "\1\0\0\2\xff\xff\xff\xff\0\0\0\0"
	    "\xff\xff\xff\xff\0\0\0\0";
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
	const char *n = "attack_13 xattr, ACL";
	int here = open(".", O_RDONLY | O_CLOEXEC), target;
	size_t has[3];

	new_world();
	PAX(&b, "SCHILY.xattr.user.attr", "evil");
	TAR(&b, "attr", .data = "x");
	tar_pax(&b, "SCHILY.xattr.security.capability", cap, sizeof(cap) - 1);
	TAR(&b, "cap", .mode = 0755, .data = "x");
	PAX(&b, "SCHILY.acl.access", "user::rw-,user:4242:rw-,group::r--,"
	    "mask::rw-,other::r--");
	TAR(&b, "acl", .data = "x");
	tar_end(&b);
	target = openat(world, "target", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fchdir(target) != 0 || twin_libarchive(b.data, b.len) != 0)
		check(false, n, "no twin", NULL);
	if (fchdir(here) != 0)
		abort();
	(void)close(here);
	(void)close(target);
	for (int i = 0; i < 3; i++)
		has[i] = attributes_of(files[i]);
	/* What the file system has of them. */
	check(has[0] + has[1] + has[2] > 0, n, "the twin withstands it", NULL);
	new_world();
	check(unpack(&b, true, true) == 0, n, "refused", err.msg);
	for (int i = 0; i < 3; i++)
		check(attributes_of(files[i]) == 0, n, files[i], NULL);
	(void)printf("ok    %s: the twin kept %zu, %zu, %zu\n", n, has[0],
	    has[1], has[2]);
}

/* What the twin makes of a sparse file, if that is not what was said. */
static bool
wrong_file(const struct twin *t, const char *real)
{
	struct stat st;

	return (t->overflowed || !is("target/hole", &st) ||
	    st.st_size != strtoll(real, NULL, 10) ||
	    contains("target/hole", "hetail"));
}

/* 14: holes are fine, blocks outside of their file are not. */
static void
sparse(void)
{
	static const struct {
		const char	*map;
		const char	*real;
		int		 code;
	} rows[] = {
		{ "0,4,1048572,4", "1048576", 0 },
		{ "0,4,9223372036854775800,4", "9223372036854775807",
		    IOC_LIMIT },
		{ "0,4,1048576,4", "1048576", IOC_FORMAT },
		{ "0,4,2,4", "1048576", IOC_FORMAT },
		{ "0,4,18446744073709551612,8", "1048576", IOC_FORMAT },
	};
	const char *n = "attack_14 sparse";
	struct stat st;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
		struct twin t = { 0 };
		int r;

		new_world();
		tar_sparse(&b, rows[i].real, rows[i].map);
		TAR(&b, "hole", .data = "headtail");
		tar_end(&b);
		run_twin(&t, &b);
		check(wrong_file(&t, rows[i].real) == (rows[i].code != 0), n,
		    "the twin fares otherwise", rows[i].map);
		new_world();
		r = unpack(&b, false, false);
		check(r == rows[i].code, n, rows[i].map,
		    r != 0 ? err.msg : "accepted");
		if (r == 0)
			check(is("target/hole", &st) &&
			    st.st_size == 1048576 && st.st_blocks < 1024, n,
			    "not sparse", NULL);
		else
			check(swept(), n, "something is left", NULL);
	}
}

/* 14: a hole that nobody has the time to hash. */
static void
hole(void)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
	const char *n = "attack_14 hole";
	struct twin t = { 0 };
	struct stat st;

	new_world();
	tar_sparse(&b, "60000000000", "0,4,59999999996,4");
	TAR(&b, "hole", .data = "headtail");
	tar_end(&b);
	run_twin(&t, &b);
	check(is("target/hole", &st) && st.st_size == 60000000000, n,
	    "the twin withstands it", NULL);
	new_world();
	check(unpack(&b, false, false) == IOC_LIMIT &&
	    strstr(err.msg, "holes") != NULL, n, "not refused", err.msg);
	check(swept(), n, "something is left", NULL);
}

/* 15: a member that hides in what pax says is content. */
static void
hidden(void)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20), inner = IOC_BUF(1 << 20);
	const char *n = "attack_15 hidden member";
	struct twin t = { .ustar_only = true };
	struct stat st;
	char size[32];

	new_world();
	TAR(&inner, "hidden", .data = "x");
	(void)snprintf(size, sizeof(size), "%zu", inner.len);
	PAX(&b, "size", size);
	TAR(&b, "file", .size = "00000000000");
	(void)ioc_buf_add(&b, inner.data, inner.len);
	tar_end(&b);
	run_twin(&t, &b);
	check(is("target/hidden", &st), n,
	    "the twin withstands it", NULL);
	new_world();
	check(unpack(&b, false, false) == 0, n, "refused", err.msg);
	check(!is("target/hidden", &st) && is("target/file", &st) &&
	    (size_t)st.st_size == inner.len, n, "it is there",
	    NULL);
}

/* 20, and everything else that is no whole tar archive. */
static void
truncated(enum filter f)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20), c = IOC_BUF(1 << 20);
	static const char junk[2000] = "this is not an archive";
	static char noise[300000];
	const char *n = filter_names[f];
	size_t cuts[6];
	struct twin t = { 0 };

	ioc_random(noise, sizeof(noise));
	TAR(&b, "a", .data = "content");
	TAR(&b, "b", .data = noise, .len = sizeof(noise));
	new_world();
	run_twin(&t, &b);
	check(t.made == 2, "attack_20 truncated", "the twin notices", NULL);
	/* Without an end mark: whole members only. */
	new_world();
	tar_filter(&c, f, b.data, b.len);
	check(unpack(&c, false, false) == IOC_FORMAT,
	    "attack_20 no end mark", n, err.msg);
	tar_end(&b);
	ioc_buf_clear(&c);
	tar_filter(&c, f, b.data, b.len);
	new_world();
	check(unpack(&c, false, false) == 0, "attack_20 whole", n, err.msg);
	cuts[0] = c.len / 2;
	cuts[1] = c.len / 3;
	cuts[2] = 700;
	cuts[3] = 100;
	cuts[4] = 1;
	cuts[5] = 0;
	for (size_t i = 0; i < 6; i++) {
		new_world();
		c.len = cuts[i];
		check(unpack(&c, false, false) == IOC_FORMAT,
		    "attack_20 truncated", n, err.msg);
		check(swept(), "attack_20 truncated", "left", NULL);
	}
	ioc_buf_clear(&c);
	tar_filter(&c, f, junk, sizeof(junk));
	new_world();
	check(unpack(&c, false, false) == IOC_FORMAT, "attack_20 junk", n,
	    err.msg);
}

/* 21: compressed twice. */
static void
twice(void)
{
	static const enum filter pairs[][2] = {
		{ GZIP, GZIP }, { XZ, GZIP }, { GZIP, XZ }, { ZSTD, BZIP2 },
	};

	for (size_t i = 0; i < 4; i++) {
		auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
		auto_buf struct ioc_buf c = IOC_BUF(1 << 20);
		auto_buf struct ioc_buf d = IOC_BUF(1 << 20);
		auto_fd int in = -1;
		int r;

		new_world();
		TAR(&b, "a", .data = "x");
		tar_end(&b);
		tar_filter(&c, pairs[i][0], b.data, b.len);
		tar_filter(&d, pairs[i][1], c.data, c.len);
		in = file_of(d.data, d.len);
		check(twin_reads(in, &(struct twin_appetite){ 1, 1 }),
		    "attack_21 twice", "the twin withstands it", NULL);
		r = unpack_fd(in, false, false, 0);
		check(r == IOC_UNSAFE || r == IOC_FORMAT, "attack_21 twice",
		    "accepted", err.msg);
		check(swept(), "attack_21 twice", "left", NULL);
	}
}

/* 21: compressed so often that nobody may follow. */
static void
thirty_times(void)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20), c = IOC_BUF(1 << 20);
	const char *n = "attack_21 thirty times";
	double cpu = children_seconds();

	new_world();
	TAR(&b, "a", .data = "x");
	tar_end(&b);
	for (int i = 0; i < 15; i++) {
		ioc_buf_clear(&c);
		tar_filter(&c, GZIP, b.data, b.len);
		ioc_buf_clear(&b);
		tar_filter(&b, i % 2 ? ZSTD : BZIP2, c.data, c.len);
	}
	check(unpack(&b, false, false) == IOC_FORMAT, n, "not refused",
	    err.msg);
	check(children_seconds() - cpu < 10, n, "slow", NULL);
	check(swept(), n, "left", NULL);
}

static int
never(uint64_t done, uint64_t total, void *arg)
{
	return (1);
}

static void
canceled(void)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
	auto_fd int in = -1, dir = -1;
	struct ioc_archive a = {
		.helper_dir = getenv("HELPER_DIR"),
		.progress = never,
	};

	new_world();
	TAR(&b, "a", .data = "x");
	tar_end(&b);
	in = file_of(b.data, b.len);
	a.in_fds = &in;
	a.nin = 1;
	a.record_fd = -1;
	a.dir_fd = dir = openat(world, "target", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	check(ioc_archive_extract(&a, &err) == IOC_CANCELED, "cancel",
	    "not canceled", err.msg);
}

/* An honest archive comes out as it went in. */
static void
honest(enum filter f)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 24), c = IOC_BUF(1 << 24);
	static char big[3000000];
	char text[256] = { 0 };
	struct stat st, other;
	const char *n = filter_names[f];

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 2654435761u >> 24);
	TAR(&b, "./", .type = '5', .mode = 0755);
	TAR(&b, "./etc/", .type = '5', .mode = 0700, .uid = 7, .gid = 8);
	TAR(&b, "./etc/f", .mode = 0640, .uid = 1000, .gid = 1001,
	    .data = "content\n");
	TAR(&b, "./etc/closed/", .type = '5', .mode = 0500);
	TAR(&b, "./etc/closed/g", .mode = 0400, .data = "g");
	TAR(&b, "etc/again/x/y", .data = "implied");
	TAR(&b, "etc/again/", .type = '5', .mode = 0711);
	TAR(&b, "etc/h", .type = '1', .link = "./etc/f");
	TAR(&b, "etc/i", .type = '1', .link = "etc/h");
	TAR(&b, "etc/s", .type = '2', .link = "/etc/passwd", .uid = 9);
	TAR(&b, "etc/dangling", .type = '2', .link = "../../../..");
	TAR(&b, "-rf", .data = "dash");
	TAR(&b, "...", .data = "dots");
	TAR(&b, "foo..bar", .data = "dots");
	TAR(&b, "A", .data = "upper");
	TAR(&b, "a", .data = "lower");
	TAR(&b, "F\xc5\x91tan\xc3\xba", .data = "utf-8");
	TAR(&b, "./etc/", .type = '5', .mode = 0700, .uid = 7, .gid = 8);
	TAR(&b, "big", .data = big, .len = sizeof(big));
	TAR(&b, "empty", .mode = 0600);
	tar_end(&b);
	tar_filter(&c, f, b.data, b.len);
	new_world();
	check(unpack(&c, false, false) == 0, "honest", n, err.msg);
	check(is("target/etc", &st) && st.st_mode == (S_IFDIR | 0700) &&
	    st.st_uid == 7 && st.st_gid == 8 && st.st_mtime == 1000000000,
	    "honest", "directory", n);
	check(is("target/etc/f", &st) && st.st_mode == (S_IFREG | 0640) &&
	    st.st_uid == 1000 && st.st_gid == 1001 && st.st_nlink == 3 &&
	    st.st_mtime == 1000000000 && is("target/etc/i", &other) &&
	    st.st_ino == other.st_ino &&
	    contains("target/etc/f", "content\n"), "honest", "file", n);
	check(mode_is("target/etc/closed", S_IFDIR | 0500) &&
	    contains("target/etc/closed/g", "g"), "honest", "closed", n);
	check(mode_is("target/etc/again", S_IFDIR | 0711) &&
	    mode_is("target/etc/again/x", S_IFDIR | 0755) &&
	    contains("target/etc/again/x/y", "implied"), "honest", "implied",
	    n);
	check(readlinkat(world, "target/etc/s", text, sizeof(text)) == 11 &&
	    strcmp(text, "/etc/passwd") == 0 && is("target/etc/s", &st) &&
	    st.st_uid == 9 && st.st_mtime == 1000000000, "honest", "link", n);
	check(contains("target/A", "upper") && contains("target/a", "lower") &&
	    contains("target/-rf", "dash") && contains("target/...", "dots") &&
	    contains("target/F\xc5\x91tan\xc3\xba", "utf-8"), "honest",
	    "names", n);
	check(is("target/big", &st) && st.st_size == sizeof(big) &&
	    is("target/empty", &st) && st.st_size == 0, "honest", "sizes", n);
}

void
more(void)
{
	backslash();
	planted();
	planted_unseen();
	bits();
	extended();
	sparse();
	hole();
	hidden();
	twice();
	thirty_times();
	canceled();
	for (int f = NONE; f < FILTERS; f++) {
		honest((enum filter)f);
		truncated((enum filter)f);
	}
}
