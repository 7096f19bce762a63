/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls for which the root of a jail has no right, one row each.  A call
 * counts as refused when the kernel names a missing right, does not know the
 * call or ends the process for it; any other outcome means that it was reached.
 * All arguments are such that nobody is harmed should a call get through.
 */
#include <sys/types.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct call {
	const char	*name;
	long		(*attempt)(void);
};

#ifdef __linux__
#include <sys/syscall.h>
#include <sys/timex.h>

#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sched.h>

#define	CALL(name, ...)							\
	static long							\
	try_##name(void)						\
	{								\
		return (syscall(SYS_##name, __VA_ARGS__));		\
	}

CALL(init_module, NULL, 0UL, "")
CALL(finit_module, -1, "", 0)
CALL(delete_module, "ioc_no_such", 0)
CALL(kexec_load, 0UL, 0UL, NULL, 0xffffffffUL)
CALL(reboot, 0, 0, 0, NULL)
CALL(swapon, "ioc-no-such", 0)
CALL(acct, "ioc-no-such")
CALL(pivot_root, "ioc-no-such", "ioc-no-such")
CALL(open_tree, -1, "", 1 | AT_EMPTY_PATH)
CALL(fsopen, "tmpfs", 0)
CALL(move_mount, -1, "", -1, "", 4)
CALL(umount2, "/", MNT_EXPIRE)
CALL(add_key, "user", "ioc", "x", 1UL, -2)
CALL(keyctl, 0, -3, 1)
CALL(request_key, "user", "ioc-no-such", NULL, 0)
CALL(userfaultfd, 0)
CALL(syslog, 9, NULL, 0)
CALL(fanotify_init, 4, O_RDONLY)

static long
try_unshare_mount(void)
{
	return (unshare(CLONE_NEWNS));
}

static long
try_unshare_user(void)
{
	return (unshare(CLONE_NEWUSER));
}

static long
try_setns(void)
{
	int fd = open("/proc/1/ns/mnt", O_RDONLY);

	return (fd == -1 ? -1 : setns(fd, 0));
}

static long
try_adjtimex(void)
{
	struct timex t;

	memset(&t, 0, sizeof(t));
	t.modes = ADJ_TICK;		/* a tick of 0 is none */
	return (adjtimex(&t));
}

static long
try_bpf(void)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.map_type = BPF_MAP_TYPE_ARRAY;
	a.key_size = a.value_size = 4;
	a.max_entries = 1;
	return (syscall(SYS_bpf, BPF_MAP_CREATE, &a, sizeof(a)));
}

static long
try_perf_event_open(void)
{
	struct perf_event_attr a;

	memset(&a, 0, sizeof(a));
	a.size = sizeof(a);
	a.type = PERF_TYPE_SOFTWARE;
	a.config = PERF_COUNT_SW_CPU_CLOCK;
	return (syscall(SYS_perf_event_open, &a, -1, 0, -1, 0UL));
}

static long
try_io_uring_setup(void)
{
	unsigned char params[120];

	memset(params, 0, sizeof(params));
	return (syscall(425, 1, params));
}

static long
try_open_by_handle_at(void)
{
	struct {
		unsigned	bytes;
		int		type;
		unsigned char	data[8];
	} h = { 8, 1, { 2 } };

	return (syscall(SYS_open_by_handle_at, AT_FDCWD, &h, O_RDONLY));
}

static long
try_mount(void)
{
	long r;

	(void)mkdir("ioc-dir", 0700);
	r = mount("ioc", "ioc-dir", "tmpfs", 0, NULL);
	if (r == 0)
		(void)umount("ioc-dir");
	(void)rmdir("ioc-dir");
	return (r);
}

static long
try_remount(void)
{
	return (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL));
}

static long
try_packet_socket(void)
{
	return (socket(17, SOCK_RAW, 0));
}

#ifdef __x86_64__
static long
try_iopl(void)
{
	return (syscall(SYS_iopl, 3));
}

/* keyctl by the call gate of 32-bit programs. */
static long
try_compat_keyctl(void)
{
	long r = 288;

	__asm__ volatile("int $0x80" : "+a"(r) : "b"(0L), "c"(-3L), "d"(1L)
	    : "memory", "r8", "r9", "r10", "r11");
	if (r < 0) {
		errno = (int)-r;
		return (-1);
	}
	return (r);
}
#endif
#else
#include <sys/param.h>
#include <sys/extattr.h>
#include <sys/ioctl.h>
#include <sys/jail.h>
#include <sys/linker.h>
#include <sys/mman.h>
#include <sys/rctl.h>
#include <sys/rtprio.h>
#include <sys/syscall.h>
#include <sys/sysctl.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <net/if.h>
#include <netinet/in.h>

#include <kenv.h>
#include <time.h>

/* For each the right is asked for before the arguments are looked at. */
#define	CALL(name, call)						\
	static long							\
	try_##name(void)						\
	{								\
		return (call);						\
	}

static char text_fstype[] = "fstype", text_none[] = "ioc-no-such",
    text_fspath[] = "fspath", text_name[] = "name", text_path[] = "path",
    text_root[] = "/", text_persist[] = "persist";
static struct timespec bad_time = { 0, -1 };
static struct rtprio real_time = { RTP_PRIO_REALTIME, 31 };
static int ioc_number = 1;

#define	TEXT(t)	{ t, sizeof(t) }
static struct iovec mount_args[] = { TEXT(text_fstype), TEXT(text_none),
	TEXT(text_fspath), TEXT(text_root) };
static struct iovec jail_args[] = { TEXT(text_name), TEXT(text_none),
	TEXT(text_path), TEXT(text_none), TEXT(text_persist), { NULL, 0 } };

CALL(kldload, kldload("ioc_no_such"))
CALL(kldunload, kldunload(1 << 30))
CALL(mount, nmount(mount_args, 4, 0))
CALL(unmount, unmount("/ioc-no-such", 0))
CALL(jail_set, jail_set(jail_args, 6, JAIL_CREATE))
CALL(clock_settime, clock_settime(CLOCK_REALTIME, &bad_time))
CALL(acct, acct("/ioc-no-such"))
CALL(swapon, swapon("/ioc-no-such"))
CALL(swapoff, syscall(SYS_swapoff, "/ioc-no-such"))
CALL(kenv_set, kenv(KENV_SET, "ioc.test", text_none, sizeof(text_none)))
CALL(rctl_add, rctl_add_rule("x", 2, NULL, 0))
CALL(rctl_get, rctl_get_rules("x", 2, NULL, 0))
CALL(rtprio, rtprio(RTP_SET, 0, &real_time))
CALL(mlock, mlock(&ioc_number, sizeof(ioc_number)))
CALL(sysctl_maxfiles, sysctlbyname("kern.maxfiles", NULL, NULL,
    &ioc_number, 0))
CALL(extattr, extattr_set_file(".", EXTATTR_NAMESPACE_SYSTEM, "ioc", "x", 1))

static long
try_chflags(void)
{
	int fd = open("ioc-flags", O_WRONLY | O_CREAT, 0600);
	long r = fchflags(fd, SF_ARCHIVED | SF_NOUNLINK);

	(void)fchflags(fd, 0);
	(void)unlink("ioc-flags");
	return (r);
}

static long
try_getfh(void)
{
	fhandle_t fh;

	return (getfh("/", &fh));
}

static long
try_fhopen(void)
{
	fhandle_t fh;

	memset(&fh, 0, sizeof(fh));
	return (fhopen(&fh, O_RDONLY));
}

static long
try_interface(void)
{
	struct ifreq ifr;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	memset(&ifr, 0, sizeof(ifr));
	(void)strlcpy(ifr.ifr_name, "ioc9", sizeof(ifr.ifr_name));
	if (fd == -1) {
		errno = EPERM;	/* no network at all */
		return (-1);
	}
	return (ioctl(fd, SIOCIFCREATE, &ifr));
}
#endif

static long
try_mknod_block(void)
{
	long r = mknod("ioc-disk", S_IFBLK | 0600, 8 << 8);

	if (r == 0)
		(void)unlink("ioc-disk");
	return (r);
}

static long
try_mknod_char(void)
{
	long r = mknod("ioc-mem", S_IFCHR | 0600, (1 << 8) | 1);

	if (r == 0)
		(void)unlink("ioc-mem");
	return (r);
}

#define	ROW(name)	{ #name, try_##name }
static const struct call calls[] = {
	ROW(mknod_block), ROW(mknod_char), ROW(mount),
#ifdef __linux__
	ROW(init_module), ROW(finit_module), ROW(delete_module),
	ROW(kexec_load), ROW(reboot), ROW(swapon), ROW(acct),
	ROW(pivot_root), ROW(open_tree), ROW(fsopen), ROW(move_mount),
	ROW(umount2), ROW(add_key), ROW(keyctl), ROW(request_key),
	ROW(userfaultfd), ROW(syslog), ROW(fanotify_init),
	ROW(unshare_mount), ROW(unshare_user), ROW(setns), ROW(adjtimex),
	ROW(bpf), ROW(perf_event_open), ROW(io_uring_setup),
	ROW(open_by_handle_at), ROW(remount), ROW(packet_socket),
#ifdef __x86_64__
	ROW(iopl), ROW(compat_keyctl),
#endif
#else
	ROW(kldload), ROW(kldunload), ROW(unmount), ROW(jail_set),
	ROW(clock_settime), ROW(acct),
	ROW(swapon), ROW(swapoff), ROW(kenv_set), ROW(rctl_add),
	ROW(rctl_get), ROW(rtprio), ROW(mlock),
	ROW(sysctl_maxfiles), ROW(extattr),
	ROW(chflags), ROW(getfh), ROW(fhopen), ROW(interface),
#endif
};

/* 1 when the call was reached; each in a process of its own. */
static int
attempt(const struct call *c)
{
	int status;
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		errno = 0;
		if (c->attempt() != -1)
			_exit(255);
		_exit(errno);
	}
	if (pid == -1 || waitpid(pid, &status, 0) == -1) {
		perror("fork");
		exit(2);
	}
	if (WIFSIGNALED(status)) {
		(void)printf("%s signal %d %s\n", c->name, WTERMSIG(status),
		    WTERMSIG(status) == SIGSYS ? "refused" : "reached");
		return (WTERMSIG(status) != SIGSYS);
	}
	status = WEXITSTATUS(status);
	if (status == EPERM || status == EACCES || status == ENOSYS) {
		(void)printf("%s %s refused\n", c->name, strerror(status));
		return (0);
	}
	(void)printf("%s %s reached\n", c->name,
	    status == 255 ? "success" : strerror(status));
	return (1);
}

/* Out of a chroot of one's own by a directory kept open: 1 if `path` is seen. */
static int
chroot_out(const char *path)
{
	int fd, i;

	(void)mkdir("/ioc-chroot", 0700);
	fd = open("/", O_RDONLY | O_DIRECTORY);
	if (fd == -1 || chroot("/ioc-chroot") == -1)
		return (0);
	if (fchdir(fd) == -1)
		return (0);
	for (i = 0; i < 64; i++)
		if (chdir("..") == -1)
			break;
	if (chroot(".") == -1)
		return (access(path + 1, F_OK) == 0);
	return (access(path, F_OK) == 0);
}

/* Writes to the program behind every process that can be seen. */
static void
overwrite_exe(void)
{
	char path[64], again[64];
	int fd, pid, w;

	for (pid = 1; pid < 400; pid++) {
		(void)snprintf(path, sizeof(path), "/proc/%d/exe", pid);
		fd = open(path, O_RDONLY);
		if (fd == -1)
			continue;
		(void)snprintf(again, sizeof(again), "/proc/self/fd/%d", fd);
		w = open(again, O_WRONLY);
		if (w == -1)
			w = open(path, O_WRONLY | O_TRUNC);
		if (w != -1 && write(w, "x", 1) == 1)
			(void)printf("%s written\n", path);
		(void)close(fd);
	}
}

int
main(int argc, char **argv)
{
	int reached = 0;
	size_t i;

	if (argc == 3 && strcmp(argv[1], "--chroot") == 0)
		return (chroot_out(argv[2]));
	if (argc == 2 && strcmp(argv[1], "--exe") == 0) {
		overwrite_exe();
		return (0);
	}
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		reached += attempt(&calls[i]);
	return (reached != 0);
}
