/* SPDX-License-Identifier: BSD-2-Clause */
/* The order of starting, and what must start with a jail. */
#include "tests/engine/engine.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "ioc/jail.h"

static void
put(struct engine *e, const char *name, const char *conf)
{
	char path[160];
	auto_fd int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/source/jails/%s", e->dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/source/jails/%s/config.json",
	    e->dir, name);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, conf, strlen(conf)), (ssize_t)strlen(conf));
}

static struct ioc_jail_list *
list(struct engine *e, const char *term)
{
	struct ioc_error err = { .msg = "" };
	struct ioc_jail_list *l = NULL;
	struct ioc_filter *f = NULL;

	if (term != NULL)
		assert_int_equal(ioc_filter_parse(&term, 1, &f, &err), 0);
	if (ioc_jail_list(e->host, f, &l, &err) != 0)
		fail_msg("%s", err.msg);
	ioc_filter_free(f);
	return (l);
}

static void
check_names(const struct ioc_jail_list *l, const char *want)
{
	char got[256] = "";

	for (size_t i = 0; i < ioc_jail_count(l); i++)
		(void)snprintf(got + strlen(got), sizeof(got) - strlen(got),
		    "%s%s", i > 0 ? " " : "", ioc_jail_name(ioc_jail_at(l, i)));
	assert_string_equal(got, want);
}

static void
check_order(struct engine *e, const char *term, const char *want)
{
	struct ioc_error err = { .msg = "" };
	struct ioc_jail_list *l = list(e, term);

	if (ioc_jail_list_order(l, &err) != 0)
		fail_msg("%s", err.msg);
	check_names(l, want);
	ioc_jail_list_free(l);
}

static void
test_order__priority_and_depends(void **state)
{
	struct engine *e = *state;

	put(e, "a", "{\"priority\": \"5\"}");
	put(e, "b", "{\"priority\": \"-5\", \"depends\": \"a\"}");
	put(e, "c", "{}");
	put(e, "d", "{\"depends\": \"nowhere\"}");
	/* Before a, that b depends on; c and d have 0 and stand between. */
	check_order(e, NULL, "a b c d");
	check_order(e, "c,d", "c d");
	/* Nothing of a is known here: b is first by its priority. */
	check_order(e, "b,c", "b c");
}

/* Stopping must be possible whatever configurations say. */
static void
test_order__damaged_and_circles(void **state)
{
	struct engine *e = *state;

	put(e, "a", "{\"depends\": \"c\", \"priority\": \"1\"}");
	put(e, "b", "{\"depends\": \"b\", \"priority\": \"9\"}");
	put(e, "broken", "{\"priority\": ");
	put(e, "c", "{\"depends\": \"a\", \"priority\": \"2\"}");
	check_order(e, NULL, "broken c a b");
}

static void
test_require__takes_in_what_is_needed(void **state)
{
	struct engine *e = *state;
	struct ioc_error err = { .msg = "" };
	struct ioc_jail_list *l;

	put(e, "app", "{\"depends\": \"cache,db\"}");
	put(e, "cache", "{\"depends\": \"disk\"}");
	put(e, "db", "{\"depends\": \"disk\"}");
	put(e, "disk", "{\"priority\": \"7\"}");
	put(e, "other", "{}");
	l = list(e, "app,other");
	assert_int_equal(ioc_jail_list_require(l, ioc_jail_at(l, 0), &err), 0);
	check_names(l, "app other cache disk db");
	assert_int_equal(ioc_jail_list_require(l, ioc_jail_at(l, 0), &err), 0);
	assert_int_equal(ioc_jail_list_require(l, ioc_jail_at(l, 1), &err), 0);
	assert_int_equal(ioc_jail_count(l), 5);
	assert_int_equal(ioc_jail_list_order(l, &err), 0);
	check_names(l, "disk cache db app other");
	ioc_jail_list_free(l);
}

static void
check_refused(struct engine *e, const char *name, int code, const char *msg)
{
	struct ioc_error err = { .msg = "" };
	struct ioc_jail_list *l = list(e, name);

	assert_int_equal(ioc_jail_list_require(l, ioc_jail_at(l, 0), &err),
	    code);
	assert_string_equal(err.msg, msg);
	check_names(l, name);
	ioc_jail_list_free(l);
}

static void
test_require__refuses(void **state)
{
	struct engine *e = *state;

	put(e, "alone", "{\"depends\": \"alone\"}");
	put(e, "a", "{\"depends\": \"fine,b\"}");
	put(e, "b", "{\"depends\": \"c\"}");
	put(e, "c", "{\"depends\": \"a\"}");
	put(e, "fine", "{}");
	put(e, "lacks", "{\"depends\": \"fine,nowhere\"}");
	put(e, "far", "{\"depends\": \"lacks\"}");
	put(e, "broken", "{\"depends\": ");
	check_refused(e, "alone", IOC_INVALID, "jail alone depends on itself");
	check_refused(e, "a", IOC_INVALID, "jail a depends on itself: "
	    "c depends on a, b on c, a on b");
	check_refused(e, "lacks", IOC_NOT_FOUND,
	    "jail lacks: depends: no jail main/nowhere");
	check_refused(e, "far", IOC_NOT_FOUND,
	    "jail lacks: depends: no jail main/nowhere");
	put(e, "uses", "{\"depends\": \"broken\"}");
	{
		struct ioc_error err = { .msg = "" };
		struct ioc_jail_list *l = list(e, "uses");

		assert_int_equal(ioc_jail_list_require(l, ioc_jail_at(l, 0),
		    &err), IOC_FORMAT);
		assert_non_null(strstr(err.msg, "jail broken"));
		check_names(l, "uses");
		ioc_jail_list_free(l);
	}
}

/* Every way through 20 layers of two is not followed: there are a million. */
static void
test_require__many_ways(void **state)
{
	struct engine *e = *state;
	struct ioc_error err = { .msg = "" };
	struct ioc_jail_list *l;
	char name[16], conf[64];

	put(e, "l0x", "{}");
	put(e, "l0y", "{}");
	for (int i = 1; i <= 20; i++) {
		(void)snprintf(conf, sizeof(conf),
		    "{\"depends\": \"l%dx,l%dy\"}", i - 1, i - 1);
		(void)snprintf(name, sizeof(name), "l%dx", i);
		put(e, name, conf);
		(void)snprintf(name, sizeof(name), "l%dy", i);
		put(e, name, conf);
	}
	l = list(e, "l20x");
	assert_int_equal(ioc_jail_list_require(l, ioc_jail_at(l, 0), &err), 0);
	assert_int_equal(ioc_jail_count(l), 41);
	assert_int_equal(ioc_jail_list_order(l, &err), 0);
	assert_string_equal(ioc_jail_name(ioc_jail_at(l, 40)), "l20x");
	ioc_jail_list_free(l);
}

ENGINE_MAIN(
	ENGINE_TEST(test_order__priority_and_depends),
	ENGINE_TEST(test_order__damaged_and_circles),
	ENGINE_TEST(test_require__takes_in_what_is_needed),
	ENGINE_TEST(test_require__refuses),
	ENGINE_TEST(test_require__many_ways))
