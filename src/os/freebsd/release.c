/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From which patch level on kernels have what matters here mended.  Those that
 * do not tell their patches (STABLE, CURRENT, HardenedBSD's) count as those that
 * lack it.
 */
#include "os/freebsd/release.h"

#include <string.h>

#include "base/str.h"

/* Ascending; what is newer than all of its branch, or than all, has it. */
struct mended {
	int	major, minor, patch;
};

/* FreeBSD-SA-26:38.jail: the references of jail descriptors. */
static const struct mended desc[] = {
	{ 15, 0, 11 }, { 15, 1, 1 }, { 0, 0, 0 },
};

/*
 * FreeBSD-SA-26:04.jail: a directory that one jail passes another leads out of
 * it; FreeBSD-SA-26:66.jail: and three ways around the first mend.
 */
static const struct mended share[] = {
	{ 14, 4, 10 }, { 14, 5, 1 }, { 15, 0, 14 }, { 15, 1, 4 }, { 0, 0, 0 },
};

/* A number at *s, which moves behind it; -1 when there is none. */
static int
number(const char **s)
{
	int v = 0, n = 0;

	for (; **s >= '0' && **s <= '9' && n < 6; (*s)++, n++)
		v = 10 * v + (**s - '0');
	return (n > 0 ? v : -1);
}

/* "15.0-RELEASE-p11"; false for what is none. */
static bool
parse(const char *release, struct mended *ret)
{
	ret->major = number(&release);
	ret->patch = 0;
	if (ret->major < 0 || *release++ != '.' ||
	    (ret->minor = number(&release)) < 0 ||
	    !ioc_str_starts(release, "-RELEASE"))
		return (false);
	release += strlen("-RELEASE");
	if (ioc_str_starts(release, "-p")) {
		release += 2;
		ret->patch = number(&release);
	}
	return (ret->patch >= 0 && *release == '\0');
}

static bool
has(const struct mended *v, const char *release)
{
	struct mended r;
	bool newer = false;

	if (!parse(release, &r))
		return (false);
	for (; v->major != 0 && v->major <= r.major; v++) {
		if (v->major == r.major && v->minor == r.minor)
			return (r.patch >= v->patch);
		newer = r.major > v->major || r.minor > v->minor;
	}
	return (newer);
}

bool
ioc_fb_release_has_desc(const char *release)
{
	return (has(desc, release));
}

bool
ioc_fb_release_has_share(const char *release)
{
	return (has(share, release));
}
