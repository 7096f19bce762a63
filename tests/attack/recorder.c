/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record of a tree that a jail has worked on: nothing outside is read for
 * it, and a tree that would deceive a naive recorder is described as it is.
 */
#include "world.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "safe/archive.h"
#include "safe/recorder.h"
#include "safe/verify.h"

static void
must(int r)
{
	if (r != 0)
		abort();
}

static int
target(void)
{
	return (openat(world, "target", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int
record_to(int out)
{
	auto_fd int dir = target();
	struct ioc_recorder r = {
		.helper_dir = getenv("HELPER_DIR"), .dir_fd = dir,
		.out_fd = out,
	};

	memset(&err, 0, sizeof(err));
	return (ioc_record_tree(&r, &err));
}

/* A twin that opens what stands there. */
static bool
twin_opens(int at, const char *path, const char *text)
{
	auto_fd int fd = openat(at, path, O_RDONLY | O_CLOEXEC);
	char got[64] = "";

	return (fd >= 0 && read(fd, got, sizeof(got) - 1) > 0 &&
	    strcmp(got, text) == 0);
}

static void
text_of(int fd, struct ioc_buf *b)
{
	char part[4096];
	ssize_t n;

	for (off_t at = 0; (n = pread(fd, part, sizeof(part), at)) > 0; at += n)
		(void)ioc_buf_add(b, part, (size_t)n);
}

/* A tree with everything that a record can say, unpacked and recorded so. */
static int
unpacked(void)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
	auto_fd int in = -1, dir = -1, record = -1;
	struct ioc_archive a = {
		.helper_dir = getenv("HELPER_DIR"), .nin = 1, .setid = true,
	};

	new_world();
	TAR(&b, "./", .type = '5', .mode = 0755);
	TAR(&b, "bin/", .type = '5', .mode = 0755);
	TAR(&b, "bin/su", .mode = 04755, .data = "su");
	TAR(&b, "bin/su2", .type = '1', .link = "bin/su");
	TAR(&b, "bin-x", .data = "sorted behind bin/");
	TAR(&b, "etc/", .type = '5', .mode = 0750, .gid = 5);
	TAR(&b, "etc/a b", .type = '2', .mode = 0777,
	    .link = "../bin/su #");
	TAR(&b, "odd # [\\]*?\xc3\xbc=", .data = "x", .uid = 7, .gid = 9);
	TAR(&b, "var/", .type = '5', .mode = 0);
	TAR(&b, "var/f", .mode = 0, .data = "y", .uid = 3);
	tar_end(&b);
	in = file_of(b.data, b.len);
	dir = target();
	record = memfd_create("record", MFD_CLOEXEC);
	a.in_fds = &in;
	a.dir_fd = dir;
	a.record_fd = record;
	check(ioc_archive_extract(&a, &err) == 0, "record", "unpack", err.msg);
	return (take_fd(&record));
}

/* What is there is what was unpacked, to the byte. */
static void
same(void)
{
	auto_fd int first = unpacked(), out = memfd_create("r", MFD_CLOEXEC);
	auto_buf struct ioc_buf a = IOC_BUF(1 << 20), b = IOC_BUF(1 << 20);

	check(record_to(out) == 0, "same", "failed", err.msg);
	text_of(first, &a);
	text_of(out, &b);
	check(a.len > 500 && strcmp(ioc_buf_str(&a), ioc_buf_str(&b)) == 0,
	    "same", "another record", ioc_buf_str(&b));
	(void)printf("ok    the same record, %zu bytes\n", b.len);
}

static int
on_found(enum ioc_difference what, const char *path, const char *detail,
    void *arg)
{
	size_t *n = arg;

	(void)what;
	(void)detail;
	(*n)++;
	(void)printf("      found %s\n", path);
	return (0);
}

static size_t
differences(int record)
{
	auto_fd int dir = target();
	const struct ioc_verify_layer layer = { dir, "" };
	size_t n = 0;
	struct ioc_verify v = {
		.helper_dir = getenv("HELPER_DIR"), .record_fd = record,
		.layers = &layer, .nlayers = 1, .found = on_found, .arg = &n,
	};

	check(ioc_verify_tree(&v, &err) == 0, "verify", "failed", err.msg);
	return (n);
}

static void
deepen(char path[512])
{
	size_t n = strlen(path);

	(void)snprintf(path + n, 512 - n, "/d");
	must(mkdirat(world, path, 0755));
}

/* Links, FIFOs and a deep tree, as a jail leaves them; then one bit changes. */
static void
hostile(void)
{
	auto_fd int out = memfd_create("r", MFD_CLOEXEC), first = -1;
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
	char path[512] = "target";
	auto_fd int secret = -1;

	first = unpacked();
	secret = openat(world, "secret", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	must(write(secret, "secret", 6) == 6 ? 0 : 1);
	must(symlinkat("../secret", world, "target/leak"));
	must(symlinkat("..", world, "target/up"));
	must(mkfifoat(world, "target/fifo", 0600));
	for (int i = 0; i < 60; i++)
		deepen(path);
	check(twin_opens(world, "target/leak", "secret"), "hostile",
	    "the twin reads nothing outside", NULL);
	check(record_to(out) == 0, "hostile", "failed", err.msg);
	text_of(out, &b);
	check(strstr(ioc_buf_str(&b), "./leak type=link") != NULL &&
	    strstr(ioc_buf_str(&b), " link=../secret\n") != NULL &&
	    strstr(ioc_buf_str(&b), "./fifo type=fifo") != NULL &&
	    strstr(ioc_buf_str(&b), "./up/") == NULL, "hostile",
	    "not as it is", ioc_buf_str(&b));
	check(differences(out) == 0, "hostile", "a difference at once", NULL);
	must(fchmodat(world, "target/bin/su", 0755, 0));
	check(differences(out) == 2, "hostile", "a change was not seen", NULL);
	(void)printf("ok    links, a FIFO, 60 directories\n");
}

/* What has no line: it is not made up, and a comparison names it. */
static void
socket_left_out(void)
{
	auto_fd int out = memfd_create("r", MFD_CLOEXEC), first = -1;
	auto_fd int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	first = unpacked();
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%.80s/target/sock",
	    where);
	must(bind(s, (struct sockaddr *)&at, sizeof(at)));
	check(record_to(out) == 0, "socket", "failed", err.msg);
	check(differences(out) == 1, "socket", "not named", NULL);
	(void)printf("ok    a socket is extra\n");
}

static void
refused(void)
{
	auto_fd int out = memfd_create("r", MFD_CLOEXEC), first = -1;
	auto_fd int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	char path[512] = "target";

	first = unpacked();
	check(record_to(null) == IOC_INVALID, "refused", "not a file", err.msg);
	for (int i = 0; i < 65; i++)
		deepen(path);
	check(record_to(out) == IOC_LIMIT, "refused", "too deep", err.msg);
	(void)printf("ok    what no record can say: %s\n", err.msg);
}

WORLDS(same, hostile, socket_left_out, refused)
