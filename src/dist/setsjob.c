/* SPDX-License-Identifier: BSD-2-Clause */
/* The manifests of a release: where they are, and which one counts. */
#include "dist/setsjob.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "dist/signed.h"
#include "safe/file.h"
#include "safe/path.h"

int
ioc_setsjob_name(const struct ioc_setsjob *w, char *out, size_t len,
    struct ioc_error *err)
{
	int n = snprintf(out, len, "%s-%s-%s", w->arch->arch, w->arch->machine,
	    w->job->release);

	return (n > 0 && (size_t)n < len ? 0 :
	    ioc_fail(err, IOC_LIMIT, "name of a manifest too long"));
}

/* --- reading ------------------------------------------------------------------- */

/* Of any kind that the distribution has, or of the given one. */
static int
parse(const struct ioc_setsjob *w, const struct ioc_sets_manifest *only,
    int fd, struct ioc_trusted *t, struct ioc_error *err)
{
	const struct ioc_sets_manifest *k = only != NULL ? only :
	    w->sets->manifests;
	struct ioc_error later;
	int r;

	r = ioc_manifest_read(w->job->helper_dir, fd, k->kind, &t->manifest,
	    err);
	while (r == IOC_FORMAT && only == NULL && (++k)->file != NULL &&
	    ioc_manifest_read(w->job->helper_dir, fd, k->kind, &t->manifest,
	    &later) == 0)
		r = 0;
	if (r == 0)
		r = ioc_hash_fd(w->job->helper_dir, fd, t->sha256, err);
	return (ioc_wrap(err, r, "manifest %s", IOC_SHOW(t->where)));
}

/* The text that has been read, through a file that nobody else can write to. */
static int
parse_text(const struct ioc_setsjob *w, const struct ioc_sets_manifest *only,
    struct ioc_trusted *t, struct ioc_error *err)
{
	auto_fd int fd = ioc_cache_scratch(w->job, err);
	int r;

	if (fd < 0)
		return (fd);
	r = ioc_file_write_all(fd, ioc_buf_str(&t->text), t->text.len, err);
	return (r == 0 ? parse(w, only, fd, t, err) : r);
}

static int
set_where(struct ioc_trusted *t, const char *dir, const char *name,
    struct ioc_error *err)
{
	if (asprintf(&t->where, "%s%s%s", dir, name[0] != '\0' ? "/" : "",
	    name) < 0) {
		t->where = NULL;
		return (ioc_fail_nomem(err));
	}
	return (0);
}

/* --- better than the mirror's ------------------------------------------------------ */

/* Whoever can write to it decides what is trusted. */
static int
check_owner(int fd, struct ioc_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "stat"));
	if ((st.st_uid != 0 && st.st_uid != geteuid()) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return (ioc_fail(err, IOC_UNSAFE,
		    "others than root may write to it"));
	return (0);
}

int
ioc_setsjob_read_trusted(const char *dir_path, const char *name,
    struct ioc_buf *b, struct ioc_error *err)
{
	auto_fd int dir = -1, fd = -1;
	int r;

	dir = ioc_path_root(dir_path, err);
	if (dir < 0)
		return (dir);
	fd = ioc_path_open(dir, name, O_RDONLY, 0, err);
	if (fd < 0)
		return (fd);
	r = check_owner(dir, err);
	if (r == 0)
		r = check_owner(fd, err);
	return (r == 0 ? ioc_file_read_fd(fd, b, err) : r);
}

/* In the host's directory of manifests; NOT_FOUND. */
static int
read_host(const struct ioc_setsjob *w, const char *name,
    struct ioc_trusted *t, struct ioc_error *err)
{
	if (w->job->manifest_dir == NULL)
		return (ioc_fail(err, IOC_NOT_FOUND, "no directory"));
	return (ioc_wrap(err, ioc_setsjob_read_trusted(w->job->manifest_dir,
	    name, &t->text, err), "manifest %s/%s",
	    IOC_SHOW(w->job->manifest_dir), name));
}

static int
read_pin(const struct ioc_setsjob *w, const char *name, struct ioc_trusted *t,
    struct ioc_error *err)
{
	if (w->job->pins_fd < 0)
		return (ioc_fail(err, IOC_NOT_FOUND, "no directory"));
	return (ioc_file_read(w->job->pins_fd, name, &t->text, err));
}

/* The best one that there is; NOT_FOUND without a word when there is none. */
static int
read_strong(struct ioc_setsjob *w, struct ioc_error *err)
{
	struct ioc_trusted *t = &w->strong;
	struct ioc_error cause = { .code = 0 };
	char name[128];
	int r;

	r = ioc_setsjob_name(w, name, sizeof(name), err);
	if (r != 0)
		return (r);
	if (w->job->manifest != NULL) {
		t->from = IOC_TRUST_ADMIN;
		r = set_where(t, w->job->manifest, "", err);
		if (r == 0)
			r = ioc_wrap(err, ioc_file_read_host(w->job->manifest,
			    &t->text, err), "manifest");
		/* It was named: that it is not there is no other case. */
		if (r == IOC_NOT_FOUND)
			r = ioc_fail(err, IOC_INVALID, "manifest %s: there is "
			    "no such file", IOC_SHOW(w->job->manifest));
		return (r == 0 ? parse_text(w, NULL, t, err) : r);
	}
	t->from = IOC_TRUST_HOST;
	r = read_host(w, name, t, &cause);
	if (r == 0)
		r = set_where(t, w->job->manifest_dir, name, &cause);
	else if (r == IOC_NOT_FOUND) {
		t->from = IOC_TRUST_PIN;
		r = read_pin(w, name, t, &cause);
		if (r == 0)
			r = set_where(t, "pinned", name, &cause);
	}
	if (r == 0)
		return (parse_text(w, NULL, t, err));
	ioc_error_copy(err, &cause);
	return (r);
}

/* --- the mirror's ------------------------------------------------------------------ */

int
ioc_setsjob_read_place(const struct ioc_setsjob *w, const char *file,
    const char *where, uint64_t max_bytes, struct ioc_buf *b,
    struct ioc_error *err)
{
	struct ioc_error cause = { .code = 0 };
	auto_fd int fd = -1;

	if (w->folder_fd >= 0)
		return (ioc_file_read(w->folder_fd, file, b, err));
	fd = ioc_cache_small(w->job, where, max_bytes, &cause);
	if (fd < 0) {
		ioc_error_copy(err, &cause);
		return (fd == IOC_NETWORK && cause.sys == ENOENT ?
		    IOC_NOT_FOUND : fd);
	}
	if (lseek(fd, 0, SEEK_SET) != 0)
		return (ioc_fail_errno(err, "manifest"));
	return (ioc_file_read_fd(fd, b, err));
}

/* Not where the followed manifest counts more than a signature. */
static bool
wants_signature(const struct ioc_setsjob *w)
{
	return (w->job->signers != NULL && w->sets->sig_namespace != NULL &&
	    (w->strong.where == NULL || w->strong.from < IOC_TRUST_SIGNED));
}

/* The first of its names that is there; NOT_FOUND when none is. */
static int
read_weak(struct ioc_setsjob *w, struct ioc_error *err)
{
	const struct ioc_sets_manifest *k = w->sets->manifests;
	struct ioc_trusted *t = &w->weak;
	int r = IOC_NOT_FOUND;

	t->from = IOC_TRUST_MIRROR;
	for (; k->file != NULL && r == IOC_NOT_FOUND; k++) {
		free(take_ptr(t->where));
		r = set_where(t, w->place, k->file, err);
		if (r == 0)
			r = ioc_setsjob_read_place(w, k->file, t->where,
			    IOC_MANIFEST_BYTES, &t->text, err);
		if (r != 0)
			continue;
		if (wants_signature(w))
			r = ioc_signed_verify(w, k->file, t, err);
		return (r == 0 ? parse_text(w, k, t, err) :
		    ioc_wrap(err, r, "manifest"));
	}
	return (r != IOC_NOT_FOUND ? ioc_wrap(err, r, "manifest") :
	    ioc_fail(err, IOC_NOT_FOUND, "%s has no %s", IOC_SHOW(w->place),
	    w->sets->manifests->file));
}

/*
 * Without anything better the mirror's word counts; with it, the mirror must
 * not say anything else.  A signature does not change that: an older manifest
 * may have one as well.
 */
int
ioc_setsjob_trust(struct ioc_setsjob *w, struct ioc_error *err)
{
	struct ioc_error cause = { .code = 0 };
	int strong, weak;

	strong = read_strong(w, &cause);
	if (strong == 0 || strong == IOC_NOT_FOUND) {
		weak = read_weak(w, &cause);
		w->trusted = strong == 0 && w->strong.from > w->weak.from ?
		    &w->strong : &w->weak;
		if (strong == 0 && weak == 0)
			return (ioc_trust_compare(&w->strong, &w->weak, err));
		if (weak == 0 || (weak == IOC_NOT_FOUND && strong == 0 &&
		    !wants_signature(w)))
			return (0);
		strong = weak;
	}
	ioc_error_copy(err, &cause);
	return (strong);
}
