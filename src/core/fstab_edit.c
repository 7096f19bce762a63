/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changing a jail's fstab: the file and what is mounted, together or not at all.
 * When something is added the file comes first, when it is removed it comes
 * last: what dies in between leaves a line that is not mounted yet, never a mount
 * without a line.
 */
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "core/event.h"
#include "core/basejail.h"
#include "core/fstab.h"
#include "core/step.h"
#include "safe/file.h"

struct edit {
	struct ioc_jail	*jail;
	struct ioc_lock	*lock;
	int		 dir;		/* of the jail */
	struct ioc_fstab *fstab;
	char		*old_root;
	struct ioc_buf	 before, after;	/* the file */
	struct ioc_fstab_mount m;
	struct ioc_os_mount mount;
	int		 source;
	struct ioc_os_jail *os;		/* NULL: it does not run */
	struct ioc_error shared;	/* with whom, code 0: with nobody */
	bool		 done;		/* the live part is */
	bool		 lost;		/* the line cannot be had back */
};

#define	EDIT(j)								\
	{ .jail = (j), .dir = -1, .source = -1,				\
	    .before = IOC_BUF(IOC_FSTAB_SIZE),				\
	    .after = IOC_BUF(IOC_FSTAB_SIZE) }

static void
edit_fini(struct edit *e)
{
	ioc_os_jail_free(e->os);
	ioc_fstab_free(e->fstab);
	ioc_buf_fini(&e->before);
	ioc_buf_fini(&e->after);
	ioc_fd_close(&e->source);
	ioc_fd_close(&e->dir);
	free(e->old_root);
	if (e->lock != NULL)
		ioc_lock_release(e->lock, true);
}

/* The handle of a jail that runs. */
static int
find_running(struct edit *e, struct ioc_error *err)
{
	struct ioc_jail *j = e->jail;
	struct ioc_os_jail_info info;
	auto_free char *kernel = NULL;
	int r;

	r = ioc_jail_kernel_name(j->source, j->name, &kernel, err);
	if (r == 0)
		r = ioc_os_jail_find(j->host->os, kernel, &e->os, err);
	if (r == 0)
		r = ioc_os_jail_info(e->os, &info, err);
	if (r == 0 && info.state != IOC_OS_JAIL_RUNNING) {
		ioc_os_jail_free(e->os);
		e->os = NULL;
	}
	return (r);
}

static int
edit_open(struct edit *e, struct ioc_error *err)
{
	struct ioc_store *s = e->jail->source->store;
	int r;

	r = ioc_host_need_root(e->jail->host, "fstab", err);
	if (r == 0)
		r = ioc_jail_hold(e->jail, "change the fstab of", &e->lock,
		    err);
	if (r == 0)
		r = e->dir = s->ops->dir(s, e->jail->vol, err);
	if (r >= 0)
		r = ioc_file_sweep(e->dir, err);
	if (r == 0)
		r = ioc_fstab_load(e->dir, &e->before, &e->fstab, err);
	if (r == 0)
		r = ioc_fstab_old_root(e->jail, &e->old_root, err);
	return (r == 0 ? find_running(e, err) : r);
}

/* A file without a line is none. */
static int
write_text(const struct edit *e, const struct ioc_buf *text,
    struct ioc_error *err)
{
	if (text->len == 0) {
		if (unlinkat(e->dir, "fstab", 0) != 0 && errno != ENOENT)
			return (ioc_fail_errno(err, "remove fstab"));
		/* There is no way back: this cannot be a failure any more. */
		(void)ioc_file_sync_dir(e->dir, NULL);
		return (0);
	}
	return (ioc_file_replace(e->dir, "fstab", text->data, text->len, 0600,
	    (uid_t)-1, (gid_t)-1, 0, err));
}

static int
write_file(void *ctx, struct ioc_error *err)
{
	const struct edit *e = ctx;

	return (write_text(e, &e->after, err));
}

/* Is the file as it was?  Then nothing need be written, for which there may be
   no room. */
static bool
is_as_before(const struct edit *e)
{
	auto_buf struct ioc_buf now = IOC_BUF(IOC_FSTAB_SIZE);
	int r = ioc_file_read(e->dir, "fstab", &now, NULL);

	return ((r == 0 || r == IOC_NOT_FOUND) && now.len == e->before.len &&
	    (now.len == 0 || memcmp(now.data, e->before.data, now.len) == 0));
}

static int
unwrite_file(void *ctx, struct ioc_error *err)
{
	struct edit *e = ctx;
	int r = is_as_before(e) ? 0 : write_text(e, &e->before, err);

	e->lost = r != 0;
	return (r);
}

static int
mount_live(struct edit *e, struct ioc_error *err)
{
	return (ioc_os_jail_mount_live(e->os, &e->mount, err));
}

/* What is not mounted, for a start died or somebody was faster, is success. */
static int
unmount_live(struct edit *e, bool *was, struct ioc_error *err)
{
	struct ioc_error cause;
	int r = ioc_os_jail_unmount_live(e->os, e->m.target, &cause);

	*was = r == 0;
	if (r != 0 && r != IOC_NOT_FOUND)
		ioc_error_copy(err, &cause);
	return (r == IOC_NOT_FOUND ? 0 : r);
}

/*
 * Once the line is written: of two that are added at once one sees the other.
 * It is told at the end, or refused where a kernel lets the jails out.
 */
static int
share(void *ctx, struct ioc_error *err)
{
	struct edit *e = ctx;
	int r = ioc_fstab_shared(e->jail, &e->m, 1, &e->shared);

	if (r == IOC_UNSAFE)
		return (ioc_fstab_share_judge(e->jail->host, &e->shared, err));
	ioc_error_copy(err, &e->shared);
	e->shared.code = 0;
	return (r);
}

static int
attach(void *ctx, struct ioc_error *err)
{
	struct edit *e = ctx;
	int r = e->os != NULL ? mount_live(e, err) : 0;

	e->done = e->os != NULL && r == 0;
	return (r);
}

static int
unattach(void *ctx, struct ioc_error *err)
{
	struct edit *e = ctx;
	bool was;

	return (e->done ? unmount_live(e, &was, err) : 0);
}

static int
detach(void *ctx, struct ioc_error *err)
{
	struct edit *e = ctx;

	return (e->os != NULL ? unmount_live(e, &e->done, err) : 0);
}

static int
undetach(void *ctx, struct ioc_error *err)
{
	struct edit *e = ctx;

	/* Never a mount without a line. */
	if (e->lost)
		return (0);
	if (e->done && e->m.kind == IOC_FSTAB_BIND && e->source < 0)
		return (ioc_fail(err, IOC_NOT_FOUND, "its source %s is gone",
		    IOC_SHOW(e->m.source)));
	return (e->done ? mount_live(e, err) : 0);
}

static const struct ioc_step add_table[] = {
	{ "write", write_file, unwrite_file },
	{ "share", share, NULL },
	{ "mount", attach, unattach },
};

static const struct ioc_step remove_table[] = {
	{ "unmount", detach, undetach },
	{ "write", write_file, unwrite_file },
};

static const struct ioc_steps add_steps = IOC_STEPS("fstab.add", add_table);
static const struct ioc_steps remove_steps =
    IOC_STEPS("fstab.remove", remove_table);

/* --- the two changes -------------------------------------------------------- */

/* What a start would refuse is not added while it runs either. */
static int
check_base_dirs(const struct edit *e, struct ioc_error *err)
{
	IOC_AUTO(ioc_store_root_fini) struct ioc_os_root base = IOC_OS_ROOT;
	const char *const *dirs = NULL;
	int r = ioc_basejail_root(e->jail, &base, &dirs, err);

	for (; r == 0 && dirs != NULL && *dirs != NULL; dirs++)
		if (strcmp(e->m.target + 1, *dirs) == 0)
			r = ioc_fail(err, IOC_INVALID, "target %s is mounted, "
			    "as the jail is a basejail", e->m.target);
	return (r);
}

static int
prepare_mount(struct edit *e, const struct ioc_fstab_entry *entry,
    struct ioc_error *err)
{
	int r = ioc_fstab_judge(entry, e->old_root, &e->m, err);

	if (r == 0)
		r = check_base_dirs(e, err);
	if (r == 0 && e->m.kind == IOC_FSTAB_BIND)
		r = e->source = ioc_fstab_source(e->m.source, e->dir, err);
	ioc_fstab_os_mount(&e->m, e->source, &e->mount);
	return (r < 0 ? r : 0);
}

static int
add(struct edit *e, const struct ioc_fstab_entry *given, struct ioc_error *err)
{
	struct ioc_fstab_entry entry = *given;
	int r;

	if (entry.target == NULL)
		entry.target = entry.source;
	r = ioc_fstab_add(e->fstab, &entry, e->old_root, err);
	if (r == 0)
		r = prepare_mount(e, ioc_fstab_at(e->fstab,
		    ioc_fstab_count(e->fstab) - 1), err);
	if (r != 0)
		return (r);
	ioc_fstab_print(e->fstab, &e->after);
	return (ioc_buf_check(&e->after, err));
}

int
ioc_jail_fstab_add(struct ioc_jail *j, const struct ioc_fstab_entry *entry,
    struct ioc_error *err)
{
	IOC_AUTO(edit_fini) struct edit e = EDIT(j);
	int r = edit_open(&e, err);

	if (r == 0)
		r = add(&e, entry, err);
	if (r == 0)
		r = ioc_steps_run(&add_steps, j->host, j->name, &e, err);
	if (r == 0 && e.shared.code != 0)
		ioc_emit_error(j->host, IOC_PHASE_WARN, "fstab.add/share",
		    j->name, &e.shared);
	return (ioc_wrap(err, r, "fstab of %s", j->name));
}

/* The line with that target, else the only one with that source. */
static int
find_line(const struct edit *e, const char *what, size_t *ret,
    struct ioc_error *err)
{
	size_t n = ioc_fstab_count(e->fstab), found = 0;
	struct ioc_fstab_mount m;

	for (size_t i = 0; i < n; i++) {
		const struct ioc_fstab_entry *l = ioc_fstab_at(e->fstab, i);

		*ret = i;
		if (strcmp(l->target, what) == 0 ||
		    (ioc_fstab_judge(l, e->old_root, &m, NULL) == 0 &&
		    strcmp(m.target, what) == 0))
			return (0);
	}
	for (size_t i = 0; i < n; i++)
		if (strcmp(ioc_fstab_at(e->fstab, i)->source, what) == 0) {
			*ret = i;
			found++;
		}
	if (found == 1)
		return (0);
	if (found == 0)
		return (ioc_fail(err, IOC_NOT_FOUND, "no line with the target "
		    "or source %s", IOC_SHOW(what)));
	return (ioc_fail(err, IOC_INVALID, "%zu lines have the source %s, name "
	    "the target", found, IOC_SHOW(what)));
}

int
ioc_jail_fstab_remove(struct ioc_jail *j, const char *what,
    struct ioc_error *err)
{
	IOC_AUTO(edit_fini) struct edit e = EDIT(j);
	size_t i = 0;
	int r = edit_open(&e, err);

	if (r == 0)
		r = find_line(&e, what, &i, err);
	/* One that could never be mounted is only a line. */
	if (r == 0 && prepare_mount(&e, ioc_fstab_at(e.fstab, i), NULL) != 0 &&
	    e.m.target[0] == '\0') {
		ioc_os_jail_free(e.os);
		e.os = NULL;
	}
	if (r == 0) {
		ioc_fstab_remove(e.fstab, i);
		ioc_fstab_print(e.fstab, &e.after);
		r = ioc_buf_check(&e.after, err);
	}
	if (r == 0)
		r = ioc_steps_run(&remove_steps, j->host, j->name, &e, err);
	return (ioc_wrap(err, r, "fstab of %s", j->name));
}

int
ioc_jail_fstab(struct ioc_jail *j, struct ioc_fstab **ret,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf raw = IOC_BUF(IOC_FSTAB_SIZE);
	struct ioc_store *s = j->source->store;
	auto_fd int dir = s->ops->dir(s, j->vol, err);
	int r = dir < 0 ? dir : ioc_fstab_load(dir, &raw, ret, err);

	return (ioc_wrap(err, r, "jail %s", j->name));
}
