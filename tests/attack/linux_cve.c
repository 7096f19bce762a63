/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Published escapes of container runtimes, by their numbers: what the others
 * fell for works in a twin, and fails here.  SECURITY.md names the tests of those
 * that are not in this file.
 */
#include "tests/unit/unit.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tests/attack/linux_world.h"

static struct world w;

static void
put(const char *path, const char *text)
{
	auto_fd int fd = openat(w.root, path, O_WRONLY | O_CREAT | O_TRUNC |
	    O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)),
	    (ssize_t)strlen(text));
}

static void
says(int dir, const char *path, const char *text)
{
	auto_fd int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	char b[256] = "";

	assert_true(fd >= 0 && read(fd, b, sizeof(b) - 1) >= 0);
	assert_string_equal(b, text);
}

/* Runs fn in a process with mounts of its own: its answer. */
static int
apart(int (*fn)(void))
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		_exit(unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL,
		    MS_REC | MS_PRIVATE, NULL) != 0 ? 99 : fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return (WIFEXITED(status) ? WEXITSTATUS(status) : 255);
}

/* --- runc: what a mask is made of, and where the console is mounted ---------- */

/* Masks a file with the /dev/null that lies in the root, by its path. */
static int
twin_mask(void)
{
	char from[128], to[128], b[64] = "";
	int fd;

	(void)snprintf(from, sizeof(from), "%s/root/dev/null", w.dir);
	(void)snprintf(to, sizeof(to), "%s/root/etc/group", w.dir);
	if (mount(from, to, NULL, MS_BIND, NULL) != 0)
		return (2);
	fd = open(to, O_RDONLY);
	(void)!read(fd, b, sizeof(b) - 1);
	return (strcmp(b, "of the host\n") == 0 ? 0 : 1);
}

/* Mounts a terminal at the /dev/console that lies in the root. */
static int
twin_console(void)
{
	char at[128], marker[128];
	struct stat st;

	(void)snprintf(at, sizeof(at), "%s/root/dev/console", w.dir);
	(void)snprintf(marker, sizeof(marker), "%s/marker", w.dir);
	return (mount("/dev/null", at, NULL, MS_BIND, NULL) == 0 &&
	    stat(marker, &st) == 0 && S_ISCHR(st.st_mode) ? 0 : 1);
}

/* CVE-2025-31133, CVE-2025-52565; crun CVE-2026-47766. */
static void
test_cve_2025_31133_52565__devices_that_are_links(void **state)
{
	static const char *const names[] = { "null", "zero", "console", "ptmx",
		"tty", "pts", "shm" };
	char marker[128], out[256];
	struct ioc_os_jail *j;

	(void)snprintf(marker, sizeof(marker), "%s/marker", w.dir);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char at[32];

		(void)snprintf(at, sizeof(at), "dev/%s", names[i]);
		assert_int_equal(symlinkat(marker, w.root, at), 0);
	}
	assert_int_equal(apart(twin_mask), 0);
	assert_int_equal(apart(twin_console), 0);
	for (int userns = 0; userns < 2; userns++) {
		j = world_started_as(&w, userns != 0);
		assert_int_equal(RUN("stat", "-c", "%F %t %T", "/dev/null"),
		    0);
		assert_string_equal(out, "character special file 1 3\n");
		assert_int_equal(RUN("sh", "-c", "echo x >/dev/null; "
		    "for f in /dev/*; do readlink $f; done; true"), 0);
		assert_null(strstr(out, w.dir));
		/* What is masked is empty, and cannot be written to. */
		assert_int_equal(RUN("/inside", "kernel_read",
		    "/proc/timer_list"), 1);
		assert_int_equal(RUN("/inside", "write",
		    "/proc/sysrq-trigger"), 1);
		assert_int_equal(RUN("/inside", "write",
		    "/proc/sys/kernel/core_pattern"), 1);
		world_stop(&w, j);
	}
	says(w.dirfd, "marker", "of the host\n");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char at[32];

		(void)snprintf(at, sizeof(at), "dev/%s", names[i]);
		assert_int_equal(unlinkat(w.root, at, 0), 0);
	}
}

/* --- runc, LXC: a /proc that is none ----------------------------------------- */

static const char *const fakes[] = { "proc/self/attr/exec",
	"proc/self/attr/current", "proc/self/oom_score_adj",
	"proc/self/uid_map", "proc/self/setgroups", "proc/1/uid_map" };

/* Writes its label where it believes the kernel to be. */
static int
twin_label(void)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/root/%s", w.dir, fakes[0]);
	fd = open(path, O_WRONLY | O_TRUNC);
	return (fd >= 0 && write(fd, "label", 5) == 5 ? 0 : 1);
}

/*
 * CVE-2019-16884, CVE-2019-19921, CVE-2023-27561, CVE-2023-28642, CVE-2025-52881;
 * LXC CVE-2015-1334.
 */
static void
test_cve_2019_16884_2025_52881__proc_of_the_image(void **state)
{
	static const char *const dirs[] = { "proc/self", "proc/self/attr",
		"proc/1", "proc/sys" };
	struct ioc_os_jail *j;
	char out[256];

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		assert_int_equal(mkdirat(w.root, dirs[i], 0777), 0);
	for (size_t i = 0; i < sizeof(fakes) / sizeof(*fakes); i++)
		put(fakes[i], "fake\n");
	assert_int_equal(apart(twin_label), 0);
	says(w.root, fakes[0], "label");
	put(fakes[0], "fake\n");
	for (int userns = 0; userns < 2; userns++) {
		j = world_started_as(&w, userns != 0);
		assert_int_equal(RUN("true"), 0);
		assert_int_equal(RUN("stat", "-f", "-c", "%T", "/proc"), 0);
		assert_string_equal(out, "proc\n");
		assert_int_equal(RUN("grep", "-c", "NoNewPrivs",
		    "/proc/self/status"), 0);
		world_stop(&w, j);
	}
	for (size_t i = 0; i < sizeof(fakes) / sizeof(*fakes); i++) {
		says(w.root, fakes[i], "fake\n");
		assert_int_equal(unlinkat(w.root, fakes[i], 0), 0);
	}
	for (size_t i = 4; i-- > 0;)
		assert_int_equal(unlinkat(w.root, dirs[i],
		    AT_REMOVEDIR), 0);
}

/* --- users ------------------------------------------------------------------- */

/* CVE-2016-3697, crun CVE-2026-30892: numbers that are taken for names, or wrap. */
static void
test_cve_2016_3697_2026_30892__numbers_as_users(void **state)
{
	static const char *const bad[] = { "4294967296", "4294967295", "-1",
		"+0", "0x0", " 0", "0 ", "18446744073709551616", "" };
	auto_file FILE *f = NULL;
	struct ioc_os_jail *j;
	struct passwd *pw;
	char out[256], path[128];

	assert_int_equal(renameat(w.root, "etc/passwd", w.root, "etc/saved"),
	    0);
	put("etc/passwd", "4711:x:0:0::/:/bin/sh\n-1:x:0:0::/:/bin/sh\n"
	    "wrapped:x:4294967296:0::/:/bin/sh\n");
	/* The twin asks for the name first, and takes what strtoul() gives. */
	(void)snprintf(path, sizeof(path), "%s/root/etc/passwd", w.dir);
	assert_non_null(f = fopen(path, "re"));
	pw = fgetpwent(f);
	assert_string_equal(pw->pw_name, "4711");
	assert_int_equal(pw->pw_uid, 0);
	assert_int_equal((uid_t)strtoul(bad[0], NULL, 10), 0);
	for (int userns = 0; userns < 2; userns++) {
		j = world_started_as(&w, userns != 0);
		assert_int_equal(RUN_AS("4711", "id", "-u"), 0);
		assert_string_equal(out, "4711\n");
		for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
			if (RUN_AS(bad[i], "id", "-u") >= 0)
				fail_msg("user \"%s\" is %s", bad[i], out);
		assert_true(RUN_AS("wrapped", "id", "-u") < 0);
		world_stop(&w, j);
	}
	assert_int_equal(unlinkat(w.root, "etc/passwd", 0), 0);
	assert_int_equal(renameat(w.root, "etc/saved", w.root, "etc/passwd"),
	    0);
}

/* --- capabilities ------------------------------------------------------------ */

/* All that is permitted is inheritable, as of a manager started oddly; or none. */
static int
inheritable(bool all)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &h, d) != 0)
		return (-1);
	for (size_t i = 0; i < 2; i++)
		d[i].inheritable = all ? d[i].permitted : 0;
	return ((int)syscall(SYS_capset, &h, d));
}

static int
twin_inherits(void)
{
	if (inheritable(true) != 0)
		return (2);
	(void)execl("/bin/busybox", "grep", "-q", "CapInh:.*[1-9a-f]",
	    "/proc/self/status", (char *)NULL);
	return (3);
}

/*
 * CVE-2022-24769 (Moby), 2022-27649 (Podman), 2022-27650 (crun), 2022-27651
 * (Buildah), 2022-29162 (runc).
 */
static void
test_cve_2022_24769_27650_29162__inheritable_capabilities(void **state)
{
	static const char *const users[] = { NULL, "www" };
	char out[4096];

	assert_int_equal(apart(twin_inherits), 0);
	assert_int_equal(inheritable(true), 0);
	for (int userns = 0; userns < 2; userns++) {
		struct ioc_os_jail *j = world_started_as(&w, userns != 0);

		for (size_t i = 0; i < 2; i++) {
			assert_int_equal(RUN_AS(users[i], "cat",
			    "/proc/1/status", "/proc/self/status"), 0);
			for (const char *p = out; (p = strstr(p, "CapInh:")) !=
			    NULL; p++)
				assert_memory_equal(p,
				    "CapInh:\t0000000000000000", 24);
			assert_non_null(strstr(out,
			    "CapAmb:\t0000000000000000"));
		}
		world_stop(&w, j);
	}
	assert_int_equal(inheritable(false), 0);
}

/* --- control groups ----------------------------------------------------------- */

/* CVE-2022-0492 (see linux_escape.c, too), CVE-2023-25809. */
static void
test_cve_2023_25809__control_groups_are_not_written(void **state)
{
	static const char script[] = "busybox find /sys/fs/cgroup /proc/self "
	    "-maxdepth 3 -name 'cgroup.procs' -o -maxdepth 3 -name tasks -o "
	    "-maxdepth 3 -name release_agent | while read -r f; do "
	    "case $f in */cgroup*) echo 0 >$f && echo wrote $f; esac; done; "
	    "mkdir /sys/fs/cgroup/x && echo made; "
	    "mkdir /sys/fs/cgroup/memory/x && echo made; exit 0";
	char dir[] = "/sys/fs/cgroup/memory/ioc-twin", out[1024];
	struct ioc_os_jail *j;

	/* The twin is the host's root, who may. */
	if (access("/sys/fs/cgroup/memory", F_OK) != 0)
		(void)snprintf(dir, sizeof(dir), "/sys/fs/cgroup/ioc-twin");
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(rmdir(dir), 0);
	for (int userns = 0; userns < 2; userns++) {
		j = world_started_as(&w, userns != 0);
		assert_int_equal(RUN("sh", "-c", script), 0);
		assert_null(strstr(out, "wrote"));
		assert_null(strstr(out, "made"));
		world_stop(&w, j);
	}
}

/* --- terminals ------------------------------------------------------------------ */

/* bubblewrap as it is, on a terminal of ours; 77 when it is not installed. */
static int
bubblewrap(bool session)
{
	char root[128];
	const char *const argv[] = { "/usr/bin/bwrap", "--bind", root, "/",
		"--dev", "/dev", session ? "--new-session" : "--unshare-pid",
		"/inside", "tiocsti", NULL };
	int master = posix_openpt(O_RDWR | O_NOCTTY), status;
	pid_t pid;

	(void)snprintf(root, sizeof(root), "%s/root", w.dir);
	assert_true(master >= 0 && grantpt(master) == 0 &&
	    unlockpt(master) == 0);
	pid = fork();
	if (pid == 0) {
		int slave;

		(void)setsid();
		/* The first one that is opened is the session's. */
		slave = open(ptsname(master), O_RDWR);
		(void)close(master);
		for (int fd = 0; fd < 3; fd++)
			(void)dup2(slave, fd);
		(void)execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(77);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)close(master);
	return (WIFEXITED(status) ? WEXITSTATUS(status) : 255);
}

/* CVE-2017-5226, on the terminal of the host; snapd CVE-2019-7303. */
static void
test_cve_2017_5226__terminal_of_the_caller(void **state)
{
	int fell = bubblewrap(false);

	if (fell == 77) {
		print_message("bubblewrap is not installed\n");
		skip();
	}
	assert_int_equal(fell, 0);
	/* What it has against it is no help against root. */
	assert_int_equal(bubblewrap(true), 0);
	for (int userns = 0; userns < 2; userns++) {
		struct ioc_os_jail *j = world_started_as(&w, userns != 0);
		struct ioc_os_exec x = { .argv = ARGV("/inside", "tiocsti"),
			.fds = { -1, -1, -1 } };
		struct ioc_os_process p;
		int status = -1, master = posix_openpt(O_RDWR | O_NOCTTY);

		/* Even when a terminal of the host is handed over. */
		assert_true(master >= 0 && grantpt(master) == 0 &&
		    unlockpt(master) == 0);
		x.fds[0] = open(ptsname(master), O_RDWR | O_NOCTTY);
		assert_int_equal(ioc_os_jail_exec(j, &x, &p, &w.e), 0);
		assert_int_equal(ioc_os_process_wait(&p, 10000, &status, &w.e),
		    0);
		assert_int_equal(status, 1);
		ioc_os_process_close(&p);
		(void)close(x.fds[0]);
		(void)close(master);
		world_stop(&w, j);
	}
}

WORLD_MAIN(
	cmocka_unit_test(
	    test_cve_2025_31133_52565__devices_that_are_links),
	cmocka_unit_test(
	    test_cve_2019_16884_2025_52881__proc_of_the_image),
	cmocka_unit_test(
	    test_cve_2016_3697_2026_30892__numbers_as_users),
	cmocka_unit_test(
	    test_cve_2022_24769_27650_29162__inheritable_capabilities),
	cmocka_unit_test(
	    test_cve_2023_25809__control_groups_are_not_written),
	cmocka_unit_test(test_cve_2017_5226__terminal_of_the_caller))
