/* SPDX-License-Identifier: BSD-2-Clause */
/* The worker's side of the conversation. */
#include "worker/worker.h"

#include <sys/socket.h>

#include <string.h>

#include "base/buf.h"
#include "base/compat.h"
#include "base/str.h"

#define	TENTH	UINT64_C(100000000)	/* of a second, in nanoseconds */

static bool ended;		/* the last word has been said */

int
ioc_msg_request(struct ioc_request *ret, struct ioc_error *err)
{
	size_t size = sizeof(struct ioc_worker_msg) + IOC_WORKER_TEXT_MAX;
	auto_free char *buf = malloc(size + 1);
	struct ioc_worker_msg m;
	const char *text;
	ssize_t n;

	if (buf == NULL)
		return (ioc_fail_nomem(err));
	do {
		n = recv(WORKER_SOCKET, buf, size + 1, 0);
	} while (n < 0 && errno == EINTR);
	if (n < (ssize_t)sizeof(m) || (size_t)n > size)
		return (ioc_fail(err, IOC_FORMAT, "no request"));
	memcpy(&m, buf, sizeof(m));
	text = buf + sizeof(m);
	if (m.kind != IOC_MSG_REQUEST || m.len != (size_t)n - sizeof(m) ||
	    m.len == 0 || text[m.len - 1] != '\0')
		return (ioc_fail(err, IOC_FORMAT, "bad request"));
	for (size_t i = 0; i < m.len; i += strlen(text + i) + 1)
		(void)ioc_strv_add(&ret->pairs, text + i);
	ret->role = (uint64_t)m.code;
	ret->nfds = m.a;
	ret->max_memory = m.b;
	return (ioc_strv_check(&ret->pairs, err));
}

/* Without an allocation for less than 2 KiB: it may tell that memory is gone. */
static int
put(struct ioc_worker_msg *m, const char *text, size_t text_len)
{
	char packet[sizeof(*m) + 2048], *all = packet;
	auto_free char *big = NULL;
	size_t len = sizeof(*m) + text_len;
	ssize_t n;

	m->len = (uint32_t)text_len;
	if (len > sizeof(packet) && (all = big = malloc(len)) == NULL)
		return (-1);
	memcpy(all, m, sizeof(*m));
	if (text_len > 0)
		memcpy(all + sizeof(*m), text, text_len);
	do {
		n = send(WORKER_SOCKET, all, len, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return (n == (ssize_t)len ? 0 : -1);
}

int
ioc_msg_progress(uint64_t done, uint64_t total, struct ioc_error *err)
{
	static uint64_t last;
	struct ioc_worker_msg m = {
		.kind = IOC_MSG_PROGRESS,
		.a = total != 0 && done > total ? total : done,
		.b = total,
	};
	uint64_t now = ioc_now_ns();

	if (last != 0 && now - last < TENTH)
		return (0);
	last = now;
	if (put(&m, NULL, 0) != 0)
		return (ioc_fail(err, IOC_CANCELED, "the parent is gone"));
	return (0);
}

int
ioc_msg_done(const struct ioc_strv *results)
{
	auto_buf struct ioc_buf b = IOC_BUF(IOC_WORKER_TEXT_MAX);
	struct ioc_worker_msg m = { .kind = IOC_MSG_DONE };

	for (size_t i = 0; i < results->n; i++)
		(void)ioc_buf_add(&b, results->v[i],
		    strlen(results->v[i]) + 1);
	ended = true;
	return (b.failed != 0 ? -1 : put(&m, b.data, b.len));
}

int
ioc_msg_failed(const struct ioc_error *err)
{
	struct ioc_worker_msg m = {
		.kind = IOC_MSG_FAILED,
		.code = err->code,
		.sys = err->sys,
	};

	ended = true;
	return (put(&m, err->msg, strlen(err->msg)));
}

void
ioc_msg_gave_up(void)
{
	struct ioc_error err = { 0 };

	if (ended)
		return;
	(void)ioc_fail(&err, IOC_LIMIT,
	    "libarchive gave up: needs too much memory");
	(void)ioc_msg_failed(&err);
}

int
ioc_request_text(const struct ioc_request *q, const char *key,
    const char **ret, struct ioc_error *err)
{
	for (size_t i = 0; i + 1 < q->pairs.n; i += 2) {
		if (strcmp(q->pairs.v[i], key) == 0) {
			*ret = q->pairs.v[i + 1];
			return (0);
		}
	}
	return (ioc_fail(err, IOC_INVALID, "request without %s", key));
}

int
ioc_request_number(const struct ioc_request *q, const char *key,
    uint64_t *ret, struct ioc_error *err)
{
	const char *text;
	int r = ioc_request_text(q, key, &text, err);

	if (r != 0)
		return (r);
	r = ioc_str_to_u64(text, 0, UINT64_MAX, ret, err);
	return (ioc_wrap(err, r, "request: %s", key));
}
