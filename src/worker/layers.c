/* SPDX-License-Identifier: BSD-2-Clause */
#include "worker/layers.h"

#include <fcntl.h>
#include <string.h>
#if __has_include(<sys/sysmacros.h>)
#include <sys/sysmacros.h>
#endif

#include "base/compat.h"
#include "base/str.h"

#define	NAMES_MAX	((size_t)32 << 20)	/* bytes, of one directory */
#define	OPEN_DIR	(O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

void
ioc_layers_dir_close(struct ioc_layers_dir *d)
{
	while (d->n > 0)
		ioc_fd_close(&d->fd[--d->n]);
}

void
ioc_layers_names_fini(struct ioc_layers_names *n)
{
	ioc_buf_fini(&n->text);
	free(n->name);
	n->name = NULL;
}

static int
add(struct ioc_layers_dir *d, size_t layer, int at, const char *name,
    struct ioc_error *err)
{
	int fd = openat(at, name, OPEN_DIR), sys = errno, r;

	if (fd < 0) {
		r = ioc_fail_sys(err, sys, "directory \"%s\"",
		    IOC_SHOW(name));
		errno = sys;
		return (r);
	}
	d->fd[d->n] = fd;
	d->layer[d->n++] = layer;
	return (0);
}

/* The layers that are mounted at a path, if there are any. */
static int
mounted(const struct ioc_layers *l, const char *path,
    struct ioc_layers_dir *ret, struct ioc_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->n; i++)
		if (strcmp(l->layer[i].at, path) == 0)
			r = add(ret, i, l->layer[i].fd, ".", err);
	return (r);
}

int
ioc_layers_root(const struct ioc_layers *l, struct ioc_layers_dir *ret,
    struct ioc_error *err)
{
	int r = mounted(l, "", ret, err);

	if (r == 0 && ret->n == 0)
		r = ioc_fail(err, IOC_INVALID, "no layer has the root");
	return (r);
}

static bool
is_whiteout(const struct stat *st)
{
	return (S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0));
}

/* --- names -------------------------------------------------------------------- */

/* What stands behind "path/" in `at`, when that is one component. */
static const char *
beneath(const char *at, const char *path)
{
	size_t len = strlen(path);

	if (at[0] == '\0' || strncmp(at, path, len) != 0)
		return (NULL);
	if (len > 0 && at[len++] != '/')
		return (NULL);
	return (at[len] != '\0' && strchr(at + len, '/') == NULL ? at + len :
	    NULL);
}

static int
read_names(struct ioc_layers *l, int fd, struct ioc_buf *b, size_t *n,
    struct ioc_error *err)
{
	int again = openat(fd, ".", OPEN_DIR);
	auto_dir DIR *dir = again >= 0 ? fdopendir(again) : NULL;
	struct dirent *e;

	if (dir == NULL) {
		ioc_fd_close(&again);
		return (ioc_fail_errno(err, "read a directory"));
	}
	while ((errno = 0, e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (++l->names > l->max_names)
			return (ioc_fail(err, IOC_LIMIT, "more names than "
			    "allowed"));
		(*n)++;
		if (ioc_buf_add(b, e->d_name, strlen(e->d_name) + 1) != 0)
			return (ioc_buf_check(b, err));
	}
	return (errno == 0 ? 0 : ioc_fail_errno(err, "read a directory"));
}

static int
by_bytes(const void *a, const void *b)
{
	return (strcmp(*(const char *const *)a, *(const char *const *)b));
}

int
ioc_layers_list(struct ioc_layers *l, const struct ioc_layers_dir *d,
    const char *path, struct ioc_layers_names *ret, struct ioc_error *err)
{
	size_t n = 0, kept = 0;
	const char *s;
	int r = 0;

	*ret = (struct ioc_layers_names){ .text = IOC_BUF(NAMES_MAX) };
	for (size_t i = 0; r == 0 && i < d->n; i++)
		r = read_names(l, d->fd[i], &ret->text, &n, err);
	for (size_t i = 0; r == 0 && i < l->n; i++) {
		s = beneath(l->layer[i].at, path);
		if (s == NULL)
			continue;
		n++;
		(void)ioc_buf_add(&ret->text, s, strlen(s) + 1);
		r = ioc_buf_check(&ret->text, err);
	}
	if (r != 0)
		return (r);
	ret->name = calloc(n + 1, sizeof(*ret->name));
	if (ret->name == NULL)
		return (ioc_fail_nomem(err));
	s = ioc_buf_str(&ret->text);
	for (size_t i = 0; i < n; i++, s += strlen(s) + 1)
		ret->name[i] = s;
	qsort(ret->name, n, sizeof(*ret->name), by_bytes);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 ||
		    strcmp(ret->name[kept - 1], ret->name[i]) != 0)
			ret->name[kept++] = ret->name[i];
	ret->n = kept;
	return (0);
}

/* --- entries ------------------------------------------------------------------ */

int
ioc_layers_find(const struct ioc_layers *l, const struct ioc_layers_dir *d,
    const char *path, const char *name, struct ioc_layers_entry *ret,
    struct ioc_error *err)
{
	ret->dir_fd = -1;
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->layer[i].at, path) != 0)
			continue;
		ret->layer = i;
		return (fstat(l->layer[i].fd, &ret->st) == 0 ? 0 :
		    ioc_fail_errno(err, "layer"));
	}
	for (size_t i = 0; i < d->n; i++) {
		if (fstatat(d->fd[i], name, &ret->st, AT_SYMLINK_NOFOLLOW) !=
		    0) {
			if (errno == ENOENT)
				continue;
			return (ioc_fail_errno(err, "\"%s\"", IOC_SHOW(path)));
		}
		if (is_whiteout(&ret->st))
			return (IOC_NOT_FOUND);
		ret->layer = d->layer[i];
		ret->dir_fd = d->fd[i];
		return (0);
	}
	return (IOC_NOT_FOUND);
}

int
ioc_layers_enter(const struct ioc_layers *l, const struct ioc_layers_dir *d,
    const char *path, const char *name, struct ioc_layers_dir *ret,
    struct ioc_error *err)
{
	struct stat st;
	int r;

	ret->n = 0;
	r = mounted(l, path, ret, err);
	if (r != 0 || ret->n > 0)
		return (r);
	for (size_t i = 0; r == 0 && i < d->n; i++) {
		if (fstatat(d->fd[i], name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		/* Whatever else it is, it hides the later ones. */
		if (!S_ISDIR(st.st_mode))
			break;
		r = add(ret, d->layer[i], d->fd[i], name, err);
		/* Exchanged in this moment: what was in it is missing. */
		if (r != 0 && (errno == ENOENT || errno == ENOTDIR ||
		    errno == ELOOP || errno == EMLINK))
			return (0);
		if (r == 0 && ioc_overlay_mark(ret->fd[ret->n - 1], "opaque"))
			break;
	}
	return (r);
}
