/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/exec.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/compat.h"
#include "base/str.h"
#include "core/jail.h"
#include "safe/name.h"

#define	TICK_NS		UINT64_C(250000000)

int
ioc_exec_environment(const char *const *extra, struct ioc_strv *ret,
    struct ioc_error *err)
{
	char name[128];
	const char *eq;
	int r;

	(void)ioc_strv_add(ret, "PATH=/usr/local/sbin:/usr/local/bin:"
	    "/usr/sbin:/usr/bin:/sbin:/bin");
	for (; extra != NULL && *extra != NULL; extra++) {
		eq = strchr(*extra, '=');
		if (eq == NULL || (size_t)(eq - *extra) >= sizeof(name))
			return (ioc_fail(err, IOC_INVALID,
			    "environment \"%s\": not NAME=VALUE",
			    IOC_SHOW(*extra)));
		memcpy(name, *extra, (size_t)(eq - *extra));
		name[eq - *extra] = '\0';
		r = ioc_name_check(IOC_NAME_ENV, name, err);
		if (r != 0)
			return (r);
		/* A later value takes the place of an earlier one. */
		for (size_t i = 0; i < ret->n; i++) {
			if (strncmp(ret->v[i], *extra,
			    (size_t)(eq - *extra) + 1) != 0)
				continue;
			free(ret->v[i]);
			memmove(&ret->v[i], &ret->v[i + 1],
			    (ret->n - i) * sizeof(*ret->v));
			ret->n--;
			break;
		}
		(void)ioc_strv_add(ret, *extra);
	}
	return (ioc_strv_check(ret, err));
}

static int
split_words(const char *text, struct ioc_strv *ret, struct ioc_error *err)
{
	while (*text != '\0') {
		size_t n = strcspn(text, " \t");

		if (n > 0)
			(void)ioc_strv_addn(ret, text, n);
		text += n;
		text += strspn(text, " \t");
	}
	return (ioc_strv_check(ret, err));
}

/* Waits; what does not end in time is killed. */
static int
wait_or_kill(struct ioc_os_process *p, int timeout_ms, int *status,
    struct ioc_error *err)
{
	int r = ioc_os_process_wait(p, timeout_ms > 0 ? timeout_ms : -1,
	    status, err);

	if (r == IOC_TIMEOUT) {
		(void)ioc_os_process_signal(p, SIGKILL, NULL);
		(void)ioc_os_process_wait(p, 5000, status, NULL);
	}
	return (r);
}

int
ioc_exec_words(struct ioc_os_jail *j, const char *words, int timeout_ms,
    int *status, struct ioc_error *err)
{
	auto_strv struct ioc_strv argv = IOC_STRV, env = IOC_STRV;
	struct ioc_os_process p;
	struct ioc_os_exec e;
	int r;

	r = split_words(words, &argv, err);
	if (r == 0)
		r = ioc_exec_environment(NULL, &env, err);
	if (r != 0)
		return (r);
	e = (struct ioc_os_exec){
		.argv = ioc_strv_get(&argv), .env = ioc_strv_get(&env),
		.fds = { -1, -1, -1 },
	};
	r = ioc_os_jail_exec(j, &e, &p, err);
	if (r != 0)
		return (r);
	r = wait_or_kill(&p, timeout_ms, status, err);
	ioc_os_process_close(&p);
	return (r);
}

/* Cuts whole lines off the buffer. */
static int
cut_lines(struct ioc_buf *b, bool end, struct ioc_exec_watch *w)
{
	char *start = b->data, *nl;
	int stop = 0;

	if (start == NULL)
		return (0);
	while (stop == 0 && ((nl = strchr(start, '\n')) != NULL ||
	    (end && *start != '\0'))) {
		if (nl != NULL)
			*nl = '\0';
		if (*start != '\0')
			(void)ioc_str_show(w->last, sizeof(w->last), start);
		if (w->line != NULL)
			stop = w->line(start, w->arg);
		start = nl != NULL ? nl + 1 : b->data + b->len;
	}
	b->len -= (size_t)(start - b->data);
	memmove(b->data, start, b->len + 1);
	/* A line without an end is cut rather than kept for ever. */
	if (b->len > 8192)
		ioc_buf_clear(b);
	return (stop);
}

/* What is there now; false at the end of the stream. */
static bool
take_output(int fd, struct ioc_buf *b, uint64_t *total)
{
	ssize_t n = read(fd, b->data + b->len, 4096);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return (true);
	if (n <= 0)
		return (false);
	/* NUL bytes would hide what follows them. */
	for (ssize_t i = 0; i < n; i++)
		if (b->data[b->len + (size_t)i] == '\0')
			b->data[b->len + (size_t)i] = '?';
	ioc_buf_commit(b, (size_t)n);
	*total += (uint64_t)n;
	return (true);
}

/* How long to wait for output: until the deadline, or the next tick. */
static int
wait_ms(const struct ioc_exec_watch *w, uint64_t now, uint64_t deadline,
    uint64_t tick)
{
	uint64_t until = deadline;

	if (w->tick != NULL && (until == 0 || tick < until))
		until = tick;
	return (until == 0 ? -1 : now >= until ? 0 :
	    (int)((until - now) / 1000000) + 1);
}

static int
pump(int fd, struct ioc_buf *b, uint64_t deadline, struct ioc_exec_watch *w,
    struct ioc_error *err)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	uint64_t tick = 0, total = 0;
	bool more;
	int r;

	for (;;) {
		uint64_t now = ioc_now_ns();

		if (deadline != 0 && now >= deadline)
			return (ioc_fail(err, IOC_TIMEOUT,
			    "did not end in time"));
		if (w->tick != NULL && now >= tick) {
			if ((r = w->tick(w->arg, err)) != 0)
				return (r);
			tick = now + TICK_NS;
		}
		if (poll(&pfd, 1, wait_ms(w, now, deadline, tick)) <= 0)
			continue;
		if (ioc_buf_reserve(b, 4096) != 0)
			return (ioc_buf_check(b, err));
		more = take_output(fd, b, &total);
		if (cut_lines(b, !more, w) != 0)
			return (ioc_fail(err, IOC_CANCELED, "canceled"));
		if (!more)
			return (0);
		if (w->output_max != 0 && total > w->output_max)
			return (ioc_fail(err, IOC_LIMIT,
			    "wrote more than it may"));
	}
}

/* Its end, which the end of its output need not be. */
static int
wait_ticking(struct ioc_os_process *p, uint64_t deadline,
    struct ioc_exec_watch *w, int *status, struct ioc_error *err)
{
	struct ioc_error e;
	int r = 0;

	if (w->tick == NULL)
		return (wait_or_kill(p, w->timeout_ms, status, err));
	while (r == 0) {
		r = ioc_os_process_wait(p, (int)(TICK_NS / 1000000), status,
		    &e);
		if (r == 0)
			return (0);
		if (r == IOC_TIMEOUT && (deadline == 0 ||
		    ioc_now_ns() < deadline))
			r = w->tick(w->arg, &e);
	}
	ioc_error_copy(err, &e);
	(void)ioc_os_process_signal(p, SIGKILL, NULL);
	(void)ioc_os_process_wait(p, 5000, status, NULL);
	return (r);
}

int
ioc_exec_watch(struct ioc_os_process *p, int fd, struct ioc_exec_watch *w,
    int *status, struct ioc_error *err)
{
	auto_buf struct ioc_buf b = IOC_BUF(64 * 1024);
	uint64_t deadline = w->timeout_ms <= 0 ? 0 :
	    ioc_now_ns() + (uint64_t)w->timeout_ms * 1000000;
	int r;

	w->last[0] = '\0';
	r = pump(fd, &b, deadline, w, err);
	ioc_fd_close(&fd);
	if (r != 0) {
		(void)ioc_os_process_signal(p, SIGKILL, NULL);
		(void)ioc_os_process_wait(p, 5000, status, NULL);
		return (r);
	}
	return (wait_ticking(p, deadline, w, status, err));
}

/* --- the public side ---------------------------------------------------------- */

static void
fill_exec(struct ioc_os_exec *e, const struct ioc_exec_options *o,
    const struct ioc_strv *env)
{
	*e = (struct ioc_os_exec){
		.argv = o->argv, .env = ioc_strv_get(env), .user = o->user,
		.dir = o->dir, .login = o->argv == NULL, .tty = o->tty,
		.rows = o->rows, .cols = o->cols,
		.fds = { o->fds[0], o->fds[1], o->fds[2] },
	};
}

static int
new_process(struct ioc_host *h, struct ioc_process **ret,
    struct ioc_error *err)
{
	struct ioc_process *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return (ioc_fail_nomem(err));
	p->host = h;
	p->p = (struct ioc_os_process){ .pidfd = -1, .pty = -1, .wait_fd = -1 };
	*ret = p;
	return (0);
}

int
ioc_jail_exec(struct ioc_jail *j, const struct ioc_exec_options *o,
    struct ioc_process **ret, struct ioc_error *err)
{
	IOC_AUTO(ioc_os_jail_freep) struct ioc_os_jail *oj = NULL;
	IOC_AUTO(ioc_process_closep) struct ioc_process *p = NULL;
	auto_strv struct ioc_strv env = IOC_STRV;
	auto_free char *kernel = NULL;
	struct ioc_os_jail_info info;
	struct ioc_os_exec e;
	int r;

	r = ioc_host_need_root(j->host, "exec", err);
	if (r == 0)
		r = ioc_jail_kernel_name(j->source, j->name, &kernel, err);
	if (r == 0)
		r = ioc_os_jail_find(j->host->os, kernel, &oj, err);
	if (r == 0)
		r = ioc_os_jail_info(oj, &info, err);
	if (r == 0 && info.state != IOC_OS_JAIL_RUNNING)
		r = ioc_fail(err, IOC_STATE, "it does not run");
	if (r == 0)
		r = ioc_exec_environment(o->env, &env, err);
	if (r == 0)
		r = new_process(j->host, &p, err);
	if (r == 0) {
		fill_exec(&e, o, &env);
		r = ioc_os_jail_exec(oj, &e, &p->p, err);
	}
	if (r != 0)
		return (ioc_wrap(err, r, "jail %s", j->name));
	*ret = take_ptr(p);
	return (0);
}

int
ioc_process_fd(const struct ioc_process *p)
{
	return (p->p.wait_fd >= 0 ? p->p.wait_fd : p->p.pidfd);
}

int
ioc_process_pty(const struct ioc_process *p)
{
	return (p->p.pty);
}

int
ioc_process_signal(struct ioc_process *p, int sig, struct ioc_error *err)
{
	return (p->ended ? 0 : ioc_os_process_signal(&p->p, sig, err));
}

int
ioc_process_wait(struct ioc_process *p, int timeout_ms, int *status,
    struct ioc_error *err)
{
	int r = 0;

	if (!p->ended) {
		r = ioc_os_process_wait(&p->p, timeout_ms, &p->status, err);
		p->ended = r == 0;
	}
	if (r == 0 && p->ephemeral != NULL && p->ephemeral->keep)
		r = ioc_ephemeral_keep(p->ephemeral, err);
	if (p->ended && p->ephemeral != NULL && r != 0)
		(void)ioc_ephemeral_end(take_ptr(p->ephemeral), NULL);
	if (r == 0 && p->ephemeral != NULL)
		r = ioc_ephemeral_end(take_ptr(p->ephemeral), err);
	if (r == 0)
		*status = p->status;
	return (r);
}

const char *
ioc_process_kept(const struct ioc_process *p)
{
	return (p->kept);
}

void
ioc_process_close(struct ioc_process *p)
{
	if (p == NULL)
		return;
	if (p->ephemeral != NULL)
		(void)ioc_ephemeral_end(p->ephemeral, NULL);
	ioc_os_process_close(&p->p);
	free(p->kept);
	free(p);
}

int
ioc_process_for(struct ioc_host *h, const struct ioc_exec_options *o,
    struct ioc_strv *env, struct ioc_os_exec *e, struct ioc_process **ret,
    struct ioc_error *err)
{
	int r = ioc_exec_environment(o->env, env, err);

	if (r == 0)
		r = new_process(h, ret, err);
	if (r == 0)
		fill_exec(e, o, env);
	return (r);
}
