/* SPDX-License-Identifier: BSD-2-Clause */
/* What a jail prepares for the process of the host that enters it. */
#include "tests/unit/unit.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tests/attack/linux_world.h"

static struct world w;

/* Every processor's name of the loader, for programs of the host. */
static const char *const loaders[] = {
	"/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1",
	"/lib/ld-linux-riscv64-lp64d.so.1",
};

static void
put(const char *path, const char *text, mode_t mode)
{
	auto_fd int fd = openat(w.root, path + 1, O_WRONLY | O_CREAT |
	    O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)),
	    (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
}

static void
copy(const char *from, const char *to)
{
	auto_fd int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
	char b[65536];
	ssize_t n;

	out = openat(w.root, to + 1, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, b, sizeof(b))) > 0)
		assert_int_equal(write(out, b, (size_t)n), n);
	assert_int_equal(n, 0);
}

/* The same as the jail's first command. */
static int
first_command(const char *name)
{
	struct start s = { .name = "test-first", .no_userns = true };
	struct ioc_os_exec x = { .argv = ARGV(name), .fds = { -1, -1, -1 } };
	struct ioc_os_process p;
	struct ioc_os_jail *j;
	int rc, status = -1;

	world_layers(&w, 0);
	assert_int_equal(world_mounted(&w, &s, &j), 0);
	rc = ioc_os_jail_create_with(j, &x, &p, &w.e);
	if (rc == 0) {
		assert_int_equal(ioc_os_process_wait(&p, 10000, &status, &w.e),
		    0);
		ioc_os_process_close(&p);
		world_stop(&w, j);
		return (status);
	}
	ioc_os_jail_free(j);
	return (rc);
}

/*
 * 72: the command is the program that enters; as a link and as a script
 * (CVE-2019-5736).  65: every loader of the jail is the attacker's, and so would
 * be the libraries with which a user is looked up (CVE-2019-14271, 2022-1227).
 */
static void
test_own_program(void **state)
{
	static const char *const lures[] = { "/lure", "/lure.sh", "lure" };
	struct ioc_os_jail *j;
	char text[128], out[256];
	struct stat st;

	assert_int_equal(stat("/proc/self/exe", &st), 0);
	(void)snprintf(text, sizeof(text), "%llu %llu\n",
	    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	put("/target", text, 0644);
	put("/lure.sh", "#!/proc/self/exe\n", 0755);
	assert_int_equal(symlinkat("/proc/self/exe", w.root, "lure"), 0);
	assert_int_equal(symlinkat("/proc/self/exe", w.root, "bin/lure"), 0);
	assert_int_equal(mkdirat(w.root, "lib", 0755), 0);
	assert_int_equal(mkdirat(w.root, "lib64", 0755), 0);
	for (size_t i = 0; i < sizeof(loaders) / sizeof(*loaders); i++)
		copy(LURE, loaders[i]);
	assert_int_equal(world_twin(&w, false, ARGV(lures[0])), 0);
	assert_int_equal(world_twin(&w, false, ARGV(lures[1])), 0);
	for (int userns = 0; userns < 2; userns++) {
		j = world_started_as(&w, userns != 0);
		for (size_t i = 0; i < sizeof(lures) / sizeof(*lures); i++)
			assert_int_not_equal(world_run(&w, j, NULL, out,
			    sizeof(out), ARGV(lures[i])), 0);
		assert_int_equal(world_run(&w, j, "www", out, sizeof(out),
		    ARGV("id", "-u")), 0);
		assert_string_equal(out, "33\n");
		world_stop(&w, j);
	}
	assert_int_not_equal(first_command("/lure"), 0);
	assert_int_not_equal(first_command("/lure.sh"), 0);
	assert_int_equal(first_command("true"), 0);
}

/* Without a user namespace ioc-init executes; it must say the same. */
static void
test_same_words(void **state)
{
	static const struct {
		const char	*name;
		int		 sys;
	} tries[] = {
		{ "no-such-command", ENOENT }, { "/bin/no-such", ENOENT },
		{ "/bin/noexec", EACCES }, { "noexec", EACCES },
		{ "/bin/badformat", ENOEXEC }, { "", ENOENT },
		{ "/bin", EACCES }, { "/bin/sh/x", ENOTDIR },
	};
	struct ioc_os_jail *j[2];
	char out[256], said[sizeof(w.e.msg)];

	for (size_t i = 0; i < sizeof(tries) / sizeof(*tries); i++) {
		said[0] = '\0';
		for (int userns = 0; userns < 2; userns++) {
			j[userns] = world_started_as(&w, userns != 0);
			assert_int_equal(world_run(&w, j[userns], NULL, out,
			    sizeof(out), ARGV(tries[i].name)), IOC_CHILD);
			assert_int_equal(w.e.sys, tries[i].sys);
			if (userns != 0)
				assert_string_equal(w.e.msg, said);
			(void)snprintf(said, sizeof(said), "%s", w.e.msg);
			world_stop(&w, j[userns]);
		}
	}
	assert_int_equal(first_command("no-such-command"), IOC_CHILD);
	assert_int_equal(w.e.sys, ENOENT);
	j[0] = world_started_as(&w, false);
	assert_int_equal(world_run(&w, j[0], "www", out, sizeof(out),
	    ARGV("sh", "-c", "id; echo $0 $1 $#; ls -l /proc/self/fd", "a",
	    "b c")), 0);
	assert_memory_equal(out, "uid=33(www) gid=33(www) groups=44(extra)\n"
	    "a b c 1\n", 49);
	/* 0-2 and the one that ls has opened: neither ioc-init nor socket. */
	assert_null(strstr(out, "socket"));
	assert_null(strstr(out, "memfd"));
	world_stop(&w, j[0]);
}

/*
 * 62, 33: the user database of a jail that leads to the host's files
 * (CVE-2024-9676).
 */
static void
test_magic_passwd(void **state)
{
	static const char line[] = "hostonly:x:1234:1234::/:/bin/sh\n";
	char link[128], out[256];
	struct ioc_os_jail *j;
	int leak = open("/", O_PATH | O_DIRECTORY), fd;

	assert_int_equal(fcntl(leak, F_DUPFD, 50), 50);
	fd = openat(w.share, "passwd", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, line, strlen(line)), (ssize_t)strlen(line));
	assert_int_equal(fchmod(fd, 0644), 0);
	(void)close(fd);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/50%s/share/passwd",
	    w.dir);
	assert_int_equal(renameat(w.root, "etc/passwd", w.root, "etc/saved"),
	    0);
	assert_int_equal(symlinkat(link, w.root, "etc/passwd"), 0);
	assert_int_equal(world_twin(&w, false, ARGV("/bin/grep", "-q",
	    "hostonly", "/etc/passwd")), 0);
	for (int userns = 0; userns < 2; userns++) {
		j = world_started_as(&w, userns != 0);
		assert_int_equal(world_run(&w, j, "hostonly", out, sizeof(out),
		    ARGV("true")), IOC_NOT_FOUND);
		world_stop(&w, j);
	}
	/* Links within the jail stay what they are. */
	assert_int_equal(unlinkat(w.root, "etc/passwd", 0), 0);
	assert_int_equal(symlinkat("/etc/../../etc/saved", w.root,
	    "etc/passwd"), 0);
	j = world_started_as(&w, true);
	assert_int_equal(world_run(&w, j, "www", out, sizeof(out),
	    ARGV("true")), 0);
	world_stop(&w, j);
	assert_int_equal(renameat(w.root, "etc/saved", w.root, "etc/passwd"),
	    0);
	(void)close(leak);
	(void)close(50);
}

static int
run_in(struct ioc_os_jail *j, const char *dir, bool login)
{
	struct ioc_os_exec x = { .argv = ARGV("/inside", "chroot", w.dir),
		.dir = dir, .login = login, .fds = { -1, -1, -1 } };
	struct ioc_os_process p;
	int rc = ioc_os_jail_exec(j, &x, &p, &w.e), status = -1;

	if (rc != 0)
		return (rc);
	assert_int_equal(ioc_os_process_wait(&p, 10000, &status, &w.e), 0);
	ioc_os_process_close(&p);
	return (status);
}

/*
 * 64: a working directory that is a descriptor of the process that enters
 * (CVE-2024-21626).
 */
static void
test_directory_outside(void **state)
{
	static const char *const dirs[] = { "/proc/self/fd/50", "/way/out",
		"/proc/self/fd/50/tmp", "/proc/self/fd/3", "/proc/self/fd/4" };
	int leak = open("/", O_RDONLY | O_DIRECTORY);
	struct ioc_os_jail *j;

	assert_int_equal(fcntl(leak, F_DUPFD, 50), 50);
	assert_int_equal(mkdirat(w.root, "way", 0755), 0);
	assert_int_equal(symlinkat("/proc/self/fd/50", w.root, "way/out"), 0);
	assert_int_equal(world_twin(&w, false, ARGV("/bin/sh", "-c",
	    "cd /way/out && test -e .$0/marker", w.dir)), 0);
	put("/etc/passwd", "root:x:0:0:root:/way/out:/bin/pwd\n"
	    "www:x:33:33::/home:/bin/sh\n", 0644);
	for (int userns = 0; userns < 2; userns++) {
		j = world_started_as(&w, userns != 0);
		for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
			assert_true(run_in(j, dirs[i], false) < 0);
		assert_int_equal(run_in(j, "/way", false), 1);
		/* Its home is not there: it stays at its root. */
		assert_int_equal(run_in(j, NULL, true), 0);
		world_stop(&w, j);
	}
	(void)close(leak);
	(void)close(50);
}

static int
run_with(struct ioc_os_jail *j, int fd, const char *const *argv, char *out,
    size_t size)
{
	struct ioc_os_exec x = { .argv = argv, .fds = { fd, -1, -1 } };
	struct ioc_os_process p;
	int pipe_fds[2], status = -1, rc;
	ssize_t n;

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	x.fds[1] = pipe_fds[1];
	rc = ioc_os_jail_exec(j, &x, &p, &w.e);
	(void)close(pipe_fds[1]);
	if (rc == 0) {
		n = read(pipe_fds[0], out, size - 1);
		out[n > 0 ? n : 0] = '\0';
		assert_int_equal(ioc_os_process_wait(&p, 10000, &status,
		    &w.e), 0);
		ioc_os_process_close(&p);
	}
	(void)close(pipe_fds[0]);
	return (rc != 0 ? rc : status);
}

/* 62: a file of the host as stdin; 0600, and of its root. */
static void
test_given_file(void **state)
{
	int fd = openat(w.dirfd, "secret", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct ioc_os_jail *j;
	char out[64], text[64] = "";

	assert_int_equal(write(fd, "12345678 rest\n", 14), 14);
	(void)close(fd);
	fd = openat(w.dirfd, "secret", O_RDONLY | O_CLOEXEC);
	assert_int_equal(dup2(fd, 0), 0);
	assert_int_equal(world_twin(&w, false, ARGV("/inside", "reopen")), 0);
	assert_int_equal(pread(fd, text, 14, 0), 14);
	assert_memory_equal(text, "hostile8", 8);
	for (int userns = 0; userns < 2; userns++) {
		j = world_started_as(&w, userns != 0);
		assert_int_equal(lseek(fd, 8, SEEK_SET), 8);
		assert_int_equal(run_with(j, fd, ARGV("/inside", "reopen"),
		    out, sizeof(out)), 1);
		assert_int_equal(run_with(j, fd, ARGV("cat"), out,
		    sizeof(out)), 0);
		assert_string_equal(out, " rest\n");
		world_stop(&w, j);
	}
	(void)close(fd);
	(void)unlinkat(w.dirfd, "secret", 0);
}

/* What /proc tells of the host's directories. */
static void
test_mount_table(void **state)
{
	struct ioc_os_jail *j = world_started_as(&w, true);
	char out[16384];

	assert_int_equal(world_run(&w, j, NULL, out, sizeof(out),
	    ARGV("cat", "/proc/self/mountinfo", "/proc/self/mounts")), 0);
	assert_non_null(strstr(out, "overlay"));
	assert_null(strstr(out, w.dir));
	world_stop(&w, j);
}

/* Does it work for user 33 of the host? */
static int
as_user(const char *const *argv)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		if (setresgid(33, 33, 33) != 0 || setresuid(33, 33, 33) != 0)
			_exit(99);
		(void)execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(98);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return (status);
}

/* A device and a set-id program in a directory of the host. */
static void
fill_share(void)
{
	auto_fd int in = open(INSIDE, O_RDONLY | O_CLOEXEC), to = -1;
	char b[65536];
	ssize_t n;

	assert_int_equal(mknodat(w.share, "node", S_IFCHR | 0666,
	    makedev(1, 3)), 0);
	assert_int_equal(fchmodat(w.share, "node", 0666, 0), 0);
	to = openat(w.share, "suid", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	while ((n = read(in, b, sizeof(b))) > 0)
		assert_int_equal(write(to, b, (size_t)n), n);
	assert_int_equal(fchmod(to, 04755), 0);
}

static int
try_in(struct ioc_os_jail *j, const char *user, const char *dir,
    const char *file, const char *verb)
{
	char program[128], arg[128], out[256];

	(void)snprintf(program, sizeof(program), "%s/suid", dir);
	(void)snprintf(arg, sizeof(arg), "%s/%s", dir, file);
	return (world_run(&w, j, user, out, sizeof(out),
	    ARGV(program, verb, arg)));
}

/* 12, 76: devices and set-id programs in a directory that is mounted. */
static void
test_bound(void **state)
{
	struct ioc_os_mount m[] = {
		{ .kind = IOC_MOUNT_BIND, .target = "/mnt/plain",
		    .source = w.share },
		{ .kind = IOC_MOUNT_BIND, .target = "/mnt/mapped",
		    .source = w.share, .flags = IOC_MNT_IDMAP },
	}, live[] = { m[0], m[1] };
	struct start s = { .more = m, .nmore = 2 };
	char path[128], node[128];
	struct ioc_os_jail *j;

	fill_share();
	live[0].target = "/tmp/plain";
	live[1].target = "/tmp/mapped";
	/* The naive mount is the directory itself. */
	(void)snprintf(path, sizeof(path), "%s/share/suid", w.dir);
	(void)snprintf(node, sizeof(node), "%s/share/node", w.dir);
	assert_int_equal(as_user(ARGV(path, "set_id")), 0);
	assert_int_equal(as_user(ARGV(path, "open", node)), 0);
	for (int userns = 0; userns < 2; userns++) {
		s.no_userns = userns == 0;
		world_layers(&w, userns != 0 ? w.base : 0);
		if (world_start(&w, &s, &j) != 0)
			fail_msg("start: %s", w.e.msg);
		for (int i = 0; i < 4; i++) {
			const struct ioc_os_mount *at = i < 2 ? &m[i] :
			    &live[i - 2];
			/* What is mapped is the jail's own, as its su is. */
			int want = (at->flags & IOC_MNT_IDMAP) == 0;

			if (i >= 2 && ioc_os_jail_mount_live(j, at, &w.e) != 0)
				fail_msg("mount: %s", w.e.msg);
			assert_int_equal(try_in(j, NULL, at->target, "node",
			    "open"), 1);
			assert_int_equal(try_in(j, "www", at->target, "",
			    "set_id"), want);
		}
		world_stop(&w, j);
	}
}

WORLD_MAIN(
	cmocka_unit_test(test_own_program),
	cmocka_unit_test(test_same_words),
	cmocka_unit_test(test_magic_passwd),
	cmocka_unit_test(test_directory_outside),
	cmocka_unit_test(test_given_file),
	cmocka_unit_test(test_mount_table),
	cmocka_unit_test(test_bound))
