/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every n-th allocation fails, and every n-th descriptor, for n = 1, 2, ...
 * until the operation gets through: each time it must succeed or say so, leave
 * nothing half done, and lose no memory (the sanitizer tells) and no
 * descriptor.
 *
 * To add an operation: a function, and a row in `operations`.
 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "base/strv.h"
#include "conf/file.h"
#include "conf/filter.h"
#include "conf/hostconf.h"
#include "conf/rcconf.h"
#include "ioc/config.h"
#include "safe/file.h"
#include "safe/journal.h"
#include "safe/lock.h"
#include "safe/path.h"
#include "safe/proc.h"
#include "safe/tree.h"
#include "tests/common/fault.h"
#include "tests/common/tmp.h"

/*
 * One operation: made ready, run with a failing allocation, and looked at
 * afterwards with its result, all in an empty directory of its own.
 */
struct operation {
	const char	*name;
	void		(*prepare)(struct tmp *t);
	int		(*run)(struct tmp *t, struct ioc_error *err);
	void		(*check)(struct tmp *t, int r);
};

static void
prepare_tree(struct tmp *t)
{
	tmp_mkdir(t->fd, "a");
	tmp_mkdir(t->fd, "a/b");
	tmp_mkdir(t->fd, "a/b/c");
	tmp_write(t->fd, "a/b/c/file", "content");
	tmp_symlink("a/b/../b", t->fd, "link");
	tmp_write(t->fd, "a/one", "1");
	if (linkat(t->fd, "a/one", t->fd, "a/two", 0) != 0)
		abort();
	tmp_symlink("nowhere", t->fd, "a/l");
	tmp_mkdir(t->fd, "to");
}

static int
run_open(struct tmp *t, struct ioc_error *err)
{
	int fd = ioc_path_open(t->fd, "link/c/../c/file", O_RDONLY, 0, err);

	if (fd < 0)
		return (fd);
	(void)close(fd);
	return (0);
}

static int
run_walk(struct tmp *t, struct ioc_error *err)
{
	int fd = ioc_path_open(t->fd, "link/c/../c/file", O_RDONLY,
	    IOC_PATH_WALK, err);

	if (fd < 0)
		return (fd);
	(void)close(fd);
	return (0);
}

static int
run_mkdirs(struct tmp *t, struct ioc_error *err)
{
	int fd = ioc_path_mkdirs(t->fd, "link/x/y/z", 0755, (uid_t)-1,
	    (gid_t)-1, IOC_PATH_WALK, err);

	if (fd < 0)
		return (fd);
	(void)close(fd);
	return (0);
}

/* What is there has its rights. */
static void
check_mkdirs(struct tmp *t, int r)
{
	static const char *const made[] = {
		"a/b/x", "a/b/x/y", "a/b/x/y/z",
	};
	struct stat st;

	for (size_t i = 0; i < sizeof(made) / sizeof(*made); i++) {
		if (fstatat(t->fd, made[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			assert_int_equal(st.st_mode & 07777, 0755);
		else
			assert_int_not_equal(r, 0);
	}
}

static int
run_rename(struct tmp *t, struct ioc_error *err)
{
	return (ioc_path_rename(t->fd, "a/one", "a/b/moved", 0, err));
}

static void
check_rename(struct tmp *t, int r)
{
	assert_int_equal(tmp_exists(t->fd, "a/one"), r != 0);
	assert_int_equal(tmp_exists(t->fd, "a/b/moved"), r == 0);
}

static int
run_root(struct tmp *t, struct ioc_error *err)
{
	int fd = ioc_path_root(t->path, err);

	if (fd < 0)
		return (fd);
	(void)close(fd);
	return (0);
}

static int
run_read(struct tmp *t, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(1000);
	int r;

	r = ioc_file_read(t->fd, "a/b/c/file", &b, err);
	if (r == 0)
		assert_string_equal(ioc_buf_str(&b), "content");
	else
		assert_int_equal(b.len, 0);
	return (r);
}

static int
run_replace(struct tmp *t, struct ioc_error *err)
{
	return (ioc_file_replace(t->fd, "a/b/c/file", "new", 3, 0644,
	    (uid_t)-1, (gid_t)-1, 0, err));
}

static void
check_replace(struct tmp *t, int r)
{
	assert_string_equal(tmp_read(t->fd, "a/b/c/file"),
	    r == 0 ? "new" : "content");
}

static int
run_lock(struct tmp *t, struct ioc_error *err)
{
	struct ioc_lock *l = NULL, *other = NULL;
	int r = ioc_lock_take(t->fd, "lock", IOC_LOCK_EXCLUSIVE, 0, "me", &l,
	    err);

	if (r != 0)
		return (r);
	r = ioc_lock_take(t->fd, "lock", IOC_LOCK_EXCLUSIVE, 0, "me", &other,
	    err);
	assert_true(r == IOC_BUSY || r == IOC_NOMEM || r == IOC_LIMIT);
	ioc_lock_release(l, true);
	return (r == IOC_BUSY ? 0 : r);
}

static void
check_lock(struct tmp *t, int r)
{
	assert_false(tmp_exists(t->fd, "lock"));
}

static int
run_journal(struct tmp *t, struct ioc_error *err)
{
	struct ioc_journal *j = NULL;
	int r = ioc_journal_begin(t->fd, "create", "web", ".new", 0, &j,
	    err);

	if (r == 0)
		ioc_journal_abandon(j);
	return (r);
}

static void
check_journal(struct tmp *t, int r)
{
	assert_int_equal(tmp_exists(t->fd, ".new"), r == 0);
}

static void
prepare_recover(struct tmp *t)
{
	struct ioc_journal *j = NULL;

	if (ioc_journal_begin(t->fd, "create", "web", ".new", 0, &j, NULL) != 0)
		abort();
	ioc_journal_abandon(j);
}

static int
on_entry(const char *op, const char *what, const char *staging, void *arg,
    struct ioc_error *err)
{
	assert_string_equal(op, "create");
	assert_string_equal(what, "web");
	return (0);
}

static int
run_recover(struct tmp *t, struct ioc_error *err)
{
	return (ioc_journal_recover(t->fd, on_entry, NULL, err));
}

static void
check_recover(struct tmp *t, int r)
{
	assert_int_equal(tmp_exists(t->fd, ".new"), r != 0);
}

static int
on_line(const char *line, void *arg)
{
	return (0);
}

static int
run_proc(struct tmp *t, struct ioc_error *err)
{
	auto_buf struct ioc_buf out = IOC_BUF(100);
	struct ioc_proc p = IOC_PROC;
	int r;

	p.path = "/bin/sh";
	p.argv = (const char *const[]){ "sh", "-c", "echo out; echo err >&2",
		NULL };
	p.out = &out;
	p.line = on_line;
	r = ioc_proc_check(&p, err);
	if (r == 0)
		assert_string_equal(ioc_buf_str(&out), "out\n");
	return (r);
}

static int
run_tree_copy(struct tmp *t, struct ioc_error *err)
{
	auto_fd int from = -1, to = -1;

	from = openat(t->fd, "a", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from < 0)
		return (ioc_fail_errno(err, "open"));
	to = openat(t->fd, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to < 0)
		return (ioc_fail_errno(err, "open"));
	return (ioc_tree_copy(from, to, NULL, NULL, err));
}

static void
check_tree_copy(struct tmp *t, int r)
{
	if (r == 0) {
		assert_string_equal(tmp_read(t->fd, "to/b/c/file"), "content");
		assert_true(tmp_exists(t->fd, "to/two"));
	}
}

static int
run_tree_remove(struct tmp *t, struct ioc_error *err)
{
	return (ioc_tree_remove(t->fd, "a", err));
}

static void
check_tree_remove(struct tmp *t, int r)
{
	if (r == 0)
		assert_false(tmp_exists(t->fd, "a"));
	/* What is left can be removed then. */
	assert_int_equal(ioc_tree_remove(t->fd, "a", NULL), 0);
	assert_false(tmp_exists(t->fd, "a"));
}

static int
run_tree_used(struct tmp *t, struct ioc_error *err)
{
	uint64_t used;

	return (ioc_tree_used(t->fd, &used, err));
}

static int
run_json(struct tmp *t, struct ioc_error *err)
{
	static const char text[] =
	    "{\"name\": \"web\", \"list\": [1, 2.5, true, null, \"x\\n\"], "
	    "\"more\": {\"a\": {\"b\": {}}}}";
	auto_buf struct ioc_buf b = IOC_BUF(1000);
	auto_json json_t *j = NULL;
	int r = ioc_json_parse(text, sizeof(text) - 1, &j, err);

	return (r != 0 ? r : ioc_json_print(j, &b, err));
}

static int
run_strings(struct tmp *t, struct ioc_error *err)
{
	static const char *const more[] = { "x", "y", NULL };
	auto_strv struct ioc_strv s = IOC_STRV;
	auto_buf struct ioc_buf b = IOC_BUF(10000);
	char *text;
	int r;

	for (int i = 0; i < 20; i++)
		(void)ioc_strv_addf(&s, "%d", i);
	(void)ioc_strv_addn(&s, "abc", 2);
	(void)ioc_strv_addv(&s, more);
	ioc_strv_sort(&s);
	r = ioc_strv_check(&s, err);
	if (r != 0)
		return (r);
	assert_int_equal(s.n, 23);
	for (int i = 0; i < 50; i++)
		(void)ioc_buf_addf(&b, "line %d\n", i);
	(void)ioc_str_escape(&b, "\x1b\n", 2);
	r = ioc_buf_check(&b, err);
	text = ioc_buf_take(&b);
	assert_true(text != NULL || r != 0);
	free(text);
	return (r);
}

static void
prepare_conf(struct tmp *t)
{
	tmp_write(t->fd, "config.json", "{\"boot\": true, \"priority\": 5, "
	    "\"tags\": [\"a\", \"b\"], \"user\": {\"x\": {\"y\": 1}}}");
}

static int
run_conf(struct tmp *t, struct ioc_error *err)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = NULL;
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *copy = NULL;
	auto_strv struct ioc_strv keys = IOC_STRV;
	int r = ioc_conf_load(t->fd, "config.json", &c, err);

	if (r == 0) {
		assert_string_equal(ioc_conf_get(c, "priority"), "5");
		assert_string_equal(ioc_conf_get(c, "tags"), "a,b");
		assert_string_equal(ioc_conf_get(c, "user.x.y"), "1");
		r = ioc_conf_copy(c, &copy, err);
	}
	if (r == 0)
		r = ioc_conf_keys(copy, &keys, err);
	if (r == 0)
		r = ioc_conf_set(copy, "user.x", "flat", err);
	if (r == 0)
		r = ioc_conf_set(copy, "priority", NULL, err);
	if (r == 0)
		r = ioc_conf_save(copy, t->fd, "config.json", IOC_FILE_NOSYNC,
		    err);
	return (r);
}

static void
check_conf(struct tmp *t, int r)
{
	bool old = strstr(tmp_read(t->fd, "config.json"), "priority") != NULL;

	assert_int_equal(old, r != 0);
}

/* A change that fails is no change. */
static int
run_conf_set(struct tmp *t, struct ioc_error *err)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *c = NULL;
	int r = ioc_conf_new(&c, err);

	if (r == 0)
		r = ioc_conf_set(c, "user.a", "one", err);
	if (r != 0)
		return (r);
	r = ioc_conf_set(c, "user.a", "two", err);
	assert_string_equal(ioc_conf_get(c, "user.a"), r == 0 ? "two" : "one");
	return (r);
}

static int
get_text(const char *key, char **ret, void *arg, struct ioc_error *err)
{
	*ret = strdup(strcmp(key, "tags") == 0 ? "a,b\\,c" : "1G");
	return (*ret != NULL ? 0 : ioc_fail_nomem(err));
}

static int
run_filter(struct tmp *t, struct ioc_error *err)
{
	static const char *const terms[] = { "main/w*,db", "tags=x,b\\,c boot=",
		"memoryuse=1g,deny=2G", "name=web" };
	IOC_AUTO(ioc_filter_freep) struct ioc_filter *f = NULL;
	bool hit;
	int r = ioc_filter_parse(terms, 2, &f, err);

	if (r == 0)
		r = ioc_filter_match(f, "main", "web", get_text, NULL, &hit,
		    err);
	ioc_filter_free(take_ptr(f));
	if (r == 0)
		r = ioc_filter_parse(terms + 2, 2, &f, err);
	if (r == 0)
		r = ioc_filter_match(f, "main", "web", get_text, NULL, &hit,
		    err);
	if (r == 0)
		assert_true(hit);
	return (r);
}

static int
run_values(struct tmp *t, struct ioc_error *err)
{
	static const char *const pairs[][2] = { { "boot", "on" },
		{ "tags", "a,b,a\\,c" }, { "memoryuse", "log=1g/user" },
		{ "priority", "05" }, { "notes", "text" }, { "depends", "" } };
	int r = 0;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs) && r == 0; i++) {
		auto_free char *normal = NULL;

		r = ioc_prop_check(pairs[i][0], pairs[i][1], &normal, err);
	}
	return (r);
}

static void
prepare_hostconf(struct tmp *t)
{
	tmp_write(t->fd, "ioc.conf", "# mine\nioc_dir_main=/old\n"
	    "ioc_dataset_b=\"tank/ioc\"\n");
}

static int
run_hostconf(struct tmp *t, struct ioc_error *err)
{
	char path[100];

	(void)snprintf(path, sizeof(path), "%s/ioc.conf", t->path);
	return (ioc_hostconf_edit(path, "ioc_dir_main", "/new", err));
}

static void
check_hostconf(struct tmp *t, int r)
{
	bool old = strstr(tmp_read(t->fd, "ioc.conf"), "/old") != NULL;

	assert_int_equal(old, r != 0);
}

static void
prepare_rcconf(struct tmp *t)
{
	tmp_mkdir(t->fd, "etc");
	tmp_write(t->fd, "etc/rc.conf", "a=1\nexport c\nx=$(y)\n");
}

static int
run_rcconf(struct tmp *t, struct ioc_error *err)
{
	static const struct ioc_rcconf_change two[] = {
		{ "a", "NO" }, { "b", "x y" },
	};

	return (ioc_rcconf_edit(IOC_RCCONF_SHELL, t->fd, "etc/rc.conf", two, 2,
	    err));
}

static void
check_rcconf(struct tmp *t, int r)
{
	assert_string_equal(tmp_read(t->fd, "etc/rc.conf"), r != 0 ?
	    "a=1\nexport c\nx=$(y)\n" :
	    "a=\"NO\"\nexport c\nx=$(y)\nb=\"x y\"\n");
}

static const struct operation operations[] = {
	{ "config", prepare_conf, run_conf, check_conf },
	{ "config set", NULL, run_conf_set, NULL },
	{ "filter", NULL, run_filter, NULL },
	{ "property values", NULL, run_values, NULL },
	{ "ioc.conf edit", prepare_hostconf, run_hostconf, check_hostconf },
	{ "rc.conf edit", prepare_rcconf, run_rcconf, check_rcconf },
	{ "path open", prepare_tree, run_open, NULL },
	{ "path open by walk", prepare_tree, run_walk, NULL },
	{ "path root", NULL, run_root, NULL },
	{ "path mkdirs", prepare_tree, run_mkdirs, check_mkdirs },
	{ "path rename", prepare_tree, run_rename, check_rename },
	{ "file read", prepare_tree, run_read, NULL },
	{ "file replace", prepare_tree, run_replace, check_replace },
	{ "lock", NULL, run_lock, check_lock },
	{ "journal begin", NULL, run_journal, check_journal },
	{ "journal recover", prepare_recover, run_recover, check_recover },
	{ "proc", NULL, run_proc, NULL },
	{ "tree copy", prepare_tree, run_tree_copy, check_tree_copy },
	{ "tree remove", prepare_tree, run_tree_remove, check_tree_remove },
	{ "tree used", prepare_tree, run_tree_used, NULL },
	{ "json", NULL, run_json, NULL },
	{ "strings", NULL, run_strings, NULL },
};

/* True when the n-th of them was reached. */
static bool
fail_nth(const struct operation *o, enum fault what, unsigned long n)
{
	const char *kind = what == FAULT_MEMORY ? "allocation" : "descriptor";
	struct ioc_error err = { 0 };
	struct tmp t;
	bool failed;
	int r, fds;

	tmp_open(&t);
	if (o->prepare != NULL)
		o->prepare(&t);
	fds = tmp_count_fds();
	fault_begin(what, n, false);
	r = o->run(&t, &err);
	failed = fault_end();
	if (tmp_count_fds() != fds)
		fail_msg("%s, %s %lu: descriptors lost", o->name, kind, n);
	if (r != 0 && (!failed || err.code != r ||
	    !ioc_error_is_shortage(&err)))
		fail_msg("%s, %s %lu: %s: %s", o->name, kind, n,
		    ioc_code_name(r), err.msg);
	if (o->check != NULL)
		o->check(&t, r);
	tmp_close(&t);
	return (failed);
}

/* What a fork of a process with threads calls, too (os/linux/linux.h). */
static bool
never_allocates(const char *name)
{
	static const char *const names[] = { "path open", "path rename",
		"file replace" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i], name) == 0)
			return (true);
	return (false);
}

static void
test_alloc__every_one_fails_once(void **state)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations);
	    i++) {
		unsigned long n = 1;

		while (fail_nth(&operations[i], FAULT_MEMORY, n))
			n++;
		print_message("%s: %lu allocations\n", operations[i].name,
		    n - 1);
		/* Else nothing was tested. */
		assert_true(never_allocates(operations[i].name) == (n == 1));
	}
}

static void
test_descriptors__every_one_fails_once(void **state)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations);
	    i++) {
		unsigned long n = 1;

		while (fail_nth(&operations[i], FAULT_FD, n))
			n++;
		print_message("%s: %lu descriptors\n", operations[i].name,
		    n - 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc__every_one_fails_once),
		cmocka_unit_test(test_descriptors__every_one_fails_once),
	};

	fault_json();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
