/* SPDX-License-Identifier: BSD-2-Clause */
/* What only a store of ZFS promises. */
#include "tests/attack/store_contract.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"

/* --- streams ---------------------------------------------------------------- */

static int
open_stream(const char *name, int flags)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", top, name);
	return (open(path, flags | O_CLOEXEC, 0600));
}

void
test_streams(void **state)
{
	struct ioc_store *s = *state;
	const struct ioc_store_snapshot_ops *snap = ops->snapshot;
	struct ioc_error err = { .msg = "" };
	auto_fd int fd = -1, part = -1;
	struct stat whole, rest;

	if (!ops->mounts)
		NOT_HERE();
	fd = open_stream("whole", O_RDWR | O_CREAT);
	part = open_stream("part", O_RDWR | O_CREAT);
	make_release(s);
	thin(s, "jails/web");
	put_root(s, "jails/web", "mine", "first\n");
	ok(snap->create(s, "jails/web", "a", NULL, NULL, &err), &err);
	put_root(s, "jails/web", "mine", "second\n");
	ok(snap->create(s, "jails/web", "b", NULL, NULL, &err), &err);
	ok(s->ops->send(s, "jails/web", "a", NULL, fd, &err), &err);
	ok(s->ops->send(s, "jails/web", "b", "a", part, &err), &err);
	assert_int_equal(fstat(fd, &whole), 0);
	assert_int_equal(fstat(part, &rest), 0);
	assert_true(rest.st_size > 0 && rest.st_size < whole.st_size);
	assert_int_equal(s->ops->send(s, "jails/web", "none", NULL, fd, NULL),
	    IOC_NOT_FOUND);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(s->ops->receive(s, "jails/web", fd, NULL),
	    IOC_EXISTS);
	ok(s->ops->receive(s, "jails/copy", fd, &err), &err);
	get_root(s, "jails/copy", "mine", true, "first\n");
	get_root(s, "jails/copy", "hello", true, "from the release\n");
	snapshots_are(s, "jails/copy", "");
	/* it depends on nobody */
	ok(s->ops->destroy(s, "jails/web", &err), &err);
	ok(s->ops->destroy(s, "releases/bookworm", &err), &err);
	get_root(s, "jails/copy", "mine", true, "first\n");
}

/* What brings properties, could be mounted over anything of the host. */
void
test_streams__refused(void **state)
{
	struct ioc_store *s = *state;
	struct ioc_error err = { .msg = "" };
	auto_fd int fd = -1;
	int pipes[2];
	char command[500];

	if (!ops->mounts)
		NOT_HERE();
	ok(s->ops->create(s, "jails/web", &err), &err);
	ok(ops->snapshot->create(s, "jails/web", "a", NULL, NULL, &err),
	    &err);
	(void)snprintf(command, sizeof(command), "zfs send -R "
	    "%s/jails/web/root@a >%s/stream 2>/dev/null", where, top);
	assert_int_equal(system(command), 0);
	fd = open_stream("stream", O_RDWR);
	assert_int_equal(s->ops->receive(s, "jails/copy", fd, NULL),
	    IOC_UNSAFE);
	assert_int_equal(ftruncate(fd, 16), 0);
	assert_int_equal(s->ops->receive(s, "jails/copy", fd, NULL),
	    IOC_FORMAT);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(s->ops->receive(s, "jails/copy", fd, NULL),
	    IOC_FORMAT);
	assert_int_equal(write(fd, "not a stream of ZFS, but long enough", 36),
	    36);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(s->ops->receive(s, "jails/copy", fd, NULL),
	    IOC_FORMAT);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(s->ops->receive(s, "jails/copy", pipes[0], NULL),
	    IOC_UNSUPPORTED);
	assert_int_equal(close(pipes[0]) | close(pipes[1]), 0);
	/* cut in its middle: nothing of it stays */
	(void)snprintf(command, sizeof(command), "zfs send %s/jails/web/root@a "
	    "2>/dev/null | head -c 2000 >%s/stream", where, top);
	assert_int_equal(system(command), 0);
	assert_true(s->ops->receive(s, "jails/copy", fd, NULL) != 0);
	assert_int_equal(s->ops->has(s, "jails/copy", NULL), IOC_NOT_FOUND);
	names_are(s, "jails", "web ");
}

/* --- what is not mounted ---------------------------------------------------------- */

void
test_unmounted(void **state)
{
	struct ioc_store *s = *state;

	if (!ops->mounts)
		NOT_HERE();
	make_release(s);
	thin(s, "jails/web");
	put_root(s, "jails/web", "mine", "web\n");
	/* as after the death of somebody who renamed it */
	assert_int_equal(zfs("unmount", "jails/web/root"), 0);
	assert_int_equal(zfs("unmount", "jails/web"), 0);
	names_are(s, "jails", "web ");
	assert_int_equal(s->ops->has(s, "jails/web", NULL), 0);
	get_root(s, "jails/web", "mine", true, "web\n");
}

/* A mount point of its own, received or set by a jail, leads nowhere. */
void
test_mounted_elsewhere(void **state)
{
	struct ioc_store *s = *state;
	struct ioc_error err = { .msg = "" };
	struct ioc_os_root root = IOC_OS_ROOT;

	if (!ops->mounts)
		NOT_HERE();
	ok(s->ops->create(s, "jails/web", &err), &err);
	ok(s->ops->create(s, "jails/evil", &err), &err);
	put_root(s, "jails/web", "mine", "web\n");
	assert_int_equal(zfs("set mountpoint=/var/tmp/ioc-store-elsewhere",
	    "jails/evil"), 0);
	assert_true(s->ops->root(s, "jails/evil", &root, &err) != 0);
	assert_true(s->ops->dir(s, "jails/evil", &err) < 0);
	get_root(s, "jails/web", "mine", true, "web\n");
	assert_int_equal(zfs("inherit mountpoint", "jails/evil"), 0);
	(void)rmdir("/var/tmp/ioc-store-elsewhere");
}

/* Where a volume should be, another one is mounted that was renamed, or says so. */
void
test_astray(void **state)
{
	struct ioc_store *s = *state;
	struct ioc_error err = { .msg = "" };
	char command[400];

	if (!ops->mounts)
		NOT_HERE();
	ok(s->ops->create(s, "jails/a", &err), &err);
	put_root(s, "jails/a", "mine", "a\n");
	(void)snprintf(command, sizeof(command), "set mountpoint=%s/jails/b",
	    s->path);
	assert_int_equal(zfs(command, "jails/a"), 0);
	assert_int_equal(s->ops->has(s, "jails/b", NULL), IOC_NOT_FOUND);
	ok(s->ops->create(s, "jails/b", &err), &err);
	put_root(s, "jails/b", "mine", "b\n");
	assert_int_equal(zfs("inherit mountpoint", "jails/a"), 0);
	get_root(s, "jails/a", "mine", true, "a\n");
	get_root(s, "jails/b", "mine", true, "b\n");
	(void)snprintf(command, sizeof(command), "rename -u %s/jails/a",
	    where);
	if (zfs(command, "jails/c") != 0)
		return;	/* not every ZFS leaves mounts alone */
	ok(s->ops->create(s, "jails/a", &err), &err);
	get_root(s, "jails/c", "mine", true, "a\n");
	put_root(s, "jails/a", "mine", "new\n");
	get_root(s, "jails/a", "mine", true, "new\n");
	/* The other way round: who was renamed is asked for first. */
	(void)snprintf(command, sizeof(command), "rename -u %s/jails/a",
	    where);
	assert_int_equal(zfs(command, "jails/d"), 0);
	get_root(s, "jails/d", "mine", true, "new\n");
	assert_int_equal(s->ops->has(s, "jails/a", NULL), IOC_NOT_FOUND);
	names_are(s, "jails", "b c d ");
	/* Destroyed where it was, and nothing stays of that place. */
	(void)snprintf(command, sizeof(command), "rename -u %s/jails/d",
	    where);
	assert_int_equal(zfs(command, ".staging/d"), 0);
	ok(s->ops->destroy(s, ".staging/d", &err), &err);
	assert_int_equal(faccessat(s->root, "jails/d", F_OK, 0), -1);
}

/* --- what libioc has made ----------------------------------------------------------- */

/* A release is one dataset there, its patch levels are snapshots. */
void
test_legacy(void **state)
{
	struct ioc_store *s = *state;
	struct ioc_error err = { .msg = "" };

	if (!ops->mounts)
		NOT_HERE();
	assert_int_equal(zfs("create -p -o setuid=on",
	    "releases/12.1-RELEASE/root"), 0);
	put(s, "releases/12.1-RELEASE/root/hello", "p0\n");
	assert_int_equal(zfs("snapshot", "releases/12.1-RELEASE/root@p0"), 0);
	put(s, "releases/12.1-RELEASE/root/hello", "p10\n");
	assert_int_equal(zfs("snapshot", "releases/12.1-RELEASE/root@p10"), 0);
	assert_int_equal(zfs("snapshot", "releases/12.1-RELEASE/root@pre"), 0);
	names_are(s, "releases", "12.1-RELEASE ");
	names_are(s, "releases/12.1-RELEASE", "p0 p10 ");
	ok(s->ops->clone(s, "releases/12.1-RELEASE/p0", "jails/old",
	    IOC_CLONE_THIN, 0, NULL, NULL, &err), &err);
	get_root(s, "jails/old", "hello", true, "p0\n");
	ok(s->ops->clone(s, "releases/12.1-RELEASE/p10", "jails/new",
	    IOC_CLONE_THIN, 0, NULL, NULL, &err), &err);
	get_root(s, "jails/new", "hello", true, "p10\n");
	assert_int_equal(s->ops->clone(s, "releases/12.1-RELEASE/p3",
	    "jails/none", IOC_CLONE_THIN, 0, NULL, NULL, NULL),
	    IOC_NOT_FOUND);
	/* no snapshot was made of it in passing */
	names_are(s, "releases/12.1-RELEASE", "p0 p10 ");
}

/* Taken back is what was made with the token, and nothing that anybody else made. */
void
test_clone_here(void **state)
{
	struct ioc_store *s = *state;
	struct ioc_error err = { .msg = "" };

	if (s->ops->clone_here == NULL)
		NOT_HERE();
	make_release(s);
	ok(s->ops->clone_here(s, "releases/bookworm/p0", "jails/a",
	    "create-1", &err), &err);
	get_root(s, "jails/a", "hello", false, "from the release\n");
	put_root(s, "jails/a", "mine", "mine\n");
	assert_int_equal(s->ops->clone_here(s, "releases/bookworm/p0",
	    "jails/a", "create-2", NULL), IOC_EXISTS);
	ok(s->ops->take_back(s, "jails/a", "create-2", &err), &err);
	ok(s->ops->take_back(s, "jails/a", "create-", &err), &err);
	get_root(s, "jails/a", "mine", true, "mine\n");
	/* What is inherited, as by the volume's own datasets, is no mark. */
	assert_int_equal(zfs("create", "jails/a/data"), 0);
	assert_int_equal(zfs("set org.freebsd.ioc:build=create-3", "jails"), 0);
	ok(s->ops->create(s, "jails/b", &err), &err);
	ok(s->ops->take_back(s, "jails/b", "create-3", &err), &err);
	assert_int_equal(s->ops->has(s, "jails/b", NULL), 0);
	ok(s->ops->take_back(s, "jails/a", "create-1", &err), &err);
	assert_int_equal(s->ops->has(s, "jails/a", NULL), IOC_NOT_FOUND);
	ok(s->ops->take_back(s, "jails/a", "create-1", &err), &err);
	/* What fails leaves nothing. */
	assert_int_equal(s->ops->clone_here(s, "releases/none/p0", "jails/c",
	    "create-4", NULL), IOC_NOT_FOUND);
	assert_int_equal(s->ops->has(s, "jails/c", NULL), IOC_NOT_FOUND);
	/* Of a jail: what it has now, and no snapshot stays. */
	put_root(s, "jails/b", "mine", "b\n");
	ok(s->ops->clone_here(s, "jails/b", "jails/d", "create-5", &err), &err);
	get_root(s, "jails/d", "mine", true, "b\n");
	names_are(s, "jails", "b d ");
}
