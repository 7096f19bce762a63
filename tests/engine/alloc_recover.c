/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recovery, and claims of uid ranges, with every allocation and every
 * descriptor failing once: what
 * is in use is never taken away for want of what it takes to see that it is.
 */
#include "tests/engine/engine.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "ioc/config.h"
#include "ioc/jail.h"
#include "safe/journal.h"
#include "tests/common/fault.h"
#include "tests/common/tmp.h"

/* Descriptors of the source, and what a living writer holds. */
struct left {
	int	source;
	int	journal;
	struct ioc_journal *living;
	struct ioc_journal *newer;
	char	base[16];		/* web's uid range */
	char	owner[64];		/* for whom it is claimed */
};

static void
get(struct engine *e, const char *source, const char *name, const char *prop,
    char *out, size_t len)
{
	struct ioc_error err = { .msg = "" };
	struct ioc_jail *j = NULL;
	char full[64], *v = NULL;

	(void)snprintf(full, sizeof(full), "%s/%s", source, name);
	if (ioc_jail_open(e->host, full, &j, &err) != 0 ||
	    ioc_jail_get(j, prop, &v, &err) != 0)
		fail_msg("%s", err.msg);
	(void)snprintf(out, len, "%s", v);
	free(v);
	ioc_jail_close(j);
}

static struct ioc_journal *
entry(const struct left *l, const char *op, const char *what, const char *token)
{
	struct ioc_journal *j = NULL;
	struct ioc_error err;

	if (ioc_journal_begin(l->journal, op, what, token, IOC_JOURNAL_NOSYNC,
	    &j, &err) != 0)
		fail_msg("%s", err.msg);
	return (j);
}

static void
volume(const struct left *l, const char *token)
{
	char path[96];

	(void)snprintf(path, sizeof(path), ".staging/%s", token);
	tmp_mkdir(l->source, path);
	(void)snprintf(path, sizeof(path), ".staging/%s/root", token);
	tmp_mkdir(l->source, path);
}

/* What processes that were killed may leave, and one that lives. */
static void
leave(struct engine *e, struct left *l)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/source", e->dir);
	l->source = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	l->journal = openat(l->source, ".journal", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	assert_true(l->source >= 0 && l->journal >= 0);
	get(e, "main", "web", "id_base", l->base, sizeof(l->base));
	(void)snprintf(path, sizeof(path), ".ids/%s", l->base);
	(void)snprintf(l->owner, sizeof(l->owner), "%.63s",
	    tmp_read(l->source, path));
	/* Created, and killed before it could say so. */
	ioc_journal_abandon(entry(l, "create", "web", l->owner));
	/* Being created. */
	ioc_journal_abandon(entry(l, "create", "half", "create-2"));
	volume(l, "create-2");
	tmp_write(l->source, ".ids/65536", "create-2");
	/* Being destroyed, with its uid range and without. */
	ioc_journal_abandon(entry(l, "destroy", "old 131072 create-3",
	    "destroy-3"));
	volume(l, "destroy-3");
	tmp_write(l->source, ".ids/131072", "create-3");
	ioc_journal_abandon(entry(l, "destroy", "older 196608 create-4",
	    "destroy-4"));
	volume(l, "destroy-4");
	tmp_write(l->source, ".ids/196608", "create-5");
	l->newer = entry(l, "create", "newer", "create-5");
	/* A journal that was lost. */
	volume(l, "create-6");
	/* Half a jail that runs no more. */
	(void)snprintf(fake.jails[5].name, sizeof(fake.jails[5].name),
	    "main-half");
	fake.jails[5].prepared = fake.jails[5].limited = true;
	l->living = entry(l, "fetch", "two", "fetch-7");
	volume(l, "fetch-7");
}

static void
close_left(struct left *l)
{
	ioc_journal_end(l->living);
	ioc_journal_end(l->newer);
	(void)close(l->source);
	(void)close(l->journal);
}

/* What must be there at any time. */
static void
check_in_use(const struct left *l, unsigned long n)
{
	char path[32];

	(void)snprintf(path, sizeof(path), ".ids/%s", l->base);
	if (!tmp_exists(l->source, path))
		fail_msg("number %lu: the uid range of web is gone", n);
	if (!tmp_exists(l->source, ".ids/196608"))
		fail_msg("number %lu: a range with a new owner is gone", n);
	if (!tmp_exists(l->source, ".staging/fetch-7/root") ||
	    !tmp_exists(l->source, ".journal/fetch-7"))
		fail_msg("number %lu: what is being built is gone", n);
	if (!tmp_exists(l->source, "jails/web/config.json"))
		fail_msg("number %lu: web is gone", n);
}

static void
check_recovered(const struct left *l, unsigned long n)
{
	static const char *const gone[] = {
		".staging/create-2", ".staging/destroy-3",
		".staging/destroy-4", ".staging/create-6", ".ids/65536",
		".ids/131072", ".journal/create-2", ".journal/destroy-3",
		".journal/destroy-4",
	};

	check_in_use(l, n);
	for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
		if (tmp_exists(l->source, gone[i]))
			fail_msg("number %lu: %s is left", n, gone[i]);
	assert_string_equal(fake.jails[5].name, "");
}

/* True when a recovery came to the n-th of them. */
static bool
recover_failing(void **state, enum fault what, unsigned long n, bool onwards)
{
	struct engine *e = engine_renew(state);
	struct ioc_error err = { .msg = "" };
	struct left l;
	bool failed;
	int r;

	leave(e, &l);
	fault_begin(what, n, onwards);
	r = ioc_host_recover(e->host, NULL, &err);
	failed = fault_end();
	if (r != 0 && (!failed || err.code != r ||
	    !ioc_error_is_shortage(&err)))
		fail_msg("number %lu: %s: %s", n, ioc_code_name(r),
		    err.msg);
	if (r == 0)
		check_recovered(&l, n);
	check_in_use(&l, n);
	e->warnings = 0;
	engine_reopen(e);
	if (e->warnings != 0)
		fail_msg("number %lu: %s", n, e->last_warning);
	check_recovered(&l, n);
	close_left(&l);
	return (failed);
}

static void
test_recover__takes_nothing_that_is_in_use(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		enum fault what = i < 2 ? FAULT_MEMORY : FAULT_FD;
		unsigned long n = 1;

		while (recover_failing(state, what, n, i % 2 != 0))
			n++;
		print_message("%lu %s\n", n - 1, what == FAULT_MEMORY ?
		    "allocations" : "descriptors");
		assert_true(n > 20);
	}
}

/* A second source, and two uid ranges for all. */
static struct engine *
two_sources(void **state)
{
	struct engine *e = engine_renew(state);
	struct ioc_error err = { .msg = "" };
	char where[96];
	FILE *conf;

	(void)snprintf(where, sizeof(where), "%s/second", e->dir);
	conf = fopen(e->config, "w");
	assert_non_null(conf);
	(void)fprintf(conf, "ioc_run_dir=\"%s/run\"\n"
	    "ioc_dir_main=\"%s/source\"\nioc_uid_range=\"65536:131072\"\n",
	    e->dir, e->dir);
	(void)fclose(conf);
	if (ioc_activate_dir(e->config, where, "second", &err) != 0)
		fail_msg("%s", err.msg);
	engine_reopen(e);
	engine_create(e, "other");
	return (e);
}

static int
create_empty(struct engine *e, const char *source, struct ioc_error *err)
{
	struct ioc_create_options o = {
		.name = "empty", .source = source, .empty = true,
	};

	return (ioc_jail_create(e->host, &o, NULL, err));
}

/* One range is left: what is created gets that one or none. */
static void
no_range_twice(void **state, enum fault what)
{
	struct engine *e = two_sources(state);
	bool failed = true;

	/* Where the search begins is chance: each one four times. */
	for (unsigned long i = 4; failed; i++) {
		unsigned long n = i / 4;
		char taken[16], got[16];
		struct ioc_error err = { .msg = "" };
		struct ioc_jail *j = NULL;
		int r;

		get(e, "main", "other", "id_base", taken, sizeof(taken));
		engine_reopen(e);
		fault_begin(what, n, false);
		r = create_empty(e, "second", &err);
		failed = fault_end();
		if (r != 0 && failed && ioc_error_is_shortage(&err))
			continue;
		if (r != 0)
			fail_msg("number %lu: %s", n, err.msg);
		get(e, "second", "empty", "id_base", got, sizeof(got));
		if (strcmp(taken, got) == 0)
			fail_msg("number %lu: %s is there twice", n, got);
		/* Now there is none left. */
		assert_int_equal(create_empty(e, "main", &err), IOC_LIMIT);
		assert_int_equal(ioc_jail_open(e->host, "second/empty", &j,
		    &err), 0);
		assert_int_equal(ioc_jail_destroy(j, false, &err), 0);
		ioc_jail_close(j);
		assert_true(n > 20 || failed);
	}
}

static void
test_ids__no_range_twice(void **state)
{
	no_range_twice(state, FAULT_MEMORY);
	no_range_twice(state, FAULT_FD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(test_recover__takes_nothing_that_is_in_use),
		ENGINE_TEST(test_ids__no_range_twice),
	};

	if (geteuid() != 0) {
		puts("skipped: needs root");
		return (77);
	}
	fault_json();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
