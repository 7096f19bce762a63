/* SPDX-License-Identifier: BSD-2-Clause */
/* Making a jail of a backup: built and verified in staging, then renamed. */
#include "core/import.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "core/event.h"
#include "core/ids.h"
#include "core/jail.h"
#include "core/step.h"
#include "dist/dist.h"
#include "safe/name.h"
#include "safe/path.h"

int
ioc_import_progress(uint64_t done, uint64_t total, void *arg)
{
	const struct ioc_import *i = arg;

	return (ioc_emit_progress(i->build.host, "jail.import/unpack",
	    i->build.name, done, total, true, NULL));
}

int
ioc_import_staged(const struct ioc_import *i, const char *what, char **ret,
    struct ioc_error *err)
{
	if (asprintf(ret, "%s/%s", i->build.staging, what) >= 0)
		return (0);
	*ret = NULL;
	return (ioc_fail_nomem(err));
}

static int
path_in(const char *vol, const char *name, char **ret, struct ioc_error *err)
{
	if (asprintf(ret, "%s/%s", vol, name) >= 0)
		return (0);
	*ret = NULL;
	return (ioc_fail_nomem(err));
}

int
ioc_import_root(const struct ioc_import *i, const char *vol,
    struct ioc_error *err)
{
	auto_free char *path = NULL;
	int r = path_in(vol, "root", &path, err);

	return (r != 0 ? r : ioc_path_dir(i->build.source->store->root, path,
	    IOC_PATH_NOLINKS, err));
}

int
ioc_import_unpack(struct ioc_import *i, int fd,
    const struct ioc_backup_head *head, const char *vol, struct ioc_error *err)
{
	struct ioc_backup_unpack u = {
		.helper_dir = i->build.host->helper_dir, .in_fd = fd,
		.head = head, .how = IOC_UNPACK_WHOLE, .stream_fd = -1,
		.progress = ioc_import_progress, .arg = i,
	};
	auto_fd int root = ioc_import_root(i, vol, err), record = -1;
	auto_free char *path = NULL;
	int r = root < 0 ? root : path_in(vol, IOC_BACKUP_RECORD, &path, err);

	if (r != 0)
		return (r);
	record = ioc_path_create(i->build.source->store->root, path, 0600,
	    IOC_PATH_NOLINKS, err);
	if (record < 0)
		return (record);
	u.dir_fd = root;
	u.record_fd = record;
	return (ioc_backup_extract(&u, err));
}

/* --- steps ------------------------------------------------------------------------ */

static int
stage(void *ctx, struct ioc_error *err)
{
	struct ioc_import *i = ctx;
	struct ioc_store *s = i->build.source->store;

	return (s->ops->place(s, i->build.staging, err));
}

/* The kernel reads the stream from a file that was verified first. */
static int
receive(struct ioc_import *i, const char *vol, struct ioc_error *err)
{
	struct ioc_store *s = i->build.source->store;
	auto_fd int dir = ioc_path_dir(s->root, i->build.staging,
	    IOC_PATH_NOLINKS, err);
	auto_fd int record = -1, stream = -1;
	struct ioc_backup_unpack u = {
		.helper_dir = i->build.host->helper_dir, .in_fd = i->in_fd,
		.head = &i->head, .how = IOC_UNPACK_STREAM, .dir_fd = dir,
		.progress = ioc_import_progress, .arg = i,
	};
	int r;

	if (dir < 0)
		return (dir);
	u.record_fd = record = ioc_source_scratch(i->build.source, err);
	u.stream_fd = stream = record < 0 ? record :
	    ioc_source_scratch(i->build.source, err);
	if (stream < 0)
		return (stream);
	r = ioc_backup_extract(&u, err);
	if (r == 0 && lseek(stream, 0, SEEK_SET) != 0)
		r = ioc_fail_errno(err, "stream");
	return (r == 0 ? s->ops->receive(s, vol, stream, err) : r);
}

static int
unpack(void *ctx, struct ioc_error *err)
{
	struct ioc_import *i = ctx;
	struct ioc_store *s = i->build.source->store;
	auto_free char *vol = NULL;
	int r = ioc_import_staged(i, "jail", &vol, err);

	if (r == 0 && i->index.kind == IOC_KIND_STREAM)
		return (receive(i, vol, err));
	if (r == 0)
		r = s->ops->create(s, vol, err);
	if (r != 0)
		return (r);
	return (i->old || i->index.kind == IOC_KIND_INCREMENTAL ?
	    ioc_import_merge(i, vol, err) :
	    ioc_import_unpack(i, i->in_fd, &i->head, vol, err));
}

static int
configure(void *ctx, struct ioc_error *err)
{
	struct ioc_import *i = ctx;
	struct ioc_store *s = i->build.source->store;
	auto_free char *vol = NULL;
	auto_fd int dir = -1;
	int r = ioc_import_staged(i, "jail", &vol, err);

	if (r == 0)
		r = dir = s->ops->dir(s, vol, err);
	return (r < 0 ? r : ioc_conf_save(i->build.conf, dir,
	    IOC_BACKUP_CONFIG, 0, err));
}

/* From the rename on the jail is there; what is left is nobody's. */
static int
commit(void *ctx, struct ioc_error *err)
{
	struct ioc_import *i = ctx;
	struct ioc_store *s = i->build.source->store;
	auto_free char *from = NULL, *to = NULL;
	int r = ioc_import_staged(i, "jail", &from, err);

	if (r == 0)
		r = path_in("jails", i->build.name, &to, err);
	if (r == 0)
		r = s->ops->rename(s, from, to, err);
	if (r != 0)
		return (r);
	if (s->ops->destroy(s, i->build.staging, NULL) != 0)
		i->build.remains = true;
	return (ioc_build_unjournal(&i->build, err));
}

static const struct ioc_step import_table[] = {
	{ "journal", ioc_build_journal, ioc_build_unjournal },
	{ "ids", ioc_build_ids, ioc_build_unids },
	{ "stage", stage, ioc_build_unvolume },
	{ "unpack", unpack, NULL },	/* all of it is staged */
	{ "config", configure, NULL },
	{ "commit", commit, NULL },
};

static const struct ioc_steps import_steps =
    IOC_STEPS("jail.import", import_table);

/* --- what it may say ---------------------------------------------------------------- */

static void
dropped(const char *what, const char *why, void *arg)
{
	struct ioc_import *i = arg;

	(void)ioc_strv_add(&i->dropped, what);
	(void)ioc_strv_add(&i->dropped, why);
}

/* Told when it is there: of what was refused nothing was taken at all. */
static void
tell_dropped(struct ioc_import *i)
{
	struct ioc_error e;

	for (size_t n = 0; n + 1 < i->dropped.n; n += 2) {
		(void)ioc_fail(&e, IOC_UNSAFE, "%s is left out: %s",
		    IOC_SHOW(i->dropped.v[n]), i->dropped.v[n + 1]);
		ioc_emit_error(i->build.host, IOC_PHASE_WARN,
		    "jail.import/config", i->build.name, &e);
	}
}

/* What ioc itself says of a jail, as far as it is true here. */
static int
describe(struct ioc_import *i, struct ioc_error *err)
{
	const struct ioc_backup_index *x = &i->index;
	struct ioc_conf *conf = i->build.conf;
	char level[16];
	int r = 0;

	if (ioc_dist_find(x->distribution) == NULL)
		return (0);
	(void)snprintf(level, sizeof(level), "%u", x->patch_level);
	r = ioc_conf_set(conf, "distribution", x->distribution, err);
	if (r == 0 && x->release[0] != '\0')
		r = ioc_conf_set(conf, "release", x->release, err);
	if (r == 0 && x->release[0] != '\0')
		r = ioc_conf_set(conf, "patch_level", level, err);
	return (r);
}

static int
judge_config(struct ioc_import *i, struct ioc_error *err)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *conf = NULL;
	auto_strv struct ioc_strv names = IOC_STRV;
	auto_free struct ioc_change *props = NULL;
	const char *text = i->head.text[IOC_TEXT_CONFIG];
	size_t n = 0;
	int r = ioc_conf_parse(text, strlen(text), &conf, err);

	if (r != 0)
		return (ioc_wrap(err, r, IOC_BACKUP_CONFIG));
	r = ioc_backup_reduce(conf, &props, &n, &names, dropped, i, err);
	if (r == 0 && i->head.text[IOC_TEXT_FSTAB] != NULL)
		r = ioc_backup_mounts(i->head.text[IOC_TEXT_FSTAB], dropped, i,
		    err);
	i->build.thick = true;
	if (r == 0)
		r = ioc_build_conf(&i->build, props, n, err);
	if (r == 0)
		r = ioc_strv_check(&i->dropped, err);
	return (r == 0 ? describe(i, err) : r);
}

static int
judge_kind(struct ioc_import *i, struct ioc_error *err)
{
	bool stream = i->index.kind == IOC_KIND_STREAM;

	if (stream && i->o->format != IOC_FORMAT_ZFS)
		return (ioc_fail(err, IOC_UNSAFE, "it holds a stream of ZFS, "
		    "which the kernel reads: the format zfs must be asked for "
		    "by whom trusts it"));
	if (!stream && i->o->format == IOC_FORMAT_ZFS)
		return (ioc_fail(err, IOC_FORMAT,
		    "it does not hold a stream of ZFS"));
	if (stream && !i->build.source->store->ops->mounts)
		return (ioc_fail(err, IOC_UNSUPPORTED, "a %s source takes no "
		    "streams of ZFS", i->build.source->store->ops->name));
	return (0);
}

/* Of another system or machine it can be kept, but not run. */
static void
warn_foreign(struct ioc_import *i)
{
	const struct ioc_os_facts *facts = ioc_os_facts(i->build.host->os);
	const struct ioc_backup_index *x = &i->index;
	struct ioc_error e;

	if (i->old)
		(void)ioc_fail(&e, IOC_VERIFY, "it is a backup of libioc, which "
		    "has no hashes: nothing says whether it is whole");
	else if (strcmp(x->system, facts->system) != 0 ||
	    strcmp(x->arch, facts->arch) != 0)
		(void)ioc_fail(&e, IOC_UNSUPPORTED, "it is of %s on %s, and "
		    "this host is %s on %s", IOC_SHOW(x->system),
		    IOC_SHOW(x->arch), facts->system, facts->arch);
	else
		return;
	ioc_emit_error(i->build.host, IOC_PHASE_WARN, "jail.import/judge",
	    i->build.name, &e);
}

static int
judge(struct ioc_import *i, struct ioc_error *err)
{
	int r = ioc_import_open(i, err);

	if (r == 0)
		r = judge_kind(i, err);
	if (r != 0)
		return (r);
	if (i->o->name == NULL && i->old)
		return (ioc_fail(err, IOC_INVALID, "a backup of libioc does not "
		    "say the name of its jail: give one"));
	i->build.name = i->o->name != NULL ? i->o->name : i->index.name;
	r = ioc_name_check(IOC_NAME_JAIL, i->build.name, err);
	if (r == 0)
		r = ioc_import_find_base(i, err);
	if (r == 0)
		r = judge_config(i, err);
	return (r == 0 ? ioc_ids_wanted(i->build.source, NULL,
	    &i->build.userns, err) : r);
}

static void
import_fini(struct ioc_import *i)
{
	ioc_root_layers_fini(&i->base);
	if (i->base_lock != NULL)
		ioc_lock_release(take_ptr(i->base_lock), true);
	ioc_backup_head_fini(&i->head);
	ioc_strv_fini(&i->dropped);
	ioc_fd_close(&i->in_fd);
	ioc_build_fini(&i->build);
}

int
ioc_jail_import(struct ioc_host *h, const struct ioc_import_options *o,
    struct ioc_jail **ret, struct ioc_error *err)
{
	IOC_AUTO(import_fini) struct ioc_import i = {
		.build = { .host = h, .op = "import", .name = o->name },
		.o = o, .in_fd = -1, .base = IOC_ROOT_LAYERS,
		.dropped = IOC_STRV,
	};
	IOC_AUTO(ioc_jail_closep) struct ioc_jail *j = NULL;
	auto_lock struct ioc_lock *lock = NULL;
	int r;

	r = ioc_host_need_root(h, "import", err);
	if (r == 0)
		r = ioc_host_find_source(h, o->source, &i.build.source, err);
	if (r == 0)
		r = judge(&i, err);
	if (r == 0)
		r = ioc_jail_new(i.build.source, i.build.name, &j, err);
	if (r == 0)
		r = ioc_jail_lock(j, "import", &lock, err);
	if (r == 0)
		r = ioc_steps_run(&import_steps, h, i.build.name, &i, err);
	if (r != 0)
		return (ioc_wrap(err, r, "import %s", i.build.name != NULL ?
		    IOC_SHOW(i.build.name) : "a jail"));
	tell_dropped(&i);
	warn_foreign(&i);
	if (ret != NULL)
		*ret = take_ptr(j);
	return (0);
}
