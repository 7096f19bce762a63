/* SPDX-License-Identifier: BSD-2-Clause */
/* Several archives into one tree, and errors of two threads. */
#include "world.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/compat.h"
#include "safe/archive.h"
#include "safe/worker.h"

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
	const char *n = "attack_04 a link of the first archive";
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
	const char *n = "attack_17 a file of the first archive";
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

void
more_sets(void)
{
	link_before();
	file_before();
	sets(false);
	sets(true);
	first_error();
}
