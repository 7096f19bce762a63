/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a worker that was taken over would try.  Each attempt works for a root
 * process (the naive twin), and fails in each role that has no need for it.
 */
#include "os/sandbox.h"

#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <linux/magic.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tests/common/tmp.h"

enum {
	F = 1 << IOC_SANDBOX_FETCH,
	P = 1 << IOC_SANDBOX_PARSE,
	X = 1 << IOC_SANDBOX_EXTRACT,
	V = 1 << IOC_SANDBOX_VERIFY,
	ROLES = 4,
};

static char top[] = "/tmp/ioc-attack-XXXXXX";
static char dataset[128];	/* that is there, with IOC_TEST_POOL */
static bool fuse;		/* the directory is on a file system of FUSE */
static char outside[64];	/* a file of the host */
static pid_t victim;
static int dir_fd;		/* top/target, the extractor's directory */
static uint16_t port;		/* somebody listens there */

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

	(void)snprintf(path, sizeof(path), "/proc/%d/environ", (int)victim);
	return (result(open(path, O_RDONLY)));
}

static int
try_write(void)
{
	return (result(open(outside, O_WRONLY | O_TRUNC)));
}

static int
try_create(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/created", top);
	(void)unlink(path);
	return (result(open(path, O_WRONLY | O_CREAT, 0600)));
}

static int
try_chown(void)
{
	return (result(fchownat(AT_FDCWD, outside, 4242, 4242, 0)));
}

/* The descriptor of the directory is held: what is above it must not be. */
static int
try_above(void)
{
	return (result(fchownat(dir_fd, "../outside", 4242, 4242, 0)));
}

static int
try_open_above(void)
{
	return (result(openat(dir_fd, "..", O_RDONLY | O_DIRECTORY)) != 0 ?
	    errno : result(openat(dir_fd, "../outside", O_WRONLY)));
}

static int
try_stat(void)
{
	struct stat st;

	return (result(fstatat(AT_FDCWD, outside, &st, 0)));
}

static int
try_inet(void)
{
	return (result(socket(AF_INET, SOCK_STREAM, 0)));
}

static int
try_connect(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
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
	return (result(kill(victim, SIGCONT)));
}

static int
try_ptrace(void)
{
	if (ptrace(PTRACE_ATTACH, victim, NULL, NULL) != 0)
		return (errno);
	(void)waitpid(victim, NULL, __WALL);
	return (result(ptrace(PTRACE_DETACH, victim, NULL, NULL)));
}

static int
try_memory(void)
{
	static char secret[] = "secret";
	char copy[sizeof(secret)];
	struct iovec to = { copy, sizeof(copy) };
	struct iovec from = { secret, sizeof(secret) };

	return (result(process_vm_readv(victim, &to, 1, &from, 1, 0)));
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
	(void)unlinkat(dir_fd, "disk", 0);
	return (result(mknodat(dir_fd, "disk", S_IFBLK | 0600, 0x0100)));
}

static int
try_chroot(void)
{
	return (result(chroot(top)));
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

static const struct attempt {
	const char	*name;
	int		(*run)(void);
	unsigned	 refused;	/* the roles that must not */
} attempts[] = {
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

static const char *const names[] = { "fetch", "parse", "extract", "verify" };

static int
enter(int role, bool devices)
{
	struct ioc_sandbox s = {
		.role = (enum ioc_sandbox_role)role,
		.dir_fd = role == IOC_SANDBOX_EXTRACT ? dir_fd : -1,
		.devices = devices,
		.read_fds = &dir_fd,
		.nread = role == IOC_SANDBOX_VERIFY,
	};
	struct ioc_error err;
	char missing[128];

	if (ioc_sandbox_enter(&s, missing, &err) != 0) {
		(void)fprintf(stderr, "%s: %s\n", names[role], err.msg);
		return (-1);
	}
	if (missing[0] != '\0')
		(void)fprintf(stderr, "%s: the kernel lacks %s\n", names[role],
		    missing);
	return (0);
}

/* Exit status 0: it worked, 1: refused, 2: no sandbox; or killed. */
static int
attempt(const struct attempt *a, int role)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (role >= 0 && enter(role, false) != 0)
			_exit(2);
		_exit(a->run() == 0 ? 0 : 1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return (2);
	if (WIFSIGNALED(status))
		return (WTERMSIG(status) == SIGSYS ? 1 : 2);
	return (WEXITSTATUS(status));
}

static int
check_attempts(void)
{
	int bad = 0;

	for (size_t i = 0; i < sizeof(attempts) / sizeof(*attempts); i++) {
		const struct attempt *a = &attempts[i];

		if (attempt(a, -1) != 0) {
			(void)printf("skip  %s: the twin cannot do it on this "
			    "kernel\n", a->name);
			continue;
		}
		for (int role = 0; role < ROLES; role++) {
			int r = (a->refused & (1u << role)) != 0 ?
			    attempt(a, role) : 1;

			if (r != 1) {
				(void)printf("FAIL  %s: %s %s\n", a->name,
				    names[role], r == 0 ? "can do it" :
				    "did not come that far");
				bad++;
			}
		}
		(void)printf("ok    %s\n", a->name);
	}
	return (bad);
}

/* Reads what is nobody's, and writes nothing, not even what it may name. */
static int
verify_duty(void)
{
	struct stat st;
	char c[8];
	int fd = openat(dir_fd, "secret", O_RDONLY | O_NOFOLLOW);

	if (fd < 0 || read(fd, c, sizeof(c)) != 1 || fstatat(dir_fd, "secret",
	    &st, AT_SYMLINK_NOFOLLOW) != 0 || st.st_uid != 4242)
		return (1);
	return (openat(dir_fd, "secret", O_WRONLY) < 0 &&
	    openat(dir_fd, "new", O_WRONLY | O_CREAT, 0600) < 0 &&
	    mkdirat(dir_fd, "d", 0700) < 0 &&
	    unlinkat(dir_fd, "secret", 0) < 0 && fchmod(fd, 0777) < 0 &&
	    fchown(fd, 0, 0) < 0 && ftruncate(fd, 0) < 0 &&
	    linkat(dir_fd, "secret", dir_fd, "l", 0) < 0 ? 0 : 1);
}

/* What each role is for must work. */
static int
duty(int role)
{
	struct stat st;
	int fd;

	if (role == IOC_SANDBOX_PARSE)
		return (write(1, "", 0) == 0 ? 0 : 1);
	if (role == IOC_SANDBOX_FETCH)
		return (open("/etc/hosts", O_RDONLY) >= 0 &&
		    try_connect() == 0 ? 0 : 1);
	if (role == IOC_SANDBOX_VERIFY)
		return (verify_duty());
	fd = openat(dir_fd, "f", O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || fchown(fd, 1234, 5678) != 0 || fchmod(fd, 06755) != 0 ||
	    fstat(fd, &st) != 0 || st.st_uid != 1234 || st.st_gid != 5678 ||
	    (st.st_mode & 07777) != 06755)
		return (1);
	if (mkdirat(dir_fd, "d", 0700) != 0 ||
	    linkat(dir_fd, "f", dir_fd, "d/l", 0) != 0 ||
	    symlinkat("/etc/passwd", dir_fd, "s") != 0 ||
	    fchownat(dir_fd, "s", 1, 1, AT_SYMLINK_NOFOLLOW) != 0 ||
	    mknodat(dir_fd, "null", S_IFCHR | 0666, 0x0103) != 0)
		return (1);
	/* It may make, not read, what it has made. */
	return (openat(dir_fd, "f", O_RDONLY) < 0 && errno == EACCES ? 0 : 1);
}

/* What the kernel says of a process in its sandbox. */
static int
check_status(int role, pid_t pid)
{
	static const char *const uids[] = { "62001", "62002", "62003",
		"62004" };
	static const char *const caps[] = {
		"0000000000000000", "0000000000000000", "000000000800001b",
		"0000000000000004",
	};
	static const char *const keys[] = {
		"CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:",
	};
	const char *uid = fuse && (role == IOC_SANDBOX_EXTRACT ||
	    role == IOC_SANDBOX_VERIFY) ? "0" : uids[role];
	char path[64], line[256], want[64];
	auto_file FILE *f = NULL;
	int good = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		for (size_t i = 0; i < 5; i++) {
			(void)snprintf(want, sizeof(want), "%s\t%s\n", keys[i],
			    i == 0 || i == 4 ? caps[0] : caps[role]);
			good += strcmp(line, want) == 0;
		}
		(void)snprintf(want, sizeof(want), "Uid:\t%s\t%s\t%s\t%s\n",
		    uid, uid, uid, uid);
		good += strcmp(line, want) == 0;
		good += strcmp(line, "Groups:\t \n") == 0;
		good += strcmp(line, "NoNewPrivs:\t1\n") == 0;
		good += strcmp(line, "Seccomp:\t2\n") == 0;
	}
	if (good != 9)
		(void)printf("FAIL  %s: status of the process, %d of 9\n",
		    names[role], good);
	return (good != 9);
}

static int
check_duty(int role)
{
	int ready[2], status = 0, bad;
	char c;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) != 0)
		return (1);
	pid = fork();
	if (pid == 0) {
		if (enter(role, true) != 0)
			_exit(2);
		(void)!write(ready[1], "", 1);
		/* The parent looks at us until it says goodbye. */
		(void)poll(NULL, 0, 300);
		_exit(duty(role));
	}
	bad = read(ready[0], &c, 1) != 1 || check_status(role, pid) != 0;
	(void)close(ready[0]);
	(void)close(ready[1]);
	(void)waitpid(pid, &status, 0);
	if (status != 0) {
		(void)printf("FAIL  %s: cannot do its duty (%x)\n", names[role],
		    (unsigned)status);
		bad = 1;
	}
	return (bad);
}

/* The same on ZFS, which may be a file system of FUSE. */
static int
prepare_pool(const char *pool)
{
	char at[64];
	struct statfs st;

	(void)snprintf(dataset, sizeof(dataset), "%s/sandbox", pool);
	(void)snprintf(at, sizeof(at), "mountpoint=%s", top);
	if (TMP_RUN("zfs", "create", "-o", at, dataset) != 0 ||
	    statfs(top, &st) != 0)
		return (-1);
	fuse = (unsigned long)st.f_type == FUSE_SUPER_MAGIC;
	return (chmod(top, 0755));
}

static int
prepare(void)
{
	struct sockaddr_in on = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(on);
	char path[128];
	int fd, sock;

	if (mkdtemp(top) == NULL || (getenv("IOC_TEST_POOL") != NULL &&
	    prepare_pool(getenv("IOC_TEST_POOL")) != 0))
		return (-1);
	(void)snprintf(outside, sizeof(outside), "%s/outside", top);
	(void)snprintf(path, sizeof(path), "%s/target", top);
	fd = open(outside, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	(void)close(fd);
	if (fd < 0 || mkdir(path, 0755) != 0 ||
	    (dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return (-1);
	fd = openat(dir_fd, "secret", O_WRONLY | O_CREAT | O_CLOEXEC, 0);
	if (fd < 0 || write(fd, "x", 1) != 1 || fchown(fd, 4242, 4242) != 0)
		return (-1);
	(void)close(fd);
	sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || bind(sock, (struct sockaddr *)&on, len) != 0 ||
	    listen(sock, 64) != 0 ||
	    getsockname(sock, (struct sockaddr *)&on, &len) != 0)
		return (-1);
	port = ntohs(on.sin_port);
	victim = fork();
	if (victim == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void)pause();
	}
	return (victim < 0 ? -1 : 0);
}

int
main(void)
{
	int bad;

	if (geteuid() != 0) {
		(void)printf("not root: the sandbox changes users\n");
		return (77);
	}
	(void)setvbuf(stdout, NULL, _IONBF, 0);
	if (prepare() != 0) {
		perror("prepare");
		return (1);
	}
	bad = check_attempts();
	for (int role = 0; role < ROLES; role++)
		bad += check_duty(role);
	(void)kill(victim, SIGKILL);
	(void)waitpid(victim, NULL, 0);
	if (dataset[0] != '\0')
		(void)TMP_RUN("zfs", "destroy", dataset);
	(void)TMP_RUN("rm", "-rf", top);
	return (bad != 0);
}
