/* SPDX-License-Identifier: BSD-2-Clause */
/* The parent against a worker that an attacker has taken over. */
#include "unit.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/strv.h"
#include "safe/worker.h"

static struct ioc_error err;

static int
run(const char *verb, int timeout_ms, struct ioc_strv *results)
{
	struct ioc_worker_job job = {
		.role = IOC_WORKER_PARSE,
		.helper_dir = getenv("HOSTILE_DIR"),
		.verb = verb,
		.timeout_ms = timeout_ms,
	};

	memset(&err, 0, sizeof(err));
	return (ioc_worker_run(&job, results, &err));
}

static void
test_inspect(void **state)
{
	auto_strv struct ioc_strv request = IOC_STRV, results = IOC_STRV;
	char path[] = "/tmp/ioc-unit-XXXXXX";
	auto_fd int fd = mkstemp(path), leak = open("/etc/passwd", O_RDONLY);
	struct ioc_worker_job job = {
		.role = IOC_WORKER_PARSE,
		.helper_dir = getenv("HOSTILE_DIR"),
		.verb = "inspect",
		.fds = &fd,
		.nfds = 1,
	};

	assert_true(fd >= 0 && leak >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(write(fd, "hello", 5), 5);
	(void)setenv("LD_PRELOAD_X", "evil", 1);
	(void)ioc_strv_add(&request, "k");
	(void)ioc_strv_add(&request, "value");
	job.request = request;
	assert_int_equal(ioc_worker_run(&job, &results, &err), 0);
	/* 0, 1, 2, the socket, the file. */
	assert_string_equal(ioc_worker_value(&results, "fds"), "5");
	assert_string_equal(ioc_worker_value(&results, "env"),
	    "PATH=/usr/bin:/bin HOME=/ LC_ALL=C ");
	assert_string_equal(ioc_worker_value(&results, "sid"), "1");
	assert_string_equal(ioc_worker_value(&results, "last"), "value");
	assert_string_equal(ioc_worker_value(&results, "read"), "hello");
	assert_null(ioc_worker_value(&results, "value"));
}

static void
test_lies(void **state)
{
	static const struct {
		const char	*verb;
		int		 code;
		const char	*msg;
	} rows[] = {
		{ "short", IOC_FORMAT, "wrong length" },
		{ "kind", IOC_FORMAT, "no known kind" },
		{ "length", IOC_FORMAT, "lies about its length" },
		{ "long", IOC_FORMAT, "wrong length" },
		{ "endless", IOC_FORMAT, "without an end" },
		{ "odd", IOC_FORMAT, "without a value" },
		{ "code", IOC_FORMAT, "does not exist" },
		{ "success", IOC_FORMAT, "does not exist" },
		{ "errno", IOC_FORMAT, "does not exist" },
		{ "silent-failure", IOC_FORMAT, "without a sentence" },
		{ "progress", IOC_FORMAT, "progress that cannot be" },
		{ "progress-text", IOC_FORMAT, "progress that cannot be" },
		{ "flood", IOC_FORMAT, "too many messages" },
		{ "exit", IOC_CHILD, "ended without a result" },
		{ "signal", IOC_CHILD, "killed by signal 9" },
		{ "status", IOC_CHILD, "exit status 3" },
		{ "crash-after", IOC_CHILD, "signal" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		auto_strv struct ioc_strv results = IOC_STRV;

		print_message("%s\n", rows[i].verb);
		assert_int_equal(run(rows[i].verb, 20000, &results),
		    rows[i].code);
		assert_int_equal(err.code, rows[i].code);
		assert_non_null(strstr(err.msg, rows[i].msg));
		assert_int_equal(results.n, 0);
	}
}

/* Nothing that a worker says reaches a terminal as it is. */
static void
test_escape(void **state)
{
	assert_int_equal(run("terminal", 20000, NULL), IOC_NETWORK);
	assert_string_equal(err.msg, "a\\x1b[2Jb\\n\\n\\xff");
}

static void
test_timeout(void **state)
{
	uint64_t start = ioc_now_ns();
	struct pollfd hup;
	int fds[2];
	struct ioc_worker_job job = {
		.helper_dir = getenv("HOSTILE_DIR"),
		.verb = "offspring",
		.fds = &fds[1],
		.nfds = 1,
		.timeout_ms = 300,
	};

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(ioc_worker_run(&job, NULL, &err), IOC_TIMEOUT);
	assert_true(ioc_now_ns() - start < UINT64_C(3000000000));
	/* Its child is gone as well: nobody holds the pipe any more. */
	(void)close(fds[1]);
	hup = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	assert_int_equal(poll(&hup, 1, 5000), 1);
	assert_int_equal(hup.revents, POLLHUP);
	(void)close(fds[0]);
	start = ioc_now_ns();
	assert_int_equal(run("linger", 20000, NULL), IOC_TIMEOUT);
	assert_non_null(strstr(err.msg, "does not end"));
	assert_true(ioc_now_ns() - start < UINT64_C(8000000000));
}

static int
count(uint64_t done, uint64_t total, void *arg)
{
	int *n = arg;

	assert_int_equal(total, 5);
	assert_int_equal(done, ++*n);
	return (*n == 3);
}

static void
test_cancel(void **state)
{
	int n = 0;
	struct ioc_worker_job job = {
		.role = IOC_WORKER_PARSE,
		.helper_dir = getenv("HOSTILE_DIR"),
		.verb = "steps",
		.progress = count,
		.arg = &n,
	};

	assert_int_equal(ioc_worker_run(&job, NULL, &err), IOC_CANCELED);
	assert_int_equal(n, 3);
}

static void
test_no_program(void **state)
{
	struct ioc_worker_job job = {
		.helper_dir = "/nonexistent",
		.verb = "hash",
	};

	assert_int_equal(ioc_worker_run(&job, NULL, &err), IOC_CHILD);
	assert_int_equal(err.sys, ENOENT);
	assert_string_equal(err.msg, "worker hash: /nonexistent/ioc-worker: "
	    "No such file or directory");
	job.helper_dir = "relative";
	assert_int_equal(ioc_worker_run(&job, NULL, &err), IOC_INVALID);
	job.helper_dir = NULL;
	assert_int_equal(ioc_worker_run(&job, NULL, &err), IOC_INVALID);
}

/* Standard descriptors may be closed when a host program starts. */
static void
test_closed_descriptors(void **state)
{
	int saved[3];
	int r;

	for (int i = 0; i < 3; i++) {
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 100);
		(void)close(i);
	}
	r = run("steps", 20000, NULL);
	for (int i = 0; i < 3; i++)
		if (saved[i] >= 0) {
			(void)dup2(saved[i], i);
			(void)close(saved[i]);
		}
	assert_int_equal(r, 0);
}

/* The helper programs are found beside the program that this code is part of. */
static int
where_is_it(void)
{
	char *dir;

	if (ioc_worker_helper_dir(&dir, &err) != 0) {
		(void)printf("%s\n", err.msg);
		return (1);
	}
	(void)printf("%s\n", dir);
	free(dir);
	return (0);
}

static void
ask(const char *program, const char *want)
{
	int fds[2], status;
	char got[4096] = { 0 };
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(fds[1], 1);
		/* What it is called by its caller means nothing. */
		(void)execl(program, "/bin/ls", "--where", (char *)NULL);
		_exit(9);
	}
	(void)close(fds[1]);
	assert_true(read(fds[0], got, sizeof(got) - 1) > 0);
	(void)close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_non_null(strstr(got, want));
}

static void
test_helper_dir(void **state)
{
	char top[] = "/tmp/ioc-unit-XXXXXX", self[512], link[512];
	char names[3][64], want[128];

	assert_non_null(mkdtemp(top));
	(void)snprintf(names[0], 64, "%s/cli", top);
	(void)snprintf(names[1], 64, "%s/helpers", top);
	(void)snprintf(names[2], 64, "%s/helpers/ioc-worker", top);
	(void)snprintf(self, sizeof(self), "%s/cli/self", top);
	(void)snprintf(link, sizeof(link), "%s/link", top);
	(void)snprintf(want, sizeof(want), "%s/cli/../helpers", top);
	assert_int_equal(mkdir(names[0], 0755), 0);
	{
		auto_fd int from = open("/proc/self/exe", O_RDONLY);
		auto_fd int to = open(self, O_WRONLY | O_CREAT, 0700);
		ssize_t n;

		do {
			n = copy_file_range(from, NULL, to, NULL, 1 << 30, 0);
		} while (n > 0);
		assert_int_equal(n, 0);
	}
	assert_int_equal(symlink("cli/self", link), 0);
	assert_int_equal(mkdir(names[1], 0755), 0);
	/* Without one it is the installed one, if there is any. */
	ask(self, "ioc");
	assert_int_equal(symlink("/bin/true", names[2]), 0);
	ask(self, want);
	ask(link, want);
	assert_int_equal(unlink(self), 0);
	for (int i = 2; i >= 0; i--)
		assert_int_equal(remove(names[i]), 0);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(rmdir(top), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inspect),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_no_program),
		cmocka_unit_test(test_closed_descriptors),
		cmocka_unit_test(test_helper_dir),
	};

	if (argc == 2 && strcmp(argv[1], "--where") == 0)
		return (where_is_it());
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
