/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A jail's root changes the names of its own tree while the host mounts there:
 * the target of a mount is now a directory, now a link that leads out.
 */
#include "tests/attack/attack.h"

#include <sys/mount.h>
#include <sys/param.h>
#include <sys/uio.h>

#include <fcntl.h>

#include "base/cleanup.h"
#include "os/os.h"

#define	SECONDS	8

/* Two names in the root of the jail change their places. */
static void
swap(int root)
{
	attack_exchange(root, "target", "link");
}

/* How many file systems are mounted on the directory outside. */
static int
mounted_outside(const char *outside)
{
	struct statfs *v;
	int n = getmntinfo(&v, MNT_NOWAIT), found = 0;

	for (int i = 0; i < n; i++)
		found += strcmp(v[i].f_mntonname, outside) == 0;
	return (found);
}

struct world {
	struct tmp	t;
	int		root;
	char		outside[256];
};

static void
make_world(struct world *w)
{
	char text[256];

	tmp_open(&w->t);
	/* The kernel's name of it, for comparing. */
	assert_non_null(realpath(w->t.path, text));
	(void)snprintf(w->outside, sizeof(w->outside), "%s/outside", text);
	assert_int_equal(mkdirat(w->t.fd, "outside", 0755), 0);
	assert_int_equal(mkdirat(w->t.fd, "run", 0700), 0);
	assert_int_equal(mkdirat(w->t.fd, "root", 0755), 0);
	w->root = openat(w->t.fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(w->root, "target", 0755), 0);
	assert_int_equal(symlinkat("../outside", w->root, "link"), 0);
}

static void
end_world(struct world *w)
{
	while (unmount(w->outside, MNT_FORCE) == 0)
		;
	(void)close(w->root);
	tmp_close(&w->t);
}

/*
 * By path, as many a script does: what was looked at is not what is mounted on
 * when the names change in between, which here they do just then.
 */
static void
test_attack_29__twin_mounts_outside(void **state)
{
	char fstype[] = "fstype", tmpfs[] = "tmpfs", fspath[] = "fspath",
	    path[300];
	struct iovec v[] = { { fstype, sizeof(fstype) },
		{ tmpfs, sizeof(tmpfs) }, { fspath, sizeof(fspath) },
		{ path, 0 } };
	struct world w;
	struct stat st;
	int outside;

	make_world(&w);
	(void)snprintf(path, sizeof(path), "%s/root/target", w.t.path);
	v[3].iov_len = strlen(path) + 1;
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	swap(w.root);
	assert_int_equal(nmount(v, 4, 0), 0);
	outside = mounted_outside(w.outside);
	end_world(&w);
	assert_int_equal(outside, 1);
}

static int
mount_once(struct ioc_os *os, int root, struct ioc_error *err)
{
	const struct ioc_os_jail_spec spec = { .name = "attack-mount",
		.hostname = "attack" };
	const struct ioc_os_mount m = { .kind = IOC_MOUNT_TMPFS,
		.source = -1, .target = "/target", .size = 1 << 20 };
	struct ioc_os_root r = IOC_OS_ROOT;
	struct ioc_os_jail *j = NULL;
	int rc;

	r.kind = IOC_ROOT_DIR;
	r.root = root;
	rc = ioc_os_jail_prepare(os, &spec, &j, err);
	if (rc == 0)
		rc = ioc_os_jail_mount(j, &r, &m, 1, err);
	/* Undoes what was mounted. */
	ioc_os_jail_free(j);
	return (rc);
}

static void
test_attack_29__ours_never_does(void **state)
{
	struct ioc_os_options o = { .helper_dir = "/nowhere" };
	double end = attack_now() + SECONDS;
	struct ioc_error err;
	struct ioc_os *os;
	struct world w;
	int done = 0, refused = 0, outside = 0;
	pid_t pid;

	make_world(&w);
	o.run_fd = openat(w.t.fd, "run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(ioc_os_open(&o, &os, &err), 0);
	(void)close(o.run_fd);
	pid = attack_start(swap, w.root);
	/* A slow machine gets more time for one of each kind. */
	while (attack_now() < end || ((done == 0 || refused == 0) &&
	    attack_now() < end + 20 * SECONDS)) {
		int rc = mount_once(os, w.root, &err);

		done += rc == 0;
		refused += rc == IOC_UNSAFE;
		outside += mounted_outside(w.outside);
	}
	attack_stop(pid);
	ioc_os_close(os);
	end_world(&w);
	print_message("%d mounted, %d refused, %d outside\n", done, refused,
	    outside);
	assert_int_equal(outside, 0);
	/* Both have happened, or the race was none. */
	assert_true(done > 0);
	assert_true(refused > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attack_29__twin_mounts_outside),
		cmocka_unit_test(test_attack_29__ours_never_does),
	};

	if (geteuid() != 0) {
		(void)fprintf(stderr, "needs root\n");
		return (ATTACK_SKIP);
	}
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
