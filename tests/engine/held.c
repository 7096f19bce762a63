/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 54: what was read of a jail before its lock was taken counts for nothing: it
 * may be another one by then, or none.
 */
#include "tests/engine/engine.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "ioc/config.h"
#include "ioc/jail.h"
#include "safe/journal.h"
#include "tests/common/tmp.h"

static struct ioc_jail *
open_jail(struct engine *e, const char *name)
{
	struct ioc_error err = { .msg = "" };
	struct ioc_jail *j = NULL;

	if (ioc_jail_open(e->host, name, &j, &err) != 0)
		fail_msg("%s", err.msg);
	return (j);
}

static void
base_of(struct ioc_jail *j, char out[16])
{
	struct ioc_error err = { .msg = "" };
	char *v = NULL;

	if (ioc_jail_get(j, "id_base", &v, &err) != 0)
		fail_msg("%s", err.msg);
	(void)snprintf(out, 16, "%s", v);
	free(v);
}

static void
destroy(struct engine *e, const char *name)
{
	struct ioc_jail *j = open_jail(e, name);
	struct ioc_error err = { .msg = "" };

	if (ioc_jail_destroy(j, true, &err) != 0)
		fail_msg("%s", err.msg);
	ioc_jail_close(j);
}

static int
create(struct engine *e, const char *name)
{
	struct ioc_create_options o = { .name = name, .release = "one" };
	struct ioc_error err;

	return (ioc_jail_create(e->host, &o, NULL, &err));
}

static bool
claimed(struct engine *e, const char *base)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/source/.ids/%s", e->dir, base);
	return (access(path, F_OK) == 0);
}

/* Another jail "web" than the one that was read, whose range another has. */
static struct ioc_jail *
replaced(struct engine *e, char was[16], char is[16])
{
	struct ioc_jail *old, *j;
	char name[16], base[16];
	unsigned n = 0;

	engine_create(e, "web");
	old = open_jail(e, "web");
	base_of(old, was);
	destroy(e, "web");
	do {
		(void)snprintf(name, sizeof(name), "x%u", n++);
	} while (create(e, name) == 0);
	assert_true(n > 3);
	/* All ranges are taken: one of two jails has another than it had. */
	for (unsigned i = 0; i < 2; i++) {
		(void)snprintf(name, sizeof(name), "x%u", i);
		j = open_jail(e, name);
		base_of(j, base);
		ioc_jail_close(j);
		if (strcmp(base, was) != 0)
			break;
	}
	destroy(e, name);
	engine_create(e, "web");
	j = open_jail(e, "web");
	base_of(j, is);
	ioc_jail_close(j);
	assert_string_not_equal(was, is);
	return (old);
}

/* A range that is another jail's by now is not given away. */
static void
test_attack_54__destroyed_with_its_own_range(void **state)
{
	struct engine *e = *state;
	struct ioc_error err = { .msg = "" };
	char was[16], is[16];
	struct ioc_jail *old = replaced(e, was, is);

	if (ioc_jail_destroy(old, false, &err) != 0)
		fail_msg("%s", err.msg);
	ioc_jail_close(old);
	assert_true(claimed(e, was));
	assert_false(claimed(e, is));
}

/* It starts as it is now, or not at all. */
static void
test_attack_54__started_as_it_is(void **state)
{
	struct ioc_change template = { "template", "yes" };
	struct engine *e = *state;
	struct ioc_error err = { .msg = "" };
	char was[16], is[16], now[16];
	struct ioc_jail *old = replaced(e, was, is), *j;

	if (ioc_jail_start(old, NULL, 0, &err) != 0)
		fail_msg("%s", err.msg);
	base_of(old, now);
	assert_string_equal(now, is);
	assert_int_equal(ioc_jail_stop(old, false, &err), 0);
	j = open_jail(e, "web");
	assert_int_equal(ioc_jail_set(j, &template, 1, NULL, &err), 0);
	ioc_jail_close(j);
	assert_int_equal(ioc_jail_start(old, NULL, 0, &err), IOC_STATE);
	ioc_jail_close(old);
}

/* What is gone is said to be gone, whatever is asked of it. */
static void
test_attack_54__gone(void **state)
{
	const struct ioc_fstab_entry line = { .source = "none", .target = "/x",
		.type = "tmpfs", .options = "rw" };
	struct ioc_change change = { "boot", "yes" };
	struct engine *e = *state;
	struct ioc_error err = { .msg = "" };
	struct ioc_jail *j;
	char base[16];

	engine_create(e, "web");
	j = open_jail(e, "web");
	base_of(j, base);
	destroy(e, "web");
	assert_int_equal(ioc_jail_start(j, NULL, 0, &err), IOC_NOT_FOUND);
	assert_string_equal(err.msg, "start web: it is not there any more");
	assert_int_equal(ioc_jail_stop(j, true, &err), IOC_NOT_FOUND);
	assert_int_equal(ioc_jail_set(j, &change, 1, NULL, &err),
	    IOC_NOT_FOUND);
	assert_int_equal(ioc_jail_rename(j, "www", &err), IOC_NOT_FOUND);
	assert_int_equal(ioc_jail_fstab_add(j, &line, &err), IOC_NOT_FOUND);
	assert_int_equal(ioc_jail_destroy(j, true, &err), IOC_NOT_FOUND);
	ioc_jail_close(j);
}

/* The same of snapshots and clones, and nothing is left to be swept away. */
static void
test_attack_54__gone_with_its_snapshots(void **state)
{
	struct engine *e = *state;
	const struct ioc_clone_options o = { .name = "copy" };
	struct ioc_error err = { .msg = "" };
	struct ioc_jail *j;

	engine_create(e, "web");
	j = open_jail(e, "web");
	destroy(e, "web");
	assert_int_equal(ioc_snapshot_create(j, "a", &err), IOC_NOT_FOUND);
	assert_int_equal(ioc_snapshot_remove(j, "a", &err), IOC_NOT_FOUND);
	assert_int_equal(ioc_snapshot_rollback(j, "a", false, false, &err),
	    IOC_NOT_FOUND);
	assert_int_equal(ioc_jail_clone(j, &o, NULL, &err), IOC_NOT_FOUND);
	assert_string_equal(err.msg, "clone web: it is not there any more");
	assert_int_equal(ioc_jail_promote(j, &err), IOC_NOT_FOUND);
	assert_string_equal(err.msg, "promote web: it is not there any more");
	assert_int_equal(e->warnings, 0);
	ioc_jail_close(j);
}

/* It was stopped when it was listed, and runs by now. */
static void
test_attack_54__started_since_it_was_listed(void **state)
{
	struct engine *e = *state;
	const struct ioc_clone_options o = { .name = "copy" };
	struct ioc_error err = { .msg = "" };
	struct ioc_jail_list *l = NULL;
	struct ioc_jail *j, *old;

	engine_create(e, "web");
	j = open_jail(e, "web");
	assert_int_equal(ioc_snapshot_create(j, "before-update-1", &err), 0);
	assert_int_equal(ioc_jail_list(e->host, NULL, &l, &err), 0);
	old = ioc_jail_at(l, 0);
	assert_int_equal(ioc_jail_start(j, NULL, 0, &err), 0);
	assert_int_equal(ioc_snapshot_create(old, "b", &err), IOC_STATE);
	ioc_jail_list_free(l);
	assert_int_equal(ioc_jail_stop(j, false, &err), 0);
	assert_int_equal(ioc_jail_list(e->host, NULL, &l, &err), 0);
	old = ioc_jail_at(l, 0);
	assert_int_equal(ioc_jail_start(j, NULL, 0, &err), 0);
	assert_int_equal(ioc_jail_update_rollback(old, &err), IOC_STATE);
	ioc_jail_list_free(l);
	assert_int_equal(ioc_jail_stop(j, false, &err), 0);
	assert_int_equal(ioc_jail_list(e->host, NULL, &l, &err), 0);
	old = ioc_jail_at(l, 0);
	assert_int_equal(ioc_jail_start(j, NULL, 0, &err), 0);
	assert_int_equal(ioc_jail_clone(old, &o, NULL, &err), IOC_STATE);
	ioc_jail_list_free(l);
	assert_int_equal(ioc_jail_stop(j, false, &err), 0);
	ioc_jail_close(j);
}

static pid_t
update_apart(struct engine *e)
{
	struct ioc_error err;
	unsigned to = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(ioc_release_update(e->host, "one", false, NULL, &to,
		    &err) == 0 ? (int)to : 99);
	return (pid);
}

static bool
at_work(struct engine *e)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/source/.staging", e->dir);
	return (rmdir(path) != 0 && errno == ENOTEMPTY);
}

static int
status_of(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return (WEXITSTATUS(status));
}

/* Two updates of a release at once: the second begins where the first ends. */
static void
test_attack_54__release_updated_meanwhile(void **state)
{
	struct engine *e = *state;
	pid_t first, second;

	fake_dist.updates = 3;
	fake_dist.takes_ms = 1000;
	first = update_apart(e);
	while (!at_work(e))
		(void)usleep(1000);
	second = update_apart(e);
	assert_int_equal(status_of(first), 1);
	assert_int_equal(status_of(second), 2);
	fake_dist.takes_ms = 0;
}

/*
 * 59: two updates of a jail at one time by the clock, and after it was set back:
 * each has a state before it to go back to.
 */
static void
test_attack_59__updated_at_one_time(void **state)
{
	struct engine *e = *state;
	struct ioc_error err = { .msg = "" };
	struct ioc_snapshot_list *l = NULL;
	struct ioc_jail *j;
	unsigned n = 0;

	fake_dist.updates = 3;
	engine_create(e, "web");
	j = open_jail(e, "web");
	assert_int_equal(ioc_snapshot_create(j, "before-update-99999999999",
	    &err), 0);
	for (int i = 0; i < 2; i++)
		if (ioc_jail_update(j, &n, &err) != 0)
			fail_msg("%s", err.msg);
	assert_int_equal(n, 3);
	assert_int_equal(ioc_snapshot_list(j, &l, &err), 0);
	assert_int_equal(ioc_snapshot_count(l), 1);
	assert_string_equal(ioc_snapshot_at(l, 0)->name,
	    "before-update-100000000001");
	ioc_snapshot_list_free(l);
	assert_int_equal(ioc_jail_update_rollback(j, &err), 0);
	ioc_jail_close(j);
}

/*
 * 53: a create that was killed when it had done its work, and a rename before
 * anybody came to recover it: the jail keeps its range.
 */
static void
test_attack_53__renamed_before_recovery(void **state)
{
	struct engine *e = *state;
	struct ioc_error err = { .msg = "" };
	struct ioc_journal *entry = NULL;
	char base[16], path[128], owner[64];
	struct ioc_jail *j;
	int source, journal;

	engine_create(e, "web");
	j = open_jail(e, "web");
	base_of(j, base);
	(void)snprintf(path, sizeof(path), "%s/source", e->dir);
	source = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	journal = openat(source, ".journal", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	(void)snprintf(path, sizeof(path), ".ids/%s", base);
	(void)snprintf(owner, sizeof(owner), "%.63s", tmp_read(source, path));
	assert_int_equal(ioc_journal_begin(journal, "create", "web", owner, 0,
	    &entry, &err), 0);
	assert_int_equal(ioc_jail_rename(j, "www", &err), 0);
	ioc_jail_close(j);
	ioc_journal_abandon(entry);
	engine_reopen(e);
	assert_int_equal(faccessat(journal, owner, F_OK, 0), -1);
	assert_true(claimed(e, base));
	assert_int_equal(ioc_host_recover(e->host, NULL, &err), 0);
	assert_true(claimed(e, base));
	destroy(e, "www");
	assert_false(claimed(e, base));
	(void)close(journal);
	(void)close(source);
}

/* An update of "web" that died when it was to exchange the roots. */
static void
die_in_update(struct engine *e, const char *token)
{
	struct ioc_error err = { .msg = "" };
	struct ioc_journal *entry = NULL;
	char path[160];
	int journal, fd;

	(void)snprintf(path, sizeof(path), "%s/source/.journal", e->dir);
	journal = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(ioc_journal_begin(journal, "jail-update",
	    "web before-update-1", token, 0, &entry, &err), 0);
	for (const char *const *p = (const char *const[]){ "", "/jail",
	    "/jail/layer", NULL }; *p != NULL; p++) {
		(void)snprintf(path, sizeof(path), "%s/source/.staging/%s%s",
		    e->dir, token, *p);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	for (const char *const *p = (const char *const[]){ "switch",
	    "jail/layer/new", NULL }; *p != NULL; p++) {
		(void)snprintf(path, sizeof(path), "%s/source/.staging/%s/%s",
		    e->dir, token, *p);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		(void)close(fd);
	}
	ioc_journal_abandon(entry);
	(void)close(journal);
}

static bool
is_updated(struct engine *e)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/source/jails/web/layer/new",
	    e->dir);
	return (access(path, F_OK) == 0);
}

/*
 * 53: whoever has waited for the lock of what has died finishes that first: what
 * he would do to the old root would be lost.
 */
static void
test_attack_53__next_in_line_finishes_it(void **state)
{
	struct engine *e = *state;
	struct ioc_error err = { .msg = "" };
	struct ioc_jail *j;

	engine_create(e, "web");
	j = open_jail(e, "web");
	die_in_update(e, "update-1");
	assert_int_equal(ioc_jail_start(j, NULL, 0, &err), 0);
	assert_true(is_updated(e));
	assert_int_equal(ioc_jail_stop(j, false, &err), 0);
	ioc_jail_close(j);
}

/* 53: nothing is exchanged under a jail that runs, which can be stopped. */
static void
test_attack_53__not_while_it_runs(void **state)
{
	struct engine *e = *state;
	struct ioc_error err = { .msg = "" };
	struct ioc_jail *j;

	engine_create(e, "web");
	j = open_jail(e, "web");
	assert_int_equal(ioc_jail_start(j, NULL, 0, &err), 0);
	die_in_update(e, "update-2");
	assert_int_equal(ioc_host_recover(e->host, NULL, &err), IOC_STATE);
	assert_false(is_updated(e));
	assert_int_equal(ioc_jail_stop(j, false, &err), 0);
	assert_int_equal(ioc_host_recover(e->host, NULL, &err), 0);
	assert_true(is_updated(e));
	ioc_jail_close(j);
}

/* 53: a claim that says not for whom, as its writer was killed, is nobody's. */
static void
test_attack_53__claim_of_nobody(void **state)
{
	struct engine *e = *state;
	struct ioc_error err = { .msg = "" };
	struct ioc_jail *j;
	char path[128], base[16];
	unsigned n = 0;
	FILE *f;

	engine_create(e, "web");
	j = open_jail(e, "web");
	base_of(j, base);
	ioc_jail_close(j);
	/* Whichever range is not web's. */
	do {
		(void)snprintf(path, sizeof(path), "%s/source/.ids/%u", e->dir,
		    655360000 + 65536 * n++);
	} while (access(path, F_OK) == 0);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(ioc_host_recover(e->host, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(access(path, F_OK), -1);
	assert_true(claimed(e, base));
}

ENGINE_MAIN(
	ENGINE_TEST(test_attack_54__destroyed_with_its_own_range),
	ENGINE_TEST(test_attack_54__started_as_it_is),
	ENGINE_TEST(test_attack_54__gone),
	ENGINE_TEST(test_attack_54__gone_with_its_snapshots),
	ENGINE_TEST(test_attack_54__started_since_it_was_listed),
	ENGINE_TEST(test_attack_54__release_updated_meanwhile),
	ENGINE_TEST(test_attack_59__updated_at_one_time),
	ENGINE_TEST(test_attack_53__renamed_before_recovery),
	ENGINE_TEST(test_attack_53__next_in_line_finishes_it),
	ENGINE_TEST(test_attack_53__not_while_it_runs),
	ENGINE_TEST(test_attack_53__claim_of_nobody))
