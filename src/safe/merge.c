/* SPDX-License-Identifier: BSD-2-Clause */
#include "safe/merge.h"

#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "safe/worker.h"

#define	TIMEOUT	(60 * 1000)
#define	RESULT	(3 * IOC_MERGE_BYTES + 256 * 1024)	/* with all marks */

/* Each is a line. */
static const struct {
	char		 what;
	const char	*text;
} marks[] = {
	{ IOC_MERGE_BEGIN, "<<<<<<< jail" },
	{ IOC_MERGE_OLD, "||||||| old release" },
	{ IOC_MERGE_MIDDLE, "=======" },
	{ IOC_MERGE_END, ">>>>>>> new release" },
};

/* "=======" alone is also what a heading is underlined with. */
bool
ioc_merge_has_marks(const char *text, size_t len)
{
	for (const char *p = text, *end = text + len; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = nl != NULL ? (size_t)(nl - p) : (size_t)(end - p);

		for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
			if (marks[i].what != IOC_MERGE_MIDDLE &&
			    strlen(marks[i].text) == n &&
			    memcmp(p, marks[i].text, n) == 0)
				return (true);
		p += n + (nl != NULL);
	}
	return (false);
}

static int
lies(struct ioc_error *err)
{
	return (ioc_fail(err, IOC_FORMAT,
	    "worker merge: what it answers cannot be"));
}

/* --- the three files ----------------------------------------------------------------- */

struct texts {
	struct ioc_buf	 b[3];		/* base, ours, theirs */
};

static void
texts_fini(struct texts *t)
{
	for (size_t i = 0; i < 3; i++)
		ioc_buf_fini(&t->b[i]);
}

/* 1: it is too long. */
static int
read_one(int fd, struct ioc_buf *b, struct ioc_error *err)
{
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return (0);
	if (fstat(fd, &st) != 0)
		return (ioc_fail_errno(err, "read"));
	if (!S_ISREG(st.st_mode))
		return (ioc_fail(err, IOC_UNSAFE, "not a regular file"));
	if (st.st_size > IOC_MERGE_BYTES)
		return (1);
	if (st.st_size == 0)
		return (0);
	if (ioc_buf_reserve(b, (size_t)st.st_size) != 0)
		return (ioc_buf_check(b, err));
	for (off_t at = 0; at < st.st_size; at += n) {
		n = pread(fd, b->data + at, (size_t)(st.st_size - at), at);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return (ioc_fail_errno(err, "read"));
		else if (n == 0)
			return (ioc_fail(err, IOC_BUSY, "it is being changed"));
	}
	ioc_buf_commit(b, (size_t)st.st_size);
	return (0);
}

/* --- the answer ------------------------------------------------------------------------ */

/* Which kind may follow which: a conflict has its four marks in their order. */
struct state {
	char		 mark;		/* the last one, or IOC_MERGE_END */
	unsigned	 conflicts;
};

static bool
follows(struct state *s, char what)
{
	static const char order[] = { IOC_MERGE_END, IOC_MERGE_BEGIN,
		IOC_MERGE_OLD, IOC_MERGE_MIDDLE, IOC_MERGE_END };

	for (size_t i = 0; i + 1 < sizeof(order); i++) {
		if (s->mark != order[i] || what != order[i + 1])
			continue;
		s->mark = what;
		s->conflicts += what == IOC_MERGE_BEGIN;
		return (true);
	}
	return (false);
}

static void
add_mark(char what, struct ioc_buf *out)
{
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		(void)ioc_buf_addc(out, '\n');
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (marks[i].what == what)
			(void)ioc_buf_addf(out, "%s\n", marks[i].text);
}

/* Decimal digits up to `stop`; no more than fit a file. */
static bool
number(const char **p, char stop, size_t *ret)
{
	size_t v = 0;
	int digits = 0;

	for (; **p >= '0' && **p <= '9' && digits < 9; (*p)++, digits++)
		v = v * 10 + (size_t)(**p - '0');
	if (digits == 0 || **p != stop)
		return (false);
	(*p)++;
	*ret = v;
	return (true);
}

static bool
take_run(const char **p, const struct texts *t, struct state *s,
    struct ioc_buf *out)
{
	static const char inputs[] = { IOC_MERGE_BASE, IOC_MERGE_OURS,
		IOC_MERGE_THEIRS };
	char what = *(*p)++;
	size_t at, len;

	if (!number(p, '+', &at) || !number(p, ' ', &len))
		return (false);
	for (size_t i = 0; i < sizeof(inputs); i++) {
		if (what != inputs[i])
			continue;
		if (at > t->b[i].len || len > t->b[i].len - at)
			return (false);
		(void)ioc_buf_add(out, ioc_buf_str(&t->b[i]) + at, len);
		return (true);
	}
	if (at != 0 || len != 0 || !follows(s, what))
		return (false);
	add_mark(what, out);
	return (true);
}

static int
assemble(const char *runs, const struct texts *t, struct ioc_buf *ret,
    unsigned *conflicts, struct ioc_error *err)
{
	auto_buf struct ioc_buf out = IOC_BUF(RESULT);
	struct state s = { IOC_MERGE_END, 0 };
	const char *p = runs;

	for (size_t n = 0; *p != '\0'; n++)
		if (n >= IOC_MERGE_RUNS || !take_run(&p, t, &s, &out))
			return (lies(err));
	if (s.mark != IOC_MERGE_END || out.failed != 0)
		return (out.failed == IOC_NOMEM ? ioc_fail_nomem(err) :
		    lies(err));
	*conflicts = s.conflicts;
	(void)ioc_buf_add(ret, ioc_buf_str(&out), out.len);
	return (ioc_buf_check(ret, err));
}

int
ioc_merge_files(const struct ioc_merge *m, struct ioc_buf *out,
    unsigned *conflicts, const char **why, struct ioc_error *err)
{
	static const char *const reasons[] = { "binary", "too different" };
	IOC_AUTO(texts_fini) struct texts t = { { IOC_BUF(IOC_MERGE_BYTES + 1),
	    IOC_BUF(IOC_MERGE_BYTES + 1), IOC_BUF(IOC_MERGE_BYTES + 1) } };
	auto_strv struct ioc_strv results = IOC_STRV;
	const int fds[3] = { m->base, m->ours, m->theirs };
	struct ioc_worker_job job = {
		.role = IOC_WORKER_PARSE, .helper_dir = m->helper_dir,
		.verb = "merge", .request = IOC_STRV,
		.fds = m->base < 0 ? fds + 1 : fds,
		.nfds = m->base < 0 ? 2 : 3, .timeout_ms = TIMEOUT,
	};
	const char *value;
	int r = 0;

	*why = NULL;
	for (size_t i = 0; r == 0 && i < 3; i++)
		r = read_one(fds[i], &t.b[i], err);
	if (r > 0)
		*why = "too long";
	if (r != 0)
		return (r > 0 ? 0 : r);
	(void)ioc_strv_addv(&job.request, (const char *const[]){ "entries",
	    m->entries ? "1" : "0", "base", m->base < 0 ? "0" : "1", NULL });
	r = ioc_strv_check(&job.request, err);
	if (r == 0)
		r = ioc_worker_run(&job, &results, err);
	ioc_strv_fini(&job.request);
	if (r != 0)
		return (r);
	value = ioc_worker_value(&results, "why");
	for (size_t i = 0; value != NULL && i < 2; i++)
		if (strcmp(value, reasons[i]) == 0)
			*why = reasons[i];
	if (*why != NULL)
		return (0);
	value = ioc_worker_value(&results, "runs");
	return (value == NULL ? lies(err) : assemble(value, &t, out,
	    conflicts, err));
}
