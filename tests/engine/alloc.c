/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every n-th allocation of every operation fails, and every n-th descriptor
 * that it asks for, for n = 1, 2, ... until it gets through: each time it
 * succeeds or says so, the host looks as before, and nothing is lost (the
 * sanitizer tells of memory).
 */
#include "tests/engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "ioc/config.h"
#include "ioc/jail.h"
#include "ioc/release.h"
#include "tests/common/fault.h"

static int
op_open(struct engine *e, struct ioc_error *err)
{
	struct ioc_host_options o = {
		.config = e->config, .helper_dir = "/nonexistent",
	};
	struct ioc_host *h = NULL;
	int r = ioc_host_open(&o, &h, err);

	ioc_host_close(h);
	return (r);
}

static int
op_list(struct engine *e, struct ioc_error *err)
{
	const char *const terms[] = { "w*", "boot=no" };
	struct ioc_jail_list *l = NULL;
	struct ioc_filter *f = NULL;
	int r;

	r = ioc_filter_parse(terms, 2, &f, err);
	if (r == 0)
		r = ioc_jail_list(e->host, f, &l, err);
	if (r == 0 && ioc_jail_count(l) != 1)
		fail_msg("%zu jails are listed", ioc_jail_count(l));
	if (r == 0)
		r = ioc_jail_list_require(l, ioc_jail_at(l, 0), err);
	if (r == 0)
		r = ioc_jail_list_order(l, err);
	ioc_jail_list_free(l);
	ioc_filter_free(f);
	return (r);
}

static int
op_list_all(struct engine *e, struct ioc_error *err)
{
	struct ioc_jail_list *l = NULL;
	int r = ioc_jail_list(e->host, NULL, &l, err);

	if (r == 0 && ioc_jail_count(l) != 1)
		fail_msg("%zu jails are listed", ioc_jail_count(l));
	ioc_jail_list_free(l);
	return (r);
}

static int
op_get(struct engine *e, struct ioc_error *err)
{
	static const char *const wanted[][2] = {
		{ "release", "one" }, { "state", "stopped" }, { "jid", "-" },
		{ "full_name", "web" }, { "boot", "no" }, { "source", "main" },
	};
	struct ioc_jail *j = NULL;
	int r = ioc_jail_open(e->host, "web", &j, err);

	for (size_t i = 0; r == 0 && i < sizeof(wanted) / sizeof(*wanted);
	    i++) {
		auto_free char *v = NULL;

		r = ioc_jail_get(j, wanted[i][0], &v, err);
		if (r == 0)
			assert_string_equal(v, wanted[i][1]);
	}
	ioc_jail_close(j);
	return (r);
}

static int
op_state(struct engine *e, struct ioc_error *err)
{
	enum ioc_jail_state s;
	struct ioc_jail *j = NULL;
	int r = ioc_jail_open(e->host, "web", &j, err);

	if (r == 0)
		r = ioc_jail_state(j, &s, NULL, err);
	if (r == 0)
		assert_int_equal(s, IOC_JAIL_STOPPED);
	ioc_jail_close(j);
	return (r);
}

static int
op_releases(struct engine *e, struct ioc_error *err)
{
	struct ioc_release_list *l = NULL;
	int r = ioc_release_list(e->host, &l, err);

	if (r == 0) {
		assert_int_equal(ioc_release_count(l), 1);
		assert_string_equal(ioc_release_at(l, 0)->version, "1.0");
	}
	ioc_release_list_free(l);
	return (r);
}

static int
op_defaults(struct engine *e, struct ioc_error *err)
{
	const struct ioc_change c = { "notes", "x" };

	return (ioc_defaults_set(e->host, &c, 1, NULL, err));
}

/* What is there is seen before anything is begun. */
static int
op_create_again(struct engine *e, struct ioc_error *err)
{
	struct ioc_create_options o = { .name = "web", .release = "one" };
	int r = ioc_jail_create(e->host, &o, NULL, err);

	assert_true(r == IOC_EXISTS || r == IOC_NOMEM ||
	    r == IOC_LIMIT);
	assert_int_equal(e->begins, 0);
	return (r == IOC_EXISTS ? 0 : r);
}

static int
op_fetch_again(struct engine *e, struct ioc_error *err)
{
	struct ioc_fetch_options o = { .release = "one" };
	int r = ioc_release_fetch(e->host, &o, err);

	assert_true(r == IOC_EXISTS || r == IOC_NOMEM ||
	    r == IOC_LIMIT);
	assert_int_equal(e->begins, 0);
	return (r == IOC_EXISTS ? 0 : r);
}

/* Also when there was no memory for its name, "one" is needed. */
static int
op_destroy_used(struct engine *e, struct ioc_error *err)
{
	int r = ioc_release_destroy(e->host, "one", err);

	assert_true(r == IOC_BUSY || r == IOC_NOMEM ||
	    r == IOC_LIMIT);
	return (r == IOC_BUSY ? 0 : r);
}

static int
op_destroy_release(struct engine *e, struct ioc_error *err)
{
	return (ioc_release_destroy(e->host, "one", err));
}

static int
op_stop(struct engine *e, struct ioc_error *err)
{
	struct ioc_jail *j = NULL;
	int r = ioc_jail_open(e->host, "web", &j, err);

	if (r == 0) {
		fake.execs = 0;
		r = ioc_jail_stop(j, false, err);
		/* As it wants to be stopped, or not at all. */
		assert_int_equal(fake.execs, r == 0);
	}
	ioc_jail_close(j);
	return (r);
}

static int
op_exec(struct engine *e, struct ioc_error *err)
{
	const char *const argv[] = { "true", NULL };
	const char *const env[] = { "A=1", "PATH=/bin", NULL };
	struct ioc_exec_options x = {
		.argv = argv, .env = env, .fds = { -1, -1, -1 },
	};
	struct ioc_process *p = NULL;
	struct ioc_jail *j = NULL;
	int status, r = ioc_jail_open(e->host, "web", &j, err);

	if (r == 0)
		r = ioc_jail_exec(j, &x, &p, err);
	if (r == 0)
		r = ioc_process_wait(p, -1, &status, err);
	ioc_process_close(p);
	ioc_jail_close(j);
	return (r);
}

/* --- what they begin with ----------------------------------------------------- */

/* A list without a filter does not show it. */
static void
make_template(struct engine *e)
{
	const struct ioc_change c = { "template", "yes" };
	struct ioc_error err = { .msg = "" };
	struct ioc_jail *j = NULL;

	engine_create(e, "base");
	if (ioc_jail_open(e->host, "base", &j, &err) != 0 ||
	    ioc_jail_set(j, &c, 1, NULL, &err) != 0)
		fail_msg("%s", err.msg);
	ioc_jail_close(j);
}

static void
start_web(struct engine *e)
{
	const struct ioc_change c = { "exec_stop", "/bin/true" };
	struct ioc_error err = { .msg = "" };
	struct ioc_jail *j = NULL;

	if (ioc_jail_open(e->host, "web", &j, &err) != 0 ||
	    ioc_jail_set(j, &c, 1, NULL, &err) != 0 ||
	    ioc_jail_start(j, NULL, 0, &err) != 0)
		fail_msg("%s", err.msg);
	ioc_jail_close(j);
}

static void
destroy_web(struct engine *e)
{
	struct ioc_error err = { .msg = "" };

	if (engine_op("destroy")->run(e, &err) != 0)
		fail_msg("%s", err.msg);
}

enum result { DONE, AGAIN, CHANGED };

/*
 * READS: it changes nothing.  ENDS: it has a point from which on there is no
 * way back, and recovery finishes what is left.
 */
enum { READS = 1, ENDS = 2 };

struct target {
	const char	*name;
	int		(*run)(struct engine *e, struct ioc_error *err);
	void		(*prepare)(struct engine *e);
	int		 flags;
};

static const struct target targets[] = {
	{ "open", op_open, NULL, READS },
	{ "list", op_list, NULL, READS },
	{ "list all", op_list_all, make_template, READS },
	{ "get", op_get, NULL, READS },
	{ "state", op_state, NULL, READS },
	{ "list releases", op_releases, NULL, READS },
	{ "destroy release in use", op_destroy_used, NULL, READS },
	{ "create again", op_create_again, NULL, READS },
	{ "fetch again", op_fetch_again, NULL, READS },
	{ "exec", op_exec, start_web, READS },
	{ "stop", op_stop, start_web, 0 },
	{ "set defaults", op_defaults, NULL, 0 },
	{ "destroy release", op_destroy_release, destroy_web, ENDS },
	{ "list snapshots", engine_list_snapshots, engine_snapshots, READS },
};

/* One attempt: what fails in it, and how the host looks when it got through. */
struct run {
	const struct target *t;
	enum fault	 what;
	unsigned long	 n;
	bool		 onwards;
	struct ioc_buf	*end;		/* of a target that ENDS */
};

static const char *
kind(const struct run *r)
{
	return (r->what == FAULT_MEMORY ? "allocation" : "descriptor");
}

/* The failure that the fault stands for. */
static bool
tells(const struct run *r, int code, const struct ioc_error *err)
{
	return (err->code == code && (r->what == FAULT_MEMORY ?
	    code == IOC_NOMEM : code == IOC_LIMIT && err->sys == EMFILE));
}

static struct engine *
renew(void **state, const struct target *t)
{
	struct engine *e = engine_renew(state);

	if (t->prepare != NULL)
		t->prepare(e);
	return (e);
}

static int
count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 64; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return (n);
}

/* Which uid range a jail gets is chance. */
static char *
blur(struct ioc_buf *b)
{
	for (char *p = b->data; (p = strpbrk(p, "0123456789")) != NULL;) {
		size_t n = strspn(p, "0123456789");

		if (n >= 9)
			memset(p, '#', n);
		p += n;
	}
	return (b->data);
}

/*
 * The next command after one that did not undo all, or not finish: it finds
 * the host as it was, or `end`.
 */
static enum result
recovered(struct engine *e, const struct run *r, const struct ioc_buf *before)
{
	auto_buf struct ioc_buf now = IOC_BUF(4 * 1024 * 1024);

	e->warnings = 0;
	engine_reopen(e);
	engine_describe(e, &now);
	if (e->warnings != 0)
		fail_msg("%s, %s %lu, recovery: %s", r->t->name, kind(r), r->n,
		    e->last_warning);
	if (strcmp(ioc_buf_str(before), ioc_buf_str(&now)) == 0)
		return (AGAIN);
	if (r->end->len == 0 || strcmp(blur(r->end), blur(&now)) != 0)
		fail_msg("%s, %s %lu: recovered it looks like this:\n"
		    "%sand not:\n%sor\n%s", r->t->name, kind(r), r->n,
		    ioc_buf_str(&now), ioc_buf_str(before),
		    ioc_buf_str(r->end));
	return (CHANGED);
}

/* What is recorded of releases was not cut short. */
static void
check_releases(struct engine *e, const struct run *run)
{
	struct ioc_release_list *l = NULL;
	struct ioc_error err;

	if (ioc_release_list(e->host, &l, &err) != 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < ioc_release_count(l); i++)
		if (strcmp(ioc_release_at(l, i)->version, "1.0") != 0)
			fail_msg("%s, %s %lu: version %s",
			    run->t->name, kind(run), run->n,
			    ioc_release_at(l, i)->version);
	ioc_release_list_free(l);
}

/* DONE when it did not come to the n-th allocation. */
static enum result
attempt(struct engine *e, const struct run *run)
{
	const struct target *t = run->t;
	unsigned long n = run->n;
	auto_buf struct ioc_buf before = IOC_BUF(4 * 1024 * 1024);
	auto_buf struct ioc_buf after = IOC_BUF(4 * 1024 * 1024);
	struct ioc_error err = { .msg = "" };
	bool failed, same;
	int fds, r;

	/* What a host keeps when it was read once is read again. */
	ioc_host_close(e->host);
	e->host = NULL;
	fds = count_fds();
	e->no_recover = true;
	engine_reopen(e);
	e->no_recover = false;
	engine_describe(e, &before);
	e->warnings = e->begins = 0;
	fault_begin(run->what, n, run->onwards);
	r = t->run(e, &err);
	failed = fault_end();
	if (r != 0 && (t->flags & READS) != 0 && t->run(e, NULL) != 0)
		fail_msg("%s, %s %lu: fails for ever", t->name, kind(run), n);
	if (r == 0)
		check_releases(e, run);
	ioc_host_close(e->host);
	e->host = NULL;
	if (count_fds() != fds)
		fail_msg("%s, %s %lu: descriptors lost", t->name, kind(run), n);
	if (r != 0 && (!failed || !tells(run, r, &err)))
		fail_msg("%s, %s %lu: %s: %s", t->name, kind(run), n,
		    ioc_code_name(r), err.msg);
	engine_describe(e, &after);
	same = strcmp(ioc_buf_str(&before), ioc_buf_str(&after)) == 0;
	if (r == 0 && (t->flags & READS) != 0)
		assert_true(same);
	if (r == 0)
		return (failed ? CHANGED : DONE);
	if (same && e->warnings == 0)
		return (AGAIN);
	if ((t->flags & ENDS) == 0 && !run->onwards)
		fail_msg("%s, %s %lu (%s): it looked like this:\n%s"
		    "and now:\n%s%s", t->name, kind(run), n, err.msg,
		    ioc_buf_str(&before), ioc_buf_str(&after),
		    e->warnings != 0 ? e->last_warning : "");
	return (recovered(e, run, &before));
}

static void
each_fails(void **state, const struct target *t, enum fault what, bool onwards)
{
	auto_buf struct ioc_buf end = IOC_BUF(4 * 1024 * 1024);
	struct run run = {
		.t = t, .what = what, .onwards = onwards, .end = &end,
	};
	struct ioc_error err = { .msg = "" };
	struct engine *e = renew(state, t);
	enum result got = AGAIN;

	if ((t->flags & ENDS) != 0) {
		if (t->run(e, &err) != 0)
			fail_msg("%s: %s", t->name, err.msg);
		engine_describe(e, &end);
		e = renew(state, t);
	}
	while (got != DONE) {
		run.n++;
		got = attempt(e, &run);
		if (got == CHANGED && (t->flags & READS) == 0)
			e = renew(state, t);
	}
	if (!onwards)
		print_message("%s: %lu %ss\n", t->name, run.n - 1,
		    kind(&run));
	/* Else nothing was tested. */
	assert_true(run.n > 3);
}

static void
all_fail(void **state, enum fault what, bool onwards)
{
	for (const struct engine_op *op = engine_ops; op->name != NULL; op++) {
		const struct target t = {
			.name = op->name, .run = op->run,
			.flags = op->ends ? ENDS : 0,
			.prepare = op->prepare,
		};

		each_fails(state, &t, what, onwards);
	}
	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++)
		each_fails(state, &targets[i], what, onwards);
}

static void
test_alloc__each_fails_once(void **state)
{
	all_fail(state, FAULT_MEMORY, false);
}

/* There is no memory for what undoes it either: recovery does it later. */
static void
test_alloc__all_fail_from_each_on(void **state)
{
	all_fail(state, FAULT_MEMORY, true);
}

static void
test_descriptors__each_fails_once(void **state)
{
	all_fail(state, FAULT_FD, false);
}

static void
test_descriptors__all_fail_from_each_on(void **state)
{
	all_fail(state, FAULT_FD, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(test_alloc__each_fails_once),
		ENGINE_TEST(test_alloc__all_fail_from_each_on),
		ENGINE_TEST(test_descriptors__each_fails_once),
		ENGINE_TEST(test_descriptors__all_fail_from_each_on),
	};

	if (geteuid() != 0) {
		puts("skipped: needs root");
		return (77);
	}
	fault_json();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
