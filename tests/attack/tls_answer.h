/* SPDX-License-Identifier: BSD-2-Clause */
/* One connection of a test's server, and what is answered on it. */
#ifndef TESTS_TLS_ANSWER_H
#define TESTS_TLS_ANSWER_H

#include <openssl/ssl.h>

#include "tls_server.h"

struct connection {
	int		 fd;
	SSL		*ssl;		/* NULL: no TLS */
	const struct tls_server *s;
	enum tls_kind	 kind;
	const char	*request;	/* all of its head */
};

/* Bytes and text to the client; ends the process when it is gone. */
ssize_t	tls_put(const struct connection *c, const char *data, size_t len);
void	tls_puts(const struct connection *c, const char *text);
/* What a path asks for; see tls_server.h. */
void	tls_answer(const struct connection *c, const char *path);

#endif /* TESTS_TLS_ANSWER_H */
