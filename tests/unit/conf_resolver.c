/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/buf.h"
#include "conf/resolver.h"

static void
test_resolver__lines(void **state)
{
	static const char *const good[][2] = {
		{ "192.0.2.1", "nameserver 192.0.2.1\n" },
		{ "192.0.2.1,::1", "nameserver 192.0.2.1\nnameserver ::1\n" },
		{ " nameserver\t192.0.2.1 ;; search a.org b.org;domain c.",
		    "nameserver 192.0.2.1\nsearch a.org b.org\ndomain c.\n" },
		{ "fe80::1%em0;options ndots:2 edns0;search .",
		    "nameserver fe80::1%em0\noptions ndots:2 edns0\n"
		    "search .\n" },
		{ "-", "" }, { "none", "" }, { "/dev/null", "" },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		auto_buf struct ioc_buf b = IOC_BUF(4096);
		struct ioc_error err = { .msg = "" };
		const char *path = "x";

		if (ioc_resolver_text(good[i][0], &b, &path, &err) != 0)
			fail_msg("%s: %s", good[i][0], err.msg);
		assert_null(path);
		assert_string_equal(ioc_buf_str(&b), good[i][1]);
		assert_int_equal(ioc_resolver_check(good[i][0], &err), 0);
	}
}

static void
test_resolver__a_file(void **state)
{
	auto_buf struct ioc_buf b = IOC_BUF(4096);
	const char *path = NULL;

	assert_int_equal(ioc_resolver_text("/etc/resolv.conf", &b, &path,
	    NULL), 0);
	assert_string_equal(path, "/etc/resolv.conf");
	assert_int_equal(b.len, 0);
}

static void
test_resolver__refused(void **state)
{
	static const char *const bad[] = {
		"nameserver", "nameserver x", "192.0.2", "192.0.2.256",
		"192.0.2.1 192.0.2.2", "nameserver 192.0.2.1 192.0.2.2",
		"search", "search a_b", "search a..b", "domain a b", "eat x",
		";", " ", ",;,", "options $(x)", "options a\\b", "::1%",
		"::1%-x", "192.0.2.1%em0", "search a\nnameserver 1.2.3.4",
		"192.0.2.1\nx", "/etc/x\n", "/a\x1b", "nameserver \x80",
		"1::::1", "0x7f.1",
	};
	char *many;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct ioc_error err = { .msg = "" };

		if (ioc_resolver_check(bad[i], &err) != IOC_INVALID)
			fail_msg("%s: %s", bad[i], err.msg);
		assert_null(strchr(err.msg, '\n'));
	}
	many = calloc(1, 33 * 8 + 1);
	for (int i = 0; i < 33; i++)
		strcat(many, "1.2.3.4;");
	assert_int_equal(ioc_resolver_check(many, NULL), IOC_INVALID);
	free(many);
	many = calloc(1, 20000);
	memset(many, ' ', 19999);
	assert_int_equal(ioc_resolver_check(many, NULL), IOC_INVALID);
	memcpy(many, "search", 6);
	for (int i = 6; i < 19990; i += 2)
		memcpy(many + i, " a", 2);
	assert_int_equal(ioc_resolver_check(many, NULL), IOC_INVALID);
	free(many);
}

UNIT_MAIN(
	cmocka_unit_test(test_resolver__lines),
	cmocka_unit_test(test_resolver__a_file),
	cmocka_unit_test(test_resolver__refused))
