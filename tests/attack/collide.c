/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 17: names that are two in the archive and one on the file system: of another
 * case, or of another way to write the same letter.  It needs a pool of ZFS, whose
 * datasets can be like that, and ends with 77 without.
 */
#include "attack.h"
#include "world.h"

#define	EXTRACTOR	62003		/* its uid and gid on Linux */

static const struct {
	const char	*name;
	const char	*option;
	const char	*first;
	const char	*second;
} rows[] = {
	{ "attack_17 case", "casesensitivity=insensitive", "etc/passwd",
	    "ETC/Passwd" },
	{ "attack_17 two forms of a letter", "normalization=formD",
	    "e\xcc\x81", "\xc3\xa9" },
	{ "attack_17 a link of another case", "casesensitivity=insensitive",
	    "x", "X/pwned" },
};

static unsigned made;		/* datasets, with their numbers as names */

/*
 * A dataset, mounted where the world's target is.  zfs-fuse does not know what
 * else the extractor may do: the place, and the members, are its own.
 */
static void
new_target(const char *option)
{
	char at[160], dataset[128];

	new_world();
	(void)snprintf(at, sizeof(at), "mountpoint=%s/target", where);
	(void)snprintf(dataset, sizeof(dataset), "%s/%u",
	    getenv("IOC_TEST_POOL"), made++);
	if (TMP_RUN("zfs", "create", "-o", at, "-o", option, dataset) != 0 ||
	    fchmodat(world, "target", 0777, 0) != 0)
		abort();
}

static void
collide(size_t i)
{
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);
	bool link = strchr(rows[i].second, '/') != NULL &&
	    strchr(rows[i].first, '/') == NULL;
	struct twin t = { 0 };
	char path[64];
	int r;

	if (link)
		TAR(&b, rows[i].first, .type = '2', .link = "../outdir",
		    .uid = EXTRACTOR, .gid = EXTRACTOR);
	else
		TAR(&b, rows[i].first, .data = "first", .uid = EXTRACTOR,
		    .gid = EXTRACTOR);
	TAR(&b, rows[i].second, .data = "second", .uid = EXTRACTOR,
	    .gid = EXTRACTOR);
	tar_end(&b);
	new_target(rows[i].option);
	run_twin(&t, &b);
	(void)snprintf(path, sizeof(path), "target/%s", rows[i].first);
	check(link ? outside() : contains(path, "second"), rows[i].name,
	    "the twin withstands it", NULL);
	new_target(rows[i].option);
	r = unpack(&b, false, false);
	check(r == IOC_EXISTS, rows[i].name, "not refused", err.msg);
	check(!outside() && !contains(path, "second"), rows[i].name,
	    "the host was changed", NULL);
	(void)printf("ok    %s: %s\n", rows[i].name, err.msg);
}

static void
all(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		collide(i);
	for (unsigned i = 0; i < made; i++) {
		char dataset[128];

		(void)snprintf(dataset, sizeof(dataset), "%s/%u",
		    getenv("IOC_TEST_POOL"), i);
		(void)TMP_RUN("zfs", "umount", dataset);
	}
}

WORLDS_WITH("IOC_TEST_POOL", "no IOC_TEST_POOL", all)
