/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <string.h>

#include "base/fflags.h"

static void
test_names(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" }, { "none", "" }, { ",,", "" },
		{ "schg", "schg" }, { "simmutable", "schg" },
		{ "nodump,schg", "nodump,schg" },
		{ "sunlink,uarch,,schange", "uarch,schg,sunlnk" },
		{ "schgx,xschg,extent", "" },
		{ "hidden,uhidden", "hidden" },
	};
	char text[IOC_FFLAGS_TEXT];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(ioc_fflags_text(ioc_fflags_parse(
		    rows[i][0]), text), rows[i][1]);
	assert_int_equal(ioc_fflags_parse("uarchive"), IOC_FFLAG_UARCH);
}

static void
test_all(void **state)
{
	char text[IOC_FFLAGS_TEXT];
	uint32_t all = ioc_fflags_parse(ioc_fflags_text(UINT32_MAX, text));

	assert_true(strlen(text) < sizeof(text) - 1);
	assert_int_equal(all, 0xffff);
}

UNIT_MAIN(cmocka_unit_test(test_names), cmocka_unit_test(test_all))
