/* SPDX-License-Identifier: BSD-2-Clause */
/* The judge of URLs, and of hashes as text. */
#include "unit.h"

#include <string.h>

#include "safe/fetch.h"
#include "safe/hash.h"

static struct ioc_error err;

static void
test_good(void **state)
{
	static const char *const good[] = {
		"https://example.org",
		"https://example.org/",
		"HTTPS://example.org/a",
		"https://download.freebsd.org/releases/amd64/base.txz",
		"https://example.org:8443/a?b=c&d=%20#e",
		"https://example.org?x=a@b",
		"https://127.0.0.1:1/x",
		"https://[::1]/x",
		"https://[2001:db8::1]:443/x",
		"https://a-b.example.org./x",
		"https://localhost:65535",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		print_message("%s\n", good[i]);
		assert_int_equal(ioc_fetch_judge_url(good[i], &err), 0);
	}
}

static void
test_bad(void **state)
{
	static const char *const bad[] = {
		"", "x", "https", "https:", "https:/", "https://",
		"https:///etc/passwd", "http://example.org/",
		"ftp://example.org/", "file:///etc/passwd",
		"httpsx://example.org/", " https://example.org/",
		"-o/etc/passwd", "https:example.org",
		"https://user@example.org/", "https://u:p@example.org/",
		"https://example.org@evil/", "https://:443/",
		"https://example.org:/", "https://example.org:0/",
		"https://example.org:65536/", "https://example.org:+1/",
		"https://example.org:4a/", "https://example.org:443:443/",
		"https://example..org/", "https://.example.org/",
		"https://-example.org/", "https://example-.org/",
		"https://example.org-/", "https://ex_ample!.org/",
		"https://example.org/a b", "https://example.org/a\tb",
		"https://example.org/a\nb", "https://example.org/\r\nX: y",
		"https://example.org/\x7f", "https://ex\xc3\xa4mple.org/",
		"https://example.org/\xff", "https://example.org\\evil/",
		"https://example.org/\"", "https://example.org/<a>",
		"https://example.org/{a,b}", "https://example.org/`id`",
		"https://[::1/", "https://[]/", "https://[::1]x/",
		"https://[::1%25eth0]/", "https://[1]/", "https://::1/",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		print_message("%zu\n", i);
		assert_int_equal(ioc_fetch_judge_url(bad[i], &err),
		    IOC_INVALID);
		assert_null(strpbrk(err.msg, "\n\r\t"));
	}
}

static void
test_length(void **state)
{
	static char url[4096] = "https://example.org/";

	memset(url + strlen(url), 'a', 2048 - strlen(url));
	assert_int_equal(strlen(url), 2048);
	assert_int_equal(ioc_fetch_judge_url(url, &err), 0);
	url[2048] = 'a';
	assert_int_equal(ioc_fetch_judge_url(url, &err), IOC_INVALID);
	memset(url, 0, sizeof(url));
	memcpy(url, "https://", 8);
	memset(url + 8, 'a', 64);
	assert_int_equal(ioc_fetch_judge_url(url, &err), IOC_INVALID);
	url[8 + 63] = '\0';
	assert_int_equal(ioc_fetch_judge_url(url, &err), 0);
}

static void
test_hash(void **state)
{
	char hex[IOC_SHA256_HEX] = "x";
	char text[80];

	memset(text, 'A', 64);
	text[64] = '\0';
	assert_int_equal(ioc_hash_parse(text, hex, &err), 0);
	assert_int_equal(strspn(hex, "a"), 64);
	text[63] = '\0';
	assert_int_equal(ioc_hash_parse(text, hex, &err), IOC_INVALID);
	text[63] = 'g';
	assert_int_equal(ioc_hash_parse(text, hex, &err), IOC_INVALID);
	memset(text, '1', 65);
	text[65] = '\0';
	assert_int_equal(ioc_hash_parse(text, hex, &err), IOC_INVALID);
	assert_int_equal(ioc_hash_parse("", hex, &err), IOC_INVALID);
	assert_int_equal(strspn(hex, "a"), 64);
}

UNIT_MAIN(
    cmocka_unit_test(test_good),
    cmocka_unit_test(test_bad),
    cmocka_unit_test(test_length),
    cmocka_unit_test(test_hash))
