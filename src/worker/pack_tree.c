/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree of a backup: what a jail sees of its layers, in the order of a record,
 * so that another record can be followed beside it.
 */
#include "worker/pack.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/fflags.h"
#include "base/str.h"
#include "worker/worker.h"

#define	IDS		65536u		/* of a jail's own range */
#define	NOBODY		65534u		/* how a jail sees what is not in it */
#define	EXTENTS		4096u		/* of a file with holes */
#define	MTIME_MAX	INT64_C(0xffffffff)

static int	directory(struct ioc_pack *p, const struct ioc_layers_dir *d,
		    size_t len, unsigned depth, struct ioc_error *err);

/* --- the other record --------------------------------------------------------- */

static int
advance(struct ioc_pack *p, struct ioc_error *err)
{
	return (p->record == NULL ? 0 : ioc_mtree_next(p->record, &p->o, err));
}

/* Over all of it that is deeper than that. */
static int
pass(struct ioc_pack *p, unsigned depth, struct ioc_error *err)
{
	int r = 0;

	while (r == 0 && p->o != NULL && p->o->depth > depth)
		r = advance(p, err);
	return (r);
}

/* Over what stands before a name of the present directory; is it there? */
static int
seek(struct ioc_pack *p, const char *name, unsigned depth, bool *found,
    struct ioc_error *err)
{
	int r = 0, c = -1;

	while (r == 0 && p->o != NULL && p->o->depth == depth &&
	    (c = strcmp(p->o->path + p->o->name, name)) < 0) {
		r = advance(p, err);
		if (r == 0)
			r = pass(p, depth, err);
		c = -1;
	}
	*found = r == 0 && c == 0;
	return (r);
}

/* --- one entry ------------------------------------------------------------------ */

static uint32_t
owner(const struct ioc_pack *p, const struct ioc_layers_entry *f, uint32_t id)
{
	if (f->layer != 0 || p->id_base == 0)
		return (id);
	return (id >= p->id_base && id - p->id_base < IDS ? id - p->id_base :
	    NOBODY);
}

static int64_t
seconds(const struct stat *st)
{
	return (st->st_mtime < 0 ? 0 : st->st_mtime > MTIME_MAX ? MTIME_MAX :
	    st->st_mtime);
}

/* All that a header says, but for the name with which it goes into the file. */
static int
describe(struct ioc_pack *p, const struct ioc_layers_entry *f,
    const char *name, struct ioc_error *err)
{
	char link[IOC_MTREE_PATH], text[IOC_FFLAGS_TEXT];
	uint32_t fflags = ioc_get_fflags(&f->st) & ~IOC_FFLAG_UARCH;
	struct archive_entry *e = p->entry;
	ssize_t n;

	archive_entry_clear(e);
	archive_entry_set_pathname(e, p->path);
	archive_entry_set_filetype(e, f->st.st_mode & S_IFMT);
	/* FreeBSD has modes of links, which mean nothing, Linux this one. */
	archive_entry_set_perm(e, S_ISLNK(f->st.st_mode) ? 0777 :
	    f->st.st_mode & 07777);
	archive_entry_set_uid(e, owner(p, f, f->st.st_uid));
	archive_entry_set_gid(e, owner(p, f, f->st.st_gid));
	archive_entry_set_mtime(e, seconds(&f->st), 0);
	archive_entry_set_size(e, S_ISREG(f->st.st_mode) ? f->st.st_size : 0);
	if (fflags != 0)
		archive_entry_copy_fflags_text(e,
		    ioc_fflags_text(fflags, text));
	if (!S_ISLNK(f->st.st_mode))
		return (0);
	n = readlinkat(f->dir_fd, name, link, sizeof(link));
	if (n < 0)
		return (ioc_fail_errno(err, "\"%s\"", IOC_SHOW(p->path)));
	if ((size_t)n == sizeof(link))
		return (ioc_fail(err, IOC_LIMIT, "\"%s\": a link too long",
		    IOC_SHOW(p->path)));
	link[n] = '\0';
	archive_entry_set_symlink(e, link);
	return (0);
}

/* The name, and that of a hard link's target, beneath root/. */
static int
rename_entry(struct ioc_pack *p, const char *target, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(2 * sizeof(p->path));

	(void)ioc_buf_addf(&b, IOC_BACKUP_ROOT "/%s", p->path);
	if (ioc_buf_check(&b, err) != 0)
		return (b.failed);
	archive_entry_set_pathname(p->entry, b.data);
	if (target == NULL)
		return (0);
	ioc_buf_clear(&b);
	(void)ioc_buf_addf(&b, IOC_BACKUP_ROOT "/%s", target);
	if (ioc_buf_check(&b, err) != 0)
		return (b.failed);
	archive_entry_set_hardlink(p->entry, b.data);
	return (0);
}

static int
put_header(struct ioc_pack *p, const char *target, struct ioc_error *err)
{
	int r;

	if (p->archive == NULL)
		return (0);
	r = rename_entry(p, target, err);
	return (r == 0 ? ioc_pack_header(p, err) : r);
}

/* Nothing but the file that was found, however quickly names change. */
static int
open_file(const struct ioc_pack *p, const struct ioc_layers_entry *f,
    const char *name, struct ioc_error *err)
{
	auto_fd int fd = openat(f->dir_fd, name, O_RDONLY | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "\"%s\"", IOC_SHOW(p->path)));
	if (!S_ISREG(st.st_mode) || st.st_ino != f->st.st_ino ||
	    st.st_dev != f->st.st_dev)
		return (ioc_fail(err, IOC_FAILED, "\"%s\" changed while it was "
		    "read", IOC_SHOW(p->path)));
	return (take_fd(&fd));
}

/*
 * Tells the archive where there is data, so that the rest takes no room: there and
 * where it is unpacked.  Of what a reader would refuse, and where the file system
 * does not say, all is data.
 */
static void
find_holes(struct ioc_pack *p, int fd, uint64_t size)
{
	uint64_t data = 0, at = 0;
	off_t begin = 0, end;

	for (unsigned n = 0; at < size; n++) {
		begin = lseek(fd, (off_t)at, SEEK_DATA);
		if (begin < 0 && errno == ENXIO) {
			/* Up to the end; it may be all of it. */
			archive_entry_sparse_add_entry(p->entry,
			    (la_int64_t)size, 0);
			break;
		}
		end = begin < 0 ? begin : lseek(fd, begin, SEEK_HOLE);
		if (end <= begin || (uint64_t)end > size || n == EXTENTS) {
			archive_entry_sparse_clear(p->entry);
			return;
		}
		archive_entry_sparse_add_entry(p->entry, begin, end - begin);
		data += (uint64_t)(end - begin);
		at = (uint64_t)end;
	}
	if (data == size || size - data > IOC_MEMBER_HOLES - p->holes)
		archive_entry_sparse_clear(p->entry);
	else
		p->holes += size - data;
}

/* Its content into the archive, if `write`, and its hash. */
static int
read_file(struct ioc_pack *p, int fd, uint64_t size, bool write,
    uint8_t digest[IOC_DIGEST], struct ioc_error *err)
{
	struct archive *archive = p->archive;
	uint64_t at = 0;
	ssize_t n = 1;
	int r = ioc_sha256_reset(p->hash, err);

	if (!write)
		p->archive = NULL;
	while (r == 0 && n > 0) {
		n = pread(fd, p->chunk, IOC_PACK_CHUNK, (off_t)at);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n < 0)
			r = ioc_fail_errno(err, "\"%s\"", IOC_SHOW(p->path));
		else if ((uint64_t)n > size - at || (n == 0 && at != size))
			r = ioc_fail(err, IOC_FAILED, "\"%s\" changed while it "
			    "was read", IOC_SHOW(p->path));
		else if (n > 0)
			r = ioc_pack_data(p, p->chunk, (size_t)n, err);
		at += n > 0 ? (uint64_t)n : 0;
	}
	p->archive = archive;
	return (r == 0 ? ioc_sha256_raw(p->hash, digest, err) : r);
}

/* Is everything but the content as the base has it? */
static bool
is_same(const struct ioc_pack *p, const struct ioc_member *m,
    const struct ioc_mtree_entry *o)
{
	static const mode_t types[] = {
		[IOC_MEMBER_DIR] = S_IFDIR, [IOC_MEMBER_FILE] = S_IFREG,
		[IOC_MEMBER_SYMLINK] = S_IFLNK,
	};

	if (p->other != IOC_OTHER_BASE || o == NULL || types[m->kind] != o->type)
		return (false);
	if (m->mode != o->mode || m->uid != o->uid || m->gid != o->gid ||
	    m->mtime != (int64_t)o->mtime || m->fflags != o->fflags)
		return (false);
	return (m->kind == IOC_MEMBER_FILE ? m->size == o->size :
	    m->kind != IOC_MEMBER_SYMLINK || strcmp(m->link, o->link) == 0);
}

static int
put_file(struct ioc_pack *p, const struct ioc_layers_entry *f,
    const char *name, const struct ioc_member *m,
    const struct ioc_mtree_entry *o, bool *left_out, struct ioc_error *err)
{
	auto_fd int fd = open_file(p, f, name, err);
	uint8_t *digest = ioc_table_digest(ioc_judge_table(p->judge),
	    m->digest);
	int r = fd < 0 ? fd : 0;

	if (r == 0 && is_same(p, m, o)) {
		r = read_file(p, fd, m->size, false, digest, err);
		*left_out = r == 0 && memcmp(digest, o->sha256,
		    IOC_DIGEST) == 0;
		if (*left_out)
			return (0);
	}
	if (r == 0 && p->archive != NULL)
		find_holes(p, fd, m->size);
	if (r == 0)
		r = put_header(p, NULL, err);
	return (r == 0 ? read_file(p, fd, m->size, true, digest, err) : r);
}

/*
 * A file with several names: its first one in the archive is what the others are
 * links to.  *ret is that, or NULL; *node is where this one is remembered.
 */
static int
find_link(struct ioc_pack *p, const struct ioc_layers_entry *f,
    struct ioc_inode **node, const char **ret, struct ioc_error *err)
{
	bool fresh;

	*node = NULL;
	*ret = NULL;
	if (p->archive == NULL || !S_ISREG(f->st.st_mode) || f->st.st_nlink < 2)
		return (0);
	*node = ioc_inodes_get(&p->inodes, f->st.st_dev, f->st.st_ino, &fresh);
	if (*node == NULL)
		return (ioc_fail_nomem(err));
	*ret = (*node)->path;
	return (0);
}

/* A file or a link to one; `o` is what the base has there, or NULL. */
static int
file(struct ioc_pack *p, const struct ioc_layers_entry *f, const char *name,
    const struct ioc_mtree_entry *o, struct ioc_error *err)
{
	struct ioc_inode *node;
	struct ioc_member m;
	bool left_out = false;
	const char *target;
	int r = find_link(p, f, &node, &target, err);

	if (r == 0 && target != NULL) {
		archive_entry_set_size(p->entry, 0);
		archive_entry_set_hardlink(p->entry, target);
	}
	if (r == 0)
		r = ioc_judge_member(p->judge, p->entry, &m, err);
	if (r == 0)
		r = target != NULL ? put_header(p, target, err) :
		    put_file(p, f, name, &m, o, &left_out, err);
	if (r == 0 && node != NULL && target == NULL && !left_out &&
	    (node->path = strdup(p->path)) == NULL)
		r = ioc_fail_nomem(err);
	return (r);
}

/* A directory is always in the archive: what is beneath it needs it. */
static int
enter(struct ioc_pack *p, const struct ioc_layers_dir *d, const char *name,
    size_t len, unsigned depth, bool found, struct ioc_error *err)
{
	IOC_AUTO(ioc_layers_dir_close) struct ioc_layers_dir sub =
	    IOC_LAYERS_DIR;
	struct ioc_member m;
	int r = ioc_judge_member(p->judge, p->entry, &m, err);

	if (r == 0)
		r = put_header(p, NULL, err);
	if (r == 0)
		r = ioc_layers_enter(&p->layers, d, p->path, name, &sub, err);
	if (r == 0 && found)
		r = advance(p, err);
	return (r == 0 ? directory(p, &sub, len, depth, err) : r);
}

static int
symlink_or_skip(struct ioc_pack *p, const struct ioc_layers_entry *f,
    const struct ioc_mtree_entry *o, struct ioc_error *err)
{
	struct ioc_member m;
	int r;

	if (!S_ISLNK(f->st.st_mode)) {
		p->skipped++;
		return (0);
	}
	r = ioc_judge_member(p->judge, p->entry, &m, err);
	return (r != 0 || is_same(p, &m, o) ? r : put_header(p, NULL, err));
}

/* p->path is its own, of `len` bytes; `found`: p->o is what the record says. */
static int
entry(struct ioc_pack *p, const struct ioc_layers_dir *d, const char *name,
    const struct ioc_layers_entry *f, size_t len, unsigned depth, bool found,
    struct ioc_error *err)
{
	const struct ioc_mtree_entry *o = found ? p->o : NULL;
	int r = describe(p, f, name, err);

	if (r == 0 && S_ISDIR(f->st.st_mode) &&
	    f->st.st_dev != p->dev[f->layer])
		r = ioc_fail(err, IOC_BUSY, "\"%s\" is a mount point",
		    IOC_SHOW(p->path));
	if (r == 0 && S_ISDIR(f->st.st_mode)) {
		found = found && o->type == S_IFDIR;
		return (enter(p, d, name, len, depth, found, err));
	}
	if (r == 0)
		r = S_ISREG(f->st.st_mode) ? file(p, f, name, o, err) :
		    symlink_or_skip(p, f, o, err);
	return (r);
}

/* --- directories ------------------------------------------------------------------ */

/* p->path is its own, of `len` bytes. */
static int
directory(struct ioc_pack *p, const struct ioc_layers_dir *d, size_t len,
    unsigned depth, struct ioc_error *err)
{
	IOC_AUTO(ioc_layers_names_fini) struct ioc_layers_names names;
	size_t at = len > 0 ? len + 1 : 0;
	struct ioc_layers_entry f;
	int r;

	p->path[len] = '\0';
	r = ioc_layers_list(&p->layers, d, p->path, &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		size_t n = strlen(names.name[i]);
		bool found = false;

		if (at + n >= sizeof(p->path))
			return (ioc_fail(err, IOC_LIMIT, "a path too long"));
		if (len > 0)
			p->path[len] = '/';
		memcpy(p->path + at, names.name[i], n + 1);
		r = seek(p, names.name[i], depth + 1, &found, err);
		if (r != 0 || (!found && p->other == IOC_OTHER_MASK))
			continue;
		r = ioc_layers_find(&p->layers, d, p->path, names.name[i], &f,
		    err);
		if (r == IOC_NOT_FOUND)
			r = 0;
		else if (r == 0)
			r = entry(p, d, names.name[i], &f, at + n, depth + 1,
			    found, err);
	}
	return (r == 0 ? pass(p, depth, err) : r);
}

/* root/ itself: as every root is. */
static int
put_root(struct ioc_pack *p, struct ioc_error *err)
{
	if (p->archive == NULL)
		return (0);
	archive_entry_clear(p->entry);
	archive_entry_set_pathname(p->entry, IOC_BACKUP_ROOT);
	archive_entry_set_filetype(p->entry, AE_IFDIR);
	archive_entry_set_perm(p->entry, 0755);
	return (ioc_pack_header(p, err));
}

int
ioc_pack_tree(struct ioc_pack *p, struct ioc_error *err)
{
	IOC_AUTO(ioc_layers_dir_close) struct ioc_layers_dir root =
	    IOC_LAYERS_DIR;
	struct stat st;
	int r;

	for (size_t i = 0; i < p->layers.n; i++) {
		if (fstat(p->layers.layer[i].fd, &st) != 0)
			return (ioc_fail_errno(err, "layer"));
		p->dev[i] = st.st_dev;
	}
	r = advance(p, err);
	/* The record's root; a record of nothing is damaged. */
	if (r == 0 && p->record != NULL && p->o == NULL)
		r = ioc_fail(err, IOC_FORMAT, "the record is empty");
	if (r == 0)
		r = advance(p, err);
	if (r == 0)
		r = ioc_layers_root(&p->layers, &root, err);
	if (r == 0)
		r = put_root(p, err);
	return (r == 0 ? directory(p, &root, 0, 0, err) : r);
}
