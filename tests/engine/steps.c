/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every step of every operation fails once, before it begins and in the middle
 * of what it asks of the system; afterwards the host looks as before.
 */
#include "tests/engine/engine.h"

#include <stdio.h>
#include <string.h>

#include "ioc/jail.h"

static void
check_same(struct engine *e, const struct ioc_buf *before, const char *op,
    const char *how, unsigned n)
{
	auto_buf struct ioc_buf after = IOC_BUF(4 * 1024 * 1024);

	engine_describe(e, &after);
	if (strcmp(ioc_buf_str(before), ioc_buf_str(&after)) != 0)
		fail_msg("%s, %s %u: the host looked like this:\n%sand now:\n%s",
		    op, how, n, ioc_buf_str(before), ioc_buf_str(&after));
	if (e->warnings != 0)
		fail_msg("%s, %s %u: %s", op, how, n, e->last_warning);
}

static void
test_steps__canceled_at_each(void **state)
{
	for (const struct engine_op *op = engine_ops; op->name != NULL; op++) {
		struct engine *e = engine_prepare(state, op);
		unsigned n = 0;

		for (;;) {
			auto_buf struct ioc_buf before =
			    IOC_BUF(4 * 1024 * 1024);
			struct ioc_error err = { .msg = "" };
			int r;

			engine_describe(e, &before);
			e->begins = e->warnings = 0;
			e->cancel_at = ++n;
			/* What cannot be undone any more is not canceled. */
			r = op->cancels != 0 && n > op->cancels ? 0 :
			    op->run(e, &err);
			e->cancel_at = 0;
			if (r == 0)
				break;
			if (r != IOC_CANCELED)
				fail_msg("%s at %u: %s", op->name, n,
				    err.msg);
			check_same(e, &before, op->name,
			    "canceled at step", n);
			assert_true(n < 50);
		}
		assert_true(n > op->least);
	}
}

static void
test_steps__each_call_of_the_system_fails(void **state)
{
	for (const struct engine_op *op = engine_ops; op->name != NULL; op++) {
		struct engine *e = engine_prepare(state, op);

		for (unsigned n = 1;; n++) {
			auto_buf struct ioc_buf before =
			    IOC_BUF(4 * 1024 * 1024);
			struct ioc_error err = { .msg = "" };
			int r;

			engine_describe(e, &before);
			e->warnings = fake.calls = 0;
			fake.fail_at = n;
			r = op->run(e, &err);
			fake.fail_at = 0;
			if (r == 0)
				break;
			assert_non_null(strstr(err.msg, "injected fault"));
			check_same(e, &before, op->name,
			    "system call", n);
			assert_true(n < 50);
		}
	}
}

static void
test_fetch__half_obtained_leaves_nothing(void **state)
{
	auto_buf struct ioc_buf before = IOC_BUF(4 * 1024 * 1024);
	const struct engine_op *fetch = engine_op("fetch");
	struct engine *e = *state;
	struct ioc_error err;

	engine_describe(e, &before);
	fake_dist.fetch_fails = true;
	assert_int_equal(fetch->run(e, &err), IOC_NETWORK);
	assert_string_equal(err.msg, "fetch two: injected fault");
	check_same(e, &before, "fetch", "download", 0);
	fake_dist.fetch_fails = false;
	assert_int_equal(fetch->run(e, &err), 0);
}

static void
test_stop__a_failing_undo_is_told_and_force_goes_on(void **state)
{
	struct engine *e = *state;
	struct ioc_jail *j = NULL;
	struct ioc_error err;

	engine_create(e, "web");
	assert_int_equal(ioc_jail_open(e->host, "web", &j, &err), 0);
	assert_int_equal(ioc_jail_start(j, NULL, 0, &err), 0);
	fake.undos = 0;
	fake.undo_fail_at = 1;
	assert_int_equal(ioc_jail_stop(j, false, &err), IOC_FAILED);
	assert_non_null(strstr(err.msg, "stop web: undo create"));
	assert_true(fake.jails[0].created);
	fake.undos = 0;
	fake.undo_fail_at = 3;			/* limits */
	assert_int_equal(ioc_jail_stop(j, true, &err), IOC_FAILED);
	assert_false(fake.jails[0].created);
	assert_false(fake.jails[0].mounted);
	fake.undo_fail_at = 0;
	/* What is left is repaired by the next command. */
	ioc_jail_close(j);
	engine_reopen(e);
	assert_string_equal(fake.jails[0].name, "");
}

static void
test_start_stop__states(void **state)
{
	struct engine *e = *state;
	enum ioc_jail_state s;
	struct ioc_jail *j = NULL;
	struct ioc_error err;

	engine_create(e, "web");
	assert_int_equal(ioc_jail_open(e->host, "web", &j, &err), 0);
	assert_int_equal(ioc_jail_stop(j, false, &err), IOC_STATE);
	assert_string_equal(err.msg, "stop web: it does not run");
	assert_int_equal(ioc_jail_start(j, NULL, 0, &err), 0);
	assert_int_equal(ioc_jail_start(j, NULL, 0, &err), IOC_STATE);
	assert_string_equal(err.msg, "start web: it runs already");
	assert_int_equal(ioc_jail_state(j, &s, NULL, &err), 0);
	assert_int_equal(s, IOC_JAIL_RUNNING);
	assert_int_equal(ioc_jail_destroy(j, false, &err), IOC_STATE);
	assert_int_equal(ioc_jail_rename(j, "x1", &err), IOC_STATE);
	assert_int_equal(ioc_jail_destroy(j, true, &err), 0);
	assert_int_equal(ioc_jail_state(j, &s, NULL, &err), 0);
	ioc_jail_close(j);
	assert_int_equal(ioc_jail_open(e->host, "web", &j, &err),
	    IOC_NOT_FOUND);
}

static void
test_dry_run__changes_nothing(void **state)
{
	struct ioc_error err = { .msg = "" };

	for (const struct engine_op *op = engine_ops; op->name != NULL; op++) {
		struct engine *e = engine_prepare(state, op);
		auto_buf struct ioc_buf before = IOC_BUF(4 * 1024 * 1024);
		struct ioc_host_options o = {
			.config = e->config, .helper_dir = engine_helper_dir(),
			.dry_run = true,
		};

		engine_describe(e, &before);
		ioc_host_close(e->host);
		assert_int_equal(ioc_host_open(&o, &e->host, &err), 0);
		if (op->run(e, &err) != 0)
			fail_msg("%s: %s", op->name, err.msg);
		check_same(e, &before, op->name, "dry run", 0);
	}
}

ENGINE_MAIN(
	ENGINE_TEST(test_steps__canceled_at_each),
	ENGINE_TEST(test_steps__each_call_of_the_system_fails),
	ENGINE_TEST(test_fetch__half_obtained_leaves_nothing),
	ENGINE_TEST(test_stop__a_failing_undo_is_told_and_force_goes_on),
	ENGINE_TEST(test_start_stop__states),
	ENGINE_TEST(test_dry_run__changes_nothing))
