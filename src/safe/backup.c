/* SPDX-License-Identifier: BSD-2-Clause */
/* Backups by the worker: what it is asked, and what it may answer. */
#include "safe/backup.h"

#include <sys/stat.h>

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "safe/worker.h"

#define	MEMORY		(UINT64_C(216) << 20)	/* as safe/archive.c has it */

static int
is_file(int fd, bool empty, const char *what, struct ioc_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "%s", what));
	if (!S_ISREG(st.st_mode))
		return (ioc_fail(err, IOC_INVALID, "%s: not a regular file",
		    what));
	return (!empty || st.st_size == 0 ? 0 : ioc_fail(err, IOC_INVALID,
	    "%s: not an empty file", what));
}

/* --- the head ----------------------------------------------------------------- */

void
ioc_backup_head_fini(struct ioc_backup_head *h)
{
	for (size_t i = 0; i < IOC_BACKUP_TEXTS; i++)
		free(take_ptr(h->text[i]));
}

static int
take_text(struct ioc_backup_head *h, const struct ioc_strv *results, size_t i,
    struct ioc_error *err)
{
	const char *text = ioc_worker_value(results, ioc_backup_texts[i]);
	auto_buf struct ioc_buf key = IOC_BUF(64);
	const char *hash;

	if (text == NULL)
		return (0);
	(void)ioc_buf_addf(&key, "%s.sha256", ioc_backup_texts[i]);
	if (ioc_buf_check(&key, err) != 0)
		return (key.failed);
	hash = ioc_worker_value(results, ioc_buf_str(&key));
	if (hash == NULL || ioc_hash_parse(hash, h->hash[i], NULL) != 0 ||
	    strlen(text) > IOC_BACKUP_TEXT)
		return (ioc_fail(err, IOC_FORMAT,
		    "worker head: a text that cannot be"));
	h->text[i] = strdup(text);
	return (h->text[i] != NULL ? 0 : ioc_fail_nomem(err));
}

int
ioc_backup_read_head(const char *helper_dir, int fd,
    struct ioc_backup_head *ret, struct ioc_error *err)
{
	auto_strv struct ioc_strv results = IOC_STRV;
	struct ioc_worker_job job = {
		.role = IOC_WORKER_PARSE,
		.helper_dir = helper_dir,
		.verb = "head",
		.fds = &fd,
		.nfds = 1,
		.max_memory = MEMORY,
	};
	const char *old;
	int r = is_file(fd, false, "backup", err);

	if (r == 0)
		r = ioc_worker_run(&job, &results, err);
	for (size_t i = 0; r == 0 && i < IOC_BACKUP_TEXTS; i++)
		r = take_text(ret, &results, i, err);
	if (r != 0)
		return (r);
	old = ioc_worker_value(&results, "old");
	ret->old = old != NULL && strcmp(old, "1") == 0;
	if (ret->text[IOC_TEXT_CONFIG] == NULL ||
	    (ret->text[IOC_TEXT_INDEX] == NULL) != ret->old)
		return (ioc_fail(err, IOC_FORMAT,
		    "it is not a backup of a jail"));
	return (0);
}

/* --- writing ------------------------------------------------------------------- */

static void
ask(struct ioc_strv *request, const char *key, uint64_t value)
{
	(void)ioc_strv_add(request, key);
	(void)ioc_strv_addf(request, "%" PRIu64, value);
}

/* The descriptors, in the order that the verb knows. */
static int
gather(const struct ioc_backup_pack *p, struct ioc_strv *request,
    int fds[IOC_VERIFY_LAYERS + 4], size_t *n, struct ioc_error *err)
{
	int r = is_file(p->record_fd, true, "pack: record", err);

	if (p->nlayers > IOC_VERIFY_LAYERS ||
	    (p->nlayers == 0) != (p->stream_fd >= 0))
		r = ioc_fail(err, IOC_INVALID, "pack: neither 1 to %d layers "
		    "nor a stream", IOC_VERIFY_LAYERS);
	fds[(*n)++] = p->record_fd;
	if (p->out_fd >= 0)
		fds[(*n)++] = p->out_fd;
	if (r == 0 && p->other != IOC_OTHER_NONE)
		r = is_file(fds[(*n)++] = p->other_fd, false,
		    "pack: other record", err);
	if (r == 0 && p->stream_fd >= 0)
		r = is_file(fds[(*n)++] = p->stream_fd, false, "pack: stream",
		    err);
	if (r != 0)
		return (r);
	for (size_t i = 0; i < p->nlayers; i++) {
		fds[(*n)++] = p->layers[i].fd;
		(void)ioc_strv_add(request, "at");
		(void)ioc_strv_add(request, p->layers[i].at);
	}
	return (0);
}

static int
add_texts(const struct ioc_backup_pack *p, struct ioc_strv *request,
    struct ioc_error *err)
{
	for (size_t i = 0; i < IOC_BACKUP_TEXTS; i++) {
		if (p->text[i] == NULL)
			continue;
		if (strlen(p->text[i]) > IOC_BACKUP_TEXT)
			return (ioc_fail(err, IOC_LIMIT, "%s: a backup holds "
			    "no more than %d bytes of it", ioc_backup_texts[i],
			    IOC_BACKUP_TEXT));
		(void)ioc_strv_add(request, ioc_backup_texts[i]);
		(void)ioc_strv_add(request, p->text[i]);
	}
	return (0);
}

static int
take_results(struct ioc_backup_pack *p, const struct ioc_strv *results,
    struct ioc_error *err)
{
	const char *sums = ioc_worker_value(results, "sums");
	const char *skipped = ioc_worker_value(results, "skipped");

	if (sums == NULL || strlen(sums) >= sizeof(p->sums) ||
	    skipped == NULL || ioc_str_to_u64(skipped, 0, UINT64_MAX,
	    &p->skipped, NULL) != 0)
		return (ioc_fail(err, IOC_FORMAT,
		    "worker pack: results that cannot be"));
	memcpy(p->sums, sums, strlen(sums) + 1);
	return (0);
}

int
ioc_backup_write(struct ioc_backup_pack *p, struct ioc_error *err)
{
	auto_strv struct ioc_strv request = IOC_STRV, results = IOC_STRV;
	int fds[IOC_VERIFY_LAYERS + 4];
	struct ioc_worker_job job = {
		.role = IOC_WORKER_VERIFY,
		.helper_dir = p->helper_dir,
		.verb = "pack",
		.fds = fds,
		.max_memory = MEMORY,
		.progress = p->progress,
		.arg = p->arg,
	};
	int r = gather(p, &request, fds, &job.nfds, err);

	if (r == 0)
		r = add_texts(p, &request, err);
	if (r != 0)
		return (r);
	ask(&request, "archive", p->out_fd >= 0);
	ask(&request, "other", p->other);
	ask(&request, "stream", p->stream_fd >= 0);
	ask(&request, "id_base", p->id_base);
	ask(&request, "compress", p->compress);
	job.request = request;
	r = ioc_worker_run(&job, &results, err);
	return (r == 0 ? take_results(p, &results, err) : r);
}

/* --- reading --------------------------------------------------------------------- */

int
ioc_backup_extract(const struct ioc_backup_unpack *u, struct ioc_error *err)
{
	auto_strv struct ioc_strv request = IOC_STRV;
	const int fds[] = { u->in_fd, u->dir_fd, u->record_fd, u->stream_fd };
	struct ioc_worker_job job = {
		.role = IOC_WORKER_EXTRACT,
		.helper_dir = u->helper_dir,
		.verb = "unpack",
		.fds = fds,
		.nfds = u->how == IOC_UNPACK_STREAM ? 4 : 3,
		.max_memory = MEMORY,
		.progress = u->progress,
		.arg = u->arg,
	};
	int r = is_file(u->in_fd, false, "backup", err);

	if (r == 0)
		r = is_file(u->record_fd, true, "unpack: record", err);
	if (r == 0 && u->how == IOC_UNPACK_STREAM)
		r = is_file(u->stream_fd, true, "unpack: stream", err);
	if (r != 0)
		return (r);
	ask(&request, "how", u->how);
	for (size_t i = 0; i < IOC_BACKUP_TEXTS; i++) {
		if (u->head->text[i] == NULL)
			continue;
		(void)ioc_strv_add(&request, ioc_backup_texts[i]);
		(void)ioc_strv_add(&request, u->head->hash[i]);
	}
	job.request = request;
	return (ioc_worker_run(&job, NULL, err));
}
