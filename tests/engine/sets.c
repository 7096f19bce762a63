/* SPDX-License-Identifier: BSD-2-Clause */
/* Releases: what is written into a new one, what stays when it goes. */
#include "tests/engine/engine.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "ioc/verify.h"

static void
check_file(struct engine *e, const char *path, const char *want)
{
	char full[256], text[512] = { 0 };
	FILE *f;

	(void)snprintf(full, sizeof(full), "%s/source/%s", e->dir, path);
	f = fopen(full, "r");
	if (want == NULL) {
		assert_null(f);
		return;
	}
	if (f == NULL)
		fail_msg("no %s", path);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	(void)fclose(f);
	assert_string_equal(text, want);
}

static void
test_fetch__configures(void **state)
{
	struct engine *e = *state;

	check_file(e, "releases/one/p0/root/etc/rc.conf",
	    "testd_enable=\"NO\"\ntest_flags=\"-t\"\n");
	check_file(e, "releases/one/p0/root/etc/sysctl.conf", "test.one=1\n");
	check_file(e, "releases/one/p0/root.mtree", "#mtree\n");
}

/* What was followed once outlives the release, and a newer one replaces it. */
static void
test_destroy__keeps_the_manifest(void **state)
{
	struct ioc_fetch_options o = { .release = "one" };
	struct engine *e = *state;
	struct ioc_error err;

	check_file(e, ".manifests/test-one", NULL);
	check_file(e, "releases/one/pin", "test-one\nmanifest 0\n");
	assert_int_equal(ioc_release_destroy(e->host, "one", &err), 0);
	check_file(e, ".manifests/test-one", "manifest 0\n");
	fake_dist.manifest = 1;
	assert_int_equal(ioc_release_fetch(e->host, &o, &err), 0);
	check_file(e, ".manifests/test-one", "manifest 0\n");
	assert_int_equal(ioc_release_destroy(e->host, "one", &err), 0);
	check_file(e, ".manifests/test-one", "manifest 1\n");
	check_file(e, ".manifests/test-two", NULL);
}

static void
test_fetch__judges(void **state)
{
	struct engine *e = *state;
	struct ioc_error err;
	static const struct ioc_fetch_options bad[] = {
		{ .release = "two", .from = "relative" },
		{ .release = "two", .manifest = "relative" },
		{ .release = "two", .from = "/x", .mirror = "https://x" },
		{ .release = "x", .url = "https://x", .sha256 = "00" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (ioc_release_fetch(e->host, &bad[i], &err) != IOC_INVALID)
			fail_msg("%zu: %s", i, err.msg);
}

/* One sentence, and nothing of it has begun. */
static void
test_start__of_another_system(void **state)
{
	const char *const argv[] = { "true", NULL };
	struct ioc_run_options r = { .release = "one" };
	struct ioc_exec_options x = { .argv = argv, .fds = { -1, -1, -1 } };
	struct engine *e = *state;
	struct ioc_process *p = NULL;
	struct ioc_jail *j = NULL;
	struct ioc_error err;

	engine_create(e, "web");
	fake_dist.foreign = true;
	assert_int_equal(ioc_jail_open(e->host, "web", &j, &err), 0);
	fake.calls = 0;
	assert_int_equal(ioc_jail_start(j, NULL, 0, &err), IOC_UNSUPPORTED);
	assert_non_null(strstr(err.msg, "start web: a release of testos"));
	ioc_jail_close(j);
	assert_int_equal(ioc_run(e->host, &r, &x, &p, &err), IOC_UNSUPPORTED);
	assert_int_equal(fake.calls, 0);
}

/* bin/sh of the release becomes an ELF file of that machine. */
static void
set_machine(struct engine *e, const char *target, unsigned char machine)
{
	unsigned char elf[64] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	char path[256];
	FILE *f;

	elf[18] = machine;
	(void)snprintf(path, sizeof(path), "%s/source/releases/one/p0/root/%s",
	    e->dir, target);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fwrite(elf, sizeof(elf), 1, f) == 1);
	(void)fclose(f);
}

static void
test_start__for_another_processor(void **state)
{
	struct ioc_create_options o = { .name = "two", .release = "one" };
	struct engine *e = *state;
	struct ioc_jail *j = NULL;
	struct ioc_error err;
	char path[256];

	engine_create(e, "web");
	(void)snprintf(path, sizeof(path), "%s/source/releases/one/p0/root/bin",
	    e->dir);
	assert_int_equal(mkdir(path, 0755), 0);
	(void)strcat(path, "/sh");
	assert_int_equal(symlink("../etc/shell", path), 0);
	/* amd64, as the fake host is. */
	set_machine(e, "etc/shell", 62);
	assert_int_equal(ioc_jail_open(e->host, "web", &j, &err), 0);
	assert_int_equal(ioc_jail_start(j, NULL, 0, &err), 0);
	assert_int_equal(ioc_jail_stop(j, true, &err), 0);
	set_machine(e, "etc/shell", 183);
	fake.calls = 0;
	assert_int_equal(ioc_jail_start(j, NULL, 0, &err), IOC_UNSUPPORTED);
	assert_string_equal(err.msg, "start web: its programs are for arm64, "
	    "this host runs those for amd64");
	assert_int_equal(ioc_jail_create(e->host, &o, NULL, &err),
	    IOC_UNSUPPORTED);
	assert_int_equal(fake.calls, 0);
	fake.emulates = true;
	assert_int_equal(ioc_jail_start(j, NULL, 0, &err), 0);
	assert_int_equal(ioc_jail_stop(j, true, &err), 0);
	/* A machine that nobody knows. */
	fake.emulates = false;
	set_machine(e, "etc/shell", 250);
	assert_int_equal(ioc_jail_start(j, NULL, 0, &err), 0);
	assert_int_equal(ioc_jail_stop(j, true, &err), 0);
	ioc_jail_close(j);
}

static void
test_remote(void **state)
{
	struct ioc_fetch_options o = { .distribution = "testos" };
	struct ioc_remote_list *l = NULL;
	struct engine *e = *state;
	struct ioc_error err;

	assert_int_equal(ioc_remote_list(e->host, &o, &l, &err), 0);
	assert_int_equal(ioc_remote_count(l), 2);
	assert_string_equal(ioc_remote_at(l, 0)->name, "one");
	assert_true(ioc_remote_at(l, 0)->is_here);
	assert_false(ioc_remote_at(l, 1)->is_here);
	assert_null(ioc_remote_at(l, 1)->eol);
	assert_null(ioc_remote_at(l, 2));
	ioc_remote_list_free(l);
	o.distribution = "nobody";
	assert_int_equal(ioc_remote_list(e->host, &o, &l, &err),
	    IOC_NOT_FOUND);
}

static void
test_verify__needs_a_record(void **state)
{
	struct engine *e = *state;
	char path[128];
	struct ioc_error err;

	assert_int_equal(ioc_release_verify(e->host, "nosuch", NULL, NULL,
	    NULL, &err), IOC_NOT_FOUND);
	(void)snprintf(path, sizeof(path),
	    "%s/source/releases/one/p0/root.mtree", e->dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ioc_release_verify(e->host, "one", NULL, NULL, NULL,
	    &err), IOC_UNSUPPORTED);
	assert_string_equal(err.msg, "verify one: nothing was recorded of the "
	    "files of one at patch level 0");
}

/* A new level has a record of its own, or is not there. */
static void
test_update__records(void **state)
{
	struct engine *e = *state;
	struct ioc_error err;

	fake_dist.updates = 1;
	fake_dist.record_fails = true;
	assert_int_equal(ioc_release_update(e->host, "one", false, NULL, NULL,
	    &err), IOC_LIMIT);
	check_file(e, "releases/one/p1/root.mtree", NULL);
	fake_dist.record_fails = false;
	assert_int_equal(ioc_release_update(e->host, "one", false, NULL, NULL,
	    &err), 0);
	check_file(e, "releases/one/p0/root.mtree", "#mtree\n");
	check_file(e, "releases/one/p1/root.mtree", "#mtree again\n");
}

ENGINE_MAIN(
	ENGINE_TEST(test_fetch__configures),
	ENGINE_TEST(test_destroy__keeps_the_manifest),
	ENGINE_TEST(test_fetch__judges),
	ENGINE_TEST(test_start__of_another_system),
	ENGINE_TEST(test_start__for_another_processor),
	ENGINE_TEST(test_update__records),
	ENGINE_TEST(test_remote),
	ENGINE_TEST(test_verify__needs_a_record))
