/* SPDX-License-Identifier: BSD-2-Clause */
/* 43: lists of hashes, good ones and all others. */
#include "unit.h"

#include <string.h>

#include "base/buf.h"
#include "worker/manifest.h"

#define	A	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"				\
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define	B	"0123456789abcdef0123456789abcdef"				\
		"0123456789abcdef0123456789abcdef"
#define	N64	"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"				\
		"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
#define	FREEBSD(file)	file "\t" A "\t12\tbase\t\"Base (all)\"\ton\n"
#define	LINE(file)	"SHA256 (" file ") = " A "\n"

static struct ioc_error err;

static int
parse(enum ioc_manifest_kind kind, const char *text, size_t len,
    struct ioc_strv *out)
{
	memset(&err, 0, sizeof(err));
	return (ioc_manifest_parse(kind, text, len, out, &err));
}

static void
test_freebsd(void **state)
{
	static const char text[] =
	    "base.txz\t" A "\t29383\tbase\t\"Base system (MANDATORY)\"\ton\n"
	    "base-dbg.txz\t" B "\t0\tbase_dbg\t\"\"\toff\n";
	auto_strv struct ioc_strv v = IOC_STRV;

	assert_int_equal(parse(IOC_MANIFEST_FREEBSD, text, sizeof(text) - 1,
	    &v), 0);
	assert_int_equal(v.n, 2);
	assert_string_equal(v.v[0], A " base.txz");
	assert_string_equal(v.v[1], B " base-dbg.txz");
}

static void
test_sha256(void **state)
{
	static const char text[] = LINE("base.txz")
	    "SHA512 (base.txz) = " A A "\n"
	    "SHA256 (" N64 ") = " B "\n"
	    "SHA256 (src.txz) = "
	    "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"
	    "\n";
	auto_strv struct ioc_strv v = IOC_STRV;

	assert_int_equal(parse(IOC_MANIFEST_SHA256, text, sizeof(text) - 1,
	    &v), 0);
	assert_int_equal(v.n, 2);
	assert_string_equal(v.v[0], A " base.txz");
	assert_string_equal(v.v[1], B " src.txz");
}

static const struct row {
	enum ioc_manifest_kind kind;
	const char	*text;
	int		 code;
	const char	*msg;
} rows[] = {
	{ IOC_MANIFEST_FREEBSD, "", IOC_FORMAT, "no SHA-256 in it" },
	{ IOC_MANIFEST_FREEBSD, "\n", IOC_FORMAT, "line 1: nothing in it" },
	{ IOC_MANIFEST_FREEBSD, FREEBSD("base.txz") "\n", IOC_FORMAT,
	    "line 2: nothing" },
	{ IOC_MANIFEST_FREEBSD, FREEBSD("base.txz") FREEBSD("base.txz"),
	    IOC_FORMAT, "line 2: a file for the second time" },
	{ IOC_MANIFEST_FREEBSD, "base.txz\t" A "\t1\tbase\t\"x\"\ton\r\n",
	    IOC_FORMAT, "line 1: ends with CR LF" },
	{ IOC_MANIFEST_FREEBSD, FREEBSD("../base.txz"), IOC_UNSAFE,
	    "line 1: a path in a name" },
	{ IOC_MANIFEST_FREEBSD, FREEBSD("/base.txz"), IOC_UNSAFE, "path" },
	{ IOC_MANIFEST_FREEBSD, FREEBSD(".."), IOC_UNSAFE, "dot or dash" },
	{ IOC_MANIFEST_FREEBSD, FREEBSD("-rf"), IOC_UNSAFE, "dot or dash" },
	{ IOC_MANIFEST_FREEBSD, FREEBSD("base txz"), IOC_FORMAT, "a name" },
	{ IOC_MANIFEST_FREEBSD, FREEBSD("b\xc3\xa4se"), IOC_FORMAT,
	    "a name" },
	{ IOC_MANIFEST_FREEBSD, FREEBSD(""), IOC_FORMAT, "a name" },
	{ IOC_MANIFEST_FREEBSD, FREEBSD(N64), IOC_FORMAT, "too long" },
	{ IOC_MANIFEST_FREEBSD, "base.txz\t" A "\t1\tbase\t\"\033[2J\"\ton\n",
	    IOC_UNSAFE, "line 1: a control character" },
	{ IOC_MANIFEST_FREEBSD, "base.txz\t" A "a\t1\tbase\t\"x\"\ton\n",
	    IOC_FORMAT, "not a SHA-256" },
	{ IOC_MANIFEST_FREEBSD, "base.txz\tx" B "\t1\tbase\t\"x\"\ton\n",
	    IOC_FORMAT, "not a SHA-256" },
	{ IOC_MANIFEST_FREEBSD, "base.txz\t\t1\tbase\t\"x\"\ton\n",
	    IOC_FORMAT, "not a SHA-256" },
	{ IOC_MANIFEST_FREEBSD, "base.txz\t" A "\t-1\tbase\t\"x\"\ton\n",
	    IOC_FORMAT, "not a number" },
	{ IOC_MANIFEST_FREEBSD, "base.txz\t" A "\t1\t../x\t\"x\"\ton\n",
	    IOC_UNSAFE, "path" },
	{ IOC_MANIFEST_FREEBSD, "base.txz\t" A "\t1\tbase\tx\ton\n",
	    IOC_FORMAT, "quotes" },
	{ IOC_MANIFEST_FREEBSD, "base.txz\t" A "\t1\tbase\t\"\ton\n",
	    IOC_FORMAT, "quotes" },
	{ IOC_MANIFEST_FREEBSD, "base.txz\t" A "\t1\tbase\t\"a\"b\"\ton\n",
	    IOC_FORMAT, "quotes" },
	{ IOC_MANIFEST_FREEBSD, "base.txz\t" A "\t1\tbase\t\"x\"\tyes\n",
	    IOC_FORMAT, "not a line of a MANIFEST" },
	{ IOC_MANIFEST_FREEBSD, "base.txz\t" A "\t1\tbase\t\"x\"\ton",
	    IOC_FORMAT, "line 1: it has no end" },
	{ IOC_MANIFEST_FREEBSD, "base.txz\t" A "\t1\tbase\t\"\xff\"\ton\n",
	    IOC_FORMAT, "not ASCII" },
	{ IOC_MANIFEST_FREEBSD, LINE("base.txz"), IOC_FORMAT, "MANIFEST" },
	{ IOC_MANIFEST_FREEBSD, "\xef\xbb\xbf" FREEBSD("base.txz"),
	    IOC_FORMAT, "a name" },
	{ IOC_MANIFEST_SHA256, "SHA512 (x) = " A A "\n", IOC_FORMAT,
	    "no SHA-256 in it" },
	{ IOC_MANIFEST_SHA256, LINE("a") LINE("b") LINE("a"), IOC_FORMAT,
	    "line 3: a file for the second time" },
	{ IOC_MANIFEST_SHA256, "SHA256 (a) = " A "\r\n", IOC_FORMAT, "CR" },
	{ IOC_MANIFEST_SHA256, LINE("a/b"), IOC_UNSAFE, "path" },
	{ IOC_MANIFEST_SHA256, LINE("SHA512/../x"), IOC_UNSAFE, "path" },
	{ IOC_MANIFEST_SHA256, "SHA512 (../x) = " A A "\n", IOC_UNSAFE,
	    "path" },
	{ IOC_MANIFEST_SHA256, LINE(".x"), IOC_UNSAFE, "dot" },
	{ IOC_MANIFEST_SHA256, LINE("a\tb"), IOC_UNSAFE, "control" },
	{ IOC_MANIFEST_SHA256, LINE("a b"), IOC_FORMAT, "not \"SHA256" },
	{ IOC_MANIFEST_SHA256, LINE("a;b"), IOC_FORMAT, "a name" },
	{ IOC_MANIFEST_SHA256, "SHA256 (a) = " A "a\n", IOC_FORMAT,
	    "not a SHA-256" },
	{ IOC_MANIFEST_SHA256, "SHA256 (a) = x" B "\n", IOC_FORMAT, "not" },
	{ IOC_MANIFEST_SHA256, "SHA256 (a) =  " A "\n", IOC_FORMAT, "not" },
	{ IOC_MANIFEST_SHA256, "SHA256 a = " A "\n", IOC_FORMAT, "not" },
	{ IOC_MANIFEST_SHA256, "SHA256 () = " A "\n", IOC_FORMAT, "a name" },
	{ IOC_MANIFEST_SHA256, "SHA256 ( = " A "\n", IOC_FORMAT, "not" },
	{ IOC_MANIFEST_SHA256, A "  a\n", IOC_FORMAT, "not \"SHA256" },
	{ IOC_MANIFEST_SHA256, LINE("a") "SHA256 (b) = " A, IOC_FORMAT,
	    "line 2: it has no end" },
};

static void
test_bad(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		auto_strv struct ioc_strv v = IOC_STRV;

		assert_int_equal(parse(rows[i].kind, rows[i].text,
		    strlen(rows[i].text), &v), rows[i].code);
		print_message("%s\n", err.msg);
		assert_non_null(strstr(err.msg, rows[i].msg));
	}
}

static void
test_nul(void **state)
{
	static const char text[] = "SHA256 (a\0b) = " A "\n";
	auto_strv struct ioc_strv v = IOC_STRV;

	assert_int_equal(parse(IOC_MANIFEST_SHA256, text, sizeof(text) - 1,
	    &v), IOC_UNSAFE);
}

static void
test_many(void **state)
{
	auto_buf struct ioc_buf b = IOC_BUF(2 * IOC_MANIFEST_BYTES);
	auto_strv struct ioc_strv v = IOC_STRV, w = IOC_STRV, x = IOC_STRV;

	for (unsigned i = 0; i < IOC_MANIFEST_SETS; i++)
		(void)ioc_buf_addf(&b, "SHA256 (%063u) = %s\n", i, A);
	assert_int_equal(parse(IOC_MANIFEST_SHA256, b.data, b.len, &v), 0);
	assert_int_equal(v.n, IOC_MANIFEST_SETS);
	(void)ioc_buf_adds(&b, LINE("x"));
	assert_int_equal(parse(IOC_MANIFEST_SHA256, b.data, b.len, &w),
	    IOC_LIMIT);
	/* Passed over, but not without an end. */
	ioc_buf_clear(&b);
	(void)ioc_buf_adds(&b, LINE("x"));
	while (b.len <= IOC_MANIFEST_BYTES)
		(void)ioc_buf_adds(&b, "MD5 (x) = 00\n");
	assert_int_equal(parse(IOC_MANIFEST_SHA256, b.data, b.len, &x),
	    IOC_LIMIT);
}

UNIT_MAIN(
    cmocka_unit_test(test_freebsd),
    cmocka_unit_test(test_sha256),
    cmocka_unit_test(test_bad),
    cmocka_unit_test(test_nul),
    cmocka_unit_test(test_many))
