/* SPDX-License-Identifier: BSD-2-Clause */
/* Several archives into one tree, errors of two threads, and memory. */
#include "world.h"

#include <sys/resource.h>

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "safe/archive.h"
#include "safe/worker.h"

#define	PEAK	(216L * 1024)	/* KiB that a worker may have at most */

/* Unpacks two archives, one after the other, into one new world. */
static int
both(struct ioc_buf *one, struct ioc_buf *two, bool single)
{
	auto_fd int first = -1, second = -1, dir = -1;
	int fds[2];
	struct ioc_archive a = {
		.helper_dir = getenv("HELPER_DIR"),
		.in_fds = fds,
		.nin = 2,
		.record_fd = -1,
		.single = single,
	};

	new_world();
	fds[0] = first = file_of(one->data, one->len);
	if (renameat(world, "archive", world, "archive1") != 0)
		abort();
	fds[1] = second = file_of(two->data, two->len);
	a.dir_fd = dir = openat(world, "target", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	memset(&err, 0, sizeof(err));
	return (ioc_archive_extract(&a, &err));
}

/* 4 and 5 again: what makes the way stands in another archive. */
static void
link_before(void)
{
	auto_buf struct ioc_buf one = IOC_BUF(1 << 20), two = IOC_BUF(1 << 20);
	const char *n = "4 a link of the first archive";
	struct twin t = { 0 };

	TAR(&one, "usr/lib32", .type = '2', .link = "../../outdir");
	tar_end(&one);
	TAR(&two, "usr/lib32/pwned", .data = "x");
	tar_end(&two);
	new_world();
	run_twin(&t, &one);
	run_twin(&t, &two);
	check(outside(), n, "the twin withstands it", NULL);
	check(both(&one, &two, false) == IOC_UNSAFE, n, "not refused",
	    err.msg);
	check(strstr(err.msg, "archive 2: member \"usr/lib32/pwned\": a path "
	    "through a symbolic link") != NULL, n, "sentence", err.msg);
	check(!outside() && swept(), n, "something is left", NULL);
}

/* 8 and 17 again: a file of the first archive is not written again. */
static void
file_before(void)
{
	auto_buf struct ioc_buf one = IOC_BUF(1 << 20), two = IOC_BUF(1 << 20);
	const char *n = "17 a file of the first archive";
	struct twin t = { 0 };

	TAR(&one, "a", .data = "first");
	tar_end(&one);
	TAR(&two, "./a", .data = "second");
	tar_end(&two);
	new_world();
	run_twin(&t, &one);
	run_twin(&t, &two);
	check(contains("target/a", "second"), n, "the twin withstands it",
	    NULL);
	check(both(&one, &two, false) == IOC_UNSAFE, n, "not refused",
	    err.msg);
	check(swept(), n, "something is left", NULL);
}

/* What real sets do: the same directories, links into what was before. */
static void
sets(bool single)
{
	auto_buf struct ioc_buf one = IOC_BUF(1 << 20), two = IOC_BUF(1 << 20);
	auto_buf struct ioc_buf zip = IOC_BUF(1 << 20);
	const char *n = single ? "sets, one thread" : "sets";
	struct stat a, b;

	TAR(&one, "./", .type = '5', .mode = 0755);
	TAR(&one, "usr/", .type = '5', .mode = 0755);
	TAR(&one, "usr/file", .data = "x");
	tar_end(&one);
	TAR(&two, "./", .type = '5', .mode = 01777);
	TAR(&two, "./usr/", .type = '5', .mode = 0755);
	TAR(&two, "usr/hard", .type = '1', .link = "usr/file");
	TAR(&two, "usr/lib32/", .type = '5', .mode = 0700);
	TAR(&two, "usr/lib32/f", .data = "y");
	tar_end(&two);
	tar_filter(&zip, XZ, two.data, two.len);
	check(both(&one, &zip, single) == 0, n, "refused", err.msg);
	check(is("target/usr/file", &a) && is("target/usr/hard", &b) &&
	    a.st_ino == b.st_ino && contains("target/usr/lib32/f", "y") &&
	    is("target/usr/lib32", &a) && a.st_mode == (S_IFDIR | 0700) &&
	    is("target", &a) && a.st_mode == (S_IFDIR | 0755), n, "not there",
	    NULL);
}

/*
 * The writer fails at the first member while the judge is at the last one: the
 * error is that of the first, every time.
 */
static void
first_error(void)
{
	static const char *const pairs[] = {
		"max_entries", "0", "max_bytes", "0", "devices", "0",
		"setid", "0", NULL,
	};
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
	auto_strv struct ioc_strv request = IOC_STRV;
	int fds[2];
	struct ioc_worker_job job = {
		.role = IOC_WORKER_EXTRACT,
		.helper_dir = getenv("HELPER_DIR"),
		.verb = "extract",
		.fds = fds,
		.nfds = 2,
	};

	TAR(&b, "planted", .data = "x");
	for (int i = 0; i < 20; i++)
		TAR(&b, i % 2 ? "d/" : "./d/", .type = '5', .mode = 0755);
	TAR(&b, "../outdir/pwned", .data = "x");
	tar_end(&b);
	(void)ioc_strv_addv(&request, pairs);
	job.request = request;
	for (int i = 0; i < 20; i++) {
		auto_fd int in = -1, dir = -1;

		new_world();
		fds[0] = in = file_of(b.data, b.len);
		fds[1] = dir = openat(world, "target", O_RDONLY |
		    O_DIRECTORY | O_CLOEXEC);
		if (mkdirat(world, "target/planted", 0700) != 0)
			abort();
		check(ioc_worker_run(&job, NULL, &err) == IOC_EXISTS &&
		    strstr(err.msg, "\"planted\"") != NULL, "first error",
		    "another one", err.msg);
	}
}

static uint32_t
crc32(const unsigned char *p, size_t len)
{
	uint32_t crc = ~UINT32_C(0);

	for (; len > 0; len--, p++) {
		crc ^= *p;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (UINT32_C(0xedb88320) & -(crc & 1));
	}
	return (~crc);
}

/* 16: a few bytes that ask for gigabytes. */
static void
dictionary(void)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20), c = IOC_BUF(1 << 20);
	unsigned char *h;
	uint32_t crc;
	size_t size;
	int r;

	TAR(&b, "a", .data = "x");
	tar_end(&b);
	tar_filter(&c, XZ, b.data, b.len);
	/* The first block's header: size, flags, filter, its size, dictionary. */
	h = (unsigned char *)c.data + 12;
	size = ((size_t)h[0] + 1) * 4;
	h[4] = 40;
	crc = crc32(h, size - 4);
	for (int i = 0; i < 4; i++)
		h[size - 4 + (size_t)i] = (unsigned char)(crc >> 8 * i);
	new_world();
	check(unpack(&c, false, false) == IOC_LIMIT, "16 xz dictionary",
	    "not refused", err.msg);
	(void)printf("ok    16 xz dictionary: %s\n", err.msg);
	/* The same of zstd: its window, when the frame says one. */
	ioc_buf_clear(&c);
	tar_filter(&c, ZSTD, b.data, b.len);
	h = (unsigned char *)c.data + 4;
	if ((h[0] & 0x20) == 0)
		h[1] = (31 - 10) << 3;
	new_world();
	r = unpack(&c, false, false);
	(void)printf("ok    16 zstd window: %s\n", r == 0 ? "taken" : err.msg);
}

/* 16: names without end, none of which is ever made. */
static void
names(void)
{
	auto_buf struct ioc_buf raw = IOC_BUF(1 << 25), b = IOC_BUF(1 << 28);
	const char *n = "16 bomb of names";
	auto_fd int in = -1;
	char name[101];
	uint64_t start;

	memset(name, 'n', sizeof(name));
	name[100] = '\0';
	for (unsigned i = 1; i <= 700000; i++) {
		(void)snprintf(name, 9, "%08x", i);
		name[8] = 'n';
		TAR(&raw, name, .type = '6');
		if (i % 20000 == 0) {
			tar_filter(&b, ZSTD, raw.data, raw.len);
			ioc_buf_clear(&raw);
		}
	}
	new_world();
	in = file_of(b.data, b.len);
	start = ioc_now_ns();
	check(unpack_fd(in, false, false, 0) == IOC_LIMIT, n, "not refused",
	    err.msg);
	check(ioc_now_ns() - start < UINT64_C(60000000000), n, "slow", NULL);
	check(swept(), n, "something is left", NULL);
	(void)printf("ok    %s: %s\n", n, err.msg);
}

/* 14: a hole that nobody has the time to hash. */
static void
hole(void)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);

	new_world();
	tar_sparse(&b, "60000000000", "0,4,59999999996,4");
	TAR(&b, "hole", .data = "headtail");
	tar_end(&b);
	check(unpack(&b, false, false) == IOC_LIMIT &&
	    strstr(err.msg, "holes") != NULL, "14 hole", "not refused",
	    err.msg);
}

void
more_sets(void)
{
	struct rusage child, own;

	link_before();
	file_before();
	sets(false);
	sets(true);
	first_error();
	dictionary();
	names();
	hole();
	/* Of all workers until now, bombs included. */
	(void)getrusage(RUSAGE_CHILDREN, &child);
	(void)getrusage(RUSAGE_SELF, &own);
	/* A child that is forked has what this program has, which sanitizers
	   make large: then that is all that can be seen of it. */
	check(child.ru_maxrss < PEAK || (own.ru_maxrss > PEAK / 2 &&
	    child.ru_maxrss <= own.ru_maxrss), "16 memory", "too much", NULL);
	(void)printf("ok    16 memory: %ld MiB at most\n",
	    child.ru_maxrss / 1024);
}
