/* SPDX-License-Identifier: BSD-2-Clause */
/* What a worker that was taken over would try. */
#include "tests/attack/sandbox.h"

#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <arpa/inet.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum {
	F = 1 << IOC_SANDBOX_FETCH,
	P = 1 << IOC_SANDBOX_PARSE,
	X = 1 << IOC_SANDBOX_EXTRACT,
	V = 1 << IOC_SANDBOX_VERIFY,
};

static int
result(long r)
{
	return (r >= 0 ? 0 : errno);
}

static int
try_read(void)
{
	return (result(open("/etc/passwd", O_RDONLY)));
}

static int
try_environ(void)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/environ", (int)place.victim);
	return (result(open(path, O_RDONLY)));
}

static int
try_write(void)
{
	return (result(open(place.outside, O_WRONLY | O_TRUNC)));
}

static int
try_create(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/created", place.top);
	(void)unlink(path);
	return (result(open(path, O_WRONLY | O_CREAT, 0600)));
}

static int
try_chown(void)
{
	return (result(fchownat(AT_FDCWD, place.outside, 4242, 4242, 0)));
}

/* The descriptor of the directory is held: what is above it must not be. */
static int
try_above(void)
{
	return (result(fchownat(place.dir_fd, "../outside", 4242, 4242, 0)));
}

static int
try_open_above(void)
{
	return (result(openat(place.dir_fd, "..", O_RDONLY | O_DIRECTORY)) != 0 ?
	    errno : result(openat(place.dir_fd, "../outside", O_WRONLY)));
}

static int
try_stat(void)
{
	struct stat st;

	return (result(fstatat(AT_FDCWD, place.outside, &st, 0)));
}

static int
try_inet(void)
{
	return (result(socket(AF_INET, SOCK_STREAM, 0)));
}

int
try_connect(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(place.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return (errno);
	return (result(connect(fd, (struct sockaddr *)&to, sizeof(to))));
}

static int
try_listen(void)
{
	struct sockaddr_in on = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&on, sizeof(on)) != 0)
		return (errno);
	return (result(listen(fd, 1)));
}

static int
try_unix(void)
{
	return (result(socket(AF_UNIX, SOCK_STREAM, 0)));
}

static int
try_packet(void)
{
	return (result(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)));
}

static int
try_kill_init(void)
{
	return (result(kill(1, 0)));
}

static int
try_kill(void)
{
	return (result(kill(place.victim, SIGCONT)));
}

static int
try_ptrace(void)
{
	if (ptrace(PTRACE_ATTACH, place.victim, NULL, NULL) != 0)
		return (errno);
	(void)waitpid(place.victim, NULL, __WALL);
	return (result(ptrace(PTRACE_DETACH, place.victim, NULL, NULL)));
}

static int
try_memory(void)
{
	static char secret[] = "secret";
	char copy[sizeof(secret)];
	struct iovec to = { copy, sizeof(copy) };
	struct iovec from = { secret, sizeof(secret) };

	return (result(process_vm_readv(place.victim, &to, 1, &from, 1, 0)));
}

static int
try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return (result(pid));
}

static int
try_clone3(void)
{
	uint64_t args[8] = { 0, 0, 0, 0, SIGCHLD };
	long pid = syscall(SYS_clone3, args, sizeof(args));

	if (pid == 0)
		_exit(0);
	return (result(pid));
}

static int
try_exec(void)
{
	char *const argv[] = { (char[]){ "true" }, NULL };

	(void)execv("/bin/true", argv);
	return (errno);
}

static int
try_mount(void)
{
	/* In a namespace of its own, so that the twin leaves nothing behind. */
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return (errno);
	return (result(mount("x", "/tmp", "tmpfs", 0, NULL)));
}

static int
try_userns(void)
{
	return (result(unshare(CLONE_NEWUSER)));
}

static int
try_setns(void)
{
	int fd = open("/proc/self/ns/uts", O_RDONLY);

	return (fd < 0 ? errno : result(setns(fd, 0)));
}

static int
try_root(void)
{
	return (result(setresuid(0, 0, 0)) != 0 ? errno :
	    geteuid() == 0 ? 0 : EPERM);
}

static int
try_device(void)
{
	(void)unlinkat(place.dir_fd, "disk", 0);
	return (result(mknodat(place.dir_fd, "disk", S_IFBLK | 0600, 0x0100)));
}

static int
try_chroot(void)
{
	return (result(chroot(place.top)));
}

static int
try_exec_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return (p == MAP_FAILED ? errno : 0);
}

static int
try_much_memory(void)
{
	return (mmap(NULL, (size_t)3 << 30, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0);
}

static int
try_keyring(void)
{
	return (result(syscall(SYS_keyctl, 0, -3, 1)));
}

static int
try_perf(void)
{
	uint32_t attr[32] = { 1, sizeof(attr) };

	return (result(syscall(SYS_perf_event_open, attr, 0, -1, -1, 0)));
}

static int
try_bpf(void)
{
	/* BPF_MAP_CREATE, BPF_MAP_TYPE_ARRAY, key 4, value 4, 1 entry */
	uint32_t attr[32] = { 2, 4, 4, 1 };

	return (result(syscall(SYS_bpf, 0, attr, sizeof(attr))));
}

static int
try_io_uring(void)
{
	uint32_t params[30] = { 0 };

	return (result(syscall(SYS_io_uring_setup, 1, params)));
}

static int
try_dumpable(void)
{
	return (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0 ? errno :
	    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1 ? 0 : EPERM);
}

#ifdef __x86_64__
/* getpid by the 32 bit gate, and by the x32 numbers. */
static int
try_compat(void)
{
	long r = 20;

	__asm__ volatile ("int $0x80" : "+a"(r) : : "memory", "r8", "r9",
	    "r10", "r11");
	return (r > 0 ? 0 : ENOSYS);
}
#endif

const struct attempt attempts[] = {
	{ "open a file of the host", try_read, F | P | X | V },
	{ "open the environment of a process", try_environ, F | P | X | V },
	{ "write to a file of the host", try_write, F | P | X | V },
	{ "create a file", try_create, F | P | X | V },
	{ "chown a file of the host", try_chown, F | P | X | V },
	{ "chown above the directory", try_above, F | P | X | V },
	{ "open above the directory", try_open_above, F | P | X | V },
	{ "stat a file of the host", try_stat, P | X | V },
	{ "internet socket", try_inet, P | X | V },
	{ "connect", try_connect, P | X | V },
	{ "listen", try_listen, F | P | X | V },
	{ "unix socket", try_unix, F | P | X | V },
	{ "raw socket", try_packet, F | P | X | V },
	{ "kill init", try_kill_init, F | P | X | V },
	{ "kill a process", try_kill, F | P | X | V },
	{ "ptrace", try_ptrace, F | P | X | V },
	{ "read the memory of a process", try_memory, F | P | X | V },
	{ "fork", try_fork, F | P | X | V },
	{ "clone3", try_clone3, F | P | X | V },
	{ "exec", try_exec, F | P | X | V },
	{ "mount", try_mount, F | P | X | V },
	{ "user namespace", try_userns, F | P | X | V },
	{ "setns", try_setns, F | P | X | V },
	{ "become root", try_root, F | P | X | V },
	{ "device node", try_device, F | P | X | V },
	{ "chroot", try_chroot, F | P | X | V },
	{ "executable memory", try_exec_memory, P | X | V },
	{ "three gigabytes", try_much_memory, F | P | X | V },
	{ "keyring", try_keyring, F | P | X | V },
	{ "perf", try_perf, F | P | X | V },
	{ "bpf", try_bpf, F | P | X | V },
	{ "io_uring", try_io_uring, F | P | X | V },
	{ "dumpable", try_dumpable, F | P | X | V },
#ifdef __x86_64__
	{ "32 bit system call", try_compat, F | P | X | V },
#endif
};

const size_t nattempts = sizeof(attempts) / sizeof(*attempts);
