/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a worker that was taken over can do on FreeBSD: nothing.  Each attack is
 * first made by the host's root without a sandbox, where it works.
 */
#include "tests/attack/attack.h"

#include <sys/capsicum.h>
#include <sys/ipc.h>
#include <sys/jail.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>

#include "os/sandbox.h"

static int dir_fd = -1, listener = -1;
static uint16_t port;

static bool
opens(const char *path, int flags)
{
	return (open(path, flags | O_CLOEXEC, 0600) >= 0);
}

static bool
read_passwd(void)
{
	return (opens("/etc/master.passwd", O_RDONLY));
}

static bool
write_etc(void)
{
	bool did = opens("/etc/ioc-attack", O_WRONLY | O_CREAT);

	(void)unlink("/etc/ioc-attack");
	return (did);
}

static bool
signal_parent(void)
{
	return (kill(getppid(), 0) == 0);
}

static bool
signal_init(void)
{
	return (kill(1, 0) == 0);
}

static bool
reach_network(void)
{
	struct sockaddr_in to = { .sin_len = sizeof(to),
		.sin_family = AF_INET, .sin_port = port,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
}

static bool
become_root(void)
{
	return (setuid(0) == 0 && geteuid() == 0 && read_passwd());
}

static bool
make_jail(void)
{
	char name[] = "name", value[] = "ioc-attack", path[] = "path",
	    slash[] = "/", persist[] = "persist";
	struct iovec v[] = { { name, sizeof(name) }, { value, sizeof(value) },
		{ path, sizeof(path) }, { slash, sizeof(slash) },
		{ persist, sizeof(persist) }, { NULL, 0 } };
	int jid = jail_set(v, 6, JAIL_CREATE);

	if (jid > 0)
		(void)jail_remove(jid);
	return (jid > 0);
}

static bool
sysv_memory(void)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);

	if (id >= 0)
		(void)shmctl(id, IPC_RMID, NULL);
	return (id >= 0);
}

static bool
start_program(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-c", ":", (char *)NULL);
		_exit(1);
	}
	return (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

static bool
out_of_directory(void)
{
	return (openat(dir_fd, "../..", O_RDONLY | O_DIRECTORY) >= 0 &&
	    openat(dir_fd, "../../../../../../etc/master.passwd",
	    O_RDONLY) >= 0);
}

static bool
out_by_link(void)
{
	return (symlinkat("/etc/master.passwd", dir_fd, "link") == 0 &&
	    openat(dir_fd, "link", O_RDONLY) >= 0);
}

static bool
make_device(void)
{
	return (mknodat(dir_fd, "device", S_IFCHR | 0600, 0) == 0);
}

/* What the extractor is for. */
static bool
write_directory(void)
{
	int fd = openat(dir_fd, "file", O_WRONLY | O_CREAT | O_EXCL, 0600);

	return (fd >= 0 && write(fd, "x", 1) == 1 && fchown(fd, 7, 7) == 0 &&
	    fchmod(fd, 04755) == 0 && mkdirat(dir_fd, "sub", 0700) == 0 &&
	    fchownat(dir_fd, "sub", 8, 8, AT_SYMLINK_NOFOLLOW) == 0);
}

/* What the verifier is for: also what is for its owner alone. */
static bool
read_directory(void)
{
	char c;
	int fd = openat(dir_fd, "kept", O_RDONLY | O_NOFOLLOW);

	return (fd >= 0 && read(fd, &c, 1) == 1 && c == 'k');
}

/* One step at a time, as it is done by who compares. */
static bool
change_kept(void)
{
	int fd = openat(dir_fd, "kept", O_RDWR);

	return (fd >= 0 && write(fd, "x", 1) == 1);
}

static bool
change_mode(void)
{
	int fd = openat(dir_fd, "kept", O_RDONLY);

	return ((fd >= 0 && fchmod(fd, 0777) == 0) ||
	    fchmodat(dir_fd, "kept", 0777, 0) == 0);
}

static bool
remove_kept(void)
{
	return (unlinkat(dir_fd, "kept", 0) == 0);
}

enum { F = 1 << IOC_SANDBOX_FETCH, P = 1 << IOC_SANDBOX_PARSE,
	E = 1 << IOC_SANDBOX_EXTRACT, V = 1 << IOC_SANDBOX_VERIFY };

static const struct attack {
	const char	*name;
	bool		(*attempt)(void);
	int		 allowed;	/* roles that may */
} attacks[] = {
	{ "read a secret", read_passwd, 0 },
	{ "write to /etc", write_etc, 0 },
	{ "signal its parent", signal_parent, 0 },
	{ "signal init", signal_init, 0 },
	{ "reach the network", reach_network, F },
	{ "become root again", become_root, 0 },
	{ "make a jail", make_jail, 0 },
	{ "System V memory", sysv_memory, 0 },
	{ "start a program", start_program, F },
	{ "leave its directory", out_of_directory, 0 },
	{ "leave it by a link", out_by_link, 0 },
	{ "make a device", make_device, 0 },
	{ "write in its directory", write_directory, E },
	{ "read in its directory", read_directory, E | V },
	{ "change a file there", change_kept, E },
	{ "change its mode", change_mode, E },
	{ "remove it", remove_kept, E },
};

/* 1: the attack works, 0: it does not, 2: no sandbox. */
static int
attempt(const struct attack *a, int role)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct ioc_sandbox s = { .role = (enum ioc_sandbox_role)role,
			.dir_fd = role == IOC_SANDBOX_EXTRACT ? dir_fd : -1,
			.read_fds = &dir_fd,
			.nread = role == IOC_SANDBOX_VERIFY };
		struct ioc_error err = { .code = 0 };
		char missing[128];

		(void)close(listener);
		if (role == IOC_SANDBOX_FETCH || role == IOC_SANDBOX_PARSE)
			(void)close(dir_fd);
		if (role >= 0 && (ioc_sandbox_enter(&s, missing, &err) != 0 ||
		    missing[0] != '\0')) {
			(void)fprintf(stderr, "%s %s\n", err.msg, missing);
			_exit(2);
		}
		_exit(a->attempt());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return (2);
	return (WIFEXITED(status) ? WEXITSTATUS(status) : 0);
}

static void
new_directory(struct tmp *t)
{
	int fd;

	for (const char *const *n = (const char *const[]){ "file", "sub",
	    "link", "device", "kept", NULL }; *n != NULL; n++)
		if (unlinkat(t->fd, *n, 0) != 0)
			(void)unlinkat(t->fd, *n, AT_REMOVEDIR);
	fd = openat(t->fd, "kept", O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0 && write(fd, "kept", 4) == 4 &&
	    fchown(fd, 7, 7) == 0);
	(void)close(fd);
}

static void
listen_somewhere(void)
{
	struct sockaddr_in at = { .sin_len = sizeof(at),
		.sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);

	listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(listener, 64), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len),
	    0);
	port = at.sin_port;
}

static void
test_sandbox__every_role_refuses(void **state)
{
	auto_tmp struct tmp t;

	tmp_open(&t);
	listen_somewhere();
	dir_fd = t.fd;
	for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++) {
		const struct attack *a = &attacks[i];

		new_directory(&t);
		if (attempt(a, -1) != 1)
			fail_msg("%s: the twin withstands it", a->name);
		for (int role = 0; role <= IOC_SANDBOX_VERIFY; role++) {
			int want = (a->allowed >> role) & 1, got;

			new_directory(&t);
			got = attempt(a, role);
			if (got != want)
				fail_msg("role %d: %s: %d, expected %d", role,
				    a->name, got, want);
		}
	}
	new_directory(&t);
	(void)unlinkat(t.fd, "kept", 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sandbox__every_role_refuses),
	};

	if (geteuid() != 0) {
		(void)fprintf(stderr, "needs root\n");
		return (ATTACK_SKIP);
	}
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
