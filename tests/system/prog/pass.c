/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two jails that share a directory: one passes its root through a socket in it,
 * the other goes up from there.
 *
 *	pass send SOCKET	waits for the other one, once
 *	pass recv SOCKET PATH	1 if it sees PATH of the host
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

union control {
	struct cmsghdr	h;
	char		bytes[CMSG_SPACE(sizeof(int))];
};

static int
send_fd(int sock, int fd)
{
	char x = 'x';
	struct iovec v = { &x, 1 };
	union control u;
	struct msghdr m;
	struct cmsghdr *c;

	memset(&m, 0, sizeof(m));
	memset(&u, 0, sizeof(u));
	m.msg_iov = &v;
	m.msg_iovlen = 1;
	m.msg_control = u.bytes;
	m.msg_controllen = sizeof(u.bytes);
	c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return (sendmsg(sock, &m, 0) == 1 ? 0 : -1);
}

static int
recv_fd(int sock)
{
	char x;
	struct iovec v = { &x, 1 };
	union control u;
	struct msghdr m;
	struct cmsghdr *c;
	int fd = -1;

	memset(&m, 0, sizeof(m));
	m.msg_iov = &v;
	m.msg_iovlen = 1;
	m.msg_control = u.bytes;
	m.msg_controllen = sizeof(u.bytes);
	if (recvmsg(sock, &m, 0) != 1)
		return (-1);
	c = CMSG_FIRSTHDR(&m);
	if (c != NULL && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof(int));
	return (fd);
}

/* Up from there: is it the host's root? */
static int
reaches(int fd, const char *path)
{
	int i;

	if (faccessat(fd, path + 1, F_OK, 0) == 0)
		return (1);
	if (fchdir(fd) == -1)
		return (0);
	for (i = 0; i < 64; i++) {
		if (access(path + 1, F_OK) == 0)
			return (1);
		if (chdir("..") == -1)
			break;
	}
	return (0);
}

/* A descriptor that one passes to oneself may forget what it was. */
static int
washed(int fd)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1 ||
	    send_fd(pair[0], fd) == -1)
		return (-1);
	return (recv_fd(pair[1]));
}

int
main(int argc, char **argv)
{
	struct sockaddr_un sun;
	int s, fd, again, i;

	if (argc < 3)
		return (2);
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", argv[2]);
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	if (s == -1)
		return (2);
	if (strcmp(argv[1], "send") == 0) {
		if (bind(s, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
		    chmod(argv[2], 0777) == -1 || listen(s, 1) == -1 ||
		    (fd = accept(s, NULL, NULL)) == -1)
			return (2);
		return (send_fd(fd, open("/", O_RDONLY | O_DIRECTORY)) == 0 ?
		    0 : 2);
	}
	for (i = 0; connect(s, (struct sockaddr *)&sun, sizeof(sun)) == -1;
	    i++) {
		if (i == 100)
			return (2);
		(void)usleep(100000);
	}
	fd = recv_fd(s);
	if (fd == -1 || argc < 4)
		return (2);
	again = washed(fd);
	(void)printf("a directory was passed\n");
	return (reaches(fd, argv[3]) || (again != -1 && reaches(again,
	    argv[3])) ? 1 : 0);
}
