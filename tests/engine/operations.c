/* SPDX-License-Identifier: BSD-2-Clause */
/* The operations that tests make fail at every point. */
#include "tests/engine/engine.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ioc/backup.h"
#include "ioc/fstab.h"
#include "ioc/jail.h"
#include "ioc/release.h"

static int
op_create(struct engine *e, struct ioc_error *err)
{
	struct ioc_create_options o = { .name = "new", .release = "one" };

	return (ioc_jail_create(e->host, &o, NULL, err));
}

static int
op_create_thick(struct engine *e, struct ioc_error *err)
{
	struct ioc_create_options o = {
		.name = "new", .release = "one", .thick = true,
	};

	return (ioc_jail_create(e->host, &o, NULL, err));
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
start(struct ioc_jail *j, struct ioc_error *err)
{
	const struct ioc_change once[] = {
		{ "maxproc", "100" }, { "exec_start", "/bin/true" },
	};

	return (ioc_jail_start(j, once, 2, err));
}

static int
op_start(struct engine *e, struct ioc_error *err)
{
	return (with_jail(e, err, start));
}

static int
run(struct engine *e, bool keep, struct ioc_error *err)
{
	const char *const argv[] = { "true", NULL };
	struct ioc_run_options r = {
		.release = "one", .keep = keep, .name = keep ? "new" : NULL,
	};
	struct ioc_exec_options x = { .argv = argv, .fds = { -1, -1, -1 } };
	struct ioc_process *p = NULL;
	int status, c = ioc_run(e->host, &r, &x, &p, err);

	if (c == 0)
		c = ioc_process_wait(p, -1, &status, err);
	ioc_process_close(p);
	return (c);
}

static int
op_run(struct engine *e, struct ioc_error *err)
{
	return (run(e, false, err));
}

static int
op_run_keep(struct engine *e, struct ioc_error *err)
{
	return (run(e, true, err));
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
	fake_dist.updates = 3;
	return (ioc_release_update(e->host, "one", false, NULL, NULL, err));
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
set_notes(struct ioc_jail *j, struct ioc_error *err)
{
	const struct ioc_change c = { "notes", "x" };

	return (ioc_jail_set(j, &c, 1, NULL, err));
}

static int
op_set(struct engine *e, struct ioc_error *err)
{
	return (with_jail(e, err, set_notes));
}

static int
add_mount(struct ioc_jail *j, struct ioc_error *err)
{
	const struct ioc_fstab_entry e = { .source = "/usr", .target = "/u" };

	return (ioc_jail_fstab_add(j, &e, err));
}

static int
op_fstab(struct engine *e, struct ioc_error *err)
{
	return (with_jail(e, err, add_mount));
}

static int
destroy(struct ioc_jail *j, struct ioc_error *err)
{
	return (ioc_jail_destroy(j, false, err));
}

static int
op_destroy(struct engine *e, struct ioc_error *err)
{
	return (with_jail(e, err, destroy));
}

/* The file is no part of the host that is compared. */
static int
export_jail(struct ioc_jail *j, struct ioc_error *err)
{
	char file[96];
	struct ioc_export_options o = { .file = file };
	int r;

	(void)snprintf(file, sizeof(file), "%s.again", engine_backup);
	r = ioc_jail_export(j, &o, err);
	if (unlink(file) == 0)
		assert_int_equal(r, 0);
	return (r);
}

static int
op_export(struct engine *e, struct ioc_error *err)
{
	return (with_jail(e, err, export_jail));
}

static int
op_import(struct engine *e, struct ioc_error *err)
{
	struct ioc_import_options o = { .name = "new", .file = engine_backup };

	return (ioc_jail_import(e->host, &o, NULL, err));
}

const struct engine_op engine_ops[] = {
	{ "create", op_create, 5, 0, false },
	{ "create thick", op_create_thick, 5, 0, false },
	{ "start", op_start, 5, 0, false },
	{ "run", op_run, 8, 0, true },
	{ "run, kept", op_run_keep, 8, 0, true },
	{ "fetch", op_fetch, 7, 0, false },
	{ "update", op_update, 6, 0, true },
	{ "rename", op_rename, 1, 0, false },
	{ "set", op_set, 1, 0, false },
	{ "fstab", op_fstab, 2, 0, false },
	{ "export", op_export, 6, 0, false },
	{ "import", op_import, 6, 0, false },
	{ "destroy", op_destroy, 3, 3, true },
	{ NULL, NULL, 0, 0, false },
};

const struct engine_op *
engine_op(const char *name)
{
	const struct engine_op *op = engine_ops;

	while (op->name != NULL && strcmp(op->name, name) != 0)
		op++;
	assert_non_null(op->name);
	return (op);
}
