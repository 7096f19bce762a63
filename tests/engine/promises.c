/* SPDX-License-Identifier: BSD-2-Clause */
/* What core promises of time, limits and names, seen from the system's side. */
#include "tests/engine/engine.h"

#include <sys/stat.h>

#include <stdio.h>
#include <string.h>

#include "conf/prop.h"
#include "ioc/jail.h"
#include "ioc/release.h"

#define	HOUR_MS	(60 * 60 * 1000)

/* As an editor would: properties in front of those that are there. */
static void
edit(struct engine *e, const char *jail, const char *more)
{
	char path[160], text[4096];
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/source/jails/%s/config.json",
	    e->dir, jail);
	f = fopen(path, "r+");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	assert_int_equal(text[0], '{');
	rewind(f);
	(void)fprintf(f, "{%s,%s", more, text + 1);
	assert_int_equal(fclose(f), 0);
}

static void
start_and_stop(struct engine *e)
{
	struct ioc_error err = { .msg = "" };
	struct ioc_jail *j = NULL;

	assert_int_equal(ioc_jail_open(e->host, "web", &j, &err), 0);
	if (ioc_jail_start(j, NULL, 0, &err) != 0)
		fail_msg("start: %s", err.msg);
	assert_true(fake.waited_ms > 0 && fake.waited_ms <= 24 * HOUR_MS);
	fake.waited_ms = 0;
	if (ioc_jail_stop(j, false, &err) != 0)
		fail_msg("stop: %s", err.msg);
	/* 56: a command that hangs does not keep the jail up. */
	assert_true(fake.waited_ms > 0 && fake.waited_ms <= 24 * HOUR_MS);
	assert_true(fake.removed_ms >= 0 && fake.removed_ms <= HOUR_MS);
	ioc_jail_close(j);
}

/* The number of a level that is gone means nothing else later. */
static void
test_levels__no_number_twice(void **state)
{
	struct engine *e = *state;
	struct ioc_error err = { .msg = "" };
	unsigned from, to;

	fake_dist.updates = 3;
	assert_int_equal(ioc_release_update(e->host, "one", false, &from, &to,
	    &err), 0);
	assert_int_equal(to, 1);
	assert_int_equal(ioc_release_rollback(e->host, "one", &from, &to,
	    &err), 0);
	assert_int_equal(from, 1);
	assert_int_equal(to, 0);
	assert_int_equal(ioc_release_rollback(e->host, "one", NULL, NULL,
	    &err), IOC_STATE);
	assert_int_equal(ioc_release_update(e->host, "one", false, &from, &to,
	    &err), 0);
	assert_int_equal(from, 0);
	assert_int_equal(to, 2);
}

/* A level that a basejail has moved to does not go. */
static void
test_levels__not_under_a_basejail(void **state)
{
	struct engine *e = *state;
	struct ioc_create_options o = {
		.name = "base", .release = "one", .basejail = true,
	};
	struct ioc_error err = { .msg = "" };
	struct ioc_jail *j = NULL;
	unsigned from, to, moved = 0;

	assert_int_equal(ioc_jail_create(e->host, &o, &j, &err), 0);
	fake_dist.updates = 3;
	assert_int_equal(ioc_release_update(e->host, "one", false, &from, &to,
	    &err), 0);
	if (ioc_jail_update(j, &moved, &err) != 0)
		fail_msg("%s", err.msg);
	assert_int_equal(moved, 1);
	assert_int_equal(ioc_release_rollback(e->host, "one", NULL, NULL,
	    &err), IOC_BUSY);
	assert_non_null(strstr(err.msg, "basejail base needs it"));
	assert_int_equal(ioc_jail_destroy(j, false, &err), 0);
	ioc_jail_close(j);
	assert_int_equal(ioc_release_rollback(e->host, "one", &from, &to,
	    &err), 0);
	assert_int_equal(to, 0);
}

/* 67: times that no property can have, and that overflow. */
static void
test_attack_67__times_stay_times(void **state)
{
	static const char *const times[] = {
		"\"600\"", "\"0\"", "\"-1\"", "\"4294968\"",
		"\"2147484\"", "\"9223372036854775807\"",
		"\"-9223372036854775808\"",
	};
	struct engine *e = *state;

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		struct ioc_error err;
		struct ioc_jail *j;
		char more[256];

		engine_create(e, "web");
		(void)snprintf(more, sizeof(more), "\"exec_start\":\"/x\","
		    "\"exec_stop\":\"/x\",\"exec_timeout\":%s,"
		    "\"stop_timeout\":%s", times[i], times[i]);
		edit(e, "web", more);
		start_and_stop(e);
		assert_int_equal(ioc_jail_open(e->host, "web", &j, &err), 0);
		assert_int_equal(ioc_jail_destroy(j, true, &err), 0);
		ioc_jail_close(j);
	}
}

/* 48: a temporary jail runs with limits, or not at all. */
static void
test_attack_48__no_temporary_jail_without_limits(void **state)
{
	struct ioc_fetch_options f = { .release = "two" };
	struct engine *e = *state;
	struct ioc_error err = { .msg = "" };

	fake.no_limits = true;
	fake.execs = 0;
	assert_int_equal(ioc_release_fetch(e->host, &f, &err),
	    IOC_UNSUPPORTED);
	assert_non_null(strstr(err.msg, "limit"));
	assert_int_equal(fake.execs, 0);
	fake.no_limits = false;
	assert_int_equal(ioc_release_fetch(e->host, &f, &err), 0);
	assert_int_equal(fake.execs, 1);
}

/* 26, 35: "main" with "a-web" and "main-a" with "web" are two jails. */
static void
test_attack_26__jails_of_two_sources_are_never_one(void **state)
{
	struct ioc_create_options o = { .name = "a-web", .release = "one" };
	struct ioc_fetch_options f = { .release = "one", .source = "main-a" };
	struct engine *e = *state;
	struct ioc_error err = { .msg = "" };
	struct ioc_jail *a = NULL, *b = NULL;
	enum ioc_jail_state s;
	char one[96], two[96];
	const char *const sources[] = { one, two, NULL };
	const struct ioc_host_options h = {
		.config = e->config, .helper_dir = "/nonexistent",
		.sources = sources,
	};

	(void)snprintf(one, sizeof(one), "main=%s/source", e->dir);
	(void)snprintf(two, sizeof(two), "main-a=%s/other", e->dir);
	if (ioc_activate_dir(e->config, two + strlen("main-a="), "other",
	    &err) != 0)
		fail_msg("activate: %s", err.msg);
	ioc_host_close(e->host);
	if (ioc_host_open(&h, &e->host, &err) != 0)
		fail_msg("open: %s", err.msg);
	if (ioc_release_fetch(e->host, &f, &err) != 0)
		fail_msg("fetch: %s", err.msg);
	o.source = "main";
	assert_int_equal(ioc_jail_create(e->host, &o, NULL, &err), 0);
	o.name = "web";
	o.source = "main-a";
	assert_int_equal(ioc_jail_create(e->host, &o, NULL, &err), 0);
	assert_int_equal(ioc_jail_open(e->host, "main/a-web", &a, &err), 0);
	assert_int_equal(ioc_jail_open(e->host, "main-a/web", &b, &err), 0);
	assert_int_equal(ioc_jail_start(a, NULL, 0, &err), 0);
	assert_int_equal(ioc_jail_state(b, &s, NULL, &err), 0);
	assert_int_equal(s, IOC_JAIL_STOPPED);
	assert_int_equal(ioc_jail_stop(b, true, &err), IOC_STATE);
	assert_int_equal(ioc_jail_start(b, NULL, 0, &err), 0);
	ioc_jail_close(a);
	ioc_jail_close(b);
}

/* 55: whoever owns the run directory could name any process as a jail. */
static void
test_attack_55__run_directory_is_of_root(void **state)
{
	struct engine *e = *state;
	struct ioc_host_options o = {
		.config = e->config, .helper_dir = "/nonexistent",
	};
	struct ioc_error err = { .msg = "" };
	struct ioc_host *h = NULL;
	char run[96];

	(void)snprintf(run, sizeof(run), "%s/run", e->dir);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(chown(run, i == 1 ? 1000 : 0, 0), 0);
		assert_int_equal(chmod(run, i == 2 ? 0777 : i == 3 ? 0730 :
		    0711), 0);
		assert_int_equal(ioc_host_open(&o, &h, &err),
		    i == 0 ? 0 : IOC_UNSAFE);
		if (i == 0)
			ioc_host_close(h);
	}
}

/* 75: nobody chooses the uids of a jail, or says it is what it is not. */
static void
test_attack_75__facts_are_not_given(void **state)
{
	static const char *const facts[][2] = {
		{ "id_base", "65536" }, { "release", "other" },
		{ "thick", "yes" }, { "patch_level", "7" },
		{ "distribution", "x" },
	};
	struct engine *e = *state;

	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		const struct ioc_change c = { facts[i][0], facts[i][1] };
		struct ioc_create_options o = { .name = "new",
			.release = "one", .props = &c, .nprops = 1 };
		struct ioc_error err = { .msg = "" };

		if ((ioc_prop_find(c.name)->systems & ioc_prop_this_system) == 0)
			continue;
		assert_int_equal(ioc_jail_create(e->host, &o, NULL, &err),
		    IOC_STATE);
		assert_non_null(strstr(err.msg, facts[i][0]));
	}
}

ENGINE_MAIN(
	ENGINE_TEST(test_attack_75__facts_are_not_given),
	ENGINE_TEST(test_attack_55__run_directory_is_of_root),
	ENGINE_TEST(test_attack_67__times_stay_times),
	ENGINE_TEST(test_levels__no_number_twice),
	ENGINE_TEST(test_levels__not_under_a_basejail),
	ENGINE_TEST(test_attack_48__no_temporary_jail_without_limits),
	ENGINE_TEST(test_attack_26__jails_of_two_sources_are_never_one))
