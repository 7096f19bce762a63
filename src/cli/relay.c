/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes from one descriptor to another. */
#include <errno.h>
#include <unistd.h>

#include "tty.h"

void
channel_poll(const struct channel *ch, struct pollfd pfd[2])
{
	pfd[0] = (struct pollfd){ .fd = ch->len == 0 ? ch->from : -1,
		.events = POLLIN };
	pfd[1] = (struct pollfd){ .fd = ch->len > 0 ? ch->to : -1,
		.events = POLLOUT };
}

/* A hang-up of a pty reads as EIO. */
static void
channel_read(struct channel *ch)
{
	ssize_t n = read(ch->from, ch->buf, sizeof(ch->buf));

	if (n > 0) {
		ch->off = 0;
		ch->len = (size_t)n;
		ch->last = ch->buf[n - 1];
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		ch->from = -1;
}

static int
channel_write(struct channel *ch)
{
	ssize_t n = write(ch->to, ch->buf + ch->off, ch->len);

	if (n < 0)
		return (errno == EINTR || errno == EAGAIN ? 0 : -1);
	ch->off += (size_t)n;
	ch->len -= (size_t)n;
	return (0);
}

int
channel_move(struct channel *ch, const struct pollfd pfd[2])
{
	if (pfd[0].fd >= 0 && pfd[0].revents != 0)
		channel_read(ch);
	if (pfd[1].fd >= 0 && pfd[1].revents != 0)
		return (channel_write(ch));
	return (0);
}

void
channel_drain(struct channel *ch)
{
	struct pollfd in = { .fd = ch->from, .events = POLLIN };
	struct pollfd out = { .fd = ch->to, .events = POLLOUT };

	for (;;) {
		while (ch->len > 0) {
			if (poll(&out, 1, -1) < 0 && errno != EINTR)
				return;
			if (channel_write(ch) != 0)
				return;
		}
		/* Asking the kernel also makes it pass on what a program has
		   written to a pty just before it ended. */
		if (ch->from < 0 || poll(&in, 1, 0) <= 0)
			return;
		channel_read(ch);
	}
}
