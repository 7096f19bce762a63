/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <sys/resource.h>

#include <errno.h>
#include <signal.h>

#include "base/compat.h"
#include "safe/proc.h"
#include "tests/common/tmp.h"

#define	SH(script)	(const char *const[]){ "sh", "-c", script, NULL }
#define	MS		1000000ull

static void
test_proc_run__status_and_output(void **state)
{
	struct ioc_buf out = IOC_BUF(1000), errs = IOC_BUF(1000);
	struct ioc_proc p = IOC_PROC;
	struct ioc_error err;
	int status = -1, fds = tmp_count_fds();

	p.path = "/bin/sh";
	p.argv = SH("echo out; echo err >&2; exit 7");
	p.out = &out;
	p.err = &errs;
	assert_int_equal(ioc_proc_run(&p, &status, &err), 0);
	assert_int_equal(status, 7);
	assert_string_equal(ioc_buf_str(&out), "out\n");
	assert_string_equal(ioc_buf_str(&errs), "err\n");
	p.argv = SH("kill -9 $$");
	assert_int_equal(ioc_proc_run(&p, &status, &err), 0);
	assert_int_equal(status, 128 + 9);
	assert_int_equal(tmp_count_fds(), fds);
	ioc_buf_fini(&out);
	ioc_buf_fini(&errs);
}

static void
test_proc_check__sentences(void **state)
{
	struct ioc_proc p = IOC_PROC;
	struct ioc_error err;

	p.path = "/bin/sh";
	p.argv = SH("exit 0");
	assert_int_equal(ioc_proc_check(&p, &err), 0);
	p.argv = SH("echo first >&2; printf 'last \\033[m\\n\\n' >&2; exit 3");
	assert_int_equal(ioc_proc_check(&p, &err), IOC_CHILD);
	assert_string_equal(err.msg, "sh failed with status 3: last \\x1b[m");
	assert_int_equal(err.sys, 0);
	p.argv = SH("exit 4");
	assert_int_equal(ioc_proc_check(&p, &err), IOC_CHILD);
	assert_string_equal(err.msg, "sh failed with status 4");
	p.argv = SH("echo x >&2; kill -TERM $$");
	assert_int_equal(ioc_proc_check(&p, &err), IOC_CHILD);
	assert_string_equal(err.msg, "sh was killed by signal 15: x");
	p.path = "/nonexistent/program";
	assert_int_equal(ioc_proc_check(&p, &err), IOC_CHILD);
	assert_int_equal(err.sys, ENOENT);
	assert_string_equal(err.msg, "cannot execute /nonexistent/program: "
	    "No such file or directory");
	p.path = "/etc/passwd";
	assert_int_equal(ioc_proc_check(&p, &err), IOC_CHILD);
	assert_int_equal(err.sys, EACCES);
	p.path = "sh";
	assert_int_equal(ioc_proc_check(&p, &err), IOC_INVALID);
}

static void
test_proc__nothing_inherited(void **state)
{
	struct ioc_buf out = IOC_BUF(10000);
	struct ioc_proc p = IOC_PROC;
	int leak = dup2(open("/etc/passwd", O_RDONLY), 8);
	mode_t old = umask(0);
	struct ioc_error err;

	assert_int_equal(leak, 8);
	(void)setenv("LD_PRELOAD", "/nonexistent.so", 1);
	(void)signal(SIGPIPE, SIG_IGN);
	p.path = "/bin/sh";
	p.argv = SH("env | sort | grep -v ^_= | grep -v ^SHLVL= |"
	    "grep -v ^PWD= | grep -v ^OLDPWD=; pwd; umask; wc -c;"
	    "for i in 3 4 5 6 7 8 9; do (: <&$i) 2>/dev/null && echo fd $i;"
	    "done; kill -PIPE $$; echo alive");
	p.out = &out;
	{
		int status = 0;

		assert_int_equal(ioc_proc_run(&p, &status, &err), 0);
		assert_int_equal(status, 128 + SIGPIPE);
	}
	assert_string_equal(ioc_buf_str(&out), "HOME=/\nLC_ALL=C\n"
	    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	    "\nTERM=dumb\n/\n0022\n0\n");
	ioc_buf_fini(&out);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)unsetenv("LD_PRELOAD");
	(void)umask(old);
	(void)close(leak);
}

static void
test_proc__descriptors_given(void **state)
{
	struct ioc_buf out = IOC_BUF(1000);
	struct ioc_proc p = IOC_PROC;
	auto_tmp struct tmp t;
	struct ioc_error err;
	int in, pass[3], to;

	tmp_open(&t);
	tmp_write(t.fd, "in", "from stdin\n");
	tmp_write(t.fd, "a", "A\n");
	tmp_write(t.fd, "b", "B\n");
	in = openat(t.fd, "in", O_RDONLY | O_CLOEXEC);
	pass[0] = openat(t.fd, "b", O_RDONLY | O_CLOEXEC);
	pass[1] = openat(t.fd, "a", O_RDONLY | O_CLOEXEC);
	pass[2] = in;
	to = openat(t.fd, "to", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	p.path = "/bin/sh";
	p.argv = SH("cat; cat <&3; cat <&4; echo err >&2; (: <&6) || exit 9");
	p.stdin_fd = in;
	p.pass = pass;
	p.npass = 3;
	p.out = &out;
	p.stderr_fd = to;
	assert_int_equal(ioc_proc_check(&p, &err), IOC_CHILD);
	assert_string_equal(ioc_buf_str(&out), "from stdin\nB\nA\n");
	assert_int_equal(strncmp(tmp_read(t.fd, "to"), "err\n", 4), 0);
	assert_non_null(strstr(err.msg, "sh failed with status"));
	for (int i = 0; i < 3; i++)
		(void)close(pass[i]);
	(void)close(to);
	ioc_buf_fini(&out);
}

static void
test_proc__deadline_term_then_kill(void **state)
{
	struct ioc_proc p = IOC_PROC;
	struct ioc_error err;
	uint64_t start = ioc_now_ns();
	int status;

	p.path = "/bin/sh";
	p.argv = SH("sleep 1000");
	p.timeout_ms = 100;
	assert_int_equal(ioc_proc_run(&p, &status, &err), IOC_TIMEOUT);
	assert_string_equal(err.msg, "sh did not end in time");
	assert_true(ioc_now_ns() - start < 2000 * MS);
	/* One that does not listen, with children that do not either. */
	p.argv = SH("trap '' TERM; (trap '' TERM; sleep 1000; sleep 1000) &"
	    "sleep 1000; sleep 1000");
	start = ioc_now_ns();
	assert_int_equal(ioc_proc_run(&p, &status, &err), IOC_TIMEOUT);
	assert_string_equal(err.msg, "sh did not end in time and was killed");
	assert_true(ioc_now_ns() - start >= 5000 * MS);
	assert_true(ioc_now_ns() - start < 8000 * MS);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void
test_proc__output_has_a_limit(void **state)
{
	struct ioc_buf out = IOC_BUF(1000);
	struct ioc_proc p = IOC_PROC;
	struct ioc_error err;
	uint64_t start = ioc_now_ns();
	int status;

	p.path = "/bin/sh";
	p.argv = SH("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done");
	p.out = &out;
	assert_int_equal(ioc_proc_run(&p, &status, &err), IOC_LIMIT);
	assert_string_equal(err.msg, "sh wrote more than it may");
	assert_true(out.len <= 1000);
	assert_true(ioc_now_ns() - start < 3000 * MS);
	ioc_buf_fini(&out);
	/* Nobody wants it: any amount is thrown away. */
	p.out = NULL;
	p.argv = SH("head -c 50000000 /dev/zero; head -c 5000000 /dev/zero >&2");
	assert_int_equal(ioc_proc_check(&p, &err), 0);
}

/* The program ends; what it left behind holds the pipe. */
static void
test_proc__children_that_stay_do_not_hang_us(void **state)
{
	struct ioc_buf out = IOC_BUF(1000);
	struct ioc_proc p = IOC_PROC;
	uint64_t start = ioc_now_ns();
	struct ioc_error err;
	long child;

	p.path = "/bin/sh";
	p.argv = SH("sleep 1000 & echo $!; exit 0");
	p.out = &out;
	assert_int_equal(ioc_proc_check(&p, &err), 0);
	assert_true(ioc_now_ns() - start < 2000 * MS);
	child = strtol(ioc_buf_str(&out), NULL, 10);
	assert_true(child > 1);
	for (int i = 0; i < 200 && kill((pid_t)child, 0) == 0; i++)
		(void)usleep(10000);
	assert_int_equal(kill((pid_t)child, 0), -1);
	ioc_buf_fini(&out);
}

struct lines {
	char	text[256];
	int	n;
	int	stop_at;
	size_t	longest;
};

static int
on_line(const char *line, void *arg)
{
	struct lines *l = arg;
	size_t len = strlen(l->text);

	if (strlen(line) > l->longest)
		l->longest = strlen(line);
	(void)snprintf(l->text + len, sizeof(l->text) - len, "%.20s;", line);
	return (++l->n == l->stop_at);
}

static void
test_proc__lines(void **state)
{
	struct lines l = { .stop_at = -1 };
	struct ioc_proc p = IOC_PROC;
	struct ioc_error err;

	p.path = "/bin/sh";
	p.line = on_line;
	p.line_arg = &l;
	p.argv = SH("echo one; echo; printf t; sleep 0.1; printf wo");
	assert_int_equal(ioc_proc_check(&p, &err), 0);
	assert_string_equal(l.text, "one;;two;");
	l = (struct lines) { .stop_at = -1 };
	p.argv = SH("head -c 100000 /dev/zero | tr '\\0' x; echo; echo end");
	assert_int_equal(ioc_proc_check(&p, &err), 0);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.text, "xxxxxxxxxxxxxxxxxxxx;end;");
	assert_true(l.longest <= 8192);
	l = (struct lines) { .stop_at = 2 };
	p.argv = SH("echo 1; echo 2; echo 3; sleep 1000");
	assert_int_equal(ioc_proc_check(&p, &err), IOC_CANCELED);
	assert_string_equal(l.text, "1;2;");
}

static void
test_proc__sigchld_ignored_is_told(void **state)
{
	struct ioc_proc p = IOC_PROC;
	struct ioc_error err;

	p.path = "/bin/sh";
	p.argv = SH("exit 0");
	(void)signal(SIGCHLD, SIG_IGN);
	assert_int_equal(ioc_proc_check(&p, &err), IOC_STATE);
	(void)signal(SIGCHLD, SIG_DFL);
	assert_int_equal(ioc_proc_check(&p, &err), 0);
}

static void
test_proc_find(void **state)
{
	static const char *const paths[] = {
		"/nonexistent", "/etc", "/etc/passwd", "/bin/sh", "/bin/ls",
		NULL,
	};

	assert_string_equal(ioc_proc_find(paths), "/bin/sh");
	assert_null(ioc_proc_find(paths + 5));
}

/* Whoever runs it is killed: so is the program. */
static void
test_proc__ends_with_its_caller(void **state)
{
	auto_tmp struct tmp t;
	char script[256];
	long child = 0;
	pid_t pid;

	tmp_open(&t);
	(void)snprintf(script, sizeof(script),
	    "echo $$ > %s/pid.new; mv %s/pid.new %s/pid; exec sleep 1000",
	    t.path, t.path, t.path);
	pid = fork();
	if (pid == 0) {
		struct ioc_proc p = IOC_PROC;

		p.path = "/bin/sh";
		p.argv = SH(script);
		(void)ioc_proc_check(&p, NULL);
		_exit(0);
	}
	for (int i = 0; i < 500 && !tmp_exists(t.fd, "pid"); i++)
		(void)usleep(10000);
	child = strtol(tmp_read(t.fd, "pid"), NULL, 10);
	assert_true(child > 1 && kill((pid_t)child, 0) == 0);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	for (int i = 0; i < 200 && kill((pid_t)child, 0) == 0; i++)
		(void)usleep(10000);
	assert_int_equal(kill((pid_t)child, 0), -1);
}

UNIT_MAIN(
	cmocka_unit_test(test_proc_run__status_and_output),
	cmocka_unit_test(test_proc_check__sentences),
	cmocka_unit_test(test_proc__nothing_inherited),
	cmocka_unit_test(test_proc__descriptors_given),
	cmocka_unit_test(test_proc__deadline_term_then_kill),
	cmocka_unit_test(test_proc__output_has_a_limit),
	cmocka_unit_test(test_proc__children_that_stay_do_not_hang_us),
	cmocka_unit_test(test_proc__lines),
	cmocka_unit_test(test_proc__sigchld_ignored_is_told),
	cmocka_unit_test(test_proc_find),
	cmocka_unit_test(test_proc__ends_with_its_caller))
