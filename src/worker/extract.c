/* SPDX-License-Identifier: BSD-2-Clause */
/* The verb "extract": judges the whole archive, and only then writes. */
#include <sys/resource.h>
#include <sys/stat.h>

#include <unistd.h>

#include "base/str.h"
#include "worker/reader.h"
#include "worker/worker.h"
#include "worker/writer.h"

#define	ARCHIVE_FD	WORKER_FD
#define	DIR_FD		(WORKER_FD + 1)
#define	ENTRIES		UINT64_C(2000000)
#define	BYTES		(UINT64_C(64) << 30)
#define	THREADS		4

struct pass {
	struct ioc_judge_limits limits;
	unsigned	 threads;
	uint64_t	 size;		/* of the archive */
	uint64_t	 before;	/* bytes read by the passes before */
};

static int
content(const struct pass *p, struct ioc_reader *rd, struct ioc_writer *w,
    const struct ioc_member *m, struct ioc_error *err)
{
	uint64_t end = 0;
	const void *data;
	int64_t offset;
	size_t len;
	int r;

	for (;;) {
		r = ioc_reader_block(rd, &data, &len, &offset, err);
		if (r != 0 || data == NULL)
			return (r);
		r = ioc_judge_block(m, len, offset, &end, err);
		if (r == 0 && w != NULL && len > 0)
			r = ioc_writer_data(w, data, len, (uint64_t)offset,
			    err);
		if (r == 0)
			r = ioc_msg_progress(p->before +
			    ioc_reader_consumed(rd), 2 * p->size, err);
		if (r != 0)
			return (r);
	}
}

static int
member(const struct pass *p, struct ioc_reader *rd, struct ioc_judge *judge,
    struct ioc_writer *w, struct archive_entry *e, struct ioc_error *err)
{
	struct ioc_member m;
	int r;

	r = ioc_judge_member(judge, e, &m, err);
	if (r == 0 && w != NULL)
		r = ioc_writer_make(w, &m, err);
	if (r != 0)
		return (r);
	r = content(p, rd, w, &m, err);
	if (r == 0 && w != NULL && m.kind == IOC_MEMBER_FILE)
		r = ioc_writer_close(w, &m, err);
	if (r == IOC_CANCELED)
		return (r);
	return (ioc_wrap(err, r, "member \"%s\"",
	    IOC_SHOW(archive_entry_pathname(e))));
}

/*
 * Both passes judge, each with a table of its own: what is written was judged
 * in the moment before, whatever became of the file since the first pass.
 */
static int
run_pass(const struct pass *p, bool write, struct ioc_error *err)
{
	IOC_AUTO(ioc_reader_closep) struct ioc_reader *rd = NULL;
	IOC_AUTO(ioc_judge_freep) struct ioc_judge *judge = NULL;
	IOC_AUTO(ioc_writer_freep) struct ioc_writer *w = NULL;
	struct archive_entry *e;
	uint64_t n = 0;
	int r;

	r = ioc_reader_open(ARCHIVE_FD, p->threads, &rd, err);
	if (r == 0)
		r = ioc_judge_new(&p->limits, &judge, err);
	if (r == 0 && write)
		r = ioc_writer_new(DIR_FD, judge, &w, err);
	while (r == 0) {
		r = ioc_reader_next(rd, &e, err);
		if (r != 0 || e == NULL)
			break;
		n++;
		r = member(p, rd, judge, w, e, err);
	}
	if (r == 0 && n == 0)
		return (ioc_fail(err, IOC_FORMAT, "an archive of nothing"));
	if (r == 0 && write)
		r = ioc_writer_finish(w, err);
	return (r);
}

static int
prepare(const struct ioc_request *q, struct pass *p, struct ioc_error *err)
{
	uint64_t devices, setid, threads;
	struct rlimit fsize;
	struct stat st;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int r;

	r = ioc_request_number(q, "max_entries", &p->limits.max_entries, err);
	if (r == 0)
		r = ioc_request_number(q, "max_bytes", &p->limits.max_bytes,
		    err);
	if (r == 0)
		r = ioc_request_number(q, "devices", &devices, err);
	if (r == 0)
		r = ioc_request_number(q, "setid", &setid, err);
	if (r != 0)
		return (r);
	p->limits.devices = devices != 0;
	p->limits.setid = setid != 0;
	if (p->limits.max_entries == 0)
		p->limits.max_entries = ENTRIES;
	if (p->limits.max_bytes == 0)
		p->limits.max_bytes = BYTES;
	p->threads = cpus < 1 ? 1 : cpus > THREADS ? THREADS : (unsigned)cpus;
	if (ioc_request_number(q, "threads", &threads, NULL) == 0 &&
	    threads >= 1 && threads <= THREADS)
		p->threads = (unsigned)threads;
	if (fstat(ARCHIVE_FD, &st) != 0)
		return (ioc_fail_errno(err, "archive"));
	p->size = (uint64_t)st.st_size;
	/* No file can be larger than all of them together. */
	if (getrlimit(RLIMIT_FSIZE, &fsize) == 0 &&
	    (fsize.rlim_max == RLIM_INFINITY ||
	    (uint64_t)fsize.rlim_max > p->limits.max_bytes)) {
		fsize.rlim_cur = fsize.rlim_max = (rlim_t)p->limits.max_bytes;
		(void)setrlimit(RLIMIT_FSIZE, &fsize);
	}
	return (0);
}

int
ioc_verb_extract(const struct ioc_request *q, struct ioc_strv *results,
    struct ioc_error *err)
{
	struct ioc_sandbox s = {
		.role = IOC_SANDBOX_EXTRACT,
		.dir_fd = DIR_FD,
	};
	struct pass p = { .before = 0 };
	int r;

	r = prepare(q, &p, err);
	s.devices = p.limits.devices;
	if (r == 0)
		r = ioc_verb_sandbox(q, &s, results, err);
	if (r == 0)
		r = run_pass(&p, false, err);
	p.before = p.size;
	if (r == 0)
		r = run_pass(&p, true, err);
	return (r);
}
