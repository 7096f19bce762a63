/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "dist/bsd.h"
#include "dist/lifetime.h"
#include "dist/relname.h"
#include "dist/sets.h"
#include "dist/signed.h"
#include "dist/trust.h"

/* --- names ----------------------------------------------------------------------- */

static void
test_relname__forms(void **state)
{
	static const char *const good[] = { "14.2-RELEASE", "14.2-RELEASE-p1",
		"9.3-RELEASE", "15.0-ALPHA1", "15.0-BETA3", "15.0-RC2",
		"15.0-PRERELEASE", "14.3-STABLE", "16.0-CURRENT", "15-STABLE",
		"16-CURRENT", "0.1-RELEASE" };
	static const char *const bad[] = { "", "-", "14.2", "14.2-", "RELEASE",
		"14.2-release", "14.2-RELEASE1", "14.2-RC", "14.2-RC0",
		"14.2-RC01", "14-RELEASE", "14-RC1", "014.2-RELEASE",
		"14.02-RELEASE", "14.-RELEASE", ".2-RELEASE", "14.2.1-RELEASE",
		"14.2-RELEASE-", "14.2-RELEASE-p", "14.2-RELEASE-x",
		"14.2-RELEASE/", "../14.2-RELEASE", " 14.2-RELEASE",
		"14.2-RELEASE\n", "99999.2-RELEASE", "bookworm" };
	struct ioc_relname r;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!ioc_relname_parse(good[i], false, &r))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (ioc_relname_parse(bad[i], false, &r))
			fail_msg("%s", bad[i]);
	assert_true(ioc_relname_parse("14.2-RELEASE-p3-corp", true, &r));
	assert_int_equal(r.patch, 3);
	assert_true(ioc_relname_parse("15.0-STABLE-HBSD", true, &r));
	assert_false(ioc_relname_parse("15.0-STABLEHBSD", true, &r));
}

static void
test_relname__order(void **state)
{
	static const char *const rows[] = { "9.3-RELEASE", "13.2-RELEASE",
		"14.0-CURRENT", "14.0-ALPHA1", "14.0-PRERELEASE", "14.0-BETA1",
		"14.0-BETA2", "14.0-RC1", "14.0-RELEASE", "14.0-RELEASE-p1",
		"14.0-RELEASE-p10", "14.0-STABLE", "14.1-RELEASE",
		"15.0-CURRENT" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t k = 0; k < sizeof(rows) / sizeof(*rows); k++)
			if (ioc_relname_is_newer(rows[i], rows[k]) != (i > k))
				fail_msg("%s, %s", rows[i], rows[k]);
	/* a whole branch is not newer than what is on it */
	assert_false(ioc_relname_is_newer("15-STABLE", "15.0-STABLE-HBSD"));
	assert_true(ioc_relname_is_newer("15-STABLE", "14.3-STABLE"));
	assert_false(ioc_relname_is_newer("15.0-RELEASE", "6.1.0-28-amd64"));
	assert_false(ioc_relname_is_newer("bookworm", "14.2-RELEASE"));
}

/* What can be fetched, and from whom. */
static void
test_dist__names(void **state)
{
	static const struct { const char *name, *dist; } rows[] = {
		{ "14.2-RELEASE", "freebsd" }, { "15.0-RC1", "freebsd" },
		{ "16.0-CURRENT", "freebsd" }, { "14.3-STABLE", "freebsd" },
		{ "15-STABLE", "hardenedbsd" }, { "CURRENT", "hardenedbsd" },
		{ "bookworm", "debian" }, { "14.2-RELEASE-p1", NULL },
		{ "15-STABLE-p1", NULL }, { "15-CURRENT", NULL },
		{ "current", NULL }, { "14.2", NULL }, { "", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct ioc_dist *d = ioc_dist_of_release(rows[i].name);

		if (d == NULL ? rows[i].dist != NULL : rows[i].dist == NULL ||
		    strcmp(d->name, rows[i].dist) != 0)
			fail_msg("%s is of %s", rows[i].name,
			    d != NULL ? d->name : "nobody");
	}
	assert_true(ioc_dist_runs_on(&ioc_dist_freebsd, "HardenedBSD"));
	assert_false(ioc_dist_runs_on(&ioc_dist_freebsd, "Linux"));
	assert_false(ioc_dist_runs_on(&ioc_dist_hardenedbsd, "FreeBSD"));
	assert_false(ioc_dist_runs_on(&ioc_dist_debian, "FreeBSD"));
	assert_true(ioc_dist_runs_on(&ioc_dist_archive, "FreeBSD"));
}

static void
test_lifetime(void **state)
{
	assert_string_equal(ioc_lifetime_end("14.2-RELEASE"), "2025-09-30");
	assert_string_equal(ioc_lifetime_end("14.2-STABLE"), "2028-11-30");
	assert_string_equal(ioc_lifetime_end("15-STABLE"), "2029-12-31");
	assert_string_equal(ioc_lifetime_end("15.1-RELEASE"), "2027-03-31");
	assert_string_equal(ioc_lifetime_end("8.4-RELEASE"), "");
	assert_null(ioc_lifetime_end("99.0-RELEASE"));
	assert_null(ioc_lifetime_end("15.0-RC1"));
	assert_null(ioc_lifetime_end("16.0-CURRENT"));
	assert_null(ioc_lifetime_end("CURRENT"));
	assert_string_equal(ioc_dist_debian.eol("bookworm"), "2028-06-30");
	assert_null(ioc_dist_debian.eol("sid"));
	assert_null(ioc_dist_debian.eol("14.2-RELEASE"));
	for (const char *const *r = ioc_lifetime_releases; *r != NULL; r++)
		if (ioc_lifetime_end(*r) == NULL ||
		    strlen(ioc_lifetime_end(*r)) != 10)
			fail_msg("%s", *r);
}

/* --- architectures and templates -------------------------------------------------- */

static void
test_arch(void **state)
{
	static const struct { const char *name, *path; } rows[] = {
		{ "amd64", "amd64/amd64" }, { "arm64", "arm64/aarch64" },
		{ "aarch64", "arm64/aarch64" }, { "i386", "i386/i386" },
		{ "arm64/aarch64", "arm64/aarch64" },
		{ "riscv64", "riscv/riscv64" }, { "armv7", "arm/armv7" },
		{ "powerpc64le", "powerpc/powerpc64le" },
		{ "powerpc", "powerpc/powerpc" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct ioc_sets_arch *a = ioc_sets_arch(rows[i].name);
		auto_free char *s = a == NULL ? NULL :
		    ioc_sets_expand("%a/%m", a, "");

		if (s == NULL || strcmp(s, rows[i].path) != 0)
			fail_msg("%s: %s", rows[i].name, s);
	}
	assert_null(ioc_sets_arch(""));
	assert_null(ioc_sets_arch("/"));
	assert_null(ioc_sets_arch("x86_64"));
	assert_null(ioc_sets_arch("amd64/aarch64"));
	assert_null(ioc_sets_arch("../amd64"));
}

static void
test_expand(void **state)
{
	auto_free char *s = ioc_sets_expand("https://x/%b/%a/%m/%r/z",
	    ioc_sets_arch("arm64"), "15-STABLE");

	assert_string_equal(s, "https://x/15-stable/arm64/aarch64/15-STABLE/z");
}

static const struct ioc_sets some = { .usual = "base", .suffix = ".txz" };

static void
check_sets(const char *text, const char *want)
{
	auto_strv struct ioc_strv v = IOC_STRV;
	auto_buf struct ioc_buf b = IOC_BUF(1000);
	struct ioc_error err = { 0 };
	int r = ioc_sets_parse(&some, text, &v, &err);

	if (want == NULL) {
		if (r != IOC_INVALID && r != IOC_LIMIT)
			fail_msg("%s: %d", text, r);
		return;
	}
	if (r != 0)
		fail_msg("%s: %s", text, err.msg);
	for (size_t i = 0; i < v.n; i++)
		(void)ioc_buf_addf(&b, "%s%s", i > 0 ? " " : "", v.v[i]);
	assert_string_equal(ioc_buf_str(&b), want);
}

static void
test_sets(void **state)
{
	check_sets(NULL, "base");
	check_sets("base", "base");
	check_sets("base,lib32", "base lib32");
	check_sets("lib32,base", "base lib32");
	check_sets("tests,base,base-dbg", "base tests base-dbg");
	check_sets("", NULL);
	check_sets("lib32", NULL);
	check_sets("base,", NULL);
	check_sets("base,base", NULL);
	check_sets("base,lib32,lib32", NULL);
	check_sets("base,../x", NULL);
	check_sets("base,a/b", NULL);
	check_sets("base,a b", NULL);
	check_sets("base,a,b,c,d,e,f,g,h", NULL);
}

/* Every line can be written by conf/rcconf, and those of a file are together. */
static void
test_config(void **state)
{
	const char *last = "";
	size_t files = 0;

	for (const struct ioc_dist_line *l = ioc_bsd_config; l->file != NULL;
	    l++) {
		if (strcmp(l->file, last) != 0)
			files++;
		last = l->file;
		assert_true(strncmp(l->file, "etc/", 4) == 0);
	}
	assert_int_equal(files, 3);
}

/* --- trust ------------------------------------------------------------------------- */

static void
set(struct ioc_trusted *t, const char *file, char digit)
{
	struct ioc_manifest_set *s;

	t->manifest.sets = realloc(t->manifest.sets,
	    (t->manifest.n + 1) * sizeof(*s));
	assert_non_null(t->manifest.sets);
	s = &t->manifest.sets[t->manifest.n++];
	(void)snprintf(s->file, sizeof(s->file), "%s", file);
	memset(s->sha256, digit, 64);
	s->sha256[64] = '\0';
}

static int
compare(enum ioc_trust from, const char *strong, const char *weak,
    struct ioc_error *err)
{
	auto_trusted struct ioc_trusted a = IOC_TRUSTED, b = IOC_TRUSTED;

	a.from = from;
	a.where = strdup("/manifest");
	b.where = strdup("https://localhost/MANIFEST");
	for (; strong[0] != '\0'; strong += 2)
		set(&a, (char[]){ strong[0], '\0' }, strong[1]);
	for (; weak[0] != '\0'; weak += 2)
		set(&b, (char[]){ weak[0], '\0' }, weak[1]);
	return (ioc_trust_compare(&a, &b, err));
}

static void
test_trust(void **state)
{
	struct ioc_error err = { 0 };

	assert_int_equal(compare(IOC_TRUST_PIN, "b1l2", "b1l2", &err), 0);
	/* one that knows more, or less, does not contradict */
	assert_int_equal(compare(IOC_TRUST_PIN, "b1", "b1l2", &err), 0);
	assert_int_equal(compare(IOC_TRUST_PIN, "b1l2", "b1", &err), 0);
	assert_int_equal(compare(IOC_TRUST_PIN, "b1l2", "l2b1", &err), 0);
	assert_int_equal(compare(IOC_TRUST_PIN, "b1l2", "b1l3", &err),
	    IOC_VERIFY);
	assert_non_null(strstr(err.msg, "--manifest"));
	assert_non_null(strstr(err.msg, "https://localhost/MANIFEST"));
	assert_int_equal(compare(IOC_TRUST_HOST, "b1", "b2", &err),
	    IOC_VERIFY);
	assert_non_null(strstr(err.msg, "this host's manifest"));
	assert_int_equal(compare(IOC_TRUST_ADMIN, "b1", "b2", &err),
	    IOC_VERIFY);
	assert_non_null(strstr(err.msg, "that was given"));
	assert_string_equal(ioc_trust_word(IOC_TRUST_MIRROR), "mirror");
}

/* --- signatures ------------------------------------------------------------------- */

#define	HASH	"SHA256:0123456789abcdefghijklmnopqrstuvwxyz+/ABCDE"

static void
test_signed__key(void **state)
{
	static const struct {
		const char *text, *key;
	} rows[] = {
		{ "Good \"file\" signature for a with ED25519 key " HASH "\n",
		    "ED25519 " HASH },
		{ "Good \"file\" signature for a with RSA key SHA256:x with "
		    "ECDSA-SK key " HASH, "ECDSA-SK " HASH },
		{ "Good \"file\" signature for a with ED25519 key " HASH "x\n",
		    NULL },
		{ "Good \"file\" signature for a with ED25519 key " HASH
		    " with x\n", NULL },
		{ "Good \"file\" signature for a with ed25519 key " HASH "\n",
		    NULL },
		{ "Good \"file\" signature with ED25519 key SHA256:AAAA\n", NULL },
		{ "Bad with ED25519 key " HASH "\n", NULL },
		{ "Good \"file\"", NULL },
		{ "", NULL },
	};
	char got[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool good = ioc_signed_key(rows[i].text, got, sizeof(got));

		if (good != (rows[i].key != NULL) ||
		    (good && strcmp(got, rows[i].key) != 0))
			fail_msg("%s: %s", rows[i].text, good ? got : "none");
		if (good && ioc_signed_key(rows[i].text, got, 20))
			fail_msg("%s: too long for 20", rows[i].text);
	}
}

static void
test_signed__principal(void **state)
{
	char got[8];

	assert_true(ioc_signed_principal("one\ntwo\n", got, sizeof(got)));
	assert_string_equal(got, "one");
	assert_true(ioc_signed_principal("\n!no\nlonger than that\na b", got,
	    sizeof(got)));
	assert_string_equal(got, "a b");
	assert_false(ioc_signed_principal("", got, sizeof(got)));
	assert_false(ioc_signed_principal("\n!no\n", got, sizeof(got)));
}

UNIT_MAIN(
	cmocka_unit_test(test_relname__forms),
	cmocka_unit_test(test_relname__order),
	cmocka_unit_test(test_dist__names),
	cmocka_unit_test(test_lifetime),
	cmocka_unit_test(test_signed__key),
	cmocka_unit_test(test_signed__principal),
	cmocka_unit_test(test_arch),
	cmocka_unit_test(test_expand),
	cmocka_unit_test(test_sets),
	cmocka_unit_test(test_config),
	cmocka_unit_test(test_trust))
