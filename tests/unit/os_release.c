/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include "os/freebsd/release.h"

/* Jail descriptors: only of kernels that are known to count them right. */
static void
test_release_has_desc(void **state)
{
	static const struct {
		const char	*release;
		bool		 has;
	} cases[] = {
		{ "13.2-RELEASE", false },
		{ "14.3-RELEASE-p20", false },
		{ "15.0-RELEASE", false },
		{ "15.0-RELEASE-p10", false },
		{ "15.0-RELEASE-p11", true },
		{ "15.1-RELEASE", false },
		{ "15.1-RELEASE-p1", true },
		{ "15.2-RELEASE", true },
		{ "16.0-RELEASE", true },
		{ "15.1-STABLE", false },
		{ "15.0-RC2", false },
		{ "16.0-CURRENT", false },
		{ "15-STABLE-HBSD", false },
		{ "15.0-RELEASE-p11x", false },
		{ "15.0-RELEASE-p", false },
		{ "15.0-RELEASE-", false },
		{ "15.", false },
		{ "150.0-RELEASEx", false },
		{ "", false },
		{ "999999999999999.0-RELEASE", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (ioc_fb_release_has_desc(cases[i].release) != cases[i].has)
			fail_msg("%s", cases[i].release);
}

/* CVE-2025-15576, 2026-101304 to 2026-101306: what jails pass to each other. */
static void
test_release_has_share(void **state)
{
	static const struct {
		const char	*release;
		bool		 has;
	} cases[] = {
		{ "13.2-RELEASE", false },
		{ "13.5-RELEASE-p10", false },
		{ "14.3-RELEASE-p20", false },
		{ "14.4-RELEASE-p9", false },
		{ "14.4-RELEASE-p10", true },
		{ "14.5-RELEASE", false },
		{ "14.5-RELEASE-p1", true },
		{ "14.6-RELEASE", true },
		{ "14.5-STABLE", false },
		{ "15.0-RELEASE-p13", false },
		{ "15.0-RELEASE-p14", true },
		{ "15.1-RELEASE-p3", false },
		{ "15.1-RELEASE-p4", true },
		{ "15.2-RELEASE", true },
		{ "16.0-RELEASE", true },
		{ "16.0-CURRENT", false },
		{ "15-STABLE-HBSD", false },
		{ "", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (ioc_fb_release_has_share(cases[i].release) != cases[i].has)
			fail_msg("%s", cases[i].release);
}

UNIT_MAIN(
	cmocka_unit_test(test_release_has_desc),
	cmocka_unit_test(test_release_has_share))
