/* SPDX-License-Identifier: BSD-2-Clause */
/* Patch levels of a release: their numbers, and the way back. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/level.h"
#include "core/release.h"
#include "core/step.h"
#include "safe/file.h"
#include "safe/path.h"

#define	LAST	"last"		/* the highest number of a level that is gone */

static int
open_release(struct ioc_source *s, const char *name, struct ioc_error *err)
{
	auto_free char *path = NULL;

	if (asprintf(&path, "releases/%s", name) < 0) {
		path = NULL;
		return (ioc_fail_nomem(err));
	}
	return (ioc_path_dir(s->store->root, path, IOC_PATH_NOLINKS, err));
}

int
ioc_release_next(struct ioc_source *s, const char *name, unsigned now,
    unsigned *ret, struct ioc_error *err)
{
	auto_fd int dir = open_release(s, name, err);
	auto_buf struct ioc_buf b = IOC_BUF(64);
	uint64_t last = 0;
	int r = dir < 0 ? dir : ioc_file_read(dir, LAST, &b, err);

	if (r == 0) {
		if (b.len > 0 && b.data[b.len - 1] == '\n')
			b.data[--b.len] = '\0';
		r = ioc_str_to_u64(ioc_buf_str(&b), 0, 99998, &last, err);
	} else if (r == IOC_NOT_FOUND && dir >= 0)
		r = 0;
	*ret = (last > now ? (unsigned)last : now) + 1;
	return (ioc_wrap(err, r, "%s", LAST));
}

/* A reservation outlives the level, and a crash. */
static int
write_last(struct ioc_source *s, const char *name, unsigned level,
    struct ioc_error *err)
{
	auto_fd int dir = open_release(s, name, err);
	char text[16];

	if (dir < 0)
		return (dir);
	(void)snprintf(text, sizeof(text), "%u\n", level);
	return (ioc_wrap(err, ioc_file_replace(dir, LAST, text, strlen(text),
	    0600, (uid_t)-1, (gid_t)-1, 0, err), "%s", LAST));
}

/* --- the way back ------------------------------------------------------------------ */

struct rollback {
	struct ioc_source *source;
	const char	*name;
	unsigned	 from;
	unsigned	 to;
};

/* Before the level goes: its number is never used again. */
static int
reserve(void *ctx, struct ioc_error *err)
{
	struct rollback *b = ctx;
	unsigned next;
	int r = ioc_release_next(b->source, b->name, 0, &next, err);

	if (r != 0)
		return (r);
	return (next > b->from ? 0 : write_last(b->source, b->name, b->from,
	    err));
}

static int
drop(void *ctx, struct ioc_error *err)
{
	struct rollback *b = ctx;
	struct ioc_store *s = b->source->store;
	auto_free char *vol = NULL;

	if (asprintf(&vol, "releases/%s/p%u", b->name, b->from) < 0) {
		vol = NULL;
		return (ioc_fail_nomem(err));
	}
	return (s->ops->destroy(s, vol, err));
}

static const struct ioc_step table[] = {
	/* Never taken back: the level may be gone though its removal failed. */
	{ "reserve", reserve, NULL },
	{ "remove", drop, NULL },	/* all of it, or nothing */
};

static const struct ioc_steps steps = IOC_STEPS("release.rollback", table);

/* The newest level below `from`. */
static int
find_older(struct rollback *b, struct ioc_error *err)
{
	auto_strv struct ioc_strv names = IOC_STRV;
	struct ioc_store *s = b->source->store;
	auto_free char *vol = NULL;
	int r, best = -1;

	if (asprintf(&vol, "releases/%s", b->name) < 0) {
		vol = NULL;
		return (ioc_fail_nomem(err));
	}
	r = s->ops->list(s, vol, &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		int level = ioc_release_level_of(names.v[i]);

		if (level > best && level < (int)b->from)
			best = level;
	}
	if (r == 0 && best < 0)
		r = ioc_fail(err, IOC_STATE,
		    "there is no patch level older than %u", b->from);
	b->to = (unsigned)best;
	return (r);
}

int
ioc_release_rollback(struct ioc_host *h, const char *name, unsigned *from,
    unsigned *to, struct ioc_error *err)
{
	struct rollback b = { .name = name };
	auto_lock struct ioc_lock *lock = NULL;
	auto_free char *vol = NULL;
	int r;

	r = ioc_host_need_root(h, "roll back", err);
	if (r == 0)
		r = ioc_release_find(h, NULL, name, &b.source, &b.from, err);
	if (r == 0 && strchr(name, '/') != NULL)
		b.name = strchr(name, '/') + 1;
	if (r == 0 && asprintf(&vol, "releases/%s", b.name) < 0) {
		vol = NULL;
		r = ioc_fail_nomem(err);
	}
	if (r == 0)
		r = ioc_release_lock(b.source, vol, IOC_LOCK_EXCLUSIVE,
		    "roll back", &lock, err);
	/* Again: it may have been updated meanwhile. */
	if (r == 0)
		r = ioc_release_level(b.source, b.name, &b.from, err);
	if (r == 0)
		r = find_older(&b, err);
	if (r == 0)
		r = ioc_level_unused(b.source, b.name, b.from, err);
	if (r == 0)
		r = ioc_steps_run(&steps, h, b.name, &b, err);
	if (r != 0)
		return (ioc_wrap(err, r, "roll back %s", IOC_SHOW(name)));
	if (from != NULL)
		*from = b.from;
	if (to != NULL)
		*to = b.to;
	return (0);
}
