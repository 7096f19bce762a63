/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked of an export, before it has an effect: judged, and read. */
#include "core/export.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "core/jail.h"
#include "safe/file.h"
#include "safe/name.h"

static int
judge_options(const struct ioc_export_options *o, struct ioc_error *err)
{
	if (o->format == IOC_FORMAT_DIRECTORY && (o->file == NULL ||
	    o->compress))
		return (ioc_fail(err, IOC_INVALID, "a directory needs a name "
		    "and is not compressed"));
	if (o->format == IOC_FORMAT_ZFS && o->since != NULL)
		return (ioc_fail(err, IOC_UNSUPPORTED, "a stream is of a whole "
		    "root, incremental backups are archives"));
	for (int i = 0; i < 2; i++) {
		const char *name = i == 0 ? o->snapshot : o->since;
		int r = name == NULL ? 0 :
		    ioc_name_check(IOC_NAME_SNAPSHOT, name, err);

		if (r != 0)
			return (r);
	}
	return (0);
}

/* Which tree is read: that of a snapshot, also of one that has yet to be made. */
static int
judge_state(struct ioc_export *x, struct ioc_error *err)
{
	const struct ioc_store_ops *ops = x->jail->source->store->ops;
	enum ioc_jail_state state;
	int r = ioc_jail_state(x->jail, &state, NULL, err);

	if (r != 0)
		return (r);
	if (x->o->format == IOC_FORMAT_ZFS && !ops->mounts)
		return (ioc_fail(err, IOC_UNSUPPORTED,
		    "a %s source has no streams of ZFS", ops->name));
	x->snapshot = x->o->snapshot;
	if (state == IOC_JAIL_RUNNING && x->snapshot == NULL && !ops->live)
		return (ioc_fail(err, IOC_STATE, "it runs, and a %s source has "
		    "no view of it that stays as it is: stop it first",
		    ops->name));
	x->made = x->snapshot == NULL && (state == IOC_JAIL_RUNNING ||
	    x->o->format == IOC_FORMAT_ZFS);
	return (0);
}

static int
take(struct ioc_export *x, const char *name, char *out, size_t size,
    struct ioc_error *err)
{
	const char *v;
	int r = ioc_jail_value(x->jail, name, &v, err);

	if (r == 0 && !ioc_str_is_none(v))
		(void)snprintf(out, size, "%s", strchr(v, '/') != NULL ?
		    strchr(v, '/') + 1 : v);
	return (r);
}

static int
fill_index(struct ioc_export *x, struct ioc_error *err)
{
	const struct ioc_os_facts *facts = ioc_os_facts(x->build.host->os);
	struct ioc_backup_index *i = &x->index;
	time_t now = time(NULL);
	int64_t level = 0;
	struct tm tm;
	int r;

	i->kind = x->o->format == IOC_FORMAT_ZFS ? IOC_KIND_STREAM :
	    x->o->since != NULL ? IOC_KIND_INCREMENTAL : IOC_KIND_FULL;
	(void)snprintf(i->name, sizeof(i->name), "%s", x->jail->name);
	(void)snprintf(i->system, sizeof(i->system), "%s", facts->system);
	(void)snprintf(i->arch, sizeof(i->arch), "%s", facts->arch);
	(void)snprintf(i->snapshot, sizeof(i->snapshot), "%s",
	    x->o->snapshot != NULL ? x->o->snapshot : "");
	if (gmtime_r(&now, &tm) == NULL || strftime(i->created,
	    sizeof(i->created), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return (ioc_fail(err, IOC_FAILED, "no time of day"));
	r = take(x, "distribution", i->distribution, sizeof(i->distribution),
	    err);
	if (r == 0)
		r = take(x, "release", i->release, sizeof(i->release), err);
	if (r == 0)
		r = ioc_jail_value_int(x->jail, "patch_level", &level, err);
	i->patch_level = (unsigned)level;
	return (r);
}

static int
read_texts(struct ioc_export *x, struct ioc_error *err)
{
	struct ioc_store *s = x->jail->source->store;
	auto_fd int dir = s->ops->dir(s, x->jail->vol, err);
	struct ioc_conf *conf;
	struct ioc_error e;
	int r;

	if (dir < 0)
		return (take_fd(&dir));
	r = ioc_jail_conf(x->jail, &conf, err);
	if (r == 0)
		r = ioc_conf_print(conf, &x->text[IOC_TEXT_CONFIG], err);
	if (r != 0)
		return (r);
	r = ioc_file_read_own(dir, "fstab", &x->text[IOC_TEXT_FSTAB], &e);
	if (r != 0 && r != IOC_NOT_FOUND)
		ioc_error_copy(err, &e);
	return (r == IOC_NOT_FOUND ? 0 : r);
}

/* The directory and the name of the file that is to be made. */
static int
open_parent(struct ioc_export *x, struct ioc_error *err)
{
	const char *file = x->o->file, *slash;
	auto_free char *parent = NULL, *real = NULL;
	struct stat st;
	int r;

	if (file == NULL)
		return (0);
	slash = strrchr(file, '/');
	parent = slash == NULL ? strdup(".") : strndup(file,
	    slash == file ? 1 : (size_t)(slash - file));
	x->name = strdup(slash == NULL ? file : slash + 1);
	if (parent == NULL || x->name == NULL)
		return (ioc_fail_nomem(err));
	if (ioc_name_check(IOC_NAME_COMPONENT, x->name, err) != 0)
		return (IOC_INVALID);
	x->dir_fd = ioc_file_open_host(parent, err);
	if (x->dir_fd < 0)
		return (x->dir_fd);
	r = ioc_file_real_host(parent, &real, err);
	if (r != 0)
		return (r);
	if (asprintf(&x->what, "%s %s", x->jail->name, real) < 0) {
		x->what = NULL;
		return (ioc_fail_nomem(err));
	}
	if (fstatat(x->dir_fd, x->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return (ioc_fail(err, IOC_EXISTS, "%s exists already",
		    IOC_SHOW(file)));
	return (0);
}

int
ioc_export_begin(struct ioc_export *x, struct ioc_lock **lock,
    struct ioc_error *err)
{
	int64_t id_base = 0;
	int r = judge_options(x->o, err);

	if (r == 0)
		r = open_parent(x, err);
	if (r == 0)
		r = ioc_jail_hold(x->jail, "export", lock, err);
	if (r == 0)
		r = judge_state(x, err);
	if (r == 0)
		r = fill_index(x, err);
	if (r == 0)
		r = ioc_jail_value_int(x->jail, "id_base", &id_base, err);
	if (r == 0)
		r = read_texts(x, err);
	x->id_base = (uint32_t)id_base;
	return (r);
}
