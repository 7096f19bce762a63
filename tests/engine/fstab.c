/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fstab of a jail that runs: the file and what is mounted change together or
 * not at all, whatever fails.
 */
#include "tests/engine/engine.h"

#include <sys/stat.h>

#include <string.h>

#include "ioc/fstab.h"

struct running {
	struct engine	*e;
	struct ioc_jail	*j;
};

static struct running
begin(void **state)
{
	struct running r = { .e = *state };
	struct ioc_error err;

	engine_create(r.e, "web");
	assert_int_equal(ioc_jail_open(r.e->host, "web", &r.j, &err), 0);
	if (ioc_jail_start(r.j, NULL, 0, &err) != 0)
		fail_msg("%s", err.msg);
	return (r);
}

static void
end(struct running *r)
{
	ioc_jail_close(r->j);
}

/* The file, and what is mounted. */
static void
describe(struct running *r, struct ioc_buf *b)
{
	struct ioc_fstab *f = NULL;

	engine_describe(r->e, b);
	assert_int_equal(ioc_jail_fstab(r->j, &f, NULL), 0);
	for (size_t i = 0; i < ioc_fstab_count(f); i++)
		(void)ioc_buf_addf(b, "%s on %s\n", ioc_fstab_at(f, i)->source,
		    ioc_fstab_at(f, i)->target);
	ioc_fstab_free(f);
}

static int
add(struct running *r, const char *source, const char *target,
    const char *options, struct ioc_error *err)
{
	const struct ioc_fstab_entry e = { .source = source, .target = target,
		.options = options };

	return (ioc_jail_fstab_add(r->j, &e, err));
}

static int
change(struct running *r, bool adding, struct ioc_error *err)
{
	return (adding ? add(r, "/usr", "/u", NULL, err) :
	    ioc_jail_fstab_remove(r->j, "/u", err));
}

static bool
live(const char *target)
{
	for (size_t i = 0; i < FAKE_LIVE; i++)
		if (strcmp(fake.jails[0].live[i], target) == 0)
			return (true);
	return (false);
}

/* Calls of the system, then steps, fail one after the other. */
static void
all_fail(struct running *r, bool adding)
{
	for (unsigned n = 1, calls = 1; n < 50; n++) {
		auto_buf struct ioc_buf before = IOC_BUF(4 << 20);
		auto_buf struct ioc_buf after = IOC_BUF(4 << 20);
		struct ioc_error err = { .msg = "" };
		int c;

		describe(r, &before);
		fake.calls = r->e->begins = r->e->warnings = 0;
		fake.fail_at = calls != 0 ? n : 0;
		r->e->cancel_at = calls != 0 ? 0 : n;
		c = change(r, adding, &err);
		fake.fail_at = r->e->cancel_at = 0;
		if (c == 0 && calls == 0)
			return;
		if (c == 0) {
			/* Back, and now the steps. */
			assert_int_equal(change(r, !adding, &err), 0);
			calls = n = 0;
			continue;
		}
		assert_int_equal(c, calls != 0 ? IOC_FAILED : IOC_CANCELED);
		assert_int_equal(r->e->warnings, 0);
		describe(r, &after);
		assert_string_equal(before.data, after.data);
	}
	fail();
}

static void
test_fstab__both_or_nothing(void **state)
{
	struct running r = begin(state);
	struct ioc_error err = { .msg = "" };

	all_fail(&r, true);
	assert_true(live("/u"));
	all_fail(&r, false);
	assert_false(live("/u"));
	/* What is not mounted, for somebody was faster, is only a line. */
	assert_int_equal(add(&r, "/usr", "/u", NULL, &err), 0);
	memset(fake.jails[0].live, 0, sizeof(fake.jails[0].live));
	assert_int_equal(ioc_jail_fstab_remove(r.j, "/usr", &err), 0);
	end(&r);
}

static void
test_fstab__refusals_change_nothing(void **state)
{
	static const struct {
		const char *source, *target, *options;
		int code;
	} bad[] = {
		{ "/usr", "/../u", NULL, IOC_UNSAFE },
		{ "/usr/../usr", "/u", NULL, IOC_UNSAFE },
		{ "/", "/u", NULL, IOC_UNSAFE },
		{ "/nonexistent-x", "/u", NULL, IOC_NOT_FOUND },
		{ "/dev/null", "/u", NULL, IOC_UNSAFE },
		{ "usr", "/u", NULL, IOC_INVALID },
		{ "/usr", "/u", "dev", IOC_INVALID },
		{ "/usr", "/\n", NULL, IOC_INVALID },
		{ "/usr", "/", NULL, IOC_UNSAFE },
	};
	struct running r = begin(state);
	auto_buf struct ioc_buf before = IOC_BUF(4 << 20);
	auto_buf struct ioc_buf after = IOC_BUF(4 << 20);
	struct ioc_error err = { .msg = "" };

	describe(&r, &before);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		int c = add(&r, bad[i].source, bad[i].target, bad[i].options,
		    &err);

		if (c != bad[i].code)
			fail_msg("%s %s: %d %s", bad[i].source, bad[i].target,
			    c, err.msg);
	}
	/* The jail itself, and all that it lies in. */
	assert_int_equal(add(&r, r.e->dir, "/u", NULL, &err), IOC_UNSAFE);
	assert_non_null(strstr(err.msg, "the jail itself lies in it"));
	assert_int_equal(ioc_jail_fstab_remove(r.j, "/u", &err),
	    IOC_NOT_FOUND);
	describe(&r, &after);
	assert_string_equal(before.data, after.data);
	assert_int_equal(add(&r, "/usr", "/u", NULL, &err), 0);
	assert_int_equal(add(&r, "/etc", "/u/", NULL, &err), IOC_EXISTS);
	end(&r);
}

/* A link in a source could be one that another jail has made. */
static void
test_fstab__links_in_a_source(void **state)
{
	struct running r = begin(state);
	struct ioc_error err = { .msg = "" };
	char dir[128], link[128];

	(void)snprintf(dir, sizeof(dir), "%s/data", r.e->dir);
	(void)snprintf(link, sizeof(link), "%s/link", r.e->dir);
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(symlink("data", link), 0);
	assert_int_equal(add(&r, link, "/d", "rw", &err), IOC_UNSAFE);
	assert_int_equal(add(&r, dir, "/d", "rw", &err), 0);
	assert_int_equal(ioc_jail_stop(r.j, true, &err), 0);
	assert_int_equal(ioc_jail_start(r.j, NULL, 0, &err), 0);
	assert_int_equal(ioc_jail_stop(r.j, true, &err), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(symlink("/etc", dir), 0);
	assert_int_equal(ioc_jail_start(r.j, NULL, 0, &err), IOC_UNSAFE);
	assert_non_null(strstr(err.msg, "start web: fstab: source"));
	/* The line can still be removed. */
	assert_int_equal(ioc_jail_fstab_remove(r.j, dir, &err), 0);
	end(&r);
}

static void
test_fstab__a_shared_directory_is_told(void **state)
{
	struct running r = begin(state);
	struct ioc_error err = { .msg = "" };
	struct ioc_jail *web = r.j;

	engine_create(r.e, "db");
	r.e->warnings = 0;
	assert_int_equal(add(&r, "/usr", "/u", "ro", &err), 0);
	assert_int_equal(ioc_jail_open(r.e->host, "db", &r.j, &err), 0);
	/* Read by both, and nothing that the other one has. */
	assert_int_equal(add(&r, "/usr/share", "/a", "ro", &err), 0);
	assert_int_equal(add(&r, "/etc", "/b", "rw", &err), 0);
	assert_int_equal(r.e->warnings, 0);
	assert_int_equal(add(&r, "/usr/bin", "/c", "rw", &err), 0);
	assert_int_equal(r.e->warnings, 1);
	assert_non_null(strstr(r.e->last_warning, "jail web has /usr, too"));
	end(&r);
	r.j = web;
	end(&r);
}

static int
start(struct running *r, struct ioc_error *err)
{
	int c = ioc_jail_start(r->j, NULL, 0, err);

	if (c == 0)
		assert_int_equal(ioc_jail_stop(r->j, true, NULL), 0);
	return (c);
}

/* Where a kernel lets jails out that share: refused, unless a line says so. */
static void
test_fstab__a_shared_directory_is_refused(void **state)
{
	struct running r = begin(state);
	auto_buf struct ioc_buf before = IOC_BUF(4 << 20);
	auto_buf struct ioc_buf after = IOC_BUF(4 << 20);
	struct ioc_error err = { .msg = "" };
	struct ioc_jail *web = r.j;
	char tree[128];

	engine_create(r.e, "db");
	assert_int_equal(add(&r, "/usr", "/u", "rw", &err), 0);
	assert_int_equal(ioc_jail_stop(web, true, &err), 0);
	assert_int_equal(ioc_jail_open(r.e->host, "db", &r.j, &err), 0);
	assert_int_equal(ioc_jail_start(r.j, NULL, 0, &err), 0);
	fake.no_share = true;
	r.e->warnings = 0;
	describe(&r, &before);
	assert_int_equal(add(&r, "/usr/bin", "/c", "ro", &err), IOC_UNSAFE);
	assert_non_null(strstr(err.msg, "jail web has /usr, too"));
	assert_non_null(strstr(err.msg, "not on a fake host"));
	/* The tree of another jail is written to by that one. */
	(void)snprintf(tree, sizeof(tree), "%s/source/jails/web", r.e->dir);
	assert_int_equal(add(&r, tree, "/c", "ro", &err), IOC_UNSAFE);
	assert_non_null(strstr(err.msg, "jail web has"));
	describe(&r, &after);
	assert_string_equal(before.data, after.data);
	assert_int_equal(add(&r, "/etc", "/e", "rw", &err), 0);
	assert_int_equal(add(&r, tree, "/t", "ro,shared", &err), 0);
	assert_int_equal(add(&r, "/usr/bin", "/c", "rw,shared", &err), 0);
	assert_int_equal(r.e->warnings, 0);
	/* One of the two has said so: both start. */
	assert_int_equal(ioc_jail_stop(r.j, true, &err), 0);
	assert_int_equal(start(&r, &err), 0);
	end(&r);
	r.j = web;
	assert_int_equal(start(&r, &err), 0);
	assert_int_equal(ioc_jail_open(r.e->host, "db", &r.j, &err), 0);
	/* By hand, or from a time when the kernel was another: neither does. */
	assert_int_equal(ioc_jail_fstab_remove(r.j, "/c", &err), 0);
	fake.no_share = false;
	assert_int_equal(add(&r, "/usr/bin", "/c", "rw", &err), 0);
	assert_int_equal(start(&r, &err), 0);
	fake.no_share = true;
	assert_int_equal(start(&r, &err), IOC_UNSAFE);
	assert_non_null(strstr(err.msg, "start db: fstab: jail web has /usr"));
	end(&r);
	r.j = web;
	assert_int_equal(start(&r, &err), IOC_UNSAFE);
	assert_non_null(strstr(err.msg, "start web: fstab: jail db has"));
	end(&r);
}

ENGINE_MAIN(
	ENGINE_TEST(test_fstab__both_or_nothing),
	ENGINE_TEST(test_fstab__refusals_change_nothing),
	ENGINE_TEST(test_fstab__links_in_a_source),
	ENGINE_TEST(test_fstab__a_shared_directory_is_told),
	ENGINE_TEST(test_fstab__a_shared_directory_is_refused))
