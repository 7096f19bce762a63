/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 16, and 14 where it is about sizes: archives that ask for more than there is.
 * Each is read, or made room for, by a twin that counts nothing; ours refuses it
 * within a few seconds of the processor and less than 256 MiB.
 */
#include "world.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"

#define	PEAK	(240L * 1024)	/* KiB that a worker has at most */
#define	CPU	60.0		/* seconds that it may take, however slow */
#define	MIB	(UINT64_C(1) << 20)

/* The file is refused with this code, soon, and nothing is left of it. */
static void
refused(const char *name, int in, int code, const char *msg)
{
	double cpu = children_seconds();
	int r = unpack_fd(in, false, false, 0);

	cpu = children_seconds() - cpu;
	check(r == code, name, "wrong code", r == 0 ? "accepted" : err.msg);
	check(strstr(err.msg, msg) != NULL, name, "wrong sentence", err.msg);
	check(cpu < CPU, name, "slow", NULL);
	check(swept(), name, "something is left", NULL);
	(void)printf("ok    %s, %.1f s: %s\n", name, cpu, err.msg);
}

/* The twin reads so much of it. */
static void
devoured(const char *name, int in, uint64_t members, uint64_t bytes)
{
	struct twin_appetite a = { members, bytes };

	check(twin_reads(in, &a) && (a.members == members ||
	    a.bytes >= bytes), name, "the twin withstands it", NULL);
}

static void
repeat(struct ioc_buf *b, const struct ioc_buf *piece, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)ioc_buf_add(b, piece->data, piece->len);
	if (b->failed != 0)
		abort();
}

/* Streams of one compressed piece, repeated: 62 GiB, which the limit allows. */
static void
zeros(enum filter f, size_t pieces)
{
	static char zero[16 << 20];
	auto_buf struct ioc_buf head = IOC_BUF(1 << 20), b = IOC_BUF(1 << 28);
	auto_buf struct ioc_buf piece = IOC_BUF(1 << 24);
	auto_fd int in = -1;
	char name[64];

	(void)snprintf(name, sizeof(name), "attack_16 bomb of zeros (%s)",
	    filter_names[f]);
	new_world();
	TAR(&head, "zeros", .size = "\x80\0\0\0\0\0\0\x0f\x80\0\0\0");
	tar_filter(&b, f, head.data, head.len);
	tar_filter(&piece, f, zero, sizeof(zero));
	repeat(&b, &piece, pieces);
	in = file_of(b.data, b.len);
	devoured(name, in, 2, 600 * MIB);
	refused(name, in, IOC_LIMIT, "unpacks to more than 1000 times");
}

/* Thirteen million of them. */
static void
members(enum filter f)
{
	auto_buf struct ioc_buf raw = IOC_BUF(1 << 25), b = IOC_BUF(1 << 28);
	auto_buf struct ioc_buf piece = IOC_BUF(1 << 24);
	auto_fd int in = -1;
	char name[64];

	(void)snprintf(name, sizeof(name), "attack_16 bomb of members (%s)",
	    filter_names[f]);
	new_world();
	while (raw.len < 16 * MIB)
		TAR(&raw, "d/", .type = '5', .mode = 0755);
	tar_filter(&piece, f, raw.data, raw.len);
	repeat(&b, &piece, 400);
	in = file_of(b.data, b.len);
	devoured(name, in, 2500000, MIB);
	refused(name, in, IOC_LIMIT, f == ZSTD ? "" : "2000000 entries");
}

/* Names without end, none of which is ever made. */
static void
names(void)
{
	auto_buf struct ioc_buf raw = IOC_BUF(1 << 25), b = IOC_BUF(1 << 28);
	const char *n = "attack_16 bomb of names";
	auto_fd int in = -1;
	char name[101];

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
	devoured(n, in, 700000, MIB);
	refused(n, in, IOC_LIMIT, "names and digests of more than 80 MiB");
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

/* A few bytes that ask for gigabytes: 1.5 or 4 of them. */
static void
dictionary(unsigned char code, bool behind)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20), c = IOC_BUF(1 << 20);
	auto_buf struct ioc_buf evil = IOC_BUF(1 << 20);
	const char *n = behind ? "attack_16 xz dictionary of a second stream" :
	    code == 37 ? "attack_16 xz dictionary of 1.5 GiB" :
	    "attack_16 xz dictionary of 4 GiB";
	auto_fd int in = -1;
	unsigned char *h;
	uint32_t crc;
	size_t size;

	TAR(&b, "a", .data = "x");
	tar_end(&b);
	tar_filter(&evil, XZ, b.data, b.len);
	/* The first block's header: size, flags, filter, its size, dictionary. */
	h = (unsigned char *)evil.data + 12;
	size = ((size_t)h[0] + 1) * 4;
	h[4] = code;
	crc = crc32(h, size - 4);
	for (int i = 0; i < 4; i++)
		h[size - 4 + (size_t)i] = (unsigned char)(crc >> 8 * i);
	check(twin_xz_memory(evil.data, evil.len) > 1024 * MIB, n,
	    "the twin withstands it", NULL);
	if (behind)
		tar_filter(&c, XZ, b.data, 1024);
	(void)ioc_buf_add(&c, evil.data, evil.len);
	new_world();
	in = file_of(c.data, c.len);
	refused(n, in, IOC_LIMIT, "xz: needs too much memory");
}

/* The same of zstd: its window, as its frame says. */
static void
window(unsigned bits)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20), c = IOC_BUF(1 << 20);
	auto_fd int in = -1;
	unsigned char *h;
	char name[64];

	(void)snprintf(name, sizeof(name), "attack_16 zstd window of %u bits",
	    bits);
	TAR(&b, "a", .data = "x");
	tar_end(&b);
	tar_filter(&c, ZSTD, b.data, b.len);
	h = (unsigned char *)c.data + 4;
	check((h[0] & 0x20) == 0, name, "a frame without a window", NULL);
	h[1] = (unsigned char)((bits - 10) << 3);
	check(twin_zstd_memory(c.data, c.len) >= 256 * MIB, name,
	    "the twin withstands it", NULL);
	new_world();
	in = file_of(c.data, c.len);
	refused(name, in, IOC_LIMIT, "too much memory");
}

/* A header that is kept in memory before anything is known of it. */
static void
large_header(const char *key)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 25);
	auto_free char *text = malloc(10 * MIB);
	auto_fd int in = -1;
	struct twin t = { 0 };
	char name[64];

	(void)snprintf(name, sizeof(name), "attack_16 pax %s of 10 MiB", key);
	memset(text, 'p', 10 * MIB);
	tar_pax(&b, key, text, 10 * MIB);
	TAR(&b, "a", .data = "x");
	tar_end(&b);
	new_world();
	run_twin(&t, &b);
	check(t.largest > 10 * MIB, name, "the twin withstands it", NULL);
	new_world();
	in = file_of(b.data, b.len);
	refused(name, in, IOC_FORMAT, "");
}

/* A million headers before one member: who recurses has no stack left. */
static void
many_headers(void)
{
	auto_buf struct ioc_buf raw = IOC_BUF(1 << 25), b = IOC_BUF(1 << 28);
	auto_buf struct ioc_buf piece = IOC_BUF(1 << 24);
	const char *n = "attack_16 a million headers before a member";
	auto_fd int in = -1;
	struct twin t = { 0 };

	for (int i = 0; i < 10000; i++)
		PAX(&raw, "comment", "x");
	new_world();
	run_twin(&t, &raw);
	check(t.made == 0 && t.largest > 0, n, "the twin withstands it", NULL);
	tar_filter(&piece, ZSTD, raw.data, raw.len);
	repeat(&b, &piece, 100);
	new_world();
	in = file_of(b.data, b.len);
	refused(n, in, IOC_FORMAT, "");
}

/* A map of seventeen million blocks, none of which holds anything. */
static void
map(struct ioc_buf *b)
{
	auto_buf struct ioc_buf raw = IOC_BUF(1 << 25);
	auto_buf struct ioc_buf piece = IOC_BUF(1 << 24);
	static char block[512];

	memset(block, '0', sizeof(block));
	for (int i = 0; i < 42; i++)
		block[12 * i + 11] = ' ';
	memset(block + 504, 0, 8);
	block[504] = 1;			/* another block follows */
	while (raw.len < 16 * MIB)
		(void)ioc_buf_add(&raw, block, sizeof(block));
	tar_filter(&piece, ZSTD, raw.data, raw.len);
	ioc_buf_clear(&raw);
	tar_gnu_sparse(&raw, "a");
	tar_filter(b, ZSTD, raw.data, raw.len);
	repeat(b, &piece, 25);
}

static void
large_map(void)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 28);
	auto_fd int in = -1;

	map(&b);
	new_world();
	in = file_of(b.data, b.len);
	refused("attack_14 map of 17 million blocks", in, IOC_LIMIT,
	    "needs too much memory");
}

/* A name in the head of gzip, of 400 MiB: who looks for its end keeps all of it. */
static int
long_head(void)
{
	static const char head[] = "\x1f\x8b\x08\x08\0\0\0\0\0\0";
	auto_free char *text = malloc(4 * MIB);
	int in = file_of(head, sizeof(head) - 1);

	memset(text, 'n', 4 * MIB);
	for (int i = 0; i < 100; i++)
		if (write(in, text, 4 * MIB) != (ssize_t)(4 * MIB))
			abort();
	return (in);
}

static void
endless_head(void)
{
	auto_fd int in = -1;

	new_world();
	in = long_head();
	refused("attack_16 gzip with a name of 400 MiB", in, IOC_LIMIT,
	    "needs too much memory");
}

/* The largest of all workers until now. */
static void
memory(void)
{
	struct rusage child, own;

	(void)getrusage(RUSAGE_CHILDREN, &child);
	(void)getrusage(RUSAGE_SELF, &own);
	/* A child that is forked has what this program has, which sanitizers
	   make large: then that is all that can be seen of it. */
	check(child.ru_maxrss < PEAK || (own.ru_maxrss > PEAK / 2 &&
	    child.ru_maxrss <= own.ru_maxrss), "attack_16 memory", "too much",
	    NULL);
	(void)printf("ok    attack_16 memory: %ld MiB at most\n",
	    child.ru_maxrss / 1024);
}

/* After the memory of ours was looked at, as this is large. */
static void
bloated(const char *name, int in)
{
	struct rusage u = { .ru_maxrss = 0 };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct twin_appetite a = { 2, MIB };

		(void)twin_reads(in, &a);
		_exit(0);
	}
	(void)wait4(pid, &status, 0, &u);
	check(u.ru_maxrss > 256L * 1024, name, "the twin withstands it", NULL);
}

static void
twins(void)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 28);
	auto_fd int large = -1, endless = -1;

	map(&b);
	new_world();
	large = file_of(b.data, b.len);
	bloated("attack_14 map of 17 million blocks", large);
	new_world();
	endless = long_head();
	bloated("attack_16 gzip with a name of 400 MiB", endless);
}

void
bombs(void)
{
	zeros(ZSTD, 4096);
	zeros(XZ, 3968);
	zeros(BZIP2, 128);
	members(ZSTD);
	members(GZIP);
	names();
	dictionary(37, false);
	dictionary(40, false);
	dictionary(37, true);
	window(28);
	window(31);
	large_header("comment");
	large_header("path");
	many_headers();
	large_map();
	endless_head();
	memory();
	twins();
}
