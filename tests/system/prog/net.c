/* SPDX-License-Identifier: BSD-2-Clause */
/* Listens and connects on loopback and on an abstract socket. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
tcp(const char *port, int do_listen)
{
	struct sockaddr_in sin;
	int fd, one = 1;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd == -1)
		return (-1);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (!do_listen)
		return (connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		return (-1);
	return (listen(fd, 8));
}

/* Where there are no abstract sockets nothing is reached by their names. */
static int
abstract(const char *name, int do_listen)
{
	struct sockaddr_un sun;
	socklen_t len;
	int fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	(void)snprintf(sun.sun_path + 1, sizeof(sun.sun_path) - 1, "%s", name);
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	    strlen(name));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd == -1)
		return (-1);
	if (!do_listen)
		return (connect(fd, (struct sockaddr *)&sun, len));
	if (bind(fd, (struct sockaddr *)&sun, len) == -1)
		return (-1);
	return (listen(fd, 8));
}

int
main(int argc, char **argv)
{
	int t, a;

	if (argc != 4) {
		(void)fprintf(stderr, "usage: net listen|connect PORT NAME\n");
		return (2);
	}
	if (strcmp(argv[1], "listen") == 0) {
		if (tcp(argv[2], 1) == -1) {
			perror("listen");
			return (1);
		}
		(void)abstract(argv[3], 1);
		(void)sleep(60);
		return (0);
	}
	t = tcp(argv[2], 0);
	(void)printf("tcp %s\n", t == 0 ? "reached" : "refused");
	a = abstract(argv[3], 0);
	(void)printf("abstract %s\n", a == 0 ? "reached" : "refused");
	return (t == 0 || a == 0 ? 0 : 1);
}
