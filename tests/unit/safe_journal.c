/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/unit.h"

#include <signal.h>

#include "base/buf.h"
#include "safe/journal.h"
#include "tests/common/tmp.h"

struct seen {
	char	text[512];
	int	fail;	/* what the callback returns */
};

static int
see(const char *op, const char *what, const char *staging, void *arg,
    struct ioc_error *err)
{
	struct seen *s = arg;
	size_t len = strlen(s->text);

	(void)snprintf(s->text + len, sizeof(s->text) - len, "%s|%s|%s;", op,
	    what, staging);
	return (s->fail < 0 ? ioc_fail(err, s->fail, "no luck") : s->fail);
}

static void
test_journal__the_living_are_skipped(void **state)
{
	struct ioc_journal *a = NULL, *b = NULL;
	struct seen seen = { "", 0 };
	auto_tmp struct tmp t;
	struct ioc_error err;
	int fds;

	tmp_open(&t);
	fds = tmp_count_fds();
	assert_int_equal(ioc_journal_begin(t.fd, "create", "web", ".new-web",
	    0, &a, &err), 0);
	assert_true(tmp_exists(t.fd, ".new-web"));
	assert_int_equal(ioc_journal_begin(t.fd, "create", "web", ".new-web",
	    0, &b, &err), IOC_EXISTS);
	assert_int_equal(ioc_journal_recover(t.fd, see, &seen, &err), 0);
	assert_string_equal(seen.text, "");
	ioc_journal_end(a);
	assert_false(tmp_exists(t.fd, ".new-web"));
	assert_int_equal(ioc_journal_begin(t.fd, "destroy", "a\nb", "x\ny", 0,
	    &a, &err), 0);
	ioc_journal_abandon(a);
	assert_int_equal(ioc_journal_recover(t.fd, see, &seen, &err), 0);
	assert_string_equal(seen.text, "destroy|a\nb|x\ny;");
	assert_false(tmp_exists(t.fd, "x\ny"));
	ioc_journal_end(NULL);
	ioc_journal_abandon(NULL);
	assert_int_equal(tmp_count_fds(), fds);
}

static void
test_journal_look__sees_all_and_changes_nothing(void **state)
{
	struct ioc_journal *a = NULL, *b = NULL;
	struct seen seen = { "", 0 };
	auto_tmp struct tmp t;
	struct ioc_error err;
	int fds;

	tmp_open(&t);
	fds = tmp_count_fds();
	assert_int_equal(ioc_journal_begin(t.fd, "create", "web", "a", 0, &a,
	    &err), 0);
	assert_int_equal(ioc_journal_begin(t.fd, "destroy", "www", "b", 0, &b,
	    &err), 0);
	ioc_journal_abandon(b);
	tmp_write(t.fd, "c", "op=cre");
	tmp_write(t.fd, ".ioc-tmp-1", "x");
	assert_int_equal(ioc_journal_look(t.fd, see, &seen, &err), 0);
	assert_string_equal(seen.text, "create|web|a;destroy|www|b;");
	seen = (struct seen) { "", IOC_BUSY };
	assert_int_equal(ioc_journal_look(t.fd, see, &seen, &err), IOC_BUSY);
	assert_string_equal(seen.text, "create|web|a;");
	for (const char *const *p = (const char *const[]){ "a", "b", "c",
	    ".ioc-tmp-1", NULL }; *p != NULL; p++)
		assert_true(tmp_exists(t.fd, *p));
	ioc_journal_end(a);
	assert_int_equal(tmp_count_fds(), fds);
}

static void
test_journal__bad_names(void **state)
{
	struct ioc_journal *j;
	auto_tmp struct tmp t;

	tmp_open(&t);
	assert_int_equal(ioc_journal_begin(t.fd, "op", "w", "../x", 0, &j,
	    NULL), IOC_INVALID);
	assert_int_equal(ioc_journal_begin(t.fd, "op", "w", ".ioc-tmp-1", 0,
	    &j, NULL), IOC_INVALID);
}

static void
test_journal_recover__all_are_tried_first_failure_returned(void **state)
{
	struct seen seen = { "", IOC_BUSY };
	struct ioc_journal *j;
	auto_tmp struct tmp t;
	struct ioc_error err = { 0 };

	tmp_open(&t);
	for (int i = 0; i < 3; i++) {
		char name[] = { 's', (char)('0' + i), '\0' };

		assert_int_equal(ioc_journal_begin(t.fd, "op", "w", name, 0, &j,
		    NULL), 0);
		ioc_journal_abandon(j);
	}
	assert_int_equal(ioc_journal_recover(t.fd, see, &seen, &err),
	    IOC_BUSY);
	assert_string_equal(err.msg, "journal entry \"s0\": no luck");
	assert_string_equal(seen.text, "op|w|s0;op|w|s1;op|w|s2;");
	assert_true(tmp_exists(t.fd, "s1"));
	/* Left for later is no failure. */
	seen = (struct seen) { "", IOC_JOURNAL_LATER };
	assert_int_equal(ioc_journal_recover(t.fd, see, &seen, &err), 0);
	assert_string_equal(seen.text, "op|w|s0;op|w|s1;op|w|s2;");
	assert_true(tmp_exists(t.fd, "s1"));
	seen = (struct seen) { "", 0 };
	assert_int_equal(ioc_journal_recover(t.fd, see, &seen, NULL), 0);
	assert_string_equal(seen.text, "op|w|s0;op|w|s1;op|w|s2;");
	assert_false(tmp_exists(t.fd, "s1"));
}

static void
test_journal_recover__damaged_and_foreign(void **state)
{
	struct seen seen = { "", 0 };
	auto_tmp struct tmp t;
	char *big;

	tmp_open(&t);
	tmp_write(t.fd, "a-empty", "");
	tmp_write(t.fd, "b-cut", "op=create");
	tmp_write(t.fd, "c-text", "garbage\n\n");
	big = calloc(1, 200001);
	memset(big, 'x', 200000);
	tmp_write(t.fd, "d-big", big);
	free(big);
	tmp_write(t.fd, ".ioc-tmp-0123", "op=cre");
	tmp_mkdir(t.fd, "dir");
	tmp_symlink("a-empty", t.fd, "link");
	assert_int_equal(ioc_journal_recover(t.fd, see, &seen, NULL), 0);
	assert_string_equal(seen.text, "||a-empty;||b-cut;||c-text;||d-big;");
	assert_false(tmp_exists(t.fd, "a-empty"));
	assert_false(tmp_exists(t.fd, "d-big"));
	assert_false(tmp_exists(t.fd, ".ioc-tmp-0123"));
	assert_true(tmp_exists(t.fd, "dir"));
	assert_true(tmp_exists(t.fd, "link"));
}

/* A killed writer's child still holds the lock, for 200 ms. */
static void
test_journal_recover__waits_for_children_of_the_dead(void **state)
{
	struct seen seen = { "", 0 };
	struct ioc_journal *j;
	auto_tmp struct tmp t;
	int status;
	pid_t pid;

	tmp_open(&t);
	pid = fork();
	if (pid == 0) {
		if (ioc_journal_begin(t.fd, "run", "web", "s", 0, &j, NULL) !=
		    0)
			_exit(1);
		if (fork() == 0) {
			(void)usleep(200 * 1000);
			_exit(0);
		}
		(void)raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_true(tmp_exists(t.fd, "s"));
	assert_int_equal(ioc_journal_recover(t.fd, see, &seen, NULL), 0);
	assert_string_equal(seen.text, "run|web|s;");
	assert_false(tmp_exists(t.fd, "s"));
}

/*
 * Writers are killed at any moment; recovery works meanwhile.  No entry is
 * lost, and none is seen that is empty or belongs to the living.
 */
static int
recover_one(const char *op, const char *what, const char *staging, void *arg,
    struct ioc_error *err)
{
	int *dir = arg;

	if (strcmp(op, "create") != 0 || strcmp(what, "web") != 0)
		return (ioc_fail(err, IOC_FORMAT, "%s|%s|%s", op, what,
		    staging));
	/* One that was ended is not there any more, and not to be undone. */
	if (!tmp_exists(*dir, staging))
		return (ioc_fail(err, IOC_STATE, "%s was ended", staging));
	return (0);
}

static void
test_journal__kill_at_any_moment(void **state)
{
	auto_tmp struct tmp t;
	struct ioc_error err;

	tmp_open(&t);
	for (int round = 0; round < 60; round++) {
		pid_t pid = fork();

		if (pid == 0) {
			for (unsigned i = 0;; i++) {
				struct ioc_journal *j;
				char name[32];

				(void)snprintf(name, sizeof(name), "s%u", i);
				if (ioc_journal_begin(t.fd, "create", "web",
				    name, 0, &j, NULL) == 0)
					ioc_journal_end(j);
			}
		}
		for (int i = 0; i < 20; i++) {
			(void)usleep(100 * (unsigned)(round % 10));
			if (ioc_journal_recover(t.fd, recover_one,
			    &t.fd, &err) != 0)
				fail_msg("%s", err.msg);
		}
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		if (ioc_journal_recover(t.fd, recover_one, &t.fd, &err) !=
		    0)
			fail_msg("%s", err.msg);
	}
	assert_int_equal(rmdir(t.path), 0);
}

UNIT_MAIN(
	cmocka_unit_test(test_journal__the_living_are_skipped),
	cmocka_unit_test(test_journal_look__sees_all_and_changes_nothing),
	cmocka_unit_test(test_journal__bad_names),
	cmocka_unit_test(test_journal_recover__all_are_tried_first_failure_returned),
	cmocka_unit_test(test_journal_recover__damaged_and_foreign),
	cmocka_unit_test(test_journal_recover__waits_for_children_of_the_dead),
	cmocka_unit_test(test_journal__kill_at_any_moment))
