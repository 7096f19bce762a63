/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verb "record": the record of a tree that is there and in which nothing
 * runs, as it stands in worker/record.h.  Only what one directory holds is in
 * memory, and that for each of those above.
 */
#include <sys/resource.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/str.h"
#include "worker/layers.h"
#include "worker/mtree.h"
#include "worker/record.h"
#include "worker/sha256.h"
#include "worker/worker.h"

#define	OUT_FD		WORKER_FD
#define	TREE_FD		(WORKER_FD + 1)
#define	NAMES		UINT64_C(4000000)
#define	CHUNK		((size_t)128 * 1024)
#define	FLUSH		((size_t)64 * 1024)
#define	LINE		((size_t)48 * 1024)	/* no line is longer */

struct recorder {
	struct ioc_layers layers;
	dev_t		 dev;
	struct ioc_sha256 *hash;
	char		*chunk;
	struct ioc_buf	 out;
	struct ioc_buf	 path;		/* escaped, of where we are */
	size_t		 plain;		/* bytes of it before it was escaped */
	uint64_t	 written;
	uint64_t	 files;		/* so far */
};

static int
flush(struct recorder *r, struct ioc_error *err)
{
	size_t at = 0;

	r->written += r->out.len;
	if (r->written > IOC_RECORD_MAX)
		return (ioc_fail(err, IOC_LIMIT, "record: more than %u MiB",
		    (unsigned)(IOC_RECORD_MAX >> 20)));
	while (at < r->out.len) {
		ssize_t n = write(OUT_FD, r->out.data + at, r->out.len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (ioc_fail_errno(err, "record: write"));
		at += (size_t)n;
	}
	ioc_buf_clear(&r->out);
	return (0);
}

/* Its digest and size; it must be the file that was looked at. */
static int
content(struct recorder *r, const struct ioc_layers_entry *f,
    const char *name, uint8_t digest[IOC_DIGEST], uint64_t *size,
    struct ioc_error *err)
{
	auto_fd int fd = openat(f->dir_fd, name, O_RDONLY | O_NOFOLLOW |
	    O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t n = 1;
	int rc;

	if (fd < 0 || fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "record: \"%s\"", IOC_SHOW(name)));
	if (st.st_dev != f->st.st_dev || st.st_ino != f->st.st_ino)
		return (ioc_fail(err, IOC_UNSAFE, "record: \"%s\" was "
		    "exchanged", IOC_SHOW(name)));
	*size = 0;
	rc = ioc_sha256_reset(r->hash, err);
	while (rc == 0 && n > 0) {
		n = read(fd, r->chunk, CHUNK);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			return (ioc_fail_errno(err, "record: read \"%s\"",
			    IOC_SHOW(name)));
		else if (n > 0) {
			*size += (uint64_t)n;
			rc = ioc_sha256_add(r->hash, r->chunk, (size_t)n, err);
		}
		if (rc == 0)
			rc = ioc_msg_progress(r->files, 0, err);
	}
	return (rc == 0 ? ioc_sha256_raw(r->hash, digest, err) : rc);
}

static uint32_t
seconds(const struct stat *st)
{
	return (st->st_mtime < 0 ? 0 : st->st_mtime > UINT32_MAX ? UINT32_MAX :
	    (uint32_t)st->st_mtime);
}

/* The line of a name, which stands in r->path; "" is the root. */
static int
entry(struct recorder *r, const struct ioc_layers_entry *f, const char *name,
    struct ioc_error *err)
{
	uint8_t digest[IOC_DIGEST];
	char link[IOC_MTREE_PATH];
	struct ioc_record_line l = {
		.mode = f->st.st_mode, .uid = f->st.st_uid,
		.gid = f->st.st_gid, .timed = name[0] != '\0',
		.mtime = seconds(&f->st), .fflags = ioc_get_fflags(&f->st),
	};
	ssize_t n;
	int rc = 0;

	r->files++;
	if (S_ISREG(f->st.st_mode)) {
		rc = content(r, f, name, digest, &l.size, err);
		l.digest = digest;
	} else if (S_ISLNK(f->st.st_mode)) {
		n = readlinkat(f->dir_fd, name, link, sizeof(link));
		if (n < 0)
			return (ioc_fail_errno(err, "record: \"%s\"",
			    IOC_SHOW(name)));
		if ((size_t)n == sizeof(link))
			return (ioc_fail(err, IOC_LIMIT,
			    "record: the target of a link is too long"));
		link[n] = '\0';
		l.link = link;
	}
	if (rc == 0 && ioc_record_line(&r->out, &r->path, &l) != 0)
		rc = ioc_buf_check(r->out.failed != 0 ? &r->out : &r->path,
		    err);
	return (rc == 0 && r->out.len >= FLUSH ? flush(r, err) : rc);
}

/* r->path is that of the directory, which is `depth` components deep. */
static int
directory(struct recorder *r, const struct ioc_layers_dir *d, unsigned depth,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_layers_names_fini) struct ioc_layers_names names;
	size_t len = r->path.len, plain = r->plain;
	int rc = ioc_layers_list(&r->layers, d, "", &names, err);

	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		IOC_AUTO(ioc_layers_dir_close) struct ioc_layers_dir sub =
		    IOC_LAYERS_DIR;
		const char *name = names.name[i];
		struct ioc_layers_entry f;

		r->path.len = len;
		(void)ioc_buf_addc(&r->path, '/');
		(void)ioc_record_escape(&r->path, name);
		r->plain = plain + strlen(name) + 1;
		if (r->plain >= IOC_MTREE_PATH || depth == IOC_MTREE_DEPTH)
			return (ioc_fail(err, IOC_LIMIT, "record: \"%s\" lies "
			    "too deep", IOC_SHOW(name)));
		/* No layer is mounted on anything: a path tells nothing. */
		rc = ioc_layers_find(&r->layers, d, "?", name, &f, err);
		if (rc != 0)
			return (rc == IOC_NOT_FOUND ? ioc_fail(err, IOC_UNSAFE,
			    "record: \"%s\" went away", IOC_SHOW(name)) : rc);
		/* What has no line is extra when it is compared. */
		if (S_ISSOCK(f.st.st_mode))
			continue;
		if (f.st.st_dev != r->dev)
			return (ioc_fail(err, IOC_UNSAFE, "record: \"%s\" is "
			    "mounted", IOC_SHOW(name)));
		rc = entry(r, &f, name, err);
		if (rc != 0 || !S_ISDIR(f.st.st_mode))
			continue;
		rc = ioc_layers_enter(&r->layers, d, "?", name, &sub, err);
		if (rc == 0)
			rc = directory(r, &sub, depth + 1, err);
	}
	return (rc);
}

static int
whole(struct recorder *r, struct ioc_error *err)
{
	IOC_AUTO(ioc_layers_dir_close) struct ioc_layers_dir root =
	    IOC_LAYERS_DIR;
	struct ioc_layers_entry f = { .layer = 0, .dir_fd = -1 };
	int rc = ioc_layers_root(&r->layers, &root, err);

	if (rc == 0 && fstat(root.fd[0], &f.st) != 0)
		rc = ioc_fail_errno(err, "record");
	if (rc != 0)
		return (rc);
	r->dev = f.st.st_dev;
	(void)ioc_buf_adds(&r->out, IOC_RECORD_FIRST);
	(void)ioc_buf_addc(&r->path, '.');
	rc = entry(r, &f, "", err);
	if (rc == 0)
		rc = directory(r, &root, 0, err);
	return (rc == 0 ? flush(r, err) : rc);
}

int
ioc_verb_record(const struct ioc_request *q, struct ioc_strv *results,
    struct ioc_error *err)
{
	const struct rlimit most = { IOC_RECORD_MAX + FLUSH + LINE,
		IOC_RECORD_MAX + FLUSH + LINE };
	struct recorder r = {
		.layers = { .layer = { { TREE_FD, "" } }, .n = 1,
		    .max_names = NAMES },
		.out = IOC_BUF(FLUSH + LINE),
		.path = IOC_BUF(4 * IOC_MTREE_PATH + IOC_MTREE_DEPTH),
		.chunk = malloc(CHUNK),
	};
	const int tree = TREE_FD;
	struct ioc_sandbox s = {
		.role = IOC_SANDBOX_VERIFY, .dir_fd = -1,
		.read_fds = &tree, .nread = 1,
	};
	int rc = r.chunk != NULL ? ioc_sha256_new(&r.hash, err) :
	    ioc_fail_nomem(err);

	if (rc == 0 && setrlimit(RLIMIT_FSIZE, &most) != 0)
		rc = ioc_fail_errno(err, "file size");
	if (rc == 0)
		rc = ioc_verb_sandbox(q, &s, results, err);
	if (rc == 0)
		rc = whole(&r, err);
	ioc_sha256_free(r.hash);
	ioc_buf_fini(&r.out);
	ioc_buf_fini(&r.path);
	free(r.chunk);
	return (rc);
}
