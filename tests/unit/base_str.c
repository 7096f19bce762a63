/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/str.h"

static void
test_to_u64(void **state)
{
	uint64_t v;

	assert_int_equal(ioc_str_to_u64("0", 0, 5, &v, NULL), 0);
	assert_int_equal(v, 0);
	assert_int_equal(ioc_str_to_u64("18446744073709551615", 0, UINT64_MAX,
	    &v, NULL), 0);
	assert_true(v == UINT64_MAX);
	for (const char **s = (const char *[]){ "", " 1", "+1", "-1", "1 ",
	    "0x1", "1.0", "18446744073709551616", "6", "one", NULL };
	    *s != NULL; s++)
		assert_int_equal(ioc_str_to_u64(*s, 0, 5, &v, NULL),
		    IOC_INVALID);
}

static void
test_to_size(void **state)
{
	uint64_t v;

	assert_int_equal(ioc_str_to_size("1K", &v, NULL), 0);
	assert_int_equal(v, 1024);
	assert_int_equal(ioc_str_to_size("2g", &v, NULL), 0);
	assert_true(v == 2ull << 30);
	assert_int_equal(ioc_str_to_size("12", &v, NULL), 0);
	assert_int_equal(v, 12);
	for (const char **s = (const char *[]){ "", "K", "1 ", " ", "1KK",
	    "1X", "-1K", "99999999999P", "1 K", NULL }; *s != NULL; s++)
		assert_int_equal(ioc_str_to_size(*s, &v, NULL), IOC_INVALID);
}

static void
check_escape(const char *in, size_t len, const char *want)
{
	auto_buf struct ioc_buf b = IOC_BUF(1000);

	assert_int_equal(ioc_str_escape(&b, in, len), 0);
	assert_string_equal(ioc_buf_str(&b), want);
}

static void
test_escape__terminal_controls_and_bad_utf8(void **state)
{
	check_escape("plain", 5, "plain");
	check_escape("a\033[31mb", 7, "a\\x1b[31mb");
	check_escape("a\nb\tc\\", 6, "a\\nb\\tc\\\\");
	check_escape("\0", 1, "\\x00");
	check_escape("gr\303\274n", 5, "gr\303\274n");
	check_escape("\303", 1, "\\xc3");
	check_escape("\300\257", 2, "\\xc0\\xaf");
	check_escape("\355\240\200", 3, "\\xed\\xa0\\x80");
	check_escape("\302\233", 2, "\\xc2\\x9b");		/* C1: CSI */
	check_escape("\342\200\256x", 4, "\\xe2\\x80\\xaex");	/* bidi */
	check_escape("\360\237\220\241", 4, "\360\237\220\241");
	check_escape("\377\376", 2, "\\xff\\xfe");
	check_escape("\177", 1, "\\x7f");
}

static void
test_escape__public(void **state)
{
	char *e = ioc_escape("a\033b\0c", 5);

	assert_string_equal(e, "a\\x1bb\\x00c");
	free(e);
	e = ioc_escape("", 0);
	assert_string_equal(e, "");
	free(e);
}

static void
test_show__is_cut_at_a_character(void **state)
{
	char in[400], out[20];

	memset(in, 'x', sizeof(in) - 1);
	in[sizeof(in) - 1] = '\0';
	assert_string_equal(ioc_str_show(out, sizeof(out), in),
	    "xxxxxxxxxxxxxxxx...");
	for (size_t i = 0; i + 2 < sizeof(in); i += 2)
		memcpy(in + i, "\303\274", 2);
	(void)ioc_str_show(out, sizeof(out), in);
	assert_string_equal(out + strlen(out) - 3, "...");
	assert_int_equal((strlen(out) - 3) % 2, 0);
}

static void
test_human(void **state)
{
	char out[8];

	assert_string_equal(ioc_str_human(out, 0), "0B");
	assert_string_equal(ioc_str_human(out, 999), "999B");
	assert_string_equal(ioc_str_human(out, 1536), "1.5K");
	assert_string_equal(ioc_str_human(out, 200ull << 20), "200M");
	assert_string_equal(ioc_str_human(out, UINT64_MAX), "15E");
}

static void
test_is_utf8(void **state)
{
	assert_true(ioc_str_is_utf8(""));
	assert_true(ioc_str_is_utf8("gr\303\274n \360\237\220\213\n"));
	for (const char **s = (const char *[]){ "\377", "a\303", "\300\257",
	    "\355\240\200", "\364\220\200\200", "\200", NULL }; *s != NULL; s++)
		assert_false(ioc_str_is_utf8(*s));
}

UNIT_MAIN(
	cmocka_unit_test(test_is_utf8),
	cmocka_unit_test(test_to_u64),
	cmocka_unit_test(test_to_size),
	cmocka_unit_test(test_escape__terminal_controls_and_bad_utf8),
	cmocka_unit_test(test_escape__public),
	cmocka_unit_test(test_show__is_cut_at_a_character),
	cmocka_unit_test(test_human))
