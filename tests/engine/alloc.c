/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every allocation of every operation fails once: the operation then returns an
 * error, leaks nothing, and the host looks as before.
 */
#include "tests/engine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ioc/jail.h"
#include "ioc/release.h"

/* --- an allocator that fails on demand, below libc and all libraries ---------- */

extern void	*__libc_malloc(size_t);
extern void	*__libc_calloc(size_t, size_t);
extern void	*__libc_realloc(void *, size_t);
extern void	 __libc_free(void *);

static struct {
	bool		on;		/* count and fail */
	unsigned	n;		/* allocations so far */
	unsigned	fail_at;
	long		live;
} heap;

static bool
fails(void)
{
	if (!heap.on || ++heap.n != heap.fail_at)
		return (false);
	errno = ENOMEM;
	return (true);
}

void *
malloc(size_t size)
{
	void *p = fails() ? NULL : __libc_malloc(size);

	heap.live += p != NULL;
	return (p);
}

void *
calloc(size_t n, size_t size)
{
	void *p = fails() ? NULL : __libc_calloc(n, size);

	heap.live += p != NULL;
	return (p);
}

void *
realloc(void *old, size_t size)
{
	void *p = fails() ? NULL : __libc_realloc(old, size);

	heap.live += p != NULL && old == NULL;
	return (p);
}

void
free(void *p)
{
	heap.live -= p != NULL;
	__libc_free(p);
}

/* --- the operations -------------------------------------------------------------- */

static int
op_create(struct engine *e, struct ioc_error *err)
{
	struct ioc_create_options o = { .name = "new", .release = "one" };

	return (ioc_jail_create(e->host, &o, NULL, err));
}

static int
op_list(struct engine *e, struct ioc_error *err)
{
	const char *const terms[] = { "w*", "boot=no" };
	struct ioc_filter *f = NULL;
	struct ioc_jail_list *l = NULL;
	char *v = NULL;
	int r;

	r = ioc_filter_parse(terms, 2, &f, err);
	if (r == 0)
		r = ioc_jail_list(e->host, f, &l, err);
	if (r == 0 && ioc_jail_count(l) == 1) {
		r = ioc_jail_get(ioc_jail_at(l, 0), "release", &v, err);
		free(v);
	} else if (r == 0)
		fail_msg("%zu jails listed", ioc_jail_count(l));
	ioc_jail_list_free(l);
	ioc_filter_free(f);
	return (r);
}

static int
with_jail(struct engine *e, struct ioc_error *err,
    int (*fn)(struct ioc_jail *j, struct ioc_error *err))
{
	struct ioc_jail *j = NULL;
	int r = ioc_jail_open(e->host, "web", &j, err);

	if (r == 0)
		r = fn(j, err);
	ioc_jail_close(j);
	return (r);
}

static int
set(struct ioc_jail *j, struct ioc_error *err)
{
	const struct ioc_change c[] = { { "notes", "x" }, { "boot", "on" } };

	return (ioc_jail_set(j, c, 2, NULL, err));
}

static int
op_set(struct engine *e, struct ioc_error *err)
{
	return (with_jail(e, err, set));
}

static int
start(struct ioc_jail *j, struct ioc_error *err)
{
	const struct ioc_change once = { "maxproc", "100" };

	return (ioc_jail_start(j, &once, 1, err));
}

static int
op_start(struct engine *e, struct ioc_error *err)
{
	return (with_jail(e, err, start));
}

static int
rename_jail(struct ioc_jail *j, struct ioc_error *err)
{
	return (ioc_jail_rename(j, "other", err));
}

static int
op_rename(struct engine *e, struct ioc_error *err)
{
	return (with_jail(e, err, rename_jail));
}

static int
op_fetch(struct engine *e, struct ioc_error *err)
{
	struct ioc_fetch_options o = { .release = "two" };

	return (ioc_release_fetch(e->host, &o, err));
}

static int
op_update(struct engine *e, struct ioc_error *err)
{
	fake_dist.updates = 1;
	return (ioc_release_update(e->host, "one", false, NULL, NULL, err));
}

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

static const struct {
	const char	*name;
	int		(*run)(struct engine *e, struct ioc_error *err);
} operations[] = {
	{ "open", op_open },
	{ "list", op_list },
	{ "set", op_set },
	{ "create", op_create },
	{ "start", op_start },
	{ "rename", op_rename },
	{ "fetch", op_fetch },
	{ "update", op_update },
};

/* One run with the n-th allocation failing; true when it got that far. */
static bool
run_failing(struct engine *e, size_t op, unsigned n)
{
	auto_buf struct ioc_buf before = IOC_BUF(4 * 1024 * 1024);
	auto_buf struct ioc_buf after = IOC_BUF(4 * 1024 * 1024);
	struct ioc_error err = { .msg = "" };
	bool reached;
	int r;

	/* What a host keeps once it has read it must not count. */
	engine_reopen(e);
	engine_describe(e, &before);
	e->warnings = 0;
	heap.n = 0;
	heap.fail_at = n;
	heap.on = true;
	r = operations[op].run(e, &err);
	heap.on = false;
	reached = heap.n >= n;
	if (r == 0)
		return (reached);
	if (r != IOC_NOMEM)
		fail_msg("%s, allocation %u: not NOMEM but %s: %s",
		    operations[op].name, n, ioc_code_name(r), err.msg);
	engine_describe(e, &after);
	if (strcmp(ioc_buf_str(&before), ioc_buf_str(&after)) != 0)
		fail_msg("%s, allocation %u (%s): was\n%sis\n%s",
		    operations[op].name, n, err.msg, ioc_buf_str(&before),
		    ioc_buf_str(&after));
	return (reached);
}

/* Leaks: what lives after close must be what lived before open. */
static void
test_alloc__each_fails_once(void **state)
{
	struct engine *e = *state;

	engine_create(e, "web");
	for (size_t op = 0; op < sizeof(operations) / sizeof(*operations);
	    op++) {
		unsigned n = 1;
		long live;

		ioc_host_close(e->host);
		e->host = NULL;
		live = heap.live;
		for (bool more = true; more; n++) {
			more = run_failing(e, op, n);
			ioc_host_close(e->host);
			e->host = NULL;
			if (heap.live != live)
				fail_msg("%s, allocation %u: %ld leaked",
				    operations[op].name, n, heap.live - live);
			assert_true(n < 20000);
			if (more && op > 2) {
				/* It may have succeeded in spite of it. */
				engine_teardown(state);
				engine_setup(state);
				e = *state;
				engine_create(e, "web");
				ioc_host_close(e->host);
				e->host = NULL;
				live = heap.live;
			}
		}
		assert_true(n > 10);
		engine_reopen(e);
		engine_teardown(state);
		engine_setup(state);
		e = *state;
		engine_create(e, "web");
	}
}

ENGINE_MAIN(ENGINE_TEST(test_alloc__each_fails_once))
