/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 46 and 47: a cache of archives in which somebody else has been.  The naive
 * twin opens by name, and checks by name what it then opens again.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"
#include "base/cleanup.h"
#include "dist/dist.h"
#include "fetch_world.h"
#include "safe/archive.h"
#include "safe/path.h"
#include "safe/tree.h"
#include "tarball.h"

static char top[] = "/tmp/ioc-attack-XXXXXX";
static int top_fd = -1, cache = -1;
static char want[IOC_SHA256_HEX], evil[IOC_SHA256_HEX];
static char part[IOC_SHA256_HEX + 16], final[IOC_SHA256_HEX + 16];
static void (*at_unpack)(void);		/* between check and use */

/* --- the world ----------------------------------------------------------------- */

static void
put(int dir, const char *name, const void *data, size_t len)
{
	auto_fd int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC |
	    O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
}

static bool
holds(int dir, const char *name, const char *text)
{
	auto_fd int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	char got[256] = { 0 };

	return (fd >= 0 && read(fd, got, sizeof(got) - 1) >= 0 &&
	    strcmp(got, text) == 0);
}

static bool
is_there(int dir, const char *name)
{
	struct stat st;

	return (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0);
}

/* An archive with one file, beside the server's certificates. */
static void
archive(const char *name, const char *text, char hex[IOC_SHA256_HEX])
{
	auto_buf struct ioc_buf b = IOC_BUF(1024 * 1024);
	auto_fd int dir = open(server.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int fd = -1;

	TAR(&b, .name = "file", .data = text, .uid = geteuid(),
	    .gid = getegid());
	tar_end(&b);
	put(dir, name, b.data, b.len);
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (ioc_hash_fd(how.helper_dir, fd, hex, &err) != 0)
		abort();
}

static void
copy(const char *from, const char *to)
{
	static char data[1024 * 1024];
	auto_fd int dir = open(server.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int fd = openat(dir, from, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, data, sizeof(data));

	if (n <= 0)
		abort();
	put(cache, to, data, (size_t)n);
}

static int
on_progress(const char *what, uint64_t done, uint64_t total, void *arg)
{
	/* "verify" is told before and after; the second time counts. */
	if (strcmp(what, "verify") == 0 && done == 1 && at_unpack != NULL)
		at_unpack();
	return (0);
}

/* With an empty root; what was made stays in "root". */
static int
fetch(const char *path)
{
	auto_fd int root = -1;
	const char *url = url_of(TLS_GOOD, path);
	struct ioc_dist_job j = {
		.ca_file = server.ca,
		.helper_dir = how.helper_dir,
		.url = url,
		.sha256 = want,
		.cache_fd = cache,
		.record_fd = -1,
		.pins_fd = -1,
		.progress = on_progress,
	};

	memset(&err, 0, sizeof(err));
	if (is_there(top_fd, "root") &&
	    ioc_tree_remove(top_fd, "root", NULL) != 0)
		abort();
	root = ioc_path_mkdir(top_fd, "root", 0755, 0, NULL);
	if (root < 0)
		abort();
	j.root_fd = root;
	return (ioc_dist_archive.fetch(&j, &err));
}

static void
clear(void)
{
	(void)unlinkat(cache, part, 0);
	(void)unlinkat(cache, final, 0);
	put(top_fd, "victim", "precious", 8);
}

static void
good(const char *n, const char *path)
{
	check(fetch(path) == 0, n, "failed", err.msg);
	check(holds(top_fd, "root/file", "good"), n, "not the right file",
	    "");
	check(is_there(cache, final) && !is_there(cache, part), n,
	    "not the right cache", "");
	check(holds(top_fd, "victim", "precious"), n, "the host's file", "");
}

/* Unpacks what came under the right name. */
static bool
twin_unpacks(const char *name)
{
	auto_fd int root = -1, in = -1;
	auto_fd int dir = open(server.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct ioc_archive a = {
		.helper_dir = how.helper_dir,
		.in_fds = &in,
		.nin = 1,
		.record_fd = -1,
	};

	in = openat(dir, name, O_RDONLY | O_CLOEXEC);
	(void)ioc_tree_remove(top_fd, "root", NULL);
	a.dir_fd = root = ioc_path_mkdir(top_fd, "root", 0755, 0, NULL);
	return (ioc_archive_extract(&a, &err) == 0 &&
	    holds(top_fd, "root/file", "evil"));
}

/* --- 42: what was received before ------------------------------------------------ */

static void
partial(void)
{
	const char *n = "attack_42 wrong hash";
	struct stat st;

	clear();
	good("cache", "/file/good.tar");
	good("cache, again without a server", "/nothing");
	clear();
	/* A broken connection leaves what was received, and only the rest of
	   it is asked for. */
	check(fetch("/cut/good.tar") == IOC_NETWORK, "cut", "no", err.msg);
	check(fstatat(cache, part, &st, 0) == 0 && st.st_size > 100 &&
	    (st.st_mode & 07777) == 0600, "cut", "not kept", "");
	good("resume", "/rest/good.tar");
	/* What is wrong before the rest comes does not spoil it for ever. */
	clear();
	put(cache, part, "not the beginning", 17);
	good("foreign beginning", "/file/good.tar");
	clear();
	copy("good.tar", part);
	good("whole before", "/file/good.tar");
	/* A wrong file is fetched once more at most, and not kept. */
	clear();
	put(cache, part, "not the beginning", 17);
	check(twin_unpacks("evil.tar"), n, "the twin withstands it", "");
	check(fetch("/file/evil.tar") == IOC_VERIFY, n, "taken", err.msg);
	check(!is_there(cache, part) && !is_there(cache, final) &&
	    !is_there(top_fd, "root/file"), n, "kept", "");
	/* Nothing was received: nothing is kept. */
	check(fetch("/nothing") == IOC_NETWORK && !is_there(cache, part),
	    "404", "kept", err.msg);
}

/* --- 47: links in the cache -------------------------------------------------------- */

/* wget -c, and its like. */
static void
twin_append(void)
{
	auto_fd int fd = openat(cache, part, O_WRONLY | O_CREAT | O_APPEND |
	    O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, "stolen", 6) != 6)
		abort();
}

static void
twin_waits(void *arg)
{
	twin_append();
}

static void
planted(void)
{
	static const struct {
		const char	*name;
		bool		 hard;
	} rows[] = {
		{ "attack_47 symlink", false },
		{ "attack_47 hard link", true },
	};
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/victim", top);
	for (size_t i = 0; i < 2; i++) {
		for (int twin = 1; twin >= 0; twin--) {
			clear();
			if ((rows[i].hard ? linkat(top_fd, "victim", cache,
			    part, 0) : symlinkat(path, cache, part)) != 0)
				abort();
			if (!twin) {
				good(rows[i].name, "/file/good.tar");
				continue;
			}
			twin_append();
			check(holds(top_fd, "victim", "preciousstolen"),
			    rows[i].name, "the twin withstands it", "");
		}
	}
	/* In the place of the whole one nothing is followed either. */
	clear();
	if (symlinkat(path, cache, final) != 0)
		abort();
	copy("good.tar", final);
	check(!holds(top_fd, "victim", "precious"),
	    "attack_47 symlink as archive", "the twin withstands it", "");
	clear();
	if (symlinkat(path, cache, final) != 0)
		abort();
	check(fetch("/file/good.tar") == IOC_UNSAFE &&
	    holds(top_fd, "victim", "precious"), "attack_47 symlink as archive",
	    "followed", err.msg);
	/* A directory or FIFO is no reason to wait, or to remove it. */
	clear();
	if (mkfifoat(cache, part, 0600) != 0)
		abort();
	check(attack_hangs(twin_waits, NULL), "attack_47 FIFO",
	    "the twin withstands it", "");
	good("attack_47 FIFO", "/file/good.tar");
}

/* --- 46: changed between check and use ---------------------------------------------- */

static void
exchange(void)
{
	copy("evil.tar", "evil");
	if (renameat(cache, "evil", cache, final) != 0)
		abort();
}

static void
overwrite(void)
{
	/* Not in the same tick of the file system's clock. */
	(void)poll(NULL, 0, 50);
	copy("evil.tar", final);
}

/* Checks, and then opens what has been checked. */
static bool
twin_takes_evil(void)
{
	auto_fd int fd = openat(cache, final, O_RDONLY | O_CLOEXEC);
	auto_fd int again = -1;
	char hex[IOC_SHA256_HEX];

	if (ioc_hash_fd(how.helper_dir, fd, hex, &err) != 0 ||
	    strcmp(hex, want) != 0)
		return (false);
	at_unpack();
	again = openat(cache, final, O_RDONLY | O_CLOEXEC);
	return (ioc_hash_fd(how.helper_dir, again, hex, &err) == 0 &&
	    strcmp(hex, evil) == 0);
}

static void
changed(void)
{
	const char *n = "attack_46 exchanged";

	clear();
	copy("good.tar", final);
	at_unpack = exchange;
	check(twin_takes_evil(), n, "the twin withstands it", "");
	/* What was checked is what is unpacked, but is not kept after that. */
	clear();
	copy("good.tar", final);
	check(fetch("/nothing") == IOC_VERIFY && !holds(top_fd, "root/file",
	    "evil"), n, "taken", err.msg);
	n = "attack_46 overwritten";
	at_unpack = overwrite;
	clear();
	copy("good.tar", final);
	check(twin_takes_evil(), n, "the twin withstands it", "");
	clear();
	copy("good.tar", final);
	check(fetch("/nothing") == IOC_VERIFY, n, "taken", err.msg);
	/* Before it is asked for: it is fetched again. */
	at_unpack = NULL;
	clear();
	copy("evil.tar", final);
	good("attack_46 changed before", "/file/good.tar");
}

void
caches(void)
{
	auto_fd int dir = open(server.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (mkdtemp(top) == NULL ||
	    (top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
	    (cache = ioc_path_mkdir(top_fd, "cache", 0700, 0, NULL)) < 0)
		abort();
	archive("good.tar", "good", want);
	archive("evil.tar", "evil", evil);
	(void)snprintf(part, sizeof(part), "%s.part", want);
	(void)snprintf(final, sizeof(final), "%s.archive", want);
	partial();
	planted();
	changed();
	(void)unlinkat(dir, "good.tar", 0);
	(void)unlinkat(dir, "evil.tar", 0);
	ioc_fd_close(&cache);
	ioc_fd_close(&top_fd);
	{
		auto_fd int tmp = open("/tmp", O_RDONLY | O_DIRECTORY |
		    O_CLOEXEC);

		(void)ioc_tree_remove(tmp, strrchr(top, '/') + 1, NULL);
	}
	(void)printf("ok    cache\n");
}
