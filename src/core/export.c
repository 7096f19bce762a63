/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing a jail to a file, from a snapshot where it runs. */
#include "core/export.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/str.h"
#include "core/backup.h"
#include "core/basejail.h"
#include "core/create.h"
#include "core/event.h"
#include "core/jail.h"
#include "core/layers.h"
#include "core/step.h"
#include "ioc/backup.h"
#include "safe/archive.h"
#include "safe/backup.h"
#include "safe/file.h"
#include "safe/name.h"
#include "safe/path.h"
#include "safe/tree.h"

/* --- a source's scratch, names in staging --------------------------------------- */

static int
staged(const struct ioc_export *x, const char *what, char **ret,
    struct ioc_error *err)
{
	if (asprintf(ret, "%s/%s", x->build.staging, what) >= 0)
		return (0);
	*ret = NULL;
	return (ioc_fail_nomem(err));
}

static int
scratch(struct ioc_export *x, int *fd, struct ioc_error *err)
{
	*fd = ioc_source_scratch(x->jail->source, err);
	return (*fd < 0 ? *fd : 0);
}

static int
progress(uint64_t done, uint64_t total, void *arg)
{
	struct ioc_export *x = arg;

	return (ioc_emit_progress(x->build.host, "jail.export/write",
	    x->jail->name, done, total, true, NULL));
}

/* --- steps ------------------------------------------------------------------------ */

/* With the directory: what a killed one leaves there is found by it. */
static int
journal(void *ctx, struct ioc_error *err)
{
	struct ioc_export *x = ctx;
	int r;

	if (x->what != NULL)
		x->build.name = x->what;
	r = ioc_build_journal(&x->build, err);
	x->build.name = x->jail->name;
	return (r);
}

static int
unjournal(void *ctx, struct ioc_error *err)
{
	struct ioc_export *x = ctx;

	return (ioc_build_unjournal(&x->build, err));
}

/* The name of a file until it is whole, ".ioc-tmp-HEX" of the token. */
static bool
temp_name(const char *token, char ret[IOC_FILE_TEMP])
{
	const char *hex = strrchr(token, '-');

	if (hex == NULL || strlen(++hex) != 16 ||
	    strspn(hex, "0123456789abcdef") != 16)
		return (false);
	(void)snprintf(ret, IOC_FILE_TEMP, ".ioc-tmp-%s", hex);
	return (true);
}

static int
stage(void *ctx, struct ioc_error *err)
{
	struct ioc_export *x = ctx;
	struct ioc_store *s = x->jail->source->store;

	return (s->ops->place(s, x->build.staging, err));
}

static int
unstage(void *ctx, struct ioc_error *err)
{
	struct ioc_export *x = ctx;

	ioc_root_layers_fini(&x->root);
	return (ioc_build_unvolume(&x->build, err));
}

static int
forget_snapshot(struct ioc_source *s, const char *jail, const char *token,
    struct ioc_error *err)
{
	const struct ioc_store_snapshot_ops *ops = s->store->ops->snapshot;
	auto_free struct ioc_store_snapshot *v = NULL;
	auto_free char *vol = NULL;
	bool there = false;
	size_t n = 0;
	int r;

	if (!s->store->ops->live)
		return (0);
	if (asprintf(&vol, "jails/%s", jail) < 0) {
		vol = NULL;
		return (ioc_fail_nomem(err));
	}
	r = ops->list(s->store, vol, &v, &n, err);
	for (size_t i = 0; r == 0 && i < n; i++)
		there = there || strcmp(v[i].name, token) == 0;
	if (r == 0 && there)
		r = ops->remove(s->store, vol, token, err);
	return (r == IOC_NOT_FOUND ? 0 : r);
}

/* One of our own where the jail is to be seen as it is now. */
static int
snapshot(void *ctx, struct ioc_error *err)
{
	struct ioc_export *x = ctx;
	struct ioc_store *s = x->jail->source->store;
	int r;

	if (!x->made)
		return (0);
	r = s->ops->snapshot->create(s, x->jail->vol, x->build.token, NULL, NULL,
	    err);
	if (r == 0)
		x->snapshot = x->build.token;
	return (r);
}

static int
unsnapshot(void *ctx, struct ioc_error *err)
{
	struct ioc_export *x = ctx;
	int r;

	if (!x->made)
		return (0);
	/* What is staged needs it. */
	r = unstage(ctx, err);
	if (r == 0)
		r = forget_snapshot(x->jail->source, x->jail->name,
		    x->build.token, err);
	x->build.remains = x->build.remains || r != 0;
	return (r);
}

/* The tree of a snapshot (NULL: of the jail) as layers. */
static int
open_tree(struct ioc_export *x, const char *name, const char *what,
    struct ioc_root_layers *ret, struct ioc_error *err)
{
	struct ioc_store *s = x->jail->source->store;
	auto_free char *vol = NULL;
	int r = ioc_basejail_root(x->jail, &ret->base, &ret->base_dirs, err);

	if (r != 0 || name == NULL)
		return (r != 0 ? r : ioc_root_layers(x->jail->source,
		    x->jail->vol, ret, err));
	r = staged(x, what, &vol, err);
	if (r == 0)
		r = s->ops->snapshot->view(s, x->jail->vol, name, vol, err);
	return (r == 0 ? ioc_root_layers(x->jail->source, vol, ret, err) : r);
}

/* What the snapshot is like that the other side has already. */
static int
base(void *ctx, struct ioc_error *err)
{
	struct ioc_export *x = ctx;
	struct ioc_root_layers l = IOC_ROOT_LAYERS;
	struct ioc_backup_pack p = {
		.helper_dir = x->build.host->helper_dir, .out_fd = -1,
		.other_fd = -1, .stream_fd = -1, .progress = progress, .arg = x,
	};
	int r;

	if (x->o->since == NULL)
		return (0);
	r = scratch(x, &x->base_fd, err);
	if (r == 0)
		r = open_tree(x, x->o->since, "base", &l, err);
	if (r == 0) {
		p.layers = l.v;
		p.nlayers = l.n;
		p.id_base = ioc_root_layers_base(&l, x->id_base);
		p.record_fd = x->base_fd;
		r = ioc_backup_write(&p, err);
	}
	if (r == 0)
		r = ioc_hash_fd(x->build.host->helper_dir, x->base_fd,
		    x->index.base, err);
	ioc_root_layers_fini(&l);
	return (r);
}

static int
open_target(void *ctx, struct ioc_error *err)
{
	struct ioc_export *x = ctx;

	if (x->o->format == IOC_FORMAT_DIRECTORY)
		return (scratch(x, &x->out_fd, err));
	if (x->dir_fd < 0) {
		x->out_fd = x->o->fd;
		return (0);
	}
	(void)temp_name(x->build.token, x->temp);
	x->out_fd = ioc_file_begin(x->dir_fd, x->temp, err);
	return (x->out_fd < 0 ? x->out_fd : 0);
}

static int
remove_target(void *ctx, struct ioc_error *err)
{
	struct ioc_export *x = ctx;
	char temp[IOC_FILE_TEMP];

	if (x->out_fd >= 0 && x->out_fd != x->o->fd)
		ioc_fd_close(&x->out_fd);
	x->out_fd = -1;
	if (x->temp[0] == '\0')
		return (0);
	memcpy(temp, x->temp, sizeof(temp));
	x->temp[0] = '\0';
	return (ioc_tree_remove(x->dir_fd, temp, err));
}

static int
warn_skipped(struct ioc_export *x, uint64_t n)
{
	struct ioc_error e;

	if (n == 0)
		return (0);
	(void)ioc_fail(&e, IOC_UNSUPPORTED, "%llu sockets, FIFOs and devices "
	    "were left out", (unsigned long long)n);
	ioc_emit_error(x->build.host, IOC_PHASE_WARN, "jail.export/write",
	    x->jail->name, &e);
	return (0);
}

static int
pack(struct ioc_export *x, struct ioc_error *err)
{
	struct ioc_backup_pack p = {
		.helper_dir = x->build.host->helper_dir,
		.layers = x->root.v, .nlayers = x->root.n,
		.id_base = ioc_root_layers_base(&x->root, x->id_base),
		.out_fd = x->out_fd, .record_fd = x->record_fd,
		.other_fd = x->base_fd, .stream_fd = x->stream_fd,
		.compress = x->o->compress, .progress = progress, .arg = x,
	};
	int r;

	ioc_buf_clear(&x->text[IOC_TEXT_INDEX]);
	r = ioc_backup_index_print(&x->index, &x->text[IOC_TEXT_INDEX], err);
	if (r != 0)
		return (r);
	for (size_t i = 0; i < IOC_BACKUP_TEXTS; i++)
		p.text[i] = x->text[i].len > 0 ? x->text[i].data : NULL;
	p.other = x->base_fd >= 0 ? IOC_OTHER_BASE : IOC_OTHER_NONE;
	r = ioc_backup_write(&p, err);
	return (r == 0 ? warn_skipped(x, p.skipped) : r);
}

static int
write_backup(void *ctx, struct ioc_error *err)
{
	struct ioc_export *x = ctx;
	struct ioc_store *s = x->jail->source->store;
	int r = scratch(x, &x->record_fd, err);

	if (r == 0 && x->o->format != IOC_FORMAT_ZFS)
		r = open_tree(x, x->snapshot, "now", &x->root, err);
	else if (r == 0) {
		r = scratch(x, &x->stream_fd, err);
		if (r == 0)
			r = s->ops->send(s, x->jail->vol, x->snapshot, NULL,
			    x->stream_fd, err);
	}
	return (r == 0 ? pack(x, err) : r);
}

/* The archive, unpacked beneath a temporary name: what is in it, as it is. */
static int
spread(struct ioc_export *x, struct ioc_error *err)
{
	struct ioc_archive a = {
		.helper_dir = x->build.host->helper_dir, .in_fds = &x->out_fd,
		.nin = 1, .record_fd = -1, .setid = true,
		.progress = progress, .arg = x,
	};
	auto_fd int fd = -1;
	int r;

	(void)temp_name(x->build.token, x->temp);
	fd = ioc_path_mkdir(x->dir_fd, x->temp, 0700, 0, err);
	if (fd < 0)
		return (fd);
	a.dir_fd = fd;
	r = ioc_archive_extract(&a, err);
	if (r == 0 && fchmod(fd, 0700) != 0)
		r = ioc_fail_errno(err, "mode");
	if (r == 0 && ioc_sync_filesystem(fd) != 0)
		r = ioc_fail_errno(err, "sync");
	return (r);
}

static int
commit(void *ctx, struct ioc_error *err)
{
	struct ioc_export *x = ctx;
	struct stat st;
	int r;

	if (x->dir_fd < 0)
		return (0);
	if (x->o->format != IOC_FORMAT_DIRECTORY)
		r = ioc_file_publish(x->dir_fd, x->out_fd, x->temp, x->name,
		    err);
	else {
		r = spread(x, err);
		if (r == 0 && fstatat(x->dir_fd, x->name, &st,
		    AT_SYMLINK_NOFOLLOW) == 0)
			r = ioc_fail(err, IOC_EXISTS, "%s exists already",
			    IOC_SHOW(x->name));
		if (r == 0)
			r = ioc_path_rename(x->dir_fd, x->temp, x->name, 0,
			    err);
	}
	if (r == 0)
		x->temp[0] = '\0';
	return (r);
}

static const struct ioc_step export_table[] = {
	{ "journal", journal, unjournal },
	{ "stage", stage, unstage },
	{ "snapshot", snapshot, unsnapshot },
	{ "base", base, NULL },		/* a view in staging */
	{ "open", open_target, remove_target },
	{ "write", write_backup, NULL },
	{ "commit", commit, NULL },
};

static const struct ioc_steps export_steps =
    IOC_STEPS("jail.export", export_table);

static int
forget_file(const char *dir, const char *token, struct ioc_error *err)
{
	char temp[IOC_FILE_TEMP];
	struct ioc_error e;
	auto_fd int fd = -1;

	if (dir[0] != '/' || !temp_name(token, temp))
		return (0);
	fd = ioc_path_root(dir, &e);
	if (fd == IOC_NOT_FOUND)
		return (0);
	if (fd < 0) {
		ioc_error_copy(err, &e);
		return (fd);
	}
	return (ioc_tree_remove(fd, temp, err));
}

int
ioc_export_forget(struct ioc_source *s, const char *what, const char *token,
    struct ioc_error *err)
{
	auto_free char *jail = strndup(what, strcspn(what, " "));
	const char *dir = strchr(what, ' ');
	int r;

	if (jail == NULL)
		return (ioc_fail_nomem(err));
	if (ioc_name_check(IOC_NAME_JAIL, jail, NULL) != 0)
		return (0);
	r = forget_snapshot(s, jail, token, err);
	return (r == 0 && dir != NULL ? forget_file(dir + 1, token, err) : r);
}

/*
 * Success takes away what a failure would, but for the file, and stays one: what
 * cannot be removed is left to recovery, which finds the journal.
 */
static void
clean_up(struct ioc_export *x)
{
	struct ioc_error cause;
	int r;

	if (x->build.host->dry_run)
		return;
	r = x->made ? unsnapshot(x, &cause) : unstage(x, &cause);
	if (r != 0)
		ioc_emit_error(x->build.host, IOC_PHASE_WARN,
		    "jail.export/stage", x->jail->name, &cause);
	(void)ioc_build_unjournal(&x->build, NULL);
}

static void
export_fini(struct ioc_export *x)
{
	ioc_root_layers_fini(&x->root);
	for (size_t i = 0; i < IOC_BACKUP_TEXTS; i++)
		ioc_buf_fini(&x->text[i]);
	ioc_fd_close(&x->base_fd);
	ioc_fd_close(&x->record_fd);
	ioc_fd_close(&x->stream_fd);
	if (x->out_fd >= 0 && x->out_fd != x->o->fd)
		ioc_fd_close(&x->out_fd);
	ioc_fd_close(&x->dir_fd);
	free(x->name);
	free(x->what);
	ioc_build_fini(&x->build);
}

int
ioc_jail_export(struct ioc_jail *j, const struct ioc_export_options *o,
    struct ioc_error *err)
{
	IOC_AUTO(export_fini) struct ioc_export x = {
		.build = { .host = j->host, .source = j->source,
		    .op = "export", .name = j->name },
		.jail = j, .o = o, .root = IOC_ROOT_LAYERS,
		.text = { IOC_BUF(IOC_BACKUP_TEXT), IOC_BUF(IOC_BACKUP_TEXT),
		    IOC_BUF(IOC_BACKUP_TEXT) },
		.base_fd = -1, .record_fd = -1, .stream_fd = -1, .dir_fd = -1,
		.out_fd = -1,
	};
	auto_lock struct ioc_lock *lock = NULL;
	int r = ioc_host_need_root(j->host, "export", err);

	if (r == 0)
		r = ioc_export_begin(&x, &lock, err);
	if (r == 0)
		r = ioc_steps_run(&export_steps, j->host, j->name, &x, err);
	if (r == 0)
		clean_up(&x);
	return (ioc_wrap(err, r, "export %s", j->name));
}
