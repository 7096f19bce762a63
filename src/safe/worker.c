/* SPDX-License-Identifier: BSD-2-Clause */
/* The conversation with a worker, of which every word is judged. */
#include "safe/worker.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/compat.h"
#include "base/str.h"
#include "safe/spawn.h"

#define	PACKET_MAX	(sizeof(struct ioc_worker_msg) +		\
	IOC_WORKER_TEXT_MAX)
#define	MS		UINT64_C(1000000)	/* nanoseconds */
#define	SILENCE		(120 * 1000 * MS)	/* without a word */
#define	ENDING		(5 * 1000 * MS)		/* from its last word to its end */
#define	BURST		256			/* messages at once, and then */
#define	RATE		64			/* in a second */

struct talk {
	const struct ioc_worker_job *job;
	struct ioc_strv	*results;
	int		 sock;
	pid_t		 pid;
	uint64_t	 start;
	uint64_t	 heard;
	uint64_t	 words;
	char		*buf;
};

static int
send_request(const struct talk *t, struct ioc_error *err)
{
	const struct ioc_worker_job *job = t->job;
	auto_buf struct ioc_buf b = IOC_BUF(PACKET_MAX);
	struct ioc_worker_msg m = {
		.kind = IOC_MSG_REQUEST,
		.code = (int32_t)job->role,
		.a = job->nfds,
		.b = job->max_memory,
	};
	int r;

	if (job->request.failed != 0 || job->request.n % 2 != 0)
		return (ioc_fail(err, job->request.failed != 0 ? IOC_NOMEM :
		    IOC_INVALID, "worker %s: bad request", job->verb));
	(void)ioc_buf_add(&b, &m, sizeof(m));
	(void)ioc_buf_add(&b, "verb", sizeof("verb"));
	(void)ioc_buf_add(&b, job->verb, strlen(job->verb) + 1);
	for (size_t i = 0; i < job->request.n; i++)
		(void)ioc_buf_add(&b, job->request.v[i],
		    strlen(job->request.v[i]) + 1);
	r = ioc_buf_check(&b, err);
	if (r != 0)
		return (ioc_wrap(err, r, "worker %s: request", job->verb));
	m.len = (uint32_t)(b.len - sizeof(m));
	memcpy(b.data, &m, sizeof(m));
	if (send(t->sock, b.data, b.len, MSG_NOSIGNAL) != (ssize_t)b.len &&
	    errno != EPIPE && errno != ECONNRESET)
		return (ioc_fail_errno(err, "worker %s: request", job->verb));
	return (0);
}

static int
lies(const struct talk *t, const char *how, struct ioc_error *err)
{
	return (ioc_fail(err, IOC_FORMAT, "worker %s: %s", t->job->verb, how));
}

/*
 * Its text has been escaped by the worker, if that is honest: what is between
 * backslashes is escaped again, which changes nothing then.
 */
static int
failed(const struct talk *t, const struct ioc_worker_msg *m, const char *text,
    struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(4 * IOC_WORKER_TEXT_MAX);

	if (m->len == 0 || memchr(text, '\0', m->len) != NULL)
		return (lies(t, "sent a failure without a sentence", err));
	if (m->code > IOC_INVALID || m->code < IOC_FAILED || m->sys < 0 ||
	    m->sys > 4095)
		return (lies(t, "sent a failure that does not exist", err));
	for (size_t i = 0, n; i < m->len; i += n) {
		const char *end = memchr(text + i, '\\', m->len - i);

		n = text[i] == '\\' ? 1 : end == NULL ? m->len - i :
		    (size_t)(end - (text + i));
		if (text[i] == '\\')
			(void)ioc_buf_addc(&b, '\\');
		else
			(void)ioc_str_escape(&b, text + i, n);
	}
	if (b.failed != 0)
		return (ioc_fail_nomem(err));
	(void)ioc_fail(err, m->code, "%.*s", 900, ioc_buf_str(&b));
	if (err != NULL)
		err->sys = m->sys;
	return (m->code);
}

static int
done(const struct talk *t, const struct ioc_worker_msg *m, const char *text,
    struct ioc_error *err)
{
	struct ioc_strv *v = t->results;
	size_t n = 0;

	if (m->len > 0 && text[m->len - 1] != '\0')
		return (lies(t, "sent results without an end", err));
	for (size_t i = 0; i < m->len; i += strlen(text + i) + 1, n++)
		if (v != NULL)
			(void)ioc_strv_add(v, text + i);
	if (n % 2 != 0)
		return (lies(t, "sent a result without a value", err));
	return (v != NULL ? ioc_strv_check(v, err) : 0);
}

/* One packet, 0 when it was the last, 1 when more is to come. */
static int
hear(struct talk *t, struct ioc_error *err)
{
	struct ioc_worker_msg m;
	const char *text = t->buf + sizeof(m);
	ssize_t n;

	/* One byte more, to see what is too long. */
	n = recv(t->sock, t->buf, PACKET_MAX + 1, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return (1);
	if (n <= 0)
		return (ioc_fail(err, IOC_CHILD, "worker %s: ended without a "
		    "result", t->job->verb));
	t->heard = ioc_now_ns();
	if (++t->words > BURST + (t->heard - t->start) / (1000 * MS) * RATE)
		return (lies(t, "sent too many messages", err));
	if ((size_t)n < sizeof(m) || (size_t)n > PACKET_MAX)
		return (lies(t, "sent a message of a wrong length", err));
	memcpy(&m, t->buf, sizeof(m));
	if (m.len != (size_t)n - sizeof(m))
		return (lies(t, "sent a message that lies about its length",
		    err));
	switch (m.kind) {
	case IOC_MSG_PROGRESS:
		if (m.len != 0 || (m.b != 0 && m.a > m.b))
			return (lies(t, "sent progress that cannot be", err));
		if (t->job->progress != NULL &&
		    t->job->progress(m.a, m.b, t->job->arg) != 0)
			return (ioc_fail(err, IOC_CANCELED, "canceled"));
		return (1);
	case IOC_MSG_DONE:
		return (done(t, &m, text, err));
	case IOC_MSG_FAILED:
		return (failed(t, &m, text, err));
	default:
		return (lies(t, "sent a message of no known kind", err));
	}
}

static int
converse(struct talk *t, struct ioc_error *err)
{
	uint64_t limit = (uint64_t)t->job->timeout_ms * MS;
	struct pollfd p = { .fd = t->sock, .events = POLLIN };
	int r = 1;

	while (r == 1) {
		uint64_t now = ioc_now_ns();
		uint64_t end = t->heard + SILENCE;

		if (limit != 0 && now - t->start >= limit)
			return (ioc_fail(err, IOC_TIMEOUT, "worker %s: not "
			    "done after %d s", t->job->verb,
			    t->job->timeout_ms / 1000));
		if (now >= end)
			return (ioc_fail(err, IOC_TIMEOUT, "worker %s: hangs",
			    t->job->verb));
		if (limit != 0 && t->start + limit < end)
			end = t->start + limit;
		if (poll(&p, 1, (int)((end - now) / MS) + 1) < 0 &&
		    errno != EINTR)
			return (ioc_fail_errno(err, "worker: poll"));
		if (p.revents != 0)
			r = hear(t, err);
		p.revents = 0;
	}
	return (r);
}

/* True when it has ended; its number stays its own until it is reaped. */
static bool
has_ended(pid_t pid, bool *lost)
{
	siginfo_t si = { .si_pid = 0 };
	int r = waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT);

	*lost = r != 0 && errno == ECHILD;
	return (r == 0 && si.si_pid == pid);
}

/*
 * Waits until it is gone, for a while if it is to end by itself, and kills it
 * then with whatever it may have started, before its number can be another's.
 * -1 when it had to be killed; the status of one that somebody else has reaped
 * is 0.
 */
static int
reap(pid_t pid, bool wait)
{
	uint64_t end = ioc_now_ns() + ENDING;
	struct timespec nap = { .tv_nsec = 200 * 1000 };
	bool ended, lost;
	int status = 0;

	while (!(ended = has_ended(pid, &lost)) && !lost && wait &&
	    ioc_now_ns() < end) {
		(void)nanosleep(&nap, NULL);
		if (nap.tv_nsec < 10 * 1000 * 1000)
			nap.tv_nsec *= 2;
	}
	if (lost)
		return (0);
	(void)kill(-pid, SIGKILL);
	if (!ended)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return (ended ? status : -1);
}

/* How it ended is what counts when it went without a word, or after DONE. */
static int
ended(const struct talk *t, int r, int status, struct ioc_error *err)
{
	if (r == 0 && status == -1)
		return (ioc_fail(err, IOC_TIMEOUT, "worker %s: does not end",
		    t->job->verb));
	if ((r == 0 || r == IOC_CHILD) && status != -1 && WIFSIGNALED(status))
		return (ioc_fail(err, IOC_CHILD, "worker %s: killed by signal "
		    "%d (%s)", t->job->verb, WTERMSIG(status),
		    strsignal(WTERMSIG(status))));
	if (r == 0 && WEXITSTATUS(status) != 0)
		return (ioc_fail(err, IOC_CHILD, "worker %s: exit status %d "
		    "after its result", t->job->verb, WEXITSTATUS(status)));
	return (r);
}

int
ioc_worker_run(const struct ioc_worker_job *job, struct ioc_strv *results,
    struct ioc_error *err)
{
	auto_free char *buf = malloc(PACKET_MAX + 1);
	auto_strv struct ioc_strv got = IOC_STRV;
	auto_fd int sock = -1;
	struct talk t = { .job = job, .results = &got, .buf = buf };
	int r;

	if (buf == NULL)
		return (ioc_fail_nomem(err));
	r = ioc_spawn_worker(job->helper_dir, job->fds, job->nfds, &t.pid,
	    &sock, err);
	if (r != 0)
		return (ioc_wrap(err, r, "worker %s", job->verb));
	t.sock = sock;
	t.start = t.heard = ioc_now_ns();
	r = send_request(&t, err);
	if (r == 0)
		r = converse(&t, err);
	ioc_fd_close(&sock);
	/* One that closed its end, or said its last word, ends by itself. */
	r = ended(&t, r, reap(t.pid, r == 0 || r == IOC_CHILD), err);
	if (r == 0 && results != NULL) {
		ioc_strv_fini(results);
		*results = got;
		got = (struct ioc_strv)IOC_STRV;
	}
	return (r);
}

const char *
ioc_worker_value(const struct ioc_strv *results, const char *key)
{
	for (size_t i = 0; i + 1 < results->n; i += 2)
		if (strcmp(results->v[i], key) == 0)
			return (results->v[i + 1]);
	return (NULL);
}
