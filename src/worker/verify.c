/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verb "verify": a record and a tree, both in the same order, side by side.
 * Neither is ever in memory as a whole.
 */
#include <sys/resource.h>

#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>

#include "base/compat.h"
#include "base/fflags.h"
#include "base/str.h"
#include "worker/layers.h"
#include "worker/mtree.h"
#include "worker/sha256.h"
#include "worker/worker.h"

#define	RECORD_FD	WORKER_FD
#define	OUT_FD		(WORKER_FD + 1)
#define	LAYER_FD	(WORKER_FD + 2)		/* of the first */
#define	ENTRIES		UINT64_C(4000000)
#define	CHUNK		((size_t)128 * 1024)

struct verify {
	struct ioc_layers layers;
	dev_t		 dev[IOC_VERIFY_LAYERS];
	uint32_t	 id_base;
	struct ioc_mtree *record;
	const struct ioc_mtree_entry *e;	/* the next one, NULL at the end */
	uint64_t	 size;			/* of the record */
	const char	*ignore[IOC_VERIFY_IGNORE];
	size_t		 nignore;
	struct ioc_sha256 *hash;
	char		*chunk;
	struct ioc_buf	 out;
	uint64_t	 written;
	char		 path[IOC_MTREE_PATH + 256];
};

/* --- what is told ---------------------------------------------------------------- */

static int
flush(struct verify *v, struct ioc_error *err)
{
	size_t at = 0;

	v->written += v->out.len;
	if (v->written > IOC_VERIFY_OUTPUT)
		return (ioc_fail(err, IOC_LIMIT, "more differences than can "
		    "be told"));
	while (at < v->out.len) {
		ssize_t n = write(OUT_FD, v->out.data + at, v->out.len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (ioc_fail_errno(err, "differences"));
		at += (size_t)n;
	}
	ioc_buf_clear(&v->out);
	return (0);
}

static bool
ignored(const struct verify *v, const char *path)
{
	for (size_t i = 0; i < v->nignore; i++)
		if (fnmatch(v->ignore[i], path, 0) == 0)
			return (true);
	return (false);
}

/* A letter, the path and the detail, each with a NUL. */
static int
tell(struct verify *v, char what, const char *path, const char *detail,
    struct ioc_error *err)
{
	(void)ioc_buf_addc(&v->out, what);
	(void)ioc_buf_adds(&v->out, path[0] != '\0' ? path : ".");
	(void)ioc_buf_addc(&v->out, '\0');
	(void)ioc_buf_adds(&v->out, detail);
	(void)ioc_buf_addc(&v->out, '\0');
	if (v->out.failed != 0)
		return (ioc_buf_check(&v->out, err));
	return (v->out.len >= CHUNK ? flush(v, err) : 0);
}

/* --- one entry ------------------------------------------------------------------- */

static int
advance(struct verify *v, struct ioc_error *err)
{
	int r = ioc_mtree_next(v->record, &v->e, err);

	return (r != 0 ? r : ioc_msg_progress(ioc_mtree_consumed(v->record),
	    v->size, err));
}

/* Over an entry and all beneath it. */
static int
skip(struct verify *v, struct ioc_error *err)
{
	unsigned depth = v->e->depth;
	int r;

	do {
		r = advance(v, err);
	} while (r == 0 && v->e != NULL && v->e->depth > depth);
	return (r);
}

/* 1 when its content is what was recorded, else 0; the file may change. */
static int
same_content(struct verify *v, const struct ioc_layers_entry *f,
    const char *name, struct ioc_error *err)
{
	auto_fd int fd = openat(f->dir_fd, name, O_RDONLY | O_NOFOLLOW |
	    O_NONBLOCK | O_CLOEXEC);
	uint64_t left = v->e->size;
	uint8_t digest[32];
	struct stat st;
	ssize_t n = 1;
	int r;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return (0);
	r = ioc_sha256_reset(v->hash, err);
	while (r == 0 && n > 0) {
		n = read(fd, v->chunk, CHUNK);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			return (ioc_fail_errno(err, "read \"%s\"",
			    IOC_SHOW(name)));
		else if ((uint64_t)n > left)
			return (0);
		else if (n > 0) {
			left -= (uint64_t)n;
			r = ioc_sha256_add(v->hash, v->chunk, (size_t)n, err);
		}
		if (r == 0)
			r = ioc_msg_progress(ioc_mtree_consumed(v->record),
			    v->size, err);
	}
	if (r == 0 && left == 0)
		r = ioc_sha256_raw(v->hash, digest, err);
	if (r != 0)
		return (r);
	return (left == 0 && memcmp(digest, v->e->sha256, 32) == 0);
}

static bool
same_link(const struct verify *v, const struct ioc_layers_entry *f,
    const char *name)
{
	char link[IOC_MTREE_PATH];
	ssize_t n = readlinkat(f->dir_fd, name, link, sizeof(link));

	return (n >= 0 && (size_t)n == strlen(v->e->link) &&
	    memcmp(link, v->e->link, (size_t)n) == 0);
}

static bool
same_owner(const struct verify *v, const struct ioc_layers_entry *f)
{
	uint32_t base = f->layer == 0 ? v->id_base : 0;

	return (f->st.st_uid >= base && f->st.st_gid >= base &&
	    f->st.st_uid - base == v->e->uid &&
	    f->st.st_gid - base == v->e->gid);
}

static bool
same_fflags(const struct verify *v, const struct ioc_layers_entry *f)
{
	uint32_t differ = ioc_get_fflags(&f->st) ^ v->e->fflags;

	return (!ioc_has_fflags || (differ & ~IOC_FFLAG_UARCH) == 0);
}

/* What differs, in words; *mount when nothing beneath it is to be looked at. */
static int
compare(struct verify *v, const struct ioc_layers_entry *f, const char *name,
    struct ioc_buf *words, bool *mount, struct ioc_error *err)
{
	const struct ioc_mtree_entry *e = v->e;
	int same = 1;

	*mount = S_ISDIR(f->st.st_mode) && f->st.st_dev != v->dev[f->layer];
	if (*mount)
		return (ioc_buf_adds(words, " mount"));
	if ((f->st.st_mode & S_IFMT) != e->type)
		return (ioc_buf_adds(words, " type"));
	if (e->type == S_IFREG) {
		same = (uint64_t)f->st.st_size != e->size ? 0 :
		    same_content(v, f, name, err);
		if (same < 0)
			return (same);
		if (same == 0)
			(void)ioc_buf_adds(words, " content");
		if ((uint64_t)f->st.st_size != e->size)
			(void)ioc_buf_adds(words, " size");
	}
	if (e->type == S_IFLNK && !same_link(v, f, name))
		(void)ioc_buf_adds(words, " link");
	if (e->type != S_IFLNK && (f->st.st_mode & 07777) != e->mode)
		(void)ioc_buf_adds(words, " mode");
	if (!same_owner(v, f))
		(void)ioc_buf_adds(words, " owner");
	if (!same_fflags(v, f))
		(void)ioc_buf_adds(words, " flags");
	return (words->failed);
}

/* --- directories ------------------------------------------------------------------ */

static int	directory(struct verify *v, const struct ioc_layers_dir *d,
		    size_t len, unsigned depth, struct ioc_error *err);

/* The record's entry is there: v->path, of `len` bytes. */
static int
both(struct verify *v, const struct ioc_layers_dir *d, const char *name,
    const struct ioc_layers_entry *f, size_t len, struct ioc_error *err)
{
	auto_buf struct ioc_buf words = IOC_BUF(256);
	IOC_AUTO(ioc_layers_dir_close) struct ioc_layers_dir sub =
	    IOC_LAYERS_DIR;
	unsigned depth = v->e->depth;
	bool enter = v->e->type == S_IFDIR && S_ISDIR(f->st.st_mode);
	bool mount;
	int r;

	r = compare(v, f, name, &words, &mount, err);
	if (r == 0 && words.len > 0)
		r = tell(v, 'C', v->path, ioc_buf_str(&words) + 1, err);
	if (r != 0 || !enter || mount)
		return (r == 0 ? skip(v, err) : r);
	r = depth == 0 ? ioc_layers_root(&v->layers, &sub, err) :
	    ioc_layers_enter(&v->layers, d, v->path, name, &sub, err);
	if (r == 0)
		r = advance(v, err);
	return (r == 0 ? directory(v, &sub, len, depth, err) : r);
}

/* A name that is in the record, or in the tree, or in both. */
static int
name_in(struct verify *v, const struct ioc_layers_dir *d, const char *name,
    bool recorded, bool present, size_t len, struct ioc_error *err)
{
	struct ioc_layers_entry f;
	int r;

	if (ignored(v, v->path))
		return (recorded ? skip(v, err) : 0);
	r = present ? ioc_layers_find(&v->layers, d, v->path, name, &f, err) :
	    IOC_NOT_FOUND;
	if (r != 0 && r != IOC_NOT_FOUND)
		return (r);
	if (r == 0 && recorded)
		return (both(v, d, name, &f, len, err));
	if (r == 0)
		return (tell(v, 'X', v->path, "", err));
	if (!recorded)
		return (0);
	r = tell(v, 'M', v->path, "", err);
	return (r == 0 ? skip(v, err) : r);
}

/* v->path is its own, of `len` bytes; v->e the first entry behind it. */
static int
directory(struct verify *v, const struct ioc_layers_dir *d, size_t len,
    unsigned depth, struct ioc_error *err)
{
	IOC_AUTO(ioc_layers_names_fini) struct ioc_layers_names names;
	size_t i = 0, at = len > 0 ? len + 1 : 0;
	int r;

	v->path[len] = '\0';
	r = ioc_layers_list(&v->layers, d, v->path, &names, err);
	while (r == 0) {
		bool recorded = v->e != NULL && v->e->depth == depth + 1;
		bool present = i < names.n;
		const char *name = present ? names.name[i] : NULL;
		size_t n;

		if (!recorded && !present)
			break;
		if (recorded && present) {
			int c = strcmp(v->e->path + v->e->name, name);

			recorded = c <= 0;
			present = c >= 0;
		}
		if (recorded)
			name = v->e->path + v->e->name;
		if (present)
			name = names.name[i++];
		n = strlen(name);
		if (at + n >= sizeof(v->path))
			return (ioc_fail(err, IOC_LIMIT, "a path too long"));
		if (len > 0)
			v->path[len] = '/';
		memcpy(v->path + at, name, n + 1);
		r = name_in(v, d, present ? name : v->path + at, recorded,
		    present, at + n, err);
	}
	return (r);
}

static int
whole(struct verify *v, struct ioc_error *err)
{
	struct ioc_layers_entry f = { .layer = 0, .dir_fd = -1 };
	struct ioc_layers_dir none = IOC_LAYERS_DIR;
	int r;

	for (size_t i = 0; i < v->layers.n; i++) {
		if (fstat(v->layers.layer[i].fd, &f.st) != 0)
			return (ioc_fail_errno(err, "layer"));
		v->dev[i] = f.st.st_dev;
	}
	r = advance(v, err);
	if (r == 0)
		r = ioc_layers_find(&v->layers, &none, "", "", &f, err);
	if (r == 0)
		r = both(v, &none, "", &f, 0, err);
	return (r == 0 ? flush(v, err) : r);
}

/* --- the verb --------------------------------------------------------------------- */

static int
read_request(const struct ioc_request *q, struct verify *v,
    int fds[IOC_VERIFY_LAYERS], struct ioc_error *err)
{
	uint64_t base = 0, max = 0;
	size_t n = (size_t)q->nfds - 2, at = 0;

	for (size_t i = 0; i + 1 < q->pairs.n; i += 2) {
		const char *key = q->pairs.v[i], *value = q->pairs.v[i + 1];

		if (strcmp(key, "at") == 0 && at < n)
			v->layers.layer[at++].at = value;
		if (strcmp(key, "ignore") == 0 && v->nignore < IOC_VERIFY_IGNORE)
			v->ignore[v->nignore++] = value;
	}
	for (size_t i = 0; i < n; i++)
		v->layers.layer[i].fd = fds[i] = LAYER_FD + (int)i;
	if (at != n)
		return (ioc_fail(err, IOC_INVALID, "verify: layers"));
	v->layers.n = n;
	(void)ioc_request_number(q, "id_base", &base, NULL);
	(void)ioc_request_number(q, "max_entries", &max, NULL);
	v->id_base = (uint32_t)base;
	v->layers.max_names = max != 0 ? max : ENTRIES;
	return (0);
}

static int
prepare(struct verify *v, struct ioc_error *err)
{
	const struct rlimit most = { IOC_VERIFY_OUTPUT, IOC_VERIFY_OUTPUT };
	struct stat st;
	int r;

	if (fstat(RECORD_FD, &st) != 0)
		return (ioc_fail_errno(err, "record"));
	v->size = (uint64_t)st.st_size;
	v->chunk = malloc(CHUNK);
	if (v->chunk == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_mtree_open(RECORD_FD, v->layers.max_names, &v->record, err);
	if (r == 0)
		r = ioc_sha256_new(&v->hash, err);
	if (r == 0 && setrlimit(RLIMIT_FSIZE, &most) != 0)
		r = ioc_fail_errno(err, "file size");
	return (r);
}

int
ioc_verb_verify(const struct ioc_request *q, struct ioc_strv *results,
    struct ioc_error *err)
{
	struct verify v = { .out = IOC_BUF(CHUNK + 16 * 1024) };
	int fds[IOC_VERIFY_LAYERS], r;
	struct ioc_sandbox s = {
		.role = IOC_SANDBOX_VERIFY,
		.dir_fd = -1,
		.read_fds = fds,
		.nread = (size_t)q->nfds - 2,
	};

	r = read_request(q, &v, fds, err);
	if (r == 0)
		r = prepare(&v, err);
	if (r == 0)
		r = ioc_verb_sandbox(q, &s, results, err);
	if (r == 0)
		r = whole(&v, err);
	ioc_mtree_close(v.record);
	ioc_sha256_free(v.hash);
	ioc_buf_fini(&v.out);
	free(v.chunk);
	return (r);
}
