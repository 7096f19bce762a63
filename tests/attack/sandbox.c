/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a worker that was taken over would try.  Each attempt works for a root
 * process (the naive twin), and fails in each role that has no need for it.
 */
#include "tests/attack/sandbox.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <linux/magic.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tests/common/tmp.h"

#define	ROLES	4

struct place place = { .top = "/tmp/ioc-attack-XXXXXX" };

static char dataset[128];	/* that is there, with IOC_TEST_POOL */
static bool fuse;		/* the directory is on a file system of FUSE */

static const char *const names[] = { "fetch", "parse", "extract", "verify" };

static int
enter(int role, bool devices)
{
	struct ioc_sandbox s = {
		.role = (enum ioc_sandbox_role)role,
		.dir_fd = role == IOC_SANDBOX_EXTRACT ? place.dir_fd : -1,
		.devices = devices,
		.read_fds = &place.dir_fd,
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

	for (size_t i = 0; i < nattempts; i++) {
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
	int dir = place.dir_fd, fd = openat(dir, "secret", O_RDONLY | O_NOFOLLOW);

	if (fd < 0 || read(fd, c, sizeof(c)) != 1 || fstatat(dir, "secret",
	    &st, AT_SYMLINK_NOFOLLOW) != 0 || st.st_uid != 4242)
		return (1);
	return (openat(dir, "secret", O_WRONLY) < 0 &&
	    openat(dir, "new", O_WRONLY | O_CREAT, 0600) < 0 &&
	    mkdirat(dir, "d", 0700) < 0 &&
	    unlinkat(dir, "secret", 0) < 0 && fchmod(fd, 0777) < 0 &&
	    fchown(fd, 0, 0) < 0 && ftruncate(fd, 0) < 0 &&
	    linkat(dir, "secret", dir, "l", 0) < 0 ? 0 : 1);
}

/* What each role is for must work. */
static int
duty(int role)
{
	int dir = place.dir_fd, fd;
	struct stat st;

	if (role == IOC_SANDBOX_PARSE)
		return (write(1, "", 0) == 0 ? 0 : 1);
	if (role == IOC_SANDBOX_FETCH)
		return (open("/etc/hosts", O_RDONLY) >= 0 &&
		    try_connect() == 0 ? 0 : 1);
	if (role == IOC_SANDBOX_VERIFY)
		return (verify_duty());
	fd = openat(dir, "f", O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || fchown(fd, 1234, 5678) != 0 || fchmod(fd, 06755) != 0 ||
	    fstat(fd, &st) != 0 || st.st_uid != 1234 || st.st_gid != 5678 ||
	    (st.st_mode & 07777) != 06755)
		return (1);
	if (mkdirat(dir, "d", 0700) != 0 ||
	    linkat(dir, "f", dir, "d/l", 0) != 0 ||
	    symlinkat("/etc/passwd", dir, "s") != 0 ||
	    fchownat(dir, "s", 1, 1, AT_SYMLINK_NOFOLLOW) != 0 ||
	    mknodat(dir, "null", S_IFCHR | 0666, 0x0103) != 0)
		return (1);
	/* It may make, not read, what it has made. */
	return (openat(dir, "f", O_RDONLY) < 0 && errno == EACCES ? 0 : 1);
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
	(void)snprintf(at, sizeof(at), "mountpoint=%s", place.top);
	if (TMP_RUN("zfs", "create", "-o", at, dataset) != 0 ||
	    statfs(place.top, &st) != 0)
		return (-1);
	fuse = (unsigned long)st.f_type == FUSE_SUPER_MAGIC;
	return (chmod(place.top, 0755));
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

	if (mkdtemp(place.top) == NULL || (getenv("IOC_TEST_POOL") != NULL &&
	    prepare_pool(getenv("IOC_TEST_POOL")) != 0))
		return (-1);
	(void)snprintf(place.outside, sizeof(place.outside), "%s/outside",
	    place.top);
	(void)snprintf(path, sizeof(path), "%s/target", place.top);
	fd = open(place.outside, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	(void)close(fd);
	if (fd < 0 || mkdir(path, 0755) != 0 ||
	    (place.dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return (-1);
	fd = openat(place.dir_fd, "secret", O_WRONLY | O_CREAT | O_CLOEXEC, 0);
	if (fd < 0 || write(fd, "x", 1) != 1 || fchown(fd, 4242, 4242) != 0)
		return (-1);
	(void)close(fd);
	sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || bind(sock, (struct sockaddr *)&on, len) != 0 ||
	    listen(sock, 64) != 0 ||
	    getsockname(sock, (struct sockaddr *)&on, &len) != 0)
		return (-1);
	place.port = ntohs(on.sin_port);
	place.victim = fork();
	if (place.victim == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void)pause();
	}
	return (place.victim < 0 ? -1 : 0);
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
	(void)kill(place.victim, SIGKILL);
	(void)waitpid(place.victim, NULL, 0);
	if (dataset[0] != '\0')
		(void)TMP_RUN("zfs", "destroy", dataset);
	(void)TMP_RUN("rm", "-rf", place.top);
	return (bad != 0);
}
