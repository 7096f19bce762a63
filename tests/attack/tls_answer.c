/* SPDX-License-Identifier: BSD-2-Clause */
/* What the servers answer, path by path. */
#include "tls_answer.h"

#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char
tls_byte(size_t i)
{
	return ((char)(i * 2654435761u >> 13));
}

ssize_t
tls_put(const struct connection *c, const char *data, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = c->ssl != NULL ?
		    SSL_write(c->ssl, data + at, (int)(len - at)) :
		    write(c->fd, data + at, len - at);

		if (n <= 0)
			_exit(0);
		at += (size_t)n;
	}
	return ((ssize_t)len);
}

void
tls_puts(const struct connection *c, const char *text)
{
	(void)tls_put(c, text, strlen(text));
}

static void
redirect(const struct connection *c, const char *to)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "HTTP/1.1 302 Found\r\nLocation: "
	    "%s\r\nContent-Length: 5\r\n\r\nmoved", to);
	tls_puts(c, text);
}

static void
forever(const struct connection *c)
{
	static char block[65536];

	for (;;)
		(void)tls_put(c, block, sizeof(block));
}

static const char *
whole(void)
{
	static char all[TLS_BODY];

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = tls_byte(i);
	return (all);
}

static void
body(const struct connection *c)
{
	char head[128];

	(void)snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\n"
	    "Content-Length: %zu\r\n\r\n", (size_t)TLS_BODY);
	tls_puts(c, head);
	(void)tls_put(c, whole(), TLS_BODY);
}

static void
lead(const struct connection *c, const char *where)
{
	char to[256];

	if (strcmp(where, "http") == 0)
		(void)snprintf(to, sizeof(to), "http://localhost:%u/ok",
		    c->s->port[TLS_NONE]);
	else if (strcmp(where, "file") == 0)
		(void)snprintf(to, sizeof(to), "file:///etc/passwd");
	else if (strcmp(where, "user") == 0)
		(void)snprintf(to, sizeof(to), "https://a:b@localhost:%u/ok",
		    c->s->port[TLS_GOOD]);
	else if (strcmp(where, "wrong") == 0)
		(void)snprintf(to, sizeof(to), "https://localhost:%u/ok",
		    c->s->port[TLS_WRONG_HOST]);
	else
		(void)snprintf(to, sizeof(to), "https://127.0.0.1:%u/ok",
		    c->s->port[TLS_GOOD]);
	redirect(c, to);
}

static const struct {
	const char	*path;
	const char	*answer;
	void		(*then)(const struct connection *);
} answers[] = {
	{ "/empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", NULL },
	{ "/short", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc",
	    NULL },
	{ "/rude", "HTTP/1.1 200 OK\r\n\r\nabc", NULL },
	{ "/long", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdefghi",
	    NULL },
	{ "/chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n", NULL },
	{ "/chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n4\r\nde", NULL },
	{ "/huge", "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n",
	    forever },
	{ "/endless", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
	    "\r\nffffffffff\r\n", forever },
	{ "/header", "HTTP/1.1 200 OK\r\nX: ", forever },
	{ "/errorpage", "HTTP/1.1 404 Not Found\r\n\r\n", forever },
	{ "/garbage", "\033[2J\033[31mwhat is this", NULL },
	{ "/status", "HTTP/1.1 503 \033[2JGo away\r\nContent-Length: 0\r\n\r\n",
	    NULL },
	{ "/partial", "HTTP/1.1 206 Partial\r\nContent-Length: 1\r\n\r\nx",
	    NULL },
	{ "/nowhere", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
	    NULL },
	{ "/encoded", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
	    "Content-Length: 4\r\n\r\nGZIP", NULL },
};

/* Where the part that is asked for begins; -1 when the whole is. */
static long
asked(const struct connection *c)
{
	const char *s = strcasestr(c->request, "\r\nRange: bytes=");
	long from = -1;

	if (s != NULL && sscanf(s + 15, "%ld-\r", &from) == 1)
		return (from);
	return (-1);
}

/* Parts of the body of /ok, honest and other ones. */
static const struct kind {
	const char	*name;
	const char	*unit;		/* NULL: it does not say which part */
	const char	*last;		/* NULL: what is so */
	const char	*total;
	int		 shift;		/* it begins later */
	int		 more;		/* bytes than it says, or less */
	bool		 chunked;
	bool		 other;		/* not the bytes of the file */
	long		 most;		/* it breaks behind so many; 0: it does not */
} kinds[] = {
	{ "good", "bytes ", NULL, NULL, 0, 0, false, false },
	{ "chunked", "bytes ", NULL, NULL, 0, 0, true, false },
	{ "shifted", "bytes ", NULL, NULL, 7, 0, false, false },
	{ "earlier", "bytes ", NULL, NULL, -7, 0, false, false },
	{ "negative", "bytes -", NULL, NULL, 0, 0, false, false },
	{ "unknown", "bytes ", NULL, "*", 0, 0, false, false },
	{ "unit", "octets ", NULL, NULL, 0, 0, false, false },
	{ "blank", "bytes  ", NULL, NULL, 0, 0, false, false },
	{ "ends", "bytes ", NULL, "9999999", 0, 0, false, false },
	{ "huge", "bytes ", "999999999999", "1000000000000", 0, 0, true,
	    false },
	{ "overflow", "bytes ", NULL, "18446744073709551617", 0, 0, true,
	    false },
	{ "twice", "bytes 0-1/2\r\nContent-Range: bytes ", NULL, NULL, 0, 0,
	    false, false },
	{ "none", NULL, NULL, NULL, 0, 0, false, false },
	{ "short", "bytes ", NULL, NULL, 0, -1000, false, false },
	{ "long", "bytes ", NULL, NULL, 0, 1000, true, false },
	{ "changed", "bytes ", NULL, NULL, 0, 0, false, true },
	{ "breaks", "bytes ", NULL, NULL, 0, 0, false, false, TLS_BODY / 5 },
	{ "drips", "bytes ", NULL, NULL, 0, 0, false, false, 1000 },
};

static void
say_part(const struct connection *c, const struct kind *k, long from)
{
	char last[32], total[32], head[256];

	(void)snprintf(last, sizeof(last), "%d", TLS_BODY - 1);
	(void)snprintf(total, sizeof(total), "%d", TLS_BODY);
	tls_puts(c, "HTTP/1.1 206 Partial\r\n");
	if (k->unit == NULL)
		return;
	(void)snprintf(head, sizeof(head), "Content-Range: %s%ld-%s/%s\r\n",
	    k->unit, from, k->last != NULL ? k->last : last,
	    k->total != NULL ? k->total : total);
	tls_puts(c, head);
}

static void
send_part(const struct connection *c, const struct kind *k, long from)
{
	static char filler[TLS_BODY + 4096];
	char head[128];
	long n;

	from += k->shift;
	n = TLS_BODY - from;
	say_part(c, k, from);
	if (!k->other)
		memcpy(filler, whole() + from, (size_t)n);
	if (k->chunked)
		(void)snprintf(head, sizeof(head), "Transfer-Encoding: chunked"
		    "\r\n\r\n%lx\r\n", n + k->more);
	else
		(void)snprintf(head, sizeof(head), "Content-Length: %ld"
		    "\r\n\r\n", n);
	tls_puts(c, head);
	if (k->most > 0 && n > k->most)
		n = k->most;
	(void)tls_put(c, filler, (size_t)(n + k->more));
	if (k->chunked)
		tls_puts(c, "\r\n0\r\n\r\n");
}

static void
part(const struct connection *c, const char *name)
{
	char head[256];
	long from = asked(c);

	/* Who resumes and asks for the whole has lost something. */
	if (from < 0 && (strcmp(name, "good") == 0 ||
	    strcmp(name, "chunked") == 0)) {
		tls_puts(c, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
		return;
	}
	if (from < 0) {
		body(c);
		return;
	}
	if (from >= TLS_BODY || strncmp(name, "416", 3) == 0) {
		(void)snprintf(head, sizeof(head), "HTTP/1.1 416 No\r\n%s%ld"
		    "\r\nContent-Length: 5\r\n\r\nerror",
		    strcmp(name, "416") == 0 ? "X: " :
		    "Content-Range: bytes */", strcmp(name, "416lie") == 0 ?
		    from : (long)TLS_BODY);
		tls_puts(c, head);
		return;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			send_part(c, &kinds[i], from);
}

/* A file of the test's directory: half of it, or only a part. */
static void
file(const struct connection *c, const char *name, bool cut, bool rest)
{
	static char data[1024 * 1024];
	char path[256], head[256], range[128] = "";
	long from = asked(c), n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%.100s", c->s->dir, name);
	f = fopen(path, "re");
	if (f == NULL || (rest && from < 0)) {
		tls_puts(c, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
		return;
	}
	n = (long)fread(data, 1, sizeof(data), f);
	(void)fclose(f);
	if (from >= 0 && from < n)
		(void)snprintf(range, sizeof(range),
		    "Content-Range: bytes %ld-%ld/%ld\r\n", from, n - 1, n);
	else
		from = 0;
	(void)snprintf(head, sizeof(head), "HTTP/1.1 %s\r\n%s"
	    "Content-Length: %ld\r\n\r\n", range[0] != '\0' ? "206 Part" :
	    "200 OK", range, n - from);
	tls_puts(c, head);
	(void)tls_put(c, data + from, (size_t)(cut ? (n - from) / 2 :
	    n - from));
}

void
tls_answer(const struct connection *c, const char *path)
{
	char next[64];
	int n;

	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		if (strcmp(path, answers[i].path) != 0)
			continue;
		tls_puts(c, answers[i].answer);
		if (answers[i].then != NULL)
			answers[i].then(c);
		return;
	}
	if (strcmp(path, "/ok") == 0) {
		body(c);
	} else if (strncmp(path, "/late/", 6) == 0) {
		(void)poll(NULL, 0, 1000);
		tls_puts(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
	} else if (strncmp(path, "/part/", 6) == 0) {
		part(c, path + 6);
	} else if (strncmp(path, "/file/", 6) == 0) {
		file(c, path + 6, false, false);
	} else if (strncmp(path, "/cut/", 5) == 0) {
		file(c, path + 5, true, false);
	} else if (strncmp(path, "/rest/", 6) == 0) {
		file(c, path + 6, false, true);
	} else if (strcmp(path, "/mute") == 0) {
		(void)poll(NULL, 0, 60000);
	} else if (strcmp(path, "/stall") == 0) {
		tls_puts(c, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc");
		(void)poll(NULL, 0, 60000);
	} else if (strcmp(path, "/loop") == 0) {
		redirect(c, "/loop");
	} else if (strncmp(path, "/to/", 4) == 0) {
		lead(c, path + 4);
	} else if (sscanf(path, "/hops/%d", &n) == 1 && n > 0) {
		(void)snprintf(next, sizeof(next), "/hops/%d", n - 1);
		redirect(c, n == 1 ? "/ok" : next);
	} else if (strcmp(path, "/lead/part") == 0) {
		redirect(c, "/part/good");
	} else {
		tls_puts(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\n"
		    "gone");
	}
}
