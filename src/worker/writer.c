/* SPDX-License-Identifier: BSD-2-Clause */
/* Every call acts on one name in a directory that is held open. */
#include "worker/writer.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/str.h"

/*
 * A file of so many bytes or more goes to disk while later ones are decoded, or
 * the sync at the end waits for all of them.  Most files are smaller and most
 * bytes are not in them.
 */
#define	EARLY	((uint64_t)16 << 10)

/* Directories from the root down to the last one that was used. */
struct walk {
	uint32_t	 node[IOC_MEMBER_DEPTH + 1];
	int		 fd[IOC_MEMBER_DEPTH + 1];
	size_t		 n;
};

struct ioc_writer {
	struct ioc_table *table;
	struct walk	 to;
	struct walk	 from;		/* to targets of hard links */
	int		 file;
	uint32_t	 node;		/* of the file */
	uint64_t	 end;		/* what of it is written */
	uid_t		 uid;		/* of what we make */
	gid_t		 gid;
};

int
ioc_writer_new(int dir_fd, struct ioc_table *table, struct ioc_writer **ret,
    struct ioc_error *err)
{
	struct ioc_writer *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return (ioc_fail_nomem(err));
	w->table = table;
	w->to.n = w->from.n = 1;
	w->to.fd[0] = w->from.fd[0] = dir_fd;
	w->file = -1;
	w->uid = geteuid();
	w->gid = getegid();
	*ret = w;
	return (0);
}

static void
shorten(struct walk *k, size_t n)
{
	while (k->n > n)
		ioc_fd_close(&k->fd[--k->n]);
}

void
ioc_writer_free(struct ioc_writer *w)
{
	if (w == NULL)
		return;
	shorten(&w->to, 1);
	shorten(&w->from, 1);
	ioc_fd_close(&w->file);
	free(w);
}

static int
failed(const struct ioc_writer *w, uint32_t node, const char *verb,
    struct ioc_error *err)
{
	char path[IOC_MEMBER_PATH];
	int sys = errno;

	(void)ioc_table_path(w->table, node, path, sizeof(path));
	return (ioc_fail_sys(err, sys, "member \"%s\": %s", IOC_SHOW(path),
	    verb));
}

/* Opens a directory of the archive, made if it is not there yet. */
static int
step(struct ioc_writer *w, struct walk *k, uint32_t n, struct ioc_error *err)
{
	struct ioc_node *node = ioc_table_node(w->table, n);
	const char *name = ioc_table_name(w->table, n);
	int fd;

	if (!node->made && mkdirat(k->fd[k->n - 1], name, 0700) != 0)
		return (failed(w, n, "directory", err));
	node->made = true;
	fd = openat(k->fd[k->n - 1], name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return (failed(w, n, "directory", err));
	k->fd[k->n] = fd;
	k->node[k->n++] = n;
	return (0);
}

/* The descriptor of a directory; it belongs to the walk. */
static int
walk_to(struct ioc_writer *w, struct walk *k, uint32_t node, int *fd,
    struct ioc_error *err)
{
	uint32_t chain[IOC_MEMBER_DEPTH + 1];
	size_t n = 0, same = 1;
	int r = 0;

	for (uint32_t i = node; i != 0;
	    i = ioc_table_node(w->table, i)->parent)
		chain[n++] = i;
	while (same < k->n && same <= n && k->node[same] == chain[n - same])
		same++;
	shorten(k, same);
	for (size_t i = same; r == 0 && i <= n; i++)
		r = step(w, k, chain[n - i], err);
	*fd = k->fd[k->n - 1];
	return (r);
}

static struct timespec
stamp(int64_t mtime)
{
	return ((struct timespec){ .tv_sec = (time_t)mtime });
}

/* What has no descriptor: links, devices and FIFOs. */
static int
own_at(struct ioc_writer *w, int dir, const char *name,
    const struct ioc_member *m, struct ioc_error *err)
{
	struct timespec ts[2] = { stamp(m->mtime), stamp(m->mtime) };

	if ((m->uid != w->uid || m->gid != w->gid) &&
	    fchownat(dir, name, m->uid, m->gid, AT_SYMLINK_NOFOLLOW) != 0)
		return (failed(w, m->node, "owner", err));
	if (utimensat(dir, name, ts, AT_SYMLINK_NOFOLLOW) != 0)
		return (failed(w, m->node, "time", err));
	return (0);
}

static int
own_fd(struct ioc_writer *w, int fd, uint32_t n, uid_t uid, gid_t gid,
    mode_t mode, int64_t mtime, struct ioc_error *err)
{
	struct timespec ts[2] = { stamp(mtime), stamp(mtime) };

	if ((uid != w->uid || gid != w->gid) && fchown(fd, uid, gid) != 0)
		return (failed(w, n, "owner", err));
	/* Behind it, because a change of owner clears set-id bits. */
	if (fchmod(fd, mode) != 0)
		return (failed(w, n, "mode", err));
	if (futimens(fd, ts) != 0)
		return (failed(w, n, "time", err));
	return (0);
}

static int
make_hardlink(struct ioc_writer *w, int dir, const char *name,
    const struct ioc_member *m, struct ioc_error *err)
{
	struct ioc_node *target = ioc_table_node(w->table, m->target);
	int from, r;

	r = walk_to(w, &w->from, target->parent, &from, err);
	if (r == 0 && linkat(from, ioc_table_name(w->table, m->target), dir,
	    name, 0) != 0)
		r = failed(w, m->node, "hard link", err);
	return (r);
}

int
ioc_writer_make(struct ioc_writer *w, const struct ioc_member *m,
    struct ioc_error *err)
{
	const char *name = ioc_table_name(w->table, m->node);
	int dir, r;

	if (m->kind == IOC_MEMBER_NONE)
		return (0);
	r = walk_to(w, &w->to, ioc_table_node(w->table, m->node)->parent, &dir,
	    err);
	if (r != 0)
		return (r);
	switch (m->kind) {
	case IOC_MEMBER_DIR:
		/* Its owner, mode and time come at the end. */
		return (walk_to(w, &w->to, m->node, &dir, err));
	case IOC_MEMBER_FILE:
		w->node = m->node;
		w->end = 0;
		w->file = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL |
		    O_NOFOLLOW | O_CLOEXEC, 0600);
		return (w->file >= 0 ? 0 : failed(w, m->node, "file", err));
	case IOC_MEMBER_SYMLINK:
		if (symlinkat(m->link, dir, name) != 0)
			return (failed(w, m->node, "link", err));
		return (own_at(w, dir, name, m, err));
	case IOC_MEMBER_NODE:
		if (mknodat(dir, name, m->mode, m->dev) != 0)
			return (failed(w, m->node, "device", err));
		return (own_at(w, dir, name, m, err));
	case IOC_MEMBER_HARDLINK:
		return (make_hardlink(w, dir, name, m, err));
	default:
		return (ioc_fail(err, IOC_FAILED, "member of no kind"));
	}
}

int
ioc_writer_data(struct ioc_writer *w, const void *data, size_t len,
    uint64_t offset, struct ioc_error *err)
{
	const char *p = data;

	w->end = offset + len;
	while (len > 0) {
		ssize_t n = pwrite(w->file, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (failed(w, w->node, "write", err));
		p += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return (0);
}

int
ioc_writer_close(struct ioc_writer *w, const struct ioc_member *m,
    struct ioc_error *err)
{
	auto_fd int fd = take_fd(&w->file);
	int r;

	/* A hole at its end. */
	if (w->end != m->size && ftruncate(fd, (off_t)m->size) != 0)
		return (failed(w, m->node, "size", err));
	r = own_fd(w, fd, m->node, m->uid, m->gid, m->mode, m->mtime, err);
	if (r == 0 && m->size >= EARLY)
		ioc_begin_sync(fd);
	return (r);
}

/* Children before their directories: a flag may close those. */
static int
set_fflags(struct ioc_writer *w, struct ioc_error *err)
{
	int dir, r = 0;

	for (uint32_t n = w->table->n - 1; r == 0 && n > 0; n--) {
		struct ioc_node *node = ioc_table_node(w->table, n);

		if (node->fflags == 0 || node->kind == IOC_MEMBER_NONE ||
		    node->kind == IOC_MEMBER_HARDLINK)
			continue;
		r = walk_to(w, &w->to, node->parent, &dir, err);
		if (r == 0 && ioc_set_fflags(dir, ioc_table_name(w->table, n),
		    node->fflags) != 0)
			r = failed(w, n, "file flags", err);
	}
	shorten(&w->to, 1);
	return (r);
}

int
ioc_writer_finish(struct ioc_writer *w, struct ioc_error *err)
{
	int fd, r = 0;

	shorten(&w->from, 1);
	/* Children stand behind their parents in the table. */
	for (uint32_t n = w->table->n - 1; r == 0 && n > 0; n--) {
		struct ioc_node *d = ioc_table_node(w->table, n);

		if (d->kind != IOC_MEMBER_DIR)
			continue;
		r = walk_to(w, &w->to, n, &fd, err);
		if (r == 0)
			r = own_fd(w, fd, n, d->uid, d->gid, d->mode, d->mtime,
			    err);
	}
	shorten(&w->to, 1);
	if (r != 0)
		return (r);
	if (ioc_has_fflags)
		r = set_fflags(w, err);
	fd = w->to.fd[0];
	if (r == 0 && ((w->uid != 0 && geteuid() == w->uid && fchown(fd, 0, 0) != 0 &&
	    errno != EPERM) || fchmod(fd, 0755) != 0))
		r = failed(w, 0, "root", err);
	return (r);
}
