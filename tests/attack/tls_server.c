/* SPDX-License-Identifier: BSD-2-Clause */
/* Well and badly behaved servers; a process each, and one a connection. */
#include "tls_answer.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"

#define	DAY	(24 * 60 * 60)

struct identity {
	EVP_PKEY	*key;
	X509		*cert;
};

static void
extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (ext == NULL || X509_add_ext(cert, ext, -1) != 1)
		abort();
	X509_EXTENSION_free(ext);
}

/* An authority when names is NULL. */
static struct identity
identity(const char *cn, const char *names, const struct identity *by,
    long from, long to)
{
	static long serial = 1;
	struct identity id = {
		.key = EVP_EC_gen("P-256"),
		.cert = X509_new(),
	};
	X509 *issuer = by != NULL ? by->cert : id.cert;
	X509_NAME *name = X509_get_subject_name(id.cert);

	if (id.key == NULL || id.cert == NULL ||
	    X509_set_version(id.cert, 2) != 1 ||
	    ASN1_INTEGER_set(X509_get_serialNumber(id.cert), serial++) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(id.cert), from) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(id.cert), to) == NULL ||
	    X509_set_pubkey(id.cert, id.key) != 1 ||
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)cn, -1, -1, 0) != 1 ||
	    X509_set_issuer_name(id.cert, X509_get_subject_name(issuer)) != 1)
		abort();
	extension(id.cert, issuer, NID_subject_key_identifier, "hash");
	if (names != NULL) {
		extension(id.cert, issuer, NID_subject_alt_name, names);
	} else {
		extension(id.cert, issuer, NID_basic_constraints,
		    "critical,CA:TRUE");
		extension(id.cert, issuer, NID_key_usage,
		    "critical,keyCertSign,cRLSign");
	}
	if (X509_sign(id.cert, by != NULL ? by->key : id.key,
	    EVP_sha256()) == 0)
		abort();
	return (id);
}

static void
save(const char *path, X509 *cert)
{
	FILE *f = fopen(path, "we");

	if (f == NULL || PEM_write_X509(f, cert) != 1 || fclose(f) != 0)
		abort();
}

/*
 * CONNECT localhost:port, and nothing else; port 1 is answered by another server
 * than was asked for.
 */
static void
tunnel(const struct connection *c, const char *to)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct pollfd p[2] = { { c->fd, POLLIN, 0 }, { -1, POLLIN, 0 } };
	const char *colon = strchr(to, ':');
	char buf[16384];
	ssize_t n;

	if (strncmp(to, "localhost:", 10) != 0 || colon == NULL) {
		tls_puts(c, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
		return;
	}
	addr.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	if (addr.sin_port == htons(1))
		addr.sin_port = htons(c->s->port[TLS_OTHER_CA]);
	p[1].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(p[1].fd, (struct sockaddr *)&addr, sizeof(addr)) != 0)
		return;
	tls_puts(c, "HTTP/1.1 200 Connected\r\nX-Proxy: 1\r\n\r\n");
	while (poll(p, 2, 10000) > 0) {
		for (int i = 0; i < 2; i++) {
			if (p[i].revents == 0)
				continue;
			n = read(p[i].fd, buf, sizeof(buf));
			if (n <= 0 || write(p[!i].fd, buf, (size_t)n) != n)
				return;
		}
	}
}

static void
serve(struct connection *c, SSL_CTX *ctx)
{
	static char request[8192];
	char path[256] = { 0 };
	size_t len = 0;
	bool rude;

	if (ctx != NULL) {
		c->ssl = SSL_new(ctx);
		if (SSL_set_fd(c->ssl, c->fd) != 1 || SSL_accept(c->ssl) != 1)
			return;
	}
	while (strstr(request, "\r\n\r\n") == NULL &&
	    len < sizeof(request) - 1) {
		ssize_t n = c->ssl != NULL ? SSL_read(c->ssl, request + len,
		    (int)(sizeof(request) - 1 - len)) :
		    read(c->fd, request + len, sizeof(request) - 1 - len);

		if (n <= 0)
			return;
		len += (size_t)n;
		if (request[0] == 0x16) {	/* TLS to a server without */
			tls_puts(c, "HTTP/1.1 400 Bad Request\r\n\r\n");
			return;
		}
	}
	if (sscanf(request, "CONNECT %255s", path) == 1) {
		tunnel(c, path);
		return;
	}
	if (sscanf(request, "GET %255s", path) != 1)
		return;
	rude = strcmp(path, "/rude") == 0;
	c->request = request;
	tls_answer(c, path);
	if (c->ssl != NULL && !rude)
		(void)SSL_shutdown(c->ssl);
}

static void
run(const struct tls_server *s, enum tls_kind kind, int sock, SSL_CTX *ctx)
{
	ioc_die_with_parent();
	(void)signal(SIGCHLD, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	for (;;) {
		struct connection c = { .s = s, .kind = kind };

		c.fd = accept4(sock, NULL, NULL, SOCK_CLOEXEC);
		if (c.fd < 0)
			continue;
		if (fork() == 0) {
			ioc_die_with_parent();
			(void)alarm(60);
			serve(&c, ctx);
			_exit(0);
		}
		(void)close(c.fd);
	}
}

static SSL_CTX *
context(enum tls_kind kind, const struct identity *id)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL || SSL_CTX_use_certificate(ctx, id->cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, id->key) != 1)
		abort();
	if (kind == TLS_OLD && (SSL_CTX_set_cipher_list(ctx,
	    "ALL@SECLEVEL=0") != 1 ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION) != 1))
		abort();
	return (ctx);
}

int
tls_start(struct tls_server *s)
{
	static const char local[] = "DNS:localhost,IP:127.0.0.1";
	struct identity ca = identity("test authority", NULL, NULL, -DAY, DAY);
	struct identity evil = identity("another", NULL, NULL, -DAY, DAY);
	struct identity ids[TLS_KINDS] = {
		[TLS_GOOD] = identity("a", local, &ca, -DAY, DAY),
		[TLS_WRONG_HOST] = identity("b", "DNS:other.example", &ca,
		    -DAY, DAY),
		[TLS_EXPIRED] = identity("c", local, &ca, -9 * DAY, -DAY),
		[TLS_NOT_YET] = identity("d", local, &ca, DAY, 9 * DAY),
		[TLS_SELF_SIGNED] = identity("e", local, NULL, -DAY, DAY),
		[TLS_OTHER_CA] = identity("f", local, &evil, -DAY, DAY),
	};
	int sock[TLS_KINDS];

	ids[TLS_OLD] = ids[TLS_GOOD];
	(void)snprintf(s->dir, sizeof(s->dir), "/tmp/ioc-attack-XXXXXX");
	if (mkdtemp(s->dir) == NULL)
		return (-1);
	(void)snprintf(s->ca, sizeof(s->ca), "%s/ca.pem", s->dir);
	(void)snprintf(s->other_ca, sizeof(s->other_ca), "%s/other.pem",
	    s->dir);
	save(s->ca, ca.cert);
	save(s->other_ca, evil.cert);
	for (int i = 0; i < TLS_KINDS; i++) {
		struct sockaddr_in on = {
			.sin_family = AF_INET,
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		};
		socklen_t len = sizeof(on);

		sock[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (sock[i] < 0 ||
		    bind(sock[i], (struct sockaddr *)&on, len) != 0 ||
		    listen(sock[i], 16) != 0 ||
		    getsockname(sock[i], (struct sockaddr *)&on, &len) != 0)
			return (-1);
		s->port[i] = ntohs(on.sin_port);
	}
	for (int i = 0; i < TLS_KINDS; i++) {
		s->pid[i] = fork();
		if (s->pid[i] == 0)
			run(s, (enum tls_kind)i, sock[i], i == TLS_NONE ? NULL :
			    context((enum tls_kind)i, &ids[i]));
		(void)close(sock[i]);
	}
	ids[TLS_OLD] = ca;
	ids[TLS_NONE] = evil;
	for (int i = 0; i < TLS_KINDS; i++) {
		EVP_PKEY_free(ids[i].key);
		X509_free(ids[i].cert);
	}
	return (0);
}

void
tls_stop(struct tls_server *s)
{
	for (int i = 0; i < TLS_KINDS; i++) {
		(void)kill(s->pid[i], SIGKILL);
		(void)waitpid(s->pid[i], NULL, 0);
	}
	(void)unlink(s->ca);
	(void)unlink(s->other_ca);
	(void)rmdir(s->dir);
}
