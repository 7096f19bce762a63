/* SPDX-License-Identifier: BSD-2-Clause */
/* What freebsd-update(8) reads and writes, as it was recorded, and as hostile. */
#include "dist/freebsd_update.h"

#include "safe/tree.h"
#include "tests/unit/unit.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define	KEY	"800651ef4b4c71c27e60786d7b487188970f4b4169cc055784e21eb71d410cc5"
#define	HASH	"b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
#define	BASE	"f00df00df00df00df00df00df00df00df00df00df00df00df00df00df00df00d"
#define	TAG	"freebsd-update|amd64|13.2-RELEASE|3|" HASH "|1719705600\n"

static void
test_trust__of_the_host(void **state)
{
	struct ioc_fbu_trust t;

	assert_int_equal(ioc_fbu_trust("# x\n KeyPrint\t" KEY " # y\n"
	    "ServerName update.FreeBSD.org\nComponents src world kernel\n",
	    &t, NULL), 0);
	assert_string_equal(t.key, KEY);
	assert_string_equal(t.server, "update.FreeBSD.org");
}

static void
test_trust__refused(void **state)
{
	static const char *const bad[] = {
		"", "KeyPrint " KEY "\n", "ServerName a.b\n",
		"KeyPrint 00\nServerName a\n",
		"KeyPrint " KEY " " KEY "\nServerName a\n",
		"KeyPrint " KEY "\nKeyPrint " KEY "\nServerName a\n",
		"KeyPrint " KEY "\nServerName a b\n",
		"KeyPrint " KEY "\nServerName $(reboot)\n",
		"KeyPrint " KEY "\nServerName a/../b\n",
		"KeyPrint " KEY "\nServerName -x\n",
		"#KeyPrint " KEY "\nServerName a\n",
	};
	struct ioc_fbu_trust t;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(ioc_fbu_trust(bad[i], &t, NULL), IOC_FORMAT);
}

static void
test_tag(void **state)
{
	static const char *const bad[] = {
		"", "\n", "freebsd-update|amd64|13.2-RELEASE|3|" HASH "\n",
		"freebsd-update|amd64|13.2-RELEASE|x|" HASH "|1\n",
		"other|amd64|13.2-RELEASE|3|" HASH "|1\n",
		"freebsd-update|a/b|13.2-RELEASE|3|" HASH "|1\n",
		TAG TAG, "freebsd-update|amd64|13.2-RELEASE|3|" HASH "|1",
	};
	struct ioc_fbu_tag t;

	assert_int_equal(ioc_fbu_tag(TAG, &t, NULL), 0);
	assert_string_equal(t.release, "13.2-RELEASE");
	assert_int_equal(t.patch, 3);
	assert_int_equal(t.eol, 1719705600);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(ioc_fbu_tag(bad[i], &t, NULL), IOC_FORMAT);
}

static int
count(const struct ioc_fbu_entry *e, void *arg, struct ioc_error *err)
{
	++*(unsigned *)arg;
	return (0);
}

static int
parse(const char *text, unsigned *n)
{
	char *copy = strdup(text);
	int r;

	*n = 0;
	r = ioc_fbu_index(copy, count, n, NULL);
	free(copy);
	return (r);
}

static void
test_index(void **state)
{
	static const struct {
		const char	*text;
		int		 code;
	} bad[] = {
		{ "/a|f|0|0|0644|0|" HASH "|", IOC_FORMAT },
		{ "/a|f|0|0|0644|0|" HASH "\n", IOC_FORMAT },
		{ "/a|f|0|0|0644|0|12|\n", IOC_FORMAT },
		{ "/a|f|0|0|9644|0|" HASH "|\n", IOC_FORMAT },
		{ "/a|f|0|0|17777|0|" HASH "|\n", IOC_FORMAT },
		{ "/a|f|-1|0|0644|0|" HASH "|\n", IOC_FORMAT },
		{ "/a|f|99999999999|0|0644|0|" HASH "|\n", IOC_FORMAT },
		{ "/a|c|0|0|0644|0||\n", IOC_FORMAT },
		{ "/a|L|0|0|0755|0||\n", IOC_FORMAT },
		{ "/a|d|0|0|0755|0|x|\n", IOC_FORMAT },
		{ "a|d|0|0|0755|0||\n", IOC_UNSAFE },
		{ "/../a|d|0|0|0755|0||\n", IOC_UNSAFE },
		{ "/a/..|d|0|0|0755|0||\n", IOC_UNSAFE },
		{ "/a/./b|d|0|0|0755|0||\n", IOC_UNSAFE },
		{ "/a//b|d|0|0|0755|0||\n", IOC_UNSAFE },
		{ "/a\033|d|0|0|0755|0||\n", IOC_UNSAFE },
		{ "/a|f|0|0|0644|0|" HASH "|../b\n", IOC_UNSAFE },
	};
	unsigned n;

	assert_int_equal(parse("", &n), 0);
	assert_int_equal(parse("/|d|0|0|0755|0||\n"
	    "/bin/[|f|0|0|0555|0|" HASH "|/bin/test\n"
	    "/etc/rmt|L|0|0|0755|0|/usr/sbin/rmt|\n"
	    "/libexec/ld-elf.so.1|f|0|0|0555|400000|" HASH "|\n", &n), 0);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (parse(bad[i].text, &n) != bad[i].code)
			fail_msg("%s", bad[i].text);
}

/* --- a work directory, as it is left behind ----------------------------------------- */

static char top[] = "/tmp/ioc-fbu.XXXXXX";
static int updates = -1, work = -1;

static void
put(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
}

static int
judge(const char *current, unsigned *n)
{
	struct ioc_dist_job job = { .release = "13.2-RELEASE",
		.current = current, .updates_fd = updates };

	return (ioc_fbu_judge(&job, n, NULL));
}

/* 51: and whatever else it may leave. */
static void
test_attack_51__judge(void **state)
{
	unsigned n;
	int dir;

	/* It has not come to its end. */
	assert_int_equal(judge(NULL, &n), IOC_NETWORK);
	put(work, "tag", TAG);
	assert_int_equal(judge(NULL, &n), 0);
	assert_int_equal(n, 0);
	put(work, "INDEX-NEW", "");
	assert_int_equal(judge(NULL, &n), IOC_NETWORK);
	assert_int_equal(unlinkat(work, "INDEX-NEW", 0), 0);
	/* Older than what is there, signed as it may be. */
	assert_int_equal(judge("13.2-RELEASE-p4", &n), IOC_VERIFY);
	assert_int_equal(judge("13.2-RELEASE-p3", &n), 0);
	put(work, "tag.new", TAG);
	assert_int_equal(judge("13.2-RELEASE-p4", &n), IOC_VERIFY);
	assert_int_equal(unlinkat(work, "tag.new", 0), 0);
	put(work, "tag", "freebsd-update|amd64|14.0-RELEASE|9|" HASH "|1\n");
	assert_int_equal(judge(NULL, &n), IOC_VERIFY);
	put(work, "tag", TAG);
	/* Something to be done. */
	assert_int_equal(mkdirat(work, "install.aB3dE6", 0700), 0);
	dir = openat(work, "install.aB3dE6", O_RDONLY | O_DIRECTORY);
	put(dir, "INDEX-OLD", "/x|f|0|0|0644|0|" BASE "|\n");
	put(dir, "INDEX-NEW", "/x|f|0|0|0644|0|" HASH "|\n");
	assert_int_equal(symlinkat("install.aB3dE6", work, BASE "-install"), 0);
	assert_int_equal(judge(NULL, &n), 0);
	assert_int_equal(n, 1);
	/* The link leads elsewhere, or there are two. */
	assert_int_equal(symlinkat("install.aB3dE6", work, HASH "-install"), 0);
	assert_int_equal(judge(NULL, &n), IOC_UNSAFE);
	assert_int_equal(unlinkat(work, BASE "-install", 0), 0);
	assert_int_equal(unlinkat(work, HASH "-install", 0), 0);
	assert_int_equal(symlinkat("/etc", work, BASE "-install"), 0);
	assert_int_equal(judge(NULL, &n), IOC_UNSAFE);
	assert_int_equal(unlinkat(work, BASE "-install", 0), 0);
	/* An index that is a link out of it. */
	assert_int_equal(unlinkat(dir, "INDEX-NEW", 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", dir, "INDEX-NEW"), 0);
	assert_int_equal(symlinkat("install.aB3dE6", work, BASE "-install"), 0);
	assert_int_equal(judge(NULL, &n), IOC_UNSAFE);
	(void)close(dir);
}

static int
setup(void **state)
{
	assert_non_null(mkdtemp(top));
	updates = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(updates, "work", 0700), 0);
	work = openat(updates, "work", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return (0);
}

static int
teardown(void **state)
{
	(void)close(work);
	(void)close(updates);
	updates = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return (ioc_tree_remove(updates, top + strlen("/tmp/"), NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trust__of_the_host),
		cmocka_unit_test(test_trust__refused),
		cmocka_unit_test(test_tag),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_attack_51__judge),
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
