/* SPDX-License-Identifier: BSD-2-Clause */
/* Content-Range. */
#include "unit.h"

#include "worker/range.h"

static void
test_good(void **state)
{
	struct ioc_range r;

	assert_true(ioc_range_parse("bytes 0-0/1", &r));
	assert_true(!r.none && r.first == 0 && r.last == 0 && r.total == 1);
	assert_true(ioc_range_parse("bytes 100-199/200", &r));
	assert_true(!r.none && r.first == 100 && r.last == 199 &&
	    r.total == 200);
	assert_true(ioc_range_parse("bytes */47022", &r));
	assert_true(r.none && r.total == 47022);
	assert_true(ioc_range_parse("bytes */0", &r));
	assert_true(ioc_range_parse(
	    "bytes 0-999999999999999998/999999999999999999", &r));
}

static void
test_bad(void **state)
{
	static const char *const bad[] = {
		"", "bytes", "bytes ", "bytes 0-0", "bytes 0-0/", "bytes */",
		"bytes */*", "bytes 0-0/*", "bytes 1-0/2", "bytes 0-2/2",
		"bytes 0-1/1", "bytes -0-0/1", "bytes 0--0/1", "bytes +0-0/1",
		"bytes 0-0/1 ", "bytes  0-0/1", "bytes 0 -0/1", "bytes=0-0/1",
		"Bytes 0-0/1", "octets 0-0/1", " bytes 0-0/1", "bytes 0-0/1,",
		"bytes 0-0/0x1", "bytes 0-0/1/1", "bytes 0-0,2-3/9", "0-0/1",
		"bytes */-1", "bytes 0-0/18446744073709551617",
		"bytes 0-0/1000000000000000000", "bytes a-b/c",
	};
	struct ioc_range r = { .total = 77 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		print_message("%s\n", bad[i]);
		assert_false(ioc_range_parse(bad[i], &r));
		assert_int_equal(r.total, 77);
	}
}

UNIT_MAIN(
    cmocka_unit_test(test_good),
    cmocka_unit_test(test_bad))
