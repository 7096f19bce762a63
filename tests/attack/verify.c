/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tree against its record: what somebody did to it is named, however it was
 * hidden.  Each way of hiding deceives a twin that looks at names and sizes, or
 * one that follows links.
 */
#include "world.h"

#include <sys/mman.h>
#include <sys/stat.h>
#if __has_include(<sys/xattr.h>)
#include <sys/xattr.h>
#endif

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "base/strv.h"
#include "safe/archive.h"
#include "safe/verify.h"

static struct ioc_strv seen;
static int record = -1;

static int
on_found(enum ioc_difference what, const char *path, const char *detail,
    void *arg)
{
	static const char *const words[] = { "changed", "missing", "extra" };

	(void)ioc_strv_addf(&seen, "%s %s%s%s", words[what], path,
	    detail[0] != '\0' ? ": " : "", detail);
	return (0);
}

static void
build(struct ioc_buf *b)
{
	TAR(b, "bin/", .type = '5', .mode = 0755);
	TAR(b, "bin/sh", .mode = 0755, .data = "shell");
	TAR(b, "bin/ls", .mode = 0755, .data = "list!");
	TAR(b, "bin/dir", .type = '1', .link = "bin/ls");
	TAR(b, "bin-x", .data = "sorted behind bin/");
	TAR(b, "etc/", .type = '5', .mode = 0755);
	TAR(b, "etc/passwd", .data = "root");
	TAR(b, "etc/rc.d/one", .mode = 0555, .data = "1");
	TAR(b, "etc/link", .type = '2', .link = "../bin/sh");
	TAR(b, "odd # [\\]*?\xc3\xbc=", .data = "x", .uid = 7, .gid = 9);
	TAR(b, "var/closed/", .type = '5', .mode = 0);
	TAR(b, "var/closed/f", .mode = 0, .data = "y", .uid = 3);
	tar_end(b);
}

/* A fresh world with the tree in target and its record. */
static void
unpacked(void)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
	auto_fd int in = -1, dir = -1;
	struct ioc_archive a = {
		.helper_dir = getenv("HELPER_DIR"),
		.nin = 1,
	};

	new_world();
	build(&b);
	in = file_of(b.data, b.len);
	dir = openat(world, "target", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ioc_fd_close(&record);
	record = memfd_create("record", MFD_CLOEXEC);
	a.in_fds = &in;
	a.dir_fd = dir;
	a.record_fd = record;
	check(ioc_archive_extract(&a, &err) == 0, "verify", "unpack", err.msg);
}

static int
verify(const struct ioc_verify_layer *layers, size_t n,
    const char *const *ignore)
{
	struct ioc_verify v = {
		.helper_dir = getenv("HELPER_DIR"),
		.record_fd = record,
		.layers = layers,
		.nlayers = n,
		.ignore = ignore,
		.found = on_found,
	};

	ioc_strv_fini(&seen);
	seen = (struct ioc_strv)IOC_STRV;
	memset(&err, 0, sizeof(err));
	return (ioc_verify_tree(&v, &err));
}

/* Exactly these differences, separated by a bar. */
static void
expect(const char *name, int r, const char *want)
{
	auto_buf struct ioc_buf got = IOC_BUF(1 << 20);

	for (size_t i = 0; i < seen.n; i++)
		(void)ioc_buf_addf(&got, "%s%s", i > 0 ? "|" : "", seen.v[i]);
	check(r == 0, name, "failed", err.msg);
	check(strcmp(ioc_buf_str(&got), want) == 0, name, "differences",
	    ioc_buf_str(&got));
	(void)printf("ok    %s: %s\n", name, ioc_buf_str(&got));
}

static void
expect_target(const char *name, const char *want)
{
	auto_fd int dir = openat(world, "target", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	const struct ioc_verify_layer layer = { dir, "" };

	expect(name, verify(&layer, 1, NULL), want);
}

static void
put(const char *path, const char *text)
{
	auto_fd int fd = openat(world, path, O_WRONLY | O_CREAT | O_TRUNC |
	    O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
}

static void
must(int r)
{
	if (r != 0)
		abort();
}

/* A twin that compares names, sizes and times. */
static bool
twin_sees(const char *path, const struct stat *before)
{
	struct stat st;

	return (fstatat(world, path, &st, 0) != 0 ||
	    st.st_size != before->st_size || st.st_mtime != before->st_mtime ||
	    st.st_mode != before->st_mode);
}

static void
content(void)
{
	struct timespec ts[2];
	struct stat st;

	unpacked();
	expect_target("clean", "");
	must(is("target/bin/ls", &st) ? 0 : 1);
	put("target/bin/ls", "evil!");
	ts[0] = ts[1] = st.st_mtim;
	must(utimensat(world, "target/bin/ls", ts, 0));
	check(!twin_sees("target/bin/ls", &st), "content", "the twin sees it",
	    NULL);
	/* Both of its names. */
	expect_target("content of the same size and time",
	    "changed bin/dir: content|changed bin/ls: content");
}

static void
attributes(void)
{
	unpacked();
	must(fchmodat(world, "target/bin/sh", 04755, 0));
	must(fchownat(world, "target/etc/passwd", 1, 2, 0));
	must(unlinkat(world, "target/etc/link", 0));
	must(symlinkat("../bin/sH", world, "target/etc/link"));
	must(unlinkat(world, "target/etc/rc.d/one", 0));
	put("target/bin-x", "longer than it was before");
	put("target/new\n\033[2J", "x");
	must(fchmodat(world, "target", 0700, 0));
	expect_target("attributes", "changed .: mode|changed bin/sh: mode|"
	    "changed bin-x: content size|changed etc/link: link|"
	    "changed etc/passwd: owner|missing etc/rc.d/one|"
	    "extra new\\n\\x1b[2J");
}

/* A directory that became a link to an unchanged copy of it. */
static void
linked(void)
{
	struct stat st;

	unpacked();
	must(is("target/bin/sh", &st) ? 0 : 1);
	must(renameat(world, "target/bin", world, "outdir/bin"));
	must(symlinkat("../outdir/bin", world, "target/bin"));
	check(!twin_sees("target/bin/sh", &st), "link", "the twin sees it",
	    NULL);
	expect_target("directory behind a link", "changed bin: type");
}

/* What would make a reader hang or run is not opened. */
static void
special(void)
{
	unpacked();
	must(unlinkat(world, "target/bin/sh", 0));
	must(mkfifoat(world, "target/bin/sh", 0755));
	must(mkdirat(world, "target/many", 0700));
	put("target/many/a", "x");
	expect_target("fifo", "changed bin/sh: type|extra many");
}

static void
ignored(void)
{
	static const char *const ignore[] = { "etc/*", "var", "many", NULL };
	auto_fd int dir = -1;
	struct ioc_verify_layer layer = { -1, "" };

	unpacked();
	must(unlinkat(world, "target/etc/rc.d/one", 0));
	put("target/etc/passwd", "evil");
	must(mkdirat(world, "target/many", 0700));
	put("target/var/new", "x");
	layer.fd = dir = openat(world, "target", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	expect("ignored", verify(&layer, 1, ignore), "");
}

static void
damaged(void)
{
	auto_fd int dir = -1;
	struct ioc_verify_layer layer = { -1, "" };

	unpacked();
	layer.fd = dir = openat(world, "target", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	must(pwrite(record, "#mtree v2.0\n./../x", 18, 0) == 18 ? 0 : 1);
	check(verify(&layer, 1, NULL) == IOC_FORMAT &&
	    strstr(err.msg, "record, line 2") != NULL, "damaged record",
	    "not refused", err.msg);
}

/* A layer at a path is what is there, whatever lies beneath. */
static void
mounted(void)
{
	struct ioc_verify_layer layers[2] = { { -1, "" }, { -1, "bin" } };
	auto_fd int dir = -1, bin = -1;

	unpacked();
	must(renameat(world, "target/bin", world, "outdir/bin"));
	must(mkdirat(world, "target/bin", 0711));
	put("target/bin/hidden", "x");
	layers[0].fd = dir = openat(world, "target", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	layers[1].fd = bin = openat(world, "outdir/bin", O_RDONLY |
	    O_DIRECTORY | O_CLOEXEC);
	expect("a layer at a path", verify(layers, 2, NULL), "");
	must(unlinkat(world, "target/bin/hidden", 0));
	must(unlinkat(world, "target/bin", AT_REMOVEDIR));
	put("outdir/bin/extra", "x");
	expect("a layer at a path that is not there", verify(layers, 2, NULL),
	    "extra bin/extra");
}

#ifdef XATTR_CREATE
static void
overlay(void)
{
	struct ioc_verify_layer layers[2] = { { -1, "" }, { -1, "" } };
	auto_fd int lower = -1, upper = -1;
	char path[256];

	unpacked();
	must(mkdirat(world, "outdir/etc", 0755));
	must(mkdirat(world, "outdir/bin", 0755));
	must(mknodat(world, "outdir/bin/sh", S_IFCHR, 0));
	put("outdir/bin/new", "x");
	layers[0].fd = upper = openat(world, "outdir", O_RDONLY |
	    O_DIRECTORY | O_CLOEXEC);
	layers[1].fd = lower = openat(world, "target", O_RDONLY |
	    O_DIRECTORY | O_CLOEXEC);
	expect("overlay", verify(layers, 2, NULL),
	    "extra bin/new|missing bin/sh");
	(void)snprintf(path, sizeof(path), "%s/outdir/etc", where);
	must(setxattr(path, "trusted.overlay.opaque", "y", 1, 0));
	expect("opaque", verify(layers, 2, NULL), "extra bin/new|"
	    "missing bin/sh|missing etc/link|missing etc/passwd|"
	    "missing etc/rc.d");
}
#else
static void
overlay(void)
{
}
#endif

static void
forget(void)
{
	ioc_strv_fini(&seen);
}

WORLDS(content, attributes, linked, special, ignored, damaged, mounted, overlay,
    forget)
