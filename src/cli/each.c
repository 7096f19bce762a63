/* SPDX-License-Identifier: BSD-2-Clause */
/* Works on several jails, one after the other or in worker processes. */
#include "each.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "out.h"

struct work {
	struct cli	*c;
	const struct each *e;
	struct ioc_jail	*const *v;
	size_t		 n;
	struct each_result *res;
};

struct worker {
	pid_t		 pid;
	int		 fd;		/* its result comes here */
	size_t		 index;
};

static void
do_one(struct cli *c, const struct each *e, struct ioc_jail *j,
    struct each_result *res)
{
	res->code = e->one(c, j, e->arg, res);
	res->tried = true;
}

/* Tells one result as soon as it is known. */
static void
tell_one(const struct work *w, size_t i)
{
	const struct each_result *res = &w->res[i];
	char *name;

	if (res->code < 0) {
		(void)cli_fail(w->c, &res->err);
		return;
	}
	if (res->code == EACH_SKIPPED || w->c->json || w->c->dry_run)
		return;
	name = cli_jail_name(w->c, w->v[i]);
	(void)printf("%s %s\n", name,
	    res->note[0] != '\0' ? res->note : w->e->done);
	(void)fflush(stdout);
	free(name);
}

/* --- worker processes -------------------------------------------------------- */

static void
worker_main(struct work *w, size_t i, int fd)
{
	struct each_result res = { false, IOC_FAILED, 0, "", { 0 } };
	struct ioc_jail *j = NULL;
	struct cli *c = w->c;
	char *name;

	/* The terminal's Ctrl-C reaches the first process, which passes it. */
	(void)setpgid(0, 0);
	name = cli_printf("%s/%s", ioc_jail_source(w->v[i]),
	    ioc_jail_name(w->v[i]));
	/* A host of its own: the inherited one stays the first process's. */
	c->host = NULL;
	if (c->progress.mode == PROGRESS_BAR)
		c->progress.mode = PROGRESS_LINES;
	c->progress.drawn = false;
	if (cli_host(c) == NULL)
		_exit(EXIT_FAILED);
	if (ioc_jail_open(c->host, name, &j, &res.err) != 0)
		res.code = res.err.code;
	else
		do_one(c, w->e, j, &res);
	res.tried = true;
	ioc_jail_close(j);
	ioc_host_close(c->host);
	(void)fflush(stdout);
	if (write(fd, &res, sizeof(res)) != (ssize_t)sizeof(res))
		_exit(EXIT_FAILED);
	_exit(0);
}

static int
worker_start(struct work *w, size_t i, struct worker *ret)
{
	int fds[2];
	pid_t pid;

	(void)fflush(stdout);
	(void)fflush(stderr);
	if (pipe2(fds, O_CLOEXEC) != 0)
		return (-1);
	pid = fork();
	if (pid == 0)
		worker_main(w, i, fds[1]);
	(void)close(fds[1]);
	if (pid < 0) {
		(void)close(fds[0]);
		return (-1);
	}
	(void)setpgid(pid, pid);
	*ret = (struct worker){ pid, fds[0], i };
	return (0);
}

/* The result of a worker that has sent it, or has died. */
static void
worker_end(struct work *w, const struct worker *k)
{
	struct each_result *res = &w->res[k->index];
	size_t got = 0;
	ssize_t n;

	while (got < sizeof(*res)) {
		n = read(k->fd, (char *)res + got, sizeof(*res) - got);
		if (n == 0 || (n < 0 && errno != EINTR))
			break;
		got += n > 0 ? (size_t)n : 0;
	}
	(void)close(k->fd);
	while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (got < sizeof(*res)) {
		*res = (struct each_result){ .tried = true,
			.code = IOC_CHILD, .err.code = IOC_CHILD };
		(void)snprintf(res->err.msg, sizeof(res->err.msg),
		    "%s %s: its worker process ended without a result",
		    w->e->verb, SHOW(ioc_jail_name(w->v[k->index])));
	}
	tell_one(w, k->index);
}

/* Waits for one of n workers, takes it out of the array. */
static void
worker_wait(struct work *w, struct worker *ws, size_t *n, bool *told)
{
	struct pollfd *fds = cli_alloc(*n, sizeof(*fds));

	for (size_t i = 0; i < *n; i++)
		fds[i] = (struct pollfd){ .fd = ws[i].fd, .events = POLLIN };
	if (poll(fds, *n, -1) < 0) {
		if (progress_caught() != 0 && !*told) {
			*told = true;
			for (size_t i = 0; i < *n; i++)
				(void)kill(ws[i].pid, SIGTERM);
		}
		free(fds);
		return;
	}
	for (size_t i = *n; i-- > 0;) {
		if (fds[i].revents != 0) {
			worker_end(w, &ws[i]);
			ws[i] = ws[--*n];
		}
	}
	free(fds);
}

static bool
same_value(struct ioc_jail *a, struct ioc_jail *b, const char *name)
{
	char *x = NULL, *y = NULL;
	bool same;

	same = ioc_jail_get(a, name, &x, NULL) == 0 &&
	    ioc_jail_get(b, name, &y, NULL) == 0 && strcmp(x, y) == 0;
	free(x);
	free(y);
	return (same);
}

static bool
has_value(struct ioc_jail *j, const char *name)
{
	char *x = NULL;
	bool has;

	has = ioc_jail_get(j, name, &x, NULL) != 0 || strcmp(x, "-") != 0;
	free(x);
	return (has);
}

/* Is a name one of "a,b"? */
static bool
in_list(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = list; p != NULL; p = strchr(p, ',')) {
		p += *p == ',';
		if (strncmp(p, name, len) == 0 &&
		    (p[len] == ',' || p[len] == '\0'))
			return (true);
	}
	return (false);
}

/* One before the i-th that it depends on and that has failed; NULL: none. */
static struct ioc_jail *
failed_need(const struct work *w, size_t i)
{
	struct ioc_jail *j = w->v[i], *found = NULL;
	char *deps = NULL;

	if (ioc_jail_get(j, "depends", &deps, NULL) != 0)
		return (NULL);
	for (size_t k = 0; k < i && found == NULL; k++) {
		if (w->res[k].tried && w->res[k].code < 0 &&
		    strcmp(ioc_jail_source(w->v[k]), ioc_jail_source(j)) == 0 &&
		    in_list(deps, ioc_jail_name(w->v[k])))
			found = w->v[k];
	}
	free(deps);
	return (found);
}

/* Is there a result for the i-th before anything is done for it? */
static bool
refuse(struct work *w, size_t i)
{
	struct each_result *res = &w->res[i];
	struct ioc_jail *need = NULL;

	if (w->e->before != NULL)
		res->code = w->e->before(w->c, w->v[i], w->e->arg, res);
	if (res->code == 0 && w->e->depends)
		need = failed_need(w, i);
	if (need != NULL) {
		res->code = res->err.code = IOC_STATE;
		(void)snprintf(res->err.msg, sizeof(res->err.msg),
		    "%s %s: %s, on which it depends, has failed", w->e->verb,
		    SHOW(ioc_jail_name(w->v[i])), SHOW(ioc_jail_name(need)));
	}
	if (res->code == 0)
		return (false);
	res->tried = true;
	tell_one(w, i);
	return (true);
}

/* True when the i-th jail must wait until all before it are done. */
static bool
must_wait(const struct work *w, size_t i)
{
	struct ioc_jail *last = i > 0 ? w->v[i - 1] : NULL, *next = w->v[i];

	if (last == NULL)
		return (false);
	return (!same_value(last, next, "priority") ||
	    has_value(w->e->backwards ? last : next, "depends"));
}

static void
run_parallel(struct work *w)
{
	struct worker *ws = cli_alloc(w->e->parallel, sizeof(*ws));
	size_t running = 0, i = 0;
	bool told = false, failed = false;

	while (i < w->n || running > 0) {
		bool more = i < w->n && progress_caught() == 0 && !failed;

		if (!more && running == 0)
			break;
		if (!more || running == w->e->parallel ||
		    (running > 0 && must_wait(w, i)))
			worker_wait(w, ws, &running, &told);
		else if (refuse(w, i))
			i++;
		else if (worker_start(w, i, &ws[running]) == 0) {
			running++;
			i++;
		} else {
			failed = true;
			(void)cli_failf(w->c, IOC_FAILED, NULL,
			    "%s: worker process: %s", w->e->verb,
			    strerror(errno));
		}
	}
	free(ws);
}

/* --- results ------------------------------------------------------------------ */

static void
print_json(const struct work *w)
{
	struct json j;

	json_open(&j, stdout, true);
	json_key(&j, "jails");
	json_begin_array(&j);
	for (size_t i = 0; i < w->n; i++) {
		const struct each_result *res = &w->res[i];

		json_begin_object(&j);
		json_key(&j, "name");
		json_text(&j, ioc_jail_name(w->v[i]));
		json_key(&j, "source");
		json_text(&j, ioc_jail_source(w->v[i]));
		json_key(&j, "result");
		json_text(&j, !res->tried ? "not tried" : res->code < 0 ?
		    "failed" : res->code > 0 ? "skipped" : "done");
		if (res->id != 0) {
			json_key(&j, "jid");
			json_int(&j, res->id);
		}
		if (res->tried && res->code < 0) {
			json_key(&j, "error");
			json_begin_object(&j);
			json_key(&j, "code");
			json_text(&j, ioc_code_name(res->code));
			json_key(&j, "message");
			json_text(&j, res->err.msg);
			json_end(&j);
		}
		json_end(&j);
	}
	json_close(&j);
}

/* One sentence that names those for which it did not work. */
static int
summary(const struct work *w)
{
	struct strlist failed = { NULL, 0, 0 }, left = { NULL, 0, 0 };
	char *names;
	int r = 0;

	for (size_t i = 0; i < w->n; i++) {
		if (!w->res[i].tried)
			strlist_add(&left, ioc_jail_name(w->v[i]));
		else if (w->res[i].code < 0)
			strlist_add(&failed, ioc_jail_name(w->v[i]));
	}
	if (failed.n > 0 || left.n > 0)
		r = cli_failed(w->c);
	if (failed.n > 0 && w->n > 1 && !w->c->json) {
		names = strlist_join(&failed, ", ");
		(void)cli_failf(w->c, IOC_FAILED, NULL,
		    "%s failed for %zu of %zu jails: %s", w->e->verb, failed.n,
		    w->n, SHOW(names));
		free(names);
	}
	if (left.n > 0 && !w->c->json) {
		names = strlist_join(&left, ", ");
		(void)cli_failf(w->c, IOC_CANCELED, NULL, "%s: not tried: %s",
		    w->e->verb, SHOW(names));
		free(names);
	}
	strlist_fini(&failed);
	strlist_fini(&left);
	return (r);
}

int
each_run(struct cli *c, const struct each *e, struct ioc_jail *const *v,
    size_t n)
{
	struct work w = { c, e, v, n, cli_alloc(n, sizeof(*w.res)) };
	int r;

	if (e->parallel > 1 && n > 1 && !c->dry_run)
		run_parallel(&w);
	else {
		for (size_t i = 0; i < n && progress_caught() == 0; i++) {
			if (refuse(&w, i))
				continue;
			do_one(c, e, v[i], &w.res[i]);
			tell_one(&w, i);
		}
	}
	if (c->json && !c->dry_run)
		print_json(&w);
	r = summary(&w);
	free(w.res);
	return (r);
}
