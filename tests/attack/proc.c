/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/attack/attack.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>

#include "safe/proc.h"

#define	SH(script)	(const char *const[]){ "sh", "-c", script, NULL }

/* Runs f in a process of its own, whose state it may spoil: its exit status. */
static int
apart(int (*f)(struct tmp *t), struct tmp *t)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(f(t));
	(void)waitpid(pid, &status, 0);
	return (WIFEXITED(status) ? WEXITSTATUS(status) : 255);
}

static void
hostile_environment(struct tmp *t)
{
	char path[128];

	tmp_write(t->fd, "id", "#!/bin/sh\necho hostile\n");
	(void)!fchmodat(t->fd, "id", 0755, 0);
	tmp_write(t->fd, "env", "echo hostile\n");
	(void)snprintf(path, sizeof(path), "%s:/bin:/usr/bin", t->path);
	(void)setenv("PATH", path, 1);
	(void)snprintf(path, sizeof(path), "%s/env", t->path);
	(void)setenv("ENV", path, 1);
	(void)setenv("BASH_ENV", path, 1);
	(void)setenv("IFS", "/", 1);
	/* Where a library that is missing ends the program, not as a library. */
	if (access("/proc/self/exe", F_OK) == 0)
		(void)setenv("LD_PRELOAD", "/nonexistent/hostile.so", 1);
	(void)setenv("LD_LIBRARY_PATH", t->path, 1);
	(void)setenv("TMPDIR", t->path, 1);
	(void)setenv("ZFS_COLOR", "1", 1);
	(void)setenv("SSL_CERT_FILE", path, 1);
}

static int
twin_environment(struct tmp *t)
{
	char text[64] = "";
	FILE *f;

	hostile_environment(t);
	f = popen("id", "r");
	(void)!fgets(text, sizeof(text), f);
	(void)pclose(f);
	return (strcmp(text, "hostile\n") == 0);
}

static int
our_environment(struct tmp *t)
{
	struct ioc_buf out = IOC_BUF(4096);
	struct ioc_proc p = IOC_PROC;
	bool clean;

	hostile_environment(t);
	p.path = "/bin/sh";
	p.argv = SH("id; env");
	p.out = &out;
	if (ioc_proc_check(&p, NULL) != 0)
		return (2);
	clean = strstr(ioc_buf_str(&out), "uid=") != NULL &&
	    strstr(ioc_buf_str(&out), "hostile") == NULL &&
	    strstr(ioc_buf_str(&out), t->path) == NULL &&
	    strstr(ioc_buf_str(&out), "LD_") == NULL;
	ioc_buf_fini(&out);
	return (clean ? 0 : 1);
}

static void
test_attack_37__hostile_environment(void **state)
{
	auto_tmp struct tmp t;

	tmp_open(&t);
	assert_int_equal(apart(twin_environment, &t), 1);
	assert_int_equal(apart(our_environment, &t), 0);
}

/*
 * Descriptors 0 to 2 closed at start.  The twin's pipe then has the numbers 0
 * and 1, and closing what it thinks it needs no more closes its output.
 */
static int
twin_closed(struct tmp *t)
{
	char text[16] = "";
	int fds[2];
	pid_t pid;

	for (int fd = 0; fd < 3; fd++)
		(void)close(fd);
	if (pipe(fds) != 0)
		return (2);
	pid = fork();
	if (pid == 0) {
		(void)dup2(fds[1], 1);
		(void)close(fds[0]);
		(void)close(fds[1]);
		(void)execl("/bin/sh", "sh", "-c", "echo out", (char *)NULL);
		_exit(127);
	}
	(void)close(fds[1]);
	(void)!read(fds[0], text, sizeof(text) - 1);
	(void)waitpid(pid, NULL, 0);
	return (strcmp(text, "out\n") != 0);
}

static int
our_closed(struct tmp *t)
{
	struct ioc_buf out = IOC_BUF(4096), errs = IOC_BUF(4096);
	struct ioc_proc p = IOC_PROC;
	int pass[2], ok;

	for (int fd = 0; fd < 3; fd++)
		(void)close(fd);
	tmp_write(t->fd, "a", "A\n");
	tmp_write(t->fd, "b", "B\n");
	/* These are 0 and 1 now. */
	pass[0] = openat(t->fd, "a", O_RDONLY | O_CLOEXEC);
	pass[1] = openat(t->fd, "b", O_RDONLY | O_CLOEXEC);
	if (pass[0] != 0 || pass[1] != 1)
		return (3);
	p.path = "/bin/sh";
	p.argv = SH("cat; cat <&4; cat <&3; echo err >&2;"
	    "(: <&5) 2>/dev/null && echo leak; exit 0");
	p.pass = pass;
	p.npass = 2;
	p.out = &out;
	p.err = &errs;
	if (ioc_proc_check(&p, NULL) != 0)
		return (2);
	ok = strcmp(ioc_buf_str(&out), "B\nA\n") == 0 &&
	    strcmp(ioc_buf_str(&errs), "err\n") == 0;
	ioc_buf_fini(&out);
	ioc_buf_fini(&errs);
	return (ok ? 0 : 1);
}

static void
test_attack_38__descriptors_0_to_2_closed(void **state)
{
	auto_tmp struct tmp t;

	tmp_open(&t);
	assert_int_equal(apart(twin_closed, &t), 1);
	assert_int_equal(apart(our_closed, &t), 0);
}

/* Every limit: it works, or says so; never with descriptors mixed up. */
static int
our_nofile(struct tmp *t)
{
	int works = 0, told = 0;

	for (rlim_t n = 3; n < 40; n++) {
		struct rlimit rl = { n, 64 };
		struct ioc_buf out = IOC_BUF(100);
		struct ioc_proc p = IOC_PROC;
		struct ioc_error err = { 0 };
		int r, saved;

		saved = open("/dev/null", O_RDONLY | O_CLOEXEC);
		(void)setrlimit(RLIMIT_NOFILE, &rl);
		p.path = "/bin/echo";
		p.argv = (const char *const[]){ "echo", "out", NULL };
		p.out = &out;
		r = ioc_proc_check(&p, &err);
		works += r == 0 && strcmp(ioc_buf_str(&out), "out\n") == 0;
		told += (r == IOC_LIMIT || r == IOC_CHILD) &&
		    strstr(err.msg, "Too many open files") != NULL;
		/* The loader of the program may not have had enough. */
		told += r == IOC_CHILD && err.sys == 0;
		ioc_buf_fini(&out);
		(void)close(saved);
		if (works + told != (int)n - 2)
			return (1);
	}
	return (works > 0 && told > 0 ? 0 : 2);
}

/* The twin does not look at what pipe() says. */
static int
twin_nofile(struct tmp *t)
{
	int fds[2] = { 0, 1 }, to = openat(t->fd, "file", O_RDWR | O_CREAT,
	    0600);
	struct rlimit rl = { (rlim_t)to + 1, 64 };
	pid_t pid;

	(void)dup2(to, 1);
	(void)setrlimit(RLIMIT_NOFILE, &rl);
	(void)!pipe(fds);
	pid = fork();
	if (pid == 0) {
		(void)dup2(fds[1], 1);
		(void)execl("/bin/echo", "echo", "secret", (char *)NULL);
		_exit(127);
	}
	(void)waitpid(pid, NULL, 0);
	return (0);
}

static void
test_attack_39__few_descriptors(void **state)
{
	auto_tmp struct tmp t;
	int status;

	tmp_open(&t);
	(void)apart(twin_nofile, &t);
	assert_string_equal(tmp_read(t.fd, "file"), "secret\n");
	status = apart(our_nofile, &t);
	assert_int_equal(status, 0);
}

static int
our_umask(struct tmp *t)
{
	struct ioc_proc p = IOC_PROC;
	char path[128];
	struct stat st;

	(void)umask(0);
	(void)snprintf(path, sizeof(path), "%s/ours", t->path);
	p.path = "/usr/bin/touch";
	p.argv = (const char *const[]){ "touch", path, NULL };
	if (ioc_proc_check(&p, NULL) != 0 || stat(path, &st) != 0)
		return (2);
	return ((st.st_mode & 07777) == 0644 ? 0 : 1);
}

static int
twin_umask(struct tmp *t)
{
	char path[128];
	struct stat st;

	(void)umask(0);
	(void)snprintf(path, sizeof(path), "%s/twins", t->path);
	if (TMP_RUN("touch", path) != 0 || stat(path, &st) != 0)
		return (2);
	return ((st.st_mode & 022) != 0);
}

static void
test_attack_40__umask_of_nothing(void **state)
{
	auto_tmp struct tmp t;

	tmp_open(&t);
	assert_int_equal(apart(twin_umask, &t), 1);
	assert_int_equal(apart(our_umask, &t), 0);
}

/* A hook that prints without end, closes its output, forks and hangs. */
static void
test_attack_57__program_that_does_not_end(void **state)
{
	static const char *const scripts[] = {
		"exec >&- 2>&-; sleep 1000",
		"while :; do echo x; done",
		"(while :; do echo x >&2; done) & while :; do sleep 1; done",
		"trap '' HUP INT; sleep 1000 & sleep 1000 & wait",
	};
	struct ioc_buf out = IOC_BUF(1 << 20);
	struct ioc_proc p = IOC_PROC;
	struct ioc_error err;
	double start;

	p.path = "/bin/sh";
	p.timeout_ms = 200;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
		int r;

		p.argv = SH(scripts[i]);
		p.out = i % 2 == 0 ? &out : NULL;
		ioc_buf_clear(&out);
		start = attack_now();
		r = ioc_proc_check(&p, &err);
		assert_true(r == IOC_TIMEOUT || r == IOC_LIMIT);
		assert_true(attack_now() - start < 4.0);
	}
	ioc_buf_fini(&out);
}

/*
 * A reader of foreign bytes that was taken over: what it can do to the host.
 * Each prints "did" as the host's root, and not as a confined one.
 */
static const char *const deeds[] = {
	"echo x >../outside && echo did",
	"echo x >inside && echo did",
	"rm -f signature && echo did",
	"cat ../secret && echo did",
	"cat /etc/shadow /etc/master.passwd | grep -q root && echo did",
	"kill -0 $PARENT && echo did",
	"(: >/etc/ioc-attack) && rm /etc/ioc-attack && echo did",
	"[ $(id -u) -eq 0 ] && echo did",
};

static int
reads(struct tmp *t, bool confined, const char *script, struct ioc_buf *out)
{
	struct ioc_proc p = IOC_PROC;
	char text[512], path[128];
	struct ioc_error err;
	int status, r;

	(void)snprintf(path, sizeof(path), "%s/in", t->path);
	(void)snprintf(text, sizeof(text), "PARENT=%d; cd %s; %s", getpid(),
	    confined ? "." : path, script);
	p.path = "/bin/sh";
	p.argv = SH(text);
	p.read_path = confined ? path : NULL;
	p.out = out;
	ioc_buf_clear(out);
	r = ioc_proc_run(&p, &status, &err);
	if (r != 0)
		fail_msg("%s: %s", script, err.msg);
	return (status);
}

static void
test_reader_of_foreign_bytes(void **state)
{
	struct ioc_buf out = IOC_BUF(4096);
	auto_tmp struct tmp t;

	if (geteuid() != 0)
		skip();
	tmp_open(&t);
	assert_int_equal(mkdirat(t.fd, "in", 0755), 0);
	tmp_write(t.fd, "in/passwd", ioc_proc_passwd());
	tmp_write(t.fd, "in/signature", "foreign");
	tmp_write(t.fd, "secret", "secret");
	assert_int_equal(fchmodat(t.fd, "secret", 0600, 0), 0);
	assert_int_equal(fchmodat(t.fd, "in/passwd", 0444, 0), 0);
	assert_int_equal(fchmodat(t.fd, "in/signature", 0444, 0), 0);
	for (size_t i = 0; i < sizeof(deeds) / sizeof(*deeds); i++) {
		(void)reads(&t, true, deeds[i], &out);
		if (strstr(ioc_buf_str(&out), "did") != NULL)
			fail_msg("confined: %s", deeds[i]);
		(void)reads(&t, false, deeds[i], &out);
		if (strstr(ioc_buf_str(&out), "did") == NULL)
			fail_msg("the twin withstands: %s", deeds[i]);
		tmp_write(t.fd, "in/signature", "foreign");
	}
	/* What it is for; and it has a name, which some programs want. */
	assert_int_equal(reads(&t, true, "cat signature; id -un", &out), 0);
	assert_true(strcmp(ioc_buf_str(&out), "foreignioc\n") == 0 ||
	    strcmp(ioc_buf_str(&out), "foreignnobody\n") == 0);
	ioc_buf_fini(&out);
}

/*
 * 4, 7: two packages, unpacked one after the other as root by a program of the
 * host: the first has a link, the second a file beneath it.
 */
#define	PACKAGES "set -e; mkdir -p a b/out; ln -s ../outside a/out; "	\
	"echo hostile >b/out/file; tar -C a -cf 1.tar out; "		\
	"tar -C b -cf 2.tar out/file; mkdir -p target outside"
#define	UNPACK	"cd target && tar -xPf ../1.tar && tar -xPf ../2.tar"

static int
unpack(struct tmp *t, bool confined, const char *script, struct ioc_error *err)
{
	auto_fd int target = openat(t->fd, "target", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	struct ioc_proc p = IOC_PROC;
	char text[512], path[128];

	(void)snprintf(text, sizeof(text), "cd %s; %s", t->path, script);
	(void)snprintf(path, sizeof(path), "%s/target", t->path);
	p.path = "/bin/sh";
	p.argv = SH(text);
	p.write_fd = confined ? target : -1;
	p.write_path = path;
	return (ioc_proc_check(&p, err));
}

static void
test_attack_4__program_of_the_host_led_out(void **state)
{
	auto_tmp struct tmp t;
	struct ioc_error err = { .msg = "" };
	struct stat st;

	if (geteuid() != 0)
		skip();
	tmp_open(&t);
	if (unpack(&t, false, PACKAGES, &err) != 0)
		fail_msg("%s", err.msg);
	assert_int_equal(unpack(&t, false, UNPACK, &err), 0);
	assert_int_equal(fstatat(t.fd, "outside/file", &st, 0), 0);
	assert_int_equal(unlinkat(t.fd, "outside/file", 0), 0);
	assert_int_equal(unpack(&t, false, "rm -r target; mkdir target",
	    &err), 0);
	assert_int_equal(unpack(&t, true, UNPACK, &err), IOC_CHILD);
	/* A system that cannot keep a program in one directory starts none. */
	if (err.sys == ENOSYS)
		return;
	assert_int_not_equal(fstatat(t.fd, "outside/file", &st, 0), 0);
	assert_int_equal(fstatat(t.fd, "target/out", &st,
	    AT_SYMLINK_NOFOLLOW), 0);
	/* What it is for works; by an absolute path, and in its directory. */
	assert_int_equal(unpack(&t, true, "echo x >target/new && cd target && "
	    "mkdir -p d/e && echo y >d/e/f && mv d g && rm new && "
	    "echo z >/dev/null", &err), 0);
	assert_int_equal(fstatat(t.fd, "target/g/e/f", &st, 0), 0);
	assert_int_equal(unpack(&t, true, "echo x >../evil || echo x >"
	    "/etc/ioc-evil || echo x >/tmp/ioc-evil || echo x >"
	    "/proc/sys/kernel/printk", &err), IOC_CHILD);
	assert_int_not_equal(fstatat(t.fd, "evil", &st, 0), 0);
}

UNIT_MAIN(
	cmocka_unit_test(test_reader_of_foreign_bytes),
		cmocka_unit_test(test_attack_4__program_of_the_host_led_out),
	cmocka_unit_test(test_attack_37__hostile_environment),
	cmocka_unit_test(test_attack_38__descriptors_0_to_2_closed),
	cmocka_unit_test(test_attack_39__few_descriptors),
	cmocka_unit_test(test_attack_40__umask_of_nothing),
	cmocka_unit_test(test_attack_57__program_that_does_not_end))
