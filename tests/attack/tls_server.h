/* SPDX-License-Identifier: BSD-2-Clause */
/* Servers on loopback, with an authority made for the test. */
#ifndef TESTS_TLS_SERVER_H
#define TESTS_TLS_SERVER_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tls_kind {
	TLS_GOOD,		/* for localhost and 127.0.0.1 */
	TLS_WRONG_HOST,		/* for other.example */
	TLS_EXPIRED,
	TLS_NOT_YET,
	TLS_SELF_SIGNED,
	TLS_OTHER_CA,		/* signed by somebody else */
	TLS_OLD,		/* a good certificate, TLS 1.1 at most */
	TLS_NONE,		/* no TLS: HTTP, and a proxy for CONNECT */
	TLS_KINDS,
};

struct tls_server {
	uint16_t port[TLS_KINDS];
	pid_t	 pid[TLS_KINDS];
	char	 dir[64];
	char	 ca[96];	/* the file of the authority */
	char	 other_ca[96];
};

#define	TLS_BODY	(3 * 1024 * 1024 + 17)

/*
 * What the path asks for: ok empty short rude long huge endless stall mute
 * status/N loop hops/N to/NAME errorpage garbage encoded; late/X waits a second;
 * part/KIND is the body of ok, from where it is asked for, with one kind of lie;
 * file/X cut/X rest/X is a file of `dir`: whole, half, never without a range.
 */
int	tls_start(struct tls_server *s);
void	tls_stop(struct tls_server *s);
/* The byte at a position of the body of /ok. */
char	tls_byte(size_t i);

#endif /* TESTS_TLS_SERVER_H */
