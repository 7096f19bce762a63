/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Archives of somebody else: every file beneath IOC_TEST_ARCHIVES is unpacked as
 * `ioc fetch` does it.  Whatever it is, it is refused with a sentence and swept,
 * or what was made of it is what the record says; nothing beside it changes, in
 * bounded time and memory.
 */
#include "world.h"

#include <sys/resource.h>

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "safe/archive.h"
#include "safe/tree.h"
#include "safe/verify.h"

#define	PEAK	(240L * 1024)	/* KiB that a worker has at most */
#define	CPU	60.0		/* seconds that one archive may take of it */
#define	DEPTH	32		/* of folders */

static unsigned accepted, refused;

static int
on_found(enum ioc_difference what, const char *path, const char *detail,
    void *arg)
{
	(void)printf("FAIL  %s: not as recorded: %s %s\n", (const char *)arg,
	    path, detail);
	failures++;
	return (0);
}

/* What was made is what the record says, and can be removed. */
static void
judge_tree(const char *name, int dir, int record)
{
	struct ioc_verify_layer layer = { dir, "" };
	struct ioc_verify v = {
		.helper_dir = getenv("HELPER_DIR"),
		.record_fd = record,
		.layers = &layer,
		.nlayers = 1,
		.found = on_found,
		.arg = (void *)(uintptr_t)name,
	};

	check(ioc_verify_tree(&v, &err) == 0, name, "its record", err.msg);
	check(fchmodat(world, "target", 0700, 0) == 0, name, "no target",
	    NULL);
}

static bool
is_clean(const char *msg)
{
	for (const char *s = msg; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return (false);
	return (ioc_str_is_utf8(msg));
}

static int
unpack_recorded(const char *name, int in)
{
	auto_fd int dir = openat(world, "target", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	auto_fd int record = openat(world, "record", O_RDWR | O_CREAT |
	    O_EXCL | O_CLOEXEC, 0600);
	struct ioc_archive a = {
		.helper_dir = getenv("HELPER_DIR"),
		.in_fds = &in,
		.nin = 1,
		.dir_fd = dir,
		.record_fd = record,
		.setid = true,
	};
	int r;

	memset(&err, 0, sizeof(err));
	r = ioc_archive_extract(&a, &err);
	if (r == 0)
		judge_tree(name, dir, record);
	return (r);
}

static void
feed(const char *name, int in)
{
	static long peak;
	struct rusage own, after;
	double cpu = children_seconds();
	int r;

	new_world();
	r = unpack_recorded(name, in);
	cpu = children_seconds() - cpu;
	r == 0 ? accepted++ : refused++;
	(void)printf("%s\t%s\t%.2f s\t%s\n", r == 0 ? "accepted" :
	    ioc_code_name(r), name, cpu, err.msg);
	/* CHILD: it crashed, or was killed. */
	check(r != IOC_CHILD && r != IOC_TIMEOUT && r != IOC_FAILED, name,
	    "no good end", err.msg);
	check(r == 0 || err.msg[0] != '\0', name, "no sentence", NULL);
	check(is_clean(err.msg), name, "raw bytes", err.msg);
	check(cpu < CPU, name, "slow", NULL);
	/* Only the largest of all children is told; sanitizers need more. */
	(void)getrusage(RUSAGE_SELF, &own);
	(void)getrusage(RUSAGE_CHILDREN, &after);
	check(after.ru_maxrss <= peak || after.ru_maxrss < PEAK ||
	    after.ru_maxrss <= own.ru_maxrss, name, "too much memory",
	    NULL);
	peak = after.ru_maxrss;
	check(!outside(), name, "the host was changed", NULL);
	check(swept(), name, "something is left", NULL);
}

static void
feed_folder(int dir, const char *path, unsigned depth)
{
	auto_dir DIR *d = fdopendir(dir);
	struct dirent *e;

	if (d == NULL)
		abort();
	while ((e = readdir(d)) != NULL) {
		auto_buf struct ioc_buf name = IOC_BUF(1 << 16);
		auto_fd int fd = -1;
		struct stat st;

		if (strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0)
			continue;
		(void)ioc_buf_addf(&name, "%s%s%s", path,
		    path[0] != '\0' ? "/" : "", IOC_SHOW(e->d_name));
		fd = openat(dirfd(d), e->d_name, O_RDONLY | O_NOFOLLOW |
		    O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st) != 0)
			continue;
		if (S_ISREG(st.st_mode))
			feed(ioc_buf_str(&name), fd);
		if (S_ISDIR(st.st_mode) && depth < DEPTH)
			feed_folder(take_fd(&fd), ioc_buf_str(&name),
			    depth + 1);
	}
}

/* Without a guard this world is not left as it was, and that is seen. */
static void
unguarded(void)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
	struct twin t = { 0 };

	new_world();
	TAR(&b, "../outdir/pwned", .data = "x");
	tar_end(&b);
	run_twin(&t, &b);
	check(outside(), "unguarded", "nothing is seen of it", NULL);
}

static void
folder(void)
{
	const char *path = getenv("IOC_TEST_ARCHIVES");
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	check(dir >= 0, path, "not opened", NULL);
	if (dir < 0)
		return;
	feed_folder(dir, "", 0);
	check(accepted + refused > 0, path, "no archive there", NULL);
	(void)printf("%u archives accepted, %u refused\n", accepted, refused);
}

WORLDS_WITH("IOC_TEST_ARCHIVES", "IOC_TEST_ARCHIVES names no folder of archives",
    unguarded, folder)
