/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 29: the target of a mount in a jail that runs, whose root swaps a directory on
 * the way for a link all the time (CVE-2021-30465, 2017-1002101, 2021-25741,
 * 2024-45310).  ATTACK_ROUNDS is how often the host mounts.
 */
#include "tests/attack/attack.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "os/os.h"
#include "tests/attack/linux_world.h"

#define	ROUNDS	3000

static struct world w;

/* Mounts of the host that have to do with this test. */
static int
mounts_here(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "r");
	char *line = NULL;
	size_t cap = 0;
	int n = 0;

	assert_non_null(f);
	while (getline(&line, &cap, f) > 0)
		n += strstr(line, w.dir) != NULL;
	free(line);
	(void)fclose(f);
	return (n);
}

/* Whatever the directory is called now; true when it is unmounted. */
static bool
unmounted(struct ioc_os_jail *j)
{
	static const char *const names[] = { "/mnt/d/x", "/mnt/l/x" };

	for (int i = 0; i < 10000; i++)
		if (ioc_os_jail_unmount_live(j, names[i & 1], &w.e) == 0)
			return (true);
	return (false);
}

static void
test_attack_29__target_swapped_while_mounting(void **state)
{
	unsigned n = attack_rounds(ROUNDS), done = 0, refused = 0;
	struct start s = { 0 };
	struct ioc_os_mount m = { .kind = IOC_MOUNT_BIND, .source = w.share,
		.target = "/mnt/d/x", .flags = IOC_MNT_RDONLY };
	int before = mounts_here();
	struct ioc_os_jail *j;
	char out[4096];

	if (world_start(&w, &s, &j) != 0)
		fail_msg("start: %s", w.e.msg);
	assert_int_equal(world_run(&w, j, NULL, out, sizeof(out), ARGV("sh",
	    "-c", "busybox mkdir -p /mnt/d/x && busybox ln -s ../etc /mnt/l && "
	    "busybox mkdir -p /etc/x && echo jail >/etc/x/own && "
	    "{ /inside swap /mnt </dev/null >/dev/null 2>&1 & }")), 0);
	for (unsigned i = 0; i < n; i++) {
		int r = ioc_os_jail_mount_live(j, &m, &w.e);

		refused += r == IOC_UNSAFE;
		if (r != 0)
			continue;
		done++;
		/* It never got to where the link leads. */
		if (i % 16 == 0)
			assert_int_equal(world_run(&w, j, NULL, out,
			    sizeof(out), ARGV("cat", "/etc/x/own")), 0);
		assert_true(unmounted(j));
	}
	print_message("%u rounds: %u mounted, %u refused\n", n, done,
	    refused);
	assert_true(done > 0 && refused > 0);
	assert_int_equal(world_run(&w, j, NULL, out, sizeof(out), ARGV("cat",
	    "/proc/self/mountinfo")), 0);
	assert_null(strstr(out, " /etc"));
	assert_null(strstr(out, "/x "));
	assert_int_equal(mounts_here(), before);
	world_stop(&w, j);
	assert_int_equal(mounts_here(), before);
}

WORLD_MAIN(
	cmocka_unit_test(test_attack_29__target_swapped_while_mounting))
