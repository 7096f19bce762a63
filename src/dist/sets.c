/* SPDX-License-Identifier: BSD-2-Clause */
#include "dist/sets.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "dist/relname.h"
#include "dist/setsjob.h"
#include "safe/archive.h"
#include "safe/fetch.h"
#include "safe/file.h"
#include "safe/path.h"

/* --- what is meant ----------------------------------------------------------- */

static int
choose_mirror(struct ioc_setsjob *w, struct ioc_error *err)
{
	const struct ioc_sets *s = w->sets;
	const char *given = w->job->mirror;
	const char *release = w->job->release != NULL ? w->job->release : "";
	struct ioc_relname name;
	size_t len;

	if (given != NULL)
		w->mirror = strdup(given);
	else
		w->mirror = ioc_sets_expand(s->snapshots != NULL &&
		    ioc_relname_parse(release, false, &name) &&
		    (name.kind == IOC_REL_CURRENT || name.kind == IOC_REL_STABLE ||
		    name.kind == IOC_REL_ALPHA ||
		    name.kind == IOC_REL_PRERELEASE) ?
		    s->snapshots : s->mirror, w->arch, release);
	if (w->mirror == NULL)
		return (ioc_fail_nomem(err));
	for (len = strlen(w->mirror); len > 0 && w->mirror[len - 1] == '/';)
		w->mirror[--len] = '\0';
	return (ioc_wrap(err, ioc_fetch_judge_url(w->mirror, err), "mirror"));
}

int
ioc_setsjob_init(struct ioc_setsjob *w, const struct ioc_sets *s,
    const struct ioc_dist_job *job, struct ioc_error *err)
{
	const char *arch = job->arch != NULL ? job->arch : job->host_arch;

	w->sets = s;
	w->job = job;
	w->arch = arch != NULL ? ioc_sets_arch(arch) : NULL;
	if (w->arch == NULL && job->arch != NULL)
		return (ioc_fail(err, IOC_INVALID, "no architecture \"%s\" of "
		    "%s", IOC_SHOW(arch), s->name));
	if (w->arch == NULL)
		return (ioc_fail(err, IOC_UNSUPPORTED, "%s has no release for "
		    "a machine \"%s\": choose one with --arch", s->name,
		    IOC_SHOW(arch != NULL ? arch : "")));
	return (job->from == NULL ? choose_mirror(w, err) : 0);
}

void
ioc_setsjob_fini(struct ioc_setsjob *w)
{
	free(take_ptr(w->mirror));
	free(take_ptr(w->place));
	ioc_strv_fini(&w->names);
	ioc_trusted_fini(&w->strong);
	ioc_trusted_fini(&w->weak);
	ioc_cache_close(w->files, IOC_ARCHIVE_MAX);
	ioc_fd_close(&w->folder_fd);
}

/* The folder of the release: beneath the mirror, or on this host. */
static int
choose_place(struct ioc_setsjob *w, struct ioc_error *err)
{
	auto_free char *path = NULL;

	if (w->job->from != NULL) {
		w->place = strdup(w->job->from);
		w->folder_fd = ioc_path_root(w->job->from, err);
		if (w->folder_fd < 0)
			return (ioc_wrap(err, w->folder_fd, "folder %s",
			    IOC_SHOW(w->job->from)));
		return (w->place != NULL ? 0 : ioc_fail_nomem(err));
	}
	path = ioc_sets_expand(w->sets->path, w->arch, w->job->release);
	if (path == NULL || asprintf(&w->place, "%s/%s", w->mirror, path) < 0) {
		w->place = NULL;
		return (ioc_fail_nomem(err));
	}
	return (0);
}

/* --- the sets ------------------------------------------------------------------ */

static int
missing_set(const struct ioc_setsjob *w, const char *file,
    struct ioc_error *err)
{
	const struct ioc_trusted *t = w->trusted;
	auto_buf struct ioc_buf known = IOC_BUF(400);

	for (size_t i = 0; i < t->manifest.n; i++)
		(void)ioc_buf_addf(&known, "%s%s", i > 0 ? ", " : "",
		    t->manifest.sets[i].file);
	return (ioc_fail(err, IOC_NOT_FOUND, "no set %s in %s, which has %s",
	    file, IOC_SHOW(t->where), ioc_buf_str(&known)));
}

/* What is wanted, by the manifest that is followed. */
static int
choose_files(struct ioc_setsjob *w, struct ioc_error *err)
{
	for (size_t i = 0; i < w->names.n; i++) {
		struct ioc_cache_file *f = &w->files[i];
		const struct ioc_manifest_set *set;
		char file[96];
		int n;

		(void)snprintf(file, sizeof(file), "%s%s", w->names.v[i],
		    w->sets->suffix);
		set = ioc_manifest_find(&w->trusted->manifest, file);
		if (set == NULL)
			return (missing_set(w, file, err));
		memcpy(f->sha256, set->sha256, sizeof(f->sha256));
		n = w->folder_fd >= 0 ? asprintf(&f->where, "%s", file) :
		    asprintf(&f->where, "%s/%s", w->place, file);
		if (n < 0) {
			f->where = NULL;
			return (ioc_fail_nomem(err));
		}
	}
	return (0);
}

static int
on_unpack(uint64_t done, uint64_t total, void *arg)
{
	const struct ioc_dist_job *job = arg;

	return (job->progress("unpack", done, total, job->arg));
}

static int
unpack(const struct ioc_setsjob *w, struct ioc_error *err)
{
	const struct ioc_dist_job *job = w->job;
	int fds[IOC_ARCHIVE_MAX];
	struct ioc_archive a = {
		.helper_dir = job->helper_dir, .in_fds = fds,
		.nin = w->names.n, .dir_fd = job->root_fd,
		.record_fd = job->record_fd, .setid = true,
		.progress = job->progress != NULL ? on_unpack : NULL,
		.arg = (void *)(uintptr_t)job,
	};

	for (size_t i = 0; i < w->names.n; i++)
		fds[i] = w->files[i].fd;
	return (ioc_wrap(err, ioc_archive_extract(&a, err), "unpack %s",
	    IOC_SHOW(w->place)));
}

/*
 * A mirror could hand out an old release, with known holes, under the name of a
 * new one: what was unpacked must be what it is called.  Branches move.
 */
static int
check_version(const struct ioc_setsjob *w, struct ioc_error *err)
{
	const char *release = w->job->release;
	struct ioc_error cause = { .code = 0 };
	struct ioc_relname name;
	char version[64];
	size_t len = strlen(release);
	int r;

	if (!ioc_relname_parse(release, false, &name) ||
	    name.kind == IOC_REL_STABLE || name.kind == IOC_REL_CURRENT)
		return (0);
	r = ioc_sets_version(w->job->root_fd, version, &cause);
	if (r != 0 && ioc_error_is_shortage(&cause)) {
		ioc_error_copy(err, &cause);
		return (r);
	}
	if (r != 0 || (strncmp(version, release, len) == 0 &&
	    (version[len] == '\0' || version[len] == '-')))
		return (0);
	return (ioc_fail(err, IOC_VERIFY, "%s holds %s, not %s",
	    IOC_SHOW(w->place), version, release));
}

/* --- what was done -------------------------------------------------------------- */

static json_t *
describe_sets(const struct ioc_setsjob *w)
{
	auto_json json_t *v = json_array();

	for (size_t i = 0; v != NULL && i < w->names.n; i++)
		if (json_array_append_new(v, json_pack("{s:s, s:s+, s:s}",
		    "name", w->names.v[i], "file", w->names.v[i],
		    w->sets->suffix, "sha256", w->files[i].sha256)) != 0)
			return (NULL);
	return (take_ptr(v));
}

static int
describe(const struct ioc_setsjob *w, struct ioc_error *err)
{
	const struct ioc_trusted *t = w->trusted;
	auto_json json_t *sets = describe_sets(w), *j = NULL;

	if (w->job->provenance == NULL)
		return (0);
	if (sets == NULL)
		return (ioc_fail_nomem(err));
	j = json_pack("{s:s, s:s++, s:s, s:{s:s, s:s, s:s}, s:O}",
	    w->folder_fd >= 0 ? "folder" : "url", w->place,
	    "arch", w->arch->arch, "/", w->arch->machine,
	    "verified", ioc_trust_sentence(t->from),
	    "manifest", "from", t->from == IOC_TRUST_MIRROR && w->folder_fd >= 0 ?
	    "folder" : ioc_trust_word(t->from), "where", t->where,
	    "sha256", t->sha256, "sets", sets);
	if (j == NULL || json_object_update(w->job->provenance, j) != 0)
		return (ioc_fail_nomem(err));
	if (t->from == IOC_TRUST_SIGNED && json_object_set_new(
	    w->job->provenance, "signature", json_pack("{s:s, s:s, s:s, s:s}",
	    "principal", t->principal, "key", t->key,
	    "namespace", w->sets->sig_namespace,
	    "signers", w->job->signers)) != 0)
		return (ioc_fail_nomem(err));
	return (0);
}

/* What the next fetch of this release will be held to. */
static int
pin(struct ioc_setsjob *w, struct ioc_error *err)
{
	struct ioc_dist_pin *p = w->job->pin;
	int r;

	if (p == NULL)
		return (0);
	r = ioc_setsjob_name(w, p->name, sizeof(p->name), err);
	if (r != 0)
		return (r);
	ioc_buf_clear(&p->text);
	(void)ioc_buf_add(&p->text, ioc_buf_str(&w->trusted->text),
	    w->trusted->text.len);
	return (ioc_buf_check(&p->text, err));
}

/* --- the whole -------------------------------------------------------------------- */

int
ioc_sets_fetch(const struct ioc_sets *s, const struct ioc_dist_job *job,
    struct ioc_error *err)
{
	IOC_AUTO(ioc_setsjob_fini) struct ioc_setsjob w = IOC_SETSJOB;
	int r;

	for (size_t i = 0; i < IOC_ARCHIVE_MAX; i++)
		w.files[i].fd = -1;
	r = ioc_setsjob_init(&w, s, job, err);
	if (r == 0)
		r = ioc_sets_parse(s, job->sets, &w.names, err);
	if (r == 0)
		r = choose_place(&w, err);
	if (r == 0)
		r = ioc_setsjob_trust(&w, err);
	if (r == 0)
		r = choose_files(&w, err);
	if (r == 0)
		r = ioc_cache_obtain(job, w.folder_fd, w.files, w.names.n, err);
	if (r == 0)
		r = unpack(&w, err);
	if (r == 0)
		r = ioc_cache_unchanged(w.files, w.names.n, err);
	if (r == 0)
		r = check_version(&w, err);
	if (r == 0)
		r = describe(&w, err);
	return (r == 0 ? pin(&w, err) : r);
}

int
ioc_sets_remote(const struct ioc_sets *s, const struct ioc_dist_job *job,
    struct ioc_strv *ret, struct ioc_error *err)
{
	IOC_AUTO(ioc_setsjob_fini) struct ioc_setsjob w = IOC_SETSJOB;
	auto_strv struct ioc_strv dirs = IOC_STRV;
	auto_free char *url = NULL;
	auto_fd int fd = -1;
	int r;

	for (size_t i = 0; i < IOC_ARCHIVE_MAX; i++)
		w.files[i].fd = -1;
	r = ioc_setsjob_init(&w, s, job, err);
	if (r == 0 && asprintf(&url, "%s/", w.mirror) < 0) {
		url = NULL;
		r = ioc_fail_nomem(err);
	}
	if (r == 0)
		r = fd = ioc_cache_small(job, url, IOC_LISTING_BYTES, err);
	if (r >= 0)
		r = ioc_listing_read(job->helper_dir, fd, &dirs, err);
	if (r != 0)
		return (ioc_wrap(err, r, "mirror %s", IOC_SHOW(w.mirror)));
	for (size_t i = 0; i < dirs.n; i++) {
		char name[64];

		if (s->of_directory(dirs.v[i], name) &&
		    !ioc_strv_has(ret, name))
			(void)ioc_strv_add(ret, name);
	}
	return (ioc_strv_check(ret, err));
}
