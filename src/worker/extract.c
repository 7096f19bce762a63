/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verb "extract": one pass over every archive.  This thread decodes,
 * judges and hashes, a second one (pipe.h) writes what has been accepted.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include <unistd.h>

#include "base/compat.h"
#include "base/str.h"
#include "safe/archive.h"
#include "worker/pipe.h"
#include "worker/reader.h"
#include "worker/record.h"
#include "worker/worker.h"

#define	ARCHIVE_FD	WORKER_FD	/* of the first; then the directory, then
					   that of the record, if it is wanted */
#define	ENTRIES		UINT64_C(2000000)
#define	BYTES		(UINT64_C(64) << 30)
#define	THREADS		4

struct job {
	struct ioc_judge_limits limits;
	unsigned	 threads;
	int		 narchives;
	int		 dir_fd;
	int		 record_fd;	/* or -1 */
	uint64_t	 size;		/* of all archives */
	uint64_t	 before;	/* of those that are done */
	struct ioc_sha256 *hash;
	struct ioc_judge *judge;
	struct ioc_pipe	*pipe;
};

/* What a block may be, and the way of one to the writer; 1 at the end. */
static int
block(const struct job *j, struct ioc_reader *rd, const struct ioc_member *m,
    uint64_t *end, struct ioc_error *err)
{
	const void *data;
	int64_t offset;
	size_t len;
	int r;

	r = ioc_reader_block(rd, &data, &len, &offset, err);
	if (r == 0 && data == NULL)
		r = ioc_judge_end(j->judge, m, *end, err);
	else if (r == 0)
		r = ioc_judge_block(j->judge, m, len, offset, end, err);
	if (r != 0)
		return (ioc_wrap(err, r, "member \"%s\"",
		    IOC_SHOW(ioc_judge_member_name(j->judge))));
	if (data == NULL)
		return (1);
	if (len > 0)
		r = ioc_pipe_data(j->pipe, data, len, (uint64_t)offset, err);
	return (r == 0 ? ioc_msg_progress(j->before + ioc_reader_consumed(rd),
	    j->size, err) : r);
}

static int
member(const struct job *j, struct ioc_reader *rd, struct archive_entry *e,
    struct ioc_error *err)
{
	struct ioc_member m;
	uint64_t end = 0;
	int r;

	r = ioc_judge_member(j->judge, e, &m, err);
	if (r == 0 && m.kind != IOC_MEMBER_NONE)
		r = ioc_pipe_make(j->pipe, &m, err);
	while (r == 0)
		r = block(j, rd, &m, &end, err);
	if (r != 1)
		return (r);
	return (m.kind == IOC_MEMBER_FILE ?
	    ioc_pipe_close(j->pipe, &m, err) : 0);
}

static int
read_archive(struct job *j, int fd, struct ioc_error *err)
{
	IOC_AUTO(ioc_reader_closep) struct ioc_reader *rd = NULL;
	struct archive_entry *e;
	uint64_t n = 0;
	int r;

	r = ioc_reader_open(fd, j->threads, &rd, err);
	while (r == 0) {
		r = ioc_reader_next(rd, &e, err);
		if (r != 0 || e == NULL)
			break;
		n++;
		r = member(j, rd, e, err);
	}
	if (r == 0 && n == 0)
		r = ioc_fail(err, IOC_FORMAT, "an archive of nothing");
	if (r == 0)
		j->before += ioc_reader_consumed(rd);
	return (r);
}

/* What the writer has yet to say of members before an error comes first. */
static int
read_all(struct job *j, struct ioc_error *err)
{
	struct ioc_error why = { 0 };
	int r = 0, w;

	for (int i = 0; r == 0 && i < j->narchives; i++) {
		r = read_archive(j, ARCHIVE_FD + i, &why);
		if (r != 0 && j->narchives > 1)
			r = ioc_wrap(&why, r, "archive %d", i + 1);
	}
	w = r == IOC_CANCELED ? 0 : ioc_pipe_finish(j->pipe, err);
	if (w == 0 && r != 0)
		ioc_error_copy(err, &why);
	return (w != 0 ? w : r);
}

static int
extract(struct job *j, struct ioc_error *err)
{
	IOC_AUTO(ioc_judge_freep) struct ioc_judge *judge = NULL;
	IOC_AUTO(ioc_writer_freep) struct ioc_writer *w = NULL;
	IOC_AUTO(ioc_pipe_freep) struct ioc_pipe *pipe = NULL;
	int r;

	r = ioc_judge_new(&j->limits, &judge, err);
	if (r == 0)
		r = ioc_writer_new(j->dir_fd, ioc_judge_table(judge), &w, err);
	if (r == 0)
		r = ioc_pipe_new(w, ioc_judge_table(judge), j->hash, &pipe,
		    err);
	if (r != 0)
		return (r);
	j->judge = judge;
	j->pipe = pipe;
	r = read_all(j, err);
	if (r == 0)
		r = ioc_writer_finish(w, err);
	if (r == 0 && j->record_fd >= 0)
		r = ioc_record_write(ioc_judge_table(judge), j->record_fd,
		    err);
	return (r);
}

/* No file can be larger than all of them together, or than the record. */
static void
limit_files(uint64_t max)
{
	struct rlimit l;

	if (max < IOC_RECORD_MAX)
		max = IOC_RECORD_MAX;
	if (getrlimit(RLIMIT_FSIZE, &l) == 0 &&
	    (l.rlim_max == RLIM_INFINITY || (uint64_t)l.rlim_max > max)) {
		l.rlim_cur = l.rlim_max = (rlim_t)max;
		(void)setrlimit(RLIMIT_FSIZE, &l);
	}
}

static int
prepare_fds(const struct ioc_request *q, struct job *j, struct ioc_error *err)
{
	uint64_t record = 0;

	(void)ioc_request_number(q, "record", &record, NULL);
	j->narchives = (int)q->nfds - 1 - (record != 0);
	if (j->narchives < 1 || j->narchives > IOC_ARCHIVE_MAX)
		return (ioc_fail(err, IOC_INVALID, "extract: no archive"));
	j->dir_fd = ARCHIVE_FD + j->narchives;
	j->record_fd = record != 0 ? j->dir_fd + 1 : -1;
	for (int i = 0; i < j->narchives; i++) {
		struct stat st;

		if (fstat(ARCHIVE_FD + i, &st) != 0)
			return (ioc_fail_errno(err, "archive"));
		j->size += (uint64_t)st.st_size;
	}
	return (0);
}

static int
prepare(const struct ioc_request *q, struct job *j, struct ioc_error *err)
{
	uint64_t devices, setid, threads;
	unsigned cpus = ioc_processors();
	int r;

	r = ioc_request_number(q, "max_entries", &j->limits.max_entries, err);
	if (r == 0)
		r = ioc_request_number(q, "max_bytes", &j->limits.max_bytes,
		    err);
	if (r == 0)
		r = ioc_request_number(q, "devices", &devices, err);
	if (r == 0)
		r = ioc_request_number(q, "setid", &setid, err);
	if (r != 0)
		return (r);
	j->limits.devices = devices != 0;
	j->limits.setid = setid != 0;
	if (j->limits.max_entries == 0)
		j->limits.max_entries = ENTRIES;
	if (j->limits.max_bytes == 0)
		j->limits.max_bytes = BYTES;
	j->threads = cpus > THREADS ? THREADS : cpus;
	if (ioc_request_number(q, "threads", &threads, NULL) == 0 &&
	    threads >= 1 && threads <= THREADS)
		j->threads = (unsigned)threads;
	limit_files(j->limits.max_bytes);
	return (prepare_fds(q, j, err));
}

int
ioc_verb_extract(const struct ioc_request *q, struct ioc_strv *results,
    struct ioc_error *err)
{
	auto_sha256 struct ioc_sha256 *hash = NULL;
	struct ioc_sandbox s = { .role = IOC_SANDBOX_EXTRACT };
	struct job j = { .narchives = 0 };
	int r;

	r = prepare(q, &j, err);
	/* Before the sandbox: libcrypto reads its configuration. */
	if (r == 0)
		r = ioc_sha256_new(&hash, err);
	if (r != 0)
		return (r);
	j.hash = hash;
	/* libarchive ends the process where it finds no memory for a name. */
	(void)atexit(ioc_msg_gave_up);
	s.dir_fd = j.dir_fd;
	s.devices = j.limits.devices;
	r = ioc_verb_sandbox(q, &s, results, err);
	return (r == 0 ? extract(&j, err) : r);
}
