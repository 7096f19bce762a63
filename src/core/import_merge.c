/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is not the whole: an incremental backup is put upon the jail that was made
 * from its base, one of libioc upon its release.  Both are layers of one tree, of
 * which a whole archive is made, and unpacked like any other.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/event.h"
#include "core/import.h"
#include "core/jail.h"
#include "core/release.h"
#include "safe/name.h"
#include "safe/path.h"

/* --- what it is put upon ----------------------------------------------------------- */

/* Is the record of what a jail was made from that of the base?  1, 0. */
static int
is_base(const struct ioc_import *i, const char *jail, struct ioc_error *err)
{
	struct ioc_source *s = i->build.source;
	auto_free char *path = NULL;
	char hex[IOC_SHA256_HEX];
	auto_fd int fd = -1;
	int r;

	if (asprintf(&path, "jails/%s/" IOC_BACKUP_RECORD, jail) < 0) {
		path = NULL;
		return (ioc_fail_nomem(err));
	}
	fd = ioc_path_open(s->store->root, path, O_RDONLY, IOC_PATH_NOLINKS,
	    err);
	if (fd == IOC_NOT_FOUND)
		return (0);
	if (fd < 0)
		return (fd);
	r = ioc_hash_fd(i->build.host->helper_dir, fd, hex, err);
	return (r != 0 ? r : strcmp(hex, i->index.base) == 0);
}

static int
open_jail(struct ioc_import *i, const char *name, struct ioc_error *err)
{
	IOC_AUTO(ioc_jail_closep) struct ioc_jail *j = NULL;
	enum ioc_jail_state state;
	int r = ioc_jail_new(i->build.source, name, &j, err);

	if (r == 0)
		r = ioc_jail_lock(j, "read", &i->base_lock, err);
	if (r == 0)
		r = ioc_jail_state(j, &state, NULL, err);
	if (r == 0 && state == IOC_JAIL_RUNNING)
		r = ioc_fail(err, IOC_STATE, "its base, the jail %s, runs: stop "
		    "it first", name);
	if (r == 0)
		r = ioc_root_layers(i->build.source, j->vol, &i->base, err);
	if (r == 0 && i->base.root.kind != IOC_ROOT_DIR)
		r = ioc_fail(err, IOC_STATE, "its base, the jail %s, is not "
		    "as it was imported", name);
	return (r);
}

static int
find_jail(struct ioc_import *i, struct ioc_error *err)
{
	struct ioc_store *s = i->build.source->store;
	auto_strv struct ioc_strv names = IOC_STRV;
	int r = s->ops->list(s, "jails", &names, err);

	ioc_strv_sort(&names);
	for (size_t n = 0; r == 0 && n < names.n; n++) {
		r = is_base(i, names.v[n], err);
		if (r == 1)
			return (open_jail(i, names.v[n], err));
	}
	return (r != 0 ? r : ioc_fail(err, IOC_NOT_FOUND, "no jail was made "
	    "from its base, whose record has the hash %s", i->index.base));
}

/* What libioc has left out is in the release that the configuration names. */
static int
find_release(struct ioc_import *i, struct ioc_error *err)
{
	IOC_AUTO(ioc_conf_freep) struct ioc_conf *conf = NULL;
	struct ioc_backup_index *x = &i->index;
	const struct ioc_dist *d;
	const char *text = i->head.text[IOC_TEXT_CONFIG], *release;
	auto_free char *vol = NULL;
	int r = ioc_conf_parse(text, strlen(text), &conf, err);

	if (r != 0)
		return (ioc_wrap(err, r, IOC_BACKUP_CONFIG));
	release = ioc_conf_get(conf, "release");
	if (release == NULL || ioc_str_is_none(release))
		return (0);
	r = ioc_name_check(IOC_NAME_RELEASE, release, err);
	if (r == 0)
		r = ioc_release_level(i->build.source, release,
		    &x->patch_level, err);
	if (r == 0)
		r = ioc_release_dist(i->build.source, release, &d, err);
	if (r != 0)
		return (ioc_wrap(err, r, "it needs the release %s",
		    IOC_SHOW(release)));
	(void)snprintf(x->release, sizeof(x->release), "%s", release);
	(void)snprintf(x->distribution, sizeof(x->distribution), "%s", d->name);
	if (asprintf(&vol, "releases/%s/p%u", release, x->patch_level) < 0) {
		vol = NULL;
		return (ioc_fail_nomem(err));
	}
	r = ioc_release_lock(i->build.source, vol, IOC_LOCK_SHARED, "read",
	    &i->base_lock, err);
	return (r == 0 ? ioc_root_layers(i->build.source, vol, &i->base, err) :
	    r);
}

int
ioc_import_find_base(struct ioc_import *i, struct ioc_error *err)
{
	return (i->old ? find_release(i, err) :
	    i->index.kind == IOC_KIND_INCREMENTAL ? find_jail(i, err) : 0);
}

/* --- merging ------------------------------------------------------------------------- */

/* The part by itself, and the record of the whole; for one of libioc only a place. */
static int
unpack_part(struct ioc_import *i, const char *vol, int record,
    struct ioc_error *err)
{
	struct ioc_store *s = i->build.source->store;
	struct ioc_backup_unpack u = {
		.helper_dir = i->build.host->helper_dir, .in_fd = i->in_fd,
		.head = &i->head, .record_fd = record, .stream_fd = -1,
		.how = i->head.old ? IOC_UNPACK_OLD : IOC_UNPACK_PART,
		.progress = ioc_import_progress, .arg = i,
	};
	auto_fd int root = -1;
	int r = s->ops->create(s, vol, err);

	if (r != 0)
		return (r);
	u.dir_fd = root = ioc_import_root(i, vol, err);
	return (root < 0 ? root : ioc_backup_extract(&u, err));
}

/* An archive of both, of which only what is in `mask` counts. */
static int
pack_both(struct ioc_import *i, const char *vol, int mask, int record, int out,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf index = IOC_BUF(IOC_BACKUP_TEXT);
	struct ioc_verify_layer layers[IOC_VERIFY_LAYERS];
	struct ioc_backup_pack p = {
		.helper_dir = i->build.host->helper_dir, .layers = layers,
		.nlayers = 1 + i->base.n, .out_fd = out, .record_fd = record,
		.other_fd = mask, .stream_fd = -1,
		.other = mask >= 0 ? IOC_OTHER_MASK : IOC_OTHER_NONE,
	};
	auto_fd int root = ioc_import_root(i, vol, err);
	int r;

	if (root < 0)
		return (root);
	if (p.nlayers > IOC_VERIFY_LAYERS)
		return (ioc_fail(err, IOC_LIMIT, "too many base directories"));
	layers[0] = (struct ioc_verify_layer){ root, "" };
	memcpy(layers + 1, i->base.v, i->base.n * sizeof(*layers));
	for (size_t n = 0; n < IOC_BACKUP_TEXTS; n++)
		p.text[n] = i->head.text[n];
	r = ioc_backup_index_print(&i->index, &index, err);
	p.text[IOC_TEXT_INDEX] = ioc_buf_str(&index);
	return (r == 0 ? ioc_backup_write(&p, err) : r);
}

/* The whole is what the backup says, or its base is not what it was. */
static int
compare(const struct ioc_import *i, int mask, int record,
    struct ioc_error *err)
{
	char a[IOC_SHA256_HEX], b[IOC_SHA256_HEX];
	int r = ioc_hash_fd(i->build.host->helper_dir, mask, a, err);

	if (r == 0)
		r = ioc_hash_fd(i->build.host->helper_dir, record, b, err);
	if (r == 0 && strcmp(a, b) != 0)
		r = ioc_fail(err, IOC_VERIFY, "with its base it is not what its "
		    "record says: the base has changed since it was imported");
	return (r);
}

static int
scratch(const struct ioc_import *i, int *fd, struct ioc_error *err)
{
	*fd = ioc_source_scratch(i->build.source, err);
	return (*fd < 0 ? *fd : 0);
}

int
ioc_import_merge(struct ioc_import *i, const char *vol, struct ioc_error *err)
{
	IOC_AUTO(ioc_backup_head_fini) struct ioc_backup_head head = {
		.old = false,
	};
	struct ioc_store *s = i->build.source->store;
	auto_fd int mask = -1, record = -1, out = -1;
	auto_free char *part = NULL;
	int r = ioc_import_staged(i, "part", &part, err);

	if (r == 0)
		r = scratch(i, &mask, err);
	if (r == 0)
		r = unpack_part(i, part, mask, err);
	if (r == 0)
		r = scratch(i, &record, err);
	if (r == 0)
		r = scratch(i, &out, err);
	if (r == 0)
		r = pack_both(i, part, i->old ? -1 : mask, record, out, err);
	if (r == 0 && !i->old)
		r = compare(i, mask, record, err);
	if (r == 0)
		r = s->ops->destroy(s, part, err);
	if (r == 0)
		r = ioc_backup_read_head(i->build.host->helper_dir, out, &head,
		    err);
	return (r == 0 ? ioc_import_unpack(i, out, &head, vol, err) : r);
}
