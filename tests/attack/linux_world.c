/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include "tests/attack/linux_world.h"

#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

static void
copy_in(int root, const char *from, const char *to)
{
	auto_fd int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
	char b[65536];
	ssize_t n;

	assert_true(in >= 0);
	out = openat(root, to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_true(out >= 0);
	while ((n = read(in, b, sizeof(b))) > 0)
		assert_int_equal(write(out, b, (size_t)n), n);
	assert_int_equal(fchmod(out, 0755), 0);
}

static void
text_in(int root, const char *to, const char *text)
{
	auto_fd int out = openat(root, to, O_WRONLY | O_CREAT | O_CLOEXEC,
	    0644);

	assert_true(out >= 0);
	assert_int_equal(write(out, text, strlen(text)),
	    (ssize_t)strlen(text));
}

void
world_need(void)
{
	if (geteuid() != 0) {
		(void)fprintf(stderr, "skipped: needs root\n");
		exit(77);
	}
	if (access("/bin/busybox", X_OK) != 0) {
		(void)fprintf(stderr, "skipped: no /bin/busybox\n");
		exit(77);
	}
}

static int
sub_dir(struct world *w, const char *name, mode_t mode)
{
	int fd;

	assert_int_equal(mkdirat(w->dirfd, name, mode), 0);
	fd = openat(w->dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	return (fd);
}

static void
fill_root(int root)
{
	static const char *const dirs[] = { "bin", "proc", "sys", "dev", "etc",
		"root", "mnt", "home" };
	static const char *const applets[] = { "sh", "true", "false", "cat",
		"id", "ls", "sleep", "kill", "tty", "touch", "mkdir", "stat",
		"env", "pwd", "readlink", "echo", "dd", "hostname", "ip",
		"ps", "test", "grep" };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		assert_int_equal(mkdirat(root, dirs[i], 0755), 0);
	assert_int_equal(mkdirat(root, "tmp", 01777), 0);
	assert_int_equal(fchmodat(root, "tmp", 01777, 0), 0);
	copy_in(root, "/bin/busybox", "bin/busybox");
	copy_in(root, INSIDE, "inside");
	for (size_t i = 0; i < sizeof(applets) / sizeof(*applets); i++) {
		char to[64];

		(void)snprintf(to, sizeof(to), "bin/%s", applets[i]);
		assert_int_equal(linkat(root, "bin/busybox", root, to, 0), 0);
	}
	text_in(root, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
	    "www:x:33:33::/home:/bin/sh\n"
	    "far:x:70000:70000::/:/bin/sh\n");
	text_in(root, "etc/group", "root:x:0:\ntty:x:5:\nwww:x:33:\n"
	    "extra:x:44:www,other\n");
	text_in(root, "bin/noexec", "nothing\n");
	text_in(root, "bin/badformat", "\177nonsense\n");
	assert_int_equal(fchmodat(root, "bin/badformat", 0755, 0), 0);
}

void
world_make(struct world *w)
{
	struct ioc_os_options o = { .helper_dir = HELPERS };

	*w = (struct world){ .dir = "/tmp/ioc-linux.XXXXXX",
		.base = 1u << 30 | ((uint32_t)getpid() % 8192) << 16 };
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(chmod(w->dir, 0755), 0);
	w->dirfd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->root = sub_dir(w, "root", 0755);
	w->run = sub_dir(w, "run", 0700);
	w->upper = sub_dir(w, "upper", 0755);
	w->work = sub_dir(w, "work", 0755);
	w->share = sub_dir(w, "share", 0755);
	text_in(w->dirfd, "marker", "of the host\n");
	text_in(w->share, "file", "shared\n");
	fill_root(w->root);
	o.run_fd = w->run;
	if (ioc_os_open(&o, &w->os, &w->e) != 0)
		fail_msg("%s", w->e.msg);
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)remove(path);
	return (0);
}

/* What a test that failed in the middle left. */
static void
end_jails(struct world *w)
{
	struct ioc_os_jail_info *v;
	size_t n;

	if (ioc_os_jail_list(w->os, &v, &n, NULL) != 0)
		return;
	for (size_t i = 0; i < n; i++) {
		struct ioc_os_jail *j;

		if (ioc_os_jail_find(w->os, v[i].name, &j, NULL) != 0)
			continue;
		(void)ioc_os_jail_remove(j, 0, NULL);
		(void)ioc_os_jail_unlimit(j, NULL);
		(void)ioc_os_jail_release(j, NULL);
		ioc_os_jail_free(j);
	}
	free(v);
}

void
world_end(struct world *w)
{
	end_jails(w);
	ioc_os_close(w->os);
	for (int *fd = &w->dirfd; fd <= &w->share; fd++)
		ioc_fd_close(fd);
	(void)nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	assert_int_not_equal(access(w->dir, F_OK), 0);
}

int
world_mounted(struct world *w, const struct start *s, struct ioc_os_jail **ret)
{
	struct ioc_os_jail_spec spec = {
		.name = s->name != NULL ? s->name : "test-jail",
		.hostname = "inside", .userns = !s->no_userns,
		.id_base = s->base != 0 ? s->base : w->base,
		.id_count = WORLD_COUNT, .ephemeral = s->ephemeral,
		.params = s->params, .nparams = s->nparams,
	};
	struct ioc_os_mount m[16] = {
		{ .kind = IOC_MOUNT_PROC, .target = "/proc", .source = -1 },
		{ .kind = IOC_MOUNT_SYS, .target = "/sys", .source = -1 },
		{ .kind = IOC_MOUNT_DEV, .target = "/dev", .source = -1 },
		{ .kind = IOC_MOUNT_TMPFS, .target = "/tmp", .source = -1 },
	};
	struct ioc_os_root root = IOC_OS_ROOT;
	struct ioc_os_jail *j;
	int rc;

	for (size_t i = 0; i < s->nmore; i++)
		m[4 + i] = s->more[i];
	root.kind = s->dir ? IOC_ROOT_DIR : IOC_ROOT_OVERLAY;
	root.root = root.lower = w->root;
	root.upper = w->upper;
	root.work = w->work;
	root.readonly = s->readonly;
	if ((rc = ioc_os_jail_prepare(w->os, &spec, &j, &w->e)) != 0)
		return (rc);
	if ((rc = ioc_os_jail_limit(j, s->limits, s->nlimits, &w->e)) != 0 ||
	    (rc = ioc_os_jail_mount(j, &root, m, 4 + s->nmore, &w->e)) != 0) {
		ioc_os_jail_free(j);
		return (rc);
	}
	*ret = j;
	return (0);
}

int
world_start(struct world *w, const struct start *s, struct ioc_os_jail **ret)
{
	int rc = world_mounted(w, s, ret);

	if (rc != 0)
		return (rc);
	rc = ioc_os_jail_create(*ret, &w->e);
	if (rc != 0)
		ioc_os_jail_free(*ret);
	return (rc);
}

void
world_layers(struct world *w, uid_t owner)
{
	assert_int_equal(fchownat(w->upper, "", owner, owner, AT_EMPTY_PATH),
	    0);
	assert_int_equal(fchownat(w->work, "", owner, owner, AT_EMPTY_PATH), 0);
}

struct ioc_os_jail *
world_started(struct world *w, const struct start *s)
{
	struct ioc_os_jail *j;

	if (world_start(w, s, &j) != 0)
		fail_msg("start: %s", w->e.msg);
	return (j);
}

struct ioc_os_jail *
world_started_as(struct world *w, bool userns)
{
	struct start s = { .no_userns = !userns };

	world_layers(w, userns ? w->base : 0);
	return (world_started(w, &s));
}

enum ioc_os_jail_state
world_state(struct world *w, const char *name)
{
	struct ioc_os_jail_info info;
	struct ioc_os_jail *j;

	assert_int_equal(ioc_os_jail_find(w->os, name, &j, &w->e), 0);
	assert_int_equal(ioc_os_jail_info(j, &info, &w->e), 0);
	ioc_os_jail_free(j);
	return (info.state);
}

void
world_pause(long ms)
{
	struct timespec t = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&t, NULL);
}

void
world_stop(struct world *w, struct ioc_os_jail *j)
{
	struct ioc_os_jail_info info;

	if (ioc_os_jail_remove(j, 5000, &w->e) != 0 ||
	    ioc_os_jail_unmount(j, &w->e) != 0 ||
	    ioc_os_jail_unlimit(j, &w->e) != 0 ||
	    ioc_os_jail_release(j, &w->e) != 0)
		fail_msg("stop: %s", w->e.msg);
	assert_int_equal(ioc_os_jail_info(j, &info, NULL), 0);
	assert_int_equal(info.state, IOC_OS_JAIL_NONE);
	assert_int_equal(world_cgroups(w, info.name), 0);
	ioc_os_jail_free(j);
}

static size_t
drain(int fd, char *out, size_t size)
{
	size_t len = 0;
	char waste[512];
	ssize_t n;

	for (;;) {
		bool full = len + 1 >= size;

		n = read(fd, full ? waste : out + len,
		    full ? sizeof(waste) : size - 1 - len);
		if (n <= 0)
			break;
		if (!full)
			len += (size_t)n;
	}
	if (size > 0)
		out[len] = '\0';
	return (len);
}

int
world_run(struct world *w, struct ioc_os_jail *j, const char *user, char *out,
    size_t size, const char *const *argv)
{
	struct ioc_os_exec x = { .argv = argv, .user = user, .fds = { -1, -1,
	    -1 } };
	struct ioc_os_process p;
	int pipe_fds[2], rc, status = -1;

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	x.fds[1] = x.fds[2] = pipe_fds[1];
	rc = ioc_os_jail_exec(j, &x, &p, &w->e);
	(void)close(pipe_fds[1]);
	if (rc == 0) {
		(void)drain(pipe_fds[0], out, size);
		assert_int_equal(ioc_os_process_wait(&p, 20000, &status, &w->e),
		    0);
		ioc_os_process_close(&p);
	}
	(void)close(pipe_fds[0]);
	return (rc != 0 ? rc : status);
}

/* The naive twin's own terminal. */
static void
take_tty(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;

	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
		_exit(99);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	(void)setsid();
	if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) != 0 || dup2(slave, 0) < 0)
		_exit(99);
}

int
world_twin(struct world *w, bool tty, const char *const *argv)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		char *root = NULL;

		if (tty)
			take_tty();
		if (unshare(CLONE_NEWNS) != 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		    asprintf(&root, "%s/root", w->dir) < 0 ||
		    chdir(root) != 0 ||
		    mount("proc", "proc", "proc", 0, NULL) != 0 ||
		    mount("sys", "sys", "sysfs", 0, NULL) != 0 ||
		    mount("dev", "dev", "devtmpfs", 0, NULL) != 0 ||
		    mount("tmp", "tmp", "tmpfs", 0, NULL) != 0 ||
		    chroot(".") != 0)
			_exit(98);
		(void)execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(97);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return (WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
	    WEXITSTATUS(status));
}

int
world_cgroups(const struct world *w, const char *name)
{
	char pattern[512];
	struct stat st;
	int n = 0;

	assert_int_equal(fstat(w->run, &st), 0);
	for (int i = 0; i < 2; i++) {
		glob_t g;

		(void)snprintf(pattern, sizeof(pattern),
		    "/sys/fs/cgroup/%sioc/%s@%x.%lx", i == 0 ? "" : "*/", name,
		    (unsigned)st.st_dev, (unsigned long)st.st_ino);
		if (glob(pattern, 0, NULL, &g) == 0)
			n += (int)g.gl_pathc;
		globfree(&g);
	}
	return (n);
}

int
world_mounts(void)
{
	auto_file FILE *f = fopen("/proc/self/mountinfo", "re");
	int n = 0, c;

	while (f != NULL && (c = getc(f)) != EOF)
		n += c == '\n';
	return (n);
}
