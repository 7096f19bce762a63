/* SPDX-License-Identifier: BSD-2-Clause */
/* What hbsd-update(8) reads and writes, as it is, damaged, and as hostile. */
#include "dist/hardenedbsd_update.h"

#include "safe/tree.h"
#include "tests/unit/unit.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define	HASH	"0123456789abcdef0123456789abcdef01234567"
#define	VERSION	"hbsd-v1400097-" HASH

/* As a release has it, but for what it explains. */
static const char usual[] =
    "# Configuration\n"
    "dnsrec=\"$(uname -m).14-stable.hardened.example.org\"\n"
    "#kernel=\"HARDENEDBSD\"\n"
    "capath=\"/usr/share/keys/hbsd-update/trusted\"\t# keys\n"
    "\n"
    "branch=\"hardened/14-stable\"\n"
    "baseurl=\"https://updates.example.org/pub/${branch}/$(uname -m)\"\n"
    "dnssec=yes\n";

static void
test_conf(void **state)
{
	struct ioc_hbu_conf c;

	assert_int_equal(ioc_hbu_conf(usual, "arm64", &c, NULL), 0);
	assert_string_equal(c.dnsrec, "arm64.14-stable.hardened.example.org");
	assert_string_equal(c.baseurl,
	    "https://updates.example.org/pub/hardened/14-stable/arm64");
	assert_string_equal(c.capath, "/usr/share/keys/hbsd-update/trusted");
	assert_string_equal(c.dnssec, "yes");
	assert_string_equal(c.kernel, "");
	assert_int_equal(ioc_hbu_conf_source(&c, NULL), 0);
	assert_int_equal(ioc_hbu_conf_trust(&c, NULL), 0);
}

static void
test_conf__refused(void **state)
{
	static const char *const bad[] = {
		"rm -rf /\n", "dnsrec\n", "dnsrec=\n", "dnsrec=$(id)\n",
		"dnsrec=\"`id`\"\n", "dnsrec=\"$(id)\"\n", "dnsrec=\"a\n",
		"dnsrec=\"a\"b\n", "dnsrec=\"a\";id\n", "dnsrec=\"a\" id\n",
		"dnsrec=\"a\"#\n", "dnsrec=a b\n", "dnsrec='a'\n",
		"dnsrec=\"a b\"\n", "dnsrec=\"a\\\nb\"\n", "dnsrec = a\n",
		"dnsrec=\"a\"\ndnsrec=\"b\"\n", "export dnsrec=a\n",
		"unsigned=1\n", "AWK=/x\n", "baseurl=\"${branch}\"\n",
		"dnsrec=$(uname -m)\n", "baseurl=\"${HOME}\"\n", ". /x\n",
		"branch=\"a\" && id\n", "dnsrec=\"a\033\"\n", "dnsrec=a&\n",
		"branch=\"a\"\nbaseurl=\"${branch}${branch\"\n",
	};
	struct ioc_hbu_conf c;
	char text[600];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (ioc_hbu_conf(bad[i], "amd64", &c, NULL) != IOC_FORMAT)
			fail_msg("%s", bad[i]);
	/* Too long, and what becomes too long. */
	memset(text, 'a', sizeof(text));
	memcpy(text, "branch=", strlen("branch="));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(ioc_hbu_conf(text, "amd64", &c, NULL), IOC_FORMAT);
	text[strlen("branch=") + 255] = '\0';
	assert_int_equal(ioc_hbu_conf(text, "amd64", &c, NULL), 0);
	memcpy(text + strlen("branch=") + 200, "\nbaseurl=\"${branch}"
	    "${branch}${branch}\"", sizeof("\nbaseurl=\"${branch}"
	    "${branch}${branch}\""));
	assert_int_equal(ioc_hbu_conf(text, "amd64", &c, NULL), IOC_FORMAT);
}

static void
test_conf__damaged(void **state)
{
	size_t n = strlen(usual);

	for (size_t i = 0; i < n; i++)
		for (int c = 0; c < 256; c++) {
			struct ioc_hbu_conf conf;
			char text[sizeof(usual)];

			memcpy(text, usual, sizeof(text));
			text[i] = (char)c;
			if (ioc_hbu_conf(text, "amd64", &conf, NULL) != 0 ||
			    ioc_hbu_conf_source(&conf, NULL) != 0)
				continue;
			/* Nothing that means anything between double quotes. */
			assert_null(strpbrk(conf.dnsrec, "\"$`\\\n"));
			assert_null(strpbrk(conf.baseurl, "\"$`\\\n"));
			assert_memory_equal(conf.baseurl, "https://", 8);
		}
}

static void
test_conf__source(void **state)
{
	static const struct {
		const char	*dnsrec;
		const char	*baseurl;
		int		 code;
	} t[] = {
		{ "a.b", "https://h/p", 0 },
		{ "", "https://h/p", IOC_FORMAT },
		{ "-t", "https://h/p", IOC_FORMAT },
		{ "a..b", "https://h/p", IOC_FORMAT },
		{ "a.-b", "https://h/p", IOC_FORMAT },
		{ "a/b", "https://h/p", IOC_FORMAT },
		{ "a.b.", "https://h/p", IOC_FORMAT },
		{ "a", "", IOC_FORMAT },
		{ "a", "http://h/p", IOC_FORMAT },
		{ "a", "file:///p", IOC_FORMAT },
		{ "a", "-o/etc/x", IOC_FORMAT },
		{ "a", "https://h/../p", IOC_FORMAT },
		{ "a", "https://h/p/", IOC_FORMAT },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct ioc_hbu_conf c = { .dnsrec = "" };

		(void)strcpy(c.dnsrec, t[i].dnsrec);
		(void)strcpy(c.baseurl, t[i].baseurl);
		if (ioc_hbu_conf_source(&c, NULL) != t[i].code)
			fail_msg("%s %s", t[i].dnsrec, t[i].baseurl);
	}
}

static void
test_conf__trust(void **state)
{
	static const char *const bad[] = { "", "/tmp/x", "/usr/share/keys",
		"/usr/share/keys/", "/usr/share/keys/../../tmp",
		"/usr/share/keys/.x", "/usr/share/keys//x" };
	struct ioc_hbu_conf c = { .capath = "/usr/share/keys/a/b" };

	assert_int_equal(ioc_hbu_conf_trust(&c, NULL), 0);
	(void)strcpy(c.dnssec, "none");
	assert_int_equal(ioc_hbu_conf_trust(&c, NULL), IOC_FORMAT);
	(void)strcpy(c.dnssec, "no");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		(void)strcpy(c.capath, bad[i]);
		assert_int_equal(ioc_hbu_conf_trust(&c, NULL), IOC_FORMAT);
	}
}

static void
test_version(void **state)
{
	static const char *const bad[] = {
		"", "\n", VERSION, VERSION "\n\n", " " VERSION "\n",
		"hbsd-v-" HASH "\n", "hbsd-v1\n", "hbsd-v1-\n",
		"hbsd-v1-012345\n", "hbsd-v1-0123456Z\n",
		"hbsd-v0-" HASH "\n", "hbsd-v1400097-$(id)\n",
		"hbsd-v99999999999999999999-" HASH "\n",
		"hbsd-v1-" HASH HASH "\n", VERSION "\"\n", "hbsd",
	};
	struct ioc_hbu_version v;

	assert_int_equal(ioc_hbu_version(VERSION "\n", &v, NULL), 0);
	assert_string_equal(v.text, VERSION);
	assert_int_equal(v.number, 1400097);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (ioc_hbu_version(bad[i], &v, NULL) != IOC_FORMAT)
			fail_msg("%s", bad[i]);
}

static void
test_pax(void **state)
{
	assert_int_equal(ioc_hbu_pax("#ifndef X\n#define\tX\n"
	    "#define\t__HardenedBSD_version\t1500063UL\n#endif\n"), 1500063);
	assert_int_equal(ioc_hbu_pax("#define __HardenedBSD_version 5\n"), 5);
	assert_int_equal(ioc_hbu_pax(""), 0);
	assert_int_equal(ioc_hbu_pax("#define"), 0);
	assert_int_equal(ioc_hbu_pax("#define __HardenedBSD_version"), 0);
	assert_int_equal(ioc_hbu_pax("#define __HardenedBSD_version x\n"), 0);
	assert_int_equal(ioc_hbu_pax("#define __HardenedBSD_version "
	    "99999999999999999UL\n"), 0);
}

static void
test_skipped(void **state)
{
	static const struct {
		const char	*path;
		bool		 skipped;
	} t[] = {
		{ "etc", true }, { "usr/local/etc", true }, { "boot", false },
		{ "usr/lib/debug/boot", true }, { "boot/efi", true },
		{ "root/.cshrc", true }, { "usr/bin/su", false },
		{ "etcetera", false }, { "usr/bin", false },
	};
	auto_strv struct ioc_strv v = IOC_STRV;
	auto_strv struct ioc_strv w = IOC_STRV;
	char many[400];

	assert_int_equal(ioc_hbu_skipped("./etc\n\n./root/.cshrc", &v, NULL),
	    0);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		bool skipped = false;

		for (size_t k = 0; k < v.n; k++)
			if (fnmatch(v.v[k], t[i].path, 0) == 0)
				skipped = true;
		if (skipped != t[i].skipped)
			fail_msg("%s", t[i].path);
	}
	memset(many, '\n', sizeof(many));
	many[sizeof(many) - 1] = '\0';
	assert_int_equal(ioc_hbu_skipped(many, &w, NULL), IOC_LIMIT);
	assert_int_equal(ioc_hbu_skipped("a\033\n", &w, NULL), IOC_FORMAT);
}

/* --- what it left ------------------------------------------------------------------- */

static char top[] = "/tmp/ioc-hbu.XXXXXX";
static int root = -1, updates = -1;

static void
put(int dir, const char *path, const char *text)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
}

static int
judge(bool succeeded, unsigned *n)
{
	struct ioc_dist_job job = { .release = "14-STABLE", .root_fd = root,
		.updates_fd = updates, .succeeded = succeeded };

	return (ioc_hbu_judge(&job, n, NULL));
}

/* 51: and whatever else it may leave. */
static void
test_attack_51__judge(void **state)
{
	unsigned n;

	/* Nothing at all, and nothing new. */
	assert_int_equal(judge(true, &n), IOC_NETWORK);
	put(root, "var/db/hbsd-update/version", VERSION "\n");
	put(updates, "root/var/db/hbsd-update/version", VERSION "\n");
	assert_int_equal(judge(false, &n), IOC_NETWORK);
	assert_int_equal(judge(true, &n), 0);
	assert_int_equal(n, 0);
	/* It ended behind the download, or says that it did. */
	put(updates, "work/update.tar", "");
	assert_int_equal(judge(true, &n), IOC_NETWORK);
	put(updates, "root/var/db/hbsd-update/version",
	    "hbsd-v1400098-" HASH "\n");
	assert_int_equal(judge(false, &n), IOC_NETWORK);
	assert_int_equal(unlinkat(updates, "work/update.tar", 0), 0);
	assert_int_equal(judge(true, &n), IOC_NETWORK);
	put(updates, "work/update.tar", "");
	/* Older, of another branch, no version. */
	put(updates, "root/var/db/hbsd-update/version",
	    "hbsd-v1400096-" HASH "\n");
	assert_int_equal(judge(true, &n), IOC_VERIFY);
	put(updates, "root/var/db/hbsd-update/version",
	    "hbsd-v1500001-" HASH "\n");
	assert_int_equal(judge(true, &n), IOC_VERIFY);
	put(updates, "root/var/db/hbsd-update/version", "hbsd-v1;reboot\n");
	assert_int_equal(judge(true, &n), IOC_FORMAT);
	/* A link out of it. */
	assert_int_equal(unlinkat(updates, "root/var/db/hbsd-update/version",
	    0), 0);
	assert_int_equal(symlinkat("/etc/hostname", updates,
	    "root/var/db/hbsd-update/version"), 0);
	assert_int_equal(judge(true, &n), IOC_UNSAFE);
	/* By its headers, where it was never updated. */
	assert_int_equal(unlinkat(updates, "root/var/db/hbsd-update/version",
	    0), 0);
	assert_int_equal(unlinkat(root, "var/db/hbsd-update/version", 0), 0);
	put(root, "usr/include/sys/pax.h",
	    "#define __HardenedBSD_version 1400099UL\n");
	put(updates, "root/var/db/hbsd-update/version", VERSION "\n");
	assert_int_equal(judge(true, &n), IOC_VERIFY);
	put(root, "var/db/hbsd-update/version", "not one\n");
	assert_int_equal(judge(true, &n), IOC_FORMAT);
}

static int
setup(void **state)
{
	static const char *const dirs[] = { "r", "r/var", "r/var/db",
		"r/var/db/hbsd-update", "r/usr", "r/usr/include",
		"r/usr/include/sys", "u", "u/work", "u/root", "u/root/var",
		"u/root/var/db", "u/root/var/db/hbsd-update", NULL };
	int dir;

	assert_non_null(mkdtemp(top));
	dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (const char *const *d = dirs; *d != NULL; d++)
		assert_int_equal(mkdirat(dir, *d, 0700), 0);
	root = openat(dir, "r", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	updates = openat(dir, "u", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)close(dir);
	return (0);
}

static int
teardown(void **state)
{
	int dir = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = ioc_tree_remove(dir, top + strlen("/tmp/"), NULL);

	(void)close(dir);
	(void)close(root);
	(void)close(updates);
	return (r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conf),
		cmocka_unit_test(test_conf__refused),
		cmocka_unit_test(test_conf__damaged),
		cmocka_unit_test(test_conf__source),
		cmocka_unit_test(test_conf__trust),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_pax),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_attack_51__judge),
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
