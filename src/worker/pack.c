/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb "pack": a backup, written in a sandbox that can only read. */
#include "worker/pack.h"

#include <sys/stat.h>

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "worker/record.h"
#include "worker/worker.h"

#define	ENTRIES		UINT64_C(2000000)
#define	BYTES		(UINT64_C(64) << 30)

int
ioc_pack_init(struct ioc_pack *p, struct ioc_error *err)
{
	const struct ioc_judge_limits limits = {
		.max_entries = ENTRIES, .max_bytes = BYTES, .setid = true,
	};
	int r = ioc_judge_new(&limits, &p->judge, err);

	if (r == 0)
		r = ioc_sha256_new(&p->hash, err);
	if (r != 0)
		return (r);
	p->chunk = malloc(IOC_PACK_CHUNK);
	p->entry = archive_entry_new();
	return (p->chunk != NULL && p->entry != NULL ? 0 : ioc_fail_nomem(err));
}

void
ioc_pack_fini(struct ioc_pack *p)
{
	if (p->archive != NULL)
		(void)archive_write_free(p->archive);
	archive_entry_free(p->entry);
	ioc_judge_free(p->judge);
	ioc_sha256_free(p->hash);
	ioc_mtree_close(p->record);
	ioc_inodes_fini(&p->inodes);
	free(p->chunk);
}

/* --- the archive ------------------------------------------------------------ */

static la_ssize_t
on_write(struct archive *a, void *arg, const void *data, size_t len)
{
	const struct ioc_pack *p = arg;
	ssize_t n;

	do {
		n = write(p->out_fd, data, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		archive_set_error(a, errno, "write");
	return (n);
}

static int
failed(const struct ioc_pack *p, struct ioc_error *err)
{
	const char *text = archive_error_string(p->archive);
	int sys = archive_errno(p->archive);

	if (sys == ENOMEM)
		return (ioc_fail_nomem(err));
	if (sys > 0)
		return (ioc_fail_sys(err, sys, "archive"));
	return (ioc_fail(err, IOC_FAILED, "archive: %s",
	    text != NULL ? IOC_SHOW(text) : "no reason given"));
}

int
ioc_pack_open(struct ioc_pack *p, bool compress, struct ioc_error *err)
{
	p->archive = archive_write_new();
	if (p->archive == NULL)
		return (ioc_fail_nomem(err));
	/* A filter that would run a program answers ARCHIVE_WARN. */
	if (compress &&
	    archive_write_add_filter_zstd(p->archive) != ARCHIVE_OK)
		return (ioc_fail(err, IOC_UNSUPPORTED, "libarchive lacks zstd"));
	/* No padding behind what is compressed, which would be no part of it. */
	if (archive_write_set_format_pax_restricted(p->archive) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(p->archive, 1) !=
	    ARCHIVE_OK ||
	    archive_write_open(p->archive, p, NULL, on_write, NULL) !=
	    ARCHIVE_OK)
		return (failed(p, err));
	return (0);
}

int
ioc_pack_close(struct ioc_pack *p, struct ioc_error *err)
{
	return (archive_write_close(p->archive) == ARCHIVE_OK ? 0 :
	    failed(p, err));
}

int
ioc_pack_header(struct ioc_pack *p, struct ioc_error *err)
{
	/* A warning: something of it could not be written as it is. */
	return (archive_write_header(p->archive, p->entry) == ARCHIVE_OK ? 0 :
	    failed(p, err));
}

int
ioc_pack_data(struct ioc_pack *p, const void *data, size_t len,
    struct ioc_error *err)
{
	int r = ioc_sha256_add(p->hash, data, len, err);

	if (r == 0 && p->archive != NULL && len > 0 &&
	    archive_write_data(p->archive, data, len) != (la_ssize_t)len)
		r = failed(p, err);
	p->done += len;
	return (r == 0 ? ioc_msg_progress(p->done, 0, err) : r);
}

static int
begin_plain(struct ioc_pack *p, const char *name, uint64_t size,
    struct ioc_error *err)
{
	archive_entry_clear(p->entry);
	archive_entry_set_pathname(p->entry, name);
	archive_entry_set_filetype(p->entry, AE_IFREG);
	archive_entry_set_perm(p->entry, 0600);
	archive_entry_set_size(p->entry, (la_int64_t)size);
	return (ioc_pack_header(p, err));
}

static int
end_plain(struct ioc_pack *p, const char *name, struct ioc_buf *sums,
    struct ioc_error *err)
{
	char hex[IOC_SHA256_HEX];
	int r = ioc_sha256_hex(p->hash, hex, err);

	if (r == 0 && sums != NULL)
		ioc_sums_add(sums, hex, name);
	return (r);
}

int
ioc_pack_text(struct ioc_pack *p, const char *name, const char *text,
    struct ioc_buf *sums, struct ioc_error *err)
{
	int r = begin_plain(p, name, strlen(text), err);

	if (r == 0)
		r = ioc_sha256_reset(p->hash, err);
	if (r == 0)
		r = ioc_pack_data(p, text, strlen(text), err);
	return (r == 0 ? end_plain(p, name, sums, err) : r);
}

int
ioc_pack_file(struct ioc_pack *p, const char *name, int fd,
    struct ioc_buf *sums, struct ioc_error *err)
{
	uint64_t at = 0;
	struct stat st;
	ssize_t n = 1;
	int r;

	if (fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "%s", name));
	r = begin_plain(p, name, (uint64_t)st.st_size, err);
	if (r == 0)
		r = ioc_sha256_reset(p->hash, err);
	while (r == 0 && n > 0) {
		n = pread(fd, p->chunk, IOC_PACK_CHUNK, (off_t)at);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			r = ioc_fail_errno(err, "%s", name);
		else {
			at += (uint64_t)n;
			r = ioc_pack_data(p, p->chunk, (size_t)n, err);
		}
	}
	return (r == 0 ? end_plain(p, name, sums, err) : r);
}

/* --- the verb --------------------------------------------------------------- */

struct job {
	struct ioc_pack	 pack;
	int		 record_fd;
	int		 stream_fd;	/* or -1 */
	int		 fds[IOC_VERIFY_LAYERS];
	const char	*text[IOC_BACKUP_TEXTS];
	bool		 compress;
};

/* Descriptors in this order: record, archive, other record, stream, layers. */
static int
read_fds(const struct ioc_request *q, struct job *j, int *other_fd,
    struct ioc_error *err)
{
	uint64_t archive = 0, other = 0, stream = 0;
	int fd = WORKER_FD, end = WORKER_FD + (int)q->nfds;
	struct ioc_layers *l = &j->pack.layers;
	size_t at = 0;

	(void)ioc_request_number(q, "archive", &archive, NULL);
	(void)ioc_request_number(q, "other", &other, NULL);
	(void)ioc_request_number(q, "stream", &stream, NULL);
	j->record_fd = fd++;
	j->pack.out_fd = archive != 0 ? fd++ : -1;
	j->pack.other = (enum ioc_backup_other)other;
	*other_fd = other != IOC_OTHER_NONE ? fd++ : -1;
	j->stream_fd = stream != 0 ? fd++ : -1;
	for (; fd < end && l->n < IOC_VERIFY_LAYERS; fd++) {
		l->layer[l->n].fd = j->fds[l->n] = fd;
		l->n++;
	}
	for (size_t i = 0; i + 1 < q->pairs.n; i += 2)
		if (strcmp(q->pairs.v[i], "at") == 0 && at < l->n)
			l->layer[at++].at = q->pairs.v[i + 1];
	if (fd != end || at != l->n || (l->n == 0) != (stream != 0) ||
	    other > IOC_OTHER_MASK)
		return (ioc_fail(err, IOC_INVALID, "pack: layers"));
	return (0);
}

static int
prepare(const struct ioc_request *q, struct job *j, struct ioc_error *err)
{
	uint64_t base = 0, compress = 0;
	int other_fd, r;

	r = read_fds(q, j, &other_fd, err);
	if (r != 0)
		return (r);
	(void)ioc_request_number(q, "id_base", &base, NULL);
	(void)ioc_request_number(q, "compress", &compress, NULL);
	j->pack.id_base = (uint32_t)base;
	j->pack.layers.max_names = 2 * ENTRIES;
	j->compress = compress != 0;
	for (size_t i = 0; i < IOC_BACKUP_TEXTS; i++)
		(void)ioc_request_text(q, ioc_backup_texts[i], &j->text[i],
		    NULL);
	r = ioc_pack_init(&j->pack, err);
	if (r == 0 && other_fd >= 0)
		r = ioc_mtree_open(other_fd, 2 * ENTRIES, &j->pack.record,
		    err);
	return (r);
}

/* What follows the texts: the tree with its record, or a stream. */
static int
content(struct job *j, struct ioc_buf *sums, struct ioc_error *err)
{
	struct ioc_pack *p = &j->pack;
	int r;

	if (j->stream_fd >= 0)
		return (ioc_pack_file(p, IOC_BACKUP_STREAM, j->stream_fd, sums,
		    err));
	r = ioc_pack_tree(p, err);
	if (r == 0)
		r = ioc_record_write(ioc_judge_table(p->judge), j->record_fd,
		    err);
	if (r == 0 && p->archive != NULL)
		r = ioc_pack_file(p, IOC_BACKUP_RECORD, j->record_fd, sums,
		    err);
	return (r);
}

static int
whole(struct job *j, struct ioc_strv *results, struct ioc_error *err)
{
	auto_buf struct ioc_buf sums = IOC_BUF(IOC_BACKUP_SUMS_TEXT - 1);
	struct ioc_pack *p = &j->pack;
	int r = 0;

	if (p->out_fd >= 0)
		r = ioc_pack_open(p, j->compress, err);
	for (size_t i = 0; r == 0 && p->archive != NULL &&
	    i < IOC_BACKUP_TEXTS; i++)
		if (j->text[i] != NULL)
			r = ioc_pack_text(p, ioc_backup_texts[i], j->text[i],
			    &sums, err);
	if (r == 0)
		r = content(j, &sums, err);
	if (r == 0)
		r = ioc_buf_check(&sums, err);
	if (r == 0 && p->archive != NULL)
		r = ioc_pack_text(p, IOC_BACKUP_SUMS, ioc_buf_str(&sums), NULL,
		    err);
	if (r == 0 && p->archive != NULL)
		r = ioc_pack_close(p, err);
	if (r != 0)
		return (r);
	(void)ioc_strv_add(results, "sums");
	(void)ioc_strv_add(results, ioc_buf_str(&sums));
	(void)ioc_strv_add(results, "skipped");
	(void)ioc_strv_addf(results, "%" PRIu64, p->skipped);
	return (0);
}

int
ioc_verb_pack(const struct ioc_request *q, struct ioc_strv *results,
    struct ioc_error *err)
{
	struct job j = { .stream_fd = -1 };
	struct ioc_sandbox s = { .role = IOC_SANDBOX_VERIFY, .dir_fd = -1 };
	int r = prepare(q, &j, err);

	s.read_fds = j.fds;
	s.nread = j.pack.layers.n;
	if (r == 0)
		r = ioc_verb_sandbox(q, &s, results, err);
	if (r == 0)
		r = whole(&j, results, err);
	ioc_pack_fini(&j.pack);
	return (r);
}
