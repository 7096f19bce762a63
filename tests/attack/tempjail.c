/* SPDX-License-Identifier: BSD-2-Clause */
/* A hostile update, in the temporary jail that is made for it. */
#include "core/tempjail.h"

#include "tests/unit/unit.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "core/ids.h"
#include "tests/attack/linux_world.h"

#define	AT	"/.ioc-updates"
#define	VOL	"releases/evil/p0"

static struct world w;
static struct ioc_host *host;
static int updates = -1, port;

/* Exit status 0: it worked.  %d is a port, %s a file of the host. */
static const struct {
	const char	*name, *script;
} attacks[] = {
	{ "changing the updates", "echo x >" AT "/new" },
	{ "changing what was fetched", "echo x >" AT "/package" },
	{ "a program among the updates", AT "/program" },
	{ "the host's network", "/inside connect %d" },
	{ "a file of the host", "/inside chroot %s" },
	{ "raw sockets", "/inside raw x" },
	{ "a mount", "/inside mount x" },
	{ "new namespaces", "/inside clone x" },
	{ "600 processes", "i=0; while [ $i -lt 600 ]; do sleep 10 & "
	    "i=$((i + 1)); done; exit 0" },
};

static void
script(char out[256], size_t i)
{
	char marker[128];
	const char *p = strchr(attacks[i].script, '%');

	(void)snprintf(marker, sizeof(marker), "%s/marker", w.dir);
	if (p == NULL)
		(void)snprintf(out, 256, "%s", attacks[i].script);
	else if (p[1] == 'd')
		(void)snprintf(out, 256, "/inside connect %d", port);
	else
		(void)snprintf(out, 256, "/inside chroot %s", marker);
}

static int
try_it(const char *text, int timeout_ms, struct ioc_error *err)
{
	const struct ioc_os_mount mounts[] = {
		{ .kind = IOC_MOUNT_BIND, .source = updates, .target = AT,
		    .flags = IOC_MNT_RDONLY | IOC_MNT_NOSUID | IOC_MNT_NODEV |
		    IOC_MNT_NOEXEC | IOC_MNT_IDMAP },
	};
	struct ioc_tempjail t = {
		.token = "update-test", .who = "evil",
		.what = "release.update/apply", .vol = VOL,
		.flags = IOC_TEMPJAIL_PROC, .mounts = mounts, .nmounts = 1,
		.argv = ARGV("/bin/sh", "-c", text), .timeout_ms = timeout_ms,
	};
	struct ioc_os_jail_info *v = NULL;
	size_t n = 1;
	int r;

	assert_int_equal(ioc_host_find_source(host, NULL, &t.source, err), 0);
	assert_int_equal(ioc_ids_claim(t.source, t.token, &t.id_base, err), 0);
	r = ioc_tempjail_run(host, &t, err);
	assert_int_equal(ioc_ids_release(t.source, t.id_base, t.token, NULL),
	    0);
	/* Nothing of it is left, whatever it did. */
	assert_int_equal(ioc_os_jail_list(host->os, &v, &n, NULL), 0);
	assert_int_equal(n, 0);
	free(v);
	return (r);
}

/* The twin runs it on the host, with a new root at most. */
static void
test_twin(void **state)
{
	int failed = 0;
	char text[256];

	for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++) {
		script(text, i);
		if (world_twin(&w, false, ARGV("/bin/sh", "-c", text)) == 0)
			continue;
		print_error("%s: did not work in the twin\n", attacks[i].name);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* 48 */
static void
test_attack_48__refused(void **state)
{
	struct ioc_error err = { .msg = "" };
	int failed = 0;
	char text[256];

	assert_int_equal(try_it("exit 0", 20000, &err), 0);
	assert_int_equal(try_it("cat " AT "/package", 20000, &err), 0);
	for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++) {
		script(text, i);
		if (try_it(text, 20000, &err) == IOC_CHILD)
			continue;
		print_error("%s: %s\n", attacks[i].name, err.msg);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* 48, 57: it hangs, writes without end, or leaves something behind. */
static void
test_attack_48__ends(void **state)
{
	struct ioc_error err = { .msg = "" };
	uint64_t start = ioc_now_ns();

	assert_int_equal(try_it("sleep 1000", 500, &err), IOC_TIMEOUT);
	assert_int_equal(try_it("exec >/dev/null 2>&1; sleep 1000", 500, &err),
	    IOC_TIMEOUT);
	assert_int_equal(try_it("while :; do echo y; done", 500, &err),
	    IOC_TIMEOUT);
	assert_int_equal(try_it("exec busybox tr '\\000' x </dev/zero", 60000,
	    &err), IOC_LIMIT);
	assert_int_equal(try_it("sleep 1000 & exit 0", 20000, &err), 0);
	assert_int_equal(try_it("trap '' TERM HUP INT; sleep 1000", 500, &err),
	    IOC_TIMEOUT);
	assert_int_equal(try_it("printf 'a\\033[31mb\\n'; exit 3", 20000, &err),
	    IOC_CHILD);
	assert_null(strchr(err.msg, '\033'));
	assert_true(ioc_now_ns() - start < UINT64_C(60000000000));
}

/* 48: what there is of devices and interfaces; and the program's way out. */
static void
test_attack_48__minimal(void **state)
{
	struct ioc_error err = { .msg = "" };

	if (try_it("test -c /dev/null -a -c /dev/zero -a -c /dev/urandom || "
	    "exit 1; for d in full tty ptmx pts shm mqueue kmsg fuse; do "
	    "test ! -e /dev/$d || exit 2; done", 20000, &err) != 0)
		fail_msg("%s", err.msg);
	if (try_it("n=0; while read -r line; do case $line in *:*) "
	    "n=$((n + 1)) ;; esac; done </proc/net/dev; "
	    "test $n -le 1", 20000, &err) != 0)
		fail_msg("%s", err.msg);
}

/* 24, 73: where the updates are mounted, the release has a link. */
static void
test_attack_73__mount_point_is_a_link(void **state)
{
	struct ioc_error err = { .msg = "" };
	int dir = openat(w.dirfd, "source/" VOL "/root", O_RDONLY |
	    O_DIRECTORY | O_CLOEXEC);

	assert_true(dir >= 0);
	assert_int_equal(renameat(dir, &AT[1], dir, "saved"), 0);
	assert_int_equal(symlinkat("/etc", dir, &AT[1]), 0);
	assert_int_equal(try_it("exit 0", 20000, &err), IOC_UNSAFE);
	assert_int_equal(unlinkat(dir, &AT[1], 0), 0);
	/* Made anew, of the jail's root. */
	assert_int_equal(try_it("exit 0", 20000, &err), 0);
	(void)close(dir);
}

static void
put(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
}

static int
listen_here(void)
{
	struct sockaddr_in on = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(on);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&on, len), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&on, &len), 0);
	return (ntohs(on.sin_port));
}

static int
setup(void **state)
{
	int fd;

	world_make(&w);
	port = listen_here();
	/* In the twin the updates are a directory of its root. */
	assert_int_equal(mkdirat(w.root, &AT[1], 0755), 0);
	fd = openat(w.root, &AT[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(fd, "package", "new\n");
	put(fd, "program", "#!/bin/sh\nexit 0\n");
	(void)close(fd);
	return (0);
}

/* The root becomes that of a release. */
static int
setup_ours(void **state)
{
	struct ioc_host_options o = { .helper_dir = HELPERS };
	struct ioc_error err = { .msg = "" };
	struct ioc_source *s;
	char path[128], config[96];

	(void)snprintf(config, sizeof(config), "%s/ioc.conf", w.dir);
	(void)snprintf(path, sizeof(path), "ioc_run_dir=\"%s/run2\"\n", w.dir);
	put(w.dirfd, "ioc.conf", path);
	(void)snprintf(path, sizeof(path), "%s/source", w.dir);
	o.config = config;
	if (ioc_activate_dir(config, path, "main", &err) != 0 ||
	    ioc_host_open(&o, &host, &err) != 0 ||
	    ioc_host_find_source(host, NULL, &s, &err) != 0 ||
	    s->store->ops->create(s->store, VOL, &err) != 0)
		fail_msg("%s", err.msg);
	assert_int_equal(unlinkat(w.dirfd, "source/" VOL "/root",
	    AT_REMOVEDIR), 0);
	assert_int_equal(renameat(w.dirfd, "root", w.dirfd,
	    "source/" VOL "/root"), 0);
	assert_int_equal(mkdirat(w.dirfd, "updates", 0700), 0);
	updates = openat(w.dirfd, "updates", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	put(updates, "package", "new\n");
	put(updates, "program", "#!/bin/sh\nexit 0\n");
	return (0);
}

static int
teardown(void **state)
{
	ioc_host_close(host);
	(void)close(updates);
	world_end(&w);
	return (0);
}

WORLD_MAIN_WITH(setup, teardown,
	cmocka_unit_test(test_twin),
	cmocka_unit_test_setup(test_attack_48__refused, setup_ours),
	cmocka_unit_test(test_attack_48__ends),
	cmocka_unit_test(test_attack_48__minimal),
	cmocka_unit_test(test_attack_73__mount_point_is_a_link))
