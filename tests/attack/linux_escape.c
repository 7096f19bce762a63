/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From inside, as the jail's root: each attack works in a naive twin (chroot,
 * full rights) and is refused in a jail, with and without its own uids.
 */
#include "tests/unit/unit.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tests/attack/linux_world.h"

static struct world w;

enum {
	TWIN = 1,	/* works in the twin, on this kernel */
	TTY = 2,	/* needs a terminal */
	KILLED = 4,	/* ours ends it with SIGSYS */
	ROOTONLY = 8,	/* ours refuses with user namespaces only */
};

static const struct {
	const char	*name, *verb, *arg;	/* NULL arg: see argument() */
	unsigned	 flags;
} attacks[] = {
	{ "reaching a file of the host by chroot", "chroot", "MARKER", TWIN },
	{ "signals to a process of the host", "pid", "HOSTPID", TWIN },
	{ "seeing the host's processes", "pids", "", TWIN },
	{ "mount", "mount", "", TWIN },
	{ "remount of /proc", "remount", "", TWIN },
	{ "umount", "umount", "", TWIN },
	{ "fsopen (CVE-2022-0185)", "fsopen", "", TWIN },
	{ "open_tree (CVE-2021-41133)", "open_tree", "", TWIN },
	{ "a device made inside", "mknod", "ROOTDEV", TWIN },
	{ "a device that stands in the root", "open", "/evil", TWIN },
	{ "/dev/kmsg", "open", "/dev/kmsg", TWIN },
	{ "/dev/mem or the disk", "open", "/dev/DISK", TWIN },
	{ "sysrq-trigger", "write", "/proc/sysrq-trigger", TWIN },
	{ "core_pattern", "write", "/proc/sys/kernel/core_pattern", TWIN },
	{ "modprobe path", "write", "/proc/sys/kernel/hotplug", 0 },
	{ "drop_caches", "write", "/proc/sys/vm/drop_caches", TWIN },
	{ "irq affinity", "write", "/proc/irq/default_smp_affinity", TWIN },
	{ "uevents", "write", "/sys/devices/system/cpu/uevent", TWIN },
	{ "kernel settings in /sys", "write", "/sys/kernel/mm/ksm/run", 0 },
	{ "kcore", "kernel_read", "/proc/kcore", TWIN },
	{ "timer_list", "kernel_read", "/proc/timer_list", TWIN },
	{ "keys", "kernel_read", "/proc/keys", TWIN },
	{ "kallsyms", "kernel_read", "/proc/kallsyms", TWIN },
	{ "/proc/1/exe", "open", "/proc/1/exe", TWIN },
	{ "/proc/1/root", "open", "/proc/1/root/etc", TWIN },
	{ "/proc/1/mem", "open", "/proc/1/mem", TWIN },
	{ "setns to process 1", "setns", "/proc/1/ns/mnt", TWIN },
	{ "setns to itself", "setns_self", "", TWIN },
	{ "trace of process 1", "ptrace1", "", 0 },
	{ "unshare of users", "unshare", "", 0 },
	{ "unshare of time", "unshare_time", "", TWIN },
	{ "clone with namespaces", "clone", "", TWIN },
	{ "clone3 with namespaces (CVE-2021-41133)", "clone3", "", TWIN },
	{ "keyctl", "keyctl", "", TWIN },
	{ "add_key", "add_key", "", TWIN },
	{ "bpf", "bpf", "", TWIN },
	{ "perf_event_open", "perf", "", TWIN },
	{ "userfaultfd", "uffd", "", TWIN },
	{ "io_uring", "uring", "", TWIN },
	{ "open_by_handle_at (\"Shocker\")", "handle", "", TWIN },
	{ "fanotify", "fanotify", "", TWIN },
	{ "init_module", "module", "", 0 },
	{ "kexec_load", "kexec", "", 0 },
	{ "reboot", "reboot", "", 0 },
	{ "swapon", "swapon", "", TWIN },
	{ "syslog", "syslog", "", TWIN },
	{ "settimeofday", "clock", "", TWIN },
	{ "sethostname", "sethostname", "", 0 },
	{ "TIOCSTI (CVE-2017-5226)", "tiocsti", "", TWIN | TTY },
	{ "TIOCSTI with high bits (CVE-2019-7303, 2019-10063)",
	    "tiocsti_high", "", TWIN | TTY },
	{ "TIOCLINUX (CVE-2023-1523, 2023-28100)", "tioclinux", "",
	    TWIN | TTY },
	{ "TIOCSETD", "tiocsetd", "", TWIN | TTY },
	{ "release_agent of a cgroup (CVE-2022-0492)", "release_agent",
	    "CGROUP", 0 },
	{ "vsock", "vsock", "", 0 },
	{ "raw sockets", "raw", "", TWIN },
	{ "x32 calls", "x32", "", 0 },
	{ "calls of i386", "compat", "", TWIN | KILLED },
	{ "mode of the host's /dev/null", "chmod_null", "", TWIN },
};

static const char *
argument(const char *arg, char out[128])
{
	struct stat st;

	(void)snprintf(out, 128, "%s", arg);
	if (strcmp(arg, "MARKER") == 0)
		(void)snprintf(out, 128, "%s/marker", w.dir);
	else if (strcmp(arg, "HOSTPID") == 0)
		(void)snprintf(out, 128, "%d", getpid());
	else if (strcmp(arg, "ROOTDEV") == 0) {
		/* Loop devices exist everywhere; reading is harmless. */
		(void)snprintf(out, 128, "%llu",
		    (unsigned long long)makedev(7, 0));
	} else if (strcmp(arg, "/dev/DISK") == 0)
		(void)snprintf(out, 128, stat("/dev/mem", &st) == 0 ?
		    "/dev/mem" : "/dev/loop0");
	else if (strcmp(arg, "CGROUP") == 0)
		(void)snprintf(out, 128, "memory");
	return (out);
}

static int
run_tty(struct ioc_os_jail *j, const char *const *argv)
{
	struct ioc_os_exec x = { .argv = argv, .tty = true, .rows = 24,
		.cols = 80 };
	struct ioc_os_process p;
	int status = -1;

	if (ioc_os_jail_exec(j, &x, &p, &w.e) != 0)
		fail_msg("%s", w.e.msg);
	assert_true(p.pty >= 0);
	assert_int_equal(ioc_os_process_wait(&p, 10000, &status, &w.e), 0);
	ioc_os_process_close(&p);
	return (status);
}

static void
try_all(bool userns)
{
	struct start s = { .no_userns = !userns };
	struct ioc_os_jail *j;
	int failed = 0;

	if (world_start(&w, &s, &j) != 0)
		fail_msg("%s", w.e.msg);
	for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++) {
		char arg[128], out[256] = "";
		const char *const *argv = ARGV("/inside", attacks[i].verb,
		    argument(attacks[i].arg, arg));
		int want = (attacks[i].flags & KILLED) != 0 ? 128 + SIGSYS : 1;
		int rc;

		rc = (attacks[i].flags & TTY) != 0 ? run_tty(j, argv) :
		    world_run(&w, j, NULL, out, sizeof(out), argv);
		if (rc != want) {
			print_error("%s: status %d, wanted %d: %s\n",
			    attacks[i].name, rc, want, out);
			failed++;
		}
	}
	world_stop(&w, j);
	assert_int_equal(failed, 0);
}

static void
test_refused(void **state)
{
	try_all(true);
}

/* The tests are worth something only if the same attacks can work. */
static void
test_twin(void **state)
{
	int failed = 0;

	for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++) {
		char arg[128];
		int rc;

		if ((attacks[i].flags & TWIN) == 0)
			continue;
		(void)argument(attacks[i].arg, arg);
		/* Outside, this process stands for those of the host. */
		if (strncmp(arg, "/proc/1/", 8) == 0)
			(void)snprintf(arg, sizeof(arg), "/proc/%d/%s",
			    getpid(), attacks[i].arg + 8);
		if ((strncmp(arg, "/proc/", 6) == 0 ||
		    strncmp(arg, "/sys/", 5) == 0) && access(arg, F_OK) != 0) {
			print_message("%s: not in this kernel\n",
			    attacks[i].name);
			continue;
		}
		rc = world_twin(&w, (attacks[i].flags & TTY) != 0,
		    ARGV("/inside", attacks[i].verb, arg));
		if (rc != 0) {
			print_error("%s: did not work in the twin: %d\n",
			    attacks[i].name, rc);
			failed++;
		}
	}
	assert_int_equal(failed, 0);
}

/*
 * 62: descriptors of the caller, also those without close-on-exec (runc
 * CVE-2024-21626, LXC CVE-2016-8649).
 */
static void
test_leaked_fds(void **state)
{
	char marker[128], out[256];
	struct ioc_os_jail *j;
	struct start s = { 0 };
	int leak = open("/", O_RDONLY | O_DIRECTORY);
	int many[20];

	(void)snprintf(marker, sizeof(marker), "%s/marker", w.dir);
	for (int i = 0; i < 20; i++)
		many[i] = dup(leak);
	assert_int_equal(world_twin(&w, false, ARGV("/inside", "fd", marker)),
	    0);
	assert_int_equal(world_start(&w, &s, &j), 0);
	assert_int_equal(world_run(&w, j, NULL, out, sizeof(out),
	    ARGV("/inside", "fd", marker)), 1);
	assert_int_equal(world_run(&w, j, NULL, out, sizeof(out),
	    ARGV("/inside", "openfds")), 1);
	/* One that is handed over on purpose is refused if it leads out. */
	struct ioc_os_exec x = { .argv = ARGV("/inside", "fd", marker),
		.fds = { leak, -1, -1 } };
	struct ioc_os_process p;

	assert_int_equal(ioc_os_jail_exec(j, &x, &p, &w.e), IOC_UNSAFE);
	world_stop(&w, j);
	for (int i = 0; i < 20; i++)
		(void)close(many[i]);
	(void)close(leak);
}

/*
 * 63: the jail's root against a process that is on its way in (runc
 * CVE-2016-9962, LXC CVE-2016-8649).
 */
static void
hunt(bool userns)
{
	struct ioc_os_jail *j;
	struct start s = { .no_userns = !userns };
	struct ioc_os_process p;
	char comm[64] = "", out[64];
	auto_fd int fd = open("/proc/self/comm", O_RDONLY);
	int status, n = 0;

	assert_true(read(fd, comm, sizeof(comm) - 1) > 0);
	comm[strcspn(comm, "\n")] = '\0';
	assert_int_equal(world_start(&w, &s, &j), 0);
	struct ioc_os_exec x = { .argv = ARGV("/inside", "hunt", comm),
		.fds = { -1, -1, -1 } };
	assert_int_equal(ioc_os_jail_exec(j, &x, &p, &w.e), 0);
	while (ioc_os_process_wait(&p, 0, &status, NULL) != 0) {
		assert_int_equal(world_run(&w, j, n % 2 ? "www" : NULL, out,
		    sizeof(out), ARGV("true")), 0);
		n++;
	}
	assert_true(n > 2);	/* a busy machine manages fewer than others */
	assert_int_equal(status, 1);
	ioc_os_process_close(&p);
	world_stop(&w, j);
}

static void
test_hunt(void **state)
{
	hunt(true);
}

static void
test_refused_without_userns(void **state)
{
	assert_int_equal(fchownat(w.upper, "", 0, 0, AT_EMPTY_PATH), 0);
	assert_int_equal(fchownat(w.work, "", 0, 0, AT_EMPTY_PATH), 0);
	try_all(false);
	hunt(false);
}

/*
 * 73: mount targets that are links, in a root that the jail had written (crun
 * CVE-2019-18837, LXC CVE-2015-1335).
 */
static void
test_linked_targets(void **state)
{
	static const char *const names[] = { "dev", "proc", "sys", "tmp" };
	struct ioc_os_jail *j;
	struct start s = { 0 };

	for (size_t i = 0; i < 4; i++) {
		char twin[128], to[128], saved[32];
		pid_t pid;
		int st;

		(void)snprintf(saved, sizeof(saved), "%s.saved", names[i]);
		(void)snprintf(to, sizeof(to), "%s/share", w.dir);
		assert_int_equal(renameat(w.root, names[i], w.root, saved), 0);
		assert_int_equal(symlinkat(to, w.root, names[i]), 0);
		/* The twin mounts by path, and covers the host's directory. */
		(void)snprintf(twin, sizeof(twin), "%s/root/%s", w.dir,
		    names[i]);
		pid = fork();
		if (pid == 0) {
			struct stat a, b;

			_exit(unshare(CLONE_NEWNS) != 0 ||
			    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE,
			    NULL) != 0 || fstat(w.share, &a) != 0 ||
			    mount("x", twin, "tmpfs", 0, NULL) != 0 ||
			    stat(to, &b) != 0 || a.st_dev == b.st_dev);
		}
		assert_int_equal(waitpid(pid, &st, 0), pid);
		assert_int_equal(st, 0);
		assert_int_equal(world_start(&w, &s, &j), IOC_UNSAFE);
		assert_int_equal(unlinkat(w.root, names[i], 0), 0);
		assert_int_equal(renameat(w.root, saved, w.root, names[i]), 0);
	}
}

/* 75, 76: whose files are whose. */
static void
test_owners(void **state)
{
	struct ioc_os_mount binds[] = {
		{ .kind = IOC_MOUNT_BIND, .target = "/mnt/plain",
		    .source = w.share },
		{ .kind = IOC_MOUNT_BIND, .target = "/mnt/mapped",
		    .source = w.share, .flags = IOC_MNT_IDMAP },
		{ .kind = IOC_MOUNT_BIND, .target = "/mnt/ro",
		    .source = w.share, .flags = IOC_MNT_RDONLY |
		    IOC_MNT_IDMAP },
	};
	struct start s = { .more = binds, .nmore = 3 };
	struct start other = { .name = "test-other",
		.base = w.base + WORLD_COUNT - 1 };
	struct ioc_os_jail *j, *k;
	struct stat st;
	char out[256];

	if (world_start(&w, &s, &j) != 0)
		fail_msg("%s", w.e.msg);
	assert_int_equal(world_start(&w, &other, &k), IOC_UNSAFE);
	/* Not mapped: the host's root owns it, who is nobody inside. */
	assert_int_equal(world_run(&w, j, NULL, out, sizeof(out),
	    ARGV("/inside", "host_uid", "/mnt/plain/file")), 1);
	assert_int_equal(world_run(&w, j, NULL, out, sizeof(out),
	    ARGV("touch", "/mnt/plain/new")), 1);
	assert_int_equal(world_run(&w, j, NULL, out, sizeof(out),
	    ARGV("touch", "/mnt/mapped/new")), 0);
	assert_int_equal(fstatat(w.share, "new", &st, 0), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(world_run(&w, j, NULL, out, sizeof(out),
	    ARGV("touch", "/mnt/ro/new2")), 1);
	/* A set-id program of the jail belongs to nobody on the host. */
	assert_int_equal(world_run(&w, j, NULL, out, sizeof(out), ARGV("sh",
	    "-c", "cat /bin/busybox >/suid; touch /suid")), 0);
	assert_int_equal(fstatat(w.upper, "suid", &st, 0), 0);
	assert_int_equal(st.st_uid, w.base);
	world_stop(&w, j);
	assert_int_equal(unlinkat(w.share, "new", 0), 0);
}

/* 78: what is mounted inside is seen by nobody else. */
static void
test_propagation(void **state)
{
	struct ioc_os_jail *j;
	struct start s = { 0 };
	int before = world_mounts();

	assert_int_equal(world_start(&w, &s, &j), 0);
	assert_int_equal(world_mounts(), before);
	world_stop(&w, j);
	assert_int_equal(world_mounts(), before);
}

static int
setup(void **state)
{
	world_make(&w);
	return (mknodat(w.root, "evil", S_IFBLK | 0666, makedev(7, 0)));
}

static int
teardown(void **state)
{
	world_end(&w);
	return (0);
}

WORLD_MAIN_WITH(setup, teardown,
	cmocka_unit_test(test_twin),
	cmocka_unit_test(test_refused),
	cmocka_unit_test(test_leaked_fds),
	cmocka_unit_test(test_hunt),
	cmocka_unit_test(test_linked_targets),
	cmocka_unit_test(test_owners),
	cmocka_unit_test(test_propagation),
	cmocka_unit_test(test_refused_without_userns))
