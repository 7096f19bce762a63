/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the root of a jail tries: linux_inside VERB [ARG].  Exit status 0: the
 * attack worked; 1: it was refused, and why is on stdout; 2: no such verb.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each gives true when it worked; errno says why not. */

static bool
a_chroot(const char *marker)
{
	if ((mkdir("/tmp/b", 0755) != 0 && errno != EEXIST) ||
	    chroot("/tmp/b") != 0)
		return (false);
	for (int i = 0; i < 64; i++)
		if (chdir("..") != 0)
			return (false);
	return (chroot(".") == 0 && access(marker, F_OK) == 0);
}

/* A directory of the host that was left open. */
static bool
a_fd(const char *marker)
{
	for (int fd = 0; fd < 64; fd++) {
		struct stat st;

		if (fstat(fd, &st) != 0 || !S_ISDIR(st.st_mode))
			continue;
		if (faccessat(fd, marker + 1, F_OK, 0) == 0)
			return (true);
	}
	errno = EBADF;
	return (false);
}

static bool
a_openfds(const char *arg)
{
	for (int fd = 3; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return (true);
	return (false);
}

static bool
a_pid(const char *arg)
{
	return (kill((pid_t)strtol(arg, NULL, 10), 0) == 0);
}

/* More processes than a fresh jail has. */
static bool
a_pids(const char *arg)
{
	DIR *d = opendir("/proc");
	struct dirent *de;
	int n = 0;

	while (d != NULL && (de = readdir(d)) != NULL)
		n += de->d_name[0] >= '0' && de->d_name[0] <= '9';
	errno = ESRCH;
	return (n > 4);
}

static bool
a_mount(const char *arg)
{
	return (syscall(SYS_mount, "x", "/tmp", "tmpfs", 0, NULL) == 0);
}

static bool
a_remount(const char *arg)
{
	return (syscall(SYS_mount, NULL, "/proc", NULL, MS_REMOUNT | MS_BIND,
	    NULL) == 0);
}

static bool
a_umount(const char *arg)
{
	return (syscall(SYS_umount2, "/proc", 2) == 0);
}

static bool
a_fsopen(const char *arg)
{
	return (syscall(SYS_fsopen, "tmpfs", 0) >= 0);
}

static bool
a_open_tree(const char *arg)
{
	return (syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE) >= 0);
}

static bool
a_mknod(const char *dev)
{
	(void)unlink("/tmp/blk");
	return (mknod("/tmp/blk", S_IFBLK | 0600,
	    (dev_t)strtoull(dev, NULL, 10)) == 0 &&
	    open("/tmp/blk", O_RDONLY) >= 0);
}

static bool
a_open(const char *path)
{
	return (open(path, O_RDONLY | O_NONBLOCK) >= 0);
}

/* Opens a file of /proc or /sys itself for writing: no mask, not read-only. */
static bool
a_write(const char *path)
{
	int fd = open(path, O_WRONLY);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) != 0)
		return (false);
	errno = EROFS;
	return (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC ||
	    fs.f_type == CGROUP_SUPER_MAGIC);
}

static bool
a_kernel_read(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) != 0)
		return (false);
	errno = EACCES;
	return (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC);
}

static bool
a_setns(const char *path)
{
	int fd = open(path, O_RDONLY);

	return (fd >= 0 && setns(fd, 0) == 0);
}

static bool
a_setns_self(const char *arg)
{
	return (a_setns("/proc/self/ns/uts"));
}

static bool
a_unshare(const char *arg)
{
	return (unshare(CLONE_NEWUSER) == 0);
}

static bool
a_unshare_time(const char *arg)
{
	return (unshare(CLONE_NEWTIME) == 0);
}

static bool
a_clone(const char *arg)
{
	long pid = syscall(SYS_clone, CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return (pid > 0);
}

static bool
a_clone3(const char *arg)
{
	struct clone_args a = { .flags = CLONE_NEWNS, .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &a, sizeof(a));

	if (pid == 0)
		_exit(0);
	return (pid > 0);
}

static bool
a_keyctl(const char *arg)
{
	return (syscall(SYS_keyctl, 1, "x") >= 0);
}

static bool
a_add_key(const char *arg)
{
	return (syscall(SYS_add_key, "user", "x", "y", 1, -3) >= 0);
}

static bool
a_bpf(const char *arg)
{
	union bpf_attr a = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4,
		.value_size = 4, .max_entries = 1 };

	return (syscall(SYS_bpf, BPF_MAP_CREATE, &a, sizeof(a)) >= 0);
}

static bool
a_perf(const char *arg)
{
	struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE,
		.size = sizeof(a) };

	return (syscall(SYS_perf_event_open, &a, 0, -1, -1, 0) >= 0);
}

static bool
a_uffd(const char *arg)
{
	return (syscall(SYS_userfaultfd, O_CLOEXEC) >= 0);
}

static bool
a_uring(const char *arg)
{
	char params[120] = { 0 };

	return (syscall(SYS_io_uring_setup, 1, params) >= 0);
}

static bool
a_handle(const char *arg)
{
	struct {
		struct file_handle h;
		char	bytes[MAX_HANDLE_SZ];
	} f = { .h.handle_bytes = MAX_HANDLE_SZ };
	int mount_id, fd = open("/tmp", O_RDONLY);

	if (name_to_handle_at(AT_FDCWD, "/bin", &f.h, &mount_id, 0) != 0)
		return (false);
	fd = open("/bin", O_RDONLY);
	return (open_by_handle_at(fd, &f.h, O_RDONLY) >= 0);
}

static bool
a_fanotify(const char *arg)
{
	return (syscall(SYS_fanotify_init, 0, 0) >= 0);
}

static bool
a_module(const char *arg)
{
	return (syscall(SYS_init_module, "x", 1, "") == 0);
}

static bool
a_kexec(const char *arg)
{
	return (syscall(SYS_kexec_load, 0, 0, NULL, 0) == 0);
}

static bool
a_reboot(const char *arg)
{
	/* LINUX_REBOOT_CMD_CAD_OFF */
	return (syscall(SYS_reboot, 0xfee1dead, 672274793, 0, NULL) == 0);
}

static bool
a_swapon(const char *arg)
{
	return (syscall(SYS_swapon, "/tmp/x", 0) == 0 || errno == ENOENT);
}

static bool
a_syslog(const char *arg)
{
	char b[64];

	return (syscall(SYS_syslog, 3, b, sizeof(b)) >= 0);
}

static bool
a_clock(const char *arg)
{
	struct timeval tv;

	(void)gettimeofday(&tv, NULL);
	return (settimeofday(&tv, NULL) == 0);
}

static bool
a_sethostname(const char *arg)
{
	return (sethostname("pwned", 5) == 0);
}

static bool
a_tiocsti(const char *arg)
{
	return (ioctl(0, TIOCSTI, "x") == 0);
}

/* The number of a line discipline loads a module; this one is always there. */
static bool
a_tiocsetd(const char *arg)
{
	int tty = 0;

	return (ioctl(0, TIOCSETD, &tty) == 0);
}

/* The kernel looks at 32 bits of the request only. */
static bool
a_tiocsti_high(const char *arg)
{
	return (syscall(SYS_ioctl, 0, TIOCSTI | UINT64_C(1) << 32, "x") == 0);
}

/* Pastes on a console; another terminal knows no such request. */
static bool
a_tioclinux(const char *arg)
{
	char paste = 3;

	return (ioctl(0, TIOCLINUX, &paste) == 0 || errno == ENOTTY);
}

static bool
a_release_agent(const char *arg)
{
	(void)mkdir("/tmp/cg", 0755);
	return (syscall(SYS_mount, "c", "/tmp/cg", "cgroup", 0, arg) == 0 &&
	    open("/tmp/cg/release_agent", O_WRONLY) >= 0);
}

static bool
a_ptrace1(const char *arg)
{
	return (ptrace(PTRACE_SEIZE, 1, NULL, NULL) == 0);
}

static bool
a_vsock(const char *arg)
{
	return (socket(AF_VSOCK, SOCK_STREAM, 0) >= 0);
}

static bool
a_raw(const char *arg)
{
	return (socket(AF_INET, SOCK_RAW, 1) >= 0);
}

static bool
a_x32(const char *arg)
{
	return (syscall(0x40000000 | SYS_getpid) > 0);
}

static bool
a_compat(const char *arg)
{
#ifdef __x86_64__
	long r = 20;	/* getpid */

	__asm__ volatile("int $0x80" : "+a"(r) : : "memory", "r8", "r9",
	    "r10", "r11");
	return (r > 0);
#else
	errno = ENOSYS;
	return (false);
#endif
}

static bool
a_host_uid(const char *path)
{
	struct stat st;

	/* A file of the host's root, without id mapping, stays out of reach. */
	return (stat(path, &st) == 0 && chmod(path, 0777) == 0);
}

/* Did the device's node on the host become ours to change? */
static bool
a_chmod_null(const char *arg)
{
	return (chmod("/dev/null", 0666) == 0);
}

/*
 * Races each process that appears: its memory may be opened only when it is
 * no longer the program of the host that enters.  ARG is that program's name.
 */
static bool
hunt_one(const char *pid, const char *host)
{
	char path[64], comm[64];
	int mem, fd;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%.16s/mem", pid);
	mem = open(path, O_RDWR);
	if (mem < 0)
		return (false);
	(void)snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	fd = open(path, O_RDONLY);
	n = fd >= 0 ? read(fd, comm, sizeof(comm) - 1) : 0;
	if (fd >= 0)
		(void)close(fd);
	(void)close(mem);
	comm[n > 0 ? n : 0] = '\0';
	comm[strcspn(comm, "\n")] = '\0';
	/* Its name changes at exec, after which it is the jail's program. */
	return (strncmp(comm, host, 15) == 0 || strcmp(comm, "ioc-wait") == 0);
}

static bool
a_hunt(const char *host)
{
	pid_t me = getpid();
	struct timeval t0, t;

	(void)gettimeofday(&t0, NULL);
	do {
		for (pid_t p = me + 1; p < me + 1000; p++) {
			char pid[16];

			(void)snprintf(pid, sizeof(pid), "%d", p);
			if (hunt_one(pid, host))
				return (true);
		}
		(void)gettimeofday(&t, NULL);
	} while (t.tv_sec - t0.tv_sec < 3);
	errno = EACCES;
	return (false);
}

/*
 * Is the descriptor the host's file whose device and inode stand in /target, and
 * could it be written to?  While it runs the answer is "busy", no refusal.
 */
static bool
a_host_exe(const char *arg)
{
	int fd = (int)strtol(arg, NULL, 10), to;
	unsigned long long dev = 0, ino = 0;
	FILE *f = fopen("/target", "r");
	char path[64];
	struct stat st;

	if (f == NULL || fscanf(f, "%llu %llu", &dev, &ino) != 2 ||
	    fstat(fd, &st) != 0)
		return (false);
	errno = ENOENT;
	if (st.st_dev != (dev_t)dev || st.st_ino != (ino_t)ino)
		return (false);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	to = open(path, O_WRONLY);
	return (to >= 0 || errno == ETXTBSY);
}

/* What was given to be read is opened for writing. */
static bool
a_reopen(const char *arg)
{
	int fd = open("/proc/self/fd/0", O_WRONLY);

	return (fd >= 0 && write(fd, "hostile", 7) == 7);
}

/* A server of the host, on its loopback. */
static bool
a_connect(const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtol(port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return (fd >= 0 && connect(fd, (struct sockaddr *)&to,
	    sizeof(to)) == 0);
}

static bool
a_set_id(const char *arg)
{
	errno = EPERM;
	return (getuid() != 0 && geteuid() == 0);
}

/* For ever: d, a directory, and l, a link, change their places. */
static bool
a_swap(const char *arg)
{
	if (chdir(arg) != 0)
		return (false);
	for (;;)
		(void)renameat2(AT_FDCWD, "d", AT_FDCWD, "l", RENAME_EXCHANGE);
}

static const struct {
	const char	*verb;
	bool		(*fn)(const char *arg);
} verbs[] = {
	{ "chroot", a_chroot }, { "fd", a_fd }, { "openfds", a_openfds },
	{ "pid", a_pid }, { "pids", a_pids }, { "mount", a_mount },
	{ "remount", a_remount }, { "umount", a_umount },
	{ "fsopen", a_fsopen }, { "open_tree", a_open_tree },
	{ "mknod", a_mknod }, { "open", a_open }, { "write", a_write },
	{ "kernel_read", a_kernel_read }, { "setns", a_setns },
	{ "setns_self", a_setns_self }, { "unshare", a_unshare },
	{ "unshare_time", a_unshare_time }, { "clone", a_clone },
	{ "clone3", a_clone3 }, { "keyctl", a_keyctl },
	{ "add_key", a_add_key }, { "bpf", a_bpf }, { "perf", a_perf },
	{ "uffd", a_uffd }, { "uring", a_uring }, { "handle", a_handle },
	{ "fanotify", a_fanotify }, { "module", a_module },
	{ "kexec", a_kexec }, { "reboot", a_reboot }, { "swapon", a_swapon },
	{ "syslog", a_syslog }, { "clock", a_clock },
	{ "sethostname", a_sethostname }, { "tiocsti", a_tiocsti },
	{ "tiocsti_high", a_tiocsti_high }, { "tiocsetd", a_tiocsetd },
	{ "tioclinux", a_tioclinux },
	{ "release_agent", a_release_agent }, { "ptrace1", a_ptrace1 },
	{ "vsock", a_vsock }, { "raw", a_raw }, { "x32", a_x32 },
	{ "compat", a_compat }, { "host_uid", a_host_uid },
	{ "chmod_null", a_chmod_null }, { "host_exe", a_host_exe },
	{ "set_id", a_set_id }, { "connect", a_connect },
	{ "reopen", a_reopen }, { "hunt", a_hunt },
	{ "swap", a_swap },
};

int
main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs) && argc > 1;
	    i++) {
		if (strcmp(argv[1], verbs[i].verb) != 0)
			continue;
		errno = 0;
		if (verbs[i].fn(argc > 2 ? argv[2] : "")) {
			(void)printf("worked\n");
			return (0);
		}
		(void)printf("%s\n", strerror(errno));
		return (1);
	}
	return (2);
}
