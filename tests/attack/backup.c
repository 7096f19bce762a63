/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile backups (67 to 70) and hostile trees that are to be backed up.  Each is
 * first met by a twin that restores as it was always done: by unpacking all there
 * is and believing what stands beside it.
 */
#include "world.h"

#include <sys/mman.h>

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "core/backup.h"
#include "safe/backup.h"
#include "safe/tree.h"

#define	REST	"\"kind\":\"full\",\"name\":\"web\",\"system\":\"Linux\","	\
	"\"arch\":\"amd64\",\"created\":\"now\"}"
#define	INDEX	"{\"schema\":1,\"uid_base\":0," REST

static void
head(struct ioc_buf *b)
{
	TAR(b, "ioc-backup.json", .data = INDEX);
	TAR(b, "config.json", .data = "{}");
	TAR(b, "root/", .type = '5', .mode = 0755);
}

/* --- archives ------------------------------------------------------------------- */

static void
a2_beside(struct ioc_buf *b)
{
	head(b);
	TAR(b, "root/../../outdir/pwned", .data = "x");
}

static void
a1_absolute(struct ioc_buf *b)
{
	static char path[256];

	head(b);
	(void)snprintf(path, sizeof(path), "root/%s/outdir/pwned", where);
	TAR(b, path + strlen("root/"), .data = "x");
}

static void
a4_root_is_a_link(struct ioc_buf *b)
{
	TAR(b, "ioc-backup.json", .data = INDEX);
	TAR(b, "config.json", .data = "{}");
	TAR(b, "root", .type = '2', .link = "../outdir");
	TAR(b, "root/pwned", .data = "x");
}

static void
a4_link(struct ioc_buf *b)
{
	head(b);
	TAR(b, "root/x", .type = '2', .link = "../../outdir");
	TAR(b, "root/x/pwned", .data = "x");
}

static void
a7_hard_link(struct ioc_buf *b)
{
	head(b);
	TAR(b, "root/x", .type = '1', .link = "../victim");
}

static void
a7_hard_link_inner(struct ioc_buf *b)
{
	head(b);
	TAR(b, "root/x", .type = '1', .link = "root/../../victim");
}

static void
a68_other_member(struct ioc_buf *b)
{
	head(b);
	TAR(b, "../outdir/hook.sh", .mode = 0755, .data = "x");
}

static void
a68_text_is_a_link(struct ioc_buf *b)
{
	TAR(b, "ioc-backup.json", .data = INDEX);
	TAR(b, "config.json", .type = '2', .link = "../victim");
	TAR(b, "config.json", .data = "pwned");
}

static const struct attack {
	const char	*name;
	void		(*build)(struct ioc_buf *b);
} attacks[] = {
	{ "1 an absolute name", a1_absolute },
	{ "2 .. behind root/", a2_beside },
	{ "4 root is a link", a4_root_is_a_link },
	{ "4 through a link in it", a4_link },
	{ "7 hard link out of it", a7_hard_link },
	{ "7 hard link beneath root/ and out", a7_hard_link_inner },
	{ "68 a member that no backup has", a68_other_member },
	{ "68 the configuration is a link", a68_text_is_a_link },
};

/* As core/import.c does it, without what only core knows. */
static int
import_fd(int in, enum ioc_backup_how how)
{
	IOC_AUTO(ioc_backup_head_fini) struct ioc_backup_head h = {
		.old = false,
	};
	auto_fd int dir = openat(world, "target",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int record = memfd_create("record", MFD_CLOEXEC);
	struct ioc_backup_unpack u = {
		.helper_dir = getenv("HELPER_DIR"), .in_fd = in, .head = &h,
		.how = how, .dir_fd = dir, .record_fd = record,
		.stream_fd = -1,
	};
	int r;

	memset(&err, 0, sizeof(err));
	r = ioc_backup_read_head(u.helper_dir, in, &h, &err);
	if (r == 0 && h.old)
		u.how = IOC_UNPACK_OLD;
	return (r == 0 ? ioc_backup_extract(&u, &err) : r);
}

static int
import(const struct ioc_buf *b)
{
	auto_fd int in = file_of(b->data, b->len);

	return (import_fd(in, IOC_UNPACK_WHOLE));
}

static void
run_attack(const struct attack *a)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
	struct twin t = { .ustar_only = false };
	int r;

	new_world();
	a->build(&b);
	tar_end(&b);
	run_twin(&t, &b);
	check(outside(), a->name, "the twin did not suffer", NULL);
	ioc_buf_clear(&b);
	new_world();
	a->build(&b);
	tar_end(&b);
	r = import(&b);
	check(r == IOC_UNSAFE || r == IOC_FORMAT, a->name, "accepted", err.msg);
	check(swept(), a->name, "something is left", NULL);
	(void)printf("ok    %s: %s\n", a->name, err.msg);
}

/* --- what its texts say ----------------------------------------------------------- */

/* A tree and its backup in the file that is returned. */
static int
honest(void)
{
	auto_fd int root = -1, record = memfd_create("record", MFD_CLOEXEC);
	struct ioc_verify_layer layer = { -1, "" };
	struct ioc_backup_pack p = {
		.helper_dir = getenv("HELPER_DIR"), .layers = &layer,
		.nlayers = 1, .text = { INDEX, "{}", NULL }, .other_fd = -1,
		.stream_fd = -1, .record_fd = record,
	};
	int fd;

	if (mkdirat(world, "tree", 0755) != 0 ||
	    (fd = openat(world, "tree/file", O_WRONLY | O_CREAT | O_CLOEXEC,
	    0644)) < 0 || write(fd, "content!", 8) != 8 || close(fd) != 0)
		abort();
	layer.fd = root = openat(world, "tree", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	p.out_fd = openat(world, "backup", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	check(ioc_backup_write(&p, &err) == 0, "honest", "not written", err.msg);
	return (p.out_fd);
}

/* Replaces text of the archive by another of the same length, wherever it is. */
static void
replace(int fd, const char *from, const char *to)
{
	static char buf[1 << 20];
	ssize_t n = pread(fd, buf, sizeof(buf), 0);
	size_t len = strlen(from), found = 0;

	for (ssize_t i = 0; i + (ssize_t)len <= n; i++) {
		if (memcmp(buf + i, from, len) != 0)
			continue;
		memcpy(buf + i, to, len);
		found++;
	}
	if (found == 0 || pwrite(fd, buf, (size_t)n, 0) != n)
		abort();
}

/* In a world of its own, as any unpacker would. */
static bool
twin_takes(const char *data, size_t len)
{
	auto_fd int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int there = openat(world, "outdir", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	bool taken;

	if (here < 0 || there < 0 || fchdir(there) != 0)
		abort();
	taken = twin_libarchive(data, len) == 0 && entries("outdir") > 0;
	if (fchdir(here) != 0 || ioc_tree_remove(world, "outdir", NULL) != 0 ||
	    mkdirat(world, "outdir", 0755) != 0)
		abort();
	return (taken);
}

static void
a68_content(void)
{
	auto_fd int fd = -1;
	int r;

	new_world();
	fd = honest();
	check(import_fd(fd, IOC_UNPACK_WHOLE) == 0, "68 honest", "refused",
	    err.msg);
	check(contains("target/file", "content!"), "68 honest", "lost", NULL);
	/* Each is a good archive for a twin that has no hashes. */
	static const char *const changes[][2] = {
		{ "content!", "evil one" },
		{ "./file type=file", "./fole type=file" },
		{ "mode=0644 size", "mode=4755 size" },
		{ "\"name\":\"web\"", "\"name\":\"adm\"" },
	};
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		auto_fd int bad = -1;
		char buf[65536];
		ssize_t n;

		new_world();
		bad = honest();
		replace(bad, changes[i][0], changes[i][1]);
		n = pread(bad, buf, sizeof(buf), 0);
		check(n > 0 && twin_takes(buf, (size_t)n), "68 content",
		    "no archive for the twin", changes[i][1]);
		r = import_fd(bad, IOC_UNPACK_WHOLE);
		check(r == IOC_VERIFY, "68 content", "accepted", changes[i][1]);
		check(swept(), "68 content", "something is left", NULL);
		(void)printf("ok    68 %s: %s\n", changes[i][1], err.msg);
	}
}

/* A configuration in the tree is a file like any other; behind it, none. */
static void
a69_inside(void)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
	IOC_AUTO(ioc_backup_head_fini) struct ioc_backup_head h = {
		.old = false,
	};
	auto_fd int in = -1;
	int r;

	new_world();
	head(&b);
	TAR(&b, "root/config.json", .data = "{\"boot\":\"yes\"}");
	TAR(&b, "config.json", .data = "{\"boot\":\"yes\"}");
	tar_end(&b);
	in = file_of(b.data, b.len);
	/* The last one is what tar leaves behind: the twin's configuration. */
	{
		struct twin t = { .ustar_only = false };

		run_twin(&t, &b);
		check(contains("target/config.json", "{\"boot\":\"yes\"}"),
		    "69 inside", "the twin did not suffer", NULL);
	}
	new_world();
	r = ioc_backup_read_head(getenv("HELPER_DIR"), in, &h, &err);
	check(r == 0 && strcmp(h.text[IOC_TEXT_CONFIG], "{}") == 0,
	    "69 inside", "another configuration", err.msg);
	r = import_fd(in, IOC_UNPACK_WHOLE);
	check(r == IOC_FORMAT && swept(), "69 inside", "accepted", err.msg);
	(void)printf("ok    69 inside: %s\n", err.msg);
}

/* It changes between the first look and the second. */
static void
a68_exchanged(void)
{
	IOC_AUTO(ioc_backup_head_fini) struct ioc_backup_head h = {
		.old = false,
	};
	auto_fd int fd = -1, dir = -1, record = -1;
	struct ioc_backup_unpack u = {
		.helper_dir = getenv("HELPER_DIR"), .head = &h,
		.stream_fd = -1,
	};

	new_world();
	u.in_fd = fd = honest();
	check(ioc_backup_read_head(u.helper_dir, fd, &h, &err) == 0,
	    "68 exchanged", "head", err.msg);
	replace(fd, "\"name\":\"web\"", "\"name\":\"adm\"");
	u.dir_fd = dir = openat(world, "target", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	u.record_fd = record = memfd_create("record", MFD_CLOEXEC);
	check(ioc_backup_extract(&u, &err) == IOC_VERIFY, "68 exchanged",
	    "accepted", err.msg);
	(void)printf("ok    68 exchanged: %s\n", err.msg);
}

static void
a67_bombs(void)
{
	auto_buf struct ioc_buf deep = IOC_BUF(1 << 20);
	auto_buf struct ioc_buf b = IOC_BUF(1 << 22);
	static const struct {
		const char	*what;
		const char	*text;
	} bad[] = {
		{ "a key twice", "\"schema\":1,\"schema\":1,\"uid_base\":0" },
		{ "a number out of range",
		    "\"schema\":99999999999999999999,\"uid_base\":0" },
		{ "a negative number", "\"schema\":-1,\"uid_base\":0" },
		{ "owners that are shifted",
		    "\"schema\":1,\"uid_base\":100000" },
		{ "another type", "\"schema\":\"1\",\"uid_base\":0" },
		{ "an unknown key",
		    "\"schema\":1,\"uid_base\":0,\"exec_prestart\":\"x\"" },
		{ "a base of a whole", "\"schema\":1,\"uid_base\":0,"
		    "\"base\":\"00\"" },
	};
	static char big[64 * 1024];
	struct ioc_backup_index index;
	int r;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		auto_buf struct ioc_buf text = IOC_BUF(4096);
		json_t *j;

		(void)ioc_buf_addf(&text, "{%s," REST, bad[i].text);
		/* The twin reads as most programs do, and believes. */
		j = json_loads(ioc_buf_str(&text), JSON_DECODE_INT_AS_REAL,
		    NULL);
		check(j != NULL, "67 index", "the twin refuses", bad[i].what);
		json_decref(j);
		r = ioc_backup_index_parse(ioc_buf_str(&text), text.len, &index,
		    &err);
		check(r == IOC_FORMAT, "67 index", "accepted", bad[i].what);
		(void)printf("ok    67 %s: %s\n", bad[i].what, err.msg);
	}
	for (int i = 0; i < 100000; i++)
		(void)ioc_buf_addc(&deep, '[');
	r = ioc_backup_index_parse(deep.data, deep.len, &index, &err);
	check(r == IOC_LIMIT, "67 depth", "accepted", err.msg);
	new_world();
	memset(big, ' ', sizeof(big) - 1);
	TAR(&b, "ioc-backup.json", .data = INDEX);
	TAR(&b, "config.json", .data = big);
	tar_end(&b);
	r = import(&b);
	check(r == IOC_LIMIT && swept(), "67 size", "accepted", err.msg);
	(void)printf("ok    67 size: %s\n", err.msg);
}

/* --- trees ------------------------------------------------------------------------- */

/* A twin as tar(1) with -h or cp(1) with -L: it opens what it finds, and waits. */
static bool
twin_opens(const char *path, const char *text)
{
	auto_fd int fd = openat(world, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char buf[64] = { 0 };

	return (fd >= 0 && read(fd, buf, sizeof(buf) - 1) >= 0 &&
	    strstr(buf, text) != NULL);
}

static void
tree_traps(void)
{
	static char buf[1 << 20];
	auto_fd int fd = -1;
	ssize_t n;

	new_world();
	if (mkdirat(world, "tree", 0755) != 0 ||
	    symlinkat("../victim", world, "tree/link") != 0 ||
	    symlinkat("../outdir", world, "tree/dir") != 0 ||
	    mkfifoat(world, "tree/fifo", 0666) != 0 ||
	    mkdirat(world, "outdir/inner", 0755) != 0 ||
	    unlinkat(world, "outdir/inner", AT_REMOVEDIR) != 0)
		abort();
	check(twin_opens("tree/link", "host"), "tree", "the twin did not follow",
	    NULL);
	if (renameat(world, "tree", world, "tree2") != 0)
		abort();
	(void)alarm(60);
	fd = honest();
	ioc_fd_close(&fd);
	if (unlinkat(world, "tree/file", 0) != 0 ||
	    unlinkat(world, "tree", AT_REMOVEDIR) != 0 ||
	    unlinkat(world, "backup", 0) != 0 ||
	    renameat(world, "tree2", world, "tree") != 0)
		abort();
	{
		auto_fd int root = openat(world, "tree", O_RDONLY |
		    O_DIRECTORY | O_CLOEXEC);
		auto_fd int record = memfd_create("record", MFD_CLOEXEC);
		struct ioc_verify_layer layer = { root, "" };
		struct ioc_backup_pack p = {
			.helper_dir = getenv("HELPER_DIR"), .layers = &layer,
			.nlayers = 1, .text = { INDEX, "{}", NULL },
			.other_fd = -1, .stream_fd = -1, .record_fd = record,
		};

		p.out_fd = fd = openat(world, "backup", O_RDWR | O_CREAT |
		    O_CLOEXEC, 0600);
		check(ioc_backup_write(&p, &err) == 0, "tree", "not written",
		    err.msg);
		check(p.skipped == 1, "tree", "the FIFO is in it", NULL);
	}
	(void)alarm(0);
	n = pread(fd, buf, sizeof(buf), 0);
	check(n > 0 && memmem(buf, (size_t)n, "host", 4) == NULL, "tree",
	    "a link was followed", NULL);
	(void)printf("ok    a tree of traps\n");
}

static void
listed(void)
{
	for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++)
		run_attack(&attacks[i]);
}

WORLDS(listed, a67_bombs, a68_content, a68_exchanged, a69_inside, tree_traps)
