/* SPDX-License-Identifier: BSD-2-Clause */
/* Packages that a jail has beside its release's: its database is foreign. */
#include "tests/unit/root.h"

#include "base/buf.h"
#include "dist/debian.h"

static void
own_fini(struct ioc_dist_own *own)
{
	ioc_strv_fini(&own->asked);
	ioc_strv_fini(&own->along);
	*own = (struct ioc_dist_own){ .asked = IOC_STRV };
}

#define	INSTALLED(name, arch)						\
	"Package: " name "\nStatus: install ok installed\n"		\
	"Architecture: " arch "\nVersion: 1\n\n"

static int
own_list(int root, const char *status, struct ioc_dist_own *own,
    struct ioc_error *err)
{
	const struct ioc_dist_job job = { .release = "bookworm",
		.host_arch = "x86_64" };
	auto_fd int base = ioc_path_dir(root, "base", 0, NULL);
	auto_fd int ours = ioc_path_dir(root, "ours", 0, NULL);

	own_fini(own);
	put(root, "ours/var/lib/dpkg/status", status);
	return (ioc_debian_own_list(&job, ours, base, own, err));
}

static void
test_own(void **state)
{
	int root = ROOT_FD(state);
	struct ioc_dist_own own = { .asked = IOC_STRV };

	put(root, "base/var/lib/dpkg/status", INSTALLED("dpkg", "amd64")
	    INSTALLED("zlib1g", "amd64"));
	/* Nothing was ever installed in a layer. */
	put(root, "ours/etc/x", "");
	assert_int_equal(own_list(root, INSTALLED("dpkg", "amd64"), &own,
	    NULL), 0);
	assert_int_equal(own.asked.n + own.along.n, 0);
	put(root, "ours/var/lib/apt/extended_states", "Package: libz.2+b\n"
	    "Architecture: amd64\nAuto-Installed: 1\n\nPackage: nginx\n"
	    "Architecture: amd64\nAuto-Installed: 0\n");
	assert_int_equal(own_list(root, INSTALLED("zlib1g", "amd64")
	    INSTALLED("nginx", "amd64") INSTALLED("libz.2+b", "amd64")
	    "Package: gone\nStatus: deinstall ok config-files\n"
	    "Architecture: i386\n\n" INSTALLED("a-doc", "all")
	    /* no empty line at its end */
	    "Package: last\nStatus: hold ok installed\nArchitecture: amd64",
	    &own, NULL), 0);
	assert_int_equal(own.asked.n, 3);
	assert_string_equal(own.asked.v[0], "a-doc");
	assert_string_equal(own.asked.v[1], "last");
	assert_string_equal(own.asked.v[2], "nginx");
	assert_int_equal(own.along.n, 1);
	assert_string_equal(own.along.v[0], "libz.2+b");
	own_fini(&own);
}

/* The names become arguments of apt-get: no option, no file, no removal. */
static void
test_attack_36__names_of_packages(void **state)
{
	static const char *const names[] = { "-oDPkg::x=y", "./x.deb", "/etc/x",
		"libc6-", "a", "x/sid", "x=1", "x*", "^x", "X", "x y", "x:i386",
		NULL };
	int root = ROOT_FD(state);
	struct ioc_dist_own own = { .asked = IOC_STRV };
	struct ioc_error err;
	char text[300];

	put(root, "base/var/lib/dpkg/status", INSTALLED("dpkg", "amd64"));
	put(root, "ours/etc/x", "");
	for (const char *const *n = names; *n != NULL; n++) {
		(void)snprintf(text, sizeof(text), "Package: %s\nStatus: "
		    "install ok installed\nArchitecture: amd64\n", *n);
		assert_int_equal(own_list(root, text, &own, &err), IOC_UNSAFE);
		assert_int_equal(own.asked.n + own.along.n, 0);
	}
	assert_int_equal(own_list(root, "Package: x\033\n", &own, &err),
	    IOC_UNSAFE);
	assert_int_equal(own_list(root, INSTALLED("libx", "i386"), &own, &err),
	    IOC_UNSUPPORTED);
	assert_int_equal(own_list(root, "Package: half\nStatus: install ok "
	    "half-configured\nArchitecture: amd64\n", &own, &err), IOC_STATE);
	assert_non_null(strstr(err.msg, "package half "));
	own_fini(&own);
}

static void
test_own__many(void **state)
{
	int root = ROOT_FD(state);
	struct ioc_dist_own own = { .asked = IOC_STRV };
	auto_buf struct ioc_buf b = IOC_BUF(1 << 20);

	put(root, "base/var/lib/dpkg/status", INSTALLED("dpkg", "amd64"));
	put(root, "ours/etc/x", "");
	for (int i = 0; i < 5000; i++)
		(void)ioc_buf_addf(&b, INSTALLED("p%d", "all"), i);
	assert_int_equal(own_list(root, ioc_buf_str(&b), &own, NULL), 0);
	assert_int_equal(own.asked.n, 5000);
	(void)ioc_buf_addf(&b, INSTALLED("one-more", "all"));
	assert_int_equal(own_list(root, ioc_buf_str(&b), &own, NULL),
	    IOC_LIMIT);
	own_fini(&own);
}

static void
test_own__commands(void **state)
{
	struct ioc_dist_own own = { .asked = IOC_STRV };
	auto_strv struct ioc_strv one = IOC_STRV, two = IOC_STRV;

	(void)ioc_strv_add(&own.asked, "nginx");
	assert_int_equal(ioc_debian_own_command(&own, 0, &one, NULL), 1);
	assert_int_equal(ioc_debian_own_command(&own, 1, &two, NULL), 0);
	assert_string_equal(one.v[one.n - 2], "--");
	assert_string_equal(one.v[one.n - 1], "nginx");
	(void)ioc_strv_add(&own.along, "libz");
	assert_int_equal(ioc_debian_own_command(&own, 1, &two, NULL), 1);
	assert_string_equal(two.v[0], "/usr/bin/apt-mark");
	assert_string_equal(two.v[two.n - 1], "libz");
	assert_int_equal(ioc_debian_own_command(&own, 2, &two, NULL), 0);
	own_fini(&own);
}

UNIT_MAIN(
	WITH_ROOT(test_own),
	WITH_ROOT(test_attack_36__names_of_packages),
	WITH_ROOT(test_own__many),
	cmocka_unit_test(test_own__commands))
