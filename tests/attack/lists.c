/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 43: manifests and index pages that lie, through the real worker.  The naive
 * twins are what scripts do: the first line in which the name occurs, split at
 * blanks; whatever stands in href="".
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "safe/manifest.h"

#define	A	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"				\
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define	B	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"				\
		"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define	REST	"\t1\tx\t\"x\"\ton\n"
#define	GOOD	"base.txz\t" A REST

static struct ioc_error err;

static int
file_of(const char *text)
{
	char path[] = "/tmp/ioc-attack-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	memset(&err, 0, sizeof(err));
	return (fd);
}

static int
ours(const char *text, struct ioc_manifest *m)
{
	auto_fd int fd = file_of(text);

	return (ioc_manifest_read(getenv("HELPER_DIR"), fd,
	    IOC_MANIFEST_FREEBSD, m, &err));
}

/* grep -F NAME | awk '{ print $2 }' | head -n 1 */
static bool
twin_hash(const char *text, const char *name, char hash[65])
{
	const char *s = strstr(text, name);
	const char *tab = s != NULL ? strpbrk(s, " \t") : NULL;

	if (tab == NULL)
		return (false);
	(void)snprintf(hash, 65, "%.*s", (int)strcspn(tab + 1, " \t"),
	    tab + 1);
	return (true);
}

/* awk '{ print $1 }': where the twin would write the first file. */
static void
twin_file(const char *text, char out[128])
{
	(void)snprintf(out, 128, "cache/%.*s", (int)strcspn(text, " \t"),
	    text);
}

static void
test_attack_43__good(void **state)
{
	IOC_AUTO(ioc_manifest_fini) struct ioc_manifest m = { NULL, 0 };
	auto_fd int fd = file_of("SHA256 (base.txz) = " A "\n"
	    "SHA256 (src.txz) = " B "\n");

	assert_int_equal(ours(GOOD, &m), 0);
	assert_string_equal(ioc_manifest_find(&m, "base.txz")->sha256, A);
	ioc_manifest_fini(&m);
	assert_int_equal(ioc_manifest_read(getenv("HELPER_DIR"), fd,
	    IOC_MANIFEST_SHA256, &m, &err), 0);
	assert_int_equal(m.n, 2);
	assert_string_equal(ioc_manifest_find(&m, "src.txz")->sha256, B);
}

/* The same file twice: which one is meant is whoever's guess. */
static void
test_attack_43__the_same_file_twice(void **state)
{
	static const char text[] = "base.txz\t" B REST GOOD;
	struct ioc_manifest m;
	char hash[65];

	assert_true(twin_hash(text, "base.txz", hash));
	assert_string_equal(hash, B);
	assert_int_equal(ours(text, &m), IOC_FORMAT);
	assert_string_equal(err.msg, "line 2: a file for the second time");
}

/* A set that is not there, and one whose name has it at its end. */
static void
test_attack_43__a_set_is_missing(void **state)
{
	static const char text[] = "evil-base.txz\t" B REST;
	IOC_AUTO(ioc_manifest_fini) struct ioc_manifest m = { NULL, 0 };
	char hash[65];

	assert_true(twin_hash(text, "base.txz", hash));
	assert_int_equal(ours(text, &m), 0);
	assert_null(ioc_manifest_find(&m, "base.txz"));
}

static void
test_attack_43__a_path_in_a_name(void **state)
{
	static const char text[] = "../../etc/cron.d/x\t" A REST GOOD;
	struct ioc_manifest m;
	char path[128];

	twin_file(text, path);
	assert_string_equal(path, "cache/../../etc/cron.d/x");
	assert_int_equal(ours(text, &m), IOC_UNSAFE);
	assert_string_equal(err.msg, "line 1: a path in a name");
}

static void
test_attack_43__crlf(void **state)
{
	static const char text[] = "base.txz\t" A "\t1\tx\t\"x\"\ton\r\n";
	struct ioc_manifest m;
	char hash[65];

	assert_true(twin_hash(text, "base.txz", hash));
	assert_int_equal(ours(text, &m), IOC_FORMAT);
}

static void
test_attack_43__no_hash(void **state)
{
	static const char text[] = "base.txz\t$(id)\t1\tx\t\"x\"\ton\n";
	struct ioc_manifest m;
	char hash[65];

	assert_true(twin_hash(text, "base.txz", hash));
	assert_string_equal(hash, "$(id)");
	assert_int_equal(ours(text, &m), IOC_FORMAT);
	/* An error page is no manifest. */
	assert_int_equal(ours("<html>404</html>\n", &m), IOC_FORMAT);
	assert_int_equal(ours("", &m), IOC_FORMAT);
}

/* The values of all href="...", as a regular expression finds them. */
static void
twin_links(const char *page, struct ioc_strv *out)
{
	const char *s = page;

	while ((s = strstr(s, "href=\"")) != NULL) {
		s += 6;
		(void)ioc_strv_addn(out, s, strcspn(s, "\""));
	}
}

static void
test_attack_43__index_pages(void **state)
{
	static const char page[] = "<a href=\"../../etc/\">x</a>"
	    "<a href=\"https://evil.example/\">x</a>"
	    "<!-- <a href=\"hidden/\"> --><a href=\"..%2f..%2fetc/\">"
	    "<a href=\"14.3-RELEASE/\">14.3-RELEASE/</a>"
	    "<a href=\"x;reboot/\">x</a><a href=\"-rf/\">x</a>";
	auto_strv struct ioc_strv v = IOC_STRV, twin = IOC_STRV;
	auto_fd int fd = file_of(page);

	twin_links(page, &twin);
	assert_true(ioc_strv_has(&twin, "../../etc/") &&
	    ioc_strv_has(&twin, "x;reboot/"));
	assert_int_equal(ioc_listing_read(getenv("HELPER_DIR"), fd, &v, &err),
	    0);
	assert_int_equal(v.n, 1);
	assert_string_equal(v.v[0], "14.3-RELEASE");
}

/* All that the conversation with the worker can carry, and one more. */
static void
test_attack_43__more_than_can_be_said(void **state)
{
	auto_buf struct ioc_buf b = IOC_BUF(1024 * 1024);
	auto_strv struct ioc_strv v = IOC_STRV;

	for (unsigned i = 0; i < 975; i++)
		(void)ioc_buf_addf(&b, "<a href=\"%062u/\">", i);
	{
		auto_fd int fd = file_of(b.data);

		assert_int_equal(ioc_listing_read(getenv("HELPER_DIR"), fd,
		    &v, &err), 0);
		assert_int_equal(v.n, 975);
	}
	(void)ioc_buf_addf(&b, "<a href=\"%062u/\">", 975);
	{
		auto_fd int fd = file_of(b.data);

		assert_int_equal(ioc_listing_read(getenv("HELPER_DIR"), fd,
		    &v, &err), IOC_LIMIT);
	}
}

UNIT_MAIN(
    cmocka_unit_test(test_attack_43__good),
    cmocka_unit_test(test_attack_43__the_same_file_twice),
    cmocka_unit_test(test_attack_43__a_set_is_missing),
    cmocka_unit_test(test_attack_43__a_path_in_a_name),
    cmocka_unit_test(test_attack_43__crlf),
    cmocka_unit_test(test_attack_43__no_hash),
    cmocka_unit_test(test_attack_43__index_pages),
    cmocka_unit_test(test_attack_43__more_than_can_be_said))
