/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/root.h"

#include <sys/stat.h>
#if __has_include(<sys/sysmacros.h>)
#include <sys/sysmacros.h>
#endif

#include <fcntl.h>
#include <unistd.h>

#include "base/str.h"
#include "dist/debian.h"

/* --- judging -------------------------------------------------------------------- */

static int
judge(const struct ioc_dist_job *job, struct ioc_error *err)
{
	IOC_AUTO(ioc_debian_fini) struct ioc_debian d = { 0 };

	return (ioc_debian_judge(job, &d, err));
}

static void
test_judge(void **state)
{
	IOC_AUTO(ioc_debian_fini) struct ioc_debian d = { 0 };
	auto_buf struct ioc_buf b = IOC_BUF(4096);
	struct ioc_dist_job job = { .release = "bookworm",
	    .mirror = "https://mirror.example.org:8443/debian/" };

	assert_int_equal(ioc_debian_judge(&job, &d, NULL), 0);
	assert_string_equal(d.mirror, "https://mirror.example.org:8443/debian");
	assert_string_equal(d.security,
	    "https://mirror.example.org:8443/debian-security");
	assert_int_equal(ioc_debian_sources(&d, &b, NULL), 0);
	assert_string_equal(ioc_buf_str(&b),
	    "deb [signed-by=" IOC_DEBIAN_KEYRING "] "
	    "https://mirror.example.org:8443/debian bookworm main\n"
	    "deb [signed-by=" IOC_DEBIAN_KEYRING "] "
	    "https://mirror.example.org:8443/debian bookworm-updates main\n"
	    "deb [signed-by=" IOC_DEBIAN_KEYRING "] "
	    "https://mirror.example.org:8443/debian-security "
	    "bookworm-security main\n");
}

static void
test_judge__refuses(void **state)
{
	struct ioc_error err = { 0 };
	struct ioc_dist_job job = { .release = "potato" };

	assert_int_equal(judge(&job, &err), IOC_NOT_FOUND);
	assert_non_null(strstr(err.msg, "potato"));
	assert_non_null(strstr(err.msg, "bookworm"));
	job.release = "../../etc";
	assert_int_equal(judge(&job, NULL), IOC_NOT_FOUND);
	job.release = "bookworm";
	for (const char **m = (const char *[]){ "http://deb.debian.org/debian",
	    "ftp://deb.debian.org/debian", "file:///srv/debian", "",
	    "https://a b/debian", "https://x/debian\ndeb http://evil/ x main",
	    "https://x/$(id)", "https://x/`id`", "https://x/';id;'",
	    "https://x/\"", "https://u:p@x/debian", "https://x/[a]", NULL };
	    *m != NULL; m++) {
		job.mirror = *m;
		assert_int_equal(judge(&job, NULL), IOC_INVALID);
	}
	job.mirror = NULL;
	job.arch = "s390x";
	assert_int_equal(judge(&job, NULL), IOC_UNSUPPORTED);
	job.arch = "../x";
	assert_int_equal(judge(&job, NULL), IOC_INVALID);
	job.arch = NULL;
	for (const char **f = (const char *[]){ "ca.pem", "/a\nb", "/a\"b",
	    "/a;b", NULL }; *f != NULL; f++) {
		job.ca_file = *f;
		assert_int_equal(judge(&job, NULL), IOC_INVALID);
		job.ca_file = NULL;
		job.updates_path = *f;
		assert_int_equal(judge(&job, NULL), IOC_INVALID);
		job.updates_path = NULL;
	}
	for (const char **p = (const char *[]){ "proxy:3128", "http://a b",
	    "http://a\"", "socks5://a", NULL }; *p != NULL; p++) {
		job.proxy = *p;
		assert_int_equal(judge(&job, NULL), IOC_INVALID);
	}
	job.proxy = "http://proxy.example.org:3128";
	assert_int_equal(judge(&job, NULL), 0);
}

static void
test_need(void **state)
{
	struct ioc_error err = { 0 };
	const char *path;

	assert_int_equal(ioc_debian_need((const char *const[]){
	    "/nonexistent/debootstrap", NULL }, "debootstrap", &path, &err),
	    IOC_UNSUPPORTED);
	assert_non_null(strstr(err.msg, "package debootstrap"));
	assert_int_equal(ioc_debian_need((const char *const[]){
	    "/nonexistent/sh", "/bin/sh", NULL }, "sh", &path, NULL), 0);
	assert_string_equal(path, "/bin/sh");
}

/* --- the log of debootstrap --------------------------------------------------------- */

struct seen {
	char		 what[16];
	uint64_t	 done, total;
	int		 answer;
};

static int
on_progress(const char *what, uint64_t done, uint64_t total, void *arg)
{
	struct seen *s = arg;

	(void)snprintf(s->what, sizeof(s->what), "%s", what);
	s->done = done;
	s->total = total;
	return (s->answer);
}

static void
test_log(void **state)
{
	struct seen s = { 0 };
	struct ioc_dist_job job = { .progress = on_progress, .arg = &s };
	struct ioc_debian_log log = { .job = &job };

	assert_int_equal(ioc_debian_log_line("I: Retrieving InRelease ", &log),
	    0);
	assert_string_equal(s.what, "");
	assert_int_equal(ioc_debian_log_line("I: Retrieving apt 2.6.1", &log),
	    0);
	assert_string_equal(s.what, "download");
	assert_true(s.done == 1 && s.total > 1);
	for (int i = 0; i < 200; i++)
		(void)ioc_debian_log_line("I: Retrieving x 1", &log);
	assert_true(s.done == 201 && s.total == 201);
	assert_string_equal(log.key, "");
	(void)ioc_debian_log_line("I: Valid Release signature (key id "
	    "4D64FEC119C2029067D6E791F8D2585B8783D481)", &log);
	assert_string_equal(log.key,
	    "4D64FEC119C2029067D6E791F8D2585B8783D481");
	assert_string_equal(s.what, "verify");
	(void)ioc_debian_log_line("I: Validating apt 2.6.1", &log);
	(void)ioc_debian_log_line("I: Validating dpkg 1.21", &log);
	(void)ioc_debian_log_line("I: Extracting apt...", &log);
	assert_string_equal(s.what, "unpack");
	assert_true(s.done == 1 && s.total == 2);
	s.answer = 1;
	assert_true(ioc_debian_log_line("I: Extracting dpkg...", &log) != 0);
}

static void
test_log__codes(void **state)
{
	static const struct {
		const char *line;
		int code;
	} lines[] = {
		{ "E: Failed getting release file https://x/Release",
		    IOC_NETWORK },
		{ "E: Couldn't download packages: apt", IOC_NETWORK },
		{ "E: Invalid Release signature (key id 0123)", IOC_VERIFY },
		{ "E: Release signed by unknown key (key id 0)", IOC_VERIFY },
		{ "E: Error executing gpgv to check Release signature",
		    IOC_VERIFY },
		{ "E: No such script: /usr/share/debootstrap/scripts/x",
		    IOC_UNSUPPORTED },
		{ "E: something else", IOC_CHILD },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct ioc_dist_job job = { 0 };
		struct ioc_debian_log log = { .job = &job };

		(void)ioc_debian_log_line(lines[i].line, &log);
		assert_string_equal(log.error, lines[i].line + 3);
		assert_int_equal(ioc_debian_log_code(&log), lines[i].code);
	}
}

static void
test_log__foreign_bytes(void **state)
{
	struct ioc_dist_job job = { 0 };
	struct ioc_debian_log log = { .job = &job };

	(void)ioc_debian_log_line("E: a\033[31mb", &log);
	assert_string_equal(log.error, "a\\x1b[31mb");
	(void)ioc_debian_log_line("I: Valid Release signature (key id \033)",
	    &log);
	assert_string_equal(log.key, "");
}

/* --- updates ---------------------------------------------------------------------- */

static void
test_status(void **state)
{
	static const char in[] =
	    "Package: apt\nStatus: install ok installed\n"
	    "Installed-Size: 12\nConffiles:\n"
	    " /etc/x 0123\nVersion: 2.6.1\nDescription: caf\303\251\n more\n"
	    "Depends: libc6 (>= 2.34)\n\n\n\nPackage: dpkg\nVersion: 1\n";
	auto_buf struct ioc_buf out = IOC_BUF(4096);

	assert_int_equal(ioc_debian_reduce_status(in, sizeof(in) - 1, &out,
	    NULL), 0);
	assert_string_equal(ioc_buf_str(&out),
	    "Package: apt\nStatus: install ok installed\nInstalled-Size: 12\n"
	    "Version: 2.6.1\nDepends: libc6 (>= 2.34)\n\nPackage: dpkg\nVersion: 1\n\n");
}

static void
test_status__hostile(void **state)
{
	auto_buf struct ioc_buf out = IOC_BUF(1 << 20), small = IOC_BUF(10);
	auto_free char *line = malloc(100 * 1024);
	static const char *const bad[] = {
		"Package: a\033[2Jb\n", "Version: \377\n", "Depends: a\tb\n",
		"Status: x\r\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(ioc_debian_reduce_status(bad[i],
		    strlen(bad[i]), &out, NULL), IOC_UNSAFE);
	assert_int_equal(ioc_debian_reduce_status("Package: a\0b\n", 13, &out,
	    NULL), IOC_UNSAFE);
	assert_non_null(line);
	memset(line, 'x', 100 * 1024);
	memcpy(line, "Depends: ", 9);
	assert_int_equal(ioc_debian_reduce_status(line, 100 * 1024, &out,
	    NULL), IOC_LIMIT);
	assert_int_equal(ioc_debian_reduce_status("Package: abcdef\n", 16,
	    &small, NULL), IOC_LIMIT);
}

static void
test_inst(void **state)
{
	char out[100];

	assert_true(ioc_debian_parse_inst("Inst perl-base [5.36.0-7+deb12u3] "
	    "(5.36.0-7+deb12u4 Debian-Security:12/x [amd64])", out,
	    sizeof(out)));
	assert_string_equal(out, "perl-base 5.36.0-7+deb12u3 5.36.0-7+deb12u4");
	assert_true(ioc_debian_parse_inst("Inst new (1:2~3 Debian:12/x [all])",
	    out, sizeof(out)));
	assert_string_equal(out, "new - 1:2~3");
	for (const char **l = (const char *[]){ "", "Inst", "Inst ",
	    "Inst a", "Inst a [", "Inst a [1]", "Inst a [1] (", "Inst a ()",
	    "Inst a\033 (1 x)", "Conf a (1 x)", "Inst a [1] (2", NULL };
	    *l != NULL; l++)
		assert_false(ioc_debian_parse_inst(*l, out, sizeof(out)));
	assert_false(ioc_debian_parse_inst("Inst a (1 x)", out, 3));
}

/* --- a root ----------------------------------------------------------------------- */

static bool
there(int root, const char *path)
{
	struct stat st;

	return (ioc_path_stat(root, path, IOC_PATH_NOLINKS, &st, NULL) == 0);
}

static void
test_version(void **state)
{
	int root = ROOT_FD(state);
	char v[64];

	assert_int_equal(ioc_dist_debian.version(root, v, NULL),
	    IOC_NOT_FOUND);
	put(root, "etc/debian_version", "12.12\n");
	assert_int_equal(ioc_dist_debian.version(root, v, NULL), 0);
	assert_string_equal(v, "12.12");
	for (const char **s = (const char *[]){ "", "\n", "a b\n", "\033[2J",
	    NULL }; *s != NULL; s++) {
		put(root, "etc/debian_version", *s);
		assert_int_equal(ioc_dist_debian.version(root, v, NULL),
		    IOC_FORMAT);
	}
	put(root, "etc/debian_version", "0123456789012345678901234567890123456"
	    "789012345678901234567890123456789");
	assert_int_equal(ioc_dist_debian.version(root, v, NULL), IOC_LIMIT);
	assert_int_equal(ioc_path_unlink(root, "etc/debian_version", 0, NULL),
	    0);
	assert_int_equal(ioc_path_symlink("/etc/passwd", root,
	    "etc/debian_version", 0, NULL), 0);
	assert_int_equal(ioc_dist_debian.version(root, v, NULL), IOC_UNSAFE);
}

static void
test_archive_version(void **state)
{
	int root = ROOT_FD(state);
	char v[64];

	assert_int_equal(ioc_dist_archive.version(root, v, NULL),
	    IOC_NOT_FOUND);
	put(root, "etc/os-release", "NAME=x\nVERSION_ID=3.20.1\n");
	assert_int_equal(ioc_dist_archive.version(root, v, NULL), 0);
	assert_string_equal(v, "3.20.1");
	put(root, "usr/lib/os-release", "VERSION_ID=\"12\"\nX_VERSION_ID=4\n");
	assert_int_equal(ioc_dist_archive.version(root, v, NULL), 0);
	assert_string_equal(v, "12");
	put(root, "usr/lib/os-release", "VERSION_ID=\"12\n");
	put(root, "etc/os-release", "VERSION_ID=$(id)\n");
	assert_int_equal(ioc_dist_archive.version(root, v, NULL),
	    IOC_NOT_FOUND);
}

static void
test_clean(void **state)
{
	int root = ROOT_FD(state);
	struct ioc_dist_job job = { .root_fd = root };
	auto_buf struct ioc_buf b = IOC_BUF(1000);
	struct stat st;

	if (geteuid() != 0) {
		print_message("needs root: files are given to root\n");
		skip();
	}
	for (const char **f = (const char *[]){ "debootstrap/functions",
	    "var/cache/apt/archives/apt_1_amd64.deb",
	    "var/cache/apt/archives/partial/x", "var/lib/apt/lists/x_InRelease",
	    "tmp/x", IOC_DEBIAN_DPKG_CONF, "var/log/bootstrap.log",
	    "usr/bin/keep", "var/log/dpkg.log", NULL }; *f != NULL; f++)
		put(root, *f, "x");
	put(root, "etc/resolv.conf", "nameserver 10.0.0.1\n");
	put(root, "etc/hostname", "secret-host\n");
	put(root, "etc/machine-id", "0123456789abcdef\n");
	assert_int_equal(mkdirat(root, "dev", 0755), 0);
	assert_int_equal(mkdirat(root, "usr/deep", 0755), 0);
	assert_int_equal(mknodat(root, "dev/null", S_IFCHR | 0666,
	    makedev(1, 3)), 0);
	assert_int_equal(mknodat(root, "usr/deep/disk", S_IFBLK | 0666,
	    makedev(7, 0)), 0);
	assert_int_equal(mkfifoat(root, "usr/deep/fifo", 0666), 0);
	assert_int_equal(symlinkat("/dev/null", root, "usr/deep/link"), 0);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(ioc_debian_clean(&job, NULL), 0);
		assert_true(there(root, "usr/bin/keep"));
		assert_true(there(root, "var/log/dpkg.log"));
		assert_true(there(root, "usr/deep/link"));
		for (const char **f = (const char *[]){ "debootstrap",
		    "var/cache/apt/archives/apt_1_amd64.deb", "tmp/x",
		    "var/cache/apt/archives/partial",
		    "var/lib/apt/lists/x_InRelease", IOC_DEBIAN_DPKG_CONF,
		    "var/log/bootstrap.log", "dev/null", "usr/deep/disk",
		    "usr/deep/fifo", NULL }; *f != NULL; f++)
			assert_false(there(root, *f));
	}
	assert_int_equal(ioc_file_read(root, "etc/hostname", &b, NULL), 0);
	assert_string_equal(ioc_buf_str(&b), "localhost\n");
	assert_int_equal(fstatat(root, "etc/machine-id", &st, 0), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(fstatat(root, "etc/resolv.conf", &st, 0), 0);
	assert_int_equal(st.st_size, 0);
}

/* Stage two may leave links where cleaning writes and removes. */
static void
test_clean__links(void **state)
{
	int root = ROOT_FD(state);
	struct ioc_dist_job job = { .root_fd = root };

	put(root, "outside/victim", "x");
	put(root, "root/etc/x", "x");
	job.root_fd = ioc_path_dir(root, "root", 0, NULL);
	assert_true(job.root_fd >= 0);
	assert_int_equal(symlinkat("../outside", job.root_fd, "tmp"), 0);
	assert_int_equal(ioc_debian_clean(&job, NULL), IOC_UNSAFE);
	assert_int_equal(unlinkat(job.root_fd, "tmp", 0), 0);
	assert_int_equal(symlinkat("../../outside/victim", job.root_fd,
	    "etc/resolv.conf"), 0);
	assert_int_equal(ioc_debian_clean(&job, NULL), IOC_UNSAFE);
	assert_true(there(root, "outside/victim"));
	(void)close(job.root_fd);
}

UNIT_MAIN(
	cmocka_unit_test(test_judge),
	cmocka_unit_test(test_judge__refuses),
	cmocka_unit_test(test_need),
	cmocka_unit_test(test_log),
	cmocka_unit_test(test_log__codes),
	cmocka_unit_test(test_log__foreign_bytes),
	cmocka_unit_test(test_status),
	cmocka_unit_test(test_status__hostile),
	cmocka_unit_test(test_inst),
	WITH_ROOT(test_version),
	WITH_ROOT(test_archive_version),
	WITH_ROOT(test_clean),
	WITH_ROOT(test_clean__links))
