/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dates are those that https://www.freebsd.org/security/ and
 * https://www.freebsd.org/security/unsupported/ give; for 14.4 and 15.1 the ends
 * of the months that the schedule of July 2024 to freebsd-announce names.
 */
#include "dist/lifetime.h"

#include <stddef.h>

#include "dist/relname.h"

#define	BRANCH	10000u		/* in place of a minor version: stable/N */

static const struct {
	unsigned	 major, minor;
	const char	*end;
} lifetimes[] = {
	{ 9, 3, "2016-12-31" },
	{ 10, BRANCH, "2018-10-31" },
	{ 10, 0, "2015-02-28" },
	{ 10, 1, "2016-12-31" },
	{ 10, 2, "2016-12-31" },
	{ 10, 3, "2018-04-30" },
	{ 10, 4, "2018-10-31" },
	{ 11, BRANCH, "2021-09-30" },
	{ 11, 0, "2017-11-30" },
	{ 11, 1, "2018-09-30" },
	{ 11, 2, "2019-10-31" },
	{ 11, 3, "2020-09-30" },
	{ 11, 4, "2021-09-30" },
	{ 12, BRANCH, "2023-12-31" },
	{ 12, 0, "2020-02-29" },
	{ 12, 1, "2021-01-31" },
	{ 12, 2, "2022-03-31" },
	{ 12, 3, "2023-03-31" },
	{ 12, 4, "2023-12-31" },
	{ 13, BRANCH, "2026-04-30" },
	{ 13, 0, "2022-08-31" },
	{ 13, 1, "2023-07-31" },
	{ 13, 2, "2024-06-30" },
	{ 13, 3, "2024-12-31" },
	{ 13, 4, "2025-06-30" },
	{ 13, 5, "2026-04-30" },
	{ 14, BRANCH, "2028-11-30" },
	{ 14, 0, "2024-09-30" },
	{ 14, 1, "2025-03-31" },
	{ 14, 2, "2025-09-30" },
	{ 14, 3, "2026-06-30" },
	{ 14, 4, "2026-12-31" },
	{ 15, BRANCH, "2029-12-31" },
	{ 15, 0, "2026-09-30" },
	{ 15, 1, "2027-03-31" },
};

const char *const ioc_lifetime_releases[] = {
	"15.1-RELEASE", "15.0-RELEASE", "14.4-RELEASE", "14.3-RELEASE",
	"14.2-RELEASE", "14.1-RELEASE", "14.0-RELEASE", "13.5-RELEASE",
	"13.4-RELEASE", "13.3-RELEASE", "13.2-RELEASE", NULL
};

const char *
ioc_lifetime_end(const char *release)
{
	struct ioc_relname r;

	if (!ioc_relname_parse(release, false, &r) ||
	    (r.kind != IOC_REL_RELEASE && r.kind != IOC_REL_STABLE))
		return (NULL);
	if (r.kind == IOC_REL_STABLE)
		r.minor = BRANCH;
	for (size_t i = 0; i < sizeof(lifetimes) / sizeof(*lifetimes); i++)
		if (lifetimes[i].major == r.major &&
		    lifetimes[i].minor == r.minor)
			return (lifetimes[i].end);
	return (r.major <= lifetimes[0].major ? "" : NULL);
}
