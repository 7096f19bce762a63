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
#include "ioc/snapshot.h"

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
update_jail(struct ioc_jail *j, struct ioc_error *err)
{
	return (ioc_jail_update(j, NULL, err));
}

static int
op_update_jail(struct engine *e, struct ioc_error *err)
{
	fake_dist.updates = 3;
	return (with_jail(e, err, update_jail));
}

static int
upgrade_jail(struct ioc_jail *j, struct ioc_error *err)
{
	return (ioc_jail_upgrade(j, "two", NULL, NULL, NULL, err));
}

static int
op_upgrade(struct engine *e, struct ioc_error *err)
{
	return (with_jail(e, err, upgrade_jail));
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

/* --- snapshots and clones ------------------------------------------------------- */

static int
create_basejail(struct engine *e, struct ioc_error *err)
{
	struct ioc_create_options o = {
		.name = "new", .release = "one", .basejail = true,
	};

	return (ioc_jail_create(e->host, &o, NULL, err));
}

static int
create_from_template(struct engine *e, struct ioc_error *err)
{
	struct ioc_create_options o = { .name = "new", .base = "web" };

	return (ioc_jail_create(e->host, &o, NULL, err));
}

static int
take_snapshot(struct ioc_jail *j, struct ioc_error *err)
{
	return (ioc_snapshot_create(j, "c", err));
}

static int
op_snapshot(struct engine *e, struct ioc_error *err)
{
	return (with_jail(e, err, take_snapshot));
}

static int
remove_snapshot(struct ioc_jail *j, struct ioc_error *err)
{
	return (ioc_snapshot_remove(j, "a", err));
}

static int
op_snapshot_remove(struct engine *e, struct ioc_error *err)
{
	return (with_jail(e, err, remove_snapshot));
}

static int
roll_back(struct ioc_jail *j, struct ioc_error *err)
{
	return (ioc_snapshot_rollback(j, "a", false, true, err));
}

static int
op_rollback(struct engine *e, struct ioc_error *err)
{
	return (with_jail(e, err, roll_back));
}

static int
clone_jail(struct ioc_jail *j, struct ioc_error *err)
{
	const struct ioc_clone_options o = { .name = "new" };

	return (ioc_jail_clone(j, &o, NULL, err));
}

static int
op_clone(struct engine *e, struct ioc_error *err)
{
	return (with_jail(e, err, clone_jail));
}

static int
clone_snapshot(struct ioc_jail *j, struct ioc_error *err)
{
	const struct ioc_clone_options o = { .name = "new", .snapshot = "a" };

	return (ioc_jail_clone(j, &o, NULL, err));
}

static int
op_clone_snapshot(struct engine *e, struct ioc_error *err)
{
	return (with_jail(e, err, clone_snapshot));
}

static int
list_snapshots(struct ioc_jail *j, struct ioc_error *err)
{
	struct ioc_snapshot_list *l = NULL;
	int r = ioc_snapshot_list(j, &l, err);

	if (r == 0) {
		assert_int_equal(ioc_snapshot_count(l), 2);
		assert_string_equal(ioc_snapshot_at(l, 0)->name, "a");
	}
	ioc_snapshot_list_free(l);
	return (r);
}

int
engine_list_snapshots(struct engine *e, struct ioc_error *err)
{
	return (with_jail(e, err, list_snapshots));
}

/* Two snapshots, and what came after them. */
static int
make_snapshots(struct ioc_jail *j, struct ioc_error *err)
{
	const struct ioc_change notes = { "notes", "later" };
	int r = ioc_snapshot_create(j, "a", err);

	if (r == 0)
		r = ioc_jail_set(j, &notes, 1, NULL, err);
	return (r == 0 ? ioc_snapshot_create(j, "b", err) : r);
}

void
engine_snapshots(struct engine *e)
{
	struct ioc_error err = { .msg = "" };

	if (with_jail(e, &err, make_snapshots) != 0)
		fail_msg("%s", err.msg);
}

static int
make_template(struct ioc_jail *j, struct ioc_error *err)
{
	const struct ioc_change c = { "template", "yes" };

	return (ioc_jail_set(j, &c, 1, NULL, err));
}

static void
prepare_template(struct engine *e)
{
	struct ioc_error err = { .msg = "" };

	if (with_jail(e, &err, make_template) != 0)
		fail_msg("%s", err.msg);
}

/* Another release. */
static void
prepare_two(struct engine *e)
{
	struct ioc_error err = { .msg = "" };

	if (op_fetch(e, &err) != 0)
		fail_msg("%s", err.msg);
}

const struct engine_op engine_ops[] = {
	{ "create", op_create, 5, 0, false, NULL },
	{ "create thick", op_create_thick, 5, 0, false, NULL },
	{ "start", op_start, 5, 0, false, NULL },
	{ "run", op_run, 8, 0, true, NULL },
	{ "run, kept", op_run_keep, 8, 0, true, NULL },
	{ "fetch", op_fetch, 7, 0, false, NULL },
	{ "update", op_update, 6, 0, true, NULL },
	{ "update jail", op_update_jail, 7, 0, true, NULL },
	{ "upgrade jail", op_upgrade, 8, 0, true, prepare_two },
	{ "rename", op_rename, 1, 0, false, NULL },
	{ "set", op_set, 1, 0, false, NULL },
	{ "fstab", op_fstab, 2, 0, false, NULL },
	{ "export", op_export, 6, 0, false, NULL },
	{ "import", op_import, 6, 0, false, NULL },
	{ "destroy", op_destroy, 3, 3, true, NULL },
	{ "create basejail", create_basejail, 5, 0, false, NULL },
	{ "create from template", create_from_template, 5, 0, false,
	    prepare_template },
	{ "snapshot", op_snapshot, 2, 0, false, engine_snapshots },
	{ "remove snapshot", op_snapshot_remove, 2, 0, true,
	    engine_snapshots },
	{ "rollback", op_rollback, 3, 0, true, engine_snapshots },
	{ "clone", op_clone, 5, 0, false, engine_snapshots },
	{ "clone snapshot", op_clone_snapshot, 5, 0, false,
	    engine_snapshots },
	{ NULL, NULL, 0, 0, false, NULL },
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
