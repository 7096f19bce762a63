/* SPDX-License-Identifier: BSD-2-Clause */
/* What pkg(8) says and leaves behind, as it was recorded, and as hostile. */
#include "dist/pkgbase.h"

#include "safe/tree.h"
#include "tests/unit/unit.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define	HASH	"b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"

/* --- lines --------------------------------------------------------------------- */

static int
count(const struct ioc_pkgbase_line *l, void *arg, struct ioc_error *err)
{
	++*(unsigned *)arg;
	return (0);
}

static int
parse(const char *text, bool files, unsigned *n)
{
	char *copy = strdup(text);
	int r;

	*n = 0;
	r = ioc_pkgbase_lines(copy, files, count, n, NULL);
	free(copy);
	return (r);
}

static int
is_shell(const struct ioc_pkgbase_line *l, void *arg, struct ioc_error *err)
{
	assert_string_equal(l->name, "FreeBSD-runtime");
	assert_string_equal(l->path, "/bin/sh and more");
	assert_string_equal(l->sum, HASH);
	return (0);
}

static void
test_lines(void **state)
{
	static const struct {
		const char	*text;
		bool		 files;
		int		 code;
	} bad[] = {
		{ "FreeBSD-runtime 15.0", false, IOC_FORMAT },
		{ "FreeBSD-runtime\n", false, IOC_FORMAT },
		{ "FreeBSD-runtime \n", false, IOC_FORMAT },
		{ "FreeBSD-runtime 15.0 x\n", false, IOC_FORMAT },
		{ "FreeBSD-runtime 15.0-1\n", false, IOC_FORMAT },
		{ " 15.0\n", false, IOC_FORMAT },
		{ "-x 15.0\n", false, IOC_FORMAT },
		{ "../x 15.0\n", false, IOC_FORMAT },
		{ "a\033 15.0\n", false, IOC_FORMAT },
		{ "a 15.0\n\n", false, IOC_FORMAT },
		{ "a 1$" HASH "\n", true, IOC_FORMAT },
		{ "a 1$" HASH " bin/sh\n", true, IOC_UNSAFE },
		{ "a 1$" HASH " \n", true, IOC_UNSAFE },
		{ "a - /../x\n", true, IOC_UNSAFE },
		{ "a - /a/./x\n", true, IOC_UNSAFE },
		{ "a - /a\033\n", true, IOC_UNSAFE },
	};
	unsigned n;
	char line[] = "FreeBSD-runtime 1$" HASH " /bin/sh and more\n";

	assert_int_equal(parse("", false, &n), 0);
	assert_int_equal(parse("FreeBSD-clibs-lib32 15.0p12\n"
	    "FreeBSD-libc++_x 15.snap20251101,1\n", false, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(ioc_pkgbase_lines(line, true, is_shell, NULL, NULL),
	    0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (parse(bad[i].text, bad[i].files, &n) != bad[i].code)
			fail_msg("%s", bad[i].text);
}

static void
test_patch(void **state)
{
	static const char *const bad[] = { "15.1", "15.01", "15.0p", "15.0p0x",
		"15.0p123456", "15", "150", "15.0p0", "15.0.1", "15.0p1.2", "" };
	unsigned n;

	assert_int_equal(ioc_pkgbase_patch("15.0-RELEASE", "15.0", &n, NULL), 0);
	assert_int_equal(n, 0);
	assert_int_equal(ioc_pkgbase_patch("15.0-RELEASE", "15.0p12", &n, NULL),
	    0);
	assert_int_equal(n, 12);
	assert_int_equal(ioc_pkgbase_patch("15.0-STABLE", "15.snap2025", &n,
	    NULL), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (ioc_pkgbase_patch("15.0-RELEASE", bad[i], &n, NULL) !=
		    IOC_VERIFY)
			fail_msg("%s", bad[i]);
}

/* --- the repository ------------------------------------------------------------ */

static void
test_repo(void **state)
{
	static const struct {
		const char	*release, *arch, *packages, *url, *keys;
	} rows[] = {
		{ "15.0-RELEASE", "amd64", NULL, "pkg+https://pkg.FreeBSD.org/"
		    "FreeBSD:15:amd64/base_release_0",
		    "/usr/share/keys/pkgbase-15" },
		{ "15.1-RC2", "arm64", "https://x.example/pkg",
		    "https://x.example/pkg/FreeBSD:15:aarch64/base_release_1",
		    "/usr/share/keys/pkgbase-15" },
		{ "14.3-RELEASE", "amd64", NULL, "pkg+https://pkg.FreeBSD.org/"
		    "FreeBSD:14:amd64/base_release_3", "/usr/share/keys/pkg" },
		{ "16.0-CURRENT", "amd64", NULL, "pkg+https://pkg.FreeBSD.org/"
		    "FreeBSD:16:amd64/base_latest", "/usr/share/keys/pkg" },
	};
	struct ioc_dist_job job = { .release = "15.0-RELEASE",
		.host_arch = "amd64" };
	struct ioc_pkgbase_repo r;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		job.release = rows[i].release;
		job.host_arch = rows[i].arch;
		job.packages = rows[i].packages;
		assert_int_equal(ioc_pkgbase_repo(&job, &r, NULL), 0);
		assert_string_equal(r.url, rows[i].url);
		assert_string_equal(r.keys, rows[i].keys);
		assert_int_equal(r.srv, rows[i].packages == NULL);
	}
	job.host_arch = "pdp11";
	assert_int_equal(ioc_pkgbase_repo(&job, &r, NULL), IOC_UNSUPPORTED);
	job.host_arch = "amd64";
	/* What would be more than a text between quotes. */
	for (const char *const *p = (const char *const[]){ "http://x/",
	    "https://x/${ABI}", "https://x/\"", "https://x/\\", "https://x/\n",
	    "https://x/;a:b", NULL }; *p != NULL; p++) {
		job.packages = *p;
		assert_int_equal(ioc_pkgbase_repo(&job, &r, NULL),
		    IOC_INVALID);
	}
}

/* --- directories ----------------------------------------------------------------- */

static char top[] = "/tmp/ioc-pkgbase.XXXXXX";
static int updates = -1;

static void
put(const char *name, const char *text, off_t at)
{
	int fd = openat(updates, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, text, strlen(text), at),
	    (ssize_t)strlen(text));
	(void)close(fd);
}

/* Which root: wherever in its list the name stands, and whatever the list is. */
static void
test_has(void **state)
{
	static const char list[] = "var/db/pkg/local.sqlite";

	assert_int_equal(ioc_pkgbase_has(updates, NULL), 0);
	assert_int_equal(mkdirat(updates, "var", 0700), 0);
	assert_int_equal(mkdirat(updates, "var/db", 0700), 0);
	assert_int_equal(mkdirat(updates, "var/db/pkg", 0700), 0);
	put(list, "", 0);
	assert_int_equal(ioc_pkgbase_has(updates, NULL), 0);
	for (off_t at = (1 << 16) - 20; at < (1 << 16) + 4; at++) {
		put(list, IOC_PKGBASE_RUNTIME, at);
		assert_int_equal(ioc_pkgbase_has(updates, NULL), 1);
		put(list, "FreeBSD-runtim", at);
		assert_int_equal(ioc_pkgbase_has(updates, NULL), 0);
	}
	assert_int_equal(unlinkat(updates, list, 0), 0);
	assert_int_equal(mkfifoat(updates, list, 0600), 0);
	assert_int_equal(ioc_pkgbase_has(updates, NULL), 0);
	assert_int_equal(unlinkat(updates, list, 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", updates, list), 0);
	assert_int_equal(ioc_pkgbase_has(updates, NULL), 0);
}

static int
judge(unsigned *n)
{
	struct ioc_dist_job job = { .release = "15.0-RELEASE",
		.updates_fd = updates };

	return (ioc_pkgbase_judge(&job, n, NULL));
}

#define	RUNTIME	"FreeBSD-runtime 15.0p"

/* 51: and whatever else it may leave. */
static void
test_attack_51__judge(void **state)
{
	unsigned n;

	assert_int_equal(mkdirat(updates, "state", 0700), 0);
	assert_int_equal(judge(&n), IOC_NETWORK);
	put("state/installed", "", 0);
	assert_int_equal(judge(&n), IOC_NETWORK);
	put("state/installed", RUNTIME "2\n", 0);
	assert_int_equal(judge(&n), IOC_NETWORK);
	/* Nothing that a key of the host's has signed. */
	put("state/catalogue", "", 0);
	assert_int_equal(judge(&n), IOC_VERIFY);
	/* Older than what is there, signed as it may be. */
	put("state/catalogue", RUNTIME "1\n", 0);
	assert_int_equal(judge(&n), IOC_VERIFY);
	put("state/catalogue", RUNTIME "3\n", 0);
	assert_int_equal(judge(&n), IOC_NETWORK);
	put("state/packages", "", 0);
	put("state/complete", "", 0);
	assert_int_equal(judge(&n), 0);
	assert_int_equal(n, 0);
	put("state/packages", RUNTIME "3\n", 0);
	assert_int_equal(judge(&n), 0);
	assert_int_equal(n, 1);
	for (const char *const *p = (const char *const[]){ RUNTIME "4\n",
	    "FreeBSD-other 15.0p3\n", "vim 9.1\n", NULL }; *p != NULL; p++) {
		put("state/packages", *p, 0);
		assert_int_equal(judge(&n), IOC_VERIFY);
	}
	put("state/packages", RUNTIME "3\n" RUNTIME "3\n", 0);
	assert_int_equal(judge(&n), IOC_FORMAT);
	put("state/installed", "FreeBSD-runtime 14.3\n", 0);
	assert_int_equal(judge(&n), IOC_VERIFY);
	/* A list that is a link out of it. */
	assert_int_equal(unlinkat(updates, "state/installed", 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", updates, "state/installed"),
	    0);
	assert_int_equal(judge(&n), IOC_UNSAFE);
}

static int
setup(void **state)
{
	assert_non_null(mkdtemp(top));
	updates = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return (updates < 0);
}

static int
teardown(void **state)
{
	(void)close(updates);
	updates = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return (ioc_tree_remove(updates, top + strlen("/tmp/"), NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_patch),
		cmocka_unit_test(test_repo),
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_attack_51__judge),
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
